"""Looks on the review page in a real browser: made, reviewed, linked to, removed, and beside each other."""

import pytest
from playwright.sync_api import Page, Route, expect

from clipper_assets_tests.conftest import SAMPLE
from clipper_assets_tests.e2e.conftest import BUCKET, Stack
from clipper_assets_tests.e2e.review_page import LONG_MS, browser, check_page, page, sign_in
from clipper_assets_tests.support.servers import FULL, wait_for

__all__ = ["browser", "page"]  # fixtures
pytestmark = pytest.mark.e2e

KEY, LOOK, NAME = "looks/talk.mp4", "square-marker", "Square 1:1, marker"
ADDRESS = f"#/episodes/looks%2Ftalk.mp4?look={LOOK}"


def files(stack: Stack, folder: str) -> dict[str, str]:
    """The ETag of each object in a folder."""
    listed = stack.s3.client.list_objects_v2(Bucket=BUCKET, Prefix=folder).get("Contents", [])
    return {each["Key"]: each["ETag"] for each in listed}


@pytest.fixture(scope="module")
def episode(stack: Stack) -> None:
    """An episode with one default clip."""
    for suffix in ("srt", "mp4"):
        stack.s3.client.upload_file(str(SAMPLE / f"episode.{suffix}"), BUCKET, f"looks/talk.{suffix}")
    assert stack.api.request("POST", "/process-video", json={"s3_key": KEY, "max_clips": 1}).ok
    wait_for("the clips", lambda: stack.api.episode(KEY)["state"] == "done" or None)


@pytest.mark.usefixtures("episode")
def test_a_look_is_made_reviewed_linked_to_and_removed(page: Page, stack: Stack) -> None:
    before = files(stack, "looks/clips/")
    sign_in(page, FULL)
    page.get_by_role("link", name=KEY).click()
    page.get_by_text("Make in another look").click()
    form = page.get_by_role("form", name="Another look")
    form.get_by_label("Shape").select_option("square")
    form.get_by_label("Caption style").select_option("marker")
    form.get_by_role("button", name="Make these clips").click()
    choice = page.get_by_role("radio", name=NAME)
    expect(choice).to_be_checked()
    expect(page.get_by_text("These clips are")).to_be_visible()
    check_page(page, "look-made")
    expect(page.get_by_role("status").filter(has_text=f"{NAME}: the clips are ready.")).to_be_attached(timeout=LONG_MS)
    clip = page.get_by_role("article", name=f"Clip 0, {NAME}")
    expect(clip).to_have_count(1)
    assert page.url.endswith(ADDRESS)
    made = files(stack, f"looks/clips/looks/{LOOK}/")
    assert before.items() <= files(stack, "looks/clips/").items()

    clip.get_by_label("Reject").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("status").filter(has_text=f"Clip 0, {NAME} is rejected.")).to_be_attached()
    expect(clip.get_by_text("Held back", exact=True)).to_be_visible()
    for name in ("End a sentence earlier", "Correct words", "Render again"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.reload()
    expect(clip.get_by_label("Reject")).to_be_checked()
    check_page(page, "look")
    choice.focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Default")).to_be_checked()
    default = page.get_by_role("article", name="Clip 0")
    expect(default.get_by_text("Ready to post", exact=True)).to_be_visible()
    expect(default.get_by_label("Reject")).not_to_be_checked()

    page.get_by_role("link", name="All episodes").click()
    page.locator("summary", has_text="Looks").click()
    page.get_by_role("button", name=f"Remove {NAME}").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"{len(made)} files of 1 episode will be deleted.")
    check_page(page, "look-remove")
    page.get_by_role("button", name="Go back").click()
    assert files(stack, f"looks/clips/looks/{LOOK}/") == made
    page.get_by_role("button", name=f"Remove {NAME}").click()
    page.get_by_role("button", name="Remove this look").click()
    expect(page.get_by_text("There is only the default look.")).to_be_visible()
    assert files(stack, "looks/clips/") == before


@pytest.mark.usefixtures("episode")
def test_cards_of_several_aspects_name_their_aspect(page: Page) -> None:
    def in_two_aspects(route: Route) -> None:
        answer = route.fetch()
        episode = answer.json()
        squares = [{**clip, "aspect": "1:1", "is_publishable": False} for clip in episode["clip_views"]]
        route.fulfill(response=answer, json={**episode, "clip_views": [*episode["clip_views"], *squares]})

    page.route(f"**/episodes/{KEY}", in_two_aspects)
    page.route(f"**/episodes/{KEY}/clips/*", lambda route: route.fulfill(json={}))
    sign_in(page, FULL)
    page.get_by_role("link", name=KEY).click()
    expect(page.get_by_role("article")).to_have_count(2)
    expect(page.get_by_text("1 clip in 1:1, 0 ready to post")).to_be_visible()
    for name in ("Clip 0, 9:16", "Clip 0, 1:1"):
        expect(page.get_by_role("article", name=name)).to_have_count(1)
    check_page(page, "aspects")
    square = page.get_by_role("article", name="Clip 0, 1:1")
    with page.expect_request(lambda request: request.method == "PATCH") as sent:
        square.get_by_label("Reject").check()
    assert sent.value.url.endswith(f"/episodes/{KEY}/clips/0?aspect=1:1")
    expect(page.get_by_role("status").filter(has_text="Clip 0, 1:1 is rejected.")).to_be_attached()
