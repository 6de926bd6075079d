"""The HTML that starts the app names the server's address; nothing else is touched."""

import asyncio
import gzip
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response

from ui.asset_files import ASSET_PATH, OURS, base_path
from ui.front_page import FrontPage, early_modules, first_line

HTML = "<!DOCTYPE html><html><head><title>x</title></head><body><head></body></html>"


async def page(scope, receive, send):
    response = Response(HTML, media_type="text/html", headers={"ETag": '"a"'})
    if "gzip" in Headers(scope=scope).get("accept-encoding", ""):
        packed = gzip.compress(HTML.encode())
        response = Response(packed, media_type="text/html", headers={"Content-Encoding": "gzip"})
    await response(scope, receive, send)


async def plain(scope, receive, send):
    await PlainTextResponse(HTML)(scope, receive, send)


def get(app, path="/cases", query=b"x=</script>", **headers):
    """Return the headers and the body an app behind the middleware answers."""
    sent = []
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query,
        "headers": raw,
    }

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(FrontPage(app)(scope, receive, send))
    return Headers(raw=sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


def test_the_line_stands_first_in_the_head_and_once():
    headers, body = get(page, accept="text/html", accept_encoding="gzip")
    assert body.decode() == HTML.replace("<head>", "<head>" + (first_line() + early_modules()).decode(), 1)
    assert headers["content-length"] == str(len(body))
    assert "etag" not in headers


def test_an_answer_that_is_no_html_stays_as_it_is():
    assert get(plain, accept="text/html")[1].decode() == HTML


def test_a_request_for_data_is_passed_on_untouched():
    headers, body = get(page, accept="application/json")
    assert body.decode() == HTML
    assert headers["etag"] == '"a"'


def test_the_line_holds_nothing_that_could_end_a_script(monkeypatch):
    monkeypatch.setattr("streamlit.get_option", lambda name: "</script><script>alert(1)")
    assert first_line().count(b"</script>") == 1


@pytest.mark.parametrize("path", ["/", "/index.html", "/dashboard", "/cases", "/cases/", "/import"])
def test_a_page_is_answered_where_it_was_asked_for(path):
    headers, body = get(page, path, accept="text/html")
    assert "location" not in headers
    assert first_line() in body


@pytest.mark.parametrize(
    "path",
    ["/nosuchpage", "/a/cases", "//evil.example/x", "/<script>", "/a\r\nb: c", "/没有", "/" + "x" * 999],
)
def test_an_address_that_is_no_page_is_sent_to_the_first_page_which_is_told(path):
    headers, body = get(page, path, b"lang=en&area=A1&evil=1", accept="text/html")
    assert body == b""
    target = urlsplit(headers["location"])
    assert (target.scheme, target.netloc, target.path) == ("", "", "/")
    assert headers["location"].isascii()
    told = parse_qs(target.query)
    assert told == {"lang": ["en"], "area": ["A1"], "missing": [path.strip("/")[:200]]}


def test_the_name_of_the_first_page_leads_to_it():
    headers, _ = get(page, "/map", b"lang=en", accept="text/html")
    assert headers["location"] == "/?lang=en"


def test_what_is_no_page_of_the_app_is_not_sent_on():
    async def missing(scope, receive, send):
        await Response("<p>no</p>", 404, media_type="text/html")(scope, receive, send)

    headers, body = get(missing, "/nosuchpage", accept="text/html")
    assert "location" not in headers
    assert body == b"<p>no</p>"
    assert get(plain, "/api/areas", accept="text/html")[1].decode() == HTML


def test_an_app_under_a_prefix_keeps_its_prefix(monkeypatch):
    monkeypatch.setattr("streamlit.get_option", lambda name: "grid")
    assert "location" not in get(page, "/grid/cases", accept="text/html")[0]
    assert get(page, "/grid/no", b"", accept="text/html")[0]["location"] == "/grid/?missing=no"


def test_every_script_the_page_will_import_is_named_early_and_is_there():
    links = re.findall(r'<link rel="modulepreload" href="([^"]+)">', early_modules().decode())
    start = f"{base_path()}{ASSET_PATH}/ui/"

    assert f"{start}map.js" in links
    assert f"{start}panels.js" in links
    assert {link.removeprefix(start) for link in links} == {
        path.name for path in OURS.glob("*.js") if path.name not in ("stub.js", "panels_stub.js")
    }
