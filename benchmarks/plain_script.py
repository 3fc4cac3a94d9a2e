"""The recipe of the guide: `transformers.Trainer`, PEFT, padded batches, labels on the answer. Prints tokens a second.

It reads the rows that a project's `preview --json` gives, so that both sides train on the same token ids.
"""

import argparse
import json
import time
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

WARM_UP_STEPS = 3


class Clock(TrainerCallback):  # type: ignore[misc]
    """Counts real tokens and seconds after the first steps."""

    def __init__(self) -> None:
        self.tokens = 0
        self.started = 0.0
        self.seconds = 0.0

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock after warming up, and read it after each later step."""
        now = time.perf_counter()
        if state.global_step == WARM_UP_STEPS:
            self.started, self.tokens = now, 0
        self.seconds = now - self.started


def main() -> None:
    """Train for some steps and print a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--rows", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="bfloat16")
    options = parser.parse_args()
    with open(options.rows, encoding="utf-8") as stream:
        rows = [{"input_ids": row["input_ids"], "labels": row["labels"]} for row in json.load(stream)]
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=getattr(torch, options.dtype))
    lora = LoraConfig(task_type="CAUSAL_LM", r=8, lora_alpha=32, lora_dropout=0.1, target_modules="all-linear")
    model = get_peft_model(model, lora)
    arguments = TrainingArguments(
        output_dir=options.output,
        per_device_train_batch_size=options.batch,
        max_steps=options.steps,
        learning_rate=1e-3,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        disable_tqdm=True,
        seed=42,
    )
    clock = Clock()
    padding = DataCollatorForSeq2Seq(tokenizer, padding=True, label_pad_token_id=-100)

    def collate(batch: list[dict[str, list[int]]]) -> Any:
        clock.tokens += sum(len(row["input_ids"]) for row in batch)
        for row in batch:
            row["attention_mask"] = [1] * len(row["input_ids"])
        return padding(batch)

    Trainer(model=model, args=arguments, train_dataset=rows, data_collator=collate, callbacks=[clock]).train()
    print(json.dumps({"tokens_per_second": clock.tokens / clock.seconds}))


if __name__ == "__main__":
    main()
