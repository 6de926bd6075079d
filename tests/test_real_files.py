"""The program on real files of four cities, held to numbers worked out from the same files by other means.

The files go in by command. What is expected is counted here with pandas, geopandas and pyproj, from the
files alone; figures that are written out were published beside the files or counted by hand once.
"""

from __future__ import annotations

import contextlib
import io
import json

import geopandas as gpd
import pandas as pd
import pytest
from pyproj import Geod

from geo.analysis.periods import PERIOD_NAMES
from geo.cli import main
from geo.settings import Settings
from geo.store.base import CaseFilter, Store
from geo.tasks.areas import find_area
from geo.tasks.dashboards import choose_period, make_dashboard
from geo.tasks.opening import open_store

pytestmark = pytest.mark.realdata

FIRST_ROW = 2
"""Row number of the first record of a CSV: the header is row 1."""
AUTUMN = ("--period", "own", "--from", "2011-07-01", "--to", "2012-01-01")
BOSTON_START, BOSTON_END = pd.Timestamp("2011-07-01"), pd.Timestamp("2012-01-01")


class City:
    """A store of its own, filled by commands."""

    def __init__(self, url: str, time_zone: str) -> None:
        self.settings = Settings(store_url=url, time_zone=time_zone)

    def say(self, *words: object) -> str:
        """Run a command that succeeds; return what it said."""
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
            patch.setenv("GETU_STORE_URL", self.settings.store_url)
            patch.setenv("GETU_TIME_ZONE", self.settings.time_zone)
            assert main([str(word) for word in words]) == 0
        return said.getvalue()

    def tell(self, *words: object) -> dict:
        """Run a command that succeeds; return its facts."""
        return json.loads(self.say(*words, "--json"))

    def measure(self, level: str, *period: str) -> pd.DataFrame:
        """Return the indicators of all areas of a level, by their code."""
        rows = self.tell("indicators", "--of-level", level, *period)["areas"]
        return pd.DataFrame(rows).set_index("area_id")

    def open(self) -> Store:
        return open_store(self.settings)


def places_of(cases: pd.DataFrame, lon: str, lat: str, areas: gpd.GeoDataFrame, code: str) -> pd.Series:
    """Return the code of the area that geopandas finds for each row; of several the first by code point."""
    points = gpd.points_from_xy(cases[lon].astype(float), cases[lat].astype(float), crs=4326)
    joined = gpd.GeoDataFrame(index=cases.index, geometry=points).sjoin(
        areas[[code, "geometry"]].to_crs(4326), how="left", predicate="intersects"
    )
    return joined.groupby(level=0)[code].min().reindex(cases.index)


def rows_in_file(mask: pd.Series) -> list[int]:
    """Return the row numbers of the marked records of a file that has one record a line."""
    return [position + FIRST_ROW for position in mask.to_numpy().nonzero()[0].tolist()]


# --- Boston 2011 --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def boston(shared_data, tmp_path_factory, new_store):
    city = City(new_store(tmp_path_factory.mktemp("boston")), "America/New_York")
    folder = shared_data / "cases" / "boston"
    city.areas = city.tell(
        "import-boundaries", folder / "Boston_Neighborhoods.geojson", "--level", "community", "--confirm"
    )
    city.cases = city.tell(
        "import-cases",
        folder / "boston_311_2011.zip",
        "--source",
        "boston311",
        "--coord-sys",
        "wgs84",
        "--confirm",
    )
    return city


@pytest.fixture(scope="module")
def boston_file(shared_data) -> pd.DataFrame:
    """The cases as pandas reads them, with the neighbourhood geopandas finds."""
    folder = shared_data / "cases" / "boston"
    table = pd.read_csv(folder / "boston_311_2011.zip", dtype=str)
    for name in ("open_dt", "target_dt", "closed_dt"):
        table[name] = pd.to_datetime(table[name])
    areas = gpd.read_file(folder / "Boston_Neighborhoods.geojson")
    table["area_id"] = places_of(
        table, "longitude", "latitude", areas.assign(geometry=areas.make_valid()), "Neighborhood_ID"
    )
    return table


