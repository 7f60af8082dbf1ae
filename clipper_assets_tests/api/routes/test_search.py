"""`GET /search`: what it answers, who may ask, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets_tests.api.conftest import KEY, client_of
from clipper_assets_tests.search.talk import BEES, store_talk, words_key

TALK = "search/bees.mp4"


@pytest.fixture
def searcher(services: Services, tmp_path: Path) -> TestClient:
    """A reader of an API with an index of its own, and an episode about bees."""
    store_talk(services.storage, TALK, BEES)
    settings = services.settings.model_copy(update={"search_dir": tmp_path})
    return client_of(replace(services, settings=settings), "read-token")


def test_a_reader_finds_sentences_with_their_neighbours(searcher: TestClient) -> None:
    answer = searcher.get("/search", params={"q": "visiting bees", "show": "search"}).json()
    (hit,) = answer["hits"]
    assert {name: hit[name] for name in ("key", "start", "end", "first_sentence", "last_sentence")} == {
        "key": TALK,
        "start": 0.0,
        "end": 13.0,
        "first_sentence": 0,
        "last_sentence": 3,
    }
    sentence = hit["sentence"]
    assert [sentence["text"][start:end] for start, end in sentence["marks"]] == ["bees", "visited"]
    assert (sentence["number"], sentence["start"], sentence["speaker"]) == (1, 3.0, "Ben")
    assert (hit["before"]["text"], hit["after"]["text"]) == (BEES[0][1], BEES[2][1])
    assert answer["next_offset"] is None
    assert answer["index"]["problem"] is None


def test_the_recording_of_a_hit_can_be_played(searcher: TestClient, client: TestClient) -> None:
    transcript = client.get(f"/episodes/{KEY}/transcript").json()
    text = transcript["sentences"][0]["text"]
    hits = searcher.get("/search", params={"q": f'"{text}"', "episode": KEY}).json()["hits"]
    assert hits[0]["sentence"]["text"] == text
    media = searcher.get(hits[0]["source_url"], headers={"Range": "bytes=0-9"})
    assert media.status_code == 206


def test_pages_follow_one_another(searcher: TestClient, services: Services) -> None:
    for number in range(5):
        store_talk(services.storage, f"pages/{number}.mp4", BEES)
    parameters: dict[str, str | int] = {"q": "bees", "show": "pages", "limit": 2}
    first = searcher.get("/search", params=parameters).json()
    second = searcher.get("/search", params={**parameters, "offset": first["next_offset"]}).json()
    last = searcher.get("/search", params={**parameters, "offset": second["next_offset"]}).json()
    keys = [hit["key"] for page in (first, second, last) for hit in page["hits"]]
    assert sorted(keys) == [f"pages/{number}.mp4" for number in range(5)]
    assert last["next_offset"] is None


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "q is missing"),
        ({"q": ""}, "q is ''"),
        ({"q": "..."}, "the query has no word to search for"),
        ({"q": "x" * 301}, "q is 'xxx"),
        ({"q": "a*"}, "a* would match too many words"),
        ({"q": "bees", "limit": 51}, "limit is '51'"),
        ({"q": "bees", "offset": 200}, "offset is '200'"),
        ({"q": "bees", "since": "yesterday"}, "since is 'yesterday'"),
        ({"q": "bees", "episode": "lake/x.mp4"}, "cannot be an upload"),
        ({"q": "bees", "shows": "x"}, "has no query parameter 'shows'"),
    ],
)
def test_what_cannot_be_searched_is_refused(searcher: TestClient, parameters: dict[str, str], sentence: str) -> None:
    answer = searcher.get("/search", params=parameters)
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]


def test_a_stranger_may_not_search(stranger: TestClient) -> None:
    assert stranger.get("/search", params={"q": "bees"}).status_code == 401


def test_damaged_transcripts_are_named(searcher: TestClient, services: Services) -> None:
    broken = "search/broken, [twice].mp4"
    services.storage.put_bytes(words_key(broken), b"not parquet")
    try:
        index = searcher.get("/search", params={"q": "bees", "until": "9999-12-31"}).json()["index"]
    finally:
        services.storage.delete(words_key(broken))
    assert [skipped["key"] for skipped in index["skipped"]] == [broken]


def test_a_damaged_index_is_built_again_while_the_search_waits(searcher: TestClient, tmp_path: Path) -> None:
    assert searcher.get("/search", params={"q": "bees"}).status_code == 200
    for file in tmp_path.rglob("*.store"):
        file.write_bytes(file.read_bytes()[::-1])
    for file in tmp_path.rglob("state.json"):
        file.touch()
    assert searcher.get("/search", params={"q": "bees"}).json()["hits"]


def test_an_index_that_cannot_be_written_is_said(services: Services, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = services.settings.model_copy(update={"search_dir": tmp_path / "file"})
    answer = client_of(replace(services, settings=settings), "read-token").get("/search", params={"q": "bees"})
    assert answer.status_code == 503
    assert "the search index is not up to date" in answer.json()["detail"]
