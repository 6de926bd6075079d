"""Numbers in metres or with exchanged axes are told for what they look like; nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from geo.crs import from_wgs84
from geo.intake.doubts import guess_projected, looks_exchanged, name_guesses

CHENGDU = (103.5, 30.0, 104.6, 31.2)


def boxes(*points: tuple[float, float]) -> np.ndarray:
    return np.array([[x, y, x, y] for x, y in points], dtype=float)


@pytest.mark.parametrize("system", ["cgcs2000-zone35", "cgcs2000-cm105", "epsg:3857"])
def test_where_the_place_is_known_the_one_system_is_found(system):
    x, y = (float(v) for v in from_wgs84(104.07, 30.66, coord_sys=system))
    (guess,) = guess_projected(boxes((x, y)), around=CHENGDU)
    assert guess.coord_sys == system
    assert (guess.lon, guess.lat) == (pytest.approx(104.07), pytest.approx(30.66))


def test_an_easting_without_its_zone_fits_every_meridian_unless_the_place_is_known():
    x, y = (float(v) for v in from_wgs84(104.07, 30.66, coord_sys="cgcs2000-cm105"))
    names = [guess.coord_sys for guess in guess_projected(boxes((x, y)))]
    assert len(names) > 15 and all(name.startswith("cgcs2000-cm") for name in names)
    assert name_guesses(guess_projected(boxes((x, y)))).startswith("cgcs2000-cm75 … cgcs2000-cm1")


@pytest.mark.parametrize("point", [(104.07, 30.66), (0.0, 0.0), (-248.7, 625.6), (np.nan, np.nan)])
def test_degrees_and_small_numbers_are_no_metres(point):
    assert guess_projected(boxes(point)) == ()


def test_half_the_boxes_must_look_exchanged():
    straight, exchanged = (104.07, 30.66), (30.66, 104.07)
    assert looks_exchanged(boxes(exchanged, exchanged, straight))
    assert not looks_exchanged(boxes(exchanged, straight, straight))
    assert not looks_exchanged(boxes((np.nan, np.nan)))


def test_a_pair_that_is_degrees_only_when_exchanged_is_told_anywhere_on_earth():
    assert looks_exchanged(boxes((42.3, -120.0)))
    assert not looks_exchanged(boxes((-120.0, 42.3)))
    assert not looks_exchanged(boxes((-120.0, 142.3)))


def test_pairs_that_are_degrees_either_way_are_told_by_where_the_place_is():
    boston = (-71.2, 42.2, -70.9, 42.4)
    exchanged = boxes((42.3, -71.1))
    assert not looks_exchanged(exchanged)
    assert looks_exchanged(exchanged, around=boston)
    assert not looks_exchanged(boxes((-71.1, 42.3)), around=boston)
