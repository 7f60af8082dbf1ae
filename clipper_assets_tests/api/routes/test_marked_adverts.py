"""Marking adverts: which clips that holds back, what is refused, and what is undone."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets.edits.store import latest_edits
from clipper_assets_tests.api.routes.edited import KEY, files, process, shown_edits

pytestmark = pytest.mark.usefixtures("edited_episode", "short_windows")


@pytest.mark.episodes
def test_marking_an_advert_holds_its_clip_back_until_it_is_unmarked(
    client: TestClient, services: Services, edits_discarded: None
) -> None:
    clip = client.get(f"/episodes/{KEY}/clips/0").json()
    passage = {"start": clip["start_time"], "end": clip["end_time"]}
    edits = client.get(f"/episodes/{KEY}").json()["edits"]
    # The decision pins the clips, so that the next run does not pick others outside the advert.
    edits = client.patch(
        f"/episodes/{KEY}/clips/0", json={"base_version": edits["version"], "decision": "approved"}
    ).json()
    assert edits["is_rendered"]
    before = files(services, 0)

    def marked(change: dict[str, object]) -> dict[str, Any]:
        version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
        answer = client.patch(f"/episodes/{KEY}/adverts", json={"base_version": version, **change})
        assert answer.status_code == 200, answer.text
        edits: dict[str, Any] = answer.json()
        return edits

    edits = marked({"mark": [passage]})
    assert (edits["can_undo"], edits["is_rendered"], edits["unrendered"]) == (True, False, ["9:16"])
    (span,) = client.get(f"/episodes/{KEY}/transcript").json()["spans"]
    assert span == {**passage, "kind": "advert", "evidence": [], "confidence": 1.0, "marked": True}
    assert client.get(f"/episodes/{KEY}/clips/0").json()["wanted"] == {"adverts": "changed"}
    process(services)
    clip = client.get(f"/episodes/{KEY}/clips/0").json()
    assert (clip["wanted"], clip["is_publishable"]) == ({}, False)
    assert re.fullmatch(r"shows \d\.\d s of an advert", clip["held_back"][0])

    marked({"unmark": [passage]})
    assert client.get(f"/episodes/{KEY}/transcript").json()["spans"] == []
    process(services)
    clip = client.get(f"/episodes/{KEY}/clips/0").json()
    assert (clip["is_publishable"], clip["verdict"]) == (True, {"decision": "approved", "current": True})
    assert files(services, 0) == before


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"base_version": 999}, 409, "somebody else edited"),
        ({"mark": [{"start": 5.0, "end": 5.0}]}, 422, "a span must start at 0 s or later, and end after its start"),
        ({"unmark": [{"start": -1.0, "end": 5.0}]}, 422, "a span must start at 0 s or later"),
        (
            {"mark": [{"start": 9e9, "end": 9.1e9}]},
            422,
            "no passage starts at 9000000000.0 s, because the episode lasts",
        ),
        ({"mark": [{"start": 1.0, "end": 2.0, "kind": "music"}]}, 422, "mark.0.kind is 'music'; it should be 'advert'"),
        ({"mark": [{"start": 1.0, "end": 2.0}] * 101}, 422, "mark"),
        ({"sentence": 3}, 422, "there is no field sentence"),
    ],
)
def test_invalid_marks_are_refused_and_not_saved(
    client: TestClient, change: dict[str, object], status: int, sentence: str
) -> None:
    version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
    answer = client.patch(f"/episodes/{KEY}/adverts", json={"base_version": version, **change})
    assert answer.status_code == status, answer.text
    assert sentence in answer.json()["detail"]
    assert client.get(f"/episodes/{KEY}").json()["edits"]["version"] == version


def test_a_mark_is_undone_and_survives_an_edit_of_a_clip(client: TestClient, services: Services) -> None:
    version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
    client.patch(f"/episodes/{KEY}/adverts", json={"base_version": version, "mark": [{"start": 1.0, "end": 1e300}]})
    shown = client.get(f"/episodes/{KEY}").json()
    assert shown["edits"] == shown_edits(version + 1, unrendered=["9:16"])
    assert [clip["wanted"] for clip in shown["clip_views"]] == [{"adverts": "changed"}] * len(shown["clip_views"])
    client.patch(f"/episodes/{KEY}/clips/0", json={"base_version": version + 1, "hook": "Another"})
    duration_s = client.get(f"/episodes/{KEY}").json()["duration"]
    assert [(span.start, span.end) for span in latest_edits(services.storage, KEY).marked] == [(1.0, duration_s)]
    for undone in (2, 3):
        client.post(f"/episodes/{KEY}/edits/undo", json={"base_version": version + undone})
    assert latest_edits(services.storage, KEY).is_empty
    assert client.get(f"/episodes/{KEY}/transcript").json()["spans"] == []


def test_discarding_is_undone(client: TestClient, services: Services) -> None:
    version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
    client.patch(f"/episodes/{KEY}/adverts", json={"base_version": version, "mark": [{"start": 1.0, "end": 9.0}]})
    discarded = client.request("DELETE", f"/episodes/{KEY}/edits", json={"base_version": version + 1}).json()
    assert discarded["can_undo"]
    for undone in (2, 3):
        assert len(latest_edits(services.storage, KEY).marked) == undone - 2
        answer = client.post(f"/episodes/{KEY}/edits/undo", json={"base_version": version + undone})
        assert answer.status_code == 200, answer.text
    assert latest_edits(services.storage, KEY).is_empty


def test_a_reader_cannot_mark_adverts(reader: TestClient) -> None:
    assert reader.patch(f"/episodes/{KEY}/adverts", json={"base_version": 0}).status_code == 403
