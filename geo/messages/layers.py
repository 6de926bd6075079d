"""Sentences about layers: their formats, what is dangerous in them, and which system they are in."""

from geo.messages.text import Message

_FORMATS: dict[str, Message] = {
    "json_systems_differ": Message(
        "The parts of {file} name different coordinate systems.",
        "{file} 各部分注明的坐标系不一致。",
        "Bring parts of one system at a time.",
        "请按坐标系分别导入。",
    ),
    "topojson_broken": Message(
        "{file} is TopoJSON, but its arcs, objects or transform are not what they must be.",
        "{file} 是 TopoJSON，但其 arcs、objects 或 transform 不符合规定。",
        "Export it again, or convert it to GeoJSON.",
        "请重新导出，或转换为 GeoJSON。",
    ),
    "xml_broken": Message(
        "{file} is not valid XML: it breaks off at line {line}, column {column}.",
        "{file} 不是有效的 XML：第 {line} 行第 {column} 列处出错。",
        "Export the file again; it may have been cut off.",
        "文件可能不完整，请重新导出。",
    ),
    "xml_has_doctype": Message(
        "{file} declares a document type (DOCTYPE), which no KML needs and which can name other files.",
        "{file} 声明了文档类型（DOCTYPE）；KML 不需要它，且它可能引用其他文件。",
        "Export the file again from the program that drew it.",
        "请用绘制它的软件重新导出。",
    ),
    "xml_too_deep": Message(
        "{file} is nested deeper than {limit} elements.",
        "{file} 的嵌套超过 {limit} 层。",
        "Export the file again as plain KML.",
        "请重新导出为普通 KML。",
    ),
    "kml_only_links": Message(
        "{file} holds no placemark, only {n} links to other files: {first}.",
        "{file} 中没有地标，只有 {n} 个指向其他文件的链接：{first}。",
        "Nothing is fetched. Open the link in the program that made it, and export what it shows.",
        "本程序不会联网读取。请在原软件中打开链接，再导出其内容。",
    ),
    "kml_links_dropped": Message(
        "The file refers to {n} other files or pictures, which were not opened: {first}.",
        "文件引用了 {n} 个其他文件或图片，均未打开：{first}。",
    ),
    "parquet_too_deep": Message(
        "{file} has a column nested deeper than {limit} levels.",
        "{file} 有一列的嵌套超过 {limit} 层。",
        "Leave that column out.",
        "请去掉该列。",
    ),
    "parquet_without_geometry": Message(
        "{file} is Parquet, but no GeoParquet: it does not say which column holds the geometry, or how.",
        "{file} 是 Parquet，但不是 GeoParquet：未说明几何在哪一列、如何编码。",
        "Export it as GeoParquet 1.0 or newer.",
        "请导出为 GeoParquet 1.0 或更新版本。",
    ),
    "geopackage_trigger": Message(
        "{file} holds a trigger that no GeoPackage needs: {name}.",
        "{file} 中有 GeoPackage 不需要的触发器：{name}。",
        "Nothing was read. Export the layer again as GeoPackage.",
        "未读取任何内容。请重新导出为 GeoPackage。",
    ),
    "geopackage_virtual": Message(
        "{file} holds a virtual table that no GeoPackage needs: {name}.",
        "{file} 中有 GeoPackage 不需要的虚拟表：{name}。",
        "Nothing was read. Export the layer again as GeoPackage.",
        "未读取任何内容。请重新导出为 GeoPackage。",
    ),
    "geopackage_view": Message(
        "The layer {name} of {file} is a view, not a table; views are not run.",
        "{file} 的图层 {name} 是视图而不是表；本程序不执行视图。",
        "Export the layer as a table.",
        "请将该图层导出为表。",
    ),
    "layer_is_packed": Message(
        "{file} is packed (gzip, 7z, rar …), whatever its name says; only .zip and .kmz are opened.",
        "{file} 是压缩文件（gzip、7z、rar 等），与文件名无关；只打开 .zip 和 .kmz。",
        "Unpack it and bring what is inside.",
        "请先解压，再导入其中的文件。",
    ),
    "layer_is_object": Message(
        "{file} is an object stored by a program (pickle, NumPy); such files can run code and are never opened.",
        "{file} 是程序保存的对象（pickle、NumPy）；这类文件可以执行代码，一律不打开。",
        "Export the layer as GeoPackage or GeoJSON.",
        "请将图层导出为 GeoPackage 或 GeoJSON。",
    ),
}

