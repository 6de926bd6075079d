"""Sentences about boundary sets: drafts, publishing, the bill, crosswalks."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {
    "set_unknown": Message(
        "There is no boundary set {set_id!r}.",
        "没有名为 {set_id!r} 的边界版本。",
        "`boundaries sets` lists those there are.",
        "可用 `boundaries sets` 查看已有的版本。",
    ),
    "set_no_draft": Message(
        "Boundary set {set_id} is no draft: it is or was in force already.",
        "边界版本 {set_id} 不是草稿，已经生效或曾经生效。",
        "Bring the new boundaries in as a draft of their own.",
        "请将新的边界另行导入为草稿。",
    ),
    "set_not_in_force": Message(
        "Boundary set {set_id} is not in force: it is a draft, or has ended.",
        "边界版本 {set_id} 未在生效中：它是草稿，或已经停用。",
    ),
    "set_begins_later": Message(
        "{day} has not come yet: the store changes over at once, not by itself at midnight.",
        "{day} 尚未到来：发布会立即切换，不会在零点自动生效。",
        "Keep the draft and publish it on that day; its bill can be looked at before.",
        "请保留草稿，到当日再发布；影响清单可以提前查看。",
    ),
    "publish_needs_other": Message(
        "{name} brought boundary set {set_id} in and cannot publish it too.",
        "边界版本 {set_id} 由 {name} 导入，不能由同一人发布。",
        "Ask a second editor to look at the bill and publish it.",
        "请由另一位编辑者核对影响清单后发布。",
    ),
    "boundaries_need_draft": Message(
        "There are boundaries of the level {level} already; others come in as a draft.",
        "已有 {level} 层级的边界，新的边界须先作为草稿导入。",
        "Import the file as a draft; somebody else looks at its bill and publishes it.",
        "请作为草稿导入，再由另一人核对影响清单后发布。",
    ),
    "sets_of_other_levels": Message(
        "Boundary sets {set_id} ({level}) and {other} ({other_level}) are of different levels.",
        "边界版本 {set_id}（{level}）与 {other}（{other_level}）层级不同。",
        "Choose two sets of one level.",
        "请选择同一层级的两个版本。",
    ),
    "crosswalk_code_twice": Message(
        "The code {area_id!r} stands twice in `{table}`.", "`{table}` 中编码 {area_id!r} 重复。"
    ),
    "crosswalk_weight_bad": Message(
        "A weight is negative or no number: row {row}.",
        "第 {row} 行的权重为负或不是数值。",
        "Weights are 0 or more.",
        "权重须大于或等于 0。",
    ),
    "crosswalk_codes_unknown": Message(
        "{n} codes of the figures are in no area of the first set, first {first!r}.",
        "有 {n} 个数值的编码不在第一个版本中，首个为 {first!r}。",
        "Take the figures of the areas of that set.",
        "请使用该版本各区域的数值。",
    ),
    "crosswalk_without_weights": Message(
        "There is nothing in the store to weigh by: {weight}.",
        "库中没有可用作权重的数据：{weight}。",
        "Bring it in, or weigh by area.",
        "请先导入，或按面积加权。",
    ),
}
