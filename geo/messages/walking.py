"""Sentences about streets and walking."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {
    "walk_speed_unlikely": Message(
        "The speed of {profile} is {speed_m_s} m/s, at which nobody walks.",
        "{profile} 的速度为 {speed_m_s} 米/秒，不是步行速度。",
        "Give it in metres per second, for example 1.1.",
        "请以米/秒为单位填写，例如 1.1。",
    ),
    "walk_speed_unknown": Message(
        "Profile {profile} names the speed {speed}, which the walking model does not give.",
        "人群 {profile} 引用的速度 {speed} 不在步行模型中。",
        "Add the speed to data/standards/walking_model.yaml, or name one that is there.",
        "请在 data/standards/walking_model.yaml 中补充该速度，或改用已有的速度。",
    ),
    "street_columns_missing": Message(
        "`{table}` has no column {columns}.",
        "“{table}”缺少列 {columns}。",
        "Read the streets again.",
        "请重新读取路网。",
    ),
    "street_id_twice": Message(
        "`{column}` of `{table}` is not unique ({n_extra} rows too many).",
        "“{table}”的 {column} 有重复（多出 {n_extra} 行）。",
        "Give every row a number of its own.",
        "请为每行给出唯一编号。",
    ),
    "street_node_unknown": Message(
        "{n_edges} pieces of street end at a node that is not there; the first is {edge_id}.",
        "有 {n_edges} 条路段的端点不存在，第一条是 {edge_id}。",
        "Read nodes and streets from the same file.",
        "请从同一文件读取节点和路段。",
    ),
    "street_too_long": Message(
        "{n_edges} pieces of street are longer than half the way round the earth.",
        "有 {n_edges} 条路段的长度超过地球半周。",
        "Check the coordinate system of the file.",
        "请检查文件的坐标系。",
    ),
    "points_off_network": Message(
        "None of the {n} positions in `{name}` is near the streets: the nearest lies {apart_km:,.1f} km outside.",
        "“{name}”的 {n} 个位置都不在路网附近：最近的也在路网外 {apart_km:,.1f} 公里。",
        "Bring in the streets of the same place, or check the coordinate system of either.",
        "请导入同一地区的路网，或检查两者的坐标系。",
    ),
    "facility_id_twice_in_table": Message(
        "`facility_id` is not unique ({n_extra} rows too many).",
        "facility_id 有重复（多出 {n_extra} 行）。",
        "Keep one row for each facility; further entrances have a table of their own.",
        "请为每个设施只保留一行；其他出入口另有表格。",
    ),
    "entrance_without_facility": Message(
        "{n} entrances belong to facilities that are not there; the first names {facility_id}.",
        "有 {n} 个出入口所属的设施不存在，第一个是 {facility_id}。",
        "Bring in facilities and entrances together.",
        "请将设施与出入口一并导入。",
    ),
    "n_nearest_out_of_range": Message(
        "The nearest {n_nearest} facilities cannot be told.",
        "无法给出最近的 {n_nearest} 个设施。",
        "Ask for 1 to {most}.",
        "请在 1 到 {most} 之间选择。",
    ),
    "catchment_limits_wrong": Message(
        "A catchment needs limits above 0, each once; given were {limits}.",
        "服务范围的界限须为互不相同的正数，当前为 {limits}。",
        "Give metres or minutes such as 5, 10, 15.",
        "请填写例如 5、10、15 的数值。",
    ),
    "coverage_limit_missing": Message(
        "These kinds have no limit: {kinds}.",
        "下列设施类型没有界限：{kinds}。",
        "Give minutes or metres for each of them.",
        "请为每一类给出分钟数或米数。",
    ),
    "coverage_share_wrong": Message(
        "{share} is no share below which a kind can be missing.",
        "{share} 不能作为判定缺项的比例。",
        "Give a number above 0, at most 1.",
        "请填写大于 0、不超过 1 的数。",
    ),
    "coverage_group_missing": Message(
        "There is no coverage of the group `{group}`.",
        "没有人群“{group}”的覆盖率。",
        "Measure it first, or name another group.",
        "请先计算，或改选其他人群。",
    ),
    "coverage_people_negative": Message(
        "{n} points have fewer than 0 of the group `{group}`.",
        "有 {n} 个点的“{group}”人数小于 0。",
        "Correct the numbers.",
        "请更正人数。",
    ),
    "coverage_columns_differ": Message(
        "`{name}` has {n_rows} rows for {n_points} points.",
        "“{name}”有 {n_rows} 行，而点有 {n_points} 个。",
        "Give one value for each point.",
        "请为每个点给出一个值。",
    ),
    "supply_negative": Message(
        "{n} values of {name} are below 0 or missing.",
        "{name} 有 {n} 个值为负或缺失。",
        "Correct them, or leave those rows out.",
        "请更正，或去除这些行。",
    ),
    "osm_format_unknown": Message(
        "{file} is no OpenStreetMap file (.osm.pbf, .osm or .osm.gz).",
        "{file} 不是 OpenStreetMap 文件（.osm.pbf、.osm 或 .osm.gz）。",
        "Download an extract of your city, for example as .osm.pbf.",
        "请下载本市的数据摘录，例如 .osm.pbf 格式。",
    ),
    "osm_damaged": Message(
        "{file} breaks off or is damaged.",
        "{file} 不完整或已损坏。",
        "Download it again.",
        "请重新下载。",
    ),
    "osm_without_streets": Message(
        "{file} holds no street.",
        "{file} 中没有道路。",
        "Use an extract that was not filtered, or one of streets.",
        "请使用未经筛选的数据，或包含道路的数据。",
    ),
    "osm_too_many": Message(
        "{file} holds more than {limit:,} corners of streets.",
        "{file} 的道路顶点超过 {limit:,} 个。",
        "Cut the extract to your city, or raise max_vertices.",
        "请裁剪到本市范围，或调高 max_vertices。",
    ),
    "street_levels_unclear": Message(
        "{n} values of `{column}` do not say whether a street is a bridge or a tunnel; taken as on the ground.",
        "“{column}”列有 {n} 个值无法判断是否为桥梁或隧道，按地面道路处理。",
        "Use yes, no, bridge, tunnel or a level.",
        "请使用 是、否、桥、隧道 或层号。",
    ),
    "street_walk_unclear": Message(
        "{n} values of `{column}` do not say whether people may walk; taken as yes.",
        "“{column}”列有 {n} 个值无法判断是否可步行，按可步行处理。",
        "Use yes or no.",
        "请使用 是 或 否。",
    ),
    "streets_moved_ends": Message(
        "{n} ends of streets were moved by up to {tolerance_m} m to meet another street.",
        "有 {n} 个路段端点移动了不超过 {tolerance_m} 米，以与其他道路相接。",
        "Choose 0 to leave the lines as they are.",
        "如需保持原线，请选择 0。",
    ),
    "streets_split": Message(
        "Streets were split at {n} crossings.",
        "道路在 {n} 个交叉处打断。",
    ),
    "streets_twins": Message(
        "{n} pieces of street were left out because another has the same course.",
        "有 {n} 条路段与其他路段完全重合，已略去。",
    ),
    "streets_shrunk": Message(
        "{n} pieces of street shorter than the tolerance came to nothing and were left out.",
        "有 {n} 条短于容差的路段已略去。",
    ),
    "osm_nodes_missing": Message(
        "{n} streets of the file leave its edge: corners beyond it are missing, and the streets end there.",
        "有 {n} 条道路超出文件范围：缺少范围外的顶点，道路在此中断。",
    ),
    "osm_plazas": Message(
        "{n} squares can be walked across; {n_outline} are too large and are walked along their edge.",
        "{n} 个广场和步行区可以穿行；{n_outline} 个过大，仅沿边缘通行。",
    ),
    "osm_gates_closed": Message(
        "{n} gates are closed to people on foot.",
        "{n} 处大门不允许行人通过。",
    ),
}
