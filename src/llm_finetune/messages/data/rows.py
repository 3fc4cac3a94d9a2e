"""Texts about rows, and the columns and turns in them."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "data.absent_column": ("no row has `{column}`.", "沒有任何一筆資料有 `{column}`。"),
    "data.absent_column.fix": (
        "Name a column of your rows; a dot reaches into an object.",
        "請填資料裡有的欄位名稱；可用點號取物件內的值。",
    ),
    "data.missing_field": ("the field is missing.", "缺少這個欄位。"),
    "data.missing_field.fix": (
        "Add it, or map your own column with `data.columns`.",
        "請補上，或以 `data.columns` 對應自己的欄位。",
    ),
    "data.null_field": ("the value is null.", "值是 null。"),
    "data.null_field.fix": ("Write a text, or remove the row.", "請填入文字，或移除這筆資料。"),
    "data.empty_field": ("the text is empty.", "文字是空的。"),
    "data.empty_field.fix": ("Write a text, or remove the row.", "請填入文字，或移除這筆資料。"),
    "data.blank_field": ("the text holds only blanks.", "文字只有空白。"),
    "data.blank_field.fix": ("Write a text, or remove the row.", "請填入文字，或移除這筆資料。"),
    "data.not_text": ("the value is of type {found}, not text.", "值的型別是 {found}，不是文字。"),
    "data.not_text.fix": (
        "Put it in double quotes as it should be learned, or let `data.repair: [text_values]` write it as JSON text.",
        "請照要學習的樣子寫在雙引號裡，或用 `data.repair: [text_values]` 轉成 JSON 文字。",
    ),
    "data.missing_messages_list": ("the list of turns is {found}.", "訊息清單是 {found}。"),
    "data.missing_messages_list.fix": (
        "Write a list of objects with `role` and `content`.",
        "請寫成清單，每個物件有 `role` 和 `content`。",
    ),
    "data.data_type": ("the turn is of type {found}.", "這則訊息的型別是 {found}。"),
    "data.data_type.fix": (
        "Each turn must be an object with `role` and `content`.",
        "每則訊息必須是有 `role` 和 `content` 的物件。",
    ),
    "data.message_missing_key": ("the key is missing.", "缺少這個鍵。"),
    "data.message_missing_key.fix": ("Each turn needs `role` and `content`.", "每則訊息都要有 `role` 和 `content`。"),
    "data.unrecognized_role": ("unknown role {found}.", "沒有 {found} 這個角色。"),
    "data.unrecognized_role.fix": ("Known: {known}.", "可用的有：{known}。"),
    "data.system_not_first": ("a system turn stands behind other turns.", "system 訊息排在其他訊息後面。"),
    "data.system_not_first.fix": (
        "Put it first; `data.repair: [merge_turns]` joins it with a system turn right before it.",
        "請移到最前面；若前一則也是 system 訊息，可用 `data.repair: [merge_turns]` 合併。",
    ),
    "data.repeated_role": ("two {role} turns follow each other.", "連續兩則都是 {role} 訊息。"),
    "data.repeated_role.fix": (
        "Merge them into one turn, or let `data.repair: [merge_turns]` do it.",
        "請合併成一則，或用 `data.repair: [merge_turns]` 自動合併。",
    ),
    "data.starts_with_assistant": ("the conversation starts with the assistant.", "對話由 assistant 開始。"),
    "data.starts_with_assistant.fix": ("Begin with a user turn.", "請以 user 訊息開頭。"),
    "data.example_missing_assistant_message": (
        "there is no assistant turn, so nothing can be learned.",
        "沒有 assistant 訊息，所以沒有內容可以學。",
    ),
    "data.example_missing_assistant_message.fix": (
        "Add the answer as an assistant turn.",
        "請把回答加成 assistant 訊息。",
    ),
    "data.trailing_turn": (
        "the last turn is a {role} turn without an answer.",
        "最後一則是 {role} 訊息，後面沒有回答。",
    ),
    "data.trailing_turn.fix": (
        "Add the answer, or remove the turn; `data.repair: [drop_trailing_turn]` removes it.",
        "請補上回答，或移除這則訊息；`data.repair: [drop_trailing_turn]` 會自動移除。",
    ),
    "data.unknown_layout": ("no known layout; keys found: {found}.", "不是已知的格式；這筆資料的鍵：{found}。"),
    "data.unknown_layout.guess": ("Is {found!r} meant as {name!r}?", "{found!r} 是指 {name!r} 嗎？"),
    "data.unknown_layout.fix": (
        "Known layouts: {layouts}. Rename the keys, or map them with `data.columns`.",
        "已知的格式：{layouts}。請修改鍵的名稱，或以 `data.columns` 對應。",
    ),
    "data.ignored_columns": ("columns not read: {names}.", "沒有讀取的欄位：{names}。"),
    "data.ignored_columns.fix": "",
    "data.mixed_formats": ("rows of several formats: {counts}.", "資料混用了多種格式：{counts}。"),
    "data.mixed_formats.fix": (
        "If that is not meant, set `data.format`.",
        "如果不是刻意的，請設定 `data.format`。",
    ),
    "data.preference_rows": (
        "{count} preference rows: training learns the chosen answers and leaves the rejected ones aside.",
        "{count} 筆偏好資料：訓練只學 chosen 的回答，不使用 rejected 的回答。",
    ),
    "data.preference_rows.fix": "",
    "data.control_characters": ("the text holds control characters: {names}.", "文字裡有控制字元：{names}。"),
    "data.control_characters.fix": (
        "They are learned as they stand; remove them if that is not meant.",
        "這些字元會照樣被學習；如果不是刻意的，請刪除。",
    ),
    "data.history_pairs": (
        "this is of type {found}, not a pair of question and answer.",
        "型別是 {found}，不是一問一答的配對。",
    ),
    "data.history_pairs.fix": (
        "Write `history` as a list of pairs: [[question, answer], …].",
        "`history` 請寫成配對的清單：[[問題, 回答], …]。",
    ),
    "data.content_part": (
        "a part of the content is of type {found}; only text is read.",
        "內容裡有 {found} 類型的部分；只能讀取文字。",
    ),
    "data.content_part.fix": (
        "Write the content as text, or as parts of type `text`.",
        "請把內容寫成文字，或寫成 `text` 類型的部分。",
    ),
    "data.bad_weight": ("the weight is {found}.", "權重是 {found}。"),
    "data.bad_weight.fix": (
        "1 learns the answer, 0 only reads it; nothing in between is possible.",
        "1 表示學習這個回答，0 表示只讀不學；沒有介於中間的值。",
    ),
    "data.ignored_weight": (
        "the weight of a {role} turn changes nothing: only answers are learned.",
        "{role} 訊息的權重沒有作用：只會學習回答。",
    ),
    "data.ignored_weight.fix": "",
    "data.no_trained_turn": (
        "every answer has weight 0, so nothing can be learned.",
        "每個回答的權重都是 0，所以沒有內容可以學。",
    ),
    "data.no_trained_turn.fix": (
        "Give one answer weight 1, or remove the row.",
        "請至少讓一個回答的權重是 1，或移除這筆資料。",
    ),
    "data.unread_key": ("`{key}` is not read.", "沒有讀取 `{key}`。"),
    "data.unread_key.fix": (
        "Put it into the text of the turn if it should be learned.",
        "如果要學習它，請放進訊息的文字裡。",
    ),
    "data.tool_calls_list": (
        "this is of type {found}, not a tool call.",
        "型別是 {found}，不是工具呼叫。",
    ),
    "data.tool_calls_list.fix": (
        "Write a list of objects, each with a `function` that has `name` and `arguments`.",
        "請寫成物件的清單，每個物件的 `function` 要有 `name` 和 `arguments`。",
    ),
    "data.tool_call_text": (
        "the turn holds no tool call as JSON: {what}.",
        "這則訊息不是 JSON 格式的工具呼叫：{what}。",
    ),
    "data.tool_call_text.fix": (
        "Write an object with `name` and `arguments`, or a list of them.",
        "請寫成有 `name` 和 `arguments` 的物件，或這種物件的清單。",
    ),
    "data.tool_call_type": ("the tool call is of type {found}.", "工具呼叫的類型是 {found}。"),
    "data.tool_call_type.fix": ("Only calls of type `function` are read.", "只能讀取 `function` 類型的呼叫。"),
    "data.tool_call_arguments": (
        "the arguments are not a JSON object: {what}.",
        "呼叫的參數不是 JSON 物件：{what}。",
    ),
    "data.tool_call_arguments.fix": (
        "Write an object, or JSON text of one.",
        "請寫成物件，或該物件的 JSON 文字。",
    ),
    "data.tool_call_arguments.twice": ("key `{key}` twice", "鍵 `{key}` 出現兩次"),
    "data.tool_call_arguments.deep": ("nested deeper than {limit} levels", "巢狀超過 {limit} 層"),
    "data.tools_list": (
        "the tools are not a list of JSON schemas: {what}.",
        "工具不是 JSON schema 的清單：{what}。",
    ),
    "data.tools_list.fix": (
        "Write a list of objects with `name`, `description` and `parameters`, or JSON text of it.",
        "請寫成清單，每個物件有 `name`、`description` 和 `parameters`，或寫成它的 JSON 文字。",
    ),
    "data.tool_result_without_call": (
        "a tool result stands here, but no tool was called before it.",
        "這裡有工具的結果，但前面沒有呼叫工具。",
    ),
    "data.tool_result_without_call.fix": (
        "Put the assistant's call in front of it, or remove the turn.",
        "請在前面加上 assistant 的呼叫，或移除這則訊息。",
    ),
    "data.tool_call_without_result": (
        "a {role} turn follows a tool call that has no result.",
        "工具呼叫還沒有結果，後面就接了 {role} 訊息。",
    ),
    "data.tool_call_without_result.fix": (
        "Put the result behind the call as a `tool` turn.",
        "請在呼叫後面以 `tool` 訊息寫出結果。",
    ),
    "data.tool_result_without_answer": (
        "a user turn follows a tool result that nobody answered.",
        "工具的結果還沒有回答，後面就接了 user 訊息。",
    ),
    "data.tool_result_without_answer.fix": (
        "Put the assistant's answer behind the result.",
        "請在結果後面加上 assistant 的回答。",
    ),
    "data.unknown_tool_call_id": (
        "the result names a call that the assistant did not make.",
        "這個結果指的不是 assistant 發出的呼叫。",
    ),
    "data.unknown_tool_call_id.fix": (
        "`tool_call_id` must be the `id` of a call in the turn before.",
        "`tool_call_id` 必須是前一則訊息裡某個呼叫的 `id`。",
    ),
    "data.undesirable_answer": (
        "the answer is marked as a bad one, so nothing can be learned.",
        "這個回答標記為不好的回答，所以沒有內容可以學。",
    ),
    "data.undesirable_answer.fix": (
        "Set `data.on_bad_rows: drop` to learn the good answers and leave these out.",
        "請設定 `data.on_bad_rows: drop`，只學好的回答，捨棄這些。",
    ),
    "data.unread_verdict": (
        "neither true nor false: it is not read as a verdict on the answer, and the answer is learned.",
        "不是 true 也不是 false：不當作對回答的評價，這個回答會被學習。",
    ),
    "data.unread_verdict.fix": "",
    "data.equal_answers": ("both sides of the pair are the same.", "這一對的兩邊完全相同。"),
    "data.equal_answers.fix": ("Remove the row.", "請移除這筆資料。"),
    "data.no_shared_prompt": (
        "the two sides do not answer the same prompt.",
        "兩邊回答的不是同一個提示。",
    ),
    "data.no_shared_prompt.fix": (
        "Both must begin with the same turns, and part at an answer.",
        "兩邊開頭的訊息必須相同，從回答開始才不同。",
    ),
    "data.other_prompt": (
        "the turns do not begin with the prompt of the row.",
        "這些訊息不是以這筆資料的提示開頭。",
    ),
    "data.other_prompt.fix": (
        "Leave the prompt out of the turns, or write the same one in both places.",
        "請不要在訊息裡重複提示，或在兩處寫成一樣。",
    ),
    "data.other_layout": (
        "the row is laid out as `{found}`, and `{wanted}` is asked for.",
        "這筆資料是 `{found}` 格式，但指定的是 `{wanted}`。",
    ),
    "data.other_layout.fix": (
        "Set `data.format: auto`, or the format of the source.",
        "請設定 `data.format: auto`，或修改該來源的格式。",
    ),
}
