"""Sentences of `geo/analysis`."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {
    "area_id_twice": Message(
        "Area {area_id} occurs more than once ({n_extra:,} rows too many).",
        "区域编码 {area_id} 出现多次（共多出 {n_extra:,} 行）。",
        "Keep one row for each area_id.",
        "请为每个 area_id 只保留一行。",
    ),
    "area_id_missing": Message(
        "{n_areas:,} areas have no area_id.",
        "有 {n_areas:,} 个区域没有 area_id。",
        "Give every area its code.",
        "请为每个区域填写编码。",
    ),
    "area_id_column_missing": Message(
        "`{table}` has no column area_id.",
        "“{table}”没有 area_id 列。",
        "Name the column that holds the codes of the areas.",
        "请指明哪一列是区域编码。",
    ),
    "areas_ids_differ": Message(
        "{n_areas:,} areas came with {n_ids:,} ids.",
        "区域有 {n_areas:,} 个，编码却有 {n_ids:,} 个。",
        "Give one id for each area.",
        "请为每个区域给出一个编码。",
    ),
    "area_not_polygon": Message(
        "Area {area_id} is not a polygon ({n_areas:,} such areas).",
        "区域 {area_id} 不是面（共 {n_areas:,} 个）。",
        "Areas must be Polygon or MultiPolygon; remove or mend the others.",
        "区域必须是 Polygon 或 MultiPolygon，请删除或修正其余几何。",
    ),
    "area_not_finite": Message(
        "Area {area_id} has a coordinate that is not a place ({n_areas:,} such areas).",
        "区域 {area_id} 含有无效坐标（共 {n_areas:,} 个）。",
        "Mend the boundary file: every corner needs a longitude and a latitude.",
        "请修正边界文件：每个顶点都要有经度和纬度。",
    ),
    "areas_too_dense": Message(
        "{n_areas:,} areas with {n_edges:,} edges are more than one index can hold.",
        "{n_areas:,} 个区域共 {n_edges:,} 条边，超出单个索引的容量。",
        "Place the points district by district.",
        "请按区县分批落格。",
    ),
    "points_differ": Message(
        "{n_lon:,} longitudes came with {n_lat:,} latitudes, or they are not plain lists.",
        "经度有 {n_lon:,} 个，纬度有 {n_lat:,} 个，或不是一维列表。",
        "Give one longitude and one latitude for each point.",
        "请为每个点给出一个经度和一个纬度。",
    ),
    "distance_not_length": Message(
        "{name} is {value}, which is no length.",
        "{name} 的值 {value} 不是长度。",
        "Give it in metres, 0 or more.",
        "请以米为单位给出不小于 0 的数。",
    ),
    "period_without_dates": Message(
        "A period of your own needs a first day and the first day after it.",
        "自定义时段需要起始日期和结束后的第一天。",
        "Give both dates, for example from 2026-01-01 to 2026-02-01.",
        "请同时给出两个日期，例如 2026-01-01 至 2026-02-01。",
    ),
    "period_backwards": Message(
        "The period starts on {start_on} and ends before {end_on}, so it holds no day.",
        "时段从 {start_on} 开始，却在 {end_on} 之前结束，不含任何一天。",
        "Exchange or correct the dates.",
        "请调换或更正日期。",
    ),
    "period_after_data": Message(
        "The period starts on {first_on}, and the data end on {data_on}.",
        "时段从 {first_on} 开始，而数据截至 {data_on}。",
        "Choose an earlier period, or bring in newer cases.",
        "请选择更早的时段，或导入更新的案件。",
    ),
    "period_out_of_range": Message(
        "{day} is not in the years {first} to {last}.",
        "{day} 不在 {first} 至 {last} 年之间。",
        "Correct the date.",
        "请更正日期。",
    ),
}
