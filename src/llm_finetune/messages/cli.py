"""Texts of the command line."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "cli.problems": ("{count} problems found; nothing was changed.", "找到 {count} 個問題；沒有更動任何東西。"),
    "cli.os_error": ("{path}: the system refuses: {what}.", "{path}：系統拒絕：{what}。"),
    "cli.unknown_argument": (
        "{argument!r} is neither a configuration file (.yaml) nor an override.",
        "{argument!r} 不是設定檔（.yaml），也不是覆寫設定。",
    ),
    "cli.unknown_argument.fix": (
        "An override looks like training.learning_rate=1e-4.",
        "覆寫設定的寫法像 training.learning_rate=1e-4。",
    ),
    "cli.two_configs": ("more than one configuration file: {names}.", "設定檔不只一個：{names}。"),
    "cli.hours": ("{hours} h {minutes} min", "{hours} 小時 {minutes} 分"),
    "cli.minutes": ("{minutes} min {seconds} s", "{minutes} 分 {seconds} 秒"),
    "cli.seconds": ("{seconds} s", "{seconds} 秒"),
    "cli.init.next": (
        "Next: cd {folder} && llm-finetune check && llm-finetune preview && llm-finetune train",
        "接下來：cd {folder} && llm-finetune check && llm-finetune preview && llm-finetune train",
    ),
    "cli.check.warning": ("note: {text}", "注意：{text}"),
    "cli.check.summary": (
        "{read} rows read, {kept} kept, {dropped} dropped; layout: {formats}",
        "讀取 {read} 筆，保留 {kept} 筆，捨棄 {dropped} 筆；格式：{formats}",
    ),
    "cli.check.good": ("Nothing stands in the way of training.", "沒有問題，可以開始訓練。"),
    "cli.check.bad": (
        "{count} problems. Training would stop here; mend them first.",
        "有 {count} 個問題，訓練會停在這裡；請先修正。",
    ),
    "cli.train.bar": ("training", "訓練中"),
    "cli.train.step": ("step {step}/{total}", "第 {step}/{total} 步"),
    "cli.train.loss": ("loss {loss}", "損失 {loss}"),
    "cli.train.eval_loss": ("validation loss {loss}", "驗證損失 {loss}"),
    "cli.train.speed": ("{speed} tokens/s", "每秒 {speed} 個 token"),
    "cli.train.left": ("{time} left", "剩餘 {time}"),
    "cli.train.delivered": ("model: {path}", "模型：{path}"),
    "cli.train.figures": (
        "{tokens:,} tokens ({trained:,} trained, {padding:,} padding) in {time}, peak memory {memory}",
        "{tokens:,} 個 token（受訓 {trained:,}、填充 {padding:,}），費時 {time}，記憶體用量最高 {memory}",
    ),
    "cli.runs.none": ("No runs yet.", "還沒有訓練紀錄。"),
    "cli.runs.name": ("run", "訓練"),
    "cli.runs.status": ("status", "狀態"),
    "cli.runs.base": ("base", "基礎模型"),
    "cli.runs.steps": ("steps", "步數"),
    "cli.runs.loss": ("best validation loss", "最佳驗證損失"),
    "cli.runs.size": ("size", "大小"),
    "cli.runs.cannot_ask": ("there is no terminal to ask in.", "沒有終端機可以詢問。"),
    "cli.runs.cannot_ask.fix": (
        "Add --yes to delete the archived runs without a question.",
        "請加上 --yes，不詢問就刪除封存的訓練。",
    ),
    "cli.runs.confirm": ("Delete {names}?", "要刪除 {names} 嗎？"),
    "cli.evaluate.metric": ("metric", "指標"),
    "cli.evaluate.base": ("base", "基礎"),
    "cli.evaluate.tuned": ("tuned", "微調後"),
    "cli.evaluate.n": ("n", "筆數"),
    "cli.evaluate.written": ("scorecard: {path}", "評分表：{path}"),
    "cli.evaluate.gates_failed": ("{count} gate(s) failed.", "{count} 個門檻未達到。"),
    "cli.evaluate.progress": ("{who}: {done} of {total} answers", "{who}：已回答 {done}/{total}"),
    "cli.generate.no_prompt": ("there is no prompt.", "沒有提示。"),
    "cli.generate.no_prompt.fix": (
        "Give one in quotes, or a file with --input FILE.",
        "請用引號寫一個提示，或以 --input FILE 指定檔案。",
    ),
    "cli.generate.both": ("a prompt and --input were both given.", "同時給了提示和 --input。"),
    "cli.generate.both.fix": ("Give one of them.", "請只給其中一個。"),
    "cli.generate.output_without_input": ("--output goes with --input.", "--output 要和 --input 一起使用。"),
    "cli.generate.written": ("wrote {count} answers to {path}", "已將 {count} 個回答寫入 {path}"),
    "cli.merge.done": ("merged model: {path} ({dtype}, {size})", "合併後的模型：{path}（{dtype}，{size}）"),
    "cli.merge.figures": (
        "largest logit difference in float32: {difference:.2e}; mean divergence from the float32 "
        "model after the cast: {kl_merged:.2e} (adapter on the {dtype} base: {kl_adapter:.2e})",
        "float32 下 logits 的最大差距：{difference:.2e}；轉換格式後與 float32 模型的平均 KL 散度："
        "{kl_merged:.2e}（轉接器加 {dtype} 基礎模型：{kl_adapter:.2e}）",
    ),
    "cli.push.file": "  {name}  {size}",
    "cli.push.dry": (
        "would upload {count} files, {size}, to {repo} ({visibility})",
        "會上傳 {count} 個檔案（{size}）到 {repo}（{visibility}）",
    ),
    "cli.push.private": ("private", "私有"),
    "cli.push.public": ("public", "公開"),
    "cli.push.done": ("uploaded {count} files to {url}", "已上傳 {count} 個檔案到 {url}"),
    "cli.check.kind": ("kind", "種類"),
    "cli.check.error": ("error", "錯誤"),
    "cli.check.note": ("note", "注意"),
    "cli.check.code": ("code", "代碼"),
    "cli.check.rows": ("rows", "筆數"),
    "cli.check.first": ("first place", "最先出現處"),
    "cli.check.what": ("what", "內容"),
    "cli.check.more": ("… and {count:,} more of {code}", "……另有 {count:,} 個 {code}"),
    "cli.check.repaired": ("repaired: {counts}", "已修正：{counts}"),
    "cli.check.dropped_by": ("dropped by reason: {counts}", "捨棄的原因：{counts}"),
    "cli.check.split": (
        "split: {train:,} training rows, {validation:,} held out ({share:.1%}); {groups:,} groups of rows that stay "
        "together, the largest has {largest_group:,}",
        "切分：訓練 {train:,} 筆，保留 {validation:,} 筆驗證（{share:.1%}）；共 {groups:,} 組同進退的資料，最大一組 "
        "{largest_group:,} 筆",
    ),
    "cli.check.near_duplicates": (
        "content: {searched:,} rows compared with each other",
        "內容：互相比對了 {searched:,} 筆資料",
    ),
    "cli.check.clean": (
        "wrote {kept:,} rows to {path}; {removed:,} removed rows with their reasons are in {removed_path}",
        "已將 {kept:,} 筆寫入 {path}；移除的 {removed:,} 筆和原因在 {removed_path}",
    ),
    "cli.preview.counts": ("{tokens:,} tokens, {trained:,} trained", "{tokens:,} 個 token，其中 {trained:,} 個受訓"),
    "cli.preview.counts_unused": ("{tokens:,} tokens", "{tokens:,} 個 token"),
    "cli.preview.turn": "{role} {tokens:,}",
    "cli.preview.turn_trained": ("{role} {tokens:,} ({trained:,} trained)", "{role} {tokens:,}（受訓 {trained:,}）"),
    "cli.preview.template": ("template {tokens:,}", "範本 {tokens:,}"),
    "cli.preview.part": ("example {number} of {total} of this row", "這筆資料分成 {total} 個範例中的第 {number} 個"),
    "cli.preview.plain": ("plain text", "純文字"),
    "cli.preview.unusable": ("not used in training", "不會用於訓練"),
    "cli.preview.cut": (
        "{tokens:,} tokens over the limit of {limit:,}: ",
        "超過上限 {limit:,} 的 {tokens:,} 個 token：",
    ),
    "cli.preview.cut_turns": (
        "the oldest turns, {tokens:,} tokens, to fit the limit of {limit:,}: ",
        "為了符合上限 {limit:,}，移除最早的幾則訊息（{tokens:,} 個 token）：",
    ),
    "cli.preview.left_out": ("[… {count:,} characters …]", "［……{count:,} 個字元……］"),
    "cli.preview.rejected": ("rejected answer, not trained:", "較差的回答（rejected），不受訓："),
    "cli.preview.as_read": ("the row as it was read:", "讀到的資料："),
    "cli.preview.some_unusable": (
        "{count} of {total} rows shown cannot be trained on; `llm-finetune check` lists every problem.",
        "所示 {total} 筆中有 {count} 筆不能用於訓練；`llm-finetune check` 會列出所有問題。",
    ),
    "cli.preview.written": (
        "wrote {count:,} of {total:,} rows to {path}",
        "已將 {total:,} 筆中的 {count:,} 筆寫入 {path}",
    ),
    "cli.stats.totals": (
        "{rows:,} examples, {tokens:,} tokens, {trained_tokens:,} of them trained ({trained_share:.1%})",
        "{rows:,} 個範例，{tokens:,} 個 token，其中 {trained_tokens:,} 個受訓（{trained_share:.1%}）",
    ),
    "cli.stats.spread": (
        "tokens per example: mean {mean:,}, p50 {p50:,}, p90 {p90:,}, p99 {p99:,}, max {max:,}",
        "每個範例的 token 數：平均 {mean:,}、p50 {p50:,}、p90 {p90:,}、p99 {p99:,}、最多 {max:,}",
    ),
    "cli.stats.mean": ("mean", "平均"),
    "cli.stats.length": ("tokens per example", "每個範例的 token"),
    "cli.stats.trained_length": ("trained per example", "每個範例受訓的 token"),
    "cli.stats.histogram_linear": (
        "tokens per example: examples (bins of one width)",
        "每個範例的 token 數：範例數（各組等寬）",
    ),
    "cli.stats.histogram_log": (
        "tokens per example: examples (each bin twice as wide as the one before)",
        "每個範例的 token 數：範例數（各組寬度逐一加倍）",
    ),
    "cli.stats.limits": ("limits", "上限"),
    "cli.stats.over_max": ("longer than data.max_length ({limit:,})", "超過 data.max_length（{limit:,}）"),
    "cli.stats.over_position": ("longer than the model reads ({limit:,})", "超過模型能讀的長度（{limit:,}）"),
    "cli.stats.over_prompt": (
        "prompt alone fills the limit: nothing left to learn",
        "光是提示就占滿上限：沒有內容可學",
    ),
    "cli.stats.untrained": ("no trained token", "沒有受訓的 token"),
    "cli.stats.rows_are": ("data", "資料"),
    "cli.stats.layouts": ("layouts", "格式"),
    "cli.stats.roles": ("turns by role", "各角色訊息數"),
    "cli.stats.turns": ("rows by turns", "各訊息數的筆數"),
    "cli.stats.turns_each": ("{turns} turns: {rows:,}", "{turns} 則：{rows:,}"),
    "cli.stats.padding": ("padding", "填充"),
    "cli.stats.padding_shares": (
        "{padding_random:.1%} in random batches of {size} (1 − mean ÷ expected longest of {size}), "
        "{padding_sorted:.1%} in batches of similar length",
        "隨機每批 {size} 筆時 {padding_random:.1%}（1 − 平均 ÷ {size} 筆中最長的期望值），"
        "長度相近的放同一批時 {padding_sorted:.1%}",
    ),
    "cli.stats.vocabulary": ("vocabulary", "詞彙"),
    "cli.stats.vocabulary_used": (
        "{used:,} of {size:,} tokens used; none is unknown",
        "用到 {size:,} 個 token 中的 {used:,} 個；沒有未知的 token",
    ),
    "cli.stats.vocabulary_unknown": (
        "{used:,} of {size:,} tokens used; {unknown_tokens:,} unknown tokens in {rows_with_unknown:,} examples",
        "用到 {size:,} 個 token 中的 {used:,} 個；未知 token {unknown_tokens:,} 個，在 {rows_with_unknown:,} 個範例中",
    ),
    "cli.stats.longest": ("longest", "最長的資料"),
    "cli.stats.tokens": ("tokens", "token 數"),
    "cli.stats.summary": (
        "{read:,} rows read, {rows:,} examples counted (those over the limit too), {left_out:,} rows cannot be counted",
        "讀取 {read:,} 筆，計入 {rows:,} 個範例（包含超過上限的），無法計入 {left_out:,} 筆",
    ),
    "cli.stats.saved": ("saved: {path}", "已儲存：{path}"),
    "cli.check.without_tokens": (
        "tokens are not counted: no model is named (add a configuration, or model.name=…)",
        "沒有計算 token：沒有指定模型（請加上設定檔，或 model.name=…）",
    ),
    "cli.methods.type": ("peft_type", "peft_type"),
    "cli.methods.trains": ("what it trains", "訓練什麼"),
    "cli.methods.parameters": ("trained", "受訓參數"),
    "cli.methods.memory": ("memory", "記憶體"),
    "cli.methods.can": ("can", "支援"),
    "cli.methods.paper": ("paper", "論文"),
    "cli.methods.can_merge": ("merge", "合併"),
    "cli.methods.can_export_as_lora": ("export as LoRA", "匯出成 LoRA"),
    "cli.methods.can_quantize_base": ("quantised base", "量化的基礎模型"),
    "cli.methods.can_checkpoint": ("gradient checkpointing", "梯度檢查點"),
    "cli.methods.memory.hardly": ("hardly more than the model", "幾乎等於模型本身"),
    "cli.methods.memory.little": ("a little more than the model", "比模型略多"),
    "cli.methods.memory.more": ("clearly more than the model", "比模型明顯多"),
    "cli.methods.memory.times": ("{times} times the model", "模型的 {times} 倍"),
    "cli.methods.between": (", ", "、"),
    "cli.methods.choose": (
        "The method is `peft_type` in config/lora_config.json; FULL is `method.adapter: none` in config/finetune.yaml.",
        "方法寫在 config/lora_config.json 的 `peft_type`；FULL 則是 config/finetune.yaml 的 `method.adapter: none`。",
    ),
    "cli.methods.measured": (
        "Counted on {model} with the defaults of each method. Memory is weights, gradients and Adam's state, against "
        "the frozen model in bfloat16; activations come on top and are much the same for all.",
        "以 {model} 和各方法的預設值計算。記憶體指權重、梯度和 Adam 狀態，與凍結的 bfloat16 模型相比；"
        "另外還有活化值，各方法相差不多。",
    ),
    "cli.merge.quantized": (
        "Trained on an {name} base, merged into the unrounded one: rounded once more, the sum would lose what was "
        "learned. So the figures above compare with adapter + unrounded base. From what was trained and evaluated so "
        "far, adapter + {name} base, the merged model differs by a mean divergence of {kl:.2g} nats, mostly the "
        "rounding itself; judge the merged model by its own answers.",
        "訓練時的基礎模型是 {name}，合併時用的是未量化的：若再量化一次，學到的東西會流失。因此上面的數字是與"
        "「轉接器＋未量化的基礎模型」相比。與先前訓練和評估的「轉接器＋{name} 基礎模型」相比，合併後的模型平均 "
        "KL 散度為 {kl:.2g} nats，主要來自量化本身；請以合併後模型自己的回答來判斷好壞。",
    ),
}
