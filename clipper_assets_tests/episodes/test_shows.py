"""Shows are registered with their first episode and removed with their last."""

import dagster as dg
import pytest
from hypothesis import given, settings

from clipper_assets.episodes.partitions import partition_key
from clipper_assets.episodes.shows import register_shows, show_of, shows_of, unregister_episode
from clipper_assets_tests.episodes.test_partitions import keys


@pytest.mark.parametrize(
    ("upload", "show"),
    [
        ("show/a.mp4", "show"),
        ("team/show/a.mp4", "team/show"),
        ("a.mp4", "."),
        ("one, two/a.mp4", "one%2C two"),
        ("trailing /a.mp4", "trailing%20"),
        (f"x{' ' * 80}/a.mp4", f"x{'%20' * 80}"),  # too long for an episode, but none
    ],
)
def test_the_show_is_the_folder(upload: str, show: str) -> None:
    assert show_of(upload) == show
    assert shows_of([partition_key(upload)]) == [show]


@settings(max_examples=20)
@given(keys)
def test_upload_and_partition_have_the_same_show(upload: str) -> None:
    assert shows_of([partition_key(upload)]) == [show_of(upload)]


def test_keys_that_a_person_registered_by_mistake_have_no_show() -> None:
    assert shows_of(["b/1.mp4", "%ff/a.mp4", "a/1.mp4", "b/2.mp4"]) == ["b", "a"]


@pytest.fixture
def instance() -> dg.DagsterInstance:
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions("episodes", ["b/1.mp4", "b/2.mp4", "c/1.mp4", "root.mp4"])
    return instance


def test_shows_of_episodes_of_earlier_releases_are_registered(instance: dg.DagsterInstance) -> None:
    for _ in range(2):
        register_shows(instance)
        assert instance.get_dynamic_partitions("shows") == ["b", "c", "."]


def test_a_show_goes_with_its_last_episode(instance: dg.DagsterInstance) -> None:
    register_shows(instance)
    unregister_episode(instance, "b/1.mp4")
    assert instance.get_dynamic_partitions("shows") == ["b", "c", "."]
    unregister_episode(instance, "b/2.mp4")
    unregister_episode(instance, "root.mp4")
    assert instance.get_dynamic_partitions("shows") == ["c"]
    assert instance.get_dynamic_partitions("episodes") == ["c/1.mp4"]
