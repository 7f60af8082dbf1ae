"""If an upload is replaced while a step reads it, the step fails with one sentence and stores nothing."""

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
from clipper_assets_tests.test_denied import failure_messages

pytestmark = pytest.mark.episodes

KEY = "show/cut.mp4"
MESSAGE = f"{KEY} was replaced or removed since it was probed; materialize raw_video again"
WORK_OF_STEP = {
    "raw_video": (audio, "extract"),
    "aligned_transcript": (Engines, "transcribe"),
    "scenes": (analyse, "analyse"),
    "rendered_clips": (produce, "render_clip"),
}


@pytest.fixture(params=WORK_OF_STEP)
def replace_during_step(
    request: pytest.FixtureRequest,
    any_storage: Storage,
    cut: Path,
    monkeypatch: pytest.MonkeyPatch,
    short_windows: None,
) -> Callable[[bytes | None], None]:
    """A function that makes one step replace the upload by other content, or delete it for None, before its work."""
    any_storage.put_file(KEY, cut)
    any_storage.put_file("show/cut.srt", cut.with_suffix(".srt"))
    owner, name = WORK_OF_STEP[request.param]
    work = getattr(owner, name)

    def replace(content: bytes | None) -> None:
        def replace_and_work(*arguments: Any, **options: Any) -> Any:
            if content is None:
                any_storage.delete(KEY)
            else:
                any_storage.put_bytes(KEY, content)
            return work(*arguments, **options)

        monkeypatch.setattr(owner, name, replace_and_work)

    return replace


@pytest.mark.parametrize("other", ["another upload", "no media", "nothing"])
def test_a_step_fails_if_the_upload_is_replaced_or_deleted_meanwhile(
    other: str,
    replace_during_step: Callable[[bytes | None], None],
    any_storage: Storage,
    cut: Path,
    instance: dg.DagsterInstance,
    request: pytest.FixtureRequest,
) -> None:
    replace_during_step({"another upload": cut.read_bytes() + b"\0", "no media": b"no media", "nothing": None}[other])
    _, result = clip_episode(any_storage, KEY, instance)
    assert failure_messages(result) == [MESSAGE]
    step = request.node.callspec.params["replace_during_step"]
    assert [event.step_key for event in result.filter_events(lambda event: event.is_step_failure)] == [step]
    assert not result.asset_materializations_for_node(step)
    assert not [stored.key for stored in any_storage.list_objects("show/clips") if stored.key.endswith(".mp4")]
