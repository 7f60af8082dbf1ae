"""Which speech libraries are installed, and the import of WhisperX, which is optional."""

import os
import warnings
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from types import ModuleType

NOT_INSTALLED = "WhisperX is not installed; pip install 'clipper_assets[whisperx]'"

PACKAGES = ("whisperx", "faster-whisper", "ctranslate2", "torch", "pyannote-audio", "pocketsphinx")


def versions() -> dict[str, str]:
    """Versions of the installed speech libraries by package name."""
    installed = {}
    for package in PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed


def whisperx_installed() -> bool:
    """Whether `import_whisperx` would succeed, without importing anything."""
    return find_spec("whisperx") is not None


def import_whisperx() -> ModuleType:
    """Import WhisperX, with torch (7 to 9 s), and silence its logs.

    It imports pyannote 4, which sends telemetry unless disabled before the import. pyannote also warns if torchcodec is
    missing, which is only needed to read files; this project passes samples.
    """
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    warnings.filterwarnings("ignore", module=r"pyannote\.audio\.core\.io")
    import whisperx

    whisperx.setup_logging("warning")
    library: ModuleType = whisperx
    return library
