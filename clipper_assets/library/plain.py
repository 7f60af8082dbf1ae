"""The column `plain` of the sentences, in which words and phrases are looked for."""

import unicodedata


class _Spaces(dict[int, str]):
    """What each character becomes: letters, digits and vowel signs stay, accents go, all else is a space."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kept = "" if 0x300 <= code <= 0x36F else char if unicodedata.category(char)[0] in "LMN" else " "
        return self.setdefault(code, kept)


_SPACES = _Spaces()


def plain(text: str) -> str:
    """The words of a text in small letters and without accents, with one space before, between and after them.

    `LIKE '% word %'` then finds whole words. Apostrophes and hyphens separate words, as in the search: `Zoë's` becomes
    ` zoe s `, which ` zoe ` is part of. Scripts without spaces between words stay without them.
    """
    folded = unicodedata.normalize("NFKD", text.casefold()).translate(_SPACES)
    return f" {' '.join(unicodedata.normalize('NFC', folded).split())} "
