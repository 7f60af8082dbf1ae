"""The kinds of pictures on which encoders are compared, as the renderer draws them, captions included."""

from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

from benchmarks.ours import LOOK, LOSSLESS
from benchmarks.source import FPS, SAMPLE
from clipper_assets.camera.direction.path import still
from clipper_assets.captions.ass import caption_ass
from clipper_assets.captions.fonts import FONTS_DIR
from clipper_assets.captions.lines import CaptionWord
from clipper_assets.captions.script_fonts import gather_fonts
from clipper_assets.clips.cuts import TimeMap
from clipper_assets.clips.plan import ClipPlan
from clipper_assets.clips.rendering.burn_in import CAPTIONS_FILE, FONTS_FOLDER
from clipper_assets.clips.rendering.encoders import Encoder
from clipper_assets.clips.rendering.filtergraph import PICTURE_FILE, video_arguments
from clipper_assets.episodes.probe import probe_upload
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import run
from clipper_assets.shows.show import Layout
from clipper_assets.storage.directory import DirectoryStorage

FACES = Path(__file__).parent.parent.parent / "shared" / "data" / "faces"
CLIP_S = 4
SPOKEN = ("and", "that", "is", "why", "nobody", "on", "the", "team", "slept", "that", "week")
UPLOAD = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-t", str(CLIP_S)]
HD = f"scale=1920:1080:force_original_aspect_ratio=increase:flags=lanczos,crop=1920:1080,setsar=1,fps={FPS}"
LINES = ("Revenue by region, 2026", "North America      41 %", "Europe and Africa  33 %", "Asia and Pacific   26 %")


@dataclass(frozen=True)
class Kind:
    """A kind of picture: how ffmpeg draws it in 1080p, the bit rate of the upload, and the layout of the clip."""

    name: str
    inputs: tuple[str, ...]
    graph: str
    rate: str = "8M"
    layout: Layout = Layout.center


def _people(*names: str) -> tuple[str, ...]:
    return tuple(argument for name in names for argument in ("-i", str(FACES / f"{name}.mpg")))


def _slide(lines: tuple[str, ...], shown: str) -> str:
    font = f"fontfile={FONTS_DIR / 'NotoSans-Bold.ttf'}"
    return ",".join(
        f"drawtext={font}:text='{line.replace('%', '')}':x=160:y={140 + 190 * row}:fontsize={96 if row == 0 else 60}"
        f":fontcolor=0x{'1A3A6B' if row == 0 else '222222'}:enable='{shown}'"
        for row, line in enumerate(lines)
    )


TWO_CLOSE_UPS = f"[0:v]{HD},trim=end=2[a];[1:v]{HD},trim=end=2[b];[a][b]concat"
GUEST = f"[0:v]scale=2880:1620:flags=bicubic,crop=1920:1080:0:270,setsar=1,fps={FPS}"
IN_THE_DARK = (
    "gradients=s=1920x1080:r=30:d=4:n=3:c0=0x0B0D14:c1=0x39445A:c2=0x16111F:speed=0.004:type=radial[wall];"
    f"[0:v]{HD},scale=960:540,trim=end=4,eq=brightness=-0.12[face];"
    "[wall][face]overlay=x=480:y=200:eof_action=repeat,noise=alls=2:allf=t:all_seed=1"
)
KINDS = (
    Kind("faces", _people("bbaf2n", "lbax4n"), f"{TWO_CLOSE_UPS},noise=alls=4:allf=t:all_seed=1"),
    Kind("sample", ("-ss", "8", "-i", str(SAMPLE / "episode.mp4")), f"{GUEST},noise=alls=7:allf=t:all_seed=1"),
    Kind("grain", _people("brbk7n", "lwbsza"), f"{TWO_CLOSE_UPS},noise=alls=6:allf=t:all_seed=1", rate="12M"),
    Kind("dark", _people("brbk7n"), IN_THE_DARK, rate="16M"),
    Kind(
        "slides",
        (),
        f"color=c=0xF4F4F0:s=1920x1080:r={FPS}:d={CLIP_S},drawbox=x=1300:y=300:w=420:h=600:color=0x2E86AB:t=fill,"
        f"{_slide(LINES, 'lt(t,2)')},{_slide(LINES[::-1], 'gte(t,2)')}",
        layout=Layout.fit,
    ),
)


@dataclass(frozen=True)
class Material:
    """A kind's clip: what the renderer needs to draw it, and `lossless`, the clip as it was drawn."""

    kind: Kind
    plan: ClipPlan
    source: RawVideo
    upload: Path
    lossless: Path


def make_material(kind: Kind, folder: Path) -> Material:
    """Make the upload of a kind in `folder` and draw its clip. Raises FfmpegError if ffmpeg fails."""
    folder.mkdir(parents=True)
    upload = folder / "upload.mp4"
    sound = ["-f", "lavfi", "-i", "sine=f=220:r=48000"]
    sound_number = kind.inputs.count("-i")
    rate = ["-b:v", kind.rate, "-maxrate", kind.rate, "-bufsize", kind.rate]
    graph = ["-filter_complex", f"{kind.graph}[v]", "-map", "[v]", "-map", f"{sound_number}:a"]
    run([*kind.inputs, *sound, *graph, *UPLOAD, *rate, str(upload)])
    source = _source(upload)
    plan = _plan(kind, source)
    (folder / CAPTIONS_FILE).write_text(caption_ass(plan.captions))
    gather_fonts(plan.captions.faces, folder / FONTS_FOLDER)
    draw(plan, source, upload, LOSSLESS, folder)
    lossless = (folder / PICTURE_FILE).rename(folder / "lossless.mp4")
    return Material(kind, plan, source, upload, lossless)


def draw(plan: ClipPlan, source: RawVideo, upload: Path, encoder: Encoder, folder: Path) -> None:
    """Render the picture into `folder`, which has the captions and their fonts."""
    run(video_arguments(plan, source, f"file:{upload.absolute()}", encoder, captions=True), cwd=folder)


def _source(file: Path) -> RawVideo:
    probe = probe_upload(DirectoryStorage(root=str(file.parent)), file.name, 1.0)
    facts = asdict(probe) | {"duration_s": probe.duration_s or 0.0}
    return RawVideo(**facts, episode=file.name, key=file.name, etag="", speech_key="", loudness_key="")


def _plan(kind: Kind, source: RawVideo) -> ClipPlan:
    each_s = CLIP_S / len(SPOKEN)
    words = tuple(
        CaptionWord(word, number * each_s, (number + 1) * each_s, sentence=0, speaker=None)
        for number, word in enumerate(SPOKEN)
    )
    return ClipPlan(
        index=0,
        etag="",
        start_s=0.0,
        end_s=CLIP_S,
        fps=Fraction(FPS),
        frame=LOOK.frame,
        cuts=TimeMap.whole(CLIP_S),
        words=words,
        style=LOOK.style,
        hook=None,
        camera=still(kind.layout, source, "benchmark"),
    )
