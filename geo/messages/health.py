"""Sentences of the examination of a store, and of the commands that look after it."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {
    "health_no_file": Message(
        "There is no file {file} yet.",
        "文件 {file} 尚不存在。",
        "Run `python -m geo store create`, or bring something in.",
        "请运行 `python -m geo store create`，或导入数据。",
    ),
    "health_file": Message("The file {file} holds {mb:,} MB.", "文件 {file} 大小为 {mb:,} MB。"),
    "health_disk": Message("{mb:,} MB of disk are free.", "磁盘剩余 {mb:,} MB。"),
    "health_disk_low": Message(
        "Only {mb:,} MB of disk are free.",
        "磁盘仅剩 {mb:,} MB。",
        "Free some, or move the data to a larger disk: a full disk stops every import.",
        "请清理空间或将数据移到更大的磁盘：磁盘写满后无法导入。",
    ),
    "health_disk_unseen": Message(
        "The disk of the server cannot be seen from here; ask who looks after it.",
        "从本机无法查看服务器磁盘，请向管理员确认。",
    ),
    "health_server": Message("PostgreSQL {version} answers.", "PostgreSQL {version} 响应正常。"),
    "health_postgis": Message("PostGIS {version} is there.", "已启用 PostGIS {version}。"),
    "health_no_extension": Message(
        "The database has no PostGIS.",
        "数据库未启用 PostGIS。",
        "Let an administrator run CREATE EXTENSION postgis in it.",
        "请管理员在库中执行 CREATE EXTENSION postgis。",
    ),
    "health_utf8": Message(
        "Text is UTF-8; capital and small letters are known in every script.",
        "文本编码为 UTF-8，可识别各种文字的大小写。",
    ),
    "health_letters": Message(
        "The database knows capital letters of ASCII only; searches tell É from é.",
        "数据库只识别 ASCII 大小写，搜索时会区分 É 与 é。",
        "Create it with LC_CTYPE 'C.UTF-8' TEMPLATE template0, then copy the store into it.",
        "请用 LC_CTYPE 'C.UTF-8' TEMPLATE template0 重新建库，再把存储复制进去。",
    ),
    "health_safe": Message("What is stored survives a power cut.", "已保存的数据可经受断电。"),
    "health_unsafe": Message(
        "The server is set to lose data in a power cut: {names} is off.",
        "服务器设置在断电时会丢失数据：{names} 已关闭。",
        "Switch it on in postgresql.conf and restart the server.",
        "请在 postgresql.conf 中开启并重启服务器。",
    ),
    "health_size": Message("The database holds {mb:,} MB.", "数据库大小为 {mb:,} MB。"),
    "health_no_tables": Message(
        "The database has no tables of a store.",
        "数据库中没有存储所需的数据表。",
        "Let its owner run `python -m geo store create`.",
        "请由库的所有者运行 `python -m geo store create`。",
    ),
    "health_table_gone": Message(
        "Table {table} is missing.",
        "缺少数据表 {table}。",
        "Restore a backup into an empty database.",
        "请把备份恢复到空库。",
    ),
    "health_rights": Message(
        "The user may read and write, and owns nothing.", "数据库用户可读写，且不是所有者。"
    ),
    "health_rights_lacking": Message(
        "{n} rights are missing, first {first}.",
        "缺少 {n} 项权限，首个是 {first}。",
        "Let the owner grant what docs/operations.md names.",
        "请所有者按 docs/operations.md 授权。",
    ),
    "health_superuser": Message(
        "The user may do everything on the server.",
        "该用户是服务器超级用户。",
        "Give the program a user of its own that owns nothing; docs/operations.md says how.",
        "请为程序单独建立不拥有任何对象的用户，步骤见 docs/operations.md。",
    ),
    "health_migrations": Message(
        "The tables have the newest shape, {number}.", "数据表结构为最新版本 {number}。"
    ),
    "health_migrations_waiting": Message(
        "{n} changes of the tables wait.",
        "有 {n} 项结构变更尚未应用。",
        "Make a backup, then let the owner run `python -m geo store create`.",
        "请先备份，再由所有者运行 `python -m geo store create`。",
    ),
    "health_zone": Message("Months are read in {zone}.", "月份按时区 {zone} 划分。"),
    "health_no_zone": Message(
        "The store has no time zone yet.",
        "存储尚未确定时区。",
        "It takes one when it is first opened: set GETU_TIME_ZONE before.",
        "首次打开时确定：请事先设置 GETU_TIME_ZONE。",
    ),
    "health_zone_unknown": Message(
        "The server does not know the time zone {zone} of the store.",
        "服务器不认识存储的时区 {zone}。",
        "Update the time zones of the server (package tzdata).",
        "请更新服务器的时区数据（软件包 tzdata）。",
    ),
    "health_indexes": Message("All indexes are valid.", "全部索引有效。"),
    "health_index_broken": Message(
        "Indexes are not valid: {names}.",
        "索引失效：{names}。",
        "Let the owner run REINDEX INDEX on each.",
        "请所有者逐个执行 REINDEX INDEX。",
    ),
    "store_created": Message(
        "The store is ready, data version {version}, months read in {zone}.",
        "存储已就绪，数据版本 {version}，月份按时区 {zone} 划分。",
    ),
    "store_copied": Message(
        "{n_rows:,} rows of {n_tables} tables copied; counts and checksums are equal.",
        "已复制 {n_tables} 张表共 {n_rows:,} 行，行数与校验值一致。",
    ),
    "store_backed_up": Message(
        "Backup {file}: {n_rows:,} rows of {n_tables} tables; counts and checksums are equal.",
        "备份 {file}：{n_tables} 张表共 {n_rows:,} 行，行数与校验值一致。",
    ),
    "store_same": Message(
        "The store and {file} hold the same: {n_rows:,} rows.", "存储与 {file} 内容一致：共 {n_rows:,} 行。"
    ),
    "store_differs": Message(
        "The store and {file} differ in {tables}.", "存储与 {file} 不一致的数据表：{tables}。"
    ),
    "store_whole": Message("The store is whole: {n_rows:,} rows.", "存储完整：共 {n_rows:,} 行。"),
    "store_rebuilt": Message(
        "The tables for dashboards were derived anew from the cases.", "已由案件重新生成看板统计表。"
    ),
    "health_not_writable": Message(
        "This user may not write the file {file} or its folder.",
        "当前用户对文件 {file} 或其所在文件夹没有写权限。",
        "Give the user of this program the right to write both, for example with chown.",
        "请给予运行本程序的用户对两者的写权限，例如使用 chown。",
    ),
    "health_content": Message("Every block of {file} is as it was written.", "{file} 的所有数据块完好。"),
    "backup_not_there": Message(
        "There is no backup {file}.",
        "找不到备份 {file}。",
        "Check the name and the folder.",
        "请检查名称和文件夹。",
    ),
}
