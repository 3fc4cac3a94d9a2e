"""Ask the trained model and its base: evaluate, generate, chat."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from llm_finetune import files
from llm_finetune.data.encode import Example
from llm_finetune.data.rows import Conversation, Message
from llm_finetune.errors import DataError, GateError, InputError, Problem
from llm_finetune.evaluate.gates import failed_gates, parse_gates
from llm_finetune.evaluate.scorecard import Scorecard
from llm_finetune.messages import say
from llm_finetune.workflow.opening import Opened, Tell, tell_on_stderr
from llm_finetune.workflow.preparing import encode_side
from llm_finetune.workflow.reading import read_sides
from llm_finetune.workflow.telling import told
from llm_finetune.workflow.trained import Trained, find_base, find_trained, load_base, load_tuned

if TYPE_CHECKING:
    from llm_finetune.evaluate.suite import Observer
    from llm_finetune.generate.answer import Answer, Sampling
    from llm_finetune.generate.chat import ChatSession
    from llm_finetune.generate.generator import Generator

ANSWERS_AT_ONCE = 16
"""Prompts answered in one batch: a decoding step costs little more for many rows than for one."""
ANSWER_TOKENS = 512
"""Longest answer of `generate` and `chat` unless another length is asked for."""


def evaluate(
    opened: Opened,
    *,
    checkpoint: int | None = None,
    tell: Tell = tell_on_stderr,
    observer: "Observer | None" = None,
) -> Scorecard:
    """Base against tuned on the validation rows; writes `logs/scorecard.json` and `logs/outputs.jsonl`.

    Raises: InputError for wrong input; GateError if a gate of `evaluation.gates` fails, after writing.
    """
    from llm_finetune.evaluate.compare import Circumstances, max_new_tokens
    from llm_finetune.evaluate.suite import evaluate_pair

    config_path = opened.project.shown(opened.project.config)
    gates = parse_gates(opened.settings.evaluation.gates, config_path)
    trained = find_trained(opened, checkpoint, tell)
    rows, examples = _validation_rows(replace(opened, settings=trained.settings), trained, tell)
    asked = [row for row in rows if row.prompt]
    if len(asked) < len(rows):
        tell(say("evaluate.plain_rows", count=len(rows) - len(asked)))
    started = time.monotonic()
    generators = _both_generators(trained)
    losses = _losses(trained, examples, generators)
    references = [len(trained.text_model.encode(row.reference).ids) for row in asked]
    longest = max_new_tokens(opened.settings.evaluation, references)
    circumstances = Circumstances(trained.base.name, trained.label, longest, time.monotonic() - started)
    result = evaluate_pair(asked, generators, losses, circumstances, observer)
    files.write_json(opened.project.scorecard, result.scorecard.to_json())
    files.write_text(
        opened.project.outputs, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in result.outputs)
    )
    if failures := failed_gates(gates, result.scorecard, config_path):
        raise GateError("\n".join(failures))
    return result.scorecard


def _validation_rows(opened: Opened, trained: Trained, tell: Tell) -> tuple[list[Conversation], Sequence[Example]]:
    """The held-out conversations that fit, and their tokens; those left out are told.

    Raises: DataError if there are none, or some cannot be read.
    """
    rows = read_sides(opened.project, opened.settings)
    encoded = encode_side(rows.validation, trained.text_model, trained.settings.data)
    if rows.report.errors or encoded.errors:
        raise DataError([*rows.report.errors, *encoded.errors])
    if not encoded.examples:
        problem = Problem(
            "no_validation", say("evaluate.no_validation"), say("evaluate.no_validation.fix"), field="data.validation"
        )
        raise DataError([*encoded.notes, problem])
    for line in told(encoded.notes):
        tell(line)
    return [rows.validation[index] for index in dict.fromkeys(encoded.kept)], encoded.examples


def _both_generators(trained: Trained) -> "dict[Any, Generator]":
    from llm_finetune.generate.generator import Generator

    precision = trained.precision.name
    tuned = load_tuned(trained)
    base = tuned if trained.is_adapter else load_base(trained)
    return {
        "base": Generator(base, trained.text_model, ANSWERS_AT_ONCE, precision, tuned=False),
        "tuned": Generator(tuned, trained.text_model, ANSWERS_AT_ONCE, precision),
    }


def _losses(trained: Trained, examples: Sequence[Example], generators: "dict[Any, Generator]") -> Any:
    from llm_finetune.engine.loss import mean_token_loss
    from llm_finetune.evaluate.compare import Losses
    from llm_finetune.generate.decode import tuned_or_base

    settings = trained.settings
    found = {}
    for who, generator in generators.items():
        with tuned_or_base(generator.model, generator.tuned):
            found[who] = mean_token_loss(
                generator.model,
                examples,
                batch_size=settings.training_settings.per_device_eval_batch_size,
                pad_id=trained.text_model.tokenizer.pad_token_id,
                precision=generator.precision,
            )
    return Losses(found["base"], found["tuned"], len(examples))


def generate(
    opened: Opened,
    prompts: Sequence[str | Sequence[Message]],
    *,
    base: bool = False,
    checkpoint: int | None = None,
    sampling: "Sampling | None" = None,
    max_new_tokens: int = ANSWER_TOKENS,
    tell: Tell = tell_on_stderr,
) -> "list[Answer]":
    """Answers of the tuned model (or its base) to prompts, each a text or a list of turns.

    Raises: InputError if nothing is trained yet, or a prompt does not fit.
    """
    from llm_finetune.generate.answer import Sampling

    chosen = sampling or Sampling()
    conversations = [
        [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt) for prompt in prompts
    ]
    generator = _generator(opened, base=base, checkpoint=checkpoint, tell=tell)
    return generator.answers(
        conversations,
        max_new_tokens=max_new_tokens,
        temperature=chosen.temperature,
        top_p=chosen.top_p,
        seed=chosen.seed,
    )


def _generator(opened: Opened, *, base: bool, checkpoint: int | None, tell: Tell) -> "Generator":
    from llm_finetune.generate.generator import Generator
    from llm_finetune.model.load import load_model

    if base:
        found, precision, text_model = find_base(opened, tell)
        model = load_model(found, precision.name, opened.as_trained().model.quantization)
        return Generator(model, text_model, ANSWERS_AT_ONCE, precision.name, tuned=False)
    trained = find_trained(opened, checkpoint, tell)
    return Generator(load_tuned(trained), trained.text_model, ANSWERS_AT_ONCE, trained.precision.name)


def open_chat(
    opened: Opened,
    *,
    base: bool = False,
    checkpoint: int | None = None,
    sampling: "Sampling | None" = None,
    max_new_tokens: int = ANSWER_TOKENS,
    tell: Tell = tell_on_stderr,
) -> "ChatSession":
    """A conversation with the tuned model, or with its base where nothing is trained yet.

    Raises: InputError if neither is to be found.
    """
    from llm_finetune.generate.answer import Sampling
    from llm_finetune.generate.chat import ChatSession

    generators: dict[Any, Generator | None] = {"base": None, "tuned": None}
    try:
        generators |= _both_generators(find_trained(opened, checkpoint, tell))
    except InputError as error:
        if not (base or error.problems[0].code == "nothing_trained"):
            raise
        generators["base"] = _generator(opened, base=True, checkpoint=None, tell=tell)
        tell(say("generate.base_only"))
    return ChatSession(
        tuned=generators["tuned"],
        base=generators["base"],
        max_new_tokens=max_new_tokens,
        sampling=sampling or Sampling(),
        uses_tuned=not base,
    )
