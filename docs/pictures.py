"""Takes the pictures of Dagster's UI for these pages, of two episodes in a deployment that it starts and stops.

pip install -e '.[dev]'; apt install chromium
python -m docs.pictures            # a few minutes
"""

import io
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from PIL import Image
from playwright.sync_api import FloatRect, Page, sync_playwright

from clipper_assets.api.graphql.operations import LOCATION, REPOSITORY, operation
from clipper_assets.clips.looks import LOOK_SET
from clipper_assets.edits.store import latest_edits, save_edits
from clipper_assets.edits.windows import pinned_clips, retitled
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.reports.assets import SHOW_REPORT
from clipper_assets.runtime.asset_names import CLIP_VARIANTS, EPISODE_COSTS, HIGHLIGHT_WINDOWS, RENDERED_CLIPS
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import stored_table
from clipper_assets_tests.conftest import cut_sample
from clipper_assets_tests.support.servers import FULL, Deployment, api_beside, deployed, wait_for

DOCS = Path(__file__).parent
EDITED, HELD_BACK = "science/black-holes.mp4", "kitchen/sourdough.mp4"
NO_FILE_IS_SMALL_ENOUGH = "[gates]\nbytes = 1000\n"
SHORT_CLIPS = {"CLIPPER_WINDOW_MIN_S": "3", "CLIPPER_WINDOW_MAX_S": "6"}
RUNS = "query { runsOrError { ... on Runs { results { runId status } } } }"
SELECTOR = {"repositoryName": REPOSITORY, "repositoryLocationName": LOCATION}
SETTLE_MS = 4000
"""Milliseconds in which the asset graph slides into place."""


def main() -> None:
    os.environ["NO_PROXY"] = "127.0.0.1"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = Path(folder) / "storage"
        _upload(root, Path(folder))
        quiet = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=quiet)
        with deployed(Path(folder), str(root), **SHORT_CLIPS) as deployment:
            _wait_for_runs(deployment, 2)
            page = browser.new_page(viewport={"width": 1300, "height": 700})
            page.goto(f"{deployment.url}/assets/rendered_clips?view=checks&checkDetail=clip_format")
            page.get_by_text("Partitions").nth(1).click()
            page.get_by_text("Passed (1)").wait_for()
            _take(page, "checks.png")
            _take_camera(page, deployment)
            _take_costs(page, deployment)
            _edit(deployment, root)
            page.goto(f"{deployment.url}/assets/rendered_clips?view=partitions&partition={EDITED}")
            page.get_by_text("Unsynced").hover()
            page.get_by_text("has a new data version").wait_for()
            _take(page, "stale.png", height=400)
            (root / HELD_BACK).unlink()
            _launch(deployment, "check_catalogue")
            _wait_for_runs(deployment, 5)
            page.goto(f"{deployment.url}/assets/catalogue?view=checks&checkDetail=catalogue_has_no_garbage")
            page.get_by_text("[Show Markdown]").click()
            page.get_by_text("upload missing since").wait_for()
            _take(page, "garbage.png")
            _take_report(page, deployment)
            _take_backfill(page, deployment)
            _take_graph(page, deployment.url)
        browser.close()


def _upload(root: Path, folder: Path) -> None:
    cut = cut_sample(folder, fps=10)
    for key in (EDITED, HELD_BACK):
        (root / key).parent.mkdir(parents=True)
        shutil.copy(cut.with_suffix(".srt"), (root / key).with_suffix(".srt"))
        shutil.copy(cut, root / key)
    (root / HELD_BACK).with_name("show.toml").write_text(NO_FILE_IS_SMALL_ENOUGH)


def _wait_for_runs(deployment: Deployment, count: int) -> None:
    def ended() -> bool | None:
        runs = deployment.graphql(RUNS)["runsOrError"]["results"]
        return (len(runs) == count and all(run["status"] == "SUCCESS" for run in runs)) or None

    wait_for(f"the end of {count} runs", ended)


def _edit(deployment: Deployment, root: Path) -> None:
    """Change the hook of a clip, as a person does on the review page."""
    storage = DirectoryStorage(root=str(root))
    os.environ["DAGSTER_HOME"] = deployment.environment["DAGSTER_HOME"]
    edits = latest_edits(storage, EDITED)
    clips = pinned_clips(edits, stored_table(storage, HIGHLIGHT_WINDOWS, WINDOWS, EDITED))
    clips[0] = retitled(clips[0], "What is a black hole?", None)
    with dg.DagsterInstance.get() as instance:
        save_edits(storage, instance, EDITED, edits.followed_by("changed a hook", clips=clips))


