"""Where a model is (a directory, the models directory, the hub's cache, the hub) and what it runs on."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from huggingface_hub.constants import ENDPOINT, HF_HUB_CACHE, HF_HUB_OFFLINE

from clipper_assets.settings import Device

HUB_TIMEOUT_S = 3.0

WHISPER_FILES = ("config.json", "model.bin", "preprocessor_config.json", "tokenizer.json", "vocabulary.*")
"""What a Whisper model consists of in CTranslate2's format."""

_REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*")


class ModelMissingError(Exception):
    """A model is not to be had; the message says which, where it was looked for and how to get it."""


@dataclass(frozen=True)
class Wanted:
    """A model by the name that a person gave it.

    `kind` says what it is ("Whisper model"), `marker` which file makes a folder one, `repository` where the hub has it,
    `folders` under which names it may lie in the models directory beside its own.
    """

    kind: str
    name: str
    marker: str
    repository: str | None
    folders: tuple[str, ...] = ()

    def places(self, models_dir: Path | None) -> list[Path]:
        """The folders that are looked at, in order."""
        names = dict.fromkeys([self.name, self.name.rpartition("/")[2], *self.folders])
        return [Path(self.name).expanduser(), *(models_dir / name for name in names if models_dir)]

    def on_disk(self, models_dir: Path | None) -> Path | None:
        """The model's folder if it is on this machine: named, in `models_dir` or in the hub's cache."""
        for place in self.places(models_dir):
            if (place / self.marker).is_file():
                return place
        from huggingface_hub import try_to_load_from_cache

        cached = try_to_load_from_cache(self.repository, self.marker) if self.repository else None
        return Path(cached).parent if isinstance(cached, str) else None

    def refuse_if_unreachable(self, models_dir: Path | None, token: str | None = None) -> str:
        """The hub's repository, which it can give. Raises ModelMissingError where there is none or it cannot.

        Nothing but the hub can take long: it is asked once, with `HUB_TIMEOUT_S` to answer, before a download begins,
        and not at all under `HF_HUB_OFFLINE`.
        """
        if self.repository is None:
            raise ModelMissingError(f"{self.not_found(models_dir)}, and no model of that name is on the hub")
        if why := _unreachable(self.repository, self.marker, token):
            raise ModelMissingError(
                f"{self.not_found(models_dir)} or the hub's cache, and it cannot be fetched ({why}); put the files of "
                f"{self.repository} into {self.home(models_dir)}"
            )
        return self.repository

    def not_found(self, models_dir: Path | None) -> str:
        """The beginning of a sentence: what is missing, and where it was looked for."""
        looked = ", ".join(str(place) for place in self.places(models_dir))
        return f"there is no {self.kind} {self.name!r}: no {self.marker} in {looked}"

    def home(self, models_dir: Path | None) -> str:
        """Where a person is told to put it."""
        folder = (self.folders or (self.name.rpartition("/")[2],))[0]
        return f"{models_dir or 'CLIPPER_MODELS_DIR'}/{folder}"


def whisper(name: str) -> Wanted:
    """The CTranslate2 Whisper model `name`: a directory, a size like `small`, or a hub repository."""
    from faster_whisper.utils import _MODELS

    repository = name if _REPOSITORY.fullmatch(name) else _MODELS.get(name)
    return Wanted("Whisper model", name, "model.bin", repository, (f"faster-whisper-{name.rpartition('/')[2]}",))


def hub_model(kind: str, name: str, marker: str, *folders: str) -> Wanted:
    """A model that is a directory or a hub repository."""
    return Wanted(kind, name, marker, name if _REPOSITORY.fullmatch(name) else None, folders)


def find_whisper(name: str, models_dir: Path | None) -> Path:
    """The directory of a Whisper model, downloaded if it has to be. Raises ModelMissingError where there is none."""
    from huggingface_hub import snapshot_download

    wanted = whisper(name)
    if found := wanted.on_disk(models_dir):
        return found
    repository = wanted.refuse_if_unreachable(models_dir)
    try:
        return Path(snapshot_download(repository, allow_patterns=list(WHISPER_FILES)))
    except OSError as error:  # the network, the hub, or a cache that cannot be written
        raise ModelMissingError(
            f"the {wanted.kind} {name!r} cannot be fetched into {HF_HUB_CACHE}: {error}; make that folder writable, or "
            f"put the files of {repository} into {wanted.home(models_dir)}"
        ) from error


def hub_is_off() -> bool:
    """Whether the environment forbids asking the hub."""
    return bool(HF_HUB_OFFLINE)


def _unreachable(repository: str, file: str, token: str | None) -> str | None:
    """Why the hub cannot give a file of the repository; None if it can."""
    if hub_is_off():
        return "HF_HUB_OFFLINE is set"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = Request(f"{ENDPOINT}/{repository}/resolve/main/{file}", headers=headers, method="HEAD")  # noqa: S310 (https, or the user's own HF_ENDPOINT)
    try:
        with urlopen(request, timeout=HUB_TIMEOUT_S):  # noqa: S310 (likewise)
            return None
    except HTTPError as error:
        return f"{ENDPOINT} answered {error.code}"
    except OSError as error:
        return f"{ENDPOINT} cannot be reached: {getattr(error, 'reason', error)}"


def ctranslate2_device(wish: Device, compute_type: str | None) -> tuple[str, str]:
    """CTranslate2's device and number format: half precision on a GPU that has it, else 8-bit integers.

    A wish for the GPU is taken at its word: where there is none, loading the model says so.
    """
    import ctranslate2

    device = wish.value if wish is not Device.auto else "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    if compute_type:
        return device, compute_type
    half = device == "cuda" and "float16" in ctranslate2.get_supported_compute_types(device)
    return device, "float16" if half else "int8"


def torch_device(wish: Device) -> str:
    """The device that torch computes on."""
    import torch

    return wish.value if wish is not Device.auto else "cuda" if torch.cuda.is_available() else "cpu"
