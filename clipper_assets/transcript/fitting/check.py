"""Decides whether a transcript belongs to a recording, and moves its words to where they are said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from clipper_assets.runtime.progress import Report, part
from clipper_assets.transcript.engines.base import Recording
from clipper_assets.transcript.fitting.listeners import MOST_LISTENERS, Listener
from clipper_assets.transcript.fitting.pieces import Piece, pieces_of
from clipper_assets.transcript.fitting.probing import read
from clipper_assets.transcript.fitting.text import Token
from clipper_assets.transcript.timing import Span, fill
from clipper_assets.transcript.transcript_files import Cue

MIN_TOKENS = 20
"""Shorter transcripts are taken as they are: an equal phrase of `MIN_PAIRS` tokens would decide for all of it."""

MIN_SHARE = 0.4
"""Least share of the text that is said; less is another recording's transcript, of which parts match by chance."""

COMPLETE_SHARE = 0.97
"""With this share, no other listener is asked. Measured: fitting transcripts have 0.98 or more, also with 10 % of the
words wrong; 12 s cut out of 4 min leave 0.94."""

NOTED_S = 1.5
"""Smaller offsets are corrected without a note: people let cues start up to 1 s before their words."""


@dataclass(frozen=True)
class Fit:
    """Where a transcript fits its recording.

    Attributes:
        evidence: What was compared, for the asset's metadata.
        tokens: The transcript.
        pieces: Stretches of the tokens that are said, in order.
        share: Share of the tokens within the recording that are in a piece.
    """

    evidence: str
    tokens: Sequence[Token]
    pieces: Sequence[Piece]
    share: float

    @property
    def belongs(self) -> bool:
        return self.share >= MIN_SHARE

    @property
    def complete(self) -> bool:
        return self.share >= COMPLETE_SHARE

    @property
    def offsets_s(self) -> list[tuple[float, float]]:
        """From when on in the recording each piece is said, and how much later than the file has it, in seconds."""
        edges = [(self.tokens[piece.first].time_s, piece) for piece in self.pieces]
        return [(time_s + piece.offset_s(time_s), piece.offset_s(time_s)) for time_s, piece in edges]

    @property
    def offset_s(self) -> float:
        """How much later than the file has it the longest piece is said."""
        longest = max(self.pieces, key=lambda piece: piece.end - piece.first)
        return longest.offset_s(self.tokens[(longest.first + longest.end) // 2].time_s)


def check(recording: Recording, tokens: Sequence[Token], listeners: Iterable[Listener], report: Report) -> Fit | None:
    """Where a transcript fits the recording; None if it is too short, nobody speaks, or no listener can tell.

    The first listener that finds that all of the text fits decides, else the one that finds most of it.
    """
    spoken = sorted(span for spans in recording.speech_by_track for span in spans)
    best: Fit | None = None
    if len(tokens) >= MIN_TOKENS and spoken:
        for number, listener in enumerate(listeners):
            progress = part(report, number, MOST_LISTENERS)
            readings = read(listener, recording.speech, recording.duration_s, spoken, tokens, progress)
            if sum(len(reading.heard) for reading in readings) < MIN_TOKENS:
                continue
            pieces = pieces_of(readings, tokens, recording.duration_s, partial(listener.confirm, recording.speech))
            evidence = f"{listener.name} heard {len(readings)} pieces of the sound"
            fit = fit_of(evidence, pieces, tokens, recording.duration_s)
            best = fit if best is None or fit.share > best.share else best
            if fit.complete:
                break
    report(1.0)
    return best


def fit_of(evidence: str, pieces: Sequence[Piece], tokens: Sequence[Token], duration_s: float) -> Fit:
    """The fit with these pieces. Tokens that the longest piece's offset moves out of the recording do not count."""
    if not pieces:
        return Fit(evidence, tokens, [], 0.0)
    fit = Fit(evidence, tokens, pieces, 1.0)
    unsaid = [*tokens[: pieces[0].first], *tokens[pieces[-1].end :]]
    outside = sum(not 0 <= token.time_s + fit.offset_s <= duration_s for token in unsaid)
    fitting = sum(piece.end - piece.first for piece in pieces)
    return replace(fit, share=fitting / (len(tokens) - outside))


def notes(fit: Fit, file: str) -> list[str]:
    """What was changed in the transcript `file`, as phrases for people; empty if it fits as it is."""
    found = []
    offsets = [offset for _, offset in fit.offsets_s]
    if max(offsets) - min(offsets) >= NOTED_S:
        moves = ", ".join(f"from {_clock(start)} on by {offset:+.1f} s" for start, offset in fit.offsets_s)
        found.append(f"{file} is of another cut of the recording and was moved {moves}")
    elif abs(fit.offset_s) >= NOTED_S:
        direction = "early" if fit.offset_s > 0 else "late"
        found.append(f"{file} is {abs(fit.offset_s):.1f} s {direction}, which was corrected")
    if not fit.complete:
        found.append(f"{1 - fit.share:.0%} of the words of {file} are not said at their place and were left out")
    return found


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(max(seconds, 0.0)), 60)
    return f"{minutes}:{rest:02d}"


def moved(cues: Sequence[Cue], fit: Fit) -> list[Cue]:
    """The words of the pieces, in cues at the times at which they are said.

    A cue in two pieces becomes two cues. A word without a token, such as a dash, goes with the word before it.
    """
    owners = {
        (token.cue, token.word): number
        for number, piece in enumerate(fit.pieces)
        for token in fit.tokens[piece.first : piece.end]
    }
    said = {(token.cue, token.word) for token in fit.tokens}
    placed = []
    for number, cue in enumerate(cues):
        spans = fill(cue.texts, [word.span for word in cue.words], cue.span)
        owner: int | None = None
        parts: dict[int, list[int]] = {}
        for word, _ in enumerate(cue.words):
            owner = owners.get((number, word)) if (number, word) in said else owner
            if owner is not None:
                parts.setdefault(owner, []).append(word)
        for owner, words in parts.items():
            whole = len(words) == len(cue.words)
            span = cue.span if whole else (spans[words[0]][0], spans[words[-1]][1])
            placed.append(_moved(cue, words, span, fit.pieces[owner]))
    return placed


def _moved(cue: Cue, words: Sequence[int], span: Span, piece: Piece) -> Cue:
    """Some words of a cue as a cue of their own, moved by the piece's offset."""

    def move(span: Span) -> Span:
        return span[0] + piece.offset_s(span[0]), span[1] + piece.offset_s(span[1])

    kept = [cue.words[word] for word in words]
    return Cue([replace(word, span=move(word.span)) if word.span else word for word in kept], move(span))
