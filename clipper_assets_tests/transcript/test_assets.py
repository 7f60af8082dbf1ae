import json
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from clipper_assets.episodes.partitions import episodes
from clipper_assets.episodes.source import SOURCE, RawVideo
from clipper_assets.media.speech import SPEECH_RATE_HZ
from clipper_assets.runtime.progress import Progress
from clipper_assets.setting_types import EngineName
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import Lake
from clipper_assets.storage.recipes import CHECKS, PARTS, RECIPE, REQUESTED
from clipper_assets.storage.tables import provenance
from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.assets import TranscriptConfig, aligned_transcript, may_be_better
from clipper_assets.transcript.diarization import Diarizer
from clipper_assets.transcript.engines.auto import Engines
from clipper_assets.transcript.engines.base import Recording
from clipper_assets.transcript.engines.faster_whisper import FasterWhisper
from clipper_assets.transcript.engines.transcript_file import TranscriptFile
from clipper_assets.transcript.engines.whisperx import WhisperX
from clipper_assets.transcript.words import WORDS, Word, sentences, words_table
from clipper_assets_tests.support.media import two_microphones, write_flac
from clipper_assets_tests.transcript.scoring import matches

EPISODE = "test1/talk.mp4"
STAGES = {"find model", "load", "find speech", "transcribe", "load aligner", "align"}
CHECK_NAMES = (
    "is_ordered",
    "covers_speech",
    "speaks_at_human_rate",
    "is_aligned",
    "has_no_loops",
    "not_degraded",
)
SRT = "1\n00:00:00,800 --> 00:00:05,900\nWelcome back to the quiet kitchen podcast, where we talk about food.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    speech = tmp_path / "lake" / "speech" / "speech.flac"
    speech.parent.mkdir(parents=True)
    speech.write_bytes((Path(__file__).parent / "fixture" / "talk.flac").read_bytes())
    (tmp_path / "test1").mkdir()
    return tmp_path


@pytest.fixture
def source(talk: Recording) -> pa.Table:
    return RawVideo(
        episode=EPISODE, key=EPISODE, etag="0123", size_bytes=1, container="mp4", duration_s=talk.duration_s,
        width_px=1920, height_px=1080, rotation_deg=0, sample_aspect_ratio=1.0, fps=30.0, variable_fps=False, hdr=False,
        video_codec="h264", pixel_format="yuv420p", video_stream=0, audio_codec="aac", audio_stream=1, audio_streams=1,
        audio_channels=2, audio_rate_hz=48000, speech_key="lake/speech/speech.flac",
        loudness_key="lake/loudness.parquet",
    ).to_table()  # fmt: skip


def engines(whisper: str = "no-such-model") -> Engines:
    return Engines(
        [
            TranscriptFile(aligners=Aligners()),
            WhisperX(model="no-such-model", aligners=Aligners()),
            FasterWhisper(model=whisper, beam_size=1, batch_size=8, aligners=Aligners()),
        ]
    )


def transcribe(
    root: Path,
    source: pa.Table,
    config: TranscriptConfig,
    whisper: str = "no-such-model",
    diarizer: Diarizer | None = None,
) -> dg.MaterializeResult[pa.Table]:
    result = aligned_transcript(
        context=dg.build_asset_context(partition_key=EPISODE),
        config=config,
        raw_video=source,
        storage=DirectoryStorage(root=str(root)),
        settings=Settings(),
        engines=engines(whisper),
        diarizer=diarizer or Diarizer(),
        progress=Progress(),
    )
    assert isinstance(result, dg.MaterializeResult)
    return result


