"""Finds clips and folders of the lake that belong to no episode."""

from collections.abc import Collection

from clipper_assets.catalogue.census import Census
from clipper_assets.clips.folders import MANIFEST
from clipper_assets.clips.removal import LAKE_FOLDERS
from clipper_assets.storage.lake import LAKE


def orphans(census: Census, partitions: Collection[str]) -> list[str]:
    """One phrase for each episode that has neither an upload nor a partition, and each folder of clips of no episode.

    An episode that only lacks its upload is none: somebody may bring it back, until `collect_garbage` removes it.
    """
    known = {*census.uploads, *partitions}
    found = [
        f"{LAKE}/ has {', '.join(sorted(folders))} of {episode}, which has no upload and no partition"
        for episode in sorted(census.tables.keys() - known)
        if (folders := census.tables[episode] & set(LAKE_FOLDERS))
    ]
    for folder in sorted(census.clips):
        owner = census.owners.get(folder)
        if owner is None:
            found.append(f"{folder}/ has clips, but no {MANIFEST} that names their episode")
        elif owner not in known:
            found.append(f"{folder}/ has clips of {owner}, which has no upload and no partition")
    return found
