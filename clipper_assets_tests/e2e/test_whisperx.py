"""The whole job with the real WhisperX and tiny models, on the sample and on recordings derived from it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pysubs2
import pytest

from clipper_assets.transcript.words import Word
from clipper_assets_tests.conftest import SAMPLE
from clipper_assets_tests.e2e.conftest import Deploy
from clipper_assets_tests.e2e.test_dagster_dev import finished_run
from clipper_assets_tests.support.media import lavfi, make, sample_words, two_microphones, with_sound
from clipper_assets_tests.support.servers import SCRIPTS, Deployment
from clipper_assets_tests.transcript.conftest import MODELS
from clipper_assets_tests.transcript.scoring import matches, start_errors, word_error_rate

pytestmark = pytest.mark.whisperx

DASH = re.compile(r"^- ")
"""The dash that precedes each of two speakers in one cue."""

TINY = {
    "CLIPPER_MODELS_DIR": str(MODELS),
    "CLIPPER_WHISPER_MODEL": "whisper_tiny_sample",
    "CLIPPER_ALIGN_MODEL": "wav2vec2_tiny_sample",
    "CLIPPER_BEAM_SIZE": "1",
    "CLIPPER_BATCH_SIZE": "8",  # the tiny model writes no times, which decoding in sequence needs
    "HF_HUB_OFFLINE": "1",
}


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The storage root of a machine with the tiny models and without access to the model hub."""
    root = tmp_path / "storage"
    root.mkdir()
    for name, value in {**TINY, "CLIPPER_STORAGE": str(root)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)  # where the command line keeps its Dagster instance
    return root


def clipper(*arguments: str) -> str:
    """Runs `clipper process`, which must succeed; returns its output."""
    command = [str(SCRIPTS / "clipper"), "process", *arguments, "--engine", "whisperx"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def table(root: Path, name: str) -> list[dict[str, Any]]:
    (file,) = (root / "lake" / name).glob("*/*.parquet")
    rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return rows


def words(root: Path) -> list[Word]:
    return [
        Word(row["text"], row["start"], row["end"], row["segment"], channel=row["channel"], speaker=row["speaker"])
        for row in table(root, "aligned_transcript")
    ]


def test_the_captions_of_the_sample_follow_the_speech(tiny: Path) -> None:
    """Measured: no word error; word starts are off by 16 ms in the median, 30 ms at p95, 40 ms at most."""
    output = clipper(str(SAMPLE / "episode.mp4"), "--max-clips", "2")
    assert "Traceback" not in output
    truth, recognised = sample_words(), words(tiny)
    assert word_error_rate([word.text for word in truth], [word.text for word in recognised]) <= 0.01
    errors = start_errors(truth, recognised)
    assert np.median(errors) <= 0.025
    assert np.quantile(errors, 0.95) <= 0.12
    numerals = [pair for pair in matches(truth, recognised) if pair[0].text[0].isdigit()]
    assert len(numerals) == 5
    assert max(abs(true_word.start - word.start) for true_word, word in numerals) <= 0.12

    clips = json.loads((tiny / "episode" / "clips" / "manifest.json").read_text())["clips"]
    assert len(clips) == 2
    for clip in clips:
        captions = pysubs2.load(str(tiny / clip["captions"]["srt"]))
        inside = [word for word in truth if clip["start_time"] <= word.start and word.end <= clip["end_time"]]
        shown = [DASH.sub("", line) for event in captions for line in event.plaintext.split("\n")]
        assert " ".join(shown) == " ".join(word.text for word in inside)
        starts = [word.start - clip["start_time"] for word in inside]
        off = [min(abs(event.start / 1000 - at) for at in starts) for event in captions]
        assert np.median(off) <= 0.03
        assert max(off) <= 0.15


def test_two_microphones_in_two_channels_identify_the_speakers(tiny: Path, tmp_path: Path) -> None:
    """Measured: 399 of 399 words, each once and with the right speaker."""
    tracks, truth = two_microphones(20.0)
    clipper(str(with_sound(SAMPLE / "episode.mp4", tracks, tmp_path / "pair.mp4")), "--max-clips", "1")
    recognised = words(tiny)
    assert word_error_rate([word.text for word in truth], [word.text for word in recognised]) <= 0.01
    right = sum(
        (word.channel, word.speaker) == (true_word.channel, f"SPEAKER_0{true_word.channel}")
        for true_word, word in matches(truth, recognised)
    )
    assert right >= 0.98 * len(truth)
    assert len(recognised) <= len(truth)


@pytest.mark.parametrize(
    "sound", ["anullsrc=r=48000:cl=stereo", "sine=f=220:r=48000,tremolo=f=2,chorus=0.7:0.9:55:0.4:0.25:2"]
)
def test_a_recording_without_speech_has_no_clips(tiny: Path, tmp_path: Path, sound: str) -> None:
    seconds = ["-t", "600", "-c:v", "libx264", "-preset", "ultrafast"]
    output = clipper(str(make(tmp_path / "quiet.mp4", *lavfi("color=c=gray:s=64x36:r=5", sound), *seconds)))
    assert "aligned_transcript_covers_speech: no speech was found" in output
    assert "No usable speech found, so no clips were made." in output
    assert (table(tiny, "aligned_transcript"), table(tiny, "highlight_windows")) == ([], [])
    assert json.loads((tiny / "quiet" / "clips" / "manifest.json").read_text())["clips"] == []


def test_only_runs_load_torch(deploy: Deploy, tmp_path: Path) -> None:
    """Webserver, daemon, code server and sensor do not load torch, according to their memory maps."""
    root = tmp_path / "storage"
    (root / "show").mkdir(parents=True)
    deployment = deploy(str(root), **TINY, CLIPPER_TRANSCRIPT_ENGINE="whisperx")
    shutil.copy(SAMPLE / "episode.mp4", root / "show" / "pilot.mp4")
    assert finished_run(deployment)["status"] == "SUCCESS"
    assert len(words(root)) == len(sample_words())
    # The run's own process takes a moment to exit.
    servers = [(what, libraries) for what, libraries in mapped(deployment) if "execute_run" not in what]
    loaded = {what: libraries for what, libraries in servers if "dagster" in what}
    for part in ("dagster_webserver", "dagster._daemon", "grpc"):
        assert any(part in what for what in loaded), loaded.keys()
    assert [what for what, libraries in loaded.items() if "torch" in libraries] == []
    control = [sys.executable, "-c", "import torch; print(open('/proc/self/maps').read())"]
    assert "torch" in subprocess.run(control, capture_output=True, text=True, check=True).stdout


def mapped(deployment: Deployment) -> list[tuple[str, str]]:
    """Returns command line and memory map of every process with the DAGSTER_HOME of the deployment."""
    home = f"DAGSTER_HOME={deployment.environment['DAGSTER_HOME']}"
    processes = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if home in (process / "environ").read_text(errors="replace").split("\0"):
                command = (process / "cmdline").read_text().replace("\0", " ")
                processes.append((command, (process / "maps").read_text()))
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
    return processes
