"""The review page in a real browser: upload, progress, corrections, rendering again, approval."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

from clipper_assets_tests.conftest import SAMPLE
from clipper_assets_tests.e2e.conftest import BUCKET, Stack
from clipper_assets_tests.support.servers import DEADLINE_S, FULL, READ

pytestmark = pytest.mark.e2e

KEY, CLIPS = "review/talk.mp4", "review/clips"
WIDTHS = {390: 844, 1280: 900}
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


SERIOUS = ("serious", "critical")
IN_PROGRESS_WITHOUT_BUTTONS = """() =>
  document.querySelector(".title-row [data-part=state]").textContent === "In progress" &&
  [...document.querySelectorAll(".title-row button")].every((button) => button.hidden)"""
"""Checked at once in the page, because the run of a broken file is over within a second."""


def etags(stack: Stack) -> dict[str, Any]:
    objects = stack.s3.client.list_objects_v2(Bucket=BUCKET, Prefix=CLIPS)["Contents"]
    return {item["Key"].removeprefix(f"{CLIPS}/"): (item["ETag"], item["LastModified"]) for item in objects}


def clip_files(tags: dict[str, Any], number: int) -> dict[str, Any]:
    return {name: tag for name, tag in tags.items() if name.startswith(f"clip_{number}.")}


def test_the_sign_in_page_is_accessible(page: Page) -> None:
    check_page(page, "sign-in")


def test_a_wrong_token_is_reported(browser: Browser, stack: Stack) -> None:
    page = browser.new_page()
    page.goto(f"{stack.api.url}/review/")
    page.get_by_label("Token").fill("wrong-token-of-nobody")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").filter(has_text="Unknown token. Check it and try again.")).to_be_visible()
    page.close()


def play_from_the_transcript(page: Page, clip: Locator) -> None:
    """Click a word outside the clip, which does nothing, and one inside, from which the portrait video plays."""
    video = clip.locator("video")
    clip.locator(".sentence.outside .word").first.click()
    expect(clip.get_by_text("is not in this clip")).to_be_visible()
    assert video.evaluate("video => video.paused && video.currentTime === 0")
    clip.locator(".sentence:not(.outside) .word").nth(10).click()
    playing = "video => video.readyState >= 2 && video.currentTime > 0.5 && !video.paused"
    page.wait_for_function(playing, arg=video.element_handle())
    assert video.evaluate("video => video.videoHeight / video.videoWidth") == pytest.approx(16 / 9, rel=0.01)
    video.evaluate("video => video.pause()")


def test_from_the_upload_to_the_approved_clip(page: Page, stack: Stack, tmp_path: Path) -> None:
    for suffix in (".srt", ".mp4"):
        shutil.copy(SAMPLE / f"episode{suffix}", tmp_path / f"talk{suffix}")
    sign_in(page, FULL)
    page.set_input_files("input[type=file]", [tmp_path / "talk.mp4", tmp_path / "talk.srt"])
    for name in ("talk.srt", "talk.mp4"):
        box = page.get_by_role("listitem").filter(has_text=f"Save {name} as")
        box.get_by_role("textbox").fill(f"review/{name}")
        check_page(page, f"upload-{name}")
        box.get_by_role("button", name="Upload").click()
        expect(page.get_by_role("status").filter(has_text=f"{name} is uploaded")).to_be_attached(timeout=30_000)
    page.get_by_role("link", name="Watch progress").click()

    expect(page.get_by_role("heading", name=KEY)).to_be_visible()
    expect(page.get_by_text("In progress")).to_be_visible(timeout=LONG_MS)
    expect(page.locator(".now")).to_contain_text("%", timeout=LONG_MS)
    check_page(page, "progress")
    expect(page.get_by_role("article")).not_to_have_count(0, timeout=LONG_MS)
    expect(page.get_by_role("status").filter(has_text="the clips are ready")).to_be_attached(timeout=LONG_MS)
    before = etags(stack)
    count = page.get_by_role("article").count()
    assert count >= 2
    check_page(page, "clips")
    page.get_by_text("2 chapters").click()
    page.get_by_role("button", name="Play from 0:00").click()
    page.wait_for_function("() => document.querySelector('audio').currentTime > 0.1")
    page.locator("audio").evaluate("audio => audio.pause()")
    expect(page.get_by_role("button", name="Copy for YouTube")).to_be_hidden()  # YouTube shows no fewer than three
    check_page(page, "chapters")

    clip = page.get_by_role("article", name="Clip 0")
    play_from_the_transcript(page, clip)

    length = clip.locator("[data-part=length]").inner_text()
    clip.get_by_role("button", name="End a sentence earlier").click()
    expect(clip.locator("[data-part=length]")).not_to_have_text(length)
    word = clip.locator(".sentence:not(.outside) .word").first
    word.dblclick()
    clip.locator("input.word-field").fill("Wherefore")
    clip.locator("input.word-field").press("Enter")
    expect(clip.locator(".word.edited")).to_have_text("Wherefore")
    expect(clip.get_by_text("not rendered yet")).to_have_text("end, words: not rendered yet")
    expect(page.get_by_role("region", name="Changes")).to_contain_text("1 clip changed, not rendered yet")
    check_page(page, "changed")
    assert etags(stack) == before

    page.get_by_role("button", name="Render again").click()
    expect(page.get_by_role("region", name="Changes")).to_contain_text("Rendering")
    expect(page.get_by_role("region", name="Changes")).to_contain_text("All changes are rendered", timeout=LONG_MS)
    after = etags(stack)
    assert clip_files(after, 0)["clip_0.mp4"] != clip_files(before, 0)["clip_0.mp4"]
    for number in range(1, count):
        assert clip_files(after, number) == clip_files(before, number)
    assert "Wherefore" in stack.s3.client.get_object(Bucket=BUCKET, Key=f"{CLIPS}/clip_0.srt")["Body"].read().decode()

    clip.get_by_label("Approve").check()
    expect(page.get_by_role("status").filter(has_text="Clip 0 is approved.")).to_be_attached()
    page.reload()
    expect(page.get_by_role("article", name="Clip 0").get_by_label("Approve")).to_be_checked()
    check_page(page, "approved")
    clip_view = stack.api.episode(KEY)["clip_views"][0]
    assert clip_view["verdict"] == {"decision": "approved", "current": True}

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("article", name="Clip 0").get_by_label("Approve")).not_to_be_checked()
    mark_an_advert(page, stack)


def mark_an_advert(page: Page, stack: Stack) -> None:
    """Mark words of clip 0, undo, and mark them again: the clip is held back until the passage is unmarked."""
    clip, changes = page.get_by_role("article", name="Clip 0"), page.get_by_role("region", name="Changes")
    name = clip.locator(".advert[title='Marked by a person'] .advert-name")
    before = etags(stack)

    def mark() -> None:
        clip.get_by_role("button", name="Mark as advert").click()
        words = clip.locator(".sentence:not(.outside) .word")
        words.nth(2).focus()
        page.keyboard.press("Enter")
        expect(clip.get_by_text("Now select the last word of the advert.")).to_be_visible()
        words.last.click()
        expect(page.get_by_role("status").filter(has_text="marked as an advert")).to_be_attached()
        expect(name).to_have_text("Advert")

    mark()
    page.get_by_role("button", name="Undo").click()
    expect(name).to_have_count(0)
    mark()
    expect(clip.get_by_text("not rendered yet")).to_have_text("adverts: not rendered yet")
    page.locator(".adverts > summary").click()
    passage = page.locator(".passage").filter(has_text="Marked by a person")
    expect(passage).to_have_count(1)
    check_page(page, "adverts")
    for outcome in ("Held back", "Ready to post"):
        page.get_by_role("button", name="Render again").click()
        expect(changes).to_contain_text("All changes are rendered", timeout=LONG_MS)
        expect(clip.get_by_text(outcome, exact=True)).to_be_visible()
        if outcome == "Held back":
            expect(clip.get_by_text("s of an advert.")).to_be_visible()
            passage.get_by_role("button", name="Not an advert").click()
            expect(passage).to_have_count(0)
    assert clip_files(etags(stack), 0) == clip_files(before, 0)


def test_a_search_hit_becomes_a_clip(page: Page, stack: Stack) -> None:
    before = etags(stack)
    count = len(stack.api.episode(KEY)["clip_views"])
    sign_in(page, FULL)
    page.get_by_label("Search all episodes").fill('"three hundred"')
    page.get_by_role("button", name="Search", exact=True).click()
    hit = page.get_by_role("region", name="Search results").get_by_role("listitem").filter(has_text=KEY).first
    expect(hit.locator("mark")).to_have_text(["Three", "hundred"])
    hit.get_by_role("button", name="Play from").click()
    playing = "video => video.readyState >= 2 && !video.paused && video.currentTime > 1"
    page.wait_for_function(playing, arg=hit.locator("video").element_handle())
    hit.get_by_role("button", name="Make a clip").click()
    form = page.get_by_role("form", name="New clip")
    form.get_by_role("button", name="Start a sentence earlier").click()
    form.get_by_label("Title").fill("Out of the search")
    check_page(page, "search")
    form.get_by_role("button", name="Make this clip").click()
    expect(page.get_by_role("heading", name=KEY)).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(count + 1, timeout=LONG_MS)
    clip = page.get_by_role("article", name=f"Clip {count}")
    expect(clip).to_contain_text("Out of the search")
    expect(clip.locator(".sentence:not(.outside)").first).not_to_contain_text("Three hundred")
    expect(page.get_by_role("region", name="Changes")).to_contain_text("All changes are rendered", timeout=LONG_MS)
    after = etags(stack)
    assert clip_files(after, count)
    for number in range(count):
        assert clip_files(after, number) == clip_files(before, number)


def test_a_reader_can_view_but_not_change(page: Page) -> None:
    sign_in(page, READ)
    expect(page.get_by_text("View only")).to_be_visible()
    expect(page.get_by_text("Choose files")).to_be_hidden()
    page.get_by_role("link", name=KEY).click()
    clip = page.get_by_role("article", name="Clip 0")
    expect(clip.locator(".word").first).to_be_visible()
    for name in ("End a sentence earlier", "Correct words", "Mark as advert", "Render again", "Undo", "Remove episode"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(clip.get_by_label("Approve")).to_be_hidden()
    check_page(page, "reader")


def test_cards_of_several_aspects_name_their_aspect(page: Page, stack: Stack) -> None:
    def in_two_aspects(route: Route) -> None:
        answer = route.fetch()
        episode = answer.json()
        squares = [{**clip, "aspect": "1:1", "is_publishable": False} for clip in episode["clip_views"]]
        route.fulfill(response=answer, json={**episode, "clip_views": [*episode["clip_views"], *squares]})

    count = len(stack.api.episode(KEY)["clip_views"])
    page.route(f"**/episodes/{KEY}", in_two_aspects)
    page.route(f"**/episodes/{KEY}/clips/*", lambda route: route.fulfill(json={}))
    sign_in(page, FULL)
    page.get_by_role("link", name=KEY).click()
    expect(page.get_by_role("article")).to_have_count(2 * count)
    expect(page.get_by_text(f"{count} clips in 1:1, 0 ready to post")).to_be_visible()
    for name in ("Clip 0, 9:16", "Clip 0, 1:1"):
        expect(page.get_by_role("article", name=name)).to_have_count(1)
    check_page(page, "aspects")
    square = page.get_by_role("article", name="Clip 0, 1:1")
    with page.expect_request(lambda request: request.method == "PATCH") as sent:
        square.get_by_label("Reject").check()
    assert sent.value.url.endswith(f"/episodes/{KEY}/clips/0?aspect=1:1")
    expect(page.get_by_role("status").filter(has_text="Clip 0, 1:1 is rejected.")).to_be_attached()


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
