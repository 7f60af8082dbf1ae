"""Sizes, black bars and combs that are seen in pictures from all over an upload."""

from pathlib import Path

import pytest

from clipper_assets.episodes.sampling import Seen
from clipper_assets.episodes.source import Inner, RawVideo
from clipper_assets_tests.support.media import lavfi, make
from clipper_assets_tests.support.uploads import joined, looked_at, seen_in, webm

H264 = ("-t", "3", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "28", "-pix_fmt", "yuv420p", "-c:a", "aac")


@pytest.mark.parametrize(
    ("sizes", "canvas"),
    [
        (("320x180", "640x360"), (640, 360)),
        (("640x360", "320x180"), None),  # the declared size is the canvas
        (("320x180", "180x320"), (568, 320)),
        (("180x320", "320x180"), (568, 320)),
        (("320x240", "320x180", "640x360"), (640, 360)),
        (("320x180", "320x180"), None),
    ],
)
def test_the_canvas_has_room_for_pictures_of_all_sizes(
    sizes: tuple[str, ...], canvas: tuple[int, int] | None, tmp_path: Path
) -> None:
    parts = [webm(tmp_path / f"{number}.webm", f"testsrc2=s={size}:r=25") for number, size in enumerate(sizes)]
    seen = seen_in(joined(tmp_path / "joined.webm", parts))
    assert seen == Seen(*(canvas or (None, None)))


def test_the_table_keeps_what_was_seen(tmp_path: Path) -> None:
    parts = [webm(tmp_path / "0.webm", "testsrc2=s=320x180:r=25"), webm(tmp_path / "1.webm", "testsrc2=s=640x360:r=25")]
    source = looked_at(joined(tmp_path / "joined.webm", parts))
    assert source.square_size_px == (640, 360)
    assert source.repairs
    assert RawVideo.from_table(source.to_table()) == source
    old = source.to_table().drop_columns(["canvas_width_px", "canvas_height_px", "inner", "field_order"])
    assert RawVideo.from_table(old).repairs == ""


COMBED = "tinterlace=interleave_{first},setfield=prog"
FLAGS = ("-flags", "+ilme+ildct")
INTERLACED = {
    "top first": (50, f"{COMBED.format(first='top')},setfield=tff", FLAGS, "tff"),
    "bottom first": (50, f"{COMBED.format(first='bottom')},setfield=bff", FLAGS, "bff"),
    "60 fields": ("60000/1001", f"{COMBED.format(first='top')},setfield=tff", FLAGS, "tff"),
    "combed but flagged progressive": (50, COMBED.format(first="top"), (), "tff"),
    "combed in the wrong order": (50, f"{COMBED.format(first='bottom')},setfield=tff", FLAGS, "bff"),
    "whole but flagged interlaced": (25, "setfield=tff", FLAGS, None),
    "progressive": (25, "null", (), None),
    "progressive at 50": (50, "null", (), None),
    "still but flagged interlaced": (25, "trim=end_frame=1,loop=-1:1,setfield=tff", FLAGS, "tff"),
    "still": (25, "trim=end_frame=1,loop=-1:1", (), None),
    "moving up": (25, "scroll=vertical=0.01", (), None),
}


@pytest.mark.parametrize("kind", INTERLACED)
def test_interlaced_video_is_found_by_its_combs_not_only_by_its_flags(kind: str, tmp_path: Path) -> None:
    rate, filters, flags, order = INTERLACED[kind]
    card = f"testsrc2=s=360x288:r={rate},{filters}"
    assert seen_in(make(tmp_path / "a.mp4", *lavfi(card), *flags, *H264)).field_order == order


def test_video_that_is_interlaced_only_in_a_part_is_found(tmp_path: Path) -> None:
    combed = f"testsrc2=s=360x288:r=50:d=1,{COMBED.format(first='top')}"
    graph = f"testsrc2=s=360x288:r=25:d=3[a];{combed}[b];[a][b]concat"
    assert seen_in(make(tmp_path / "a.mp4", *lavfi(graph), *H264, "-t", "4")).field_order == "tff"


PICTURE = "color=0x806040:s=320x180:r=25,noise=alls=10:allf=t"
BARS = {
    "letterbox": ("scale=320:136,pad=320:180:0:22", Inner(0, 22, 320, 136)),
    "pillarbox": ("scale=240:180,pad=320:180:40:0", Inner(40, 0, 240, 180)),
    "windowbox": ("scale=240:136,pad=320:180:40:22", Inner(40, 22, 240, 136)),
    "a bar on one side": ("pad=320:240:0:0", Inner(0, 0, 320, 180)),
    "odd bars": ("scale=320:134,pad=320:180:0:23,format=yuv444p", Inner(0, 24, 320, 132)),
    "with a fade": ("scale=320:136,fade=in:0:40,pad=320:180:0:22", Inner(0, 22, 320, 136)),
    "grey bars of a tape": ("scale=320:136,pad=320:180:0:22:color=0x0a0a0a", Inner(0, 22, 320, 136)),
    "none": ("null", None),
    "a dark scene": ("eq=brightness=-0.6:contrast=0.3", None),
    "all black": ("drawbox=t=fill:color=black", None),
    "a face in the dark": ("geq=lum='if(lt(hypot(X-160,(Y-90)/1.5),45),180,16)':cb=128:cr=128", None),
    "a dark blue stage": ("pad=320:240:0:30:color=0x000050", None),
    "a vignette": ("vignette=PI/2.2", None),
    "a dark floor": ("drawbox=y=150:h=30:color=black:t=fill,drawbox=x=30:y=140:w=60:h=30:color=gray:t=fill", None),
    "subtitles in both bars": (
        "scale=320:136,pad=320:180:0:22,drawbox=x=90:y=164:w=140:h=9:color=white:t=fill,"
        "drawbox=x=10:y=6:w=30:h=9:color=white:t=fill",
        None,
    ),
    "bars for a part of the time": ("drawbox=h=22:color=black:t=fill:enable='lt(t,2)'", None),
}


@pytest.mark.parametrize("kind", BARS)
def test_black_bars_are_left_out_and_dark_pictures_are_not(kind: str, tmp_path: Path) -> None:
    filters, inner = BARS[kind]
    assert seen_in(make(tmp_path / "a.mp4", *lavfi(f"{PICTURE},{filters},setsar=1"), *H264)).inner == inner


def test_bars_of_a_rotated_video_with_wide_pixels_count_as_displayed(tmp_path: Path) -> None:
    upright = ("-vf", "scale=320:136,pad=320:180:0:22,setsar=2", *H264)
    lying = make(tmp_path / "lying.mp4", *lavfi(PICTURE), *upright)
    source = looked_at(make(tmp_path / "a.mp4", "-display_rotation", "90", "-i", str(lying), "-c", "copy"))
    assert (source.canvas_px, source.square_size_px) == ((90, 320), (66, 320))
