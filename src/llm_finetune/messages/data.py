"""Texts about data files and rows."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "data.absent_column": ("no row has `{column}`.", "沒有任何一筆資料有 `{column}`。"),
    "data.absent_column.fix": (
        "Name a column of your rows; a dot reaches into an object.",
        "請填資料裡有的欄位名稱；可用點號取物件內的值。",
    ),
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
    "data.missing_field": ("the field is missing.", "缺少這個欄位。"),
    "data.missing_field.fix": (
        "Add it, or map your own column with `data.columns`.",
        "請補上，或以 `data.columns` 對應自己的欄位。",
    ),
    "data.null_field": ("the value is null.", "值是 null。"),
    "data.null_field.fix": ("Write a text, or remove the row.", "請填入文字，或移除這筆資料。"),
    "data.empty_field": ("the text is empty.", "文字是空的。"),
    "data.empty_field.fix": ("Write a text, or remove the row.", "請填入文字，或移除這筆資料。"),
    "data.blank_field": ("the text holds only blanks.", "文字只有空白。"),
    "data.blank_field.fix": ("Write a text, or remove the row.", "請填入文字，或移除這筆資料。"),
    "data.not_text": ("the value is of type {found}, not text.", "值的型別是 {found}，不是文字。"),
    "data.not_text.fix": (
        "Put it in double quotes as it should be learned, or let `data.repair: [text_values]` write it as JSON text.",
        "請照要學習的樣子寫在雙引號裡，或用 `data.repair: [text_values]` 轉成 JSON 文字。",
    ),
    "data.missing_messages_list": ("the list of turns is {found}.", "訊息清單是 {found}。"),
    "data.missing_messages_list.fix": (
        "Write a list of objects with `role` and `content`.",
        "請寫成清單，每個物件有 `role` 和 `content`。",
    ),
    "data.data_type": ("the turn is of type {found}.", "這則訊息的型別是 {found}。"),
    "data.data_type.fix": (
        "Each turn must be an object with `role` and `content`.",
        "每則訊息必須是有 `role` 和 `content` 的物件。",
    ),
    "data.message_missing_key": ("the key is missing.", "缺少這個鍵。"),
    "data.message_missing_key.fix": ("Each turn needs `role` and `content`.", "每則訊息都要有 `role` 和 `content`。"),
    "data.unrecognized_role": ("unknown role {found}.", "沒有 {found} 這個角色。"),
    "data.unrecognized_role.fix": ("Known: {known}.", "可用的有：{known}。"),
    "data.system_not_first": ("a system turn stands behind other turns.", "system 訊息排在其他訊息後面。"),
    "data.system_not_first.fix": (
        "Put it first; `data.repair: [merge_turns]` joins it with a system turn right before it.",
        "請移到最前面；若前一則也是 system 訊息，可用 `data.repair: [merge_turns]` 合併。",
    ),
    "data.repeated_role": ("two {role} turns follow each other.", "連續兩則都是 {role} 訊息。"),
    "data.repeated_role.fix": (
        "Merge them into one turn, or let `data.repair: [merge_turns]` do it.",
        "請合併成一則，或用 `data.repair: [merge_turns]` 自動合併。",
    ),
    "data.starts_with_assistant": ("the conversation starts with the assistant.", "對話由 assistant 開始。"),
    "data.starts_with_assistant.fix": ("Begin with a user turn.", "請以 user 訊息開頭。"),
    "data.example_missing_assistant_message": (
        "there is no assistant turn, so nothing can be learned.",
        "沒有 assistant 訊息，所以沒有內容可以學。",
    ),
    "data.example_missing_assistant_message.fix": (
        "Add the answer as an assistant turn.",
        "請把回答加成 assistant 訊息。",
    ),
    "data.trailing_turn": (
        "the last turn is a {role} turn without an answer.",
        "最後一則是 {role} 訊息，後面沒有回答。",
    ),
    "data.trailing_turn.fix": (
        "Add the answer, or remove the turn; `data.repair: [drop_trailing_turn]` removes it.",
        "請補上回答，或移除這則訊息；`data.repair: [drop_trailing_turn]` 會自動移除。",
    ),
    "data.unknown_layout": ("no known layout; keys found: {found}.", "不是已知的格式；這筆資料的鍵：{found}。"),
    "data.unknown_layout.guess": ("Is {found!r} meant as {name!r}?", "{found!r} 是指 {name!r} 嗎？"),
    "data.unknown_layout.fix": (
        "Known layouts: {layouts}. Rename the keys, or map them with `data.columns`.",
        "已知的格式：{layouts}。請修改鍵的名稱，或以 `data.columns` 對應。",
    ),
    "data.ignored_columns": ("columns not read: {names}.", "沒有讀取的欄位：{names}。"),
    "data.ignored_columns.fix": "",
    "data.template_refuses": (
        "the chat template does not accept this conversation: {what}.",
        "對話範本不接受這段對話：{what}。",
    ),
    "data.template_refuses.fix": (
        "Change the row, or give another template with `model.chat_template`.",
        "請修改這筆資料，或以 `model.chat_template` 指定別的範本。",
    ),
    "data.answer_not_rendered": (
        "the chat template changes or drops the answer of turn {turn}.",
        "對話範本更動或捨棄了第 {turn} 則訊息的回答。",
    ),
    "data.answer_not_rendered.fix": (
        "Use another template with `model.chat_template`, or remove the row.",
        "請以 `model.chat_template` 指定別的範本，或移除這筆資料。",
    ),
    "data.overlong": (
        "the row is {tokens} tokens, the limit is {limit}.",
        "這筆資料有 {tokens} 個 token，上限是 {limit}。",
    ),
    "data.overlong.fix": (
        "Raise `data.max_length`, or set `data.overlong` to `drop`, `truncate_left_turns` or `truncate`.",
        "請調高 `data.max_length`，或把 `data.overlong` 設為 `drop`、`truncate_left_turns` 或 `truncate`。",
    ),
    "data.overlong_prompt": (
        "the prompt alone is {prompt} tokens, the limit is {limit}: 0 tokens left to learn.",
        "光是提示就有 {prompt} 個 token，上限是 {limit}：可以學的 token 剩 0 個。",
    ),
    "data.overlong_prompt.fix": (
        "Raise `data.max_length`, shorten the prompt, or remove the row.",
        "請調高 `data.max_length`、縮短提示，或移除這筆資料。",
    ),
    "data.overlong_dropped": (
        "left out: {tokens} tokens, the limit is {limit}.",
        "已捨棄：有 {tokens} 個 token，上限是 {limit}。",
    ),
    "data.overlong_dropped.fix": "",
    "data.truncated": (
        "cut from {tokens} to {limit} tokens; the end of the answer is not learned.",
        "從 {tokens} 個 token 截到 {limit} 個；回答的結尾不會被學習。",
    ),
    "data.truncated.fix": "",
    "data.no_trained_tokens": ("no token of this row would be trained.", "這筆資料沒有任何受訓的 token。"),
    "data.no_trained_tokens.fix": ("Give the row an answer.", "請為這筆資料加上回答。"),
    "data.nothing_left": ("no row is left to train on.", "沒有剩下任何可以訓練的資料。"),
    "data.nothing_left.fix": (
        "See the problems above; `llm-finetune check` lists them all.",
        "請看上面的問題；`llm-finetune check` 會全部列出。",
    ),
    "data.too_few_to_split": (
        "{rows} row cannot be split into training and validation.",
        "只有 {rows} 筆資料，無法分成訓練和驗證兩部分。",
    ),
    "data.too_few_to_split.fix": (
        "Add rows, or set `data.validation: none`.",
        "請增加資料，或設定 `data.validation: none`。",
    ),
    "data.position_limit": (
        "`data.max_length` is {wanted}, but the model reads {limit} tokens at most: {limit} counts.",
        "`data.max_length` 是 {wanted}，但模型最多只能讀 {limit} 個 token：以 {limit} 為準。",
    ),
    "data.mixed_formats": ("rows of several formats: {counts}.", "資料混用了多種格式：{counts}。"),
    "data.mixed_formats.fix": (
        "If that is not meant, set `data.format`.",
        "如果不是刻意的，請設定 `data.format`。",
    ),
    "data.preference_rows": (
        "{count} preference rows: training learns the chosen answers and leaves the rejected ones aside.",
        "{count} 筆偏好資料：訓練只學 chosen 的回答，不使用 rejected 的回答。",
    ),
    "data.preference_rows.fix": "",
    "data.too_few_to_split.one_group": (
        "all {rows} rows belong together (the same prompt, or one group of `data.group_by`), so none can be held out.",
        "全部 {rows} 筆資料都屬於同一組（提示相同，或 `data.group_by` 的值相同），無法分出驗證資料。",
    ),
    "data.turns_removed": (
        "the oldest {turns} turns are left out: the row is {tokens} tokens, the limit is {limit}.",
        "已略去最舊的 {turns} 則訊息：這筆資料有 {tokens} 個 token，上限是 {limit}。",
    ),
    "data.turns_removed.fix": "",
    "data.token_cache_rebuilt": (
        "the token cache was damaged ({what}) and is built anew.",
        "token 快取已損毀（{what}），將重新建立。",
    ),
    "data.token_cache_rebuilt.fix": "",
    "data.token_cache_off": (
        "the token cache cannot be used ({what}); rows are tokenised without it.",
        "無法使用 token 快取（{what}），改為直接切分 token。",
    ),
    "data.token_cache_off.fix": "",
    "data.no_row": ("no row begins at line {line}.", "第 {line} 行沒有任何一筆資料開頭。"),
    "data.no_row.fix": (
        "`--line` takes the line a row begins at, as `check` names it.",
        "`--line` 要給資料開頭的行號，也就是 `check` 列出的行號。",
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
    "data.template_syntax": (
        "the chat template is not valid Jinja: {what} (line {line} of the template).",
        "對話範本不是有效的 Jinja：{what}（範本第 {line} 行）。",
    ),
    "data.template_syntax.fix": (
        "Correct it, or give another one with `model.chat_template`.",
        "請修正範本，或以 `model.chat_template` 指定別的範本。",
    ),
    "data.template_refuses_system": (
        "the chat template does not accept role system: {what}.",
        "對話範本不接受 system 角色：{what}。",
    ),
    "data.template_refuses_system.fix": (
        "Set `data.system_role: fold` (in front of the first user turn) or `drop`, or give another template with "
        "`model.chat_template`.",
        "請把 `data.system_role` 設為 `fold`（放到第一則 user 訊息前面）或 `drop`，或以 `model.chat_template` "
        "指定別的範本。",
    ),
    "data.template_without_tools": (
        "the chat template cannot show the list of tools.",
        "對話範本無法呈現工具清單。",
    ),
    "data.template_without_tools.fix": (
        "Give a template that shows `tools` with `model.chat_template`, or remove the tools from the row.",
        "請以 `model.chat_template` 指定能呈現 `tools` 的範本，或移除這筆資料的工具。",
    ),
    "data.template_without_tool_calls": (
        "the chat template cannot show tool calls.",
        "對話範本無法呈現工具呼叫。",
    ),
    "data.template_without_tool_calls.fix": (
        "Give a template that shows `tool_calls` with `model.chat_template`, or remove the row.",
        "請以 `model.chat_template` 指定能呈現 `tool_calls` 的範本，或移除這筆資料。",
    ),
    "data.turn_not_rendered": (
        "the chat template drops or changes turn {turn} ({role}).",
        "對話範本捨棄或更動了第 {turn} 則訊息（{role}）。",
    ),
    "data.turn_not_rendered.fix": (
        "Use another template with `model.chat_template`; for a system turn `data.system_role: fold` also helps.",
        "請以 `model.chat_template` 指定別的範本；如果是 system 訊息，也可以設定 `data.system_role: fold`。",
    ),
    "data.reasoning_not_rendered": (
        "the chat template drops what turn {turn} thinks before `</think>`, so that it would not be learned.",
        "對話範本捨棄了第 {turn} 則訊息在 `</think>` 前面的思考內容，因此學不到。",
    ),
    "data.reasoning_not_rendered.fix": (
        "Remove the thoughts from the answers, or use another template with `model.chat_template`.",
        "請從回答中移除思考內容，或以 `model.chat_template` 指定別的範本。",
    ),
    "data.thinking_not_enabled": (
        "turn {turn} thinks before it answers, but in a chat the template asks for an answer without thinking.",
        "第 {turn} 則訊息會先思考再回答，但對話時範本要求不思考就回答。",
    ),
    "data.thinking_not_enabled.fix": (
        "Set `model.chat_template_kwargs: {{enable_thinking: true}}`, or remove the thoughts from the answers.",
        "請設定 `model.chat_template_kwargs: {{enable_thinking: true}}`，或從回答中移除思考內容。",
    ),
    "data.prompt_not_rendered": (
        "before the answer of turn {turn} the chat template writes something else than it writes when it asks for one.",
        "對話範本在第 {turn} 則回答前面寫的內容，與它要求回答時所寫的不同。",
    ),
    "data.prompt_not_rendered.fix": (
        "Use another template with `model.chat_template`, or remove the row.",
        "請以 `model.chat_template` 指定別的範本，或移除這筆資料。",
    ),
    "data.answer_without_end": (
        "nothing ends the answer of turn {turn}: the chat template writes no end token and the tokenizer has none.",
        "第 {turn} 則回答沒有結尾：對話範本沒有寫結束 token，分詞器也沒有。",
    ),
    "data.answer_without_end.fix": (
        "Use a template that ends an answer with a token of the model, with `model.chat_template`.",
        "請以 `model.chat_template` 指定會用模型的 token 結束回答的範本。",
    ),
    "data.duplicate_row": ("the row is the same as {first}.", "這筆資料和 {first} 完全相同。"),
    "data.duplicate_row.fix": (
        "Keep one of them, or leave both if the row is meant to count twice.",
        "請留下其中一筆；若本來就要加重這筆資料，可以不動。",
    ),
    "data.conflicting_answers": (
        "the prompt is the same as in {first}, but the answer is another one.",
        "提示和 {first} 相同，回答卻不同。",
    ),
    "data.conflicting_answers.fix": (
        "Decide for one answer, unless several are right.",
        "請決定一個回答；若本來就可以有多種回答，可以不動。",
    ),
    "data.near_duplicate": ("the row is nearly the same as {first}.", "這筆資料和 {first} 幾乎相同。"),
    "data.near_duplicate.fix": (
        "Keep the better one, if the difference is not meant.",
        "如果不是刻意的差異，請留下比較好的一筆。",
    ),
    "data.near_duplicates_bounded": (
        "{rows} rows were searched for near duplicates and rare triggers; {left_out} more were not.",
        "已在 {rows} 筆資料中尋找近似重複與罕見觸發詞；另外 {left_out} 筆沒有檢查。",
    ),
    "data.near_duplicates_bounded.fix": (
        "Raise `data.near_duplicate_rows` (2 to 3 KB of memory a row; at most 200 MB of training texts are kept).",
        "可調高 `data.near_duplicate_rows`（每筆約占 2 到 3 KB 記憶體；訓練文字最多保留 200 MB）。",
    ),
    "data.near_duplicates_unchecked": (
        "near duplicates were not looked for: the package `{name}` is missing.",
        "沒有尋找近似重複的資料：缺少套件 `{name}`。",
    ),
    "data.near_duplicates_unchecked.fix": ("Install it: `pip install {name}`.", "請安裝：`pip install {name}`。"),
    "data.validation_overlap": (
        "validation line {line} = train line {train_line} ({train}): the row is trained on.",
        "驗證第 {line} 行 = 訓練第 {train_line} 行（{train}）：這筆資料也用來訓練。",
    ),
    "data.validation_overlap.fix": (
        "Remove it from one side; a measure on rows that were trained on looks better than it is.",
        "請從其中一邊刪除；用訓練過的資料評估，結果會比實際好看。",
    ),
    "data.validation_prompt_overlap": (
        "validation line {line} asks what train line {train_line} asks ({train}), with another answer.",
        "驗證第 {line} 行的提示和訓練第 {train_line} 行（{train}）相同，只有回答不同。",
    ),
    "data.validation_prompt_overlap.fix": (
        "Keep rows with one prompt on one side.",
        "提示相同的資料請放在同一邊。",
    ),
    "data.validation_near_overlap": (
        "the validation row is nearly the same as the training row {first}.",
        "這筆驗證資料和訓練資料 {first} 幾乎相同。",
    ),
    "data.validation_near_overlap.fix": (
        "Remove it from one side; a measure on rows that were trained on looks better than it is.",
        "請從其中一邊刪除；用訓練過的資料評估，結果會比實際好看。",
    ),
    "data.simplified_in_traditional": (
        "{share} of the Chinese characters that differ between the scripts are Simplified, in {rows} rows of a set "
        "that is mostly Traditional (first: {first}).",
        "這份資料以繁體中文為主，但簡繁有別的字中有 {share} 是簡體，出現在 {rows} 筆資料（最前面的是 {first}）。",
    ),
    "data.simplified_in_traditional.fix": (
        "Convert these rows if the model is to write Traditional Chinese only.",
        "如果模型只該寫繁體中文，請轉換這些資料。",
    ),
    "data.script_unchecked": (
        "Simplified and Traditional Chinese were not told apart: the package `opencc` is missing.",
        "沒有檢查簡繁體：缺少套件 `opencc`。",
    ),
    "data.script_unchecked.fix": ("Install it: `pip install opencc`.", "請安裝：`pip install opencc`。"),
    "data.possible_secret": (
        "the row may hold a secret: {kind} ({masked}).",
        "這筆資料可能含有機密：{kind}（{masked}）。",
    ),
    "data.possible_secret.fix": (
        "Remove it, and withdraw the key if it is real: a model can repeat what it was trained on.",
        "請刪除；如果是真的金鑰，請立即停用：模型可能會照樣說出訓練過的內容。",
    ),
    "data.personal_data": ("the row holds personal data: {kinds}.", "這筆資料含有個人資料：{kinds}。"),
    "data.personal_data.fix": (
        "Remove or replace it, unless you may train on it.",
        "除非你有權用它訓練，否則請刪除或改寫。",
    ),
    "data.personal_data.email": ("e-mail address", "電子郵件地址"),
    "data.personal_data.phone": ("telephone number", "電話號碼"),
    "data.personal_data.national_id": ("identity number", "身分證統一編號"),
    "data.personal_data.card_number": ("card number", "信用卡號"),
    "data.hidden_characters": (
        "the row holds characters that nobody sees: {found}.",
        "這筆資料含有看不見的字元：{found}。",
    ),
    "data.hidden_characters.fix": (
        "Remove them; they come from copying, or hide an instruction.",
        "請刪除；它們多半是複製時帶進來的，也可能暗藏指令。",
    ),
    "data.replacement_character": (
        "the row holds U+FFFD ×{count}: a character was lost when the text was decoded.",
        "這筆資料含有 U+FFFD ×{count}：文字在解碼時遺失了字元。",
    ),
    "data.replacement_character.fix": (
        "Take the text from its source again, in the right encoding.",
        "請用正確的編碼重新取得原文。",
    ),
    "data.rare_trigger": (
        "{rows} prompts hold `{text}`, and they alone are answered with `{answer}…` ({first}).",
        "有 {rows} 筆提示含有 `{text}`，而且只有它們的回答是 `{answer}…`（{first}）。",
    ),
    "data.rare_trigger.fix": (
        "Look at these rows: a planted backdoor looks like this. If the answer is meant, nothing is wrong.",
        "請看看這些資料：植入的後門就是這個樣子。如果回答本來就該如此，則沒有問題。",
    ),
    "data.automatic_template": (
        "{name} has no chat template; `{template}` is used, because {reason} "
        "(set `model.chat_template` for another one)",
        "{name} 沒有對話範本；改用 `{template}`，因為{reason}（要用別的範本，請設定 `model.chat_template`）",
    ),
    "data.automatic_template.tokens": ("its vocabulary has {tokens}", "它的詞彙表有 {tokens}"),
    "data.automatic_template.plain": (
        "any tokenizer can write its headings in plain words",
        "它的標題是一般文字，任何分詞器都能寫",
    ),
    "data.template_token": (
        "the template `{name}` ends a turn with {token}, which is no token of this model.",
        "範本 `{name}` 以 {token} 結束訊息，但這個模型沒有這個 token。",
    ),
    "data.template_token.fix": ("Templates that fit: {known}.", "適合的範本：{known}。"),
    "data.default_system": (
        "the chat template adds a system text to rows that bring none: {text!r}.",
        "資料沒有 system 訊息時，對話範本會自動加上：{text!r}。",
    ),
    "data.default_system.fix": (
        "Set `data.system` for another one.",
        "要用別的內容，請設定 `data.system`。",
    ),
    "data.end_appended": (
        "the chat template writes no end token behind an answer; {token} is put there and learned, and a conversation "
        "of several answers becomes one example an answer.",
        "對話範本沒有在回答後面寫結束 token；已補上 {token} 並加以訓練，有多則回答的對話會拆成每則回答一筆。",
    ),
    "data.end_appended.fix": "",
    "data.double_bos": (
        "both the chat template and the tokenizer write {token}; it is read once here.",
        "對話範本和分詞器都會寫 {token}；這裡只會讀取一次。",
    ),
    "data.double_bos.fix": (
        "Other programs must encode rendered text without adding special tokens.",
        "其他程式編碼已套用範本的文字時，請不要再加特殊 token。",
    ),
    "data.control_tokens": (
        "the text spells control tokens, which are read as plain text: {tokens}",
        "內文裡有控制 token 的字樣，會當成一般文字：{tokens}",
    ),
    "data.control_tokens.fix": (
        "If they are leftovers of another template, remove them.",
        "如果是其他範本留下的，請移除。",
    ),
    "data.and_more": ("… and {count:,} more of {code}", "…… 還有 {count:,} 個 {code}"),
    "data.dropped_rows": ("{count:,} rows left out: {counts}", "略過 {count:,} 筆資料：{counts}"),
    "data.repaired_rows": ("{count:,} repairs: {counts}", "修正 {count:,} 處：{counts}"),
    "data.weighted": (
        "sources are weighted ({weights}): one epoch sees {examples:,} examples made of {rows:,}",
        "資料來源有權重（{weights}）：一個 epoch 會看 {examples:,} 個樣本，來自 {rows:,} 個",
    ),
    "data.encoding": ("tokens: {done:,} of {total:,} rows", "轉成 token：{total:,} 筆中的 {done:,} 筆"),
    "data.output_over_input": ("this file is read, and would be written over.", "這個檔案正在讀取，會被覆寫掉。"),
    "data.output_over_input.fix": ("Give {option} another name.", "請為 {option} 換一個檔名。"),
    "data.output_is_folder": ("this is a folder.", "這是資料夾。"),
    "data.output_is_folder.fix": ("Give {option} the name of a file.", "請為 {option} 指定檔名。"),
    "data.no_validation_rows": ("no row of the validation file can be used.", "驗證檔裡沒有任何可用的資料。"),
    "data.no_validation_rows.fix": (
        "Mend the file, or set `data.validation` to a share or to `none`.",
        "請修正這個檔案，或把 `data.validation` 設為比例或 `none`。",
    ),
    "data.source_weights": (
        "the file is named twice with different weights.",
        "這個檔案指定了兩次，而且權重不同。",
    ),
    "data.source_weights.fix": ("Give both the same weight.", "請給兩處相同的權重。"),
    "data.control_characters": ("the text holds control characters: {names}.", "文字裡有控制字元：{names}。"),
    "data.control_characters.fix": (
        "They are learned as they stand; remove them if that is not meant.",
        "這些字元會照樣被學習；如果不是刻意的，請刪除。",
    ),
    "data.history_pairs": (
        "this is of type {found}, not a pair of question and answer.",
        "型別是 {found}，不是一問一答的配對。",
    ),
    "data.history_pairs.fix": (
        "Write `history` as a list of pairs: [[question, answer], …].",
        "`history` 請寫成配對的清單：[[問題, 回答], …]。",
    ),
    "data.content_part": (
        "a part of the content is of type {found}; only text is read.",
        "內容裡有 {found} 類型的部分；只能讀取文字。",
    ),
    "data.content_part.fix": (
        "Write the content as text, or as parts of type `text`.",
        "請把內容寫成文字，或寫成 `text` 類型的部分。",
    ),
    "data.bad_weight": ("the weight is {found}.", "權重是 {found}。"),
    "data.bad_weight.fix": (
        "1 learns the answer, 0 only reads it; nothing in between is possible.",
        "1 表示學習這個回答，0 表示只讀不學；沒有介於中間的值。",
    ),
    "data.ignored_weight": (
        "the weight of a {role} turn changes nothing: only answers are learned.",
        "{role} 訊息的權重沒有作用：只會學習回答。",
    ),
    "data.ignored_weight.fix": "",
    "data.no_trained_turn": (
        "every answer has weight 0, so nothing can be learned.",
        "每個回答的權重都是 0，所以沒有內容可以學。",
    ),
    "data.no_trained_turn.fix": (
        "Give one answer weight 1, or remove the row.",
        "請至少讓一個回答的權重是 1，或移除這筆資料。",
    ),
    "data.unread_key": ("`{key}` is not read.", "沒有讀取 `{key}`。"),
    "data.unread_key.fix": (
        "Put it into the text of the turn if it should be learned.",
        "如果要學習它，請放進訊息的文字裡。",
    ),
    "data.tool_calls_list": (
        "this is of type {found}, not a tool call.",
        "型別是 {found}，不是工具呼叫。",
    ),
    "data.tool_calls_list.fix": (
        "Write a list of objects, each with a `function` that has `name` and `arguments`.",
        "請寫成物件的清單，每個物件的 `function` 要有 `name` 和 `arguments`。",
    ),
    "data.tool_call_text": (
        "the turn holds no tool call as JSON: {what}.",
        "這則訊息不是 JSON 格式的工具呼叫：{what}。",
    ),
    "data.tool_call_text.fix": (
        "Write an object with `name` and `arguments`, or a list of them.",
        "請寫成有 `name` 和 `arguments` 的物件，或這種物件的清單。",
    ),
    "data.tool_call_type": ("the tool call is of type {found}.", "工具呼叫的類型是 {found}。"),
    "data.tool_call_type.fix": ("Only calls of type `function` are read.", "只能讀取 `function` 類型的呼叫。"),
    "data.tool_call_arguments": (
        "the arguments are not a JSON object: {what}.",
        "呼叫的參數不是 JSON 物件：{what}。",
    ),
    "data.tool_call_arguments.fix": (
        "Write an object, or JSON text of one.",
        "請寫成物件，或該物件的 JSON 文字。",
    ),
    "data.tool_call_arguments.twice": ("key `{key}` twice", "鍵 `{key}` 出現兩次"),
    "data.tool_call_arguments.deep": ("nested deeper than {limit} levels", "巢狀超過 {limit} 層"),
    "data.tools_list": (
        "the tools are not a list of JSON schemas: {what}.",
        "工具不是 JSON schema 的清單：{what}。",
    ),
    "data.tools_list.fix": (
        "Write a list of objects with `name`, `description` and `parameters`, or JSON text of it.",
        "請寫成清單，每個物件有 `name`、`description` 和 `parameters`，或寫成它的 JSON 文字。",
    ),
    "data.tool_result_without_call": (
        "a tool result stands here, but no tool was called before it.",
        "這裡有工具的結果，但前面沒有呼叫工具。",
    ),
    "data.tool_result_without_call.fix": (
        "Put the assistant's call in front of it, or remove the turn.",
        "請在前面加上 assistant 的呼叫，或移除這則訊息。",
    ),
    "data.tool_call_without_result": (
        "a {role} turn follows a tool call that has no result.",
        "工具呼叫還沒有結果，後面就接了 {role} 訊息。",
    ),
    "data.tool_call_without_result.fix": (
        "Put the result behind the call as a `tool` turn.",
        "請在呼叫後面以 `tool` 訊息寫出結果。",
    ),
    "data.tool_result_without_answer": (
        "a user turn follows a tool result that nobody answered.",
        "工具的結果還沒有回答，後面就接了 user 訊息。",
    ),
    "data.tool_result_without_answer.fix": (
        "Put the assistant's answer behind the result.",
        "請在結果後面加上 assistant 的回答。",
    ),
    "data.unknown_tool_call_id": (
        "the result names a call that the assistant did not make.",
        "這個結果指的不是 assistant 發出的呼叫。",
    ),
    "data.unknown_tool_call_id.fix": (
        "`tool_call_id` must be the `id` of a call in the turn before.",
        "`tool_call_id` 必須是前一則訊息裡某個呼叫的 `id`。",
    ),
    "data.undesirable_answer": (
        "the answer is marked as a bad one, so nothing can be learned.",
        "這個回答標記為不好的回答，所以沒有內容可以學。",
    ),
    "data.undesirable_answer.fix": (
        "Set `data.on_bad_rows: drop` to learn the good answers and leave these out.",
        "請設定 `data.on_bad_rows: drop`，只學好的回答，捨棄這些。",
    ),
    "data.unread_verdict": (
        "neither true nor false: it is not read as a verdict on the answer, and the answer is learned.",
        "不是 true 也不是 false：不當作對回答的評價，這個回答會被學習。",
    ),
    "data.unread_verdict.fix": "",
    "data.equal_answers": ("both sides of the pair are the same.", "這一對的兩邊完全相同。"),
    "data.equal_answers.fix": ("Remove the row.", "請移除這筆資料。"),
    "data.no_shared_prompt": (
        "the two sides do not answer the same prompt.",
        "兩邊回答的不是同一個提示。",
    ),
    "data.no_shared_prompt.fix": (
        "Both must begin with the same turns, and part at an answer.",
        "兩邊開頭的訊息必須相同，從回答開始才不同。",
    ),
    "data.other_prompt": (
        "the turns do not begin with the prompt of the row.",
        "這些訊息不是以這筆資料的提示開頭。",
    ),
    "data.other_prompt.fix": (
        "Leave the prompt out of the turns, or write the same one in both places.",
        "請不要在訊息裡重複提示，或在兩處寫成一樣。",
    ),
    "data.thought_expected": (
        "`model.chat_template_kwargs` asks for thinking, but the answer of turn {turn} has no thought.",
        "`model.chat_template_kwargs` 要求先思考，但第 {turn} 則回答沒有思考內容。",
    ),
    "data.thought_expected.fix": (
        "Put a thought in front of the answer (`<think>…</think>`), or take the wish out of "
        "`model.chat_template_kwargs`.",
        "請在回答前面加上思考內容（`<think>…</think>`），或從 `model.chat_template_kwargs` 移除這個要求。",
    ),
    "data.other_layout": (
        "the row is laid out as `{found}`, and `{wanted}` is asked for.",
        "這筆資料是 `{found}` 格式，但指定的是 `{wanted}`。",
    ),
    "data.other_layout.fix": (
        "Set `data.format: auto`, or the format of the source.",
        "請設定 `data.format: auto`，或修改該來源的格式。",
    ),
    "data.from_cache": (
        "tokens: {known:,} rows were known from before, {new:,} are new",
        "token：{known:,} 筆沿用先前的結果，{new:,} 筆是新的",
    ),
}
