"""Maps to download: one HTML file each, drawn by folium, complete without a network (地图下载).

Every text that reaches the file goes through `safe`, keys and values alike: folium writes what it is
given into HTML and template literals, and reads the finished script as a template once more. Classes
come with their breaks and counts from `geo.analysis.classes`, the legend is our own, and the review
number and the source stand bottom left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import folium
import geopandas as gpd
import pandas as pd
from folium.plugins import FastMarkerCluster, HeatMap

from geo.analysis.classes import Classes
from geo.errors import MissingError
from geo.present.map_frame import Frame
from geo.present.offline import render_offline
from geo.present.safe import safe
from geo.present.words import count_of

Language = Literal["zh", "en"]
Box = tuple[float, float, float, float]

CASE_RAMP: Final = ("#fbd3e4", "#f39ac2", "#dd5b9b", "#a3176b", "#5c0040")
"""One hue for cases, apart from the colours of the areas; the same as on the pages."""
_STOPS: Final = ("0.12", "0.3", "0.55", "0.8", "1")
PLAIN_COLOUR: Final = "#f3f4f5"

_WORDS: Final = {
    "areas": ("分级设色", "Areas by class"),
    "heat": ("诉求热力（示意，非统计）", "Heat of cases (a picture, not a statistic)"),
    "cases": ("诉求（聚合点）", "Cases, clustered"),
    "facilities": ("设施", "Facilities"),
    "no_data": ("无数据", "No data"),
    "review": ("审图号：", "Map review no. "),
    "source": ("数据来源：", "Source: "),
    "area_id": ("编号", "Code"),
    "name": ("名称", "Name"),
}


@dataclass(frozen=True)
class Choropleth:
    """Areas coloured by class."""

    areas: gpd.GeoDataFrame
    """WGS84; `area_id`, `name`, and any other columns, which are shown when an area is pointed at."""
    shown: pd.Series
    """What is written for each area, in the index of `areas`: `1,204 件`, `93.1%`, `< 5`."""
    classes: Classes
    """In the index of `areas`."""
    title: str
    unit: str = ""
    counted: str = "area"
    """What is counted in the legend, a key of `words.COUNTED`."""


@dataclass(frozen=True)
class KindSymbol:
    """How one kind of facility is drawn."""

    label: str
    letter: str
    colour: str = "#4b5563"


@dataclass(frozen=True)
class MapSheet:
    """One map to download; parts that are missing are left out."""

    title: str
    subtitle: str = ""
    """Period and data date."""
    language: Language = "zh"
    choropleth: Choropleth | None = None
    heat: pd.DataFrame | None = None
    """`lon`, `lat` in WGS84 degrees and `n` cases."""
    cases: pd.DataFrame | None = None
    """`lon`, `lat`, and `label`, the masked text of one case."""
    facilities: pd.DataFrame | None = None
    """`lon`, `lat`, `name`, `kind`."""
    kinds: Mapping[str, KindSymbol] = field(default_factory=dict)
    review_number: str = ""
    source: str = ""


def draw_map(sheet: MapSheet) -> str:
    """Draw one map as one HTML file that works without a network.

    Raises
    ------
    MissingError
        If no part of the sheet holds anything with a place.
    """
    box = _find_box(sheet)
    drawn = folium.Map(
        tiles=None,
        max_zoom=19,
        maxZoom=19,  # clusters ask the map, not its tiles
        zoom_snap=0.5,
        prefer_canvas=True,
        attribution_control=False,
        control_scale=False,
    )
    rows: list[dict[str, str]] = []
    if sheet.choropleth is not None and len(sheet.choropleth.areas):
        _draw_areas(sheet.choropleth, sheet.language).add_to(drawn)
        rows += _class_rows(sheet.choropleth, sheet.language)
    # A heat picture over class colours would make other colours of them: the reader switches it on.
    has_others = sheet.choropleth is not None or sheet.cases is not None
    if sheet.heat is not None and len(sheet.heat):
        _draw_heat(sheet.heat, name=_say("heat", sheet.language), show=not has_others).add_to(drawn)
        rows.append({"kind": "heat", "label": _say("heat", sheet.language)})
    if sheet.cases is not None and len(sheet.cases):
        _draw_cases(sheet.cases, name=_say("cases", sheet.language)).add_to(drawn)
        rows.append({"kind": "cases", "label": _say("cases", sheet.language)})
    if sheet.facilities is not None and len(sheet.facilities):
        _draw_facilities(sheet.facilities, sheet.kinds, name=_say("facilities", sheet.language)).add_to(drawn)
        rows += _facility_rows(sheet.facilities, sheet.kinds)
    folium.LayerControl(collapsed=False).add_to(drawn)
    drawn.fit_bounds([[box[1], box[0]], [box[3], box[2]]])
    credits = [
        _say(word, sheet.language) + text
        for word, text in (("review", sheet.review_number), ("source", sheet.source))
        if text
    ]
    Frame(title=sheet.title, subtitle=sheet.subtitle, rows=rows, credits=" · ".join(credits)).add_to(drawn)
    return render_offline(drawn, title=safe(sheet.title))


def _say(word: str, language: Language) -> str:
    return _WORDS[word][0 if language == "zh" else 1]


def _find_box(sheet: MapSheet) -> Box:
    """West, south, east, north of everything on the sheet; the areas alone where there are any."""
    if sheet.choropleth is not None and len(sheet.choropleth.areas):
        west, south, east, north = sheet.choropleth.areas.total_bounds.tolist()
        return west, south, east, north
    tables = [
        table for table in (sheet.heat, sheet.cases, sheet.facilities) if table is not None and len(table)
    ]
    if not tables:
        raise MissingError("map_nothing_to_draw")
    points = pd.concat([table[["lon", "lat"]] for table in tables])
    low, high = points.min(), points.max()
    return float(low["lon"]), float(low["lat"]), float(high["lon"]), float(high["lat"])


def _draw_areas(part: Choropleth, language: Language) -> folium.GeoJson:
    """Polygons with their class colour, and every column of the table as escaped text."""
    texts = (
        part.areas.drop(columns=part.areas.geometry.name)
        .astype(str)
        .assign(**{part.title: part.shown.astype(str)})
    )
    labels = {name: _say(name, language) for name in ("area_id", "name")}
    shapes = json.loads(part.areas.geometry.to_json(drop_id=True))["features"]
    colours = [
        part.classes.colours[place] if place >= 0 else part.classes.no_data_colour
        for place in part.classes.positions.reindex(part.areas.index).tolist()
    ]
    fields = [f"f{place}" for place in range(texts.shape[1])]  # names of our own: columns of a file are data
    features = [
        {
            "type": "Feature",
            "geometry": shape["geometry"],
            "properties": {"colour": colour, **dict(zip(fields, safe(list(row)), strict=True))},
        }
        for shape, colour, row in zip(shapes, colours, texts.itertuples(index=False, name=None), strict=True)
    ]
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        name=safe(part.title or _say("areas", language)),
        style_function=_style,
        highlight_function=lambda _: {"weight": 2, "color": "#2b2f36"},
        tooltip=folium.GeoJsonTooltip(
            fields=fields, aliases=safe([labels.get(str(name), str(name)) for name in texts.columns])
        ),
        smooth_factor=0,
    )


def _style(feature: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    return {"fillColor": feature["properties"]["colour"], "fillOpacity": 1, "color": "#ffffff", "weight": 0.7}


def _draw_heat(table: pd.DataFrame, *, name: str, show: bool) -> HeatMap:
    """Draw the heat picture: one hue, the top at a crowded spot rather than at the fullest one."""
    weights = table["n"].astype(float)
    top = max(float(weights.quantile(0.98)), 1.0)
    data = pd.DataFrame({"lat": table["lat"], "lon": table["lon"], "n": (weights / top).clip(upper=1)})
    gradient = dict(zip(_STOPS, CASE_RAMP, strict=True))
    return HeatMap(  # type: ignore[no-untyped-call]
        data.to_numpy().tolist(),
        name=safe(name),
        show=show,
        radius=14,
        blur=12,
        min_opacity=0.04,
        gradient=gradient,
    )


_CLUSTER_ICON: Final = """
function(cluster){
  var n = cluster.getChildCount(), s = %d + (n < 10 ? 0 : n < 100 ? 6 : n < 1000 ? 12 : 20);
  var e = document.createElement('span'); e.textContent = n;
  return L.divIcon({html: e, className: 'getu-cluster %s', iconSize: [s, s]});
}"""


def _draw_cases(table: pd.DataFrame, *, name: str) -> FastMarkerCluster:
    callback = (
        "function(row){var m=L.circleMarker([row[0],row[1]],{radius:5,weight:1,color:'#fff',"
        f"fillColor:'{CASE_RAMP[3]}',fillOpacity:1}});m.bindTooltip(row[2]);return m;}}"
    )
    rows = table[["lat", "lon"]].to_numpy().tolist()
    data = [[*point, safe(str(label))] for point, label in zip(rows, table["label"], strict=True)]
    return FastMarkerCluster(  # type: ignore[no-untyped-call]
        data,
        callback=callback,
        name=safe(name),
        icon_create_function=_CLUSTER_ICON % (26, "getu-cases"),
        maxClusterRadius=54,
        showCoverageOnHover=False,
    )


def _draw_facilities(table: pd.DataFrame, kinds: Mapping[str, KindSymbol], *, name: str) -> FastMarkerCluster:
    callback = (
        "function(row){var e=document.createElement('b');e.innerHTML=row[4];"
        "e.style.background=row[5];var m=L.marker([row[0],row[1]],{icon:L.divIcon({html:e,"
        "className:'getu-facility',iconSize:[18,18]})});m.bindTooltip(row[2]+'<br>'+row[3]);return m;}"
    )
    data = []
    for row in table.itertuples(index=False):
        kind = kinds.get(str(row.kind), KindSymbol(str(row.kind), "•"))
        texts = safe([str(row.name), kind.label, kind.letter, kind.colour])
        data.append([row.lat, row.lon, *texts])
    return FastMarkerCluster(  # type: ignore[no-untyped-call]
        data,
        callback=callback,
        name=safe(name),
        icon_create_function=_CLUSTER_ICON % (20, "getu-facilities"),
        maxClusterRadius=34,
        disableClusteringAtZoom=17,
        showCoverageOnHover=False,
    )


def _class_rows(part: Choropleth, language: Language) -> list[dict[str, str]]:
    title = f"{part.title}（{part.unit}）" if language == "zh" else f"{part.title} ({part.unit})"
    rows = [{"kind": "title", "label": title if part.unit else part.title}]
    classes = part.classes
    for colour, label, n in zip(classes.colours, classes.labels, classes.counts, strict=True):
        rows.append(
            {"kind": "class", "colour": colour, "label": label, "n": count_of(n, part.counted, language)}
        )
    if classes.n_missing:
        label, missing = _say("no_data", language), count_of(classes.n_missing, part.counted, language)
        rows.append({"kind": "class", "colour": classes.no_data_colour, "label": label, "n": missing})
    return rows


def _facility_rows(table: pd.DataFrame, kinds: Mapping[str, KindSymbol]) -> list[dict[str, str]]:
    rows = []
    for kind, n in table["kind"].astype(str).value_counts().sort_index().items():
        style = kinds.get(str(kind), KindSymbol(str(kind), "•"))
        rows.append(
            {
                "kind": "facility",
                "colour": style.colour,
                "letter": style.letter,
                "label": style.label,
                "n": f"{n:,}",
            }
        )
    return rows
