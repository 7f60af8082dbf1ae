import json
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from clipper_assets.cli import main
from clipper_assets.runtime.partition_keys import EPISODE_TAG, LOOK_TAG, look_partition

LOOK = "square-marker"


def looks(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["looks", *arguments])


def test_looks_are_added_listed_and_removed_with_their_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "DAGSTER_HOME is not set; set it to" in looks("list").output
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CLIPPER_STORAGE", str(tmp_path / "data"))
    (tmp_path / "home").mkdir()
    default, of_look = tmp_path / "data/show/clips", tmp_path / f"data/show/clips/looks/{LOOK}"
    of_look.mkdir(parents=True)
    for folder in (default, of_look):
        (folder / "manifest.json").write_text(json.dumps({"episode": "show/a.mp4"}))
        (folder / "clip_0.mp4").write_text("clip")

    refused = looks("add", "square-comic")
    assert (refused.exit_code, "unknown look 'square-comic'; name it" in refused.output) == (1, True)
    assert looks("add", LOOK).exit_code == 0
    assert looks("list").output == f"{LOOK}\n"
    typo = looks("remove", "typo")
    assert (typo.exit_code, typo.output) == (1, f"clipper: there is no look typo; the looks are: {LOOK}\n")
    tags = {"dagster/partition": look_partition("show/a.mp4", LOOK), EPISODE_TAG: "show/a.mp4", LOOK_TAG: LOOK}
    with dg.DagsterInstance.get() as instance:
        run = instance.add_run(dg.DagsterRun("render_look", tags=tags, status=dg.DagsterRunStatus.STARTED))
        assert "a run of the look square-marker is in progress" in looks("remove", LOOK).output
        instance.report_run_failed(run)
    assert looks("remove", LOOK).output == f"removed {LOOK} of 1 episodes\n"
    assert sorted(path.name for path in default.rglob("*")) == ["clip_0.mp4", "manifest.json"]
    assert looks("list").output == ""
