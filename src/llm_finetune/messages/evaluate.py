"""Texts of the evaluate room."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "evaluate.validation_loss": (
        "Validation loss (mean per trained token)",
        "驗證損失（每個受訓 token 的平均）",
    ),
    "evaluate.perplexity": ("Perplexity", "困惑度"),
    "evaluate.no_validation": (
        "there are no validation rows to compare base and tuned model on.",
        "沒有驗證資料列可以用來比較基礎模型與微調後的模型。",
    ),
    "evaluate.no_validation.fix": (
        "Set it to a share such as 0.1, or to a file.",
        "請設為 0.1 之類的比例，或一個檔案。",
    ),
    "evaluate.not_a_scorecard": (
        "This is no scorecard ({what}). Run `llm-finetune evaluate` to write a new one.",
        "這不是評分表（{what}）。請執行 `llm-finetune evaluate` 重新產生。",
    ),
    "evaluate.bad_gate": (
        "{found!r} is no condition: one of {operators} and a number are expected.",
        "{found!r} 不是條件：應是 {operators} 之一加上一個數字。",
    ),
    "evaluate.bad_gate.fix": ('Write for example `">= 0.95"`.', '例如寫成 `">= 0.95"`。'),
    "evaluate.unknown_metric": ("there is no such metric here.", "這裡沒有這個指標。"),
    "evaluate.did_you_mean": ("Did you mean `{name}`?", "您要的是 `{name}` 嗎？"),
    "evaluate.known_metrics": ("Known here: {names}.", "這裡有：{names}。"),
    "evaluate.gate_failed": (
        "{gate} is not met: the tuned model has {found}.",
        "未達 {gate}：微調後的模型是 {found}。",
    ),
    "evaluate.plain_rows": (
        "{count} rows are plain text without a prompt: their loss is measured, and nothing is asked",
        "{count} 筆是沒有提示的純文字：只計算損失，不會拿來提問",
    ),
}
