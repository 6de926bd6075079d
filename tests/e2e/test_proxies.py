"""The samples of a proxy in `docs/operations.md`, run as they stand there, before the app as it is served.

nginx and Caddy with a self-signed certificate on the loopback address: pages and their connection, uploads,
the cookie, and what a browser may claim of itself (fault D21, J04). Only ports, names of files and what a
proxy of a test needs to run beside others are filled in.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from geo.access.guesses import FREE
from tests.doors import EDIT
from tests.e2e.conftest import CHROMIUM, CHROMIUM_FLAGS, PATIENCE_MS
from tests.e2e.page_tools import panel, wait_until_drawn
from tests.e2e.test_access import Place, enter
from tests.served import free_port, wait_until_listening

pytestmark = pytest.mark.browser
SAMPLES = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
NAME = "getu.example.gov.cn"
PROXIES = ("nginx", "caddy")


def sample(name: str) -> str:
    """Return the one block of the page that is written for a proxy."""
    (found,) = re.findall(rf"```{name}\n(.*?)```", SAMPLES, re.DOTALL)
    return found


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    for there, instead in pairs:
        assert text.count(there) == 1, there
        text = text.replace(there, instead)
    return text


def program_of(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (sh scripts/install_system.sh)")
    return found


def nginx_command(folder: Path, *, port: int, app: int) -> list[str]:
    own = replaced(
        sample("nginx"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("/etc/ssl/getu.pem", str(folder / "getu.pem")),
        ("/etc/ssl/getu.key", str(folder / "getu.key")),
        ("http://127.0.0.1:8501", f"http://127.0.0.1:{app}"),
    )
    kept = "".join(
        f"{name}_temp_path {folder / name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"{'user root;' if os.geteuid() == 0 else ''}\n"  # its folders here are this user's alone
        f"daemon off;\npid {folder / 'pid'};\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{kept}{own}}}\n",
        encoding="utf-8",
    )
    return [program_of("nginx"), "-c", str(config), "-e", "stderr"]


def caddy_command(folder: Path, *, port: int, app: int) -> list[str]:
    own = replaced(
        sample("caddy"),
        (f"{NAME} {{", f"https://{NAME}:{port} {{\n    bind 127.0.0.1\n"
         f"    tls {folder / 'getu.pem'} {folder / 'getu.key'}"),
        ("127.0.0.1:8501", f"127.0.0.1:{app}"),
    )  # fmt: skip
    config = folder / "Caddyfile"
    config.write_text(f"{{\n    admin off\n    auto_https disable_redirects\n}}\n{own}", encoding="utf-8")
    return [program_of("caddy"), "run", "--config", str(config), "--adapter", "caddyfile"]


COMMANDS = {"nginx": nginx_command, "caddy": caddy_command}


def make_certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
         "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", folder / "getu.key", "-out", folder / "getu.pem"],
        check=True, capture_output=True,
    )  # fmt: skip


class Before:
    """A proxy before the app, and a browser that trusts its certificate."""

    def __init__(self, place, port, browser, log) -> None:
        self.place, self.port, self.log = place, port, log
        self.address = f"https://{NAME}:{port}"
        self._browser = browser

    def visit(self, path: str, **headers: str):
        """Open a page, as a browser that adds headers of its own."""
        context = self._browser.new_context(ignore_https_errors=True, extra_http_headers=headers)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(self.address + path)
        return page

    def ask(self, path: str, *words: str) -> tuple[int, str]:
        """Ask with curl, which says what it is told; return the status and the head of the answer."""
        answer = subprocess.run(
            ["curl", "--silent", "--insecure", "--noproxy", "*", "--resolve", f"{NAME}:{self.port}:127.0.0.1",
             "--max-time", "20", "--dump-header", "-", "--output", os.devnull, *words, self.address + path],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        statuses = re.findall(r"^HTTP/\S+ (\d+)", answer.stdout, re.MULTILINE)
        assert statuses, answer.stderr
        return int(statuses[-1]), answer.stdout.lower()


@pytest.fixture(scope="module", params=PROXIES)
def before(request, start_server, tmp_path_factory, new_store):
    """Start the app and a proxy before it, with passwords, as the page says."""
    folder = tmp_path_factory.mktemp(request.param)
    program_of(request.param)
    make_certificate(folder)
    place = Place(
        lambda script, **more: start_server(
            script, GETU_TRUSTED_PROXY="127.0.0.1", GETU_USER_HEADER="X-Forwarded-User",
            GETU_PROXY_EDITORS="li", **more,
        ),
        folder, new_store(folder),
    )  # fmt: skip
    port = free_port()
    command = COMMANDS[request.param](folder, port=port, app=int(place.address.rpartition(":")[2]))
    own = {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "log.txt").open("wb") as log, sync_playwright() as playwright:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=own)
        try:
            if not wait_until_listening(port, process):
                pytest.fail((folder / "log.txt").read_text(errors="replace")[-2000:])
            rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.1 , MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
            flags = [flag for flag in CHROMIUM_FLAGS if not flag.startswith("--host-resolver")]
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*flags, rules])
            yield Before(place, port, browser, start_server.logs[place.address])
            browser.close()
        finally:
            process.terminate()
            process.wait(timeout=20)


def test_pages_their_connection_and_uploads_pass_through(before):
    page = before.visit("/import?lang=en")
    enter(page, EDIT)
    wait_until_drawn(page)
    expect(panel(page, "leave")).to_contain_text("Editor")
    (cookie,) = [one for one in page.context.cookies() if one["name"].startswith("getu_visit")]
    assert cookie["secure"] and cookie["httpOnly"]
    page.locator('[class*="st-key-import_kind"] label', has_text="Cases").first.click()
    wait_until_drawn(page)
    rows = "".join(f"{n},2026-01-05 09:00,处置,{'路灯不亮' * 40}\n" for n in range(30_000))  # 15 MB
    page.locator("input[type=file]").set_input_files(
        {"name": "week.csv", "mimeType": "text/csv", "buffer": f"编号,上报时间,状态,标题\n{rows}".encode()}
    )
    expect(panel(page, "file_facts")).to_contain_text("30,000", timeout=60_000)
    page.context.close()


def test_what_the_program_and_the_proxy_say_in_headers_arrives(before):
    status, head = before.ask("/sign-in")
    assert status == 200
    for header in ("strict-transport-security: max-age=31536000", "content-security-policy: ",
                   "x-content-type-options: nosniff", "cross-origin-opener-policy: same-origin"):  # fmt: skip
        assert head.count(f"\n{header}") == 1, header
    assert before.ask("/dashboard")[0] == 401
    put = ("--request", "PUT", "--header", "Content-Length: 400000000")
    # Caddy counts what is read of a body, and the app reads none of a stranger's.
    assert before.ask("/_stcore/upload_file/a/b", *put)[0] in (413, 401)


def test_fault_D21_a_browser_that_claims_to_be_somebody_is_nobody(before):
    for claim in ("X-Forwarded-User: li", "x-forwarded-user: li", "X_Forwarded_User: li", "X-Getu-Visit: li"):
        assert before.ask("/dashboard", "--header", claim, "--header", "Accept: text/html")[0] == 303, claim
        assert before.ask("/api/heat", "--header", claim)[0] == 401, claim
    twice = ("--header", "X-Forwarded-User: li", "--header", "X-Forwarded-User: li")
    assert before.ask("/api/heat", *twice)[0] == 401
    page = before.visit("/dashboard?lang=en", **{"X-Forwarded-User": "li"})
    expect(page.locator("#password")).to_be_visible()
    page.context.close()


def test_fault_D21_whoever_guesses_waits_whatever_address_he_claims(before):
    origin = ("--header", f"Origin: {before.address}", "--data", "password=wrong&next=/&lang=en")
    statuses = [
        before.ask("/sign-in", *origin, "--header", f"X-Forwarded-For: 203.0.113.{n}", "--header",
                   f"X-Real-IP: 10.0.0.{n}", "--header", f"Forwarded: for=203.0.113.{n}")[0]
        for n in range(FREE + 1)
    ]  # fmt: skip
    assert statuses == [403] * FREE + [429]
    said = before.log.read_text(errors="replace")
    assert "a wrong password from 127.0.0.1" in said and "203.0.113" not in said
