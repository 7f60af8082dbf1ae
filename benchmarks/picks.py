"""Judges the windows that the product picks: `python -m benchmarks.picks`; exit code 1 if a limit does not hold.

Measures on podcast episodes with marked adverts from `../shared/data/ads`, if they are there, and on the sample.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.picks_figures import SHARES, Counts, Results, results, verdicts
from benchmarks.picks_judge import Talked
from benchmarks.picks_made import ADS, Made, make, read_ads, read_sample
from benchmarks.picks_plot import write_plot
from benchmarks.report import commit, limits_table
from benchmarks.results import Verdict

HERE = Path(__file__).parent
SHOWN_WORDS = 14
WIDTH = 140
"""Characters of a line where there is no terminal that says how many it has."""


@click.command()
@click.option("--print", "printed", type=click.IntRange(0), default=0, help="Print this many picks, to be read.")
@click.option("--record", is_flag=True, help="Add the run to picks.jsonl and picks.png.")
@click.option(
    "--scratch",
    type=click.Path(path_type=Path),
    default=Path(".bench"),
    show_default=True,
    help="Folder for the plot and the history of a run that is not recorded.",
)
def main(printed: int, record: bool, scratch: Path) -> None:
    """Judge the picked windows: adverts, openings, endings and titles, next to random windows."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    if not ADS.is_dir():
        console.print(f"{ADS} is missing: only the sample is judged")
    episodes = [*(read_ads(ADS) if ADS.is_dir() else []), read_sample()]
    made = make(episodes)
    found = results(episodes, made)
    limits = verdicts(found.total)
    console.print(figures_table(found))
    console.print(limits_table(limits))
    if printed:
        print_picks(episodes, made, printed, console)
    folder = HERE if record else scratch
    folder.mkdir(parents=True, exist_ok=True)
    append_history(folder / "picks.jsonl", found, limits)
    write_plot(found, folder / "picks.png")
    console.print(f"Plot: {folder / 'picks.png'}")
    sys.exit(0 if all(verdict.holds for verdict in limits) else 1)


def figures_table(found: Results) -> Table:
    """The shares of every episode, of all, and of random windows."""
    table = Table(title="Shares of the clips, of the words, of the titles and of the episode, %", title_justify="left")
    for name in ("episode", "clips", *SHARES):
        table.add_column(name, justify="left" if name == "episode" else "right")
    rows = {**found.picked, "all": found.total, "random": found.random_total}
    for name, counts in rows.items():
        table.add_row(name, f"{counts.windows:.0f}", *(_percent(counts, *shares) for shares in SHARES.values()))
    return table


def print_picks(episodes: Sequence[Talked], made: Sequence[Made], number: int, console: Console) -> None:
    """Prints the best windows of each episode in turn: times, first and last words, and the title."""
    ranked = sorted(
        ((place, talked, window) for talked, each in zip(episodes, made, strict=True)
         for place, window in enumerate(each.windows)),
        key=lambda pick: pick[0],
    )  # fmt: skip
    for place, talked, window in ranked[:number]:
        words = [talked.texts[word] for word in talked.words_in(window.span)]
        console.print(
            f"{talked.name} #{place}  {window.start:.1f}-{window.end:.1f} s ({window.end - window.start:.0f} s)\n"
            f"  title: {window.title}\n"
            f"  first: {' '.join(words[:SHOWN_WORDS])}\n"
            f"  last:  {' '.join(words[-SHOWN_WORDS:])}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def append_history(file: Path, found: Results, limits: Sequence[Verdict]) -> None:
    """Appends the run as a line of JSON with date, commit and all shares."""
    entry = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "clips": found.total.windows,
        "shares": {
            row: {name: _rounded(counts.of(*shares)) for name, shares in SHARES.items()}
            for row, counts in (*found.picked.items(), ("all", found.total), ("random", found.random_total))
        },
        "limits": [asdict(verdict) for verdict in limits],
    }
    with file.open("a") as history:
        history.write(json.dumps(entry) + "\n")


def _percent(counts: Counts, part: str, whole: str) -> str:
    share = counts.of(part, whole)
    return "" if share is None else f"{100 * share:.1f}"


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


if __name__ == "__main__":
    main()
