import pytest
from faster_whisper.transcribe import Segment
from faster_whisper.transcribe import Word as HeardWord

from clipper_assets.transcript.engines.faster_whisper import segment_words


def decoded(*words: str) -> Segment:
    """What faster-whisper decodes, a second per word."""
    heard = [HeardWord(float(n), n + 1.0, text, 0.5) for n, text in enumerate(words)]
    return Segment(0, 0, 0.0, float(len(words)), "".join(words), [], -0.2, 1.5, 0.0, heard, temperature=0.0)


@pytest.mark.parametrize(
    ("pieces", "language", "words"),
    [
        ([" —", " well", "-known", " —", " fact"], "en", [("well-known —", 1, 4), ("fact", 4, 5)]),
        ([" 3", ".", "5", " kg"], "en", [("3.5", 0, 3), ("kg", 3, 4)]),
        (["今", "日は", "天気", "が", "いい", "。"], "ja", [("今日は", 0, 2), ("天気が", 2, 4), ("いい。", 4, 6)]),
        (
            ["我们", "用", " iPhone", "拍照", "。"],
            "zh",
            [("我们", 0, 1), ("用", 1, 2), ("iPhone", 2, 3), ("拍照。", 3, 5)],
        ),
        (["วัน", "นี้อา", "กาศ", "ดี"], "th", [("วัน", 0, 1), ("นี้", 1, 2), ("อากาศ", 1, 3), ("ดี", 3, 4)]),
        ([" مرحبا", "،", " بكم"], "ar", [("مرحبا،", 0, 2), ("بكم", 2, 3)]),
        ([], "en", []),
    ],
)
def test_pieces_become_words(pieces: list[str], language: str, words: list[tuple[str, float, float]]) -> None:
    found = segment_words(decoded(*pieces), language)
    assert [(word.text, *(word.span or ())) for word in found] == words
    assert all(word.confidence == pytest.approx(0.5) for word in found)
