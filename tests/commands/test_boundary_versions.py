"""Versions of boundaries from the command line: drafted, compared, published by a bill, asked for, exported."""

from __future__ import annotations

import json
from datetime import date

import geopandas as gpd
import openpyxl
import pytest

from geo.cli import main
from geo.store import open_store
from tests.tasks.test_boundary_versions import bring, draft, store_district


@pytest.fixture
def store_url(new_store, tmp_path, monkeypatch):
    url = new_store(tmp_path)
    monkeypatch.setenv("GETU_STORE_URL", url)
    monkeypatch.setenv("GETU_ACCESS_FILE", str(tmp_path / "access.json"))
    monkeypatch.chdir(tmp_path)
    with open_store(url, time_zone="Asia/Shanghai") as store:
        bring(store, level="community", K=(0, 6))
        store_district(store)
        draft(store)
    return url


@pytest.fixture
def run(store_url, capsys):
    def call(*args, code=0):
        assert main([str(arg) for arg in args]) == code
        said = capsys.readouterr()
        return json.loads(said.out) if "--json" in args else said.out + said.err

    return call


def test_sets_are_listed_with_their_days_and_authors(run):
    said = run("boundaries", "sets", "--level", "grid")
    assert "grid-1: grid, published, from (open) to (open)" in said
    assert "grid-2: grid, draft" in said
    assert "brought in by li" in said
    assert [row["set_id"] for row in run("boundaries", "sets", "--on", "2026-07-01", "--json")["sets"]] == [
        "community-1", "grid-1",
    ]  # fmt: skip


def test_the_bill_is_shown_and_nothing_published_without_confirm(run, tmp_path):
    said = run("boundaries", "publish", "grid-2", "--on", "2026-07-01", "--out", tmp_path / "bill.xlsx")
    for part in (
        "Areas: split 1, merged 1.",
        "households 36, residents 90, elders 9",
        "facilities 2, open cases 4 (overdue: 1)",
        "grid-1 ends on that day",
        "nothing vouches for the two names",
        "Run it again with --confirm",
    ):
        assert part in said
    book = openpyxl.load_workbook(tmp_path / "bill.xlsx")
    assert (
        book.sheetnames[:5] == ["Changes", "People", "Facilities", "Open cases", "Staff"]
        or len(book.sheetnames) == 6
    )
    statuses = {row["set_id"]: row["status"] for row in run("boundaries", "sets", "--json")["sets"]}
    assert statuses["grid-2"] == "draft"


def test_the_bill_in_chinese(run, monkeypatch):
    monkeypatch.setenv("GETU_LANGUAGE", "zh")
    said = run("boundaries", "publish", "grid-2", "--on", "2026-07-01")
    assert "区域：拆分 1，合并 1。" in said
    assert "在办案件 4 件（其中超期 1 件）" in said


@pytest.mark.parametrize("part", ["changes", "people", "facilities", "cases", "staff"])
def test_one_list_of_the_bill_as_csv(run, tmp_path, part):
    file = tmp_path / "bill.csv"
    run("boundaries", "publish", "grid-2", "--on", "2026-07-01", "--out", file, "--list", part)
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    n = {"changes": 4, "people": 3, "facilities": 2, "cases": 4, "staff": 2}[part]
    assert len([line for line in lines[1:] if line and not line.startswith('"#"')]) == n


def test_published_then_asked_as_then_as_now_and_as_of_a_set_then_taken_back(run):
    told = run("boundaries", "publish", "grid-2", "--on", "2026-07-01", "--confirm", "--json")
    assert told["counts"]["split"] == 1
    level = ("indicators", "--of-level", "grid", "--from", "2026-03-01", "--json")

    def new(*more):
        answer = run(*level, *more)
        return answer["basis"], {row["area_id"]: row["n_new"] for row in answer["areas"] if row["n_new"]}

    assert new() == ("current", {"A": 1, "A2": 2, "BC": 1})
    assert new("--basis", "reported") == ("reported", {"A": 3, "B": 1, "C": 1})
    assert new("--basis", "grid-1") == ("grid-1", {"A": 3, "B": 1, "C": 1})
    whole = [
        run("indicators", "--all", "--from", "2026-03-01", "--json", "--basis", basis)["counts"]["n_new"]
        for basis in ("current", "reported", "grid-1", "grid-2", "community-1")
    ]
    assert whole == [7] * 5
    run("undo", told["batch_id"])
    assert new()[1] == {"A": 3, "B": 1, "C": 1}


