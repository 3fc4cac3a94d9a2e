"""The card's code for virtual tokens is run, and answers as this package does."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from llm_finetune.data.text_model import TextModel
from llm_finetune.deliver.model_card import CardFacts, model_card
from llm_finetune.generate.generator import Generator
from llm_finetune.methods import METHODS
from llm_finetune.methods.weights import save_weights
from llm_finetune.model.load import load_model, load_tokenizer
from llm_finetune.model.resolve import Base


def code_of(repo: Path, base: Path, run: dict[str, Any]) -> str:
    card = model_card(CardFacts(str(repo), run, None, str(base), is_adapter=True))
    found = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert found
    assert "as above" in card
    return found[1].replace("max_new_tokens=256", "max_new_tokens=9")


def test_the_cards_code_gives_our_answers(tiny_model_folder: Path, tmp_path: Path) -> None:
    base = Base("tiny", str(tiny_model_folder), None, "folder", None)
    tokenizer = load_tokenizer(base)
    text_model = TextModel(tokenizer, tokenizer.chat_template, frozenset({2}), limit=512)
    programs, expected = [], []
    for name in ("PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING"):
        torch.manual_seed(6)
        method = METHODS[name]
        model = method.apply(load_model(base, "float32"), method.settings(), 1)
        save_weights(model, tmp_path / name)
        tokenizer.save_pretrained(tmp_path / name)
        hello = [[{"role": "user", "content": "Hello"}]]
        expected.append(Generator(model, text_model).answers(hello, max_new_tokens=9)[0].text)
        programs.append(code_of(tmp_path / name, tiny_model_folder, {"method": {"peft_type": name}}))
    done = subprocess.run([sys.executable, "-c", "\n".join(programs)], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "".join(f"{text}\n" for text in expected)
    assert len(set(expected)) == 3


def test_other_cards_say_nothing_of_it() -> None:
    card = model_card(CardFacts("a/b", {"method": {"peft_type": "LORA"}}, None, "c/d", is_adapter=True))
    assert "virtual tokens" not in card
    assert "model.generate(" in card
