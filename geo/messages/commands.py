"""What the commands say when all is well: one template a line they print, in both languages."""

from geo.messages.text import Message

_IMPORTING: dict[str, Message] = {
    "said_facility": Message(
        "{facility_id}, state {seen}, written by {actor} at {at}:",
        "{facility_id}，版本 {seen}，由 {actor} 于 {at} 写入：",
    ),
    "said_edited": Message(
        "Changed, as batch {batch_id}; `undo {batch_id}` takes it back.",
        "已修改，批次 {batch_id}；可用 `undo {batch_id}` 撤销。",
    ),
    "said_not_edited": Message("It says so already; nothing was changed.", "内容本来就是这样，未做改动。"),
    "said_read": Message("{file}: {rows} read{how}.", "{file}：读取 {rows}{how}。"),
    "said_how": Message(" ({parts})", "（{parts}）"),
    "said_encoding": Message("encoding {name}", "编码 {name}"),
    "said_coord_sys": Message("coordinates {name}", "坐标系 {name}"),
    "said_time_zone": Message("time zone {name}", "时区 {name}"),
    "said_outcome": Message(
        "{n_new:,} new, {n_changed:,} changed, {n_unchanged:,} unchanged, {n_rejected:,} refused.",
        "新增 {n_new:,}，变更 {n_changed:,}，未变 {n_unchanged:,}，拒收 {n_rejected:,}。",
    ),
    "said_refused": Message("Refused: {rows}", "拒收：{rows}"),
    "said_remarked": Message("Kept with a remark: {rows}", "已保留但有提示：{rows}"),
    "said_problem": Message("  {rows}, the first: {sentence}", "  {rows}，首行：{sentence}"),
    "said_more_problems": Message("  Further reasons: {n}; --rejected lists every row.",
        "  另有 {n} 种原因；用 "
        "--rejected 可列出每一行。"),
    "said_blocks": Message("  Decide first: {text}", "  须先决定：{text}"),
    "said_warns": Message("  Warning: {text}", "  注意：{text}"),
    "said_note": Message("  Note: {text}", "  说明：{text}"),
    "said_placed": Message(
        "With an area: {n_placed:,}; outside every area: "
        "{n_outside:,}; without location: {n_unlocated:,}.",
                           "有归属 {n_placed:,} 件，在所有区域之外 {n_outside:,} 件，无位置 {n_unlocated:,} 件。"),
    "said_placed_stated": Message("Of those with an area, {n_stated:,} have only the one they state.",
                                  "有归属的案件中，{n_stated:,} 件仅依据所填区域。"),
    "said_outside": Message("Outside every area ({n:,}): {first}", "在所有区域之外（{n:,} 行）：{first}"),
    "said_pile_up": Message(
        "{cases} at one point, {lon:.5f}, {lat:.5f}: perhaps a default address.",
        "{cases}位于同一点 {lon:.5f}, {lat:.5f}：可能是默认坐标。",
    ),
    "said_changes": Message("Changes (first ones):", "变更（前几条）："),
    "said_not_stored": Message(
        "Nothing was stored. Run it again with --confirm to store it.", "尚未存入；加上 --confirm 再运行一次即可存入。"
    ),
    "said_stored": Message(
        "Stored as batch {batch_id}. Take it back with: python -m geo undo {batch_id}",
        "已存为批次 {batch_id}。撤销：python -m geo undo {batch_id}",
    ),
    "said_undone": Message(
        "Batch {batch_id} is undone: {removed} taken out, {restored} back as before.",
        "批次 {batch_id} 已撤销：移除 {removed}，恢复 {restored}。",
    ),
    "said_undone_beside": Message(
        "Beside them {rows} that came along went too, such as categories.", "随之带入的 {rows}（如类别）也已移除。"
    ),
    "column_row": Message("Row", "行号"),
    "column_column": Message("Column", "列"),
    "column_value": Message("Value", "内容"),
    "column_outcome": Message("Outcome", "处理"),
    "column_reason": Message("Reason", "原因"),
    "outcome_refused": Message("refused", "拒收"),
    "outcome_remarked": Message("kept with a remark", "已保留，有提示"),
    "sheet_problems": Message("Problems", "问题行"),
}  # fmt: skip

_ANSWERING: dict[str, Message] = {
    "said_figures_of": Message("{name}, {period}: {sentence}", "{name}，{period}：{sentence}"),
    "said_figure": Message("  {name}: {value}", "  {name}：{value}"),
    "said_everything": Message("Everything", "全部"),
    "said_areas": Message("{areas}, {period}; most new cases first.", "{areas}，{period}；按新增件数从多到少。"),
    "said_area_row": Message("  {code} {name}: {figures}", "  {code} {name}：{figures}"),
    "said_joint": Message(", ", "，"),
    "said_small": Message(" (small numbers)", "（基数小）"),
    "said_more_areas": Message("  … {n:,} more; --json tells all of them.", "  … 另有 {n:,} 个；--json 可列出全部。"),
    "said_written": Message("Wrote {file}, {n_bytes:,} bytes.", "已写入 {file}，{n_bytes:,} 字节。"),
    "said_written_period": Message("Wrote {file}, {n_bytes:,} bytes, {period}.",
        "已写入 {file}，"
        "{n_bytes:,} 字节，{period}。"),
}  # fmt: skip

