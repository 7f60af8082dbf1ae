"""A real Prometheus with the files of `deploy/monitoring` scrapes a run."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from clipper_assets_tests.support.servers import PROJECT, READ, api_beside, deployed, free_port, serving, wait_for

pytestmark = pytest.mark.deploy

MONITORING = PROJECT / "deploy" / "monitoring"
QUERIES = [
    target["expr"]
    for panel in json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    for target in panel["targets"]
]

RULES = [rule for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
NAME = re.compile(r"clipper_\w+?(?=_bucket|_sum|_count|\b)")


def configured(folder: Path, api: str) -> Path:
    """`prometheus.yml` with the addresses of this machine and a scrape every second."""
    config = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    (scrape,) = config["scrape_configs"]
    token = folder / "token"
    token.write_text(READ)
    scrape["authorization"]["credentials_file"] = str(token)
    scrape["static_configs"] = [{"targets": [api.removeprefix("http://")]}]
    scrape["scrape_interval"] = "1s"
    config["global"] = {"evaluation_interval": "1s"}
    shutil.copy(MONITORING / "alerts.yml", folder)
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    return file


def test_prometheus_evaluates_all_rules_and_queries_on_a_run(tmp_path: Path, cut: Path) -> None:
    root, port = tmp_path / "data", free_port()
    (root / "show").mkdir(parents=True)
    url = f"http://127.0.0.1:{port}"

    def query_api(path: str, **parameters: str) -> Any:
        answer = requests.get(f"{url}/api/v1/{path}", params=parameters, timeout=30).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def value(query: str) -> float | None:
        samples = query_api("query", query=query)["result"]
        return float(samples[0]["value"][1]) if samples else None

    short = {"CLIPPER_WINDOW_MIN_S": "3", "CLIPPER_WINDOW_MAX_S": "6"}
    with deployed(tmp_path, str(root), **short) as deployment, api_beside(deployment) as api:
        config = configured(tmp_path, api.url)
        command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'series'}"]
        command.append(f"--web.listen-address=127.0.0.1:{port}")
        with serving(command, deployment.environment, tmp_path / "prometheus.log", f"{url}/-/ready"):
            wait_for("the first scrape", lambda: value('up{job="clipper"}') or None)
            for suffix in (".srt", ".mp4"):
                shutil.copy(cut.with_suffix(suffix), root / "show" / f"talk{suffix}")
            wait_for("the end of the run", lambda: value('clipper_runs_ended_total{status="success"}') or None)
            assert value('clipper_clips_total{publishable="true"}') == 2
            assert value('clipper_step_seconds_count{step="rendered_clips"}') == 1
            assert value('increase(clipper_runs_ended_total{status="success"}[10m])')
            for query in QUERIES:
                query_api("query", query=query.replace("$__rate_interval", "1m"))
            assert {name for query in QUERIES for name in NAME.findall(query)} <= set(query_api("metadata"))
            rules = [rule for group in query_api("rules")["groups"] for rule in group["rules"]]
            assert {rule["name"] for rule in rules} == {rule["alert"] for rule in RULES}
            assert {(rule["health"], rule["state"]) for rule in rules} == {("ok", "inactive")}, rules
