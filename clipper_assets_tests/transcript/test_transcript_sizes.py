"""Transcripts that would take quadratic time in a careless parser are read or rejected in linear time."""

import json
import signal
from contextlib import suppress
from pathlib import Path
from types import FrameType

import pytest

from clipper_assets.transcript.transcript_files import MAX_BYTES, MalformedTranscriptError, read_transcript

HANGS_S = 60
"""Each file below takes a few seconds at most on a busy machine, but minutes with a quadratic parser."""
SEGMENT, WORD = {"start": 1.0, "end": 2.0, "text": "a"}, {"word": "a", "start": 1.0, "end": 2.0}
CUE = "00:00:01,000 --> 00:00:02,000"


def segment(words: str, timed: str) -> str:
    times = [{"word": word, "start": 1, "end": 2} for word in timed.split()]
    return json.dumps({"segments": [{"start": 1, "end": 2, "text": words, "words": times}]})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("brackets.srt", f"{CUE}\na {'[' * 400_000}\n"),
        ("voices.vtt", f"WEBVTT\n\n{CUE}\na {'<v ' * 130_000}\n"),
        ("tags.srt", f"{CUE}\na {'<b ' * 130_000}\n"),
        ("braces.srt", f"{CUE}\na {'{' * 400_000}\n"),
        ("blanks.vtt", f"WEBVTT\n\n{CUE}\na <v{' ' * 400_000}b\n"),
        ("settings.srt", f"{CUE}{' a:b:c' * 60_000} d\nHello\n"),
        ("marks.srt", f"{CUE}\na{' -' * 200_000}\n"),
        ("lines.srt", f"{CUE}\n{'a%' * 50_000}\n\n{CUE}\n{'a%' * 50_000}\n".replace("%", chr(10))),
        ("words.json", segment("a b " * 10_000, "b a c " * 6_500)),
        ("nested.json", "[" * 400_000),
        ("at_once.srt", "".join(f"{CUE}\nword {n}\n\n" for n in range(20_000))),
        ("sliding.srt", f"{CUE}\n{'a ' * 100_000}\n\n00:00:02,000 --> 00:00:03,000\n{'a ' * 100_000}b\n" * 2),
        ("openai.json", json.dumps({"segments": [SEGMENT] * 20_000, "words": [WORD] * 20_000})),
    ],
    ids=lambda value: value if len(value) < 20 else "",
)
def test_a_file_is_read_in_time_that_is_linear_in_its_size(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text)

    def hang(_signal: int, _frame: FrameType | None) -> None:
        pytest.fail(f"{name} is still being read after {HANGS_S} s")

    handler = signal.signal(signal.SIGALRM, hang)
    signal.alarm(HANGS_S)
    try:
        with suppress(MalformedTranscriptError):
            read_transcript(file)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "talk.srt"
    with file.open("wb") as opened:
        opened.truncate(MAX_BYTES + 1)
    with pytest.raises(MalformedTranscriptError, match=r"^talk.srt has 20 MB, but a transcript may have at most 20; "):
        read_transcript(file)


def test_words_of_a_long_segment_keep_their_times(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(1000)]
    file = tmp_path / "talk.json"
    file.write_text(segment(" ".join(["Extra", *words]), " ".join(words)))
    (cue,) = read_transcript(file).cues
    assert [word.span for word in cue.words] == [None, *[(1.0, 2.0)] * 1000]
