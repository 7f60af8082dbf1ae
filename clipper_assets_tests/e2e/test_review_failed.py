"""A failed episode on the review page in a real browser: tried again, removed, and uploaded again."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from clipper_assets_tests.e2e.conftest import BUCKET, Stack
from clipper_assets_tests.e2e.review_page import LONG_MS, browser, check_page, sign_in
from clipper_assets_tests.support.servers import FULL

__all__ = ["browser"]  # a fixture
pytestmark = pytest.mark.e2e

IN_PROGRESS_WITHOUT_BUTTONS = """() =>
  document.querySelector(".title-row [data-part=state]").textContent === "In progress" &&
  [...document.querySelectorAll(".title-row button")].every((button) => button.hidden)"""
"""Checked at once in the page, because the run of a broken file is over within a second."""


def test_a_failed_episode_is_retried_removed_and_uploaded_again(browser: Browser, stack: Stack, tmp_path: Path) -> None:
    key, file = "failed/talk.mp4", tmp_path / "talk.mp4"
    file.write_bytes(b"no recording")
    stack.s3.client.upload_file(str(file), BUCKET, key)
    page = browser.new_page()
    page.goto(f"{stack.api.url}/review/")
    sign_in(page, FULL)
    page.get_by_role("link", name=key).click(timeout=LONG_MS)
    heading = page.locator(".title-row")
    expect(heading).to_contain_text("Failed", timeout=LONG_MS)
    first = stack.api.episode(key)["run_id"]
    check_page(page, "failed")

    page.get_by_role("button", name="Try again").click()
    page.wait_for_function(IN_PROGRESS_WITHOUT_BUTTONS, timeout=LONG_MS)
    expect(heading).to_contain_text("Failed", timeout=LONG_MS)
    second = stack.api.episode(key)["run_id"]
    assert second != first

    page.get_by_role("button", name="Remove episode").click()
    check_page(page, "remove")
    page.get_by_role("button", name="Go back").click()
    assert stack.api.episode(key)["run_id"] == second
    page.get_by_role("button", name="Remove episode").click()
    page.get_by_role("button", name="Remove the episode").click()
    expect(page.get_by_role("status").filter(has_text="talk.mp4 is removed.")).to_be_attached()
    expect(page.get_by_role("link", name=key)).to_have_count(0)
    check_page(page, "removed")
    assert stack.api.episode(key)["state"] == "waiting"

    page.set_input_files("input[type=file]", file)
    box = page.get_by_role("listitem").filter(has_text="Save talk.mp4 as")
    box.get_by_role("textbox").fill(key)
    box.get_by_role("button", name="Upload").click()
    check_page(page, "replace")
    page.get_by_role("button", name="Replace it").click()
    page.get_by_role("link", name="Watch progress").click()
    expect(heading).to_contain_text("Failed", timeout=LONG_MS)
    assert stack.api.episode(key)["run_id"] not in (first, second)
    page.close()
