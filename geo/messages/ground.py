"""Sentences of the ground floor: settings, tables, coordinates, hexagons."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {
    "crs_missing": Message(
        "`{table}` has no coordinate reference system.",
        "“{table}”没有坐标系。",
        "Set it when the file is read, for example cgcs2000.",
        "请在读入文件时指明，例如 cgcs2000。",
    ),
}
