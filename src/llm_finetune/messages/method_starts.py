"""Texts about what training starts from, and about LoRA's own extras: a part of the room `methods`."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "methods.bad_start": (
        'true, false, "gaussian", "orthogonal", "pissa", "pissa_niter_4" (any number), "olora" or "eva"; other starts '
        "need a quantised base or a pass of their own over the data",
        'true、false、"gaussian"、"orthogonal"、"pissa"、"pissa_niter_4"（數字可改）、"olora" 或 "eva"；'
        "其他初始化方式需要量化的基礎模型，或要另外處理一遍資料",
    ),
    "methods.start_dropout": (
        "`lora_dropout: 0` beside it: this update holds the main directions of the weights, which dropout would take "
        "out of the model at random",
        "同時設定 `lora_dropout: 0`：這種更新含有權重的主要方向，dropout 會把它們隨機從模型拿掉",
    ),
    "methods.start_parameters": (
        "true or false beside `target_parameters`; other starts are made for layers",
        "與 `target_parameters` 並用時只能是 true 或 false；其他初始化方式只適用於層",
    ),
    "methods.start_quantized": (
        "this works on the weights themselves, which `model.quantization` holds in a few bits.",
        "這會直接處理權重本身，但 `model.quantization` 只用少數位元儲存權重。",
    ),
    "methods.start_quantized.fix": (
        "Set `model.quantization: none`, or remove the key.",
        "請設定 `model.quantization: none`，或移除這個鍵。",
    ),
    "methods.eva_start": ('`init_lora_weights: "eva"` beside it', '同時設定 `init_lora_weights: "eva"`'),
    "methods.parameters_dropout": (
        "0 beside `target_parameters`: the inputs of a parameter cannot be dropped",
        "與 `target_parameters` 並用時必須是 0：參數的輸入無法套用 dropout",
    ),
    "methods.parameters_dora": (
        "false beside `target_parameters`: DoRA is made for layers",
        "與 `target_parameters` 並用時必須是 false：DoRA 只適用於層",
    ),
    "methods.no_parameter": (
        "no matrix of {architecture} is called {names}.",
        "{architecture} 沒有名為 {names} 的矩陣。",
    ),
    "methods.no_parameter.fix": ("It has {known}.", "它有 {known}。"),
    "methods.rows_elsewhere": (
        "{names} of {architecture} has no row for each token.",
        "{architecture} 的 {names} 並不是一列對應一個 token。",
    ),
    "methods.rows_elsewhere.fix": ("Rows of tokens are in {known}.", "token 的列在 {known}。"),
    "methods.no_such_row": (
        "{architecture} has rows 0 to {last}, not {rows}.",
        "{architecture} 的列編號是 0 到 {last}，沒有 {rows}。",
    ),
    "methods.no_such_row.fix": (
        "Take the numbers out; new tokens are named in `model.added_tokens`.",
        "請拿掉這些編號；要新增 token，請寫在 `model.added_tokens`。",
    ),
    "methods.rows_and_whole": (
        "single rows of {names} are trained, and `{key}` names it as a whole too.",
        "{names} 只訓練個別的列，但 `{key}` 又指定了整個矩陣。",
    ),
    "methods.rows_and_whole.fix": (
        "Keep one of the two: with the whole matrix trained, its new rows are too.",
        "請擇一保留：訓練整個矩陣時，新增的列也會一起訓練。",
    ),
    "methods.head_bias": (
        "the output head of {architecture} has a bias, which PEFT leaves out where it trains single rows.",
        "{architecture} 的輸出層有偏差項，而 PEFT 只訓練個別列時會漏算它。",
    ),
    "methods.head_bias.fix": (
        "Train embedding and head whole instead: `modules_to_save` in the adapter's file.",
        "請改為訓練整個嵌入層和輸出層：在轉接器設定檔使用 `modules_to_save`。",
    ),
    "methods.untied": (
        "{names} of {architecture} would stop sharing one matrix.",
        "{architecture} 的 {names} 會不再共用同一個矩陣。",
    ),
    "methods.untied.fix": (
        "Take it out of `modules_to_save`; single rows can be trained by `trainable_token_indices`.",
        "請從 `modules_to_save` 拿掉；若只要訓練個別的列，可用 `trainable_token_indices`。",
    ),
    "methods.adapted": ("LoRA on {count} layers: {kinds}", "LoRA 套用在 {count} 個層：{kinds}"),
    "methods.adapted_whole": ("trained whole beside them: {names}", "另外整個訓練的模組：{names}"),
    "methods.adapted_rows": ("trained rows of {name}: {count}", "{name} 中受訓的列數：{count}"),
    "methods.start_delivered": (
        "{title} trained updates of rank {rank} on a changed base; what is delivered is a plain LoRA of rank "
        "{delivered} on the base as it was, which every tool reads.",
        "{title} 在更動過的基礎模型上訓練秩 {rank} 的更新；交付的是秩 {delivered} 的一般 LoRA，"
        "搭配原本的基礎模型，所有工具都能讀取。",
    ),
    "methods.eva_ranks": (
        "EVA gave {count} layers ranks from {least} to {most}: {trained:,} parameters are trained.",
        "EVA 分配給 {count} 個層的秩從 {least} 到 {most}，共訓練 {trained:,} 個參數。",
    ),
    "methods.eva_unsettled": (
        "the inputs' directions did not settle within {batches} batches.",
        "看過 {batches} 個批次後，輸入的方向仍未穩定。",
    ),
    "methods.eva_unsettled.fix": (
        "Lower `rho`, `tau` or `r`, set `use_label_mask: false`, or raise the batch size.",
        "請降低 `rho`、`tau` 或 `r`，或設 `use_label_mask: false`，或加大批次。",
    ),
    "methods.no_rows": (
        "{title} cannot train the rows of added tokens.",
        "{title} 無法訓練新增 token 的列。",
    ),
    "methods.no_rows.fix": (
        "Use `peft_type: LORA`, or full fine-tuning (`method.adapter: none`).",
        "請改用 `peft_type: LORA`，或全參數微調（`method.adapter: none`）。",
    ),
    "methods.rows_frozen": (
        "the embedding, where the added tokens have their rows, is not among the layers trained.",
        "新增的 token 的列在嵌入層，但嵌入層不在訓練的層裡。",
    ),
    "methods.rows_frozen.fix": (
        "Add `embeddings` to `method.train_layers`.",
        "請在 `method.train_layers` 加上 `embeddings`。",
    ),
    "methods.loraplus_method": ("LoRA+ is for LoRA, not for {title}.", "LoRA+ 只適用於 LoRA，不適用於 {title}。"),
    "methods.loraplus_method.fix": ("Remove the key.", "請移除這個鍵。"),
    "methods.nothing_trainable": ("nothing would be trained.", "沒有任何參數會被訓練。"),
    "methods.started_from": ("going on from the adapter in {shown}", "從 {shown} 的轉接器繼續訓練"),
    "methods.start_full": (
        "full fine-tuning has no adapter to go on from.",
        "全參數微調沒有轉接器可以接續。",
    ),
    "methods.start_full.fix": (
        "Name the tuned model's folder as `model.name` instead.",
        "請改把微調好的模型資料夾寫在 `model.name`。",
    ),
    "methods.start_own": (
        "{shown} lies in `checkpoints/`, which this run writes itself.",
        "{shown} 位於 `checkpoints/`，這次訓練自己會寫入那裡。",
    ),
    "methods.start_own.fix": (
        "Copy it first (cp -r {shown} adapters/first), name the copy, and train with `--fresh`.",
        "請先複製（cp -r {shown} adapters/first），改指定複製的資料夾，再以 `--fresh` 訓練。",
    ),
    "methods.no_start": (
        "{shown} holds no adapter (`adapter_config.json`).",
        "{shown} 裡沒有轉接器（`adapter_config.json`）。",
    ),
    "methods.no_start.fix": (
        "Name a folder such as `../first/checkpoints/adapter_model`; a relative one starts at the project.",
        "請指定像 `../first/checkpoints/adapter_model` 的資料夾；相對路徑從專案資料夾算起。",
    ),
    "methods.no_start_weights": (
        "{shown} holds no `adapter_model.safetensors`.",
        "{shown} 裡沒有 `adapter_model.safetensors`。",
    ),
    "methods.no_start_weights.fix": (
        "Save the adapter again with today's PEFT; pickled weights are not read.",
        "請用目前的 PEFT 重新儲存轉接器；pickle 格式的權重不會讀取。",
    ),
    "methods.start_method": (
        "the adapter in {shown} is {found}, and {wanted} is to be trained.",
        "{shown} 的轉接器是 {found}，而設定要訓練的是 {wanted}。",
    ),
    "methods.start_method.fix": (
        "Set `peft_type` to that of the adapter.",
        "請把 `peft_type` 設成與轉接器相同。",
    ),
    "methods.start_not_plain": (
        "the adapter in {shown} began with {found!r}: it belongs to a changed base that is not here.",
        "{shown} 的轉接器以 {found!r} 初始化：它屬於更動過的基礎模型，而那個模型不在這裡。",
    ),
    "methods.start_not_plain.fix": (
        "Convert it where it was trained (PEFT's `path_initial_model_for_weight_conversion`).",
        "請在訓練它的地方轉換（PEFT 的 `path_initial_model_for_weight_conversion`）。",
    ),
    "methods.start_twice": (
        "an adapter is its own start, and `init_lora_weights` asks for {wanted!r}.",
        "接續的轉接器本身就是起點，但 `init_lora_weights` 又要求 {wanted!r}。",
    ),
    "methods.start_twice.fix": (
        "Remove `init_lora_weights`; an adapter trained by PiSSA or OLoRA here is a plain LoRA of twice its rank.",
        "請移除 `init_lora_weights`；在這裡以 PiSSA 或 OLoRA 訓練的轉接器，已是秩加倍的一般 LoRA。",
    ),
    "methods.start_differs": (
        "`{key}` is {found} in {shown}, and {wanted} in the configuration.",
        "`{key}` 在 {shown} 是 {found}，在設定裡是 {wanted}。",
    ),
    "methods.start_differs.fix": (
        "Set `{key}` to {found} to go on from it.",
        "要從它繼續，請把 `{key}` 設為 {found}。",
    ),
    "methods.start_layers": (
        "the adapter in {shown} updates {found}, and the configuration {wanted}.",
        "{shown} 的轉接器調整的是 {found}，設定則是 {wanted}。",
    ),
    "methods.start_layers.fix": (
        "Make `target_modules` name the adapter's layers.",
        "請讓 `target_modules` 指定與轉接器相同的層。",
    ),
    "methods.start_base": (
        "the adapter in {shown} was trained on {found}, which is not {base}.",
        "{shown} 的轉接器是在 {found} 上訓練的，與 {base} 不同。",
    ),
    "methods.start_base.fix": (
        "Set `model.name` to the model it was trained on.",
        "請把 `model.name` 設為訓練它時的模型。",
    ),
}
