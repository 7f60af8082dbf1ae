"""Rendering again with the edits: which run starts, and with which options."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets.api.routes.edits import AFTER_EDITS
from clipper_assets.clips.again import render_config
from clipper_assets.clips.manifest import Requested
from clipper_assets.media.frame import Aspect
from clipper_assets.shows.show import Layout
from clipper_assets_tests.api.routes.edited import KEY

pytestmark = pytest.mark.usefixtures("edited_episode", "short_windows")


def test_rendering_again_starts_one_run_of_the_assets_that_edits_affect(client: TestClient, services: Services) -> None:
    answer = client.post(f"/episodes/{KEY}/render")
    assert answer.status_code == 202
    run = services.instance.get_run_by_id(answer.json()["run_id"])
    try:
        assert run
        assert run.asset_selection
        assert {key.to_user_string() for key in run.asset_selection} == set(AFTER_EDITS)
        ops: Any = run.run_config["ops"]
        assert ops["highlight_windows"] == {"config": {"max_clips": 2}}
        assert client.post(f"/episodes/{KEY}/render").status_code == 409
    finally:
        services.instance.delete_run(answer.json()["run_id"])
        services.states.forget(KEY)


def test_a_rendering_is_asked_for_as_it_was_requested_before() -> None:
    requested = Requested(layout=Layout.split, caption_style="boxed", tighten=True)
    assert render_config({"max_clips": 4, "picker": "heuristic"}, requested, Aspect.square) == {
        "highlight_windows": {"config": {"max_clips": 4, "picker": "heuristic"}},
        "chapters": {"config": {"picker": "heuristic"}},
        "scenes": {"config": {"layout": "split"}},
        "camera_paths": {"config": {"layout": "split"}},
        "rendered_clips": {"config": {"caption_style": "boxed", "tighten": True, "aspect": "square"}},
    }


def test_options_list_caption_styles_and_layouts(client: TestClient) -> None:
    options = client.get("/options").json()
    assert "classic" in options["caption_styles"]
    assert "auto" in options["layouts"]
