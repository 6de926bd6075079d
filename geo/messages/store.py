"""Sentences of `geo/store`."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {
    "store_url_unknown": Message(
        "The address of the store begins with none of: {schemes}",
        "存储地址的开头不在支持范围内：{schemes}",
        "Use for example duckdb:data/getu.duckdb or postgresql://user@host:5432/getu.",
        "请使用例如 duckdb:data/getu.duckdb 或 postgresql://用户@主机:5432/getu。",
    ),
    "store_file_is_address": Message(
        "A store in a file is named by the path of a file, and {scheme} begins an address.",
        "文件库要写文件路径，而 {scheme} 是网址的开头。",
        "Nothing was made. Write for example duckdb:data/getu.duckdb; a server is named postgresql://user@host:5432/getu.",
        "未建立任何内容。请写成例如 duckdb:data/getu.duckdb；服务器写作 postgresql://用户@主机:5432/getu。",
    ),
    "store_address_unreadable": Message(
        "The address of the database server cannot be read.",
        "无法识别数据库服务器地址。",
        "Write it as postgresql://user:password@host:5432/database; signs such as @ or / in a password as %40, %2F.",
        "请写成 postgresql://用户:密码@主机:5432/库名；密码中的 @、/ 等符号写作 %40、%2F。",
    ),
    "store_unreachable": Message(
        "The database server does not answer.",
        "数据库服务器没有响应。",
        "See that it runs, and that host and port in the address of the store are right; then try again.",
        "请确认服务器已启动，且存储地址中的主机和端口正确，然后重试。",
    ),
    "store_refused": Message(
        "The database server refuses this user name or password.",
        "数据库服务器拒绝了该用户名或密码。",
        "Correct them in the address of the store, or ask who looks after the server.",
        "请更正存储地址中的用户名和密码，或联系服务器管理员。",
    ),
    "store_no_database": Message(
        "The database server has no such database.",
        "数据库服务器上没有这个库。",
        "Ask who looks after the server to create it in UTF-8; docs/operations.md says how.",
        "请服务器管理员以 UTF-8 编码建库，步骤见 docs/operations.md。",
    ),
    "store_server_full": Message(
        "The database server takes no more connections.",
        "数据库服务器的连接数已满。",
        "Close other programs, or raise max_connections of the server.",
        "请关闭其他程序，或调大服务器的 max_connections。",
    ),
    "store_all_lent": Message(
        "All {n} connections of this program to the database server are at work.",
        "本程序与数据库服务器的 {n} 个连接都在使用中。",
        "Nothing was stored. Try again in a minute, or raise store_connections.",
        "未保存任何内容。请稍后重试，或调大 store_connections。",
    ),
    "store_server_old": Message(
        "The database server is PostgreSQL {version}; {oldest} or newer is needed.",
        "数据库服务器是 PostgreSQL {version}，需要 {oldest} 或更新版本。",
        "Upgrade the server.",
        "请升级服务器。",
    ),
    "store_not_utf8": Message(
        "The database is kept in {encoding}, not in UTF-8.",
        "数据库的编码是 {encoding}，不是 UTF-8。",
        "Create another with ENCODING 'UTF8' TEMPLATE template0.",
        "请用 ENCODING 'UTF8' TEMPLATE template0 重新建库。",
    ),
    "store_no_postgis": Message(
        "The database server has no PostGIS.",
        "数据库服务器没有安装 PostGIS。",
        "Install it there, for example the package postgresql-15-postgis-3.",
        "请在服务器上安装，例如软件包 postgresql-15-postgis-3。",
    ),
    "store_no_right": Message(
        "The user of the database may not do this.",
        "数据库用户没有执行此操作的权限。",
        "Let the owner of the database run `python -m geo store create`; docs/operations.md names the rights to grant.",
        "请由库的所有者运行 `python -m geo store create`，并按 docs/operations.md 授权。",
    ),
    "store_read_only": Message(
        "The database server only lets this connection read.",
        "数据库服务器只允许读取。",
        "Nothing was stored. Name the main server in the address of the store, not a copy.",
        "未保存任何内容。请在存储地址中填写主服务器，而非只读副本。",
    ),
    "store_table_gone": Message(
        "The database lacks a table of the store.",
        "数据库缺少存储所需的数据表。",
        "Run `python -m geo store check`; it says which, and what to do.",
        "请运行 `python -m geo store check` 查看缺少哪些表及处理办法。",
    ),
    "store_connection_lost": Message(
        "The connection to the database server was cut.",
        "与数据库服务器的连接已中断。",
        "What was being stored was not kept. Try again.",
        "正在保存的内容未入库，请重试。",
    ),
    "store_lost_at_commit": Message(
        "The connection to the database server was cut at the moment of keeping.",
        "与数据库服务器的连接在提交时中断。",
        "It is kept whole or not at all: look at the list of imports before trying again.",
        "内容要么全部入库，要么完全没有：请先查看导入记录，再决定是否重试。",
    ),
    "store_busy": Message(
        "Somebody else is storing data and has not finished.",
        "其他人正在保存数据，尚未完成。",
        "Nothing was stored. Try again in a minute.",
        "未保存任何内容，请稍后重试。",
    ),
    "store_timed_out": Message(
        "The database server took longer than allowed and was stopped.",
        "数据库操作超过时限，已停止。",
        "Nothing was stored. Ask for a smaller area or period, or raise store_timeout_s.",
        "未保存任何内容。请缩小区域或时段，或调大 store_timeout_s。",
    ),
    "store_value_refused": Message(
        "The database server cannot keep a value: a sign U+0000 in a text, or a number or date out of range.",
        "数据库无法保存某个值：文本含有 U+0000，或数字、日期超出范围。",
        "Nothing was stored. Correct the file.",
        "未保存任何内容，请更正文件。",
    ),
    "store_server_no_room": Message(
        "The database server ran out of disk or memory.",
        "数据库服务器的磁盘或内存不足。",
        "Nothing was stored. Free some space on the server, then try again.",
        "未保存任何内容。请在服务器上释放空间后重试。",
    ),
    "copy_target_not_empty": Message(
        "The store to copy into holds data already, in table {table}.",
        "目标存储中已有数据（数据表 {table}）。",
        "Nothing was copied. Name an empty one.",
        "未复制任何内容，请指定空的存储。",
    ),
    "copy_differs": Message(
        "What arrived differs from what was sent, in {tables}.",
        "到达的数据与发送的不一致：{tables}。",
        "Nothing was kept. Run `python -m geo store verify` on the store that was copied.",
        "未保留任何内容。请对源存储运行 `python -m geo store verify`。",
    ),
    "start_after_stop": Message(
        "The program that had the store {file} open was stopped without closing it.",
        "上次打开存储 {file} 的程序未正常关闭。",
        "The store stands as after the last import that was kept whole.",
        "存储保持在最后一次完整入库之后的状态。",
    ),
    "start_swept": Message(
        "{n} unfinished files that a stopped program left behind were taken away.",
        "已清理 {n} 个因程序中断而遗留的未完成文件。",
    ),
    "start_migrated": Message(
        "The store had shape {number} and was brought to the newest one; what it held before is kept in {file}.",
        "存储已由结构版本 {number} 升级到最新版本；升级前的内容保存在 {file}。",
    ),
    "migration_not_kept": Message(
        "The store is older than this program, and could not be kept in {file} before its shape is changed.",
        "存储的结构版本较旧，而升级前的备份 {file} 无法写入。",
        "Nothing was changed. Let the folder be written, free some space, or set backup_folder; then start again.",
        "未做任何改动。请确认文件夹可写、空间充足，或修改 backup_folder 设置，然后重新启动。",
    ),
    "backup_not_written": Message(
        "The backup {file} could not be written.",
        "无法写入备份 {file}。",
        "No file of that name was left. Check that the folder exists, may be written and has room.",
        "未留下该名称的文件。请检查文件夹是否存在、可写且有空间。",
    ),
    "backup_exists": Message(
        "There is a file {file} already.",
        "文件 {file} 已存在。",
        "Name another: a backup never replaces a file.",
        "请另取名称，备份不会覆盖已有文件。",
    ),
    "store_locked": Message(
        "The store {file} is open in another program.",
        "存储 {file} 正被另一个程序使用。",
        "Close that program, then try again.",
        "请关闭该程序后重试。",
    ),
    "store_not_duckdb": Message(
        "The file {file} is not a store, or is damaged.",
        "文件 {file} 不是存储文件，或已损坏。",
        "Name another file, or bring back a backup.",
        "请指定其他文件，或恢复备份。",
    ),
    "store_file_damaged": Message(
        "The store {file} is damaged: part of the file is missing or has changed.",
        "存储 {file} 已损坏：文件不完整或内容被改动。",
        "It was left as it is. Restore the newest backup into a new store: python -m geo store restore FILE.",
        "未改动该文件。请将最近的备份恢复到新的存储：python -m geo store restore 备份文件。",
    ),
    "store_damaged": Message(
        "The store is damaged: part of its file cannot be read as it was written.",
        "存储已损坏：文件中有内容与写入时不一致。",
        "Stop storing into it. Restore the newest backup into a new store: python -m geo store restore FILE.",
        "请停止入库，将最近的备份恢复到新的存储：python -m geo store restore 备份文件。",
    ),
    "store_write_broken": Message(
        "The file of the store could not be written: the disk is full, or fails.",
        "无法写入存储文件：磁盘已满或出现故障。",
        "The data is whole; what was being stored is kept whole or not at all: free some space, then look at the "
        "list of imports before trying again.",
        "数据完好；正在保存的内容要么全部入库，要么完全没有。请释放磁盘空间，先查看导入记录再决定是否重试。",
    ),
    "store_file_read_only": Message(
        "The file of the store may only be read.",
        "存储文件只能读取。",
        "Nothing was stored. Let the user of this program write the file and its folder.",
        "未保存任何内容。请给予运行本程序的用户对该文件及其文件夹的写权限。",
    ),
    "store_cannot_open": Message(
        "The store {file} cannot be opened.",
        "无法打开存储 {file}。",
        "See that its folder exists and may be written, and that the file is not from a newer DuckDB.",
        "请确认文件夹存在且可写，且文件不是由更新版本的 DuckDB 生成。",
    ),
    "store_too_new": Message(
        "The store has migration {number}; this program knows up to {known}.",
        "存储的结构版本为 {number}，本程序只支持到 {known}。",
        "Use the newer program that wrote it.",
        "请使用写入该存储的较新程序。",
    ),
    "store_other_time_zone": Message(
        "The store was made with time zone {zone}, and the setting says {wanted}.",
        "存储创建时的时区是 {zone}，而设置为 {wanted}。",
        "Leave the setting empty, or make a new store.",
        "请将设置留空，或新建存储。",
    ),
    "store_table_unknown": Message(
        "There is no table {table!r} that can be used like this.", "没有可以这样使用的数据表 {table!r}。"
    ),
    "store_column_unknown": Message(
        "Table {table} has no column {column!r}.", "数据表 {table} 没有列 {column!r}。"
    ),
    "store_column_missing": Message(
        "New rows of {table} need the column {column}.",
        "新增到 {table} 的行缺少列 {column}。",
        "Name the column of the file that holds it.",
        "请指定文件中对应的列。",
    ),
    "store_text_has_nul": Message(
        "A text in column {column} of {table} holds the sign U+0000, which no store keeps.",
        "{table} 的列 {column} 中有文本含有 U+0000，任何存储都无法保存。",
        "Nothing was stored. Files are checked for it when they are read; take it out.",
        "未保存任何内容。读取文件时会检查该字符，请将其删除。",
    ),
    "store_value_missing": Message(
        "{n} rows of {table} have no {column}, which must not be empty.",
        "{table} 有 {n} 行缺少 {column}，该列不能为空。",
    ),
    "store_wrong_type": Message(
        "Column {column} of {table} holds values that are not of type {type}.",
        "{table} 的列 {column} 含有类型不是 {type} 的值。",
    ),
    "store_moment_without_zone": Message(
        "Column {column} of {table} holds moments without a time zone.",
        "{table} 的列 {column} 含有未注明时区的时刻。",
        "Name the time zone when the file is read.",
        "请在读入文件时指明时区。",
    ),
    "store_not_geometry": Message(
        "Column {column} of {table} holds something that is not a {type}.",
        "{table} 的列 {column} 含有不是 {type} 的内容。",
    ),
    "store_wrong_crs": Message(
        "{table} comes in coordinate system {crs}; only WGS84 (EPSG:4326) is stored.",
        "{table} 的坐标系是 {crs}，入库只接受 WGS84（EPSG:4326）。",
        "Convert it first.",
        "请先转换坐标。",
    ),
    "store_key_twice": Message(
        "{table} holds {n} rows whose key occurs before, first {key}.",
        "{table} 有 {n} 行的标识重复，首个是 {key}。",
        "Keep one row of each.",
        "请每个标识只保留一行。",
    ),
    "store_row_refused": Message(
        "A row of {table} breaks a rule of the store: coordinates outside the world, or a value that is not allowed.",
        "{table} 中有一行不符合存储规则：坐标超出全球范围，或取值不在允许范围内。",
        "Nothing was stored. Check the coordinate system and the values.",
        "未保存任何内容，请检查坐标系和取值。",
    ),
    "store_write_conflict": Message(
        "Somebody else changed the same rows at the same time.",
        "同一批数据正被其他人修改。",
        "Nothing was stored. Try again.",
        "未保存任何内容，请重试。",
    ),
    "store_no_room": Message(
        "The database ran out of memory or disk, or could not write.",
        "数据库内存或磁盘不足，或无法写入。",
        "Nothing was stored. Free some space, or raise store_memory_mb, then try again.",
        "未保存任何内容。请释放空间或调大 store_memory_mb 后重试。",
    ),
    "boundaries_changed_since": Message(
        "Boundaries were brought in or taken back after this file was checked (batch {batch_id}); its cases "
        "would get areas of before.",
        "检查此文件之后边界有变动（批次 {batch_id}），案件会按旧边界落格。",
        "Nothing was stored. Check the file again, then confirm.",
        "未保存任何内容。请重新检查此文件后再确认。",
    ),
    "edit_stale": Message(
        "Facility {facility_id} was changed by {actor} at {at}, after you read it: {changes}.",
        "设施 {facility_id} 在您读取之后已由 {actor} 于 {at} 修改：{changes}。",
        "Nothing of yours was stored. Read it again, then change what still should be.",
        "您的修改未保存。请重新读取，再修改仍需修改的内容。",
    ),
    "edit_taken_back": Message(
        "What you read of facility {facility_id} was taken back by {actor} at {at}.",
        "您读取的设施 {facility_id} 的内容已由 {actor} 于 {at} 撤销。",
        "Nothing of yours was stored. Read it again, then change what still should be.",
        "您的修改未保存。请重新读取，再修改仍需修改的内容。",
    ),
    "rows_changed_since": Message(
        "{n} of the rows that would change were changed by {actor} (batch {batch_id}) after the file was checked, "
        "first {first}.",
        "文件校验之后，有 {n} 条将被更新的记录已由 {actor} 修改（批次 {batch_id}），首条为 {first}。",
        "Nothing was stored. Check the file again: it shows what would change now.",
        "未保存任何内容。请重新校验文件，查看现在会产生哪些变化。",
    ),
    "seen_unreadable": Message(
        "{value!r} does not say which state of a row was read.",
        "{value!r} 不能说明读取的是记录的哪个版本。",
        "Copy it from `python -m geo facility show`, for example 2.B000007.",
        "请从 `python -m geo facility show` 的输出中复制，例如 2.B000007。",
    ),
    "facility_unknown": Message(
        "There is no facility {facility_id!r}.",
        "没有编号为 {facility_id!r} 的设施。",
        "Its number is the name of its list, a colon and its number there.",
        "编号由清单名称、冒号和清单内编号组成。",
    ),
    "batch_unknown": Message(
        "There is no batch {batch_id}.",
        "没有批次 {batch_id}。",
        "See the list of imports.",
        "请查看导入记录。",
    ),
    "batch_undone": Message("Batch {batch_id} is undone already.", "批次 {batch_id} 已经撤销。"),
    "batch_stands_under": Message(
        "Batch {batch_id} cannot be undone: batch {later} stands on it.",
        "批次 {batch_id} 无法撤销：批次 {later} 以它为基础。",
        "Undo {later} first.",
        "请先撤销 {later}。",
    ),
    "set_ends_before_start": Message(
        "Boundary set {set_id} ends before it begins.", "边界版本 {set_id} 的结束日期早于开始日期。"
    ),
    "set_needs_later_day": Message(
        "Boundary set {set_id} follows {other}, which begins on {day}, and needs a later first day.",
        "边界版本 {set_id} 接替 {other}（{day} 起），需要更晚的生效日期。",
        "Give valid_from a day after that.",
        "请填写更晚的生效日期。",
    ),
    "sets_overlap": Message(
        "Boundary sets {set_id} and {other} would be in force at one place on the same day.",
        "边界版本 {set_id} 与 {other} 会在同一天覆盖同一地方。",
        "Give them the same scope, or days that do not overlap.",
        "请使两者范围相同，或日期不重叠。",
    ),
    "filter_area_needs_level": Message(
        "Area {area_id} is named without its level.", "区域 {area_id} 未说明层级。"
    ),
    "filter_due_needs_both": Message(
        "Cases that are due need both ends of a period.", "应结案件需要给出时段的起止。"
    ),
    "filter_h3_too_fine": Message(
        "The hexagon has resolution {resolution}; cases are kept to resolution 10.",
        "六边形分辨率为 {resolution}，案件只记录到 10 级。",
    ),
    "found_keys_twice": Message(
        "{n:,} keys of {table} ({keys}) occur twice.", "表 {table} 中有 {n:,} 个键（{keys}）重复出现。"
    ),
    "found_owner_missing": Message(
        "{n:,} rows of {table} name a {column} that {other} does not have.",
        "表 {table} 中有 {n:,} 行的 {column} 在 {other} 中不存在。",
    ),
    "found_batch_missing": Message(
        "{n:,} rows of {table} belong to no stored batch.", "表 {table} 中有 {n:,} 行不属于任何已入库批次。"
    ),
    "found_rejected_differ": Message(
        "{n:,} batches name another number of refused rows than they have.",
        "有 {n:,} 个批次记录的退回行数与实际不符。",
    ),
    "found_more_than_read": Message(
        "{n:,} batches stored more rows than they read.", "有 {n:,} 个批次入库的行数多于读取的行数。"
    ),
    "found_no_areas": Message(
        "{n:,} cases have no row of areas on the {basis} basis.",
        "有 {n:,} 件案件缺少 {basis} 口径的区域归属。",
    ),
    "found_not_newer": Message(
        "{n:,} rows of {table} are not newer than their former rows.",
        "表 {table} 中有 {n:,} 行不比其旧版本新。",
    ),
    "found_other_state": Message(
        "{n:,} cases are in another state than their newest event says.",
        "有 {n:,} 件案件的状态与其最新一条流转记录不一致。",
    ),
    "found_no_fact": Message("{n:,} cases have no row of facts.", "有 {n:,} 件案件缺少统计事实行。"),
    "found_no_case": Message("{n:,} rows of facts have no case.", "有 {n:,} 行统计事实没有对应案件。"),
    "found_facts_differ": Message(
        "{n:,} rows of facts say something else than their case.", "有 {n:,} 行统计事实与案件内容不一致。"
    ),
    "found_sums_below": Message("{n:,} sums by month are below zero.", "有 {n:,} 个按月合计小于零。"),
    "found_sums_differ": Message(
        "{n:,} sums by month and {by} differ from the facts.",
        "有 {n:,} 个按月和 {by} 的合计与统计事实不一致。",
    ),
    "found_spans_differ": Message(
        "{n:,} lists of times to close (case_spans) differ from the facts.",
        "有 {n:,} 组办结时长（case_spans）与统计事实不一致。",
    ),
}
