"""Choosing the camera by hand in a real browser: a face, its preview, the clip that shows it, and undoing it."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

from clipper_assets_tests.conftest import SAMPLE
from clipper_assets_tests.e2e.conftest import BUCKET, Stack
from clipper_assets_tests.e2e.review_page import LONG_MS, browser, check_page, clip_files, page, sign_in
from clipper_assets_tests.support.media import frame_at
from clipper_assets_tests.support.servers import FULL

__all__ = ["browser", "page"]  # fixtures
pytestmark = pytest.mark.e2e

KEY, CLIPS = "camera/talk.mp4", "camera/clips"


def etags(stack: Stack) -> dict[str, Any]:
    objects = stack.s3.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{CLIPS}/clip_")["Contents"]
    return {item["Key"].removeprefix(f"{CLIPS}/"): (item["ETag"], item["LastModified"]) for item in objects}


def crop_shown(clip: Locator) -> dict[str, float]:
    """The rectangle of the recording that the preview draws, which must be one."""
    (source,) = json.loads(clip.locator("canvas").get_attribute("data-shown") or "[]")
    return dict(source)


def picture(stack: Stack, key: str, time_s: float, folder: Path) -> NDArray[np.uint8]:
    """The grey picture of a stored video that is shown at a time."""
    file = folder / key.replace("/", "_")
    stack.s3.client.download_file(BUCKET, key, str(file))
    return frame_at(file, time_s)


def likeness(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """How much the upper halves of two pictures are alike, from -1 to 1; captions may cover some of one of them."""

    def upper_half(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
        return cv2.resize(picture, (54, 96), interpolation=cv2.INTER_AREA)[:48].astype(np.float64).ravel()

    return float(np.corrcoef(upper_half(one), upper_half(other))[0, 1])


def open_camera(page: Page) -> Locator:
    clip = page.get_by_role("article", name="Clip 0")
    clip.locator(".camera > summary").click()
    page.wait_for_function("canvas => canvas.dataset.shown", arg=clip.locator("canvas").element_handle())
    return clip


def test_a_face_is_chosen_previewed_kept_rendered_and_undone(page: Page, stack: Stack, tmp_path: Path) -> None:
    for suffix in (".srt", ".mp4"):
        stack.s3.client.upload_file(str(SAMPLE / f"episode{suffix}"), BUCKET, KEY.replace(".mp4", suffix))
    sign_in(page, FULL)
    page.get_by_role("link", name=KEY).click(timeout=LONG_MS)
    expect(page.get_by_role("article")).not_to_have_count(0, timeout=LONG_MS)
    expect(page.locator(".title-row [data-part=state]")).to_have_text("Done", timeout=LONG_MS)
    before, count = etags(stack), page.get_by_role("article").count()
    clip = open_camera(page)
    automatic, why = crop_shown(clip), clip.locator("[data-part=why]")
    reason = why.inner_text()
    listener = clip.get_by_role("button", name="Person 0" if reason == "Person 1 speaks." else "Person 1")
    page.wait_for_function("image => image.naturalWidth > 0", arg=listener.locator("img").element_handle())

    listener.focus()
    page.keyboard.press("Enter")
    expect(listener).to_have_attribute("aria-pressed", "true")
    expect(why).to_have_text("Chosen by a person.")
    chosen = crop_shown(clip)
    assert abs(chosen["left"] - automatic["left"]) > automatic["width"] / 2
    check_page(page, "camera")
    assert etags(stack) == before

    clip.get_by_role("button", name="Keep").click()
    expect(clip.get_by_text("not rendered yet")).to_have_text("camera: not rendered yet")
    page.get_by_role("button", name="Render again").click()
    expect(page.get_by_role("region", name="Changes")).to_contain_text("All changes are rendered", timeout=LONG_MS)
    after = etags(stack)
    assert clip_files(after, 0)["clip_0.mp4"] != clip_files(before, 0)["clip_0.mp4"]
    for number in range(1, count):
        assert clip_files(after, number) == clip_files(before, number)
    shows_the_crop(stack, chosen, automatic, tmp_path)

    page.get_by_role("button", name="Undo").click()
    expect(why).to_have_text(reason)
    expect(page.get_by_role("region", name="Changes")).to_contain_text("1 clip changed, not rendered yet")


def shows_the_crop(stack: Stack, crop: dict[str, float], before: dict[str, float], folder: Path) -> None:
    """Check that the first shot of the rendered clip shows a crop of the recording, and not the one of before."""
    shown = stack.api.request("GET", f"/episodes/{KEY}/clips/0/shots").json()
    shot, preview = shown["shots"][0], stack.api.episode(KEY)["clip_views"][0]["preview"]
    middle_s = (shot["start"] + shot["end"]) / 2 - shown["video_start"]
    rendered, proxy = (picture(stack, key, middle_s, folder) for key in (f"{CLIPS}/clip_0.mp4", preview["key"]))
    like_crop, like_before = (likeness(rendered, cropped(proxy, each, shown["width"])) for each in (crop, before))
    # 0.8 with captions on the forehead and 0.9 without; another person has 0.4.
    assert like_crop > 0.7
    assert like_before < 0.5


def cropped(proxy: NDArray[np.uint8], crop: dict[str, float], width_px: int) -> NDArray[np.uint8]:
    """The part of the proxy's picture that a crop of the recording shows."""
    share = proxy.shape[1] / width_px
    left, top, right, bottom = (
        round(side * share)
        for side in (crop["left"], crop["top"], crop["left"] + crop["width"], crop["top"] + crop["height"])
    )
    return proxy[top:bottom, left:right]
