import pytest

from clipper_assets.adverts.detect import find_spans
from clipper_assets.adverts.repeats import Shingles
from clipper_assets.adverts.spans import AdSpan, SpanKind
from clipper_assets.adverts.support import Marked, Support
from clipper_assets.transcript.words import Sentence
from clipper_assets_tests.adverts.episodes import ADVERT, NOUNS, conversation, spoken


def texts_of(span: AdSpan, sentences: list[Sentence]) -> list[str]:
    return [each.text for each in sentences if span.start <= each.start and each.end <= span.end]


TEASED = (
    "When the storm came over the ridge we had twelve minutes to get forty people off the mountain.",
    "Nobody had a radio, and the only path down was already under a metre of new snow.",
)
ALL_NIGHT = (
    "Sunday nights belong to the people who never left the workshop.",
    "They hear the kettle before the rain and the rain before the neighbours.",
    "Every chair in that room has been mended twice and painted once.",
    "Somebody always leaves the radio on for the dog beside the stove.",
)


def test_an_advert_is_found_whole_although_only_half_of_its_sentences_have_cues() -> None:
    sentences = spoken(conversation(40), ADVERT, conversation(40, 40))
    (span,) = find_spans(sentences, "en")
    assert texts_of(span, sentences) == list(ADVERT)
    assert span.kind == "advert"
    assert {"sponsor", "offer code", "address", "name said only here"} <= set(span.evidence)
    assert span.confidence > 0.9


@pytest.mark.parametrize(
    "advert",
    [
        [
            "What if your taxes were done before lunch?",
            "With Tallybird, you answer a few questions and you're finished.",
            "Join over two million people who file with Tallybird.",
            "Get started for free at tallybird .com slash pod.",
        ],
        [
            "Struggling to sleep?",
            "Ask your doctor about Noctavel.",
            "Side effects may include dizziness and dry mouth.",
            "Do not take Noctavel if you are pregnant.",
            "Learn more at noctavel .com.",
        ],
        [
            "Hey, I'm Dana Okafor, host of the Lighthouse Keepers podcast.",
            "Each week I climb the stairs with somebody who lives above the sea.",
            "New episodes every Tuesday.",
            "Listen wherever you get your podcasts.",
        ],
        [
            "Support for this show comes from Harrow Bank.",
            "Whether you're saving for a boat or a barn, Harrow helps you get there.",
            "Open an account in five minutes.",
            "Member FDIC, terms apply.",
        ],
    ],
    ids=["a free service", "a medicine", "another podcast", "a bank"],
)
def test_adverts_of_many_kinds_are_found_and_nothing_beside_them(advert: list[str]) -> None:
    sentences = spoken(conversation(40), advert, conversation(40, 40))
    (span,) = find_spans(sentences, "en")
    assert texts_of(span, sentences) == advert


@pytest.mark.parametrize(
    "said",
    [
        "I looked it up on wikipedia.org last night.",
        "The company sold forty percent of its shares in the summer.",
        "My doctor said the side effects were mild.",
        "We were on a podcast together, remember?",
        "Laptops like that one start at a thousand dollars.",
    ],
)
def test_a_cue_in_the_conversation_is_no_advert(said: str) -> None:
    sentences = spoken([*conversation(40), said, *conversation(40, 40)])
    assert find_spans(sentences, "en") == []


def test_text_that_is_said_again_much_later_is_found_without_any_cue() -> None:
    sentences = spoken(conversation(60), ALL_NIGHT, conversation(40, 60), ALL_NIGHT, conversation(20, 100))
    spans = find_spans(sentences, "xx")
    assert [texts_of(span, sentences) for span in spans] == [list(ALL_NIGHT)] * 2
    assert all(list(span.evidence) == ["repeated in the episode"] for span in spans)


def test_a_teaser_at_the_start_is_part_of_the_conversation() -> None:
    sentences = spoken(TEASED, conversation(40), [*conversation(10, 40), *TEASED, *conversation(20, 50)])
    assert find_spans(sentences, "en") == []


