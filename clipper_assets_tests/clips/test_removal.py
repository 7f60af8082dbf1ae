import json

from clipper_assets.adverts.fingerprints import FOLDER, fingerprint_key
from clipper_assets.clips.removal import LAKE_FOLDERS, remove_files
from clipper_assets.highlights.repeats import FOLDER as CLIP_FINGERPRINTS
from clipper_assets.storage.base import Storage
from clipper_assets.storage.hive import hive_folder

OURS, OTHER = "show/talk.mp4", "show/other.mp4"


def test_only_the_files_of_the_episode_are_removed(any_storage: Storage) -> None:
    put = any_storage.put_bytes
    stay, go = [OURS, "show/talk.srt", "show/show.toml", OTHER, "elsewhere/talk.mp4"], list[str]()
    for folder, owner, kept in [
        ("show/clips", OTHER, stay),
        ("show/clips/talk", OURS, go),
        ("show/clips/talk/1x1", OURS, go),
        ("show/clips/other", OURS, stay),
        ("show/clips/talk/16x9", OTHER, stay),
        ("elsewhere/clips", OURS, stay),
    ]:
        manifest = f"{folder}/manifest.json"
        put(manifest, json.dumps({"episode": owner}).encode())
        kept += [manifest, f"{folder}/clip_0.mp4", f"{folder}/clip_0.srt"]
    stay += ["show/clips/talk/clip_0.mp4.bak", "show/clips/talk/my clip_0.mp4", "show/clips/talk/mine/clip_0.mp4"]
    for name in LAKE_FOLDERS:
        go.append(f"lake/{name}/{hive_folder(OURS)}/table.parquet")
        stay += [
            f"lake/{name}/{hive_folder(episode)}/table.parquet" for episode in (OTHER, "show/talk.mp4.mp4", "talk.mp4")
        ]
    for folder in (FOLDER, CLIP_FINGERPRINTS):
        go.append(fingerprint_key(OURS, folder))
        stay.append(fingerprint_key(OTHER, folder))
    for key in {*stay, *go}:
        if not any_storage.exists(key):
            put(key, b"x")
    for _ in range(2):
        remove_files(any_storage, OURS)
        assert {stored.key for stored in any_storage.list_objects()} == set(stay)
