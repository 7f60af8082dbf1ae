"""Recognises the names of speakers that stand before what is said in subtitles.

A name is recognised by how the whole file uses it, because "Remember: drink" looks like "Ann: Hello".
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

LABELLED = 0.9
"""Least share of cues with a label in files whose labels need not look like names."""
NAME_WORDS = 6
"""Most words of a name: "Professor Sir Jonathan Edward Pike-Williamson III"."""
CAPITALIZED_WORDS = 4
"""Most words of a name that is recognised by its capitals."""

TURN = re.compile(r"[-‐–—]+\s*(?!\d)|>{2,}\s*")  # noqa: RUF001
_WORD = r"(?![-‐–—→>]+(?:\s|$))[^\s:：\[\]()<>♪♫]{1,40}"  # noqa: RUF001
_NAME = rf"(?![-‐–—]){_WORD}(?: {_WORD}){{0,{NAME_WORDS - 1}}}?"  # noqa: RUF001
_NOTES = r"(?:(?: ?\([^()]{1,40}\)| ?\[[^\[\]]{1,40}\]| +\d{1,2}(?::\d\d){1,2}){1,3})?"
"""What tools write after a name: pronouns, a role or a time."""
_LABEL = re.compile(
    rf"(?:{TURN.pattern})?(?:"
    rf"\[(?P<bracketed>[^\]\s][^\]]*)\]:\s*"
    rf"|(?P<name>{_NAME}){_NOTES} ?(?P<colon>:(?=\s|$)|：)\s*"  # noqa: RUF001
    rf"|(?P<dashed>{_NAME}){_NOTES} [-–—→>]+ "  # noqa: RUF001
    rf"|[\[(](?P<enclosed>{_NAME})[\])]\s+"
    rf")(?:{TURN.pattern})?"
)
_ALONE = re.compile(rf"(?P<name>{_NAME}){_NOTES} ?[:：]?")  # noqa: RUF001
_IN_BRACKETS = re.compile(rf"\s*\[(?P<name>{_NAME})\]\s+\S")


@dataclass(frozen=True)
class Label:
    """A possible name at the beginning of a line, and where the line goes on after it.

    `with_colon` is false for weaker signs: "Ann - Hello", "(Ann) Hello". `until_the_end_of_the_cue` is true for
    `[Name]:`, as WhisperX writes it, which is always a name.
    """

    name: str
    end: int
    with_colon: bool = True
    until_the_end_of_the_cue: bool = False


def label_of(text: str) -> Label | None:
    """The label with which a line may begin."""
    match = _LABEL.match(text)
    if match is None:
        return None
    if match["bracketed"]:
        return Label(match["bracketed"], match.end(), until_the_end_of_the_cue=True)
    name = match["name"] or match["dashed"] or match["enclosed"]
    return Label(name, match.end(), with_colon=match["name"] is not None)


def name_alone(text: str) -> str | None:
    """The name, if a line may have nothing else."""
    match = _ALONE.fullmatch(text)
    return match["name"] if match else None


def names_in(cues: Sequence[Sequence[str]]) -> set[str]:
    """The labels that are speakers' names, as in "Ann: Hello", unlike "Remember: drink"; `cues` are lines of text.

    They are names if the file uses them consistently: at the beginning of every cue; or at the beginning of the first
    cue and of a tenth of all, with at least two names that occur more than once (once is enough for names in capitals).
    If the first name is in capitals, only words in capitals count, otherwise only others. Words that do not look like
    names (`jon`, `Mira's iPhone`) are names if nearly every cue begins with one of few that return.
    """
    labels = [label_of(lines[0]) for lines in cues]
    weak = [label.name if label and not label.with_colon else None for label in labels]
    colon = [label.name if label and label.with_colon else None for label in labels]
    return _capitalized(cues) | _all_if_returning(colon) | _returning(weak)


def names_in_brackets(first_lines: Sequence[str]) -> set[str]:
    """Names as in "[Ann] Hello", unlike "[Laughs] Hello"; `first_lines` are those of the cues."""
    matches = [_IN_BRACKETS.match(line) for line in first_lines]
    return _returning([match["name"] if match else None for match in matches])


def names_above(cues: Sequence[Sequence[str]]) -> set[str]:
    """Names that stand alone on the first line of cues, above what is said."""
    alone = [name_alone(lines[0]) if len(lines) > 1 else None for lines in cues]
    returning = _returning(alone)
    return returning | {name for name in alone if returning and name and _looks_like_a_name(name)}


def _returning(names: Sequence[str | None]) -> set[str]:
    """The names that return, if at least `LABELLED` of the cues have one and there are at least two."""
    counts = Counter(name for name in names if name)
    returning = {name for name, count in counts.items() if count > 1}
    labelled = sum(counts[name] for name in returning)
    return returning if len(returning) > 1 and labelled >= LABELLED * len(names) else set()


def _all_if_returning(names: Sequence[str | None]) -> set[str]:
    """All names, also those that occur once, if nearly every cue has one that returns."""
    return {name for name in names if name} if _returning(names) else set()


def _capitalized(cues: Sequence[Sequence[str]]) -> set[str]:
    first_names = [_capitalized_name(lines[0]) for lines in cues]
    if not first_names or not first_names[0]:
        return set()
    in_capitals = first_names[0].isupper()
    possible_names = [
        name
        for lines in cues
        for line in lines
        if (name := _capitalized_name(line)) and (name.isupper() == in_capitals or not _has_case(name))
    ]
    names = {name for name, count in Counter(possible_names).items() if count > 1 or in_capitals}
    if len(first_names) > 1 and set(first_names) <= set(possible_names):
        return names.union(name for name in first_names if name)
    uses = sum(name in names for name in possible_names)
    is_consistent = len(names) > 1 and first_names[0] in names and 10 * uses >= len(cues)
    return names if is_consistent else set()


def _capitalized_name(text: str) -> str | None:
    label = label_of(text)
    is_name = label is not None and label.with_colon and _looks_like_a_name(label.name)
    return label.name if label and is_name and not label.until_the_end_of_the_cue else None


def _looks_like_a_name(name: str) -> bool:
    """Whether no word begins with a small letter; a telephone number is a name, too."""
    words = name.split()
    is_short = len(words) <= CAPITALIZED_WORDS or name.startswith("+")
    has_letters = any(char.isalpha() for char in name)
    return is_short and (has_letters or name.startswith("+")) and not any(word[0].islower() for word in words)


def _has_case(name: str) -> bool:
    return name.upper() != name.lower()
