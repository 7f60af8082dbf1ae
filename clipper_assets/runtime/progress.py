"""Reports the progress of long work: in Dagster's log, or as a progress bar in the CLI."""

import re
from collections.abc import Callable

import dagster as dg

Report = Callable[[float], None]
"""Called with the finished share of the work, 0.0 to 1.0."""

Stage = Callable[[str], Report]
"""Begins a stage of the work ("transcribing") and returns its reporter."""


_LINE = re.compile(r"(?P<stage>.+): (?P<percent>\d{1,3}) %")


def progress_line(stage: str, percent: int) -> str:
    """The log line for a stage's progress; `read_progress` parses it."""
    return f"{stage}: {percent} %"


def read_progress(line: str) -> tuple[str, int] | None:
    """Stage and per cent of a line that `progress_line` wrote; None for any other line."""
    match = _LINE.fullmatch(line)
    return (match["stage"], int(match["percent"])) if match else None


def part(report: Report, number: int, of: int) -> Report:
    """A reporter for part `number`, counted from 0, of `of` equal parts of the work."""
    return lambda share: report((number + share) / of)


class Progress(dg.ConfigurableResource[None]):
    """Logs the progress of a stage every 10 %; the CLI replaces it by a progress bar."""

    def stage(self, context: dg.AssetExecutionContext, name: str) -> Report:
        """A reporter for one stage of one asset (`"transcribing"`)."""
        logged = 0

        def report(share: float) -> None:
            nonlocal logged
            tenth = int(min(max(share, 0.0), 1.0) * 10)
            if tenth > logged:
                logged = tenth
                context.log.info(progress_line(name, tenth * 10))

        return report
