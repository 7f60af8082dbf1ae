"""`python -m benchmarks`: measure, print, draw, keep; the exit code is 1 where a limit does not hold."""

import sys
from pathlib import Path

import click
from rich.console import Console

from benchmarks.plot import write_plot
from benchmarks.report import append_history, print_results
from benchmarks.results import verdicts
from benchmarks.run import FULL, QUICK, run

HERE = Path(__file__).parent


@click.command()
@click.option("--quick", is_flag=True, help="One short window, one length of source.")
@click.option("--record", is_flag=True, help="Add the run to history.jsonl and results.png, which the documents quote.")
@click.option("--scratch", type=click.Path(path_type=Path), default=Path(".bench"), show_default=True, help="Sources.")
def main(quick: bool, record: bool, scratch: Path) -> None:
    """What a clip costs here, beside the old service's way and the floor."""
    if quick and record:
        raise click.UsageError("a quick run is not comparable with the history; leave out --quick or --record")
    console = Console(log_path=False)
    results = run(scratch.absolute(), QUICK if quick else FULL, console.log)
    found = verdicts(results)
    print_results(results, found, console)
    kept = HERE if record else scratch
    picture = kept / "results.png"
    write_plot(results, picture)
    append_history(kept / "history.jsonl", results, found)
    console.print(f"Plot: {picture}")
    sys.exit(0 if all(verdict.holds for verdict in found) else 1)


if __name__ == "__main__":
    main()
