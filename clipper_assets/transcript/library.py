"""The speech libraries that are installed, and the import of WhisperX, which is optional."""

import os
import warnings
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from types import ModuleType

NOT_INSTALLED = "WhisperX is not installed; pip install 'clipper_assets[whisperx]'"

PACKAGES = ("whisperx", "faster-whisper", "ctranslate2", "torch", "pyannote-audio", "pocketsphinx")


def versions() -> dict[str, str]:
    """The version of each speech library that is installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def whisperx_installed() -> bool:
    """Whether `import_whisperx` would succeed, without importing anything."""
    return find_spec("whisperx") is not None


def import_whisperx() -> ModuleType:
    """The library, imported (7 to 9 s, with torch), and quiet.

    pyannote 4, which it imports, sends telemetry unless it is told not to before the import, and warns where torchcodec
    is missing, which only reads files: we hand over samples.
    """
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    warnings.filterwarnings("ignore", module=r"pyannote\.audio\.core\.io")
    import whisperx

    whisperx.setup_logging("warning")
    library: ModuleType = whisperx
    return library
