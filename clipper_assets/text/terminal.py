"""Terminal output of all `clipper` commands: colours, and errors as one sentence instead of a traceback."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from pydantic import ValidationError
from rich.console import Console

from clipper_assets.runtime.faults import fault_of
from clipper_assets.text.mistakes import first_mistake

console = Console()


@contextmanager
def mistakes_in_one_sentence(*kinds: type[Exception]) -> Iterator[None]:
    """Turns errors of these `kinds`, invalid settings and system faults into one sentence and exit code 1."""
    reported: tuple[type[Exception], ...] = (ValueError, *kinds)
    with faults_in_one_sentence():
        try:
            yield
        except reported as mistake:
            complain([_sentence(mistake)])


@contextmanager
def faults_in_one_sentence() -> Iterator[None]:
    """Turns system faults, such as a full disk or a locked database, into one sentence and exit code 1."""
    try:
        yield
    except Exception as error:
        fault = fault_of(error)
        if fault is None:
            raise
        complain([fault.sentence])


def complain(sentences: Iterable[str]) -> NoReturn:
    """Prints the sentences and ends the command with exit code 1."""
    for sentence in sentences:
        console.print(f"clipper: {sentence}", style="red", highlight=False, markup=False, soft_wrap=True)
    sys.exit(1)


def _sentence(mistake: Exception) -> str:
    if isinstance(mistake, ValidationError):
        return _wrong_setting(mistake)
    fault = fault_of(mistake)
    return fault.sentence if fault else str(mistake)


def _wrong_setting(error: ValidationError) -> str:
    """Describes the first invalid setting with the name of its environment variable.

    The value is left out, because it may be a secret.
    """
    first = first_mistake(error.errors())
    names = [str(name).upper() for name in first.path[:1]]
    variables = [name if name.startswith(("OPENAI_", "HF_", "AUTH_")) else f"CLIPPER_{name}" for name in names]
    return ": ".join([*variables, first.reason])
