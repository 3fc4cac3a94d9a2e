"""Texts about training."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "train.started": (
        "training on {rows} rows, {validation} held out",
        "以 {rows} 筆資料訓練，保留 {validation} 筆驗證",
    ),
    "train.resumed": ("going on from checkpoint-{step}", "從 checkpoint-{step} 繼續"),
    "train.passed_over": ("checkpoint-{step} is not used: {fault}", "不使用 checkpoint-{step}：{fault}"),
    "train.saved": ("saved checkpoint-{step}", "已儲存 checkpoint-{step}"),
    "train.failed": ("training failed: {what}", "訓練失敗：{what}"),
    "train.interrupted": (
        "Stopped at step {step} of {total}; the state is saved. Run the same command (without --fresh) to go on.",
        "已停在第 {step} 步（共 {total} 步），狀態已儲存。再執行同樣的指令（不加 --fresh）就會繼續。",
    ),
    "train.delivered.best": (
        "delivered checkpoint-{step}: the lowest validation loss, {loss}",
        "採用 checkpoint-{step}：驗證損失最低，為 {loss}",
    ),
    "train.delivered.last": (
        "delivered the weights of step {step}, the last one (no validation loss to choose by)",
        "採用最後一步（第 {step} 步）的權重（沒有驗證損失可以比較）",
    ),
    "train.delivered.chosen": ("delivered checkpoint-{step}, as asked", "依指定採用 checkpoint-{step}"),
    "train.already_complete": (
        "This run is already complete ({steps} of {planned} steps); nothing was changed. "
        "`--fresh` archives it and starts anew.",
        "這次訓練已經完成（{steps}/{planned} 步），沒有更動任何東西。要封存它並重新開始，請加 `--fresh`。",
    ),
    "train.rebuilt": (
        "The delivered folder did not verify ({fault}); it was rebuilt from checkpoint-{step}.",
        "產出的資料夾沒有通過檢查（{fault}），已從 checkpoint-{step} 重新產生。",
    ),
    "train.changed": (
        "{name} was {old} in the run on disk, and is {new} now.",
        "磁碟上的訓練裡 {name} 是 {old}，現在是 {new}。",
    ),
    "train.changed.fix": (
        "Undo the change to go on with that run, or start anew with `--fresh` (the old run is archived in runs/).",
        "要繼續那次訓練，請改回來；要重新開始，請加 `--fresh`（舊的訓練會封存到 runs/）。",
    ),
    "train.locked": (
        "Another training (process {pid}) works in this project.",
        "另一個訓練（程序 {pid}）正在使用這個專案。",
    ),
    "train.locked.fix": ("Wait for it, or stop it.", "請等它結束，或停止它。"),
    "train.no_checkpoint": (
        "there is no usable checkpoint-{step}: {fault}.",
        "沒有可用的 checkpoint-{step}：{fault}。",
    ),
    "train.no_checkpoint.fix": ("On disk: {steps}.", "磁碟上有：{steps}。"),
    "train.nothing_trained": ("There is no trained model in this project yet.", "這個專案還沒有訓練過的模型。"),
    "train.nothing_trained.fix": ("Run `llm-finetune train` first.", "請先執行 `llm-finetune train`。"),
    "train.archived": ("archived the earlier run in {folder}", "已把先前的訓練封存到 {folder}"),
    "train.unknown_tracker": (
        "unknown tracker {name!r}. Known: {known}.",
        "沒有 {name!r} 這個追蹤工具。可用的有：{known}。",
    ),
    "train.missing_tracker": ("the tracker {name} is not installed.", "沒有安裝追蹤工具 {name}。"),
    "train.missing_tracker.fix": ("Install it: pip install {package}", "請安裝：pip install {package}"),
    "train.refused_by_library": (
        "transformers does not take these values: {what}",
        "transformers 不接受這些值：{what}",
    ),
    "train.plan": (
        "{rows} rows ({tokens:,} tokens, {trained:,} of them trained), {validation} held out, {steps} optimizer steps",
        "{rows} 筆資料（{tokens:,} 個 token，其中 {trained:,} 個受訓），保留 {validation} 筆驗證，"
        "共 {steps} 個最佳化步",
    ),
    "train.precision": ("computing in {name}: {reason}", "以 {name} 計算：{reason}"),
    "train.parameters": (
        "training {trainable:,} of {total:,} parameters ({share})",
        "訓練 {total:,} 個參數中的 {trainable:,} 個（{share}）",
    ),
    "train.cannot_extend": (
        "the finished run kept no checkpoint to go on from.",
        "已完成的訓練沒有留下可以繼續的檢查點。",
    ),
    "train.other_base": (
        "{name} is not the model that was trained on ({trained}): its configuration or weights differ.",
        "{name} 不是訓練時用的模型（{trained}）：設定或權重不同。",
    ),
    "train.other_base.fix": (
        "Give the right one with model.name=…, or train again.",
        "請用 model.name=… 指定正確的模型，或重新訓練。",
    ),
    "train.no_archive": ("There is no archived run {name!r}.", "沒有 {name!r} 這個封存的訓練。"),
}
