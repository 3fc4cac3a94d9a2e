"""Build the demonstration data that `llm-finetune init` copies: sentences in, one line of JSON out.

Input are the SNIPS rows as JSON Lines, one `{"text", "intent", "slots": [{"name", "value"}]}` a line. The
same input and seed give the same bytes.
"""

import argparse
import gzip
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]

DEMO_FOLDER = Path(__file__).resolve().parents[1] / "src" / "llm_finetune" / "scaffold" / "demo"
SLOTS_NAMED = 3
"""Slots named per intent in the system prompt. Every row pays for each token of it."""
REPLACEMENT_CHARACTER = "\ufffd"
SHAPE = 'Answer with one JSON line: {"intent":…,"slots":[{"name":…,"value":…}]}'
LICENSE_TEXT = """\
# Where these rows come from

`train.jsonl` and `validation.jsonl` are a small selection of the natural-language-understanding benchmark
that Snips (now Sonos) collected and released under CC0 1.0 Universal: https://github.com/sonos/nlu-benchmark.
The split into training and validation sentences is the one of https://github.com/MiuLab/SlotGated-SLU. With
thanks to both.

The selection is made by `tools/build_demo_data.py`: it drops damaged rows, leaves out validation sentences
that also stand in the training set, takes about the same number of rows of each intent, and writes intent and
slots as one line of JSON. It stays under CC0 1.0 (https://creativecommons.org/publicdomain/zero/1.0/): use it
for anything.
"""


def read_rows(path: Path) -> list[Row]:
    """The usable rows of a JSON Lines file, plain or gzipped, one blank between words.

    Damaged and repeated sentences are left out.
    """
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    rows = [json.loads(line) for line in text.split("\n") if line.strip() and REPLACEMENT_CHARACTER not in line]
    by_sentence: dict[str, Row] = {}
    for row in rows:
        sentence = " ".join(row["text"].split())
        by_sentence.setdefault(sentence, {**row, "text": sentence})
    return list(by_sentence.values())


def balanced(rows: Iterable[Row], count: int, generator: random.Random) -> list[Row]:
    """`count` rows with as nearly as possible the same number of each intent, shuffled."""
    by_intent: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_intent[row["intent"]].append(row)
    share, left_over = divmod(count, len(by_intent))
    chosen: list[Row] = []
    for index, intent in enumerate(sorted(by_intent)):
        wanted = share + (1 if index < left_over else 0)
        if wanted > len(by_intent[intent]):
            raise SystemExit(f"{intent} has {len(by_intent[intent])} rows, {wanted} are needed")
        chosen += generator.sample(by_intent[intent], wanted)
    generator.shuffle(chosen)
    return chosen


def demo_line(row: Row) -> str:
    """A row as a line of `train.jsonl`. Slot names repeat within a row, so slots stay a list."""
    slots = [{"name": slot["name"], "value": slot["value"]} for slot in row["slots"]]
    answer = json.dumps({"intent": row["intent"], "slots": slots}, ensure_ascii=False)
    return json.dumps({"instruction": row["text"], "input": "", "output": answer}, ensure_ascii=False)


def system_prompt(rows: Iterable[Row]) -> str:
    """The shape of the answer, and each intent with its most frequent slots."""
    frequency: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        frequency[row["intent"]].update(slot["name"] for slot in row["slots"])
    lines = [
        f"{intent}: {' '.join(name for name, _ in frequency[intent].most_common(SLOTS_NAMED))}"
        for intent in sorted(frequency)
    ]
    return "\n".join([SHAPE, *lines]) + "\n"


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines as UTF-8, each ended by a line feed on every system."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the two SNIPS files and write the demo folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True, help="training rows, .jsonl or .jsonl.gz")
    parser.add_argument("--validation", type=Path, required=True, help="validation rows, .jsonl or .jsonl.gz")
    parser.add_argument("--rows", type=int, default=300, help="training rows to take")
    parser.add_argument("--held-out", type=int, default=60, help="validation rows to take")
    parser.add_argument("--seed", type=int, default=0, help="seed of the selection and of the order")
    parser.add_argument("--out", type=Path, default=DEMO_FOLDER, help="folder to write")
    options = parser.parse_args(arguments)

    train = read_rows(options.train)
    seen = {row["text"] for row in train}
    validation = [row for row in read_rows(options.validation) if row["text"] not in seen]
    generator = random.Random(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    write_lines(options.out / "train.jsonl", map(demo_line, balanced(train, options.rows, generator)))
    write_lines(options.out / "validation.jsonl", map(demo_line, balanced(validation, options.held_out, generator)))
    (options.out / "system.txt").write_text(system_prompt(train), encoding="utf-8", newline="\n")
    (options.out / "LICENSE.md").write_text(LICENSE_TEXT, encoding="utf-8", newline="\n")
    sys.stdout.write(f"{options.rows} + {options.held_out} rows → {options.out}\n")


if __name__ == "__main__":
    main()
