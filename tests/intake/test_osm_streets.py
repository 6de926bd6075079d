"""OpenStreetMap files become streets cut at crossings, in every format, with gates, squares and edges of the map."""

import gzip

import numpy as np
import osmium
import pytest
import shapely

from geo.analysis.network import build_network
from geo.analysis.reach import measure_reach
from geo.analysis.snapping import snap_points
from geo.errors import EmptyError, FileError, LimitError
from geo.intake.limits import Limits
from geo.intake.osm_streets import find_osm_format, read_osm_streets
from tests.analysis.walk_graphs import ADULT, to_degrees


def xml(points, ways, relations=(), *, tags=None):
    """Return an .osm file: points in metres by number, ways as (numbers, tags)."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']

    def tagged(kind, head, body, words):
        inner = body + [f'<tag k="{k}" v="{v}"/>' for k, v in words.items()]
        lines.append(f"<{kind} {head}>{''.join(inner)}</{kind}>")

    for number, place in points.items():
        ((lon, lat),) = to_degrees(place)
        tagged("node", f'id="{number}" lon="{lon:.7f}" lat="{lat:.7f}"', [], (tags or {}).get(number, {}))
    for number, (refs, words) in enumerate(ways, 1):
        tagged("way", f'id="{number}"', [f'<nd ref="{ref}"/>' for ref in refs], words)
    for number, (members, words) in enumerate(relations, 1):
        body = [f'<member type="way" ref="{ref}" role="{role}"/>' for ref, role in members]
        tagged("relation", f'id="{number}"', body, words)
    return "\n".join([*lines, "</osm>"]).encode()


def read(content, **choices):
    return read_osm_streets(content, file_name="city.osm", limits=Limits(**choices))


def walk_m(streets, start, goal):
    network = build_network(streets.nodes, streets.edges, profile=ADULT)
    home, door = (snap_points(network, *to_degrees(at).T, ceiling_m=30) for at in (start, goal))
    return float(measure_reach(network, door, limit_m=5000).at_points(home).metres[0, 0])


CROSS = {1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (100, 100), 5: (100, -100), 6: (50, 0)}
STREETS = [((1, 6, 2, 3), {"highway": "residential", "name": "长街"}), ((4, 2, 5), {"highway": "footway"})]


def test_ways_are_cut_where_they_meet_and_nowhere_else():
    streets = read(xml(CROSS, STREETS))
    assert len(streets.nodes) == 5
    assert streets.edges["length_m"].round(1).tolist() == [100, 100, 100, 100]
    assert streets.edges["name"].fillna("").tolist() == ["长街", "长街", "", ""]
    assert streets.edges["kind"].tolist() == ["residential"] * 2 + ["footway"] * 2
    assert shapely.get_num_coordinates(streets.edges.geometry.to_numpy()).tolist() == [3, 2, 2, 2]
    assert streets.edges["walk"].all()
    assert streets.n_read == 2


def test_ways_that_cross_without_a_common_point_do_not_meet():
    streets = read(
        xml({**CROSS, 7: (100, 0)}, [STREETS[0], ((4, 7, 5), {"highway": "footway", "bridge": "yes"})])
    )
    assert len(streets.edges) == 2
    assert streets.edges["is_bridge"].tolist() == [False, True]


@pytest.mark.parametrize("kind", ["osm", "osm.gz", "pbf"])
def test_every_format_gives_the_same_streets(kind, tmp_path):
    content = xml(CROSS, STREETS)
    if kind == "osm.gz":
        content = gzip.compress(content)
    elif kind == "pbf":
        path = tmp_path / "city.osm.pbf"
        with osmium.SimpleWriter(str(path)) as writer:
            for thing in osmium.FileProcessor(osmium.io.FileBuffer(content, "osm")):
                writer.add(thing)
        content = path.read_bytes()
    assert find_osm_format(content) == kind
    path = tmp_path / "misnamed.txt"
    path.write_bytes(content)
    plain = read(xml(CROSS, STREETS)).edges
    for source in (content, path):
        other = read(source).edges
        assert other.drop(columns="geom").equals(plain.drop(columns="geom"))
        assert other.geometry.geom_equals(plain.geometry).all()


def test_what_may_not_be_walked_stays_with_its_reason():
    streets = read(xml(CROSS, [STREETS[0], ((4, 2), {"highway": "service", "access": "private"})]))
    assert streets.edges["walk"].tolist() == [True, True, False]
    assert streets.edges["why"].tolist() == ["", "", "private"]


def test_a_shut_gate_is_a_piece_of_its_own_that_can_be_opened():
    content = xml(CROSS, [STREETS[0]], tags={6: {"barrier": "gate", "access": "private"}})
    streets = read(content)
    assert (
        streets.edges["kind"].tolist()
        == [
            "residential",
            "gate",
            "gate",
            "residential",
        ][: len(streets.edges)]
    )
    assert streets.edges["length_m"].round(1).tolist() == [49, 1, 1, 149]
    assert [note.code for note in streets.notes] == ["osm_gates_closed"]
    assert np.isnan(walk_m(streets, (20, 0), (150, 0)))
    opened = streets.edges.assign(walk=True)
    assert walk_m(type(streets)(streets.nodes, opened, (), 1), (20, 0), (150, 0)) == pytest.approx(
        130, abs=0.3
    )


def test_an_open_gate_is_no_obstacle_and_a_stile_stops_only_wheels():
    assert walk_m(
        read(xml(CROSS, [STREETS[0]], tags={6: {"barrier": "gate"}})), (20, 0), (150, 0)
    ) == pytest.approx(130, abs=0.3)
    stile = read(xml(CROSS, [STREETS[0]], tags={6: {"barrier": "stile"}}))
    assert stile.edges["kind"].tolist() == ["residential", "stile", "stile", "residential"]
    assert stile.edges["wheels"].tolist()[1:3] == [False, False]
    assert stile.edges["walk"].all()


SQUARE = {1: (0, 0), 2: (100, 0), 3: (100, 100), 4: (0, 100), 5: (-50, 0), 6: (150, 100)}
ROUND = (1, 2, 3, 4, 1)


def test_a_square_is_walked_across():
    ways = [(ROUND, {"highway": "pedestrian", "area": "yes", "name": "广场"}),
            ((5, 1), {"highway": "footway"}), ((3, 6), {"highway": "footway"})]  # fmt: skip
    streets = read(xml(SQUARE, ways))
    across = streets.edges[streets.edges["kind"] == "plaza"]
    assert across["name"].tolist() == ["广场"] * len(across)
    assert walk_m(streets, (-50, 0), (150, 100)) == pytest.approx(50 + 141.4 + 50, abs=0.5)


def test_a_square_with_a_pool_is_walked_round_the_pool():
    pool = {7: (30, 30), 8: (70, 30), 9: (70, 70), 10: (30, 70)}
    ways = [
        (ROUND, {}),
        ((7, 8, 9, 10, 7), {}),
        ((5, 1), {"highway": "footway"}),
        ((3, 6), {"highway": "footway"}),
    ]
    relation = ([(1, "outer"), (2, "inner")], {"type": "multipolygon", "highway": "pedestrian"})
    streets = read(xml({**SQUARE, **pool}, ways, [relation]))
    round_pool = np.hypot(30, 70) * 2  # by a corner of the pool
    assert walk_m(streets, (-50, 0), (150, 100)) == pytest.approx(50 + round_pool + 50, abs=0.5)


def test_a_way_that_leaves_the_extract_ends_at_its_edge():
    points = {number: place for number, place in CROSS.items() if number != 2}
    streets = read(xml(points, [((1, 6, 2, 3, 4), {"highway": "residential"})]))
    assert streets.edges["length_m"].round(1).tolist() == [50, 141.4]
    assert [(note.code, note.values["n"]) for note in streets.notes] == [("osm_nodes_missing", 1)]


def test_heights_and_slopes_give_the_climb():
    heights = {1: {"ele": "10"}, 2: {"ele": "14.5"}, 3: {"ele": "unknown"}}
    ways = [STREETS[0], ((4, 2), {"highway": "path", "incline": "10%"})]
    streets = read(xml(CROSS, ways, tags=heights))
    assert streets.edges["climb_m"].tolist() == pytest.approx([4.5, np.nan, 10.0], abs=0.01, nan_ok=True)


@pytest.mark.parametrize("content", [b"{}", b"<html></html>", b"PK\x03\x04", b"lon,lat\n1,2\n"])
def test_what_is_no_osm_file_is_refused_by_its_content(content):
    with pytest.raises(FileError) as caught:
        read(content)
    assert caught.value.code == "osm_format_unknown"


def test_damaged_empty_and_streetless_files_are_refused():
    whole = xml(CROSS, STREETS)
    for broken in (whole[:-60], gzip.compress(whole)[:-40], b"\x1f\x8b" + b"\x00" * 50):
        with pytest.raises(FileError) as caught:
            read(broken)
        assert caught.value.code in ("osm_damaged", "osm_without_streets")
    with pytest.raises(EmptyError):
        read(b"")
    with pytest.raises(EmptyError, match="no street"):
        read(xml(CROSS, [((1, 2), {"building": "yes"})]))
    with pytest.raises(EmptyError, match="no street"):
        read(xml(CROSS, [((1, 2), {"railway": "rail"})]))


def test_fault_A05_entities_of_a_hostile_file_are_not_expanded():
    words = b'<!DOCTYPE osm [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    hostile = b'<?xml version="1.0"?>' + words + b'<osm version="0.6">&b;</osm>'
    with pytest.raises(FileError) as caught:
        read(hostile)
    assert caught.value.code == "osm_damaged"


def test_more_corners_than_allowed_are_refused():
    with pytest.raises(LimitError, match="more than 5 corners"):
        read(xml(CROSS, STREETS), max_vertices=5)
