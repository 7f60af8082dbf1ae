"""Where a Whisper model is (a directory, the models directory, the hub's cache, the hub) and what it runs on."""

import re
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from huggingface_hub.constants import ENDPOINT, HF_HUB_OFFLINE

from clipper_assets.transcript.engines.base import EngineUnavailableError

HUB_TIMEOUT_S = 3.0

_REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*")


def find_whisper(name: str, models_dir: Path | None) -> Path:
    """The directory of the CTranslate2 Whisper model `name` (a directory, a size like `small`, or a hub repository).

    Nothing but the hub can take long: it is asked once, with `HUB_TIMEOUT_S` to answer, before a download begins, and
    not at all under `HF_HUB_OFFLINE`. Raises EngineUnavailableError where there is no such model.
    """
    from faster_whisper.utils import download_model

    if found := whisper_on_disk(name, models_dir):
        return found
    repository = _repository(name)
    if repository is None:
        looked = " or ".join(str(place) for place in _places(name, models_dir))
        raise EngineUnavailableError(
            f"there is no Whisper model {name!r}: no model.bin in {looked}, and no model of that name on the hub"
        )
    if why := _unreachable(repository):
        where = f"{models_dir}" if models_dir else "CLIPPER_MODELS_DIR"
        raise EngineUnavailableError(
            f"the Whisper model {name!r} is not on this machine and cannot be fetched ({why}); "
            f"put the files of {repository} into {where}/faster-whisper-{name.rpartition('/')[2]}"
        )
    return Path(download_model(repository))


def whisper_on_disk(name: str, models_dir: Path | None) -> Path | None:
    """The directory of the model `name` if it is on this machine: named, in `models_dir` or in the hub's cache."""
    from faster_whisper.utils import download_model

    for place in _places(name, models_dir):
        if _is_model(place):
            return place
    if (repository := _repository(name)) is None:
        return None
    try:
        cached = Path(download_model(repository, local_files_only=True))
    except FileNotFoundError:
        return None
    return cached if _is_model(cached) else None


def _places(name: str, models_dir: Path | None) -> list[Path]:
    below = [models_dir / name, models_dir / f"faster-whisper-{name}"] if models_dir else []
    return [Path(name).expanduser(), *below]


def _repository(name: str) -> str | None:
    from faster_whisper.utils import _MODELS

    return name if _REPOSITORY.fullmatch(name) else _MODELS.get(name)


def _is_model(folder: Path) -> bool:
    return (folder / "model.bin").is_file()


def _unreachable(repository: str) -> str | None:
    """Why the hub cannot give the repository; None if it can."""
    if HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    try:
        with urlopen(f"{ENDPOINT}/api/models/{repository}", timeout=HUB_TIMEOUT_S):  # noqa: S310 (https, or the user's own HF_ENDPOINT)
            return None
    except HTTPError as error:
        return f"{ENDPOINT} answered {error.code}"
    except OSError as error:
        return f"{ENDPOINT} cannot be reached: {getattr(error, 'reason', error)}"


def device() -> tuple[str, str]:
    """CTranslate2's device and number format: half precision on a GPU, 8-bit integers on a CPU."""
    import ctranslate2

    return ("cuda", "float16") if ctranslate2.get_cuda_device_count() else ("cpu", "int8")
