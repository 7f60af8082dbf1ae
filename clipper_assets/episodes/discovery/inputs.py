"""Hands changed inputs of episodes, such as `show.toml` and transcripts, to whoever observes them for Dagster."""

from collections.abc import Callable, Collection, Sequence

import dagster as dg

from clipper_assets.storage.base import Storage

Observe = Callable[[dg.DagsterInstance, Storage, Collection[str]], Sequence[dg.AssetObservation]]
"""Called with the keys of inputs that were added, changed or removed; returns what to record about the episodes that
read them."""
INPUTS_PER_TICK = 50
