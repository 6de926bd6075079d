"""Points join at the nearest point of an edge, within a ceiling, and whatever does not is told with its reason."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.analysis.snapping import join_places, snap_facilities, snap_points
from geo.errors import ChoiceError, CrsError, DuplicateError, GeoError, MissingError
from tests.analysis.walk_graphs import lattice, make, to_degrees

CROSS = ([(0, 0), (100, 0), (200, 0), (100, 100)], [(0, 1), (1, 2), (1, 3)])


def snap(network, *points, ceiling_m=50.0):
    return snap_points(network, *to_degrees(points).T, ceiling_m=ceiling_m)


def test_a_point_joins_in_the_middle_of_an_edge_and_not_at_a_node():
    joined = snap(make(*CROSS), (30, 20))
    assert joined.edge.tolist() == [0]
    assert joined.offset_dm.tolist() == [300]
    assert joined.walk_dm.tolist() == [200]
    assert joined.reasons.tolist() == ["joined"]


def test_the_place_it_joins_lies_on_the_street():
    network = make(*CROSS)
    places = join_places(network, snap(network, (30, 20), (103, 60), (900, 10)))
    start = network.node_xy[list(network.node_ids).index(1)]
    assert places[:2] - start == pytest.approx(np.array([[30, 0], [100, 60]]), abs=0.06)
    assert np.isnan(places[2]).all()


def test_of_edges_equally_near_the_lowest_id_is_taken():
    joined = snap(make(*CROSS), (100, -10))
    assert joined.edge.tolist() == [0]
    assert joined.offset_dm.tolist() == [1000]


def test_beyond_the_ceiling_nothing_is_guessed():
    joined = snap(make(*CROSS), (30, 20), (30, 50.4), (30, 49.6), ceiling_m=50)
    assert joined.reasons.tolist() == ["joined", "beyond_ceiling", "joined"]
    assert joined.edge.tolist()[1] == -1
    assert joined.count_reasons() == {"beyond_ceiling": 1}


def test_fault_I09_every_reason_is_told_and_nobody_is_lost():
    network = make(*CROSS)
    at = to_degrees([(30, 20), (30, 20), (5000, 0)])
    at[1] = np.nan
    joined = snap_points(network, *at.T, ceiling_m=50)
    assert joined.reasons.tolist() == ["joined", "no_position", "beyond_ceiling"]
    bare = make(*CROSS, walk=[False] * 3)
    assert snap(bare, (30, 20)).reasons.tolist() == ["no_street"]


def test_fault_B31_points_of_another_city_are_an_error_and_not_0_percent():
    with pytest.raises(GeoError, match="None of the 2 positions") as caught:
        snap(make(*CROSS), (400_000, 0), (400_100, 0))
    assert 390 < caught.value.values["apart_km"] < 410


def test_metres_and_ceilings_that_are_none_are_refused():
    with pytest.raises(CrsError):
        snap_points(make(*CROSS), [500_000.0], [3_380_000.0], ceiling_m=50)
    with pytest.raises(ChoiceError):
        snap(make(*CROSS), (0, 0), ceiling_m=float("nan"))


def facilities(*places, **columns):
    at = to_degrees(places)
    ids = [f"F{k}" for k in range(len(at))]
    return pd.DataFrame({"facility_id": ids, "lon": at[:, 0], "lat": at[:, 1], **columns})


def entrances(*rows):
    at = to_degrees([row[1] for row in rows])
    return pd.DataFrame({"facility_id": [row[0] for row in rows], "lon": at[:, 0], "lat": at[:, 1]})


def test_a_facility_is_entered_at_its_entrances():
    network = make(*CROSS)
    gates = entrances(("F1", (150, 10)), ("F1", (90, 70)))
    joined = snap_facilities(network, facilities((30, 20), (150, 60)), gates, ceiling_m=50)
    assert joined.owner.tolist() == [0, 1, 1]
    assert joined.walk_dm.tolist() == [200, 100, 100]
    assert joined.edge.tolist() == [0, 1, 2]
    second = joined.of(np.array([1]))
    assert second.n_owners == 1
    assert second.owner.tolist() == [0, 0]


def test_a_park_without_entrances_is_reached_along_its_outline_and_not_at_its_middle():
    park = gpd.GeoSeries(
        [shapely.Polygon(to_degrees([(110, 10), (190, 10), (190, 90), (110, 90)]))], crs=4326
    )
    joined = snap_facilities(make(*CROSS), facilities((150, 50), footprint=park.to_numpy()), ceiling_m=15)
    assert joined.reasons.tolist() == ["joined"]
    near = joined.walk_dm[joined.edge >= 0]
    assert near.min() == 100  # ten metres from the outline; the middle lies fifty off
    assert len(near) >= 8


def test_a_facility_whose_entrances_reach_no_street_says_so():
    gates = entrances(("F0", (30, 90)))
    joined = snap_facilities(make(*CROSS), facilities((30, 5), (150, 5)), gates, ceiling_m=20)
    assert joined.reasons.tolist() == ["no_entrance", "joined"]


def test_an_entrance_of_nothing_and_a_repeated_facility_are_refused():
    network = make(*CROSS)
    with pytest.raises(MissingError, match="F9"):
        snap_facilities(network, facilities((30, 5)), entrances(("F9", (30, 5))), ceiling_m=20)
    twice = pd.concat([facilities((30, 5))] * 2, ignore_index=True)
    with pytest.raises(DuplicateError):
        snap_facilities(network, twice, ceiling_m=20)


def test_nobody_to_join_is_no_error():
    assert snap_points(make(*lattice(2, 2)), [], [], ceiling_m=10).n_owners == 0
