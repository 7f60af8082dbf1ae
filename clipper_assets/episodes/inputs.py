"""Inputs of steps that are no tables, as external assets: Dagster's graph shows them, and runs observe them."""

from collections.abc import Collection, Iterable

import dagster as dg

from clipper_assets.episodes.partitions import episodes


def input_asset(
    *path: str, description: str, kinds: Collection[str], upstream: Iterable[dg.AssetSpec] = ()
) -> dg.AssetSpec:
    """An external asset with the key `path`, whose second part, if any, is the one asset that reads it."""
    return dg.AssetSpec(
        dg.AssetKey(path),
        deps=list(upstream),
        partitions_def=episodes,
        group_name="inputs",
        kinds=set(kinds),
        description=description,
    )


def show_settings(consumer: str, fields: str) -> dg.AssetSpec:
    """What the asset `consumer` reads of `show.toml`; `fields` is a phrase that lists it."""
    description = f"What {consumer} reads of the show's settings: {fields}."
    return input_asset("show_settings", consumer, kinds={"toml"}, description=description)


def language_model(consumer: str) -> dg.AssetSpec:
    """The language model that the asset `consumer` asks."""
    return input_asset(
        "language_model", consumer, kinds={"openai"}, description=f"The language model that {consumer} asks, if any."
    )
