"""Read vector tiles with GDAL, a reader that is not ours, and draw cities to put on them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

EXTENT = 4096


def read_tile(content: bytes) -> gpd.GeoDataFrame:
    """Return the areas of a tile with their whole outlines, in units of the tile, y to the south."""
    if not content:
        return gpd.GeoDataFrame({"area_id": [], "name": []}, geometry=[])
    with TemporaryDirectory() as folder:
        file = Path(folder) / "tile.pbf"
        file.write_bytes(content)
        table = pyogrio.read_dataframe(file, layer="areas", CLIP="NO")
    # GDAL counts from the south-west corner
    turned = shapely.transform(
        table.geometry.to_numpy(), lambda xy: np.column_stack([xy[:, 0], EXTENT - xy[:, 1]])
    )
    return table.set_geometry(turned)


def ids_of(content: bytes) -> list[str]:
    """Return the codes on a tile, in order."""
    return list(read_tile(content)["area_id"])


def whole_shapes(level_box: tuple[float, float, float, float], n: int, *, seed: int = 1) -> np.ndarray:
    """Draw a city of irregular areas that share their borders to the bit, and tile a box."""
    rng = np.random.default_rng(seed)
    west, south, east, north = level_box
    seeds = shapely.multipoints(rng.uniform((west, south), (east, north), (n, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=shapely.box(*level_box)))
    return shapely.intersection(cells, shapely.box(*level_box))


def units(shapes: np.ndarray, z: int, x: int, y: int) -> np.ndarray:
    """Put shapes (WGS84) into the units of a tile, worked out apart from the program."""
    n = EXTENT * 2**z

    def project(degrees: np.ndarray) -> np.ndarray:
        lat = np.radians(degrees[:, 1])
        down = (1 - np.arcsinh(np.tan(lat)) / np.pi) / 2
        return np.column_stack([(degrees[:, 0] + 180) / 360 * n - x * EXTENT, down * n - y * EXTENT])

    return shapely.transform(shapes, project)
