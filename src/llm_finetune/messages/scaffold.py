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
    "scaffold.train_row": (
        "| `data/train.jsonl` | the rows to learn from, one JSON object a line |\n",
        "| `data/train.jsonl` | 訓練資料，一行一個 JSON 物件 |\n",
    ),
    "scaffold.foreign_note": (
        "\nThis project was made from `{source}`, a configuration of {tool}. Its rows stay where they are: see "
        "`data.train` in `config/finetune.yaml`, where the end lists what could not be taken over.\n",
        "\n這個專案由 {tool} 的設定檔 `{source}` 轉換而來。資料留在原處，位置見 `config/finetune.yaml` 的 "
        "`data.train`；無法沿用的設定列在該檔最後。\n",
    ),
    "scaffold.foreign.head": (
        "Made from {source} ({tool}). Behind each setting stands the key it came from.",
        "由 {source}（{tool}）轉換而來。每個設定後面是原本的名稱。",
    ),
    "scaffold.foreign.left_out": ("Left out of the configuration of {tool}:", "{tool} 設定中沒有沿用的項目："),
    "scaffold.foreign.taken": ("taken over from {tool}: {count} settings", "已從 {tool} 轉換 {count} 項設定"),
    "scaffold.foreign.listed": (
        "left out: {count} (also listed at the end of the configuration)",
        "沒有沿用：{count} 項（也列在設定檔最後）",
    ),
    "scaffold.no_config": ("there is no such configuration file.", "找不到這個設定檔。"),
    "scaffold.no_config.fix": (
        "Name the YAML or JSON file of Axolotl or LLaMA-Factory behind `--from`.",
        "請在 `--from` 後面指定 Axolotl 或 LLaMA-Factory 的 YAML 或 JSON 設定檔。",
    ),
    "scaffold.unknown_tool": (
        "this is no configuration that can be taken over.",
        "無法辨識這是哪個工具的設定檔。",
    ),
    "scaffold.unknown_tool.fix": (
        "Expected is the YAML or JSON file of one of these tools, with the first key and at least one of the others: "
        "{expected}.",
        "可以轉換的是以下工具的 YAML 或 JSON 設定檔，必須有第一個鍵，以及其餘的至少一個：{expected}。",
    ),
    "scaffold.stage": (
        "{name!r} is not offered: only supervised fine-tuning on answers is.",
        "不支援 {name!r}：只支援以回答做監督式微調。",
    ),
    "scaffold.stage.fix": (
        "Take a configuration for supervised fine-tuning, or remove this key.",
        "請改用監督式微調的設定檔，或移除這個鍵。",
    ),
    "scaffold.no_rows": ("the configuration names no training rows.", "設定檔沒有指定訓練資料。"),
    "scaffold.no_rows.fix": (
        "Add them there, or give your rows with `--data FILE`.",
        "請在設定檔補上，或以 `--data FILE` 指定資料。",
    ),
    "scaffold.not_data_sets": (
        "a list of objects with `path` is expected.",
        "這裡應該是清單，每一項是有 `path` 的物件。",
    ),
    "scaffold.not_data_sets.fix": ("Write `- path: …` for each data set.", "請為每個資料集寫 `- path: …`。"),
    "scaffold.no_such_file": (
        "there is no {name!r}. Looked in: {looked}.",
        "找不到 {name!r}。找過的資料夾：{looked}。",
    ),
    "scaffold.no_such_file.fix": (
        "Correct the path, or run `init` in the folder that the path starts from.",
        "請修正路徑，或在路徑起算的資料夾裡執行 `init`。",
    ),
    "scaffold.no_data_in_folder": ("the folder {name!r} holds no data file.", "資料夾 {name!r} 裡沒有資料檔。"),
    "scaffold.no_data_in_folder.fix": ("Name the files with `data_files`.", "請以 `data_files` 指定檔案。"),
    "scaffold.no_such_model": (
        "{name!r} is neither a folder here nor an id on the Hub.",
        "{name!r} 不是這裡的資料夾，也不是 Hub 上的名稱。",
    ),
    "scaffold.no_such_model.fix": (
        "Correct it, or name the base with `--model`.",
        "請修正，或以 `--model` 指定基礎模型。",
    ),
    "scaffold.no_dataset_info": (
        "there is no {name!r}, where the data sets are described. Looked in: {looked}.",
        "找不到描述資料集的 {name!r}。找過的資料夾：{looked}。",
    ),
    "scaffold.no_dataset_info.fix": (
        "Set `dataset_dir`, run `init` in the folder that it starts from, or give your rows with `--data FILE`.",
        "請設定 `dataset_dir`，或在它起算的資料夾裡執行 `init`，或以 `--data FILE` 指定資料。",
    ),
    "scaffold.bad_dataset_info": ("{name} cannot be read: {what}.", "無法讀取 {name}：{what}。"),
    "scaffold.bad_dataset_info.fix": ("Correct the file.", "請修正這個檔案。"),
    "scaffold.not_an_object": ("an object is expected", "應該是一個物件"),
    "scaffold.no_such_entry": (
        "`dataset_info.json` describes no data set {name!r}.",
        "`dataset_info.json` 裡沒有 {name!r} 這個資料集。",
    ),
    "scaffold.no_such_entry.fix": (
        "Add it there, or correct the name.{hint}",
        "請在檔案裡補上，或修正名稱。{hint}",
    ),
    "scaffold.entry_elsewhere": (
        "the rows of {name!r} lie where they cannot be fetched from; {expected} can be read.",
        "無法取得 {name!r} 的資料；可以讀取的是 {expected}。",
    ),
    "scaffold.entry_elsewhere.fix": (
        "Download the rows and name the file with `file_name`.",
        "請先下載資料，再以 `file_name` 指定檔案。",
    ),
    "scaffold.held_out_rows": (
        "{value} is no share of the rows between 0 and 1.",
        "{value} 不是介於 0 和 1 之間的比例。",
    ),
    "scaffold.held_out_rows.fix": (
        "Here held-out rows are a share, such as 0.1, or a file of their own.",
        "這裡的驗證資料是比例（例如 0.1），或另一個檔案。",
    ),
    "scaffold.not_a_share": ("{value} is no share from 0 to below 1.", "{value} 不是 0 以上、小於 1 的比例。"),
    "scaffold.not_a_share.fix": ("Write a share such as 0.1.", "請寫比例，例如 0.1。"),
    "scaffold.not_a_number": ("{value!r} is no number of times.", "{value!r} 不是次數。"),
    "scaffold.not_a_number.fix": ("Write a whole number.", "請寫整數。"),
    "scaffold.batch_size": (
        "{value} rows a step cannot be made of passes of {micro} rows.",
        "每一步 {value} 筆無法由每次 {micro} 筆湊成。",
    ),
    "scaffold.batch_size.fix": (
        "Give `micro_batch_size` and `gradient_accumulation_steps` instead.",
        "請改用 `micro_batch_size` 和 `gradient_accumulation_steps`。",
    ),
    "scaffold.note.alpaca_wording": (
        "Axolotl writes the headings `### Instruction:` and `### Response:` around these rows; here the chat template "
        "of the model is used. `model.chat_template: alpaca` writes such headings.",
        "Axolotl 會為這些資料加上 `### Instruction:` 和 `### Response:` 標題；這裡使用模型的對話範本。"
        "`model.chat_template: alpaca` 會寫出這樣的標題。",
    ),
    "scaffold.note.paths": (
        "Data files stay where they are; paths start at this folder.",
        "資料檔留在原處；路徑從這個資料夾算起。",
    ),
    "scaffold.note.no_held_out": (
        "No rows are held out, as in {tool} where nothing is said: the last weights are delivered, and `evaluate` "
        "has nothing to ask. `data.validation: 0.1` holds a tenth back.",
        "沒有保留驗證資料，與 {tool} 的預設相同：採用最後的權重，`evaluate` 也沒有題目可用。"
        "`data.validation: 0.1` 會保留十分之一。",
    ),
    "scaffold.left.fixed_folders": (
        "results always lie in `checkpoints/` and `logs/` of the project.",
        "結果一律放在專案的 `checkpoints/` 和 `logs/`。",
    ),
    "scaffold.left.fresh": (
        "`llm-finetune train --fresh` starts anew and keeps the present run.",
        "`llm-finetune train --fresh` 會重新開始，並保留目前的結果。",
    ),
    "scaffold.left.decided_here": ("this package decides it itself.", "由本套件自行決定。"),
    "scaffold.left.batches": (
        "how rows are put into batches is decided by this package.",
        "資料如何組成批次由本套件決定。",
    ),
    "scaffold.left.refused": ("{what}", "{what}"),
    "scaffold.left.remote_code": ("code that comes with a model is never run.", "不會執行模型附帶的程式碼。"),
    "scaffold.left.resume": (
        "`llm-finetune train` goes on with a stopped run by itself.",
        "`llm-finetune train` 會自動接續中斷的訓練。",
    ),
    "scaffold.left.push": (
        "`llm-finetune push` uploads; training uploads nothing.",
        "上傳請用 `llm-finetune push`；訓練時不會上傳。",
    ),
    "scaffold.left.token": (
        "access tokens are never read from or written to a file of a project; use the service's own login.",
        "專案檔案不存放存取權杖；請使用該服務自己的登入方式。",
    ),
    "scaffold.left.best": (
        "the checkpoint with the lowest validation loss is always delivered.",
        "一律採用驗證損失最低的檢查點。",
    ),
    "scaffold.left.quantized": (
        "quantised base models are not offered; the base is held in 16 or 32 bits.",
        "不支援量化的基礎模型；模型以 16 或 32 位元載入。",
    ),
    "scaffold.left.method": (
        "the method {name!r} is not offered; a LoRA adapter is configured instead.",
        "不支援 {name!r} 這個方法；改為設定 LoRA 轉接器。",
    ),
    "scaffold.left.method_key": ("this part of a method is not offered.", "不支援方法的這個部分。"),
    "scaffold.left.no_adapter": (
        "every weight is trained, so there is no adapter to configure.",
        "訓練全部權重，沒有轉接器需要設定。",
    ),
    "scaffold.left.other_adapter": (
        "going on from another adapter is not offered; merge it into its base first.",
        "不支援從別的轉接器接續；請先把它合併到基礎模型。",
    ),
    "scaffold.left.tokens": (
        "new or changed tokens are not offered; the tokenizer is used as it is.",
        "不支援新增或更改 token；分詞器照原樣使用。",
    ),
    "scaffold.left.control_tokens": (
        "control tokens inside a user's text are always encoded as plain text.",
        "使用者文字裡的控制 token 一律當成一般文字。",
    ),
    "scaffold.left.several_processes": (
        "several processes are started with `torchrun scripts/run_finetune.py`; models spread over devices are not "
        "offered.",
        "多個程序請用 `torchrun scripts/run_finetune.py` 啟動；不支援把模型分散到多個裝置。",
    ),
    "scaffold.left.optimizer": (
        "the optimizer {name!r} needs a further package or is unknown; the default optimizer is used. To keep it, "
        "install the package and set `training.optim`.",
        "最佳化器 {name!r} 需要額外的套件，或無法辨識；改用預設的最佳化器。若要保留，"
        "請安裝套件並設定 `training.optim`。",
    ),
    "scaffold.left.optimizers": (
        "this optimizer is not offered; the default optimizer is used.",
        "不支援這個最佳化器；改用預設的最佳化器。",
    ),
    "scaffold.left.schedule": (
        "there is no learning rate schedule {name!r}; `linear` is used.",
        "沒有 {name!r} 這個學習率排程；改用 `linear`。",
    ),
    "scaffold.left.per_epoch": (
        "with `max_steps` it cannot be told how many steps an epoch has; set `training.eval_steps` and "
        "`training.save_steps`.",
        "設定 `max_steps` 時無法得知一個 epoch 有幾步；請設定 `training.eval_steps` 和 `training.save_steps`。",
    ),
    "scaffold.left.offload": (
        "recomputing is kept; moving what is kept elsewhere is not offered.",
        "保留重新計算；不支援移到其他地方存放。",
    ),
    "scaffold.left.template": (
        "there is no chat template {name!r} here; the model's own is used. Another one: `model.chat_template`.",
        "沒有 {name!r} 這個對話範本；使用模型自己的範本。要用別的範本，請設定 `model.chat_template`。",
    ),
    "scaffold.left.template_fallback": (
        "the model's own chat template is used; if it has none, set `model.chat_template` ({name}).",
        "使用模型自己的對話範本；如果沒有，請設定 `model.chat_template`（{name}）。",
    ),
    "scaffold.left.one_template": (
        "one chat template counts for all rows: `model.chat_template`.",
        "所有資料使用同一個對話範本：`model.chat_template`。",
    ),
    "scaffold.left.no_tracker": ("there is no tracker {name!r} here.", "沒有 {name!r} 這個追蹤工具。"),
    "scaffold.left.tracker_missing": (
        "{name} needs the package `{package}`, which is not installed; install it and set "
        "`training.report_to: {name}`.",
        "{name} 需要套件 `{package}`，但尚未安裝；安裝後請設定 `training.report_to: {name}`。",
    ),
    "scaffold.left.tracker_detail": (
        "the tracker reads this from its own settings.",
        "追蹤工具會從自己的設定讀取。",
    ),
    "scaffold.left.environment": (
        "the tracker reads this from the environment variable {variable}.",
        "追蹤工具會從環境變數 {variable} 讀取。",
    ),
    "scaffold.left.share_of_rows": (
        "a number of rows is not offered; the `weight` of a source in `data.train` takes a share of them.",
        "不支援指定筆數；`data.train` 裡來源的 `weight` 可以只取一部分。",
    ),
    "scaffold.left.mixing": (
        "sources are mixed by their size; the `weight` of a source in `data.train` changes that.",
        "來源依筆數混合；可以用 `data.train` 裡來源的 `weight` 調整。",
    ),
    "scaffold.left.shuffling": ("rows are always shuffled, by `training.seed`.", "資料一律依 `training.seed` 打亂。"),
    "scaffold.left.evaluation": (
        "`llm-finetune evaluate` compares the tuned model with its base.",
        "`llm-finetune evaluate` 會比較微調後的模型與原本的模型。",
    ),
    "scaffold.left.metrics": (
        "the figures of a run lie in `logs/metrics.jsonl` and `logs/run.json`.",
        "訓練的數據在 `logs/metrics.jsonl` 和 `logs/run.json`。",
    ),
    "scaffold.left.export": (
        "`llm-finetune merge` writes base and adapter as one model.",
        "`llm-finetune merge` 會把基礎模型和轉接器寫成一個模型。",
    ),
    "scaffold.left.watchdog": (
        "a loss that is not a number is told by itself; there is no limit to set.",
        "損失不是數字時會自動告知；沒有上限可以設定。",
    ),
    "scaffold.left.duplicates": (
        "rows that stand twice are not removed while training; remove them from the file.",
        "訓練時不會移除重複的資料；請從檔案中移除。",
    ),
    "scaffold.left.plugins": ("plug-ins are not offered.", "不支援外掛。"),
    "scaffold.left.loss": (
        "the loss is the mean over all trained tokens; others are not offered.",
        "損失是所有受訓 token 的平均；不支援其他損失。",
    ),
    "scaffold.left.only_text": ("only texts are trained on.", "只能以文字訓練。"),
    "scaffold.left.tool_format": (
        "tools are written as the model's chat template does.",
        "工具依模型的對話範本寫成文字。",
    ),
    "scaffold.left.not_offered": ("not offered.", "不支援。"),
    "scaffold.left.unknown": ("not known as a key of that tool.", "不是該工具已知的鍵。"),
    "scaffold.left.unknown_guess": (
        "not known as a key of that tool; is `{name}` meant?",
        "不是該工具已知的鍵；是指 `{name}` 嗎？",
    ),
    "scaffold.left.no_parts": (
        "a file has no parts; the whole file is read.",
        "檔案沒有可選的部分；讀取整個檔案。",
    ),
    "scaffold.left.data_revision": (
        "the revision of a data set cannot be chosen; the newest is read.",
        "無法選擇資料集的版本；讀取最新版。",
    ),
    "scaffold.left.turn_weight": (
        "turns are left untrained with `weight: 0` in the row.",
        "要略過某一則訊息，請在資料裡寫 `weight: 0`。",
    ),
    "scaffold.left.turn_keys": (
        "turns need `role` and `content`, or `from` and `value`; not {role!r} and {content!r}.",
        "訊息要有 `role` 和 `content`，或 `from` 和 `value`；不能是 {role!r} 和 {content!r}。",
    ),
    "scaffold.left.row_type": (
        "there is no type of rows {name!r}; the shape is recognised row by row.",
        "沒有 {name!r} 這種資料格式；格式會逐筆辨識。",
    ),
    "scaffold.left.wording": (
        "the chat template writes what stands around a row.",
        "資料前後的文字由對話範本決定。",
    ),
    "scaffold.left.roles": ("roles of these names are not known: {names}.", "沒有這些角色：{names}。"),
    "scaffold.left.roles_to_train": (
        "answers of the assistant are trained; `data.train_on: all` trains all text.",
        "訓練的是 assistant 的回答；`data.train_on: all` 會訓練全部文字。",
    ),
    "scaffold.left.end_of_turn": (
        "the end of every trained turn is trained.",
        "每則受訓訊息的結尾都會訓練。",
    ),
    "scaffold.left.one_held_out_file": (
        "held-out rows are one file of the same shape as the training rows: {name}.",
        "驗證資料只能是一個檔案，格式與訓練資料相同：{name}。",
    ),
    "scaffold.left.held_out_entry": (
        "held-out rows are one file of a known shape; {name!r} is not. `data.validation` takes such a file.",
        "驗證資料只能是一個已知格式的檔案，{name!r} 不是。請用 `data.validation` 指定。",
    ),
}
