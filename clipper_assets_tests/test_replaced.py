"""An upload that is replaced while a step reads it fails the step in one sentence, and nothing is made of both."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from clipper_assets.camera.analysis import analyse
from clipper_assets.clips import produce
from clipper_assets.episodes import audio
from clipper_assets.storage.base import Storage
from clipper_assets.transcript.engines.auto import Engines
from clipper_assets_tests.conftest import clip_episode
from clipper_assets_tests.test_denied import told

KEY = "show/cut.mp4"
SENTENCE = f"{KEY} was replaced or removed since it was probed; materialize raw_video again"
SEAMS = {
    "raw_video": (audio, "extract"),
    "aligned_transcript": (Engines, "transcribe"),
    "scenes": (analyse, "analyse"),
    "rendered_clips": (produce, "render_clip"),
}


@pytest.fixture(params=SEAMS)
def during(
    request: pytest.FixtureRequest,
    any_storage: Storage,
    cut: Path,
    monkeypatch: pytest.MonkeyPatch,
    short_windows: None,
) -> Callable[[bytes | None], None]:
    """Has an upload replaced, or removed, before the work of one step is done."""
    any_storage.put_file(KEY, cut)
    any_storage.put_file("show/cut.srt", cut.with_suffix(".srt"))
    owner, name = SEAMS[request.param]
    work = getattr(owner, name)

    def replace(content: bytes | None) -> None:
        def replaced(*arguments: Any) -> Any:
            if content is None:
                any_storage.delete(KEY)
            else:
                any_storage.put_bytes(KEY, content)
            return work(*arguments)

        monkeypatch.setattr(owner, name, replaced)

    return replace


@pytest.mark.parametrize("other", ["another upload", "no media", "nothing"])
def test_a_step_that_reads_it(
    other: str,
    during: Callable[[bytes | None], None],
    any_storage: Storage,
    cut: Path,
    instance: dg.DagsterInstance,
    request: pytest.FixtureRequest,
) -> None:
    during({"another upload": cut.read_bytes() + b"\0", "no media": b"no media", "nothing": None}[other])
    _, result = clip_episode(any_storage, KEY, instance)
    assert told(result) == [SENTENCE]
    step = request.node.callspec.params["during"]
    assert [event.step_key for event in result.filter_events(lambda event: event.is_step_failure)] == [step]
    assert not result.asset_materializations_for_node(step)
    assert not [each.key for each in any_storage.list_objects("show/clips") if each.key.endswith(".mp4")]
