"""Synthetic Delta tables of the library, for tests and benchmarks: any number of episodes, the same for the same seed.

Words have a Zipf distribution. Every fourth turn has no known speaker; some words are doubtful or corrected, and some
sentences are adverts. A tenth of the episodes has no clips; others have clips in several aspects, looks and prompts.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import write_deltalake

from clipper_assets.costs.rows import COSTS
from clipper_assets.library.delta import opened_or_created, writer_properties
from clipper_assets.library.plain import plain
from clipper_assets.library.tables import CLIPS, EPISODES, SENTENCES, TABLES, WINDOWS, WORDS
from clipper_assets.library.turns import turns_of
from clipper_assets.storage.base import Storage
from clipper_assets.storage.tables import TableSpec

SHOWS, VOCABULARY, WORD_S, CLIPS_EACH, AT_ONCE = 20, 30_000, 0.4, 8, 50
SPEAKERS = ("Anna", "Zoë O'Brien", None, "SPEAKER_00")
LANGUAGES = ("en", "en", "en", "de", "es")
NAMES = {40: "honey", 80: "bees", 700: "Ann", 900: "Zoë", 1100: "O'Brien", 1300: "Marie-Claire", 1500: "Joanne"}
"""Words of the vocabulary by rank, from the most frequent one."""
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
PICKERS = (
    ("openai:gpt-5", "default", "a1"),
    ("openai:gpt-5", "default", "b2"),
    ("openai:gpt-5", "funny", "c3"),
    ("heuristic", None, None),
)
Tables = Mapping[str, pa.Table]
"""Tables by name, such as `words`."""


def synthetic(episodes: int, words: int, seed: int = 0) -> Iterator[Tables]:
    """Tables of so many episodes of so many words each, some episodes at a time."""
    generator = np.random.default_rng(seed)
    for first in range(0, episodes, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, episodes))
        yield _joined([_episode(generator, number, words) for number in numbers])


def write_library(storage: Storage, tables: Iterable[Tables]) -> None:
    """Append the tables to those of the library, one commit for each of `tables`."""
    for some in tables:
        for spec in TABLES:
            delta = opened_or_created(storage, spec)
            write_deltalake(delta, some[spec.name], mode="append", writer_properties=writer_properties())


def _joined(parts: list[Tables]) -> Tables:
    return {name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}


def _episode(generator: np.random.Generator, number: int, count: int) -> Tables:
    episode = {
        "episode": f"show{number % SHOWS:02}/episode-{number:04}.mp4",
        "show": f"show{number % SHOWS:02}",
        "language": LANGUAGES[number % len(LANGUAGES)],
    }
    spoken = _Spoken(generator, count)
    words, sentences = spoken.words(episode), spoken.sentences(episode)
    windows, clips = _clips(generator, number, episode)
    costs = _costs(generator, number, episode)
    decisions = {clip["clip"]: clip["decision"] for clip in clips if clip["look"] is None}
    row = {
        **episode,
        "title": f"Episode {number}",
        "published_at": START + dt.timedelta(hours=9 * number),
        "duration_s": float(words["end"][-1].as_py()) + 5,
        "speakers": len(SPEAKERS),
        "words": words.num_rows,
        "corrections": words.num_rows - words["recognized"].null_count,
        "clips": len(windows),
        "publishable": len(windows) // 2,
        "approved": list(decisions.values()).count("approved"),
        "rejected": list(decisions.values()).count("rejected"),
        **{name: sum(cost[name] for cost in costs) for name in ("cpu_seconds", "gpu_seconds", "usd")},
        "degraded": [["no_model"], ["no_aligner", "no_model"], [], [], [], []][number % 6],
        "finished_at": START + dt.timedelta(hours=9 * number + 3),
        "version": f"v{number}",
    }
    return {
        "episodes": EPISODES.table([row]),
        "words": words,
        "sentences": sentences,
        "turns": turns_of(sentences),
        "windows": WINDOWS.table(windows),
        "clips": CLIPS.table(clips),
        "costs": COSTS.table(costs),
    }


class _Spoken:
    """What is said in an episode: `ends` are the positions after each sentence's last word."""

    def __init__(self, generator: np.random.Generator, count: int):
        lengths = generator.integers(2, 23, count)
        ends = np.cumsum(lengths)
        self.ends = np.append(ends[ends < count], count)
        self.begins = np.append(0, self.ends[:-1])
        self.sentence = np.repeat(np.arange(len(self.ends)), self.ends - self.begins)
        self.ranks = np.searchsorted(_zipf(), generator.random(count))
        self.start = np.round(WORD_S * np.arange(count) + generator.uniform(0, 0.1, count), 3)
        self.end = np.round(self.start + generator.uniform(0.1, 0.3, count), 3)
        self.question = generator.random(len(self.ends)) < 0.08
        changes = generator.random(len(self.ends)) < 0.25
        changes[0] = False
        self.turn = np.cumsum(changes)
        self.advert = generator.random(len(self.ends)) < 0.04
        self.doubtful = generator.random(count) < 0.01
        self.corrected = generator.random(count) < 0.003
        self.confidence = np.round(generator.random(count), 2)

    def _speakers(self, turns: Any) -> Any:
        named: Any = pa.array(SPEAKERS, pa.string())
        return named.take(pa.array(turns % len(SPEAKERS)))

    def words(self, episode: Mapping[str, str]) -> pa.Table:
        marked = self.ranks.copy()
        marked[self.ends - 1] += VOCABULARY * np.where(self.question, 2, 1)
        text = _vocabulary()[0].take(pa.array(marked))
        nothing: Any = pa.scalar(None, pa.string())
        return _table(
            WORDS,
            episode,
            sentence=self.sentence,
            word=np.arange(len(marked)),
            text=text,
            start=self.start,
            end=self.end,
            speaker=self._speakers(self.turn[self.sentence]),
            confidence=self.confidence,
            doubt=pc.if_else(pa.array(self.doubtful), "unsure", nothing),
            recognized=pc.if_else(pa.array(self.corrected), "something", nothing),
        )

    def sentences(self, episode: Mapping[str, str]) -> pa.Table:
        offsets = pa.array(np.append(self.begins, self.ends[-1]), pa.int32())
        marked = self.words(episode)["text"].combine_chunks()
        folded: Any = pc.binary_join(
            pa.ListArray.from_arrays(offsets, _vocabulary()[1].take(pa.array(self.ranks))), " "
        )
        return _table(
            SENTENCES,
            episode,
            sentence=np.arange(len(self.ends)),
            turn=self.turn,
            start=self.start[self.begins],
            end=self.end[self.ends - 1],
            speaker=self._speakers(self.turn),
            words=self.ends - self.begins,
            doubtful=np.add.reduceat(self.doubtful.astype(int), self.begins),
            text=pc.binary_join(pa.ListArray.from_arrays(offsets, marked), " "),
            plain=pc.binary_join_element_wise(" ", folded, " ", ""),
            question=self.question,
            advert=self.advert,
        )


