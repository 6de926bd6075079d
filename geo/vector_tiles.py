"""Write areas as Mapbox vector tiles, so that a browser draws tens of thousands of them (矢量瓦片).

A tile is one square of the world in Web Mercator, cut in 4096 units. What this module decides:

- an area belongs to every tile that its box touches, and stands there whole, not cut at the edge: a
  browser draws it once, from whichever tile came first, without seams;
- its outline is thinned by at most `THIN_UNITS` (Douglas and Peucker 1973) and put on whole units, the
  same units in neighbouring tiles; at the deepest zoom, which is magnified, it is not thinned at all,
  so that neighbours stay flush;
- an area too small for an outline is drawn as its box, at least one unit wide: nothing is left out.

The geometry of all areas of a tile is coded in a few passes over arrays; protobuf writes the message.
The format is the Vector Tile Specification 2.1. PostGIS writes the same with ST_AsMVT.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message
from numpy.typing import NDArray

from geo.errors import ChoiceError

EXTENT: Final = 4096
"""Units a tile is wide; a browser draws it 362 to 724 px wide."""
DEEPEST: Final = 14
"""Deepest zoom of a tile; one unit is 0.6 m at the equator there. Nearer views magnify it."""
THIN_UNITS: Final = 2.0
"""How far a thinned outline may stray: at most 0.35 px on the screen."""
LAYER: Final = "areas"
KEYS: Final = ("area_id", "name")
"""Properties of each area."""
_MOST_LAT: Final = 85.06
"""Web Mercator ends at 85.05113 degrees."""
_POLYGON, _MOVE, _LINE, _CLOSE = 3, 1, 2, 7

Whole = NDArray[np.int64]
Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Tile:
    """One square of the world: `x` counts from the west, `y` from the north, both up to `2**z - 1`.

    Examples
    --------
    >>> Tile(1, 1, 0).box
    (0.0, 0.0, 180.0, 85.0511287798066)
    """

    z: int
    x: int
    y: int

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees, WGS84."""
        n = 2**self.z
        west, east = (column / n * 360 - 180 for column in (self.x, self.x + 1))
        south, north = (
            math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / n)))) for row in (self.y + 1, self.y)
        )
        return west, south, east, north

    def span_of(self, box: tuple[float, float, float, float]) -> float:
        """How many tiles of this zoom a box (degrees, WGS84) is wide or high, whichever is more."""
        (left, top), (right, bottom) = _project(np.array(box).reshape(2, 2), self) / EXTENT
        return float(max(right - left, top - bottom))

    @property
    def thin_units(self) -> float:
        """How far outlines are thinned on this tile, in its units."""
        return 0.0 if self.z == DEEPEST else THIN_UNITS


def read_tile(z: str, x: str, y: str) -> Tile:
    """Return the tile of an address.

    Raises
    ------
    ChoiceError
        If there is no such tile.

    Examples
    --------
    >>> read_tile("10", "807", "418")
    Tile(z=10, x=807, y=418)
    """
    texts = (z, x, y)
    if all(text.isascii() and text.isdigit() and len(text) <= 5 for text in texts):
        tile = Tile(*map(int, texts))
        if tile.z <= DEEPEST and max(tile.x, tile.y) < 2**tile.z:
            return tile
    raise ChoiceError("tile_unknown", tile="/".join(text[:12] for text in texts), deepest=DEEPEST)


def tiles_over(box: tuple[float, float, float, float], z: int) -> list[Tile]:
    """Return the tiles of a zoom that touch a box (west, south, east, north in degrees, WGS84).

    Examples
    --------
    >>> tiles_over((-1.0, 1.0, 1.0, 2.0), 1)
    [Tile(z=1, x=0, y=0), Tile(z=1, x=1, y=0)]
    """
    west, south, east, north = box
    corners = _project(np.array([[west, north], [east, south]]), Tile(z, 0, 0)) / EXTENT
    (left, top), (right, bottom) = np.clip(np.floor(corners), 0, 2**z - 1).astype(int).tolist()
    return [Tile(z, x, y) for y in range(top, bottom + 1) for x in range(left, right + 1)]


