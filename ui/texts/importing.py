"""Sentences of the Import page (数据导入)."""

from __future__ import annotations

TEXT: dict[str, tuple[str, str]] = {
    "import.step1": ("① 选文件", "① File"),
    "import.step2": ("② 认字段", "② Columns"),
    "import.step3": ("③ 看问题", "③ Problems"),
    "import.step4": ("④ 确认入库", "④ Confirm"),
    "import.kind": ("导入什么", "What is it?"),
    "import.kind.boundaries": ("边界", "Boundaries"),
    "import.kind.cases": ("案件", "Cases"),
    "import.kind.facilities": ("设施", "Facilities"),
    "import.kind.population": ("人口", "Population"),
    "import.kind.buildings": ("楼栋", "Buildings"),
    "import.kind.land": ("居住用地", "Residential land"),
    "import.kind.streets": ("道路", "Streets"),
    "import.kind.residential_land": ("居住用地", "Residential land"),
    "import.kind.placement": ("重新落格", "Placement"),
    "import.kind.staff": ("人员", "Staff"),
    "import.kind.effort": ("巡查与专项行动", "Patrols and campaigns"),
    "import.file": ("文件", "File"),
    "import.file_hint": (
        "清单：CSV、XLSX、GeoJSON；图层：GeoJSON、Esri JSON、TopoJSON、GeoPackage、打包的 Shapefile、KML/KMZ、"
        "GeoParquet、FlatGeobuf。不超过 {mb} MB，更大的请用命令行。",
        "Lists: CSV, XLSX, GeoJSON. Layers: GeoJSON, Esri JSON, TopoJSON, GeoPackage, zipped Shapefile, KML/KMZ, "
        "GeoParquet, FlatGeobuf. Up to {mb} MB; larger ones by command.",
    ),
    "import.reading": ("正在读取 {file}", "Reading {file}"),
    "import.waiting": (
        "排队等候读取，前面还有 {n} 个文件",
        "Waiting to be read; files ahead of this one: {n}",
    ),
    "import.encoding": ("文字编码", "Text encoding"),
    "import.encoding_unsure": (
        "编码不能确定，请对照下面的文字选一个。",
        "The encoding is not certain; choose by the text below.",
    ),
    "import.sheet": ("工作表", "Sheet"),
    "import.layer": ("图层", "Layer"),
    "import.format": ("格式", "Format"),
    "import.read_so": ("据此读取", "Read it so"),
    "import.looks_exchanged": (
        "坐标像是纬度在前、经度在后。请确认后勾选对调；程序不会擅自对调。",
        "The numbers look like latitude before longitude. Tick the box if they are; nothing is exchanged unasked.",
    ),
    "import.looks_projected": (
        "坐标数值像是以米为单位，可能是下列坐标系；请选择其一，并在地图上核对落点。",
        "The numbers look like metres. They could be in one of these systems; choose one and look at the map.",
    ),
    "import.guess": (
        "{name}：落在 {lon:.3f}, {lat:.3f}",
        "{name}: lands at {lon:.3f}, {lat:.3f}",
    ),
    "import.more_guesses": ("……另有 {n} 个", "… and {n} more"),
    "import.datum_details": (
        "各坐标系下与已有数据的吻合程度",
        "How well it fits what is stored, system by system",
    ),
    "import.datum_file": ("文件为 {name}", "The file is in {name}"),
    "import.datum_stored": ("已有数据其实为 {name}", "What is stored is really in {name}"),
    "import.within": ("10 米以内的顶点", "Corners within 10 m"),
    "import.median_m": ("中位距离（米）", "Median distance, m"),
    "import.shift_map": ("两种读法下的位置", "Where it lies, read in two ways"),
    "import.shift_map_note": (
        "细线：按目前所选坐标系读取；粗线：按最吻合的坐标系读取。底图为已有边界和道路。",
        "Thin line: as chosen now. Heavy line: as it fits best. Beneath: boundaries and streets already stored.",
    ),
    "import.first_rows": ("前 20 行", "First 20 rows"),
    "import.source": ("清单名称", "Name of the list"),
    "import.source_hint": (
        "同一清单每周再导入时用同一个名称；名称加编号认定同一件。",
        "Use the same name every week: name and number together identify a case.",
    ),
    "import.is_draft": ("作为草稿，暂不生效", "As a draft, not in force yet"),
    "import.is_draft_help": (
        "草稿在“网格边界”页核对影响清单后发布；在此之前不影响任何案件和统计。",
        "A draft is published on the Boundaries page after a look at its bill; until then no case and no figure "
        "changes.",
    ),
    "import.column_none": ("（不导入）", "(leave out)"),
    "import.coord_sys": ("坐标系", "Coordinate system"),
    "import.coord_sys_choose": ("请选择，不能默认", "Choose one; there is no default"),
    "import.coord_sys_help": (
        "GPS、OpenStreetMap 和国外开放数据一般是 WGS84；高德、腾讯是 GCJ-02；百度是 BD-09；测绘部门的数据"
        "一般是 CGCS2000。选错会偏几百米，检查后请看地图核对。",
        "GPS, OpenStreetMap and open data abroad: mostly WGS84. Amap and Tencent: GCJ-02. Baidu: BD-09. "
        "Survey offices in China: mostly CGCS2000. A wrong choice shifts places by some hundred metres: "
        "look at the map after the check.",
    ),
    "import.time_zone": ("时间所在时区", "Time zone of the moments"),
    "import.date_order": ("日期中年月日的顺序", "Order of day and month"),
    "import.date_order.ymd": ("年-月-日", "year-month-day"),
    "import.date_order.mdy": ("月/日/年", "month/day/year"),
    "import.date_order.dmy": ("日/月/年", "day/month/year"),
    "import.date_order.auto": ("按数据判断（不明确时会问）", "Read from the data (asks when ambiguous)"),
    "import.level": ("层级", "Level"),
    "import.scope": ("只覆盖哪个上级区域", "Covers only the inside of"),
    "import.valid_from": ("起用日期（留空为一直有效）", "Valid from (empty: since ever)"),
    "import.fixed_kind": ("全部行的设施类别", "Kind of facility, for all rows"),
    "import.swap": ("经纬度写反了，交换后导入", "Longitude and latitude are exchanged: swap them"),
    "import.keep_reporters": (
        "保存来电人姓名电话（单独存放，页面不显示）",
        "Keep reporters' names and telephones (apart, never shown)",
    ),
    "import.personal_found": (
        "识别到个人信息列：{columns}。默认不保存。",
        "Personal columns recognised: {columns}. They are not stored.",
    ),
    "import.status_words": ("状态词的含义", "What the status words mean"),
    "import.check": ("检查文件", "Check the file"),
    "import.checking": ("正在检查{kind}，共 {n} 行……", "Checking {n} rows of {kind} …"),
    "import.stop": ("停止", "Stop"),
    "import.problems": ("问题（按类归并）", "Problems, grouped"),
    "import.no_problems": ("没有发现问题。", "No problems found."),
    "import.rejected": ("退回", "Refused"),
    "import.remark": ("保留并提示", "Kept, with a remark"),
    "import.rows": ("{n} 行", "{n} rows"),
    "import.download_marked": ("下载问题清单（CSV）", "Download the problems (CSV)"),
    "import.changes": ("变更（旧 → 新）", "Changes (old → new)"),
    "import.outside": ("有坐标但不在任何区域内：{n} 行", "Rows with a position, but in no area: {n}"),
    "import.pile_ups": ("疑似默认坐标的堆点", "Suspicious pile-ups, probably default addresses"),
    "import.will_store": (
        "将存入 {new} 行新数据和 {changed} 行变更；{rejected} 行退回，不存入；{unchanged} "
        "行无变化。之后可在下方撤销。",
        "{new} new rows and {changed} changes will be stored; {rejected} refused rows will "
        "not; {unchanged} say nothing new. It can be undone below.",
    ),
    "import.confirm": ("确认入库", "Store it"),
    "import.stored": ("已作为批次 {batch} 入库。", "Stored as batch {batch}."),
    "import.when_and_who": ("时间与经手", "When, by whom"),
    "import.at_start": (
        "程序上次启动、打开数据时：",
        "When the program last started and opened the data:",
    ),
    "import.history": ("导入记录", "Earlier imports"),
    "import.no_history": ("还没有导入记录。", "Nothing has been brought in yet."),
    "import.undo": ("撤销……", "Undo …"),
    "import.undo_ask": (
        "确定撤销批次 {batch}？内容：{kind}；文件：{file}。",
        "Undo batch {batch}? It brought {kind} from {file}.",
    ),
    "import.undo_what": (
        "它新增的 {new} 行会移除；它变更的 {changed} 行会恢复为导入前的数据。记录会留下，写明已撤销。",
        "The {new} rows it added go away; the {changed} rows it changed get back what they said before. "
        "The list keeps the batch and says that it was undone.",
    ),
    "import.undo_boundaries": (
        "撤销边界后，所有案件会按剩下的边界重新落格。",
        "When boundaries go, every case is placed again by the boundaries that are left.",
    ),
    "import.undo_yes": ("确定撤销", "Undo it"),
    "import.undo_no": ("不撤销", "Keep it"),
    "import.undo_which": ("撤销哪个批次", "Undo which batch"),
    "import.undone": (
        "批次 {batch} 已撤销，原有数据已恢复。",
        "Batch {batch} is undone; former rows are back.",
    ),
    "import.preview_map": ("预览位置", "Where it lies"),
    "import.about.boundaries": (
        "区县、街道、社区、网格、微网格、院落或单元网格的多边形",
        "Polygons of any level: district to micro-grid, courtyards, unit grids",
    ),
    "import.about.cases": ("12345 热线、网格上报等工单清单", "Hotline exports, reports of grid workers"),
    "import.about.facilities": ("设施清单，有坐标或只有地址", "Facilities, with coordinates or an address"),
    "import.about.population": (
        "人口点、H3 六边形，或按区域编码的人口数",
        "People at points, in H3 cells, or by area code",
    ),
    "import.about.buildings": (
        "楼栋及门牌，用于匹配地址",
        "Buildings with street numbers, to match addresses",
    ),
    "import.about.land": ("居住用地多边形", "Polygons people live on"),
    "import.about.streets": ("道路中心线，用作底图", "Street lines, drawn under the map"),
    "import.choose": ("请选择", "Choose one"),
    "import.whole": ("（全部）", "(everything)"),
    "import.first_lines": ("开头几行", "First lines"),
    "import.n_rows": ("行数", "Rows"),
    "import.declared_crs": ("文件声明的坐标系", "Coordinate system the file declares"),
    "import.coord_sys_by_file": ("按文件声明：{name}", "As the file declares: {name}"),
    "import.as_of_on": ("统计日期", "Date of the figures"),
    "import.further": ("更多选项", "Further choices"),
    "import.excel_system": ("Excel 日期数的起点", "Dates that are Excel day numbers"),
    "import.excel_none": ("不是日期数", "They are not"),
    "import.max_distance": ("边界外多少米以内归入最近区域", "Metres outside every area that still count"),
    "import.kind_words": ("设施类别词的含义", "What the words for kinds mean"),
    "import.meaning": ("含义", "Meaning"),
    "import.check_again": ("重新检查", "Check again"),
    "import.as_stored": ("入库后的前 20 行", "First 20 rows as they would be stored"),
    "import.back": ("上一步", "Back"),
    "import.go_on": ("下一步", "Go on"),
    "import.nothing_new": (
        "没有新增或变更的行，不需要入库。",
        "No row is new or changed; there is nothing to store.",
    ),
    "import.storing": ("正在存入{kind}，共 {n} 行……", "Storing {n} rows of {kind} …"),
    "import.undoing": (
        "正在撤销批次 {batch}，并恢复原有数据……",
        "Undoing batch {batch} and bringing former rows back …",
    ),
    "import.done_counts": (
        "新增 {new} 行，变更 {changed} 行，无变化 {unchanged} 行，退回 {rejected} 行。",
        "{new} new, {changed} changed, {unchanged} unchanged, {rejected} refused.",
    ),
    "import.see_map": ("到一张图上看", "See it on the map"),
    "import.see_dashboard": ("打开看板", "Open the dashboard"),
    "import.another": ("再导入一个文件", "Bring in another file"),
    "import.n_read": ("读取", "Read"),
    "import.n_new": ("新增", "New"),
    "import.n_changed": ("变更", "Changed"),
    "import.n_unchanged": ("无变化", "Unchanged"),
    "import.n_rejected": ("退回", "Refused"),
    "import.placement": (
        "{placed} 件落入区域（其中 {stated} 件仅按所报区域），{outside} 件在所有区域之外，"
        "{unlocated} 件无位置。",
        "{placed} have an area ({stated} only the one they state), {outside} lie outside "
        "every area, {unlocated} are without location.",
    ),
    "import.no_places": (
        "这些行都没有位置，地图上没有可画的内容。",
        "None of these rows has a place; there is nothing to draw.",
    ),
    "import.example": ("例", "Example"),
    "import.open_group": ("点一组看它的各行。", "Choose a group to see its rows."),
    "import.first_n": ("只显示前 {n} 行。", "Only the first {n} rows are shown."),
    "import.old": ("旧", "Old"),
    "import.new": ("新", "New"),
    "import.batch": ("批次", "Batch"),
    "import.kind_short": ("内容", "Kind"),
    "import.state.stored": ("已入库", "stored"),
    "import.state.undone": ("已撤销", "undone"),
    "import.method": (
        "检查先读完整个文件，确认之前不存任何内容；一个批次要么整批入库，要么不入库。编号"
        "加清单名称认定同一件：没有变化的行不再存入，变化的行保留旧值。",
        "The whole file is checked first and nothing is stored before you confirm; a batch "
        "is stored whole or not at all. Name of the list and number identify a case: unchanged "
        "rows add nothing, changed ones keep their former values.",
    ),
    "import.row": ("行号", "Row"),
    "import.column": ("列", "Column"),
    "import.reason": ("原因", "Reason"),
    "import.value": ("值", "Value"),
    "import.needed": (
        "标星号的必须选；文件里没有的其他字段不用选。",
        "Fields with a star are needed; leave the others out where the file has no such column.",
    ),
    "import.sampled": (
        "共 {n} 个点，这里均匀抽 {most} 个预览",
        "{n} points; {most} of them, evenly taken, are drawn here",
    ),
    "import.row_one": ("1 行", "1 row"),
    "import.crs_by_format": (
        "文件未写坐标系；按格式惯例是",
        "No coordinate system in the file; by its format",
    ),
}
