"""Sentences of `geo/present`."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {
    "map_script_missing": Message(
        "A part of this map needs the script {name}, which is not among the program's own files.",
        "此地图的某个部分需要脚本 {name}，而程序自带的文件中没有它。",
        "Add it to scripts/vendor_assets.py, or leave that part out.",
        "请将其加入 scripts/vendor_assets.py，或不使用该部分。",
    ),
    "map_token_bad": Message(
        "This address of map data was not made by a page of this program.",
        "这个地图数据地址不是由本程序的页面生成的。",
        "Open the page again.",
        "请重新打开页面。",
    ),
    "map_token_expired": Message(
        "The page has been open for more than an hour, and its map may no longer fetch data.",
        "页面打开已超过一小时，地图不能再读取数据。",
        "Reload the page.",
        "请刷新页面。",
    ),
    "map_data_changed": Message(
        "The data were changed after this map was opened.",
        "打开地图后数据已有更新。",
        "Reload the page.",
        "请刷新页面。",
    ),
    "tile_unknown": Message(
        "There is no map tile {tile}: a tile is zoom/column/row, and the zoom is 0 to {deepest}.",
        "没有地图瓦片 {tile}：瓦片写作 级别/列/行，级别为 0 至 {deepest}。",
        "Open the page again.",
        "请重新打开页面。",
    ),
    "preview_gone": Message(
        "This preview is no longer kept.",
        "此预览已不再保留。",
        "Choose the file again.",
        "请重新选择文件。",
    ),
    "map_nothing_to_draw": Message(
        "There is nothing to draw: no areas, cases or facilities with a place.",
        "没有可绘制的内容：没有带位置的区域、诉求或设施。",
        "Choose another place or period.",
        "请选择其他范围或时段。",
    ),
}
