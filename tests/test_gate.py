"""Nothing the app answers is reached without being let in, and what a visit may do ends with the visit."""

import json
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from geo.access.guesses import FREE, REFILL_S
from geo.access.seats import OPERATOR, Seat
from geo.errors import SettingError
from geo.settings import Settings
from geo.tasks.entering import remove_password
from tests.doors import EDIT, HERE, SITE, VIEW, Door
from ui.entrance import IDLE_S, LIFETIME_S, MOST_VISITS
from ui.gate import ENDED, NEVER, PUBLIC

EVERYTHING = [
    "/", "/cases", "/index.html", "/api/heat", "/api/areas/grid.geojson", "/api/preview/0", "/api/tiles/1/2/3",
    "/_stcore/host-config", "/_stcore/upload_file/a/b", "/media/abc.csv", "/component/x/y.js", "/static/js/index.js",
    "/_stcore/bidi-components/x.js", "/assets/x/ui/map.js", "/sign-in/", "/healthz/", "/_stcore/health/x", "//healthz",
    "/oauth2callback", "/auth/login", "/%2e%2e/healthz", "/HEALTHZ",
]  # fmt: skip
LOCAL = {"host": "127.0.0.1:8501"}


@pytest.fixture
def door(tmp_path):
    """Return a function that makes a gate with passwords and settings."""

    def make(passwords=None, **settings):
        given = {"viewer": VIEW, "editor": EDIT} if passwords is None else passwords
        return Door(Settings(access_file=str(tmp_path / "access.json"), **settings), given)

    return make


# --- nothing set: this machine alone


@pytest.mark.parametrize("path", ["/", "/api/heat", "/media/x", "/_stcore/upload_file/a/b"])
def test_this_machine_is_an_editor_while_nothing_is_set(door, path):
    gate = door({})
    answer = gate.ask(path, where=HERE, headers=LOCAL)
    assert answer.body == b"figures"


def test_the_connection_of_this_machine_is_the_operators(door):
    gate = door({})
    sent = gate.connect([lambda: None], where=HERE, headers=LOCAL, origin="http://127.0.0.1:8501")
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send"]
    assert gate.entrance.seat_of(gate.behind.visit()) == OPERATOR


@pytest.mark.parametrize("path", EVERYTHING)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_fault_D03_another_machine_gets_nothing_while_nothing_is_set(door, path, method):
    gate = door({})
    answer = gate.ask(path, method=method)
    assert answer.status == 403
    assert gate.behind.scopes == []
    assert "python -m geo access set viewer" in answer.text


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {**LOCAL, "x-forwarded-for": "127.0.0.1"}, {**LOCAL, "via": "1.1 nginx"}],
    ids=["rebinding", "forwarded", "via"],
)
def test_fault_D21_what_only_looks_like_this_machine_gets_nothing(door, headers):
    gate = door({})
    assert gate.ask(where=HERE, headers=headers).status == 403
    assert gate.connect(where=HERE, headers=headers, origin=None)[0]["type"] == "websocket.close"
    assert gate.behind.scopes == []


def test_fault_D03_one_password_is_not_enough_for_other_machines(door):
    gate = door({"viewer": VIEW})
    answer = gate.ask()
    assert (answer.status, gate.behind.scopes) == (403, [])
    assert "python -m geo access set editor" in answer.text
    assert gate.sign_in(VIEW).status == 403


def test_as_soon_as_a_password_is_set_this_machine_signs_in_too(door):
    gate = door({})
    visits = []
    steps = [lambda: None, lambda: (visits.append(gate.behind.visit()), gate.give("viewer", VIEW))]
    sent = gate.connect(steps, where=HERE, headers=LOCAL, origin="http://127.0.0.1:8501")
    assert sent[-1] == {"type": "websocket.close", "code": ENDED}
    assert gate.entrance.seat_of(visits[0]) is None
    assert gate.ask(where=HERE, headers=LOCAL).status == 303


# --- signed in


