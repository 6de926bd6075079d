"""No secret and no sample account is in the program or leaves it; nothing of a workshop runs in production.

Faults J05 and J06: canaries stand where secrets are, and everything the program says is searched.
"""

from __future__ import annotations

import logging
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from geo.cli import main
from geo.messages import MESSAGES
from geo.settings import Settings
from tests.doors import EDIT, HERE, VIEW, Door

ROOT = Path(__file__).resolve().parents[1]
CANARY = "Kanarienvogel-77-Geheim"
ADDRESS = f"postgresql://getu_app:{CANARY}@127.0.0.1:1/getu"
SHAPES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bglpat-[\w-]{20}\b"
    r"|\bxox[abp]-[\w-]{10,}|\bsk-[A-Za-z0-9]{32,}\b|scrypt\$\d+\$\d+\$\d+\$[0-9a-f]{32}\$(?!0{64})[0-9a-f]{64}"
)
COMMANDS = [
    ["check"],
    ["undo", "B000001"],
    ["indicators", "--all"],
    ["store", "check"],
    ["store", "copy", ADDRESS, "duckdb::memory:"],
    ["store", "copy", "duckdb::memory:", ADDRESS],
    ["access", "show"],
]


def tracked():
    """Return every file of the project, as text where it is text."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    files = [ROOT / name for name in names] or [path for path in ROOT.rglob("*") if path.is_file()]
    for path in files:
        if path.is_file() and path.suffix not in (".png", ".webp", ".xlsx", ".gpkg", ".zip", ".woff2"):
            yield path, path.read_text(encoding="utf-8", errors="replace")


def test_fault_J05_no_file_of_the_project_holds_a_secret():
    seen = 0
    for path, text in tracked():
        seen += 1
        assert not SHAPES.search(text), path
    assert seen > 200


def test_the_shapes_are_recognised():
    from geo.access.passwords import Cost, hash_password

    assert SHAPES.search(hash_password("x", cost=Cost(2, 1, 1)))
    assert SHAPES.search("-----BEGIN RSA " + "PRIVATE KEY-----")


def test_fault_J06_no_passwords_no_settings_and_no_store_come_with_the_program():
    names = {path.name for path, _ in tracked()}
    assert not names & {"access.json", "getu.toml", ".env", "secrets.toml", "getu.duckdb"}
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/data/access.json", "/getu.toml", "/data/*.duckdb"} <= set(ignored)
    assert Settings().access_file == "data/access.json"


def test_fault_J06_nothing_of_a_workshop_is_on():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["client"] == {"toolbarMode": "minimal", "showErrorDetails": "none"}
    assert config["server"]["address"] == "127.0.0.1"
    assert config["server"]["fileWatcherType"] == "none"
    assert "global" not in config
    assert config["browser"]["gatherUsageStats"] is False
    assert "debug" not in (ROOT / "streamlit_app.py").read_text(encoding="utf-8")


def test_fault_J06_demo_data_say_that_they_are_in_both_languages():
    from ui.texts.frame import TEXT

    zh, en = TEXT["frame.demo"]
    assert "示范" in zh and "Demo" in en
    assert "frame.demo" in (ROOT / "ui" / "frame.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_fault_J05_a_password_in_the_address_of_the_store_is_never_told(
    monkeypatch, tmp_path, capfd, caplog, words
):
    caplog.set_level(logging.DEBUG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GETU_STORE_URL", ADDRESS)
    main(words)
    out, err = capfd.readouterr()
    assert out + err
    assert CANARY not in out + err + caplog.text


@pytest.mark.parametrize("name", ["GETU_STORE_UR", "GETU_PASSWORD"])
def test_fault_J05_a_setting_that_is_misspelt_is_told_without_its_value(monkeypatch, capfd, name):
    monkeypatch.setenv(name, ADDRESS)
    assert main(["check"]) == 1
    out, err = capfd.readouterr()
    assert CANARY not in out + err


def test_fault_J05_passwords_and_cookies_stand_in_no_log_and_no_answer(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    door = Door(Settings(access_file=str(tmp_path / "access.json")), {"viewer": VIEW, "editor": EDIT})
    wrong = door.sign_in(CANARY)
    cookie = door.cookie_of(EDIT)
    answers = [wrong, door.sign_in(CANARY, where=HERE), door.ask(cookie=cookie + "x"), door.ask("/sign-in")]
    told = caplog.text + "".join(answer.text + str(answer.headers) for answer in answers)
    assert "a wrong password from 10.0.0.9" in caplog.text
    assert not [secret for secret in (CANARY, VIEW, EDIT, cookie, "scrypt", str(tmp_path)) if secret in told]


def test_no_sentence_has_a_blank_for_a_secret():
    blanks = {name for message in MESSAGES.values() for name in re.findall(r"{(\w+)", message.en)}
    assert not blanks & {"password", "hash", "token", "cookie", "secret", "url"} - {"url"}
