"""What processes write to their logs: text for people, or with `CLIPPER_LOG_FORMAT=json` an object a line.

Its keys are those of Dagster's `--log-format json`, so that the logs of all processes are read alike.
"""

import logging
import sys
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.events import EVENT_TYPE_TO_DISPLAY_STRING
from dagster._core.execution import context_creation_job

from clipper_assets.settings import LogFormat

if TYPE_CHECKING:
    from structlog.typing import EventDict


def to_standard_error(log_format: LogFormat) -> logging.Handler:
    """The handler of a process that is not one of Dagster's own."""
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(json_formatter() if log_format is LogFormat.json else plain)
    return handler


def log_runs_as(log_format: LogFormat) -> None:
    """Decide what the runs of this process write to standard error.

    Dagster takes the `loggers` of Definitions for those runs alone whose config names one, and else its default, for
    which there is no setting: so that default is replaced.
    """
    if log_format is LogFormat.json:
        creation: Any = context_creation_job
        creation.default_system_loggers = lambda _: [(json_console, {})]


@dg.logger
def json_console(_: dg.InitLoggerContext) -> logging.Logger:
    """An object for each log line and event of a run, to standard error."""
    # One that is not registered: what others log under its name is not the run's.
    console = logging.Logger("dagster", logging.DEBUG)
    console.addHandler(to_standard_error(LogFormat.json))
    return console


def json_formatter() -> logging.Formatter:
    """`timestamp` (UTC, ISO 8601), `level`, `logger`, `event`, whatever a call gives as `extra`, and `exception`.

    Lines of a run have `run_id`, `job`, `step`, `episode`, the `event_type` of Dagster's events and their `error`.
    """
    import structlog
    from structlog.stdlib import ProcessorFormatter

    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ExtraAdder(),
            _as_of_a_run,
            structlog.processors.format_exc_info,
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
    )


def _as_of_a_run(_: Any, __: str, line: "EventDict") -> "EventDict":
    """Dagster gives its loggers the message with all that belongs to it in one string, and in parts beside it."""
    meta = line.pop("dagster_meta", None)
    line.pop("dagster_event", None)
    line.pop("dagster_event_batch_metadata", None)
    if meta is None:
        return line
    event = meta["dagster_event"]
    error = getattr(event.event_specific_data, "error", None) if event else None
    found = {
        "event": meta["orig_message"],
        "event_type": EVENT_TYPE_TO_DISPLAY_STRING.get(event.event_type, event.event_type_value) if event else None,
        "error": error.to_string() if error else None,
        "run_id": meta["run_id"],
        "job": meta["job_name"],
        "step": meta["step_key"],
        "episode": meta["job_tags"].get("dagster/partition"),
    }
    return {**line, **{name: value for name, value in found.items() if value is not None}}
