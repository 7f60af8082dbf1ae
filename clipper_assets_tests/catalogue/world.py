"""A storage root with episodes in every state, and what the catalogue says about it."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from clipper_assets.catalogue.assets import catalogue
from clipper_assets.clips.manifest import Captions, Clip, Manifest, Source
from clipper_assets.media.frame import Aspect
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.clips.gates.test_verdicts import GOOD

NOW = datetime.now(UTC)
NO_KEY = "highlights were picked by rules, not by a model"


def clip(number: int, folder: str, fallbacks: Sequence[str] = ()) -> Clip:
    stem = f"{folder}/clip_{number}"
    return Clip(
        clip_index=number, start_time=0, end_time=30, duration=30, hook="h", title="t", reason="r", hashtags=[],
        virality_score=5, key=f"{stem}.mp4", url="file:///clip.mp4", width=1080, height=1920, fps=25, bytes=1000,
        sha256=f"sha of {number}", loudness_lufs=-14, true_peak_dbtp=-1.5,
        captions=Captions(srt=f"{stem}.srt", vtt=f"{stem}.vtt"), thumbnail=f"{stem}.jpg", aspect=Aspect.portrait,
        layout="fit", caption_style="pop", encoder="libx264", spec="s", figures=GOOD,
        degraded=[{"step": "highlight_windows", "reason": reason} for reason in fallbacks],
    )  # fmt: skip


class World:
    """A storage root and a Dagster instance."""

    def __init__(self, storage: DirectoryStorage, instance: dg.DagsterInstance):
        self.storage, self.instance = storage, instance

    def upload(self, key: str, days: float = 2.0) -> None:
        """Store a recording that was uploaded this many days ago."""
        self._put(key, b"video", days)

    def registered(self, *keys: str) -> None:
        self.instance.add_dynamic_partitions("episodes", keys)

    def render(
        self,
        episode: str,
        days: float = 1.0,
        held_back: Mapping[int, list[str]] | None = None,
        run_id: str = "pruned",
        **changes: Any,
    ) -> str:
        """Store the manifest of two clips that were rendered this many days ago, and return its key."""
        folder = f"{episode.rpartition('/')[0]}/clips"
        at = NOW - timedelta(days=days)
        manifest = Manifest(
            episode=episode, status="done", source=Source(key=episode, etag="0", duration=100.0), created_at=at,
            run_id=run_id, clips=[clip(number, folder) for number in range(2)], publishable=[0, 1], degraded=[],
        ).model_copy(update={"held_back": dict(held_back or {}), **changes})  # fmt: skip
        self._put(f"{folder}/manifest.json", manifest.to_bytes(), days)
        return f"{folder}/manifest.json"

    def catalogue(self) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            [catalogue], instance=self.instance, resources={"storage": self.storage, "settings": Settings()}
        )

    def warnings(self) -> dict[str, str]:
        """The checks that warn, without the name of the asset, and what they show."""
        return {
            evaluation.check_name.removeprefix("catalogue_"): str(
                evaluation.metadata["shown"].value if "shown" in evaluation.metadata else evaluation.description
            )
            for evaluation in self.catalogue().get_asset_check_evaluations()
            if not evaluation.passed
        }

    def facts(self) -> dict[str, Any]:
        """The metadata of the catalogue."""
        (event,) = self.catalogue().asset_materializations_for_node("catalogue")
        return {name: value.value for name, value in event.metadata.items()}

    def _put(self, key: str, data: bytes, days: float) -> None:
        self.storage.put_bytes(key, data)
        at = (NOW - timedelta(days=days)).timestamp()
        os.utime(Path(self.storage.root) / key, (at, at))
