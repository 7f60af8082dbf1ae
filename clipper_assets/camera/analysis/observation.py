"""The result of analysing a window, and the lake table `scenes` that stores it.

An observation is a scene plus what the later analysis of another window needs: portraits, by which people are
recognised, and the evidence that each face speaks, by which voices are matched to people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clipper_assets.camera.scene import FPS, Scene, Shot, Track, Turn
from clipper_assets.media.frame import Box
from clipper_assets.runtime.degraded import DEGRADED, Degraded
from clipper_assets.storage.tables import Column, TableSpec

PORTRAIT_PX = 24
Portrait = NDArray[np.uint8]
"""Grey values of a head, of shape (24, 24)."""

_SIDES = ("left", "top", "width", "height")
_SPAN = [pa.field("start", pa.float64()), pa.field("end", pa.float64())]
_BOX = pa.struct([pa.field(side, pa.float64()) for side in _SIDES])
_FACE = pa.struct(
    [
        pa.field("person", pa.int32()),
        pa.field("first", pa.int32()),
        *(pa.field(name, pa.list_(pa.float32())) for name in (*_SIDES, "evidence")),
        pa.field("portrait", pa.binary()),
    ]
)

SCENES_TABLE = TableSpec(
    "scenes",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("start", pa.float64(), "start of the analysed window, in seconds from the episode's start"),
        Column("end", pa.float64(), "end of the analysed window, in seconds from the episode's start"),
        Column("width", pa.int32(), "width of the source in square pixels, after rotation"),
        Column("height", pa.int32(), "height of the source in square pixels, after rotation"),
        Column("pictures", pa.int32(), "number of analysed pictures, 25 a second; fewer if the video ends early"),
        Column(
            "shots",
            pa.list_(pa.struct([*_SPAN, pa.field("screen", _BOX), pa.field("tiles", pa.list_(_BOX))])),
            "stretches between two cuts, without gaps; `screen`: the box of slides or a shared screen; `tiles`: the "
            "boxes of the participants of a remote recording",
        ),
        Column(
            "faces",
            pa.list_(_FACE),
            "one entry for each face in each shot. `person`: the same number for the same person in all rows; `first`: "
            "number of its first picture, at `start` + `first` / 25 seconds; `left` to `height`: its box in source "
            "pixels, one value per picture; `evidence`: the log likelihood ratio that it speaks, against that it does "
            "not, one value per picture, 0 where nobody looked; `portrait`: 24x24 grey values",
        ),
        Column(
            "turns",
            pa.list_(pa.struct([*_SPAN, pa.field("person", pa.int32()), pa.field("rivals", pa.list_(pa.int32()))])),
            "who speaks when; `person` is null where the voice belongs to nobody in view; `rivals`: others who look as "
            "if they speak too",
        ),
        Column("degraded", DEGRADED, "fallbacks used in the analysis of this window"),
        Column("spec", pa.string(), "hash of the inputs of this row; a row with the same hash is reused"),
    ],
)


@dataclass(frozen=True)
class Observation:
    """The result of analysing one window.

    For each track of the scene there is a portrait and, per picture, the log likelihood ratio that the face speaks.
    `pictures` is the number of analysed pictures; fewer than the window has if the video ends early.
    """

    scene: Scene
    pictures: int
    portraits: tuple[Portrait, ...]
    evidence: tuple[NDArray[np.float64], ...]
    degraded: tuple[Degraded, ...] = ()


def scenes_table(episode: str, observations: Mapping[str, Observation]) -> pa.Table:
    """Observations, keyed by their specs, as a lake table with one row per window."""
    return SCENES_TABLE.table(
        [
            {
                "episode": episode,
                "start": scene.start_s,
                "end": scene.end_s,
                "width": scene.width_px,
                "height": scene.height_px,
                "pictures": observation.pictures,
                "shots": [
                    {
                        "start": shot.start_s,
                        "end": shot.end_s,
                        "screen": shot.screen and shot.screen._asdict(),
                        "tiles": [tile._asdict() for tile in shot.tiles],
                    }
                    for shot in scene.shots
                ],
                "faces": _faces(observation),
                "turns": [
                    {"start": turn.start_s, "end": turn.end_s, "person": turn.person, "rivals": turn.rivals}
                    for turn in scene.turns
                ],
                "degraded": [fallback.as_dict() for fallback in observation.degraded],
                "spec": spec,
            }
            for spec, observation in observations.items()
            for scene in [observation.scene]
        ]
    )


def _faces(observation: Observation) -> list[dict[str, Any]]:
    scene = observation.scene
    return [
        {
            "person": track.person,
            "first": round((track.times_s[0] - scene.start_s) * FPS),
            **dict(zip(_SIDES, track.boxes_px.T.tolist(), strict=True)),
            "evidence": evidence.tolist(),
            "portrait": portrait.tobytes(),
        }
        for track, evidence, portrait in zip(scene.tracks, observation.evidence, observation.portraits, strict=True)
    ]


def read_observations(table: pa.Table) -> dict[str, Observation]:
    """Read the observations of a table, keyed by their specs."""
    return {
        row["spec"]: Observation(
            _scene(row),
            row["pictures"],
            tuple(np.frombuffer(face["portrait"], np.uint8).reshape(PORTRAIT_PX, PORTRAIT_PX) for face in row["faces"]),
            tuple(np.array(face["evidence"]) for face in row["faces"]),
            tuple(Degraded(**fallback) for fallback in row["degraded"]),
        )
        for row in table.to_pylist()
    }


def read_scenes(table: pa.Table) -> list[Scene]:
    """Read only the scenes of a table of observations."""
    return [_scene(row) for row in table.to_pylist()]


def _scene(row: Mapping[str, Any]) -> Scene:
    start_s = row["start"]
    return Scene(
        start_s,
        row["end"],
        row["width"],
        row["height"],
        tuple(
            Shot(
                shot["start"],
                shot["end"],
                shot["screen"] and Box(**shot["screen"]),
                tuple(Box(**tile) for tile in shot.get("tiles") or ()),
            )
            for shot in row["shots"]
        ),
        tuple(
            Track(
                face["person"],
                start_s + (face["first"] + np.arange(len(face["left"]))) / FPS,
                np.array([face[side] for side in _SIDES]).T,
            )
            for face in row["faces"]
        ),
        tuple(
            Turn(turn["start"], turn["end"], turn["person"], tuple(turn.get("rivals") or ())) for turn in row["turns"]
        ),
    )