def _table(spec: TableSpec, episode: Mapping[str, str], **columns: Any) -> pa.Table:
    """A table with the columns of `episode` in every row, all others as given."""
    rows = len(columns["sentence"])
    arrays: list[Any] = [
        columns[c.name] if c.name in columns else pa.repeat(episode[c.name], rows) for c in spec.columns
    ]
    cast = [pa.array(array).cast(field.type) for array, field in zip(arrays, spec.schema, strict=True)]
    return pa.Table.from_arrays(cast, schema=spec.schema)


@cache
def _zipf() -> Any:
    weights = np.cumsum(1 / np.arange(1, VOCABULARY + 1))
    return weights / weights[-1]


@cache
def _vocabulary() -> tuple[Any, Any]:
    """The words as they are written, again with a full stop, again with a question mark; and as `plain` has them."""
    generator = np.random.default_rng(1)
    syllables = [consonant + vowel for consonant in "bdfghklmnprstvz" for vowel in ("a", "e", "i", "o", "u", "ü")]
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        longest = 1 + min(3, len(words) // 60)
        drawn = generator.integers(len(syllables), size=generator.integers(1, longest + 1))
        words.setdefault("".join(syllables[number] for number in drawn))
    written = [NAMES.get(rank, word) for rank, word in enumerate(words)]
    marked = [word + mark for mark in ("", ".", "?") for word in written]
    return pa.array(marked), pa.array([plain(word).strip() for word in written])


def _clips(generator: np.random.Generator, number: int, episode: Mapping[str, str]) -> tuple[list[Any], list[Any]]:
    """Rows of windows and of clips; some episodes have none, some a second aspect, some another look."""
    windows, clips = [], []
    named = {name: episode[name] for name in ("episode", "show")}
    for clip in range(0 if number % 10 == 9 else CLIPS_EACH):
        picker, prompt, version = ("editor", None, None) if clip == 7 else PICKERS[(number // 3 + clip // 6) % 4]
        window = {
            **named,
            "clip": clip,
            "start": 20.0 * clip,
            "end": 20.0 * clip + 15,
            "virality_score": 9.0 - clip,
            "title": f"Clip {clip}",
            "hook": "Listen to this",
            "picker": picker,
            "prompt": prompt,
            "prompt_version": version,
        }
        windows.append({**window, "hashtags": ["#bees"]})
        decision = generator.choice(["approved", "rejected", ""], p=[0.5, 0.3, 0.2]) if number % 4 else ""
        looks: list[tuple[str | None, str]] = [(None, "9:16"), *([(None, "1:1")] if number % 5 == 0 else [])]
        looks += [("square-marker", "1:1")] if number % 7 == 0 else []
        clips += [
            {
                **window,
                "look": look,
                "aspect": aspect,
                "caption_style": "classic",
                "duration_s": 15.0,
                "publishable": clip % 2 == 0,
                "held_back": [] if clip % 2 == 0 else ["loudness"],
                "decision": str(decision) or None,
                "key": f"{episode['episode']}/{look}/{aspect}/clip_{clip}.mp4",
                "bytes": 5_000_000,
                "rendered_at": START + dt.timedelta(hours=9 * number + 3),
                "degraded": [],
            }
            for look, aspect in looks
        ]
    return windows, clips


def _costs(generator: np.random.Generator, number: int, episode: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "episode": episode["episode"],
            "show": episode["show"],
            "run_id": f"run-{number}",
            "step": step,
            "look": None,
            "at": START + dt.timedelta(hours=9 * number + 2),
            "failed": False,
            "cpu_seconds": round(float(generator.uniform(5, 500)), 2),
            "gpu_seconds": 0.0,
            "input_tokens": 9000,
            "output_tokens": 900,
            "usd": round(float(generator.uniform(0.001, 0.05)), 4),
        }
        for step in ("aligned_transcript", "scenes", "highlight_windows", "rendered_clips")
    ]
