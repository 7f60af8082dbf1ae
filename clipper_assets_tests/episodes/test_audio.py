from pathlib import Path

import numpy as np
import pytest

from clipper_assets.episodes import audio
from clipper_assets.episodes.audio import Sound
from clipper_assets.episodes.probe import probe_upload
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.loudness import load_loudness
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples, load_speech
from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.runtime.progress import Report
from clipper_assets.setting_types import Microphones
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage

PICTURE = ["-f", "lavfi", "-i", "testsrc=size=160x90:rate=25:duration=4"]
TONE = ["-f", "lavfi", "-i", "sine=r=48000:duration=4"]
H264 = ["-c:v", "libx264", "-preset", "ultrafast"]
TOLERANCE_S = 0.01


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def no_progress(stage: str) -> Report:
    return lambda share: None


def extract(storage: Storage, key: str, folder: Path) -> Sound:
    return audio.extract(storage, key, probe_upload(storage, key, 1), folder, no_progress, Microphones.auto)


def speech_of(storage: DirectoryStorage, folder: Path, *arguments: str, key: str = "upload.mkv") -> Samples:
    """Make an upload with ffmpeg and return its speech samples."""
    run([*arguments, key], cwd=Path(storage.root))
    return load_speech(extract(storage, key, folder).speech)


