"""Finds models (in a directory, the models directory, the hub's cache or on the hub) and the device they run on."""

import re
from dataclasses import dataclass
from pathlib import Path

from clipper_assets.models.hub import unreachable
from clipper_assets.models.table import HUB
from clipper_assets.setting_types import Device

REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*")


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

        Sends one request with a short timeout, so that an unreachable hub does not delay the step; with
        `HF_HUB_OFFLINE`, none.
        """
        if self.repository is None:
            raise ModelMissingError(f"{self.not_found(models_dir)}, and no model of that name is on the hub")
        if reason := unreachable(f"{HUB}/{self.repository}/resolve/main/{self.marker}", token):
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


def hub_model(kind: str, name: str, marker: str, *folders: str) -> NamedModel:
    """A model whose name is a directory or a hub repository."""
    return NamedModel(kind, name, marker, name if REPOSITORY.fullmatch(name) else None, folders)


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
