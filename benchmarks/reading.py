"""Rows a second of reading, checking and finding exact duplicates, and the memory they take. `make bench` runs this.

The rows are plain `instruction/input/output` JSON Lines; each stage runs in a process of its own on one core, and
`no tokens` is what `check --no-tokens` does. Speeds are by processor time, so that a busy machine matters less.
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from llm_finetune.data.check import RowChecker
from llm_finetune.data.content import ExactDuplicates
from llm_finetune.data.read import read_rows
from llm_finetune.data.rows import Source
from llm_finetune.data.settings import DataSettings

AIM_ROWS_PER_SECOND = 50_000
TEXT = (
    "the model reads a row and learns what it should answer when someone asks about weather cities numbers and plain "
    "facts of daily life in short words that most people know 請 用 一句 話 說明 今天 天氣 很好 café naïve 42 3.14"
)


def write_rows(path: Path, count: int) -> None:
    """Different rows of about 60 tokens; every second one has an input."""
    dice, words_of_text = random.Random(1), TEXT.split()

    def text(words: int) -> str:
        return " ".join(dice.choices(words_of_text, k=words))

    with path.open("w", encoding="utf-8") as stream:
        for number in range(count):
            more = text(8) if number % 2 else ""
            row = {"instruction": f"{number}: {text(12)}?", "input": more, "output": f"{text(24)}."}
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def read(path: Path) -> Iterator[object]:
    """Rows alone."""
    return read_rows(path, path.name)


def check(path: Path) -> Iterator[object]:
    """Rows, recognised and checked."""
    return RowChecker(DataSettings()).conversations([Source(path, path.name)])


def check_without_tokens(path: Path) -> Iterator[object]:
    """The same, and exact duplicates."""
    duplicates = ExactDuplicates()
    for conversation in RowChecker(DataSettings()).conversations([Source(path, path.name)]):
        duplicates.add(conversation)
        yield conversation
    duplicates.report()


STAGES: dict[str, Callable[[Path], Iterator[object]]] = {
    "read": read,
    "check": check,
    "no tokens": check_without_tokens,
}


def run_stage(name: str, path: Path) -> None:
    """Run a stage in this process, and print its figures."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    start = time.process_time()
    rows = sum(1 for _ in STAGES[name](path))
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"rows": rows, "rows_per_second": rows / seconds, "peak_megabytes": peak / 1e6}))


def main() -> None:
    """Run the rounds and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        run_stage(options.stage, options.file)
        return
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in STAGES}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write_rows(path, options.rows)
        print(f"{options.rows} rows, {path.stat().st_size / 1e6:.0f} MB")
        for _ in range(options.rounds):
            for name, rounds in figures.items():
                command = [sys.executable, __file__, "--stage", name, "--file", str(path)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                rounds.append(json.loads(done.stdout))
    print(f"\n{'':12}{'rows/s':>10}{'min':>10}{'max':>10}{'peak MB':>10}")
    for name, rounds in figures.items():
        speeds = [one["rows_per_second"] for one in rounds]
        peak = max(one["peak_megabytes"] for one in rounds)
        aim = f"   (aim {AIM_ROWS_PER_SECOND})" if name == "no tokens" else ""
        print(f"{name:12}{statistics.median(speeds):10.0f}{min(speeds):10.0f}{max(speeds):10.0f}{peak:10.0f}{aim}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
