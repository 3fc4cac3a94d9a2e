"""Texts of the deliver room."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "deliver.merge_differs": (
        "The merged model is not adapter + base: their logits differ by {found:.2g} in float32, "
        "{allowed:g} is allowed. Nothing was written.",
        "合併後的模型與「轉接器＋基礎模型」不同：float32 的 logits 相差 {found:.2g}，"
        "只容許 {allowed:g}。沒有寫入任何東西。",
    ),
    "deliver.merge_diverges": (
        "The merged model in {dtype} is further from float32 than it may be: mean divergence {found:.2g}, "
        "and adapter + base in {dtype} has {beside:.2g} ({ratio:g} times that is allowed). Nothing was written.",
        "以 {dtype} 存下的合併模型離 float32 太遠：平均 KL 散度 {found:.2g}，"
        "而以 {dtype} 執行的「轉接器＋基礎模型」是 {beside:.2g}（容許其 {ratio:g} 倍）。沒有寫入任何東西。",
    ),
    "deliver.merge_changes_nothing": (
        "Merged and stored in {dtype}, the model is the base, bit for bit: the adapter has learned nothing, "
        "or too little for {dtype} to hold. Nothing was written.",
        "合併並以 {dtype} 存下後，模型與基礎模型完全相同：轉接器什麼都沒學到，"
        "或學到的小到 {dtype} 存不下。沒有寫入任何東西。",
    ),
    "deliver.merge_files": (
        "The merged folder is not a full model as it should be; wrong: {found}. Nothing was written.",
        "合併出的資料夾不是完整的模型；有問題的是：{found}。沒有寫入任何東西。",
    ),
    "deliver.quantized_base": (
        "{name} is stored quantized, and an adapter cannot be folded into rounded weights.",
        "{name} 是以量化格式儲存的，轉接器無法併入捨入過的權重。",
    ),
    "deliver.quantized_base.fix": (
        "Set `model.name` to the unquantized model that it was made from.",
        "請把 `model.name` 設為它原本未量化的模型。",
    ),
    "deliver.adapter_unfit": (
        "The adapter in {adapter} does not fit {name}: {what}",
        "{adapter} 裡的轉接器與 {name} 不合：{what}",
    ),
    "deliver.adapter_unfit.fix": (
        "Use the base it was trained from.",
        "請使用訓練它時的基礎模型。",
    ),
    "deliver.no_model": ("{folder} holds no weights to upload.", "{folder} 裡沒有可以上傳的權重。"),
    "deliver.no_model.fix": ("Run `llm-finetune train` first.", "請先執行 `llm-finetune train`。"),
    "deliver.bad_repo": ("{repo!r} is no repository name of the Hub.", "{repo!r} 不是 Hub 的儲存庫名稱。"),
    "deliver.bad_repo.fix": (
        "Write NAME or OWNER/NAME with letters, digits, `-`, `_` and `.`.",
        "請寫成 名稱 或 擁有者/名稱，只用英文字母、數字、`-`、`_`、`.`。",
    ),
    "deliver.no_token": ("There is no Hub token on this machine.", "這台電腦上沒有 Hub 的權杖。"),
    "deliver.no_token.fix": (
        "Log in with `hf auth login`, or set the variable HF_TOKEN.",
        "請以 `hf auth login` 登入，或設定環境變數 HF_TOKEN。",
    ),
    "deliver.offline": ("HF_HUB_OFFLINE forbids the network.", "HF_HUB_OFFLINE 禁止使用網路。"),
    "deliver.offline.fix": ("Unset it to upload.", "要上傳請取消這個變數。"),
    "deliver.push_failed": (
        "The upload did not succeed: {what}. Try again with `{retry}`; files that arrived are not sent again.",
        "上傳沒有成功：{what}。請以 `{retry}` 再試一次；已送達的檔案不會重送。",
    ),
    "deliver.commit": ("Upload with llm-finetune", "以 llm-finetune 上傳"),
    "deliver.card_adapter": (
        "A PEFT adapter for `{base}`, fine-tuned with llm-finetune. It needs its base to run.",
        "`{base}` 的 PEFT 轉接器，以 llm-finetune 微調而成。需要基礎模型才能執行。",
    ),
    "deliver.card_full": (
        "`{base}` with an adapter folded in or all weights trained, fine-tuned with llm-finetune.",
        "以 llm-finetune 微調的 `{base}`，已併入轉接器，或訓練了全部權重。",
    ),
    "deliver.card_private_base": (
        "The base `{base}` has no name on the Hub, so this does not load by itself: "
        "give the base's folder, as below. SHA-256 of its configuration and weights, as llm-finetune "
        "counts it: {sha256}.",
        "基礎模型 `{base}` 在 Hub 上沒有名稱，所以無法直接載入：請如下指定它的資料夾。"
        "llm-finetune 依其設定與權重算出的 SHA-256：{sha256}。",
    ),
    "deliver.card_usage": ("How to run it", "使用方式"),
    "deliver.card_evaluation": ("Base against tuned", "微調前後比較"),
    "deliver.card_scores": (
        "{rows} held-out rows, the same prompts for both, greedy, at most {tokens} new tokens.",
        "{rows} 筆保留的資料，兩者用相同的提示，greedy 解碼，最多產生 {tokens} 個新 token。",
    ),
    "deliver.card_training": ("Training", "訓練"),
    "deliver.card_settings": ("All settings", "全部設定"),
    "deliver.nothing_to_merge": (
        "{folder} holds no adapter that could be merged; it is a full model already.",
        "{folder} 裡沒有可以合併的轉接器；它已經是完整的模型。",
    ),
    "deliver.no_lora": (
        "an adapter of the kind {kind} is no low-rank update, so it cannot be written as a LoRA.",
        "{kind} 類的轉接器不是低秩更新，無法寫成 LoRA。",
    ),
    "deliver.no_lora.fix": ("Kinds that can: {known}.", "可以轉換的有：{known}。"),
    "deliver.lora_differs": (
        "Written as a plain LoRA, the adapter computes something else: logits differ by {found:.2g}, {allowed:g} is "
        "allowed. Nothing was written.",
        "寫成一般的 LoRA 後，轉接器的計算結果不同：logits 相差 {found:.2g}，容許值是 {allowed:g}。沒有寫入任何檔案。",
    ),
    "deliver.card_dora": (
        "This is a DoRA adapter: load it with `PeftModel`, as above, or merge it. "
        "`AutoModelForCausalLM.from_pretrained` on an adapter leaves out its lengths without an error, and answers are "
        "wrong.",
        "這是 DoRA 轉接器：請如上以 `PeftModel` 載入，或先合併。直接對轉接器用 "
        "`AutoModelForCausalLM.from_pretrained` 會漏掉它的長度參數而且不報錯，回答會出錯。",
    ),
    "deliver.card_added_tokens": (
        "The tokens {names} were added. The base's embedding needs {rows} rows before the adapter is loaded, as above; "
        "the adapter brings the values of the new rows. A merged model needs nothing of this.",
        "新增了 {names} 這些 token。載入轉接器之前，要先如上把基礎模型的嵌入矩陣擴充到 {rows} 列；"
        "新列的值由轉接器提供。合併後的模型不需要這一步。",
    ),
    "deliver.card_float32": (
        "The trained weights are stored in float32, as they were trained. Loading them with `dtype=torch.bfloat16` "
        "halves the memory, and rounds away a part of what was learnt: measure before you do.",
        "受訓的權重以 float32 儲存，與訓練時相同。以 `dtype=torch.bfloat16` 載入可以省一半記憶體，"
        "但會捨去一部分學到的內容，請先測量再決定。",
    ),
}