def encode_tile(tile: Tile, ids: Sequence[str], names: Sequence[str], shapes: Shapes) -> bytes:
    """Write areas as one vector tile.

    Parameters
    ----------
    tile
        Where the units begin.
    ids, names
        Codes and names of the areas.
    shapes
        Their polygons or multipolygons, WGS84.

    Returns
    -------
    bytes
        A tile with the layer `areas`, features in the given order; empty where there are no areas.
    """
    if not len(ids):
        return b""
    numbers, ends = _code(_rings_of_all(tile, shapes))
    message = _TILE()
    layer = message.layers.add(version=2, name=LAYER, keys=KEYS, extent=EXTENT)
    coded, start = numbers.tolist(), 0
    for place, end in enumerate(ends.tolist()):
        layer.features.add(tags=(0, 2 * place, 1, 2 * place + 1), type=_POLYGON, geometry=coded[start:end])
        layer.values.add(string_value=ids[place])
        layer.values.add(string_value=names[place])
        start = end
    content: bytes = message.SerializeToString()
    return content


def _project(lon_lat: NDArray[np.float64], tile: Tile) -> NDArray[np.float64]:
    """Web Mercator (EPSG:3857) in units of the tile's zoom, from its north-west corner."""
    n = EXTENT * 2**tile.z
    lat = np.radians(np.clip(lon_lat[:, 1], -_MOST_LAT, _MOST_LAT))
    x = (lon_lat[:, 0] / 360 + 0.5) * n - EXTENT * tile.x
    y = (0.5 - np.log(np.tan(np.pi / 4 + lat / 2)) / (2 * np.pi)) * n - EXTENT * tile.y
    return np.column_stack([x, y])


@dataclass(frozen=True)
class _Rings:
    """Rings of many areas, one after another, each without its closing corner."""

    xy: Whole
    """Corners, in whole units."""
    sizes: Whole
    """Corners of each ring, at least three."""
    features: Whole
    """Place of the area of each ring, ascending."""
    is_hole: NDArray[np.bool_]


def _rings_of_all(tile: Tile, shapes: Shapes) -> _Rings:
    """Return the rings of every area; one too small for a ring is a box."""
    projected = shapely.transform(shapes, lambda degrees: _project(degrees, tile))
    thinned = projected
    if tile.thin_units:
        thinned = shapely.simplify(projected, tile.thin_units, preserve_topology=False)
    rings = _find_rings(thinned)
    is_lost = np.ones(len(shapes), dtype=bool)
    is_lost[rings.features] = False
    if not is_lost.any():
        return rings
    bounds = shapely.bounds(projected[is_lost])
    low, high = np.floor(bounds[:, :2]), np.ceil(bounds[:, 2:])
    high = np.maximum(high, low + 1)
    thinned = thinned.copy()
    thinned[is_lost] = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    return _find_rings(thinned)


def _find_rings(shapes: Shapes) -> _Rings:
    """Put polygons on whole units; what has no surface there is left out, with its holes."""
    polygons, features = shapely.get_parts(shapes, return_index=True)
    if not len(polygons):
        nothing = np.empty(0, dtype=np.int64)
        return _Rings(nothing.reshape(0, 2), nothing, nothing, nothing.astype(bool))
    _, coordinates, (ring_ends, polygon_ends) = shapely.to_ragged_array(polygons)
    n_rings = np.diff(polygon_ends)
    polygon_of = np.repeat(np.arange(len(polygons)), n_rings)
    is_hole = np.ones(len(polygon_of), dtype=bool)
    is_hole[polygon_ends[:-1][n_rings > 0]] = False
    xy = np.rint(coordinates).astype(np.int64)
    ring_of = np.repeat(np.arange(len(polygon_of)), np.diff(ring_ends))
    # Rings are closed: what differs from its successor is every corner once, without the closing one.
    is_kept = np.zeros(len(xy), dtype=bool)
    is_kept[:-1] = (xy[1:] != xy[:-1]).any(axis=1) & (ring_of[1:] == ring_of[:-1])
    xy, ring_of = xy[is_kept], ring_of[is_kept]
    sizes = np.bincount(ring_of, minlength=len(polygon_of))
    surface = _surface(xy, sizes, ring_of)
    has_outside = np.zeros(len(polygons), dtype=bool)
    has_outside[polygon_of[~is_hole & (surface != 0)]] = True
    is_drawn = (surface != 0) & has_outside[polygon_of]
    # The specification: outer rings have positive surface where y grows downwards, holes negative.
    xy = xy[_turned(sizes, (surface > 0) == is_hole)][is_drawn[ring_of]]
    return _Rings(xy, sizes[is_drawn], features[polygon_of[is_drawn]], is_hole[is_drawn])


