"""`boundaries check` tells every problem and answers 1 where one blocks; `boundaries repair` writes a new file."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
import shapely

from geo.cli import main


@pytest.fixture
def overlapping(tmp_path, monkeypatch):
    monkeypatch.setenv("GETU_STORE_URL", f"duckdb:{tmp_path}/store.duckdb")
    monkeypatch.setenv("GETU_LANGUAGE", "en")
    path = tmp_path / "grids.geojson"
    shapes = [shapely.box(104, 30, 104.01, 30.01), shapely.box(104.009, 30, 104.02, 30.01)]
    gpd.GeoDataFrame({"area_id": ["a", "b"]}, geometry=shapes, crs=4326).to_file(path, driver="GeoJSON")
    return path


def run(capsys, *args: object) -> tuple[int, str]:
    code = main([str(arg) for arg in args])
    return code, capsys.readouterr().out


def test_a_check_that_finds_an_overlap_answers_1_and_writes_the_findings(overlapping, capsys, tmp_path):
    out = tmp_path / "found.gpkg"
    options = ("--level", "grid", "--coord-sys", "wgs84", "--column", "area_id=area_id")
    code, text = run(capsys, "boundaries", "check", overlapping, *options, "--out", out, "--remedies")
    assert code == 1
    assert "a and b overlap" in text and "to_area:a" in text
    assert "overlap" in gpd.read_file(out)["rule"].tolist()
    before = overlapping.read_bytes()
    draft = tmp_path / "draft.geojson"
    code, text = run(capsys, "boundaries", "repair", overlapping, *options, "--out", draft,
                     "--rule", "overlap=to_area:a", "--most-percent", 50, "--json")  # fmt: skip
    assert code == 0, text
    assert [change["area_id"] for change in json.loads(text)["changes"]] == ["a", "b"]
    assert overlapping.read_bytes() == before
    code, text = run(capsys, "boundaries", "check", draft, *options, "--json")
    assert code == 0 and json.loads(text)["counts"]["blocks"] == 0


def test_a_repair_above_the_ceiling_answers_1_and_changes_nothing(overlapping, capsys, tmp_path):
    draft = tmp_path / "draft.geojson"
    code, text = run(capsys, "boundaries", "repair", overlapping, "--level", "grid", "--coord-sys", "wgs84",
                     "--out", draft, "--rule", "overlap=split", "--json")  # fmt: skip
    assert code == 1
    assert json.loads(text)["changes"] == [] and len(json.loads(text)["refused"]) == 1


def test_a_level_without_areas_is_told(overlapping, capsys):
    assert run(capsys, "boundaries", "check", "--level", "grid")[0] == 1
