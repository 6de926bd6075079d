"""The areas of one vector tile, from either database (矢量瓦片).

Which areas belong to a tile is asked of the box columns of `areas`, the same numbers in both databases.
PostGIS writes the tile itself; the areas of DuckDB, which does without extensions, are written by
`geo.vector_tiles`.
"""

from __future__ import annotations

from collections.abc import Sequence

from geo.schema import AreaLevel
from geo.store.database import Database, Params
from geo.store.reading import sets_in_force
from geo.vector_tiles import EXTENT, LAYER, Tile

WORLD_M = 40_075_016.685_578_49
"""Width of the world in EPSG:3857."""


def area_tile(db: Database, level: AreaLevel, tile: Tile, *, area_ids: Sequence[str] | None) -> bytes:
    """Write the published areas of one level on a tile, all or those with given codes."""
    p = Params()
    chosen = "TRUE" if area_ids is None else f"t.area_id = ANY({p.add(list(area_ids))})"
    west, south, east, north = (p.add(edge) for edge in tile.box)
    rows = (
        f"areas t WHERE t.area_level = {p.add(level)} AND t.set_id IN ({sets_in_force(p, None)}) AND {chosen} "
        f"AND t.west <= {east} AND t.east >= {west} AND t.south <= {north} AND t.north >= {south}"
    )
    return db.area_tile(rows, p.values, tile)


def postgis_tile(rows: str, tile: Tile) -> str:
    """SQL of PostGIS that writes rows of `areas` as one tile, in the manner of `geo.vector_tiles`."""
    n = EXTENT * 2**tile.z
    outline = "ST_Transform(t.geom, 3857)"
    if tile.thin_units:
        outline = f"ST_Simplify({outline}, {tile.thin_units * WORLD_M / n!r})"
    square = f"ST_TileEnvelope({tile.z}, {tile.x}, {tile.y})"
    left, right = (f"(t.{edge} / 360 + 0.5) * {n} - {EXTENT * tile.x}" for edge in ("west", "east"))
    top, bottom = (
        f"(0.5 - ln(tan(pi() / 4 + radians(least(greatest(t.{edge}, -85.06), 85.06)) / 2)) / (2 * pi())) * {n} "
        f"- {EXTENT * tile.y}"
        for edge in ("north", "south")
    )
    corners = (
        f"floor({left}), floor({top}), "
        f"greatest(ceil({right}), floor({left}) + 1), greatest(ceil({bottom}), floor({top}) + 1)"
    )
    # ST_AsMVTGeom gives nothing for what is too small, and ST_AsMVT leaves nothing out only if it gets something
    return (
        f"SELECT ST_AsMVT(f, '{LAYER}', {EXTENT}, 'geom') FROM (SELECT t.area_id, t.name, "
        f"coalesce(ST_AsMVTGeom({outline}, {square}, {EXTENT}, 0, false), "
        f"ST_Reverse(ST_MakeEnvelope({corners}))) AS geom "
        f"FROM {rows} AND t.geom && ST_Expand(ST_Transform({square}, 4326), 1e-4) ORDER BY t.area_id) f"
    )
