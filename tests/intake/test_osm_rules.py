"""Who may walk where, tag by tag."""

import pytest

from geo.intake.osm_rules import is_shut, read_height, read_way, stops_wheels


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"highway": "residential"}, ""),
        ({"highway": "residential", "oneway": "yes"}, ""),
        ({"highway": "footway"}, ""),
        ({"highway": "steps"}, ""),
        ({"highway": "cycleway"}, ""),
        ({"highway": "cycleway", "foot": "no"}, "foot_no"),
        ({"highway": "primary", "foot": "use_sidepath"}, "foot_no"),
        ({"highway": "trunk"}, ""),
        ({"highway": "trunk", "motorroad": "yes"}, "vehicles_only"),
        ({"highway": "motorway"}, "vehicles_only"),
        ({"highway": "motorway", "foot": "yes"}, ""),
        ({"highway": "service", "access": "private"}, "private"),
        ({"highway": "service", "access": "no"}, "private"),
        ({"highway": "service", "access": "private", "foot": "yes"}, ""),
        ({"highway": "service", "access": "customers"}, ""),
        ({"highway": "path", "foot": "private"}, "private"),
        ({"highway": "construction"}, "not_built"),
        ({"highway": "construction", "foot": "yes"}, "not_built"),
        ({"railway": "rail"}, "rail"),
        ({"railway": "platform"}, ""),
        ({"waterway": "river"}, "water"),
        ({"man_made": "pier"}, ""),
    ],
)
def test_who_may_walk(tags, why):
    assert read_way(tags).why == why


@pytest.mark.parametrize(
    "tags", [{}, {"building": "yes"}, {"railway": "tram"}, {"waterway": "stream"}, {"highway": "bus_stop"}]
)
def test_what_is_neither_street_nor_barrier_is_passed_over(tags):
    assert read_way(tags) is None


@pytest.mark.parametrize(
    ("tags", "way"),
    [
        ({"highway": "residential", "oneway": "yes"}, "both"),
        ({"highway": "footway", "oneway:foot": "yes"}, "forward"),
        ({"highway": "footway", "oneway:foot": "-1"}, "backward"),
        ({"highway": "steps", "conveying": "forward"}, "forward"),
        ({"highway": "steps", "conveying": "backward"}, "backward"),
        ({"highway": "steps", "conveying": "reversible"}, "both"),
        ({"highway": "path", "foot:backward": "no"}, "forward"),
    ],
)
def test_people_walk_both_ways_unless_it_says_so_for_them(tags, way):
    assert read_way(tags).foot_way == way


def test_kinds_names_levels_and_squares():
    crossing = read_way({"highway": "footway", "footway": "crossing", "name": "长街"})
    assert (crossing.kind, crossing.name) == ("crossing", "长街")
    assert read_way({"highway": "primary", "bridge": "yes"}).is_bridge
    assert read_way({"highway": "primary", "tunnel": "yes"}).is_tunnel
    assert not read_way({"highway": "footway", "tunnel": "building_passage"}).is_tunnel
    assert read_way({"highway": "pedestrian", "area": "yes"}).is_plaza
    assert read_way({"place": "square"}).is_plaza
    assert not read_way({"highway": "pedestrian"}).is_plaza


@pytest.mark.parametrize(
    ("tags", "wheels"),
    [
        ({"highway": "steps"}, False),
        ({"highway": "steps", "wheelchair": "yes"}, True),
        ({"highway": "footway", "wheelchair": "no"}, False),
        ({"highway": "footway"}, None),
    ],
)
def test_what_a_wheelchair_cannot_pass(tags, wheels):
    assert read_way(tags).wheels is wheels


@pytest.mark.parametrize(
    ("text", "slope"), [("8%", 0.08), ("-2,5 %", -0.025), ("up", None), ("900%", None), ("", None)]
)
def test_slopes_are_read_where_they_are_numbers(text, slope):
    assert read_way({"highway": "path", "incline": text}).slope == slope


@pytest.mark.parametrize(
    ("tags", "shut"),
    [
        ({"barrier": "gate"}, False),
        ({"barrier": "gate", "access": "private"}, True),
        ({"barrier": "gate", "access": "private", "foot": "yes"}, False),
        ({"barrier": "gate", "locked": "yes"}, True),
        ({"barrier": "lift_gate", "access": "private"}, False),
        ({"barrier": "bollard", "access": "no"}, False),
        ({"barrier": "bollard", "foot": "no"}, True),
        ({"access": "private"}, False),
    ],
)
def test_which_gates_are_shut(tags, shut):
    assert is_shut(tags) is shut


def test_stiles_stop_wheels_and_bollards_do_not():
    assert stops_wheels({"barrier": "stile"})
    assert stops_wheels({"barrier": "gate", "wheelchair": "no"})
    assert not stops_wheels({"barrier": "stile", "wheelchair": "yes"})
    assert not stops_wheels({"barrier": "bollard"})


@pytest.mark.parametrize(("text", "height"), [("48.5", 48.5), ("12 m", 12.0), ("high", None), ("", None)])
def test_heights_are_read_where_they_are_numbers(text, height):
    assert read_height({"ele": text}) == height
