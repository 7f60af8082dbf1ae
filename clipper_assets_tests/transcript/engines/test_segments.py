import pytest
from faster_whisper.transcribe import Segment
from faster_whisper.transcribe import Word as SegmentWord

from clipper_assets.transcript.engines.segments import segment_words


def segment_of(*pieces: str) -> Segment:
    """A segment as faster-whisper decodes it; each piece lasts one second."""
    words = [SegmentWord(float(n), n + 1.0, text, 0.5) for n, text in enumerate(pieces)]
    return Segment(0, 0, 0.0, float(len(pieces)), "".join(pieces), [], -0.2, 1.5, 0.0, words, temperature=0.0)


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
def test_pieces_of_a_segment_are_joined_into_words(
    pieces: list[str], language: str, words: list[tuple[str, float, float]]
) -> None:
    joined = segment_words(segment_of(*pieces), language)
    assert [(word.text, *(word.span or ())) for word in joined] == words
    assert all(word.confidence == pytest.approx(0.5) for word in joined)
