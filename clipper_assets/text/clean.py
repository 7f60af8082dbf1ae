"""Text that comes in from outside, cleaned."""

_UNWANTED = {
    code: " " if chr(code).isspace() else None
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0xD800, 0xE000))
}
"""Control characters and line separators, those that part words as a space; halves of surrogate pairs."""


def clean_text(text: str) -> str:
    """The text on one line, without characters that end a caption or a file early and that nobody sees.

    Marks that some scripts need (joiners, directions) stay.
    """
    return text.translate(_UNWANTED)
