"""An episode with a broken file is listed as damaged, and all others stay as they are."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clipper_assets.adverts.spans import AD_SPANS_TABLE
from clipper_assets.api.deps import Services
from clipper_assets.api.metrics import Meter
from clipper_assets.api.repository.states import States
from clipper_assets.api.urls import Signer
from clipper_assets.camera.analysis.observation import SCENES_TABLE
from clipper_assets.camera.direction.path import CAMERA
from clipper_assets.chapters.chapter import CHAPTERS_TABLE
from clipper_assets.clips.manifest import CLIPS, Manifest, Source
from clipper_assets.edits.model import Edits
from clipper_assets.edits.store import save_edits
from clipper_assets.episodes.source import SOURCE
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.runs.log import Runs
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import parquet_bytes, table_key
from clipper_assets.transcript.words import WORDS
from clipper_assets.webhooks.sensor import SUCCEEDED, _body
from clipper_assets_tests.api.conftest import TOKENS, client_of

pytestmark = pytest.mark.episodes

KEYS = [f"show{number}/talk.mp4" for number in range(5)]
SHOWN = (("raw_video", SOURCE), ("aligned_transcript", WORDS))
OTHERS = (
    ("ad_spans", AD_SPANS_TABLE),
    ("highlight_windows", WINDOWS),
    ("chapters", CHAPTERS_TABLE),
    ("scenes", SCENES_TABLE),
    ("camera_paths", CAMERA),
    ("rendered_clips", CLIPS),
)
"""Tables that neither the list nor the page of an episode shows."""
PLACEHOLDERS: Any = {pa.string(): "x", pa.bool_(): False, pa.float64(): 1.0, pa.int32(): 1, pa.int64(): 1}


def _table(spec: Any, key: str) -> bytes:
    row = {column.name: None if column.nullable else PLACEHOLDERS.get(column.type, []) for column in spec.columns}
    return parquet_bytes(spec.table([{**row, "episode": key}]).drop_columns(["episode"]))


@dataclass(frozen=True)
class Five:
    """Services with five finished episodes, and an HTTP client of one app, which caches what it has read."""

    services: Services
    client: TestClient


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Five]:
    """Five finished episodes, written without rendering."""
    root = tmp_path_factory.mktemp("five")
    storage = DirectoryStorage(root=str(root / "data"))
    with dg.instance_for_test(temp_dir=str(root)) as instance:
        instance.add_dynamic_partitions("episodes", KEYS)
        for key in KEYS:
            storage.put_bytes(key, b"recording")
            save_edits(storage, instance, key, Edits(version=1, what="clip 0: hook"))
            for asset, spec in SHOWN:
                storage.put_bytes(table_key(asset, spec.name, key), _table(spec, key))
                instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=key))
            for asset, spec in OTHERS:
                storage.put_bytes(table_key(asset, spec.name, key), parquet_bytes(spec.table([])))
                instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=key))
            manifest = _manifest_key(key)
            source = Source(key=key, etag="e", duration=1.0)
            content = Manifest.model_validate(
                {"episode": key, "status": "done", "source": source, "created_at": time.time(), "run_id": "r"}
                | {"clips": [], "degraded": [], "edits_version": 1}
            )
            storage.put_bytes(manifest, content.to_bytes())
            instance.report_runless_asset_event(
                dg.AssetMaterialization("rendered_clips", partition=key, metadata={"manifest": manifest})
            )
        runs = Runs(instance)
        routes, server = SimpleNamespace(build_routes=list), SimpleNamespace(refuse_if_unreachable=lambda: None)
        dagster = cast("Any", SimpleNamespace(graphql=routes, code_server=server))
        limits = Settings(api_rate="10000/second")
        states, meter = States(storage, instance, runs), Meter(instance)
        services = Services(limits, storage, instance, dagster, Signer(TOKENS.key, 3600), runs, states, meter)
        with client_of(services, "read-token") as client:
            yield Five(services, client)


def _manifest_key(key: str) -> str:
    return key.replace("talk.mp4", "clips/manifest.json")


def test_episodes_are_listed_by_show(five: Five) -> None:
    found = _answer(five, "/episodes?show=show3")["episodes"]
    assert [(episode["key"], episode["show"]) for episode in found] == [("show3/talk.mp4", "show3")]
    assert _answer(five, "/episodes?show=show")["episodes"] == []
    assert _answer(five, "/episodes?show=show3")["shows"] == _answer(five, "/episodes")["shows"]
    assert "show3" in _answer(five, "/episodes")["shows"]
    assert _answer(five, f"/episodes/{KEYS[1]}")["show"] == "show1"


def _files(key: str) -> list[str]:
    edits = f"lake/edits/episode={key.replace('/', '%2F')}/000001.json"
    return [_manifest_key(key), edits, *(table_key(asset, spec.name, key) for asset, spec in (*SHOWN, *OTHERS))]


def _everything(five: Five) -> dict[str, Any]:
    """What the list, the pages, the webhooks and the metrics show."""
    for key in KEYS:
        five.services.states.forget(key)
    rows = {row["key"]: row for row in _answer(five, "/episodes")["episodes"]}
    metrics = five.client.get("/metrics")
    assert metrics.status_code == 200
    seen = {key: (rows[key], _answer(five, f"/episodes/{key}"), _webhook_body(five.services, key)) for key in KEYS}
    return {**seen, "metrics": metrics.text}


def _answer(five: Five, path: str) -> Any:
    answer = five.client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _webhook_body(services: Services, key: str) -> str:
    run = dg.DagsterRun("clip_episode", run_id="0" * 8, tags={"dagster/partition": key})
    record = cast("Any", type("Record", (), {"dagster_run": run, "end_time": 1.0}))
    return _body(SUCCEEDED, record, services.instance, services.storage)


DAMAGE: list[bytes | None] = [
    None,
    b"",
    b"{",
    b"[]",
    b'{"clips": Infinity}',
    parquet_bytes(pa.table({"other": [1]})),
    parquet_bytes(pa.table({"start": [float("inf")], "duration_s": [float("inf")]})),
]


@settings(max_examples=24, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.integers(0, 4), which=st.integers(0, 6), damage=st.sampled_from(DAMAGE), cut=st.booleans())
def test_a_damaged_file_damages_only_its_episode(
    five: Five, number: int, which: int, damage: bytes | None, *, cut: bool
) -> None:
    key = KEYS[number]
    name = _files(key)[which]
    file = Path(cast("DirectoryStorage", five.services.storage).root) / name
    whole, before = file.read_bytes(), _everything(five)
    if cut:
        damage = whole[: len(whole) // 2]
    try:
        if damage is None:
            file.unlink()
        else:
            file.write_bytes(damage)
        after = _everything(five)
        refused = [five.client.get(f"/episodes/{key}/{part}") for part in ("clips/0", "transcript")]
    finally:
        file.write_bytes(whole)
    row, page, _ = after[key]
    assert before[key][0]["state"] != "damaged"
    if which > 3:
        assert after == before
        return
    assert {**after, key: None} == {**before, key: None}
    assert (row["state"], page["state"]) == ("damaged", "damaged")
    assert name in row["error"]
    assert page["error"] == row["error"]
    assert [(answer.status_code, answer.json()) for answer in refused] == [(409, {"detail": row["error"]})] * 2


@pytest.mark.parametrize(
    ("partition", "state", "error"),
    [
        ("../../x", "damaged", "is not the key of an upload; remove it in Dagster"),
        ("%FF", "damaged", "is not the key of an upload; remove it in Dagster"),
        ("a\nb.mp4", "damaged", "is not the key of an upload; remove it in Dagster"),
        ("later.mp4", "waiting", "later.mp4 has no upload yet"),
    ],
)
def test_a_partition_without_an_upload_is_listed_with_an_error(
    five: Five, partition: str, state: str, error: str
) -> None:
    before = _everything(five)
    five.services.instance._event_storage.add_dynamic_partitions("episodes", [partition])  # bypasses its check of names
    try:
        newest = _answer(five, "/episodes")["episodes"][0]
        assert _everything(five) == before
    finally:
        five.services.instance.delete_dynamic_partition("episodes", partition)
    assert newest["state"] == state
    assert error in newest["error"]


def test_a_stray_file_among_the_edits_is_ignored(five: Five) -> None:
    before = _everything(five)
    stray = _files(KEYS[0])[1].replace("000001", "notes")
    five.services.storage.put_bytes(stray, b"{")
    try:
        assert _everything(five) == before
    finally:
        five.services.storage.delete(stray)
