import pytest

from clipper_assets.episodes.uploads import is_upload, without_audio_of_videos
from clipper_assets.storage.stored import Stored


@pytest.mark.parametrize(
    "key",
    [
        *(
            "a.mp4",
            "test1/sample.mp4",
            "A.MP4",
            "a.mov",
            "a.mkv",
            "a.webm",
            "a.m4v",
            "clips.mp4",
            "my clips/a.mp4",
            "x/lake/a.mp4",
        ),
        *("a.mp3", "x/A.MP3", "a.m4a", "a.wav", "a.flac", "a.opus", "a.ogg"),
    ],
)
def test_a_recording_is_an_upload(key: str) -> None:
    assert is_upload(key)


@pytest.mark.parametrize(
    "key",
    [
        "lake/raw_video/a.mp4",
        "clips/clip_0.mp4",
        "test1/clips/clip_0.mp4",
        "test1/clips/sample/clip_0.mp4",
        ".hidden.mp4",
        ".trash/a.mp4",
        "a/.trash/a.mp4",
        "a.mp4.part",
        "a.mp4.crdownload",
        "a.mp4.filepart",
        "a.srt",
        "a.jpg",
        "lake/speech/episode=a/speech.flac",
        "x/clips/a.wav",
        "mp4",
        ".mp4",
        "a",
    ],
)
def test_lake_files_clips_hidden_unfinished_and_other_files_are_not_uploads(key: str) -> None:
    assert not is_upload(key)


def test_audio_beside_a_video_of_the_same_name_is_not_a_separate_episode() -> None:
    listing = [
        Stored(key, 1, "1") for key in ("x/a.WAV", "x/a.mp4", "x/a.b.mp3", "a.mp3", "y/b.m4a", "y/b.wav", "x/a.mkv")
    ]
    uploads = [stored.key for stored in without_audio_of_videos(listing)]
    assert uploads == ["x/a.mp4", "x/a.b.mp3", "a.mp3", "y/b.m4a", "y/b.wav", "x/a.mkv"]
