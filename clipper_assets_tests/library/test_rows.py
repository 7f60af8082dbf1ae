"""The rows of an episode: what people corrected, decided and changed is in them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from clipper_assets.edits.model import Decision, EditedClip, Edits, MarkedSpan, StoredDecision, UnmarkedSpan, WordEdit
from clipper_assets.edits.windows import pinned_clips, retitled
from clipper_assets.library.questions import is_question
from clipper_assets.library.rows import episode_rows, published_at
from clipper_assets.library.sources import read_sources
from clipper_assets.library.tables import TABLES
from clipper_assets.media.frame import Aspect
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.library.episode import KEY, store_clips, store_edits, store_episode

Rows = dict[str, list[dict[str, Any]]]


def rows_of(storage: DirectoryStorage, episode: str) -> Rows:
    return {name: table.to_pylist() for name, table in episode_rows(read_sources(storage, episode)).items()}


def test_every_table_has_its_declared_columns(storage: DirectoryStorage) -> None:
    tables = episode_rows(read_sources(storage, store_episode(storage)))
    assert {name: table.schema.remove_metadata() for name, table in tables.items()} == {
        spec.name: spec.schema for spec in TABLES
    }


def test_an_episode_without_edits(storage: DirectoryStorage) -> None:
    rows = rows_of(storage, store_episode(storage))
    (episode,) = rows["episodes"]
    finished_at, version = episode.pop("finished_at"), episode.pop("version")
    assert episode == {
        "episode": KEY, "show": "bees", "title": "On bees", "published_at": datetime(2026, 11, 3, tzinfo=UTC),
        "duration_s": 100.0, "language": "en", "speakers": 2, "words": 26, "corrections": 0, "clips": 2,
        "publishable": 2, "approved": 0, "rejected": 0, "cpu_seconds": 0.0, "gpu_seconds": 0.0, "usd": 0.0,
        "degraded": ["the recording broke off", "no model"],
    }  # fmt: skip
    assert (datetime.now(UTC) - finished_at).total_seconds() < 60
    assert len(version) == 16
    assert [row["text"] for row in rows["words"][:3]] == ["Welcome", "to", "the"]
    assert [row["turn"] for row in rows["sentences"]] == [0, 1, 2, 3]
    assert [row["question"] for row in rows["sentences"]] == [False, False, True, False]
    assert [row["advert"] for row in rows["sentences"]] == [False, False, True, False]
    assert [row["words"] for row in rows["sentences"]] == [6, 7, 7, 6]
    assert {row["show"] for name in ("words", "sentences", "windows", "clips") for row in rows[name]} == {"bees"}
    assert [(clip["clip"], clip["look"], clip["prompt"], clip["picker"]) for clip in rows["clips"]] == [
        (0, None, "default", "openai:gpt-5"),
        (1, None, "default", "openai:gpt-5"),
    ]


def test_corrections_are_applied_and_the_recognized_words_kept(storage: DirectoryStorage) -> None:
    episode = store_episode(storage)
    words = [
        WordEdit(start=0, end=0.5, was="Welcome", text="Willkommen"),
        WordEdit(start=0.5, end=1, was="to", text=""),
        WordEdit(start=12.5, end=13, was="dark.", text="dark?"),
        WordEdit(start=90, end=91, was="of another transcript", text="lost"),
    ]
    store_edits(storage, episode, Edits(version=1, words=words))
    rows = rows_of(storage, episode)
    assert [(row["word"], row["text"], row["recognized"]) for row in rows["words"] if row["recognized"]] == [
        (0, "Willkommen", "Welcome"),
        (25, "dark?", "dark."),
    ]
    assert rows["sentences"][0]["text"] == "Willkommen the show about gardens."
    assert rows["sentences"][0]["plain"] == " willkommen the show about gardens "
    assert rows["episodes"][0]["corrections"] == 3


def test_windows_and_clips_are_as_people_left_them(storage: DirectoryStorage) -> None:
    episode = store_episode(storage)
    store_clips(storage, KEY, Aspect.square, "/1x1")
    picked = pinned_clips(Edits(version=0), read_sources(storage, episode).windows)
    approved = StoredDecision(decision=Decision.approved, sha256="sha of bees/clips/clip_0")
    rejected = StoredDecision(decision=Decision.rejected, sha256="an earlier file")
    first = retitled(picked[0], None, "Better").model_copy(update={"judged": approved})
    clips = [first, EditedClip(window={**picked[1].window, "start": 3.0, "end": 6.5}, judged=rejected)]
    store_edits(storage, episode, Edits(version=1, clips=clips))
    rows = rows_of(storage, episode)
    assert [(row["title"], row["picker"], row["prompt_version"]) for row in rows["windows"]] == [
        ("Better", "editor", "a1"),
        ("t", "openai:gpt-5", "a1"),
    ]
    decided = [(row["aspect"], row["clip"], row["decision"], row["held_back"]) for row in rows["clips"]]
    assert decided == [
        ("9:16", 0, "approved", []),
        ("9:16", 1, "rejected", ["rejected by a person"]),
        ("1:1", 0, None, []),
        ("1:1", 1, "rejected", ["rejected by a person"]),
    ]
    (row,) = rows["episodes"]
    assert {name: row[name] for name in ("clips", "publishable", "approved", "rejected")} == {
        "clips": 2, "publishable": 1, "approved": 1, "rejected": 1,
    }  # fmt: skip
    assert {clip["picker"] for clip in rows["clips"] if clip["clip"] == 1} == {"unknown"}


def test_clips_of_looks_are_named(storage: DirectoryStorage) -> None:
    episode = store_episode(storage)
    store_clips(storage, KEY, Aspect.square, "/looks/square-marker", caption_style="marker")
    picked = pinned_clips(Edits(version=0), read_sources(storage, episode).windows)
    judged = StoredDecision(decision=Decision.approved, sha256="sha of bees/clips/looks/square-marker/clip_0")
    first = picked[0].model_copy(update={"judged_looks": {"square-marker": judged}})
    store_edits(storage, episode, Edits(version=1, clips=[first, picked[1]]))
    rows = rows_of(storage, episode)
    assert [row["decision"] for row in rows["clips"]] == [None, None, "approved", None]
    assert rows["episodes"][0]["approved"] == 0
    assert [(row["look"], row["aspect"], row["key"]) for row in rows["clips"]] == [
        (None, "9:16", "bees/clips/clip_0.mp4"),
        (None, "9:16", "bees/clips/clip_1.mp4"),
        ("square-marker", "1:1", "bees/clips/looks/square-marker/clip_0.mp4"),
        ("square-marker", "1:1", "bees/clips/looks/square-marker/clip_1.mp4"),
    ]
    assert rows["episodes"][0]["clips"] == 2


def test_marks_of_adverts_count(storage: DirectoryStorage) -> None:
    episode = store_episode(storage)
    edits = Edits(version=1, marked=[MarkedSpan(start=0, end=3)], unmarked=[UnmarkedSpan(start=6, end=20)])
    store_edits(storage, episode, edits)
    assert [row["advert"] for row in rows_of(storage, episode)["sentences"]] == [True, False, False, False]


def test_turns_are_those_of_speakers(storage: DirectoryStorage) -> None:
    said = [("Ann", "One."), ("Ann", "Two."), (None, "Three."), (None, "Four."), ("Ann", "Five.")]
    rows = rows_of(storage, store_episode(storage, said=said, title=None))
    assert [row["turn"] for row in rows["sentences"]] == [0, 0, 1, 1, 2]
    assert rows["episodes"][0]["speakers"] == 1
    assert rows["episodes"][0]["title"] == "talk 2026-11-03"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Why?", "en"),
        ("Did she say \u201cno\u201d?", "en"),
        ("She asked: \u201cWhy?\u201d", "en"),
        ("\u00abPourquoi ?\u00bb", "fr"),
        ("(Really?)", "en"),
        ("What?!", "en"),
        ("And then?...", "en"),
        ("\u00bfPor qu\u00e9?", "es"),
        ("\u3069\u3046\u3057\u3066\uff1f\u300d", "ja"),
        ("\u0644\u0645\u0627\u0630\u0627\u061f", "ar"),
        ("\u0393\u03b9\u03b1\u03c4\u03af;", "el"),
        ("\u0393\u03b9\u03b1\u03c4\u03af\u037e", "el"),
        ("\u053b\u0576\u0579\u0578\u055e\u0582 \u0567\u0580\u0589", "hy"),
        ("\u1208\u121d\u1295\u1367", "am"),
        ("Really\u203d", "en"),
    ],
)
def test_questions_of_every_script(text: str, language: str) -> None:
    assert is_question(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("\u201cWhy?\u201d he asked.", "en"),
        ("Stop;", "en"),
        ("Yes.", "el"),
        ("", "en"),
        ("... \u2014", "en"),
        ("Y?es", "en"),
    ],
)
def test_other_sentences_are_no_questions(text: str, language: str) -> None:
    assert not is_question(text, language)


@pytest.mark.parametrize(
    ("key", "date"),
    [
        ("show/2026-11-03 bees.mp4", (2026, 11, 3)),
        ("show/ep_20240229.mp4", (2024, 2, 29)),
        ("show/2025.07.01.mp4", (2025, 7, 1)),
        ("2024-05-05/bees.mp4", None),
        ("show/2023-02-29.mp4", None),
        ("show/120260101.mp4", None),
        ("show/2026-0103.mp4", None),
    ],
)
def test_a_date_in_the_name_is_when_it_was_published(key: str, date: tuple[int, int, int] | None) -> None:
    uploaded_at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert published_at(key, uploaded_at) == (datetime(*date, tzinfo=UTC) if date else uploaded_at)
