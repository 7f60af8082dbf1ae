import time

import pytest

from clipper_assets.adverts.cues import counted, cues_of, plain, weights
from clipper_assets.adverts.detect import find_spans
from clipper_assets_tests.adverts.episodes import ADVERT, conversation, spoken

LANGUAGES = ["de", "en", "es", "fr", "it", "pt"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Visit Acme .com / show.", "visit acme.com / show."),
        ("Save 20 % on $5 ,000.", "save 20% on $5,000."),
        ("It\u2019s an all -in -one.", "it's an all-in-one."),
        ("Y 'all know.", "y'all know."),
    ],
)
def test_addresses_and_figures_are_read_as_they_are_written(written: str, read: str) -> None:
    assert plain(written) == read


@pytest.mark.parametrize(
    ("language", "code", "offer"),
    [
        ("en", "You use code to solve problems, and I use code reviews.", "Use code RIVER at the end."),
        ("de", "Er nutzt den Code von damals.", "Mit dem Code RIVER wird es billiger."),
        ("es", "El c\u00f3digo penal cambi\u00f3, y el c\u00f3digo postal.", "Usa el c\u00f3digo RIVER al pagar."),
        ("pt", "O c\u00f3digo penal mudou, e o c\u00f3digo-fonte.", "Use o c\u00f3digo RIVER hoje."),
    ],
)
def test_code_of_programs_and_laws_is_no_offer(language: str, code: str, offer: str) -> None:
    (cue,) = [cue for cue in cues_of(language) if cue.name == "offer code"]
    assert not cue.pattern.search(plain(code))
    assert cue.pattern.search(plain(offer))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_cues_of_every_kind_that_match_no_empty_text(language: str) -> None:
    cues = cues_of(language)
    assert {cue.kind.value for cue in cues} == {"advert", "intro", "outro", "subscribe"}
    assert any(cue.weight < 0 for cue in cues)
    assert all(cue.pattern.search("") is None for cue in cues)


@pytest.mark.parametrize("language", ["xx", "", "../x", "EN"])
def test_a_language_without_a_file_has_no_cues(language: str) -> None:
    assert cues_of(language) == ()


@pytest.mark.parametrize("text", ["a" * 50_000, "a-" * 25_000, "the podcast, " * 4000, "1" * 50_000, " " * 50_000])
def test_no_text_takes_long(text: str) -> None:
    began = time.perf_counter()
    for language in LANGUAGES:
        counted(spoken([text]), cues_of(language))
    assert time.perf_counter() - began < 2


def test_a_cue_that_the_whole_episode_has_says_less() -> None:
    cues = cues_of("en")
    pitch = [cue.name for cue in cues].index("pitch")
    about_selling = spoken([f"Then our customers saw that small businesses number {n} pay us." for n in range(100)])
    about_rivers = spoken(conversation(100), ADVERT)
    said = [weights(each, cues, counted(each, cues))[pitch] for each in (about_selling, about_rivers)]
    assert said[0] < said[1] == cues[pitch].weight
    assert find_spans(about_selling, "en") == []


def test_talk_about_products_and_prices_is_no_advert() -> None:
    talk = [
        "We offered a free trial for thirty days and nobody signed up.",
        "Our customers were mostly small businesses in Ohio.",
        "So we had a promo code for every show and tracked them in a spreadsheet.",
        "The conversion rate was about two percent, which was terrible.",
        "We started at twenty dollars a month and then went up to fifty.",
        "They said the app saved them ten hours a week.",
        "I think that was the moment it clicked for us.",
    ]
    assert find_spans(spoken([*conversation(40), *talk, *conversation(40, 40)]), "en") == []


def test_phrases_after_the_third_add_nothing() -> None:
    amounts = counted(spoken(["Use code ONE, use code TWO, use code SIX, use code TEN."]), cues_of("en"))
    assert amounts[[cue.name for cue in cues_of("en")].index("offer code"), 0] == 2.0