@pytest.mark.parametrize("path", EVERYTHING)
def test_fault_D07_nothing_is_reached_without_signing_in(door, path):
    gate = door()
    person, program = gate.ask(path), gate.ask(path, page=False)
    assert person.status == 303
    assert urlsplit(person.first("location")).path == "/sign-in"
    assert program.status == 401
    assert json.loads(program.body)["code"] == "access_not_signed_in"
    assert gate.behind.scopes == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_nothing_is_sent_to_the_app_without_signing_in(door, method):
    gate = door()
    assert gate.ask("/_stcore/upload_file/a/b", method=method).status == 401
    assert gate.behind.scopes == []


@pytest.mark.parametrize("path", PUBLIC)
def test_that_it_runs_is_told_to_anybody(door, path):
    assert door().ask(path, page=False).body == b"figures"
    assert door({}).ask(path, page=False).body == b"figures"


@pytest.mark.parametrize(
    "path", [*NEVER, "/_stcore/agent/interact", "/_stcore/agent/mcp", "/_stcore/agent/openapi.json"]
)
def test_doors_of_streamlit_that_lead_past_the_pages_are_shut_for_everybody(door, path):
    gate = door({})
    for method in ("GET", "POST"):
        assert gate.ask(path, method=method, where=HERE, headers=LOCAL).status == 404
    assert gate.behind.scopes == []


@pytest.mark.parametrize(("password", "role"), [(VIEW, "viewer"), (EDIT, "editor")])
def test_the_password_decides_the_role(door, password, role):
    gate = door()
    cookie = gate.cookie_of(password)
    assert gate.ask("/cases", cookie=cookie).body == b"figures"
    gate.connect([lambda: None], cookie=cookie)
    assert gate.entrance.seat_of(gate.behind.visit()) == Seat(role, role)


def test_fault_D05_the_cookie_is_out_of_reach_of_scripts_and_other_sites(door):
    words = door().sign_in(VIEW).first("set-cookie").lower().split("; ")
    assert {"httponly", "samesite=lax", "path=/", "max-age=43200"} <= set(words)
    assert "secure" not in words


@pytest.mark.parametrize("how", ["scheme", "proxy"])
def test_fault_D05_over_https_the_cookie_never_travels_without(door, how):
    if how == "scheme":
        gate, where, headers = door(), {**HERE, "scheme": "https"}, {}
    else:
        gate, where = (
            door(trusted_proxy="10.0.0.5"),
            {"server": ("10.0.0.1", 8501), "client": ("10.0.0.5", 1)},
        )
        headers = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.7"}
    answer = gate.sign_in(VIEW, where=where, headers=headers)
    assert "secure" in answer.first("set-cookie").lower().split("; ")


def test_fault_D21_an_https_that_a_stranger_claims_is_not_believed(door):
    answer = door(trusted_proxy="10.0.0.5").sign_in(VIEW, headers={"x-forwarded-proto": "https"})
    assert "secure" not in answer.first("set-cookie").lower()


def test_fault_D05_signing_in_gives_a_new_number_and_ends_the_old_one(door):
    gate = door()
    first = gate.cookie_of(VIEW)
    second = gate.cookie_of(VIEW, cookie=first)
    assert first != second
    assert gate.ask(cookie=first).status == 303
    assert gate.ask(cookie=second).status == 200


@pytest.mark.parametrize("forge", ["", "x", "a.b", "unsigned", "cut", "other process"])
def test_a_forged_cookie_is_nobodys(door, forge, tmp_path):
    gate = door()
    cookie = gate.cookie_of(EDIT)
    forged = {
        "unsigned": cookie.rpartition(".")[0],
        "cut": cookie[:-1],
        "other process": door().cookie_of(EDIT),
    }.get(forge, forge)
    assert gate.ask(cookie=forged).status == 303
    assert gate.ask(headers={"cookie": f"getu_visit_8501={forged}; \x00=;;"}).status == 303
    assert gate.behind.scopes == []


def test_fault_D05_signing_out_ends_the_visit_on_the_server(door):
    gate = door()
    cookie = gate.cookie_of(EDIT)
    answer = gate.ask("/sign-out", method="POST", cookie=cookie, headers={"origin": SITE})
    assert answer.first("location").startswith("/sign-in?out=1")
    assert 'getu_visit_8501=""' in answer.first("set-cookie")
    assert gate.ask(cookie=cookie).status == 303


