"""Sentences of `geo/intake`: tables, encodings, cases and facilities.

Sentences about one row use nothing but `{row}`, `{column}` and `{value}`.
"""

from geo.messages.text import Message

_FILES: dict[str, Message] = {
    "file_unreadable": Message(
        "`{file}` cannot be opened.",
        "无法打开“{file}”。",
        "Check that it is there and that you may read it.",
        "请检查文件是否存在、是否有读取权限。",
    ),
    "file_empty": Message(
        "`{file}` is empty: there is nothing to import.",
        "“{file}”是空文件，没有可导入的内容。",
        "Export it again from its source.",
        "请从来源系统重新导出。",
    ),
    "file_too_large": Message(
        "`{file}` is larger than {limit} MB.",
        "“{file}”超过 {limit} MB。",
        "Split it, or raise the setting max_file_mb.",
        "请拆分文件，或调高设置 max_file_mb。",
    ),
    "file_is_packed": Message(
        "`{file}` is an archive.",
        "“{file}”是压缩包。",
        "Unpack it; only a .zip with a single table inside is opened here.",
        "请先解压；此处只接受内含一个表格的 .zip。",
    ),
    "file_is_old_excel": Message(
        "`{file}` is an old or a protected Excel workbook.",
        "“{file}”是旧版（.xls）或加密的 Excel 工作簿。",
        "Save it without a password as .xlsx or as CSV.",
        "请去除密码并另存为 .xlsx 或 CSV。",
    ),
    "file_is_markup": Message(
        "`{file}` holds HTML, XML or SVG, not a table.",
        "“{file}”的内容是 HTML、XML 或 SVG，不是表格。",
        "Save it as .xlsx, CSV or GeoJSON; some systems export web pages under the name .xls or .csv.",
        "请另存为 .xlsx、CSV 或 GeoJSON；有的系统会把网页导出成 .xls 或 .csv。",
    ),
    "file_is_json_list": Message(
        "`{file}` is a JSON list, not GeoJSON.",
        "“{file}”是 JSON 列表，不是 GeoJSON。",
        "Export it as GeoJSON (a FeatureCollection), CSV or .xlsx.",
        "请导出为 GeoJSON（FeatureCollection）、CSV 或 .xlsx。",
    ),
    "file_not_a_table": Message(
        "`{file}` is a binary file of a kind that is not taken.",
        "“{file}”是不受支持的二进制文件。",
        "Bring CSV, .xlsx or GeoJSON.",
        "请提供 CSV、.xlsx 或 GeoJSON。",
    ),
    "file_not_as_named": Message(
        "`{file}` holds {found}, which is not what its name says.",
        "“{file}”的内容是 {found}，与文件名后缀不符。",
        "Rename it if that is right; else export it again.",
        "若内容无误，请改正后缀；否则请重新导出。",
    ),
    "file_damaged": Message(
        "`{file}` is damaged or cut off.",
        "“{file}”已损坏或不完整。",
        "Export or copy it again.",
        "请重新导出或重新复制。",
    ),
    "file_has_macros": Message(
        "`{file}` contains macros, which are not taken.",
        "“{file}”含有宏，不予读取。",
        "Save it as .xlsx without macros.",
        "请另存为不含宏的 .xlsx。",
    ),
    "file_has_entities": Message(
        "`{file}` declares XML entities, which no spreadsheet program writes.",
        "“{file}”中声明了 XML 实体，正常的表格软件不会写出这种内容。",
        "Open it in a spreadsheet program you trust and save it again.",
        "请用可信的表格软件打开后重新保存。",
    ),
    "line_too_long": Message(
        "`{file}` has a line of more than {limit} kB.",
        "“{file}”中有一行超过 {limit} kB。",
        "It is probably no table; check the file, or raise the setting max_cell_kb.",
        "它可能不是表格；请检查文件，或调高设置 max_cell_kb。",
    ),
    "table_too_wide": Message(
        "`{file}` has {n} columns; {limit} are taken.",
        "“{file}”有 {n} 列，最多 {limit} 列。",
        "Leave out columns that are not needed.",
        "请删去不需要的列。",
    ),
    "table_too_long": Message(
        "`{file}` has more than {limit} rows.",
        "“{file}”超过 {limit} 行。",
        "Split it, or raise the setting max_rows.",
        "请拆分文件，或调高设置 max_rows。",
    ),
    "table_has_no_rows": Message(
        "`{file}` has a header and no rows: there is nothing to import.",
        "“{file}”只有表头，没有数据行，没有可导入的内容。",
        "Export it again with its rows.",
        "请连同数据行重新导出。",
    ),
    "header_unreadable": Message(
        "The header of `{file}` in row {row} cannot be read: a quote is not closed.",
        "“{file}”第 {row} 行的表头无法读取：引号没有闭合。",
        "Mend the header.",
        "请改正表头。",
    ),
    "delimiter_unknown": Message(
        "Columns cannot be divided by {delimiter!r}.",
        "不能用 {delimiter!r} 分列。",
        "Choose comma, semicolon, tab or bar.",
        "请选择逗号、分号、制表符或竖线。",
    ),
    "sheet_unknown": Message(
        "`{file}` has no sheet `{sheet}`.",
        "“{file}”中没有工作表“{sheet}”。",
        "Its sheets are: {sheets}.",
        "其工作表有：{sheets}。",
    ),
    "encoding_unknown_name": Message(
        "There is no encoding `{name}`.",
        "没有名为“{name}”的编码。",
        "Choose one of: {known}.",
        "可选：{known}。",
    ),
    "encoding_does_not_fit": Message(
        "`{file}` is not {encoding}: line {line} does not fit.",
        "“{file}”不是 {encoding} 编码：第 {line} 行无法解码。",
        "Choose another encoding; if none fits, the line is damaged or the file was joined from several.",
        "请换一种编码；若都不行，则该行已损坏，或文件由不同编码的文件拼接而成。",
    ),
    "encoding_mixed": Message(
        "`{file}` mixes encodings: line {line} is in another one than line {other_line}.",
        "“{file}”混用了不同编码：第 {line} 行与第 {other_line} 行的编码不同。",
        "Save its parts in one encoding, best UTF-8, before joining them.",
        "请先把各部分统一保存为一种编码（建议 UTF-8）再合并。",
    ),
    "encoding_none_fits": Message(
        "`{file}` fits no known encoding; the closest is {encoding}, up to line {line}.",
        "“{file}”不符合任何已知编码；最接近的是 {encoding}，但第 {line} 行无法解码。",
        "Save it as UTF-8.",
        "请另存为 UTF-8。",
    ),
}

