"""The model files that framing can use: one table of where each comes from, and how a file gets onto this machine."""

import hashlib
import os
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen
from uuid import uuid4

from clipper_assets.runtime.progress import Report

TIMEOUT_S = 20.0
"""Without a byte from the server."""
CHUNK_BYTES = 1 << 16

_LINZAER = "https://raw.githubusercontent.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB"
_CLIP_FORGE = "https://raw.githubusercontent.com/JeremySNR/clip-forge"
_ULTRAFACE = f"{_LINZAER}/0f9ca4a9fc80170fd505168fd1132b837141f7df/models/onnx"
_LR_ASD = f"{_CLIP_FORGE}/7a935022a2396eb5b24f67b588945133dcb511fc/resources/models"


class ModelFileError(Exception):
    """A model file is missing, damaged or not to be had; the message says which and what to do."""


@dataclass(frozen=True)
class Model:
    """One file: `path` below the models directory, `url` pinned to a commit, and whose work it is in `licence`."""

    path: str
    url: str
    sha256: str
    size_bytes: int
    licence: str
    purpose: str


MODELS = {
    "ultraface-rfb-320": Model(
        path="ultraface/ultraface-rfb-320.onnx",
        url=f"{_ULTRAFACE}/version-RFB-320.onnx",
        sha256="34cd7e60aeff28744c657de7a3dc64e872d506741de66987f3426f2b79f88017",
        size_bytes=1_270_727,
        licence="MIT, Linzaer (Ultra-Light-Fast-Generic-Face-Detector-1MB)",
        purpose="finds faces",
    ),
    "lr-asd-frontend": Model(
        path="lr_asd/lr-asd-frontend.onnx",
        url=f"{_LR_ASD}/lr-asd-frontend.onnx",
        sha256="f7c055612cd6f1f2da3ab8257567ab68a6b0d69b5e436699a5cf65334dd79461",
        size_bytes=2_529_511,
        licence="MIT, Junhua Liao (LR-ASD); ONNX by JeremySNR (clip-forge)",
        purpose="hears and sees who speaks: embeddings of voice and face",
    ),
    "lr-asd-backend": Model(
        path="lr_asd/lr-asd-backend.onnx",
        url=f"{_LR_ASD}/lr-asd-backend.onnx",
        sha256="9453caa09998027995664fd5a3b1fab4ad0de30a92c6beba8c29c3619de510a9",
        size_bytes=834_401,
        licence="MIT, Junhua Liao (LR-ASD); ONNX by JeremySNR (clip-forge)",
        purpose="hears and sees who speaks: scores of the embeddings",
    ),
}
"""By name. The checksums are those of the files in the authors' repositories at the pinned commits."""


def cache_dir() -> Path:
    """Where model files are without a models directory, by the XDG Base Directory Specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "clipper_assets" / "models"


def model_file(name: str, models_dir: Path | None) -> Path | None:
    """A model's file in `models_dir` or else in the cache, None where it is in neither; `name` is one of `MODELS`."""
    places = [folder / MODELS[name].path for folder in (models_dir, cache_dir()) if folder]
    return next((place for place in places if place.is_file()), None)


def verify(name: str, models_dir: Path | None) -> Path:
    """The file that `model_file` gives. Raises ModelFileError where there is none or it is not the table's."""
    file = model_file(name, models_dir)
    if file is None:
        raise ModelFileError(f"{name} is not on this machine; `clipper models fetch {name}` fetches it")
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != MODELS[name].sha256:
        raise ModelFileError(
            f"{file} is not {name}: its SHA-256 begins with {found[:12]} instead of {MODELS[name].sha256[:12]}; "
            f"delete it and run `clipper models fetch {name}`"
        )
    return file


def fetch(name: str, models_dir: Path | None, report: Report) -> Path:
    """Download a model into `models_dir` or else the cache; the file appears there whole and verified or not at all.

    Raises ModelFileError where the server does not give it, gives something else, or it cannot be written.
    """
    model = MODELS[name]
    target = (models_dir or cache_dir()) / model.path
    part = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            found = _download(model, part, report)
            if found != model.sha256:
                raise ModelFileError(
                    f"{model.url} gave {part.stat().st_size} bytes of SHA-256 {found[:12]}..., but {name} has "
                    f"{model.size_bytes} of {model.sha256[:12]}...; try again later or put the file at {target}"
                )
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except HTTPError as error:
        raise ModelFileError(f"{model.url} answered {error.code}; put {name} at {target} by hand") from error
    except (OSError, HTTPException) as error:
        why = getattr(error, "reason", None) or error
        raise ModelFileError(
            f"{name} cannot be fetched from {model.url} to {target} ({why}); try again later or put it there by hand"
        ) from error
    return target


def _download(model: Model, target: Path, report: Report) -> str:
    """The SHA-256 of what the server sent, which is now in `target`."""
    digest, size = hashlib.sha256(), 0
    with urlopen(model.url, timeout=TIMEOUT_S) as response, target.open("xb") as file:  # noqa: S310 (https, from MODELS)
        while chunk := response.read(CHUNK_BYTES):
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            report(min(size / model.size_bytes, 1.0))
    return digest.hexdigest()