def test_a_link_does_not_sign_anybody_out(door):
    gate = door()
    cookie = gate.cookie_of(EDIT)
    assert gate.ask("/sign-out", cookie=cookie).first("location") == "/"
    assert gate.ask(cookie=cookie).status == 200


@pytest.mark.parametrize(
    ("passed_s", "is_in"),
    [(IDLE_S - 1, True), (IDLE_S, False), (LIFETIME_S, False)],
    ids=["soon", "idle", "day"],
)
def test_a_visit_ends_by_itself(door, passed_s, is_in):
    gate = door()
    cookie = gate.cookie_of(VIEW)
    gate.clock.now_s += passed_s
    assert (gate.ask(cookie=cookie).status == 200) is is_in


def test_a_visit_that_goes_on_ends_after_a_working_day_all_the_same(door):
    gate = door()
    cookie = gate.cookie_of(VIEW)
    statuses = []
    for _ in range(14):
        gate.clock.now_s += 3600
        statuses.append(gate.ask(cookie=cookie).status)
    assert statuses == [200] * 11 + [303] * 3


def test_fault_D06_a_new_password_ends_the_visits_of_its_role_at_their_next_step(door):
    gate = door()
    viewer, editor = gate.cookie_of(VIEW), gate.cookie_of(EDIT)
    gate.give("viewer", "another tram maple corkscrew")
    assert gate.ask(cookie=viewer).status == 303
    assert gate.ask(cookie=editor).status == 200
    remove_password(gate.settings, "editor")
    assert gate.ask(cookie=editor).status == 403, "one password is not enough for other machines"


def test_a_file_of_passwords_that_breaks_lets_nobody_in(door):
    gate = door()
    cookie = gate.cookie_of(EDIT)
    Path(gate.settings.access_file).write_text("{")
    answer = gate.ask(cookie=cookie)
    assert answer.status == 403
    assert "cannot be read" in gate.ask(query="lang=en").text
    assert gate.ask(where=HERE, headers=LOCAL).status == 403
    assert len(gate.behind.scopes) == 0


def test_a_page_of_this_machine_is_cut_off_when_the_file_breaks(door):
    gate = door({})
    steps = [lambda: None, lambda: Path(gate.settings.access_file).write_text("{")]
    sent = gate.connect(steps, where=HERE, headers=LOCAL, origin="http://127.0.0.1:8501")
    assert sent[-1] == {"type": "websocket.close", "code": ENDED}


@pytest.mark.parametrize(
    ("language", "word"), [("", "还没有设置口令"), ("zh", "还没有设置口令"), ("en", "no passwords are set")]
)
def test_a_refusal_speaks_the_language_of_the_installation_unless_asked_otherwise(door, language, word):
    gate = door({}, language=language)
    assert word in gate.ask().text
    assert word in gate.ask(page=False).text
    assert "还没有设置口令" in gate.ask(query="lang=zh").text


def test_settings_that_make_no_sense_let_nobody_in_and_are_told(door):
    gate = door({})

    def fail():
        raise SettingError("proxy_everybody", value="0.0.0.0/0")

    gate.gate._find = fail
    assert gate.ask(where=HERE, headers=LOCAL).status == 503
    assert gate.connect(where=HERE, headers=LOCAL, origin=None)[0]["code"] == 1008


def test_visits_stay_bounded_and_the_oldest_goes(door):
    gate = door()
    oldest = gate.cookie_of(VIEW)
    for _ in range(MOST_VISITS):
        gate.entrance.begin(Seat("viewer", "x"))
    assert len(gate.entrance._visits) == MOST_VISITS
    assert gate.ask(cookie=oldest).status == 303


# --- the form


def test_fault_D02_a_wrong_password_says_nothing_but_that(door):
    gate = door()
    zh, en = gate.sign_in("wrong", lang="zh"), gate.sign_in("wrong", lang="en")
    assert {zh.status, en.status} == {403}
    assert "口令不对" in zh.text and "That password is not right" in en.text
    assert not zh.first("set-cookie")
    assert "wrong" not in en.text, "what was typed is not repeated"


