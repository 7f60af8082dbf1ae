"""Finds the transcript of an upload among the names of the files beside it.

The name is that of the upload, with or without its suffix, and may go on with a language and with words such as
`captions`: `talk.srt`, `TALK.VTT`, `talk.mp4.srt`, `talk.en-US.srt`, `talk.German.captions.vtt`.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import IntEnum
from pathlib import PurePosixPath

from clipper_assets.episodes.uploads import AUDIO_SUFFIXES, RECORDINGS, VIDEO_SUFFIXES
from clipper_assets.text.clean import folded
from clipper_assets.text.languages import iso_language

FORMATS = (".srt", ".vtt", ".json")
"""Suffixes of transcripts, the preferred ones first."""
_OTHER_TEXTS = {".ass", ".doc", ".docx", ".dfxp", ".lrc", ".md", ".pdf", ".rtf", ".sbv", ".scc", ".ssa", ".stl", ".sub"}
_OTHER_TEXTS |= {".tsv", ".ttml", ".txt"}
"""Suffixes of texts that people put beside an upload and that have to be exported in one of `FORMATS`."""
_LABELS = {"auto", "captions", "cc", "default", "sdh", "subtitles", "transcript"}
"""Words that players and meeting tools add to names. Not `forced`: such a file has only what is in another language."""
_SIMILAR = 0.75
"""Ratio of difflib above which two names differ by a slip: 0.75 for `tlak` and `talk`, 0.6 for `intro` and `outro`."""
MAX_NAMED = 5
"""How many unused files the warnings name."""


@dataclass(frozen=True)
class Found:
    """The transcript among the files beside an upload, and a sentence on each that resembles one and is not used."""

    name: str | None
    warnings: Sequence[str]


class _Kind(IntEnum):
    """What a transcript's name says about its language; lower is better."""

    plain = 0
    same_language = 1
    labelled = 2
    some_language = 3
    other_language = 4


@dataclass(frozen=True)
class _Match:
    """A name that fits a recording.

    Attributes:
        respelled: Written in other capitals or another Unicode normalization than the recording.
        of_other_suffix: Names the suffix of another recording: `talk.wav.srt` beside `talk.mp4`.
        parts: The languages (codes) and labels (empty) between the recording's name and the suffix.
    """

    name: str
    stem: str
    respelled: bool
    of_other_suffix: bool
    parts: Sequence[str]

    @property
    def language(self) -> str | None:
        return next((part for part in self.parts if part), None)

    @property
    def closeness(self) -> tuple[int, bool, bool]:
        """The file belongs to the recording for which this is highest."""
        return len(folded(self.stem)), not self.respelled, not self.of_other_suffix

    def kind(self, language: str | None) -> _Kind:
        if not self.language:
            return _Kind.labelled if self.parts else _Kind.plain
        if self.language == (iso_language(language) or language or "en"):
            return _Kind.same_language
        return _Kind.other_language if language else _Kind.some_language

    def rank(self, language: str | None) -> tuple[bool, _Kind, int, int, str]:
        suffix = PurePosixPath(self.name).suffix
        exact = not self.respelled and suffix in FORMATS
        return not exact, self.kind(language), len(self.parts), FORMATS.index(suffix.lower()), self.name


def name_language(name: str) -> str | None:
    """The ISO 639-1 code in a transcript's name, `en` for `talk.en-US.sdh.srt`; None if it has none."""
    for part in reversed(name.split(".")[1:-1]):
        if (meaning := _meaning(part)) != "":
            return meaning
    return None


def find_transcript(upload: str, names: Collection[str], language: str | None) -> Found:
    """The transcript of the recording `upload` among `names`, the files of its folder.

    A name spelled exactly wins over one in other capitals or another Unicode normalization; then the bare name, then
    `language` (English if it is None), then others; then the format. With a `language`, files in others are not used.
    """
    others = _other_recordings(upload, names)
    matches = {name: match for name in names if (match := _match(upload, name))}
    ours = [match for match in matches.values() if not _is_closer(others, match)]
    usable = [match for match in ours if match.kind(language) != _Kind.other_language]
    usable.sort(key=lambda match: match.rank(language))
    chosen = usable[0].name if usable else None
    sentences = [f"{match.name} was not used as the transcript, because {chosen} was" for match in usable[1:]]
    sentences += [
        f"{match.name} was not used as the transcript, because its language is not {language}"
        for match in sorted(ours, key=lambda match: match.name)
        if match not in usable
    ]
    lonely = not others and chosen is None
    near = sorted(name for name in names if name not in matches and _is_near(upload, others, name, lonely=lonely))
    return Found(chosen, _shortened([*sentences, *(_advice(upload, name) for name in near)]))


