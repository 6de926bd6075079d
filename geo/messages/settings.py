"""Sentences about settings."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {
    "setting_unknown": Message(
        "There is no setting {name!r}.",
        "没有名为 {name!r} 的设置。",
        "Known settings: {known}.",
        "已知设置：{known}。",
    ),
    "setting_not_number": Message(
        "Setting {name!r} is {value!r}, which is not a whole number above 0.",
        "设置 {name!r} 的值 {value!r} 不是大于 0 的整数。",
        "Correct it in getu.toml or in the environment.",
        "请在 getu.toml 或环境变量中更正。",
    ),
    "setting_not_choice": Message(
        "Setting {name!r} is {value!r}; it can be {choices}.",
        "设置 {name!r} 的值 {value!r} 不可用，可选：{choices}。",
    ),
    "settings_unreadable": Message(
        "The settings file {file} is not valid TOML in UTF-8.",
        "设置文件 {file} 不是有效的 UTF-8 TOML。",
        "Correct it or take it away.",
        "请更正或移除该文件。",
    ),
    "time_zone_unknown": Message(
        "There is no time zone {name!r}.",
        "没有名为 {name!r} 的时区。",
        "Use an IANA name such as Asia/Shanghai or America/New_York.",
        "请使用 IANA 名称，例如 Asia/Shanghai。",
    ),
}
