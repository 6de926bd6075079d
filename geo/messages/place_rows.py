"""Sentences about single rows of place files: they use nothing but {row}, {column} and {value}."""

from geo.messages.text import Message

ROWS: dict[str, Message] = {
    "feature_not_object": Message(
        "Feature {row} is no JSON object but {value}.",
        "要素 {row} 不是 JSON 对象，而是 {value}。",
    ),
    "feature_properties_not_object": Message(
        "The properties of feature {row} are no object but {value}.",
        "要素 {row} 的 properties 不是对象，而是 {value}。",
    ),
    "feature_type_wrong": Message(
        "Feature {row} has the type {value}, which should be Feature.",
        "要素 {row} 的 type 为 {value}，应为 Feature。",
    ),
    "feature_key_twice": Message(
        "Feature {row} has {column} twice; which one counts cannot be told.",
        "要素 {row} 中 {column} 出现两次，无法判断以哪个为准。",
    ),
    "feature_text_not_storable": Message(
        "Feature {row}, {column}: the text holds characters no database keeps: {value}.",
        "要素 {row} 的 {column} 含有数据库无法保存的字符：{value}。",
    ),
    "geometry_missing": Message("Feature {row} has no geometry. {value}", "要素 {row} 没有几何图形。{value}"),
    "geometry_empty": Message(
        "The geometry of feature {row} is empty. {value}", "要素 {row} 的几何图形为空。{value}"
    ),
    "geometry_broken": Message(
        "The geometry of feature {row} cannot be built: open or short rings. {value}",
        "要素 {row} 的几何图形无法构成：环未闭合或点数不足。{value}",
    ),
    "geometry_kind_unknown": Message(
        "Feature {row} has a geometry that GeoJSON does not know: {value}.",
        "要素 {row} 的几何类型无效：{value}。",
    ),
    "geometry_kind_unused": Message(
        "Feature {row} is of the kind {value}, which cannot be imported.",
        "要素 {row} 的几何类型 {value} 不能导入。",
    ),
    "geometry_coordinates_broken": Message(
        "The coordinates of feature {row} are not what its type needs: {value}.",
        "要素 {row} 的坐标结构与几何类型不符：{value}。",
    ),
    "geometry_not_finite": Message(
        "Feature {row} has a coordinate that is no finite number: {value}.",
        "要素 {row} 含有非有限数值的坐标：{value}。",
    ),
    "geometry_ring_open": Message(
        "A ring of feature {row} is not closed: {value}.",
        "要素 {row} 有环未闭合：{value}。",
    ),
    "geometry_ring_too_short": Message(
        "A ring of feature {row} has fewer than three different corners: {value}.",
        "要素 {row} 有环的不同顶点少于三个：{value}。",
    ),
    "geometry_line_too_short": Message(
        "A line of feature {row} has a single point: {value}.",
        "要素 {row} 的线只有一个点：{value}。",
    ),
    "geometry_not_polygon": Message(
        "Feature {row} is no polygon but {value}.", "要素 {row} 不是面，而是 {value}。"
    ),
    "geometry_not_line": Message(
        "Feature {row} is no line but {value}.", "要素 {row} 不是线，而是 {value}。"
    ),
    "geometry_not_place": Message(
        "Feature {row} is neither a polygon nor a point but {value}.",
        "要素 {row} 既不是面也不是点，而是 {value}。",
    ),
    "geometry_out_of_system": Message(
        "Feature {row} lies out of reach of the coordinate system. {value}",
        "要素 {row} 超出所选坐标系的范围。{value}",
    ),
    "geometry_off_the_earth": Message(
        "Feature {row} lies off the earth: {value}.",
        "要素 {row} 的坐标不在地球上：{value}。",
    ),
    "geometry_over_antimeridian": Message(
        "Feature {row} reaches across 180° of longitude: {value}.",
        "要素 {row} 跨越 180° 经线：{value}。",
    ),
    "polygon_invalid": Message(
        "The polygon of feature {row} is invalid, and mending it would change it: {value}.",
        "要素 {row} 的面无效，且修复会改变其形状：{value}。",
    ),
    "polygon_mended": Message(
        "The polygon of feature {row} was invalid and is mended; its surface changed as shown: {value}.",
        "要素 {row} 的面无效，已修复；面积变化如所示：{value}。",
    ),
    "polygon_without_surface": Message(
        "The polygon of feature {row} has no surface. {value}", "要素 {row} 的面没有面积。{value}"
    ),
    "place_id_missing": Message(
        "Row {row} has no code in {column}. {value}", "第 {row} 行的 {column} 没有编码。{value}"
    ),
    "place_id_damaged": Message(
        "Row {row}, {column}: {value} is a code damaged by a spreadsheet.",
        "第 {row} 行 {column}：{value} 是被电子表格损坏的编码。",
        "Keep the column as text and export the file again.",
        "请将该列设为文本后重新导出。",
    ),
    "place_id_lost_zeros": Message(
        "Row {row}, {column}: {value} is shorter than the other codes; zeros in front seem lost.",
        "第 {row} 行 {column}：{value} 比其他编码短，前面的 0 可能丢失。",
        "Keep the column as text and export the file again.",
        "请将该列设为文本后重新导出。",
    ),
    "place_id_twice": Message(
        "Row {row}, {column}: the code {value} stands on several rows.",
        "第 {row} 行 {column}：编码 {value} 重复。",
    ),
    "place_id_other_length": Message(
        "Row {row}, {column}: {value} has another length than nearly all other codes.",
        "第 {row} 行 {column}：编码 {value} 的长度与绝大多数不同。",
    ),
    "place_names_alike": Message(
        "Row {row}, {column}: the name {value} also stands on another row.",
        "第 {row} 行 {column}：名称“{value}”与其他行相同。",
    ),
    "place_very_large": Message(
        "Feature {row} is improbably large: {value}.", "要素 {row} 的面积大得不合常理：{value}。"
    ),
    "place_very_small": Message(
        "Feature {row} is improbably small: {value}.", "要素 {row} 的面积小得不合常理：{value}。"
    ),
    "figure_not_number": Message(
        "Row {row}, {column}: {value} is no count of people and is left out.",
        "第 {row} 行 {column}：{value} 不是有效人数，已略去。",
    ),
    "place_position_missing": Message(
        "Row {row}, {column}: there is no usable coordinate: {value}",
        "第 {row} 行 {column}：没有可用的坐标：{value}",
    ),
    "place_position_off": Message(
        "Row {row} does not lie on the earth, or not within reach of the coordinate system: {value}.",
        "第 {row} 行的坐标不在地球上，或超出所选坐标系的范围：{value}。",
    ),
    "place_not_hexagon": Message(
        "Row {row}, {column}: {value} is no H3 cell.", "第 {row} 行 {column}：{value} 不是 H3 编号。"
    ),
    "population_count_bad": Message(
        "Row {row}, {column}: {value} is no count of people.", "第 {row} 行 {column}：{value} 不是有效人数。"
    ),
    "population_count_missing": Message(
        "Row {row} has no count at all. {value}", "第 {row} 行没有任何人数。{value}"
    ),
    "population_date_unreadable": Message(
        "Row {row}, {column}: {value} is no date of figures.", "第 {row} 行 {column}：{value} 不是统计时点。"
    ),
    "building_count_odd": Message(
        "Row {row}, {column}: {value} is no plausible whole number and is left out.",
        "第 {row} 行 {column}：{value} 不是合理的整数，已略去。",
    ),
    "line_without_length": Message(
        "A line of feature {row} has no length. {value}", "要素 {row} 有线长度为零。{value}"
    ),
}
