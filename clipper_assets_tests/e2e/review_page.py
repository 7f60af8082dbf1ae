"""The review page in a real browser: fixtures and steps that its tests share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from clipper_assets_tests.e2e.conftest import BUCKET, Stack
from clipper_assets_tests.support.servers import DEADLINE_S

WIDTHS = {390: 844, 1280: 900}
SERIOUS = ("serious", "critical")
LONG_MS = DEADLINE_S * 1000
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    assert chromium, "the review page is tested in a browser; install chromium (Debian: apt install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A browser page that must not log errors."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{stack.api.url}/review/")
    yield page
    context.close()
    assert faults == []


def sign_in(page: Page, token: str) -> None:
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Episodes")).to_be_visible()


def check_page(page: Page, name: str) -> None:
    """Checks width and accessibility (axe) at each viewport; saves screenshots to the folder `SCREENSHOTS`, if set."""
    folder = os.environ.get("SCREENSHOTS")
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        if folder:
            page.screenshot(path=Path(folder) / f"{name}_{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        violations = Axe().run(page).response["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in violations if rule["impact"] in SERIOUS] == []


def etags(stack: Stack, folder: str) -> dict[str, Any]:
    """The ETag of each file in a folder and when it was written, by file name."""
    objects = stack.s3.client.list_objects_v2(Bucket=BUCKET, Prefix=folder)["Contents"]
    return {item["Key"].removeprefix(f"{folder}/"): (item["ETag"], item["LastModified"]) for item in objects}


def clip_files(tags: dict[str, Any], number: int) -> dict[str, Any]:
    return {name: tag for name, tag in tags.items() if name.startswith(f"clip_{number}.")}
