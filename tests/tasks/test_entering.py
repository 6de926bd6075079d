"""Passwords stand in a file of their own, for its owner only, and decide whether pages may be served."""

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from geo.access.passwords import Cost
from geo.errors import AccessError, MissingError, SettingError
from geo.settings import Settings
from geo.store import open_store
from geo.tasks.entering import (
    find_role,
    read_passwords,
    reason_not_to_serve,
    remove_password,
    require_servable,
    set_password,
)
from geo.tasks.stores import back_up

NOW = datetime(2026, 11, 1, 4, tzinfo=UTC)
CHEAP = Cost(log_n=2, r=1, p=1)
VIEW, EDIT = "corkscrew maple tram", "绿豆汤 解放路 秋千 乌龙"
posix = pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")


@pytest.fixture
def settings(tmp_path):
    return Settings(access_file=str(tmp_path / "own" / "access.json"))


def give(settings, **passwords):
    for role, password in passwords.items():
        set_password(settings, role, password, now=NOW, cost=CHEAP)


def refusal(call, *given, **named):
    with pytest.raises(AccessError) as caught:
        call(*given, **named)
    return caught.value.code


def test_fault_D03_nothing_is_set_at_first(settings):
    assert read_passwords(settings) == {}
    assert not Path(settings.access_file).exists()


def test_a_password_names_its_role(settings):
    give(settings, viewer=VIEW, editor=EDIT)
    kept = read_passwords(settings)
    assert [find_role(word, kept) for word in (VIEW, EDIT, "neither of them")] == ["viewer", "editor", None]
    assert kept["viewer"].set_at == NOW


@posix
def test_fault_J05_the_file_is_its_owners_alone_and_holds_no_password(settings):
    give(settings, viewer=VIEW, editor=EDIT)
    file = Path(settings.access_file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text(encoding="utf-8")
    assert VIEW not in text and EDIT not in text and json.dumps(EDIT) not in text
    assert list(file.parent.iterdir()) == [file], "nothing is left beside it"


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_lets_nobody_in(settings, mode):
    give(settings, viewer=VIEW)
    Path(settings.access_file).chmod(mode)
    assert refusal(read_passwords, settings) == "access_file_open"
    assert refusal(set_password, settings, "editor", EDIT, now=NOW) == "access_file_open"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"format": 2, "passwords": {}}',
        b'{"format": 1}',
        b'{"format": 1, "passwords": {"viewer": {"hash": "plain", "set_at": "2026-11-01T00:00:00Z"}}}',
        b'{"format": 1, "passwords": {"viewer": {"hash": "plain"}}}',
        b"[" * 9000,
    ],
)
def test_a_file_that_cannot_be_understood_lets_nobody_in(settings, content):
    give(settings, viewer=VIEW)
    Path(settings.access_file).write_bytes(content)
    assert refusal(read_passwords, settings) == "access_file_unreadable"
    assert refusal(require_servable, settings, "127.0.0.1") == "access_file_unreadable"


def test_a_file_that_cannot_be_understood_is_mended_by_setting_again(settings):
    give(settings, viewer=VIEW)
    Path(settings.access_file).write_bytes(b"{")
    give(settings, editor=EDIT)
    assert set(read_passwords(settings)) == {"editor"}


def test_a_password_tells_one_role_only(settings):
    give(settings, viewer=VIEW)
    assert refusal(set_password, settings, "editor", VIEW, now=NOW) == "password_of_other_role"
    assert set(read_passwords(settings)) == {"viewer"}


def test_a_password_that_is_too_easy_leaves_the_former_one(settings):
    give(settings, viewer=VIEW)
    assert refusal(set_password, settings, "viewer", "short", now=NOW) == "password_short"
    assert find_role(VIEW, read_passwords(settings)) == "viewer"


def test_a_new_password_ends_the_former_one(settings):
    give(settings, viewer=VIEW)
    give(settings, viewer=EDIT)
    kept = read_passwords(settings)
    assert (find_role(VIEW, kept), find_role(EDIT, kept)) == (None, "viewer")


def test_a_password_can_be_removed_once(settings):
    give(settings, viewer=VIEW, editor=EDIT)
    remove_password(settings, "viewer")
    assert set(read_passwords(settings)) == {"editor"}
    with pytest.raises(MissingError, match="no viewer password"):
        remove_password(settings, "viewer")


def test_a_place_that_cannot_be_written_is_told_without_naming_it(tmp_path):
    (tmp_path / "file").write_text("")
    settings = Settings(access_file=str(tmp_path / "file" / "access.json"))
    with pytest.raises(AccessError) as caught:
        set_password(settings, "viewer", VIEW, now=NOW, cost=CHEAP)
    assert str(tmp_path) not in str(caught.value)


@posix
def test_a_link_put_where_the_file_is_written_is_not_followed(settings, tmp_path):
    target = tmp_path / "elsewhere"
    target.write_text("kept")
    target.chmod(0o600)
    Path(settings.access_file).parent.mkdir()
    Path(settings.access_file).symlink_to(target)
    give(settings, viewer=VIEW)
    assert target.read_text() == "kept"
    assert not Path(settings.access_file).is_symlink()


# --- may pages be served?


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.5", "::", "getu.example", ""])
def test_fault_D03_beyond_this_machine_nothing_is_served_before_both_are_set(settings, host):
    assert refusal(require_servable, settings, host) == "access_nothing_set"
    give(settings, viewer=VIEW)
    assert refusal(require_servable, settings, host) == "access_editor_missing"
    give(settings, editor=EDIT)
    require_servable(settings, host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_alone_is_served_as_ever(settings, host):
    require_servable(settings, host)


def test_a_proxy_that_names_users_stands_in_for_passwords(settings, tmp_path):
    proxy = Settings(
        access_file=settings.access_file, trusted_proxy="10.0.0.5", user_header="X-Forwarded-User"
    )
    require_servable(proxy, "10.0.0.1")
    silent = Settings(access_file=settings.access_file, trusted_proxy="10.0.0.5")
    assert refusal(require_servable, silent, "10.0.0.1") == "access_nothing_set"
    assert reason_not_to_serve(proxy, {}) is None


def test_a_proxy_that_means_everybody_is_refused_at_the_start(settings):
    everybody = Settings(access_file=settings.access_file, trusted_proxy="0.0.0.0/0", user_header="X-User")
    with pytest.raises(SettingError, match="everybody"):
        require_servable(everybody, "0.0.0.0")


def test_fault_J05_a_backup_carries_no_password(settings, tmp_path):
    give(settings, viewer=VIEW, editor=EDIT)
    hashes = [kept.hash for kept in read_passwords(settings).values()]
    file = tmp_path / "b.duckdb"
    with open_store(f"duckdb:{tmp_path / 'x.duckdb'}", time_zone="Asia/Shanghai") as store:
        back_up(store, file, settings)
    content = file.read_bytes() + (tmp_path / "x.duckdb").read_bytes()
    assert not [secret for secret in (VIEW, EDIT, *hashes) if secret.encode() in content]
