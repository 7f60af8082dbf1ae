"""`python -m benchmarks.detectors`: how well face detectors find real faces, and what they cost."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.run import SHARED_MODELS
from clipper_assets.camera.analysis.faces import (
    CLOSER,
    Detector,
    haar,
    overlap,
    ultraface,
    with_quarters,
    yunet,
    yunet_look,
)
from clipper_assets.camera.scene import Boxes
from clipper_assets.models.store import ModelFileError, verify
from clipper_assets_tests.support.face_examples import SIZE_PX, Example, examples

FOUND = 0.4
"""Least intersection over union with the true box of a face that is found. OpenCV's cascade says where the truth is."""
REFERENCE = "UltraFace"


@dataclass
class Result:
    """What a detector made of the examples: faces there and found, boxes elsewhere, overlaps, and CPU-seconds."""

    found: dict[tuple[str, float], list[bool]] = field(default_factory=dict)
    elsewhere: dict[str, int] = field(default_factory=dict)
    overlaps: list[float] = field(default_factory=list)
    cpu_s: dict[str, list[float]] = field(default_factory=dict)

    def add(self, example: Example, boxes: Boxes, cpu_s: float) -> None:
        shares = np.array([overlap(face, boxes) for face in example.faces]).reshape(len(example.faces), len(boxes))
        best = shares.max(axis=1, initial=0.0)
        if example.share is not None:
            self.found.setdefault((example.kind, example.share), []).append(bool(best[0] > FOUND))
        wrong = int((shares.max(axis=0, initial=0.0) <= FOUND).sum())
        self.elsewhere[example.kind] = self.elsewhere.get(example.kind, 0) + wrong
        self.overlaps += best[best > FOUND].tolist()
        size = "no face" if example.share is None else "small faces" if example.share < CLOSER else "large faces"
        self.cpu_s.setdefault(size, []).append(cpu_s)


def measured(detectors: Mapping[str, Detector]) -> dict[str, Result]:
    """The results of each detector. All see an example one after the other, each time another one first, so that a busy
    machine is equally bad for all.
    """
    results = {name: Result() for name in detectors}
    order = list(detectors)
    for detector in detectors.values():
        detector.find(np.zeros(SIZE_PX[::-1], np.uint8))
    for example in examples():
        order.append(order.pop(0))
        for name in order:
            began = time.process_time()
            boxes = detectors[name].find(example.picture)
            results[name].add(example, boxes, time.process_time() - began)
    return results


def detectors_of(models_dir: Path) -> dict[str, Detector]:
    """Haar, the detectors with models, and other ways to use YuNet. Raises ModelFileError if a model is missing."""
    reference, model = ultraface(verify("ultraface-rfb-320", models_dir)), verify("yunet-2023mar", models_dir)

    def once(longest_px: int) -> Detector:
        look = yunet_look(model, longest_px)
        return Detector("YuNet", lambda picture: look(picture)[0], every=8)

    return {
        "Haar": haar(),
        REFERENCE: reference,
        "YuNet": yunet(model),
        "YuNet, 960 px": once(960),
        "YuNet, 640 px": once(640),
        "YuNet, 640 px, quarters": Detector("YuNet", with_quarters(yunet_look(model, 640)), every=8),
        "YuNet, 480 px": once(480),
    }


def _tables(results: Mapping[str, Result]) -> Iterator[Table]:
    kinds = list(results[REFERENCE].found)
    for kind in dict.fromkeys(kind for kind, _ in kinds):
        shares = sorted({share for other, share in kinds if other == kind}, reverse=True)
        table = Table(f"{kind}: found of faces of", *(_fraction(share) for share in shares))
        for name, result in results.items():
            table.add_row(name, *(f"{np.mean(result.found[kind, share]):.0%}" for share in shares))
        yield table
    sizes = list(results[REFERENCE].cpu_s)
    reference_ms = [1000 * median(cpu_s) for cpu_s in results[REFERENCE].cpu_s.values()]
    costs = [f"CPU ms, {size}" for size in sizes]
    table = Table("", "wrong boxes beside faces", "without faces", "median overlap", *costs)
    for name, result in results.items():
        without = result.elsewhere["no face"]
        cpu_ms = [1000 * median(result.cpu_s[size]) for size in sizes]
        cells = [f"{ms:.0f} ({ms / of:.2f})" for ms, of in zip(cpu_ms, reference_ms, strict=True)]
        with_faces = sum(result.elsewhere.values()) - without
        table.add_row(name, str(with_faces), str(without), f"{median(result.overlaps):.2f}", *cells)
    table.caption = (
        f"{len(results[REFERENCE].cpu_s['no face'])} pictures have no face. In brackets: ratio to {REFERENCE}."
    )
    yield table


def _fraction(share: float) -> str:
    return f"1/{round(1 / share)}" if share < 1 else "1"


@click.command()
@click.option("--models-dir", type=click.Path(path_type=Path), envvar="CLIPPER_MODELS_DIR", default=SHARED_MODELS)
def main(models_dir: Path) -> None:
    """Compare the face detectors of the camera on real faces; takes two minutes."""
    console = Console(width=140)
    try:
        detectors = detectors_of(models_dir)
    except ModelFileError as error:
        raise click.ClickException(str(error)) from error
    for table in _tables(measured(detectors)):
        console.print(table)


if __name__ == "__main__":
    main()
