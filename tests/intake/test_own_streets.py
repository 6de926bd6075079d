"""A city's own lines hang together after cleaning, and everything that was done is counted."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import ChoiceError, MissingError
from geo.intake.layers import read_layer
from geo.intake.limits import Limits
from geo.intake.own_streets import OwnStreetChoices, make_own_streets
from tests.analysis.walk_graphs import to_degrees


def clean(lines, *, tolerance_m=1.0, **columns):
    """Clean lines in metres; columns hold a value a line, their names are choices."""
    features = [
        {
            "type": "Feature",
            "properties": {name: values[k] for name, values in columns.items()},
            "geometry": {"type": "LineString", "coordinates": to_degrees(line).tolist()},
        }
        for k, line in enumerate(lines)
    ]
    content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    layer = read_layer(content, file_name="streets.geojson", limits=Limits())
    named = {f"{name}_column": name for name in columns}
    return make_own_streets(layer, OwnStreetChoices(**named, coord_sys="wgs84", tolerance_m=tolerance_m))


def notes(streets):
    return {note.code: note.values["n"] for note in streets.notes}


def lengths(streets):
    return sorted(streets.edges["length_m"].round(1).tolist())


ACROSS, ALONG = [(0, 0), (200, 0)], [(50, -30), (50, 70)]


def test_lines_are_split_where_they_cross():
    streets = clean([ACROSS, ALONG], name=["东街", "南街"])
    assert lengths(streets) == [30, 50, 70, 150]
    assert len(streets.nodes) == 5
    assert notes(streets) == {"streets_split": 1}
    assert sorted(streets.edges["name"]) == ["东街", "东街", "南街", "南街"]


@pytest.mark.parametrize("word", ["bridge", "桥", "1", "-1", "tunnel", "yes"])
def test_a_bridge_or_a_tunnel_is_not_split(word):
    streets = clean([ACROSS, ALONG], level=["", word])
    assert lengths(streets) == [100, 200]
    assert streets.edges["is_bridge"].tolist() == [False, True]


def test_a_bridge_joins_what_it_begins_on():
    streets = clean([ACROSS, [(50, 0), (50, 80)]], level=["0", "bridge"])
    assert lengths(streets) == [50, 80, 150]
    assert len(streets.nodes) == 4


def test_fault_B30_an_end_just_short_of_a_street_is_moved_onto_it():
    streets = clean([ACROSS, [(50, 0.8), (50, 70)]])
    assert len(streets.nodes) == 4
    assert notes(streets) == {"streets_moved_ends": 1, "streets_split": 1}
    apart = clean([ACROSS, [(50, 1.5), (50, 70)]])
    assert len(apart.nodes) == 4
    assert lengths(apart) == [68.5, 200]


def test_an_end_just_past_a_street_leaves_no_stub():
    assert lengths(clean([ACROSS, [(50, -0.6), (50, 70)]])) == [50, 70, 150]


def test_ends_near_each_other_become_one():
    streets = clean([[(0, 0), (100, 0)], [(100.5, 0.3), (200, 0)], [(99.9, 0.6), (100, 90)]])
    assert len(streets.nodes) == 4
    assert notes(streets)["streets_moved_ends"] == 2


def test_twins_are_left_out_with_notice():
    streets = clean([ACROSS, ACROSS[::-1], [(100, 0), (200, 0)]])
    assert lengths(streets) == [100, 100]
    assert notes(streets)["streets_twins"] == 3


def test_crumbs_are_left_out_with_notice():
    streets = clean([ACROSS, [(200, 0), (200.3, 0.3)]])
    assert lengths(streets) == [200]
    assert notes(streets)["streets_shrunk"] == 1


def test_what_people_may_not_walk_is_marked():
    streets = clean([ACROSS, [(0, 50), (200, 50)]], walk=["是", "否"])
    assert streets.edges["walk"].tolist() == [True, False]
    assert streets.edges["why"].tolist() == ["", "foot_no"]


def test_words_that_say_nothing_are_counted():
    streets = clean([ACROSS, ALONG], level=["", "maybe"], walk=["perhaps", "yes"])
    assert notes(streets)["street_levels_unclear"] == 1
    assert notes(streets)["street_walk_unclear"] == 1
    assert len(streets.edges) == 4


def test_a_tolerance_that_is_none_and_an_unknown_column_are_refused():
    with pytest.raises(ChoiceError):
        clean([ACROSS], tolerance_m=80)
    layer = read_layer(
        json.dumps({"type": "LineString", "coordinates": to_degrees(ACROSS).tolist()}).encode(),
        file_name="a.geojson",
        limits=Limits(),
    )
    with pytest.raises(MissingError):
        make_own_streets(layer, OwnStreetChoices(name_column="nothing", coord_sys="wgs84"))


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_no_length_is_lost_and_the_order_of_rows_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    lines = [rng.uniform(0, 500, (int(n), 2)) for n in rng.integers(2, 5, 8)]
    total = sum(np.hypot(*np.diff(line, axis=0).T).sum() for line in lines)
    one = clean(lines, tolerance_m=0.0)
    other = clean([lines[k] for k in rng.permutation(8)], tolerance_m=0.0)
    assert one.edges["length_m"].sum() == pytest.approx(total, rel=1e-3)
    assert len(one.nodes) == len(other.nodes)
    assert lengths(one) == pytest.approx(lengths(other), abs=0.11)
    assert one.nodes[["lon", "lat"]].to_numpy() == pytest.approx(
        other.nodes[["lon", "lat"]].to_numpy(), abs=2e-7
    )
