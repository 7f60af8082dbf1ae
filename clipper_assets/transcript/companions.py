"""The files that belong to an upload: its transcript and the names of its speakers."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from clipper_assets.shows.speakers import find_speakers, speakers_keys
from clipper_assets.storage.base import Storage
from clipper_assets.transcript.transcript_names import find_transcript

FOLDER_NAMES = 5_000
"""Most names of a folder that are looked at: five requests to S3."""


@dataclass(frozen=True)
class Companions:
    """The files, as keys or names, and a sentence on each file that resembles a transcript and is not used."""

    transcript: str | None
    speakers: Sequence[str]
    warnings: Sequence[str]

    def within(self, folder: str) -> "Companions":
        """The same files as keys; `folder` is empty or ends with `/`."""
        transcript = f"{folder}{self.transcript}" if self.transcript else None
        return replace(self, transcript=transcript, speakers=[f"{folder}{name}" for name in self.speakers])

    def etags(self, fingerprint: Callable[[str], str]) -> dict[str, str]:
        """The `fingerprint` of each file, by its key."""
        keys = [*([self.transcript] if self.transcript else []), *self.speakers]
        return {key: fingerprint(key) for key in keys}


def companions_among(upload: str, names: Collection[str], language: str | None) -> Companions:
    """The companions of the recording `upload` among `names`, the files of its folder."""
    found = find_transcript(upload, names, language)
    return Companions(found.name, find_speakers(upload, names), found.warnings)


def companions_in(storage: Storage, upload: str, language: str | None) -> Companions:
    """The companions of an upload (an object key) in its folder.

    In a folder of more than `FOLDER_NAMES` names only names that begin exactly as the upload's are looked at.
    """
    folder, _, name = upload.rpartition("/")
    listing = storage.list_folder(folder, "", FOLDER_NAMES)
    names = [stored.key.rpartition("/")[2] for stored in listing.objects]
    cut = []
    if not listing.complete:
        stem = name.rpartition(".")[0]
        names = [stored.key.rpartition("/")[2] for stored in storage.list_folder(folder, stem, FOLDER_NAMES).objects]
        names += [key.rpartition("/")[2] for key in speakers_keys(upload)[:1] if storage.exists(key)]
        cut = [
            f"the folder of {upload} has more than {FOLDER_NAMES:,} names, so only files whose names begin with {stem} "
            "were looked at"
        ]
    found = companions_among(name, names, language)
    return replace(found.within(f"{folder}/" if folder else ""), warnings=[*cut, *found.warnings])
