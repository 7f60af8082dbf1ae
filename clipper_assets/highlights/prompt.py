"""The prompts of a language model, by name: those of the package, and a deployment's own in its storage root.

A prompt is a folder with two files, `pick.md` and `rank.md`. The folders of the package are in `prompts/` beside this
module; a deployment's own are in `prompts/` of the storage root, and replace those of the package with the same name.
"""

import hashlib
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from string import Template

from clipper_assets.shows.show import Show
from clipper_assets.storage.base import Storage

STANDARD = "standard"
FOLDER = "prompts"
"""Folder of a deployment's own prompts, below the storage root."""
MAX_BYTES = 20_000
"""Five times the standard prompt."""


@dataclass(frozen=True)
class Prompt:
    """Templates (`string.Template`) of the system messages that ask for stretches and for their ranking."""

    name: str
    pick: str
    rank: str

    @property
    def version(self) -> str:
        """Twelve hex digits of a hash of both texts; equal texts have equal versions, whatever their name."""
        return hashlib.sha256((self.pick + self.rank).encode()).hexdigest()[:12]


@cache
def standard_prompt() -> Prompt:
    return packaged_prompt(STANDARD)


def packaged_prompts() -> list[str]:
    """Names of the prompts in the package."""
    return sorted(each.name for each in _package().iterdir() if each.is_dir() and not each.name.startswith("_"))


def load_prompt(storage: Storage, name: str) -> Prompt:
    """The prompt of this name: the deployment's own, else that of the package.

    A prompt of its own without `rank.md` ranks as the standard one does. Raises ValueError, with one sentence, if there
    is no such prompt, or if a file is not UTF-8, too long, empty, or uses placeholders that the standard one does not.
    """
    key = f"{FOLDER}/{name}/pick.md"
    if not storage.exists(key):
        if name in packaged_prompts():
            return packaged_prompt(name)
        raise ValueError(
            f"there is no prompt {name!r}; use one of {', '.join(packaged_prompts())}, or store your own as {key}"
        )
    standard, rank_key = standard_prompt(), f"{FOLDER}/{name}/rank.md"
    rank = _own(storage, rank_key, standard.rank) if storage.exists(rank_key) else standard.rank
    return Prompt(name, _own(storage, key, standard.pick), rank)


def prompt_name(show: Show, episode: str) -> str:
    """The name of the prompt that picks this episode (a partition key) of the show; always the same for the same key.

    Weighted rendezvous hashing (Schindelhauer & Schomaker, "Weighted distributed hash tables", SPAA 2005): each name
    gets its share of the episodes, and another name or weight moves no more episodes than it must.
    """
    shares = show.prompts or {show.prompt: 1.0}
    return min(shares, key=lambda name: (-math.log(_fraction(name, episode)) / shares[name], name))


def prompt_for(storage: Storage, show: Show, episode: str) -> Prompt:
    """The prompt that picks this episode (a partition key) of the show. Raises ValueError as `load_prompt` does."""
    return load_prompt(storage, prompt_name(show, episode))


def _fraction(name: str, episode: str) -> float:
    """A number above 0 and below 1 that depends on name and episode alone."""
    digest = hashlib.sha256(f"{name}\n{episode}".encode()).digest()
    return (int.from_bytes(digest[:6], "big") + 0.5) / 2**48


def _package() -> Traversable:
    return resources.files("clipper_assets.highlights").joinpath(FOLDER)


@cache
def packaged_prompt(name: str) -> Prompt:
    """The prompt of this name in the package."""
    folder = _package().joinpath(name)
    return Prompt(name, *(folder.joinpath(file).read_text(encoding="utf-8") for file in ("pick.md", "rank.md")))


def _own(storage: Storage, key: str, standard: str) -> str:
    """The text of a deployment's own file. Raises ValueError if it cannot be used in place of `standard`."""
    content = storage.read_bytes(key, MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"{key} has more than {MAX_BYTES // 1000} kB; shorten the prompt")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{key} is not UTF-8 text; save it as UTF-8") from error
    if not text.strip():
        raise ValueError(f"{key} is empty; write the prompt into it, or remove it")
    template, known = Template(text), Template(standard).get_identifiers()
    if not template.is_valid():
        raise ValueError(f"{key} has a $ that begins no placeholder; write $$ for a dollar sign")
    if unknown := [name for name in template.get_identifiers() if name not in known]:
        allowed = ", ".join(f"${name}" for name in sorted(known))
        raise ValueError(f"{key} uses ${unknown[0]}, which is no placeholder of it; there are {allowed}")
    return text
