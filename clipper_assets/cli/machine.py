"""Checks of `clipper doctor` on the machine: programs, fonts, models, storage and keys."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from clipper_assets.captions.fonts import find_face
from clipper_assets.captions.script_fonts import script_fonts
from clipper_assets.captions.styles import load_style, style_names
from clipper_assets.clips.rendering.encoders import best_encoder
from clipper_assets.media.ffmpeg import FfmpegError, binary, components
from clipper_assets.models.store import model_path
from clipper_assets.models.table import MODELS, Kind
from clipper_assets.runtime.errors import StorageError
from clipper_assets.settings import Settings
from clipper_assets.storage.root import storage_at
from clipper_assets.storage.unreachable import unreachable
from clipper_assets.transcript.diarization import OFF
from clipper_assets.transcript.library import NOT_INSTALLED, whisperx_installed
from clipper_assets.transcript.models import ModelMissingError, ctranslate2_device, hub_model
from clipper_assets.transcript.whisper_models import choose_whisper, refuse_unless_fetchable

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
    yield _whisper(settings)
    installed = whisperx_installed()
    yield Finding("whisperx", installed, "installed" if installed else NOT_INSTALLED, required=False)
    yield _diarization(settings)
    for name, model in MODELS.items():
        if model.kind is Kind.camera:
            file = model_path(name, settings.models_dir)
            if model.better and file is None:
                continue
            missing = f"not on disk ({model.purpose}); run `clipper models fetch {name}`"
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


def _whisper(settings: Settings) -> Finding:
    """Whether the Whisper model that a run would use is on this machine; it is fetched at first use otherwise."""
    device, _ = ctranslate2_device(settings.device, settings.compute_type)
    models_dir = settings.models_dir
    try:
        model = choose_whisper(
            settings.whisper_model, device, models_dir, lambda name: refuse_unless_fetchable(name, models_dir)
        )
    except ModelMissingError as error:
        return Finding("Whisper model", False, str(error), required=False)
    place = model.folder or f"not on disk; fetched at first use, or with `clipper models fetch {model.name}`"
    return Finding("Whisper model", model.folder is not None, f"{model.name}: {model.why}; {place}", required=False)


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
    encoder = best_encoder()
    yield Finding("hardware encoder", encoder.is_hardware, f"{encoder.name} is used", required=False)


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
