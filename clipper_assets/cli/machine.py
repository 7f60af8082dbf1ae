"""Checks of `clipper doctor` on the machine: programs, fonts, models, storage and keys."""

import importlib.metadata
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from clipper_assets.camera.analysis.models import MODELS, model_file
from clipper_assets.captions.fonts import find_face
from clipper_assets.captions.script_fonts import script_fonts
from clipper_assets.captions.styles import load_style, style_names
from clipper_assets.clips.rendering.encoders import NVENC, best_encoder
from clipper_assets.media.ffmpeg import FfmpegError, binary, components
from clipper_assets.runtime.errors import StorageError
from clipper_assets.settings import Settings
from clipper_assets.storage.root import storage_at
from clipper_assets.storage.unreachable import unreachable
from clipper_assets.transcript.diarization import OFF
from clipper_assets.transcript.library import NOT_INSTALLED, whisperx_installed
from clipper_assets.transcript.models import hub_model, whisper

FILTERS = (
    "alimiter",
    "ametadata",
    "apad",
    "aresample",
    "ass",
    "crop",
    "ebur128",
    "fps",
    "gblur",
    "overlay",
    "scale",
    "sendcmd",
    "tonemap",
    "tpad",
    "zscale",
)
ENCODERS = ("libx264", "aac", "flac", "mjpeg")


@dataclass(frozen=True)
class Finding:
    """One line of the report; the main job cannot run if a `required` finding is not `ok`."""

    subject: str
    ok: bool
    detail: str
    required: bool


def examine(settings: Settings) -> Iterator[Finding]:
    """Checks everything that the main job needs or can use. Of secrets, reports only whether they are set."""
    yield from _ffmpeg()
    yield from _fonts(settings)
    yield _storage(settings)
    yield Finding(
        "pocketsphinx", True, f"{importlib.metadata.version('pocketsphinx')}, with its English model", required=True
    )
    model = whisper(settings.whisper_model).on_disk(settings.models_dir)
    detail = str(model) if model else "not on disk; downloaded from the model hub at first use, if the hub is reachable"
    yield Finding(f"Whisper model {settings.whisper_model}", model is not None, detail, required=False)
    installed = whisperx_installed()
    yield Finding("whisperx", installed, "installed" if installed else NOT_INSTALLED, required=False)
    yield _diarization(settings)
    for name, camera_model in MODELS.items():
        file = model_file(name, settings.models_dir)
        missing = f"not on disk ({camera_model.purpose}); run `clipper models fetch {name}`"
        yield Finding(f"camera model {name}", file is not None, str(file or missing), required=False)
    key = settings.openai_api_key is not None
    yield Finding(
        "OPENAI_API_KEY",
        key,
        f"set, model {settings.openai_model}" if key else "not set; highlights are picked by the heuristic",
        required=False,
    )
    yield _gpu()
    home = os.environ.get("DAGSTER_HOME")
    yield Finding("DAGSTER_HOME", home is not None, home or "not set; `clipper process` uses .dagster", required=False)


def _fonts(settings: Settings) -> Iterator[Finding]:
    for name in style_names():
        font = load_style(name).font
        try:
            find_face(font, settings.fonts_dir)
            yield Finding(f"caption style {name}", True, f"font {font}", required=True)
        except ValueError as error:
            yield Finding(f"caption style {name}", False, str(error), required=True)
    for script in script_fonts(settings.fonts_dir):
        detail = f"{script.face.name}, {script.face.file}" if script.face else f"no font; {script.remedy}"
        yield Finding(f"captions in {script.script}", script.face is not None, detail, required=False)


def _diarization(settings: Settings) -> Finding:
    subject = "diarization model"
    if settings.diarization_model == OFF:
        return Finding(
            subject,
            False,
            "off by CLIPPER_DIARIZATION_MODEL; speakers are told apart only by separate microphone tracks",
            required=False,
        )
    folder = hub_model(subject, settings.diarization_model, "config.yaml").on_disk(settings.models_dir)
    missing = f"{settings.diarization_model} is not on disk; speakers are told apart only by separate microphone tracks"
    return Finding(subject, folder is not None, str(folder or missing), required=False)


def _ffmpeg() -> Iterator[Finding]:
    try:
        filters, encoders = components("filters"), components("encoders")
    except (FfmpegError, OSError, subprocess.CalledProcessError) as error:
        yield Finding("ffmpeg", False, str(error), required=True)
        return
    yield Finding("ffmpeg", True, binary(), required=True)
    for kind, needed, available in (("filters", FILTERS, filters), ("encoders", ENCODERS, encoders)):
        missing = [name for name in needed if name not in available]
        detail = f"missing: {', '.join(missing)}; use the ffmpeg of imageio-ffmpeg" if missing else ", ".join(needed)
        yield Finding(f"ffmpeg {kind}", not missing, detail, required=True)
    nvenc = best_encoder() == NVENC
    yield Finding("GPU encoder", nvenc, f"{best_encoder().name} is used", required=False)


def _storage(settings: Settings) -> Finding:
    try:
        storage = storage_at(settings.storage, settings.url_expiry_s)
    except StorageError as error:
        return Finding("storage", False, str(error), required=True)
    reason = unreachable(storage)
    return Finding("storage", reason is None, reason or settings.storage, required=True)


def _gpu() -> Finding:
    smi = shutil.which("nvidia-smi")
    if smi is None:
        return Finding("GPU", False, "none; everything runs on the CPU", required=False)
    query = [smi, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    result = subprocess.run(query, capture_output=True, text=True, check=False)
    works = result.returncode == 0 and bool(result.stdout.strip())
    detail = "; ".join((result.stdout if works else result.stderr).strip().splitlines())
    return Finding("GPU", works, detail, required=False)
