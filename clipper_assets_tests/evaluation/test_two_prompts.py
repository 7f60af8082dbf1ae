"""Two prompts side by side behind a model server: 40 episodes, a reviewer, and what the evaluation says of them."""

from random import Random
from typing import Any

import dagster as dg

from clipper_assets.edits.model import Edits
from clipper_assets.edits.windows import pinned_clips, retitled, with_boundaries
from clipper_assets.highlights.pickers.base import Talk
from clipper_assets.highlights.pickers.openai import OpenAIPicker
from clipper_assets.highlights.prompt import prompt_for
from clipper_assets.highlights.rules import place, windows_table
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.llm.language_model import LanguageModel
from clipper_assets.shows.show import load_show
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import parquet_bytes, table_key
from clipper_assets_tests.evaluation.reviewing import check, evaluated, review, shown, stored_rows
from clipper_assets_tests.highlights.conftest import ModelServer, Reply, highlight, highlights
from clipper_assets_tests.highlights.talks import ignored, steady, talk_of, words_of

EPISODES = [f"show/{number:02}.mp4" for number in range(40)]
STRETCHES = [(8 * n, 8 * n + 6) for n in range(6)]
FINDS = {"standard": 0.8, "bold": 0.35}
"""How often each prompt finds a stretch that the reviewer likes."""


def gems(number: int) -> list[tuple[int, int]]:
    """The three stretches of an episode that the reviewer likes."""
    return Random(f"gems of {number}").sample(STRETCHES, 3)


def answer(request: dict[str, Any]) -> Reply:
    """Three stretches, of which the prompt decides how many are liked."""
    system, user = (message["content"] for message in request["messages"])
    number = int(user.split("episode ")[1].split()[0])
    random = Random(f"answer to {number}")
    finds = FINDS["bold" if "Be bold" in system else "standard"]
    liked = gems(number)
    others = [stretch for stretch in STRETCHES if stretch not in liked]
    chosen = [one if random.random() < finds else other for one, other in zip(liked, others, strict=True)]
    return highlights(*(highlight(*stretch, score=9 - n) for n, stretch in enumerate(chosen)))


def reviewed(episode: str, picker: OpenAIPicker, storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    """Pick the episode's clips, store them, and let the reviewer decide about them."""
    number = EPISODES.index(episode)
    words = words_of(steady([f"This is episode {number} of the show, line {line}." for line in range(50)]))
    talk = talk_of(words, 300.0, max_clips=3)
    prompt = prompt_for(storage, load_show(storage, episode), episode)
    chosen = picker.pick(Talk(**{**vars(talk), "prompt": prompt}), ignored)
    windows = windows_table(
        episode,
        place(chosen.candidates, talk.runs, talk.count),
        talk.rules,
        picker=chosen.picker,
        prompt_version=chosen.prompt_version,
        prompt=chosen.prompt,
        degraded=chosen.degraded,
    )
    storage.put_bytes(table_key("highlight_windows", "windows", episode), parquet_bytes(windows))
    clips = pinned_clips(Edits(version=0), WINDOWS.table(windows.to_pylist()))
    liked = [(row["first_sentence"], row["last_sentence"]) in gems(number) for row in windows.to_pylist()]
    first = windows["first_sentence"][0].as_py()
    clips[0] = with_boundaries(clips[0], first + 1, None, talk.sentences, 300.0)
    clips[1] = retitled(clips[1], None, "A title of the reviewer")
    review(storage, instance, episode, clips, liked)


def test_the_evaluation_names_the_better_prompt_and_the_check_fails_for_the_worse(
    storage: DirectoryStorage, instance: dg.DagsterInstance, model_server: ModelServer
) -> None:
    storage.put_bytes("show/show.toml", b"[prompts]\nstandard = 1\nbold = 1\n")
    storage.put_bytes("prompts/bold/pick.md", b"Be bold. Return $count stretches.")
    model_server.replies = [answer]
    model = LanguageModel(model="m", base_url=model_server.url, timeout_s=5.0, max_retries=0)
    for episode in EPISODES:
        reviewed(episode, OpenAIPicker(language_model=model), storage, instance)

    result = evaluated(storage, instance)
    assert result.success
    metadata = shown(result)
    assert metadata["better"] == "standard"
    assert metadata["episodes"] == len(EPISODES)
    assert metadata["dagster/row_count"] == 4
    passed, why = check(result, "prompt_not_worse")
    assert not passed
    assert why.startswith("bold (")
    assert "is worse than standard (" in why
    assert why.endswith("; use standard")
    assert check(result, "not_degraded") == (True, "")
    every, *_ = stored_rows(storage)
    assert every["show"] is None
    assert every["start_shift_s"] > 0
    assert every["retitled_share"] > 0

    # What the show uses is what the check is about: with the better prompt alone there is nothing to warn of.
    storage.put_bytes("show/show.toml", b'prompt = "standard"')
    passed, why = check(evaluated(storage, instance), "prompt_not_worse")
    assert passed
    assert why.startswith("standard (")
    assert "is better than bold (" in why
