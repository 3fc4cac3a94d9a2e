"""Texts about training."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "train.started": "training on {rows} rows, {validation} held out",
    "train.resumed": "going on from checkpoint-{step}",
    "train.passed_over": "checkpoint-{step} is not used: {fault}",
    "train.saved": "saved checkpoint-{step}",
    "train.failed": "training failed: {what}",
    "train.interrupted": "Stopped at step {step} of {total}; the state is saved. Run the same command to go on.",
    "train.delivered.best": "delivered checkpoint-{step}: the lowest validation loss, {loss}",
    "train.delivered.last": "delivered the weights of step {step}, the last one (no validation loss to choose by)",
    "train.delivered.chosen": "delivered checkpoint-{step}, as asked",
    "train.already_complete": "This run is already complete ({steps} of {planned} steps); nothing was changed. "
    "`--fresh` archives it and starts anew.",
    "train.rebuilt": "The delivered folder did not verify ({fault}); it was rebuilt from checkpoint-{step}.",
    "train.changed": "{name} was {old} in the run on disk, and is {new} now.",
    "train.changed.fix": "Undo the change to go on with that run, or start anew with `--fresh` (the old run is "
    "archived in runs/).",
    "train.locked": "Another training (process {pid}) works in this project.",
    "train.locked.fix": "Wait for it, or stop it.",
    "train.no_checkpoint": "there is no usable checkpoint-{step}: {fault}.",
    "train.no_checkpoint.fix": "On disk: {steps}.",
    "train.nothing_trained": "There is no trained model in this project yet.",
    "train.nothing_trained.fix": "Run `llm-finetune train` first.",
    "train.archived": "archived the earlier run in {folder}",
    "train.unknown_tracker": "unknown tracker {name!r}. Known: {known}.",
    "train.missing_tracker": "the tracker {name} is not installed.",
    "train.missing_tracker.fix": "Install it: pip install {package}",
    "train.refused_by_library": "transformers does not take these values: {what}",
    "train.plan": "{rows} rows ({tokens:,} tokens, {trained:,} of them trained), {validation} held out, "
    "{steps} optimizer steps",
    "train.precision": "computing in {name}: {reason}",
    "train.parameters": "training {trainable:,} of {total:,} parameters ({share})",
    "train.cannot_extend": "the finished run kept no checkpoint to go on from.",
    "train.no_archive": "There is no archived run {name!r}.",
}
