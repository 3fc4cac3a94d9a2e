"""Texts about templates, tokens, the split, and what is done with rows."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "data.template_refuses": (
        "the chat template does not accept this conversation: {what}.",
        "對話範本不接受這段對話：{what}。",
    ),
    "data.template_refuses.fix": (
        "Change the row, or give another template with `model.chat_template`.",
        "請修改這筆資料，或以 `model.chat_template` 指定別的範本。",
    ),
    "data.answer_not_rendered": (
        "the chat template changes or drops the answer of turn {turn}.",
        "對話範本更動或捨棄了第 {turn} 則訊息的回答。",
    ),
    "data.answer_not_rendered.fix": (
        "Use another template with `model.chat_template`, or remove the row.",
        "請以 `model.chat_template` 指定別的範本，或移除這筆資料。",
    ),
    "data.overlong": (
        "the row is {tokens} tokens, the limit is {limit}.",
        "這筆資料有 {tokens} 個 token，上限是 {limit}。",
    ),
    "data.overlong.fix": (
        "Raise `data.max_length`, or set `data.overlong` to `drop`, `truncate_left_turns` or `truncate`.",
        "請調高 `data.max_length`，或把 `data.overlong` 設為 `drop`、`truncate_left_turns` 或 `truncate`。",
    ),
    "data.overlong_prompt": (
        "the prompt alone is {prompt} tokens, the limit is {limit}: 0 tokens left to learn.",
        "光是提示就有 {prompt} 個 token，上限是 {limit}：可以學的 token 剩 0 個。",
    ),
    "data.overlong_prompt.fix": (
        "Raise `data.max_length`, shorten the prompt, or remove the row.",
        "請調高 `data.max_length`、縮短提示，或移除這筆資料。",
    ),
    "data.overlong_dropped": (
        "left out: {tokens} tokens, the limit is {limit}.",
        "已捨棄：有 {tokens} 個 token，上限是 {limit}。",
    ),
    "data.overlong_dropped.fix": "",
    "data.truncated": (
        "cut from {tokens} to {limit} tokens; the end of the answer is not learned.",
        "從 {tokens} 個 token 截到 {limit} 個；回答的結尾不會被學習。",
    ),
    "data.truncated.fix": "",
    "data.no_trained_tokens": ("no token of this row would be trained.", "這筆資料沒有任何受訓的 token。"),
    "data.no_trained_tokens.fix": ("Give the row an answer.", "請為這筆資料加上回答。"),
    "data.nothing_left": ("no row is left to train on.", "沒有剩下任何可以訓練的資料。"),
    "data.nothing_left.fix": (
        "See the problems above; `llm-finetune check` lists them all.",
        "請看上面的問題；`llm-finetune check` 會全部列出。",
    ),
    "data.too_few_to_split": (
        "{rows} row cannot be split into training and validation.",
        "只有 {rows} 筆資料，無法分成訓練和驗證兩部分。",
    ),
    "data.too_few_to_split.fix": (
        "Add rows, or set `data.validation: none`.",
        "請增加資料，或設定 `data.validation: none`。",
    ),
    "data.position_limit": (
        "`data.max_length` is {wanted}, but the model reads {limit} tokens at most: {limit} counts.",
        "`data.max_length` 是 {wanted}，但模型最多只能讀 {limit} 個 token：以 {limit} 為準。",
    ),
    "data.too_few_to_split.one_group": (
        "all {rows} rows belong together (the same prompt, or one group of `data.group_by`), so none can be held out.",
        "全部 {rows} 筆資料都屬於同一組（提示相同，或 `data.group_by` 的值相同），無法分出驗證資料。",
    ),
    "data.turns_removed": (
        "the oldest {turns} turns are left out: the row is {tokens} tokens, the limit is {limit}.",
        "已略去最舊的 {turns} 則訊息：這筆資料有 {tokens} 個 token，上限是 {limit}。",
    ),
    "data.turns_removed.fix": "",
    "data.token_cache_rebuilt": (
        "the token cache was damaged ({what}) and is built anew.",
        "token 快取已損毀（{what}），將重新建立。",
    ),
    "data.token_cache_rebuilt.fix": "",
    "data.token_cache_off": (
        "the token cache cannot be used ({what}); rows are tokenised without it.",
        "無法使用 token 快取（{what}），改為直接切分 token。",
    ),
    "data.token_cache_off.fix": "",
    "data.no_row": ("no row begins at line {line}.", "第 {line} 行沒有任何一筆資料開頭。"),
    "data.no_row.fix": (
        "`--line` takes the line a row begins at, as `check` names it.",
        "`--line` 要給資料開頭的行號，也就是 `check` 列出的行號。",
    ),
    "data.template_syntax": (
        "the chat template is not valid Jinja: {what} (line {line} of the template).",
        "對話範本不是有效的 Jinja：{what}（範本第 {line} 行）。",
    ),
    "data.template_syntax.fix": (
        "Correct it, or give another one with `model.chat_template`.",
        "請修正範本，或以 `model.chat_template` 指定別的範本。",
    ),
    "data.template_refuses_system": (
        "the chat template does not accept role system: {what}.",
        "對話範本不接受 system 角色：{what}。",
    ),
    "data.template_refuses_system.fix": (
        "Set `data.system_role: fold` (in front of the first user turn) or `drop`, or give another template with "
        "`model.chat_template`.",
        "請把 `data.system_role` 設為 `fold`（放到第一則 user 訊息前面）或 `drop`，或以 `model.chat_template` "
        "指定別的範本。",
    ),
    "data.template_without_tools": (
        "the chat template cannot show the list of tools.",
        "對話範本無法呈現工具清單。",
    ),
    "data.template_without_tools.fix": (
        "Give a template that shows `tools` with `model.chat_template`, or remove the tools from the row.",
        "請以 `model.chat_template` 指定能呈現 `tools` 的範本，或移除這筆資料的工具。",
    ),
    "data.template_without_tool_calls": (
        "the chat template cannot show tool calls.",
        "對話範本無法呈現工具呼叫。",
    ),
    "data.template_without_tool_calls.fix": (
        "Give a template that shows `tool_calls` with `model.chat_template`, or remove the row.",
        "請以 `model.chat_template` 指定能呈現 `tool_calls` 的範本，或移除這筆資料。",
    ),
    "data.turn_not_rendered": (
        "the chat template drops or changes turn {turn} ({role}).",
        "對話範本捨棄或更動了第 {turn} 則訊息（{role}）。",
    ),
    "data.turn_not_rendered.fix": (
        "Use another template with `model.chat_template`; for a system turn `data.system_role: fold` also helps.",
        "請以 `model.chat_template` 指定別的範本；如果是 system 訊息，也可以設定 `data.system_role: fold`。",
    ),
    "data.reasoning_not_rendered": (
        "the chat template drops what turn {turn} thinks before `</think>`, so that it would not be learned.",
        "對話範本捨棄了第 {turn} 則訊息在 `</think>` 前面的思考內容，因此學不到。",
    ),
    "data.reasoning_not_rendered.fix": (
        "Remove the thoughts from the answers, or use another template with `model.chat_template`.",
        "請從回答中移除思考內容，或以 `model.chat_template` 指定別的範本。",
    ),
    "data.thinking_not_enabled": (
        "turn {turn} thinks before it answers, but in a chat the template asks for an answer without thinking.",
        "第 {turn} 則訊息會先思考再回答，但對話時範本要求不思考就回答。",
    ),
    "data.thinking_not_enabled.fix": (
        "Set `model.chat_template_kwargs: {{enable_thinking: true}}`, or remove the thoughts from the answers.",
        "請設定 `model.chat_template_kwargs: {{enable_thinking: true}}`，或從回答中移除思考內容。",
    ),
    "data.prompt_not_rendered": (
        "before the answer of turn {turn} the chat template writes something else than it writes when it asks for one.",
        "對話範本在第 {turn} 則回答前面寫的內容，與它要求回答時所寫的不同。",
    ),
    "data.prompt_not_rendered.fix": (
        "Use another template with `model.chat_template`, or remove the row.",
        "請以 `model.chat_template` 指定別的範本，或移除這筆資料。",
    ),
    "data.answer_without_end": (
        "nothing ends the answer of turn {turn}: the chat template writes no end token and the tokenizer has none.",
        "第 {turn} 則回答沒有結尾：對話範本沒有寫結束 token，分詞器也沒有。",
    ),
    "data.answer_without_end.fix": (
        "Use a template that ends an answer with a token of the model, with `model.chat_template`.",
        "請以 `model.chat_template` 指定會用模型的 token 結束回答的範本。",
    ),
    "data.automatic_template": (
        "{name} has no chat template; `{template}` is used, because {reason} "
        "(set `model.chat_template` for another one)",
        "{name} 沒有對話範本；改用 `{template}`，因為{reason}（要用別的範本，請設定 `model.chat_template`）",
    ),
    "data.automatic_template.tokens": ("its vocabulary has {tokens}", "它的詞彙表有 {tokens}"),
    "data.automatic_template.plain": (
        "any tokenizer can write its headings in plain words",
        "它的標題是一般文字，任何分詞器都能寫",
    ),
    "data.template_token": (
        "the template `{name}` ends a turn with {token}, which is no token of this model.",
        "範本 `{name}` 以 {token} 結束訊息，但這個模型沒有這個 token。",
    ),
    "data.template_token.fix": ("Templates that fit: {known}.", "適合的範本：{known}。"),
    "data.default_system": (
        "the chat template adds a system text to rows that bring none: {text!r}.",
        "資料沒有 system 訊息時，對話範本會自動加上：{text!r}。",
    ),
    "data.default_system.fix": (
        "Set `data.system` for another one.",
        "要用別的內容，請設定 `data.system`。",
    ),
    "data.end_appended": (
        "the chat template writes no end token behind an answer; {token} is put there and learned, and a conversation "
        "of several answers becomes one example an answer.",
        "對話範本沒有在回答後面寫結束 token；已補上 {token} 並加以訓練，有多則回答的對話會拆成每則回答一筆。",
    ),
    "data.end_appended.fix": "",
    "data.double_bos": (
        "both the chat template and the tokenizer write {token}; it is read once here.",
        "對話範本和分詞器都會寫 {token}；這裡只會讀取一次。",
    ),
    "data.double_bos.fix": (
        "Other programs must encode rendered text without adding special tokens.",
        "其他程式編碼已套用範本的文字時，請不要再加特殊 token。",
    ),
    "data.control_tokens": (
        "the text spells control tokens, which are read as plain text: {tokens}",
        "內文裡有控制 token 的字樣，會當成一般文字：{tokens}",
    ),
    "data.control_tokens.fix": (
        "If they are leftovers of another template, remove them.",
        "如果是其他範本留下的，請移除。",
    ),
    "data.and_more": ("… and {count:,} more of {code}", "…… 還有 {count:,} 個 {code}"),
    "data.dropped_rows": ("{count:,} rows left out: {counts}", "略過 {count:,} 筆資料：{counts}"),
    "data.repaired_rows": ("{count:,} repairs: {counts}", "修正 {count:,} 處：{counts}"),
    "data.weighted": (
        "sources are weighted ({weights}): one epoch sees {examples:,} examples made of {rows:,}",
        "資料來源有權重（{weights}）：一個 epoch 會看 {examples:,} 個樣本，來自 {rows:,} 個",
    ),
    "data.encoding": ("tokens: {done:,} of {total:,} rows", "轉成 token：{total:,} 筆中的 {done:,} 筆"),
    "data.output_over_input": ("this file is read, and would be written over.", "這個檔案正在讀取，會被覆寫掉。"),
    "data.output_over_input.fix": ("Give {option} another name.", "請為 {option} 換一個檔名。"),
    "data.output_is_folder": ("this is a folder.", "這是資料夾。"),
    "data.output_is_folder.fix": ("Give {option} the name of a file.", "請為 {option} 指定檔名。"),
    "data.no_validation_rows": ("no row of the validation file can be used.", "驗證檔裡沒有任何可用的資料。"),
    "data.no_validation_rows.fix": (
        "Mend the file, or set `data.validation` to a share or to `none`.",
        "請修正這個檔案，或把 `data.validation` 設為比例或 `none`。",
    ),
    "data.source_weights": (
        "the file is named twice with different weights.",
        "這個檔案指定了兩次，而且權重不同。",
    ),
    "data.source_weights.fix": ("Give both the same weight.", "請給兩處相同的權重。"),
    "data.thought_expected": (
        "`model.chat_template_kwargs` asks for thinking, but the answer of turn {turn} has no thought.",
        "`model.chat_template_kwargs` 要求先思考，但第 {turn} 則回答沒有思考內容。",
    ),
    "data.thought_expected.fix": (
        "Put a thought in front of the answer (`<think>…</think>`), or take the wish out of "
        "`model.chat_template_kwargs`.",
        "請在回答前面加上思考內容（`<think>…</think>`），或從 `model.chat_template_kwargs` 移除這個要求。",
    ),
    "data.from_cache": (
        "tokens: {known:,} rows were known from before, {new:,} are new",
        "token：{known:,} 筆沿用先前的結果，{new:,} 筆是新的",
    ),
}
