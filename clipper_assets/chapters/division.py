"""Divides an episode into chapters: one per topic, each starting at a sentence outside adverts."""

from collections.abc import Collection, Sequence

from clipper_assets.chapters.chapter import Chapter
from clipper_assets.highlights.edges import leans
from clipper_assets.highlights.topics import topic_changes
from clipper_assets.text.scripts import UNSPACED
from clipper_assets.transcript.boundaries import cut_boundaries
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.words import Sentence

FEWEST = 3
"""YouTube shows chapters only if there are three ("Video chapters", YouTube Help)."""
SECONDS_PER_CHAPTER = 480.0
"""An episode has at least one chapter for so many seconds of talk. With these smaller topics, more of the boundaries of
the meetings in topics.py are right (F1 0.36 instead of 0.32)."""
SHORTEST_S = 30.0
"""Least length of a chapter; YouTube's limit is 10 s."""
NEARBY = 4
"""How many sentences a start is moved at most to one that opens better; topics change within a few sentences."""
LONGEST_PAUSE_S = 2.0
ASIDE_WORDS = 4
"""A sentence with fewer words ("Yeah, sure.") answers what was said before."""


def chapters_of(
    sentences: Sequence[Sentence], adverts: Sequence[Span], language: str, duration_s: float
) -> list[Chapter]:
    """The chapters of an episode without titles, in time order; at least `FEWEST`, or one per
    `SECONDS_PER_CHAPTER` of talk, if that many topics are found.

    The first chapter starts at 0, as YouTube and podcast apps expect; all others at a sentence that is neither doubtful
    nor in an advert. Empty without such a sentence.
    """
    talk = [sentence for sentence in sentences if not sentence.doubtful and not is_inside(sentence, adverts)]
    if not talk:
        return []
    talk_s = sum(sentence.end - sentence.start for sentence in talk)
    fewest = max(FEWEST, round(talk_s / SECONDS_PER_CHAPTER))
    changes = topic_changes([sentence.text for sentence in talk], language, fewest=fewest - 1)
    cut = cut_boundaries(talk)
    starts = [talk[0]]
    for change in changes:
        start = _opening(talk, cut, change.position, language)
        if start.start - (starts[-1].start if len(starts) > 1 else 0.0) >= SHORTEST_S:
            starts.append(start)
    while len(starts) > 1 and duration_s - starts[-1].start < SHORTEST_S:
        starts.pop()
    times = [0.0, *(start.start for start in starts[1:]), duration_s]
    firsts = [sentences[0].number, *(start.number for start in starts[1:]), sentences[-1].number + 1]
    return [
        Chapter(start=times[i], end=times[i + 1], first_sentence=firsts[i], last_sentence=firsts[i + 1] - 1)
        for i in range(len(starts))
    ]


def is_inside(sentence: Sentence, spans: Sequence[Span]) -> bool:
    """Whether more than half of a sentence lies in the spans."""
    covered = sum(max(min(sentence.end, end) - max(sentence.start, start), 0.0) for start, end in spans)
    return covered > (sentence.end - sentence.start) / 2


def _opening(talk: Sequence[Sentence], cut: Collection[int], position: int, language: str) -> Sentence:
    """The sentence at most `NEARBY` from `position` that opens a chapter best: after a pause, leaning on nothing."""

    def quality(other: int) -> float:
        pause_s = min(max(talk[other].start - talk[other - 1].end, 0.0), LONGEST_PAUSE_S)
        changes_speaker = talk[other].speaker != talk[other - 1].speaker
        is_aside = len(talk[other].text.split()) < ASIDE_WORDS and language not in UNSPACED
        return (
            pause_s
            + 0.5 * changes_speaker
            - leans(talk[other].text, language)
            - is_aside
            - 2.0 * (other in cut)
            - 0.1 * abs(other - position)
        )

    nearby = range(max(position - NEARBY, 1), min(position + NEARBY + 1, len(talk)))
    return talk[max(nearby, key=quality)]
