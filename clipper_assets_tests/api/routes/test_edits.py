"""Editing clips: what is saved, what the next run changes, and what it leaves alone."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets.api.routes.edits import AFTER_EDITS
from clipper_assets.clips.again import render_config
from clipper_assets.clips.manifest import Manifest, Requested
from clipper_assets.edits.store import latest_edits
from clipper_assets.media.frame import Aspect
from clipper_assets.shows.show import Layout
from clipper_assets_tests.api.conftest import NEW
from clipper_assets_tests.conftest import clip_episode, shorten_clips

KEY, CLIPS = "show3/edited.mp4", "show3/clips"


@pytest.fixture(scope="module", autouse=True)
def _episode(services: Services, cut: Path) -> None:
    """A separate episode, because other tests need theirs unchanged."""
    services.storage.put_file(KEY, cut)
    services.storage.put_file(KEY.replace(".mp4", ".srt"), cut.with_suffix(".srt"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        shorten_clips(monkeypatch)
        process(services)


@pytest.fixture(autouse=True)
def _window_lengths_of_the_episode(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_clips(monkeypatch)


@pytest.fixture
def edits_discarded(services: Services, client: TestClient) -> Iterator[None]:
    """Discards all edits after the test and renders the episode again."""
    yield
    version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
    assert client.request("DELETE", f"/episodes/{KEY}/edits", json={"base_version": version}).status_code == 200
    process(services)


def shown_edits(version: int, unrendered: Sequence[str] = (), new_clips: Sequence[int] = ()) -> dict[str, Any]:
    """The edits in an answer of the API."""
    shown = {"unrendered": list(unrendered), "new_clips": list(new_clips)}
    return {"version": version, "can_undo": True, "is_rendered": not unrendered, **shown}


def process(services: Services, *, afresh: bool = False) -> None:
    _, result = clip_episode(services.storage, KEY, services.instance, max_clips=2, afresh=afresh)
    assert result.success
    services.states.forget(KEY)


def files(services: Services, number: int) -> dict[str, tuple[str, int]]:
    """SHA-256 and modification time of a clip's files."""
    hashes = {}
    for suffix in ("mp4", "srt", "vtt", "jpg"):
        path = Path(services.storage.path(f"{CLIPS}/clip_{number}.{suffix}"))
        hashes[suffix] = (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
    return hashes


def manifest(services: Services) -> Manifest:
    return Manifest.model_validate_json(services.storage.read_bytes(f"{CLIPS}/manifest.json"))


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


def test_rendering_again_starts_one_run_of_the_assets_that_edits_affect(client: TestClient, services: Services) -> None:
    answer = client.post(f"/episodes/{KEY}/render")
    assert answer.status_code == 202
    run = services.instance.get_run_by_id(answer.json()["run_id"])
    try:
        assert run
        assert run.asset_selection
        assert {key.to_user_string() for key in run.asset_selection} == set(AFTER_EDITS)
        ops: Any = run.run_config["ops"]
        assert ops["highlight_windows"] == {"config": {"max_clips": 2}}
        assert client.post(f"/episodes/{KEY}/render").status_code == 409
    finally:
        services.instance.delete_run(answer.json()["run_id"])
        services.states.forget(KEY)


def test_a_rendering_is_asked_for_as_it_was_requested_before() -> None:
    requested = Requested(layout=Layout.split, caption_style="boxed", tighten=True)
    assert render_config({"max_clips": 4, "picker": "heuristic"}, requested, Aspect.square) == {
        "highlight_windows": {"config": {"max_clips": 4, "picker": "heuristic"}},
        "chapters": {"config": {"picker": "heuristic"}},
        "scenes": {"config": {"layout": "split"}},
        "camera_paths": {"config": {"layout": "split"}},
        "rendered_clips": {"config": {"caption_style": "boxed", "tighten": True, "aspect": "square"}},
    }


def test_options_list_caption_styles_and_layouts(client: TestClient) -> None:
    options = client.get("/options").json()
    assert "classic" in options["caption_styles"]
    assert "auto" in options["layouts"]
