"""Load configuration, tokenizer and weights of a base: the only place where `from_pretrained` reads one.

Code from a model's folder is never asked for, weights are safetensors or nothing, and library chatter stays
off the screen. Knows nothing of training.
"""

import logging
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_finetune.errors import ModelError, Problem
from llm_finetune.files import read_json, write_json
from llm_finetune.messages import say
from llm_finetune.model import quantize
from llm_finetune.model.added_tokens import NewRows, extend_tokenizer, give_rows
from llm_finetune.model.hub import optional_hub_file
from llm_finetune.model.quiet import quiet_backends, quiet_libraries
from llm_finetune.model.resolve import Base, base_folder

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

TOKENIZER_NAME = "tokenizer.json"
GENERATION_NAME = "generation_config.json"
_PROBE = "it's\n\n  x 12345 déjà 訓練\ttab"
"""A text on which pre-tokenizers differ: apostrophe, newlines, runs of spaces, digits, other scripts."""
_ANSWER_MARK = "Xanswerx"
_LIMIT_KEYS = (
    "max_position_embeddings",
    "n_positions",
    "max_sequence_length",
    "max_seq_len",
    "seq_length",
    "n_ctx",
)
_GENERIC_TOKENIZERS = {"PreTrainedTokenizerFast", "TokenizersBackend"}
_log = logging.getLogger(__name__)


def _refusal(code: str, name: str, error: Exception) -> ModelError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    what = lines[0] if lines else type(error).__name__
    what = what if what.endswith((".", "!", "?")) else f"{what}."
    return ModelError(Problem(code, say(f"model.{code}", name=name, what=what), say(f"model.{code}.fix")))


def load_config(base: Base) -> "PreTrainedConfig":
    """The model's configuration, with room for the added tokens.

    Raises: ModelError if the installed transformers does not know it.
    """
    from transformers import AutoConfig

    try:
        with quiet_libraries():
            config = AutoConfig.from_pretrained(base.path, revision=base.revision, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _refusal("cannot_load_config", base.name, error) from error
    if (rows := new_rows(base)) is not None:
        text = config.get_text_config()
        text.vocab_size = max(text.vocab_size, rows.needed)
    return config


def new_rows(base: Base) -> NewRows | None:
    """The rows that a base's added tokens take; None if there are none, or its files hold them already.

    Raises: ModelError if its tokenizer cannot be read.
    """
    if not base.added_tokens:
        return None
    return extend_tokenizer(load_tokenizer(replace(base, added_tokens=())), base.added_tokens)


def load_tokenizer(base: Base, chat_template: str | None = None) -> "PreTrainedTokenizerBase":
    """The tokenizer, with a padding token, the added tokens, and another chat template if its text is given.

    Raises: ModelError if it cannot be read.
    """
    try:
        with quiet_libraries():
            tokenizer = _tokenizer_of_its_file(base) or _tokenizer_of_its_class(base)
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        raise _refusal("cannot_load_tokenizer", base.name, error) from error
    if chat_template is not None:
        tokenizer.chat_template = chat_template
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            message = say("model.no_end_token", name=base.name)
            raise ModelError(Problem("no_end_token", message, say("model.no_end_token.fix")))
        tokenizer.pad_token = tokenizer.eos_token
    extend_tokenizer(tokenizer, base.added_tokens)
    return tokenizer


def _tokenizer_of_its_file(base: Base) -> Any:
    """The tokenizer of a folder that names no class of its own, or None.

    It is what `AutoTokenizer` gives for such a folder, without the import of torch that comes with that class
    (transformers 5.24: 1.5 s and 250 MB, which looking at data does not need).
    """
    if base.source == "hub" or _tokenizer_file(base) is None:
        return None
    if _json_of(Path(base.path, "tokenizer_config.json")).get("tokenizer_class") not in _GENERIC_TOKENIZERS:
        return None
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast.from_pretrained(base.path, trust_remote_code=False)


def _tokenizer_of_its_class(base: Base) -> Any:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base.path, revision=base.revision, trust_remote_code=False)
    return _as_its_file_says(tokenizer, base)


def _tokenizer_file(base: Base) -> Path | None:
    if base.source == "hub":
        return optional_hub_file(base.path, TOKENIZER_NAME, base.revision)
    path = Path(base.path, TOKENIZER_NAME)
    return path if path.is_file() else None


def _as_its_file_says(tokenizer: Any, base: Base) -> Any:
    """The tokenizer as loaded, or by tokenizer.json where a class of transformers 5 cuts in another way.

    Some model types (qwen2) bring a pre-tokenizer that replaces the file's. Every other tool reads the file.
    """
    if type(tokenizer).__name__ in _GENERIC_TOKENIZERS:
        return tokenizer
    path = _tokenizer_file(base)
    if path is None:
        return tokenizer
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    in_file = Tokenizer.from_file(str(path)).encode(_PROBE, add_special_tokens=False).ids
    if in_file == tokenizer.encode(_PROBE, add_special_tokens=False):
        return tokenizer
    _log.warning(say("model.tokenizer_changed", name=base.name))
    return PreTrainedTokenizerFast.from_pretrained(base.path, revision=base.revision, trust_remote_code=False)


