import pytest

from clipper_assets.transcript.formats.base import LineError
from clipper_assets.transcript.formats.webvtt import parse

FIRST = "WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n\n"


@pytest.mark.parametrize(
    "text",
    [
        "00:00.000 --> 00:01.000\nHello\n\n00:01.000 --> 00:02.000\nyou",
        "WEBVTT\n00:00.000 --> 00:01.000\nHello\n2\n00:01.000 --> 00:02.000\nyou\n",
        "WEBVTT\nKind: captions\n\n\nfirst\n00:00.000 --> 00:01.000\nHello\n\nNOTE\nof two\nlines\n\n2\n00:01.000 --> 00:02.000\nyou\n",
        "\n \nwebvtt\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\n\n00:00.000 --> 00:01.000\nHello\n\n"
        "00:01.000 --> 00:02.000\nyou\n",
        "WEBVTT\n\nREGION\nid:fred\n\n00:00.000 --> 00:01.000\n \nHello\n  \n00:01,000-->00:02,000 line:0\nyou\n",
    ],
)
def test_blocks_that_are_not_cues_are_ignored(text: str) -> None:
    assert [(cue.texts, cue.span) for cue in parse(text, None, None).cues] == [(["Hello"], (0, 1)), (["you"], (1, 2))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FIRST + "you\n", "line 6: 'you' belongs to no cue"),
        (FIRST + "2\n\n00:01.000 --> 00:02.000\nyou\n", "line 6: '2' belongs to no cue"),
        (FIRST + "2\n00:01.000 -> 00:02.000\nyou\n", "line 7: .*two times"),
        (FIRST + "NOTE\n00:01.000 --> 00:02.000\nyou\n", "line 7: a NOTE block contains '00:01.000"),
    ],
)
def test_a_line_that_may_be_a_misspelt_cue_is_rejected(text: str, message: str) -> None:
    with pytest.raises(LineError, match=message):
        parse(text, None, None)
