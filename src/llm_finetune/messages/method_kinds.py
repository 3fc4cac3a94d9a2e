"""Texts about single methods, a part of the room `methods`."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "methods.LORA.trains": (
        "A low-rank update beside each linear layer; the layers themselves stay frozen.",
        "在每個線性層旁訓練低秩的更新；原本的層保持凍結。",
    ),
    "methods.ADALORA.trains": (
        "Low-rank updates that start wide and are cut in training to the layers where they matter.",
        "一開始較寬的低秩更新，訓練中逐步刪減，只留在重要的層。",
    ),
    "methods.PROMPT_TUNING.trains": (
        "Vectors in front of every text, as if they were tokens.",
        "放在每段文字最前面的向量，就像多了幾個 token。",
    ),
    "methods.P_TUNING.trains": (
        "A small network that makes the vectors in front of every text.",
        "一個小型網路，由它產生放在每段文字最前面的向量。",
    ),
    "methods.PREFIX_TUNING.trains": (
        "Keys and values in front of every text, in each layer.",
        "每一層裡放在文字前面的鍵與值。",
    ),
    "methods.IA3.trains": (
        "One factor for each key, value and inner activation of the feed-forward.",
        "鍵、值和前饋網路內部每個活化值各一個倍率。",
    ),
    "methods.VERA.trains": (
        "Two vectors a layer, which scale random matrices that all layers share.",
        "每層兩個向量，用來縮放所有層共用的隨機矩陣。",
    ),
    "methods.OFT.trains": (
        "A rotation of each layer's inputs, in blocks.",
        "以區塊為單位，旋轉每一層的輸入。",
    ),
    "methods.BOFT.trains": (
        "A rotation of each layer's inputs in small blocks, and a length for each output.",
        "以小區塊旋轉每一層的輸入，並調整每個輸出的長度。",
    ),
    "methods.LN_TUNING.trains": (
        "The weights of all normalisation layers.",
        "所有正規化層的權重。",
    ),
    "methods.FULL.trains": (
        "Every weight of the model, or the part named by `method.train_layers`.",
        "模型的所有權重，或 `method.train_layers` 指定的部分。",
    ),
    "methods.tied.not_here.fix": (
        "Take it out; only LoRA trains a shared matrix and keeps it shared (`ensure_weight_tying`).",
        "請拿掉它；只有 LoRA 能在訓練時維持共用（`ensure_weight_tying`）。",
    ),
    "methods.no_default": (
        "it is not known which layers of {architecture} are its keys, its values and the end of its feed-forward.",
        "不知道 {architecture} 的哪些層是鍵、值和前饋網路的最後一層。",
    ),
    "methods.no_default.fix": ("Name them; its linear layers are {known}.", "請寫出名稱；它的線性層有 {known}。"),
    "methods.ia3_feedforward": (
        "names that stand in `target_modules` too",
        "也列在 `target_modules` 裡的名稱",
    ),
    "methods.vera_zero": (
        "a number other than 0: with 0 no vector ever gets a gradient",
        "0 以外的數字：設為 0 的話，兩個向量都得不到梯度",
    ),
    "methods.vera_auto": (
        "A VeRA adapter is read with PeftModel or AutoPeftModelForCausalLM; AutoModelForCausalLM cannot read it. "
        "`llm-finetune merge` writes a plain model.",
        "VeRA 轉接器要用 PeftModel 或 AutoPeftModelForCausalLM 讀取，AutoModelForCausalLM 讀不了。"
        "`llm-finetune merge` 會寫出一般的模型。",
    ),
    "methods.rotation_conv1d": (
        "the layers of this architecture are `Conv1D`, which PEFT has no rotation for.",
        "這個架構的層是 `Conv1D`，PEFT 沒有對應的旋轉方法。",
    ),
    "methods.rotation_conv1d.fix": (
        "Take another method, such as LORA, IA3 or VERA.",
        "請改用其他方法，例如 LORA、IA3 或 VERA。",
    ),
    "methods.blocks_missing": (
        "`{count_key}` above 0 where `{size_key}` is 0",
        "`{size_key}` 為 0 時，`{count_key}` 要大於 0",
    ),
    "methods.blocks_twice": (
        "0, or `{key}: 0` beside it; only one of the two is given, the width of a layer gives the other",
        "0，或同時設定 `{key}: 0`；兩者只能給一個，另一個由層的寬度決定",
    ),
    "methods.block_of_one": ("at least 2; one input alone has nothing to turn", "至少 2；單一輸入沒有東西可轉"),
    "methods.width.size": (
        "blocks of {number} inputs do not fill the width of {layers}.",
        "大小為 {number} 的區塊無法填滿這些層的寬度：{layers}。",
    ),
    "methods.width.count": (
        "{number} equal blocks of two inputs or more do not fill the width of {layers}.",
        "{number} 個至少含兩個輸入的等大區塊無法填滿這些層的寬度：{layers}。",
    ),
    "methods.width.fix": (
        "Values that fit all layers: {fitting}.",
        "適合所有層的值：{fitting}。",
    ),
    "methods.oft_dropout": (
        "PEFT takes this key and never uses it for linear layers.",
        "PEFT 接受這個鍵，但從不用在線性層上。",
    ),
    "methods.oft_dropout.fix": ("Remove the key.", "請移除這個鍵。"),
    "methods.boft_butterfly": (
        "more than one butterfly factor needs a CUDA program that PEFT compiles on the spot; without it PEFT takes one "
        "and only warns.",
        "蝶形因子超過一個時，PEFT 需要當場編譯 CUDA 程式；編譯不成就改用一個，而且只發出警告。",
    ),
    "methods.boft_butterfly.fix": (
        "Remove the key; a larger `boft_block_size` turns more inputs together.",
        "請移除這個鍵；`boft_block_size` 越大，一起轉動的輸入越多。",
    ),
    "methods.ln_none": (
        "{architecture} has no normalisation layer with weights.",
        "{architecture} 沒有帶權重的正規化層。",
    ),
    "methods.ln_none.fix": ("Take another method.", "請改用其他方法。"),
    "methods.ln_other": (
        "{names} is no normalisation layer of {architecture}.",
        "{names} 不是 {architecture} 的正規化層。",
    ),
    "methods.ln_other.fix": (
        "Its normalisation layers are {known}; without the key all are trained.",
        "它的正規化層有 {known}；不寫這個鍵就是全部訓練。",
    ),
}
