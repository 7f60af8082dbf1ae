"""Fixtures with real servers: separate ones for a test, or one shared `Stack` for all tests of the API."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from clipper_assets_tests.conftest import cut_sample
from clipper_assets_tests.support.servers import Api, CountingS3, Deployment, api_beside, deployed, serving_s3

Deploy = Callable[..., Deployment]
BUCKET = "stack"
"""All of moto's servers in a process have the same buckets."""


JSON_LOGS = {"CLIPPER_LOG_FORMAT": "json", "DAGSTER_CLI_DEV_LOG_FORMAT": "json"}
CLIP_S = (10, 15)
"""The shortest and longest clip of the shared stack in seconds: a third of the usual lengths."""


@pytest.fixture(scope="session")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """At 25 fps, so that a step lasts long enough to be killed or cancelled in the middle."""
    return cut_sample(tmp_path_factory.mktemp("cut"), fps=25)


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator[Deploy]:
    """Starts `dagster dev` on a storage."""
    with ExitStack() as contexts:
        yield lambda storage, **environment: contexts.enter_context(deployed(tmp_path, storage, **environment))


@pytest.fixture
def s3() -> Iterator[CountingS3]:
    with serving_s3() as s3:
        yield s3


@dataclass(frozen=True)
class Stack:
    """The whole stack, for short clips: a bucket, `dagster dev` on it, and the API next to it."""

    s3: CountingS3
    deployment: Deployment
    api: Api


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    shortest, longest = map(str, CLIP_S)
    lengths = {"CLIPPER_WINDOW_MIN_S": shortest, "CLIPPER_WINDOW_MAX_S": longest}
    with serving_s3() as s3:
        s3.client.create_bucket(Bucket=BUCKET)
        with (
            deployed(folder, f"s3://{BUCKET}", **s3.environment, **JSON_LOGS, **lengths) as deployment,
            api_beside(deployment, CLIPPER_API_RATE="100000/minute") as api,
        ):
            yield Stack(s3, deployment, api)
