"""What only a server can do to us: cut connections, stop, refuse, run full, keep us waiting."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pyarrow as pa
import pytest

from geo.cli import main
from geo.errors import ConnectionLostError, StoreError
from geo.store import CaseFilter, open_store
from geo.store.postgis_connect import Limits
from geo.store.postgis_rows import EPOCH_DAYS, encode, to_arrow_column
from tests.databases import Server, find_server_programs
from tests.store.conftest import NOON, store_areas, store_cases

KILL_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = '{name}' AND pid <> pg_backend_pid()"
)


def name_of(url):
    return url.rpartition("/")[2]


@pytest.fixture
def url(postgis_places):
    return postgis_places.new()


@pytest.fixture
def kill(postgis_server, url):
    """Terminate every session of the store's database."""
    return lambda: postgis_server.execute(KILL_OTHERS.format(name=name_of(url)))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda url: url.replace("postgres:", "postgres:wrong"), "store_refused"),
        (lambda url: url.replace("//postgres:", "//nobody:"), "store_refused"),
        (lambda url: url + "_not_there", "store_no_database"),
        (lambda url: "postgresql://u@127.0.0.1:1/x", "store_unreachable"),
        (lambda url: "postgresql://u:p@h:port/x?what=1", "store_address_unreadable"),
    ],
)
def test_fault_G08_a_server_that_cannot_be_reached_is_said_in_one_sentence_without_the_password(
    url, change, code, postgis_server
):
    with pytest.raises(StoreError) as refused:
        open_store(change(url))
    assert refused.value.code == code
    for language in ("en", "zh"):
        said = refused.value.say(language)
        assert postgis_server.password not in said and "127.0.0.1" not in said


