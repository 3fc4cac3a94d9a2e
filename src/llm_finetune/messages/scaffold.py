"""Texts of the scaffold room."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "scaffold.not_empty": ("the folder is not empty.", "這個資料夾不是空的。"),
    "scaffold.not_empty.fix": (
        "Name a new folder; a project is only made in an empty one.",
        "請指定新的資料夾；專案只會建立在空資料夾裡。",
    ),
    "scaffold.not_a_folder": ("this is a file, not a folder.", "這是檔案，不是資料夾。"),
    "scaffold.not_a_folder.fix": ("Name a new folder.", "請指定新的資料夾。"),
    "scaffold.not_writable": ("the project cannot be written: {what}.", "無法寫入專案：{what}。"),
    "scaffold.not_writable.fix": (
        "Name a folder that you may write to.",
        "請指定你有寫入權限的資料夾。",
    ),
    "scaffold.no_data": ("there is no such data file.", "找不到這個資料檔。"),
    "scaffold.no_data.fix": (
        "Name a file of rows, or leave `--data` out to start from the example.",
        "請指定資料檔，或省略 `--data`，從範例資料開始。",
    ),
    "scaffold.unknown_language": ("unknown language {name!r}.", "沒有 {name!r} 這個語言。"),
    "scaffold.unknown_language.fix": ("Choose one of {names}.", "請選擇其中之一：{names}。"),
    "scaffold.validation_row": (
        "| `data/validation.jsonl` | rows held out, to measure what was learned |\n",
        "| `data/validation.jsonl` | 保留的資料，用來衡量學習成果 |\n",
    ),
    "scaffold.demo_note": (
        "\nThe rows shipped here are a sample of the SNIPS benchmark (CC0 1.0): a sentence goes in, one line "
        "of JSON comes out.\n",
        "\n附上的範例資料取自 SNIPS 資料集（CC0 1.0）：輸入一個句子，輸出一行 JSON。"
        "預設模型只懂英文，所以範例是英文。\n",
    ),
}
