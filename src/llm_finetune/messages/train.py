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
    "train.one_checkpointing_key": (
        "transformers' newer name is not needed here.",
        "這裡不需要 transformers 的新名稱。",
    ),
    "train.one_checkpointing_key.fix": (
        "Use `training.gradient_checkpointing: auto`, `true` or `false`.",
        "請用 `training.gradient_checkpointing: auto`、`true` 或 `false`。",
    ),
    "train.checkpointing_kind": (
        "there is one kind of gradient checkpointing here, the non-re-entrant one.",
        "這裡的梯度檢查點只有一種，就是非重入式（non-re-entrant）。",
    ),
    "train.checkpointing_kind.fix": (
        "Remove the key; `training.gradient_checkpointing` switches it.",
        "請移除這個鍵；開關是 `training.gradient_checkpointing`。",
    ),
    "train.checkpointing.on": ("gradient checkpointing on: {reason}", "開啟梯度檢查點：{reason}"),
    "train.checkpointing.off": ("gradient checkpointing off: {reason}", "關閉梯度檢查點：{reason}"),
    "train.checkpointing.asked": (
        "set by `training.gradient_checkpointing`",
        "由 `training.gradient_checkpointing` 指定",
    ),
    "train.checkpointing.not_needed": ("nothing says that memory needs it", "沒有跡象顯示記憶體不夠"),
    "train.checkpointing.method": (
        "{method} needs its activations kept, so gradient checkpointing cannot be used with it.",
        "{method} 必須保留中間的激活值，無法搭配梯度檢查點。",
    ),
    "train.checkpointing.architecture": (
        "transformers offers no gradient checkpointing for {architecture}.",
        "transformers 沒有為 {architecture} 提供梯度檢查點。",
    ),
    "train.checkpointing.refused.fix": (
        "Set `training.gradient_checkpointing: auto` or `false`; a smaller `training.per_device_train_batch_size` "
        "saves memory too.",
        "請設定 `training.gradient_checkpointing: auto` 或 `false`；調低 `training.per_device_train_batch_size` "
        "也能節省記憶體。",
    ),
    "train.unknown_optimizer": ("there is no optimizer {name!r}.", "沒有 {name!r} 這個最佳化器。"),
    "train.unknown_optimizer.guess": ("Did you mean `{name}`? ", "您要的是 `{name}` 嗎？"),
    "train.unknown_optimizer.fix": ("{guess}Known: {known}.", "{guess}可用的有：{known}。"),
    "train.missing_optimizer": (
        "the optimizer `{name}` needs the package {package}, which is not installed.",
        "最佳化器 `{name}` 需要 {package} 套件，但沒有安裝。",
    ),
    "train.missing_optimizer.fix": (
        "Install it: pip install {install}; or use `adafactor`, which needs little memory too.",
        "請安裝：pip install {install}；或改用同樣省記憶體的 `adafactor`。",
    ),
    "train.optimizer.paged": (
        "the optimizer `{name}` moves its state between a GPU and the host, and training is on the CPU.",
        "最佳化器 `{name}` 會在 GPU 與主機之間搬移狀態，但這次是在 CPU 上訓練。",
    ),
    "train.optimizer.paged.fix": ("Use `training.optim: {instead}`.", "請用 `training.optim: {instead}`。"),
    "train.optimizer.other_hardware": (
        "the optimizer `{name}` is for hardware that this product does not drive.",
        "最佳化器 `{name}` 用於本產品不支援的硬體。",
    ),
    "train.optimizer.unreleased": (
        "the optimizer `{name}` is in no released package.",
        "最佳化器 `{name}` 沒有發行任何套件。",
    ),
    "train.optimizer.subclasses": (
        "the optimizer `{name}` keeps its state in tensors of its own kind, which a checkpoint cannot hold.",
        "最佳化器 `{name}` 以自訂的張量類別保存狀態，檢查點無法儲存。",
    ),
    "train.optimizer.objects": (
        "the optimizer `{name}` keeps Python objects in its state, which a checkpoint without pickle cannot hold.",
        "最佳化器 `{name}` 的狀態含有 Python 物件，不用 pickle 的檢查點無法儲存。",
    ),
    "train.optimizer.in_backward": (
        "the optimizer `{name}` changes weights inside the backward pass, so gradients can be neither summed nor "
        "clipped, and its state is not saved.",
        "最佳化器 `{name}` 在反向傳播途中就更新權重，無法累加或裁剪梯度，狀態也不會儲存。",
    ),
    "train.optimizer.two_weights": (
        "the optimizer `{name}` trains other weights than those to be used, which going on from a checkpoint cannot "
        "restore exactly.",
        "最佳化器 `{name}` 訓練時與使用時的權重不同，從檢查點繼續時無法完全還原。",
    ),
    "train.optimizer.fix": (
        "Use `adamw_torch_fused`, or `adafactor` or `adamw_8bit` to save memory.",
        "請用 `adamw_torch_fused`；要節省記憶體，請用 `adafactor` 或 `adamw_8bit`。",
    ),
    "train.no_tf32": (
        "tf32 is a number format of NVIDIA GPUs from the Ampere generation on, and training is not on one.",
        "tf32 是 NVIDIA Ampere 世代以後的 GPU 才有的數值格式，這次不是在這種 GPU 上訓練。",
    ),
    "train.no_tf32.fix": (
        "Remove the key; `model.dtype: auto` takes the fastest format there is.",
        "請移除這個鍵；`model.dtype: auto` 會選用最快的格式。",
    ),
    "train.unknown_sampling": ("rows cannot be put in the order {name!r}.", "無法以 {name!r} 排列資料。"),
    "train.unknown_sampling.fix": ("Use one of {known}.", "請用 {known} 其中之一。"),
    "train.patience_without_measuring": (
        "early stopping compares validation losses, and `training.eval_strategy` is `no`.",
        "提早停止要比較驗證損失，但 `training.eval_strategy` 是 `no`。",
    ),
    "train.patience_without_measuring.fix": (
        "Set `training.eval_strategy: epoch` or `steps`, or remove the key.",
        "請設定 `training.eval_strategy: epoch` 或 `steps`，或移除這個鍵。",
    ),
    "train.patience_without_rows": (
        "early stopping compares validation losses, and no rows are held out.",
        "提早停止要比較驗證損失，但沒有保留任何驗證資料。",
    ),
    "train.patience_without_rows.fix": (
        "Give `data.validation` a file or a share such as 0.1, or remove the key.",
        "請把 `data.validation` 設為檔案，或 0.1 這類比例，或移除這個鍵。",
    ),
    "train.base_moved": (
        "the base model that was trained on is not at {name}.",
        "訓練時用的基礎模型不在 {name}。",
    ),
    "train.base_moved.fix": (
        "Give the base with model.name=FOLDER, for this command or in finetune.yaml; its hash is checked.",
        "請用 model.name=資料夾 指定它現在的位置（只用於這次指令，或寫進 finetune.yaml）；會核對雜湊值。",
    ),
}
