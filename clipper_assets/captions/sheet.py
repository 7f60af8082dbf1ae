"""Draws contact sheets with libass: one picture of all caption styles, and one of all scripts."""

# ruff: noqa: RUF001  # all the world's letters

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ffmpeg
import pysubs2

from clipper_assets.captions.ass import caption_ass
from clipper_assets.captions.fonts import find_face
from clipper_assets.captions.layout import Captions
from clipper_assets.captions.lines import CaptionWord
from clipper_assets.captions.script_fonts import gather_fonts
from clipper_assets.captions.styles import load_style, style_names
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.media.inputs import generated_input, picture_input
from clipper_assets.runtime.errors import named_if_full
from clipper_assets.shows.show import DEFAULT_STYLE
from clipper_assets.text.scripts import UNSPACED, split_unspaced

FRAME = FRAMES[Aspect.portrait]
COLUMNS = 5
TILE_WIDTH_PX, TILE_HEIGHT_PX = 270, 480
WORD_S = 0.4
AT_S = 1.0
"""The moment shown on the sheet, at which the third word is spoken."""
LABEL = "Noto Sans Bold"

TALK = "Those 3 loaves burned before our guests arrived"
HOOK = "The bread that nobody could bake"
SCRIPTS = (
    ("Latin", "en", "Naïve café owners bake twelve loaves"),
    ("Cyrillic", "ru", "Сегодня мы говорим о хлебе, детка"),
    ("Greek", "el", "Σήμερα μιλάμε για το ψωμί μας"),
    ("Arabic", "ar", "اليوم نتحدث عن الخبز (الطازج) 3 مرات!"),
    ("Hebrew", "he", "היום נדבר על לחם, ועל iPhone חדש."),
    ("Devanagari", "hi", "आज हम ताज़ी रोटी की बात करेंगे।"),
    ("Thai", "th", "วันนี้เราจะพูดถึงขนมปังที่ดีที่สุด"),
    ("Bengali", "bn", "আজ আমরা তাজা রুটির কথা বলব।"),
    ("Gurmukhi", "pa", "ਅੱਜ ਅਸੀਂ ਤਾਜ਼ੀ ਰੋਟੀ ਦੀ ਗੱਲ ਕਰਾਂਗੇ।"),
    ("Gujarati", "gu", "આજે આપણે તાજી રોટલી વિશે વાત કરીશું."),
    ("Odia", "or", "ଆଜି ଆମେ ରୁଟି ବିଷୟରେ କହିବା।"),
    ("Tamil", "ta", "இன்று நாம் ரொட்டி பற்றி பேசுவோம்."),
    ("Telugu", "te", "ఈరోజు మనం రొట్టె గురించి మాట్లాడుకుందాం."),
    ("Kannada", "kn", "ಇಂದು ನಾವು ರೊಟ್ಟಿ ಬಗ್ಗೆ ಮಾತನಾಡೋಣ."),
    ("Malayalam", "ml", "ഇന്ന് നമുക്ക് റൊട്ടിയെക്കുറിച്ച് സംസാരിക്കാം."),
    ("Sinhala", "si", "අද අපි පාන් ගැන කතා කරමු."),
    ("Lao", "lo", "ມື້ນີ້ ພວກເຮົາ ເວົ້າ ກ່ຽວກັບ ເຂົ້າຈີ່"),
    ("Burmese", "my", "ဒီနေ့ ပေါင်မုန့် အကြောင်း ပြောမယ်။"),
    ("Khmer", "km", "ថ្ងៃនេះ យើង និយាយ អំពី នំប៉័ង"),
    ("Georgian", "ka", "დღეს ჩვენ პურზე ვისაუბრებთ."),
    ("Armenian", "hy", "Այսօր մենք կխոսենք հացի մասին։"),
    ("Ethiopic", "am", "ዛሬ ስለ ዳቦ እንነጋገራለን።"),
    ("Chinese", "zh", "今天我们来谈谈最好的面包。"),
    ("Japanese", "ja", "今日は美味しいパンの話をします。"),
    ("Korean", "ko", "오늘은 맛있는 빵 이야기를 합니다"),
    ("emoji", "en", "Fresh 🍞 bread 🔥 and 👩🏽‍🍳 ❤️ 🇫🇷"),
)


