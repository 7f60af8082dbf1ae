"""Owners and tags of all assets, by which people filter them in Dagster's UI: the one place of their names.

An asset has its group, kinds and description where it is declared. Its domain follows from its name or its
group, for an input from the asset that reads it; the owner follows from the domain, for an input from who writes it.
"""

from collections.abc import Iterable
from enum import StrEnum

import dagster as dg

from clipper_assets.runtime.asset_names import (
    AD_SPANS,
    ALIGNED_TRANSCRIPT,
    CAMERA_PATHS,
    CHAPTERS,
    CLIP_VARIANTS,
    HIGHLIGHT_WINDOWS,
    RAW_VIDEO,
    RENDERED_CLIPS,
    SCENES,
)
from clipper_assets.runtime.tenant import asset_name, partition_set

DOMAIN_TAG, SCOPE_TAG = "clipper/domain", "clipper/scope"


class Group(StrEnum):
    """A group of assets in Dagster's UI."""

    episodes = "episodes"
    inputs = "inputs"
    evaluation = "evaluation"
    catalogue = "catalogue"
    costs = "costs"
    library = "library"
    reports = "reports"


class Owner(StrEnum):
    """A team that answers for assets, as Dagster writes it."""

    operators = "team:operators"
    creators = "team:creators"
    analysts = "team:analysts"


class Domain(StrEnum):
    """What an asset is about, the value of its tag `DOMAIN_TAG`."""

    source = "source"
    speech = "speech"
    highlights = "highlights"
    picture = "picture"
    clips = "clips"
    catalogue = "catalogue"
    spend = "spend"
    analysis = "analysis"


class Scope(StrEnum):
    """What one partition of an asset is, the value of its tag `SCOPE_TAG`."""

    episode = "episode"
    show = "show"
    look = "look"
    everything = "everything"


OWNERS = {
    Domain.source: Owner.operators,
    Domain.speech: Owner.operators,
    Domain.highlights: Owner.creators,
    Domain.picture: Owner.operators,
    Domain.clips: Owner.creators,
    Domain.catalogue: Owner.operators,
    Domain.spend: Owner.analysts,
    Domain.analysis: Owner.analysts,
}
_BY_GROUP: dict[str | None, Domain] = {
    Group.evaluation: Domain.highlights,
    Group.catalogue: Domain.catalogue,
    Group.costs: Domain.spend,
    Group.library: Domain.analysis,
    Group.reports: Domain.analysis,
}
_BY_NAME = {
    RAW_VIDEO: Domain.source,
    ALIGNED_TRANSCRIPT: Domain.speech,
    "sidecars": Domain.speech,
    "speech_model": Domain.speech,
    AD_SPANS: Domain.highlights,
    HIGHLIGHT_WINDOWS: Domain.highlights,
    CHAPTERS: Domain.highlights,
    "pick_prompt": Domain.highlights,
    SCENES: Domain.picture,
    CAMERA_PATHS: Domain.picture,
    RENDERED_CLIPS: Domain.clips,
    CLIP_VARIANTS: Domain.clips,
    "edits": Domain.clips,
}
"""Domains by the last part of the asset's key, which for an input of one reader is that reader."""
_BY_CREATORS = {"edits", "show_settings", "sidecars"}
"""Inputs that creators write; the others are what operators set up."""
_SCOPES = {partition_set("episodes"): Scope.episode, partition_set("shows"): Scope.show}


def labelled(assets: Iterable[dg.AssetsDefinition | dg.AssetSpec]) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """The same assets with owners and tags, except those of which neither name nor group is known here."""
    return list(dg.map_asset_specs(_labelled, assets))


def _labelled(spec: dg.AssetSpec) -> dg.AssetSpec:
    domain = _BY_NAME.get(spec.key.path[-1]) or _BY_GROUP.get(spec.group_name)
    if domain is None:
        return spec
    owner = OWNERS[domain]
    if spec.group_name == Group.inputs:
        owner = Owner.creators if asset_name(spec.key).partition("/")[0] in _BY_CREATORS else Owner.operators
    return spec.merge_attributes(owners=[owner.value], tags={DOMAIN_TAG: domain.value, SCOPE_TAG: _scope(spec).value})


def _scope(spec: dg.AssetSpec) -> Scope:
    if spec.partitions_def is None:
        return Scope.everything
    if isinstance(spec.partitions_def, dg.DynamicPartitionsDefinition):
        return _SCOPES[spec.partitions_def.name or ""]
    return Scope.look
