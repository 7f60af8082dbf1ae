"""The review page in a real browser: upload, progress, corrections, rendering again, approval, search."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from clipper_assets_tests.conftest import SAMPLE
from clipper_assets_tests.e2e.conftest import BUCKET, Stack
from clipper_assets_tests.e2e.review_page import LONG_MS, browser, check_page, clip_files, etags, page, sign_in
from clipper_assets_tests.support.servers import FULL, READ

__all__ = ["browser", "page"]  # fixtures
pytestmark = pytest.mark.e2e

KEY, CLIPS = "review/talk.mp4", "review/clips"


def test_from_the_upload_to_the_approved_clip(page: Page, stack: Stack, tmp_path: Path) -> None:
    sign_in(page, FULL)
    upload_the_sample(page, tmp_path)
    watch_progress(page)
    clip = page.get_by_role("article", name="Clip 0")
    play_a_chapter(page)
    play_from_the_transcript(page, clip)
    correct_and_render_again(page, clip, stack)
    approve(page, clip, stack)
    mark_an_advert(page, stack)


def upload_the_sample(page: Page, folder: Path) -> None:
    for suffix in (".srt", ".mp4"):
        shutil.copy(SAMPLE / f"episode{suffix}", folder / f"talk{suffix}")
    page.set_input_files("input[type=file]", [folder / "talk.mp4", folder / "talk.srt"])
    for name in ("talk.srt", "talk.mp4"):
        box = page.get_by_role("listitem").filter(has_text=f"Save {name} as")
        box.get_by_role("textbox").fill(f"review/{name}")
        check_page(page, f"upload-{name}")
        box.get_by_role("button", name="Upload").click()
        expect(page.get_by_role("status").filter(has_text=f"{name} is uploaded")).to_be_attached(timeout=30_000)


def watch_progress(page: Page) -> None:
    """Follow the run of the uploaded episode until its clips are ready."""
    page.get_by_role("link", name="Watch progress").click()
    expect(page.get_by_role("heading", name=KEY)).to_be_visible()
    expect(page.get_by_text("In progress")).to_be_visible(timeout=LONG_MS)
    expect(page.locator(".now")).to_contain_text("%", timeout=LONG_MS)
    check_page(page, "progress")
    expect(page.get_by_role("article")).not_to_have_count(0, timeout=LONG_MS)
    expect(page.get_by_role("status").filter(has_text="the clips are ready")).to_be_attached(timeout=LONG_MS)
    assert page.get_by_role("article").count() >= 2
    check_page(page, "clips")


def play_a_chapter(page: Page) -> None:
    page.get_by_text("2 chapters").click()
    page.get_by_role("button", name="Play from 0:00").click()
    page.wait_for_function("() => document.querySelector('audio').currentTime > 0.1")
    page.locator("audio").evaluate("audio => audio.pause()")
    expect(page.get_by_role("button", name="Copy for YouTube")).to_be_hidden()  # YouTube shows no fewer than three
    check_page(page, "chapters")


def play_from_the_transcript(page: Page, clip: Locator) -> None:
    """Click a word outside the clip, which does nothing, and one inside, from which the portrait video plays."""
    video = clip.locator("video[controls]")
    clip.locator(".sentence.outside .word").first.click()
    expect(clip.get_by_text("is not in this clip")).to_be_visible()
    assert video.evaluate("video => video.paused && video.currentTime === 0")
    clip.locator(".sentence:not(.outside) .word").nth(10).click()
    playing = "video => video.readyState >= 2 && video.currentTime > 0.5 && !video.paused"
    page.wait_for_function(playing, arg=video.element_handle())
    assert video.evaluate("video => video.videoHeight / video.videoWidth") == pytest.approx(16 / 9, rel=0.01)
    video.evaluate("video => video.pause()")


def correct_and_render_again(page: Page, clip: Locator, stack: Stack) -> None:
    """Shorten clip 0 and correct a word of it: nothing is rendered until it is asked for, and then only this clip."""
    before, count = etags(stack, CLIPS), page.get_by_role("article").count()
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
    assert etags(stack, CLIPS) == before

    page.get_by_role("button", name="Render again").click()
    expect(page.get_by_role("region", name="Changes")).to_contain_text("Rendering")
    expect(page.get_by_role("region", name="Changes")).to_contain_text("All changes are rendered", timeout=LONG_MS)
    after = etags(stack, CLIPS)
    assert clip_files(after, 0)["clip_0.mp4"] != clip_files(before, 0)["clip_0.mp4"]
    for number in range(1, count):
        assert clip_files(after, number) == clip_files(before, number)
    assert "Wherefore" in stack.s3.client.get_object(Bucket=BUCKET, Key=f"{CLIPS}/clip_0.srt")["Body"].read().decode()


def approve(page: Page, clip: Locator, stack: Stack) -> None:
    """Approve clip 0, which is kept, and undo it."""
    clip.get_by_label("Approve").check()
    expect(page.get_by_role("status").filter(has_text="Clip 0 is approved.")).to_be_attached()
    page.reload()
    expect(page.get_by_role("article", name="Clip 0").get_by_label("Approve")).to_be_checked()
    check_page(page, "approved")
    clip_view = stack.api.episode(KEY)["clip_views"][0]
    assert clip_view["verdict"] == {"decision": "approved", "current": True}

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("article", name="Clip 0").get_by_label("Approve")).not_to_be_checked()


def mark_an_advert(page: Page, stack: Stack) -> None:
    """Mark words of clip 0, undo, and mark them again: the clip is held back until the passage is unmarked."""
    clip, changes = page.get_by_role("article", name="Clip 0"), page.get_by_role("region", name="Changes")
    name = clip.locator(".advert[title='Marked by a person'] .advert-name")
    before = etags(stack, CLIPS)

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
    assert clip_files(etags(stack, CLIPS), 0) == clip_files(before, 0)


def test_a_search_hit_becomes_a_clip(page: Page, stack: Stack) -> None:
    before = etags(stack, CLIPS)
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
    after = etags(stack, CLIPS)
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
