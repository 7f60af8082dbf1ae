"""What starting costs: `python -m benchmarks.starting` measures fresh processes beside what they cannot do without.

The exit code is 1 where a limit does not hold; `--record` writes starting.json, which docs/scale.md quotes.
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
ROUNDS = 7
"""Each command runs so often, in turn, and its cheapest run counts: other processes on the machine only add to it."""
HELP_LIMIT, HELP_FREE_S = 1.3, 0.15
"""Times click and rich, and CPU-seconds on top."""
DEFINITIONS_LIMIT = 1.8
"""Times dagster."""


@dataclass(frozen=True)
class Starting:
    """CPU-seconds of one start each, children included."""

    click_rich_cpu_s: float
    help_cpu_s: float
    dagster_cpu_s: float
    definitions_cpu_s: float
    missing_cpu_s: float
    """Of `clipper process` with a file that does not exist, which ends with one sentence."""

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
        """Each limit, and whether it holds."""
        return {
            f"clipper --help: {self.help_cpu_s:.3f} s, at most {self.help_at_most_s:.3f} s": (
                self.help_cpu_s <= self.help_at_most_s
            ),
            f"definitions: {self.definitions_ratio:.2f}x dagster, at most {DEFINITIONS_LIMIT:.2f}x": (
                self.definitions_ratio <= DEFINITIONS_LIMIT
            ),
        }


def measure(rounds: int = ROUNDS) -> Starting:
    """Run the commands in an empty folder, in turn, so that all of them meet the same neighbours."""
    with TemporaryDirectory() as folder:
        runs = [{name: cpu_s(command, folder) for name, command in COMMANDS.items()} for _ in range(rounds)]
    return Starting(**{name: round(min(run[name] for run in runs), 3) for name in COMMANDS})


def cpu_s(command: Sequence[str], folder: str) -> float:
    """User and system time of one run. Raises RuntimeError where the command ends with a traceback."""
    before = getrusage(RUSAGE_CHILDREN)
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    after = getrusage(RUSAGE_CHILDREN)
    if "Traceback" in ended.stderr:
        raise RuntimeError(f"{' '.join(command)} failed: {ended.stderr.strip()}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@click.command()
@click.option("--record", is_flag=True, help="Write starting.json, which docs/scale.md quotes.")
def main(record: bool) -> None:
    """What starting costs, in CPU-seconds and as ratios."""
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