_KEEPING: dict[str, Message] = {
    "said_place": Message(
        "Of {cases}, {n_placed:,} with an area; by the nearest area: "
        "{n_nearest:,}; only by the area they state: {n_stated:,}.",
        "共 {cases}，{n_placed:,} 件有归属；其中取最近区域 {n_nearest:,} 件，仅依据所填区域 {n_stated:,} 件。",
    ),
    "said_place_rest": Message(
        "Outside every area: {n_outside:,}; without location: "
        "{n_unlocated:,}; found by address just now: {n_matched:,}.",
        "在所有区域之外 {n_outside:,} 件，无位置 {n_unlocated:,} 件，本次按地址找到 {n_matched:,} 件。",
    ),
    "said_holds": Message(
        "Areas: {areas}. Cases: {n_cases:,}, of them without location: {n_unlocated:,}. "
        "Facilities: {n_facilities:,}. People at points: {n_people:,}.",
        "区域：{areas}。案件 {n_cases:,} 件，其中无位置 {n_unlocated:,} 件。"
        "设施 {n_facilities:,} 处。点位人口 {n_people:,} 人。",
    ),
    "said_no_areas": Message("none", "无"),
    "said_no_dates": Message("no dates", "无日期"),
    "said_data_to": Message(
        "Data to {until}, version {version}, months read in {time_zone}.",
        "数据截至 {until}，版本 {version}，月份按 {time_zone} 计。",
    ),
    "said_batch": Message(
        "  {batch_id} {kind} {file}: {n_new:,} new, {n_changed:,} changed, {n_unchanged:,} unchanged, "
        "{n_rejected:,} refused ({state})",
        "  {batch_id} {kind} {file}：新增 {n_new:,}，变更 {n_changed:,}，"
        "未变 {n_unchanged:,}，拒收 {n_rejected:,}（{state}）",
    ),
    "said_store_problem": Message("Problem: {problem}", "问题：{problem}"),
    "said_whole": Message("The store is whole.", "数据库完好。"),
    "batch_stored": Message("stored", "已存入"),
    "batch_state_undone": Message("undone", "已撤销"),
    "batch_boundaries": Message("boundaries", "边界"),
    "batch_cases": Message("cases", "案件"),
    "batch_facilities": Message("facilities", "设施"),
    "batch_population": Message("population", "人口"),
    "batch_buildings": Message("buildings", "建筑"),
    "batch_residential_land": Message("residential land", "居住用地"),
    "batch_streets": Message("streets", "道路"),
}  # fmt: skip

_SERVING: dict[str, Message] = {
    "said_samples": Message("Wrote {files}.", "已写入 {files}。"),
    "said_demo_not_made": Message(
        "The store holds data already; no demo was made.", "数据库中已有数据，未建示范区。"
    ),
    "said_demo": Message(
        "Demo district made: {areas}, {n_people:,} people, {facilities}, {cases}.",
        "示范区已建成：{areas}，{n_people:,} 人，{facilities}，案件 {cases}。",
    ),
    "said_demo_addresses": Message(
        "{cases} came without coordinates: placed by address {n_matched:,}, only in the area they state "
        "{n_stated:,}, without location {n_unlocated:,}.",
        "其中 {cases}没有坐标：按地址定位 {n_matched:,} 件，"
        "仅依据所填区域 {n_stated:,} 件，无位置 {n_unlocated:,} 件。",
    ),
    "said_demo_truth": Message(
        "Addresses that reach a micro-grid: {n_placed_finest:,}; that of the building they name: "
        "{n_building_right:,}; that where it really happened: {n_place_right:,}.",
        "到达微网格的地址 {n_placed_finest:,} 个：落在所写楼栋的微网格 {n_building_right:,} 个，"
        "落在实际发生地的 {n_place_right:,} 个。",
    ),
    "said_look": Message("Look at it: python -m geo serve", "打开页面：python -m geo serve"),
    "said_opens": Message("Getu opens on {url}", "格图将在 {url} 打开"),
    "said_this_machine": Message(
        "It answers on this machine only. Stop it with Ctrl+C.",
        "只能在本机访问。按 Ctrl+C 停止。",
    ),
    "said_other_machines": Message(
        "Other machines reach it too, after signing in. Stop it with Ctrl+C.",
        "其他机器登录后也可访问。按 Ctrl+C 停止。",
    ),
    "said_stopped": Message("Stopped.", "已停止。"),
}  # fmt: skip

MESSAGES: dict[str, Message] = {**_IMPORTING, **_ANSWERING, **_KEEPING, **_SERVING}
