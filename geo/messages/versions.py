"""Sentences about boundary sets: drafts, publishing, the bill, crosswalks."""

from geo.messages.text import Message

_SAID: dict[str, Message] = {
    "said_set": Message(
        "{set_id}: {level}, {status}, from {first} to {after}, covers {scope}, areas: {n_areas}, brought in by "
        "{author}",
        "{set_id}：{level}，{status}，自 {first} 至 {after}，范围 {scope}，区域 {n_areas} 个，导入人 {author}",
    ),
    "said_no_sets": Message("There are no boundary sets.", "没有边界版本。"),
    "said_no_day": Message("(open)", "（不限）"),
    "said_gap": Message(
        "No set was in force from {first_on} to {after_on}, between {set_id} and {next_id}.",
        "{first_on} 至 {after_on} 没有生效的版本（{set_id} 与 {next_id} 之间）。",
    ),
    "said_unknown": Message("unknown", "未知"),
    "said_without_areas": Message("no areas", "没有区域"),
    "said_change_counts": Message("Areas: {counts}.", "区域：{counts}。"),
    "said_change_count": Message("{change} {n}", "{change} {n}"),
    "said_change": Message("  {change}: {from_id} → {to_id}", "  {change}：{from_id} → {to_id}"),
    "said_bill": Message(
        "Bill of boundary set {set_id} ({level}), brought in by {author}: in force from {first} to {after}.",
        "边界版本 {set_id}（{level}）的影响清单，导入人 {author}：自 {first} 至 {after} 生效。",
    ),
    "said_bill_ground": Message(
        "Ground that lies in no new area: {lost} m²; ground that lay in no former one: {gained} m².",
        "不再属于任何区域的面积：{lost} 平方米；新纳入的面积：{gained} 平方米。",
    ),
    "said_bill_moves": Message(
        "With another area: households {households}, residents {residents}, elders {elders}, facilities "
        "{n_facilities}, open cases {n_cases} (overdue: {n_overdue}). Staff whose area changes: {n_staff}.",
        "划转：户数 {households}，常住人口 {residents}，60 岁以上 {elders}，设施 {n_facilities} 处，"
        "在办案件 {n_cases} 件（其中超期 {n_overdue} 件）。所辖区域有变化的人员：{n_staff} 人。",
    ),
    "said_bill_kept": Message(
        "Cases reported since then that keep the area they were reported in: {n_since}. Finer areas that get "
        "another parent: {n_children}.",
        "生效日以来已上报、保留上报时归属的案件：{n_since} 件。上级随之变化的下级区域：{n_children} 个。",
    ),
    "said_bill_follows": Message("{other} ends on that day.", "{other} 同日停用。"),
    "said_bill_gap": Message(
        "From {first} to {after} no set is in force.", "{first} 至 {after} 没有生效的版本。"
    ),
    "said_people_two": Message(
        "Two people: {author} brought it in, {publisher} publishes it.",
        "两人办理：{author} 导入，{publisher} 发布。",
    ),
    "said_people_one": Message(
        "One person did both, as far as is known: {author} brought it in and {publisher} publishes it.",
        "据现有记录，导入与发布为同一人：{author} 导入，{publisher} 发布。",
    ),
    "said_people_unproved": Message(
        "{author} brought it in, {publisher} publishes it; nothing vouches for the two names.",
        "{author} 导入，{publisher} 发布；两个姓名未经验证。",
    ),
    "said_not_published": Message(
        "Nothing was changed. Run it again with --confirm to publish.",
        "尚未改动；加上 --confirm 再运行一次即可发布。",
    ),
    "said_published": Message(
        "Boundary set {set_id} is in force, as batch {batch_id}; `undo {batch_id}` makes it a draft again.",
        "边界版本 {set_id} 已发布，批次 {batch_id}；`undo {batch_id}` 可恢复为草稿。",
    ),
    "said_retired": Message(
        "Boundary set {set_id} ends on {day}, as batch {batch_id}; `undo {batch_id}` takes it back.",
        "边界版本 {set_id} 自 {day} 起停用，批次 {batch_id}；可用 `undo {batch_id}` 撤销。",
    ),
    "said_share": Message(
        "{from_id} → {to_id}: {percent} % (by {by})", "{from_id} → {to_id}：{percent} %（{by}）"
    ),
    "said_outside_all": Message("(in no area)", "（区域外）"),
    "said_points_elsewhere": Message(
        "Points of the weight that lie in no former area: {n}.", "不在任何原区域内的权重点：{n} 个。"
    ),
    "said_former_area": Message(
        "{area_id}, which was no more on the last day: new {n_new}, closed {n_closed}, open {n_open}, overdue "
        "{n_overdue}",
        "{area_id}（期末已不存在）：新增 {n_new}，结案 {n_closed}，在办 {n_open}，超期 {n_overdue}",
    ),
}

_REFUSED: dict[str, Message] = {
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
    "set_sizes_beyond": Message(
        "Areas of boundary set {set_id} larger than 10,000 km² or smaller than 1 m²: {n}, the first {first!r}.",
        "边界版本 {set_id} 中有 {n} 个区域大于 1 万平方公里或小于 1 平方米，首个为 {first!r}。",
        "Such a set is not published: mend the file and bring it in again.",
        "这样的版本不能发布：请修正文件后重新导入。",
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

MESSAGES: dict[str, Message] = {**_SAID, **_REFUSED}
