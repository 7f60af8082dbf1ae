from typing import Any

import pytest
from pydantic import ValidationError

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
        ("cats —", (2, 3)),
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
        ("\n[1]", "line 2: segments.0 is 1; it should be a valid dictionary;"),
        ("", "line 1: invalid JSON at column 1"),
        ('{"segments": [\n{"start": 1,}]}', "line 2: invalid JSON at column 1"),
        ("[" * 100_000, "line 1: the JSON is nested too deeply"),
    ],
)  # fmt: skip
def test_the_error_names_the_line_of_the_invalid_segment(text: str, message: str) -> None:
    with pytest.raises(LineError, match=f"^{message}"):
        parse(text, None, None)


SPOKEN = [("Hi,", (0.0, 0.5)), ("Ann.", (0.5, 1.0))]


@pytest.mark.parametrize(
    "result",
    [
        {
            "task": "transcribe",
            "language": "english",
            "segments": [{"start": 0.0, "end": 1.0, "text": " Hi, Ann."}],
            "words": [{"word": "Hi", "start": 0.0, "end": 0.5}, {"word": "Ann", "start": 0.5, "end": 1.0}],
        },
        {
            "language": "en",
            "segments": [
                {
                    "start": 0.0,
                    "end": 1.0,
                    "text": "Hi, Ann.",
                    "words": [
                        {"text": "Hi,", "start": 0.0, "end": 0.5, "confidence": 0.9},
                        {"text": "Ann.", "start": 0.5, "end": 1.0, "confidence": 0.8},
                    ],
                }
            ],
        },
        {
            "task": "transcribe",
            "language": "english",
            "text": "Hi, Ann.",
            "words": [{"word": "Hi", "start": 0.0, "end": 0.5}, {"word": "Ann", "start": 0.5, "end": 1.0}],
        },
        {
            "audio_duration": 1.0,
            "language_code": "en_us",
            "text": "Hi, Ann.",
            "words": [{"text": "Hi,", "start": 0.0, "end": 500.0}, {"text": "Ann.", "start": 500.0, "end": 1000.0}],
        },
        {
            "results": {
                "channels": [
                    {
                        "detected_language": "en",
                        "alternatives": [
                            {
                                "transcript": "Hi, Ann.",
                                "words": [
                                    {"word": "hi", "punctuated_word": "Hi,", "start": 0.0, "end": 0.5, "speaker": 0.0},
                                    {"word": "ann", "punctuated_word": "Ann.", "start": 0.5, "end": 1.0},
                                ],
                            }
                        ],
                    }
                ]
            }
        },
    ],
    ids=["OpenAI verbose_json", "whisper-timestamped", "OpenAI without segments", "AssemblyAI", "Deepgram"],
)
def test_word_times_of_other_tools_are_read(result: dict[str, Any]) -> None:
    transcript = transcript_of(result)
    assert transcript.language == "en"
    assert [(word.text, word.span) for cue in transcript.cues for word in cue.words] == SPOKEN


@pytest.mark.parametrize(
    "result",
    [
        {
            "result": {"language": "en"},
            "transcription": [{"offsets": {"from": 0.0, "to": 1000.0}, "text": " Hi, Ann."}],
        },
        {"text": "Hi, Ann.", "chunks": [{"timestamp": [0.0, 1.0], "text": " Hi, Ann."}]},
        {"segments": [{"start": 0.0, "end": 1.0, "text": "Hi, Ann.", "words": None}]},
        [{"start": 0.0, "end": 1.0, "text": "Hi, Ann."}],
    ],
    ids=["whisper.cpp", "Hugging Face", "words are null", "a list"],
)
def test_segments_of_other_tools_are_read(result: dict[str, Any]) -> None:
    (cue,) = transcript_of(result).cues
    assert (cue.texts, cue.span) == (["Hi,", "Ann."], (0.0, 1.0))


def test_words_of_hugging_face_are_cues_with_times() -> None:
    chunks = [{"timestamp": [0.0, 0.5], "text": " Hi,"}, {"timestamp": [0.5, None], "text": " Ann."}]
    cues = transcript_of({"chunks": chunks}).cues
    assert [(word.text, word.span) for cue in cues for word in cue.words] == [("Hi,", (0.0, 0.5)), ("Ann.", (0.5, 0.9))]


def test_a_speaker_may_be_a_number() -> None:
    (cue,) = transcript_of({"segments": [{"start": 0.0, "end": 1.0, "text": "Hi", "speaker": 0.0}]}).cues
    assert cue.words[0].speaker == "0"


@pytest.mark.parametrize("result", [{"transcription": [{"text": "Hi"}]}, {"chunks": [{"text": "Hi"}]}, {"chunks": [3]}])
def test_segments_without_times_are_invalid(result: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        transcript_of(result)


def test_a_last_chunk_without_an_end_lasts_as_long_as_its_words() -> None:
    """transformers gives no end where the speech goes on at the end of the audio."""
    (cue,) = transcript_of({"chunks": [{"timestamp": [1.0, None], "text": " Hi, Ann."}]}).cues
    assert cue.span == pytest.approx((1.0, 1.8))
