"""The asset checks of `rendered_clips` and `clip_variants`: one for each group of gates, and one for the files.

No check is `blocking` in Dagster's sense: no asset is downstream of the clips, and a failed blocking check would fail
the whole run, and have it retried, although the other clips are good. Instead, the manifest leaves a clip that fails a
gate out of `publishable`, and the failed check informs people.
"""

from collections.abc import Collection, Mapping, Sequence

import dagster as dg

from clipper_assets.clips.gates.gate import Gate
from clipper_assets.clips.gates.gates import GATES
from clipper_assets.clips.gates.verdicts import Verdict
from clipper_assets.clips.manifest import Clip
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.runtime.degraded import not_degraded_spec
from clipper_assets.storage.base import Storage

PUBLISHED = "clips_are_published"


def gates_by_check(gates: Sequence[type[Gate]] = GATES) -> dict[str, list[str]]:
    """Names of the gates by the asset check that reports them."""
    checks: dict[str, list[str]] = {}
    for gate in gates:
        checks.setdefault(gate.check, []).append(gate.name)
    return checks


def gate_checks(gates: Sequence[type[Gate]] = GATES, asset: str = RENDERED_CLIPS) -> list[dg.AssetCheckSpec]:
    """One asset check for each `check` that the gates name."""
    return [
        dg.AssetCheckSpec(
            check,
            asset=asset,
            description=f"Gates on each clip: {', '.join(name.replace('_', ' ') for name in names)}.",
        )
        for check, names in gates_by_check(gates).items()
    ]


def clip_checks(asset: str) -> list[dg.AssetCheckSpec]:
    """All checks of an asset whose files are clips."""
    published = dg.AssetCheckSpec(
        PUBLISHED,
        asset=asset,
        description="Every file of every clip is in the storage, and each video has the size that was recorded.",
    )
    return [*gate_checks(asset=asset), published, not_degraded_spec(asset)]


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
    """The result of the check `PUBLISHED`; compares names and sizes, and does not read the files."""
    faults = []
    for clip in clips:
        files = {key: storage.stat(key) for key in clip.keys}
        faults += [f"{key} is missing" for key, stored in files.items() if stored is None]
        video = files[clip.key]
        if video and video.size_bytes != clip.bytes:
            faults.append(f"{clip.key} has {video.size_bytes} bytes instead of {clip.bytes}")
    return dg.AssetCheckResult(
        check_name=PUBLISHED,
        passed=not faults,
        description="; ".join(faults) or None,
        metadata={"faults": dg.MetadataValue.json(faults)},
    )


def gate_results(
    verdicts_by_clip: Mapping[int, Sequence[Verdict]], gates: Sequence[type[Gate]] = GATES
) -> list[dg.AssetCheckResult]:
    """The results of `gate_checks`, in that order, from the verdicts by number of the clip.

    A failed check has severity ERROR if a clip fails a blocking gate, else WARN.
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