def _surface(xy: Whole, sizes: Whole, ring_of: Whole) -> NDArray[np.float64]:
    """Twice the signed surface of each ring, exact for tiles up to the size of the world."""
    if not len(xy):
        return np.zeros(len(sizes))
    starts = np.cumsum(sizes) - sizes
    following = np.arange(1, len(xy) + 1)
    has_corners = sizes > 0
    following[(starts + sizes - 1)[has_corners]] = starts[has_corners]
    from_first = xy - xy[starts[ring_of]]
    cross = from_first[:, 0] * from_first[following, 1] - from_first[following, 0] * from_first[:, 1]
    return np.bincount(ring_of, weights=cross, minlength=len(sizes)).astype(np.float64)


def _turned(sizes: Whole, is_turned: NDArray[np.bool_]) -> Whole:
    """Order of corners in which the named rings run the other way round."""
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    ends = np.repeat(np.cumsum(sizes) - 1, sizes)
    places = np.arange(len(starts))
    return np.where(np.repeat(is_turned, sizes), ends - (places - starts), places)


def _code(rings: _Rings) -> tuple[Whole, Whole]:
    """Code rings as commands: the numbers of all areas, and where those of each area end."""
    sizes = rings.sizes
    lengths = 2 * sizes + 3  # move, corner, line, the other corners, close
    starts = np.cumsum(lengths) - lengths
    numbers = np.empty(int(lengths.sum()), dtype=np.int64)
    numbers[starts] = _MOVE | 1 << 3
    numbers[starts + 3] = _LINE | (sizes - 1) << 3
    numbers[starts + lengths - 1] = _CLOSE | 1 << 3
    firsts = np.cumsum(sizes) - sizes
    steps = np.diff(rings.xy, axis=0, prepend=0)
    is_first_ring = np.diff(rings.features, prepend=-1) != 0
    steps[firsts[is_first_ring]] = rings.xy[firsts[is_first_ring]]  # each area begins at the corner
    zigzag = (steps << 1) ^ (steps >> 63)
    within = np.arange(len(rings.xy)) - np.repeat(firsts, sizes)
    places = np.repeat(starts, sizes) + 1 + 2 * within + (within > 0)
    numbers[places], numbers[places + 1] = zigzag[:, 0], zigzag[:, 1]
    return numbers, np.cumsum(lengths)[np.append(is_first_ring[1:], True)]


def _make_message() -> type[Message]:
    """Make the message class of the specification, less what is not written here."""
    text, message, whole, kind = 9, 11, 13, 14  # the numbers protobuf gives its types
    one, many = 1, 3
    file = descriptor_pb2.FileDescriptorProto(name="getu_vector_tile.proto", package="getu", syntax="proto2")
    tile = file.message_type.add(name="Tile")
    kinds = tile.enum_type.add(name="Kind")
    for number, name in enumerate(("UNKNOWN", "POINT", "LINE", "POLYGON")):
        kinds.value.add(name=name, number=number)
    packed = descriptor_pb2.FieldOptions(packed=True)
    value, feature, layer = (tile.nested_type.add(name=name) for name in ("Value", "Feature", "Layer"))
    value.field.add(name="string_value", number=1, label=one, type=text)
    feature.field.add(name="tags", number=2, label=many, type=whole, options=packed)
    feature.field.add(name="type", number=3, label=one, type=kind, type_name=".getu.Tile.Kind")
    feature.field.add(name="geometry", number=4, label=many, type=whole, options=packed)
    layer.field.add(name="version", number=15, label=one, type=whole)
    layer.field.add(name="name", number=1, label=one, type=text)
    layer.field.add(name="features", number=2, label=many, type=message, type_name=".getu.Tile.Feature")
    layer.field.add(name="keys", number=3, label=many, type=text)
    layer.field.add(name="values", number=4, label=many, type=message, type_name=".getu.Tile.Value")
    layer.field.add(name="extent", number=5, label=one, type=whole)
    tile.field.add(name="layers", number=3, label=many, type=message, type_name=".getu.Tile.Layer")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made: type[Message] = message_factory.GetMessageClass(pool.FindMessageTypeByName("getu.Tile"))
    return made


_TILE: Final = _make_message()
