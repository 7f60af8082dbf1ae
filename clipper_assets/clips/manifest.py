"""`manifest.json`, which frontends read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clipper_assets.clips.gates.figures import Figures
from clipper_assets.clips.gates.verdicts import Verdict, blocked_by
from clipper_assets.clips.looks import Rendition, look_in
from clipper_assets.edits.model import Review
from clipper_assets.media.frame import Aspect
from clipper_assets.runtime.asset_names import CLIP_VARIANTS, RENDERED_CLIPS
from clipper_assets.runtime.degraded import DEGRADED
from clipper_assets.shows.show import Layout
from clipper_assets.storage.base import Storage, is_key
from clipper_assets.storage.damaged import DamagedError, stored_bytes
from clipper_assets.storage.tables import SCHEMA_VERSION, Column, TableSpec

CLIPS = TableSpec(
    "clips",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("clip", pa.int32(), "clip, from 0, best score first"),
        Column("start", pa.float64(), "seconds from the start of the episode"),
        Column("end", pa.float64(), "seconds from the start of the episode"),
        Column("key", pa.string(), "object key of the mp4"),
        Column("aspect", pa.string(), "width to height, `9:16`"),
        Column("layout", pa.string(), "the camera's layouts in order of appearance, joined by `+`"),
        Column("caption_style", pa.string(), "name of the caption style"),
        Column("width", pa.int32(), "pixels"),
        Column("height", pa.int32(), "pixels"),
        Column("fps", pa.float64(), "frames per second"),
        Column("duration", pa.float64(), "seconds of the encoded file"),
        Column("bytes", pa.int64(), "size of the mp4"),
        Column("sha256", pa.string(), "of the mp4"),
        Column(
            "loudness_lufs", pa.float64(), "integrated, measured on the encoded file; null if silent", nullable=True
        ),
        Column("true_peak_dbtp", pa.float64(), "measured on the encoded file; null if silent", nullable=True),
        Column("encoder", pa.string(), "the H.264 encoder chosen for the run"),
        Column("spec", pa.string(), "hash of all that decides what the clip shows and plays"),
        Column("publishable", pa.bool_(), "whether it passed every gate that blocks"),
        Column("degraded", DEGRADED, "fallbacks of the picker and the renderer for this clip"),
    ],
)


VARIANTS = TableSpec(
    CLIPS.name,
    [CLIPS.columns[0], Column("look", pa.string(), "partition key of the look"), *CLIPS.columns[1:]],
)
"""The clips of one look of an episode."""


class Captions(BaseModel):
    """Object keys of the caption files, and the language of all captions (ISO 639-1; null if unknown)."""

    srt: str
    vtt: str
    language: str | None = None


class FaceChip(BaseModel):
    """A small picture of a face: its object key, and where the face is in the recording at `time`, in its seconds.

    `x` and `y` are the centre of its box, as shares of width and height.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, defer_build=True)

    key: str
    time: float
    x: float
    y: float


class Preview(BaseModel):
    """For previews of the camera: the object key of a small video of the clip's part of the recording, and its faces.

    The video begins at the clip's `start_time` and shows the whole picture, without cuts, captions or sound.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    key: str
    faces: list[FaceChip]

    @property
    def keys(self) -> list[str]:
        return [self.key, *(face.key for face in self.faces)]


class Clip(BaseModel):
    """One clip in the manifest; times are seconds of the episode, keys are below the storage root.

    `gates` are the verdicts on `figures`. `look` is the name of its look; null in the clips of `rendered_clips`.
    `preview` is null for looks, recordings without a picture and clips of earlier versions.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, defer_build=True)

    clip_index: int
    start_time: float
    end_time: float
    duration: float
    hook: str
    title: str
    reason: str
    hashtags: list[str]
    virality_score: float
    key: str
    url: str
    width: int
    height: int
    fps: float
    bytes: int
    sha256: str
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    captions: Captions
    thumbnail: str
    aspect: Aspect
    look: str | None = None
    layout: str
    caption_style: str
    encoder: str
    degraded: list[dict[str, str]]
    spec: str
    figures: Figures
    gates: list[Verdict] = Field(default_factory=list)
    review: Review | None = None
    preview: Preview | None = None

    @property
    def rendition(self) -> Rendition:
        return Rendition(self.aspect, self.look)

    @property
    def blocked_by(self) -> list[str]:
        """Why the clip is held back, one phrase per reason."""
        rejected = self.review is not None and self.review.rejects
        return [*blocked_by(self.gates), *(["rejected by a person"] if rejected else [])]

    @property
    def publishable(self) -> bool:
        return not self.blocked_by

    @property
    def rendering_fallbacks(self) -> list[dict[str, str]]:
        return [fallback for fallback in self.degraded if fallback["step"] == RENDERED_CLIPS]

    @property
    def keys(self) -> list[str]:
        return [self.key, self.captions.srt, self.captions.vtt, self.thumbnail]

    @property
    def keys_with_preview(self) -> list[str]:
        return [*self.keys, *(self.preview.keys if self.preview else [])]


