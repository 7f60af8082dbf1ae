import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.captions.ass import caption_ass
from clipper_assets.captions.lines import CaptionWord
from clipper_assets.captions.styles import load_style, style_names
from clipper_assets.clips.gates.captions import missing_captions
from clipper_assets_tests.captions.drawing import captions_of
from clipper_assets_tests.captions.test_lines import talks
from clipper_assets_tests.support.media import words

WORDS = words("so {why} does it \\\\N 90% שלום 今天 e\u2060nd")


@settings(deadline=None, max_examples=40)  # machines are shared
@given(talks(), st.sampled_from(style_names()))
def test_no_captions_are_missing_in_the_rendered_ass_file(talk: tuple[list[CaptionWord], float], style: str) -> None:
    captions = captions_of(talk[0], load_style(style), talk[1])
    assert missing_captions(captions, caption_ass(captions)) == 0


@pytest.mark.parametrize("style", style_names())
def test_words_with_ass_markup_and_the_title_are_not_reported_missing(style: str) -> None:
    captions = captions_of(WORDS, load_style(style), 5.0, hook="Why {not} 今天?")
    assert missing_captions(captions, caption_ass(captions)) == 0


def test_every_removed_letters_event_is_counted_as_missing() -> None:
    captions = captions_of(WORDS, load_style("pop"), 5.0, hook="Why not?")
    complete = pysubs2.SSAFile.from_string(caption_ass(captions))
    letters = [number for number, event in enumerate(complete.events) if event.style == "Letters"]
    assert len(letters) > len(WORDS)
    for number in letters:
        incomplete = pysubs2.SSAFile.from_string(caption_ass(captions))
        del incomplete.events[number]
        assert missing_captions(captions, incomplete.to_string("ass")) == 1


@pytest.mark.parametrize(
    ("inserted", "missing"),
    [("\0", 8), ("\n", 1), ("\x07", 1), ("{\\p1", 1), ("{\\p1}", 0)],
    ids=["nul", "newline", "bell", "unfinished tag", "tag"],
)
def test_characters_that_cut_off_a_caption_make_it_missing(inserted: str, missing: int) -> None:
    captions = captions_of(words("one two three four five six seven eight nine"), load_style("classic"), 5.0)
    broken = caption_ass(captions).replace("}two", "}t" + inserted + "wo")
    assert missing_captions(captions, broken) == missing