def audible_stretches(samples: Samples) -> list[tuple[float, float]]:
    """Start and end, in seconds, of the stretches that are not silent."""
    blocks = np.abs(samples[: samples.size // 16 * 16]).reshape(-1, 16).max(axis=1) > 0.01
    edges = np.flatnonzero(np.diff(np.concatenate([[0], blocks.astype(int), [0]])))
    return [(start / 1000, end / 1000) for start, end in edges.reshape(-1, 2).tolist()]


def test_speech_is_16_khz_mono(storage: DirectoryStorage, out: Path) -> None:
    samples = speech_of(storage, out, *PICTURE, *TONE, *H264, "-ac", "2", "-c:a", "pcm_s16le")
    assert samples.dtype == np.float32
    assert samples.shape == (4 * SPEECH_RATE_HZ,)
    assert 0.05 < np.abs(samples).max() <= 1


def test_audio_that_starts_late_keeps_its_offset(storage: DirectoryStorage, out: Path) -> None:
    samples = speech_of(storage, out, *PICTURE, "-itsoffset", "1.5", *TONE, *H264, "-c:a", "pcm_s16le", "-t", "4")
    assert [start_s for start_s, _ in audible_stretches(samples)] == [pytest.approx(1.5, abs=TOLERANCE_S)]


def test_audio_that_starts_late_in_mp4_keeps_its_offset(storage: DirectoryStorage, out: Path) -> None:
    late = ["-itsoffset", "1.5", *TONE]
    samples = speech_of(storage, out, *PICTURE, *late, *H264, "-c:a", "aac", "-t", "4", key="upload.mp4")
    start_s = audible_stretches(samples)[0][0]
    assert start_s == pytest.approx(1.5, abs=0.03)  # AAC spreads an onset over a frame


def test_speech_starts_with_the_container_even_if_its_timestamps_do_not_start_at_zero(
    storage: DirectoryStorage, out: Path
) -> None:
    shifted = ["-output_ts_offset", "7", "-avoid_negative_ts", "disabled"]
    late = ["-itsoffset", "1", *TONE]
    samples = speech_of(storage, out, *PICTURE, *late, *H264, "-c:a", "pcm_s16le", "-t", "4", *shifted)
    assert [start_s for start_s, _ in audible_stretches(samples)] == [pytest.approx(1, abs=TOLERANCE_S)]


def test_a_gap_in_the_audio_becomes_silence_of_the_same_length(storage: DirectoryStorage, out: Path) -> None:
    gap = ["-af", "aselect='lt(t,1)+gte(t,2)'"]
    samples = speech_of(storage, out, *PICTURE, *TONE, *gap, *H264, "-c:a", "pcm_s16le")
    (_, first_end), (second_start, second_end) = audible_stretches(samples)
    assert (first_end, second_start, second_end) == pytest.approx((1, 2, 4), abs=0.05)  # the filter drops whole packets


def test_the_default_audio_stream_is_extracted(storage: DirectoryStorage, out: Path) -> None:
    silence = ["-f", "lavfi", "-t", "4", "-i", "anullsrc=r=48000:cl=mono"]
    streams = ["-map", "0", "-map", "1", "-map", "2", "-disposition:a:0", "0", "-disposition:a:1", "default"]
    assert audible_stretches(speech_of(storage, out, *PICTURE, *silence, *TONE, *H264, *streams, "-c:a", "pcm_s16le"))
    assert not audible_stretches(
        speech_of(storage, out, *PICTURE, *TONE, *silence, *H264, *streams, "-c:a", "pcm_s16le", key="b.mkv")
    )


def test_speech_and_loudness_are_extracted_and_stored(any_storage: Storage, cut: Path, out: Path) -> None:
    any_storage.put_file("a, b/cut.mp4", cut)
    shares: list[float] = []
    probe = probe_upload(any_storage, "a, b/cut.mp4", 1)
    sound = audio.extract(any_storage, "a, b/cut.mp4", probe, out, lambda stage: shares.append, Microphones.auto)
    assert sound.duration_s == pytest.approx(10, abs=0.1)
    assert shares[-1] == pytest.approx(1, abs=0.05)
    speech_key, loudness_key, microphones = audio.store(any_storage, "a%2C b/cut.mp4", sound)
    assert (speech_key, loudness_key) == (
        "lake/speech/episode=a%252C b%2Fcut.mp4/speech.flac",
        "lake/speech/episode=a%252C b%2Fcut.mp4/loudness.parquet",
    )
    assert microphones == ()
    assert any_storage.read_bytes(speech_key) == sound.speech.read_bytes()
    loaded = load_loudness(any_storage, loudness_key)
    assert loaded.integrated(0, 10) == sound.loudness.integrated(0, 10)
    assert -30 < loaded.integrated(0, 10) < -5


def test_undecodable_audio_is_refused_in_one_sentence(storage: DirectoryStorage, out: Path) -> None:
    run([*PICTURE, *TONE, *H264, "-c:a", "aac", "upload.mp4"], cwd=Path(storage.root))
    probe = probe_upload(storage, "upload.mp4", 1)
    storage.put_bytes("upload.mp4", b"replaced by something else")
    with pytest.raises(UploadRefusedError, match=r"^the audio of upload\.mp4 cannot be decoded \([^\n]+\); upload"):
        audio.extract(storage, "upload.mp4", probe, out, no_progress, Microphones.auto)


def test_the_duration_of_a_container_without_one_is_that_of_its_audio(storage: DirectoryStorage, out: Path) -> None:
    run(
        [*PICTURE, *TONE, *H264, "-c:a", "pcm_s16le", "-f", "matroska", "-live", "1", "live.mkv"],
        cwd=Path(storage.root),
    )
    assert probe_upload(storage, "live.mkv", 1).duration_s is None
    assert extract(storage, "live.mkv", out).duration_s == pytest.approx(4, abs=0.01)


@pytest.mark.parametrize(
    ("key", "codec"),
    [
        ("talk.mp3", ["libmp3lame", "-q:a", "4"]),
        ("constant.mp3", ["libmp3lame", "-b:a", "64k", "-write_xing", "0"]),
        ("guessed.mp3", ["libmp3lame", "-q:a", "0", "-write_xing", "0"]),
        ("talk.m4a", ["aac"]),
        ("talk.wav", ["pcm_s24le"]),
        ("talk.flac", ["flac"]),
        ("talk.opus", ["libopus"]),
        ("talk.ogg", ["libvorbis"]),
    ],
)
def test_the_duration_of_an_audio_file_is_that_of_its_decoded_audio(
    storage: DirectoryStorage, out: Path, key: str, codec: list[str]
) -> None:
    later = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono:d=3", *TONE, "-filter_complex", "concat=v=0:a=1"]
    run([*later, "-c:a", *codec, key], cwd=Path(storage.root))
    sound = extract(storage, key, out)
    assert sound.duration_s == pytest.approx(7, abs=0.08)  # encoders pad up to two frames
    ((start_s, end_s),) = audible_stretches(load_speech(sound.speech))
    assert (start_s, end_s) == pytest.approx((3, 7), abs=0.08)
    assert -40 < sound.loudness.integrated(0, 7) < -5
