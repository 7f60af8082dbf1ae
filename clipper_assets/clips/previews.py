"""Previews of the camera: a proxy of each clip's part of the recording, and a small picture of each face in it.

Made with the clip, because only then the recording is decoded. They lie in the lake, apart from the files to post.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.scene import Scene, Track
from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.manifest import FaceChip, Preview
from clipper_assets.media.frame import Box
from clipper_assets.media.inputs import open_media
from clipper_assets.storage.base import Storage
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE

if TYPE_CHECKING:
    from av.container import InputContainer

PREVIEWS = "previews"
"""Folder of the lake with one folder per episode."""
CHIP_PX = 96
"""Width and height of a chip: twice the 48 pixels that a finger needs, for screens with two pixels a point."""
AROUND = 1.8
"""Side of a chip, as a share of the face's height: shows hair and chin."""
MOST_CHIPS = 24
"""More faces are no people: a panel of 25 in one picture has heads of 30 pixels."""


class Chip(NamedTuple):
    """The picture of a face as a JPEG, and where the centre of its box is in the recording, as shares, at `time_s`."""

    time_s: float
    x: float
    y: float
    jpeg: bytes


def face_chips(proxy: Path, scene: Scene, start_s: float) -> list[Chip]:
    """A chip of each person in a scene, cut out of the proxy, which begins at `start_s` in seconds of the episode.

    The face is taken from the middle of the track that shows it largest for longest, where no cut is near. Raises
    `av.FFmpegError` if the proxy cannot be decoded.
    """
    with open_media(proxy) as container:
        return [
            chip
            for track in _best_tracks(scene)[:MOST_CHIPS]
            if (chip := _chip(container, track, scene, start_s)) is not None
        ]


def publish_preview(
    storage: Storage, partition: str, rendition: Rendition, index: int, proxy: Path, chips: Sequence[Chip]
) -> Preview:
    """Store the preview of a clip in place of the one before."""
    remove_preview(storage, partition, rendition, index)
    stem = _stem(partition, rendition, index)
    storage.put_file(f"{stem}.mp4", proxy)
    faces = []
    for number, chip in enumerate(chips):
        key = f"{stem}_face_{number}.jpg"
        storage.put_bytes(key, chip.jpeg)
        faces.append(FaceChip(key=key, time=chip.time_s, x=chip.x, y=chip.y))
    return Preview(key=f"{stem}.mp4", faces=faces)


def remove_preview(storage: Storage, partition: str, rendition: Rendition, index: int) -> None:
    """Remove the preview of a clip, if there is one."""
    stem = _stem(partition, rendition, index)
    for stored in list(storage.list_objects(stem.rpartition("/")[0])):
        if stored.key.startswith((f"{stem}.", f"{stem}_")):
            storage.delete(stored.key)


def _stem(partition: str, rendition: Rendition, index: int) -> str:
    return f"{LAKE}/{PREVIEWS}/{hive_folder(partition)}{rendition.folder}/clip_{index}"


def _best_tracks(scene: Scene) -> list[Track]:
    best: dict[int, Track] = {}
    for track in scene.tracks:
        if track.person not in best or _size(track) > _size(best[track.person]):
            best[track.person] = track
    return [best[person] for person in sorted(best)]


def _size(track: Track) -> float:
    return float(track.boxes_px[:, 3].sum())


def _chip(container: "InputContainer", track: Track, scene: Scene, start_s: float) -> Chip | None:
    """The chip of a track; None if the proxy ends before it."""
    import cv2

    middle = len(track.times_s) // 2
    time_s, box = float(track.times_s[middle]), Box(*track.boxes_px[middle].tolist())
    picture = _picture_at(container, time_s - start_s)
    if picture is None:
        return None
    height, width = picture.shape[:2]
    scale_x, scale_y = width / scene.width_px, height / scene.height_px
    side = min(round(AROUND * box.height * scale_y), width, height)
    left = min(max(round(box.center_x * scale_x - side / 2), 0), width - side)
    top = min(max(round(box.center_y * scale_y - side / 2), 0), height - side)
    square = cv2.resize(
        picture[top : top + side, left : left + side], (CHIP_PX, CHIP_PX), interpolation=cv2.INTER_CUBIC
    )
    _, jpeg = cv2.imencode(".jpg", square, [cv2.IMWRITE_JPEG_QUALITY, 85])
    x, y = (min(max(share, 0.0), 1.0) for share in (box.center_x / scene.width_px, box.center_y / scene.height_px))
    return Chip(round(time_s, 3), round(x, 4), round(y, 4), jpeg.tobytes())


def _picture_at(container: "InputContainer", time_s: float) -> NDArray[np.uint8] | None:
    """The BGR picture, of shape (height, width, 3), that is shown at a time; None after the end."""
    stream = container.streams.video[0]
    container.seek(max(round(time_s * 1_000_000), 0))
    for frame in container.decode(stream):
        if frame.time is not None and frame.time + 1 / float(stream.average_rate or 1) > time_s:
            return frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
    return None