def _take_camera(page: Page, deployment: Deployment) -> None:
    """The panel of the review page in which people choose the camera of a shot, with a face that is chosen."""
    with api_beside(deployment) as api:
        page.goto(f"{api.url}/review/")
        page.get_by_label("Token").fill(FULL)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name=EDITED).click()
        camera = page.locator(".camera").first
        camera.locator("summary").click()
        camera.locator(".person[aria-pressed=false]").last.click()
        camera.get_by_text("Chosen by a person.").wait_for()
        page.wait_for_timeout(SETTLE_MS)
        picture = Image.open(io.BytesIO(camera.screenshot())).convert("RGB")
    picture.save(DOCS / "choose_camera.jpg", quality=85, optimize=True)


def _take_costs(page: Page, deployment: Deployment) -> None:
    """The costs of an episode that is rendered in two more caption styles."""
    for runs, style in ((3, "boxed"), (4, "karaoke")):
        _launch(deployment, "clip_episode", {"ops": {RENDERED_CLIPS: {"config": {"caption_style": style}}}}, EDITED)
        _wait_for_runs(deployment, runs)
    page.set_viewport_size({"width": 1300, "height": 1760})
    page.goto(f"{deployment.url}/assets/{EPISODE_COSTS}")
    page.get_by_text("Columns", exact=True).first.click()
    page.get_by_text("Plots", exact=True).click()
    page.wait_for_timeout(SETTLE_MS)
    _save(page, "costs.png", {"x": 240, "y": 400, "width": 760, "height": 1360})
    page.set_viewport_size({"width": 1300, "height": 700})


def _take_report(page: Page, deployment: Deployment) -> None:
    """The report of a show. Both jobs read what the runs before have stored."""
    for runs, job, partition in ((6, "refresh_library", None), (7, "report_shows", "science")):
        _launch(deployment, job, partition=partition)
        _wait_for_runs(deployment, runs)
    page.set_viewport_size({"width": 1300, "height": 950})
    page.goto(f"{deployment.url}/assets/{SHOW_REPORT}?view=partitions&partition=science")
    page.get_by_text("talking_time").wait_for()
    _take(page, "show_report.png", height=950)


def _take_backfill(page: Page, deployment: Deployment) -> None:
    """The dialog that makes the clips of all episodes in a look."""
    look = {"selector": SELECTOR, "partitionsDefName": LOOK_SET, "partitionKey": "square-marker"}
    deployment.graphql(operation("register_episode"), **look)
    page.set_viewport_size({"width": 1300, "height": 900})
    page.goto(f"{deployment.url}/assets/{CLIP_VARIANTS}")
    page.get_by_text("Materialize").first.click()
    for dimension in (0, 1):
        page.get_by_role("button", name="All", exact=True).nth(dimension).click()
    page.get_by_text("2 partitions").wait_for()
    _take(page, "backfill.png", height=900)


def _launch(
    deployment: Deployment, job: str, run_config: Mapping[str, Any] | None = None, partition: str | None = None
) -> None:
    params: dict[str, Any] = {
        "selector": {**SELECTOR, "jobName": job},
        "mode": "default",
        "runConfigData": run_config or {},
    }
    if partition:
        params["executionMetadata"] = {"tags": [{"key": "dagster/partition", "value": partition}]}
    deployment.graphql(operation("launch_run"), executionParams=params)


def _take_graph(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 2400, "height": 2100})
    page.goto(f"{url}/locations/{LOCATION}/asset-groups/episodes/lineage")
    page.get_by_text("rendered_clips").first.wait_for()
    page.wait_for_timeout(SETTLE_MS)
    page.locator('[aria-label="zoom_out"]').last.click()
    page.get_by_text("Loading...").first.wait_for(state="hidden")
    page.wait_for_timeout(SETTLE_MS)
    _save(page, "asset_graph.png", {"x": 360, "y": 230, "width": 1940, "height": 1750})


def _take(page: Page, name: str, height: int = 700) -> None:
    """Save the page without its navigation."""
    _save(page, name, {"x": 240, "y": 0, "width": 1060, "height": height})


def _save(page: Page, name: str, clip: FloatRect) -> None:
    """Save a part of the page in 64 colours, which take a third of the space and look the same."""
    png = page.screenshot(clip=clip, animations="disabled")
    Image.open(io.BytesIO(png)).convert("RGB").quantize(64).save(DOCS / name, optimize=True)


if __name__ == "__main__":
    main()