def test_fault_D01_guessing_is_slow_and_the_right_password_waits_too(door):
    gate = door()
    for _ in range(FREE):
        assert gate.sign_in("wrong").status == 403
    waiting = gate.sign_in(EDIT)
    assert waiting.status == 429
    assert waiting.first("retry-after") == "60"
    assert "Wait 60 seconds" in waiting.text
    gate.clock.now_s += REFILL_S
    assert gate.sign_in(EDIT).status == 303


def test_fault_D01_a_password_is_not_even_looked_at_while_one_waits(door, monkeypatch):
    gate = door()
    looked = []
    monkeypatch.setattr(gate.entrance, "sign_in", looked.append)
    for _ in range(FREE + 20):
        gate.sign_in("wrong")
    assert len(looked) == FREE


def test_behind_the_proxy_each_client_waits_by_itself(door):
    gate = door(trusted_proxy="10.0.0.5")
    where = {"server": ("10.0.0.1", 8501), "client": ("10.0.0.5", 1)}
    for _ in range(FREE):
        gate.sign_in("wrong", where=where, headers={"x-forwarded-for": "203.0.113.7"})
    assert gate.sign_in(VIEW, where=where, headers={"x-forwarded-for": "203.0.113.7"}).status == 429
    assert gate.sign_in(VIEW, where=where, headers={"x-forwarded-for": "203.0.113.8"}).status == 303


def test_fault_D21_a_stranger_does_not_wait_less_by_claiming_other_addresses(door):
    gate = door(trusted_proxy="10.0.0.5")
    statuses = [
        gate.sign_in("wrong", headers={"x-forwarded-for": f"203.0.113.{n}"}).status for n in range(FREE + 1)
    ]
    assert statuses == [403] * FREE + [429]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://10.0.0.1:8502"},
        {"origin": "", "referer": "http://evil.example/10.0.0.1:8501"},
        {"origin": "http://[evil"},
        {"origin": SITE, "sec-fetch-site": "cross-site"},
        {"origin": SITE, "sec-fetch-site": "none"},
    ],
)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_fault_D20_a_form_of_another_site_is_refused(door, headers, path):
    gate = door()
    cookie = gate.cookie_of(EDIT)
    answer = gate.ask(path, method="POST", body=b"password=x", cookie=cookie, headers=headers)
    assert answer.status == 403
    assert gate.ask(cookie=cookie).status == 200, "the visit goes on"


@pytest.mark.parametrize("odd", ["http://[", "[", "http://[::1]x?lang=[", "?lang=en&lang=%", "\xff"])
def test_headers_that_are_no_addresses_break_nothing(door, odd):
    every = [{name: odd} for name in ("referer", "origin", "host", "cookie", "x-forwarded-for")]
    unset = door({})
    assert {unset.ask("/cases", headers=headers, where=HERE).status for headers in every} == {403}
    gate, query = door(), f"next={quote(odd)}&lang={quote(odd)}"
    for headers in every:
        assert gate.ask("/cases", headers=headers).status == 303
        assert gate.ask("/sign-in", query=query, headers=headers).status == 200


def test_a_form_of_this_site_is_taken_however_the_browser_says_so(door):
    assert (
        door()
        .sign_in(VIEW, headers={"origin": "https://grid.example", "sec-fetch-site": "same-origin"})
        .status
        == 303
    )
    assert door().sign_in(VIEW, headers={"origin": "", "referer": f"{SITE}/sign-in"}).status == 303


@pytest.mark.parametrize(
    "body", [b"", b"&" * 50, b"a=1&" * 20, b"password=" + b"x" * 50_000, b"\xff\x00%%%", b"password"]
)
def test_a_form_that_is_none_signs_nobody_in(door, body):
    gate = door()
    answer = gate.ask("/sign-in", method="POST", body=body, headers={"origin": SITE})
    assert answer.status == 403
    assert gate.behind.scopes == []


def test_a_form_that_is_far_too_long_is_not_read_to_its_end(door):
    gate = door()
    body = urlencode({"password": EDIT, "more": "x" * 30_000}).encode()
    assert gate.ask("/sign-in", method="POST", body=body, headers={"origin": SITE}).status == 403