def load_model(base: Base, dtype_name: str, quantization: str = quantize.NONE) -> "PreTrainedModel":
    """The base with its weights in a number format of torch, ready for the CPU.

    The library's own choice of attention is kept: SDPA where the architecture supports it exactly.
    What is quantised is read in the files' own format: mapped, so that no second copy of it is made.

    Raises: ModelError if the weights cannot be read, are not all there, or cannot be quantised.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    quiet_backends()
    quantize.require_library(quantization)
    config = load_config(base)
    is_quantized = quantization != quantize.NONE
    if is_quantized:
        quantize.require_layers(config, quantization)
    base_folder(base)
    try:
        with quiet_libraries(shows_downloads=sys.stderr.isatty()):
            model, found = AutoModelForCausalLM.from_pretrained(
                base.path,
                revision=base.revision,
                dtype="auto" if is_quantized else getattr(torch, dtype_name),
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
            )
    except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
        raise _refusal("cannot_load", base.name, error) from error
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:  # Sizes that do not fit the configuration.
        raise _refusal("cannot_load", base.name, error) from error
    _require_all_weights(base, sorted(found["missing_keys"]))
    if (rows := new_rows(base)) is not None:
        with quiet_libraries():
            give_rows(model, rows)
    if is_quantized:
        quantize.quantize(model, quantization, dtype_name)
    quantize.keep_gradients(model)
    model.config.use_cache = True
    return model


def _require_all_weights(base: Base, missing: list[str]) -> None:
    if missing:
        message = say("model.missing_weights", name=base.name, count=len(missing), example=missing[0])
        raise ModelError(Problem("missing_weights", message, say("model.missing_weights.fix")))


def position_limit(config: "PreTrainedConfig") -> int | None:
    """The longest sequence a model of this configuration was made for, in tokens, or None if it states none."""
    return _stated_limit(config.get_text_config().to_dict())


def position_limit_of(base: Base) -> int | None:
    """The same of a base, read from its file where that states it: the library's class brings torch with it.

    Raises: ModelError if the file does not, and the installed transformers does not know the configuration.
    """
    return _stated_limit(_json_of(Path(base.path, "config.json"))) or position_limit(load_config(base))


def _json_of(path: Path) -> dict[str, Any]:
    """The object in a file; empty where there is none, for the library to say what is wrong."""
    try:
        values = read_json(path)
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _stated_limit(values: Mapping[str, Any]) -> int | None:
    values = values.get("text_config") or values
    stated = [values[key] for key in _LIMIT_KEYS if isinstance(values.get(key), int) and values[key] > 0]
    return stated[0] if stated else None


def end_token_ids(tokenizer: Any, generation: Any = None) -> frozenset[int]:
    """Every token that ends an answer: the tokenizer's, the generation configuration's, and the template's.

    `generation` is a `GenerationConfig`, a model's folder or Hub id, or None.
    """
    ends = {tokenizer.eos_token_id, *_generation_ends(generation), _template_end(tokenizer)}
    return frozenset(token for token in ends if token is not None)


def chat_templates_of(tokenizer: Any) -> tuple[str, str | None]:
    """The chat template of a tokenizer, and the one for conversations with tools if it has one of its own for them."""
    templates = tokenizer.chat_template
    if isinstance(templates, dict):
        return str(templates.get("default") or next(iter(templates.values()))), templates.get("tool_use")
    return str(templates), None


def save_end_tokens(folder: Path, model: Any, end_ids: frozenset[int]) -> None:
    """Write into a folder's `generation_config.json` the tokens at which an answer ends; a model's own if it has none.

    Edited as a file: the library refuses to save a changed configuration with flaws that it only warned about when
    loading.
    """
    path = folder / GENERATION_NAME
    saved = read_json(path) if path.is_file() else model.generation_config.to_diff_dict()
    ends = sorted(end_ids)
    write_json(path, {**saved, "eos_token_id": ends[0] if len(ends) == 1 else ends})


def _generation_ends(generation: Any) -> list[int]:
    if isinstance(generation, str | Path):
        ends = _saved_ends(str(generation))
    else:
        ends = generation.eos_token_id if generation is not None else None
    if ends is None:
        return []
    return list(ends) if isinstance(ends, list | tuple) else [int(ends)]


def _saved_ends(place: str) -> Any:
    """`eos_token_id` of the generation configuration in a folder, or of a Hub model."""
    path = Path(place, GENERATION_NAME)
    if path.is_file() or Path(place).is_dir():
        return _json_of(path).get("eos_token_id")
    from transformers import GenerationConfig

    try:
        return GenerationConfig.from_pretrained(place).eos_token_id
    except OSError:
        return None


def _template_end(tokenizer: Any) -> int | None:
    """The special token that the chat template puts behind an answer, e.g. `<|im_end|>`."""
    from jinja2 import TemplateError

    if not tokenizer.chat_template:
        return None
    turns: list[Mapping[str, str]] = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": _ANSWER_MARK},
    ]
    try:
        text = tokenizer.apply_chat_template(turns, tokenize=False)
    except (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RuntimeError):
        return None
    tail = text.rpartition(_ANSWER_MARK)[2]
    special = {text: token for token, text in _special_tokens(tokenizer).items()}
    starts = {tail.find(token): token for token in sorted(special, key=len) if token in tail}
    first = min(starts, default=None)
    if first is None or tail[:first].strip():
        return None
    return special[starts[first]]


def _special_tokens(tokenizer: Any) -> dict[int, str]:
    added = {token: str(entry) for token, entry in tokenizer.added_tokens_decoder.items() if entry.special}
    named = dict(zip(tokenizer.all_special_ids, tokenizer.all_special_tokens, strict=True))
    return {**added, **named}
