"""Suggest which column of a file of places holds what (地点文件列名建议).

A suggestion is a header that stands word for word in `data/mappings/place_headers.yaml`; what is not
there is left to the user. The user sees and may change every suggestion.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml

from geo.intake.values import fold_word

PlaceTable = Literal["areas", "population", "buildings", "residential_land", "streets"]

_HEADERS = Path(__file__).resolve().parents[2] / "data" / "mappings" / "place_headers.yaml"


def suggest_place_columns(columns: Sequence[str], *, table: PlaceTable) -> dict[str, str]:
    """Suggest a column for each field of a table of places.

    Parameters
    ----------
    columns
        Columns of the file.
    table
        Table the file is for.

    Returns
    -------
    dict
        Field → column. A field whose words are not among the columns is left out, and no column is
        suggested twice. Population gets one kind of place: an H3 cell, else a longitude and latitude,
        else the code of an area.

    Examples
    --------
    >>> suggest_place_columns(["CODEBASE", "CODE1", "面積"], table="areas")
    {'area_id': 'CODEBASE', 'parent_id': 'CODE1'}
    """
    by_word: dict[str, str] = {}
    for column in columns:
        by_word.setdefault(fold_word(column), column)
    found: dict[str, str] = {}
    for field, words in _headers()[table].items():
        for word in words:
            if word in by_word and by_word[word] not in found.values():
                found[field] = by_word[word]
                break
    return _one_place(found) if table == "population" else found


def _one_place(found: dict[str, str]) -> dict[str, str]:
    if "h3" in found:
        dropped = {"lon", "lat", "area_id"}
    elif {"lon", "lat"} <= found.keys():
        dropped = {"area_id"}
    elif "area_id" in found:
        dropped = {"lon", "lat", "point_id"}
    else:
        dropped = {"lon", "lat"}
    return {field: column for field, column in found.items() if field not in dropped}


@lru_cache(maxsize=1)
def _headers() -> dict[str, dict[str, tuple[str, ...]]]:
    tables = yaml.safe_load(_HEADERS.read_text(encoding="utf-8"))
    return {
        table: {field: tuple(fold_word(str(word)) for word in words) for field, words in fields.items()}
        for table, fields in tables.items()
    }