@pytest.mark.parametrize(
    "then",
    [
        "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/a\r\nb: c",
        "\t//x", "/没有", "", "/sign-in?next=/x", "/sign-out", "/" + "x" * 5000, "///x",
    ],
)  # fmt: skip
def test_after_signing_in_nobody_is_sent_elsewhere(door, then):
    gate = door()
    assert gate.sign_in(VIEW, then=then).first("location") == "/"
    cookie = gate.cookie_of(VIEW)
    assert gate.ask("/sign-in", query=f"next={quote(then)}", cookie=cookie).first("location") == "/"


def test_the_address_that_was_asked_for_is_kept_through_signing_in(door):
    gate = door()
    asked = gate.ask("/cases", query="area=A%201&period=month&lang=en")
    query = parse_qs(urlsplit(asked.first("location")).query)
    assert query == {"next": ["/cases?area=A%201&period=month&lang=en"], "lang": ["en"]}
    page = gate.ask("/sign-in", query=urlsplit(asked.first("location")).query)
    assert 'value="/cases?area=A%201&amp;period=month&amp;lang=en"' in page.text
    assert gate.sign_in(VIEW, then=query["next"][0]).first("location") == query["next"][0]


# --- the connection of a page


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://10.0.0.1", "https://10.0.0.1:8501.evil.example"]
)
def test_fault_D20_a_connection_from_a_foreign_page_is_refused(door, origin):
    gate = door()
    sent = gate.connect(cookie=gate.cookie_of(EDIT), origin=origin)
    assert sent == [{"type": "websocket.close", "code": 1008}]
    local = door({})
    assert local.connect(where=HERE, headers=LOCAL, origin=origin)[0]["code"] == 1008
    assert gate.behind.scopes == local.behind.scopes == []


def test_fault_C15_a_refused_origin_stands_in_the_log_as_one_escaped_line(door, caplog):
    door().connect(origin="http://evil\nINFO all is well\x1b[31m" + "x" * 500)
    assert len(caplog.messages) == 1
    assert caplog.messages[0].isprintable() and len(caplog.messages[0]) < 250


def test_a_connection_of_nobody_is_told_to_sign_in(door):
    gate = door()
    assert gate.connect() == [
        {"type": "websocket.accept", "subprotocol": "streamlit"},
        {"type": "websocket.close", "code": ENDED},
    ]
    assert gate.behind.scopes == []


@pytest.mark.parametrize("end", ["out", "password", "idle"])
def test_fault_D06_a_page_that_is_open_is_cut_off_at_its_next_step(door, end):
    gate = door()
    cookie = gate.cookie_of(EDIT)

    def ends():
        if end == "out":
            gate.entrance.sign_out(cookie)
        elif end == "password":
            gate.give("editor", "another tram maple corkscrew")
        else:
            gate.clock.now_s += IDLE_S

    sent = gate.connect([lambda: None, ends, lambda: None], cookie=cookie)
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert sent[-1]["code"] == ENDED
    assert gate.behind.heard[-1] == {"type": "websocket.disconnect", "code": ENDED}


def test_fault_D21_the_visit_a_request_claims_is_taken_away(door):
    gate = door()
    viewer, editor = gate.cookie_of(VIEW), gate.cookie_of(EDIT)
    gate.connect([lambda: None], cookie=editor)
    known = gate.behind.visit()
    gate.connect([lambda: None], cookie=viewer, headers={"X-Getu-Visit": [known, known]})
    assert gate.behind.visit() != known
    assert gate.entrance.seat_of(gate.behind.visit()).role == "viewer"
    gate.ask(cookie=viewer, headers={"x-getu-visit": known})
    assert gate.behind.visit() == ""


def test_the_number_of_this_machine_is_known_to_nobody_else(door):
    gate = door({})
    for guess in ("", "local", "None", "é"):
        assert gate.entrance.seat_of(guess) is None


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_a_viewer_uploads_nothing(door, method):
    gate = door()
    path = "/_stcore/upload_file/session/file"
    refused = gate.ask(path, method=method, cookie=gate.cookie_of(VIEW), page=False)
    assert refused.status == 403
    assert json.loads(refused.body)["code"] == "access_editor_only"
    assert gate.behind.scopes == []
    assert gate.ask(path, method=method, cookie=gate.cookie_of(EDIT), page=False).status == 200


