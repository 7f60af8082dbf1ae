from pathlib import Path

import numpy as np

from clipper_assets.captions.sheet import COLUMNS, TILE_WIDTH_PX, contact_sheet, script_tiles, style_tiles
from clipper_assets.captions.styles import style_names
from clipper_assets_tests.captions.drawing import CJK_DIR
from clipper_assets_tests.support.media import frames, make


def test_a_sheet_shows_every_style_over_a_picture(tmp_path: Path) -> None:
    still = make(tmp_path / "still.png", "-f", "lavfi", "-i", "color=c=0x204060:s=320x180", "-frames:v", "1")
    contact_sheet(tmp_path / "sheet.png", style_tiles(), still)
    ((_, picture),) = frames(tmp_path / "sheet.png", "rgb24")
    assert picture.shape == (2 * 480, COLUMNS * TILE_WIDTH_PX, 3)
    for number in range(len(style_names())):
        row, column = divmod(number, COLUMNS)
        tile = picture[row * 480 : (row + 1) * 480, column * TILE_WIDTH_PX : (column + 1) * TILE_WIDTH_PX].astype(int)
        drawn = (np.abs(tile - [0x20, 0x40, 0x60]) > 20).any(axis=2)
        for part in (drawn[60:160], drawn[210:315], drawn[380:]):  # hook, captions, name
            assert part.sum() > 100


def test_every_script_has_a_tile_without_missing_glyphs() -> None:
    tiles = script_tiles(fonts_dir=CJK_DIR)
    assert [tile.label for tile in tiles][-4:] == ["Chinese", "Japanese", "Korean", "emoji"]
    assert all(tile.captions.missing_glyphs == "" for tile in tiles)
