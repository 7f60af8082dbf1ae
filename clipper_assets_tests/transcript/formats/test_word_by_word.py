"""Files that show one line several times, to mark its words in turn; and files with each cue twice."""

import pytest

from clipper_assets.transcript.formats.speaker_labels import Subtitle, spoken_cues

LINES = ["Welcome back, Ann.", "So, how is the mill doing?", "No.", "No."]
START_S = [0.0, 4.0, 12.0, 14.0]
TIMED = [
    (word, (start_s + n, start_s + n + 1))
    for line, start_s in zip(LINES, START_S, strict=True)
    for n, word in enumerate(line.split())
]
"""Each word of `LINES` with the second of its cue."""


def read(cues: list[tuple[tuple[float, float], str]]) -> list[tuple[str, tuple[float, float] | None]]:
    subtitles = [Subtitle(span, text.split("\n")) for span, text in cues]
    return [(word.text, word.span) for cue in spoken_cues(subtitles, "en") for word in cue.words]


def marked(before: str, after: str, label: str = "") -> list[tuple[tuple[float, float], str]]:
    """A cue for each word, which stands between two tags in the whole line."""
    cues = []
    for line, start_s in zip(LINES, START_S, strict=True):
        words = line.split()
        for n, word in enumerate(words):
            text = " ".join([*words[:n], f"{before}{word}{after}", *words[n + 1 :]])
            cues.append(((start_s + n, start_s + n + 1), label + text))
    return cues


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<u>", "</u>"),
        ("<b>", "</b>"),
        ('<font color="#ffff00">', "</font>"),
        ("<c.yellow>", "</c>"),
        ("{\\u1}", "{\\u0}"),
        ("{\\c&H00FFFF&}", "{\\r}"),
        ("*", "*"),
        ("**", "**"),
        ("_", "_"),
    ],
)
def test_a_marked_word_has_the_time_of_the_cue_that_marks_it(before: str, after: str) -> None:
    assert read(marked(before, after)) == TIMED


def test_a_word_in_capitals_has_the_time_of_its_cue() -> None:
    words = ["so", "how", "is", "the", "mill"]
    cues = [
        ((float(n), n + 1.0), " ".join([*words[:n], word.upper(), *words[n + 1 :]])) for n, word in enumerate(words)
    ]
    assert read(cues) == [(word, (n, n + 1.0)) for n, word in enumerate(words)]


def test_a_speaker_label_in_each_cue_is_not_a_word() -> None:
    subtitles = [Subtitle(span, [text]) for span, text in marked("<u>", "</u>", "[SPEAKER_00]: ")]
    words = [word for cue in spoken_cues(subtitles, "en") for word in cue.words]
    assert [(word.text, word.span) for word in words] == TIMED
    assert {word.speaker for word in words} == {"SPEAKER_00"}


def test_a_cue_without_a_mark_is_a_pause() -> None:
    cues = marked("<u>", "</u>")
    pause = ((0.9, 1.0), LINES[0])
    assert read([cues[0], pause, *cues[1:]]) == TIMED


def test_a_growing_line_gives_each_word_the_time_at_which_it_appears() -> None:
    cues = [
        ((start_s + n, start_s + n + 1), " ".join(line.split()[: n + 1]))
        for line, start_s in zip(LINES[:2], START_S[:2], strict=True)
        for n in range(len(line.split()))
    ]
    assert read(cues) == TIMED[:9]


def test_a_sliding_window_gives_each_word_the_time_at_which_it_appears() -> None:
    words = LINES[1].split()
    cues = [((4.0 + n, 5.0 + n), " ".join(words[max(n - 2, 0) : n + 1])) for n in range(len(words))]
    assert read(cues) == TIMED[3:9]


def test_a_cue_that_is_there_twice_is_read_once() -> None:
    cues = [((start_s, start_s + 2), line) for line, start_s in zip(LINES, START_S, strict=True)]
    late = [((start_s + 0.1, end_s + 0.1), line) for (start_s, end_s), line in cues]
    words = [word for line in LINES for word in line.split()]
    assert [word for word, _ in read([*cues, *cues])] == words
    assert [word for word, _ in read([*cues, *late])] == words


def test_a_line_that_is_said_twice_is_read_twice() -> None:
    cues = [
        ((n * 2.0, n * 2.0 + 2), text) for n, text in enumerate(["No.", "No.", "I <b>said</b> no.", "Ask me again."])
    ]
    assert [word for word, _ in read(cues)] == ["No.", "No.", "I", "said", "no.", "Ask", "me", "again."]


def test_two_people_who_say_the_same_at_once_are_both_read() -> None:
    cues = [Subtitle((0.0, 1.0), ["<v Ann>Yes."]), Subtitle((0.2, 1.0), ["<v Bob>Yes."])]
    assert [word.speaker for cue in spoken_cues(cues, "en") for word in cue.words] == ["Ann", "Bob"]
