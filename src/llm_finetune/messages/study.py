"""Texts of rehearsals and other studies."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "study.stage.model": ("Little model", "小模型"),
    "study.stage.rows": ("Rows", "資料"),
    "study.stage.train": ("Train", "訓練"),
    "study.stage.resume": ("Resume", "續訓"),
    "study.stage.answer": ("Answer", "回答"),
    "study.stage.evaluate": ("Evaluate", "評估"),
    "study.stage.merge": ("Merge", "合併"),
    "study.stage.push": ("Push (dry run)", "上傳（試跑）"),
    "study.model": (
        "{architecture} with {layers} layers of width {hidden}, random: {parameters:,} parameters{reason}",
        "{architecture}，{layers} 層、寬度 {hidden}，隨機權重：{parameters:,} 個參數{reason}",
    ),
    "study.all_layers": (
        " (all its layers, because the configuration names some by number)",
        "（保留全部的層，因為設定以編號指定了其中幾層）",
    ),
    "study.rows": (
        "{read} read; rehearsing with {train} of them, and {validation} held out",
        "讀了 {read} 列；用其中 {train} 列演練，另有 {validation} 列作驗證",
    ),
    "study.train": ("{steps} steps, validation loss {losses}", "{steps} 步，驗證損失 {losses}"),
    "study.resume": (
        "from the checkpoint of step {step} to the same weights, bit for bit",
        "從第 {step} 步的檢查點接續，最後的權重逐位元相同",
    ),
    "study.resume_close": (
        "from the checkpoint of step {step} to the end; this device does not repeat its sums to the bit",
        "從第 {step} 步的檢查點接續到最後；這個裝置的運算無法逐位元重現",
    ),
    "study.resume_steps": (
        "The run went on to step {steps} instead of {wanted}.",
        "續訓停在第 {steps} 步，而不是第 {wanted} 步。",
    ),
    "study.resume_differs": (
        "Going on from the checkpoint of step {step} ended in other weights than the unbroken run.",
        "從第 {step} 步的檢查點接續，得到的權重和未中斷的訓練不同。",
    ),
    "study.answer": (
        "loaded on its base; {tokens} tokens of nonsense, as a random model should",
        "載入到基礎模型上；回答了 {tokens} 個 token，隨機模型的內容自然沒有意義",
    ),
    "study.evaluate": ("base against tuned on {rows} rows", "在 {rows} 列上比較基礎模型與微調後的模型"),
    "study.merge": (
        "a full model whose logits differ by {difference} at most",
        "合併成完整模型，logits 最多相差 {difference}",
    ),
    "study.push": ("{files} files would be uploaded; nothing was sent", "會上傳 {files} 個檔案；這次什麼都沒有送出"),
    "study.skipped": ("skipped: {reason}", "略過：{reason}"),
    "study.no_validation": ("no rows are held out", "沒有保留驗證資料"),
    "study.not_mergeable": ("{method} cannot be merged", "{method} 無法合併"),
    "study.library": (
        "A library stopped here with {kind}: {what} The real run would stop at the same place.",
        "程式庫在這裡以 {kind} 停止：{what} 正式訓練也會停在同一個地方。",
    ),
    "study.passed": (
        "The rehearsal passed in {time}. The real run differs in size only: `plan` tells whether it fits.",
        "演練通過，用時 {time}。正式訓練只是規模更大：是否放得下，請看 `plan`。",
    ),
    "study.failed": (
        "The rehearsal stopped at “{stage}” after {time}.",
        "演練在「{stage}」停止，用時 {time}。",
    ),
}
