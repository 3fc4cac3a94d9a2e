"""Forecast against fact: `plan --measure` and then the run it foretold, for LoRA, full fine-tuning and an 8-bit base.

Rows of up to 256 and up to 2,048 tokens on the embedded model. Prints a table and the largest errors; `make bench` runs
it. Times mean something only on a machine that does nothing else.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "that",
    "is",
    "was",
    "for",
    "on",
    "are",
    "with",
    "as",
    "his",
    "they",
    "at",
    "be",
]
AROUND = 140
"""Tokens of the system prompt and of the chat template, at most."""
METHODS: dict[str, list[str]] = {
    "LoRA": [],
    "full": ["method.adapter=none", "training.learning_rate=1e-5"],
    "int8": ["model.quantization=int8"],
}
ROWS_IN_BATCH = {256: 8, 2048: 1}
ALLOWED_MEASURED, ALLOWED_FORMULA = 0.15, 0.35
ONE_EPOCH = ["training.save_strategy=epoch", "training.num_train_epochs=1", "data.overlong=truncate"]


@dataclass(frozen=True)
class Case:
    """One run, with its forecast as shares of the fact."""

    method: str
    length: int
    fact_memory_bytes: int
    fact_seconds: float
    formula_memory: float
    measured_memory: float
    measured_seconds: float


def rows(count: int, length: int, seed: int) -> Iterator[dict[str, str]]:
    """Rows of about half the length to the whole of it, of which a third is trained."""
    drawn = random.Random(seed)
    for _ in range(count):
        words = drawn.choices(WORDS, k=drawn.randrange(length // 3, length - AROUND))
        cut = len(words) * 2 // 3
        yield {"instruction": " ".join(words[:cut]), "output": " ".join(words[cut:])}


def command(*arguments: str) -> dict[str, Any]:
    """What a verb prints as JSON; exit code 1 of `plan` only says that it does not fit."""
    run = [sys.executable, "-m", "llm_finetune", *arguments, "--json", "--quiet"]
    done = subprocess.run(run, stdout=subprocess.PIPE, check=False, encoding="utf-8")
    if done.returncode not in (0, 1) or not done.stdout:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}")
    return dict(json.loads(done.stdout))


def case(folder: Path, method: str, length: int, steps: int) -> Case:
    """Plan, run, compare."""
    project, batch = folder / f"{method}-{length}", ROWS_IN_BATCH[length]
    init = [sys.executable, "-m", "llm_finetune", "init", str(project)]
    subprocess.run(init, check=True, stdout=subprocess.DEVNULL)
    for name, count in (("train", steps * batch), ("validation", 2 * batch)):
        lines = [json.dumps(row) for row in rows(count, length, seed=count)]
        (project / "data" / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sizes = [f"training.per_device_{side}_batch_size={batch}" for side in ("train", "eval")]
    settings = [f"data.max_length={length}", *sizes, *ONE_EPOCH, *METHODS[method]]
    plan = command("plan", "--measure", "--project", str(project), *settings)
    run = command("train", "--project", str(project), *settings)
    errors = run["forecast"]["error"]
    return Case(
        method=method,
        length=length,
        fact_memory_bytes=run["peak_memory_bytes"],
        fact_seconds=run["seconds"],
        formula_memory=plan["memory"]["total"] / run["peak_memory_bytes"] - 1,
        measured_memory=errors["measured_memory_bytes"],
        measured_seconds=errors["seconds"],
    )


def main() -> None:
    """Run the cases and print what each figure was off by."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12, help="optimizer steps of each run")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--lengths", nargs="+", type=int, choices=ROWS_IN_BATCH, default=list(ROWS_IN_BATCH))
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    options = parser.parse_args()
    cases = []
    print(f"{'':12}{'length':>8}{'memory GB':>11}{'formula':>9}{'measured':>10}{'seconds':>9}{'measured':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for method in options.methods:
            for length in options.lengths:
                made = case(Path(folder), method, length, options.steps)
                cases.append(made)
                print(
                    f"{method:12}{length:8}{made.fact_memory_bytes / 1e9:11.2f}{made.formula_memory:+9.0%}"
                    f"{made.measured_memory:+10.0%}{made.fact_seconds:9.0f}{made.measured_seconds:+10.0%}",
                    flush=True,
                )
    for name, allowed in (
        ("formula_memory", ALLOWED_FORMULA),
        ("measured_memory", ALLOWED_MEASURED),
        ("measured_seconds", ALLOWED_MEASURED),
    ):
        worst = max(abs(asdict(made)[name]) for made in cases)
        print(f"{name:18} off by {worst:4.0%} at most (allowed: {allowed:.0%})")
    if options.json:
        options.json.write_text(json.dumps([asdict(made) for made in cases], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