_SYSTEMS: dict[str, Message] = {
    "layer_axes_swapped": Message(
        "The two numbers of each corner were exchanged, as you asked.",
        "已按您的选择将每个顶点的两个数值对调。",
    ),
    "crs_not_named_fits": Message(
        "{file} does not say for certain which coordinate system it is in. By what is stored it fits best as "
        "{best}: {best_share:.0%} of {n} corners lie within {within_m:.0f} m of {reference_en}; as {other}, "
        "{other_share:.0%}.",
        "{file} 没有明确说明坐标系。与已有数据对照，最像 {best}：{n} 个顶点中 {best_share:.0%} 距{reference_zh}"
        "不超过 {within_m:.0f} 米；按 {other} 为 {other_share:.0%}。",
        "Name it, for example {best_name}; nothing is taken on a guess.",
        "请指明坐标系，例如 {best_name}；程序不会自行认定。",
    ),
    "datum_fits": Message(
        "The layer fits what is stored as {best}: {best_share:.0%} of {n} corners lie within {within_m:.0f} m of "
        "{reference_en}; as {other}, {other_share:.0%}.",
        "图层按 {best} 与已有数据吻合：{n} 个顶点中 {best_share:.0%} 距{reference_zh}不超过 {within_m:.0f} 米；"
        "按 {other} 为 {other_share:.0%}。",
    ),
    "datum_differs": Message(
        "The layer fits best as {best}: {best_share:.0%} of {n} corners lie within {within_m:.0f} m of "
        "{reference_en}, as {stated} {stated_share:.0%}. Read so it would lie {shift_m:.0f} m further {bearing_en}.",
        "图层最像 {best}：{n} 个顶点中 {best_share:.0%} 距{reference_zh}不超过 {within_m:.0f} 米，按 {stated} 仅 "
        "{stated_share:.0%}。若按 {best} 读取，将向{bearing_zh}移动 {shift_m:.0f} 米。",
        "Choose {best} if that is right; nothing was converted.",
        "若确实如此，坐标系请选 {best}；程序没有自行转换。",
    ),
    "datum_stored_differs": Message(
        "The layer fits what is stored only if that is really in {best} ({best_share:.0%} of {n} corners within "
        "{within_m:.0f} m of {reference_en}, {shift_m:.0f} m to the {bearing_en}); as {stated} {stated_share:.0%} fit.",
        "只有当已有数据实为 {best} 时，图层才与之吻合（{n} 个顶点中 {best_share:.0%} 距{reference_zh}不超过 "
        "{within_m:.0f} 米，相差 {shift_m:.0f} 米，方向{bearing_zh}）；按 {stated} 仅 {stated_share:.0%}。",
        "What was brought in before may have been given the wrong system: look at its batch before storing this.",
        "之前导入的数据可能选错了坐标系，请先核对其批次，再存入本图层。",
    ),
    "crs_axes_exchanged": Message(
        "The numbers of {file} look like latitude before longitude: the first is {x}, {y}.",
        "{file} 的坐标像是纬度在前、经度在后：首个为 {x}, {y}。",
        "If they are, choose that they are to be exchanged (command: --swap); nothing is exchanged unasked.",
        "若确实如此，请选择“经纬度对调”（命令行：--swap）；程序不会擅自对调。",
    ),
    "crs_looks_projected": Message(
        "{file} should be in {coord_sys}, but its numbers look like metres: the first is {x}, {y}. "
        "They could be {guesses}.",
        "{file} 应为 {coord_sys}，但坐标数值像是以米为单位：首个为 {x}, {y}。可能是 {guesses}。",
        "Name the right one; look where it lands on the preview map.",
        "请指明正确的坐标系，并在预览图上核对落点。",
    ),
}

MESSAGES: dict[str, Message] = _FORMATS | _SYSTEMS
