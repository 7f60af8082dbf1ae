"""The one filter graph of a clip: what is kept of the window, framed and captioned, in a single process and encode."""

from collections.abc import Sequence

import ffmpeg

from clipper_assets.captions.styles import CaptionStyle
from clipper_assets.clips.cuts import TimeMap
from clipper_assets.clips.plan import ClipPlan
from clipper_assets.clips.rendering.burn_in import burned
from clipper_assets.clips.rendering.card import card_picture
from clipper_assets.clips.rendering.encoders import Encoder
from clipper_assets.clips.rendering.reframing import Stretch, framed, stretches
from clipper_assets.clips.rendering.trimming import kept_picture, kept_sound
from clipper_assets.episodes.audio import Stream, programme
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import range_options
from clipper_assets.media.inputs import media_input

REFERENCE_WHITE_NITS = 203  # diffuse white of PQ and HLG programmes: ITU-R BT.2408, table 1
HD_HEIGHT_PX = 720
BT709 = {"color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709", "range": "tv"}
"""What players are told of the colours; ffmpeg takes it from the frames, whatever the encoder's options say."""
PICTURE_FILE, PROGRAMME_FILE, SOUND_FILE, CLIP_FILE = "picture.mp4", "programme.wav", "sound.m4a", "clip.mp4"
LEAD_S = 0.25
"""After a seek the first packets of sound are lost: one of AAC, and as many as an MP3's reach back to."""
MOST_THREADS, LARGEST_FOR_ONE_THREAD_PX = 4, 1920 * 1080
"""Each thread of a decoder holds a frame, and costs some CPU; one alone is faster than the encoder, up to 1080p."""


def filmed(plan: ClipPlan, source: RawVideo, media_source: str, encoder: Encoder, *, captions: bool) -> Sequence[str]:
    """ffmpeg's arguments for the picture of a clip, encoded, and its sound as recorded, in one pass over the window.

    The process must run in a folder that holds `captions.ass`, `fonts/` and, for a camera that moves, `camera.cmd`:
    names without a character that the filter syntax would read.
    """
    media, kept = _window(plan, source, media_source)
    picture = kept_picture(_even(media[str(source.video_stream)], plan), kept, plan.fps)
    picture = framed(_standard(picture, source), shot(plan, source), source, plan.frame, plan.fps)
    outputs = [_encoded(picture, plan, encoder, captions=captions), _recorded(media, kept, source)]
    # More threads only cost more CPU, but for what is done in floating point for HDR.
    return [
        "-filter_complex_threads",
        str(MOST_THREADS if source.hdr else 1),
        *_arguments(ffmpeg.merge_outputs(*outputs)),
    ]


def recorded(plan: ClipPlan, source: RawVideo, media_source: str) -> Sequence[str]:
    """ffmpeg's arguments for the sound alone."""
    return _arguments(_recorded(*_window(plan, source, media_source), source))


def drawn(plan: ClipPlan, encoder: Encoder, *, captions: bool) -> Sequence[str]:
    """ffmpeg's arguments for the picture of a clip that has only sound, in a folder with its card and `sound.m4a`."""
    sound = media_input(SOUND_FILE).audio
    picture = card_picture(sound, plan.frame, plan.fps, accent(plan.style)).filter("trim", end_frame=_frames(plan))
    return _arguments(_encoded(picture, plan, encoder, captions=captions))


def muxed() -> Sequence[str]:
    """ffmpeg's arguments for the clip: `picture.mp4` and `sound.m4a` as they are."""
    return _arguments(
        ffmpeg.output(
            media_input(PICTURE_FILE).video,
            media_input(SOUND_FILE).audio,
            CLIP_FILE,
            codec="copy",
            map_metadata=-1,
            movflags="+faststart",
            fflags="+bitexact",
        )
    )


def shot(plan: ClipPlan, source: RawVideo) -> list[Stretch]:
    """What the camera of a clip shows, frame by frame."""
    return stretches(plan.camera, source, plan.frame, plan.fps, _frames(plan))


