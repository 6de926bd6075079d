"""What the browser tests of the pages share: waiting until a page is drawn, and reading it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

PATHS = {
    "map": "/",
    "dashboard": "/dashboard",
    "cases": "/cases",
    "import": "/import",
    "boundaries": "/boundaries",
}
DRAWN_MS = 90_000


def wait_until_drawn(page: Page) -> None:
    """Wait until the script of the page has run to its end and every panel and map is drawn."""
    page.wait_for_selector(".getu-panel", timeout=DRAWN_MS, state="attached")
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=DRAWN_MS)
    expect(page.locator('.getu-panel:not([class*=" getu-"])')).to_have_count(0, timeout=DRAWN_MS)
    expect(page.locator(".getu-map:not(:has(.getu-canvas))")).to_have_count(0, timeout=DRAWN_MS)
    expect(page.locator(".getu-loading:visible")).to_have_count(0, timeout=DRAWN_MS)


def panel(page: Page, key: str) -> Locator:
    """Return the panel of a key."""
    return page.locator(f".st-key-panel_{key} .getu-panel")


def choose(page: Page, key: str, option: str) -> None:
    """Choose an option of a list of Streamlit's by (the start of) the key of the list."""
    field = page.locator(f'[class*="st-key-{key}"] input').first
    field.click()
    field.fill(option)
    page.get_by_role("option", name=option, exact=True).first.click()


def press(page: Page, key: str) -> None:
    """Press a button of Streamlit's by its key."""
    page.locator(f".st-key-{key} button").first.click()
