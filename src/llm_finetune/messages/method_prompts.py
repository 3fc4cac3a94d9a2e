"""Texts about prompt tuning, P-tuning and prefix tuning, a part of the room `methods`."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "methods.no_positions": (
        "{count} virtual tokens leave no room for a text: the model has {limit} positions.",
        "{count} 個虛擬 token 沒有留下放文字的空間：模型只有 {limit} 個位置。",
    ),
    "methods.no_positions.fix": (
        "Take far fewer than {limit}; 10 to 100 are usual.",
        "請設得比 {limit} 小很多，一般用 10 到 100。",
    ),
    "methods.positions_taken": (
        "{title}: {count} of the model's {limit} positions are virtual tokens, so a text may have {left}.",
        "{title}：模型的 {limit} 個位置中有 {count} 個是虛擬 token，文字最多 {left} 個 token。",
    ),
    "methods.low_learning_rate": (
        "{title} trains few numbers, each of which has to go far: `training.learning_rate` is {found:g}, and "
        "{low:g} to {high:g} is usual. Nothing was changed.",
        "{title}訓練的數字很少，每個都要移動很遠：`training.learning_rate` 現在是 {found:g}，"
        "一般用 {low:g} 到 {high:g}。沒有自動更改。",
    ),
    "methods.prompt_alone": (
        "nothing but the virtual tokens is trained with this method.",
        "這個方法只訓練虛擬 token。",
    ),
    "methods.prompt_alone.fix": (
        "Remove the key; LoRA trains whole modules beside its update.",
        "請移除這個鍵；LoRA 可以同時訓練整個模組。",
    ),
    "methods.tokenizer_of_base": (
        "the text is read by the base model's own tokenizer.",
        "這段文字會由基礎模型自己的 tokenizer 讀取。",
    ),
    "methods.tokenizer_of_base.fix": ("Remove the key.", "請移除這個鍵。"),
    "methods.init_text_missing": (
        "a text in `prompt_tuning_init_text`, as `prompt_tuning_init` is TEXT",
        "`prompt_tuning_init_text` 裡有一段文字，因為 `prompt_tuning_init` 是 TEXT",
    ),
    "methods.init_text_unused": (
        "null, or `prompt_tuning_init: TEXT` beside it",
        "null，或同時設定 `prompt_tuning_init: TEXT`",
    ),
    "methods.init_text_empty": (
        "the base model's tokenizer makes no token of this text.",
        "基礎模型的 tokenizer 無法把這段文字轉成任何 token。",
    ),
    "methods.init_text_empty.fix": ("Write an instruction in words.", "請寫一段用文字表達的指示。"),
    "methods.init_text_told": (
        "The {count} virtual tokens begin as the first {count} of the {tokens} tokens of `prompt_tuning_init_text`.",
        "{count} 個虛擬 token 以 `prompt_tuning_init_text` 的 {tokens} 個 token 中的前 {count} 個為起點。",
    ),
    "methods.init_text_repeated": (
        "The {count} virtual tokens begin as the {tokens} tokens of `prompt_tuning_init_text`, repeated.",
        "{count} 個虛擬 token 以重複的 `prompt_tuning_init_text`（{tokens} 個 token）為起點。",
    ),
    "methods.lstm_only": (
        "its default, or `encoder_reparameterization_type: LSTM` beside it",
        "預設值，或同時設定 `encoder_reparameterization_type: LSTM`",
    ),
    "methods.lstm_layers": (
        "0, or `encoder_num_layers` of 2 or more beside it",
        "0，或同時把 `encoder_num_layers` 設為 2 以上",
    ),
    "methods.needs_projection": (
        "null, or `prefix_projection: true` beside it",
        "null，或同時設定 `prefix_projection: true`",
    ),
    "methods.card_virtual_tokens": (
        "Generate through the base, as above: with transformers 5.24 the `generate` of peft 0.21.2 loses its place "
        "behind virtual tokens, and answers are wrong without an error.",
        "請如上透過基礎模型產生文字：在 transformers 5.24 上，peft 0.21.2 自己的 `generate` 會弄錯虛擬 token 的位置，"
        "回答會出錯而且不報錯。",
    ),
    "methods.start_network": (
        "a network made the virtual tokens in {shown}; {title} saves only what it made, and no network to go on with.",
        "{shown} 的虛擬 token 由網路產生，而{title}只儲存結果，沒有留下網路可以接續訓練。",
    ),
    "methods.start_network.fix": (
        "Start anew, or take prompt tuning, or prefix tuning without `prefix_projection`, which can go on.",
        "請從頭訓練，或改用可以接續的 prompt tuning 或不加 `prefix_projection` 的 prefix tuning。",
    ),
    "methods.prompt_refusal": ("PEFT refuses it: {what}", "PEFT 不接受：{what}"),
    "methods.prompt_refusal.fix": ("Take LoRA for this model.", "這個模型請改用 LoRA。"),
    "methods.no_prefix": (
        "the layers of {architecture} do not all keep keys and values of one shape, which a prefix stands in front of.",
        "{architecture} 各層保留的鍵和值形狀不一致，無法在前面加上前綴。",
    ),
    "methods.no_prefix.fix": (
        "Take prompt tuning, P-tuning or LoRA for this model.",
        "這個模型請改用 prompt tuning、P-tuning 或 LoRA。",
    ),
    "methods.not_mergeable": (
        "{title} puts virtual tokens in front of every text; they are no weights of the base that could be merged.",
        "{title}是在每段文字前面加上虛擬 token，那不是基礎模型的權重，所以無法合併。",
    ),
    "methods.not_mergeable.fix": (
        "Use {folder} beside its base: `generate`, `chat`, `push`, or `PeftModel.from_pretrained`.",
        "請把 {folder} 和基礎模型一起使用：`generate`、`chat`、`push`，或 `PeftModel.from_pretrained`。",
    ),
}
