"""Checks on `rendered_clips`: the gates of `clips/gates`, a check for each family, and the published files.

None is `blocking` in Dagster's sense. Nothing is downstream of the clips that could be held back, and a blocking check
that fails ends the step after the good clips are published: the run would fail for them too, and be retried. What holds
a clip back is the manifest, which leaves it out of what may be posted; an error here tells a person of it.
"""

from collections.abc import Mapping, Sequence

import dagster as dg

from clipper_assets.clips.gates.verdicts import Verdict
from clipper_assets.clips.manifest import Clip
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.shows.gates import Gate
from clipper_assets.storage.base import Storage

FAMILIES = {
    "clip_format": (Gate.duration, Gate.size, Gate.bytes, Gate.codec, Gate.fps, Gate.av_offset),
    "clip_picture": (Gate.black, Gate.frozen, Gate.blank),
    "clip_loudness": (Gate.loudness, Gate.true_peak),
    "clip_captions": (Gate.safe_area, Gate.reading_speed, Gate.sync, Gate.captions_missing),
    "clip_speaker": (Gate.speaker,),
    "clip_words": (Gate.whole_words, Gate.quiet_ends),
}
"""Which gates each check holds together."""

PUBLISHED = dg.AssetCheckSpec(
    "clips_are_published",
    asset=RENDERED_CLIPS,
    description="Every file of every clip is in the storage, and the video has the size on record.",
)
GATE_CHECKS = [
    dg.AssetCheckSpec(
        name,
        asset=RENDERED_CLIPS,
        description=f"Gates on each clip: {', '.join(gate.replace('_', ' ') for gate in gates)}.",
    )
    for name, gates in FAMILIES.items()
]

_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("clip", "int"),
        dg.TableColumn("gate", "string"),
        dg.TableColumn("passed", "bool"),
        dg.TableColumn("figure", "string"),
        dg.TableColumn("limit", "string"),
        dg.TableColumn("unit", "string"),
        dg.TableColumn("blocking", "bool"),
    ]
)


def published(clips: Sequence[Clip], storage: Storage) -> dg.AssetCheckResult:
    """The result of `PUBLISHED`; the files are looked at, not read."""
    faults = []
    for clip in clips:
        found = {key: storage.stat(key) for key in clip.keys}
        faults += [f"{key} is missing" for key, stored in found.items() if stored is None]
        video = found[clip.key]
        if video and video.size_bytes != clip.bytes:
            faults.append(f"{clip.key} has {video.size_bytes} bytes instead of {clip.bytes}")
    return dg.AssetCheckResult(
        check_name=PUBLISHED.name,
        passed=not faults,
        description="; ".join(faults) or None,
        metadata={"faults": dg.MetadataValue.json(faults)},
    )


def gate_results(found: Mapping[int, Sequence[Verdict]]) -> list[dg.AssetCheckResult]:
    """The results of `GATE_CHECKS`, in that order, from the verdicts on each clip by its number.

    An error where a gate that blocks did not pass on some clip, a warning where only others did not.
    """
    return [_family_result(name, gates, found) for name, gates in FAMILIES.items()]


def _family_result(name: str, gates: Sequence[Gate], found: Mapping[int, Sequence[Verdict]]) -> dg.AssetCheckResult:
    own = [(clip, verdict) for clip, all_of_clip in found.items() for verdict in all_of_clip if verdict.gate in gates]
    failed = [(clip, verdict) for clip, verdict in own if not verdict.passed]
    blocked = any(verdict.blocking for _, verdict in failed)
    records = [
        dg.TableRecord(
            {
                "clip": clip,
                "gate": verdict.gate.value,
                "passed": verdict.passed,
                "figure": "not measurable" if verdict.figure is None else str(verdict.figure),
                "limit": str(verdict.limit),
                "unit": verdict.unit,
                "blocking": verdict.blocking,
            }
        )
        for clip, verdict in own
    ]
    return dg.AssetCheckResult(
        check_name=name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if blocked else dg.AssetCheckSeverity.WARN,
        description="; ".join(f"clip_{clip} {verdict.reason}" for clip, verdict in failed) or None,
        metadata={"gates": dg.MetadataValue.table(records, _COLUMNS)},
    )
