"""Fixtures: a short cut of the sample episode, temporary storages, and the whole job."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import dagster as dg
import hypothesis
import pysubs2
import pytest
from moto.server import ThreadedMotoServer

from clipper_assets import job
from clipper_assets.adverts.assets import AdSpansConfig
from clipper_assets.camera.analysis.assets import ScenesConfig
from clipper_assets.camera.direction.assets import CameraConfig
from clipper_assets.catalogue.inputs import INPUTS
from clipper_assets.chapters.assets import ChaptersConfig
from clipper_assets.clips import assets as clips_assets
from clipper_assets.clips import variants
from clipper_assets.clips.assets import RenderConfig
from clipper_assets.episodes.assets import RawVideoConfig
from clipper_assets.episodes.claims import UPLOAD_TAG, upload_tag
from clipper_assets.episodes.partitions import partition_key
from clipper_assets.highlights.assets import HighlightsConfig
from clipper_assets.media.ffmpeg import run
from clipper_assets.models import hub
from clipper_assets.runs.in_process import unchanged
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.root import storage_at
from clipper_assets.storage.s3 import S3Storage
from clipper_assets.transcript.assets import TranscriptConfig
from clipper_assets_tests.support.media import FAST
from clipper_assets_tests.support.model_server import KEY, ModelServer, serving_model

SAMPLE = Path(__file__).parent.parent / "sample"
CUT_START_S, CUT_S = 29.2, 10.0
NO_KEY_NO_MODELS = {"aligned_transcript_not_degraded", "highlight_windows_not_degraded", "scenes_not_degraded"}
"""Checks that warn without an OpenAI key and models: nothing tells voices apart, the heuristic picks highlights, and
OpenCV detects faces."""

hypothesis.settings.register_profile("busy machine", deadline=None)
hypothesis.settings.load_profile("busy machine")

gc.set_threshold(20_000, 20, 20)
"""Python's default thresholds cost a sixth of a worker's CPU, because the imported modules have a million objects."""


@pytest.fixture(autouse=True, scope="session")
def _no_environment_for_shared_fixtures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        _clear_environment(monkeypatch, tmp_path_factory)
        yield


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Clear the environment before each test too, because `local_instance` sets DAGSTER_HOME."""
    _clear_environment(monkeypatch, tmp_path_factory)


def _clear_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep settings, keys and models of the developer or CI, the model hub and the package index away from tests."""
    for name in list(os.environ):
        if name.startswith(("CLIPPER_", "OPENAI_", "AWS_", "DAGSTER_", "HF_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(hub, "HF_HUB_OFFLINE", True)  # huggingface_hub has read the environment at import
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_sample(tmp_path_factory.mktemp("cut"), fps=10)


def cut_sample(folder: Path, fps: int) -> Path:
    """Write ten seconds of the sample at 640x360 as `cut.mp4` with its subtitles in `cut.srt`; return the video."""
    target = folder / "cut.mp4"
    source = ["-ss", str(CUT_START_S), "-t", str(CUT_S), "-i", str(SAMPLE / "episode.mp4")]
    picture = ["-vf", f"scale=640:360,fps={fps}", "-c:v", "libx264", "-preset", "ultrafast"]
    run([*source, *picture, "-c:a", "aac", str(target)])
    subs = pysubs2.load(str(SAMPLE / "episode.srt"))
    subs.shift(s=-CUT_START_S)
    subs.events = [event for event in subs if event.start >= 0 and event.end <= CUT_S * 1000]
    subs.save(str(folder / "cut.srt"))
    return target


@pytest.fixture
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_clips(monkeypatch)


def shorten_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow clips of 3 to 6 s and use the fastest encoder, so that tests that render take seconds."""
    monkeypatch.setenv("CLIPPER_WINDOW_MIN_S", "3")
    monkeypatch.setenv("CLIPPER_WINDOW_MAX_S", "6")
    for module in (clips_assets, variants):
        monkeypatch.setattr(module, "best_encoder", lambda: FAST)


@pytest.fixture
def storage(tmp_path: Path) -> DirectoryStorage:
    root = tmp_path / "storage"
    root.mkdir()
    return DirectoryStorage(root=str(root))


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """URL of an S3 server on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_storage(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> S3Storage:
    """A storage at the prefix `team/podcasts` of a new bucket; the environment has the server's URL and credentials."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "an-access-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-access-key")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    storage = storage_at(f"s3://bucket-{uuid4().hex}/team/podcasts", 3600)
    assert isinstance(storage, S3Storage)
    storage.client.create_bucket(Bucket=storage.bucket)
    return storage


@pytest.fixture(params=["directory", "s3"])
def any_storage(request: pytest.FixtureRequest) -> Storage:
    """A storage: each test that uses this runs on a directory and on S3."""
    storage: Storage = request.getfixturevalue("storage" if request.param == "directory" else "s3_storage")
    return storage


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def clip_episode(
    storage: Storage,
    key: str,
    instance: dg.DagsterInstance,
    *,
    max_clips: int = 1,
    afresh: bool = False,
    camera: CameraConfig | None = None,
    render: RenderConfig | None = None,
) -> tuple[list[str], dg.ExecuteInProcessResult]:
    """Materialize all assets of an episode; return the assets whose stored results were reused, and the run result."""
    camera = camera or CameraConfig()
    instance.add_dynamic_partitions("episodes", [partition_key(key)])
    result = dg.materialize(
        [*INPUTS, *job.assets],
        selection=dg.AssetSelection.assets(*job.assets),
        partition_key=partition_key(key),
        instance=instance,
        resources=job.build_resources(Settings(), storage),
        run_config=dg.RunConfig(
            ops={
                "raw_video": RawVideoConfig(afresh=afresh),
                "aligned_transcript": TranscriptConfig(afresh=afresh),
                "ad_spans": AdSpansConfig(afresh=afresh),
                "highlight_windows": HighlightsConfig(afresh=afresh, max_clips=max_clips),
                "chapters": ChaptersConfig(afresh=afresh),
                "scenes": ScenesConfig(afresh=afresh, layout=camera.layout),
                "camera_paths": camera,
                "rendered_clips": render or RenderConfig(),
            },
            loggers={"console": {"config": {"log_level": "CRITICAL"}}},
        ),
        tags={UPLOAD_TAG: upload_tag(stored)} if (stored := storage.stat(key)) else {},
        raise_on_error=False,
    )
    return unchanged(result), result


@pytest.fixture
def model_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A model server on loopback, with a key in the environment."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving_model() as server:
        yield server
