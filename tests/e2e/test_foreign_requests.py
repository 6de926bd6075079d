"""A page of another site, and a request that claims to be somebody, against the app as it is served.

Faults D20 and D21: the foreign page is served on another port of the same machine, which is the hardest
case, since a browser sends it the cookies of ours. Each refusal stands beside the same request as the
app's own page sends it, which is let in.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from geo.access.guesses import FREE
from tests.doors import EDIT, VIEW
from tests.e2e.page_tools import wait_until_drawn
from tests.e2e.test_access import APP, Place, enter

pytestmark = pytest.mark.browser
XSRF = "x-xsrftoken"


@pytest.fixture(scope="module")
def place(start_server, tmp_path_factory, new_store):
    folder = tmp_path_factory.mktemp("foreign")
    return Place(start_server, folder, new_store(folder))


@pytest.fixture(scope="module")
def foreign():
    """Serve an empty page on another port, and return its address."""

    class Empty(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def ask(address: str, *, method="GET", body=None, headers=()) -> tuple[int, str]:
    """Return the status and the text of an answer; nothing is followed."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    request = urllib.request.Request(address, data=body, method=method, headers=dict(headers))
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def open_connection(address: str, *, origin: str | None, headers=()) -> str:
    """Open the connection of a page; say what became of it: open, or how it was refused."""
    stream = f"ws://{urlsplit(address).netloc}/_stcore/stream"
    try:
        with connect(
            stream, origin=origin, additional_headers=dict(headers), subprotocols=["streamlit"]
        ) as ws:
            try:
                ws.recv(timeout=0.5)
            except TimeoutError:
                return "open"
            except ConnectionClosed as closed:
                return str(closed.rcvd.code if closed.rcvd else 1006)
            return "open"
    except InvalidStatus as refused:
        return str(refused.response.status_code)


def cookies_of(page) -> str:
    return "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())


TRY = """address => new Promise(done => {
    const ws = new WebSocket(address, ['streamlit']);
    ws.onopen = () => done('open'); ws.onclose = end => done('closed ' + end.code);
})"""
FORM = """([address, name]) => {
    const body = new FormData(); body.append('file', new Blob(['x']), 'x.csv');
    return fetch(address, {method: name, mode: 'no-cors', credentials: 'include', body})
        .then(answer => answer.status, error => 'refused');
}"""


def test_fault_D20_a_foreign_page_in_a_browser_with_our_cookies_gets_no_connection(place, foreign, open_page):
    page = open_page(f"{place.address}/dashboard?lang=en")
    page.record.expect_failure(r"WebSocket connection to")
    enter(page, EDIT)
    wait_until_drawn(page)
    stream = f"ws://{urlsplit(place.address).netloc}/_stcore/stream"
    assert page.evaluate(TRY, stream) == "open"
    page.goto(foreign)
    assert page.evaluate(TRY, stream) == "closed 1006"


@pytest.mark.parametrize("origin", ["http://127.0.0.1:1", "http://localhost", "null", "http://evil.example"])
def test_fault_D20_a_connection_with_a_foreign_origin_is_refused(place, open_page, origin):
    page = open_page(f"{place.address}/dashboard?lang=en")
    enter(page, VIEW)
    wait_until_drawn(page)
    named = {"Cookie": cookies_of(page)}
    assert open_connection(place.address, origin=origin, headers=named) == "403"
    assert open_connection(place.address, origin=place.address, headers=named) == "open"


@pytest.fixture
def upload(place, open_page):
    """Upload a file as the page does; return the page, the address it was sent to, and its headers."""
    page = open_page(f"{place.address}/import?lang=en")
    page.record.expect_failure(r"403 .*upload_file|status of 403|ERR_FAILED .*upload_file|CORS policy")
    enter(page, EDIT)
    wait_until_drawn(page)
    with page.expect_request(
        lambda request: "upload_file" in request.url and request.method == "PUT"
    ) as sent:
        page.locator("input[type=file]").set_input_files(
            {"name": "x.csv", "mimeType": "text/csv", "buffer": "编号,地址\n1,二\n".encode()}
        )
    assert sent.value.response().status == 204
    wait_until_drawn(page)
    headers = {name: value for name, value in sent.value.all_headers().items() if not name.startswith(":")}
    return page, sent.value.url, headers


