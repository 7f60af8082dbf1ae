"""Compares the figures of a clip with the limits of its show; changed limits need no new rendering."""

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

    `reason` is a phrase that says what is wrong and continues a sentence that starts with the clip's name; it is empty
    if the clip passed. Raises ValueError if the figure or the limit is not finite, because JSON has no such numbers.
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
                raise ValueError(f"the figure or limit of the gate {self.gate} is {number}; use a finite number")


def read_limits(table: Mapping[str, Any], file: str, gates: tuple[type[Gate], ...] = GATES) -> Limits:
    """Read the table `[gates]` of a show's settings; limits that it does not set have their defaults.

    Raises ValueError, with `file` and the wrong field in its message, if the table is invalid.
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
    """One verdict per gate, in the order of `limits.gates`."""
    return [_verdict(gate, figures, limits) for gate in limits.gates]


def blocked_by(results: Sequence[Verdict]) -> list[str]:
    """Why a clip is held back, one phrase per failed blocking gate; empty if it is ready to post."""
    return [verdict.reason for verdict in results if verdict.blocking and not verdict.passed]


@cache
def _table_of(gates: tuple[type[Gate], ...]) -> type[LimitFields]:
    """The model of the table `[gates]`: the list `blocking`, and the limits of all gates."""
    names = tuple(gate.name for gate in gates)
    fields: dict[str, Any] = {
        "blocking": (
            frozenset[Literal[names]],  # type: ignore[valid-type]  # known only at run time
            frozenset(gate.name for gate in gates if gate.blocks),
        ),
        **{name: (field.annotation, field) for gate in gates for name, field in gate.model_fields.items()},
    }
    return create_model("GatesTable", __base__=LimitFields, **fields)


def _verdict(gate: Gate, figures: Figures, limits: Limits) -> Verdict:
    judgement = gate.judge(figures)
    return Verdict(
        gate.name,
        judgement.passed,
        gate.name in limits.blocking,
        judgement.figure,
        OFF if judgement.limit is None else judgement.limit,
        judgement.unit,
        "" if judgement.passed else judgement.fault,
    )
