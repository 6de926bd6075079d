"""Sentences of the ground floor: settings, tables, coordinates, hexagons."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {
    "crs_missing": Message(
        "`{table}` has no coordinate reference system.",
        "“{table}”没有坐标系。",
        "Set it when the file is read, for example cgcs2000.",
        "请在读入文件时指明，例如 cgcs2000。",
    ),
    "crs_unknown": Message(
        "`{coord_sys}` is not a coordinate system this program knows.",
        "本程序不认识坐标系“{coord_sys}”。",
        "Choose wgs84, cgcs2000, gcj02, bd09, cgcs2000-cm75 to cgcs2000-cm135 (every 3 degrees), "
        "cgcs2000-zone25 to cgcs2000-zone45, or an EPSG code such as epsg:2249.",
        "请选择 wgs84、cgcs2000、gcj02、bd09、cgcs2000-cm75 至 cgcs2000-cm135（每隔 3 度）、"
        "cgcs2000-zone25 至 cgcs2000-zone45，或 EPSG 代码，例如 epsg:2249。",
    ),
    "crs_not_horizontal": Message(
        "`{coord_sys}` ({title}) has no plain pair of coordinates on the map.",
        "“{coord_sys}”（{title}）不是平面或经纬度坐标系。",
        "Choose the horizontal system of the file: degrees or a projection.",
        "请选择文件的平面坐标系或经纬度坐标系。",
    ),
    "crs_fits_nothing": Message(
        "None of the {n:,} positions fits {coord_sys}; first row {row}: x={x:.10g}, y={y:.10g}.",
        "{n:,} 个位置都不符合坐标系 {coord_sys}；首个在第 {row} 行：x={x:.10g}，y={y:.10g}。",
        "x must be the easting (Chinese survey tables call it Y) and y the northing. An easting of eight "
        "digits begins with its zone number: choose cgcs2000-zoneNN; one of six digits has none: choose "
        "cgcs2000-cmNNN.",
        "x 应为东坐标（测绘成果表中常写作 Y），y 应为北坐标。八位的东坐标以带号开头，请选 cgcs2000-zoneNN；"
        "六位的不带带号，请选 cgcs2000-cmNNN。",
    ),
    "degrees_are_metres": Message(
        "{n:,} of {n_rows:,} rows of `{name}` are not degrees; first row {row}: lon={lon:.10g}, "
        "lat={lat:.10g}. They look like metres.",
        "“{name}”的 {n_rows:,} 行中有 {n:,} 行不是经纬度；首个在第 {row} 行："
        "经度={lon:.10g}，纬度={lat:.10g}。数值像是米。",
        "Name the projected system of the file, for example cgcs2000-cm105.",
        "请指明文件的投影坐标系，例如 cgcs2000-cm105。",
    ),
    "degrees_swapped": Message(
        "{n:,} of {n_rows:,} rows of `{name}` are not degrees; first row {row}: lon={lon:.10g}, "
        "lat={lat:.10g}. The two columns look swapped.",
        "“{name}”的 {n_rows:,} 行中有 {n:,} 行不是经纬度；首个在第 {row} 行："
        "经度={lon:.10g}，纬度={lat:.10g}。两列像是颠倒了。",
        "Exchange the columns of longitude and latitude.",
        "请对调经度列与纬度列。",
    ),
    "degrees_out_of_range": Message(
        "{n:,} of {n_rows:,} rows of `{name}` lie outside the range of degrees; first row {row}: "
        "lon={lon:.10g}, lat={lat:.10g}.",
        "“{name}”的 {n_rows:,} 行中有 {n:,} 行超出经纬度范围；首个在第 {row} 行："
        "经度={lon:.10g}，纬度={lat:.10g}。",
        "Longitude must lie between -180 and 180, latitude between the poles; correct the rows or name the "
        "coordinate system of the file.",
        "经度应在 -180 至 180 之间，纬度应在两极之间；请改正这些行，或指明文件的坐标系。",
    ),
    "degrees_antimeridian": Message(
        "{n:,} geometries of `{name}` span more than half the earth; first row {row}.",
        "“{name}”中有 {n:,} 个图形跨越半个地球以上；首个在第 {row} 行。",
        "Cut geometries that cross 180 degrees of longitude, or name the coordinate system of the file.",
        "请在经度 180 度处切开图形，或指明文件的坐标系。",
    ),
    "hexagon_bad": Message(
        "{n:,} of {n_rows:,} hexagon ids are not H3 cells; first row {row}: {value}.",
        "{n_rows:,} 个六边形编号中有 {n:,} 个不是 H3 编号；首个在第 {row} 行：{value}。",
        "An H3 cell is written with 15 digits 0-9 and a-f, for example 8a40e3ce806ffff.",
        "H3 编号由 15 位 0-9 与 a-f 组成，例如 8a40e3ce806ffff。",
    ),
    "hexagon_resolution": Message(
        "Hexagons have no resolution {resolution}.",
        "六边形没有第 {resolution} 级。",
        "Choose a whole number from 0 (largest) to 15 (smallest).",
        "请选择 0（最大）至 15（最小）之间的整数。",
    ),
    "hexagon_too_coarse": Message(
        "{n:,} of {n_rows:,} hexagons are larger than resolution {resolution}; first row {row}: "
        "resolution {found}.",
        "{n_rows:,} 个六边形中有 {n:,} 个比第 {resolution} 级更大；首个在第 {row} 行：第 {found} 级。",
        "A parent is never smaller than its cell; choose a smaller number.",
        "上级六边形不会小于下级；请选择更小的级数。",
    ),
}
