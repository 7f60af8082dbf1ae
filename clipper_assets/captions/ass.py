"""Writes burned captions as an ASS file in which each word is highlighted while it is spoken.

Every word is a separate event with its own position (`\\pos`), so that nothing else moves when it changes. Boxes are in
the lowest layers, the outlines of all words above them, the letters on top: no outline covers a neighbouring word.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import pysubs2

from clipper_assets.captions.layout import UNDERLINE_HEIGHT, UNDERLINE_OFFSET, WORD_MARGIN, Block, Captions
from clipper_assets.captions.lines import CaptionWord
from clipper_assets.captions.order import RIGHT_TO_LEFT_MARK
from clipper_assets.captions.styles import CaptionStyle
from clipper_assets.captions.typesetting import PlacedRun, PlacedWord, grown
from clipper_assets.media.frame import Box

Span = tuple[float, float]
"""Start and end in seconds."""
PANEL, MARK, OUTLINE, LETTERS = range(4)
"""ASS layers, from bottom to top."""
LETTERS_STYLE = "Letters"
SPOKEN = "spoken"
"""`Name` of the events that show a word while it is spoken."""
HOLLOW = "\\1a&HFF&"
"""Leaves the inside of an outline empty where opaque letters cover it; takes a fifth off the drawing time."""
FADE_MS = 300
RADIUS = 0.22
"""Radius of a box's corners, in ems."""


def caption_ass(captions: Captions) -> str:
    """The ASS file of a clip's captions, with the frame's size as PlayRes.

    To draw it, libass needs `captions.faces`.
    """
    style, frame = captions.style, captions.frame
    subs = pysubs2.SSAFile()
    subs.info.update(
        {
            "PlayResX": str(frame.width_px),
            "PlayResY": str(frame.height_px),
            "WrapStyle": "2",
            "ScaledBorderAndShadow": "yes",
            "Kerning": "yes",
        }
    )
    name = captions.faces[0].ass_name
    subs.styles = {
        LETTERS_STYLE: pysubs2.SSAStyle(fontname=name, outline=0, shadow=0, alignment=pysubs2.Alignment.BOTTOM_LEFT),
        "Outline": pysubs2.SSAStyle(
            fontname=name,
            primarycolor=_colour(style.outline_colour),
            outlinecolor=_colour(style.outline_colour),
            backcolor=_colour(style.outline_colour),
            outline=style.outline_px,
            shadow=style.shadow_px,
            alignment=pysubs2.Alignment.BOTTOM_LEFT,
        ),
        "Box": pysubs2.SSAStyle(fontname=name, outline=0, shadow=0, alignment=pysubs2.Alignment.TOP_LEFT),
    }
    colours = _speaker_colours(captions.words, style)
    events = [*(_title(captions.title, style) if captions.title else ())]
    for block in captions.blocks:
        events += _page(block, style, colours)
    subs.events = [event for event in events if event.start < event.end]
    return subs.to_string("ass")


def _title(block: Block, style: CaptionStyle) -> Iterator[pysubs2.SSAEvent]:
    fade = f"\\fad(0,{FADE_MS})"
    span = (block.start_s, block.end_s)
    yield _box(PANEL, span, block.box, _radius_px(block), style.hook_box_colour, tags=fade)
    for line in block.lines:
        for word in line.words:
            yield from _letters(word, span, style.hook_text_colour, tags=fade)


def _page(block: Block, style: CaptionStyle, colours: dict[str | None, str]) -> Iterator[pysubs2.SSAEvent]:
    span = (block.start_s, block.end_s)
    if style.panel_colour:
        yield _box(PANEL, span, block.box, _radius_px(block), style.panel_colour, style.panel_opacity)
    words = [word for line in block.lines for word in line.words]
    starts = [block.start_s, *(word.word.start_s for word in words[1:]), block.end_s]
    is_hidden_inside = not (style.blur_px or style.shadow_px) and style.upcoming_opacity == 1
    edges = HOLLOW if is_hidden_inside else f"\\blur{style.blur_px:g}" if style.blur_px else ""
    for word, spoken in zip(words, pairwise(starts), strict=True):
        if style.outline_px or style.shadow_px:
            for run in word.runs:
                yield _run(OUTLINE, "Outline", span, run, word.em_px, edges)
        yield from _mark(word, spoken, style)
        yield from _word(word, span, spoken, style, colours[word.word.speaker])


def _word(word: PlacedWord, span: Span, spoken: Span, style: CaptionStyle, colour: str) -> Iterator[pysubs2.SSAEvent]:
    """The letters of a word before, while and after it is spoken."""
    if style.emphasis_colour and (word.word.is_key or any(char.isdigit() for char in word.word.text)):
        colour = style.emphasis_colour
    yield from _letters(word, (span[0], spoken[0]), colour, style.upcoming_opacity)
    yield from _letters(word, spoken, style.highlight_colour or colour, name=SPOKEN)
    yield from _letters(word, (spoken[1], span[1]), colour)


