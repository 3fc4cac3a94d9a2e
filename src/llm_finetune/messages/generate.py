"""Texts of the generate room."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "generate.prompt_too_long": (
        "prompt {number} has {tokens} tokens; the model reads {limit} in all, so there is no room for an answer.",
        "第 {number} 個提示有 {tokens} 個 token，而模型總共只能讀 {limit} 個，沒有空間可以回答。",
    ),
    "generate.prompt_too_long.fix": ("Shorten the prompt.", "請縮短提示。"),
    "generate.template_refuses": (
        "the chat template refuses prompt {number}: {what}.",
        "對話範本不接受第 {number} 個提示：{what}。",
    ),
    "generate.template_refuses.fix": (
        "Leave out what it does not take (often the system prompt), or set `model.chat_template`.",
        "請拿掉它不接受的部分（常是系統提示），或設定 `model.chat_template`。",
    ),
    "generate.temperature_bounds": (
        "{found} is not a temperature from 0 to 100.",
        "{found} 不是 0 到 100 的溫度值。",
    ),
    "generate.temperature_bounds.fix": (
        "Take 0 for the likeliest answer, or about 0.7 for variety.",
        "要最可能的答案用 0，要變化用 0.7 左右。",
    ),
    "generate.top_p_bounds": (
        "{found} is not a share above 0 and up to 1.",
        "{found} 不是大於 0、至多為 1 的比例。",
    ),
    "generate.top_p_bounds.fix": (
        "Take 1 for all tokens, or about 0.9.",
        "要用全部 token 就設 1，或設 0.9 左右。",
    ),
    "generate.seed_bounds": ("{found} is not a whole number from 0 on.", "{found} 不是 0 以上的整數。"),
    "generate.seed_bounds.fix": ("Take a number such as 42.", "請用 42 之類的數字。"),
    "generate.chat_full": (
        "The conversation no longer fits the {limit} tokens that the model reads; the question was not kept. "
        "`/save PATH` keeps what was said, `/new` starts over.",
        "對話已超過模型能讀的 {limit} 個 token，這個問題沒有留下。`/save 路徑` 可以存下對話，`/new` 重新開始。",
    ),
    "generate.help_help": ("show these commands", "顯示這些指令"),
    "generate.help_new": ("forget the conversation and start over", "忘掉這段對話，重新開始"),
    "generate.help_base": ("let the base model answer", "改由基礎模型回答"),
    "generate.help_tuned": ("let the tuned model answer", "改由微調後的模型回答"),
    "generate.help_save": (
        "append the conversation to a JSONL file, as a training row",
        "把對話加到 JSONL 檔，成為一列訓練資料",
    ),
    "generate.help_quit": ("leave (also Ctrl-D)", "離開（也可按 Ctrl-D）"),
    "generate.unknown_command": (
        "There is no command /{name}. Did you mean /{guess}? /help lists them all.",
        "沒有 /{name} 這個指令。您要的是 /{guess} 嗎？/help 會列出全部指令。",
    ),
    "generate.forgotten": ("A new conversation.", "新的對話。"),
    "generate.now_base": ("The base model answers from here on.", "接下來由基礎模型回答。"),
    "generate.now_tuned": ("The tuned model answers from here on.", "接下來由微調後的模型回答。"),
    "generate.no_base": ("The base model is not loaded here.", "這裡沒有載入基礎模型。"),
    "generate.no_tuned": (
        "There is no tuned model here; `llm-finetune train` makes one.",
        "這裡沒有微調後的模型；`llm-finetune train` 會產生一個。",
    ),
    "generate.save_where": ("Name a file: /save data/chats.jsonl", "請指定檔案：/save data/chats.jsonl"),
    "generate.nothing_to_save": ("Nothing was said yet.", "還沒有對話可以存。"),
    "generate.not_saved": ("{path} was not written: {what}.", "{path} 沒有寫入：{what}。"),
    "generate.saved": (
        "{turns} turns were added to {path} as one row.",
        "已把 {turns} 則訊息以一列加到 {path}。",
    ),
    "generate.base_only": (
        "Nothing is trained yet; the base model answers.",
        "還沒有訓練過的模型，由基礎模型回答。",
    ),
    "generate.chat_hello": (
        "{who} answers. Type a message; /help lists the commands, Ctrl-C stops an answer, Ctrl-D leaves.",
        "由{who}回答。請輸入訊息；/help 列出指令，Ctrl-C 停止回答，Ctrl-D 離開。",
    ),
    "generate.who_tuned": ("The tuned model", "微調後的模型"),
    "generate.who_base": ("The base model", "基礎模型"),
    "generate.label_tuned": ("tuned", "微調後"),
    "generate.label_base": ("base", "基礎"),
    "generate.you": ("you", "您"),
    "generate.stopped_length": (
        "(cut at {tokens} tokens)",
        "（到 {tokens} 個 token 截斷）",
    ),
    "generate.stopped_limit": (
        "(cut: the conversation has reached the {limit} tokens that the model reads; /new starts over)",
        "（截斷：對話已達模型能讀的 {limit} 個 token；/new 重新開始）",
    ),
    "generate.stopped_interrupt": ("(stopped; what was said is kept)", "（已停止；說過的內容會保留）"),
    "generate.no_answer": ("(no answer; the question was not kept)", "（沒有回答；這個問題沒有留下）"),
    "generate.interrupt_hint": ("Ctrl-D or /quit leaves.", "按 Ctrl-D 或輸入 /quit 離開。"),
    "generate.no_prompts.fix": ("Write one prompt on each line.", "請一行寫一個提示。"),
    "generate.no_prompt_field": (
        "the record has neither `prompt` nor `instruction` nor `messages`.",
        "這筆資料沒有 `prompt`、`instruction` 或 `messages`。",
    ),
}
