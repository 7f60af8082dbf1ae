"""`python -m benchmarks`: measures, prints, plots and records; exit code 1 if a limit does not hold."""

import sys
from pathlib import Path

import click
from rich.console import Console

from benchmarks.before import MissingCommitError
from benchmarks.plot import write_plot
from benchmarks.report import append_history, print_results
from benchmarks.results import verdicts
from benchmarks.run import FULL, QUICK, run

HERE = Path(__file__).parent


@click.command()
@click.option("--quick", is_flag=True, help="One round of a short clip, and one length of source only.")
@click.option("--record", is_flag=True, help="Add the run to history.jsonl and results.png, which the documents quote.")
@click.option(
    "--scratch",
    type=click.Path(path_type=Path),
    default=Path(".bench"),
    show_default=True,
    help="Folder for generated sources.",
)
def main(quick: bool, record: bool, scratch: Path) -> None:
    """Measure what a clip costs here, compared with the previous service, commit a2d2b61 and the floor."""
    if quick and record:
        raise click.UsageError("a quick run is not comparable with the history; leave out --quick or --record")
    console = Console(log_path=False)
    try:
        results = run(scratch.absolute(), QUICK if quick else FULL, console.log)
    except MissingCommitError as error:
        raise click.ClickException(str(error)) from error
    limits = verdicts(results)
    print_results(results, limits, console)
    folder = HERE if record else scratch
    picture = folder / "results.png"
    write_plot(results, picture)
    append_history(folder / "history.jsonl", results, limits)
    console.print(f"Plot: {picture}")
    sys.exit(0 if all(verdict.holds for verdict in limits) else 1)


if __name__ == "__main__":
    main()
