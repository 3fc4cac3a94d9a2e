"""Texts about fine-tuning methods and their configuration."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "methods.no_type": ("the key is missing.", "缺少這個鍵。"),
    "methods.no_type.fix": (
        'Add `"peft_type": "LORA"`. Known: {known}.',
        '請加上 `"peft_type": "LORA"`。可用的有：{known}。',
    ),
    "methods.unknown_type": ("unknown method {name!r}.", "沒有 {name!r} 這個方法。"),
    "methods.unknown_type.fix": ("{guess}Known: {known}.", "{guess}可用的有：{known}。"),
    "methods.guess": ("Did you mean `{name}`? ", "您要的是 `{name}` 嗎？"),
    "methods.full_in_file": ("full fine-tuning has no adapter configuration.", "全參數微調沒有轉接器設定。"),
    "methods.full_in_file.fix": (
        "Set `method.adapter: none` in finetune.yaml instead.",
        "請改在 finetune.yaml 設定 `method.adapter: none`。",
    ),
    "methods.did_you_mean": ("Did you mean `{name}`?", "您要的是 `{name}` 嗎？"),
    "methods.later": (
        "PEFT knows this key, but this version does not support it.",
        "PEFT 有這個鍵，但這個版本還不支援。",
    ),
    "methods.later.fix": ("Remove the key.", "請移除這個鍵。"),
    "methods.written_by_peft": (
        "PEFT writes this key itself when the adapter is saved.",
        "這個鍵是 PEFT 儲存轉接器時自己寫的。",
    ),
    "methods.written_by_peft.fix": ("Remove the key.", "請移除這個鍵。"),
    "methods.base_elsewhere": ("the base model is set in one place.", "基礎模型統一在一個地方設定。"),
    "methods.base_elsewhere.fix": (
        "Remove the key; set `model.name` and `model.revision` in finetune.yaml.",
        "請移除這個鍵，改在 finetune.yaml 設定 `model.name` 和 `model.revision`。",
    ),
    "methods.by_architecture": (
        "this follows from the model's layers and is set by itself.",
        "這由模型的層決定，會自動設定。",
    ),
    "methods.by_architecture.fix": ("Remove the key.", "請移除這個鍵。"),
    "methods.new_rows": (
        "training single token rows comes with added tokens, which this version does not support.",
        "只訓練個別 token 的向量是為了新增的 token，這個版本還不支援新增 token。",
    ),
    "methods.new_rows.fix": (
        "Remove the key; `modules_to_save: [embed_tokens]` trains the whole matrix.",
        "請移除這個鍵；`modules_to_save: [embed_tokens]` 會訓練整個矩陣。",
    ),
    "methods.other_start": (
        "this start changes the frozen weights or needs data, which this version does not support.",
        "這種初始化會更動凍結的權重或需要資料，這個版本還不支援。",
    ),
    "methods.other_start.fix": ("Remove the key.", "請移除這個鍵。"),
    "methods.quantized_only": (
        "this needs a quantised or patched base, which this version does not support.",
        "這需要量化或修改過的基礎模型，這個版本還不支援。",
    ),
    "methods.quantized_only.fix": ("Remove the key.", "請移除這個鍵。"),
    "methods.target_none": ('a list of layer names, or "all-linear"', '層名稱的清單，或 "all-linear"'),
    "methods.target_empty": ('at least one layer name, or "all-linear"', '至少一個層名稱，或 "all-linear"'),
    "methods.bad_regex": ("a regular expression ({what})", "正規表示式（{what}）"),
    "methods.layers_need_list": (
        "`target_modules` to be a list of names beside it",
        "同時把 `target_modules` 寫成名稱清單",
    ),
    "methods.pattern_needs_layers": ("`layers_to_transform` beside it", "同時設定 `layers_to_transform`"),
    "methods.orthogonal_rank": ("an even `r` beside it, not {r}", "同時把 `r` 設為偶數（現在是 {r}）"),
    "methods.bad_start": (
        'true, false, "gaussian" or "orthogonal"; other starts change the frozen weights or need data',
        'true、false、"gaussian" 或 "orthogonal"；其他初始化方式會更動凍結的權重或需要資料',
    ),
    "methods.no_match": ("no layer of {architecture} is called {names}.", "{architecture} 沒有名為 {names} 的層。"),
    "methods.no_match.fix": (
        'Its linear layers are {known}; "all-linear" takes them all.',
        '它的線性層有 {known}；"all-linear" 代表全部。',
    ),
    "methods.no_regex_match": (
        "the regular expression {names} matches no whole layer name of {architecture}.",
        "正規表示式 {names} 與 {architecture} 的任何完整層名都不相符。",
    ),
    "methods.no_regex_match.fix": (
        "{hint}Its linear layers are {known}, with full names such as {example}.",
        "{hint}它的線性層有 {known}，完整名稱例如 {example}。",
    ),
    "methods.regex_hint": ("To name a layer, write a list: [{names}]. ", "要指定層名，請寫成清單：[{names}]。"),
    "methods.nothing_left": (
        "no layer of {architecture} is left to adapt.",
        "{architecture} 沒有剩下任何可以調整的層。",
    ),
    "methods.nothing_left.fix": (
        "Take names out of `exclude_modules`, `layers_to_transform` or `modules_to_save`.",
        "請從 `exclude_modules`、`layers_to_transform` 或 `modules_to_save` 拿掉一些名稱。",
    ),
    "methods.no_such_layer": (
        "{architecture} has layers 0 to {last}, not {layers}.",
        "{architecture} 的層編號是 0 到 {last}，沒有 {layers}。",
    ),
    "methods.no_such_layer.fix": ("Take the numbers out.", "請拿掉這些編號。"),
    "methods.tied.target_modules": (
        "{names} shares its matrix with another layer of {architecture}; the merged model would be wrong.",
        "{names} 與 {architecture} 的另一層共用矩陣，合併出的模型會出錯。",
    ),
    "methods.tied.target_modules.fix": (
        "Take it out, or list it in `modules_to_save` instead.",
        "請拿掉它，或改列在 `modules_to_save`。",
    ),
    "methods.tied.modules_to_save": (
        "{names} shares its matrix with another layer of {architecture}, which a copy would end.",
        "{names} 與 {architecture} 的另一層共用矩陣，複製一份就不再共用。",
    ),
    "methods.tied.modules_to_save.fix": (
        "Set `ensure_weight_tying: true` beside it.",
        "請同時設定 `ensure_weight_tying: true`。",
    ),
    "methods.unsupported": ("{names} is no linear layer of {architecture}.", "{names} 不是 {architecture} 的線性層。"),
    "methods.unsupported.fix": (
        'Its linear layers are {known}; "all-linear" takes them all.',
        '它的線性層有 {known}；"all-linear" 代表全部。',
    ),
    "methods.library_refusal": ("PEFT refuses it: {what}", "PEFT 不接受：{what}"),
    "methods.library_refusal.fix": (
        "The linear layers of {architecture} are {known}.",
        "{architecture} 的線性層有 {known}。",
    ),
    "methods.bias_precision": (
        "biases are trained in float32, which the {dtype} weights beside them cannot be added to.",
        "偏差項以 float32 訓練，無法與旁邊的 {dtype} 權重相加。",
    ),
    "methods.bias_precision.fix": (
        "Set `bias: none`, or `model.dtype: float32` in finetune.yaml.",
        "請設定 `bias: none`，或在 finetune.yaml 設定 `model.dtype: float32`。",
    ),
    "methods.weights_do_not_fit": (
        "The weights in {folder} do not fit this model; missing or left over: {names}.",
        "{folder} 裡的權重與這個模型不合；缺少或多出：{names}。",
    ),
}
