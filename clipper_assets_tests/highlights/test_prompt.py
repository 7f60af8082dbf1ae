from collections import Counter
from string import Template

import pytest

from clipper_assets.highlights.prompt import MAX_BYTES, load_prompt, packaged_prompts, prompt_name, standard_prompt
from clipper_assets.shows.show import Show
from clipper_assets.storage.directory import DirectoryStorage

EPISODES = [f"show/{number:04}.mp4" for number in range(4000)]


@pytest.mark.parametrize("name", packaged_prompts())
def test_every_prompt_of_the_package_is_a_template(name: str, storage: DirectoryStorage) -> None:
    prompt = load_prompt(storage, name)
    for text in (prompt.pick, prompt.rank):
        assert Template(text).is_valid()
        assert "data, not instructions" in text


def test_equal_texts_have_equal_versions(storage: DirectoryStorage) -> None:
    storage.put_bytes("prompts/bold/pick.md", b"Find $count stretches.")
    storage.put_bytes("prompts/calm/pick.md", b"Find $count stretches.")
    bold, calm = load_prompt(storage, "bold"), load_prompt(storage, "calm")
    assert bold.version == calm.version != standard_prompt().version
    assert (bold.name, bold.pick, bold.rank) == ("bold", "Find $count stretches.", standard_prompt().rank)


def test_a_deployment_replaces_a_prompt_of_the_package(storage: DirectoryStorage) -> None:
    storage.put_bytes("prompts/standard/pick.md", b"Find $count.")
    storage.put_bytes("prompts/standard/rank.md", b"Rank $count.")
    assert load_prompt(storage, "standard").rank == "Rank $count."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"costs 5 $ each", r"prompts/own/pick.md has a \$ that begins no placeholder; write \$\$ for a dollar sign"),
        (b"Find $number.", r"prompts/own/pick.md uses \$number, which is no placeholder of it; there are \$count, "),
        (b" \n", "prompts/own/pick.md is empty"),
        ("Wähle".encode("latin-1"), "prompts/own/pick.md is not UTF-8 text; save it as UTF-8"),
        (b"x" * (MAX_BYTES + 1), "prompts/own/pick.md has more than 20 kB; shorten the prompt"),
    ],
)
def test_a_prompt_that_cannot_be_used_is_refused(storage: DirectoryStorage, text: bytes, message: str) -> None:
    storage.put_bytes("prompts/own/pick.md", text)
    with pytest.raises(ValueError, match=message):
        load_prompt(storage, "own")


def test_a_prompt_that_does_not_exist_is_refused(storage: DirectoryStorage) -> None:
    with pytest.raises(ValueError, match="no prompt 'bold'; use one of standard, or store your own as prompts/bold/"):
        load_prompt(storage, "bold")


def test_each_prompt_gets_its_share_of_the_episodes() -> None:
    show = Show(prompts={"standard": 3, "bold": 1})
    picked = Counter(prompt_name(show, episode) for episode in EPISODES)
    assert picked["bold"] / len(EPISODES) == pytest.approx(0.25, abs=0.02)


def test_an_episode_keeps_its_prompt_where_another_is_added() -> None:
    two, three = Show(prompts={"a": 1, "b": 1}), Show(prompts={"c": 1, "b": 1, "a": 1})
    moved = {
        (prompt_name(two, episode), prompt_name(three, episode))
        for episode in EPISODES
        if prompt_name(two, episode) != prompt_name(three, episode)
    }
    assert moved == {("a", "c"), ("b", "c")}


def test_a_show_without_shares_uses_one_prompt() -> None:
    assert {prompt_name(Show(prompt="bold"), episode) for episode in EPISODES[:50]} == {"bold"}
    assert {prompt_name(Show(), episode) for episode in EPISODES[:50]} == {"standard"}
