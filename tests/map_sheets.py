"""Invented map sheets, and the texts that try to become markup or code (fault sheet C01)."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
from shapely import box

from geo.analysis.classes import classify
from geo.present.maps import Choropleth, KindSymbol, MapSheet

HOSTILE = (
    "<img src=x onerror=\"window.fired=1\">",
    "<script>window.fired=1</script>",
    "</script><script>window.fired=1</script><!--",
    "`${window.fired=1}`",
    "${window.fired=1}",
    "{{7*7}}{% raw %}",
    "a\u2028b\u2029c",
    "C:\\1\\map",
    "\"'><svg onload=window.fired=1>",
)  # fmt: skip


def areas(names, **columns):
    shapes = [box(104.0 + k * 0.01, 30.6, 104.01 + k * 0.01, 30.61) for k in range(len(names))]
    table = {"area_id": [f"A{k}" for k in range(len(names))], "name": list(names), **columns}
    return gpd.GeoDataFrame(table, geometry=shapes, crs=4326)


def choropleth(table, values, **texts):
    values = pd.Series(values, index=table.index, dtype=float)
    shown = values.map(lambda value: "–" if pd.isna(value) else f"{value:.0f} 件")
    return Choropleth(table, shown, classify(values, n_classes=3), "新增", "件", "grid", **texts)


def points(count, **columns):
    return pd.DataFrame({"lon": [104.0 + k / 1000 for k in range(count)], "lat": [30.605] * count, **columns})


def full_sheet(text="一号网格"):
    table = areas([text] * 4, **{text: [text] * 4})
    return MapSheet(
        title=text,
        subtitle=text,
        choropleth=choropleth(table, [1, 2, 3, None]),
        heat=points(40, n=1),
        cases=points(3, label=text),
        facilities=points(2, name=text, kind=text),
        kinds={text: KindSymbol(text, text[:1] or "·")},
        review_number=text,
        source=text,
    )
