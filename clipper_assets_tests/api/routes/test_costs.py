"""What the API says that an episode cost, and what an approved clip cost by a reviewer's decisions."""

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets.costs.approved import count_clips
from clipper_assets.costs.collect import STEPS, stored_costs
from clipper_assets.edits.store import latest_edits
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import table_key
from clipper_assets_tests.api.conftest import KEY

COSTS_KEY = table_key("episode_costs", "costs", KEY)


def cost(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/episodes/{KEY}").json()["cost"]
    return found


def test_the_cost_of_a_run_is_the_sum_of_its_steps(reader: TestClient, services: Services) -> None:
    run = services.runs.latest(KEY)
    assert run
    made = dg.DagsterEventType.ASSET_MATERIALIZATION
    records = services.instance.get_records_for_run(run.run_id, of_type=made).records
    made_by = {each.event_log_entry.step_key: each.event_log_entry.asset_materialization for each in records}
    assert made_by.pop("library")
    spent: dict[str, Any] = {str(step): event.metadata["usd"].value for step, event in made_by.items() if event}
    counted = spent.pop("episode_costs")
    assert spent.keys() == set(STEPS) - {"clip_variants"}
    assert all(usd > 0 for usd in spent.values())
    rows = stored_costs(services.storage, KEY).to_pylist()
    assert {row["step"]: row["usd"] for row in rows if row["run_id"] == run.run_id} == spent
    shown = cost(reader)
    assert shown["run_usd"] == pytest.approx(sum(spent.values()))
    assert shown["usd"] == pytest.approx(counted, abs=1e-6)
    assert (shown["gpu_seconds"], shown["input_tokens"], shown["output_tokens"]) == (0, 0, 0)


@pytest.fixture
def undecided(services: Services) -> Iterator[None]:
    """Removes the decisions after the test, because other tests share the episode."""
    yield
    for stored in list(services.storage.list_objects(f"lake/edits/{hive_folder(KEY)}")):
        services.storage.delete(stored.key)
    services.states.forget(KEY)


@pytest.mark.usefixtures("undecided")
def test_the_cost_of_an_approved_clip_follows_the_decisions(client: TestClient, services: Services) -> None:
    def decide(number: int, decision: str | None) -> None:
        version = latest_edits(services.storage, KEY).version
        body = {"base_version": version, "decision": decision}
        assert client.patch(f"/episodes/{KEY}/clips/{number}", json=body).status_code == 200

    def undo() -> None:
        body = {"base_version": latest_edits(services.storage, KEY).version}
        assert client.post(f"/episodes/{KEY}/edits/undo", json=body).status_code == 200

    usd = cost(client)["usd"]
    seen = []
    changes: list[Callable[[], None]] = [
        lambda: None,
        lambda: decide(0, "approved"),
        lambda: decide(1, "approved"),
        lambda: decide(1, "rejected"),
        undo,
        undo,
        lambda: decide(0, "rejected"),
    ]
    for change in changes:
        change()
        shown = cost(client)
        assert shown["usd"] == usd
        assert count_clips(services.storage, KEY) == (2, shown["approved"])
        seen.append((shown["approved"], shown["usd_per_approved_clip"]))
    assert seen == [(0, None), (1, usd), (2, usd / 2), (1, usd), (2, usd / 2), (1, usd), (0, None)]


def test_a_damaged_table_of_costs_leaves_the_rest_of_the_episode(reader: TestClient, services: Services) -> None:
    written = services.storage.read_bytes(COSTS_KEY)
    services.storage.put_bytes(COSTS_KEY, b"no table")
    try:
        episode = reader.get(f"/episodes/{KEY}").json()
        assert (episode["state"], episode["cost"], len(episode["clip_views"])) == ("done", None, 2)
    finally:
        services.storage.put_bytes(COSTS_KEY, written)


def test_an_episode_that_was_never_run_has_no_cost(reader: TestClient, services: Services) -> None:
    services.storage.put_bytes("show9/never.mp4", b"recording")
    try:
        assert reader.get("/episodes/show9/never.mp4").json()["cost"] is None
    finally:
        services.storage.delete("show9/never.mp4")
