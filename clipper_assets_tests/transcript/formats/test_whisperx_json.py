import pytest

from clipper_assets.transcript.formats.base import LineError
from clipper_assets.transcript.formats.whisperx_json import parse, transcript_of


def test_words_that_the_aligner_omitted_are_kept_without_times() -> None:
    segment = {"start": 0, "end": 3, "text": "we saw 5 cats — twice", "words": [
        {"word": "we", "start": 0, "end": 1},
        {"word": "saw", "start": 1, "end": 2},
        {"word": "cats", "start": 2, "end": 3},
    ]}  # fmt: skip
    (cue,) = transcript_of({"segments": [segment]}).cues
    assert [(word.text, word.span) for word in cue.words] == [
        ("we", (0, 1)),
        ("saw", (1, 2)),
        ("5", None),
        ("cats —", None),
        ("twice", None),
    ]


def test_the_aligners_words_are_kept_in_languages_without_spaces() -> None:
    segment = {"start": 0, "end": 1, "text": "你好", "words": [
        {"word": "你", "start": 0, "end": 0.5}, {"word": "好", "start": 0.5, "end": 1}
    ]}  # fmt: skip
    (cue,) = transcript_of({"segments": [segment], "language": "zh"}).cues
    assert cue.texts == ["你", "好"]


def test_direction_marks_are_removed_from_words() -> None:
    segment = {"start": 0, "end": 1, "text": "\u202bשלום לך\u202c", "words": [
        {"word": "\u202bשלום", "start": 0, "end": 0.5}, {"word": "לך\u202c", "start": 0.5, "end": 1}
    ]}  # fmt: skip
    (cue,) = transcript_of({"segments": [segment]}).cues
    assert [(word.text, word.span) for word in cue.words] == [("שלום", (0, 0.5)), ("לך", (0.5, 1))]


GOOD = '{"note": {"segments": [1,\n2]}, "segments": [\n{"start": 0, "end": 1, "text": "a [\\"b"},\n\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + '{"start": "0:01", "end": 2, "text": "b"}]}', "line 5: segments.1.start is '0:01'; it should be a valid number"),
        (GOOD + '{"start": 1, "text": "b"}]}', "line 5: segments.1.end is missing"),
        (GOOD + '{"startTime": -1, "endTime": 2, "body": "b"}]}', "line 5: segments.1.startTime is -1; .*greater than or equal to 0"),
        (GOOD + '{"start": 1, "end": 1e999, "text": "b"}]}', "line 5: segments.1.end is inf; it should be a finite number"),
        (GOOD + f'{{"start": 1, "end": {"9" * 5000}, "text": "b"}}]}}', "line 5: segments.1.end is inf; .*finite"),
        (GOOD + '{"start": 2, "end": 1, "text": "b"}]}', "line 5: segments.1: ends before it starts"),
        (GOOD + '{"start": 2, "end": 3, "text": "b",\n"words": [{"word": "b", "start": 3, "end": 2}]}]}',
         "line 5: segments.1.words.0: ends before it starts"),
        (GOOD + '{"start": 1, "end": 2, "text": "\\ud800"}]}', "line 5: segments.1.text: contains half of a surrogate pair"),
        (GOOD + "7]}", "line 5: segments.1 is 7; it should be a valid dictionary;"),
        ('\n{"segments":\n7}', "line 3: segments is 7; it should be a valid list"),
        ('\n{"text": "a"}', "line 2: segments is missing"),
        ("\n[1]", "line 2: top level: it should be a valid dictionary;"),
        ("", "line 1: invalid JSON at column 1"),
        ('{"segments": [\n{"start": 1,}]}', "line 2: invalid JSON at column 1"),
        ("[" * 100_000, "line 1: the JSON is nested too deeply"),
    ],
)  # fmt: skip
def test_the_error_names_the_line_of_the_invalid_segment(text: str, message: str) -> None:
    with pytest.raises(LineError, match=f"^{message}"):
        parse(text, None, None)