# --- the proxy


PROXY = {"trusted_proxy": "10.0.0.5", "user_header": "X-Forwarded-User", "proxy_editors": "li"}
THROUGH = {"server": ("10.0.0.1", 8501), "client": ("10.0.0.5", 1)}


@pytest.mark.parametrize(("user", "role"), [("li", "editor"), ("chen", "viewer")])
def test_a_user_named_by_the_proxy_comes_in_without_a_password(door, user, role):
    gate = door({}, **PROXY)
    named = {"x-forwarded-user": user, "x-forwarded-for": "203.0.113.7"}
    assert gate.ask("/cases", where=THROUGH, headers=named).body == b"figures"
    visits = []
    gate.connect(
        [lambda: visits.append(gate.entrance.seat_of(gate.behind.visit()))], where=THROUGH, headers=named
    )
    assert visits == [Seat(role, user)]
    assert gate.entrance.seat_of(gate.behind.visit()) is None, "the visit ends with its connection"


@pytest.mark.parametrize(
    ("where", "headers"),
    [
        ({"server": ("10.0.0.1", 8501), "client": ("10.0.0.9", 1)}, {"x-forwarded-user": "li"}),
        (HERE, {**LOCAL, "x-forwarded-user": "li"}),
        (THROUGH, {}),
        (THROUGH, {"x-forwarded-user": ["chen", "li"]}),
        (THROUGH, {"x-forwarded-user": ""}),
    ],
    ids=["stranger", "this machine", "nobody named", "named twice", "empty"],
)
def test_fault_D21_a_user_header_from_anywhere_else_is_refused(door, where, headers):
    gate = door({}, **PROXY)
    assert gate.ask(where=where, headers=headers).status == 403
    assert gate.connect(where=where, headers=headers, origin=None)[0]["code"] == 1008
    assert gate.behind.scopes == []


def test_beside_the_proxy_passwords_still_sign_in(door):
    gate = door(**PROXY)
    assert gate.ask(headers={"x-forwarded-user": "li"}).status == 303
    assert gate.ask(cookie=gate.cookie_of(VIEW)).status == 200


# --- the page


@pytest.mark.parametrize(("lang", "word"), [("zh", "登录"), ("en", "Sign in")])
def test_the_sign_in_page_speaks_both_languages_and_fetches_nothing(door, lang, word):
    page = door().ask("/sign-in", query=f"lang={lang}&next=/cases%3Flang%3D{lang}")
    assert page.status == 200
    assert word in page.text
    assert page.first("cache-control") == "no-store"
    assert "<script" not in page.text and "http:" not in page.text and "https:" not in page.text
    other = "English" if lang == "zh" else "中文"
    assert f">{other}</a>" in page.text


def test_fault_C01_what_stands_in_an_address_stays_text_on_the_sign_in_page(door):
    page = door().ask("/sign-in", query="next=/%22%3E%3Cscript%3Ealert(1)%3C/script%3E&lang=%3Cb%3E")
    assert "<script" not in page.text and "<b>" not in page.text.replace("<b>格图</b>", "")


def test_the_style_of_the_page_is_the_one_its_policy_names(door):
    import base64
    import hashlib
    import re

    page = door().ask("/sign-in")
    style = re.search("<style>(.*?)</style>", page.text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page.first("content-security-policy")
    assert "style=" not in page.text.replace("<style>", "")


def test_an_app_under_a_prefix_keeps_its_prefix(door, monkeypatch):
    monkeypatch.setattr("streamlit.get_option", lambda name: "grid")
    gate = door()
    assert gate.ask("/grid/cases").first("location").startswith("/grid/sign-in?next=%2Fgrid%2Fcases")
    assert 'action="/grid/sign-in"' in gate.ask("/grid/sign-in").text
    form = urlencode({"password": EDIT, "next": "//x"}).encode()
    answer = gate.ask("/grid/sign-in", method="POST", body=form, headers={"origin": SITE})
    assert answer.first("location") == "/grid/"
    assert "Path=/grid/" in answer.first("set-cookie")
    assert gate.ask("/grid/healthz", page=False).body == b"figures"
