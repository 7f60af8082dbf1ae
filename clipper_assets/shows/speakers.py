"""Names of speakers, from TOML files beside the upload, for one episode or for a whole show."""

from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from clipper_assets.text.clean import clean_text, folded
from clipper_assets.text.toml import READ_BYTES, read_toml


def speakers_keys(upload: str) -> list[str]:
    """Keys of the files that may name an upload's speakers: `speakers.toml` for the show, `<stem>.speakers.toml`."""
    folder = "".join(upload.rpartition("/")[:2])
    return [f"{folder}speakers.toml", f"{upload.removesuffix(PurePosixPath(upload).suffix)}.speakers.toml"]


def find_speakers(upload: str, names: Collection[str]) -> list[str]:
    """Those of `names`, the files beside a recording, that name its speakers: the show's first, then the episode's.

    As `speakers_keys`, in any capitals and Unicode normalization; a name spelled exactly wins.
    """
    found = []
    for expected in speakers_keys(upload):
        alike = sorted(name for name in names if folded(name) == folded(expected))
        found += [expected] if expected in alike else alike[:1]
    return found


def read_names(files: Sequence[Path]) -> dict[str, str]:
    """Speaker names by label, from lines such as `SPEAKER_00 = "Anna"`; later files override earlier ones.

    Raises ValueError, naming the file, for invalid TOML and for a value that is not a name.
    """

    names: dict[str, str] = {}
    for file in files:
        with file.open("rb") as opened:
            table = read_toml(opened.read(READ_BYTES), file.name)
        for label, name in table.items():
            if not isinstance(name, str) or not clean_text(name).strip():
                shown = clean_text(label)
                raise ValueError(f'{file.name} has no name for {shown!r}; write it as text: "{shown}" = "Anna"')
            names[label] = " ".join(clean_text(name).split())
    return names