def test_a_run_stores_words_that_pass_all_checks(root: Path, source: pa.Table, whisper_model: Path) -> None:
    @dg.asset(name="raw_video", partitions_def=episodes, io_manager_key="lake", metadata=SOURCE.definition_metadata)
    def uploaded() -> pa.Table:
        return source

    storage = DirectoryStorage(root=str(root))
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("episodes", [EPISODE])
        run = dg.materialize(
            [uploaded, aligned_transcript],
            partition_key=EPISODE,
            instance=instance,
            resources={
                "storage": storage,
                "settings": Settings(),
                "lake": Lake(storage=storage),
                "engines": engines(str(whisper_model)),
                "diarizer": Diarizer(),
                "progress": Progress(),
            },
        )
        checks = {check.check_name: check.passed for check in run.get_asset_check_evaluations()}
        assert set(checks) == {f"aligned_transcript_{check}" for check in CHECK_NAMES}
        assert all(checks.values())
        (event,) = instance.fetch_materializations(aligned_transcript.key, limit=1).records
        assert event.asset_materialization is not None
        metadata = event.asset_materialization.metadata
    table = run.asset_value("aligned_transcript")
    assert table.num_rows == metadata["dagster/row_count"].value == 199
    assert metadata["engine"].value == "faster_whisper"
    assert metadata["whisper_model"].value == str(whisper_model)
    assert metadata["whisper_model_why"].value == "named by CLIPPER_WHISPER_MODEL"
    assert [reason.split(":")[0] for reason in value_of(metadata["passed_over"])] == ["transcript_file", "whisperx"]
    assert set(value_of(metadata["real_time_factor"])) == STAGES
    assert metadata["pace"] == dg.MetadataValue.url(storage.uri("lake/pictures/episode=test1%2Ftalk.mp4/pace.png"))
    assert metadata["speakers"].value == "off: CLIPPER_DIARIZATION_MODEL is `off`"
    assert value_of(metadata["peak_memory"])["host_mib"] > 50
    assert "faster-whisper" in value_of(metadata["versions"])
    assert "| 0:00 |  | Welcome back to the quiet kitchen podcast, " in str(metadata["transcript"].value)
    provided = {
        name: value for name, value in provenance(table).items() if name not in {RECIPE, PARTS, REQUESTED, CHECKS}
    }
    assert provided | {"package_version": ""} == {
        "schema_version": "1",
        "engine": "faster_whisper",
        "model": str(whisper_model),
        "language": "en",
        "package_version": "",
        "etag": "0123",
        "degraded": "[]",
        "wordless": "[]",
    }
    assert table["episode"].unique().to_pylist() == [EPISODE]
    assert len(sentences(table)) == metadata["sentences"].value == 21


def test_a_transcript_beside_the_upload_is_used(root: Path, source: pa.Table) -> None:
    (root / "test1" / "talk.en.srt").write_text(SRT)
    first, second = (transcribe(root, source, TranscriptConfig()) for _ in range(2))
    assert first.metadata is not None
    assert first.metadata["engine"] == "transcript_file"
    assert first.value["text"].to_pylist() == SRT.splitlines()[2].split()
    assert first.data_version == second.data_version
    (root / "test1" / "talk.en.srt").write_text(SRT.replace("food", "bread"))
    assert transcribe(root, source, TranscriptConfig()).data_version != first.data_version


def test_a_transcript_that_is_added_later_is_used_and_files_that_almost_match_are_named(
    root: Path, source: pa.Table
) -> None:
    (root / "test1" / "talk_final.srt").write_text(SRT)
    with pytest.raises(dg.Failure, match="no transcript lies beside the upload"):
        transcribe(root, source, TranscriptConfig(engine=EngineName.transcript_file))
    (root / "test1" / "TALK.eng.SRT").write_text(SRT)
    result = transcribe(root, source, TranscriptConfig())
    assert result.metadata is not None
    assert result.metadata["transcript_file"] == "test1/TALK.eng.SRT"
    assert result.metadata["files_not_used"] == [
        "talk_final.srt was not used as the transcript; rename it to talk.srt if it is"
    ]
    (root / "test1" / "talk.en.srt").write_text(SRT)
    assert transcribe(root, source, TranscriptConfig()).metadata["transcript_file"] == "test1/talk.en.srt"  # type: ignore[index]


def test_a_fallback_fails_the_not_degraded_check_as_a_warning(root: Path, source: pa.Table) -> None:
    (root / "test1" / "talk.de.srt").write_text(SRT)
    result = transcribe(root, source, TranscriptConfig(language="de"))
    (degraded,) = json.loads(provenance(result.value)["degraded"])[:1]
    assert degraded["step"] == "aligned_transcript"
    ordered, *_, check = result.check_results
    assert ordered.passed
    assert (check.check_name, check.passed) == ("aligned_transcript_not_degraded", False)
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert degraded["reason"] in str(check.metadata["degraded"].value)


def test_words_without_speakers_are_a_fallback(root: Path, source: pa.Table) -> None:
    (root / "test1" / "talk.en.srt").write_text(SRT)
    diarizer = Diarizer(model="them/speaker-diarization")
    degraded = json.loads(provenance(transcribe(root, source, TranscriptConfig(), diarizer=diarizer).value)["degraded"])
    assert [entry["reason"].partition(":")[0] for entry in degraded] == ["the words have no speakers"]
    (root / "test1" / "talk.en.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:05.000\n<v Ann>Welcome back\n")
    (root / "test1" / "talk.en.srt").unlink()
    named = transcribe(root, source, TranscriptConfig(), diarizer=diarizer).value
    assert (set(named["speaker"].to_pylist()), provenance(named)["degraded"]) == ({"Ann"}, "[]")


def test_an_engine_that_cannot_run_fails_the_step_with_one_sentence(root: Path, source: pa.Table) -> None:
    with pytest.raises(dg.Failure) as caught:
        transcribe(root, source, TranscriptConfig(engine=EngineName.transcript_file))
    assert not caught.value.allow_retries
    assert "no transcript lies beside the upload" in (caught.value.description or "")


