"""Texts about planning a run."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "plan.cannot_count": (
        "{title} cannot be counted on this model without its weights.",
        "這個模型沒有載入權重就無法計算{title}的用量。",
    ),
    "plan.cannot_count.fix": (
        "Training may still work; `llm-finetune train training.max_steps=2` tries it.",
        "訓練仍可能成功；可以用 `llm-finetune train training.max_steps=2` 試跑。",
    ),
    "plan.bad_size": ("{text!r} is no size of memory.", "{text!r} 不是記憶體大小。"),
    "plan.bad_size.fix": (
        "Write it like 24GB, 80GiB or 512MB.",
        "請寫成 24GB、80GiB 或 512MB 這樣的形式。",
    ),
    "plan.trial_killed": (
        "The trial was ended by the system: there was not memory enough for it. Try the changes that `plan` lists.",
        "試跑被系統終止：記憶體不夠。請試試 `plan` 列出的調整。",
    ),
    "plan.trial_failed": ("The trial failed: {what}", "試跑失敗：{what}"),
    "plan.measuring": (
        "running a few steps in a process of their own …",
        "正在另一個程序裡試跑幾步……",
    ),
    "plan.checkpointing.fits": (
        "about {needed} needed, {free} free: it fits without",
        "約需要 {needed}，可用 {free}：不開也放得下",
    ),
    "plan.checkpointing.needed": (
        "about {needed} needed without it, and {free} free",
        "不開約需要 {needed}，可用只有 {free}",
    ),
    "plan.change.checkpointing": (
        "same result, about a third more time",
        "結果相同，時間約增加三分之一",
    ),
    "plan.change.rows": (
        "same result up to rounding; more, smaller forward passes",
        "除了捨入誤差外結果相同；前向計算次數變多、每次變小",
    ),
    "plan.change.optimizer": (
        "smaller optimizer state; the steps differ a little",
        "最佳化器狀態變小；每一步會略有不同",
    ),
    "plan.change.int8": (
        "frozen weights in 8 bits; answers nearly the same, somewhat slower",
        "凍結的權重改用 8 位元；回答幾乎相同，速度稍慢",
    ),
    "plan.change.nf4": (
        "frozen weights in 4 bits; further off, and slower",
        "凍結的權重改用 4 位元；誤差較大，也較慢",
    ),
    "plan.change.adapter": (
        "{title} instead of all weights: another result, a small file",
        "改用 {title}，不訓練全部權重：結果不同，檔案很小",
    ),
    "plan.change.length": (
        "rows over {length:,} tokens are cut or left out: text is lost",
        "超過 {length:,} 個 token 的資料會被截斷或捨棄：會損失內容",
    ),
    "plan.device.cpu": (
        "there is no GPU that torch can use, or `training.use_cpu` is set",
        "沒有 torch 能用的 GPU，或設定了 `training.use_cpu`",
    ),
    "plan.device.gpu": ("torch finds it", "torch 偵測到的裝置"),
    "plan.asked": ("set by `{key}`", "由 `{key}` 指定"),
    "plan.default": ("the default of `{key}`", "`{key}` 的預設值"),
    "plan.on": ("on", "開"),
    "plan.off": ("off", "關"),
    "plan.template.own": ("the model's own", "模型自帶的模板"),
    "plan.rows": ("{count:,} rows", "{count:,} 筆"),
    "plan.validation.share": (
        "{share} of the rows, drawn by `training.seed`; {asked} asked for, rows that belong together stay so",
        "資料的 {share}，依 `training.seed` 抽出；要求的是 {asked}，相關的資料會放在同一邊",
    ),
    "plan.validation.file": ("the file {name}", "檔案 {name}"),
    "plan.validation.none": (
        "`data.validation: none`: the last weights are delivered, not the best",
        "`data.validation: none`：會交付最後的權重，而不是最好的",
    ),
    "plan.length.set": ("set by `data.max_length`", "由 `data.max_length` 指定"),
    "plan.length.model": (
        "the model reads no more than {limit:,} tokens",
        "模型最多讀 {limit:,} 個 token",
    ),
    "plan.compared.measured": (
        "peak memory: forecast {forecast} (measured), fact {fact} ({error})",
        "記憶體用量最高：預估 {forecast}（實測），實際 {fact}（{error}）",
    ),
    "plan.compared.formula": (
        "peak memory: forecast {forecast} (by formula), fact {fact} ({error})",
        "記憶體用量最高：預估 {forecast}（公式），實際 {fact}（{error}）",
    ),
    "plan.compared.seconds": (
        "time: forecast {forecast} s, fact {fact} s ({error})",
        "時間：預估 {forecast} 秒，實際 {fact} 秒（{error}）",
    ),
    "plan.show.parameters": (
        "{architecture}: {trained:,} of {total:,} parameters are trained ({share:.2%})",
        "{architecture}：訓練 {total:,} 個參數中的 {trained:,} 個（{share:.2%}）",
    ),
    "plan.show.steps": (
        "{steps:,} optimizer steps over {epochs:.2f} epochs: {real:,} tokens, {trained:,} of them trained; "
        "{padding:,} of padding ({share:.1%} of what is computed)",
        "{steps:,} 個最佳化步、{epochs:.2f} 輪：{real:,} 個 token，其中 {trained:,} 個受訓；"
        "填充 {padding:,} 個（占計算量的 {share:.1%}）",
    ),
    "plan.show.batch": (
        "largest batch: {rows} rows of {length:,} tokens, logits of {kept:,} positions",
        "最大的一批：{rows} 筆、每筆 {length:,} 個 token，計算 {kept:,} 個位置的 logits",
    ),
    "plan.show.memory": ("memory when most is in use", "用量最高時的記憶體"),
    "plan.show.size": ("size", "大小"),
    "plan.part.process": ("this program and its libraries", "程式與函式庫"),
    "plan.part.weights": ("weights of the base, frozen", "基礎模型的權重（凍結）"),
    "plan.part.trained": ("trained weights", "受訓的權重"),
    "plan.part.gradients": ("gradients at that moment", "此時的梯度"),
    "plan.part.optimizer": ("optimizer state", "最佳化器狀態"),
    "plan.part.activations": ("activations", "激活值"),
    "plan.part.recomputed": ("activations, computed again", "激活值（重新計算）"),
    "plan.part.logits": ("logits and their loss", "logits 與損失"),
    "plan.part.allocator": ("held by the allocator besides", "配置器額外保留"),
    "plan.part.total": ("together (estimate, ± {error:.0%})", "合計（估計值，± {error:.0%}）"),
    "plan.moment.loading": (
        "Most is in use while weights are loaded: {size}.",
        "載入權重時用量最高：{size}。",
    ),
    "plan.moment.updating": (
        "Most is in use while the optimizer steps: {size}.",
        "最佳化器更新時用量最高：{size}。",
    ),
    "plan.moment.evaluating": (
        "Most is in use while the validation loss is measured: {size}.",
        "計算驗證損失時用量最高：{size}。",
    ),
    "plan.show.rough": (
        "This model's steps could not be traced; activations follow a published formula and may be far off.",
        "無法追蹤這個模型的計算步驟；激活值依公開的公式估計，可能相差很多。",
    ),
    "plan.show.measured": (
        "measured on {steps} steps: peak memory {memory}, {step_seconds:.2f} s a step, {speed:,.0f} tokens/s; "
        "the whole run takes about {time}",
        "實測 {steps} 步：記憶體用量最高 {memory}，每步 {step_seconds:.2f} 秒，每秒 {speed:,.0f} 個 token；"
        "全部約需 {time}",
    ),
    "plan.show.unmeasured": (
        "How long it takes: `llm-finetune plan --measure` runs a few steps and tells.",
        "需要多久：`llm-finetune plan --measure` 會試跑幾步再告訴你。",
    ),
    "plan.machine.ram": (
        "this machine: {free} of {total} memory free",
        "這台機器：記憶體 {total}，可用 {free}",
    ),
    "plan.machine.cgroup": (
        "this machine: {free} free of the {total} its control group may take",
        "這台機器：控制群組上限 {total}，可用 {free}",
    ),
    "plan.machine.gpu": (
        "this GPU: {free} of {total} memory free",
        "這張 GPU：記憶體 {total}，可用 {free}",
    ),
    "plan.machine.named": ("a machine of {total}", "{total} 的機器"),
    "plan.show.fits": ("It fits: {needed} needed; {machine}.", "放得下：需要 {needed}；{machine}。"),
    "plan.show.too_big": (
        "It does not fit: {needed} needed; {machine}.",
        "放不下：需要 {needed}；{machine}。",
    ),
    "plan.show.disk": (
        "disk: {total} at most ({count} checkpoints of {one}), {free} free",
        "磁碟：最多 {total}（{count} 個檢查點，每個 {one}），可用 {free}",
    ),
    "plan.show.disk_full": (
        "The disk has no room for that. Lower `training.save_total_limit` or save less often.",
        "磁碟空間不夠。請降低 `training.save_total_limit`，或減少存檔次數。",
    ),
    "plan.show.choices": ("chosen", "選擇"),
    "plan.show.value": ("value", "值"),
    "plan.show.reason": ("reason", "理由"),
    "plan.show.changes": ("to make it fit, in this order", "要放得下，請依序調整"),
    "plan.show.then": ("then needed", "調整後需要"),
    "plan.show.effect": ("effect", "影響"),
    "plan.show.enough": ("fits", "放得下"),
    "plan.show.never": (
        "Even with all of these it does not fit: take a smaller base model, or a larger machine.",
        "全部調整後還是放不下：請改用較小的基礎模型，或更大的機器。",
    ),
}
