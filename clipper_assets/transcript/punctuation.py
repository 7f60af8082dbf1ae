"""The punctuation that ends a sentence."""

_TERMINATORS = ".!?…。！？؟।"  # noqa: RUF001
_QUESTION = "?？؟"  # noqa: RUF001
_CLOSERS = "\"'”’»)]"  # noqa: RUF001


def is_terminated(text: str) -> bool:
    """Whether a text ends with sentence-ending punctuation, which quotation marks or brackets may follow."""
    return text.rstrip(_CLOSERS).endswith(tuple(_TERMINATORS))


def is_question(text: str) -> bool:
    """Whether a text ends with a question mark, which quotation marks or brackets may follow."""
    return text.rstrip(_CLOSERS).endswith(tuple(_QUESTION))


def trails_off(text: str) -> bool:
    """Whether a text ends with an ellipsis, which quotation marks or brackets may follow."""
    return text.rstrip(_CLOSERS).endswith(("…", ".."))
