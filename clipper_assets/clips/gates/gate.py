"""The base class of all gates, and the types of their limits."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from clipper_assets.clips.gates.figures import Figures

Limit = float | None
Positive = Annotated[float, Field(ge=0)] | None
Share = Annotated[float, Field(ge=0, le=1)] | None
Size = Annotated[int, Field(gt=0)] | None
Count = Annotated[int, Field(ge=0)] | None


class LimitFields(BaseModel):
    """A model whose fields are limits; `false` switches a limit off and becomes None."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    @field_validator("*", mode="before")
    @classmethod
    def _false_becomes_none(cls, value: object, info: ValidationInfo) -> object:
        if info.field_name == "blocking" or not isinstance(value, bool):
            return value
        if value:
            raise PydanticCustomError("limit", "it should be a number, or false for no limit")
        return None


@dataclass(frozen=True)
class Judgement:
    """Whether a clip passes a gate, with the figure, the limit (None if there is no limit) and their unit.

    `fault` is a phrase that says what is wrong if the clip does not pass. It continues a sentence that starts with the
    clip's name: "has 3.0 s of black picture".
    """

    passed: bool
    figure: int | float | str | None
    limit: int | float | str | None
    unit: str
    fault: str


class Gate(LimitFields, ABC):
    """A condition that a clip must meet before it is published; docs/CONTRIBUTING.md says how to add one.

    The fields of a subclass are its limits: a show sets them under the same names in the table `[gates]` of its
    `show.toml`. An instance is the gate with the limits of one show.

    Attributes:
        name: The gate's name in `blocking`, in the manifest and in the asset check.
        check: Name of the asset check that reports the gate.
        blocks: Whether a clip that fails the gate is held back, unless the show sets `blocking`.
    """

    name: ClassVar[str]
    check: ClassVar[str]
    blocks: ClassVar[bool] = True

    @abstractmethod
    def judge(self, figures: Figures) -> Judgement:
        """Compare the figures with the limits; a figure that could not be measured (None) passes."""


def at_most(figure: float | None, limit: float | None, unit: str, fault: str) -> Judgement:
    """Passes if the figure does not exceed the limit."""
    return Judgement(figure is None or limit is None or figure <= limit, figure, limit, unit, fault)


def same(figure: str, planned: str, unit: str) -> Judgement:
    """Passes if the figure equals the planned one."""
    return Judgement(figure == planned, figure, planned, unit, f"is {figure} instead of {planned}")
