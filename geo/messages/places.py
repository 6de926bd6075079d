"""Sentences about boundary files, archives, buildings, population and addresses."""

from geo.messages.place_rows import ROWS
from geo.messages.text import Message

_FILES: dict[str, Message] = {
    "json_broken": Message(
        "{file} is not valid JSON: it breaks off at line {line}, column {column}.",
        "{file} 不是有效的 JSON：第 {line} 行第 {column} 列处出错。",
        "Export the file again; it may have been cut off.",
        "文件可能不完整，请重新导出。",
    ),
    "json_too_deep": Message(
        "{file} is nested too deep to be a layer of areas.",
        "{file} 的嵌套层数过深，不是边界图层。",
        "Export the file again as GeoJSON.",
        "请重新导出为 GeoJSON。",
    ),
    "json_number_too_long": Message(
        "{file} holds a number of several thousand digits.",
        "{file} 中有长达数千位的数字。",
        "Correct the number and export the file again.",
        "请更正该数字后重新导出。",
    ),
    "json_not_geojson": Message(
        "{file} is JSON, but no GeoJSON: it has no `type` that GeoJSON knows.",
        "{file} 是 JSON，但不是 GeoJSON：缺少有效的 type。",
        "Export it as a GeoJSON FeatureCollection.",
        "请导出为 GeoJSON 的 FeatureCollection。",
    ),
    "geojson_is_list": Message(
        "{file} is a bare list whose first member is no geometry and no feature.",
        "{file} 是裸列表，其第一项不是几何，也不是要素。",
        "Export it as a GeoJSON FeatureCollection.",
        "请导出为 GeoJSON 的 FeatureCollection。",
    ),
    "geojson_features_not_list": Message(
        "`features` of {file} is not a list.",
        "{file} 的 features 不是列表。",
        "Export the file again as a FeatureCollection.",
        "请重新导出为 FeatureCollection。",
    ),
    "layer_is_markup": Message(
        "{file} is a web page, a picture or another markup file, whatever its name says.",
        "{file} 的内容是网页、图片或其他标记文件，与文件名不符。",
        "Choose a GeoJSON, GeoPackage, KML or zipped Shapefile.",
        "请选择 GeoJSON、GeoPackage、KML 或 Shapefile 压缩包。",
    ),
    "layer_format_unknown": Message(
        "{file} is none of the formats that are read: GeoJSON, Esri JSON, TopoJSON, GeoPackage, Shapefile, KML, "
        "GeoParquet, FlatGeobuf.",
        "{file} 不是可读取的格式：GeoJSON、Esri JSON、TopoJSON、GeoPackage、Shapefile、KML、GeoParquet、FlatGeobuf。",
        "Export the layer in one of these formats; a Shapefile goes into a zip with its .shx, .dbf and .prj.",
        "请导出为其中一种格式；Shapefile 请连同 .shx、.dbf、.prj 一起压缩为 zip。",
    ),
    "layer_damaged": Message(
        "{file} cannot be read: it is damaged.",
        "{file} 已损坏，无法读取。",
        "Export the file again.",
        "请重新导出该文件。",
    ),
    "layer_empty": Message(
        "{file} holds no feature: nothing to import.",
        "{file} 中没有任何要素，没有可导入的内容。",
        "Check that the right layer was exported.",
        "请确认导出的是正确的图层。",
    ),
    "layer_too_many_features": Message(
        "{file} holds more than {limit:,} features.",
        "{file} 的要素超过 {limit:,} 个。",
        "Split the file, or raise `max_features` in the settings.",
        "请拆分文件，或在设置中调高 max_features。",
    ),
    "layer_too_many_vertices": Message(
        "{file} holds more than {limit:,} vertices.",
        "{file} 的顶点超过 {limit:,} 个。",
        "Simplify the layer, or raise `max_vertices` in the settings.",
        "请简化图层，或在设置中调高 max_vertices。",
    ),
    "layer_too_many_columns": Message(
        "{file} holds more than {limit:,} columns.",
        "{file} 的属性列超过 {limit:,} 个。",
        "Remove columns that are not needed.",
        "请删除不需要的列。",
    ),
    "layer_not_named": Message(
        "{file} holds several layers: {layers}.",
        "{file} 含有多个图层：{layers}。",
        "Name the one to import.",
        "请指明要导入的图层。",
    ),
    "layer_unknown": Message(
        "{file} has no layer {layer!r}. It has: {layers}.",
        "{file} 中没有图层 {layer!r}，现有：{layers}。",
        "Choose one of these.",
        "请从中选择。",
    ),
    "layer_column_missing": Message(
        "{file} has no column {column!r}. It has: {columns}.",
        "{file} 中没有列 {column!r}，现有：{columns}。",
        "Choose one of these.",
        "请从中选择。",
    ),
    "layer_files_and_names": Message(
        "{n_files} files came with {n_names} names.",
        "文件 {n_files} 个，文件名 {n_names} 个，数量不一致。",
        "Give every file its name.",
        "请为每个文件给出名称。",
    ),
    "layer_files_differ": Message(
        "{first} and {second} differ in format or coordinate system.",
        "{first} 与 {second} 的格式或坐标系不同。",
        "Import them one after the other.",
        "请分别导入。",
    ),
    "layer_encoding_unknown": Message(
        "{encoding!r}, named for the attributes of {file}, is no text encoding.",
        "{file} 属性表的编码“{encoding}”无法识别。",
        "Choose UTF-8, GB18030 or Big5-HKSCS.",
        "请选择 UTF-8、GB18030 或 Big5-HKSCS。",
    ),
    "layer_encoding_wrong": Message(
        "The attributes of {file} are not in {encoding}: column {column!r} cannot be decoded.",
        "{file} 的属性表不是 {encoding} 编码：列 {column!r} 无法解码。",
        "Choose another encoding, in China mostly GB18030.",
        "请选择其他编码，国内多为 GB18030。",
    ),
    "shapefile_part_missing": Message(
        "{file} has no {part} part; a Shapefile is several files.",
        "{file} 缺少 {part} 文件；Shapefile 由多个文件组成。",
        "Zip all parts together: .shp, .shx, .dbf, .prj and .cpg.",
        "请将 .shp、.shx、.dbf、.prj、.cpg 一起压缩后上传。",
    ),
    "shapefile_part_damaged": Message(
        "The {part} part of {file} is damaged: its header does not fit its content.",
        "{file} 的 {part} 文件已损坏：文件头与内容不符。",
        "Export the Shapefile again.",
        "请重新导出 Shapefile。",
    ),
    "shapefile_parts_differ": Message(
        "The parts of {file} do not fit: {n_shp:,} shapes and {n_dbf:,} rows of attributes.",
        "{file} 各部分不一致：图形 {n_shp:,} 个，属性 {n_dbf:,} 行。",
        "Export the Shapefile again; a part may belong to another one.",
        "请重新导出；其中可能混入了其他文件的部分。",
    ),
    "geopackage_damaged": Message(
        "{file} is a database, but no GeoPackage, or it is damaged.",
        "{file} 是数据库文件，但不是 GeoPackage，或已损坏。",
        "Export the layer again as GeoPackage.",
        "请重新导出为 GeoPackage。",
    ),
}

