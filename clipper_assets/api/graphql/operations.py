"""Checks which GraphQL mutations a role may send to `/graphql`, as pure functions.

A creator may send only the documents in `graphql/`, verbatim, so that only their variables need checking. An operator
may send any mutation. Nobody may set the tags that configure the pods, tasks or containers of runs.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    StringValueNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clipper_assets.api.auth import Access
from clipper_assets.api.problems import RefusedError
from clipper_assets.episodes.partitions import EPISODES
from clipper_assets.job import assets
from clipper_assets.runtime.asset_names import CLIP_VARIANTS
from clipper_assets.runtime.tenant import LOCATION, asset_name
from clipper_assets.text.mistakes import first_mistake

LAUNCHER_TAGS = ("dagster-k8s/", "ecs/", "docker/")
"""Prefixes of tags that configure the pod, task or container of a run."""
REPOSITORY, JOB = "__repository__", "clip_episode"
ASSETS = frozenset(asset_name(asset.key) for asset in assets)
BACKFILLED = ASSETS | {CLIP_VARIANTS}
"""What a creator may backfill: the looks of episodes, too."""
CREATOR_TAGS = frozenset({"dagster/partition", "dagster/priority"})


@cache
def operation(name: str) -> str:
    """Returns the text of one of the documents in `graphql/`."""
    return (files("clipper_assets.api.graphql") / f"{name}.graphql").read_text()


def check_mutation(access: Access, document: DocumentNode, variables: Mapping[str, Any] | None) -> None:
    """Raises RefusedError (403) if the role may not send this document, which contains a mutation."""
    if access is Access.read:
        raise RefusedError(403, "this token is read-only; use one without `read:`")
    _refuse_launcher_tags(document, variables or {})
    if access is Access.creator:
        _check_creator(document, variables or {})


def _refuse_launcher_tags(document: DocumentNode, variables: Mapping[str, Any]) -> None:
    strings = _StringCollector()
    visit(document, strings)
    for text in (*strings.values, *_strings_in(variables)):
        if text.strip().lower().startswith(LAUNCHER_TAGS):
            raise RefusedError(403, f"the tag {text[:80]!r} is reserved for the run launcher; remove it")


class _StringCollector(Visitor):
    """Collects the string literals of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[str] = []

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        self.values.append(node.value)


def _strings_in(value: object) -> list[str]:
    """Returns all strings in a JSON value, keys included. Not recursive, because the sender decides the depth."""
    strings, stack = [], [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            strings.append(item)
        elif isinstance(item, Mapping):
            stack += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            stack += item
    return strings


class _Exact(BaseModel):
    """Base of GraphQL variables: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _RepositorySelector(_Exact):
    repository: str = Field(alias="repositoryName", pattern=f"^{REPOSITORY}$")
    location: str = Field(alias="repositoryLocationName", pattern=f"^{LOCATION}$")


class _Asset(_Exact):
    path: list[str] = Field(min_length=1, max_length=1)


class _Job(_RepositorySelector):
    job: str = Field(alias="jobName", pattern=f"^{JOB}$")
    asset_selection: list[_Asset] | None = Field(None, alias="assetSelection")


class _Op(_Exact):
    """Run config of an op, without `inputs` and `outputs`: they make Dagster read and write any file of the worker."""

    config: dict[str, Any] = Field(default_factory=dict)


class _RunConfig(_Exact):
    ops: dict[str, _Op] = Field(default_factory=dict)


class _Tag(_Exact):
    key: str
    value: str


class _Tags(_Exact):
    tags: list[_Tag] | None = None


class _Execution(_Exact):
    selector: _Job
    mode: str | None = None
    run_config: _RunConfig | None = Field(None, alias="runConfigData")
    metadata: _Tags | None = Field(None, alias="executionMetadata")


class _Launch(_Exact):
    params: _Execution = Field(alias="executionParams")


class _BackfillParams(_Exact):
    partitions: list[str] = Field(alias="partitionNames", min_length=1)
    asset_selection: list[_Asset] = Field(alias="assetSelection", min_length=1)
    tags: list[_Tag] | None = None
    title: str | None = None
    description: str | None = None
    run_config: _RunConfig | None = Field(None, alias="runConfigData")


class _Backfill(_Exact):
    params: _BackfillParams = Field(alias="backfillParams")


class _Register(_Exact):
    selector: _RepositorySelector
    definition: str = Field(alias="partitionsDefName", pattern=f"^{EPISODES}$")
    key: str = Field(alias="partitionKey")


class _Cancel(_Exact):
    run_ids: list[str] = Field(alias="runIds")


VARIABLES: dict[str, type[_Exact]] = {
    "register_episode": _Register,
    "launch_run": _Launch,
    "backfill": _Backfill,
    "cancel_run": _Cancel,
}


@cache
def _documented() -> dict[str, str]:
    """Returns the names of the documented mutations by their text as graphql-core prints it."""
    return {print_ast(parse(operation(name))): name for name in VARIABLES}


def _check_creator(document: DocumentNode, variables: Mapping[str, Any]) -> None:
    name = _documented().get(print_ast(document))
    if name is None:
        raise RefusedError(
            403,
            "this token may send only the mutations in clipper_assets/api/graphql, verbatim; other mutations need an "
            "`operator:` token",
        )
    try:
        checked = VARIABLES[name].model_validate(dict(variables))
    except ValidationError as error:
        sentence = first_mistake(error.errors()).sentence(whole="the variables")
        raise RefusedError(403, f"GraphQL variables: {sentence}; other values need an `operator:` token") from None
    if isinstance(checked, _Launch):
        metadata, selected = checked.params.metadata, checked.params.selector.asset_selection
        _check_run(checked.params.run_config, metadata.tags if metadata else None, selected)
    elif isinstance(checked, _Backfill):
        _check_run(checked.params.run_config, checked.params.tags, checked.params.asset_selection, BACKFILLED)


def _check_run(
    config: _RunConfig | None,
    tags: list[_Tag] | None,
    selected: list[_Asset] | None,
    allowed: frozenset[str] = ASSETS,
) -> None:
    named = {*(config.ops if config else ()), *(asset.path[0] for asset in selected or ())}
    if unknown_assets := sorted(named - allowed):
        raise RefusedError(
            403, f"{unknown_assets[0][:80]!r} is not an asset of {JOB}; choose one of {', '.join(sorted(allowed))}"
        )
    if forbidden_tags := sorted({tag.key for tag in tags or ()} - CREATOR_TAGS):
        raise RefusedError(
            403,
            f"this token may not set the tag {forbidden_tags[0][:80]!r}; it may set {', '.join(sorted(CREATOR_TAGS))}",
        )
