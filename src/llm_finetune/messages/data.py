"""Texts about data files and rows."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "data.absent_column": ("no row has `{column}`.", "沒有任何一筆資料有 `{column}`。"),
    "data.absent_column.fix": (
        "Name a column of your rows; a dot reaches into an object.",
        "請填資料裡有的欄位名稱；可用點號取物件內的值。",
    ),
    "data.unfinished_array": (
        "the array is not closed; the file seems to be cut off.",
        "陣列沒有結尾；檔案似乎不完整。",
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
    "data.unsupported_kind": ("this is a {kind} file.", "這是 {kind} 檔。"),
    "data.unsupported_kind.fix": (
        "Supported: JSON Lines and JSON arrays in UTF-8. Convert the {kind} file first.",
        "支援 UTF-8 的 JSON Lines 與 JSON 陣列。請先轉換這個 {kind} 檔。",
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
    "data.bad_encoding.fix": ("Convert the file to UTF-8.", "請把檔案轉成 UTF-8。"),
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
    "data.not_text.fix": ("Put it in double quotes as it should be learned.", "請照要學習的樣子寫在雙引號裡。"),
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
        "Put it first, or merge it with the first one.",
        "請移到最前面，或與第一則 system 訊息合併。",
    ),
    "data.repeated_role": ("two {role} turns follow each other.", "連續兩則都是 {role} 訊息。"),
    "data.repeated_role.fix": ("Merge them into one turn.", "請合併成一則。"),
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
    "data.trailing_turn.fix": ("Add the answer, or remove the turn.", "請補上回答，或移除這則訊息。"),
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
        "Raise `data.max_length`, or set `data.overlong` to `drop` or `truncate`.",
        "請調高 `data.max_length`，或把 `data.overlong` 設為 `drop` 或 `truncate`。",
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
    "data.fallback_template": (
        "{name} has no chat template; rows get the headings `### Instruction:` and "
        "`### Response:` (set `model.chat_template` for another one)",
        "{name} 沒有對話範本；資料會加上標題 `### Instruction:` 和 `### Response:`（要用別的範本，"
        "請設定 `model.chat_template`）",
    ),
    "data.position_limit": (
        "`data.max_length` is {wanted}, but the model reads {limit} tokens at most: {limit} counts.",
        "`data.max_length` 是 {wanted}，但模型最多只能讀 {limit} 個 token：以 {limit} 為準。",
    ),
}
