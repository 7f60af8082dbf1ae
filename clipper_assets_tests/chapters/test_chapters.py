"""Division, wording and formats of chapters, on sentences in memory."""

import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from clipper_assets.chapters.assets import make_chapters
from clipper_assets.chapters.central import centrality
from clipper_assets.chapters.chapter import Chapter, Chapters, chapters_table, read_chapters
from clipper_assets.chapters.division import SHORTEST_S, chapters_of
from clipper_assets.chapters.formats import podcast_chapters, soundbite, youtube_chapters
from clipper_assets.transcript.words import Sentence, sentences
from clipper_assets_tests.highlights.talks import doubted, steady, words_of
from clipper_assets_tests.highlights.test_topics import talk

DURATION_S = 560.0


def spoken(language: str = "en", doubtful: tuple[int, ...] = ()) -> list[Sentence]:
    return sentences(doubted(words_of(steady(talk(language), seconds=4.0, gap=0.3), language), doubtful))


def test_an_episode_has_a_chapter_for_each_subject() -> None:
    said = spoken()
    found = chapters_of(said, [], "en", DURATION_S)
    assert [chapter.first_sentence for chapter in found] == [0, pytest.approx(40, abs=10), pytest.approx(80, abs=10)]
    assert [chapter.start for chapter in found] == [0.0, *(said[c.first_sentence].start for c in found[1:])]
    assert [chapter.end for chapter in found] == [*(chapter.start for chapter in found[1:]), DURATION_S]
    assert [chapter.last_sentence + 1 for chapter in found] == [*(c.first_sentence for c in found[1:]), len(said)]


def test_no_chapter_starts_in_an_advert_or_at_a_doubtful_sentence() -> None:
    said = spoken(doubtful=(78, 79, 80, 81))
    adverts = [(said[37].start, said[45].end), (0.0, said[2].end)]
    for chapter in chapters_of(said, adverts, "en", DURATION_S)[1:]:
        assert not any(start <= chapter.start < end for start, end in adverts)
        assert not said[chapter.first_sentence].doubtful
        assert chapter.end - chapter.start >= SHORTEST_S
    assert chapters_of(spoken(doubtful=tuple(range(120))), [], "en", DURATION_S) == []
    assert chapters_of([], [], "en", DURATION_S) == []


@pytest.mark.parametrize("language", ["en", "de", "ru"])
def test_without_a_model_titles_and_summary_are_said(language: str) -> None:
    said = spoken(language)
    made, usage = make_chapters(said, [], language, DURATION_S, None)
    assert (made.worded_by, list(made.degraded), usage.tokens_in) == ("spoken", [], 0)
    text = " ".join(sentence.text for sentence in said).casefold()
    assert all(chapter.title.rstrip("\u2026").casefold() in text for chapter in made.chapters)
    assert all(line.strip().casefold() in text for line in made.summary.split("."))


def test_an_episode_of_one_word_has_one_chapter() -> None:
    (word,) = sentences(words_of([("Hi", 1.0, 1.4)]))
    made, _ = make_chapters([word], [], "en", 3.0, None)
    assert [(chapter.start, chapter.end, chapter.title) for chapter in made.chapters] == [(0.0, 3.0, "Hi")]
    assert made.summary == ""


def test_a_table_of_chapters_is_read_as_it_was_written() -> None:
    made, _ = make_chapters(spoken(), [], "en", DURATION_S, None)
    assert read_chapters(chapters_table("show/talk.mp4", made)) == made
    assert read_chapters(chapters_table("show/talk.mp4", Chapters([]))) == Chapters([])


def test_the_central_sentence_shares_most_words() -> None:
    texts = ["Bread needs an oven.", "The oven bakes bread slowly.", "Bakers love a slow oven.", "Owls fly at night."]
    ranks = centrality(texts, "en")
    assert ranks.sum() == pytest.approx(1)
    assert (int(np.argmax(ranks)), int(np.argmin(ranks))) == (0, 3)
    assert centrality(["one"], "en").tolist() == [0.0]
    assert centrality([], "en").size == 0


def chapter(start: float, end: float, title: str = "A title") -> Chapter:
    return Chapter(start=start, end=end, first_sentence=0, last_sentence=1, title=title)


def test_youtube_gets_lines_that_begin_at_zero() -> None:
    chapters = [chapter(0, 75.9), chapter(75.9, 3661.2, "Why <bread> rises"), chapter(3661.2, 4000)]
    assert youtube_chapters(chapters) == "0:00 A title\n1:15 Why (bread) rises\n1:01:01 A title\n"


@pytest.mark.parametrize(
    "chapters",
    [
        [],
        [chapter(0, 500), chapter(500, 900)],
        [chapter(0, 5), chapter(5, 100), chapter(100, 200)],
        [chapter(0, 100), chapter(100, 195), chapter(195, 200)],
    ],
)
def test_youtube_gets_nothing_where_it_would_show_no_chapters(chapters: list[Chapter]) -> None:
    assert youtube_chapters(chapters) == ""


def test_podcast_apps_get_json_and_soundbites() -> None:
    stored = json.loads(podcast_chapters([chapter(0, 75.912), chapter(75.912, 100, 'The "best" bread')]))
    assert stored == {
        "version": "1.2.0",
        "chapters": [
            {"startTime": 0, "endTime": 75.91, "title": "A title"},
            {"startTime": 75.91, "endTime": 100, "title": 'The "best" bread'},
        ],
    }
    tag = ET.fromstring(
        f'<item xmlns:podcast="https://podcastindex.org/namespace/1.0">{soundbite(73, 45.26, "Salt & <bread>")}</item>'
    )[0]
    assert (tag.attrib, tag.text) == ({"startTime": "73.0", "duration": "45.3"}, "Salt & <bread>")
