"""Types of settings: their choices, and how the text of an environment variable becomes a value."""

import re
from enum import StrEnum
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode


class EngineName(StrEnum):
    """A transcript engine, named as its module in transcript/engines, or `auto` for the first below it that can run."""

    auto = "auto"
    transcript_file = "transcript_file"
    whisperx = "whisperx"
    faster_whisper = "faster_whisper"


class Device(StrEnum):
    """Device that models run on; `auto` uses the GPU if there is one."""

    auto = "auto"
    cuda = "cuda"
    cpu = "cpu"


class Microphones(StrEnum):
    """How an upload's voices were recorded: mixed together, or with one microphone per channel or per stream.

    `auto` decides from the signal.
    """

    auto = "auto"
    together = "together"
    channels = "channels"
    streams = "streams"


class PickerName(StrEnum):
    """A highlight picker, or `auto` for OpenAI if a key is set."""

    auto = "auto"
    openai = "openai"
    heuristic = "heuristic"


class ExecutorName(StrEnum):
    """Where the steps of a run execute: in the run's process, or each in its own Kubernetes pod or ECS task."""

    in_process = "in_process"
    kubernetes = "kubernetes"
    ecs = "ecs"


class LogFormat(StrEnum):
    """Log format of a process, named as in Dagster's `--log-format`."""

    colored = "colored"
    json = "json"


def comma_separated(text: str) -> tuple[str, ...]:
    """Split a text at its commas, strip the parts and drop empty ones."""
    return tuple(stripped for part in text.split(",") if (stripped := part.strip()))


def existing_engine(value: object) -> object:
    """Refuse the engine that earlier versions had, and say what replaces it."""
    if value == "pocketsphinx":
        raise ValueError("PocketSphinx is not an engine any more, because it gets most words wrong; use `auto`")
    return value


Seconds = Annotated[float, Field(gt=0)]
MOST_SLOTS = 1000
"""Dagster's highest limit of a pool."""
OptionalSecret = Annotated[SecretStr | None, BeforeValidator(lambda value: value or None)]
"""Treats an empty string as unset, because Compose files pass the variable of a secret even if it is not set."""
Parts = TypeVar("Parts")
CommaSeparated = Annotated[
    Parts, NoDecode, BeforeValidator(lambda value: comma_separated(value) if isinstance(value, str) else value)
]
"""A tuple whose environment variable is comma-separated text instead of JSON."""


def queue_url(url: str | None) -> str | None:
    """The URL of a queue, None if it is empty. Raises ValueError for any other text, or a password in it."""
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or len(parts.path) < 2 or "@" in parts.netloc:
        raise ValueError(
            "CLIPPER_UPLOAD_QUEUE is not the URL of a queue, which is like "
            "https://sqs.eu-central-1.amazonaws.com/111122223333/uploads; set it to what `aws sqs get-queue-url` says, "
            "and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to the credentials"
        )
    return url


def tenant_name(name: object) -> object:
    """The name of a tenant, None if it is empty. Raises ValueError for a name that Dagster or a shell may not take."""
    if name and not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", str(name)):
        raise ValueError(
            "CLIPPER_TENANT is not the name of a tenant, which has lower-case letters, digits and underscores, and "
            "begins with a letter, like acme; use the same name as `location_name` in workspace.yaml"
        )
    return name or None
