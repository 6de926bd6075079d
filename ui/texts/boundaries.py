"""Sentences of the Boundaries page (网格边界)."""

from __future__ import annotations

TEXT: dict[str, tuple[str, str]] = {
    "boundaries.sets": ("边界版本", "Versions"),
    "boundaries.none": (
        "还没有边界。请先在“数据导入”中导入。",
        "There are no boundaries yet. Bring them in on the Import page.",
    ),
    "boundaries.on": ("只看某日生效的版本", "Only what was in force on a day"),
    "boundaries.none_on": ("该日没有生效的版本。", "No set was in force on that day."),
    "boundaries.set": ("版本", "Set"),
    "boundaries.level": ("层级", "Level"),
    "boundaries.scope": ("范围", "Covers"),
    "boundaries.whole": ("全部", "everything"),
    "boundaries.from": ("生效", "From"),
    "boundaries.to": ("停用", "To"),
    "boundaries.time": ("时间轴", "Timeline"),
    "boundaries.n_areas": ("区域数", "Areas"),
    "boundaries.author": ("导入人", "Brought in by"),
    "boundaries.gap": (
        "{level}：{first} 至 {after} 没有生效的版本（{before} 与 {next} 之间）。",
        "{level}: no set was in force from {first} to {after}, between {before} and {next}.",
    ),
    "boundaries.compare": ("对比两个版本", "Compare two versions"),
    "boundaries.compare_two": (
        "同一层级有两个版本后可在此对比。",
        "Two versions of one level can be compared here.",
    ),
    "boundaries.old": ("原版本", "Former"),
    "boundaries.new": ("新版本", "New"),
    "boundaries.no_change": ("两个版本的区域相同。", "Both versions have the same areas."),
    "boundaries.change": ("变化", "Change"),
    "boundaries.from_area": ("原区域", "Former area"),
    "boundaries.to_area": ("新区域", "New area"),
    "boundaries.from_share": ("占原区域", "Of the former"),
    "boundaries.to_share": ("占新区域", "Of the new"),
    "boundaries.reused": ("此编码原属另一区域", "this code was another area's before"),
    "boundaries.publish": ("发布草稿", "Publish a draft"),
    "boundaries.no_drafts": (
        "没有草稿。在“数据导入”中导入边界并选择“作为草稿”，即可在此核对影响并发布。",
        "There are no drafts. Bring boundaries in as a draft on the Import page; their bill is shown and they are "
        "published here.",
    ),
    "boundaries.viewer": (
        "发布由编辑者办理；以上内容人人可看。",
        "Editors publish; all of the above is for everybody.",
    ),
    "boundaries.draft": ("草稿", "Draft"),
    "boundaries.first_day": ("生效日期（留空表示一直以来）", "First day in force (empty: since ever)"),
    "boundaries.make_bill": ("查看影响清单", "Show the bill"),
    "boundaries.making_bill": ("正在计算影响", "Working out the bill"),
    "boundaries.lists": ("下载清单", "Download the lists"),
    "boundaries.confirm": ("发布 {set_id}", "Publish {set_id}"),
    "boundaries.publishing": ("正在发布并重新落格", "Publishing and placing the cases again"),
    "boundaries.published": (
        "{set_id} 已发布。可在“数据导入”的导入记录中撤销。",
        "{set_id} is published. It can be taken back in the history of the Import page.",
    ),
    "boundaries.method": (
        "区域按位置对比，而不是按名称或编码；案件保留上报时的归属，现归属随发布重新计算。",
        "Areas are compared by place, not by name or code. Cases keep the area they were reported in; where they "
        "lie now is worked out again with a publish.",
    ),
}
