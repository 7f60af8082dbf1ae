"""The view of what an episode cost."""

import pyarrow as pa
from pydantic import BaseModel, Field

from clipper_assets.api.repository.snapshot import EpisodeSnapshot
from clipper_assets.costs.approved import approved
from clipper_assets.costs.sums import spent


class Cost(BaseModel):
    """What an episode cost so far, as of the end of its latest run that counted it; every failed step is included."""

    usd: float = Field(description="dollars of all runs, by the prices in the settings at their time")
    run_usd: float = Field(description="dollars of the latest run, as far as they are counted")
    cpu_seconds: float
    gpu_seconds: float
    input_tokens: int
    output_tokens: int
    approved: int = Field(description="clips that a person approved and that were not rendered again since")
    usd_per_approved_clip: float | None = Field(description="`usd` / `approved`; null if none is approved")


def cost_view(episode: EpisodeSnapshot, costs: pa.Table | None) -> Cost | None:
    """Builds the view of a table of costs and the present decisions; None without a table."""
    if costs is None:
        return None
    total = spent(costs)
    clips = [clip for rendering in episode.renderings for clip in rendering.manifest.clips]
    count = approved(((clip.clip_index, clip.sha256) for clip in clips), episode.edits)
    return Cost(
        **vars(total),
        run_usd=spent(costs, episode.run_id).usd if episode.run_id else 0.0,
        approved=count,
        usd_per_approved_clip=total.usd_per(count),
    )
