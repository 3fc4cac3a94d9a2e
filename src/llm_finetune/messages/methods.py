"""Texts about fine-tuning methods and their configuration."""

from llm_finetune.messages import method_kinds, method_prompts, method_starts

TEXTS: dict[str, str | tuple[str, str]] = {
    **method_kinds.TEXTS,
    **method_prompts.TEXTS,
    **method_starts.TEXTS,
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
        "Train it whole instead, by `modules_to_save` with `ensure_weight_tying: true`, or (LoRA) single tokens' "
        "rows by `trainable_token_indices`; both merge right.",
        "請改用 `modules_to_save` 並設 `ensure_weight_tying: true` 來訓練整個矩陣，或（LoRA）用 "
        "`trainable_token_indices` 訓練個別 token 的列；這兩種都能正確合併。",
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
    "methods.adalora_no_cut": (
        "less than `init_r`, which is {init_r}: a rank that is not cut is plain LoRA",
        "小於 `init_r`（現在是 {init_r}）；不裁減秩就只是一般的 LoRA",
    ),
    "methods.adalora_short": (
        "AdaLoRA measures for at least {fewest} optimizer steps which ranks matter, and this run has {total}.",
        "AdaLoRA 至少需要 {fewest} 個最佳化步驟來衡量哪些秩重要，這次執行只有 {total} 步。",
    ),
    "methods.adalora_short.fix": (
        "Raise `training.num_train_epochs` or `training.max_steps`, or use `peft_type: LORA` with `r: {target_r}`.",
        "請提高 `training.num_train_epochs` 或 `training.max_steps`，或改用 `peft_type: LORA` 並設 `r: {target_r}`。",
    ),
    "methods.adalora_unfit": (
        "the schedule does not fit: this run has {total} optimizer steps, `tinit` takes {tinit} and `tfinal` {tfinal} "
        "of them, and none is left in which ranks are cut.",
        "排程放不進這次執行：總共 {total} 個最佳化步驟，`tinit` 用掉 {tinit} 步、`tfinal` 用掉 {tfinal} 步，"
        "沒有剩下可以裁減秩的步驟。",
    ),
    "methods.adalora_unfit.fix": (
        "Make `tinit` and `tfinal` smaller together than {total}, set them to null, or train for more steps.",
        "請讓 `tinit` 與 `tfinal` 的和小於 {total}、把它們設為 null，或增加訓練步數。",
    ),
    "methods.adalora_plan": (
        "AdaLoRA: whole ranks until step {tinit}, cut step by step until step {cut} of {total}, then kept.",
        "AdaLoRA：第 {tinit} 步以前保留完整的秩，之後逐步裁減到第 {cut} 步（共 {total} 步），然後維持不變。",
    ),
    "methods.adalora_tinit": (
        "`tinit` is {tinit}, a tenth of the run, in which importance is measured before the first cut.",
        "`tinit` 是 {tinit}，即全程的十分之一，用來在第一次裁減之前衡量重要性。",
    ),
    "methods.adalora_tfinal": (
        "`tfinal` is {tfinal}, the steps that train the ranks that are left: half of the run, as in the paper's runs, "
        "or less where `tinit` takes much.",
        "`tfinal` 是 {tfinal}，用來訓練留下的秩：與論文的實驗一樣是全程的一半，`tinit` 較長時則少一些。",
    ),
    "methods.adalora_total_step": (
        "the number of optimizer steps is filled in from the run itself.",
        "最佳化步數會由這次執行自動填入。",
    ),
    "methods.adalora_total_step.fix": (
        "Remove the key; `training.num_train_epochs` or `training.max_steps` decides.",
        "請移除這個鍵；步數由 `training.num_train_epochs` 或 `training.max_steps` 決定。",
    ),
    "methods.adalora_rank": ("AdaLoRA has no single rank.", "AdaLoRA 沒有單一的秩。"),
    "methods.adalora_rank.fix": (
        "Set `init_r`, the rank at the start, and `target_r`, the mean rank at the end.",
        "請設定 `init_r`（開始時的秩）和 `target_r`（結束時的平均秩）。",
    ),
    "methods.adalora_ignores": (
        "AdaLoRA does not use this key; it would change nothing.",
        "AdaLoRA 不使用這個鍵，設了也沒有作用。",
    ),
    "methods.adalora_ignores.fix": ("Remove the key.", "請移除這個鍵。"),
    "methods.adalora_ranks": (
        "AdaLoRA: ranks add up to {total} over {modules} layers; {target} was the target.",
        "AdaLoRA：{modules} 個層的秩總和為 {total}，目標是 {target}。",
    ),
    "methods.adalora_kind": (
        "  {kind}: {total} in {modules} layers, from {least} to {most} each",
        "  {kind}：{modules} 個層共 {total}，每層 {least} 到 {most}",
    ),
    "methods.adalora_uncut": (
        "The run ended before step {cut}, at which the ranks would have been final.",
        "訓練在第 {cut} 步之前結束，秩還沒有裁減到最後的數目。",
    ),
    "methods.adalora_ties": (
        "Directions of equal importance, such as those of layers that no gradient reached, were cut together.",
        "重要性相同的方向（例如沒有梯度的層）會一起被裁掉。",
    ),
    "methods.train_nothing": ("at least one layer, or null for every weight", "至少一個層；要訓練全部權重請設為 null"),
    "methods.train_layers_need_full": (
        "`adapter: none` beside it; an adapter's layers are chosen in its own file",
        "同時設定 `adapter: none`；轉接器要調整哪些層，寫在它自己的設定檔",
    ),
    "methods.too_many_blocks": (
        "{architecture} has {blocks} blocks, not {asked}.",
        "{architecture} 只有 {blocks} 個區塊，沒有 {asked} 個。",
    ),
    "methods.too_many_blocks.fix": (
        "Write a number from 1 to {blocks}, or remove the key to train every weight.",
        "請寫 1 到 {blocks} 的數字；要訓練全部權重，請移除這個鍵。",
    ),
    "methods.no_such_part": (
        "{names} means no layer with weights in {architecture}.",
        "{names} 在 {architecture} 裡不代表任何有權重的層。",
    ),
    "methods.no_such_part.fix": (
        "Write a number of last blocks, one of {words}, a name such as {known}, or a full name or regular expression "
        "such as `{example}`.",
        "請寫最後幾個區塊的數目，或 {words} 之一，或 {known} 這類名稱，或 `{example}` 這類完整名稱或正規表示式。",
    ),
    "methods.partial": (
        "training {modules} modules with {parameters:,} parameters: {names}",
        "訓練 {modules} 個模組，共 {parameters:,} 個參數：{names}",
    ),
    "methods.partial_tied": (
        "the head and the token embeddings of {architecture} share one matrix, so both are trained",
        "{architecture} 的輸出層與 token 嵌入共用一個矩陣，所以兩者會一起訓練",
    ),
    "methods.not_quantized": (
        "{title} cannot train on a quantised base ({name}).",
        "{title} 無法在量化的基礎模型（{name}）上訓練。",
    ),
    "methods.not_quantized.fix": (
        "Set `model.quantization: none`, or take one of: {able}.",
        "請設定 `model.quantization: none`，或改用：{able}。",
    ),
    "methods.quantized_start": (
        "the start {value!r} moves part of the frozen weights into the update, and rounded weights cannot be changed.",
        "初始化 {value!r} 會把部分凍結的權重移進更新矩陣，但量化過的權重無法更動。",
    ),
    "methods.quantized_start.fix": (
        "Set `init_lora_weights: true`, or `model.quantization: none` in finetune.yaml.",
        "請設定 `init_lora_weights: true`，或在 finetune.yaml 設定 `model.quantization: none`。",
    ),
    "methods.quantized_module": (
        "the weights of {value} are quantised, and rounded weights cannot be trained.",
        "{value} 的權重已量化，而量化過的權重無法訓練。",
    ),
    "methods.quantized_module.fix": (
        "Take it out (embeddings and output head are not quantised), or set `model.quantization: none` in "
        "finetune.yaml.",
        "請拿掉它（嵌入層和輸出層不量化），或在 finetune.yaml 設定 `model.quantization: none`。",
    ),
    "methods.stacked_dropout": (
        "the experts of {architecture} are stacks of matrices, whose inputs cannot be dropped.",
        "{architecture} 的專家（experts）是疊在一起的矩陣，輸入無法套用 dropout。",
    ),
    "methods.stacked_dropout.fix": (
        "Set `lora_dropout: 0`, or leave the experts out by listing layers in `target_modules`: {known}.",
        "請設定 `lora_dropout: 0`，或在 `target_modules` 列出其他層而不含專家：{known}。",
    ),
    "methods.saved_too_much": (
        "PEFT would take `{name}` for {others} too, because their names end in the same letters.",
        "PEFT 也會把 `{name}` 當成 {others}，因為名稱的結尾相同。",
    ),
    "methods.saved_too_much.fix": ("Write the whole name: {names}.", "請寫完整的名稱：{names}。"),
}
