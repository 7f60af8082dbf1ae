"""Builds the ffmpeg commands of a clip: its window is cut, reframed and captioned in one process with one encode."""

from collections.abc import Sequence

import ffmpeg

from clipper_assets.captions.styles import CaptionStyle
from clipper_assets.clips.cuts import TimeMap
from clipper_assets.clips.plan import ClipPlan
from clipper_assets.clips.rendering.burn_in import burn_captions
from clipper_assets.clips.rendering.card import card_picture
from clipper_assets.clips.rendering.encoders import Encoder, encoded, encoding_arguments
from clipper_assets.clips.rendering.proxy import proxy_output, proxy_picture
from clipper_assets.clips.rendering.reframing import Stretch, reframe, stretches
from clipper_assets.clips.rendering.trimming import trim_picture, trim_sound
from clipper_assets.episodes.audio import Stream, programme
from clipper_assets.episodes.picture import input_options, upright
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import range_options
from clipper_assets.media.inputs import media_input

REFERENCE_WHITE_NITS = 203  # diffuse white of PQ and HLG programmes: ITU-R BT.2408, table 1
HD_HEIGHT_PX = 720
BT709 = {"color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709", "range": "tv"}
"""Colour tags of the output; ffmpeg takes them from the frames, not from the encoder's options."""
PICTURE_FILE, PROGRAMME_FILE, SOUND_FILE, CLIP_FILE = "picture.mp4", "programme.wav", "sound.m4a", "clip.mp4"
LEAD_S = 0.25
"""Sound decoded before the clip: after a seek the first AAC packet is lost, or several MP3 packets."""
HDR_THREADS = 4
LARGEST_FOR_ONE_THREAD_PX = 1920 * 1080
"""Each decoder thread buffers frames and costs some CPU; up to 1080p a single one is faster than the encoder, at 4K two
are."""


def video_arguments(
    plan: ClipPlan, source: RawVideo, media_source: str, encoder: Encoder, *, captions: bool, proxy: bool = False
) -> Sequence[str]:
    """ffmpeg arguments that encode a clip's picture and extract its unmastered sound, in one pass over the window.

    With `proxy` the same pass makes the proxy, too. ffmpeg must run in a folder that contains `captions.ass`, `fonts/`
    and, for a moving camera, `camera.cmd`. These relative names contain no character with a meaning in filter syntax.
    """
    media, time_map = _window(plan, source, media_source)
    whole = upright(media[str(source.video_stream)], source)
    copies = whole.filter_multi_output("split") if proxy else [whole]
    picture = _at_constant_rate(copies[0], plan)
    picture = _as_sdr(trim_picture(picture, time_map, plan.fps), source)
    picture = reframe(picture, camera_stretches(plan, source), source, plan.frame, plan.fps)
    outputs = [_picture_output(picture, plan, encoder, captions=captions), _sound_output(media, time_map, source)]
    if proxy:
        outputs.append(proxy_output(_as_sdr(proxy_picture(copies[1], source, _lead_s(plan)), source)))
    # More threads only cost more CPU, except for the floating-point filters for HDR.
    return [
        "-filter_complex_threads",
        str(HDR_THREADS if source.hdr else 1),
        *encoding_arguments(ffmpeg.merge_outputs(*outputs), encoder),
    ]


def sound_arguments(plan: ClipPlan, source: RawVideo, media_source: str) -> Sequence[str]:
    """ffmpeg arguments that extract only the unmastered sound."""
    return _arguments(_sound_output(*_window(plan, source, media_source), source))


def card_arguments(plan: ClipPlan, encoder: Encoder, *, captions: bool) -> Sequence[str]:
    """ffmpeg arguments that encode the picture of an audio-only clip, in a folder with its card and `sound.m4a`."""
    sound = media_input(SOUND_FILE).audio
    picture = card_picture(sound, plan.frame, plan.fps, accent(plan.style)).filter("trim", end_frame=_frames(plan))
    return encoding_arguments(_picture_output(picture, plan, encoder, captions=captions), encoder)


def mux_arguments() -> Sequence[str]:
    """ffmpeg arguments that mux `picture.mp4` and `sound.m4a` into the clip without encoding."""
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


