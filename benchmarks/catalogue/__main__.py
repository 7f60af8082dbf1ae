"""Measures a catalogue of thousands of episodes: `python -m benchmarks.catalogue [part ...]`.

Exits with 1 if a figure is above its limit.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Iterable, Mapping

from rich.console import Console

from benchmarks.catalogue import checks, discovery, gpus, questions
from benchmarks.catalogue.figure import Figure, line

PARTS: Mapping[str, Callable[[], Iterable[Figure]]] = {
    "discovery": discovery.measure,
    "questions": questions.measure,
    "checks": checks.measure,
    "gpus": gpus.measure,
}
"""What each part measures, by name."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"one of {', '.join(PARTS)}; default: all")
    parts = parser.parse_args().parts or list(PARTS)
    if unknown := [part for part in parts if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]}; choose from {', '.join(PARTS)}")
    logging.disable(logging.INFO)  # that of sensors
    console = Console(highlight=False, soft_wrap=True)
    failed = False
    for part in parts:
        console.print(f"[bold]{part}")
        for figure in PARTS[part]():
            failed |= figure.failed
            console.print(f"  {line(figure)}", style="red" if figure.failed else None)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
