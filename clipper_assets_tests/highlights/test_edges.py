"""Windows begin where a sentence and a thought begin, and end where they end."""

import pytest

from clipper_assets.highlights.edges import LEANING, NEAR_S, PARTED, SLIGHT, Edges, leans
from clipper_assets.highlights.rules import Rules, runs
from clipper_assets.transcript.words import Sentence, sentences
from clipper_assets_tests.highlights.talks import steady, words_of


def lines_of(*texts: str, gap: float = 0.1) -> list[Sentence]:
    return sentences(words_of(steady(texts, gap=gap)))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "So we left."),
        ("en", "Um, and then we left."),
        ("en", "Well, so that was it."),
        ("en", "Yeah. And you know what?"),
        ("en", "Okay, um, you know, it's late."),
        ("en", "That's what I mean."),
        ("en", '"But why?" she asked.'),
        ("en", "\u2019Cause I said so."),
        ("en", "They\u2019ll come."),
        ("en-GB", "Which is why I left."),
        ("en", "Who is now on foot, by the way."),
        ("es", "Bueno, y entonces se fue."),
        ("es", "\u00bfY t\u00fa qu\u00e9 dices?"),
        ("de", "\u00c4h, das ist gut."),
        ("fr", "Et puis il est parti."),
        ("pt", "Mas ele foi embora."),
        ("it", "Perch\u00e9 era tardi."),
    ],
)
def test_an_opening_that_needs_what_came_before_leans(language: str, text: str) -> None:
    assert leans(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Sophie left."),
        ("en", "Item one is here."),
        ("en", "Well, Anna left town."),
        ("en", "No one came."),
        ("en", "Who is on foot now?"),
        ("en", "Right after the war, everything changed."),
        ("es", "El perro ladra."),
        ("de", "Das Haus brennt."),
        ("fr", "Il y a dix ans, tout a chang\u00e9."),
        ("it", "Perch\u00e9 piove?"),
        ("ja", "\u305d\u3057\u3066\u884c\u3063\u305f\u3002"),
        ("", "And now?"),
    ],
)
def test_another_opening_does_not_lean(language: str, text: str) -> None:
    assert not leans(text, language)


@pytest.mark.parametrize(
    ("before", "after", "inside", "begins", "ends"),
    [
        ("It is late.", "Anna left town.", 0, 0, 0),
        ("It is late.", "He left.", 0, LEANING, 0),
        ("It is late.", "Yes, Anna left town.", 0, SLIGHT, 0),
        ("Why did Anna leave?", "Nobody knows why.", 0, PARTED, PARTED),
        ("Why?", "What happened to Anna?", 0, SLIGHT, PARTED),
        ("It's late, right?", "Anna left town.", 0, SLIGHT, SLIGHT),
        ("It was...", "Anna left town.", 0, PARTED, PARTED),
        ("It is late.", "Praying in church?", 0, 0, 0),
        ("It is late.", "Praying?", 0, SLIGHT, 0),
        ("It is late.", "Anna cannot just...", 0, SLIGHT, 0),
        ("It is late.", "One of the trains left town.", 0, SLIGHT, 0),
        ("It is late.", "Can we get rid of them?", 0, SLIGHT, 0),
        ("It is late.", "Can we get rid of them before the end of the week?", 0, 0, 0),
        ("It is late.", "By the way, Anna left town.", 0, SLIGHT, 0),
        ("It is late.", "For example, Anna left town.", 0, LEANING, 0),
        ("Yeah, right.", "Anna left town.", 0, 0, SLIGHT),
        ("All right.", "Anna left town.", 0, 0, SLIGHT),
        ("Right after the war.", "Anna left town.", 0, 0, 0),
        ("I saw Dr.", "Smith left town.", 1, 0, 0),
        ("J.", "Smith left town.", 1, 0, 0),
        ("It costs 2.", "5 million people came.", 1, 0, 0),
        ("It was... well,", "anna's own fault.", 1, 0, PARTED),
        ("Stop!", "she said.", 1, LEANING, 0),
        ("This is where", "Anna left town.", 1, 0, PARTED),
    ],
)
def test_edges_are_graded_by_what_they_part(before: str, after: str, inside: int, begins: int, ends: int) -> None:
    edges = Edges(lines_of("It begins.", before, after, "It ends.", "It is over."), "en")
    assert (edges.inside[2], edges.begins[2], edges.ends[1]) == (inside, begins, ends)


def test_a_pause_ends_a_sentence_and_the_wait_for_an_answer() -> None:
    texts = ("It begins.", "This is where", "Anna left town.", "Why?", "Nobody knows why.")
    edges = Edges(lines_of(*texts, gap=2.5), "en")
    assert (edges.begins[2], edges.ends[1], edges.begins[4], edges.ends[3]) == (0, PARTED, PARTED, PARTED)
    edges = Edges(lines_of(*texts, gap=12), "en")
    assert (edges.begins[4], edges.ends[3]) == (0, 0)


def test_an_edge_where_two_sentences_overlap_is_a_slight_flaw() -> None:
    spoken = [("Nobody slept well.", 0.0, 5.0), ("Anna left town.", 4.5, 9.0), ("The train was full.", 8.95, 12.0)]
    edges = Edges(sentences(words_of(spoken)), "en")
    assert (edges.begins.tolist(), edges.ends.tolist()) == ([0, SLIGHT, 0], [SLIGHT, 0, 0])


def test_a_transcript_in_lower_case_is_judged_by_its_punctuation() -> None:
    edges = Edges(lines_of("it begins.", "anna left town.", "it went", "on and on.", "over."), "en")
    assert edges.inside.tolist() == [0, 0, 0, 1, 0, 0]


def test_no_window_opens_with_a_leaning_word_if_another_opening_is_near() -> None:
    texts = ["And it went on."] * 60
    texts[30] = "Anna left town."
    lines = lines_of(*texts)
    found = runs(lines, Rules(), 400)
    near = {n for n in range(60) if n != 30 and abs(lines[n].start - lines[30].start) <= NEAR_S}
    assert {run.first for run in found} & {30, *near} == {30}
    assert found


def test_a_sentence_of_spaces_has_edges() -> None:
    assert Edges([Sentence(0, "  ", 0.0, 1.0, 0, 1, None)], "en").inside.tolist() == [0, 0]
