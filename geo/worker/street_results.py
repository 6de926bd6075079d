"""How streets come back from a reader: nodes and pieces as Arrow files, judged like a stranger's (路网读取结果).

As in `geo.worker.results`, nothing is believed: every column has its type and no gap where none may be,
every piece is a line between two nodes of the list, every reason and direction is one of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from geo.intake.osm_rules import FootWay, Why
from geo.intake.streets import Streets
from geo.worker.results import ForgedError, as_note, as_plain, read_columns, write_columns

NODES: Final = "nodes.arrow"
EDGES: Final = "edges.arrow"

_NODES = pa.schema([("node_id", pa.int64()), ("lon", pa.float64()), ("lat", pa.float64())])
_EDGES = pa.schema([
    ("edge_id", pa.int64()), ("from_node", pa.int64()), ("to_node", pa.int64()), ("length_m", pa.float64()),
    ("name", pa.large_string()), ("kind", pa.large_string()), ("walk", pa.bool_()), ("why", pa.large_string()),
    ("foot_way", pa.large_string()), ("wheels", pa.bool_()), ("is_bridge", pa.bool_()), ("is_tunnel", pa.bool_()),
    ("climb_m", pa.float64()), ("geom", pa.large_binary()),
])  # fmt: skip
_MAY_BE_MISSING = frozenset({"name", "wheels", "climb_m"})


def pack_streets(streets: Streets, folder: Path) -> dict[str, Any]:
    """Write streets into a folder; return what else is to be told of them."""
    _pack(streets.nodes, _NODES, folder / NODES)
    edges = pd.DataFrame(streets.edges.drop(columns="geom"))
    _pack(edges.assign(geom=shapely.to_wkb(streets.edges.geometry.to_numpy())), _EDGES, folder / EDGES)
    notes = [[note.code, note.severity, as_plain(note.values)] for note in streets.notes]
    return {"n_read": streets.n_read, "notes": notes}


def unpack_streets(facts: Mapping[str, Any], folder: Path, *, most_bytes: int) -> Streets:
    """Return the streets a reader left.

    Raises
    ------
    ForgedError
        If they are not what a reader writes.
    """
    try:
        nodes = _unpack(folder / NODES, _NODES, most_bytes)
        edges = _unpack(folder / EDGES, _EDGES, most_bytes)
        lines = shapely.from_wkb(edges.pop("geom").to_numpy(dtype=object))
        _require_ours(nodes, edges, lines)
        table = gpd.GeoDataFrame(edges.assign(geom=lines), geometry="geom", crs=4326)
        notes = tuple(as_note(*note) for note in facts["notes"])
        return Streets(nodes, table, notes, int(facts["n_read"]))
    except (KeyError, TypeError, ValueError, pa.ArrowException, shapely.errors.ShapelyError) as error:
        raise ForgedError(EDGES) from error


def _pack(table: pd.DataFrame, schema: pa.Schema, path: Path) -> None:
    columns = [pa.array(table[f.name], type=f.type, from_pandas=True) for f in schema]
    rows = pa.Table.from_arrays(columns, schema=schema)
    write_columns(path, schema, rows.to_batches())


def _unpack(path: Path, schema: pa.Schema, most_bytes: int) -> pd.DataFrame:
    rows = read_columns(path, schema, most_bytes)
    columns: dict[str, object] = {}
    for f in schema:
        column = rows.column(f.name)
        if column.null_count and f.name not in _MAY_BE_MISSING:
            raise ForgedError(path.name)
        if f.type == pa.large_string():
            columns[f.name] = pd.array(column, dtype="str")
        elif f.name == "wheels":
            columns[f.name] = pd.array(column.to_pylist(), dtype="boolean")
        else:
            columns[f.name] = column.to_numpy()
    return pd.DataFrame(columns)


def _require_ours(
    nodes: pd.DataFrame, edges: pd.DataFrame, lines: np.ndarray[Any, np.dtype[np.object_]]
) -> None:
    places = nodes[["lon", "lat"]].to_numpy()
    ends = np.concatenate([edges["from_node"], edges["to_node"]])
    sound = (
        (np.abs(places) <= (180.0, 90.0)).all(),
        nodes["node_id"].is_unique,
        edges["edge_id"].is_unique,
        np.isin(ends, nodes["node_id"]).all(),
        np.isfinite(edges["length_m"]).all(),
        set(edges["why"]) <= set(get_args(Why)),
        set(edges["foot_way"]) <= set(get_args(FootWay)),
        (shapely.get_type_id(lines) == shapely.GeometryType.LINESTRING).all(),
        np.isfinite(shapely.get_coordinates(lines)).all(),
    )
    if not all(sound):
        raise ForgedError(EDGES)
