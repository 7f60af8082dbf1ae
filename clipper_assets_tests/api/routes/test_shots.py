"""The camera of shots by hand: what the API shows, previews, refuses and saves, and which clips it renders again."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets.edits.store import latest_edits
from clipper_assets_tests.api.routes.edited import KEY, files, manifest, process, shown_edits

pytestmark = pytest.mark.usefixtures("edited_episode", "short_windows")
SHOTS = f"/episodes/{KEY}/clips/0/shots"


def shots(client: TestClient, number: int = 0) -> dict[str, Any]:
    answer = client.get(f"/episodes/{KEY}/clips/{number}/shots")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def version(client: TestClient) -> int:
    return int(client.get(f"/episodes/{KEY}").json()["edits"]["version"])


def undo(client: TestClient) -> None:
    assert client.post(f"/episodes/{KEY}/edits/undo", json={"base_version": version(client)}).status_code == 200


def test_the_shots_of_a_clip(reader: TestClient) -> None:
    clip, shown = reader.get(f"/episodes/{KEY}/clips/0").json(), shots(reader)
    assert (shown["frame_width"], shown["frame_height"], shown["unmet"]) == (1080, 1920, [])
    assert abs(shown["shots"][0]["start"] - clip["start_time"]) < 0.05
    for before, after in zip(shown["shots"], shown["shots"][1:], strict=False):
        assert before["end"] == after["start"]
    people = {person["person"] for person in shown["people"]}
    for shot in shown["shots"]:
        assert (shot["chosen"], shot["chosen_people"]) == (None, [])
        assert set(shot["in_view"]) <= people
        for panel in (panel for picture in shot["pictures"] for panel in picture["panels"]):
            assert panel["source"]["left"] + panel["source"]["width"] <= shown["width"] + 0.1
    assert people


def test_a_clip_has_a_small_video_and_chips_of_its_faces(reader: TestClient, services: Services) -> None:
    clip, shown = reader.get(f"/episodes/{KEY}/clips/0").json(), shots(reader)
    folder = "lake/previews/episode=show3%2Fedited.mp4"
    assert (shown["video_start"], clip["preview"]["key"]) == (clip["start_time"], f"{folder}/clip_0.mp4")
    assert shown["video_url"] == services.url(f"{folder}/clip_0.mp4")
    assert services.storage.read_bytes(f"{folder}/clip_0.mp4")[4:8] == b"ftyp"
    chips = {face["key"] for face in clip["preview"]["faces"]}
    assert {person["chip_url"] for person in shown["people"]} == {services.url(key) for key in chips}
    assert all(services.storage.read_bytes(key).startswith(b"\xff\xd8") for key in chips)


def test_a_preview_shows_the_choice_and_saves_nothing(reader: TestClient) -> None:
    before = shots(reader)
    shot = before["shots"][0]
    choice = {"start": shot["start"], "end": shot["end"], "layout": "fit"}
    preview = reader.post(f"{SHOTS}/preview", json=choice)
    assert preview.status_code == 200, preview.text
    first = preview.json()["shots"][0]
    assert (first["layout"], first["chosen"], first["why"]) == ("fit", "fit", "chosen by a person")
    (panel,) = first["pictures"][0]["panels"]
    assert panel["source"] == {"left": 0, "top": 0, "width": before["width"], "height": before["height"]}
    assert shots(reader) == before


def test_a_choice_is_saved_and_undone(client: TestClient, services: Services) -> None:
    base, before = version(client), shots(client)
    shot = next(shot for shot in before["shots"] if shot["in_view"])
    person = shot["in_view"][-1]
    choice = {"start": shot["start"], "end": shot["end"], "layout": "speaker", "people": [person]}
    saved = client.patch(SHOTS, json={"base_version": base, **choice})
    assert saved.json() == shown_edits(base + 1, unrendered=["9:16"])
    (stored,) = latest_edits(services.storage, KEY).shots
    assert (stored.layout.value, len(stored.faces)) == ("speaker", 1)
    shown = next(each for each in shots(client)["shots"] if each["start"] == shot["start"])
    assert (shown["chosen"], shown["chosen_people"], shown["why"]) == ("speaker", [person], "chosen by a person")
    wanted = [clip["wanted"] for clip in client.get(f"/episodes/{KEY}").json()["clip_views"]]
    assert wanted == [{"camera": "changed"}, {}]
    undo(client)
    assert latest_edits(services.storage, KEY).shots == []
    assert shots(client)["shots"] == before["shots"]


def test_a_shot_becomes_automatic_again(client: TestClient, services: Services) -> None:
    shot = shots(client)["shots"][0]
    span = {"start": shot["start"], "end": shot["end"]}
    client.patch(SHOTS, json={"base_version": version(client), **span, "layout": "center"})
    answer = client.patch(SHOTS, json={"base_version": version(client), **span})
    assert answer.json()["is_rendered"]
    assert latest_edits(services.storage, KEY).shots == []


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"base_version": 999}, 409, "somebody else edited"),
        ({"start": 0, "end": 1e9}, 422, "a shot of clip 0 must start and end between"),
        ({"start": 5.0, "end": 5.0}, 422, "a shot of clip 0 must start and end between"),
        ({"people": [77]}, 422, "person 77 is not in view from"),
        ({"layout": "fit", "people": [0]}, 422, "the layout fit shows no single face, so choose none"),
        ({"layout": "wide"}, 422, "layout is 'wide'; it should be 'auto', 'speaker'"),
        ({"person": 1}, 422, "there is no field person"),
    ],
)
def test_invalid_choices_are_refused_and_not_saved(
    client: TestClient, change: dict[str, object], status: int, sentence: str
) -> None:
    shot, base = next(shot for shot in shots(client)["shots"] if 0 in shot["in_view"]), version(client)
    body = {"base_version": base, "start": shot["start"], "end": shot["end"], **change}
    answer = client.patch(SHOTS, json=body)
    assert answer.status_code == status, answer.text
    assert sentence in answer.json()["detail"]
    assert version(client) == base


def test_in_a_clip_with_a_still_camera_faces_are_not_known(client: TestClient) -> None:
    client.patch(f"/episodes/{KEY}/clips/0", json={"base_version": version(client), "layout": "center"})
    shown = shots(client)
    (shot,) = shown["shots"]
    assert (shown["layout"], shown["people"], shot["layout"]) == ("center", [], "center")
    choice = {"start": shot["start"], "end": shot["end"], "layout": "fit"}
    assert client.post(f"{SHOTS}/preview", json=choice).json()["shots"][0]["layout"] == "fit"
    refused = client.post(f"{SHOTS}/preview", json={**choice, "layout": "speaker"})
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("clip 0 has the layout center, so its faces are not known")
    undo(client)


@pytest.mark.parametrize("part", ["", "/preview"])
def test_a_clip_that_does_not_exist(client: TestClient, part: str) -> None:
    body = {"start": 1, "end": 2, **({} if part else {"base_version": version(client)})}
    send = client.post if part else client.patch
    answer = send(f"/episodes/{KEY}/clips/7/shots{part}", json=body)
    assert (answer.status_code, answer.json()["detail"]) == (404, f"{KEY} has no clip 7; it has 2, numbered from 0")


def test_a_reader_cannot_choose(reader: TestClient) -> None:
    assert reader.patch(SHOTS, json={"base_version": 0, "start": 1, "end": 2}).status_code == 403


@pytest.mark.episodes
def test_only_the_clip_with_the_shot_is_rendered_again(
    client: TestClient, services: Services, edits_discarded: None
) -> None:
    before = [files(services, number) for number in (0, 1)]
    shot = shots(client)["shots"][0]
    body = {"base_version": version(client), "start": shot["start"], "end": shot["end"], "layout": "fit"}
    assert client.patch(SHOTS, json=body).status_code == 200
    process(services)
    clips = manifest(services).clips
    assert "fit" in clips[0].layout
    assert files(services, 0)["mp4"] != before[0]["mp4"]
    assert files(services, 1) == before[1]
    assert client.get(f"/episodes/{KEY}/clips/0").json()["wanted"] == {}

    process(services, afresh=True)  # transcribes, picks and analyses again
    assert "fit" in manifest(services).clips[0].layout
