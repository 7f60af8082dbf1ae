from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from clipper_assets.text.mistakes import first_mistake


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    share: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Outer(BaseModel):
    inner: Inner = Inner(share=1)
    texts: list[Annotated[str, Field(max_length=70)]] = []
    count: Annotated[int, Field(strict=True)] = 0

    @model_validator(mode="after")
    def _count(self) -> "Outer":
        if self.count < len(self.texts):
            raise ValueError("count must be that of the texts")
        return self


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"inner": {"share": -1}}, "inner.share is -1; it should be greater than or equal to 0"),
        ({"inner": {"share": float("nan")}}, "inner.share is nan; it should be a finite number"),
        ({"inner": {}}, "inner.share is missing"),
        ({"inner": {"share": 1, "sh\0are": 2}}, "there is no field inner.share; there are share"),
        ({"inner": [1] * 100}, "inner: it should be a valid dictionary"),
        ({"inner": None}, "inner is null; it should be a valid dictionary"),
        ({"texts": ["", "x" * 1000]}, f"texts.1 is '{'x' * 56}...; it should have at most 70 characters"),
        ({"texts": ["\ud800\n"]}, "texts.0 is '\\ud800\\n'; it should be a valid string"),
        ({"count": True}, "count is true; it should be a valid integer"),
        ({"count": 0, "texts": ["a"]}, "the request: count must be that of the texts"),
    ],
)
def test_the_first_mistake_becomes_one_short_sentence(value: object, sentence: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Outer.model_validate(value)
    shown = first_mistake(raised.value.errors()).sentence(fields=Inner.model_fields, whole="the request")
    assert shown.startswith(sentence)
    assert "\n" not in shown


def test_without_known_fields_an_unknown_field_is_named_alone_and_shortened() -> None:
    with pytest.raises(ValidationError) as raised:
        Inner.model_validate({"share": 1, "n" * 10_000: 2})
    shown = first_mistake(raised.value.errors()).sentence(whole="the request")
    assert shown == f"there is no field {'n' * 200}"