def _other_recordings(upload: str, names: Collection[str]) -> list[str]:
    """The other recordings of the folder. The sound of a video, `talk.wav` beside `talk.mp4`, is no other recording."""
    recordings = [name for name in names if name != upload and _suffix(name) in RECORDINGS]
    if _suffix(upload) not in VIDEO_SUFFIXES:
        return recordings
    stem = PurePosixPath(upload).stem
    return [name for name in recordings if _suffix(name) not in AUDIO_SUFFIXES or PurePosixPath(name).stem != stem]


def _match(recording: str, name: str) -> _Match | None:
    """How a name fits the recording; None if it is not the name of its transcript."""
    stem = PurePosixPath(recording).stem
    if _suffix(name) not in FORMATS or not folded(name).startswith(f"{folded(stem)}."):
        return None
    parts = folded(name)[len(folded(stem)) + 1 :].split(".")[:-1]
    suffix = f".{parts[0]}" if parts else ""
    meanings = ["", *map(_meaning, parts[1:])] if suffix in RECORDINGS else [*map(_meaning, parts)]
    known = [meaning for meaning in meanings if meaning is not None]
    if len(known) < len(meanings) or sum(map(bool, known)) > 1:
        return None
    return _Match(
        name=name,
        stem=stem,
        respelled=not name.startswith(f"{stem}."),
        of_other_suffix=suffix in RECORDINGS and suffix != _suffix(recording),
        parts=known,
    )


def _meaning(part: str) -> str | None:
    """The language that a part of a name gives, the empty text for a label, None for anything else."""
    return "" if folded(part) in _LABELS else iso_language(part)


def _is_closer(others: Sequence[str], match: _Match) -> bool:
    """Whether the name fits one of the other recordings better."""
    return any((theirs := _match(other, match.name)) and theirs.closeness > match.closeness for other in others)


def _is_near(upload: str, others: Sequence[str], name: str, *, lonely: bool) -> bool:
    """Whether a text was probably meant as the upload's transcript, judged by its name.

    The name is the upload's with an addition (`talk (1)`, `talk_final`) or a slip. Beside a `lonely` upload, the only
    recording of a folder and without a transcript, every transcript counts.
    """
    stem, file_stem = folded(PurePosixPath(upload).stem), folded(PurePosixPath(name).stem)
    if _suffix(name) not in _OTHER_TEXTS.union(FORMATS) or name.startswith("."):
        return False
    begins = set(_beginnings(file_stem))
    if begins & ({folded(PurePosixPath(other).stem) for other in others} - set(_beginnings(stem))):
        return False
    return stem in begins or _is_slip(stem, file_stem) or (lonely and _suffix(name) in FORMATS)


def _beginnings(name: str) -> Iterator[str]:
    """The name, and what comes before anything that is set off from it: `talk` in `talk (1)`, but not in `talk2`."""
    return (name[:end] for end in range(1, len(name) + 1) if end == len(name) or not name[end].isalnum())


def _is_slip(stem: str, other: str) -> bool:
    """Whether two names are similar and have the same digits."""
    if [char for char in stem if char.isdigit()] != [char for char in other if char.isdigit()]:
        return False
    matcher = SequenceMatcher(None, stem, other, autojunk=False)
    return matcher.real_quick_ratio() >= _SIMILAR and matcher.quick_ratio() >= _SIMILAR <= matcher.ratio()


def _advice(upload: str, name: str) -> str:
    stem = PurePosixPath(upload).stem
    if _suffix(name) in FORMATS:
        return f"{name} was not used as the transcript; rename it to {stem}{_suffix(name)} if it is"
    return f"{name} was not used as the transcript; export it as {stem}.srt or {stem}.vtt if it is"


def _shortened(sentences: list[str]) -> list[str]:
    rest = len(sentences) - MAX_NAMED
    if rest <= 0:
        return sentences
    return [*sentences[:MAX_NAMED], f"{rest} more files resemble a transcript and were not used"]


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
