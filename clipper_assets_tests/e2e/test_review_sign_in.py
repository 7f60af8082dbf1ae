"""Signing in on the review page in a real browser."""

import pytest
from playwright.sync_api import Browser, Page, expect

from clipper_assets_tests.e2e.conftest import Stack
from clipper_assets_tests.e2e.review_page import browser, check_page, page

__all__ = ["browser", "page"]  # fixtures
pytestmark = pytest.mark.e2e


def test_the_sign_in_page_is_accessible(page: Page) -> None:
    check_page(page, "sign-in")


def test_a_wrong_token_is_reported(browser: Browser, stack: Stack) -> None:
    page = browser.new_page()
    page.goto(f"{stack.api.url}/review/")
    page.get_by_label("Token").fill("wrong-token-of-nobody")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").filter(has_text="Unknown token. Check it and try again.")).to_be_visible()
    page.close()
