"""What tests share: tiny models made on the spot, projects around them, and the command line in this process."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Two threads that wait for each other actively make tiny models ten times slower when anything else runs.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]
FIELD_INPUTS = ROOT / "tests" / "field" / "inputs"
VOCABULARY = 320
SPECIAL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": None,
    "eos_token_id": 2,
    "pad_token_id": 2,
}
GEMMA_HEADS = {"head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 32}
OLDER = {key: SIZES[key] for key in ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads")}
FALCON = {"bias": False, "alibi": False, "max_position_embeddings": 512}
TINY_MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("LlamaConfig", {**SIZES, "tie_word_embeddings": False}),
    "gpt2": (
        "GPT2Config",
        {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 512}
        | dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0),
    ),
    "falcon": (
        "FalconConfig",
        {**OLDER, **FALCON, "multi_query": True, "parallel_attn": True, "new_decoder_architecture": False},
    ),
    "mistral": ("MistralConfig", {**SIZES, "sliding_window": None}),
    "qwen2": ("Qwen2Config", {**SIZES, "tie_word_embeddings": True}),
    "qwen3": ("Qwen3Config", {**SIZES, "head_dim": 16, "tie_word_embeddings": True}),
    "gemma2": ("Gemma2Config", {**SIZES, **GEMMA_HEADS}),
    "gemma3": (
        "Gemma3TextConfig",
        {**SIZES, **GEMMA_HEADS, "layer_types": ["sliding_attention", "full_attention"]},
    ),
    "phi3": ("Phi3Config", {**SIZES, "original_max_position_embeddings": 512, "sliding_window": None}),
    "falcon_new": (
        "FalconConfig",
        {**OLDER, **FALCON, "multi_query": False, "num_kv_heads": 2, "new_decoder_architecture": True},
    ),
    "gpt_neox": ("GPTNeoXConfig", {**OLDER, "intermediate_size": 128, "max_position_embeddings": 512}),
    "opt": (
        "OPTConfig",
        {**OLDER, "word_embed_proj_dim": 64, "ffn_dim": 128, "max_position_embeddings": 512, "dropout": 0.0},
    ),
    "bloom": ("BloomConfig", {"hidden_size": 64, "n_layer": 2, "n_head": 4}),
    "mixtral": (
        "MixtralConfig",
        {**SIZES, "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": None},
    ),
}
"""Class and own values of the configuration of each architecture: every one that the documentation names."""
ARCHITECTURES = tuple(TINY_MODELS)


def tiny_config(architecture: str) -> Any:
    """A configuration of two small layers, without dropout."""
    import transformers

    kind, values = TINY_MODELS[architecture]
    plain = {key: SIZES[key] for key in ("vocab_size", "bos_token_id", "eos_token_id", "pad_token_id")}
    return getattr(transformers, kind)(**{**plain, **values})


def tiny_tokenizer(chat_template: str | None = CHATML) -> Any:
    """A byte-level tokenizer of a few merges, whose end of turn is `<|im_end|>`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["user assistant system hello good morning value item"] * 4, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|im_end|>", unk_token="<|endoftext|>"
    )
    fast.chat_template = chat_template
    return fast


def spelled_tokenizer(
    special: Sequence[str], *, eos: str, bos: str | None = None, added: Sequence[str] = (), metaspace: bool = False
) -> Any:
    """A tokenizer of single characters whose control tokens are spelled like this.

    Byte-level, or with a blank mark in front of words as SentencePiece has it. With `bos` it begins every text with it.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    names = list(dict.fromkeys([*special, eos, *([bos] if bos else []), "<unk>"]))
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=metaspace))
    if metaspace:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
        tokenizer.decoder = decoders.Sequence([decoders.Metaspace(prepend_scheme="first"), decoders.ByteFallback()])
        alphabet = [chr(code) for code in range(33, 127)]
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=len(names) + 280, special_tokens=names, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(["user assistant system is the answer"] * 4, trainer)
    if metaspace:
        written = json.loads(tokenizer.to_str())
        vocabulary = written["model"]["vocab"]
        vocabulary |= {f"<0x{byte:02X}>": len(vocabulary) + byte for byte in range(256)}
        tokenizer = Tokenizer.from_str(json.dumps(written))
    if bos:
        number = tokenizer.token_to_id(bos)
        tokenizer.post_processor = processors.TemplateProcessing(single=f"{bos} $A", special_tokens=[(bos, number)])
    named = {"eos_token": eos, "pad_token": eos, "unk_token": "<unk>", **({"bos_token": bos} if bos else {})}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named)
    fast.add_tokens([AddedToken(spelling, special=False, normalized=False) for spelling in added])
    return fast


@pytest.fixture(scope="session")
def make_spelled_tokenizer() -> Callable[..., Any]:
    """A function that makes a tokenizer with control tokens of these spellings."""
    return spelled_tokenizer


@pytest.fixture(scope="session")
def make_text_model() -> Callable[..., Any]:
    """A function that makes a text model of a template and the control tokens it writes."""

    def make(template: str, special: Sequence[str] = (), *, eos: str = "</s>", **options: Any) -> Any:
        from dataclasses import replace

        from llm_finetune.data.text_model import TextModel

        kinds = {name: options.pop(name) for name in ("bos", "added", "metaspace") if name in options}
        tokenizer = spelled_tokenizer(special, eos=eos, **kinds)
        tokenizer.chat_template = template
        made = TextModel(tokenizer, template, frozenset({tokenizer.eos_token_id}), **options)
        return made if made.closing is None else replace(made, end_ids=made.end_ids | {made.closing})

    return make


def write_tiny_model(folder: Path, architecture: str = "llama", *, chat_template: str | None = CHATML) -> Path:
    """Save a random model and its tokenizer as a folder that `from_pretrained` reads."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(tiny_config(architecture)).float().save_pretrained(folder)
    tiny_tokenizer(chat_template).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from an architecture's name to a folder with such a model; do not change what is in it."""
    made: dict[str, Path] = {}

    def folder_of(architecture: str) -> Path:
        if architecture not in made:
            made[architecture] = write_tiny_model(tmp_path_factory.mktemp(architecture), architecture)
        return made[architecture]

    return folder_of


