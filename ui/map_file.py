"""The map as one HTML file that needs no network (地图下载)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from geo.analysis.indicators import IndicatorKey
from geo.analysis.periods import Period
from geo.hexagons import hexagon_centres
from geo.schema import AreaLevel
from geo.store.base import CaseFilter
from geo.tasks.map_layers import area_values, areas_as_table
from ui import map_parts, session, shows

HEAT_RESOLUTION = 10


def write_map(
    level: AreaLevel,
    key: IndicatorKey,
    period: Period,
    *,
    where: CaseFilter,
    parent_id: str | None,
    title: str,
    cases: CaseFilter,
    mode: str,
    kinds: Sequence[str],
) -> bytes:
    """Write what the page shows as one file: areas by class, cases as heat, facilities by kind.

    Parameters
    ----------
    level, parent_id
        The areas.
    key, period, where
        What colours them.
    title
        What the map is of.
    cases, mode
        Cases to draw as a heat picture, unless `mode` is `none`.
    kinds
        Kinds of facility to draw.
    """
    from geo.present.maps import Choropleth, KindSymbol, MapSheet, draw_map  # noqa: PLC0415  (folium is heavy)

    store, settings, language = session.store(), session.settings(), session.language()
    values = area_values(
        store,
        level,
        key,
        period=period,
        where=where,
        parent_id=parent_id,
        measure=lambda: session.measured_level(
            level, period=period, where=where, parent_id=parent_id, by=key
        ),
    )
    areas = areas_as_table(store, level, parent_id=parent_id)[["area_id", "name", "geom"]]
    areas.index = pd.Index(areas["area_id"].astype(str))
    texts = {area_id: figure.text for area_id, figure in values.by_area.items()}
    shown = pd.Series(texts, dtype="str").reindex(areas.index).fillna("")
    item = values.indicator
    choropleth = Choropleth(
        areas,
        shown,
        values.classes,
        item.name(language),
        "" if item.format == "share" else item.unit(language),
        level,
    )
    sheet = MapSheet(
        title=title,
        subtitle=shows.period(period),
        language=language,
        choropleth=choropleth,
        heat=_heat(cases) if mode != "none" else None,
        facilities=_facilities(kinds) if kinds else None,
        kinds={
            kind: KindSymbol(s.label, s.letter, s.colour)
            for kind in kinds
            if (s := map_parts.kind_style(kind))
        },
        review_number=settings.map_review_number,
        source=settings.map_source,
    )
    return draw_map(sheet).encode()


def _heat(where: CaseFilter) -> pd.DataFrame:
    counts = session.store().hexagon_counts(where, resolution=HEAT_RESOLUTION)
    lon, lat = hexagon_centres(counts["h3"].to_numpy(dtype="uint64"))
    return pd.DataFrame({"lon": lon, "lat": lat, "n": counts["n"].to_numpy()})


def _facilities(kinds: Sequence[str]) -> pd.DataFrame:
    table = session.store().read(
        "facilities", columns=["lon", "lat", "name", "kind"], where={"kind": list(kinds)}
    )
    return table[table["lon"].notna()].reset_index(drop=True)