def count_on_time(table: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Count due and on time as the indicator defines them, in local times, by neighbourhood.

    Whether a closed case was on time is taken from the file's own column `ontime`.
    """
    due_at, closed_at = table["target_dt"], table["closed_dt"]
    is_open = closed_at.isna() | (closed_at >= end)
    in_period = (due_at >= start) & (due_at < end)
    ahead = (due_at >= end) & (closed_at >= start) & (closed_at < end)
    carried = (due_at < start) & (closed_at.isna() | (closed_at >= start))
    is_due = (table["open_dt"] < end) & (in_period | ahead | carried)
    on_time = is_due & ~is_open & table["ontime"].eq("ONTIME")
    counts = pd.DataFrame({"n_due": is_due, "n_on_time": on_time})
    return counts.groupby(table["area_id"]).sum()


def test_boston_is_taken_whole(boston):
    assert (boston.areas["n_new"], boston.areas["n_rejected"]) == (26, 0)
    assert (boston.cases["n_new"], boston.cases["n_rejected"]) == (58_251, 0)
    summary = boston.tell("check")
    assert summary["problems"] == []
    assert (summary["n_areas"], summary["n_cases"], summary["n_unlocated"]) == ({"community": 26}, 58_251, 0)


def test_boston_lies_inside_its_neighbourhoods_but_for_the_cases_geopandas_leaves_out_too(
    boston, boston_file
):
    outside = boston_file["area_id"].isna()
    assert 1 - outside.mean() == pytest.approx(0.9997, abs=5e-5)
    assert boston.cases["outside"] == boston_file.loc[outside, "case_enquiry_id"].tolist()


def test_every_case_of_boston_has_the_neighbourhood_geopandas_finds(boston, boston_file):
    with boston.open() as store:
        found = store.list_cases(CaseFilter(), columns=["source_no", "community_id"])
    expected = boston_file.set_index("case_enquiry_id")["area_id"].astype("str")
    pd.testing.assert_series_equal(
        found.set_index("source_no")["community_id"].sort_index().astype("str"),
        expected.sort_index(),
        check_names=False,
    )


def test_boston_calls_a_closed_case_on_time_where_we_do(boston_file):
    closed = boston_file.dropna(subset=["target_dt", "closed_dt"])
    assert len(closed) == 43_821
    assert closed["ontime"].eq("ONTIME").equals(closed["closed_dt"] <= closed["target_dt"])


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (AUTUMN, BOSTON_START, BOSTON_END),
        (("--period", "month", "--from", "2011-07-01"), BOSTON_START, pd.Timestamp("2011-08-01")),
        (
            ("--period", "month", "--from", "2011-11-01"),
            pd.Timestamp("2011-11-01"),
            pd.Timestamp("2011-12-01"),
        ),
        (("--period", "quarter", "--from", "2011-10-01"), pd.Timestamp("2011-10-01"), BOSTON_END),
    ],
    ids=["half a year", "July", "November", "fourth quarter"],
)
def test_on_time_shares_of_boston_follow_from_the_files_own_column(boston, boston_file, period, start, end):
    found = boston.measure("community", *period)
    expected = count_on_time(boston_file, start, end).reindex(found.index, fill_value=0)
    assert found["n_due"].tolist() == expected["n_due"].tolist()
    assert found["n_on_time"].tolist() == expected["n_on_time"].tolist()
    shares = expected["n_on_time"] / expected["n_due"].where(expected["n_due"] > 0)
    assert found["on_time_share"].tolist() == pytest.approx(shares.tolist(), nan_ok=True)


def test_counts_of_boston_follow_from_its_moments(boston, boston_file):
    found = boston.measure("community", *AUTUMN)
    table = boston_file.assign(
        n_closed=boston_file["closed_dt"] < BOSTON_END,
        n_open=~(boston_file["closed_dt"] < BOSTON_END),
        n_overdue=~(boston_file["closed_dt"] < BOSTON_END) & (boston_file["target_dt"] < BOSTON_END),
        n_new=1,
    )
    names = ["n_new", "n_closed", "n_open", "n_overdue"]
    expected = table.groupby("area_id")[names].sum().reindex(found.index, fill_value=0)
    pd.testing.assert_frame_equal(found[names].astype(int), expected.astype(int), check_names=False)


def test_the_dashboard_of_dorchester_shows_the_share_the_command_tells(boston):
    period = {"start_on": BOSTON_START.date(), "end_on": BOSTON_END.date()}
    told = boston.measure("community", *AUTUMN).loc["6"]
    with boston.open() as store:
        periods = choose_period(store, "own", **period)
        board = make_dashboard(store, find_area(store, "6"), period=periods.chosen, before=periods.before)
        card = next(card for card in board.cards if card.key == "on_time_share")
        assert board.area.name == "Dorchester"
        assert card.value == told["on_time_share"]
        assert card.n_cases == store.count_cases(card.cases) == told["n_due"]
    assert f"{told['on_time_share'] * 100:.1f}% closed on time" in board.sentences["en"]


def test_the_point_that_carries_4775_cases_of_boston_is_flagged_and_no_other(boston, boston_file):
    loads = boston_file.groupby(["longitude", "latitude"]).size()
    (lon, lat), most = loads.idxmax(), int(loads.max())
    assert most == 4_775
    assert [(p["lon"], p["lat"], p["n"]) for p in boston.cases["pile_ups"]] == [
        (float(lon), float(lat), most)
    ]
    with boston.open() as store:
        periods = choose_period(store, "own", start_on=BOSTON_START.date(), end_on=BOSTON_END.date())
        board = make_dashboard(store, find_area(store, "7"), period=periods.chosen, before=periods.before)
        calm = make_dashboard(store, find_area(store, "6"), period=periods.chosen, before=periods.before)
    assert board.area.name == "Downtown"
    assert board.pile_ups["n"].tolist() == [most]
    assert [(part.code, part.n) for part in board.left_out if part.code == "piled"] == [("piled", most)]
    assert calm.pile_ups.empty


def test_boston_opens_on_the_last_month_that_has_reports(boston):
    told = boston.tell("indicators", "--all")
    assert told["start"] == "2011-12-01T05:00:00+00:00"
    assert told["counts"]["n_new"] > 0


# --- Tainan -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tainan(shared_data, tmp_path_factory, new_store):
    city = City(new_store(tmp_path_factory.mktemp("tainan")), "Asia/Taipei")
    areas = sorted((shared_data / "boundaries" / "tainan_basecode").glob("*.json"))
    city.areas = city.tell(
        "import-boundaries", *areas, "--level", "microgrid", "--coord-sys", "wgs84", "--confirm"
    )
    city.people = city.tell(
        "import-population", shared_data / "population" / "tainan_basecode_population_2016.csv",
        "--source", "census", "--column", "area_id=CODEBASE", "--column", "residents=P_CNT",
        "--column", "households=H_CNT", "--confirm",
    )  # fmt: skip
    city.cases = city.tell(
        "import-cases", shared_data / "messy" / "tainan_dengue_cases_0829_big5.csv", "--source", "dengue",
        "--coord-sys", "wgs84", "--confirm",
    )  # fmt: skip
    return city


@pytest.fixture(scope="module")
def tainan_areas(shared_data) -> gpd.GeoDataFrame:
    files = sorted((shared_data / "boundaries" / "tainan_basecode").glob("*.json"))
    return pd.concat([gpd.read_file(file) for file in files], ignore_index=True)


@pytest.fixture(scope="module")
def dengue(shared_data, tainan_areas) -> pd.DataFrame:
    content = (shared_data / "messy" / "tainan_dengue_cases_0829_big5.csv").read_bytes().decode("big5hkscs")
    table = pd.read_csv(io.StringIO(content, newline=""), dtype=str)
    areas = places_of(table, "經度座標", "緯度座標", tainan_areas, "CODEBASE")
    return table.assign(area_id=areas)


def test_tainan_has_6102_microgrids_with_the_people_of_2016(tainan, tainan_areas, shared_data):
    assert (tainan.areas["n_new"], tainan.areas["n_rejected"]) == (6_102, 0)
    file = pd.read_csv(shared_data / "population" / "tainan_basecode_population_2016.csv").set_index(
        "CODEBASE"
    )
    known = file.reindex(tainan_areas["CODEBASE"])
    with tainan.open() as store:
        stored = store.residents("microgrid").set_index("area_id")
    for ours, theirs in (("residents", "P_CNT"), ("households", "H_CNT")):
        expected = known[theirs].sort_index()
        assert stored[ours].astype(float).sort_index().tolist() == pytest.approx(
            expected.tolist(), nan_ok=True
        )
    assert stored["residents"].notna().mean() == pytest.approx(0.924, abs=5e-4)
    assert int(stored["residents"].sum()) == 1_011_040
    assert (tainan.people["n_changed"], tainan.people["n_read"]) == (5_638, 11_870)


def test_figures_of_tainan_without_a_boundary_are_told(tainan):
    (note,) = tainan.people["notes"]
    assert note["severity"] == "warns"
    assert "6,232 codes" in note["text"]


def test_the_dengue_list_is_read_in_the_one_encoding_that_is_right(tainan, dengue):
    assert tainan.cases["encoding"] == "big5hkscs"
    assert (tainan.cases["n_new"], tainan.cases["n_rejected"]) == (729, 0)
    with tainan.open() as store:
        stored = store.read("cases", columns=["source_no", "address", "stated_area", "reported_at"])
    stored = stored.set_index("source_no").loc[dengue["編號"]]
    assert stored["address"].tolist() == dengue["道路名稱"].str.strip().tolist()
    days = pd.to_datetime(dengue["確診日期"]).dt.tz_localize("Asia/Taipei")
    assert stored["reported_at"].tolist() == days.dt.tz_convert("UTC").tolist()


def test_dengue_cases_have_the_microgrid_geopandas_finds(tainan, dengue):
    assert int(dengue["area_id"].isna().sum()) == 48
    assert tainan.cases["outside"] == dengue.loc[dengue["area_id"].isna(), "編號"].tolist()
    found = tainan.measure("microgrid", "--period", "month")
    expected = dengue.groupby("area_id").size().reindex(found.index, fill_value=0)
    assert found["n_new"].astype(int).tolist() == expected.tolist()


def test_rates_of_tainan_are_cases_over_residents(tainan):
    found = tainan.measure("microgrid", "--period", "month")
    has_people = found["residents"].fillna(0) > 0
    assert found.loc[~has_people, "per_1000"].isna().all()
    rates = found["n_rated"] * 1000 / found["residents"]
    assert found.loc[has_people, "per_1000"].tolist() == pytest.approx(rates[has_people].tolist())
    assert (
        found["n_new"] - found["n_rated"]
    ).max() == 20  # the cases of four villages on one point of one street


# --- Shenzhen -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shenzhen(shared_data, tmp_path_factory, new_store):
    city = City(new_store(tmp_path_factory.mktemp("shenzhen")), "Asia/Shanghai")
    city.zones = city.tell(
        "import-boundaries", shared_data / "boundaries" / "shenzhen_taz" / "SZ_districts.shp",
        "--level", "grid", "--column", "area_id=TAZID", "--confirm",
    )  # fmt: skip
    city.command = (
        "import-facilities", shared_data / "facilities" / "shenzhen_ev_stations_urbanev.csv",
        "--source", "urbanev", "--kind", "car_charger", "--coord-sys", "wgs84",
    )  # fmt: skip
    city.said = city.say(*city.command)
    city.stations = city.tell(*city.command, "--confirm")
    return city


@pytest.fixture(scope="module")
def zones(shared_data) -> gpd.GeoDataFrame:
    return gpd.read_file(shared_data / "boundaries" / "shenzhen_taz" / "SZ_districts.shp").to_crs(4326)


def test_exactly_57_stations_of_shenzhen_are_listed_as_outside(shenzhen, zones, shared_data):
    assert (shenzhen.zones["n_new"], shenzhen.stations["n_new"]) == (491, 1_362)
    assert (shenzhen.zones["n_rejected"], shenzhen.stations["n_rejected"]) == (0, 0)
    file = pd.read_csv(shared_data / "facilities" / "shenzhen_ev_stations_urbanev.csv", dtype=str)
    outside = places_of(file, "longitude", "latitude", zones, "TAZID").isna()
    assert int(outside.sum()) == 57
    assert shenzhen.stations["outside"] == file.loc[outside, "station_id"].tolist()
    first = ", ".join(file.loc[outside, "station_id"].head(8))
    assert f"Outside every area (57): {first}" in shenzhen.said


def test_surfaces_of_shenzhen_are_geodesic_not_those_of_the_web_mercator_file(shenzhen, zones):
    with shenzhen.open() as store:
        stored = store.residents("grid").set_index("area_id")["area_m2"]
    geod = Geod(ellps="WGS84")
    expected = [abs(geod.geometry_area_perimeter(shape)[0]) for shape in zones.geometry]
    stored = stored.loc[zones["TAZID"].astype(int).astype(str)]
    assert stored.tolist() == pytest.approx(expected, rel=1e-3)


def test_the_same_stations_again_add_nothing(shenzhen):
    again = shenzhen.tell(*shenzhen.command)
    assert (again["n_new"], again["n_changed"], again["n_unchanged"]) == (0, 0, 1_362)


# --- New York -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def new_york(shared_data, tmp_path_factory, new_store):
    city = City(new_store(tmp_path_factory.mktemp("new_york")), "America/New_York")
    folder = shared_data / "cases" / "nyc"
    city.areas = city.tell(
        "import-boundaries", folder / "nyc_community_districts.geojson", "--level", "community", "--confirm"
    )
    cases = ("import-cases", folder / "nyc311_mixed_5895.csv", "--source", "nyc311", "--coord-sys", "wgs84")
    city.said = city.say(*cases)
    city.cases = city.tell(*cases, "--confirm")
    return city


@pytest.fixture(scope="module")
def new_york_file(shared_data) -> pd.DataFrame:
    folder = shared_data / "cases" / "nyc"
    table = pd.read_csv(folder / "nyc311_mixed_5895.csv", dtype=str)
    for name in ("Created Date", "Closed Date"):
        table[name] = pd.to_datetime(table[name], format="%m/%d/%Y %I:%M:%S %p")
    districts = gpd.read_file(folder / "nyc_community_districts.geojson")
    located = table.dropna(subset=["Longitude", "Latitude"])
    areas = places_of(located, "Longitude", "Latitude", districts, "BoroCD")
    return table.assign(area_id=areas.astype("Int64").astype("string").reindex(table.index))


def test_new_york_is_taken_whole(new_york):
    assert (new_york.areas["n_new"], new_york.areas["n_rejected"]) == (71, 0)
    assert (new_york.cases["n_new"], new_york.cases["n_rejected"]) == (5_895, 0)
    assert new_york.tell("check")["n_cases"] == 5_895


def test_rows_of_new_york_closed_before_they_were_opened_are_told_and_kept(new_york, new_york_file):
    backwards = new_york_file["Closed Date"] < new_york_file["Created Date"]
    assert int(backwards.sum()) == 2
    assert new_york.cases["remarks"]["case_closed_before_reported"] == 2
    assert f"Row {rows_in_file(backwards)[0]}: " in new_york.said
    numbers = new_york_file.loc[backwards, "Unique Key"].tolist()
    with new_york.open() as store:
        kept = store.list_cases(CaseFilter(is_negative=True), columns=["source_no"])
        counts = store.count_cases(CaseFilter(is_negative=True))
    assert sorted(kept["source_no"]) == sorted(numbers)
    assert counts == 2


def test_rows_of_new_york_without_coordinates_are_counted_everywhere(new_york, new_york_file):
    assert int(new_york_file["Latitude"].isna().sum()) == 57
    assert new_york.tell("check")["n_unlocated"] == 57
    assert new_york.cases["placement"]["n_unlocated"] == 57
    whole = new_york.tell(
        "indicators", "--all", "--period", "own", "--from", "2010-01-01", "--to", "2026-01-01"
    )
    assert (whole["counts"]["n_new"], whole["counts"]["n_unlocated"]) == (5_895, 57)


def test_american_dates_are_read_month_first_in_local_time(new_york, new_york_file):
    with new_york.open() as store:
        stored = store.read("cases", columns=["source_no", "reported_at"]).set_index("source_no")
    local = stored["reported_at"].dt.tz_convert("America/New_York").dt.tz_localize(None)
    assert local.loc[new_york_file["Unique Key"]].tolist() == new_york_file["Created Date"].tolist()


def test_new_york_agrees_with_its_own_community_boards(new_york, new_york_file):
    with new_york.open() as store:
        found = store.list_cases(CaseFilter(is_located=True), columns=["source_no", "community_id"])
    found = found.set_index("source_no")["community_id"]
    expected = new_york_file.dropna(subset=["Latitude"]).set_index("Unique Key")
    assert found.dropna().sort_index().to_dict() == expected["area_id"].dropna().sort_index().to_dict()
    board = expected["Community Board"].str.extract(r"^(?P<number>\d\d) (?P<borough>.+)$")
    boroughs = {"MANHATTAN": "1", "BRONX": "2", "BROOKLYN": "3", "QUEENS": "4", "STATEN ISLAND": "5"}
    stated = (board["borough"].map(boroughs) + board["number"]).dropna()
    agreeing = (found.reindex(stated.index) == stated).sum()
    assert (len(stated), int(agreeing)) == (5_836, 5_781)


@pytest.mark.parametrize("name", [name for name in PERIOD_NAMES if name != "own"])
def test_every_kind_of_period_opens_on_data_that_end_years_before_today(new_york, name):
    assert new_york.tell("indicators", "--all", "--period", name)["counts"]["n_open"] > 0
