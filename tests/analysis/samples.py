"""The small data sets that ship inside libpysal, read without its fetching."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import libpysal
import numpy as np
import pandas as pd
import pyogrio
import shapely

from geo.analysis.weights import Weights, make_weights

SETS = {
    "stl": ("stl_hom.shp", "HR8893", "stl.gal"),
    "sids2": ("sids2.shp", "SIDR74", "sids2.gal"),
    "columbus": ("columbus.shp", "CRIME", "columbus.gal"),
    "virginia": ("virginia.shp", None, "virginia.gal"),
    "baltim": ("baltim.shp", "PRICE", "baltim_q.gal"),
    "10740": ("10740.shp", None, "10740_queen.gal"),
}
"""Folder → file with the values, their column (None: the surface as drawn), weights."""


def sample_path(folder: str, name: str) -> Path:
    return Path(str(files(libpysal) / "examples" / folder / name))


def read_sample(folder: str) -> tuple[pd.Series, libpysal.weights.W]:
    """Return values of the areas 00000, 00001 …, and the weights of libpysal in that order."""
    name, column, gal = SETS[folder]
    table = pyogrio.read_dataframe(sample_path(folder, name))
    numbers = table[column] if column else shapely.area(table.geometry.to_numpy())
    return as_values(numbers), read_gal(sample_path(folder, gal))


def read_gal(path: Path) -> libpysal.weights.W:
    """Read a GAL file: a line with the number of areas, then two lines an area (id and count, neighbours)."""
    lines = path.read_text(encoding="ascii").splitlines()[1:]
    heads, tails = lines[::2], lines[1::2]
    place = {head.split()[0]: row for row, head in enumerate(heads)}
    neighbours = {row: [place[name] for name in tail.split()] for row, tail in enumerate(tails)}
    assert len(neighbours) == len(heads)
    return libpysal.weights.W(neighbours, id_order=list(neighbours), silence_warnings=True)


def own_weights(weights: libpysal.weights.W) -> Weights:
    """Return the same links as ours; row i of libpysal is area i."""
    links = weights.sparse.astype(bool).astype(np.float64)
    return make_weights([f"{row:05d}" for row in range(weights.n)], links, rule="gal")


def as_values(numbers) -> pd.Series:
    """Return numbers as values of the areas 00000, 00001 …"""
    return pd.Series(np.asarray(numbers, dtype=float), index=[f"{row:05d}" for row in range(len(numbers))])
