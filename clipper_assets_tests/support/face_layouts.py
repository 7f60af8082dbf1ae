"""The scenes of `face_scenes` by name: who sits where, who speaks, and who moves the lips without a sound."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from clipper_assets.media.frame import Box
from clipper_assets_tests.support.face_clips import Clip
from clipper_assets_tests.support.face_pictures import CANVAS, SLIDE, Backdrop, Seat, filling, in_room, roomy

Cast = Callable[[int], Clip]
"""The clip of a person, who are numbered from 0."""
GUTTER = 12.0
"""Width of the black gutters between tiles; those of Zoom and Riverside are 4 to 16 pixels in 720p."""


@dataclass(frozen=True)
class Act:
    """A stretch in which one person is heard, who is in view or not; each of `runs` takes 3 s."""

    seats: tuple[Seat, ...]
    voice: int
    runs: int = 2
    lips: frozenset[int] = frozenset()
    tiles: tuple[Box, ...] = ()
    screen: Box | None = None
    backdrop: Backdrop = Backdrop.black


def grid(columns: int, rows: int, window: Box = CANVAS, gutter: float = GUTTER) -> tuple[Box, ...]:
    """Equal 16:9 tiles with gutters between and around them, row by row, in the middle of the window."""
    width = min(
        (window.width - gutter * (columns + 1)) / columns, (window.height - gutter * (rows + 1)) / rows * 16 / 9
    )
    height = width * 9 / 16
    left = window.center_x - (columns * width + (columns - 1) * gutter) / 2
    top = window.center_y - (rows * height + (rows - 1) * gutter) / 2
    return tuple(
        Box(left + column * (width + gutter), top + row * (height + gutter), width, height)
        for row in range(rows)
        for column in range(columns)
    )


def _filled(cast: Cast, tiles: Sequence[Box]) -> tuple[Seat, ...]:
    return tuple(filling(person, cast(person), tile) for person, tile in enumerate(tiles))


def _roomy(tiles: Sequence[Box]) -> tuple[Seat, ...]:
    return tuple(roomy(person, tile) for person, tile in enumerate(tiles))


def _tiled(seats: tuple[Seat, ...], speakers: Sequence[int]) -> list[Act]:
    tiles = tuple(seat.pane for seat in seats)
    return [Act(seats, speaker, tiles=tiles) for speaker in speakers]


def _halves(cast: Cast, gutter: float) -> tuple[Seat, ...]:
    width = (CANVAS.width - 3 * gutter) / 2
    return _filled(
        cast, [Box(gutter + n * (width + gutter), gutter, width, CANVAS.height - 2 * gutter) for n in (0, 1)]
    )


_TWO = (in_room(0, 400, 330, 170), in_room(1, 880, 350, 160))
_THREE = (in_room(0, 260, 340, 140), in_room(1, 640, 320, 145), in_room(2, 1020, 345, 140))
_NINE = tuple(
    in_room(person, 110 + 265 * person if person < 5 else 243 + 265 * (person - 5), 200 if person < 5 else 470, 96)
    for person in range(9)
)


def _room(seats: tuple[Seat, ...], speakers: Sequence[int], lips: Sequence[Sequence[int]] = ()) -> list[Act]:
    moving = [frozenset(people) for people in lips] or [frozenset[int]()] * len(speakers)
    return [
        Act(seats, speaker, lips=people, backdrop=Backdrop.room)
        for speaker, people in zip(speakers, moving, strict=True)
    ]


def _lips(acts: Sequence[Act], lips: Sequence[Sequence[int]]) -> list[Act]:
    return [replace(act, lips=frozenset(people)) for act, people in zip(acts, lips, strict=True)]


def _full(cast: Cast, person: int, enlarged: float = 1.0) -> tuple[Seat, ...]:
    return (filling(person, cast(person), CANVAS, enlarged),)


def _speaker_view(cast: Cast) -> list[Act]:
    first, _, third, last = _tiled(_filled(cast, grid(2, 2)), (0, 1, 2, 3))
    return [first, Act(_full(cast, 1), 1), third, Act(_full(cast, 2), 2, 1), last]


def _large_and_small(cast: Cast) -> list[Act]:
    """A large tile beside three small ones, as conference software shows a pinned participant."""
    tiles = (Box(12, 62, 940, 528.75), *grid(1, 3, Box(952, 50, 328, 560)))
    return _tiled(_filled(cast, tiles), (0, 2, 0, 3))


def _screen_share(cast: Cast) -> list[Act]:
    seats = _filled(cast, grid(1, 4, Box(972, 0, 308, 720)))
    tiles = tuple(seat.pane for seat in seats)
    backdrops = (Backdrop.slide, Backdrop.slide, Backdrop.next_slide)
    return [Act(seats, speaker, 2, frozenset(), tiles, SLIDE, slide) for speaker, slide in enumerate(backdrops)]


def _close_and_wide(cast: Cast) -> list[Act]:
    first, second = _room(_TWO, (1, 0))
    return [Act(_full(cast, 0), 0), first, Act(_full(cast, 1), 1, 1), second]


LAYOUTS: dict[str, Callable[[Cast], list[Act]]] = {
    "grid_2x2": lambda cast: _tiled(_filled(cast, grid(2, 2)), (0, 3, 1, 2)),
    "grid_2x2_roomy": lambda cast: _tiled(_roomy(grid(2, 2)), (1, 2, 3, 0)),
    "grid_3x3": lambda cast: _tiled(_filled(cast, grid(3, 3)), (8, 0, 4, 5)),
    "grid_3x3_roomy": lambda cast: _tiled(_roomy(grid(3, 3)), (6, 1, 3, 8)),
    "large_and_small": _large_and_small,
    "neighbours": lambda cast: _tiled(_halves(cast, 0), (0, 1, 0)),
    "neighbours_gutter": lambda cast: _tiled(_filled(cast, grid(2, 1)), (1, 0, 1)),
    "neighbours_tall": lambda cast: _tiled(_halves(cast, GUTTER), (0, 1, 0)),
    "two_shot": lambda _: _room(_TWO, (0, 1, 0)),
    "three_shot": lambda _: _room(_THREE, (0, 2, 1)),
    "nine_faces": lambda _: _room(_NINE, (8, 0, 6, 2)),
    "lips_two_shot": lambda _: _room(_TWO, (0, 1, 0), ([1], [0], [1])),
    "lips_three_shot": lambda _: _room(_THREE, (0, 2, 1), ([1], [0, 1], [2])),
    "lips_neighbours": lambda cast: _lips(_tiled(_halves(cast, 0), (0, 1, 0)), ([1], [0], [1])),
    "lips_grid": lambda cast: _lips(_tiled(_filled(cast, grid(2, 2)), (0, 3, 1)), ([2], [0], [3])),
    "lips_sometimes": lambda _: _room(_TWO, (0, 1, 0, 1), ([], [0], [], [])),
    "off_screen": lambda _: _room(_TWO, (0, 2, 1, 3)),
    "off_screen_grid": lambda cast: [
        Act(act.seats, voice, tiles=act.tiles)
        for act, voice in zip(_tiled(_filled(cast, grid(2, 2))[:3], (0, 0, 0)), (0, 3, 1), strict=True)
    ],
    "narrator": lambda cast: [Act(_full(cast, 0), 1), Act(_full(cast, 0), 0, 1), Act(_full(cast, 0), 2)],
    "extreme_close_up": lambda cast: [Act(_full(cast, person, 1.1), person) for person in (0, 1, 2)],
    "close_and_wide": _close_and_wide,
    "speaker_view": _speaker_view,
    "screen_share": _screen_share,
}
"""What happens in each scene; each layout gets the cast, and returns its acts in time order."""
