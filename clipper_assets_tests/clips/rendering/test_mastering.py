"""Masters signals that are hard to normalise, and measures the encoded AAC."""

from pathlib import Path

import av
import numpy as np
import pytest

from clipper_assets.clips.rendering import mastering as sound
from clipper_assets.clips.rendering.mastering import MAX_GAIN_DB, master
from clipper_assets.media.loudness import measure_loudness
from clipper_assets_tests.support.media import SAMPLE, make

pytestmark = pytest.mark.episodes

SPEECH = f"amovie={SAMPLE / 'episode.mp4'}:seek_point=20,atrim=duration=8"
RATTLE = "1.9*exp(-60*mod(t,0.25))"
REACHED = {
    "a pure tone": "sine=f=997:r=48000:d=6",
    "a deep tone": "sine=f=60:r=48000:d=6,volume=-6dB",
    "noise": "anoisesrc=d=6:r=48000:a=0.9:seed=1",
    "speech, very quiet": f"{SPEECH},volume=-22dB",
    "speech, clipped": f"{SPEECH},volume=30dB,alimiter=limit=1:level=0",
    "a whisper, then a shout": "aevalsrc='(0.002+0.7*between(t,6,8))*(random(0)-0.5)':d=10:s=48000",
    "clicks over a murmur": "aevalsrc='0.9*lt(mod(t,1),0.0005)*sin(2*PI*3000*t)+0.01*sin(2*PI*300*t)':d=8:s=48000",
    "peaks between the samples": "aevalsrc='0.9*sin(2*PI*11997*t+PI/4)*lt(mod(t,0.5),0.05)':s=48000:d=6",
    "square bursts": "aevalsrc='0.9*sgn(sin(2*PI*110*t))*lt(mod(t,0.4),0.03)':s=48000:d=6",
    "castanets": f"aevalsrc='{RATTLE}*(random(0)-0.5)|{RATTLE}*(random(1)-0.5)':s=48000:d=8",
}
OUT_OF_REACH = {
    "sparse clicks": "aevalsrc='0.9*lt(mod(t,1),0.0005)*sin(2*PI*3000*t)':s=48000:d=6",
    "a whisper far away": "anoisesrc=d=6:r=48000:a=0.0005:seed=1",
}


def programme(target: Path, source: str) -> Path:
    return make(target, "-f", "lavfi", "-i", source, "-af", "aformat=channel_layouts=stereo", "-c:a", "pcm_f32le")


def measured(file: Path) -> tuple[float, float]:
    """Loudness of the decoded file in LUFS, and its true peak in dBTP."""
    loudness = measure_loudness(file)
    assert loudness
    return loudness


def peak_between_samples(file: Path) -> float:
    """Peak of the decoded sound in dB, oversampled four times by zero-padding its spectrum."""
    with av.open(str(file)) as container:
        channels = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    spectrum = np.fft.rfft(channels)
    finer = np.fft.irfft(spectrum, n=4 * channels.shape[1]) * 4
    return float(20 * np.log10(np.abs(finer).max()))


@pytest.mark.parametrize("name", REACHED)
def test_the_encoded_sound_has_the_target_loudness_and_peak(name: str, tmp_path: Path) -> None:
    target = tmp_path / "sound.m4a"
    assert master(programme(tmp_path / "programme.wav", REACHED[name]), target) == ()
    lufs, dbtp = measured(target)
    assert lufs == pytest.approx(-14, abs=0.4)
    assert dbtp <= -1.1
    assert peak_between_samples(target) <= -1.0


@pytest.mark.parametrize("name", OUT_OF_REACH)
def test_an_unreachable_target_is_recorded_with_the_measured_loudness(name: str, tmp_path: Path) -> None:
    target = tmp_path / "sound.m4a"
    (fallback,) = master(programme(tmp_path / "programme.wav", OUT_OF_REACH[name]), target)
    lufs, dbtp = measured(target)
    assert dbtp <= -1.1
    assert lufs < -20
    assert fallback.reason == (
        f"the clip's sound only reached {lufs:.1f} LUFS and {dbtp:.1f} dBTP with a gain of {MAX_GAIN_DB:.0f} dB, "
        "instead of -14 LUFS and at most -1 dBTP"
    )


@pytest.mark.parametrize("source", ["anullsrc=r=48000:d=3", "anoisesrc=d=3:r=48000:a=0.0001:seed=1"])
def test_silence_stays_silent_and_is_recorded(source: str, tmp_path: Path) -> None:
    target = tmp_path / "sound.m4a"
    (fallback,) = master(programme(tmp_path / "programme.wav", source), target)
    assert fallback.reason == "the clip is silent, so its loudness was not adjusted"
    with av.open(str(target)) as container:
        assert all(np.abs(frame.to_ndarray()).max() < 0.001 for frame in container.decode(audio=0))


def test_speech_needs_only_one_encode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encodes = []

    def encode(programme: Path, target: Path, gain_db: float, ceiling_db: float) -> None:
        encodes.append(gain_db)
        original(programme, target, gain_db, ceiling_db)

    original = sound._encode
    monkeypatch.setattr(sound, "_encode", encode)
    talk = make(
        tmp_path / "talk.wav", "-ss", "20", "-t", "20", "-i", str(SAMPLE / "episode.mp4"), "-vn", "-ar", "48000"
    )
    master(talk, tmp_path / "sound.m4a")
    assert len(encodes) == 1