@pytest.fixture(scope="session")
def write_model() -> Callable[..., Path]:
    """A function that writes a tiny model of its own, for tests that need another tokenizer."""
    return write_tiny_model


@pytest.fixture(scope="session")
def tiny_model_folder(tiny_model: Callable[[str], Path]) -> Path:
    """A random Llama of two layers with a ChatML template."""
    return tiny_model("llama")


@pytest.fixture(scope="session")
def real_model_folder() -> Path:
    """The embedded default model, from the cache that `make setup` fills."""
    from llm_finetune.model.embedded import ensure_embedded

    return ensure_embedded("smollm2-135m-instruct")


@pytest.fixture(scope="session")
def real_text_model(real_model_folder: Path) -> Any:
    """The default model's tokenizer as the stages take it."""
    from transformers import AutoTokenizer

    from llm_finetune.data.text_model import TextModel

    tokenizer = AutoTokenizer.from_pretrained(real_model_folder)
    return TextModel(tokenizer, tokenizer.chat_template, frozenset({2}), 8192)


@pytest.fixture(scope="session")
def field_input() -> Callable[[str], Path]:
    """The path of a field case's file."""
    return lambda name: FIELD_INPUTS / name


def write_rows(path: Path, rows: Sequence[Any]) -> Path:
    """Write JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def number_rows(count: int) -> list[dict[str, str]]:
    """Rows of different lengths with an answer each."""
    return [{"instruction": f"Item {n}?", "output": f"Value {n * n}" + "!" * (n % 5)} for n in range(1, count + 1)]


MakeProject = Callable[..., Path]


@pytest.fixture
def make_project(tmp_path: Path, tiny_model_folder: Path) -> MakeProject:
    """A function that writes a project on a tiny model; keyword arguments are dotted settings with `__` for the dot."""

    def make(
        name: str = "project",
        *,
        rows: Sequence[Any] | None = None,
        adapter: dict[str, Any] | None = None,
        model: Path | None = None,
        **settings: Any,
    ) -> Path:
        import yaml

        root = tmp_path / name
        write_rows(root / "data" / "train.jsonl", number_rows(12) if rows is None else rows)
        values: dict[str, dict[str, Any]] = {
            "model": {"name": str(model or tiny_model_folder), "dtype": "float32"},
            "data": {"max_length": 256},
            "training": {
                "num_train_epochs": 2,
                "per_device_train_batch_size": 2,
                "learning_rate": 0.01,
                "logging_steps": 1,
            },
        }
        for key, value in settings.items():
            section, _, field = key.partition("__")
            values.setdefault(section, {})[field] = value
        config = root / "config" / "finetune.yaml"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(yaml.safe_dump(values), encoding="utf-8")
        lora = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 8, "lora_dropout": 0.1}
        lora["target_modules"] = "all-linear"
        text = json.dumps({**lora, **(adapter or {})})
        (root / "config" / "lora_config.json").write_text(text, encoding="utf-8")
        return root

    return make


@dataclass(frozen=True)
class Outcome:
    """What a command gave."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


RunCommand = Callable[..., Outcome]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> RunCommand:
    """Run `llm-finetune` in this process."""
    from llm_finetune.cli.app import main

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["llm-finetune", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


def run_process(*arguments: object, timeout: float = 250, **environment: str) -> Outcome:
    """Run `llm-finetune` as a process of its own."""
    command = [sys.executable, "-m", "llm_finetune", *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", timeout=timeout, env={**os.environ, **environment}
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def process() -> RunCommand:
    """Run `llm-finetune` as a process of its own."""
    return run_process


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see English, no token, and no launcher, whatever the shell around them says."""
    for name in ("LLM_FINETUNE_LANG", "HF_TOKEN", "RANK", "WORLD_SIZE", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
