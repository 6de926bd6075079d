"""Passwords in a real browser: who sees what, who changes what, and a code that opens the same view."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from geo.settings import Settings
from geo.store import open_store
from geo.tasks.entering import set_password
from tests.doors import CHEAP, EDIT, VIEW
from tests.e2e.page_tools import choose, panel, press, wait_until_drawn
from tests.small_store import fill_small_store

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "streamlit_app.py"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Place:
    """A server with passwords, and how they are changed while it runs."""

    def __init__(self, start_server, folder: Path, url: str) -> None:
        self.settings = Settings(access_file=str(folder / "access.json"))
        self.give("viewer", VIEW)
        self.give("editor", EDIT)
        with open_store(url, time_zone="Asia/Shanghai") as store:
            fill_small_store(store)
        self.address = start_server(
            APP, GETU_STORE_URL=url, GETU_TIME_ZONE="", GETU_ACCESS_FILE=self.settings.access_file
        )

    def give(self, role: str, password: str) -> None:
        set_password(self.settings, role, password, now=NOW, cost=CHEAP)


@pytest.fixture(scope="module")
def place(start_server, tmp_path_factory, new_store):
    folder = tmp_path_factory.mktemp("access")
    return Place(start_server, folder, new_store(folder))


def enter(page: Page, password: str) -> None:
    page.fill("#password", password)
    page.get_by_role("button").click()


@pytest.fixture
def visit(place, open_page):
    """Return a function that opens an address as a role and waits until it is drawn."""

    def go(path: str, password: str, **look) -> Page:
        page = open_page(place.address + path, **look)
        enter(page, password)
        wait_until_drawn(page)
        return page

    return go


@pytest.mark.parametrize(
    ("lang", "title", "wrong"),
    [("zh", "登录格图", "口令不对"), ("en", "Sign in to Getu", "That password is not right")],
)
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_sign_in_page_says_what_is_wrong_and_leads_to_what_was_asked_for(
    place, open_page, lang, title, wrong, width, height
):
    page = open_page(
        f"{place.address}/dashboard?area=A1&level=subdistrict&lang={lang}", width=width, height=height
    )
    page.record.expect_failure(r"403 .*/sign-in|status of 403")
    expect(page.get_by_role("heading")).to_have_text(title)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    enter(page, "neither of them")
    expect(page.get_by_role("alert")).to_contain_text(wrong)
    enter(page, VIEW)
    wait_until_drawn(page)
    query = parse_qs(urlsplit(page.url).query)
    assert (urlsplit(page.url).path, query["area"], query["lang"]) == ("/dashboard", ["A1"], [lang])
    expect(panel(page, "cards").locator(".card")).to_have_count(6)


def test_fault_D07_a_viewer_sees_everything_and_changes_nothing(visit, place):
    page = visit("/import?lang=en", VIEW)
    expect(panel(page, "viewer_page")).to_contain_text("need the editor password")
    expect(panel(page, "batches").locator("tbody tr").first).to_be_visible()
    expect(page.locator("input[type=file], .st-key-undo, .st-key-step")).to_have_count(0)
    expect(page.locator(".stSidebar a", has_text="Import")).to_have_count(0)
    expect(panel(page, "leave")).to_contain_text("Viewer")
    for method in ("put", "delete"):
        forged = getattr(page.request, method)(f"{place.address}/_stcore/upload_file/session/file", data=b"x")
        assert (forged.status, forged.json()["code"]) == (403, "access_editor_only")


def test_an_editor_brings_a_file_in_and_the_history_says_who(visit):
    page = visit("/import?lang=en", EDIT)
    expect(panel(page, "leave")).to_contain_text("Editor")
    expect(page.locator("input[type=file]")).to_have_count(1)
    square = [[[104.2, 30.6], [104.21, 30.6], [104.21, 30.61], [104.2, 30.61], [104.2, 30.6]]]
    shape = {"type": "Polygon", "coordinates": square}
    feature = {"type": "Feature", "properties": {"building_id": "B9"}, "geometry": shape}
    content = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    page.locator('[class*="st-key-import_kind"] label', has_text="Buildings").first.click()
    wait_until_drawn(page)
    page.locator("input[type=file]").set_input_files(
        {"name": "b.geojson", "mimeType": "application/geo+json", "buffer": content}
    )
    expect(page.locator(".st-key-check")).to_be_visible()
    wait_until_drawn(page)
    choose(page, "coord_sys", "WGS84 (GPS, OpenStreetMap)")
    wait_until_drawn(page)
    press(page, "check")
    expect(page.locator(".st-key-go_on button:enabled")).to_have_count(1, timeout=60_000)
    wait_until_drawn(page)
    press(page, "go_on")
    expect(panel(page, "will_store")).to_be_visible()
    wait_until_drawn(page)
    press(page, "confirm")
    expect(panel(page, "stored")).to_contain_text("Stored as batch", timeout=60_000)
    wait_until_drawn(page)
    newest = panel(page, "batches").locator("tbody tr").first
    expect(newest).to_contain_text("b.geojson")
    expect(newest).to_contain_text("Editor")


def test_signing_out_ends_the_visit_and_going_back_shows_nothing(visit, place):
    page = visit("/dashboard?lang=en", EDIT)
    panel(page, "leave").locator("button").click()
    expect(page.get_by_role("alert")).to_have_text("You are signed out.")
    page.go_back()
    expect(page.locator("#password")).to_be_visible()
    assert page.request.get(f"{place.address}/api/heat").status == 401


def test_fault_D06_a_new_password_sends_an_open_page_to_the_sign_in_page(visit, place):
    page = visit("/dashboard?lang=en", VIEW)
    new = "another tram maple corkscrew"
    place.give("viewer", new)
    try:
        press(page, "language")
        expect(page.locator("#password")).to_be_visible()
        assert urlsplit(page.url).path == "/sign-in"
        enter(page, new)
        wait_until_drawn(page)
        assert urlsplit(page.url).path == "/dashboard"
    finally:
        place.give("viewer", VIEW)


@pytest.mark.parametrize(("lang", "width", "height"), [("zh", 1440, 900), ("en", 390, 844), ("zh", 390, 844)])
@pytest.mark.parametrize("dark", [False, True])
def test_a_telephone_reads_exactly_this_view_from_the_screen(visit, place, lang, width, height, dark):
    page = visit(
        f"/dashboard?area=A1&level=subdistrict&lang={lang}", VIEW, width=width, height=height, dark=dark
    )
    page.locator(".st-key-code button").first.click()
    code = panel(page, "code").locator("svg")
    expect(code).to_be_visible()
    box = code.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    found = zxingcpp.read_barcodes(Image.open(BytesIO(code.screenshot())))
    assert len(found) == 1
    address = urlsplit(found[0].text)
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{place.address}/dashboard"
    query = parse_qs(address.query)
    assert (query["area"], query["level"], query["lang"]) == (["A1"], ["subdistrict"], [lang])
    assert query["period"] == ["month"] and query["from"][0].endswith("-01"), "the period is written out"
    says = {"zh": "手机打不开", "en": "a phone cannot reach it"}[lang]
    expect(panel(page, "code_local")).to_contain_text(says)
    expect(panel(page, "code").locator("small")).to_contain_text("/dashboard?area=A1")


def test_on_paper_no_code_stands_that_no_telephone_can_follow(visit):
    page = visit("/dashboard?lang=en&print=1", VIEW)
    expect(page.locator(".st-key-print_code")).to_have_count(0)


# --- nothing set: this machine alone, whatever a request claims


@pytest.fixture(scope="module")
def open_place(start_server, tmp_path_factory, new_store):
    return start_server(APP, GETU_STORE_URL=new_store(tmp_path_factory.mktemp("open")), GETU_TIME_ZONE="")


def status_of(address: str, **headers: str) -> int:
    request = urllib.request.Request(
        address, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("path", ["/", "/_stcore/host-config", "/static/index.html"])
def test_fault_D21_a_server_behind_a_proxy_serves_nobody_before_passwords_are_set(open_place, path):
    assert status_of(open_place + path) == 200
    assert status_of(open_place + path, X_Forwarded_For="10.0.0.9") == 403
    assert status_of(open_place + path, X_Forwarded_For="127.0.0.1") == 403
    assert status_of(open_place + path, Host="evil.example") == 403
    assert status_of(open_place + "/_stcore/health", Host="evil.example") == 200


def test_the_pages_of_this_machine_say_that_they_are_served_here_only(open_place, open_page):
    page = open_page(f"{open_place}/import?lang=en")
    wait_until_drawn(page)
    expect(page.locator(".stSidebar")).to_contain_text("Served on this machine only")
    expect(panel(page, "leave")).to_have_count(0)
