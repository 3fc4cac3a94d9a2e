"""Memory and speed of a base held in int8 and nf4 against bfloat16: LoRA of rank 8 on 4 rows of 96 tokens.

Each kind is measured in a process of its own. Prints a table and writes JSON. Memory that belongs to the process is
told apart from pages of the mapped weight file, which count as resident and which the system takes back when it needs
them.
Speeds are tokens by second of processor time on one thread, so that a busy machine does not change them.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

KINDS = ("none", "int8", "nf4")
ROWS, TOKENS, NEW_TOKENS = 4, 96, 32
WARM_UP_STEPS = 1
MEGABYTE = 1_000_000
PHASE = "phase: "
TEXT = "The quick brown fox jumps over the lazy dog. Water boils at one hundred degrees Celsius at sea level. " * 8
LARGE = {  # A random Llama of 0.75 billion parameters, to see what a larger base gains.
    "hidden_size": 2048,
    "intermediate_size": 5632,
    "num_hidden_layers": 12,
    "num_attention_heads": 16,
    "num_key_value_heads": 16,
    "vocab_size": 32000,
}


class Watch:
    """The highest memory of another process in each of its phases, in bytes.

    Looked at from outside: a thread inside allocates too, and leaves holes where the measured one would have none.
    """

    def __init__(self, process_id: int) -> None:
        self._status = Path(f"/proc/{process_id}/status")
        self._start: tuple[int, int] | None = None
        self._peaks: dict[str, tuple[int, int]] = {}
        self.phase = ""

    def _now(self) -> tuple[int, int]:
        """Resident memory, and the share of it that no file backs."""
        pairs = (line.split(":", 1) for line in self._status.read_text(encoding="utf-8").splitlines())
        values = {key: value.split() for key, value in pairs}
        return int(values["VmRSS"][0]) * 1024, int(values["RssAnon"][0]) * 1024

    def look(self) -> None:
        """Take the figures of this moment, if a phase has begun and the process is still there."""
        try:
            now = self._now()
        except (OSError, KeyError):
            return
        if self.phase:
            self._start = self._start or now
            before = self._peaks.get(self.phase, (0, 0))
            self._peaks[self.phase] = max(before[0], now[0]), max(before[1], now[1])

    def peak_megabytes(self) -> dict[str, dict[str, int]]:
        """Over the start, by phase."""
        resident, own = self._start or (0, 0)
        return {
            phase: {"resident": (peak[0] - resident) // MEGABYTE, "own": (peak[1] - own) // MEGABYTE}
            for phase, peak in self._peaks.items()
        }


def watched(command: list[str]) -> dict[str, Any]:
    """Run a process that prints its phases and at last its figures, and add its memory to them."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment, bufsize=1
    )
    watch, lines = Watch(child.pid), list[str]()

    def read() -> None:
        for line in child.stdout or ():
            if line.startswith(PHASE):
                watch.phase = line.removeprefix(PHASE).strip()
            else:
                lines.append(line)

    reader = threading.Thread(target=read)
    reader.start()
    while child.poll() is None:
        watch.look()
        time.sleep(0.005)
    reader.join()
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    return {**json.loads(lines[-1]), **watch.peak_megabytes()}


def begin(phase: str) -> None:
    """Tell whoever watches."""
    print(f"{PHASE}{phase}", flush=True)
    time.sleep(0.05)


