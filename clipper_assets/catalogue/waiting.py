"""Finds uploads that have no finished clips yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg

from clipper_assets.catalogue.census import Census
from clipper_assets.catalogue.entries import Entry
from clipper_assets.episodes.claims import Removed, Requester, Served, current_decision
from clipper_assets.episodes.partitions import partition_key
from clipper_assets.episodes.uploads import without_audio_of_videos
from clipper_assets.storage.base import Storage

LATE = timedelta(days=1)
"""An upload waits too long after a day: the longest run takes hours, and its queue is empty every night."""


@dataclass(frozen=True)
class Waiting:
    """An upload without finished clips: its episode, when it was uploaded, and what its latest run did."""

    episode: str
    uploaded_at: datetime
    run: str

    def is_late(self, now: datetime) -> bool:
        return now - self.uploaded_at > LATE

    def __str__(self) -> str:
        return f"{self.episode}: uploaded {self.uploaded_at:%Y-%m-%d %H:%M} UTC, {self.run}"


def waiting_uploads(
    storage: Storage, instance: dg.DagsterInstance, census: Census, entries: Iterable[Entry]
) -> list[Waiting]:
    """The uploads that are newer than their clips, or that have none, oldest first.

    Those whose episode a person removed are left out.
    """
    rendered: dict[str, datetime] = {}
    for entry in entries:
        rendered[entry.episode] = max(rendered.get(entry.episode, entry.rendered_at), entry.rendered_at)
    waiting = []
    for stored in without_audio_of_videos(census.uploads.values()):
        episode = partition_key(stored.key)
        if episode in rendered and stored.changed_at <= rendered[episode]:
            continue
        decision = current_decision(storage, instance, stored, Requester.sensor)
        if not isinstance(decision, Removed):
            run = f"its run ended as {decision.run.status.value}" if isinstance(decision, Served) else "no run yet"
            waiting.append(Waiting(episode, stored.changed_at, run))
    return sorted(waiting, key=lambda each: each.uploaded_at)
