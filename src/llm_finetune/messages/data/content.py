"""Texts about what rows hold: copies, secrets, hidden characters."""

TEXTS: dict[str, str | tuple[str, str]] = {
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
}
