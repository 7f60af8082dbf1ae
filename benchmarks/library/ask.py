"""Runs one query of docs/analysts.md in this process: `python -m benchmarks.library.ask TOOL QUERY ROOT`.

Prints seconds, without imports but with opening the tables, and the peak memory of the process in MB, as JSON.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from clipper_assets.library.tables import FOLDER
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.analysts import code


def main(tool: str, query: str, root: str) -> None:
    first, queries = code(f"{root}/{FOLDER}")
    asked = queries[query][tool]
    if tool == "sql":
        from clipper_assets.library.views import connected  # noqa: PLC0415  # the memory of the other tools is measured

        storage = DirectoryStorage(root=root)
        with tempfile.TemporaryDirectory() as spill:
            began = time.perf_counter()
            rows = len(connected(storage, Path(spill)).execute(asked).fetchall())
            seconds = time.perf_counter() - began
    else:
        names: dict[str, Any] = {}
        exec(first[tool], names)  # noqa: S102  # imports, and the function that reads
        began = time.perf_counter()
        exec(asked, names)  # noqa: S102
        rows, seconds = len(names["answer"]), time.perf_counter() - began
    if not rows:
        raise SystemExit(f"{query} with {tool} found nothing")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_mb": peak_mb}))


if __name__ == "__main__":
    main(*sys.argv[1:])
