"""Compares figures with a show's limits, in pure functions: a show that changes its limits renders nothing again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import isfinite
from typing import Any, Literal

from pydantic import ValidationError, create_model

from clipper_assets.clips.gates.figures import Figures
from clipper_assets.clips.gates.gate import Gate, LimitFields
from clipper_assets.clips.gates.gates import GATES, OFF
from clipper_assets.text.mistakes import first_mistake


@dataclass(frozen=True)
class Limits:
    """Every gate with the limits of one show, and the names of the gates that block."""

    gates: Sequence[Gate]
    blocking: frozenset[str]


@dataclass(frozen=True)
class Verdict:
    """The result of one gate on one clip.

    `reason` says in a phrase what is wrong, to follow the clip's name; empty if the clip passed. A figure or a limit
    that is not finite is a ValueError: no manifest can hold it.
    """

    gate: str
    passed: bool
    blocking: bool
    figure: int | float | str | None
    limit: int | float | str
    unit: str
    reason: str

    def __post_init__(self) -> None:
        for number in (self.figure, self.limit):
            if isinstance(number, float) and not isfinite(number):
                raise ValueError(f"the gate {self.gate} has {number} for a figure or a limit; use a finite number")


def read_limits(table: Mapping[str, Any], file: str, gates: tuple[type[Gate], ...] = GATES) -> Limits:
    """The limits in the table `[gates]` of a show's settings, and the defaults of those that it does not set.

    Raises ValueError that names `file` and the field that is wrong.
    """
    model = _table_of(gates)
    try:
        fields = model.model_validate(table).model_dump()
    except ValidationError as error:
        mistake = first_mistake([{**error.errors()[0], "loc": ("gates", *error.errors()[0]["loc"])}])
        raise ValueError(f"{file}: {mistake.sentence(fields=model.model_fields, whole=file)}") from error
    return Limits(
        [gate.model_validate({name: fields[name] for name in gate.model_fields}) for gate in gates],
        fields["blocking"],
    )


def verdicts(figures: Figures, limits: Limits) -> list[Verdict]:
    """The verdict of every gate, in their order."""
    return [_verdict(gate, figures, limits) for gate in limits.gates]


def blocked_by(results: Sequence[Verdict]) -> list[str]:
    """Why a clip must not be published, a phrase each; empty where it may."""
    return [verdict.reason for verdict in results if verdict.blocking and not verdict.passed]


@cache
def _table_of(gates: tuple[type[Gate], ...]) -> type[LimitFields]:
    """The table `[gates]`: which gates block, and the limits of all of them."""
    names = tuple(gate.name for gate in gates)
    fields: dict[str, Any] = {
        "blocking": (
            frozenset[Literal[names]],  # type: ignore[valid-type]
            frozenset(gate.name for gate in gates if gate.blocks),
        ),
        **{name: (field.annotation, field) for gate in gates for name, field in gate.model_fields.items()},
    }
    return create_model("GatesTable", __base__=LimitFields, **fields)


def _verdict(gate: Gate, figures: Figures, limits: Limits) -> Verdict:
    judged = gate.judge(figures)
    return Verdict(
        gate.name,
        judged.passed,
        gate.name in limits.blocking,
        judged.figure,
        OFF if judged.limit is None else judged.limit,
        judged.unit,
        "" if judged.passed else judged.fault,
    )
