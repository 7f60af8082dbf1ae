"""What each role may send to `/graphql`, as pure functions.

A creator's mutation is one of the documents in `graphql/`, word for word, so that only its variables are left to check.
An operator sends any; but nobody sends the tags by which a run launcher is told what to run.
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
from clipper_assets.job import assets
from clipper_assets.text.mistakes import first_mistake

LAUNCHER_TAGS = ("dagster-k8s/", "ecs/", "docker/")
"""Prefixes of tags that change the pod, task or container of a run."""
LOCATION, REPOSITORY, JOB, PARTITIONS = "clipper_assets", "__repository__", "clip_episode", "episodes"
ASSETS = frozenset(asset.key.to_user_string() for asset in assets)
CREATOR_TAGS = frozenset({"dagster/partition", "dagster/priority"})


@cache
def operation(name: str) -> str:
    """One of the documents in `graphql/`, which frontends use as well."""
    return (files("clipper_assets.api.graphql") / f"{name}.graphql").read_text()


def check_mutation(access: Access, document: DocumentNode, variables: Mapping[str, Any] | None) -> None:
    """Raises RefusedError (403) where the role may not send this document, which has a mutation."""
    if access is Access.read:
        raise RefusedError(403, "this token may look and change nothing; use one without `read:`")
    _refuse_launcher_tags(document, variables or {})
    if access is Access.creator:
        _check_creator(document, variables or {})


def _refuse_launcher_tags(document: DocumentNode, variables: Mapping[str, Any]) -> None:
    texts = _Texts()
    visit(document, texts)
    for text in (*texts.found, *_texts(variables)):
        if text.strip().lower().startswith(LAUNCHER_TAGS):
            raise RefusedError(
                403, f"the tag {text[:80]!r} belongs to the run launcher; nobody sets it through the API"
            )


class _Texts(Visitor):
    """Collects the texts that a document holds."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        self.found.append(node.value)


def _texts(value: object) -> list[str]:
    """All texts within a JSON value, names of fields among them; without recursion, since depth is the sender's."""
    found, left = [], [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, Mapping):
            left += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            left += each
    return found


class _Exact(BaseModel):
    """Variables: what is not named here is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _Place(_Exact):
    repository: str = Field(alias="repositoryName", pattern=f"^{REPOSITORY}$")
    location: str = Field(alias="repositoryLocationName", pattern=f"^{LOCATION}$")


class _Asset(_Exact):
    path: list[str] = Field(min_length=1, max_length=1)


class _Job(_Place):
    job: str = Field(alias="jobName", pattern=f"^{JOB}$")
    asset_selection: list[_Asset] | None = Field(None, alias="assetSelection")


class _Op(_Exact):
    """Not `inputs` or `outputs`, by which Dagster reads and writes files of the worker's choice."""

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
    selector: _Place
    definition: str = Field(alias="partitionsDefName", pattern=f"^{PARTITIONS}$")
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
    """Names of the documented mutations by their documents as graphql-core prints them."""
    return {print_ast(parse(operation(name))): name for name in VARIABLES}


def _check_creator(document: DocumentNode, variables: Mapping[str, Any]) -> None:
    name = _documented().get(print_ast(document))
    if name is None:
        raise RefusedError(
            403,
            "this token may send the documented mutations only, as clipper_assets/api/graphql has them; "
            "others need an `operator:` token",
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
        _check_run(checked.params.run_config, checked.params.tags, checked.params.asset_selection)


def _check_run(config: _RunConfig | None, tags: list[_Tag] | None, selected: list[_Asset] | None) -> None:
    named = {*(config.ops if config else ()), *(asset.path[0] for asset in selected or ())}
    if strange := sorted(named - ASSETS):
        raise RefusedError(403, f"{strange[0][:80]!r} is no asset of {JOB}; name one of {', '.join(sorted(ASSETS))}")
    if unknown := sorted({tag.key for tag in tags or ()} - CREATOR_TAGS):
        raise RefusedError(
            403, f"this token may not set the tag {unknown[0][:80]!r}; it may set {', '.join(sorted(CREATOR_TAGS))}"
        )