@dataclass(frozen=True)
class Tile:
    """One labelled picture of a sheet."""

    label: str
    captions: Captions


def style_tiles(fonts_dir: Path | None = None) -> list[Tile]:
    """One tile for each style, all with the same words."""
    return [
        Tile(name, Captions(spoken(TALK, "en"), load_style(name), FRAME, 9.0, HOOK, fonts_dir))
        for name in style_names()
    ]


def script_tiles(style_name: str = DEFAULT_STYLE, fonts_dir: Path | None = None) -> list[Tile]:
    """One tile for each script, all in the same style."""
    style = load_style(style_name)
    return [
        Tile(label, Captions(spoken(text, language), style, FRAME, 9.0, text, fonts_dir))
        for label, language, text in SCRIPTS
    ]


def contact_sheet(target: Path, tiles: Sequence[Tile], background: Path | None = None) -> None:
    """Write the tiles to a PNG, over the first frame of `background` or over a gradient. Raises FfmpegError."""
    faces = {face for tile in tiles for face in tile.captions.faces} | {find_face(LABEL)}
    pictures = _background(background).filter("setpts", f"{AT_S}/TB").filter_multi_output("split", len(tiles))
    small = []
    with tempfile.TemporaryDirectory() as folder:
        gather_fonts([*faces], Path(folder) / "fonts")
        for number, tile in enumerate(tiles):
            (Path(folder) / f"{number}.ass").write_text(_labelled(tile))
            shown = pictures[number].filter("ass", f"{number}.ass", fontsdir="fonts")
            small.append(shown.filter("scale", TILE_WIDTH_PX, TILE_HEIGHT_PX, flags="area"))
        corners = [divmod(number, COLUMNS) for number in range(len(tiles))]
        layout = "|".join(f"{column * TILE_WIDTH_PX}_{row * TILE_HEIGHT_PX}" for row, column in corners)
        sheet = ffmpeg.filter(small, "xstack", inputs=len(tiles), layout=layout, fill="black")
        with named_if_full(str(target)):
            run(ffmpeg.get_args(sheet.output(str(target.absolute()), vframes=1)), cwd=Path(folder))


def _labelled(tile: Tile) -> str:
    """The ASS file of the tile's captions plus its label, which is below them, where apps show their own texts."""
    subs = pysubs2.SSAFile.from_string(caption_ass(tile.captions))
    subs.styles["Label"] = pysubs2.SSAStyle(fontname=LABEL, fontsize=90, outline=3, shadow=0, marginv=240)
    subs.append(pysubs2.SSAEvent(end=pysubs2.make_time(s=tile.captions.clip_s), text=tile.label, style="Label"))
    return subs.to_string("ass")


def _background(picture: Path | None) -> ffmpeg.nodes.FilterableStream:
    width_px, height_px = FRAME.width_px, FRAME.height_px
    if picture is None:
        sky = (
            f"gradients=s={width_px}x{height_px}:c0=0x475569:c1=0xa8a29e:x0=0:y0=0:x1={width_px}:y1={height_px}:r=1:d=1"
        )
        return generated_input(sky)
    filled = picture_input(picture.absolute()).filter(
        "scale", width_px, height_px, force_original_aspect_ratio="increase"
    )
    return filled.filter("crop", width_px, height_px)


def spoken(text: str, language: str) -> list[CaptionWord]:
    """The words of a text, each spoken for `WORD_S` seconds."""
    texts = split_unspaced(text, language) if language in UNSPACED else text.split()
    return [
        CaptionWord(word, number * WORD_S, (number + 1) * WORD_S, 0, None, language)
        for number, word in enumerate(texts)
    ]