def test_fault_D20_an_upload_without_its_token_is_refused(upload):
    page, address, headers = upload
    assert headers[XSRF]
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="y.csv"\r\n\r\na\r\n--x--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=x", "Cookie": cookies_of(page)}
    start, mask, secret, moment = headers[XSRF].split("|")
    other = "|".join([start, mask, secret[::-1], moment])
    for token in ({}, {XSRF: ""}, {XSRF: "2|x"}, {XSRF: other}):
        assert ask(address, method="PUT", body=part, headers={**kind, **token})[0] == 403
        assert ask(address, method="DELETE", headers={**kind, **token})[0] == 403
    right = {**kind, XSRF: headers[XSRF]}
    assert ask(address, method="PUT", body=part, headers=right)[0] == 204
    nobody = {name: value for name, value in right.items() if name != "Cookie"}
    assert ask(address, method="PUT", body=part, headers=nobody)[0] == 401


def test_fault_D20_a_foreign_page_in_a_browser_uploads_nothing(upload, foreign):
    page, address, _ = upload
    page.goto(foreign)
    assert page.evaluate(FORM, [address, "PUT"]) == "refused"
    sent = {"Cookie": cookies_of(page), "Origin": foreign.rstrip("/"), "Content-Type": "text/plain"}
    for method in ("POST", "PUT", "DELETE"):  # as a form would, which asks for no leave
        assert ask(address, method=method, body=b"x", headers=sent)[0] in (403, 405)


# --- what a request says of itself


@pytest.fixture(scope="module")
def behind(start_server, tmp_path_factory, new_store):
    """Return a function that serves the app behind a proxy at an address; without passwords."""

    def serve(proxy: str) -> str:
        return start_server(
            APP, GETU_STORE_URL=new_store(tmp_path_factory.mktemp("behind")), GETU_TIME_ZONE="",
            GETU_TRUSTED_PROXY=proxy, GETU_USER_HEADER="X-Forwarded-User", GETU_PROXY_EDITORS="li",
        )  # fmt: skip

    return serve


CLAIMS = [
    {},
    {"X-Forwarded-User": "li"},
    {"X-Forwarded-User": "li", "X-Forwarded-For": "10.99.0.5"},
    {"X-Forwarded-User": "li", "X-Forwarded-For": "10.99.0.5, 10.99.0.5", "X-Real-IP": "10.99.0.5"},
    {"X-Forwarded-User": "li", "Forwarded": "for=10.99.0.5", "Via": "1.1 10.99.0.5"},
    {"X-Getu-Visit": "li", "X-Forwarded-For": "127.0.0.1"},
]


def test_fault_D21_a_user_that_a_stranger_names_is_not_believed(behind):
    address = behind("10.99.0.5")
    for claim in CLAIMS:
        for path in ("/", "/_stcore/host-config", "/api/heat", "/_stcore/upload_file/a/b"):
            assert ask(address + path, headers=claim)[0] == 403, (claim, path)
        assert open_connection(address, origin=address, headers=claim) == "403", claim


def test_fault_D21_the_proxy_alone_names_users_and_only_one_at_a_time(behind):
    address = behind("127.0.0.1")
    named = {"X-Forwarded-User": "li", "X-Forwarded-For": "203.0.113.7"}
    assert ask(f"{address}/_stcore/host-config", headers=named)[0] == 200
    assert open_connection(address, origin=address, headers=named) == "open"
    for claim in ({"X-Forwarded-For": "203.0.113.7"}, {"X-Getu-Visit": "li"}, {"X-Forwarded-User": ""}):
        assert ask(f"{address}/_stcore/host-config", headers=claim)[0] == 403, claim
        assert open_connection(address, origin=address, headers=claim) == "403", claim


def test_fault_D21_a_stranger_who_guesses_waits_whatever_address_he_claims(place):
    form = urlencode({"password": "neither of them", "next": "/", "lang": "en"}).encode()
    statuses = [
        ask(
            f"{place.address}/sign-in",
            method="POST",
            body=form,
            headers={
                "Origin": place.address,
                "X-Forwarded-For": f"203.0.113.{n}",
                "X-Real-IP": f"10.0.0.{n}",
            },
        )[0]
        for n in range(FREE + 1)
    ]
    assert statuses == [403] * FREE + [429]
    assert json.loads(ask(f"{place.address}/api/heat")[1])["code"] == "access_not_signed_in"
