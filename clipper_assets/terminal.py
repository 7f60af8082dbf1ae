"""What every `clipper` command does on the terminal: colours, and mistakes of the user in one sentence each."""

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
    """Ends the command with exit code 1 and one sentence for an error of one of `kinds`, a wrong setting or a fault."""
    told: tuple[type[Exception], ...] = (ValueError, *kinds)
    with faults_in_one_sentence():
        try:
            yield
        except told as mistake:
            complain([_sentence(mistake)])


@contextmanager
def faults_in_one_sentence() -> Iterator[None]:
    """Ends the command with exit code 1 and one sentence for what its surroundings did to it, and for nothing else."""
    try:
        yield
    except Exception as error:
        fault = fault_of(error)
        if fault is None:
            raise
        complain([fault.sentence])


def complain(sentences: Iterable[str]) -> NoReturn:
    """Ends the command with exit code 1 and these sentences."""
    for sentence in sentences:
        console.print(f"clipper: {sentence}", style="red", highlight=False, markup=False, soft_wrap=True)
    sys.exit(1)


def _sentence(mistake: Exception) -> str:
    if isinstance(mistake, ValidationError):
        return _wrong_setting(mistake)
    fault = fault_of(mistake)
    return fault.sentence if fault else str(mistake)


def _wrong_setting(error: ValidationError) -> str:
    """The first thing that is wrong with the settings, with the name of its environment variable.

    Not with its value, which may be a secret.
    """
    first = first_mistake(error.errors())
    names = [str(name).upper() for name in first.path[:1]]
    variables = [name if name.startswith(("OPENAI_", "HF_", "AUTH_")) else f"CLIPPER_{name}" for name in names]
    return ": ".join([*variables, first.reason])