def test_fault_G08_a_server_that_is_too_old_or_lacks_postgis_is_refused(url, monkeypatch):
    monkeypatch.setattr("geo.store.postgis_connect.OLDEST_SERVER", 990_000)
    with pytest.raises(StoreError, match=r"PostgreSQL \d+; 99 or newer") as refused:
        open_store(url)
    assert refused.value.code == "store_server_old"
    monkeypatch.undo()
    monkeypatch.setattr("geo.store.postgis_connect.POSTGIS", "not_installed")
    with pytest.raises(StoreError, match="no PostGIS"):
        open_store(url)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url.replace("postgres:", "postgres:wrong"), "refuses this user name"),
        (lambda _: "postgresql://u@127.0.0.1:1/x", "does not answer"),
    ],
)
def test_fault_G08_a_command_on_a_server_that_cannot_be_used_says_one_line_and_exits_with_1(
    url, change, said, monkeypatch, capsys
):
    monkeypatch.setenv("GETU_STORE_URL", change(url))
    assert main(["check"]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and said in err
    assert "Traceback" not in err


def test_fault_G06_a_server_that_is_still_starting_is_told_and_used_as_soon_as_it_answers():
    programs = find_server_programs()
    if programs is None:
        pytest.skip("PostgreSQL with PostGIS is not installed (sh scripts/install_system.sh)")
    server = Server(programs)
    try:
        with open_store(server.url("getu_template"), now=NOON, limits=Limits(connect_s=1, lend_s=1)) as store:
            store_cases(store, {"no": 1})
            server.stop()
            for _ in range(2):
                with pytest.raises(ConnectionLostError):
                    store.count_cases(CaseFilter())
            server.start()
            assert store.count_cases(CaseFilter()) == 1
            assert store_cases(store, {"no": 2}).n_new == 1
    finally:
        server.close()


def test_fault_G08_a_database_that_is_not_in_utf8_is_refused(postgis_server):
    postgis_server.execute(
        "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    with pytest.raises(StoreError, match="LATIN1"):
        open_store(postgis_server.url("latin"))
    postgis_server.drop("latin")


def test_fault_G07_a_read_whose_session_was_terminated_is_answered_all_the_same(url, kill):
    with open_store(url, now=NOON) as store:
        store_cases(store, {"no": 1})
        for ask in (
            lambda: store.count_cases(CaseFilter()),
            lambda: store.count_rows()["cases"],
            lambda: len(store.list_cases(CaseFilter())),
        ):
            kill()
            assert ask() == 1


def test_fault_G07_a_read_that_is_cut_in_its_middle_is_asked_once_more(url, kill, monkeypatch):
    with open_store(url, now=NOON) as store:
        store_cases(store, {"no": 1})
        rounds = []

        def version():
            rounds.append(1)
            if len(rounds) == 1:
                kill()
            return int(store._db.row("SELECT value FROM store_meta WHERE name = 'data_version'")[0])

        monkeypatch.setattr(store, "_read_version", version)
        assert store.count_cases(CaseFilter()) == 1
        assert len(rounds) == 2
        rounds.clear()
        counts = store.at_once(lambda: [store.count_cases(CaseFilter()) for _ in range(3)])
        assert (counts, len(rounds)) == ([1, 1, 1], 2)


def test_fault_G07_a_write_that_is_cut_says_so_and_leaves_nothing(url, kill, monkeypatch):
    with open_store(url, now=NOON) as store:
        store_cases(store, {"no": 1})
        monkeypatch.setattr(
            "geo.store.cases.reach", lambda step: kill() if step == "batch.rows_written" else None
        )
        with pytest.raises(ConnectionLostError, match="was cut"):
            store_cases(store, {"no": 2})
        monkeypatch.undo()
        assert store.count_cases(CaseFilter()) == 1
        assert store_cases(store, {"no": 2}).batch_id == "B000002"
        assert store.verify() == []


def test_fault_G05_and_G06_a_server_stopped_at_once_in_the_middle_of_a_batch_comes_back_whole(monkeypatch):
    programs = find_server_programs()
    if programs is None:
        pytest.skip("PostgreSQL with PostGIS is not installed (sh scripts/install_system.sh)")
    server = Server(programs, is_safe=True)
    try:
        with open_store(server.url(server.make(template="getu_template")), now=NOON) as store:
            store_cases(store, {"no": 1})
            monkeypatch.setattr(
                "geo.store.batches.reach",
                lambda step: server.stop(at_once=True) if step == "batch.recorded" else None,
            )
            with pytest.raises(ConnectionLostError):
                store_cases(store, {"no": 2})
            monkeypatch.undo()
            server.start()
            assert store.count_cases(CaseFilter()) == 1  # the acknowledged batch, the same open store
            assert store.verify() == []
            assert store_cases(store, {"no": 2}).batch_id == "B000002"
    finally:
        server.close()


def test_fault_G09_a_writer_that_waits_too_long_for_another_is_told_and_nothing_is_stored(url, kill):
    with open_store(url, now=NOON) as store, open_store(url, limits=Limits(lock_s=1)) as second:
        with store._db.transaction():
            with ThreadPoolExecutor(1) as pool, pytest.raises(StoreError, match="Somebody else"):
                pool.submit(store_cases, second, {"no": 1}).result()
            assert second.count_cases(CaseFilter()) == 0  # reading does not wait
        assert store_cases(second, {"no": 1}).n_new == 1


def test_fault_G09_a_question_that_takes_too_long_is_stopped(url):
    with open_store(url, now=NOON, limits=Limits(read_s=1)) as store:
        with pytest.raises(StoreError, match="longer than allowed"):
            store._db.query("SELECT pg_sleep(30), 1 AS n")
        assert store.count_cases(CaseFilter()) == 0


@pytest.mark.parametrize(
    "table", ["cases", "case_areas", "case_events", "case_facts", "import_batches", "audit_log"]
)
def test_fault_G11_a_disk_of_the_server_that_fills_at_the_nth_row_rolls_back_and_says_so(
    url, postgis_server, table
):
    name = name_of(url)
    with open_store(url, now=NOON) as store:
        store_cases(store, {"no": 1, "reported_at": "2026-10-01"})
        held = store.fingerprints()
        postgis_server.execute("CREATE SEQUENCE filled", name)
        postgis_server.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF nextval('filled') >= TG_ARGV[0]::bigint THEN "
            "RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END IF; RETURN NEW; END $$",
            name,
        )
        n = 1 if table in ("import_batches", "audit_log") else 3
        postgis_server.execute(
            f"CREATE TRIGGER disk BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION full_disk({n})", name
        )
        rows = [{"no": number, "reported_at": "2026-10-02"} for number in range(2, 7)]
        with pytest.raises(StoreError, match="disk or memory") as full:
            store_cases(store, *rows)
        assert full.value.code == "store_server_no_room"
        postgis_server.execute(f"DROP TRIGGER disk ON {table}", name)
        assert store.fingerprints() == held
        assert store.verify() == []
        assert store_cases(store, *rows).n_new == 5


def test_a_role_that_may_only_read_reads_and_is_told_that_it_may_not_write(url, postgis_server):
    open_store(url, now=NOON).close()
    name = name_of(url)
    postgis_server.execute("DROP ROLE IF EXISTS looker")
    postgis_server.execute("CREATE ROLE looker LOGIN PASSWORD 'x'")
    postgis_server.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker", name)
    with open_store(postgis_server.url(name, user="looker", password="x")) as store:
        assert store.count_cases(CaseFilter()) == 0
        with pytest.raises(StoreError, match="may not"):
            store_cases(store, {"no": 1})
    postgis_server.execute("DROP OWNED BY looker", name)
    postgis_server.execute("DROP ROLE looker")


def test_two_programs_store_one_after_the_other_and_see_each_other(url):
    with open_store(url, now=NOON) as one, open_store(url) as other:
        with ThreadPoolExecutor(4) as pool:
            receipts = [pool.submit(store_cases, (one, other)[n % 2], {"no": n}) for n in range(8)]
        assert sorted(receipt.result().batch_id for receipt in receipts) == [f"B{n:06d}" for n in range(1, 9)]
        assert one.count_cases(CaseFilter()) == other.count_cases(CaseFilter()) == 8
        assert one.data_version() == 8
        assert one.verify() == []


def test_readers_beside_a_writer_each_see_one_version(places):
    store = open_store(places.new(), now=NOON)
    wrong, done = [], threading.Event()

    def read():
        while not done.is_set():

            def ask(facts):
                rows = facts.db.row("SELECT count(*) FROM cases")[0]
                return rows, facts.db.row("SELECT count(*) FROM case_facts")[0], facts.version

            rows, facts, version = store._ask(ask)
            if not rows == facts == 20 * version:
                wrong.append((rows, facts, version))

    with store:
        store_cases(store, *({"no": n} for n in range(20)))
        readers = [threading.Thread(target=read) for _ in range(6)]
        for reader in readers:
            reader.start()
        for batch in range(1, 6):
            store_cases(store, *({"no": 20 * batch + n, "reported_at": "2026-10-01"} for n in range(20)))
        done.set()
        for reader in readers:
            reader.join()
    assert wrong == []


def test_what_one_version_remembers_is_never_told_to_readers_of_another(places):
    with open_store(places.new(), now=NOON) as store:
        store_cases(store, {"no": 1, "reported_at": "2026-10-01"})
        seen = []

        def ask_late(facts):  # another thread reads the next version before this reader looks
            with ThreadPoolExecutor(1) as pool:
                pool.submit(store_cases, store, {"no": 2, "reported_at": "2026-10-01"}).result()
                assert pool.submit(store.count_cases, CaseFilter()).result() == 2
            n_cases = facts.memory.get(
                "n", lambda: facts.db.row("SELECT count(*) FROM cases")[0], size=lambda _: 1
            )
            seen.append(n_cases)
            return facts

        former = store._ask(ask_late)
        assert seen == [1]

        def ask_again(facts):
            assert facts is not former
            return facts.memory.get("n", lambda: "new", size=lambda _: 1)

        assert store._ask(ask_again) == "new"


def test_keys_and_references_are_kept_by_the_server(postgis_store, postgis_server, postgis_places):
    store_areas(postgis_store, "grid", ["a"])
    name = name_of(postgis_places.new())
    with pytest.raises(psycopg.errors.UniqueViolation):
        postgis_server.execute("INSERT INTO areas SELECT * FROM areas", name)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        postgis_server.execute("DELETE FROM boundary_sets", name)
    with pytest.raises(psycopg.errors.CheckViolation):
        postgis_server.execute("UPDATE areas SET geom = ST_Translate(geom, 1000, 0)", name)


def test_geometry_columns_and_indexes_are_those_of_postgis(postgis_store):
    rows = postgis_store._db.query(
        "SELECT f_table_name || '.' || f_geometry_column AS name, type, srid FROM geometry_columns ORDER BY 1"
    ).to_pylist()
    assert {row["srid"] for row in rows} == {4326}
    assert {row["name"]: row["type"] for row in rows} == {
        "areas.geom": "MULTIPOLYGON", "buildings.geom": "MULTIPOLYGON", "facilities.footprint": "MULTIPOLYGON",
        "facility_versions.footprint": "MULTIPOLYGON", "residential_land.geom": "MULTIPOLYGON",
        "street_edges.geom": "LINESTRING",
    }  # fmt: skip
    kinds = postgis_store._db.query(
        "SELECT a.amname AS kind, count(*) AS n FROM pg_class c JOIN pg_am a ON a.oid = c.relam "
        "WHERE c.relkind = 'i' AND c.relnamespace = 'public'::regnamespace AND a.amname <> 'btree' "
        "AND c.relname NOT LIKE 'spatial%' GROUP BY 1 ORDER BY 1"
    ).to_pylist()
    assert kinds == [{"kind": "brin", "n": 5}, {"kind": "gist", "n": 5}]


def test_an_unexpected_type_is_a_mistake_of_ours():
    with pytest.raises(TypeError, match="unexpected type"):
        to_arrow_column(2950, ["x"], "id")
    with pytest.raises(TypeError, match="no SQL type"):
        from geo.store.postgis_rows import sql_type

        sql_type(pa.uint64())


def test_rows_are_encoded_as_postgresql_documents_it():
    rows = pa.table(
        {
            "n": pa.array([1, None], pa.int32()),
            "t": pa.array(["é", ""]),
            "d": pa.array([EPOCH_DAYS, 0], pa.date32()),
        }
    )
    four = b"\x00\x00\x00\x04"
    parts = [
        b"PGCOPY\n\xff\r\n\x00" + bytes(8),
        b"\x00\x03", four, b"\x00\x00\x00\x01", b"\x00\x00\x00\x02\xc3\xa9", four, bytes(4),
        b"\x00\x03", b"\xff\xff\xff\xff", bytes(4), four, (-EPOCH_DAYS).to_bytes(4, "big", signed=True),
        b"\xff\xff",
    ]  # fmt: skip
    assert b"".join(encode(rows)) == b"".join(parts)