def _mark(word: PlacedWord, spoken: Span, style: CaptionStyle) -> Iterator[pysubs2.SSAEvent]:
    """The box behind a word, or the line below it, while it is spoken."""
    em_px = word.em_px
    if style.highlight_box_colour:
        box = grown(word.cell, WORD_MARGIN * em_px)
        yield _box(MARK, spoken, box, RADIUS * em_px, style.highlight_box_colour)
    if style.underline_colour:
        height_px = UNDERLINE_HEIGHT * em_px
        top_px = word.cell.bottom + UNDERLINE_OFFSET * em_px
        line = Box(word.cell.left, top_px, word.cell.width, height_px)
        yield _box(MARK, spoken, line, height_px / 2, style.underline_colour)


def _letters(
    word: PlacedWord, span: Span, colour: str, opacity: float = 1.0, *, name: str = "", tags: str = ""
) -> Iterator[pysubs2.SSAEvent]:
    for run in word.runs:
        yield _run(LETTERS, LETTERS_STYLE, span, run, word.em_px, _fill(colour, opacity) + tags, name)


def _run(
    layer: int, ass_style: str, span: Span, placed: PlacedRun, em_px: float, tags: str, name: str = ""
) -> pysubs2.SSAEvent:
    run = placed.run
    bottom_px = placed.baseline_px + run.face.descent * em_px
    font = f"\\fn{run.face.ass_name}\\fs{run.face.ass_size(em_px):.2f}"
    text = escaped(run.text)
    if run.is_right_to_left:
        text = f"{RIGHT_TO_LEFT_MARK}{text}{RIGHT_TO_LEFT_MARK}"
    return _event(layer, ass_style, span, f"{{\\pos({placed.left_px:.2f},{bottom_px:.2f}){font}{tags}}}{text}", name)


def _box(
    layer: int,
    span: Span,
    box: Box,
    radius_px: float,
    colour: str,
    opacity: float = 1.0,
    *,
    tags: str = "",
) -> pysubs2.SSAEvent:
    """A rounded rectangle as an ASS drawing; one Bézier curve approximates a quarter circle to within 0.03 %."""
    right, bottom = box.width, box.height
    r = min(radius_px, right / 2, bottom / 2)
    c = r * (1 - 0.5523)  # 4/3 (sqrt(2) - 1)
    path = (
        f"m {r:.1f} 0 l {right - r:.1f} 0 b {right - c:.1f} 0 {right:.1f} {c:.1f} {right:.1f} {r:.1f}"
        f" l {right:.1f} {bottom - r:.1f}"
        f" b {right:.1f} {bottom - c:.1f} {right - c:.1f} {bottom:.1f} {right - r:.1f} {bottom:.1f}"
        f" l {r:.1f} {bottom:.1f} b {c:.1f} {bottom:.1f} 0 {bottom - c:.1f} 0 {bottom - r:.1f}"
        f" l 0 {r:.1f} b 0 {c:.1f} {c:.1f} 0 {r:.1f} 0"
    )
    place = f"\\pos({box.left:.2f},{box.top:.2f})"
    return _event(layer, "Box", span, f"{{{place}{_fill(colour, opacity)}{tags}\\p1}}{path}")


def _event(layer: int, ass_style: str, span: Span, text: str, name: str = "") -> pysubs2.SSAEvent:
    start, end = (centiseconds(seconds) * 10 for seconds in span)
    return pysubs2.SSAEvent(start=start, end=end, layer=layer, style=ass_style, text=text, name=name)


def _fill(colour: str, opacity: float) -> str:
    blue, green, red = colour[5:7], colour[3:5], colour[1:3]
    alpha = "" if opacity == 1 else f"\\1a&H{round(255 * (1 - opacity)):02X}&"
    return f"\\1c&H{blue}{green}{red}&{alpha}"


def _speaker_colours(words: Sequence[CaptionWord], style: CaptionStyle) -> dict[str | None, str]:
    """The colour of each speaker, in order of their first words; the style's colours repeat if there are too few."""
    speakers = list(dict.fromkeys(word.speaker for word in words))
    colours = style.speaker_colours or (style.text_colour,)
    return {speaker: colours[number % len(colours)] for number, speaker in enumerate(speakers)}


def _radius_px(block: Block) -> float:
    return RADIUS * block.lines[0].words[0].em_px


def escaped(text: str) -> str:
    """Make text safe for ASS: braces become parentheses, and an invisible word joiner is put after each backslash."""
    return text.translate({ord("{"): "(", ord("}"): ")", ord("\\"): "\\\u2060"})


def _colour(hex_colour: str) -> pysubs2.Color:
    return pysubs2.Color(*(int(hex_colour[i : i + 2], 16) for i in (1, 3, 5)))


def centiseconds(seconds: float) -> int:
    """A time in centiseconds, the precision of ASS."""
    return round(seconds * 100)
