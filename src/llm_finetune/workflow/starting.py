"""What a run starts from beside base and rows: added tokens, an earlier adapter, other learning rates."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.methods.in_training import InTraining
from llm_finetune.methods.lora_settings import LoraSettings, is_changed_base
from llm_finetune.methods.start_from import FIELD, Start, base_problem, continue_from, read_start, start_problems
from llm_finetune.model import added_tokens
from llm_finetune.model.resolve import Base
from llm_finetune.workflow.opening import Opened, Tell

LORA_PLUS = "method.loraplus_lr_ratio"


def with_added_rows(opened: Opened, base: Base) -> Opened:
    """The project with method settings that also train the rows of added tokens.

    Raises: ConfigError for tokens that cannot be added; ModelError if the method cannot train their rows.
    """
    from llm_finetune.model.load import load_config, load_tokenizer, new_rows

    if not base.added_tokens:
        return opened
    added_tokens.require_addable(load_tokenizer(replace(base, added_tokens=())), base.added_tokens)
    rows = new_rows(base)
    if rows is None or not opened.method.is_adapter:
        return opened
    if opened.method.train_rows is None:
        message = say("methods.no_rows", title=opened.method.title)
        place = opened.project.shown(opened.project.config)
        raise ModelError(Problem("no_rows", message, say("methods.no_rows.fix"), place, field=added_tokens.FIELD))
    settings = opened.method.train_rows(opened.method_settings, load_config(base), sorted(rows.ids.values()))
    return replace(opened, method_settings=settings)


def told_rows(base: Base) -> list[str]:
    """What becomes of the added tokens, with the reason."""
    from llm_finetune.model.load import load_config, new_rows

    rows = new_rows(base)
    if rows is None:
        return []
    present = load_config(replace(base, added_tokens=())).get_text_config().vocab_size
    return added_tokens.told(rows, present)


def start_of(opened: Opened) -> Start | None:
    """The adapter that training goes on from, if one is named.

    Raises: ModelError if it is none, or lies where this run writes; GateError if it could run code.
    """
    name = opened.settings.method.start_from
    if name is None:
        return None
    folder = opened.project.resolve(name)
    if folder.resolve().is_relative_to(opened.project.checkpoints.resolve()):
        message, fix = say("methods.start_own", shown=name), say("methods.start_own.fix", shown=name)
        raise ModelError(Problem("start_own", message, fix, field=FIELD))
    return read_start(folder, name)


def starting_problems(opened: Opened, adapted: tuple[str, ...]) -> list[Problem]:
    """What does not go together in the configuration about the start, found without weights."""
    problems: list[Problem] = []
    chosen, place = opened.settings.method, opened.project.shown(opened.project.config)
    if chosen.loraplus_lr_ratio is not None and opened.method.name != "LORA":
        message = say("methods.loraplus_method", title=opened.method.title)
        problems.append(Problem("loraplus_method", message, say("methods.loraplus_method.fix"), field=LORA_PLUS))
    if chosen.start_from is not None and not opened.method.is_adapter:
        problems.append(Problem("start_full", say("methods.start_full"), say("methods.start_full.fix"), field=FIELD))
    elif (start := start_of(opened)) is not None:
        problems += start_problems(start, opened.method, opened.method_settings, adapted)
    problems = [replace(problem, path=place) for problem in problems]
    return [*problems, *_quantized_problems(opened)]


def _quantized_problems(opened: Opened) -> list[Problem]:
    """A problem if weights are to be changed that are held in fewer bits than the change has."""
    settings, place = opened.method_settings, opened.project.resolve(opened.settings.method.adapter)
    if opened.settings.model.quantization == "none" or not isinstance(settings, LoraSettings):
        return []
    shown = opened.project.shown(place)
    wanted = {
        "init_lora_weights": is_changed_base(settings.init_lora_weights),
        "target_parameters": bool(settings.target_parameters),
    }
    message, fix = say("methods.start_quantized"), say("methods.start_quantized.fix")
    return [Problem("start_quantized", message, fix, shown, field=key) for key, is_set in wanted.items() if is_set]


def require_same_base(opened: Opened, base: Base, sha256: str) -> None:
    """Raises: ModelError if the adapter to go on from belongs to another base."""
    start = start_of(opened)
    if start is not None and (problem := base_problem(start, base, sha256)) is not None:
        raise ModelError(problem)


def begin(opened: Opened, model: Any, base: Base, tell: Tell) -> None:
    """Tell of added tokens, and go on from the named adapter, if there is one.

    Raises: FinetuneError if its weights do not fit; ModelError if added tokens would not be trained.
    """
    for line in told_rows(base):
        tell(line)
    if base.added_tokens and not opened.method.is_adapter and not model.get_input_embeddings().weight.requires_grad:
        fix = say("methods.rows_frozen.fix")
        raise ModelError(Problem("rows_frozen", say("methods.rows_frozen"), fix, field=added_tokens.FIELD))
    start = start_of(opened)
    if start is not None:
        continue_from(model, start)
        tell(say("methods.started_from", shown=start.shown))


def require_trainable(counts: tuple[int, int]) -> tuple[int, int]:
    """The counts of trained and of all parameters.

    Raises: ModelError if nothing would be trained.
    """
    if not counts[0]:
        raise ModelError(Problem("nothing_trainable", say("methods.nothing_trainable"), field="method"))
    return counts


def in_training(opened: Opened, model: Any, planned: int) -> InTraining:
    """What the method does while it is trained, with the learning rates of LoRA+ if asked for."""
    found = opened.method.in_training(model, opened.method_settings, planned)
    ratio = opened.settings.method.loraplus_lr_ratio
    if ratio is None:
        return found
    from llm_finetune.methods.lora_plus import faster_second_factor

    return replace(found, parameter_groups=faster_second_factor(model, ratio))


def identity_of_start(opened: Opened) -> dict[str, Any]:
    """What decides the first step beside the method's own keys; only what is set."""
    chosen, start = opened.settings.method, start_of(opened)
    added = opened.settings.model.added_tokens
    facts = {
        "loraplus_lr_ratio": chosen.loraplus_lr_ratio,
        "start_from": None if start is None else start.sha256,
        "added_tokens": added or None,
    }
    return {key: value for key, value in facts.items() if value is not None}


def facts_of_start(opened: Opened, base: Base) -> Mapping[str, Any]:
    """The same for `run.json`, by names."""
    from llm_finetune.model.load import load_config, new_rows

    facts: dict[str, Any] = {}
    if (start := start_of(opened)) is not None:
        facts["start_from"] = {"path": start.shown, "sha256": start.sha256}
    if (rows := new_rows(base)) is not None:
        present = load_config(replace(base, added_tokens=())).get_text_config().vocab_size
        facts["added_tokens"] = {"ids": dict(rows.ids), "rows": max(present, rows.needed), "rows_before": present}
    return facts