@pytest.mark.parametrize(
    "talk",
    [
        """The side effects are mostly nausea in the first weeks.
        Ask your doctor whether you're eligible, because insurance often says no.
        We had a patient who paid a thousand dollars out of pocket.
        In the treatment group there were serious infections in four cases.
        Do not use it if you are pregnant.""",
        """Past performance is no guarantee, they always print that at the bottom.
        Term life insurance is cheap and boring, and that's why nobody sells it to you.
        A credit card with an annual percentage rate of 24 percent is a trap.
        Put your money in a savings account, FDIC insured, and forget about it.
        Investing involves risk and I've been wrong many times.""",
    ],
    ids=["medicine", "money"],
)
def test_talk_with_words_of_disclaimers_is_no_advert(talk: str) -> None:
    sentences = spoken(conversation(40), [line.strip() for line in talk.splitlines()], conversation(40, 40))
    assert find_spans(sentences, "en") == []


def test_a_minute_of_the_conversation_may_open_the_episode() -> None:
    teased = [f"My {NOUNS[n]} lay by the {NOUNS[n - 1]} for {n} years." for n in range(1, 11)]
    sentences = spoken(teased, conversation(60), teased, conversation(40, 60))
    assert find_spans(sentences, "en") == []


def test_an_episode_that_repeats_itself_all_the_time_has_no_adverts_for_it() -> None:
    assert find_spans(spoken(conversation(10) * 12), "en") == []


def test_an_episode_that_is_an_advert_is_not_left_out_of_its_own_clips() -> None:
    assert find_spans(spoken(ADVERT), "en") == []
    (span,) = find_spans(spoken(ADVERT, conversation(6)), "en")
    assert span.kind == "advert"


def test_text_that_another_episode_has_is_found() -> None:
    sentences = spoken(conversation(40), ALL_NIGHT, conversation(40, 40))
    other = Shingles(spoken(conversation(40, 200), ALL_NIGHT)).hashes
    (span,) = find_spans(sentences, "en", Support(others=[other]))
    assert texts_of(span, sentences) == list(ALL_NIGHT)
    assert list(span.evidence) == ["repeated in other episodes"]


def test_the_same_recording_under_another_name_marks_nothing() -> None:
    sentences = spoken(conversation(80))
    assert find_spans(sentences, "en", Support(others=[Shingles(sentences).hashes])) == []


def test_welcome_thanks_and_calls_to_subscribe_have_their_kinds() -> None:
    intro = ["Welcome to the Slow Boat podcast, I'm your host.", "You're listening to a show about rivers."]
    call = ["Please rate and review us, and follow us on Instagram.", "You can support us on Patreon."]
    outro = ["Thanks for listening to the Slow Boat.", "It is produced by Ida Marsh.", "See you next week."]
    sentences = spoken(intro, conversation(60), call, conversation(60, 60), outro)
    spans = find_spans(sentences, "en")
    assert [span.kind for span in spans] == ["intro", "subscribe", "outro"]
    assert [texts_of(span, sentences) for span in spans] == [intro, call, outro]


def test_what_a_model_named_is_found_and_what_it_left_out_needs_more_evidence() -> None:
    sentences = spoken(conversation(30), ALL_NIGHT, conversation(30, 30))
    (span,) = find_spans(sentences, "en", Support(marked=[Marked(30, 33, SpanKind.advert, 0.9)]))
    assert texts_of(span, sentences) == list(ALL_NIGHT)
    with_advert = spoken(conversation(40), ADVERT, conversation(40, 40))
    (span,) = find_spans(with_advert, "en", Support(marked=[]))
    assert set(texts_of(span, with_advert)) <= set(ADVERT)


def test_capitals_of_every_word_are_no_names() -> None:
    loud = [text.upper() for text in conversation(80)]
    sentences = spoken(loud[:40], [text.upper() for text in ADVERT], loud[40:])
    (span,) = find_spans(sentences, "en")
    assert "name said only here" not in span.evidence
    assert set(texts_of(span, sentences)) <= {text.upper() for text in ADVERT}


def test_an_episode_without_sentences_has_no_spans() -> None:
    assert find_spans([], "en") == []