_FILE_NOTES: dict[str, Message] = {
    "encoding_ranked": Message(
        "The encoding was told from how common the characters are: {ranked}.",
        "编码由字符常见程度判定：{ranked}。",
    ),
    "encoding_unsure": Message(
        "The encoding is not certain: {ranked}.",
        "无法确定编码：{ranked}。",
        "Look at the first lines under each and choose.",
        "请对照各编码下的前几行进行选择。",
    ),
    "header_named_twice": Message(
        "{n} columns had no name or the name of another; they were given names of their own.",
        "有 {n} 列无列名或重名，已另行命名。",
    ),
    "title_rows_skipped": Message(
        "{n} title rows above the header were skipped; the header is row {row}.",
        "已跳过表头上方的 {n} 行标题；表头为第 {row} 行。",
    ),
    "sheet_has_formulas": Message(
        "{n} cells are formulas; the values last computed were read.",
        "有 {n} 个单元格是公式，读取的是上次计算的结果。",
        "Where a formula was never computed the cell is empty.",
        "从未计算过的公式，读出为空。",
    ),
    "sheet_has_links": Message(
        "The workbook has {n} links or embedded objects; they were ignored.",
        "工作簿含有 {n} 个外部链接或嵌入对象，已忽略。",
    ),
    "status_words_unknown": Message(
        "{n} rows have a status word in `{column}` that nobody has explained: {words}.",
        "“{column}”列有 {n} 行的状态用语含义未知：{words}。",
        "Say which state each means; nothing is guessed.",
        "请指明各用语对应的状态；系统不会猜测。",
    ),
    "words_unknown": Message(
        "{n} cells of `{column}` hold words that are not known: {words}.",
        "“{column}”列有 {n} 个单元格的用语未知：{words}。",
        "They were left empty.",
        "已按空值处理。",
    ),
    "positions_look_swapped": Message(
        "The coordinates of {n} rows look swapped (latitude where longitude should be); they were not used.",
        "有 {n} 行坐标疑似经纬颠倒，未予采用。",
        "If so, choose that they are swapped in this file.",
        "若确实颠倒，请勾选“经纬度互换”。",
    ),
    "positions_zero": Message(
        "{n} rows have the coordinates 0, 0; they were not used.",
        "有 {n} 行坐标为 0,0，未予采用。",
    ),
    "positions_out_of_range": Message(
        "The coordinates of {n} rows do not lie on the globe or in the coordinate system named.",
        "有 {n} 行坐标超出地球范围或所选坐标系的范围，未予采用。",
        "Check the coordinate system.",
        "请检查坐标系。",
    ),
    "positions_incomplete": Message(
        "{n} rows have a longitude or a latitude only; they were not used.",
        "有 {n} 行只有经度或只有纬度，未予采用。",
    ),
    "rows_without_position": Message(
        "{n} of {of} rows have no usable coordinates; they are kept.",
        "{of} 行中有 {n} 行没有可用坐标，仍予保留。",
    ),
    "cases_closed_before_reported": Message(
        "{n} cases were closed before they were reported; they are kept.",
        "有 {n} 件的结案时间早于上报时间，仍予保留。",
    ),
    "cases_due_before_reported": Message(
        "{n} cases were due before they were reported; they are kept.",
        "有 {n} 件的截止时间早于上报时间，仍予保留。",
    ),
    "rows_repeated": Message(
        "{n} rows repeat another row exactly; each was taken once.",
        "有 {n} 行与其他行完全相同，只取一次。",
    ),
    "reporters_not_kept": Message(
        "The columns {columns} are about the person who reported; they were not read.",
        "“{columns}”为报告人信息，未读取。",
    ),
    "facility_kinds_unknown": Message(
        "{n} rows have a kind in `{column}` that is not known: {words}.",
        "“{column}”列有 {n} 行的设施类型未知：{words}。",
        "Say which kind each means; nothing is guessed.",
        "请指明各用语对应的设施类型；系统不会猜测。",
    ),
}

