"""Every answer tells the browser what it may do with it; private pages are kept by nobody (fault J04)."""

import asyncio
import base64
import hashlib
import re
from pathlib import Path

import pytest
import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import Response

from ui.front_page import first_line
from ui.page_headers import ALWAYS, PageHeaders, policy


def answer(path="/", media_type="text/html", **headers):
    sent = []

    async def app(scope, receive, send):
        await Response(b"x", media_type=media_type, headers=headers)(scope, receive, send)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    asyncio.run(PageHeaders(app)(scope, None, send))
    return Headers(raw=sent[0]["headers"])


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html"),
        ("/api/heat", "application/json"),
        ("/media/x.csv", "text/csv"),
        ("/x.js", "text/javascript"),
    ],
)
def test_fault_J04_every_answer_carries_the_headers(path, media_type):
    found = answer(path, media_type)
    assert {name: found.get(name) for name in ALWAYS} == ALWAYS
    assert found["x-content-type-options"] == "nosniff"
    assert found["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("path", "media_type", "given", "kept"),
    [
        ("/", "text/html", "public, max-age=60", "no-store"),
        ("/media/x.csv", "text/csv", "public", "no-store"),
        ("/_stcore/host-config", "application/json", "no-cache", "no-store"),
        ("/api/heat", "application/json", "private, no-cache", "private, no-cache"),
        ("/assets/x/ui/map.js", "text/javascript", "public, immutable", "public, immutable"),
    ],
)
def test_fault_J04_pages_and_made_files_are_kept_by_nobody(path, media_type, given, kept):
    assert answer(path, media_type, **{"cache-control": given})["cache-control"] == kept


def test_fault_J04_a_page_has_a_policy_and_one_that_brings_its_own_keeps_it():
    assert answer()["content-security-policy"] == policy()
    assert (
        answer(**{"content-security-policy": "default-src 'none'"})["content-security-policy"]
        == "default-src 'none'"
    )
    assert "content-security-policy" not in answer(media_type="application/json")


def test_the_policy_names_every_script_of_the_starting_page_and_no_other():
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    page = page.replace("<head>", "<head>" + first_line().decode(), 1)
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = {
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts
    }
    sources = set(re.search(r"script-src ([^;]+);", policy())[1].split())
    assert sources == digests | {"'self'", "blob:", "'wasm-unsafe-eval'"}
    assert len(digests) == 2


def test_the_policy_allows_no_other_host_no_eval_and_no_frame():
    rules = dict(rule.split(" ", 1) for rule in policy().split("; "))
    assert rules["default-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["object-src"] == "'none'"
    assert "http" not in policy() and "*" not in policy() and "'unsafe-eval'" not in policy()
    assert "'unsafe-inline'" not in rules["script-src"]


def test_a_connection_is_passed_on():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(PageHeaders(app)({"type": "websocket"}, None, None))
    assert seen == ["websocket"]


def test_fault_J04_the_sample_of_a_proxy_passes_on_what_the_gate_needs_and_takes_away_what_it_believes():
    text = (Path(__file__).resolve().parents[1] / "docs" / "operations.md").read_text(encoding="utf-8")
    sample = text.split("```nginx")[1].split("```")[0]
    for line in (
        "proxy_set_header Host $http_host;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
        'proxy_set_header X-Forwarded-User "";',
        'add_header Strict-Transport-Security "max-age=31536000" always;',
    ):
        assert line in sample
