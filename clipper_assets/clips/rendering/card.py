"""Draws the picture of an audio-only clip: a still card, drawn once, and bars that move with the sound."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path, PurePosixPath

import ffmpeg
import pysubs2

from clipper_assets.captions.ass import escaped
from clipper_assets.captions.fonts import Face
from clipper_assets.captions.script_fonts import faces_for, gather_fonts, runs
from clipper_assets.episodes.audio import Stream
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import FfmpegError, run
from clipper_assets.media.frame import Box, Frame
from clipper_assets.media.inputs import generated_input, media_input, picture_input
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.text.scripts import joined, line_break_pieces

CARD_FILE, NAMES_FILE, FONTS_FOLDER = "card.png", "names.ass", "card_fonts"
CAPTIONS_PX = 350
"""Height at the bottom of the safe area that is reserved for captions: y 900 to 1250 of a 9:16 clip."""
GAP_PX = 36

BARS, PITCH_PX, BAR_PX = 40, 20, 12
BARS_WIDTH_PX, BARS_HEIGHT_PX = BARS * PITCH_PX, 132
BARS_A_SECOND, LEVELS_RATE_HZ = 15, 48_000
QUIETEST_DB, LOUDEST_DB = -42.0, -8.0
"""RMS levels shown as a dot and as a bar of full height; speech at -14 LUFS varies between them."""

COVER_TOP_PX = 140
"""Highest top of cover art, which may be above the safe area for texts; TikTok's header ends at 130."""
CORNER_PX, BLUR_SIGMA, DIMMED = 28, 48, 0.5

SPOTLIGHT, SHADE = "#3730a3", "#0b1120"
FONT, LARGEST_EM_PX, SHOW_EM_PX = "Anton Regular", 112, 44
LONGEST_TITLE, LONGEST_SHOW = 120, 40


def write_card(
    source: RawVideo, media_source: str, frame: Frame, accent: str, folder: Path, fonts_dir: Path | None
) -> tuple[Degraded, ...]:
    """Draw `card.png` in `folder`: cover art over a blurred copy of itself, or the names of show and episode.

    The show's name has the colour `accent` (`#rrggbb`). Fonts that the package lacks are looked up in `fonts_dir`. If
    the cover art cannot be drawn, the names are drawn instead and the fallback is returned. Raises FfmpegError if the
    names cannot be drawn either.
    """
    degraded: tuple[Degraded, ...] = ()
    if source.cover_stream is not None:
        try:
            _draw(_cover_card(media_input(media_source)[str(source.cover_stream)], frame), folder)
        except FfmpegError as error:
            degraded = (
                Degraded(RENDERED_CLIPS, f"the cover art could not be drawn, so the card shows the title: {error}"),
            )
        else:
            return ()
    title = _shortened(source.title or PurePosixPath(source.key).stem.replace("_", " "), LONGEST_TITLE)
    show = _shortened(source.show or "", LONGEST_SHOW)
    faces = faces_for(f"{title}{show}…", FONT, fonts_dir)
    gather_fonts(faces, folder / FONTS_FOLDER)
    (folder / NAMES_FILE).write_text(_title_ass(title, show, faces, frame, accent))
    _draw(_title_card(frame), folder)
    return degraded


def card_picture(sound: Stream, frame: Frame, fps: Fraction, accent: str) -> Stream:
    """The card with bars that show the level of `sound`: the latest is in the middle and moves to both sides.

    The stream has `fps` frames per second and no end; the bars have the colour `accent` (`#rrggbb`). ffmpeg must run in
    the folder that `write_card` wrote to. `sound` must be as loud as in the clip.
    """
    rate = f"{fps.numerator}/{fps.denominator}"
    still = (
        picture_input(CARD_FILE, framerate=rate)
        .filter("scale", out_color_matrix="bt709", out_range="tv")
        .filter("format", "yuv420p")
        .filter("tpad", stop_mode="clone", stop=-1)
    )
    place = _bars_box(frame)
    colour = generated_input(f"color=c={accent}:s={BARS_WIDTH_PX}x{BARS_HEIGHT_PX}:r={rate}")
    bars = ffmpeg.filter([colour, _bars(sound).filter("fps", rate)], "alphamerge")
    return ffmpeg.overlay(still, bars, x=round(place.left), y=round(place.top)).filter("setsar", 1)


