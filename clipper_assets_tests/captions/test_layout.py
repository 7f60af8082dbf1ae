import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.captions.layout import HOOK_LINES, HOOK_S, Captions
from clipper_assets.captions.lines import CaptionWord, text_of
from clipper_assets.captions.styles import load_style, style_names
from clipper_assets.media.frame import FRAMES, Aspect, Box
from clipper_assets_tests.captions.drawing import CJK_DIR, captions_of
from clipper_assets_tests.captions.test_lines import talks
from clipper_assets_tests.support.media import words

TINY_PX = 1e-6


def inside(box: Box, outer: Box) -> bool:
    return (
        outer.left - TINY_PX <= box.left <= box.right <= outer.right + TINY_PX
        and outer.top - TINY_PX <= box.top <= box.bottom <= outer.bottom + TINY_PX
    )


@settings(deadline=None)  # the first example loads the fonts
@given(talks(), st.sampled_from(style_names()), st.sampled_from(Aspect), st.text("abg Wj,.", max_size=150))
def test_every_line_is_inside_the_safe_area_and_the_hook_is_above_the_captions(
    talk: tuple[list[CaptionWord], float], style_name: str, aspect: Aspect, hook: str
) -> None:
    frame = FRAMES[aspect]
    captions = Captions(talk[0], load_style(style_name), frame, talk[1], hook)
    assert len(captions.boxes) == sum(len(page.lines) for page in captions.pages) + (
        len(captions.title.lines) if captions.title else 0
    )
    for line in captions.boxes:
        assert inside(line.box, frame.safe)
        assert line.box.center_x == pytest.approx(frame.width_px / 2, abs=12)
        assert 0 <= line.start_s <= line.end_s <= talk[1]
    if captions.title:
        assert len(captions.title.lines) <= HOOK_LINES
        assert all(captions.title.box.bottom <= block.box.top + TINY_PX for block in captions.blocks)


def lines_of(hook: str, style_name: str = "pop") -> list[str]:
    title = captions_of(words("one two"), load_style(style_name), 9.0, hook).title
    assert title is not None
    assert (title.start_s, title.end_s) == (0.0, HOOK_S)
    return [text_of([word.word for word in line.words]) for line in title.lines]


def test_a_long_hook_is_wrapped_then_shrunk_then_cut_off() -> None:
    assert lines_of("Bread at midnight") == ["Bread at midnight"]
    assert lines_of("Nobody thought bread could ever do this") == ["Nobody thought bread", "could ever do this"]
    long = "Nobody thought that bread could ever do this to a village with seven ovens, and then it happened again"
    assert len(lines_of(long)) == HOOK_LINES
    assert " ".join(lines_of(long)) == long
    longer = lines_of(f"{long}, {long}")
    assert len(longer) == HOOK_LINES
    assert longer[-1].endswith("…")
    assert f"{long}, {long}".startswith(" ".join(longer).rstrip("…"))


def test_a_hook_without_room_above_the_captions_is_left_out() -> None:
    huge = load_style("pop", {"font_size": 200, "hook_size": 200, "outline_px": 20, "blur_px": 20, "shadow_px": 20})
    captions = Captions(words("ที่นี้ Ågypq موضوع"), huge, FRAMES[Aspect.landscape], 9.0, "Ågyp ที่นี้")
    assert captions.title is None
    assert len(captions.boxes) == sum(len(page.lines) for page in captions.pages)


def test_a_hook_ends_with_a_short_clip_and_a_blank_hook_is_left_out() -> None:
    assert [(line.start_s, line.end_s) for line in captions_of([], load_style("pop"), 2.0, "Bread").boxes] == [(0, 2.0)]
    assert captions_of(words("a"), load_style("pop"), 2.0, " ").title is None


def test_a_hook_in_a_script_without_spaces_wraps_between_words() -> None:
    spoken_words = [CaptionWord("今日は", 0.0, 0.5, 0, None, "ja")]
    title = captions_of(
        spoken_words, load_style("pop"), 9.0, "今日は美味しいパンの話をします。今日は美味しいパン"
    ).title
    assert title is not None
    assert [text_of([word.word for word in line.words]) for line in title.lines] == [
        "今日は美味しい",
        "パンの話をします。",
        "今日は美味しいパン",
    ]


@pytest.mark.parametrize("style_name", style_names())
def test_pages_of_one_clip_have_the_same_baseline(style_name: str) -> None:
    spoken_words = [*words("gypsy quay"), *words("one man", start_s=3.0), *words("Ärger", start_s=6.0)]
    captions = captions_of(spoken_words, load_style(style_name), 9.0)
    baselines = {block.lines[-1].words[0].runs[0].baseline_px for block in captions.blocks}
    assert len(captions.blocks) == 3
    assert len(baselines) == 1


def test_capitals_follow_the_rules_of_the_language() -> None:
    setter = captions_of(words("a"), load_style("pop"))._column.setter
    assert setter.shown("iyi", "tr") == "İYİ"
    assert setter.shown("ψωμί", "el") == "ΨΩΜΙ"
    assert setter.shown("straße", "de") == "STRASSE"
    assert captions_of(words("a"), load_style("classic"))._column.setter.shown("iyi", "tr") == "iyi"


def test_emoji_sequences_are_measured_as_libass_draws_them_side_by_side() -> None:
    setter = captions_of(words("👩‍🍳 👩 🍳"), load_style("classic"))._column.setter
    assert setter.width_px("👩‍🍳") == pytest.approx(setter.width_px("👩") + setter.width_px("🍳"))
    assert setter.shown("1️⃣", "") == "1"
    assert setter.shown("क्‍ष", "hi") == "क्‍ष"


def test_an_unknown_font_of_a_style_is_rejected_with_the_known_names() -> None:
    style = load_style("pop", {"font": "Brand Black"})
    with pytest.raises(ValueError, match=r"^unknown caption font 'Brand Black'; use one of Anton Regular, "):
        _ = captions_of(words("a"), style).boxes
    assert captions_of(words("a"), load_style("pop", {"font": "Noto Sans CJK JP Bold"})).fonts_dir == CJK_DIR
