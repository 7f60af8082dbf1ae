"""A six-hour episode is processed up to its captions, with memory at most proportional to its length."""

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from clipper_assets.camera.direction.path import still
from clipper_assets.captions.ass import caption_ass
from clipper_assets.captions.sidecars import sidecars
from clipper_assets.captions.styles import load_style
from clipper_assets.clips.look import Look
from clipper_assets.clips.plan import ClipPlan, plan_clip
from clipper_assets.highlights.checks import broken_rules
from clipper_assets.highlights.pickers.heuristic import HeuristicPicker
from clipper_assets.highlights.rules import USUAL_CLIPS, place, windows_table
from clipper_assets.highlights.window import read_windows
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.shows.show import Layout
from clipper_assets.transcript.sentences import split_sentences
from clipper_assets.transcript.words import Doubt, Word, words_table
from clipper_assets_tests.clips.test_plan import SOURCE
from clipper_assets_tests.highlights.talks import EPISODE, ignored, talk_of

WORD_S, WORDS_PER_SENTENCE = 0.36, 12
SIX_HOURS_BYTES = 120e6
"""Measured: 67 MB on CPython 3.11, without the memory that Arrow allocates itself."""
LOOK = Look(load_style("pop"), FRAMES[Aspect.portrait])


def words_of_talk(hours: float) -> list[Word]:
    """A talk without a pause, 10,000 words an hour, in sentences of twelve words; every fiftieth sentence doubtful."""
    ranks = np.random.default_rng(7).zipf(1.3, round(hours * 3600 / WORD_S)) % 5000
    words = []
    for number, rank in enumerate(ranks.tolist()):
        sentence, position = divmod(number, WORDS_PER_SENTENCE)
        text = ("Word" if position == 0 else "word") + f"{rank}" + ("." if position == WORDS_PER_SENTENCE - 1 else "")
        start_s = number * WORD_S
        doubt: Doubt | None = "unsure" if sentence % 50 == 49 else None
        words.append(Word(text, start_s, start_s + 0.3, sentence, speaker=f"SPEAKER_{sentence // 7 % 2}", doubt=doubt))
    return words


def windows_of(words: pa.Table, duration_s: float) -> pa.Table:
    talk = talk_of(words, duration_s)
    picked = HeuristicPicker().pick(talk, ignored)
    windows = place(picked.candidates, talk.runs, talk.count)
    table = windows_table(EPISODE, windows, talk.rules, picker=picked.picker, prompt_version=None, degraded=())
    assert broken_rules(table, words, talk.rules, duration_s) == []
    return table


def plans_of(windows: pa.Table, words: pa.Table, duration_s: float) -> list[ClipPlan]:
    source = replace(SOURCE, duration_s=duration_s)
    camera = still(Layout.fit, source, "requested layout")
    return [plan_clip(window, words, source, LOOK, camera) for window in read_windows(windows)]


def peak_bytes(words: Sequence[Word]) -> int:
    """The peak memory of Python objects and numpy arrays from words to captions, in bytes."""
    tracemalloc.start()
    try:
        plan_and_caption(words)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def plan_and_caption(words: Sequence[Word]) -> list[tuple[ClipPlan, int, str]]:
    """For every clip: its plan, the number of its caption pages, and its captions in all three formats as one text."""
    duration_s = words[-1].end + 0.06
    table = words_table(EPISODE, words, split_sentences(words, "en"), "en", {"language": "en"})
    plans = plans_of(windows_of(table, duration_s), table, duration_s)
    return [
        (
            plan,
            len(plan.captions.pages),
            "\n".join((caption_ass(plan.captions), *sidecars(plan.words, plan.duration_s, plan.fps))),
        )
        for plan in plans
    ]


def test_six_hours_give_twenty_clips_with_complete_captions_and_no_doubtful_word() -> None:
    words = words_of_talk(hours=6)
    assert len(words) == 60_000
    clips = plan_and_caption(words)
    assert len(clips) == USUAL_CLIPS
    for plan, pages, captions in clips:
        inside = [word for word in words if plan.start_s <= (word.start + word.end) / 2 <= plan.end_s]
        assert [word.text for word in plan.words] == [word.text for word in inside]
        assert not any(word.doubt for word in inside)
        assert 30 <= plan.duration_s <= 60.1
        assert pages >= len(plan.words) / LOOK.style.words_per_page
        assert captions.count(" --> ") >= 2 * len({word.segment for word in inside})


@pytest.mark.episodes
def test_six_hours_need_about_twice_the_memory_of_three() -> None:
    plan_and_caption(words_of_talk(hours=0.1))  # loads the font before memory is measured
    three_hours_bytes, six_hours_bytes = peak_bytes(words_of_talk(hours=3)), peak_bytes(words_of_talk(hours=6))
    assert six_hours_bytes < SIX_HOURS_BYTES
    assert six_hours_bytes < 2.2 * three_hours_bytes
