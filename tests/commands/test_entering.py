"""`access set | show | remove`: a password is typed unseen or handed over, and never told again."""

import io
import json

import pytest

from geo.access import passwords
from geo.access.passwords import Cost
from geo.cli import main
from geo.settings import Settings
from geo.tasks import entering

VIEW, EDIT = "corkscrew maple tram", "绿豆汤 解放路 秋千 乌龙"


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Return a function that runs a command and returns its code and what it said."""
    monkeypatch.setenv("GETU_ACCESS_FILE", str(tmp_path / "access.json"))
    monkeypatch.chdir(tmp_path)
    cheap = Cost(log_n=2, r=1, p=1)
    monkeypatch.setattr(
        entering, "hash_password", lambda password, cost: passwords.hash_password(password, cost=cheap)
    )

    def call(*words, stdin="", typed=()):
        answers = list(typed)
        asked = []
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or answers.pop(0))
        code = main(["access", *words])
        out, err = capsys.readouterr()
        return code, out, err, asked

    return call


def kept(tmp_path):
    return entering.read_passwords(Settings(access_file=str(tmp_path / "access.json")))


def test_a_password_is_asked_for_twice_and_not_shown(run, tmp_path):
    code, out, err, asked = run("set", "viewer", typed=(VIEW, VIEW))
    assert code == 0
    assert asked == ["New viewer password: ", "Once more: "]
    assert "The viewer password is set." in out and "editor password is not set yet" in out
    assert VIEW not in out + err
    assert entering.find_role(VIEW, kept(tmp_path)) == "viewer"


def test_chinese_commands_ask_in_chinese(run, monkeypatch):
    monkeypatch.setenv("GETU_LANGUAGE", "zh")
    code, out, _, asked = run("set", "editor", typed=(EDIT, EDIT))
    assert code == 0
    assert asked == ["新的编辑口令：", "再输入一次："]
    assert "编辑口令已设置" in out and "查看口令尚未设置" in out


def test_two_entries_that_differ_set_nothing(run, tmp_path):
    code, _, err, _ = run("set", "viewer", typed=(VIEW, VIEW + "x"))
    assert code == 1
    assert "differ" in err
    assert kept(tmp_path) == {}


@pytest.mark.parametrize("given", [{"typed": ("", "")}, {"stdin": ""}, {"stdin": "\n"}])
def test_no_password_sets_nothing(run, tmp_path, given):
    words = ["--stdin"] if "stdin" in given else []
    code, _, err, _ = run("set", "viewer", *words, **given)
    assert code == 1
    assert "No password was given" in err
    assert kept(tmp_path) == {}


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nsecond line\n"])
def test_one_line_of_the_standard_input_is_the_password(run, tmp_path, end):
    assert run("set", "editor", "--stdin", stdin=EDIT + end)[0] == 0
    assert entering.find_role(EDIT, kept(tmp_path)) == "editor"


def test_a_password_that_is_too_easy_is_refused_with_the_reason_and_not_repeated(run, tmp_path):
    code, out, err, _ = run("set", "viewer", "--stdin", stdin="hunter2")
    assert code == 1
    assert "7 signs and needs at least 12: several people know it" in err
    assert "hunter2" not in out + err
    assert kept(tmp_path) == {}


def test_fault_J05_what_is_shown_says_since_when_and_holds_no_hash(run, tmp_path):
    run("set", "viewer", "--stdin", stdin=VIEW)
    code, out, err, _ = run("show")
    assert code == 0
    assert "viewer: set 20" in out and "editor: not set" in out
    code, as_json, _, _ = run("show", "--json")
    facts = json.loads(as_json)
    assert set(facts) == {"viewer", "editor"} and facts["editor"] is None
    assert "scrypt" not in out + err + as_json


def test_what_is_shown_before_anything_is_set_says_who_may_do_what(run):
    assert "on this machine only, and whoever sits at it is an editor" in run("show")[1]


def test_the_proxy_is_shown_with_its_editors(run, monkeypatch):
    monkeypatch.setenv("GETU_TRUSTED_PROXY", "10.0.0.5")
    monkeypatch.setenv("GETU_USER_HEADER", "X-Forwarded-User")
    monkeypatch.setenv("GETU_PROXY_EDITORS", "li,wang")
    assert (
        "named by X-Forwarded-User from 10.0.0.5/32 come in without a password; editors: li, wang"
        in run("show")[1]
    )


def test_a_password_is_removed_once(run, tmp_path):
    run("set", "viewer", "--stdin", stdin=VIEW)
    assert run("remove", "viewer")[0] == 0
    code, _, err, _ = run("remove", "viewer")
    assert code == 1
    assert "There is no viewer password." in err


def test_no_password_can_stand_in_an_argument(run):
    with pytest.raises(SystemExit):
        run("set", "viewer", VIEW)
    with pytest.raises(SystemExit):
        run("set", "admin")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_fault_D03_serve_refuses_another_address_with_one_sentence_that_says_what_to_run(
    run, monkeypatch, capsys, language
):
    monkeypatch.setenv("GETU_HOST", "0.0.0.0")
    monkeypatch.setenv("GETU_LANGUAGE", language)
    assert main(["serve"]) == 1
    said = capsys.readouterr().err
    assert "python -m geo access set viewer" in said and "Traceback" not in said
    assert len(said.strip().splitlines()) == 1
