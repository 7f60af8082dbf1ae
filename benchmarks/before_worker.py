"""Runs one step for one window with the code of commit a2d2b61, which must be first on the import path.

`python -P before_worker.py PIPE STEP FOLDER`: a file descriptor, `look` or `make`, and a folder that `before.py` wrote.
Modules are imported by name, because they differ from those of the same name that surround this file.
"""

import json
import pickle
import sys
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pyarrow import parquet

cost, ours, source = (import_module(f"benchmarks.{name}") for name in ("cost", "ours", "source"))
framing, encoders = (import_module(f"clipper_assets.clips.{name}") for name in ("framing.path", "rendering.encoders"))


def look(folder: Path, request: dict[str, Any], episode: Any, window: Any) -> None:
    models_dir = request["models_dir"] and Path(request["models_dir"])
    shown = ours.look(episode, request["url"], [window], framing.Layout.auto, models_dir)
    if shown.method != "LR-ASD":
        raise RuntimeError(f"the speaker was found by {shown.method}, not by LR-ASD")
    (folder / "camera.pickle").write_bytes(pickle.dumps(shown.paths[0]))


def make(folder: Path, request: dict[str, Any], episode: Any, window: Any) -> None:
    camera = pickle.loads((folder / "camera.pickle").read_bytes())  # noqa: S301 (written by `look`)
    ours.make_clip(episode, request["url"], window, camera, encoders.X264, folder / "clip")


def main(pipe: str, step: str, name: str) -> None:
    folder = Path(name)
    request = json.loads((folder / "request.json").read_text())
    file, words = Path(request["file"]), parquet.read_table(folder / "words.parquet")
    loop_s = 0.0  # used by no step
    episode = source.Episode(file, source._source(file), words, Path(request["speech"]), loop_s)
    window = source.Window(request["start_s"], request["end_s"])
    cost._child(Connection(int(pipe)), {"look": look, "make": make}[step], (folder, request, episode, window), {})


if __name__ == "__main__":
    main(*sys.argv[1:])
