"""Checks on `rendered_clips`: the gates of `clips/gates`, several to a check, and the published files.

None is `blocking` in Dagster's sense. Nothing is downstream of the clips that could be held back, and a blocking check
that fails ends the step after the good clips are published: the run would fail for them too, and be retried. What holds
a clip back is the manifest, which leaves it out of what may be posted; an error here tells a person of it.
"""

from collections.abc import Collection, Mapping, Sequence

import dagster as dg

from clipper_assets.clips.gates.gate import Gate
from clipper_assets.clips.gates.gates import GATES
from clipper_assets.clips.gates.verdicts import Verdict
from clipper_assets.clips.manifest import Clip
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.storage.base import Storage

PUBLISHED = dg.AssetCheckSpec(
    "clips_are_published",
    asset=RENDERED_CLIPS,
    description="Every file of every clip is in the storage, and the video has the size on record.",
)


def gates_by_check(gates: Sequence[type[Gate]] = GATES) -> dict[str, list[str]]:
    """The names of the gates that each asset check reports."""
    checks: dict[str, list[str]] = {}
    for gate in gates:
        checks.setdefault(gate.check, []).append(gate.name)
    return checks


def gate_checks(gates: Sequence[type[Gate]] = GATES) -> list[dg.AssetCheckSpec]:
    """An asset check for each `check` that gates name."""
    return [
        dg.AssetCheckSpec(
            check,
            asset=RENDERED_CLIPS,
            description=f"Gates on each clip: {', '.join(name.replace('_', ' ') for name in names)}.",
        )
        for check, names in gates_by_check(gates).items()
    ]


GATE_CHECKS = gate_checks()

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
    """The result of `PUBLISHED`; checks existence and size, and reads nothing."""
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


def gate_results(
    verdicts_by_clip: Mapping[int, Sequence[Verdict]], gates: Sequence[type[Gate]] = GATES
) -> list[dg.AssetCheckResult]:
    """The results of `gate_checks`, in that order, from the verdicts on each clip by its number.

    An error where a gate that blocks did not pass on some clip, a warning where only others did not.
    """
    return [_gate_result(check, names, verdicts_by_clip) for check, names in gates_by_check(gates).items()]


def _gate_result(
    check: str, names: Collection[str], verdicts_by_clip: Mapping[int, Sequence[Verdict]]
) -> dg.AssetCheckResult:
    reported = [
        (clip, verdict) for clip, verdicts in verdicts_by_clip.items() for verdict in verdicts if verdict.gate in names
    ]
    failed = [(clip, verdict) for clip, verdict in reported if not verdict.passed]
    blocked = any(verdict.blocking for _, verdict in failed)
    records = [
        dg.TableRecord(
            {
                "clip": clip,
                "gate": verdict.gate,
                "passed": verdict.passed,
                "figure": "not measurable" if verdict.figure is None else str(verdict.figure),
                "limit": str(verdict.limit),
                "unit": verdict.unit,
                "blocking": verdict.blocking,
            }
        )
        for clip, verdict in reported
    ]
    return dg.AssetCheckResult(
        check_name=check,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if blocked else dg.AssetCheckSeverity.WARN,
        description="; ".join(f"clip_{clip} {verdict.reason}" for clip, verdict in failed) or None,
        metadata={"gates": dg.MetadataValue.table(records, _COLUMNS)},
    )
