"""Where model files are kept on this machine, and whether they are what their checksums say."""

import hashlib
import os
from pathlib import Path

from clipper_assets.models.table import MODELS, Kind, Model, ModelFile


class ModelFileError(Exception):
    """A model file is missing, damaged or cannot be fetched; the message names it and says what to do."""


def cache_dir() -> Path:
    """The default folder of model files, by the XDG Base Directory Specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "clipper_assets" / "models"


def model_path(name: str, models_dir: Path | None) -> Path | None:
    """The file or folder of the model `name` (a key of `MODELS`) in `models_dir` or else the cache; None if in neither.

    A folder counts if all of its files are there.
    """
    model = MODELS[name]
    places = [folder / model.path for folder in (models_dir, cache_dir()) if folder]
    return next((place for place in places if all((place / file.name).is_file() for file in model.files)), None)


def used_models(kind: Kind, models_dir: Path | None) -> list[str]:
    """Names of the models of this kind that are on this machine, without those for which a better one is there."""
    present = [name for name, model in MODELS.items() if model.kind is kind and model_path(name, models_dir)]
    return [name for name in present if MODELS[name].better not in present]


def verify(name: str, models_dir: Path | None) -> Path:
    """The model's file or folder, with its checksums verified. Raises ModelFileError if one is missing or differs."""
    place = model_path(name, models_dir)
    if place is None:
        raise ModelFileError(f"model {name} is missing; download it with `clipper models fetch {name}`")
    for file in MODELS[name].files:
        if (sha256 := _sha256(place / file.name)) != file.sha256:
            raise ModelFileError(
                f"{place / file.name} is damaged or not the model {name}: its SHA-256 begins with {sha256[:12]} "
                f"instead of {file.sha256[:12]}; delete the file and run `clipper models fetch {name}`"
            )
    return place


def missing_files(model: Model, place: Path) -> list[ModelFile]:
    """The model's files that `place` does not have intact."""
    return [
        file for file in model.files if not (place / file.name).is_file() or _sha256(place / file.name) != file.sha256
    ]


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
