"""The addresses maps fetch: a token for each, packed once per version of the data, nothing let out."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette

from geo.schema import TABLES
from geo.store import open_store
from geo.tasks import map_layers
from geo.tasks.map_layers import ALLOWED
from tests.small_store import CANARY, HOSTILE, NOON, fill_small_store
from tests.tile_reading import ids_of, read_tile
from ui import routes, tokens
from ui.asset_files import ASSET_PATH
from ui.render_cache import RenderCache
from ui.tokens import Grant, mint, verify

BOX = "103.9,30.5,104.2,30.7"
LAYERS = {
    "areas": ("/api/areas/grid.geojson", {}),
    "values": ("/api/values", {"level": "grid", "by": "n_new"}),
    "hexagons": ("/api/hexagons", {"res": "8"}),
    "points": ("/api/points", {"box": BOX}),
    "heat": ("/api/heat", {}),
    "facilities": ("/api/facilities", {}),
    "streets": ("/api/streets", {}),
}


TILE = "/api/tiles/grid/13/6463/3362.mvt"
"""A tile that holds the small store, all but its corners."""
ADDRESSES = {**LAYERS, "tiles": (TILE, {})}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self):
        packed = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.body) if packed else self.body).decode()

    def json(self):
        return json.loads(self.text)


@pytest.fixture(scope="module")
def store(new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai") as opened:
        fill_small_store(opened)
        yield opened


@pytest.fixture
def get(store, monkeypatch):
    """Ask the app for an address, as a browser does, without a server."""
    monkeypatch.setattr(routes, "_provider", routes._Provider())
    routes.set_store_provider(lambda: store)
    app = Starlette(routes=routes.all_routes())

    def ask(path, query=None, *, token=None, headers=None):
        token = routes.api_token() if token is None else token
        asked = urlencode({**(query or {}), **({"token": token} if token else {})})
        given = {"accept-encoding": "gzip", **(headers or {})}
        scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": asked.encode(), "scheme": "http", "http_version": "1.1",
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }  # fmt: skip
        return asyncio.run(_call(app, scope))

    return ask


async def _call(app, scope):
    sent = []

    body = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        return body.pop() if body else await asyncio.Event().wait()  # the browser stays until it is answered

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(part.get("body", b"") for part in sent[1:]))


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_answers_packed_json_that_a_browser_may_keep_but_must_ask_about(get, name):
    answer = get(*LAYERS[name])

    assert answer.status == 200, answer.text
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["etag"].startswith('"')
    assert answer.json()


@pytest.mark.parametrize("name", ADDRESSES)
def test_what_a_browser_has_is_not_sent_again(get, name):
    tag = get(*ADDRESSES[name]).headers["etag"]

    again = get(*ADDRESSES[name], headers={"if-none-match": f'W/"other", {tag}'})

    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == tag


def test_who_cannot_unpack_gets_plain_json(get):
    answer = get("/api/heat", headers={"accept-encoding": "identity"})

    assert "content-encoding" not in answer.headers
    assert json.loads(answer.body)


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("token", ["none", "nonsense", "other store", "expired"])
def test_an_address_without_a_good_token_is_refused(get, name, token):
    bad = {
        "none": "",
        "nonsense": "abc.def",
        "other store": mint(Grant("all", "another")),
        "expired": mint(Grant("all", "another"), now_s=0),
    }[token]

    answer = get(*ADDRESSES[name], token=bad)

    assert answer.status == 403
    assert answer.json()["code"] == ("map_token_expired" if token == "expired" else "map_token_bad")


def test_a_store_that_is_another_one_refuses_the_tokens_of_the_first(get, new_store):
    token = routes.api_token()
    with open_store(new_store(), time_zone="Asia/Shanghai") as second:
        routes.set_store_provider(lambda: second)

        assert get("/api/heat", token=token).status == 403


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("/api/areas/castle.geojson", {}, "castle"),
        ("/api/tiles/castle/13/6463/3362.mvt", {}, "castle"),
        ("/api/tiles/grid/15/25852/13448.mvt", {}, "15/25852/13448"),
        ("/api/tiles/grid/13/8192/0.mvt", {}, "13/8192/0"),
        ("/api/tiles/grid/13/0/8192.mvt", {}, "13/0/8192"),
        ("/api/tiles/grid/13/-1/0.mvt", {}, "13/-1/0"),
        ("/api/tiles/grid/1e1/0/0.mvt", {}, "1e1/0/0"),
        ("/api/tiles/grid/²/0/0.mvt", {}, "²/0/0"),
        ("/api/tiles/grid/0/0/000000.mvt", {}, "0/0/000000"),
        ("/api/values", {"level": "grid", "by": "wealth"}, "wealth"),
        ("/api/values", {"by": "n_new"}, "level"),
        ("/api/values", {"level": "grid", "from": "2026-02-30", "to": "2026-03-01"}, "2026-02-30"),
        ("/api/values", {"level": "grid", "period": "decade"}, "decade"),
        ("/api/values", {"level": "grid", "from": "2026-03-02", "to": "2026-03-01"}, "2026-03-01"),
        ("/api/hexagons", {"res": "8.5"}, "8.5"),
        ("/api/hexagons", {"res": "11"}, "11"),
        ("/api/hexagons", {"res": "²"}, "²"),
        ("/api/hexagons", {}, "res"),
        ("/api/points", {}, "box"),
        ("/api/points", {"box": "1,2,3"}, "1,2,3"),
        ("/api/points", {"box": "104,30,103,31"}, "104,30,103,31"),
        ("/api/points", {"box": "nan,30,103,31"}, "nan"),
        ("/api/heat", {"reported_from": "yesterday"}, "yesterday"),
        ("/api/heat", {"states": "closed,'; DROP TABLE cases"}, "DROP TABLE"),
        ("/api/heat", {"category": "x" * 5000}, "category"),
    ],
)
def test_a_nonsense_parameter_is_refused_with_a_sentence_that_names_it(get, path, query, named):
    answers = {language: get(path, {**query, "lang": language}) for language in ("zh", "en")}

    assert {answer.status for answer in answers.values()} == {400}
    assert all(named in answer.json()["error"] for answer in answers.values())
    assert answers["zh"].json()["error"] != answers["en"].json()["error"]


@pytest.mark.parametrize(
    "number", ["1e9", "1000000000", "-1", "0", "9" * 400, "0x8", "8,9", "nan", "inf", " 8", "8\x00"]
)
def test_fault_H06_a_number_that_cannot_be_is_refused_and_named(get, number):
    answer = get("/api/hexagons", {"res": number})

    assert answer.status == 400
    assert "res" in answer.json()["error"]


@pytest.mark.parametrize(
    "box",
    [
        "-1e9,-1e9,1e9,1e9",
        "-180,-90,180,inf",
        "0,0,0,0",
        "1,2,3,4,5",
        "180,-90,-180,90",
        "a,b,c,d",
        ",,,",
        "1" * 3000,
    ],
)
def test_fault_H06_a_box_that_cannot_be_is_refused(get, box):
    assert get("/api/points", {"box": box}).status == 400


def test_fault_H06_the_box_of_the_world_answers_with_what_is_there_and_no_more(get, monkeypatch):
    world = {"box": "-180,-90,180,90"}
    every = get("/api/points", world).json()["features"]
    monkeypatch.setattr("geo.tasks.map_layers.MOST_POINTS", len(every) - 1)

    assert len(get("/api/points", {**world, "v": "2"}).json()["features"]) == len(every), (
        "kept for its address"
    )
    monkeypatch.setattr(routes, "_layers", RenderCache(10_000_000))
    capped = get("/api/points", world).json()["features"]
    assert len(capped) < len(every)
    assert {feature["geometry"]["type"] for feature in capped} == {"Polygon"}


@pytest.mark.parametrize(
    "extra", [{"limit": "1e9"}, {"offset": "-5"}, {"page": "999999999"}, {"limit": "-1"}]
)
def test_fault_H06_a_limit_that_no_address_has_changes_nothing(get, extra):
    assert get("/api/heat", extra).json() == get("/api/heat").json()


@pytest.mark.parametrize("path", ["/api/areas/grid.geojson", "/api/values"])
def test_an_area_or_level_that_is_not_there_is_told_with_404(get, path):
    assert get(path, {"level": "grid", "parent": "nowhere"}).status == 404
    assert get("/api/areas/district.geojson").status == 404
    assert get("/api/tiles/district/0/0/0.mvt").status == 404
    assert get(TILE, {"parent": "nowhere"}).status == 404


def test_a_tile_is_packed_and_holds_the_areas_that_touch_it_with_two_properties(get):
    answer = get(TILE)

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "private, no-cache"
    found = read_tile(gzip.decompress(answer.body))
    assert set(found.columns) == {"mvt_id", "area_id", "name", "geometry"}
    assert dict(zip(found["area_id"], found["name"], strict=True))["A1C2G3"] == "03 网格"


def test_a_tile_beside_the_areas_is_empty_and_no_fault(get):
    answer = get("/api/tiles/grid/13/0/0.mvt", headers={"accept-encoding": "identity"})

    assert (answer.status, answer.body) == (200, b"")


def test_a_tile_under_a_place_holds_the_areas_of_that_place_only(get):
    whole, under = (
        ids_of(gzip.decompress(get("/api/tiles/grid/0/0/0.mvt", query).body))
        for query in ({}, {"parent": "A1"})
    )

    assert len(whole) == 16
    assert under == [code for code in whole if code.startswith("A1")]
    assert len(under) == 8


def test_a_tile_of_another_version_of_the_data_is_refused_even_when_it_is_kept(get, store):
    now = store.data_version()
    assert get(TILE, {"v": str(now)}).status == 200

    for version in (str(now - 1), str(now + 1), "x", ""):
        for language, word in (("zh", "刷新"), ("en", "Reload")):
            answer = get(TILE, {"v": version, "lang": language})
            assert answer.status == 409, version
            assert answer.json()["code"] == "map_data_changed"
            assert word in answer.json()["error"]


def test_a_tile_is_made_once_for_every_language_and_page(get, monkeypatch):
    made = []
    original = routes.ANSWERS["tiles"]
    monkeypatch.setattr(routes, "_layers", RenderCache(10_000_000))
    monkeypatch.setattr(
        routes, "ANSWERS", {**routes.ANSWERS, "tiles": lambda *given: made.append(1) or original(*given)}
    )

    first, second = get(TILE), get(TILE, {"lang": "en"})

    assert first.headers["etag"] == second.headers["etag"]
    assert len(made) == 1


def test_the_tiles_a_large_map_opens_with_are_made_before_anybody_asks(get, store, monkeypatch):
    made = []
    original = routes.ANSWERS["tiles"]
    monkeypatch.setattr(routes, "_layers", RenderCache(10_000_000))
    monkeypatch.setattr(map_layers, "MOST_OUTLINES", 3)
    monkeypatch.setattr(
        routes, "ANSWERS", {**routes.ANSWERS, "tiles": lambda *given: made.append(1) or original(*given)}
    )
    routes.prepare("grid")
    n_made, tiles = len(made), map_layers.first_tiles(store, "grid")

    for tile in tiles:
        query = {"v": str(store.data_version()), "lang": "en"}
        assert get(f"/api/tiles/grid/{tile.z}/{tile.x}/{tile.y}.mvt", query).status == 200

    assert len(made) == n_made == len(tiles) > 0


def test_no_refusal_holds_a_path_a_stack_or_sql(get):
    for query in ({"states": "'"}, {"box": "'"}, {"area": "'; SELECT 1 --", "level": "grid"}):
        text = get("/api/hexagons", {"res": "8", **query}).text
        assert not {"Traceback", ".py", "/work", "SELECT *", "duckdb"} & set(text.split())
        assert "File " not in text


def test_fault_E02_only_listed_properties_leave_the_program(get):
    for name, (path, query) in LAYERS.items():
        answer = get(path, query)
        if name not in ALLOWED:
            continue
        found = {key for feature in answer.json()["features"] for key in feature["properties"]}
        assert found <= set(ALLOWED[name]), name


def test_fault_E02_no_telephone_description_or_address_leaves_the_program(get):
    texts = [get(path, query).text for path, query in LAYERS.values()]
    texts.append(gzip.decompress(get(TILE).body).decode("utf-8", errors="replace"))

    assert not [text for text in texts if CANARY in text or "河畔路" in text or "反映问题" in text]
    personal = {column.name for table in TABLES.values() for column in table.columns if column.personal}
    assert not [name for name in personal - {"name"} for text in texts if f'"{name}"' in text]


def test_fault_C05_markup_in_a_name_is_escaped_in_the_bytes(get):
    text = get("/api/areas/subdistrict.geojson").text

    assert "<" not in text
    assert HOSTILE in {feature["properties"]["name"] for feature in json.loads(text)["features"]}


def test_figures_bring_their_classes_and_the_words_of_a_legend(get):
    figures = get("/api/values", {"level": "grid", "by": "n_new", "lang": "en"}).json()

    assert (figures["title"], figures["unit"], figures["area_units"]) == ("New", "cases", ["grid", "grids"])
    assert sum(row["n"] for row in figures["classes"]) + figures["n_no_data"] == len(figures["ids"]) == 16
    assert len(figures["rows"]) == 16
    for value, place, text in figures["figures"]:
        assert place is not None
        assert text.startswith(f"{value:,.0f} cases")


def test_a_share_stands_in_its_text_and_not_twice_in_the_unit(get):
    figures = get("/api/values", {"level": "grid", "by": "on_time_share", "period": "year"}).json()

    assert figures["unit"] == ""
    assert figures["area_units"] == ["个网格", "个网格"]
    assert any("%" in row[2] and "%%" not in row[2] for row in figures["figures"] if row)


def test_a_unit_that_the_name_says_already_is_not_said_twice(get):
    figures = get("/api/values", {"level": "grid", "by": "per_1000", "lang": "en"}).json()

    assert (figures["title"], figures["unit"]) == ("Cases per 1,000 residents", "")
    texts = [row[2] for row in figures["figures"] if row]
    assert all(text.endswith("per 1,000 residents") for text in texts if "small" not in text)


def test_the_days_of_an_address_run_up_to_the_last_one_not_included(get):
    one = {"level": "subdistrict", "by": "n_new", "period": "own"}

    def count(first, after):
        figures = get("/api/values", {**one, "from": first, "to": after}).json()
        return sum(figures["figures"][row][0] for row in figures["rows"])

    assert count("2026-10-01", "2026-10-03") == count("2026-10-01", "2026-10-02") + count(
        "2026-10-02", "2026-10-03"
    )


def test_a_layer_is_made_once_while_the_data_stay(get, monkeypatch):
    made = []
    original = routes.ANSWERS["heat"]
    monkeypatch.setattr(routes, "_layers", RenderCache(10_000_000))
    monkeypatch.setattr(
        routes, "ANSWERS", {**routes.ANSWERS, "heat": lambda *given: made.append(1) or original(*given)}
    )

    first, second = get("/api/heat"), get("/api/heat", {"v": "7", "lang": "en"})

    assert first.headers["etag"] == second.headers["etag"]
    assert len(made) == 1


def test_a_new_batch_gives_a_new_answer(monkeypatch, get, new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai") as second:
        fill_small_store(second, n_cases=50)
        routes.set_store_provider(lambda: second)
        before = get("/api/heat")
        batch = second.list_batches()
        cases = batch.loc[batch["kind"] == "cases", "batch_id"].iloc[0]
        second.undo_batch(cases, actor="test", undone_at=NOON)

        after = get("/api/heat", headers={"if-none-match": before.headers["etag"]})

        assert after.status == 200
        assert after.json() == []


def test_health_tells_the_version_and_nothing_else(get):
    answer = get("/healthz", token="")

    assert answer.status == 200
    assert answer.json() == {"ok": True, "version": "0.1.0"}


def test_a_preview_is_kept_under_its_digest_and_needs_a_token(get):
    content = b'{"type":"FeatureCollection","features":[]}'
    path = routes.keep_preview(content)

    assert routes.keep_preview(content) == path
    assert get(path).text.encode() == content
    assert get(path, token="").status == 403
    assert get("/api/preview/" + "0" * 32).status == 404


def test_assets_may_be_kept_for_a_year_and_nothing_beside_them_is_served(get):
    answer = get(f"{ASSET_PATH}/vendor/leaflet/dist/leaflet.js", token="")
    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]

    assert get(f"{ASSET_PATH}/ui/map.js", token="").status == 200
    assert get(f"{ASSET_PATH}/ui/../routes.py", token="").status == 404
    assert get("/assets/000000000000/ui/map.js", token="").status == 404


def test_a_token_lives_one_to_two_hours_and_stays_the_same_within_an_hour():
    grant = Grant("all", "s")
    token = mint(grant, now_s=7200)

    assert mint(grant, now_s=10799.9) == token
    assert mint(grant, now_s=10800) != token
    assert verify(token, now_s=14399) == grant
    assert verify(token, now_s=14400) == "expired"
    assert verify(token[:-1], now_s=7200) == "bad"


def test_a_token_that_is_signed_but_shaped_otherwise_is_bad():
    assert verify(tokens._SERIALIZER.dumps(["all"])) == "bad"
    assert verify(tokens._SERIALIZER.dumps({"a": 1, "b": 2, "c": 3})) == "bad"


def test_the_cache_throws_out_what_was_asked_longest_ago_and_stays_in_its_bound():
    cache = RenderCache(10)
    made = []

    def ask(key, size=4):
        return cache.get(key, lambda: made.append(key) or b"x" * size)

    ask("a"), ask("b"), ask("a"), ask("c")
    assert cache.n_bytes <= 10
    ask("a"), ask("b")
    assert made == ["a", "b", "c", "b"]
    ask("huge", 11)
    assert cache.n_bytes <= 10


def test_a_failure_is_not_kept():
    cache = RenderCache(10)

    def fail():
        raise ValueError("once")

    with pytest.raises(ValueError, match="once"):
        cache.get("a", fail)
    assert cache.get("a", lambda: b"x") == b"x"


def test_many_who_ask_at_once_wait_for_one_maker():
    cache = RenderCache(100)
    barrier, made, lock = threading.Barrier(8), [], threading.Lock()
    gate = threading.Event()

    def make():
        with lock:
            made.append(1)
        gate.wait(5)
        return b"x"

    def ask():
        barrier.wait()
        cache.get("a", make)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert len(made) == 1
