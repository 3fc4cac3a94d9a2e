"""Texts about fine-tuning methods and their configuration."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "methods.no_type": "the key is missing.",
    "methods.no_type.fix": 'Add `"peft_type": "LORA"`. Known: {known}.',
    "methods.unknown_type": "unknown method {name!r}.",
    "methods.unknown_type.fix": "{guess}Known: {known}.",
    "methods.guess": "Did you mean `{name}`? ",
    "methods.full_in_file": "full fine-tuning has no adapter configuration.",
    "methods.full_in_file.fix": "Set `method.adapter: none` in finetune.yaml instead.",
    "methods.did_you_mean": "Did you mean `{name}`?",
    "methods.later": "PEFT knows this key, but this version does not support it.",
    "methods.later.fix": "Remove the key.",
    "methods.written_by_peft": "PEFT writes this key itself when the adapter is saved.",
    "methods.written_by_peft.fix": "Remove the key.",
    "methods.base_elsewhere": "the base model is set in one place.",
    "methods.base_elsewhere.fix": "Remove the key; set `model.name` and `model.revision` in finetune.yaml.",
    "methods.by_architecture": "this follows from the model's layers and is set by itself.",
    "methods.by_architecture.fix": "Remove the key.",
    "methods.new_rows": ("training single token rows comes with added tokens, which this version does not support."),
    "methods.new_rows.fix": "Remove the key; `modules_to_save: [embed_tokens]` trains the whole matrix.",
    "methods.other_start": (
        "this start changes the frozen weights or needs data, which this version does not support."
    ),
    "methods.other_start.fix": "Remove the key.",
    "methods.quantized_only": "this needs a quantised or patched base, which this version does not support.",
    "methods.quantized_only.fix": "Remove the key.",
    "methods.target_none": 'a list of layer names, or "all-linear"',
    "methods.target_empty": 'at least one layer name, or "all-linear"',
    "methods.bad_regex": "a regular expression ({what})",
    "methods.layers_need_list": "`target_modules` to be a list of names beside it",
    "methods.pattern_needs_layers": "`layers_to_transform` beside it",
    "methods.orthogonal_rank": "an even `r` beside it, not {r}",
    "methods.bad_start": (
        'true, false, "gaussian" or "orthogonal"; other starts change the frozen weights or need data'
    ),
    "methods.no_match": "no layer of {architecture} is called {names}.",
    "methods.no_match.fix": 'Its linear layers are {known}; "all-linear" takes them all.',
    "methods.no_regex_match": ("the regular expression {names} matches no whole layer name of {architecture}."),
    "methods.no_regex_match.fix": "{hint}Its linear layers are {known}, with full names such as {example}.",
    "methods.regex_hint": "To name a layer, write a list: [{names}]. ",
    "methods.nothing_left": "no layer of {architecture} is left to adapt.",
    "methods.nothing_left.fix": ("Take names out of `exclude_modules`, `layers_to_transform` or `modules_to_save`."),
    "methods.no_such_layer": "{architecture} has layers 0 to {last}, not {layers}.",
    "methods.no_such_layer.fix": "Take the numbers out.",
    "methods.tied.target_modules": (
        "{names} shares its matrix with another layer of {architecture}; the merged model would be wrong."
    ),
    "methods.tied.target_modules.fix": "Take it out, or list it in `modules_to_save` instead.",
    "methods.tied.modules_to_save": (
        "{names} shares its matrix with another layer of {architecture}, which a copy would end."
    ),
    "methods.tied.modules_to_save.fix": "Set `ensure_weight_tying: true` beside it.",
    "methods.unsupported": "{names} is no linear layer of {architecture}.",
    "methods.unsupported.fix": 'Its linear layers are {known}; "all-linear" takes them all.',
    "methods.library_refusal": "PEFT refuses it: {what}",
    "methods.library_refusal.fix": "The linear layers of {architecture} are {known}.",
    "methods.bias_precision": (
        "biases are trained in float32, which the {dtype} weights beside them cannot be added to."
    ),
    "methods.bias_precision.fix": "Set `bias: none`, or `model.dtype: float32` in finetune.yaml.",
    "methods.weights_do_not_fit": (
        "The weights in {folder} do not fit this model; missing or left over: {names}.",
        "{folder} 裡的權重與這個模型不合；缺少或多出：{names}。",
    ),
}
