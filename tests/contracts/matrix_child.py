"""Loads what the matrix saved as anyone would, with transformers and PEFT alone, and compares the logits.

Run as `python matrix_child.py FOLDER`; writes the largest difference of each cell to `differences.json` there.
"""

import copy
import json
import sys
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM


def loaded(folder: str) -> Any:
    """A model in float32."""
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def main() -> None:
    """Compare every cell that `cells.json` lists with the logits its parent saved."""
    root = Path(sys.argv[1])
    bases: dict[str, Any] = {}
    differences: dict[str, float] = {}
    for name, cell in json.loads((root / "cells.json").read_text()).items():
        if cell["is_adapter"]:
            base = bases.get(cell["base"]) or bases.setdefault(cell["base"], loaded(cell["base"]))
            model = PeftModel.from_pretrained(copy.deepcopy(base), cell["folder"])
        else:
            model = loaded(cell["folder"])
        saved = load_file(cell["logits"])
        with torch.no_grad():
            logits = model.eval()(saved["input_ids"], attention_mask=saved["attention_mask"], use_cache=False).logits
        difference = (logits - saved["logits"]).abs().max()
        differences[name] = float(difference) if bool(difference.isfinite()) else float("inf")
    assert not any(name.startswith("llm_finetune") for name in sys.modules)
    (root / "differences.json").write_text(json.dumps(differences))


if __name__ == "__main__":
    main()
