"""Media and helpers for the tests of the probe."""

import pytest

from clipper_assets.episodes.probe import probe_upload
from clipper_assets.episodes.properties import Probe
from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.storage.base import Storage

PICTURE = ["-f", "lavfi", "-i", "testsrc=size=160x90:rate=25:duration=8"]
SOUND = ["-f", "lavfi", "-i", "sine=r=48000:duration=8"]
H264 = ["-c:v", "libx264", "-preset", "ultrafast"]
AUDIO_FILES = {
    "talk.mp3": ("libmp3lame", "mp3float"),
    "talk.m4a": ("aac", "aac"),
    "talk.wav": ("pcm_s16le", "pcm_s16le"),
    "talk.flac": ("flac", "flac"),
    "talk.opus": ("libopus", "opus"),
    "talk.ogg": ("libvorbis", "vorbis"),
}
"""Encoder and decoder for each audio file."""
SHORTEST_S = 3.0


def probe(storage: Storage, key: str, shortest_s: float = SHORTEST_S) -> Probe:
    return probe_upload(storage, key, shortest_s)


def refusal(storage: Storage, key: str, shortest_s: float = SHORTEST_S) -> str:
    """The message of the refusal, checked to be one line that names the key and says what to do."""
    with pytest.raises(UploadRefusedError) as raised:
        probe_upload(storage, key, shortest_s)
    sentence = str(raised.value)
    assert key in sentence
    assert "; " in sentence
    assert "\n" not in sentence
    return sentence
