"""Inputs, which are what steps read beside tables, as external assets: Dagster shows them, and runs observe them."""

from collections.abc import Collection, Iterable

import dagster as dg

from clipper_assets.episodes.partitions import episodes
from clipper_assets.runtime.tenant import asset_key


def input_asset(
    *path: str, description: str, kinds: Collection[str], upstream: Iterable[dg.AssetSpec] = ()
) -> dg.AssetSpec:
    """An external asset with the key `path`, whose second part, if any, is its reader, the one asset that uses it."""
    return dg.AssetSpec(
        asset_key(*path),
        deps=list(upstream),
        partitions_def=episodes,
        group_name="inputs",
        kinds=set(kinds),
        description=description,
    )


def show_settings(reader: str, fields: str) -> dg.AssetSpec:
    """What the asset `reader` reads of `show.toml`; `fields` is a phrase that lists it."""
    description = f"What {reader} reads of the show's settings: {fields}."
    return input_asset("show_settings", reader, kinds={"toml"}, description=description)


def language_model(reader: str) -> dg.AssetSpec:
    """The language model that the asset `reader` asks."""
    return input_asset(
        "language_model",
        reader,
        kinds={"openai"},
        description=f"The language model that {reader} asks, and its prompt.",
    )