def test_former_areas_are_told_beside_as_then(run):
    run("boundaries", "publish", "grid-2", "--on", "2026-07-01", "--confirm")
    said = run("indicators", "--of-level", "grid", "--from", "2026-08-01", "--basis", "reported")
    assert "B, which was no more on the last day: new 0, closed 0, open 1" in said


def test_two_sets_are_compared_and_shared_out(run, tmp_path):
    said = run("boundaries", "diff", "grid-1", "grid-2", "--out", tmp_path / "diff.csv")
    assert "split: A → A2" in said
    assert "merged: C → BC" in said
    shares = run("boundaries", "crosswalk", "grid-1", "grid-2", "--by", "households", "--json")["shares"]
    assert {(row["from_id"], row["to_id"]): round(row["share"], 6) for row in shares} == {
        ("A", "A"): 0.333333, ("A", "A2"): 0.666667, ("B", "BC"): 1.0, ("C", ""): 1.0,
    }  # fmt: skip
    run("boundaries", "crosswalk", "grid-1", "grid-2", "--out", tmp_path / "crosswalk.xlsx")
    assert (tmp_path / "crosswalk.xlsx").stat().st_size > 1000
    assert "different levels" in run("boundaries", "diff", "grid-1", "community-1", code=1)
    assert "nothing in the store to weigh by: addresses" in run(
        "boundaries", "crosswalk", "grid-1", "grid-2", "--by", "addresses", code=1
    )


@pytest.mark.parametrize("ending", ["geojson", "gpkg"])
def test_a_set_that_was_exported_comes_in_again_as_the_same_layer(run, tmp_path, ending, store_url):
    file = tmp_path / f"grids.{ending}"
    run("boundaries", "export", file, "--set", "grid-2")
    before = gpd.read_file(file)
    run("import-boundaries", file, "--level", "grid", "--draft", "--confirm", "--coord-sys", "wgs84")
    again = tmp_path / f"again.{ending}"
    run("boundaries", "export", again, "--set", "grid-3")
    after = gpd.read_file(again)
    assert after["area_id"].tolist() == before["area_id"].tolist() == ["A", "A2", "BC"]
    assert after["name"].tolist() == before["name"].tolist()
    assert after.geometry.geom_equals_exact(before.geometry, 1e-9).all()
    assert run("boundaries", "diff", "grid-2", "grid-3", "--json")["counts"]["unchanged"] == 3


def test_what_was_in_force_on_a_day_is_exported(run, tmp_path):
    run("boundaries", "publish", "grid-2", "--on", "2026-07-01", "--confirm")
    for day, codes in (("2026-06-30", ["A", "B", "C"]), ("2026-07-01", ["A", "A2", "BC"])):
        run("boundaries", "export", tmp_path / "then.geojson", "--level", "grid", "--on", day)
        assert gpd.read_file(tmp_path / "then.geojson")["area_id"].tolist() == codes
    run("boundaries", "retire", "grid-2", "--on", "2026-10-01")
    assert "grid, retired, from 2026-07-01 to 2026-10-01" in run("boundaries", "sets", "--level", "grid")
    assert "cannot be written as shp" in run("boundaries", "export", "x.shp", "--set", "grid-1", code=1)


def test_where_a_proxy_names_people_the_operator_is_held_to_two_as_well(run, monkeypatch):
    monkeypatch.setenv("GETU_TRUSTED_PROXY", "10.0.0.5")
    monkeypatch.setenv("GETU_USER_HEADER", "X-Forwarded-User")
    given = ("boundaries", "publish", "grid-2", "--on", "2026-07-01", "--confirm", "--actor")
    assert "li brought boundary set grid-2 in and cannot publish it too" in run(*given, "li", code=1)
    assert "Two people: li brought it in, wang publishes it." in run(*given, "wang")


def test_a_day_to_come_is_refused(run):
    day = date(2999, 1, 1).isoformat()
    assert "has not come yet" in run("boundaries", "publish", "grid-2", "--on", day, code=1)
