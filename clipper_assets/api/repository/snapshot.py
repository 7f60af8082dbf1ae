"""What is known about an episode at one time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pyarrow as pa

from clipper_assets.api.problems import RefusedError
from clipper_assets.api.repository.renderings import Rendering, unrendered_edits
from clipper_assets.clips.manifest import Clip, Manifest
from clipper_assets.edits.looks import edits_in_look
from clipper_assets.edits.model import Edits
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import Aspect
from clipper_assets.runs.log import RunView
from clipper_assets.runs.model import EpisodeState
from clipper_assets.transcript.words import Sentence, sentences


@dataclass(frozen=True)
class EpisodeSnapshot:
    """Everything known about an episode at the time `read_at` (of `time.monotonic`), without signed URLs."""

    key: str
    partition: str
    run: dg.DagsterRun | None
    view: RunView | None
    edits: Edits
    read_at: float
    renderings: Sequence[Rendering] = ()
    """One per aspect; the first one is the default."""
    variants: Sequence[Rendering] = ()
    """Those of looks, in a snapshot by `States.with_looks`."""
    damaged_looks: Mapping[str, str] = field(default_factory=dict)
    """Which file of a look cannot be read, as in `damage`, by look; in a snapshot by `States.with_looks`."""
    words: pa.Table | None = None
    source: RawVideo | None = None
    damage: str | None = None
    """Which stored file cannot be read, and what to do, in one sentence."""
    obstacle: str | None = None
    """Why no run can start, in one sentence."""

    @property
    def run_id(self) -> str | None:
        return self.run.run_id if self.run else None

    @property
    def state(self) -> EpisodeState:
        if self.damage:
            return EpisodeState.damaged
        return self.view.state if self.view else EpisodeState.waiting

    @property
    def sentences(self) -> list[Sentence]:
        return sentences(self.words) if self.words is not None else []

    @property
    def manifest(self) -> Manifest | None:
        """The manifest of the first rendering."""
        return self.renderings[0].manifest if self.renderings else None

    def rendering(self, aspect: Aspect | None, look: str | None = None) -> Rendering | None:
        """Returns the rendering of an aspect or a look, by default the first.

        Raises RefusedError: 404 for one without clips, 409 for a look whose files cannot be read.
        """
        if look is not None:
            return self._variant(look)
        match = next((rendering for rendering in self.renderings if aspect in (None, rendering.aspect)), None)
        if match is None and aspect is not None:
            rendered = ", ".join(rendering.aspect for rendering in self.renderings) or "none yet"
            raise RefusedError(404, f"{self.key} has no clips in {aspect}; it has {rendered}")
        return match

    def _variant(self, look: str) -> Rendering:
        if look in self.damaged_looks:
            raise RefusedError(409, self.damaged_looks[look])
        match = next((rendering for rendering in self.variants if rendering.look == look), None)
        if match is None:
            rendered = ", ".join(str(rendering.look) for rendering in self.variants) or "none yet"
            raise RefusedError(404, f"{self.key} has no clips in the look {look}; it has {rendered}")
        return match

    def clip(self, number: int, aspect: Aspect | None = None, look: str | None = None) -> Clip:
        """Returns a clip by its number. Raises RefusedError as `rendering`, and 404 if it does not exist."""
        rendering = self.rendering(aspect, look)
        clips = rendering.manifest.clips if rendering else []
        match = next((clip for clip in clips if clip.clip_index == number), None)
        if match is None:
            raise RefusedError(404, f"{self.key} has no clip {number}; it has {len(clips)}, numbered from 0")
        return match

    def unrendered_edits(self, clip: Clip) -> dict[str, Any]:
        """Returns the changes to a clip that its file does not show yet, by field."""
        rendered = {(item.aspect, item.look): item.edits for item in (*self.renderings, *self.variants)}
        shown = rendered.get((clip.aspect, clip.look), Edits(version=0))
        if clip.look is None:
            return unrendered_edits(clip, self.edits, shown)
        return unrendered_edits(clip, edits_in_look(self.edits, clip.look), edits_in_look(shown, clip.look))
