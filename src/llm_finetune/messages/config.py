"""Texts about configuration files and overrides."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "config.missing": ("the file does not exist.", "找不到這個檔案。"),
    "config.missing.fix": (
        "Make a project with `llm-finetune init DIR`, or name the folder with `--project DIR`.",
        "請用 `llm-finetune init DIR` 建立專案，或用 `--project DIR` 指定專案資料夾。",
    ),
    "config.missing_template": ("the file {name} does not exist.", "找不到檔案 {name}。"),
    "config.missing_template.guess": ("Did you mean `{guess}`?", "您是指 `{guess}` 嗎？"),
    "config.missing_template.fix": (
        "Name a Jinja file, or one of our templates: {known}.",
        "請指定 Jinja 檔案，或使用內建範本：{known}。",
    ),
    "config.not_utf8": ("byte {byte} is not UTF-8.", "位元組 {byte} 不是 UTF-8。"),
    "config.not_utf8.fix": ("Save the file as UTF-8.", "請把檔案存成 UTF-8。"),
    "config.bad_yaml": ("this is not YAML: {what}.", "這不是 YAML：{what}。"),
    "config.bad_yaml.fix": ("Check the indentation and the quotes near this line.", "請檢查這一行附近的縮排和引號。"),
    "config.bad_json": ("this is not JSON: {what} (column {column}).", "這不是 JSON：{what}（第 {column} 個字元）。"),
    "config.bad_json.fix": ("Check the quotes and commas near this line.", "請檢查這一行附近的引號和逗號。"),
    "config.not_a_mapping": ("the file holds no `key: value` pairs.", "檔案裡沒有 `key: value` 形式的設定。"),
    "config.not_a_mapping.fix": (
        "Start from the file that `llm-finetune init` writes.",
        "請從 `llm-finetune init` 產生的檔案開始改。",
    ),
    "config.duplicate_key": ("the key stands already in line {line}.", "這個鍵在第 {line} 行已經出現過。"),
    "config.duplicate_key.fix": ("Keep one of the two.", "請只留一個。"),
    "config.unknown_key": ("unknown key.", "沒有這個鍵。"),
    "config.did_you_mean": ("Did you mean `{name}`?", "您要的是 `{name}` 嗎？"),
    "config.known_keys": ("Known here: {names}.", "這裡可用的有：{names}。"),
    "config.no_keys_here": (
        "There is nothing to set here yet; remove the key.",
        "這裡還沒有可以設定的項目，請刪除這個鍵。",
    ),
    "config.renamed": ("Today's key is `{name}`.", "現在的名稱是 `{name}`。"),
    "config.missing_key": ("the key is missing.", "缺少這個鍵。"),
    "config.missing_key.fix": ("Add it.", "請補上。"),
    "config.bad_value": ("{value} does not fit; expected {what}.", "{value} 不合用；這裡需要：{what}。"),
    "config.or": (", or ", "，或 "),
    "config.bad_override": ("{text} is not a YAML value.", "{text} 不是 YAML 的值。"),
    "config.bad_override.fix": (
        "Quote the value, for example `data.system='\"Be brief.\"'`.",
        "請把值加上引號，例如 `data.system='\"Be brief.\"'`。",
    ),
    "config.output_dir": ("the place of checkpoints is fixed.", "檢查點的位置是固定的。"),
    "config.output_dir.fix": (
        "They go to `checkpoints/`; remove the key.",
        "檢查點一律存到 `checkpoints/`；請移除這個鍵。",
    ),
    "config.verbs": ("what is done is the verb's choice.", "要做什麼由指令決定。"),
    "config.verbs.fix": (
        "Remove the key; run `llm-finetune train` or `llm-finetune evaluate`.",
        "請移除這個鍵，改執行 `llm-finetune train` 或 `llm-finetune evaluate`。",
    ),
    "config.resume": ("a run resumes by itself.", "訓練會自動接續。"),
    "config.resume.fix": (
        "Remove the key; the same command goes on from the newest checkpoint.",
        "請移除這個鍵；再下一次同樣的指令，就會從最新的檢查點繼續。",
    ),
    "config.save_only_model": (
        "a checkpoint without the optimizer cannot be resumed.",
        "檢查點沒有最佳化器的狀態就無法接續訓練。",
    ),
    "config.save_only_model.fix": (
        "Remove the key, or set `training.save_strategy: no`.",
        "請移除這個鍵，或設定 `training.save_strategy: no`。",
    ),
    "config.layout": ("the layout of a run is fixed.", "訓練的目錄結構是固定的。"),
    "config.layout.fix": ("Remove the key.", "請移除這個鍵。"),
    "config.push": ("training does not upload.", "訓練不會上傳。"),
    "config.push.fix": (
        "Remove the key; run `llm-finetune push REPO` afterwards.",
        "請移除這個鍵，訓練完再執行 `llm-finetune push REPO`。",
    ),
    "config.token": ("a token must not stand in a file.", "權杖不可以寫在檔案裡。"),
    "config.token.fix": (
        "Remove it here, and log in with `hf auth login` or set the variable HF_TOKEN.",
        "請從這裡移除，改以 `hf auth login` 登入，或設定環境變數 HF_TOKEN。",
    ),
    "config.columns": ("the columns are fixed by the encoder.", "欄位由編碼程式決定。"),
    "config.columns.fix": (
        "Remove the key; map your own columns with `data.columns`.",
        "請移除這個鍵；要用自己的欄位，請以 `data.columns` 對應。",
    ),
    "config.metrics": (
        "the validation loss is measured by this product's own loop.",
        "驗證損失由本工具自己的迴圈計算。",
    ),
    "config.metrics.fix": ("Remove the key.", "請移除這個鍵。"),
    "config.best": (
        "the best checkpoint is the one with the lowest validation loss.",
        "驗證損失最低的檢查點就是最佳檢查點。",
    ),
    "config.best.fix": (
        "Remove the key; `data.validation: none` delivers the last weights instead.",
        "請移除這個鍵；要改用最後的權重，請設定 `data.validation: none`。",
    ),
    "config.progress": ("progress and logs have their own flags.", "進度和記錄有各自的選項。"),
    "config.progress.fix": ("Remove the key; use `--quiet` or `--json`.", "請移除這個鍵，改用 `--quiet` 或 `--json`。"),
    "config.tokens": ("tokens are always counted.", "token 數一律會計算。"),
    "config.tokens.fix": (
        "Remove the key; see `tokens` in logs/metrics.jsonl.",
        "請移除這個鍵；數字在 logs/metrics.jsonl 的 `tokens`。",
    ),
    "config.precision": ("the number format is set in one place.", "數值格式統一在一個地方設定。"),
    "config.precision.fix": (
        "Use `model.dtype: bfloat16`, `float16`, `float32` or `auto`.",
        "請用 `model.dtype: bfloat16`、`float16`、`float32` 或 `auto`。",
    ),
    "config.rank": ("the launcher sets it.", "這由啟動程式設定。"),
    "config.rank.fix": ("Remove the key.", "請移除這個鍵。"),
    "config.batch": (
        "a batch size that changes by itself cannot be reproduced.",
        "批次大小如果會自動改變，結果就無法重現。",
    ),
    "config.batch.fix": (
        "Remove the key; lower `training.per_device_train_batch_size`.",
        "請移除這個鍵，改為調低 `training.per_device_train_batch_size`。",
    ),
    "config.engine": ("how a step is computed is the engine's part.", "每一步怎麼計算由訓練引擎決定。"),
    "config.engine.fix": ("Remove the key.", "請移除這個鍵。"),
    "config.no_such_device": ("this machine has no {what}.", "這台機器沒有 {what}。"),
    "config.no_such_device.fix": (
        "Remove the key; `model.dtype: auto` takes what is there.",
        "請移除這個鍵；`model.dtype: auto` 會採用這台機器支援的格式。",
    ),
}
