import re
from unicodedata import category
from urllib.parse import unquote

import pytest
from dagster._core.definitions.partitions.utils.base import INVALID_PARTITION_SUBSTRINGS
from hypothesis import example, given
from hypothesis import strategies as st

from clipper_assets.episodes.partitions import MAX_KEY_BYTES, object_key, partition_key
from clipper_assets.storage.hive import hive_folder

AWKWARD = [
    "test1/sample.mp4",
    "a,b/[1] \"x\" 'y'...z.mp4",
    "100% real.mp4",
    "%2F%",
    "....",
    " leading and trailing ",
    "line\u2028separator\u0085\x7f.mp4",
    "日本語/ポッドキャスト 🎙.mp4",
    "a=b:c?d#e*f<g>h|i{j}k^l\\m.mp4",
]
# Any UTF-8 text that is short enough for a folder name, even if every byte is escaped twice.
keys = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=10),
    st.text("a%2F.,[]\"'/\\=:?#\n\x85\u2028 é", min_size=1, max_size=20),
    st.sampled_from(AWKWARD),
)


@given(keys)
def test_partition_and_object_key_are_inverses(key: str) -> None:
    assert object_key(partition_key(key)) == key


@given(keys)
@example("a,b")
def test_a_partition_key_has_no_characters_that_break_dagster_or_log_lines(key: str) -> None:
    partition = partition_key(key)
    assert not set(partition) & set(',[]"')
    assert not any(substring in partition for substring in INVALID_PARTITION_SUBSTRINGS)
    assert not any(category(letter) in {"Cc", "Zl", "Zp"} for letter in partition)
    assert partition == partition.strip()


def test_ordinary_object_keys_are_not_escaped() -> None:
    for key in ("test1/sample.mp4", "Folge 12 - Küche & Bühne (final).mp4", "日本語.mov", "it's here.mp4", "a..b.mp4"):
        assert partition_key(key) == key


@given(keys)
def test_the_lake_folder_is_a_single_name_that_uri_decodes_to_the_partition(key: str) -> None:
    partition = partition_key(key)
    folder = hive_folder(partition)
    assert "/" not in folder
    assert "\\" not in folder
    assert len(folder.encode()) <= 255
    name, value = folder.split("=")
    assert (name, unquote(value)) == ("episode", partition)


def test_the_lake_folder_of_the_sample() -> None:
    assert hive_folder("test1/sample.mp4") == "episode=test1%2Fsample.mp4"


@pytest.mark.parametrize("key", ["", "x" * 300, "ü" * 150, "/" * 100, "%" * 60, "\udcff.mp4"])
def test_a_key_that_cannot_be_a_folder_name_is_rejected_in_one_sentence(key: str) -> None:
    with pytest.raises(ValueError, match=r"^the object key [^\n]+$") as raised:
        partition_key(key)
    assert not re.search(r"\. |\n", str(raised.value))


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_every_key_becomes_a_folder_name_or_is_rejected(key: str) -> None:
    try:
        folder = hive_folder(partition_key(key))
    except ValueError:
        assert len(key.encode()) * 5 > MAX_KEY_BYTES - len("episode=")  # escaped twice, a byte takes five: %252F
    else:
        assert len(folder.encode()) <= MAX_KEY_BYTES