_CHOICES: dict[str, Message] = {
    "column_unknown": Message(
        "`{file}` has no column `{column}` for {field}.",
        "“{file}”中没有用作 {field} 的“{column}”列。",
        "Its columns are: {columns}.",
        "其列有：{columns}。",
    ),
    "field_unknown": Message(
        "There is no field `{field}`.",
        "没有名为“{field}”的字段。",
        "Fields are: {fields}.",
        "字段有：{fields}。",
    ),
    "source_needed": Message(
        "The list needs a name.",
        "需要为数据来源命名。",
        "Name where the file comes from, for example 12345; with the number it identifies a row.",
        "请写明文件来源，例如 12345；来源加编号唯一确定一行。",
    ),
    "source_no_needed": Message(
        "No column of `{file}` was named as the number of the row.",
        "没有指定“{file}”中的编号列。",
        "Choose the column with the number the source gave, so that a later file can be compared.",
        "请选择来源系统给出的编号列，以便与以后的文件比对。",
    ),
    "coordinates_half_mapped": Message(
        "Only one of longitude and latitude of `{file}` was named.",
        "“{file}”只指定了经度或纬度中的一列。",
        "Choose both, or neither.",
        "请同时选择两列，或都不选。",
    ),
    "coord_sys_needed": Message(
        "The coordinate system of `{file}` is not named.",
        "没有指明“{file}”的坐标系。",
        "Choose wgs84, cgcs2000, gcj02 or bd09; a wrong one shifts points by up to 700 m.",
        "请选择 wgs84、cgcs2000、gcj02 或 bd09；选错会偏移最多 700 米。",
    ),
    "state_unknown": Message(
        "`{word}` cannot mean `{state}`: there is no such state.",
        "“{word}”不能对应“{state}”：没有这种状态。",
        "States are: {states}.",
        "状态有：{states}。",
    ),
    "kind_needed": Message(
        "The kind of the facilities in `{file}` is not named.",
        "没有指明“{file}”中设施的类型。",
        "Choose the column of the kind, or one kind for the whole file.",
        "请选择类型列，或为整个文件指定一种类型。",
    ),
    "facility_kind_not_known": Message(
        "There is no kind of facility `{kind}`.",
        "没有名为“{kind}”的设施类型。",
        "Use a key of data/facility_kinds.yaml or data/mappings/facility_kind_words.yaml.",
        "请使用 data/facility_kinds.yaml 或 data/mappings/facility_kind_words.yaml 中的名称。",
    ),
}

