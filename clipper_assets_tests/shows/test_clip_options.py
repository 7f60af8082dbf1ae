"""The length, number, range and topics of clips, as people write them."""

import pytest
from pydantic import BaseModel, ValidationError

from clipper_assets.shows.clip_options import Length, MaxClips, Range, Topics, length_s, range_s
from clipper_assets.text.mistakes import first_mistake


class Given(BaseModel):
    """The options as a show or a request has them."""

    length: Length | None = None
    range: Range | None = None
    max_clips: MaxClips | None = None
    topics: Topics = ""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("short", (15, 30)),
        ("Standard", (30, 60)),
        (" long ", (60, 90)),
        ("20-45", (20, 45)),
        ("20 \u2013 45 s", (20, 45)),
        ("7.5 to 15", (7.5, 15)),
        ("90-180", (90, 180)),
    ],
)
def test_a_length_has_a_name_or_two_numbers(text: str, seconds: tuple[float, float]) -> None:
    assert length_s(text) == seconds


@pytest.mark.parametrize("text", ["", "medium", "20", "45-20", "20-25", "20-181", "0-60", "-20-45", "1e1-20", "20-45m"])
def test_another_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="short, standard, long, or two numbers of seconds such as 20-45, from 3 to"):
        length_s(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12:30-45:00", (750, 2700)),
        ("750 - 2700", (750, 2700)),
        ("0-1:00", (0, 60)),
        ("59:59.5 to 1:02:03", (3599.5, 3723)),
        ("90:00\u201399:59", (5400, 5999)),
    ],
)
def test_a_range_is_two_times(text: str, seconds: tuple[float, float]) -> None:
    assert range_s(text) == seconds


@pytest.mark.parametrize("text", ["", "12:30", "45:00-12:30", "5-5", "12:75-13:00", "a-b", "1-2-3", "12:30-", "9" * 99])
def test_another_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="two times, the later one second"):
        range_s(text)


def test_toml_and_json_may_have_lists() -> None:
    given = Given.model_validate({"length": [20, 45.5], "topics": ["how they met", "money"]})
    assert (given.length, given.topics) == ("20-45.5", "how they met, money")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"length": "medium"}, "length is 'medium'; it should be short, standard, long, or two numbers of seconds"),
        ({"length": [60, 20]}, "length: it should be short, standard, long, or two numbers of seconds"),
        ({"length": 20}, "length is 20; it should be a valid string"),
        ({"range": "12:30"}, "range is '12:30'; it should be two times"),
        ({"max_clips": 41}, "max_clips is 41; it should be less than or equal to 40"),
        ({"max_clips": 0}, "max_clips is 0; it should be greater than or equal to 1"),
        ({"topics": "x" * 501}, "it should have at most 500 characters"),
        ({"topics": [True]}, "topics: it should be a valid string"),
    ],
)
def test_a_bad_value_is_refused_in_one_sentence(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Given.model_validate(given)
    shown = first_mistake(raised.value.errors()).sentence(whole="the request")
    assert sentence in shown
    assert "\n" not in shown
