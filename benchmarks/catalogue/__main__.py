"""Measures a catalogue of thousands of episodes: `python -m benchmarks.catalogue [part ...]`.

Exits with 1 if a figure is above its limit.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping

from benchmarks.catalogue.figure import Figure

PARTS: Mapping[str, Callable[[], Iterable[Figure]]] = {}
"""What each part measures, by name."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"one of {', '.join(PARTS)}; default: all")
    parts = parser.parse_args().parts or list(PARTS)
    if unknown := [part for part in parts if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]}; choose from {', '.join(PARTS)}")
    failed = False
    for part in parts:
        print(part, flush=True)
        for figure in PARTS[part]():
            failed |= figure.failed
            print(f"  {_line(figure)}", flush=True)
    return int(failed)


def _line(figure: Figure) -> str:
    limit = "" if figure.limit is None else f"  limit {figure.limit:g}{'  FAILED' if figure.failed else ''}"
    old = "" if figure.old is None else f"  before: {figure.old:.4g}"
    return f"{figure.name:<58} {figure.value:>10.4g} {figure.unit}{limit}{old}"


if __name__ == "__main__":
    sys.exit(main())