def test_an_episode_without_speech_has_an_empty_transcript(root: Path, source: pa.Table, whisper_model: Path) -> None:
    silence = Path(__file__).parent / "fixture" / "silence.flac"
    (root / "lake" / "speech" / "speech.flac").write_bytes(silence.read_bytes())
    result = transcribe(root, source, TranscriptConfig(), str(whisper_model))
    assert result.value.num_rows == 0
    assert result.value.schema.equals(WORDS.schema)
    assert provenance(result.value)["language"] == "und"


def value_of(metadata: dg.MetadataValue[Any]) -> Any:
    return metadata.value


def test_speaker_labels_are_replaced_by_names(root: Path, source: pa.Table) -> None:
    (root / "test1" / "talk.vtt").write_text("WEBVTT\n\n00:00.800 --> 00:05.900\n<v SPEAKER_00>Welcome back")
    (root / "test1" / "speakers.toml").write_text('SPEAKER_00 = "Anna"\n')
    assert transcribe(root, source, TranscriptConfig()).value["speaker"].to_pylist() == ["Anna", "Anna"]
    (root / "test1" / "talk.speakers.toml").write_text('SPEAKER_00 = "Eve"\n')
    assert transcribe(root, source, TranscriptConfig()).value["speaker"].to_pylist() == ["Eve", "Eve"]
    (root / "test1" / "speakers.toml").write_text("SPEAKER_00 =\n")
    with pytest.raises(
        dg.Failure, match=r"test1/talk\.mp4 cannot be transcribed: speakers\.toml is not valid TOML: .*line 1"
    ):
        transcribe(root, source, TranscriptConfig())


def test_words_get_the_speaker_of_their_microphone(root: Path, source: pa.Table, whisper_model: Path) -> None:
    tracks, truth = two_microphones(20.0)
    stored = []
    for number, track in enumerate([tracks[0] + tracks[1], *tracks]):
        key = f"lake/speech/{number}.flac"
        write_flac(root / key, track[: 30 * SPEECH_RATE_HZ])
        stored.append(key)
    (row,) = source.to_pylist()
    microphones = [{"stream": 1, "channel": n, "speech_key": key} for n, key in enumerate(stored[1:])]
    table = SOURCE.table([row | {"speech_key": stored[0], "microphones": microphones, "duration_s": 30.0}])
    result = transcribe(root, table, TranscriptConfig(), str(whisper_model))
    transcribed = [
        Word(row["text"], row["start"], row["end"], 0, channel=row["channel"], speaker=row["speaker"])
        for row in result.value.to_pylist()
    ]
    pairs = matches([word for word in truth if word.end < 30], transcribed)
    assert len(pairs) > 60
    assert sum(true_word.channel == word.channel for true_word, word in pairs) >= 0.98 * len(pairs)
    assert {word.speaker for word in transcribed} == {"SPEAKER_00", "SPEAKER_01"}
    assert result.metadata
    assert result.metadata["speakers"] == "known from the microphones"


@pytest.mark.parametrize(
    ("setting", "engine", "model", "on_disk", "expected"),
    [
        ("auto", "faster_whisper", "base", "small", True),
        ("auto", "whisperx", "base", "small", True),
        ("auto", "faster_whisper", "base", "base", False),
        ("auto", "faster_whisper", "small", "base", False),
        ("auto", "transcript_file", "base", "small", False),
        ("base", "faster_whisper", "base", "small", False),
    ],
)
def test_a_transcript_is_made_again_once_a_better_whisper_model_is_there(
    setting: str,
    engine: str,
    model: str,
    on_disk: str,
    expected: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / f"faster-whisper-{on_disk}").mkdir()
    (tmp_path / f"faster-whisper-{on_disk}" / "model.bin").write_bytes(b"a model")
    monkeypatch.setenv("CLIPPER_MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("CLIPPER_WHISPER_MODEL", setting)
    monkeypatch.setenv("CLIPPER_DEVICE", "cpu")
    words = words_table("e", [], [], "en", {"engine": engine, "model": model})
    assert may_be_better(words, Settings()) is expected


@pytest.mark.parametrize(
    ("gpus", "device", "expected"), [("0", "auto", True), ("", "auto", False), ("0", "cpu", False)]
)
def test_a_run_that_sees_no_gpu_of_its_machine_finds_the_model_that_the_step_would_take(
    gpus: str, device: str, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`clip_stale` takes no GPU, but says what a run would make."""
    (tmp_path / "faster-whisper-large-v3-turbo").mkdir()
    (tmp_path / "faster-whisper-large-v3-turbo" / "model.bin").write_bytes(b"a model")
    environment = {"MODELS_DIR": str(tmp_path), "DEVICE": device, "GPUS": gpus, "GPU_LOCKS": str(tmp_path / "gpus")}
    for name, value in environment.items():
        monkeypatch.setenv(f"CLIPPER_{name}", value)
    words = words_table("e", [], [], "en", {"engine": "whisperx", "model": "small"})
    assert may_be_better(words, Settings()) is expected
