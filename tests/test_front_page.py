"""The HTML that starts the app names the server's address; nothing else is touched."""

import asyncio
import gzip

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response

from ui.front_page import FrontPage, first_line

HTML = "<!DOCTYPE html><html><head><title>x</title></head><body><head></body></html>"


async def page(scope, receive, send):
    response = Response(HTML, media_type="text/html", headers={"ETag": '"a"'})
    if "gzip" in Headers(scope=scope).get("accept-encoding", ""):
        packed = gzip.compress(HTML.encode())
        response = Response(packed, media_type="text/html", headers={"Content-Encoding": "gzip"})
    await response(scope, receive, send)


async def plain(scope, receive, send):
    await PlainTextResponse(HTML)(scope, receive, send)


def get(app, **headers):
    """Return the headers and the body an app behind the middleware answers."""
    sent = []
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/cases",
        "query_string": b"x=</script>",
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
    assert body.decode() == HTML.replace("<head>", "<head>" + first_line().decode(), 1)
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
