"""`clipper search` in a terminal and as JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clipper_assets.cli import main
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.search.talk import BEES, TRAINS, store_talk, words_key


@pytest.fixture(autouse=True)
def _library(storage: DirectoryStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_STORAGE", storage.root)
    monkeypatch.setenv("CLIPPER_SEARCH_DIR", str(tmp_path / "search"))
    store_talk(storage, "garden/bees.mp4", BEES)
    store_talk(storage, "trains, late.mp4", TRAINS)


def search(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["search", *arguments])


def test_hits_are_printed_with_time_speaker_and_neighbours() -> None:
    result = search("honey", "bee")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "garden/bees.mp4  0:00:03  Ben"
    assert lines[1].strip() == " ".join(text for _, text in BEES[:3])


def test_hits_are_printed_as_json() -> None:
    result = search("--json", "--limit", "1", '"money not more"')
    answer = json.loads(result.stdout)
    assert [hit["key"] for hit in answer["hits"]] == ["trains, late.mp4"]
    assert answer["hits"][0]["source_url"].startswith("file://")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["zebra"], "Nothing found."),
        (["they", "--speaker", "carla"], "Nothing found."),
        (["they", "--show", "garden"], "garden/bees.mp4  0:00:06  Anna"),
        (["they", "--episode", "garden/bees.mp4", "--since", "2020-01-01"], "garden/bees.mp4  0:00:06  Anna"),
        (["they", "--until", "2020-01-01"], "Nothing found."),
    ],
)
def test_filters(arguments: list[str], line: str) -> None:
    assert search(*arguments).output.splitlines()[0] == line


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["..."], "clipper: the query has no word to search for"),
        (["x*"], "clipper: x* would match too many words"),
        (["bees", "--episode", "../x"], "clipper: the key '../x' does not lie inside the storage root"),
    ],
)
def test_mistakes_are_one_sentence(arguments: list[str], sentence: str) -> None:
    result = search(*arguments)
    assert result.exit_code == 1
    assert result.output.startswith(sentence)
    assert result.output.count("\n") == 1


def test_transcripts_that_cannot_be_read_are_named(storage: DirectoryStorage) -> None:
    storage.put_bytes(words_key("broken.mp4"), b"not parquet")
    assert "WARN: broken.mp4 is not searched" in search("bees").output


def test_a_damaged_index_is_built_again(tmp_path: Path) -> None:
    assert search("honey", "bee").exit_code == 0
    for file in tmp_path.rglob("*.store"):
        damaged = file.read_bytes()[::-1]
        file.unlink()  # a file that is mapped into memory must not become shorter
        file.write_bytes(damaged)
    result = search("honey", "bee")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("garden/bees.mp4")


def test_control_characters_of_a_key_do_not_reach_the_terminal(storage: DirectoryStorage) -> None:
    store_talk(storage, "\x1b[2Jzoo.mp4", [("Anna", "A zebra is not a horse.")])
    assert search("zebra").output.splitlines()[0] == "[2Jzoo.mp4  0:00:00  Anna"
