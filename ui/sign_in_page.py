"""The page that asks for a password, whole in itself: no script, nothing to fetch (登录页)."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from geo.messages import Language
from ui.asset_files import OURS
from ui.texts.access import TEXT
from ui.texts.frame import TEXT as FRAME

SIGN_IN: Final = "/sign-in"
SIGN_OUT: Final = "/sign-out"
_MOST_OF_ADDRESS: Final = 4000

_ICON: Final = base64.b64encode((OURS / "icon.png").read_bytes()).decode()
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #23272e; --soft: #5b6470; --paper: #ffffff; --back: #f4f6f8;
  --edge: #d9dce0; --field: #8a939d; --accent: #1d5fa8; --bad: #9c3a06; --good: #0f766e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a9b1ba; --paper: #1e242b;
  --back: #15191e; --edge: #3b424c; --field: #7c8692; --accent: #2f74bd; --bad: #f0a070; --good: #6cc5b9; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: flex; flex-direction: column;
  align-items: center; justify-content: center; padding: 1.2rem; background: var(--back); color: var(--ink);
  font: 16px/1.6 "Noto Sans SC", "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC",
  "Microsoft YaHei", "Helvetica Neue", Arial, sans-serif; }
main { width: 100%; max-width: 25rem; padding: 1.8rem 2rem 1.6rem; background: var(--paper);
  border: 1px solid var(--edge); border-radius: 0.7rem; }
.name { display: flex; align-items: center; gap: 0.7rem; margin: 0 0 1.3rem; }
.name img { width: 2.4rem; height: 2.4rem; border-radius: 0.4rem; }
.name b { display: block; color: var(--ink); font-size: 1.15rem; line-height: 1.3; }
.name span { display: block; color: var(--soft); font-size: 0.85rem; line-height: 1.35; }
h1 { margin: 0 0 0.9rem; font-size: 1.3rem; line-height: 1.35; font-weight: 600; }
label { display: block; margin-bottom: 0.3rem; font-size: 0.95rem; }
input { width: 100%; padding: 0.6rem 0.75rem; font: inherit; color: inherit; background: var(--paper);
  border: 1px solid var(--field); border-radius: 0.4rem; }
button { width: 100%; margin-top: 0.9rem; padding: 0.62rem; font: inherit; font-weight: 600; color: #fff;
  background: var(--accent); border: 0; border-radius: 0.4rem; cursor: pointer; }
input:focus-visible, button:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.said { margin: 0 0 1rem; padding: 0.55rem 0.8rem; font-size: 0.95rem; border-left: 3px solid var(--bad);
  background: var(--back); border-radius: 0 0.3rem 0.3rem 0; }
.said.good { border-color: var(--good); }
.about { margin: 1.1rem 0 0; color: var(--soft); font-size: 0.88rem; }
footer { margin-top: 1rem; font-size: 0.9rem; }
a { color: var(--accent); text-underline-offset: 0.2em; }
@media (prefers-color-scheme: dark) { a { color: #7db3ea; } }
@media (max-width: 480px) { main { padding: 1.4rem 1.2rem 1.3rem; } }
"""
POLICY: Final = (
    "default-src 'none'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; style-src "
    f"'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)
"""Content security policy of this page: its own style, and a form that comes back here."""


def draw_sign_in(
    language: Language, *, prefix: str, then: str, said: str = "", is_good: bool = False
) -> bytes:
    """Return the page that asks for a password.

    Parameters
    ----------
    language
        Of the page.
    prefix
        What stands before every path of the app.
    then
        Address to go to afterwards; must have passed `safe_address`.
    said
        A sentence above the field: what was wrong, or that one is signed out.
    is_good
        Whether that sentence is no complaint.
    """
    notice = f'<p class="said{" good" if is_good else ""}" role="alert">{escape(said)}</p>' if said else ""
    other = "en" if language == "zh" else "zh"
    link = f"{prefix}{SIGN_IN}?{urlencode({'lang': other, 'next': _in_language(then, other)})}"
    body = f"""<h1>{_text("access.title", language)}</h1>{notice}
<form method="post" action="{escape(f"{prefix}{SIGN_IN}")}">
<input type="hidden" name="next" value="{escape(then)}"><input type="hidden" name="lang" value="{language}">
<label for="password">{_text("access.password", language)}</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="200" required autofocus>
<button type="submit">{_text("access.enter", language)}</button>
</form><p class="about">{_text("access.about", language)}</p>"""
    return _page(language, _text("access.title", language), body, link)


def draw_refusal(language: Language, sentence: str, *, link: str = "") -> bytes:
    """Return the page that says why nobody comes in."""
    title = _text("access.refused", language)
    return _page(
        language, title, f'<h1>{title}</h1><p class="said" role="alert">{escape(sentence)}</p>', link
    )


def _page(language: Language, title: str, body: str, link: str) -> bytes:
    lang = "zh-CN" if language == "zh" else "en"
    name, line = (FRAME[key][0 if language == "zh" else 1] for key in ("app.name", "app.line"))
    other = "English" if language == "zh" else "中文"
    foot = f'<footer><a href="{escape(link)}">{other}</a></footer>' if link else ""
    return f"""<!DOCTYPE html>
<html lang="{lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<title>{title}</title><link rel="icon" href="data:image/png;base64,{_ICON}"><style>{_STYLE}</style></head>
<body><main><p class="name"><img alt="" src="data:image/png;base64,{_ICON}">
<span><b>{escape(name)}</b>{escape(line)}</span></p>
{body}</main>{foot}</body></html>
""".encode()


def _text(key: str, language: Language) -> str:
    return escape(TEXT[key][0 if language == "zh" else 1])


def safe_address(address: str, prefix: str) -> str:
    r"""Return an address of this app to go to after signing in, the first page for anything else.

    A path of this app alone, never another host: `//host`, `/\host`, `https:` and signs that a browser
    strips all lead to the first page.

    Examples
    --------
    >>> safe_address("/cases?area=A1", ""), safe_address("//evil.example", ""), safe_address("/x", "/grid")
    ('/cases?area=A1', '/', '/grid/')
    """
    home = f"{prefix}/"
    is_ours = address.startswith(home) and not address.startswith(f"{home}/") and "\\" not in address
    is_plain = all(0x20 < ord(sign) < 0x7F for sign in address) and len(address) <= _MOST_OF_ADDRESS
    if not (is_ours and is_plain):
        return home
    path = urlsplit(address).path
    return home if path in (f"{prefix}{SIGN_IN}", f"{prefix}{SIGN_OUT}") else address


def quoted(path: str, query: bytes) -> str:
    """Return path and query of a request as an address of plain signs."""
    asked = query.decode("latin-1")
    return quote(path) + (f"?{quote(asked, safe='%&=+,;:@/?-._~')}" if asked else "")


def language_of(address: str, default: Language) -> Language:
    """Return the language an address asks for."""
    asked = parse_qs(urlsplit(address).query).get("lang", [""])[0]
    return "en" if asked == "en" else "zh" if asked == "zh" else default


def _in_language(address: str, language: str) -> str:
    """Return an address with its language exchanged."""
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | {"lang": language}
    return f"{parts.path}?{urlencode(query)}"
