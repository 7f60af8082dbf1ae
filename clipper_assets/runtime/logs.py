"""Log output: text for people, or with `CLIPPER_LOG_FORMAT=json` one JSON object per line.

The JSON keys are those of Dagster's `--log-format json`, so that one parser reads the logs of all processes.
The default logger of runs is private in Dagster, and no setting of an instance or of Definitions replaces it.
"""

import logging
import sys
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.execution import context_creation_job

from clipper_assets.setting_types import LogFormat

if TYPE_CHECKING:
    from structlog.typing import EventDict


def to_standard_error(log_format: LogFormat) -> logging.Handler:
    """A log handler for processes that Dagster does not start, such as the API."""
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(json_formatter() if log_format is LogFormat.json else plain)
    return handler


def log_runs_as(log_format: LogFormat) -> None:
    """Set the format in which runs of this process log to standard error.

    Dagster uses the `loggers` of Definitions only for runs whose config names one. For all others it uses a default
    that no setting changes, so this replaces the default.
    """
    if log_format is LogFormat.json:
        creation: Any = context_creation_job
        creation.default_system_loggers = lambda _: [(json_console, {})]


@dg.logger
def json_console(_: dg.InitLoggerContext) -> logging.Logger:
    """Writes each log line and event of a run to standard error as a JSON object."""
    # Not logging.getLogger: messages that other code logs to "dagster" do not belong to the run.
    console = logging.Logger("dagster", logging.DEBUG)
    console.addHandler(to_standard_error(LogFormat.json))
    return console


def json_formatter() -> logging.Formatter:
    """Formats a record as `timestamp` (UTC, ISO 8601), `level`, `logger`, `event`, `exception` and its `extra` fields.

    Lines of a run also have `run_id`, `job`, `step`, `episode`, the `event_type` of Dagster's events and their `error`.
    """
    import structlog
    from structlog.stdlib import ProcessorFormatter

    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ExtraAdder(),
            _with_run_fields,
            structlog.processors.format_exc_info,
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
    )


def _with_run_fields(_: Any, __: str, line: "EventDict") -> "EventDict":
    """Replace Dagster's message, which has all details in one string, by its parts from `dagster_meta`."""
    meta = line.pop("dagster_meta", None)
    line.pop("dagster_event", None)
    line.pop("dagster_event_batch_metadata", None)
    if meta is None:
        return line
    event = meta["dagster_event"]
    error = getattr(event.event_specific_data, "error", None) if event else None
    fields = {
        "event": meta["orig_message"],
        "event_type": event.event_type.name if event else None,
        "error": error.to_string() if error else None,
        "run_id": meta["run_id"],
        "job": meta["job_name"],
        "step": meta["step_key"],
        "episode": meta["job_tags"].get("dagster/partition"),
    }
    return {**line, **{name: value for name, value in fields.items() if value is not None}}