_COORDINATES: dict[str, Message] = {
    "crs_not_named": Message(
        "{file} does not say for certain which coordinate system it is in.",
        "{file} 没有明确说明坐标系。",
        "Name it: wgs84, cgcs2000, gcj02 (Amap, Tencent), bd09 (Baidu), or a projected one such as "
        "cgcs2000-cm105.",
        "请指明：wgs84、cgcs2000、gcj02（高德、腾讯）、bd09（百度），或投影坐标系，例如 cgcs2000-cm105。",
    ),
    "crs_not_known": Message(
        "{file} names a coordinate system that this program does not know.",
        "{file} 注明的坐标系无法识别。",
        "Name the system: wgs84, cgcs2000, a projected one such as cgcs2000-cm105, or an EPSG code.",
        "请指明坐标系：wgs84、cgcs2000、投影坐标系（例如 cgcs2000-cm105）或 EPSG 代码。",
    ),
    "crs_not_believable": Message(
        "{file} should be in {coord_sys} by what it says or by its format, but its numbers cannot be: "
        "the first is {x}, {y}.",
        "按文件说明或格式，{file} 应为 {coord_sys}，但坐标数值不符：首个为 {x}, {y}。",
        "Name the system the numbers are in, for example cgcs2000-cm105 for metres.",
        "请指明实际坐标系，例如以米为单位时选 cgcs2000-cm105。",
    ),
    "crs_named_is_degrees": Message(
        "{file} cannot be in {coord_sys}: that is degrees, and its numbers are not; the first is {x}, {y}.",
        "{file} 不可能是 {coord_sys}：该坐标系以度为单位，而坐标数值不是；首个为 {x}, {y}。",
        "Name a projected system such as cgcs2000-cm105.",
        "请选择投影坐标系，例如 cgcs2000-cm105。",
    ),
    "crs_named_is_metres": Message(
        "{file} cannot be in {coord_sys}: that is metres, and its numbers look like degrees; "
        "the first is {x}, {y}.",
        "{file} 不可能是 {coord_sys}：该坐标系以米为单位，而坐标数值像是度；首个为 {x}, {y}。",
        "Name a system in degrees: wgs84, cgcs2000, gcj02 or bd09.",
        "请选择经纬度坐标系：wgs84、cgcs2000、gcj02 或 bd09。",
    ),
    "crs_by_format": Message(
        "A file of this format that names no system is {coord_sys}; it was read so.",
        "该格式未注明坐标系时按标准为 {coord_sys}，已据此读取。",
    ),
    "crs_by_file": Message(
        "The file says it is in {coord_sys}; it was read so.",
        "文件注明坐标系为 {coord_sys}，已据此读取。",
    ),
    "crs_overrides_file": Message(
        "Read as {coord_sys}, as you named it, although the file says {declared}.",
        "文件注明为 {declared}，已按您指定的 {coord_sys} 读取。",
    ),
    "heights_dropped": Message(
        "{n:,} features carry heights, which are left out.",
        "{n:,} 个要素带有高程，已略去。",
    ),
    "layer_looks_swapped": Message(
        "{n:,} features look as if latitude and longitude were exchanged.",
        "{n:,} 个要素的经纬度看起来颠倒了。",
        "Look at the preview; exchange the two in the file if they lie elsewhere.",
        "请查看预览；位置不对时请在文件中对调后重新导入。",
    ),
    "place_ids_twice": Message(
        "{n_codes:,} codes stand on {n:,} features.",
        "{n:,} 个要素共用了 {n_codes:,} 个编码。",
        "Give each area its own code, or choose another column; nothing can be stored before.",
        "请为每个区域设置不同的编码，或改选编码列；在此之前不能入库。",
    ),
    "nothing_to_import": Message(
        "All {n:,} features were refused: nothing to import.",
        "{n:,} 个要素全部未通过校验，没有可导入的内容。",
    ),
}

