"""Our rows to tokens against the bare tokenizer on the same texts, in turn, in one go. `make bench` runs this.

`raw` is one `encode_batch` of texts that are rendered already, ids read; `ours` begins with conversations and ends with
examples (rendering, spans, tokens, labels); `cached` is ours again with a token cache that knows all rows.
Speeds on a shared machine drift, so only the ratios of the same round mean something.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from transformers import AutoTokenizer

from llm_finetune.data.encode import encode_conversations
from llm_finetune.data.render import render_conversation
from llm_finetune.data.rows import Conversation
from llm_finetune.data.settings import DataSettings
from llm_finetune.data.text_model import TextModel
from llm_finetune.data.token_cache import TokenCache, fingerprint_of
from llm_finetune.model.embedded import ensure_embedded

TEXT = (
    "the model reads a row and learns what it should answer when someone asks about weather, cities, numbers and plain "
    "facts of daily life in short words that most people know 請 用 一句 話 說明 今天 天氣 很好 café naïve 42 3.14"
)
AIM = 0.6


def conversations(count: int) -> list[Conversation]:
    """Different rows of about 60 tokens with the template's own text."""
    generator, words_of_text = random.Random(1), TEXT.split()

    def text(words: int) -> str:
        return " ".join(generator.choices(words_of_text, k=words))

    return [
        Conversation(
            ({"role": "user", "content": text(9) + "?"}, {"role": "assistant", "content": text(11) + "."}), "rows", line
        )
        for line in range(1, count + 1)
    ]


def rate(rows: int, work: Callable[[], object]) -> float:
    """Rows per second of some work."""
    start = time.perf_counter()
    work()
    return rows / (time.perf_counter() - start)


def main() -> None:
    """Run the rounds and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    options = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(ensure_embedded("smollm2-135m-instruct"))
    text_model = TextModel(tokenizer, tokenizer.chat_template, frozenset({tokenizer.eos_token_id}))
    rows, settings = conversations(options.rows), DataSettings()
    texts = [render_conversation(row, text_model, settings.train_on)[0].text for row in rows]
    fingerprint = fingerprint_of(text_model)
    figures: dict[str, list[float]] = {"raw": [], "ours": [], "ours, filling the cache": [], "ours, cached": []}

    def raw() -> list[list[int]]:
        return [encoding.ids for encoding in tokenizer.backend_tokenizer.encode_batch(texts, add_special_tokens=False)]

    def with_cache(folder: str) -> int:
        with TokenCache(Path(folder), fingerprint) as cache:
            return encode_conversations(rows, text_model, settings, cache=cache).from_cache

    encoded = encode_conversations(rows, text_model, settings)
    if [list(example.input_ids) for example in encoded.examples] != raw():
        raise SystemExit("the two do not make the same tokens")
    print(f"{len(rows)} rows of {statistics.mean(example.length for example in encoded.examples):.1f} tokens")
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            figures["raw"].append(rate(len(rows), raw))
            figures["ours"].append(rate(len(rows), lambda: encode_conversations(rows, text_model, settings)))
            figures["ours, filling the cache"].append(rate(len(rows), lambda place=folder: with_cache(place)))
            figures["ours, cached"].append(rate(len(rows), lambda place=folder: with_cache(place)))
        print(f"round {number + 1}:", {name: round(values[-1]) for name, values in figures.items()}, flush=True)
    print(f"\n{'':26}{'rows/s':>10}{'min':>10}{'max':>10}{'of raw':>9}")
    for name, values in figures.items():
        ratio = statistics.median(one / other for one, other in zip(values, figures["raw"], strict=True))
        aim = f"   (aim {AIM:.2f})" if name == "ours" else ""
        print(f"{name:26}{statistics.median(values):10.0f}{min(values):10.0f}{max(values):10.0f}{ratio:9.2f}{aim}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
