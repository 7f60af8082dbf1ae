"""What the API reports about a finished, a waiting and a missing episode."""

from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets.clips.manifest import Manifest
from clipper_assets_tests.api.conftest import KEY


def test_the_list_contains_the_finished_episode(reader: TestClient) -> None:
    episode = next(each for each in reader.get("/episodes").json()["episodes"] if each["key"] == KEY)
    assert (episode["state"], episode["percent"], episode["clips"]) == ("done", 100.0, 2)
    assert episode["thumbnail_url"].startswith("/media/show/clips/clip_0.jpg?signature=")
    assert reader.get(episode["thumbnail_url"]).headers["content-type"] == "image/jpeg"


def test_the_list_is_paged_by_cursor(reader: TestClient, services: Services) -> None:
    services.instance.add_dynamic_partitions("episodes", ["a.mp4", "b.mp4"])
    try:
        services.storage.put_bytes("a.mp4", b"")
        services.storage.put_bytes("b.mp4", b"")
        first = reader.get("/episodes", params={"limit": 2}).json()
        second = reader.get("/episodes", params={"cursor": first["next_cursor"]}).json()
        assert [each["key"] for each in first["episodes"]] == ["b.mp4", "a.mp4"]
        assert KEY in [each["key"] for each in second["episodes"]]
        assert reader.get("/episodes", params={"cursor": "nothing"}).status_code == 422
    finally:
        for key in ("a.mp4", "b.mp4"):
            services.instance.delete_dynamic_partition("episodes", key)
            services.storage.delete(key)


def test_a_finished_episode_has_steps_clips_and_working_links(reader: TestClient, services: Services) -> None:
    episode = reader.get(f"/episodes/{KEY}").json()
    assert [(step["name"], step["state"], step["percent"]) for step in episode["steps"]] == [
        (name, "done", 100.0)
        for name in (
            "raw_video",
            "aligned_transcript",
            "ad_spans",
            "highlight_windows",
            "chapters",
            "scenes",
            "camera_paths",
            "rendered_clips",
            "episode_costs",
            "library",
        )
    ]
    assert any("picked by rules" in each["reason"] for each in episode["degraded"])
    assert episode["edits"] == {"version": 0, "can_undo": False, "is_rendered": True, "unrendered": [], "new_clips": []}
    manifest = Manifest.model_validate_json(services.storage.read_bytes("show/clips/manifest.json"))
    assert [clip["sha256"] for clip in episode["clip_views"]] == [clip.sha256 for clip in manifest.clips]
    clip = episode["clip_views"][0]
    assert clip["wanted"] == {}
    assert clip["gates"]
    assert reader.get(f"/episodes/{KEY}/clips/0").json() == clip
    video = reader.get(clip["video_url"], headers={"Range": "bytes=0-99"})
    assert (video.status_code, len(video.content), video.headers["content-type"]) == (206, 100, "video/mp4")
    assert reader.get(episode["links"]["status"]).status_code == 200
    assert reader.get(episode["links"]["transcript"]).status_code == 200


def test_the_transcript_has_words_with_times(reader: TestClient) -> None:
    transcript = reader.get(f"/episodes/{KEY}/transcript").json()
    words = transcript["words"]
    assert transcript["language"] == "en"
    assert [word["word"] for word in words] == list(range(len(words)))
    assert all(word["start"] < word["end"] for word in words)
    spoken = " ".join(sentence["text"] for sentence in transcript["sentences"])
    assert spoken == " ".join(word["text"] for word in words)


def test_an_upload_without_a_run_is_waiting(reader: TestClient) -> None:
    episode = reader.get("/episodes/show2/new.mp4").json()
    assert (episode["state"], episode["clips"], episode["clip_views"]) == ("waiting", None, [])
    assert reader.get("/episodes/show2/new.mp4/transcript").status_code == 409


def test_the_video_url_is_the_same_in_two_requests(reader: TestClient) -> None:
    first, second = (reader.get(f"/episodes/{KEY}/clips/1").json()["video_url"] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("nothing/here.mp4", 404),
        ("../secret.mp4", 422),
        ("/etc/secret.mp4", 422),
        ("a/../../secret.mp4", 422),
        ("s3://other/x.mp4", 422),
        ("a\\b.mp4", 422),
        ("a\x00.mp4", 422),
        ("notes.txt", 422),
        ("lake/x.mp4", 422),
        ("show/clips/clip_0.mp4", 422),
    ],
)
def test_keys_that_no_upload_may_have_are_refused(client: TestClient, key: str, status: int) -> None:
    answer = client.get(f"/episodes/{quote(key, safe='')}")
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"detail"}
    if status == 422:
        assert client.post("/process-video", json={"s3_key": key}).status_code == 422
        assert client.post("/uploads", json={"key": key, "size_bytes": 10}).status_code == 422


def test_a_missing_clip_is_404(reader: TestClient) -> None:
    answer = reader.get(f"/episodes/{KEY}/clips/7")
    assert (answer.status_code, answer.json()["detail"]) == (404, f"{KEY} has no clip 7; it has 2, numbered from 0")


def test_cancelling_a_finished_episode_is_409(client: TestClient) -> None:
    assert client.delete(f"/episodes/{KEY}/run").status_code == 409


@pytest.mark.parametrize("change", ["x", "signature=x", ""])
def test_a_changed_media_url_is_refused(stranger: TestClient, reader: TestClient, change: str) -> None:
    url = reader.get(f"/episodes/{KEY}/clips/0").json()["video_url"]
    assert stranger.get(url).status_code == 200
    path = url.partition("?signature=")[0]
    changed = {"x": f"{url}x", "signature=x": f"{path}?signature=x", "": url.replace("clip_0", "clip_1")}[change]
    assert stranger.get(changed).status_code == 403
    assert stranger.get(path).status_code == 422