_PLACES: dict[str, Message] = {
    "population_form_unclear": Message(
        "It is not clear where the people of {file} are.",
        "无法判断 {file} 中的人口位于何处。",
        "Map longitude and latitude, or an H3 cell, or the code of an area: exactly one of the three.",
        "请只选择一种：经纬度、H3 编号或区域编码。",
    ),
    "population_no_count_mapped": Message(
        "No column of {file} was named as a count of people.",
        "没有为 {file} 指定人数列。",
        "Name the column of residents, or of another count.",
        "请指定常住人口或其他人数列。",
    ),
    "place_columns_needed": Message(
        "{file} is a table, and its longitude and latitude columns were not named.",
        "{file} 是表格，但未指定经度和纬度列。",
        "Name both columns, or import a layer.",
        "请指定这两列，或改为导入图层。",
    ),
    "table_not_wgs84": Message(
        "`{table}` is not in WGS84.",
        "“{table}”不是 WGS84 坐标。",
        "Convert it when it is read.",
        "请在读入时转换。",
    ),
    "parent_code_twice": Message(
        "The parent code {area_id} occurs {n_extra:,} times too often.",
        "上级编码 {area_id} 重复了 {n_extra:,} 次。",
        "Keep one boundary set of the coarser level.",
        "请只保留一套上级边界。",
    ),
    "place_ids_from_rows": Message(
        "No column of numbers was named; the places are numbered as in the file.",
        "未指定编号列，按文件中的顺序编号。",
        "A file in another order would then change every number.",
        "文件顺序改变时编号会随之改变。",
    ),
}

