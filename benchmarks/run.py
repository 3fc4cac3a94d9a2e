"""Our command against the plain script on the demonstration rows, in turn, in one go. `make bench` runs this.

Prints a table and writes JSON. Speeds on a shared machine drift, so only the ratios of the same round mean something.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from llm_finetune.model.embedded import ensure_embedded

HERE = Path(__file__).resolve().parent
WARM_UP_STEPS = 3


def ours(project: Path, steps: int) -> float:
    """Real tokens per second of `llm-finetune train` after the first steps."""
    overrides = [f"training.max_steps={steps}", "training.logging_steps=1", "data.validation=none"]
    command = [sys.executable, "-m", "llm_finetune", "train", "--fresh", "--quiet", "--project", str(project)]
    subprocess.run([*command, *overrides, "training.save_strategy=no"], check=True, stdout=subprocess.DEVNULL)
    lines = (project / "logs" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if "loss" in row]
    tokens = [row["tokens"] - before["tokens"] for before, row in itertools.pairwise(rows)]
    timed = [(count, row["tokens_per_second"]) for count, row in zip(tokens, rows[1:], strict=True)][
        WARM_UP_STEPS - 1 :
    ]
    return sum(count for count, _ in timed) / sum(count / speed for count, speed in timed)


def plain(model: Path, rows: Path, steps: int, dtype: str) -> float:
    """Real tokens per second of the plain script."""
    with tempfile.TemporaryDirectory() as output:
        command = [sys.executable, str(HERE / "plain_script.py"), "--model", str(model), "--rows", str(rows)]
        more = ["--output", output, "--steps", str(steps), "--dtype", dtype]
        done = subprocess.run([*command, *more], check=True, capture_output=True, text=True, env=dict(os.environ))
    return float(json.loads(done.stdout.splitlines()[-1])["tokens_per_second"])


def main() -> None:
    """Run the rounds and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    options = parser.parse_args()
    model = ensure_embedded("smollm2-135m-instruct")
    with tempfile.TemporaryDirectory() as folder:
        project, rows = Path(folder) / "project", Path(folder) / "rows.json"
        command = [sys.executable, "-m", "llm_finetune"]
        subprocess.run([*command, "init", str(project)], check=True, stdout=subprocess.DEVNULL)
        preview = [*command, "preview", "--json", "--rows", "300", "--project", str(project)]
        rows.write_bytes(subprocess.run(preview, check=True, capture_output=True).stdout)
        figures: dict[str, list[float]] = {"ours": [], "plain bfloat16": [], "plain float32": []}
        for number in range(options.rounds):
            figures["ours"].append(ours(project, options.steps))
            figures["plain bfloat16"].append(plain(model, rows, options.steps, "bfloat16"))
            figures["plain float32"].append(plain(model, rows, options.steps, "float32"))
            print(f"round {number + 1}:", {name: round(values[-1]) for name, values in figures.items()}, flush=True)
    print(f"\n{'':16}{'tokens/s':>10}{'min':>8}{'max':>8}{'ours ×':>9}")
    for name, values in figures.items():
        ratio = statistics.median(one / other for one, other in zip(figures["ours"], values, strict=True))
        print(f"{name:16}{statistics.median(values):10.0f}{min(values):8.0f}{max(values):8.0f}{ratio:9.2f}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
