"""What `clipper process` does again where other episodes were made and edited, and what the sensor leaves to it."""

from pathlib import Path

import dagster as dg
import pytest

from clipper_assets.edits.model import WordEdit
from clipper_assets.edits.store import latest_edits, save_edits
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.conftest import clip_episode
from clipper_assets_tests.episodes.test_sensors import Ticks
from clipper_assets_tests.test_local import ASSETS

ONE, OTHER = "one/cut.mp4", "other/cut.mp4"
EVERY_TABLE = ASSETS[:-1]


def edit(storage: DirectoryStorage, instance: dg.DagsterInstance, key: str) -> None:
    """A person saves a version of an episode's edits."""
    word = WordEdit(start=0.0, end=0.1, was="teh", text="the")
    assert save_edits(storage, instance, key, latest_edits(storage, key).followed_by("a word", [], [word]))


def kept(storage: DirectoryStorage, key: str, instance: dg.DagsterInstance, max_clips: int = 1) -> list[str]:
    unchanged, result = clip_episode(storage, key, instance, max_clips=max_clips)
    assert result.success
    return unchanged


@pytest.mark.usefixtures("short_windows")
def test_what_happens_to_another_episode_makes_nothing_outdated(
    storage: DirectoryStorage, instance: dg.DagsterInstance, cut: Path
) -> None:
    for key in (ONE, OTHER):
        storage.put_file(key, cut)
        storage.put_file(key.replace(".mp4", ".srt"), cut.with_suffix(".srt"))
        assert kept(storage, key, instance) == []
    assert kept(storage, ONE, instance) == EVERY_TABLE
    edit(storage, instance, OTHER)
    assert kept(storage, ONE, instance) == EVERY_TABLE


@pytest.mark.usefixtures("short_windows")
def test_an_edited_word_is_rendered_and_picks_nothing_again(
    storage: DirectoryStorage, instance: dg.DagsterInstance, cut: Path
) -> None:
    storage.put_file(ONE, cut)
    storage.put_file(ONE.replace(".mp4", ".srt"), cut.with_suffix(".srt"))
    assert kept(storage, ONE, instance) == []
    edit(storage, instance, ONE)
    assert kept(storage, ONE, instance) == EVERY_TABLE


@pytest.mark.usefixtures("short_windows")
def test_the_sensor_requests_no_upload_that_the_command_line_has_served(
    any_storage: Storage, instance: dg.DagsterInstance, cut: Path
) -> None:
    for key in (ONE, OTHER):
        any_storage.put_file(key, cut)
    any_storage.put_file(ONE.replace(".mp4", ".srt"), cut.with_suffix(".srt"))
    assert clip_episode(any_storage, ONE, instance)[1].success
    ticks = Ticks(any_storage, instance)
    assert ticks.run_until_settled() == [ticks.run_key(OTHER)]
    any_storage.put_bytes(ONE, cut.read_bytes() + b"\0")
    assert ticks.run_until_settled() == [ticks.run_key(ONE)]
