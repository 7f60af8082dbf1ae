"""Finds models (in a directory, the models directory, the hub's cache or on the hub) and the device they run on."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from huggingface_hub.constants import ENDPOINT, HF_HUB_CACHE, HF_HUB_OFFLINE

from clipper_assets.settings import Device

HUB_TIMEOUT_S = 3.0

WHISPER_FILES = ("config.json", "model.bin", "preprocessor_config.json", "tokenizer.json", "vocabulary.*")
"""Files of a Whisper model in CTranslate2's format."""

_REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*")


class ModelMissingError(Exception):
    """A model is not available; the message says which one, where it was searched for and how to get it."""


@dataclass(frozen=True)
class NamedModel:
    """A model as a setting names it.

    Attributes:
        kind: What it is, for messages: "Whisper model".
        name: Its name in the setting.
        marker: The file by which a folder is recognised as such a model.
        repository: Its repository on the hub; None if the name is not a repository's.
        folders: Further folder names that it may have in the models directory.
    """

    kind: str
    name: str
    marker: str
    repository: str | None
    folders: tuple[str, ...] = ()

    def places(self, models_dir: Path | None) -> list[Path]:
        """The folders that are searched, in order."""
        names = dict.fromkeys([self.name, self.name.rpartition("/")[2], *self.folders])
        return [Path(self.name).expanduser(), *(models_dir / name for name in names if models_dir)]

    def on_disk(self, models_dir: Path | None) -> Path | None:
        """The model's folder on this machine: the named one, one in `models_dir` or the hub's cache; else None."""
        for place in self.places(models_dir):
            if (place / self.marker).is_file():
                return place
        from huggingface_hub import try_to_load_from_cache

        cached = try_to_load_from_cache(self.repository, self.marker) if self.repository else None
        return Path(cached).parent if isinstance(cached, str) else None

    def refuse_if_unreachable(self, models_dir: Path | None, token: str | None = None) -> str:
        """The model's repository on the hub. Raises ModelMissingError if there is none or the hub cannot deliver it.

        Sends one request with a timeout of `HUB_TIMEOUT_S`, so that an unreachable hub does not delay the step; with
        `HF_HUB_OFFLINE`, none.
        """
        if self.repository is None:
            raise ModelMissingError(f"{self.not_found(models_dir)}, and no model of that name is on the hub")
        if reason := _unreachable(self.repository, self.marker, token):
            raise ModelMissingError(
                f"{self.not_found(models_dir)} or the hub's cache, and it cannot be downloaded ({reason}); put the "
                f"files of {self.repository} into {self.home(models_dir)}"
            )
        return self.repository

    def not_found(self, models_dir: Path | None) -> str:
        """The beginning of an error message: what is missing and where it was searched for."""
        searched = ", ".join(str(place) for place in self.places(models_dir))
        return f"there is no {self.kind} {self.name!r}: no {self.marker} in {searched}"

    def home(self, models_dir: Path | None) -> str:
        """The folder in which messages ask to put the model."""
        folder = (self.folders or (self.name.rpartition("/")[2],))[0]
        return f"{models_dir or 'CLIPPER_MODELS_DIR'}/{folder}"


def whisper(name: str) -> NamedModel:
    """A Whisper model in CTranslate2's format; `name` is a directory, a size like `small` or a hub repository."""
    from faster_whisper.utils import _MODELS

    repository = name if _REPOSITORY.fullmatch(name) else _MODELS.get(name)
    return NamedModel("Whisper model", name, "model.bin", repository, (f"faster-whisper-{name.rpartition('/')[2]}",))


def hub_model(kind: str, name: str, marker: str, *folders: str) -> NamedModel:
    """A model whose name is a directory or a hub repository."""
    return NamedModel(kind, name, marker, name if _REPOSITORY.fullmatch(name) else None, folders)


def find_whisper(name: str, models_dir: Path | None) -> Path:
    """Directory of a Whisper model, downloaded if necessary. Raises ModelMissingError if it is not available."""
    from huggingface_hub import snapshot_download

    model = whisper(name)
    if directory := model.on_disk(models_dir):
        return directory
    repository = model.refuse_if_unreachable(models_dir)
    try:
        return Path(snapshot_download(repository, allow_patterns=list(WHISPER_FILES)))
    except OSError as error:  # the network, the hub, or a cache that cannot be written
        raise ModelMissingError(
            f"the {model.kind} {name!r} cannot be downloaded into {HF_HUB_CACHE}: {error}; make that folder writable, "
            f"or put the files of {repository} into {model.home(models_dir)}"
        ) from error


def hub_is_off() -> bool:
    """Whether `HF_HUB_OFFLINE` forbids requests to the hub."""
    return bool(HF_HUB_OFFLINE)


def _unreachable(repository: str, file: str, token: str | None) -> str | None:
    """Why the hub cannot deliver a file of the repository; None if it can."""
    if hub_is_off():
        return "HF_HUB_OFFLINE is set"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = Request(f"{ENDPOINT}/{repository}/resolve/main/{file}", headers=headers, method="HEAD")  # noqa: S310 (https, or the user's own HF_ENDPOINT)
    try:
        with urlopen(request, timeout=HUB_TIMEOUT_S):  # noqa: S310 (likewise)
            return None
    except HTTPError as error:
        return f"{ENDPOINT} responded with status {error.code}"
    except OSError as error:
        return f"{ENDPOINT} cannot be reached: {getattr(error, 'reason', error)}"


def ctranslate2_device(setting: Device, compute_type: str | None) -> tuple[str, str]:
    """CTranslate2's device and compute type: half precision on a GPU that supports it, else 8-bit integers.

    `Device.cuda` is not checked here: without a GPU, loading the model raises.
    """
    import ctranslate2

    device = setting.value if setting is not Device.auto else "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    if compute_type:
        return device, compute_type
    half = device == "cuda" and "float16" in ctranslate2.get_supported_compute_types(device)
    return device, "float16" if half else "int8"


def torch_device(setting: Device) -> str:
    """The torch device for a setting: `cuda` or `cpu`."""
    import torch

    return setting.value if setting is not Device.auto else "cuda" if torch.cuda.is_available() else "cpu"
