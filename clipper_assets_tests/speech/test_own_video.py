"""A person's own video without a transcript, on a machine that has Whisper's weights and no network."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq
import pysubs2
import pytest

from clipper_assets.storage.tables import provenance
from clipper_assets_tests.speech.conftest import Sample
from clipper_assets_tests.support.media import make
from clipper_assets_tests.support.servers import SCRIPTS
from clipper_assets_tests.support.weights import CACHE
from clipper_assets_tests.transcript.scoring import word_error_rate

pytestmark = pytest.mark.speech


def test_an_own_video_becomes_clips_by_whisper_base(
    whisper_base: Path, speech_samples: Mapping[str, Sample], tmp_path: Path
) -> None:
    sample = speech_samples["reading"]
    picture = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=10"]
    video = make(tmp_path / "own.mp4", *picture, "-i", str(sample.file), "-shortest", "-preset", "ultrafast")
    settings = {"CLIPPER_MODELS_DIR": str(CACHE), "CLIPPER_STORAGE": str(tmp_path / "data"), "CLIPPER_DEVICE": "cpu"}
    windows = {"CLIPPER_WINDOW_MIN_S": "6", "CLIPPER_WINDOW_MAX_S": "20"}
    done = subprocess.run(
        [str(SCRIPTS / "clipper"), "process", str(video), "--max-clips", "1"],
        env={**os.environ, **settings, **windows},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (table,) = (tmp_path / "data/lake/aligned_transcript").glob("*/*.parquet")
    words = pq.read_table(table)
    texts = [str(text) for text in words["text"].to_pylist()]
    assert (provenance(words)["engine"], provenance(words)["model"]) == ("faster_whisper", "base")
    assert word_error_rate(sample.words, texts) <= 0.05
    manifest = json.loads((tmp_path / "data/own/clips/manifest.json").read_text())
    (clip,) = manifest["clips"]
    captions = pysubs2.load(str(tmp_path / "data" / clip["captions"]["srt"]))
    shown = " ".join(event.plaintext.replace("\n", " ") for event in captions)
    assert len(shown.split()) >= 10
    assert shown in " ".join(texts)
