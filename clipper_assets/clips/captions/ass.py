"""Burned captions: an ASS file in which each word lights up while it is spoken.

Each line of a page is placed by `\\pos`, so that nothing moves when the highlight does; each word's turn is an event
of its own, from its start to the next word's.
"""

import math
from collections.abc import Sequence

import pysubs2

from clipper_assets.clips.captions.fonts import load_font
from clipper_assets.clips.captions.lines import CaptionWord, Page, paginate, text_of
from clipper_assets.clips.captions.order import LEFT_TO_RIGHT_MARK, RIGHT_TO_LEFT_MARK, right_to_left, seen_order
from clipper_assets.clips.captions.styles import CaptionStyle

WIDTH_PX, HEIGHT_PX = 1080, 1920
# Clear of the buttons and texts that the apps lay over a 1080x1920 video. TikTok's ad specification keeps the top
# 130, the bottom 484, left 44 and right 140 pixels free (ads.tiktok.com, "TikTok in-feed ads safe zone"); Instagram
# Reels wants 14 % at the top. The narrower of the two sides is used on both, so that lines stay centred.
SAFE_TOP_PX, SAFE_BOTTOM_PX, SAFE_SIDE_PX = 270, 484, 140
LEADING = 1.16
"""Distance of two baselines, in ems."""


def caption_pages(words: Sequence[CaptionWord], style: CaptionStyle, clip_s: float) -> list[Page]:
    """The pages that `style` makes of a clip's words."""
    font = load_font(style.font)

    def width_px(text: str) -> float:
        return font.width_px(_shown(text, style), style.font_size)

    return paginate(
        words,
        measure=width_px,
        max_width=_line_width_px(style),
        max_words=style.words_per_page,
        clip_s=clip_s,
    )


def caption_ass(words: Sequence[CaptionWord], style: CaptionStyle, clip_s: float) -> str:
    """The ASS file for a clip of `clip_s` seconds, PlayRes 1080x1920."""
    font = load_font(style.font)
    # A box is as high as the line and its margins: nearer lines would cover each other's text.
    leading_px = style.font_size + style.outline_px if style.box else LEADING * font.em_px(style.font_size)
    bottom_px = HEIGHT_PX - SAFE_BOTTOM_PX - _edge_px(style) - style.font_size / 2
    subs = pysubs2.SSAFile()
    subs.info.update(
        {"PlayResX": str(WIDTH_PX), "PlayResY": str(HEIGHT_PX), "WrapStyle": "2", "ScaledBorderAndShadow": "yes"}
    )
    subs.styles["Default"] = pysubs2.SSAStyle(
        fontname=style.font,
        fontsize=style.font_size,
        primarycolor=_colour(style.text_colour),
        outlinecolor=_colour(style.outline_colour),
        backcolor=_colour(style.outline_colour),
        borderstyle=3 if style.box else 1,
        outline=style.outline_px,
        shadow=style.shadow_px,
        alignment=pysubs2.Alignment.MIDDLE_CENTER,
    )
    for page in caption_pages(words, style, clip_s):
        turns = [*(word.start_s for word in page.words[1:]), page.end_s]
        begin_s = page.start_s
        for spoken, until_s in zip(page.words, turns, strict=True):
            for number, line in enumerate(page.lines):
                y_px = bottom_px - leading_px * (len(page.lines) - 1 - number)
                place = f"\\pos({WIDTH_PX // 2},{y_px:.0f})"
                width_px = font.width_px(_shown(text_of(line), style), style.font_size)
                if width_px > _line_width_px(style):
                    place += f"\\fs{math.floor(style.font_size * _line_width_px(style) / width_px)}"
                text = f"{{{place}}}" + _highlighted(line, spoken, style)
                subs.append(pysubs2.SSAEvent(start=_ms(begin_s), end=_ms(until_s), text=text))
            begin_s = until_s
    return subs.to_string("ass")


def undrawn(words: Sequence[CaptionWord], style: CaptionStyle) -> str:
    """The characters that the style's font lacks: another font of the machine draws them, or boxes stand for them."""
    return load_font(style.font).lacking(_shown("".join(word.text for word in words), style))


def _edge_px(style: CaptionStyle) -> float:
    """How far a letter's outline and shadow reach beyond it."""
    return style.outline_px + style.shadow_px


def _line_width_px(style: CaptionStyle) -> float:
    """What a line may take of the safe area's width; a single word that is wider is written smaller."""
    return WIDTH_PX - 2 * SAFE_SIDE_PX - 2 * _edge_px(style)


def _highlighted(line: Sequence[CaptionWord], spoken: CaptionWord, style: CaptionStyle) -> str:
    """A line from left to right as it is seen, with the word in colour that is being spoken."""
    colour = "".join(style.highlight_colour[i : i + 2] for i in (5, 3, 1))
    leftward = right_to_left([word.text for word in line])
    order = seen_order(leftward)
    pieces = []
    for number, following in zip(order, [*order[1:], None], strict=True):
        text = _escaped(line[number], style)
        if leftward[number]:
            text = f"{RIGHT_TO_LEFT_MARK}{text}{RIGHT_TO_LEFT_MARK}"
        pieces.append(f"{{\\1c&H{colour}&}}{text}{{\\1c}}" if line[number] is spoken else text)
        if following is not None:
            fence = LEFT_TO_RIGHT_MARK if leftward[number] or leftward[following] else ""
            pieces.append(fence + _gap(line[number], line[following]))
    return "".join(pieces)


def _gap(word: CaptionWord, following: CaptionWord) -> str:
    """What is written between two words: a space, or nothing in a script without spaces."""
    return text_of((word, following))[len(word.text) : -len(following.text)]


def _shown(text: str, style: CaptionStyle) -> str:
    return text.upper() if style.uppercase else text


def _escaped(word: CaptionWord, style: CaptionStyle) -> str:
    """Braces start commands in ASS, parentheses do not; a backslash does not before an invisible word joiner."""
    return _shown(word.text, style).translate({ord("{"): "(", ord("}"): ")", ord("\\"): "\\\u2060"})


def _colour(hex_colour: str) -> pysubs2.Color:
    return pysubs2.Color(*(int(hex_colour[i : i + 2], 16) for i in (1, 3, 5)))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
