"""Adding clips: what is refused, and what the next run renders."""

import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets_tests.api.conftest import NEW
from clipper_assets_tests.api.routes.edited import KEY, files, process, shown_edits

pytestmark = pytest.mark.usefixtures("edited_episode", "short_windows")


@pytest.mark.episodes
def test_an_added_clip_is_rendered_and_the_others_are_kept(
    client: TestClient, services: Services, edits_discarded: None
) -> None:
    before = [files(services, 0), files(services, 1)]
    sentences = client.get(f"/episodes/{KEY}/transcript").json()["sentences"]
    taken = {
        (clip["first_sentence"], clip["last_sentence"]) for clip in client.get(f"/episodes/{KEY}").json()["clip_views"]
    }
    first, last = next(
        (one["number"], other["number"])
        for one in sentences
        for other in sentences[one["number"] :]
        if 3 < other["end"] - one["start"] < 6 and (one["number"], other["number"]) not in taken
    )
    version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
    request = {"base_version": version, "first_sentence": first, "last_sentence": last, "title": "From the search"}
    saved = client.post(f"/episodes/{KEY}/clips", json=request)
    assert saved.status_code == 200, saved.text
    assert saved.json() == shown_edits(version + 1, unrendered=["9:16"], new_clips=[2])
    again = client.post(f"/episodes/{KEY}/clips", json={**request, "base_version": version + 1})
    assert (again.status_code, again.json()["detail"]) == (422, "clip 2 has exactly these sentences already")

    process(services)
    shown = client.get(f"/episodes/{KEY}").json()
    assert shown["edits"] == shown_edits(version + 1)
    added = shown["clip_views"][2]
    assert (added["clip_index"], added["title"], added["hook"]) == (2, "From the search", sentences[first]["text"])
    assert (added["first_sentence"], added["last_sentence"]) == (first, last)
    assert [files(services, 0), files(services, 1)] == before
    assert files(services, 2)

    undone = client.post(f"/episodes/{KEY}/edits/undo", json={"base_version": version + 1}).json()
    assert undone["unrendered"] == ["9:16"]
    process(services)
    shown = client.get(f"/episodes/{KEY}").json()
    assert (len(shown["clip_views"]), shown["edits"]["unrendered"]) == (2, [])


@pytest.mark.parametrize(
    ("request_", "status", "sentence"),
    [
        ({"base_version": 999}, 409, "somebody else edited"),
        ({"last_sentence": 999}, 422, "the transcript has no sentence 999"),
        ({"first_sentence": 1, "last_sentence": 0}, 422, "a clip cannot begin with sentence 1"),
        ({"first_sentence": -1}, 422, "first_sentence is -1"),
        ({"title": "x" * 201}, 422, "title is 'xxx"),
    ],
)
def test_clips_that_cannot_be_added_are_refused(
    client: TestClient, request_: dict[str, object], status: int, sentence: str
) -> None:
    version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
    wanted = {"base_version": version, "first_sentence": 0, "last_sentence": 1, **request_}
    answer = client.post(f"/episodes/{KEY}/clips", json=wanted)
    assert (answer.status_code, sentence in answer.json()["detail"]) == (status, True), answer.text
    assert client.get(f"/episodes/{KEY}").json()["edits"]["version"] == version


def test_a_clip_is_added_only_to_an_episode_with_clips_and_without_a_run(
    client: TestClient, reader: TestClient, services: Services
) -> None:
    wanted = {"base_version": 0, "first_sentence": 0, "last_sentence": 1}
    answer = client.post(f"/episodes/{NEW}/clips", json=wanted)
    assert (answer.status_code, answer.json()["detail"]) == (409, f"{NEW} has no clips yet; process it first")
    assert reader.post(f"/episodes/{KEY}/clips", json=wanted).status_code == 403
    run_id = client.post(f"/episodes/{KEY}/render").json()["run_id"]
    try:
        version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
        answer = client.post(f"/episodes/{KEY}/clips", json={**wanted, "base_version": version})
        assert answer.status_code == 409
        assert "is in progress; wait until it ends" in answer.json()["detail"]
    finally:
        services.instance.delete_run(run_id)
        services.states.forget(KEY)
