"""A measured figure with its limit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the benchmark: what was measured, in `unit`, beside the old way (None: not measured) and a limit.

    The limit is an upper bound; None if the figure is only shown.
    """

    name: str
    value: float
    unit: str
    limit: float | None = None
    old: float | None = None

    @property
    def failed(self) -> bool:
        return self.limit is not None and self.value > self.limit


def line(figure: Figure) -> str:
    """The figure in one line of text."""
    limit = "" if figure.limit is None else f", limit {figure.limit:g}"
    old = "" if figure.old is None else f", before: {figure.old:.4g}"
    return f"{figure.name:<60} {figure.value:.4g} {figure.unit}{limit}{old}"
