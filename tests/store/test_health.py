"""A store is examined as by a doctor: every fault is found, and none where there is none."""

from __future__ import annotations

import shutil

import pytest

from geo.messages import MESSAGES
from geo.store import open_store
from geo.store.health import examine
from tests.store.conftest import NOON

GRANTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO getu_app",
    "REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM getu_app",
)


def codes(url, verdict=None):
    return {found.code for found in examine(url) if verdict in (None, found.verdict)}


@pytest.fixture
def app(postgis_server, postgis_places):
    """A store on the server, and its address for a role that owns nothing."""
    url = postgis_places.new()
    open_store(url, now=NOON).close()
    name = url.rpartition("/")[2]
    postgis_server.execute("CREATE ROLE getu_app LOGIN PASSWORD 'app'")
    for grant in GRANTS:
        postgis_server.execute(grant, name)
    yield name, postgis_server.url(name, user="getu_app", password="app")
    postgis_server.execute("DROP OWNED BY getu_app", name)
    postgis_server.execute("DROP ROLE getu_app")


def test_a_role_that_owns_nothing_has_all_it_needs(app):
    _, url = app
    found = examine(url)
    assert {f.code for f in found if f.verdict == "bad"} == set()
    assert {f.code for f in found if f.verdict == "doubtful"} == {"health_unsafe"}  # fsync is off in tests
    from tests.store.conftest import store_cases

    with open_store(url) as store:
        store_cases(store, {"no": 1})
        assert store.verify() == []


@pytest.mark.parametrize(
    ("fault", "mend", "code"),
    [
        ("REVOKE DELETE ON cases FROM getu_app", GRANTS[0], "health_rights_lacking"),
        ("DROP TABLE users", None, "health_table_gone"),
        ("DELETE FROM schema_migrations", None, "health_migrations_waiting"),
        ("INSERT INTO schema_migrations VALUES (9999, 'tomorrow', now())", None, "store_too_new"),
        ("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'areas_geom'::regclass", None,
         "health_index_broken"),
        ("UPDATE store_meta SET value = 'Asia/Atlantis' WHERE name = 'time_zone'", None, "health_zone_unknown"),
        ("DROP EXTENSION postgis CASCADE", None, "health_no_extension"),
        ("DROP TABLE schema_migrations", None, "health_no_tables"),
    ],
)  # fmt: skip
def test_fault_G08_each_fault_of_a_server_is_found_with_its_remedy(app, postgis_server, fault, mend, code):
    name, url = app
    assert code not in codes(url)
    postgis_server.execute(fault, name)
    assert code in codes(url, "bad")
    assert MESSAGES[code].hint_en and MESSAGES[code].hint_zh
    if mend:
        postgis_server.execute(mend, name)
        assert code not in codes(url)


def test_a_server_that_does_not_answer_is_the_only_finding():
    assert [(f.verdict, f.code) for f in examine("postgresql://u@127.0.0.1:1/x")] == [
        ("bad", "store_unreachable")
    ]


def test_an_all_powerful_user_is_doubtful(postgis_places):
    assert "health_superuser" in codes(postgis_places.new(), "doubtful")


def test_examining_makes_and_changes_nothing(tmp_path, postgis_server):
    file = tmp_path / "none.duckdb"
    assert codes(f"duckdb:{file}") == {"health_no_file"}
    assert not file.exists()
    name = postgis_server.make()
    assert "health_no_extension" in codes(postgis_server.url(name), "bad")
    assert postgis_server.execute("SELECT count(*) FROM pg_class WHERE relname = 'cases'", name) == [(0,)]
    postgis_server.drop(name)


def test_fault_G10_a_disk_that_is_nearly_full_is_said(tmp_path, monkeypatch):
    url = f"duckdb:{tmp_path / 'a.duckdb'}"
    open_store(url, now=NOON).close()
    assert codes(url) == {"health_file", "health_content", "health_disk"}
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(total=10**12, free=10**8))
    assert codes(url, "doubtful") == {"health_disk_low"}
