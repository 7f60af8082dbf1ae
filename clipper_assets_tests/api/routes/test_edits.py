"""Editing clips: what is saved, what the next run changes, and what it leaves alone."""

import dagster as dg
import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets.edits.store import latest_edits
from clipper_assets_tests.api.routes.edited import CLIPS, KEY, files, manifest, process, shown_edits

pytestmark = pytest.mark.usefixtures("edited_episode", "short_windows")


@pytest.mark.episodes
def test_an_edit_changes_only_its_clip_and_survives_a_new_transcript(
    client: TestClient, services: Services, edits_discarded: None
) -> None:
    before = [files(services, 0), files(services, 1)]
    clip = client.get(f"/episodes/{KEY}/clips/1").json()
    word = next(
        each
        for each in client.get(f"/episodes/{KEY}/transcript").json()["words"]
        if each["sentence"] == clip["first_sentence"]
    )
    offset = -1 if clip["last_sentence"] > clip["first_sentence"] else 1
    version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
    edit = {
        "base_version": version,
        "last_sentence": clip["last_sentence"] + offset,
        "words": [{"word": word["word"], "text": "Corrected"}],
        "decision": "approved",
    }
    saved = client.patch(f"/episodes/{KEY}/clips/1", json=edit)
    assert saved.status_code == 200, saved.text
    assert saved.json() == shown_edits(version + 1, unrendered=["9:16"])
    edited = client.get(f"/episodes/{KEY}/clips/1").json()
    assert set(edited["wanted"]) == {"end_time", "words"}
    assert edited["last_sentence"] == clip["last_sentence"] + offset
    assert edited["verdict"] == {"decision": "approved", "current": True}
    assert [files(services, 0), files(services, 1)] == before

    process(services)
    assert files(services, 0) == before[0]
    changed = files(services, 1)
    assert changed["mp4"][0] != before[1]["mp4"][0]
    assert "Corrected" in services.storage.read_bytes(f"{CLIPS}/clip_1.srt").decode()
    shown = client.get(f"/episodes/{KEY}").json()
    assert shown["edits"] == shown_edits(version + 1)
    assert shown["clip_views"][1]["verdict"] == {"decision": "approved", "current": False}
    assert (shown["clip_views"][1]["end_time"] > clip["end_time"]) is (offset > 0)
    assert manifest(services).edits_version == version + 1

    process(services, afresh=True)
    assert files(services, 1) == changed
    assert files(services, 0) == before[0]

    undone = client.post(f"/episodes/{KEY}/edits/undo", json={"base_version": version + 1})
    assert undone.json()["version"] == version + 2
    process(services)
    assert [each["mp4"][0] for each in (files(services, 0), files(services, 1))] == [each["mp4"][0] for each in before]


@pytest.mark.episodes
def test_a_rejected_clip_is_not_publishable(client: TestClient, services: Services, edits_discarded: None) -> None:
    version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
    client.patch(f"/episodes/{KEY}/clips/0", json={"base_version": version, "decision": "rejected"})
    clip = client.get(f"/episodes/{KEY}/clips/0").json()
    assert not clip["is_publishable"]
    assert "rejected by a person" in clip["held_back"]
    process(services)
    assert 0 not in manifest(services).publishable
    assert "rejected by a person" in manifest(services).held_back[0]


@pytest.mark.episodes
def test_style_layout_and_texts_are_changed_for_one_clip(
    client: TestClient, services: Services, edits_discarded: None
) -> None:
    other = files(services, 1)
    version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
    looks = {"caption_style": "editorial", "layout": "fit", "hook": "A new hook", "title": "A new title"}
    client.patch(f"/episodes/{KEY}/clips/0", json={"base_version": version, **looks})
    assert set(client.get(f"/episodes/{KEY}/clips/0").json()["wanted"]) == set(looks)
    process(services)
    clip = client.get(f"/episodes/{KEY}/clips/0").json()
    assert {name: clip[name] for name in looks} == looks
    assert clip["wanted"] == {}
    assert files(services, 1) == other


@pytest.mark.parametrize(
    ("edit", "status", "sentence"),
    [
        ({"base_version": 999}, 409, "somebody else edited"),
        ({"last_sentence": 999}, 422, "the transcript has no sentence 999"),
        ({"first_sentence": 1, "last_sentence": 0}, 422, "a clip cannot begin with sentence 1"),
        ({"caption_style": "none"}, 422, "unknown caption style 'none'"),
        ({"layout": "round"}, 422, "layout is 'round'; it should be 'auto'"),
        ({"words": [{"word": 9999, "text": "x"}]}, 422, "the transcript has no word 9999"),
        ({"words": [{"word": 0, "text": "\u0007"}]}, 422, "for word 0 has invisible characters"),
        ({"words": [{"word": 0, "text": "x" * 81}]}, 422, "words.0.text is 'xxx"),
        ({"price": 3}, 422, "there is no field price"),
    ],
)
def test_invalid_edits_are_refused_and_not_saved(
    client: TestClient, edit: dict[str, object], status: int, sentence: str
) -> None:
    version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
    answer = client.patch(f"/episodes/{KEY}/clips/0", json={"base_version": version, **edit})
    assert answer.status_code == status, answer.text
    assert sentence in answer.json()["detail"]
    assert client.get(f"/episodes/{KEY}").json()["edits"]["version"] == version


def test_an_edit_is_reported_to_dagster_as_a_materialization(
    client: TestClient, services: Services, edits_discarded: None
) -> None:
    version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
    client.patch(f"/episodes/{KEY}/clips/0", json={"base_version": version, "hook": "Another"})
    event = services.instance.get_latest_materialization_event(dg.AssetKey("edits"))
    assert event
    assert event.asset_materialization
    assert event.asset_materialization.partition == KEY
    assert event.asset_materialization.metadata["version"].value == version + 1
    assert latest_edits(services.storage, KEY).what == "clip 0: hook"
