"""The model files of the camera analysis: where each comes from, and how it is found, verified and downloaded."""

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
"""Longest wait for the next bytes from the server."""
CHUNK_BYTES = 1 << 16

_LINZAER = "https://raw.githubusercontent.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB"
_CLIP_FORGE = "https://raw.githubusercontent.com/JeremySNR/clip-forge"
_ULTRAFACE = f"{_LINZAER}/0f9ca4a9fc80170fd505168fd1132b837141f7df/models/onnx"
_LR_ASD = f"{_CLIP_FORGE}/7a935022a2396eb5b24f67b588945133dcb511fc/resources/models"


class ModelFileError(Exception):
    """A model file is missing, damaged or cannot be downloaded; the message names it and says what to do."""


@dataclass(frozen=True)
class Model:
    """One model file: `path` is relative to the models directory, `url` is pinned to a commit."""

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
        purpose="detects who speaks: embeds voice and face",
    ),
    "lr-asd-backend": Model(
        path="lr_asd/lr-asd-backend.onnx",
        url=f"{_LR_ASD}/lr-asd-backend.onnx",
        sha256="9453caa09998027995664fd5a3b1fab4ad0de30a92c6beba8c29c3619de510a9",
        size_bytes=834_401,
        licence="MIT, Junhua Liao (LR-ASD); ONNX by JeremySNR (clip-forge)",
        purpose="detects who speaks: scores the embeddings",
    ),
}
"""Models by name. The checksums are those of the files in the authors' repositories at the pinned commits."""


def cache_dir() -> Path:
    """The default folder of model files, by the XDG Base Directory Specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "clipper_assets" / "models"


def model_file(name: str, models_dir: Path | None) -> Path | None:
    """The file of the model `name` (a key of `MODELS`) in `models_dir` or else in the cache; None if in neither."""
    places = [folder / MODELS[name].path for folder in (models_dir, cache_dir()) if folder]
    return next((place for place in places if place.is_file()), None)


def verify(name: str, models_dir: Path | None) -> Path:
    """The model's file, with its checksum verified. Raises ModelFileError if it is missing or its checksum differs."""
    file = model_file(name, models_dir)
    if file is None:
        raise ModelFileError(f"model {name} is missing; download it with `clipper models fetch {name}`")
    with file.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    if sha256 != MODELS[name].sha256:
        raise ModelFileError(
            f"{file} is damaged or not the model {name}: its SHA-256 begins with {sha256[:12]} instead of "
            f"{MODELS[name].sha256[:12]}; delete the file and run `clipper models fetch {name}`"
        )
    return file


def fetch(name: str, models_dir: Path | None, report: Report) -> Path:
    """Download a model into `models_dir` or else the cache; the file appears there only when complete and verified.

    Raises ModelFileError if the server does not send the file, sends another one, or the file cannot be written.
    """
    model = MODELS[name]
    target = (models_dir or cache_dir()) / model.path
    part = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            sha256 = _download(model, part, report)
            if sha256 != model.sha256:
                raise ModelFileError(
                    f"{model.url} sent {part.stat().st_size} bytes with SHA-256 {sha256[:12]}..., but {name} has "
                    f"{model.size_bytes} bytes with SHA-256 {model.sha256[:12]}...; try again later or copy the file "
                    f"to {target}"
                )
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except HTTPError as error:
        raise ModelFileError(f"{model.url} answered {error.code}; copy {name} to {target} yourself") from error
    except (OSError, HTTPException) as error:
        why = getattr(error, "reason", None) or error
        raise ModelFileError(
            f"cannot download {name} from {model.url} to {target} ({why}); try again later or copy it there yourself"
        ) from error
    return target


def _download(model: Model, target: Path, report: Report) -> str:
    """Download the model to `target` and return its SHA-256."""
    digest, size = hashlib.sha256(), 0
    with urlopen(model.url, timeout=TIMEOUT_S) as response, target.open("xb") as file:  # noqa: S310 (https, from MODELS)
        while chunk := response.read(CHUNK_BYTES):
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            report(min(size / model.size_bytes, 1.0))
    return digest.hexdigest()
