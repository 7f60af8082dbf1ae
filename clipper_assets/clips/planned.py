"""What the steps `rendered_clips` and `clip_variants` plan before they render: the jobs of an episode's clips."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from clipper_assets.adverts.spans import SpanKind, read_spans
from clipper_assets.camera.analysis.observation import read_scenes
from clipper_assets.camera.direction.path import read_paths
from clipper_assets.clips.gates.verdicts import Limits, read_limits
from clipper_assets.clips.look import Look
from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.rendering.encoders import Encoder
from clipper_assets.clips.translation.translate import Translations
from clipper_assets.edits.adverts import spans_in_force, times
from clipper_assets.edits.model import Edits
from clipper_assets.episodes.source import RawVideo
from clipper_assets.highlights.window import read_windows
from clipper_assets.shows.show import Show, show_key

if TYPE_CHECKING:
    from clipper_assets.clips.produce import Job


class Tables(NamedTuple):
    """The tables that clips are rendered from, named after their assets."""

    raw_video: pa.Table
    aligned_transcript: pa.Table
    ad_spans: pa.Table
    highlight_windows: pa.Table
    scenes: pa.Table
    camera_paths: pa.Table


class Planned(NamedTuple):
    """The clips to be produced.

    `left_out` says why a clip is not, by its number; `facts` are for the metadata of the materialization.
    """

    rendition: Rendition
    look: Look
    limits: Limits
    edits: Edits
    jobs: "Sequence[Job]"
    left_out: Mapping[int, str] = {}
    facts: Mapping[str, Any] = {}


def planned_clips(
    tables: Tables,
    rendition: Rendition,
    look: Look,
    show: Show,
    edits: Edits,
    encoder: Encoder,
    translations: Translations | None = None,
) -> Planned:
    """Plan a clip for each window, except those that have no translation although they need one.

    Raises ValueError for a show, edits, a style or a camera that cannot be used.
    """
    from clipper_assets.clips.jobs import Episode, clip_job

    source = RawVideo.from_table(tables.raw_video)
    limits = read_limits(show.gates, show_key(source.key))
    adverts = times(spans_in_force(read_spans(tables.ad_spans), edits), SpanKind.advert)
    scenes, paths = read_scenes(tables.scenes), read_paths(tables.camera_paths)
    episode = Episode(source, tables.aligned_transcript, scenes, paths, edits, adverts)
    translations = translations or Translations()
    jobs = [
        clip_job(window, episode, look, show, encoder, translations.by_clip.get(window.clip))
        for window in read_windows(tables.highlight_windows)
        if window.clip not in translations.untranslated
    ]
    return Planned(rendition, look, limits, edits, jobs, translations.untranslated, {"owner": show.owner})