def measure(model_folder: Path, kind: str, steps: int) -> dict[str, Any]:
    """The figures of one kind, in this process."""
    import torch

    from llm_finetune.methods import METHODS
    from llm_finetune.model.load import load_model
    from llm_finetune.model.resolve import Base

    if kind == "nf4":
        import bitsandbytes  # noqa: F401 (its import is not the base's memory)
    import peft  # noqa: F401

    begin("load")
    begun = time.process_time()
    model = load_model(Base(kind, str(model_folder), None, "folder", None), "bfloat16", kind)
    figures: dict[str, Any] = {"kind": kind, "load_seconds": time.process_time() - begun}
    figures["weights_megabytes"] = sum(tensor.nbytes for tensor in model.state_dict().values()) // MEGABYTE
    if model.get_output_embeddings().weight is model.get_input_embeddings().weight:
        figures["weights_megabytes"] -= model.get_output_embeddings().weight.nbytes // MEGABYTE
    method = METHODS["LORA"]
    torch.manual_seed(0)
    model = method.apply(model, method.settings.model_validate({"r": 8, "lora_dropout": 0}), steps)
    begin("train")
    ids = token_ids(model_folder, model.config.vocab_size)
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=1e-3)
    losses, seconds = [], []
    for _ in range(steps + WARM_UP_STEPS):
        begun = time.process_time()
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model.train()(input_ids=ids, labels=ids, use_cache=False).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        seconds.append(time.process_time() - begun)
    figures["losses"] = [losses[0], losses[-1]]
    figures["train_tokens_per_second"] = ids.numel() * steps / sum(seconds[WARM_UP_STEPS:])
    begin("generate")
    model.eval()
    begun = time.process_time()
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        model.generate(input_ids=ids[:1, :8], max_new_tokens=NEW_TOKENS, min_new_tokens=NEW_TOKENS, do_sample=False)
    figures["generate_tokens_per_second"] = NEW_TOKENS / (time.process_time() - begun)
    return figures


def token_ids(model_folder: Path, vocabulary: int) -> Any:
    """Rows of a text in the model's tokens; of any tokens where the folder has no tokenizer."""
    import torch
    from transformers import AutoTokenizer

    if not (model_folder / "tokenizer.json").is_file():
        return torch.arange(TOKENS).remainder(vocabulary).repeat(ROWS, 1)
    ids = AutoTokenizer.from_pretrained(model_folder)(TEXT)["input_ids"][:TOKENS]
    return torch.tensor([ids] * ROWS)


def write_large(folder: Path) -> Path:
    """Save a random model of LARGE in bfloat16."""
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig

    config = LlamaConfig(**LARGE, tie_word_embeddings=False)
    AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).save_pretrained(folder)
    return folder


def table(name: str, rows: list[dict[str, Any]]) -> None:
    """Print what was measured."""
    print(f"\n{name}: memory in MB over the start, own memory and (with pages of the mapped file) resident")
    names = ("load peak", "training peak", "train tok/s", "answer tok/s")
    print(f"{'base':6} {'weights':>8} {names[0]:>14} {names[1]:>14} {names[2]:>12} {names[3]:>13} loss")
    for row in rows:
        load, train = (f"{row[key]['own']} ({row[key]['resident']})" for key in ("load", "train"))
        speeds = f"{row['train_tokens_per_second']:12.0f} {row['generate_tokens_per_second']:13.1f}"
        label = "bf16" if row["kind"] == "none" else row["kind"]
        losses = " → ".join(f"{loss:.3f}" for loss in row["losses"])
        print(f"{label:6} {row['weights_megabytes']:8} {load:>14} {train:>14} {speeds} {losses}")


def main() -> None:
    """Measure every kind in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--large", action="store_true", help="a random base of 0.75 billion parameters too")
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    parser.add_argument("--one", nargs=2, metavar=("FOLDER", "KIND"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(Path(options.one[0]), options.one[1], options.steps)))
        return
    from llm_finetune.model.embedded import ensure_embedded

    figures: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        models = {"SmolLM2-135M": ensure_embedded("smollm2-135m-instruct")}
        if options.large:
            models["random Llama, 0.75 billion"] = write_large(Path(folder))
        for name, place in models.items():
            for kind in KINDS:
                command = [sys.executable, __file__, "--one", str(place), kind, "--steps", str(options.steps)]
                figures.setdefault(name, []).append(watched(command))
            table(name, figures[name])
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
