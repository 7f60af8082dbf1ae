import pytest

from clipper_assets.highlights.hashtags import Names

PLAIN = ["We talked about the plan.", "It was fine and the weather was good."] * 5
NAMED = [
    "The ferry to New Zealand was late.",
    "In New Zealand everybody waits.",
    "So we left New Zealand's harbour with Miriam.",
    "And Miriam laughed.",
]


def test_names_that_are_said_again_and_again_are_hashtags() -> None:
    assert Names([*PLAIN, *NAMED, "I met Miriam."], "en").hashtags(NAMED) == ("#NewZealand", "#Miriam")


@pytest.mark.parametrize(
    ("window", "language"),
    [
        (["It aren't so.", "They aren't home.", "We aren't sure."], "en"),
        (["So I'm late.", "And I'm sorry.", "But I'm here."], "en"),
        (["See you on Monday.", "Not on Monday.", "Why Monday?"], "en"),
        (["Der Hund sah den Hund.", "Ein Hund bellt."], "de"),
        (["WE SAW THE LION.", "THE LION SLEPT.", "A LION WOKE."], "en"),
        (["we saw miriam.", "then miriam left.", "so miriam won."], "en"),
        (["今日は東京です。", "東京はいい。", "東京。"], "ja"),
        (["Only once we saw Miriam."], "en"),
    ],
)
def test_there_are_no_hashtags_rather_than_bad_ones(window: list[str], language: str) -> None:
    episode = window if window[0].isupper() else [*PLAIN, *window]
    assert Names(episode, language).hashtags(window) == ()
