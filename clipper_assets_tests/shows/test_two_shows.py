"""Episodes of two shows, and of a folder below one of them: each step does what the show of its episode says."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import dagster as dg
import numpy as np
import pyarrow as pa
import pytest

from clipper_assets.adverts.assets import ad_spans
from clipper_assets.chapters.assets import chapters
from clipper_assets.clips.assets import RenderConfig
from clipper_assets.episodes.partitions import episodes
from clipper_assets.episodes.source import SOURCE, RawVideo
from clipper_assets.highlights.assets import highlight_windows
from clipper_assets.highlights.pickers.auto import Pickers
from clipper_assets.highlights.pickers.heuristic import HeuristicPicker
from clipper_assets.highlights.pickers.openai import OpenAIPicker
from clipper_assets.llm.language_model import LanguageModel
from clipper_assets.media.loudness import LoudnessTrack
from clipper_assets.runs.in_process import failures
from clipper_assets.runtime.progress import Progress, Stage
from clipper_assets.settings import Settings
from clipper_assets.shows.show import load_show
from clipper_assets.shows.speech_options import SpeakerCount
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import Lake
from clipper_assets.transcript.assets import aligned_transcript
from clipper_assets.transcript.diarization import Diarization, Diarizer
from clipper_assets.transcript.engines.auto import Engines
from clipper_assets.transcript.engines.base import Engine, EngineResult, Recording
from clipper_assets.transcript.words import Word
from clipper_assets_tests.highlights.materialized import DURATION_S, FACTS, LOUDNESS_KEY
from clipper_assets_tests.highlights.talks import steady
from clipper_assets_tests.support.model_server import ModelServer, completion

SILENCE = Path(__file__).parents[1] / "transcript" / "fixture" / "silence.flac"
BOLD = """
picker = "openai"
prompt = "bold"
length = "short"
max_clips = 2
language = "pt-BR"
speakers = "2-4"
caption_style = "boxed"
"""
CALM = """
picker = "heuristic"
length = [60, 90]
max_clips = 1
language = "DE"
speakers = 1
caption_style = "classic"
"""
ASKED = "OF THE BOLD SHOW"
"""What the prompt of one show begins with."""


class Listening(Engine):
    """Hears the same sentences in every episode, and says in which language it was asked to listen."""

    name: ClassVar[str] = "listening"

    def transcribe(self, recording: Recording, stage: Stage) -> EngineResult:
        del stage
        language = recording.language or "en"
        texts = [f"This is sentence number {n} of the {language} talk." for n in range(60)]
        words = []
        for number, (text, start, end) in enumerate(steady(texts)):
            parts = text.split()
            edges = np.linspace(start, end, len(parts) + 1).tolist()
            words += [Word(part, edges[n], edges[n + 1], segment=number) for n, part in enumerate(parts)]
        return EngineResult(words, language, "listening", {})


class Counting(Diarizer):
    """Gives no speakers, and says how many it was asked for."""

    def diarize(
        self, words: Sequence[Word], recording: Recording, speakers: SpeakerCount | None, stage: Stage
    ) -> Diarization:
        del recording, stage
        return Diarization(words, f"{speakers} speakers")


@dg.asset(partitions_def=episodes, io_manager_key="lake", metadata=SOURCE.definition_metadata)
def raw_video(context: dg.AssetExecutionContext) -> pa.Table:
    values: dict[str, Any] = {
        column.name: FACTS.get(column.type, () if pa.types.is_list(column.type) else None) for column in SOURCE.columns
    }
    key = context.partition_key
    facts = {"episode": key, "key": key, "duration_s": DURATION_S, "loudness_key": LOUDNESS_KEY, "etag": "1"}
    return RawVideo(**{**values, **facts, "speech_key": "lake/speech.flac"}).to_table()


@pytest.fixture
def storage(tmp_path: Path) -> DirectoryStorage:
    root = DirectoryStorage(root=str(tmp_path))
    ends = np.arange(0.4, DURATION_S, 0.1)
    root.put_bytes(LOUDNESS_KEY, LoudnessTrack(ends, np.full(ends.size, -20, np.float32)).to_bytes())
    root.put_bytes("lake/speech.flac", SILENCE.read_bytes())
    root.put_bytes("bold/show.toml", BOLD.encode())
    root.put_bytes("calm/show.toml", b"\xef\xbb\xbf" + CALM.encode())
    root.put_bytes("prompts/bold/pick.md", f"{ASKED}: pick what nobody expects.".encode())
    return root


@pytest.fixture
def server(model_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> ModelServer:
    """A model that proposes the same two moments; by the settings nobody asks it."""
    monkeypatch.setenv("CLIPPER_PICKER", "heuristic")
    highlights = [
        {"first_sentence": first, "last_sentence": first + 4, "score": 9 - first / 10, "hook": "h", "title": "t"}
        for first in (10, 30)
    ]
    model_server.replies = [completion(json.dumps({"highlights": highlights}))]
    return model_server


def materialized(
    storage: DirectoryStorage, server: ModelServer, key: str, **config: dict[str, Any]
) -> dg.ExecuteInProcessResult:
    """The run of an episode, of which `server` has only the requests afterwards."""
    server.requests.clear()
    model = LanguageModel(base_url=server.url, timeout_s=5, max_retries=0)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("episodes", [key])
        return dg.materialize(
            [raw_video, aligned_transcript, ad_spans, highlight_windows, chapters],
            instance=instance,
            partition_key=key,
            run_config={"ops": {asset: {"config": values} for asset, values in config.items()}},
            resources={
                "storage": storage,
                "settings": Settings(),
                "lake": Lake(storage=storage),
                "engines": Engines([Listening()]),
                "diarizer": Counting(),
                "language_model": model,
                "pickers": Pickers(openai=OpenAIPicker(language_model=model), heuristic=HeuristicPicker()),
                "progress": Progress(),
            },
            raise_on_error=False,
        )


def metadata(run: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    (event,) = run.asset_materializations_for_node(asset)
    return {name: value.value for name, value in event.metadata.items()}


def lengths(run: dg.ExecuteInProcessResult) -> list[float]:
    return [row["end"] - row["start"] for row in run.output_for_node("highlight_windows").to_pylist()]


def style(storage: DirectoryStorage, key: str) -> str:
    return RenderConfig().look(load_show(storage, key), Settings()).style.name


@pytest.mark.parametrize("key", ["bold/one.mp4", "bold/two.mp4"])
def test_episodes_of_a_show_that_asks_a_model(storage: DirectoryStorage, server: ModelServer, key: str) -> None:
    run = materialized(storage, server, key)
    assert run.success
    assert metadata(run, "aligned_transcript")["language"] == "pt"
    assert metadata(run, "aligned_transcript")["speakers"] == "(2, 4) speakers"
    assert (metadata(run, "highlight_windows")["prompt"], style(storage, key)) == ("bold", "boxed")
    assert [15 <= length <= 30 for length in lengths(run)] == [True, True]
    instructions = [request["messages"][0]["content"] for request in server.requests]
    assert sum(ASKED in text for text in instructions) == 1
    assert len(instructions) == 3  # adverts, highlights, chapters
    assert all("of the pt talk" in json.dumps(request) for request in server.requests)


@pytest.mark.parametrize("key", ["calm/one.mp4", "calm/two.mp4"])
def test_episodes_of_a_show_that_asks_none(
    storage: DirectoryStorage, server: ModelServer, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPPER_PICKER", "openai")
    run = materialized(storage, server, key)
    assert run.success
    assert metadata(run, "aligned_transcript")["language"] == "de"
    assert metadata(run, "aligned_transcript")["speakers"] == "1 speakers"
    assert (metadata(run, "highlight_windows")["picker"], style(storage, key)) == ("heuristic", "classic")
    assert [60 <= length <= 90 for length in lengths(run)] == [True]
    assert server.requests == []


def test_a_folder_below_a_show_is_another_show(storage: DirectoryStorage, server: ModelServer) -> None:
    run = materialized(storage, server, "bold/extra/one.mp4")
    assert metadata(run, "aligned_transcript")["language"] == "en"
    assert metadata(run, "aligned_transcript")["speakers"] == "None speakers"
    assert metadata(run, "highlight_windows")["picker"] == "heuristic"
    assert server.requests == []


def test_run_config_overrides_the_show(storage: DirectoryStorage, server: ModelServer) -> None:
    without_model = {"picker": "heuristic"}
    run = materialized(
        storage,
        server,
        "bold/one.mp4",
        aligned_transcript={"language": "es-MX", "speakers": 3},
        ad_spans=without_model,
        highlight_windows={**without_model, "length": "long"},
        chapters=without_model,
    )
    assert metadata(run, "aligned_transcript")["language"] == "es"
    assert metadata(run, "aligned_transcript")["speakers"] == "3 speakers"
    assert all(60 <= length <= 90 for length in lengths(run))
    assert server.requests == []


def test_a_show_that_asks_a_model_without_a_key_says_that_rules_picked(
    storage: DirectoryStorage, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    run = materialized(storage, server, "bold/one.mp4")
    assert run.success
    (fallback,) = metadata(run, "highlight_windows")["degraded"]
    assert fallback["reason"].startswith("highlights were picked by rules, not by a model: ")
    assert "OPENAI_API_KEY" in fallback["reason"]


def test_a_mistake_stops_the_first_step_that_reads_the_show(storage: DirectoryStorage, server: ModelServer) -> None:
    storage.put_bytes("bold/show.toml", b'speakers = "two"')
    run = materialized(storage, server, "bold/one.mp4")
    assert not run.success
    assert failures(run) == [
        "bold/show.toml: speakers is 'two'; it should be the number of people who speak, from 1 to "
        "50, or a range such as '2-4'; their names belong in speakers.toml"
    ]
    assert server.requests == []