def camera_stretches(plan: ClipPlan, source: RawVideo) -> list[Stretch]:
    """The camera path of a clip in frames and whole pixels."""
    return stretches(plan.camera, source, plan.frame, plan.fps, _frames(plan))


def accent(style: CaptionStyle) -> str:
    """The colour of the bars on a card: the style's colour for the word being spoken."""
    return style.highlight_colour or style.highlight_box_colour or style.text_colour


def _arguments(output: Stream) -> Sequence[str]:
    arguments: Sequence[str] = ffmpeg.get_args(output)
    return arguments


def _frames(plan: ClipPlan) -> int:
    return round(plan.duration_s * plan.fps)


def _lead_s(plan: ClipPlan) -> float:
    """The time between the opening of the window and the clip's start: `LEAD_S` in whole frames, if there are any."""
    return float(min(round(plan.start_s * plan.fps), round(LEAD_S * plan.fps)) / plan.fps)


def _window(plan: ClipPlan, source: RawVideo, media_source: str) -> tuple[Stream, TimeMap]:
    """The window, opened a little early, and the time map relative to that start."""
    lead_s = _lead_s(plan)
    seconds = plan.end_s - plan.start_s + lead_s
    threads = 1 if source.width_px * source.height_px <= LARGEST_FOR_ONE_THREAD_PX else 2
    options: dict[str, int | str] = {
        "threads": threads,
        **input_options(source),
        **range_options(media_source, source.size_bytes, seconds / source.duration_s),
    }
    if plan.start_s > lead_s:
        options["ss"] = f"{plan.start_s - lead_s:.6f}"
    if source.height_px >= HD_HEIGHT_PX and not source.hdr:
        # For untagged H.264: players assume BT.709 for HD video, but ffmpeg assumes BT.601.
        options["colorspace"] = "bt709"
    time_map = TimeMap(tuple((start_s + lead_s, end_s + lead_s) for start_s, end_s in plan.cuts.kept))
    return media_input(media_source, t=f"{seconds:.6f}", **options), time_map


def _at_constant_rate(picture: Stream, plan: ClipPlan) -> Stream:
    """One frame at each of the clip's frame times; the last frame repeats without end if the video ends early."""
    return picture.filter("fps", plan.fps, start_time=0).filter("tpad", stop_mode="clone", stop=-1)


def _as_sdr(picture: Stream, source: RawVideo) -> Stream:
    """Convert HDR to BT.709."""
    if source.hdr:
        # Convert to linear light, compress highlights, convert to BT.709. The Mobius curve hardly changes values below
        # diffuse white; measured on PQ and HLG, 18 % grey becomes 109 (BT.709 has 106), with Hable's curve 99.
        picture = (
            picture.filter("setparams", color_primaries="bt2020", colorspace="bt2020nc")
            .filter("zscale", transfer="linear", npl=REFERENCE_WHITE_NITS)
            .filter("format", "gbrpf32le")
            .filter("zscale", primaries="bt709")
            .filter("tonemap", "mobius", desat=0)
            .filter("zscale", transfer="bt709", matrix="bt709", range="tv")
        )
    return picture.filter("format", "yuv420p")


def _picture_output(picture: Stream, plan: ClipPlan, encoder: Encoder, *, captions: bool) -> Stream:
    picture = picture.filter("scale", out_color_matrix="bt709", out_range="tv")
    if captions and (plan.words or plan.hook):
        picture = burn_captions(picture, plan.captions, plan.fps)
    return encoded(
        picture.filter("format", "yuv420p").filter("setparams", **BT709),
        PICTURE_FILE,
        encoder,
        g=round(2 * plan.fps),
        fps_mode="cfr",
        map_metadata=-1,
        map_chapters=-1,
        fflags="+bitexact",
    )


def _sound_output(media: Stream, time_map: TimeMap, source: RawVideo) -> Stream:
    sound = programme(media, source.audio_stream, source.microphones, source.audio_channel)
    sound = trim_sound(sound, time_map)
    return ffmpeg.output(sound, PROGRAMME_FILE, acodec="pcm_f32le", map_metadata=-1, fflags="+bitexact")
