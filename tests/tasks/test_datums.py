"""A layer is doubted by what the store holds, the doubt is said, and nothing is converted unasked."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely

from geo.access.seats import operator
from geo.cli import main
from geo.crs import from_wgs84, wgs84_to_gcj02
from geo.errors import ChoiceError
from geo.intake.boundaries import BoundaryChoices
from geo.intake.layers import read_layer
from geo.intake.limits import Limits
from geo.store import open_store
from geo.tasks import datums
from geo.tasks.bringing import preview_boundaries, store_preview
from geo.tasks.datums import doubt_layer, preview_shift

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WHO = {"seat": operator("test"), "now": NOW}
SIDE = 0.01


def lattice(
    convert=None, *, n: int = 3, west: float = 104.0, south: float = 30.6, swap: bool = False
) -> bytes:
    """Nine squares of 1 km with a corner every 100 m, in a GeoJSON that names no system."""
    features = []
    for i in range(n):
        for j in range(n):
            x, y = west + i * SIDE, south + j * SIDE
            ring = shapely.get_coordinates(
                shapely.segmentize(shapely.box(x, y, x + SIDE, y + SIDE), SIDE / 10)
            )
            if convert is not None:
                ring = np.column_stack(convert(ring[:, 0], ring[:, 1]))
            ring = ring[:, ::-1] if swap else ring
            geometry = {"type": "Polygon", "coordinates": [ring.tolist()]}
            features.append({"type": "Feature", "properties": {"code": f"{i}{j}"}, "geometry": geometry})
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def layer_of(content: bytes):
    return read_layer(content, file_name="网格.geojson", limits=Limits())


def bring(store, content: bytes, coord_sys: str | None):
    choices = BoundaryChoices(area_level="grid", id_column="code", coord_sys=coord_sys)
    return preview_boundaries(store, layer_of(content), choices, **WHO)


@pytest.fixture
def store(new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai") as opened:
        yield opened


@pytest.fixture
def known(store):
    """A store that holds the squares in WGS84."""
    store_preview(store, bring(store, lattice(), "wgs84"), **WHO)
    return store


def datum_notes(preview) -> list[str]:
    return [note.code for note in preview.notes if note.code.startswith("datum")]


def test_an_empty_store_says_nothing(store):
    assert datum_notes(bring(store, lattice(), "wgs84")) == []
    assert doubt_layer(store, layer_of(lattice())).datum.verdict == "no_reference"


def test_fault_B08_the_system_that_fits_is_said_with_shares_shift_and_direction(known):
    preview = bring(known, lattice(wgs84_to_gcj02), "wgs84")
    assert datum_notes(preview) == ["datum_differs"]
    (note,) = [note for note in preview.notes if note.code == "datum_differs"]
    assert note.severity == "warns"
    said = dict(note.values)
    assert (said["best"], said["best_share"], said["stated"]) == ("GCJ-02", 1.0, "WGS84")
    assert said["stated_share"] < 0.2
    assert 300 < said["shift_m"] < 700 and said["bearing_en"] in ("north-west", "west")
    # Nothing was converted: the areas lie where the numbers say.
    stored = preview.checked.rows.geometry.union_all()
    drawn = layer_of(lattice(wgs84_to_gcj02)).table.geometry.union_all()
    assert stored.symmetric_difference(drawn).area < 1e-12


def test_finer_levels_are_left_out_where_there_are_too_many_areas(known, monkeypatch):
    layer = layer_of(lattice(wgs84_to_gcj02))
    micro = BoundaryChoices(area_level="microgrid", id_column="code", coord_sys="wgs84")
    away = layer_of(lattice(west=104.2))
    store_preview(known, preview_boundaries(known, away, micro, **WHO), **WHO)
    finer = layer_of(lattice(wgs84_to_gcj02, west=104.2))
    assert doubt_layer(known, finer, coord_sys="wgs84").datum.verdict == "differs"
    monkeypatch.setattr(datums, "MOST_KNOWN", 17)
    assert doubt_layer(known, finer, coord_sys="wgs84").datum.verdict == "no_reference"
    assert doubt_layer(known, layer, coord_sys="wgs84").datum.verdict == "differs"
    monkeypatch.setattr(datums, "MOST_KNOWN", 0)
    assert doubt_layer(known, layer, coord_sys="wgs84").datum.verdict == "differs"


def test_the_right_system_is_confirmed(known):
    assert datum_notes(bring(known, lattice(wgs84_to_gcj02), "gcj02")) == ["datum_fits"]
    assert datum_notes(bring(known, lattice(), "wgs84")) == ["datum_fits"]
    assert datum_notes(bring(known, lattice(), "cgcs2000")) == ["datum_fits"]


def test_metres_are_judged_by_the_degrees_they_stand_for(known):
    def to_metres(lon, lat):
        return from_wgs84(lon, lat, coord_sys="cgcs2000-cm105")

    assert datum_notes(bring(known, lattice(to_metres), "cgcs2000-cm105")) == ["datum_fits"]
    shifted = lattice(lambda lon, lat: to_metres(*wgs84_to_gcj02(lon, lat)))
    assert datum_notes(bring(known, shifted, "cgcs2000-cm105")) == ["datum_differs"]


def test_whoever_named_nothing_is_asked_with_what_fits_best(known):
    with pytest.raises(ChoiceError) as caught:
        bring(known, lattice(wgs84_to_gcj02), None)
    assert caught.value.code == "crs_not_named_fits"
    assert "fits best as GCJ-02: 100%" in caught.value.say("en") and "as WGS84" in caught.value.say("en")
    assert "最像 GCJ-02" in caught.value.say("zh")


def test_whoever_named_nothing_beside_an_empty_store_is_asked_plainly(store):
    with pytest.raises(ChoiceError) as caught:
        bring(store, lattice(), None)
    assert caught.value.code == "crs_not_named"


def test_stored_boundaries_under_the_wrong_name_are_doubted(store):
    store_preview(store, bring(store, lattice(wgs84_to_gcj02), "wgs84"), **WHO)
    assert datum_notes(bring(store, lattice(), "wgs84")) == ["datum_stored_differs"]
    with pytest.raises(ChoiceError) as caught:
        bring(store, lattice(), None)
    assert caught.value.code == "crs_not_named"


def test_exchanged_axes_are_told_by_where_the_store_is(known):
    assert doubt_layer(known, layer_of(lattice(swap=True)), coord_sys="wgs84").is_exchanged
    assert doubt_layer(known, layer_of(lattice(swap=True))).is_exchanged
    assert not doubt_layer(known, layer_of(lattice())).is_exchanged


def test_metres_in_a_degree_file_are_told_for_the_one_system_that_lands_where_the_store_is(known):
    metres = lattice(lambda lon, lat: from_wgs84(lon, lat, coord_sys="cgcs2000-cm105"))
    for named in (None, "wgs84"):
        doubts = doubt_layer(known, layer_of(metres), coord_sys=named)
        assert [guess.coord_sys for guess in doubts.guesses] == ["cgcs2000-cm105"]
        assert (doubts.datum, doubts.is_exchanged, doubts.notes) == (None, False, ())


def test_the_preview_shows_the_areas_both_ways(known):
    layer = layer_of(lattice(wgs84_to_gcj02))
    judged = doubt_layer(known, layer, coord_sys="wgs84").datum
    preview = preview_shift(layer, judged, coord_sys="wgs84")
    truth = layer_of(lattice()).table.geometry
    assert preview.stated.union_all().symmetric_difference(layer.table.geometry.union_all()).area < 1e-12
    assert preview.best.union_all().symmetric_difference(truth.union_all()).area < 1e-9
    lines = {"type": "LineString", "coordinates": [[104, 30], [105, 31]]}
    assert preview_shift(layer_of(json.dumps(lines).encode()), judged) is None


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "fits best as GCJ-02: 100% of"), ("zh", "图层最像 GCJ-02")]
)
def test_the_command_says_what_it_fits_and_applies_nothing(
    monkeypatch, tmp_path, capsys, new_store, language, sentence
):
    monkeypatch.setenv("GETU_STORE_URL", new_store(tmp_path))
    monkeypatch.setenv("GETU_LANGUAGE", language)
    (tmp_path / "a.geojson").write_bytes(lattice())
    (tmp_path / "b.geojson").write_bytes(lattice(wgs84_to_gcj02))
    words = ["--level", "grid", "--column", "area_id=code", "--coord-sys", "wgs84"]
    assert main(["import-boundaries", str(tmp_path / "a.geojson"), *words, "--confirm"]) == 0
    capsys.readouterr()
    assert main(["import-boundaries", str(tmp_path / "b.geojson"), *words]) == 0
    assert sentence in capsys.readouterr().out
    assert main(["import-boundaries", str(tmp_path / "b.geojson"), *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["coord_sys"] == "wgs84"


def test_the_command_reads_a_named_layer_and_exchanges_axes_when_asked(
    monkeypatch, tmp_path, capsys, new_store
):
    monkeypatch.setenv("GETU_STORE_URL", new_store(tmp_path))
    path = tmp_path / "x.topojson"
    square = {"type": "Polygon", "arcs": [[0]], "properties": {"code": "1"}}
    arc = [[30.6, 104.0], [30.6, 104.1], [30.7, 104.1], [30.6, 104.0]]
    path.write_text(json.dumps({"type": "Topology", "arcs": [arc], "objects": {"a": square, "b": square}}))
    words = ["import-boundaries", str(path), "--level", "grid", "--column", "area_id=code", "--json"]
    assert main(words) == 1
    assert "a, b" in capsys.readouterr().err
    assert main([*words, "--layer", "b", "--coord-sys", "wgs84"]) == 1
    assert "--swap" in capsys.readouterr().err
    assert main([*words, "--layer", "b", "--coord-sys", "wgs84", "--swap"]) == 0
    assert json.loads(capsys.readouterr().out)["n_new"] == 1
