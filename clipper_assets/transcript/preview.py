"""A preview of a transcript for Dagster's UI: its first sentences."""

from collections.abc import Sequence

from clipper_assets.text.markdown import clock, markdown_table
from clipper_assets.transcript.words import Sentence

SHOWN = 12


def preview(sentences: Sequence[Sentence]) -> str:
    """The first `SHOWN` sentences as a Markdown table: time as m:ss, speaker, text."""
    rows = [(clock(sentence.start), sentence.speaker or "", sentence.text) for sentence in sentences[:SHOWN]]
    more = f"\n\n{len(sentences) - SHOWN} more sentences" if len(sentences) > SHOWN else ""
    return markdown_table(["time", "speaker", "text"], rows) + more
