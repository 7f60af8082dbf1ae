from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.captions.layout import Captions
from clipper_assets.captions.lines import CaptionWord, text_of
from clipper_assets.captions.styles import load_style
from clipper_assets.clips.translation.timing import in_translation
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.text.scripts import split_words
from clipper_assets_tests.captions.test_lines import talks

TEXTS = {
    "es": "Bienvenidos de nuevo a la cocina.",
    "ja": "静かなキッチンへようこそ。",
    "th": "ยินดีต้อนรับกลับสู่ห้องครัว",
    "ar": "مرحبا بكم في المطبخ الهادئ.",
    "zh": "欢迎回到安静的厨房。",
}


def spoken(*times: tuple[float, float], speaker: str | None = "A", sentence: int = 0) -> list[CaptionWord]:
    return [CaptionWord(f"w{start}", start, end, sentence, speaker, "en") for start, end in times]


@given(talks(), st.sampled_from(sorted(TEXTS)))
def test_translated_words_stay_within_their_sentence_in_order(
    talk: tuple[list[CaptionWord], float], language: str
) -> None:
    words, _ = talk
    numbers = {word.sentence for word in words}
    shown = in_translation(words, dict.fromkeys(numbers, TEXTS[language]), language)
    assert [word.start_s for word in shown] == sorted(word.start_s for word in shown)
    for number in numbers:
        said = [word for word in words if word.sentence == number]
        mine = [word for word in shown if word.sentence == number]
        assert [word.text for word in mine] == split_words(TEXTS[language], language)
        first, last = min(word.start_s for word in said), max(word.end_s for word in said)
        for word in mine:
            assert first - 1e-9 <= word.start_s < word.end_s <= last + 1e-9
            assert (word.language, word.speaker) == (language, said[0].speaker)
        assert all(one.end_s <= two.start_s + 1e-9 for one, two in pairwise(mine))


def test_times_follow_the_length_of_words_and_skip_pauses() -> None:
    words = spoken((0.0, 1.0), (1.0, 2.0), (5.0, 6.0), (6.0, 7.0))
    shown = in_translation(words, {0: "aaaa bb cc dddd eeee"}, "es")
    times = [(word.text, round(word.start_s, 2), round(word.end_s, 2)) for word in shown]
    assert times == [("aaaa", 0.0, 1.0), ("bb", 1.0, 1.5), ("cc", 1.5, 2.0), ("dddd", 5.0, 6.0), ("eeee", 6.0, 7.0)]


def test_each_speaker_of_a_sentence_keeps_a_share() -> None:
    words = [*spoken((0.0, 1.0), speaker="A"), *spoken((1.0, 2.0), speaker="B")]
    assert [word.speaker for word in in_translation(words, {0: "uno dos"}, "es")] == ["A", "B"]


def test_a_sentence_without_a_text_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        in_translation(spoken((0.0, 1.0)), {}, "es")


@pytest.mark.parametrize("language", sorted(TEXTS))
@pytest.mark.parametrize("aspect", [Aspect.portrait, Aspect.landscape])
def test_pages_of_any_script_fit_the_frame(language: str, aspect: Aspect) -> None:
    words = in_translation(spoken((0.5, 1.5), (1.5, 3.0)), {0: f"{TEXTS[language]} {TEXTS[language]}"}, language)
    captions = Captions(words, load_style("pop"), FRAMES[aspect], 4.0)
    shown = [word for page in captions.pages for word in page.words]
    assert text_of(shown) == text_of(words)
    assert all(page.end_s <= 4.0 for page in captions.pages)