class Source(BaseModel):
    """The upload that the clips come from."""

    model_config = ConfigDict(allow_inf_nan=False, defer_build=True)

    key: str
    etag: str
    duration: float


class ManifestChapter(BaseModel):
    """A chapter of the episode; times in seconds from its start."""

    model_config = ConfigDict(allow_inf_nan=False, defer_build=True)

    start_time: float
    end_time: float
    title: str


class ChapterFiles(BaseModel):
    """Object keys of the chapters' files; null where the episode has too few chapters or no clip that is ready."""

    youtube: str | None = None
    podcast: str | None = None
    soundbites: str | None = None

    @property
    def keys(self) -> list[str]:
        return [key for key in (self.youtube, self.podcast, self.soundbites) if key]


class Requested(BaseModel):
    """What the run config asked for; null where the show decided. The review page renders clips with the same again."""

    layout: Layout | None = None
    caption_style: str | None = None
    tighten: bool | None = None
    hook_title: bool | None = None


class Manifest(BaseModel):
    """All clips of an episode in one aspect or look; `clips` is complete once `status` is `done`.

    `publishable` are the numbers of the clips that passed every gate that blocks, `held_back` says why the others did
    not; one that is missing in `clips` could not be rendered. `degraded` holds the fallbacks of the transcript, which
    touch every clip; each clip has its own beside. The clips show the edits up to `edits_version`. `chapters` and
    `summary` are those of the whole episode. `look` is the name of the look; null for `rendered_clips`.
    """

    schema_version: str = SCHEMA_VERSION
    episode: str
    look: str | None = None
    status: Literal["rendering", "done"]
    source: Source
    created_at: datetime
    run_id: str
    clips: list[Clip]
    publishable: list[int] = Field(default_factory=list)
    held_back: dict[int, list[str]] = Field(default_factory=dict)
    degraded: list[dict[str, str]]
    edits_version: int = 0
    requested: Requested = Requested()
    chapters: list[ManifestChapter] = Field(default_factory=list)
    summary: str = ""
    chapter_files: ChapterFiles = ChapterFiles()

    def finished(self, clips: list[Clip], edits_version: int, failed: Mapping[int, str] | None = None) -> "Manifest":
        """Copy of the manifest with its finished clips, and the errors of clips that could not be rendered."""
        unmade = {index: [f"could not be rendered: {error}"] for index, error in (failed or {}).items()}
        return self.model_copy(
            update={
                "status": "done",
                "edits_version": edits_version,
                "clips": clips,
                "publishable": [clip.clip_index for clip in clips if clip.publishable],
                "held_back": {clip.clip_index: clip.blocked_by for clip in clips if not clip.publishable} | unmade,
            }
        )

    def to_bytes(self) -> bytes:
        return self.model_dump_json(indent=2).encode()


def read_manifest(storage: Storage, key: str) -> Manifest:
    """Read a stored manifest. Raises DamagedError if it is missing or cannot be read."""
    remedy = f"materialize {CLIP_VARIANTS if look_in(key) else RENDERED_CLIPS} of the episode again"
    try:
        manifest = Manifest.model_validate_json(stored_bytes(storage, key, remedy))
    except ValidationError:
        raise DamagedError(f"the manifest {key} cannot be read; {remedy}") from None
    keys = [*manifest.chapter_files.keys, *(key for clip in manifest.clips for key in clip.keys_with_preview)]
    if not all(map(is_key, keys)):
        raise DamagedError(f"the manifest {key} names files outside the storage root; {remedy}")
    return manifest


def clips_table(episode: str, clips: list[Clip], spec: TableSpec = CLIPS) -> pa.Table:
    """The lake table `spec` of clips, of any aspects."""
    rows: list[dict[str, Any]] = [
        {
            **clip.model_dump(include={column.name for column in spec.columns}),
            "episode": episode,
            "publishable": clip.publishable,
            "clip": clip.clip_index,
            "start": clip.start_time,
            "end": clip.end_time,
        }
        for clip in clips
    ]
    return spec.table(rows)