_ARCHIVES: dict[str, Message] = {
    "archive_broken": Message(
        "{file} is not a readable zip archive.", "{file} 不是可读取的 zip 压缩包。",
        "Pack it again as an ordinary zip.", "请重新压缩为普通 zip。",
    ),
    "archive_holds_none": Message(
        "{file} holds no file that ends in {endings}.", "{file} 中没有以 {endings} 结尾的文件。",
        "Pack the file itself.", "请将所需文件压缩在内。",
    ),
    "archive_holds_several": Message(
        "{file} holds {n} files that end in {endings}: {first}, {second} …",
        "{file} 中有 {n} 个以 {endings} 结尾的文件：{first}、{second}……",
        "Pack only the one to import.", "请只压缩要导入的那一个。",
    ),
    "archive_holds_no_layer": Message(
        "{file} holds no layer: no Shapefile, GeoJSON, GeoPackage, KML, GeoParquet or FlatGeobuf.",
        "{file} 中没有图层：Shapefile、GeoJSON、GeoPackage、KML、GeoParquet、FlatGeobuf 均无。",
        "Zip all parts of the layer together.", "请将图层的各部分一起压缩。",
    ),
    "archive_name_unsafe": Message(
        "{file} holds a member with an unsafe name: {member}.",
        "{file} 中有名称不安全的成员：{member}。",
        "Nothing was unpacked. Pack the files again, without folders.",
        "未解压任何内容。请不带目录重新压缩。",
    ),
    "archive_member_is_link": Message(
        "{file} holds a link or a device: {member}.", "{file} 中含有链接或设备文件：{member}。",
        "Nothing was unpacked. Pack the files themselves.", "未解压任何内容。请压缩文件本身。",
    ),
    "archive_encrypted": Message(
        "{member} in {file} is encrypted.", "{file} 中的 {member} 已加密。",
        "Pack it without a password.", "请去除密码后重新压缩。",
    ),
    "archive_method_unknown": Message(
        "{member} in {file} is packed by an unusual method.", "{file} 中的 {member} 使用了不常见的压缩方式。",
        "Pack it again as an ordinary zip.", "请重新压缩为普通 zip。",
    ),
    "archive_nested": Message(
        "{file} holds an archive inside: {member}.", "{file} 中还套有压缩包：{member}。",
        "Pack the files flat.", "请直接压缩文件，不要嵌套。",
    ),
    "archive_names_equal": Message(
        "{file} holds two members with the same name to the computer: {first} and {second}.",
        "{file} 中有两个实质同名的成员：{first} 与 {second}。",
        "Rename one of them.", "请更改其中一个的名称。",
    ),
    "archive_overlaps": Message(
        "{member} in {file} overlaps another member: the archive was tampered with.",
        "{file} 中的 {member} 与其他成员重叠，压缩包被人为改动过。",
        "Nothing was unpacked. Pack the files again.", "未解压任何内容。请重新压缩。",
    ),
    "archive_member_lies": Message(
        "{member} in {file} holds more than it declares.", "{file} 中的 {member} 实际大小超过其声明。",
        "Pack the files again.", "请重新压缩。",
    ),
    "archive_member_broken": Message(
        "{member} in {file} is damaged.", "{file} 中的 {member} 已损坏。",
        "Pack the files again.", "请重新压缩。",
    ),
    "archive_too_many_members": Message(
        "{file} holds {n:,} members; at most {limit:,} are taken.",
        "{file} 含有 {n:,} 个成员，最多允许 {limit:,} 个。",
        "Pack only the files to import.", "请只压缩要导入的文件。",
    ),
    "archive_too_large": Message(
        "{file} unpacks to {size_mb:,} MB; at most {limit_mb:,} MB are taken.",
        "{file} 解压后为 {size_mb:,} MB，最多允许 {limit_mb:,} MB。",
        "Split it, or raise `max_unpacked_mb` in the settings.", "请拆分，或在设置中调高 max_unpacked_mb。",
    ),
    "archive_ratio_too_high": Message(
        "{member} in {file} unpacks to {ratio:,} times its size; at most {limit:,} times are taken.",
        "{file} 中的 {member} 解压后膨胀 {ratio:,} 倍，最多允许 {limit:,} 倍。",
        "Nothing was unpacked. Send the file without packing it.", "未解压任何内容。请直接上传未压缩的文件。",
    ),
}  # fmt: skip

MESSAGES: dict[str, Message] = _FILES | _COORDINATES | _PLACES | _ARCHIVES | ROWS
