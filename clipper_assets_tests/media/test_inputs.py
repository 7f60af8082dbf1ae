from pathlib import Path

import av
import ffmpeg
import pytest

from clipper_assets.clips.rendering.encoders import X264
from clipper_assets.clips.rendering.filtergraph import video_arguments
from clipper_assets.episodes import audio
from clipper_assets.episodes.probe import probe_upload
from clipper_assets.media.ffmpeg import FfmpegError, run
from clipper_assets.media.inputs import media_input, open_media, picture_input
from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.setting_types import Microphones
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.media import lavfi, make, plan_of, source_of
from clipper_assets_tests.support.pictures import grey_pictures

PLAYLISTS = {"concat": ["other.mp4"], "hls": ["-f", "hls"], "dash": ["-f", "dash"]}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_an_upload_replaced_by_a_playlist_after_its_probe_opens_no_other_file(
    kind: str, storage: DirectoryStorage, tmp_path: Path
) -> None:
    root = Path(storage.root)
    upload = make(root / "upload.mp4", *lavfi("testsrc=s=320x180:r=25:d=2", "sine=d=2"), "-pix_fmt", "yuv420p")
    probed, source = probe_upload(storage, "upload.mp4", 1), source_of(upload)
    upload.rename(root / "other.mp4")
    if kind == "concat":
        upload.write_text("ffconcat version 1.0\nfile other.mp4\n")
    else:
        run(["-i", "other.mp4", "-c", "copy", *PLAYLISTS[kind], "list"], cwd=root)
        (root / "list").rename(upload)
    media_source = storage.media_source("upload.mp4")
    with pytest.raises(UploadRefusedError, match="cannot be decoded"):
        audio.extract(storage, "upload.mp4", probed, tmp_path, lambda stage: lambda share: None, Microphones.auto)
    with pytest.raises(FfmpegError):
        run(video_arguments(plan_of(source, frames=25), source, media_source, X264, captions=False), cwd=tmp_path)
    with pytest.raises(FfmpegError):
        list(grey_pictures(media_source, source, 0.0, 1.0))
    with pytest.raises(av.FFmpegError):
        open_media(media_source).close()


@pytest.mark.parametrize(
    ("media_source", "protocols"),
    [("file:/a.mp4", "file"), ("a.mp4", "file"), ("https://host/a.mp4?X=1", "http,https,tcp,tls,httpproxy")],
)
def test_a_file_may_only_open_files_and_a_url_only_urls(media_source: str, protocols: str) -> None:
    for open_input in (media_input, picture_input):
        arguments = ffmpeg.get_args(open_input(media_source).output("-", format="null"))
        assert arguments[arguments.index("-protocol_whitelist") + 1] == protocols


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_png_and_jpeg_pictures_can_be_read(name: str, tmp_path: Path) -> None:
    picture = make(tmp_path / name, "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", "-update", "1")
    run(ffmpeg.get_args(picture_input(f"file:{picture}").output("-", format="null")))