def accent(style: CaptionStyle) -> str:
    """The colour of what moves on a card: that of the word being spoken."""
    return style.highlight_colour or style.highlight_box_colour or style.text_colour


def _arguments(output: Stream) -> Sequence[str]:
    arguments: Sequence[str] = ffmpeg.get_args(output)
    return arguments


def _frames(plan: ClipPlan) -> int:
    return round(plan.duration_s * plan.fps)


def _window(plan: ClipPlan, source: RawVideo, media_source: str) -> tuple[Stream, TimeMap]:
    """The window, opened a little early, and what is kept of it in seconds from there."""
    lead_s = float(min(round(plan.start_s * plan.fps), round(LEAD_S * plan.fps)) / plan.fps)
    seconds = plan.end_s - plan.start_s + lead_s
    threads = 1 if source.width_px * source.height_px <= LARGEST_FOR_ONE_THREAD_PX else MOST_THREADS
    options: dict[str, int | str] = {
        "threads": threads,
        **range_options(media_source, source.size_bytes, seconds / source.duration_s),
    }
    if plan.start_s > lead_s:
        options["ss"] = f"{plan.start_s - lead_s:.6f}"
    if source.height_px >= HD_HEIGHT_PX and not source.hdr:
        # For H.264 that does not say: players take it for BT.709 where it is HD, ffmpeg for BT.601.
        options["colorspace"] = "bt709"
    kept = TimeMap(tuple((start_s + lead_s, end_s + lead_s) for start_s, end_s in plan.cuts.kept))
    return media_input(media_source, t=f"{seconds:.6f}", **options), kept


def _even(picture: Stream, plan: ClipPlan) -> Stream:
    """A frame at each of the clip's frame times; the last one for ever if the video ends early."""
    return picture.filter("fps", plan.fps, start_time=0).filter("tpad", stop_mode="clone", stop=-1)


def _standard(picture: Stream, source: RawVideo) -> Stream:
    """Square pixels for a standard display."""
    if source.hdr:
        # To linear light, highlights rolled off, back to BT.709. The Mobius curve leaves what is below diffuse white
        # nearly as it is; measured on PQ and HLG, 18 % grey comes out at 109 (BT.709 has 106), with Hable's at 99.
        picture = (
            picture.filter("setparams", color_primaries="bt2020", colorspace="bt2020nc")
            .filter("zscale", transfer="linear", npl=REFERENCE_WHITE_NITS)
            .filter("format", "gbrpf32le")
            .filter("zscale", primaries="bt709")
            .filter("tonemap", "mobius", desat=0)
            .filter("zscale", transfer="bt709", matrix="bt709", range="tv")
        )
    if source.sample_aspect_ratio != 1:
        picture = picture.filter("scale", *source.square_size_px)
    return picture.filter("format", "yuv420p").filter("setsar", 1)


def _encoded(picture: Stream, plan: ClipPlan, encoder: Encoder, *, captions: bool) -> Stream:
    picture = picture.filter("scale", out_color_matrix="bt709", out_range="tv")
    if captions and (plan.words or plan.hook):
        picture = burned(picture, plan.captions, plan.fps)
    return ffmpeg.output(
        picture.filter("format", "yuv420p").filter("setparams", **BT709),
        PICTURE_FILE,
        vcodec=encoder.name,
        **dict(encoder.options),
        **{"profile:v": "high", "g": round(2 * plan.fps), "fps_mode": "cfr"},
        map_metadata=-1,
        map_chapters=-1,
        fflags="+bitexact",
    )


def _recorded(media: Stream, kept: TimeMap, source: RawVideo) -> Stream:
    sound = kept_sound(programme(media, source.audio_stream, source.microphones), kept)
    return ffmpeg.output(sound, PROGRAMME_FILE, acodec="pcm_f32le", map_metadata=-1, fflags="+bitexact")
