"""What a gate is: the base class of `gates.py`, and the types of the limits."""

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
    """A model whose fields are limits: `false` means no limit and becomes None."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _false_is_no_limit(cls, value: object, info: ValidationInfo) -> object:
        if info.field_name == "blocking" or not isinstance(value, bool):
            return value
        if value:
            raise PydanticCustomError("limit", "it should be a number, or false for no limit")
        return None


@dataclass(frozen=True)
class Judgement:
    """Whether a clip passes a gate, with the figure, the limit (None: there is none) and their unit.

    `fault` says in a phrase what is wrong if it does not pass, to follow the clip's name.
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
        name: How the gate is called in `blocking`, in the manifest and in the asset check.
        check: The asset check that reports it.
        blocks: Whether it keeps a clip from being published where the show does not say which gates do.
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
    """Passes if the figure is as planned."""
    return Judgement(figure == planned, figure, planned, unit, f"is {figure} instead of {planned}")