_ROWS: dict[str, Message] = {
    "row_ragged": Message(
        "Row {row} has another number of cells than the header ({value}).",
        "第 {row} 行的单元格数与表头不同（{value}）。",
        "Look for a missing or an extra delimiter, or a quote.",
        "请检查是否多了或少了分隔符、引号。",
    ),
    "row_quote_broken": Message(
        "Row {row}: a quote is not closed, or something follows it.",
        "第 {row} 行：引号没有闭合，或引号后另有内容。",
        "Double quotes that belong to the text.",
        "属于正文的引号请写成两个。",
    ),
    "row_has_nul": Message(
        "Row {row} contains a zero byte.",
        "第 {row} 行含有空字节（NUL）。",
        "The row is damaged; export it again.",
        "该行已损坏，请重新导出。",
    ),
    "cell_too_large": Message(
        "Row {row} has a cell that is too large: {value}.",
        "第 {row} 行有单元格过大：{value}。",
        "Shorten it, or raise the setting max_cell_kb.",
        "请缩短内容，或调高设置 max_cell_kb。",
    ),
    "geometry_not_point": Message(
        "Feature {row} is a line; a case or a facility is a point or an outline.",
        "第 {row} 个要素是线；案件和设施应为点或轮廓。",
    ),
    "row_repeated": Message(
        "Row {row} repeats another row exactly ({column} {value}); it was taken once.",
        "第 {row} 行与其他行完全相同（{column} {value}），只取一次。",
    ),
    "number_unreadable": Message(
        "Row {row}, {column}: `{value}` is no number.",
        "第 {row} 行“{column}”：“{value}”不是数字。",
    ),
    "number_negative": Message(
        "Row {row}, {column}: {value} is negative.",
        "第 {row} 行“{column}”：{value} 是负数。",
    ),
    "coordinate_not_decimal": Message(
        "Row {row}, {column}: `{value}` is written in degrees, minutes and seconds.",
        "第 {row} 行“{column}”：“{value}”是度分秒写法。",
        "Convert coordinates to decimal degrees.",
        "请换算成十进制度。",
    ),
    "id_scientific": Message(
        "Row {row}, {column}: the number {value} has lost digits in a spreadsheet.",
        "第 {row} 行“{column}”：编号 {value} 在表格软件中丢失了位数。",
        "Export it again as text.",
        "请以文本格式重新导出。",
    ),
    "id_point_zero": Message(
        "Row {row}, {column}: the number {value} was turned into a decimal by a spreadsheet or a program.",
        "第 {row} 行“{column}”：编号 {value} 被表格软件或程序改成了小数。",
        "Export it again as text.",
        "请以文本格式重新导出。",
    ),
    "id_too_short": Message(
        "Row {row}, {column}: the code {value} is a digit shorter than the others; a leading zero is lost.",
        "第 {row} 行“{column}”：编码 {value} 比其他编码少一位，前导零已丢失。",
        "Export it again as text.",
        "请以文本格式重新导出。",
    ),
    "source_no_missing": Message(
        "Row {row} has no number in {column}.",
        "第 {row} 行的“{column}”没有编号。",
    ),
    "case_number_twice": Message(
        "Row {row}: the number {value} in {column} stands in several rows that differ.",
        "第 {row} 行：“{column}”中的编号 {value} 出现在多个内容不同的行中。",
        "Keep the right one.",
        "请保留正确的一行。",
    ),
    "facility_number_twice": Message(
        "Row {row}: the number {value} in {column} stands in several rows that differ.",
        "第 {row} 行：“{column}”中的编号 {value} 出现在多个内容不同的行中。",
        "Keep the right one.",
        "请保留正确的一行。",
    ),
    "case_closed_before_reported": Message(
        "Row {row}: closed before it was reported ({column} {value}).",
        "第 {row} 行：结案早于上报（{column} {value}）。",
    ),
    "case_due_before_reported": Message(
        "Row {row}: due before it was reported ({column} {value}).",
        "第 {row} 行：截止早于上报（{column} {value}）。",
    ),
    "status_unknown": Message(
        "Row {row}, {column}: nobody has said what the status `{value}` means.",
        "第 {row} 行“{column}”：状态“{value}”的含义未知。",
    ),
    "answer_unknown": Message(
        "Row {row}, {column}: `{value}` is neither yes nor no; it was left empty.",
        "第 {row} 行“{column}”：“{value}”既不是“是”也不是“否”，按空值处理。",
    ),
    "satisfaction_unknown": Message(
        "Row {row}, {column}: `{value}` is no known verdict; it was left empty.",
        "第 {row} 行“{column}”：“{value}”不是已知的满意度用语，按空值处理。",
    ),
    "kind_unknown": Message(
        "Row {row}, {column}: `{value}` is no known kind of case; it was left empty.",
        "第 {row} 行“{column}”：“{value}”不是已知的案件性质，按空值处理。",
    ),
    "facility_kind_unknown": Message(
        "Row {row}, {column}: nobody has said what kind of facility `{value}` is.",
        "第 {row} 行“{column}”：设施类型“{value}”未知。",
    ),
    "facility_kind_missing": Message(
        "Row {row} has no kind in {column}.",
        "第 {row} 行的“{column}”没有设施类型。",
    ),
    "facility_status_unknown": Message(
        "Row {row}, {column}: `{value}` is no known status of a facility.",
        "第 {row} 行“{column}”：“{value}”不是已知的设施状态。",
    ),
    "service_level_unknown": Message(
        "Row {row}, {column}: `{value}` is no level of a living circle (15, 10, 5, block).",
        "第 {row} 行“{column}”：“{value}”不是生活圈层级（15、10、5、街坊）。",
    ),
    "facility_closed_before_opened": Message(
        "Row {row}: closed before it was opened ({column} {value}).",
        "第 {row} 行：停用早于启用（{column} {value}）。",
    ),
    "footprint_unreadable": Message(
        "Row {row}, {column}: the outline cannot be read.",
        "第 {row} 行“{column}”：轮廓无法读取。",
    ),
}

_POSITIONS: dict[str, Message] = {
    "position_incomplete": Message(
        "Row {row}: only half of the coordinates is there ({value}); they were not used.",
        "第 {row} 行：坐标只有一半（{value}），未予采用。",
    ),
    "position_zero": Message(
        "Row {row}: the coordinates are 0, 0; they were not used.",
        "第 {row} 行：坐标为 0,0，未予采用。",
    ),
    "position_looks_swapped": Message(
        "Row {row}: the coordinates {value} look swapped; they were not used.",
        "第 {row} 行：坐标 {value} 疑似经纬颠倒，未予采用。",
    ),
    "position_out_of_range": Message(
        "Row {row}: the coordinates {value} lie outside the globe or the coordinate system; not used.",
        "第 {row} 行：坐标 {value} 超出地球范围或所选坐标系，未予采用。",
    ),
}

MESSAGES: dict[str, Message] = {**_FILES, **_FILE_NOTES, **_CHOICES, **_ROWS, **_POSITIONS}
