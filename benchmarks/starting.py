"""`python -m benchmarks.starting`: measures the CPU time of starting, relative to unavoidable imports.

The exit code is 1 if a limit does not hold; `--record` writes starting.json, which docs/scale.md quotes.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.table import Table

FILE = Path(__file__).parent / "starting.json"
CLIPPER = str(Path(sys.executable).parent / "clipper")
COMMANDS = {
    "click_rich_cpu_s": [sys.executable, "-c", "import click, rich"],
    "help_cpu_s": [CLIPPER, "--help"],
    "dagster_cpu_s": [sys.executable, "-c", "import dagster"],
    "definitions_cpu_s": [sys.executable, "-c", "import clipper_assets.definitions"],
    "missing_cpu_s": [CLIPPER, "process", "missing.mp4"],
}
ROUNDS = 15
"""Each command runs this often, in turn, and its cheapest run counts: other processes can only add to its cost."""
HELP_LIMIT, HELP_FREE_S = 1.3, 0.15
"""Multiple of importing click and rich, and CPU-seconds on top."""
DEFINITIONS_LIMIT = 1.8
"""Multiple of importing dagster."""


@dataclass(frozen=True)
class Starting:
    """CPU-seconds of starting each command, children included."""

    click_rich_cpu_s: float
    help_cpu_s: float
    dagster_cpu_s: float
    definitions_cpu_s: float
    missing_cpu_s: float
    """`clipper process` with a missing file, which ends with one sentence."""

    @classmethod
    def load(cls, file: Path = FILE) -> "Starting":
        return cls(**json.loads(file.read_text()))

    @property
    def help_at_most_s(self) -> float:
        return HELP_LIMIT * self.click_rich_cpu_s + HELP_FREE_S

    @property
    def definitions_ratio(self) -> float:
        return self.definitions_cpu_s / self.dagster_cpu_s

    def limits(self) -> dict[str, bool]:
        """Returns the limits, and whether each holds."""
        return {
            f"clipper --help: {self.help_cpu_s:.3f} s, at most {self.help_at_most_s:.3f} s": (
                self.help_cpu_s <= self.help_at_most_s
            ),
            f"definitions: {self.definitions_ratio:.2f}x dagster, at most {DEFINITIONS_LIMIT:.2f}x": (
                self.definitions_ratio <= DEFINITIONS_LIMIT
            ),
        }


def measure(rounds: int = ROUNDS) -> Starting:
    """Runs the commands in turn in an empty folder, so that load from other processes affects all of them."""
    with TemporaryDirectory() as folder:
        runs = [{name: cpu_s(command, folder) for name, command in COMMANDS.items()} for _ in range(rounds)]
    return Starting(**{name: round(min(run[name] for run in runs), 3) for name in COMMANDS})


def cpu_s(command: Sequence[str], folder: str) -> float:
    """Returns user and system time of one run. Raises RuntimeError if the command prints a traceback."""
    before = getrusage(RUSAGE_CHILDREN)
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    after = getrusage(RUSAGE_CHILDREN)
    if "Traceback" in result.stderr:
        raise RuntimeError(f"{' '.join(command)} failed: {result.stderr.strip()}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@click.command()
@click.option("--record", is_flag=True, help="Write starting.json, which docs/scale.md quotes.")
def main(record: bool) -> None:
    """Measure the CPU time of starting the commands."""
    starting, console = measure(), Console()
    table = Table("command", "CPU-seconds")
    for name, figure in asdict(starting).items():
        table.add_row(name, f"{figure:.3f}")
    console.print(table)
    for limit, holds in starting.limits().items():
        console.print(limit, "[green]pass" if holds else "[red]FAIL")
    if record:
        FILE.write_text(json.dumps(asdict(starting), indent=2) + "\n")
    sys.exit(0 if all(starting.limits().values()) else 1)


if __name__ == "__main__":
    main()
