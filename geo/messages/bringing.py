"""Sentences of the commands, and of the tasks that bring files in."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {
    "option_not_a_pair": Message(
        "{option} {value!r} has no equals sign.",
        "{option} {value!r} 缺少等号。",
        "Write it as NAME=VALUE.",
        "请写成 名称=值。",
    ),
    "column_not_recognised": Message(
        "No column was recognised as {field}. The file has: {headers}.",
        "没有识别出“{field}”对应的列。文件中的列：{headers}。",
        "Name it with --column {field}=HEADER.",
        "请指定这一列（命令行：--column {field}=列名）。",
    ),
    "coord_sys_not_named": Message(
        "{file} does not say in which coordinate system its numbers are.",
        "{file} 没有说明坐标系。",
        "Name it: wgs84, cgcs2000, gcj02 (Amap, Tencent), bd09 (Baidu) or epsg:NNNN.",
        "请指明：wgs84、cgcs2000、gcj02（高德、腾讯）、bd09（百度）或 epsg:编号。",
    ),
    "file_without_rows": Message(
        "{file} holds no rows: there is nothing to import.",
        "{file} 中没有数据行，没有可导入的内容。",
        "Check that the right file and sheet were chosen.",
        "请检查是否选对了文件和工作表。",
    ),
    "file_not_there": Message(
        "There is no file {file}.",
        "找不到文件 {file}。",
        "Check the name and the folder.",
        "请检查文件名和所在文件夹。",
    ),
    "file_is_folder": Message(
        "{file} is a folder.",
        "{file} 是文件夹。",
        "Name the file inside it that is to be read; several files of one layer may be named together.",
        "请写出其中要读取的文件；同一图层的多个文件可以一起写。",
    ),
    "demo_store_not_empty": Message(
        "The store holds data already; the demo goes into an empty one only.",
        "数据库中已有数据；示范区只能建在空库中。",
        "Name another with GETU_STORE_URL=duckdb:data/demo.duckdb.",
        "请用 GETU_STORE_URL=duckdb:data/demo.duckdb 指定另一个库。",
    ),
    "areas_without_parent": Message(
        "{n} areas lie in no area of a coarser level.",
        "{n} 个区域不在任何上级区域之内。",
        "They are stored without a parent; check the files fit each other.",
        "将不带上级存入；请检查文件之间是否吻合。",
    ),
    "population_no_area_matches": Message(
        "None of the area codes is known; the first is {first!r}.",
        "没有一个区域编码是已知的，第一个是 {first!r}。",
        "Bring in the boundaries first, or choose another column as the code.",
        "请先导入边界，或另选一列作为编码。",
    ),
    "population_unknown_areas": Message(
        "{n} codes have figures but no boundary; the first is {first!r}. They are left out.",
        "{n} 个编码有人口数但没有边界，第一个是 {first!r}；这些行不会存入。",
    ),
    "no_denominator": Message("no denominator", "无基数"),
    "file_not_written": Message(
        "{file} could not be written.",
        "无法写入 {file}。",
        "Check that the folder exists, may be written and has room.",
        "请检查文件夹是否存在、可写且有空间。",
    ),
    "left_out_unlocated": Message("Without a usable location", "无可用位置"),
    "left_out_without_due": Message("Closed without a deadline", "结案但没有期限"),
    "left_out_negative": Message("Closed before they were reported", "结案早于上报"),
    "left_out_piled": Message("On a suspicious pile-up", "位于疑似默认坐标堆点"),
    "left_out_without_status": Message(
        "Counted as open, but their source gives no status", "计入在办，但来源没有办理状态"
    ),
    "left_out_outside": Message("Outside every area", "不在任何区域内"),
    "work_stopped": Message(
        "The work was stopped; nothing was kept.",
        "已停止，没有保存任何内容。",
        "Start it again when you are ready.",
        "需要时可重新开始。",
    ),
    "upload_gone": Message(
        "The uploaded file {file} is not there any more: temporary files were tidied away.",
        "上传的文件 {file} 已不在：临时文件被清理了。",
        "Nothing was stored. Upload it again.",
        "未保存任何内容。请重新上传。",
    ),
    "upload_too_many": Message(
        "{n} files were chosen; at most {limit} are taken at once.",
        "选择了 {n} 个文件，一次最多 {limit} 个。",
        "Upload fewer, or pack the parts of one layer into a zip file.",
        "请减少文件，或把同一图层的各部分打包成 zip。",
    ),
    "upload_one_list": Message(
        "{n} files were chosen; a list is one file, such as {file}.",
        "选择了 {n} 个文件；清单一次只能导入一个，例如 {file}。",
        "Nothing was read. Upload them one after another.",
        "未读取任何内容。请逐个上传。",
    ),
    "upload_too_large": Message(
        "The files chosen are larger than {mb} MB together.",
        "所选文件合计超过 {mb} MB。",
        "Upload fewer at once, or bring them in by command.",
        "请分次上传，或用命令导入。",
    ),
    "upload_no_room": Message(
        "Too many files are being brought in at this moment by all visitors together.",
        "此刻各处正在导入的文件太多。",
        "Nothing was stored. Try again when another import has ended, or bring the file in by command.",
        "未保存任何内容。请等其他导入完成后再试，或用命令导入。",
    ),
    "work_broke": Message(
        "The work broke off through a fault of the program; nothing was kept.",
        "程序出现故障，操作中断，没有保存任何内容。",
        "The log of the program says more; please report it.",
        "详情见程序日志，请反馈给维护者。",
    ),
    "encoding_not_chosen": Message(
        "The text of {file} can be read in more than one way.",
        "{file} 的文字可以按多种编码读取。",
        "Choose the encoding in which the preview reads well.",
        "请选择预览文字显示正确的那一种编码。",
    ),
    "level_not_chosen": Message(
        "The level of the areas in {file} is not chosen.",
        "尚未选择 {file} 中区域的层级。",
        "Choose one: district, sub-district, community, grid, micro-grid, courtyard or unit grid.",
        "请选择区县、街道、社区、网格、微网格、院落或单元网格。",
    ),
    "export_level_missing": Message(
        "Areas of which level are to be written was not said.",
        "没有说明要导出哪一级的区域。",
        "Name it with --level, for example --level grid.",
        "请用 --level 指明，例如 --level grid。",
    ),
}
