import pytest

from clipper_assets.transcript.formats.base import LineError
from clipper_assets.transcript.formats.subrip import parse, times

FIRST = "1\n00:00:00,000 --> 00:00:01,000\nHello\n\n"


@pytest.mark.parametrize(
    ("line", "span"),
    [
        ("00:00:01,500 --> 00:00:03,000", (1.5, 3.0)),
        ("1:02:03.004-->100:00:00.000 align:start position:0%", (3723.004, 360000.0)),
        ("01:02,003 --> 01:02,003", (62.003, 62.003)),
    ],
)
def test_times_are_parsed_as_players_do(line: str, span: tuple[float, float]) -> None:
    assert times(line, 1) == span


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("00:00:01,5 --> 00:00:02,000", "does not give two times"),
        ("00:00:01 --> 00:00:02", "does not give two times"),
        ("00:61:00,000 --> 01:02:00,000", "does not give two times"),
        ("00:00:01,000 --> 00:00:02,000 Hello there", "does not give two times"),
        ("00:00:01,000 --> ", "does not give two times"),
        ("00:00:01,000 --> -00:00:02,000", "negative"),
        ("00:00:02,000 --> 00:00:01,999", "ends before it starts"),
    ],
)
def test_ambiguous_and_invalid_times_are_rejected(line: str, message: str) -> None:
    with pytest.raises(LineError, match=f"line 7: .*{message}"):
        times(line, 7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Hello\n\n" + FIRST, "line 1: 'Hello' comes before the first cue"),
        (FIRST + "2\n00:00:01,000 -> 00:00:02,000\nyou\n", "line 6: .*does not give two times"),
        (FIRST + "2\n00:00:01,000 --&gt; 00:00:02,000\nyou\n", "line 6: .*does not give two times"),
        (FIRST + "2\nyou\n", "line 6: cue '2' begins with 'you'"),
        (FIRST + "2\n\nyou\n", "line 7: cue '2' begins with 'you'"),
        (FIRST + "one --> two\n", "line 5: 'one --> two' does not give two times"),
    ],
)
def test_a_line_that_may_be_a_misspelt_cue_is_rejected(text: str, message: str) -> None:
    with pytest.raises(LineError, match=message):
        parse(text, None, None)


def test_numbers_in_the_text_of_a_cue_are_words() -> None:
    text = "1\n00:00:00,000 --> 00:00:01,000\n7\n\n2\n00:00:01,000 --> 00:00:02,000\nor\n8\n3\n00:00:02,000 --> 00:00:03,000\n9"
    assert [cue.texts for cue in parse(text, None, None).cues] == [["7"], ["or", "8"], ["9"]]
