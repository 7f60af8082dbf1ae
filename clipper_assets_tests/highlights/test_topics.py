import numpy as np
import pytest

from clipper_assets.highlights.pickers.heuristic import HeuristicPicker, features
from clipper_assets.highlights.topics import topic_changes
from clipper_assets.text.stems import stems
from clipper_assets_tests.highlights.talks import ignored, steady, talk_of, words_of

SUBJECTS = {
    "en": [
        "bread dough oven flour yeast baking crust loaf kneading rising",
        "glacier ice snow mountain climbing rope summit avalanche peak valley",
        "violin orchestra string bow concert melody composer rehearsal hall audience",
    ],
    "de": [
        "Brot Teig Ofen Mehl Hefe Kruste Laib kneten backen gehen",
        "Gletscher Eis Schnee Berg klettern Seil Gipfel Lawine Tal Grat",
        "Geige Orchester Saite Bogen Konzert Melodie Probe Saal Publikum Takt",
    ],
    "ru": [
        "хлеб тесто печь мука",
        "лед снег гора вершина",
        "скрипка струна зал концерт",
    ],
}
FILLER = "and then we said that it was about the".split()  # noqa: SIM905


def talk(language: str, sentences: int = 40, seed: int = 1) -> list[str]:
    """Sentences of three subjects, one after another, with the same filler words in all."""
    random = np.random.default_rng(seed)
    subjects = [subject.split() for subject in SUBJECTS[language]]
    return [
        " ".join([*random.choice(FILLER, 5), *random.choice(subject, 4)]) + "."
        for subject in subjects
        for _ in range(sentences)
    ]


@pytest.mark.parametrize("language", list(SUBJECTS))
def test_a_change_of_the_subject_is_found_in_any_language(language: str) -> None:
    changes = topic_changes(talk(language), language)
    assert [change.position for change in changes] == [pytest.approx(40, abs=7), pytest.approx(80, abs=7)]
    assert all(change.depth > 0.4 for change in changes)


def test_a_short_text_and_one_about_one_thing_have_no_change() -> None:
    assert topic_changes([], "en") == topic_changes(["Hello."], "en") == topic_changes(["..."] * 50, "en") == []
    assert topic_changes(talk("en")[:12], "en") == []
    assert all(change.depth < 0.4 for change in topic_changes(talk("en", 120)[:120], "en"))


def test_inflected_words_count_as_one() -> None:
    assert stems(["loaves", "baking", "baked", "bakes"], "en")[1:] == ["bake"] * 3
    assert stems(["baking"], "xx") == ["baking"]


def test_windows_of_the_heuristic_do_not_cross_a_change_of_the_subject() -> None:
    spoken = talk_of(words_of(steady(talk("en"), seconds=4.0, gap=0.3)), 600)
    edges = {change.position for change in spoken.topic_changes}
    crossing = features(spoken, spoken.runs)["crossing"]
    assert [bool(value) for value in crossing] == [any(r.first < e <= r.last for e in edges) for r in spoken.runs]
    for candidate in HeuristicPicker().pick(spoken, ignored).candidates:
        assert not any(candidate.first < edge <= candidate.last for edge in edges)
