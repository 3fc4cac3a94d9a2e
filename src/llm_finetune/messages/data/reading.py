"""Texts about files, and where they are."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "data.unfinished_array": (
        "the array is not closed at the end of the file, line {at}; the file seems to be cut off.",
        "到檔案結尾（第 {at} 行）陣列都沒有結束；檔案似乎不完整。",
    ),
    "data.unfinished_array.fix": ("Get the whole file, or add the closing `]`.", "請取得完整的檔案，或補上 `]`。"),
    "data.lone_surrogate": (
        "the text holds half of a character (a lone surrogate).",
        "文字裡有半個字元（孤立的代理碼）。",
    ),
    "data.lone_surrogate.fix": ("Write the whole character, or remove it.", "請寫出完整的字元，或刪除它。"),
    "data.missing_file": ("the file cannot be read: {what}.", "無法讀取這個檔案：{what}。"),
    "data.missing_file.fix": (
        "Check the path; data paths in the configuration start at the project's folder.",
        "請檢查路徑；設定檔裡的資料路徑從專案資料夾算起。",
    ),
    "data.unsupported_kind": ("files of this kind are not read: {kind}.", "不支援這種檔案：{kind}。"),
    "data.unsupported_kind.fix": (
        "Supported: JSON Lines, JSON arrays, CSV and TSV in UTF-8 or UTF-16, also packed with gzip or zstd, and "
        "Parquet. Convert or unpack the file first.",
        "支援 UTF-8 或 UTF-16 的 JSON Lines、JSON 陣列、CSV 與 TSV（可用 gzip 或 zstd 壓縮），以及 Parquet。"
        "請先轉換或解開這個檔案。",
    ),
    "data.byte_order_mark": (
        "the file begins with a byte order mark, which is skipped.",
        "檔案開頭有位元組順序記號（BOM），已略過。",
    ),
    "data.byte_order_mark.fix": "",
    "data.no_records": ("0 records.", "0 筆資料。"),
    "data.no_records.fix": ("Put one JSON object on each line.", "請一行寫一個 JSON 物件。"),
    "data.bad_encoding": (
        "byte {byte} of the line is not UTF-8; it looks like {guess}.",
        "這一行的位元組 {byte} 不是 UTF-8，看起來像 {guess}。",
    ),
    "data.bad_encoding.fix": (
        "Convert the file to UTF-8: `iconv -f {codec} -t UTF-8 OLD > NEW`.",
        "請把檔案轉成 UTF-8：`iconv -f {codec} -t UTF-8 舊檔 > 新檔`。",
    ),
    "data.row_not_object": ("the record is of type {found}.", "這筆資料的型別是 {found}。"),
    "data.row_not_object.fix": (
        'Each record must be an object such as {{"instruction": …, "output": …}}.',
        '每筆資料必須是物件，例如 {{"instruction": …, "output": …}}。',
    ),
    "data.bad_json": (
        "column {column}: not JSON ({what}) near `{excerpt}`.",
        "第 {column} 個字元：在 `{excerpt}` 附近不是 JSON（{what}）。",
    ),
    "data.bad_json.hint.comma_after": ("Remove the comma after the object.", "請移除物件後面的逗號。"),
    "data.bad_json.hint.unfinished": (
        "A string is not finished here; the line seems to be cut off.",
        "這裡有字串沒有結束，這一行看來被截斷了。",
    ),
    "data.bad_json.hint.single_quotes": ("JSON needs double quotes.", "JSON 要用雙引號。"),
    "data.bad_json.hint.trailing_comma": ("Remove the comma before the closing bracket.", "請移除右括號前的逗號。"),
    "data.bad_json.hint.general": (
        "Check quotes, commas and brackets near this place.",
        "請檢查這附近的引號、逗號和括號。",
    ),
    "data.damaged_text": (
        "byte {byte} of the line is not UTF-8, though the rest of the line is.",
        "這一行的位元組 {byte} 不是 UTF-8，其他部分則是。",
    ),
    "data.damaged_text.fix": (
        "A character is broken here; write it again, or remove the row.",
        "這裡有字元損毀，請重新輸入，或移除這筆資料。",
    ),
    "data.cesu8_text": (
        "byte {byte} of the line is not UTF-8; it looks like CESU-8, which writes one character as two halves.",
        "這一行的位元組 {byte} 不是 UTF-8，看起來像 CESU-8（一個字元寫成兩半）。",
    ),
    "data.cesu8_text.fix": ("Write the file again as UTF-8.", "請以 UTF-8 重新寫出檔案。"),
    "data.is_folder": ("this is a folder.", "這是資料夾。"),
    "data.is_folder.fix": (
        "Name the files in it, or use a pattern such as `data/*.jsonl`.",
        "請寫出裡面的檔案，或用 `data/*.jsonl` 這樣的樣式。",
    ),
    "data.special_file": ("this is {kind}, not a file.", "這是{kind}，不是一般檔案。"),
    "data.special_file.fix": ("Write the rows into a file first.", "請先把資料寫進檔案。"),
    "data.special_file.fifo": ("a pipe", "管線"),
    "data.special_file.socket": ("a socket", " socket"),
    "data.special_file.device": ("a device", "裝置"),
    "data.git_lfs_pointer": (
        "this is a Git LFS pointer; the data themselves are not here.",
        "這是 Git LFS 的指標檔，資料本身不在這裡。",
    ),
    "data.git_lfs_pointer.fix": ("Run `git lfs pull`.", "請執行 `git lfs pull`。"),
    "data.changed_while_read": ("the file changed while it was read.", "讀取途中檔案有變動。"),
    "data.changed_while_read.fix": (
        "Wait until it is written completely, and start again.",
        "請等檔案寫完再重新開始。",
    ),
    "data.cut_off_file": (
        "the {kind} data end too early; rows from line {at} on are missing.",
        "{kind} 資料提早結束；第 {at} 行起的資料遺失了。",
    ),
    "data.cut_off_file.fix": ("Get the whole file again.", "請重新取得完整的檔案。"),
    "data.damaged_file": (
        "the {kind} data cannot be read beyond line {at}: {what}.",
        "{kind} 資料從第 {at} 行起無法讀取：{what}。",
    ),
    "data.damaged_file.fix": ("Get the file again.", "請重新取得這個檔案。"),
    "data.damaged_parquet": (
        "the Parquet data cannot be read beyond row {at}: {what}.",
        "Parquet 資料在第 {at} 列之後無法讀取：{what}。",
    ),
    "data.damaged_parquet.fix": ("Get the file again.", "請重新取得這個檔案。"),
    "data.bad_text_in_row": ("a text in this row is not UTF-8.", "這一列有文字不是 UTF-8。"),
    "data.bad_text_in_row.fix": ("Write the file again with UTF-8 texts.", "請以 UTF-8 文字重新寫出檔案。"),
    "data.row_numbers": (
        "the file has no lines; line numbers are row numbers, from 1.",
        "這個檔案沒有行；行號是列號，從 1 算起。",
    ),
    "data.row_numbers.fix": "",
    "data.read_as_utf16": ("the file is UTF-16 and was read as such.", "這個檔案是 UTF-16，已照此讀取。"),
    "data.read_as_utf16.fix": "",
    "data.carriage_returns": (
        "the lines end with carriage returns alone, so the whole file is one line.",
        "每行只以歸位字元（CR）結尾，所以整個檔案只有一行。",
    ),
    "data.carriage_returns.fix": (
        "Write line feeds instead: `tr '\\r' '\\n' < OLD > NEW`.",
        "請改用換行字元：`tr '\\r' '\\n' < 舊檔 > 新檔`。",
    ),
    "data.row_too_large": (
        "the row is {size} MiB; the limit is {limit} MiB.",
        "這筆資料有 {size} MiB，上限是 {limit} MiB。",
    ),
    "data.row_too_large.fix": (
        "Split it into several rows; if the whole file is one line, put each record on a line of its own.",
        "請分成多筆資料；如果整個檔案只有一行，請一行寫一筆。",
    ),
    "data.duplicate_key": ("the key `{key}` stands in one object twice.", "同一個物件裡有兩個 `{key}`。"),
    "data.duplicate_key.fix": ("Keep one of them.", "請只留一個。"),
    "data.nesting_too_deep": (
        "arrays and objects are nested more than {limit} levels deep.",
        "陣列和物件巢狀超過 {limit} 層。",
    ),
    "data.nesting_too_deep.fix": (
        "Write such a value as a text, or remove the row.",
        "請把這樣的值寫成文字，或移除這筆資料。",
    ),
    "data.text_after_array": (
        "more text follows behind the end of the array, at line {at}; it was not read.",
        "陣列在第 {at} 行結束之後還有文字，沒有讀取。",
    ),
    "data.text_after_array.fix": (
        "Put all records into one array, or one record on each line.",
        "請把所有資料放進同一個陣列，或一行寫一筆。",
    ),
    "data.rest_of_array": (
        "the elements behind the broken one at line {at} were not read, because all stand on one line.",
        "第 {at} 行損毀的元素之後都沒有讀取，因為全部寫在同一行。",
    ),
    "data.rest_of_array.fix": ("Put each record on a line of its own.", "請一行寫一筆資料。"),
    "data.no_header": (
        "the table does not begin with column names, but with `{excerpt}`.",
        "表格開頭不是欄位名稱，而是 `{excerpt}`。",
    ),
    "data.no_header.fix": (
        "Add a first line of names, such as `instruction,output`.",
        "請在第一行加上欄位名稱，例如 `instruction,output`。",
    ),
    "data.no_known_layout": (
        "the text is neither JSON nor a table with well-known column names; it begins with `{excerpt}`.",
        "這份文字既不是 JSON，也不是有已知欄位名稱的表格；開頭是 `{excerpt}`。",
    ),
    "data.no_known_layout.fix": (
        'Put one JSON object on each line, such as {{"text": "…"}}, or name a table `.csv` or `.tsv`.',
        '請一行寫一個 JSON 物件，例如 {{"text": "…"}}；表格的檔名請用 `.csv` 或 `.tsv` 結尾。',
    ),
    "data.duplicate_column": ("several columns are named {names}.", "有多個欄位都叫 {names}。"),
    "data.duplicate_column.fix": ("Give each column a name of its own.", "請讓每個欄位有自己的名稱。"),
    "data.ragged_row": (
        "the row has {found} cells, the header {wanted}.",
        "這一列有 {found} 格，標題列有 {wanted} 格。",
    ),
    "data.ragged_row.fix": (
        "Put double quotes around cells that hold the separator, or fill the missing cells.",
        "內含分隔符號的儲存格請加上雙引號，缺少的儲存格請補上。",
    ),
    "data.bad_table_row": (
        "the row cannot be split into cells: {what}.",
        "這一列無法分成儲存格：{what}。",
    ),
    "data.bad_table_row.fix": (
        'Inside a quoted cell a double quote is written twice (`""`).',
        '加了引號的儲存格裡，雙引號要寫兩次（`""`）。',
    ),
    "data.quotes_as_text": (
        "double quotes are read as ordinary characters, because they do not stand around whole cells.",
        "雙引號視為一般字元，因為它們沒有包住整個儲存格。",
    ),
    "data.quotes_as_text.fix": "",
    "data.unreadable_header": (
        "the column names in line {at} cannot be read, so no row was.",
        "無法讀取第 {at} 行的欄位名稱，所以沒有讀取任何資料。",
    ),
    "data.unreadable_header.fix": (
        "Repair the first line: names separated like the cells below them.",
        "請修正第一行：欄位名稱要用和下面儲存格相同的分隔符號。",
    ),
    "data.open_quote": (
        "a quoted cell begins here and does not end properly.",
        "這裡有加引號的儲存格沒有正確結束。",
    ),
    "data.open_quote.fix": (
        'Close the quote; inside a quoted cell a double quote is written twice (`""`).',
        '請補上結尾的引號；加了引號的儲存格裡，雙引號要寫兩次（`""`）。',
    ),
    "data.bad_json.what.property_name": ("a key in double quotes is expected", "這裡應該是雙引號裡的鍵"),
    "data.bad_json.what.trailing_comma": ("a comma stands before the closing bracket", "右括號前有多餘的逗號"),
    "data.bad_json.what.colon": ("a `:` is expected", "這裡應該是 `:`"),
    "data.bad_json.what.comma": ("a `,` or the closing bracket is expected", "這裡應該是 `,` 或右括號"),
    "data.bad_json.what.value": ("a value is expected", "這裡應該是值"),
    "data.bad_json.what.extra": ("more text follows the value", "值的後面還有文字"),
    "data.bad_json.what.unfinished_text": ("a text is not closed", "文字沒有結尾的引號"),
    "data.bad_json.what.control_character": ("a raw control character stands in a text", "文字裡有未跳脫的控制字元"),
    "data.bad_json.what.unicode_escape": ("a wrong `\\u` escape", "`\\u` 跳脫序列有誤"),
    "data.bad_json.what.escape": ("an unknown escape behind `\\`", "`\\` 後面是未知的跳脫字元"),
    "data.bad_json.what.unfinished_object": ("the object is not closed", "物件沒有結束"),
    "data.bad_json.what.not_finite": ("NaN and Infinity are no JSON numbers", "NaN 與 Infinity 不是 JSON 的數值"),
    "data.bad_json.what.out_of_range": ("the number is too large", "數值太大"),
    "data.bad_json.what.long_number": ("the number has too many digits", "數值的位數太多"),
    "data.bad_json.hint.unfinished_object": (
        "A closing bracket is missing; the record seems to be cut off.",
        "缺少右括號，這筆資料看來被截斷了。",
    ),
    "data.bad_json.hint.not_finite": ("Write null, or a text.", "請寫 null，或寫成文字。"),
    "data.bad_json.hint.out_of_range": ("Write it as a text.", "請寫成文字。"),
    "data.bad_json.hint.long_number": ("Write it as a text.", "請寫成文字。"),
    "data.bad_json.hint.escape": ("Write a backslash as `\\\\`.", "反斜線請寫成 `\\\\`。"),
    "data.bad_json.hint.unicode_escape": (
        "Four hexadecimal digits follow `\\u`; write a backslash as `\\\\`.",
        "`\\u` 後面要有四個十六進位數字；反斜線請寫成 `\\\\`。",
    ),
    "data.bad_json.hint.control_character": (
        "Write a tab as `\\t`, a line break as `\\n`, others as `\\u00XX`.",
        "定位字元請寫成 `\\t`，換行寫成 `\\n`，其他寫成 `\\u00XX`。",
    ),
    "data.bad_json.hint.byte_order_mark": (
        "Remove the byte order mark (U+FEFF) at this place.",
        "請移除這裡的位元組順序記號（U+FEFF）。",
    ),
    "data.bad_json.hint.carriage_return": (
        "A carriage return alone ends no line; write a line feed.",
        "只有歸位字元（CR）不算換行；請用換行字元（LF）。",
    ),
    "data.bad_json.hint.one_a_line": ("Put each record on a line of its own.", "請一行寫一筆資料。"),
    "data.no_match": ("no file matches this pattern.", "沒有符合這個樣式的檔案。"),
    "data.no_match.fix": (
        "Check the path; data paths in the configuration start at the project's folder.",
        "請檢查路徑；設定檔裡的資料路徑從專案資料夾算起。",
    ),
    "data.source_twice": ("the file is named twice.", "這個檔案列了兩次。"),
    "data.source_twice.fix": (
        "Name it once; `weight` says how often its rows are seen.",
        "請只列一次；要讓資料多出現幾次，請用 `weight`。",
    ),
    "data.no_parts": (
        "`{name}: {value}` is set, but this is a plain file.",
        "設定了 `{name}: {value}`，但這只是一般檔案。",
    ),
    "data.no_parts.fix": (
        "`subset` and `split` are for data sets of the Hub and for `dataset_info.json`; remove it.",
        "`subset` 和 `split` 只適用於 Hub 資料集與 `dataset_info.json`，請移除。",
    ),
    "data.unknown_subset": ("there is no entry `{name}`.", "沒有 `{name}` 這個項目。"),
    "data.unknown_subset.fix": ("It has: {known}.", "可用的有：{known}。"),
    "data.no_local_entries": (
        "no entry names a local file.",
        "沒有任何項目指定本機檔案。",
    ),
    "data.no_local_entries.fix": (
        "Choose one with `subset`: {known}.",
        "請以 `subset` 選擇一個：{known}。",
    ),
    "data.dataset_info_entry": (
        "the entry `{name}` asks for what is not supported: {names}.",
        "項目 `{name}` 用到不支援的設定：{names}。",
    ),
    "data.dataset_info_entry.fix": (
        "Choose another entry with `subset`, or name the file itself and map its columns with `data.columns`.",
        "請以 `subset` 選擇別的項目，或直接指定檔案，並以 `data.columns` 對應欄位。",
    ),
    "data.hub_not_found": (
        "there is no such file here, and no data set of this name on the Hub that you may read.",
        "這裡沒有這個檔案，Hub 上也沒有您可讀取的同名資料集。",
    ),
    "data.hub_not_found.fix": (
        "Check the name; for a private data set, log in with `hf auth login`.",
        "請檢查名稱；私有資料集請先以 `hf auth login` 登入。",
    ),
    "data.hub_gated": (
        "access to this data set of the Hub must be granted first.",
        "必須先取得這個 Hub 資料集的存取權。",
    ),
    "data.hub_gated.fix": (
        "Ask for it on the data set's page, then log in with `hf auth login`.",
        "請在資料集的頁面申請，再以 `hf auth login` 登入。",
    ),
    "data.hub_unreachable": (
        "the data set cannot be fetched from the Hub: {what}.",
        "無法從 Hub 取得這個資料集：{what}。",
    ),
    "data.hub_unreachable.fix": (
        "Check the network, or download the files and name them.",
        "請檢查網路，或下載檔案後直接指定。",
    ),
    "data.hub_offline": (
        "there is no such file here, and the local cache holds no complete data set of this name; the network is off.",
        "這裡沒有這個檔案，本機快取也沒有完整的同名資料集，而且目前禁用網路。",
    ),
    "data.hub_offline.fix": (
        "Unset HF_HUB_OFFLINE to download it, or name files that are here.",
        "請取消 HF_HUB_OFFLINE 以便下載，或指定本機的檔案。",
    ),
    "data.hub_no_data_files": (
        "the data set has no data files that can be read; found: {names}.",
        "這個資料集沒有可以讀取的資料檔；找到的有：{names}。",
    ),
    "data.hub_no_data_files.fix": (
        "Parquet, JSON, JSON Lines, CSV and TSV files are read, also packed with gzip or zstd.",
        "可讀取 Parquet、JSON、JSON Lines、CSV 與 TSV，也可用 gzip 或 zstd 壓縮。",
    ),
    "data.hub_unknown_split": ("the data set has no split `{split}`.", "這個資料集沒有 `{split}` 這個 split。"),
    "data.hub_unknown_split.fix": ("Set `split` to one of: {known}.", "請把 `split` 設為：{known}。"),
    "data.hub_unknown_subset": ("the data set has no part `{subset}`.", "這個資料集沒有 `{subset}` 這個部分。"),
    "data.hub_unknown_subset.fix": ("Set `subset` to one of: {known}.", "請把 `subset` 設為：{known}。"),
    "data.hub_choose_subset": ("the data set has several parts.", "這個資料集有多個部分。"),
    "data.hub_choose_subset.fix": ("Set `subset` to one of: {known}.", "請把 `subset` 設為：{known}。"),
}
