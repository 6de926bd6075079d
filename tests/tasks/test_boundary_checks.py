"""One pass lists every problem of a boundary file or a stored level, and a repair leaves the original alone."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
import shapely

from geo.analysis.findings import RULES, is_blocked
from geo.errors import ChoiceError, MissingError
from geo.intake.boundaries import BoundaryChoices
from geo.intake.layers import read_layer
from geo.intake.limits import Limits
from geo.present.documents import write_geopackage
from geo.store import open_store
from geo.tasks.boundary_checks import check_layer, check_stored, choose_remedies, list_remedies, repair
from geo.tasks.boundary_words import say_finding, tell_verdict, write_findings
from tests.intake.boundary_files import BOW_TIE, HOLE_OUTSIDE, layer_of, square


@pytest.fixture
def store(new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai") as opened:
        yield opened


def check(store, *features, level="grid", **choices):
    named = {"id_column": "code", "coord_sys": "wgs84"} | choices
    return check_layer(store, layer_of(*features), BoundaryChoices(area_level=level, **named))


MESSY = (
    ({"code": "510104001002001", "名称": "甲网格"}, square(104)),
    ({"code": "510104001002002", "名称": "甲網格"}, square(104.01)),
    ({"code": "510104001002003", "名称": "乙"}, BOW_TIE),
    ({"code": "4.30102E+17", "名称": "丙"}, square(104.03)),
    ({"code": "510104001002005", "名称": "丁"}, square(104.015)),
    ({"code": "510104001002006", "名称": "戊"}, HOLE_OUTSIDE),
    ({"code": "510104001002007", "名称": "己"}, None),
    ({"code": "51010400100207", "名称": "庚"}, square(104.05)),
)


def test_one_pass_lists_every_problem_with_feature_id_rule_place_size_and_severity(store):
    found = check(store, *MESSY, name_column="名称")
    told = {
        (rule, severity, None if row != row else row)
        for rule, severity, row in found.findings[["rule", "severity", "row"]]
        .astype(object)
        .to_numpy()
        .tolist()
    }
    assert told == {
        ("polygon_invalid", "blocks", 3), ("shape_crosses_itself", "warns", 3),
        ("place_id_damaged", "blocks", 4), ("polygon_invalid", "blocks", 6), ("shape_hole_outside", "warns", 6),
        ("geometry_missing", "blocks", 7), ("overlap", "blocks", 2), ("code_not_of_scheme", "warns", 8),
        ("place_names_alike", "warns", 1), ("place_names_alike", "warns", 2),
        ("edge_not_matching", "note", 2), ("edge_not_matching", "note", 5),
    }  # fmt: skip
    overlap = found.findings.set_index("rule").loc["overlap"]
    assert (overlap.area_id, overlap.other_id, overlap.unit) == ("510104001002002", "510104001002005", "m2")
    assert overlap["size"] == pytest.approx(0.005 * 0.01 * 95_830 * 110_860, rel=0.01)
    assert (overlap.lon, overlap.lat) == pytest.approx((104.0175, 30.605), abs=0.003)
    assert is_blocked(found.findings) and found.n_read == 8


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_finding_is_a_sentence_in_both_languages(store, language):
    found = check(store, *MESSY, name_column="名称")
    sentences = [say_finding(row, language) for _, row in found.findings.iterrows()]
    assert all(sentences) and not any("{" in text or "nan" in text.lower() for text in sentences)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_has_a_sentence(store, rule, language):
    found = check(store, *MESSY).findings.iloc[0].copy()
    found["rule"], found["size"], found["unit"] = rule, 12.0, RULES[rule].unit
    assert "{" not in say_finding(found, language)


def test_the_verdict_is_one_sentence(store):
    sound = check(store, ({"code": "a"}, square(104)), ({"code": "b"}, square(104.01)))
    assert tell_verdict(sound, "zh") == "2 个网格，无重叠，无缝隙。"
    assert tell_verdict(sound, "en") == "2 grids, no overlap, no gap."
    assert "1 处重叠共" in tell_verdict(check(store, *MESSY), "zh")


@pytest.mark.parametrize("ending", ["json", "csv", "geojson", "gpkg"])
def test_findings_are_written_as_a_layer_and_as_a_table(store, ending, tmp_path):
    found = check(store, *MESSY)
    content = write_findings(found, format=ending, language="en")
    if ending == "json":
        assert len(json.loads(content)["findings"]) == len(found.findings)
    elif ending == "csv":
        assert len(content.decode("utf-8-sig").splitlines()) == len(found.findings) + 1
    else:
        path = tmp_path / f"findings.{ending}"
        path.write_bytes(content)
        assert gpd.read_file(path)["rule"].tolist() == found.findings["rule"].tolist()


def test_a_report_of_another_kind_is_refused(store):
    with pytest.raises(ChoiceError):
        write_findings(check(store, *MESSY), format="pdf", language="en")


def test_a_repair_is_chosen_by_rule_or_by_finding_and_needs_consent(store):
    found = check(store, ({"code": "a"}, square(104)), ({"code": "b"}, square(104.005)))
    number = int(found.findings.index[found.findings["rule"] == "overlap"][0])
    names = {(r.kind, r.area_id) for r in list_remedies(found)[number]}
    assert names == {("to_area", "a"), ("to_area", "b"), ("split", None)}
    chosen = choose_remedies(found, by_finding={number: "to_area:b"})
    held = repair(found, chosen)
    assert [remedy.finding for remedy in held.refused] == [number]
    mended = repair(found, chosen, consents={number})
    assert mended.changes["stated_m2"].to_dict() == pytest.approx(
        mended.changes["change_m2"].to_dict(), abs=0.1
    )
    assert shapely.area(mended.areas.set_index("area_id").geometry["a"]) == pytest.approx(0.005 * 0.01)
    assert choose_remedies(found, by_rule={"overlap": "split"}, by_finding={number: "leave"}) == []
    with pytest.raises(ChoiceError, match="no remedy"):
        choose_remedies(found, by_finding={number: "longest_edge"})


def test_a_draft_that_is_written_and_read_again_is_the_same_layer(store):
    found = check(store, ({"code": "a"}, square(104)), ({"code": "b"}, square(104.005)))
    mended = repair(found, choose_remedies(found, by_rule={"overlap": "split"}), ceiling_share=1.0)
    content = write_geopackage(mended.areas.rename_geometry("geometry"), layer="areas")
    layer = read_layer(content, file_name="draft.gpkg", limits=Limits())
    again = check_layer(store, layer, BoundaryChoices("grid", "area_id", coord_sys="wgs84"))
    assert not is_blocked(again.findings)
    kept = again.areas.set_index("area_id").geometry
    assert shapely.equals(
        kept.to_numpy(), mended.areas.set_index("area_id").geometry[kept.index].to_numpy()
    ).all()


def test_a_level_that_is_not_there_is_refused(store):
    with pytest.raises(MissingError):
        check_stored(store, "grid")


@pytest.fixture(scope="module")
def check_real(shared_data):
    def run(store, paths, level, column, coord_sys=None):
        files = [shared_data / path for path in paths]
        layer = read_layer(files, file_name=[file.name for file in files], limits=Limits())
        return check_layer(store, layer, BoundaryChoices(level, column, coord_sys=coord_sys))

    return run


@pytest.mark.realdata
def test_the_6102_areas_of_tainan_get_a_verdict(store, check_real, shared_data):
    paths = sorted(
        p.relative_to(shared_data) for p in (shared_data / "boundaries/tainan_basecode").glob("*.json")
    )
    found = check_real(store, paths, "microgrid", "CODEBASE", "wgs84")
    assert len(found.areas) == 6102
    counts = found.findings["rule"].value_counts().to_dict()
    assert counts == {"edge_not_matching": 124, "overlap_sliver": 3, "gap_sliver": 1}
    assert tell_verdict(found, "en") == "6,102 micro-grids, overlaps: 3, 1 m² in all, gaps: 1, 0 m² in all."


@pytest.mark.realdata
def test_councils_of_los_angeles_overlap(store, check_real):
    found = check_real(store, ["cases/la/la_neighborhood_councils.geojson"], "grid", "nc_id")
    shapes = found.areas.set_index("area_id").geometry
    overlaps = found.findings[found.findings["rule"] == "overlap"]
    pairs = overlaps[["area_id", "other_id"]].drop_duplicates().to_numpy().tolist()
    assert len(overlaps) > 100
    assert all(shapely.area(shapely.intersection(shapes[one], shapes[two])) > 0 for one, two in pairs)


@pytest.mark.realdata
def test_zones_of_shenzhen_get_a_verdict(store, check_real):
    found = check_real(store, ["boundaries/shenzhen_taz/SZ_districts.shp"], "grid", "TAZID")
    assert len(found.areas) == 491
    surface = found.findings.query("rule in ['overlap', 'overlap_sliver']")["size"].sum()
    plain = shapely.area(found.areas.to_crs(32650).geometry.to_numpy()).sum() - shapely.area(
        shapely.union_all(found.areas.to_crs(32650).geometry.to_numpy())
    )
    assert surface == pytest.approx(plain, rel=0.01)
