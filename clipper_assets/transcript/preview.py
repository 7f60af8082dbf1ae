"""The first sentences of a transcript, for a person to look at in the UI."""

from collections.abc import Sequence

from clipper_assets.transcript.words import Sentence

SHOWN = 12


def preview(sentences: Sequence[Sentence]) -> str:
    """The first `SHOWN` sentences as a Markdown table: time as m:ss, speaker, text."""
    rows = [
        f"| {_clock(sentence.start)} | {_cell(sentence.speaker or '')} | {_cell(sentence.text)} |"
        for sentence in sentences[:SHOWN]
    ]
    left = [f"\n{len(sentences) - SHOWN} more sentences"] if len(sentences) > SHOWN else []
    return "\n".join(["| time | speaker | text |", "|---|---|---|", *rows, *left])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