def _bars(sound: Stream) -> Stream:
    """The bars in white on black: half of each is drawn as a column of pixels, mirrored, widened and rounded."""
    half_px = (BARS_HEIGHT_PX - BAR_PX) // 2
    levels = (
        sound.filter("aformat", sample_rates=LEVELS_RATE_HZ, channel_layouts="mono")
        .filter("asetnsamples", LEVELS_RATE_HZ // BARS_A_SECOND)
        .filter("astats", metadata=1, reset=1, measure_perchannel="none", measure_overall="RMS_level")
        .filter(
            "adrawgraph",
            m1="lavfi.astats.Overall.RMS_level",
            min=QUIETEST_DB,
            max=LOUDEST_DB,
            mode="bar",
            slide="rscroll",
            size=f"{BARS // 2}x{half_px}",
            rate=BARS_A_SECOND,
            bg="black",
            fg1="0xffffffff",
        )
        .filter("extractplanes", "g")
    )
    sides = levels.filter_multi_output("split")
    row = ffmpeg.filter([sides[0].filter("hflip"), sides[1]], "hstack")
    halves = row.filter("scale", BARS_WIDTH_PX, half_px, flags="neighbor").filter_multi_output("split")
    gap_px = PITCH_PX - BAR_PX
    return (
        ffmpeg.filter([halves[0], halves[1].filter("vflip")], "vstack")
        .filter("pad", "iw", BARS_HEIGHT_PX, 0, "(oh-ih)/2")
        .filter("drawbox", y=f"(ih-{BAR_PX})/2", w="iw", h=BAR_PX, color="white", t="fill")
        .filter("drawgrid", x=-gap_px // 2, w=PITCH_PX, h=2 * BARS_HEIGHT_PX, t=gap_px, c="black")
        # A blur followed by a threshold at half the level rounds corners and leaves straight edges where they are.
        .filter("gblur", sigma=BAR_PX / 3)
        .filter("lut", y="clip((val-128)*5+128,0,255)")
    )


def _bars_box(frame: Frame) -> Box:
    top = frame.safe.bottom - CAPTIONS_PX - BARS_HEIGHT_PX
    return Box((frame.width_px - BARS_WIDTH_PX) / 2, top, BARS_WIDTH_PX, BARS_HEIGHT_PX)


def _above_bars(frame: Frame, top: float) -> Box:
    bars = _bars_box(frame)
    return Box(bars.left, top, bars.width, bars.top - GAP_PX - top)


def _draw(picture: Stream, folder: Path) -> None:
    run(ffmpeg.get_args(picture.output(CARD_FILE, vframes=1, update=1)), cwd=folder)


def _cover_card(cover: Stream, frame: Frame) -> Stream:
    box, whole = _above_bars(frame, min(COVER_TOP_PX, frame.safe.top)), (frame.width_px, frame.height_px)
    halves = cover.filter("format", "rgb24").filter_multi_output("split")
    backdrop = (
        halves[0]
        .filter("scale", *whole, force_original_aspect_ratio="increase")
        .filter("crop", *whole)
        .filter("gblur", sigma=BLUR_SIGMA)
        .filter("lutrgb", **dict.fromkeys("rgb", f"val*{DIMMED}"))
    )
    # Squared distance of a pixel from the inner rectangle around which the corners are rounded.
    outside = "+".join(
        f"pow(max(abs({at}+0.5-{side}/2)-{side}/2+{CORNER_PX},0),2)" for at, side in (("X", "W"), ("Y", "H"))
    )
    art = (
        halves[1]
        .filter("scale", round(box.width), round(box.height), force_original_aspect_ratio="decrease", flags="lanczos")
        .filter("format", "rgba")
        .filter("geq", r="r(X,Y)", g="g(X,Y)", b="b(X,Y)", a=f"255*clip({CORNER_PX}+0.5-sqrt({outside}),0,1)")
    )
    return ffmpeg.overlay(backdrop, art, x=f"{box.center_x}-w/2", y=f"{box.center_y}-h/2", format="rgb").filter(
        "format", "rgb24"
    )


def _shortened(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1].rstrip()}…"


def _title_card(frame: Frame) -> Stream:
    width_px, height_px = frame.width_px, frame.height_px
    center, corner = _above_bars(frame, frame.safe.top).center_y, f"x1={width_px - 1}:y1={height_px - 1}"
    light = f"gradients=s={width_px}x{height_px}:type=radial:speed=0:c0={SPOTLIGHT}:c1={SHADE}:x0={width_px // 2}"
    return (
        generated_input(f"{light}:y0={center:.0f}:{corner}")
        .filter("format", "rgb24")
        .filter("noise", alls=4)  # without noise the encoder turns the gradient into bands
        .filter("ass", NAMES_FILE, fontsdir=FONTS_FOLDER)
    )


def _title_ass(title: str, show: str, faces: Sequence[Face], frame: Frame, accent: str) -> str:
    box = _above_bars(frame, frame.safe.top)
    show_px = SHOW_EM_PX * faces[0].ass_size(1) if show else 0
    em_px, lines = _fit_lines(title, faces, box.width, box.height - show_px)
    subs = pysubs2.SSAFile()
    subs.info.update({"PlayResX": str(frame.width_px), "PlayResY": str(frame.height_px), "WrapStyle": "2"})
    subs.styles["Default"] = pysubs2.SSAStyle(
        alignment=pysubs2.Alignment.MIDDLE_CENTER, outline=0, shadow=0, encoding=-1
    )
    colour = "".join(accent[i : i + 2] for i in (5, 3, 1))
    shown = [f"{{\\1c&H{colour}&}}{_tagged(show, faces, SHOW_EM_PX)}{{\\1c}}"] if show else []
    text = "\\N".join([*shown, *(_tagged(line, faces, em_px) for line in lines)])
    place = f"{{\\pos({box.center_x:.0f},{box.center_y:.0f})}}"
    subs.append(pysubs2.SSAEvent(start=0, end=1000, text=place + text))
    return subs.to_string("ass")


def _fit_lines(text: str, faces: Sequence[Face], width_px: float, height_px: float) -> tuple[int, list[str]]:
    """The largest em in pixels at which the text fits the box, and its lines, broken to similar widths."""
    line_ems = max(face.ass_size(1) for face in faces)
    for em_px in range(LARGEST_EM_PX, 1, -1):
        widest_ems = width_px / em_px
        lines = _wrapped(text, faces, widest_ems)
        if len(lines) * line_ems * em_px <= height_px and all(_width_ems(line, faces) <= widest_ems for line in lines):
            break
    narrower = (_wrapped(text, faces, widest_ems * share / 20) for share in range(10, 20))
    return em_px, next((evened for evened in narrower if len(evened) == len(lines)), lines)


def _wrapped(text: str, faces: Sequence[Face], width_ems: float) -> list[str]:
    lines: list[list[str]] = []
    for unit in line_break_pieces(text):
        if lines and _width_ems(joined([*lines[-1], unit]), faces) <= width_ems:
            lines[-1].append(unit)
        else:
            lines.append([unit])
    return [joined(line) for line in lines]


def _width_ems(text: str, faces: Sequence[Face]) -> float:
    return sum((face or faces[0]).extent(piece).advance for piece, face in runs(text, faces))


def _tagged(text: str, faces: Sequence[Face], em_px: float) -> str:
    """The text with ASS tags that select the faces that draw it."""
    return "".join(
        f"{{\\fn{(face or faces[0]).name}\\fs{(face or faces[0]).ass_size(em_px):.1f}}}{escaped(piece)}"
        for piece, face in runs(text, faces)
    )
