"""Rows with a better and a worse answer, or with one answer and a verdict. The better one is learned.

A side is a text, one turn, a list of the turns that follow the prompt, or the whole conversation with the prompt in it.
Layouts: TRL (DPO and KTO, explicit and implicit prompt), LLaMA-Factory (ranking, KTO), OpenAI (`preferred_output`).
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from llm_finetune.data.formats import alpaca, completion, messages, sharegpt
from llm_finetune.data.formats.dialogue import is_list_of_turns, is_turn, read_turn, read_turns
from llm_finetune.data.formats.format import Converted, Format, RowReading, problem
from llm_finetune.data.formats.tool_calls import read_tools
from llm_finetune.data.rows import Row
from llm_finetune.data.turns import ASSISTANT, SYSTEM, Turn

CHOSEN = ("chosen", "chosen_messages", "preferred_output")
REJECTED = ("rejected", "rejected_messages", "non_preferred_output")
VERDICTS = ("label", "kto_tag")
"""Keys that say whether the one answer of a row is a good one."""
LISTS = ("messages", "conversations")

_OPENAI_INPUT = "input"
_SINGLE = (messages.FORMAT, sharegpt.FORMAT, alpaca.FORMAT, completion.FORMAT)
"""Layouts that a row with a verdict may have, in the order in which they are tried."""


def _recognises(keys: Set[str]) -> bool:
    has_chosen, has_rejected = not keys.isdisjoint(CHOSEN), not keys.isdisjoint(REJECTED)
    if has_chosen and has_rejected:
        return True
    if has_chosen or has_rejected:
        return not (_is_complete(keys) or "text" in keys)
    return ("kto_tag" in keys and _layout_of(keys) is not None) or ("label" in keys and _is_complete_chat(keys))


def _is_complete(keys: Set[str]) -> bool:
    """Whether the keys make a row of another layout, beside which one side of a pair means nothing."""
    return keys >= {"instruction", "output"} or not keys.isdisjoint(completion.ANSWERS)


def _is_complete_chat(keys: Set[str]) -> bool:
    return not keys.isdisjoint(LISTS) or keys >= {"prompt", "completion"}


def _layout_of(keys: Set[str]) -> Format | None:
    return next((layout for layout in _SINGLE if layout.recognises(keys)), None)


def _convert(row: Row, repairs: Set[str]) -> Converted:
    keys = row.values.keys()
    if keys.isdisjoint((*CHOSEN, *REJECTED)) and (layout := _layout_of(keys)):
        return _with_verdict(row, layout.convert(row, repairs))
    return _pair(RowReading(row, repairs))


def _with_verdict(row: Row, converted: Converted) -> Converted:
    """What a row with one answer became, unless the answer is marked as a bad one."""
    for key in VERDICTS:
        verdict = row.values.get(key)
        if verdict is False:
            return Converted(None, (problem("undesirable_answer", row, key), *_errors(converted)))
        if verdict is not True and key in row.values and converted.conversation is not None:
            told = (*converted.problems, problem("unread_verdict", row, key))
            converted = Converted(converted.conversation, told, converted.repairs)
    return converted


def _errors(converted: Converted) -> Sequence[Any]:
    return () if converted.conversation is not None else converted.problems


def _pair(reading: RowReading) -> Converted:
    """The conversation that ends in the better answer, and the turns that the worse one has instead."""
    better, worse = (_side(reading, names) for names in (CHOSEN, REJECTED))
    prompt = _prompt(reading, better[0], worse[0])
    chosen = reading.arranged(reading.system(_whole(reading, prompt, *better)), better[1])
    rejected = reading.arranged(reading.system(_whole(reading, prompt, *worse)), worse[1], is_learned=False)
    shared = _shared(chosen, rejected)
    if not reading.problems:
        if _messages(chosen) == _messages(rejected):
            reading.fault("equal_answers", worse[1])
        elif not shared:
            reading.fault("no_shared_prompt", worse[1])
    return reading.converted(
        chosen,
        tools=read_tools(reading, _OPENAI_INPUT if _has_openai_input(reading) else ""),
        rejected=rejected[shared:],
        shared=shared,
    )


def _side(reading: RowReading, names: Sequence[str]) -> tuple[list[Turn], str]:
    """The turns of one side, and the key it stands under."""
    key = next((name for name in names if name in reading.row.values), names[0])
    value = reading.row.values.get(key)
    if is_list_of_turns(value):
        return read_turns(reading, value, key), key
    if is_turn(value):
        turn = read_turn(reading, value, key)
        return [turn] if turn else [], key
    return [Turn(ASSISTANT, reading.required(key), key)], key


def _is_whole(turns: Sequence[Turn]) -> bool:
    """Whether the turns begin a conversation, so that the prompt is among them."""
    return bool(turns) and turns[0].role != ASSISTANT


def _prompt(reading: RowReading, better: Sequence[Turn], worse: Sequence[Turn]) -> list[Turn]:
    """The turns in front of both sides; none where the sides hold them, and no prompt is given beside."""
    values = reading.row.values
    if (key := next((name for name in completion.PROMPTS if name in values), None)) is not None:
        return [*_history(reading), *completion.prompt_turns(reading, key)]
    if _is_whole(better) and _is_whole(worse):
        return []
    if _has_openai_input(reading):
        return read_turns(reading, values[_OPENAI_INPUT].get("messages"), f"{_OPENAI_INPUT}.messages")
    if (key := next((name for name in LISTS if name in values), None)) is not None:
        return read_turns(reading, values[key], key)
    if len(better) > 1 and len(worse) > 1:
        return []
    reading.missing("prompt")
    reading.has_gaps = True
    return []


def _has_openai_input(reading: RowReading) -> bool:
    return "preferred_output" in reading.row.values and isinstance(reading.row.values.get(_OPENAI_INPUT), Mapping)


def _history(reading: RowReading) -> list[Turn]:
    return alpaca.history(reading) if "instruction" in reading.row.values else []


def _whole(reading: RowReading, prompt: list[Turn], side: list[Turn], key: str) -> list[Turn]:
    """The conversation of one side: the prompt and the side, or the side alone where the prompt is in it."""
    if not prompt or not _is_whole(side):
        return [*prompt, *side]
    asked, told = _without_system(prompt), _without_system(side)
    heads = [turns[0].content for turns in (prompt, side) if turns[0].role == SYSTEM]
    if _messages(told[: len(asked)]) != _messages(asked) or len(set(heads)) > 1:
        if not reading.problems:
            reading.fault("other_prompt", key)
        return side
    return side if side[0].role == SYSTEM else [*prompt[: len(prompt) - len(asked)], *side]


def _without_system(turns: list[Turn]) -> list[Turn]:
    return turns[1:] if turns and turns[0].role == SYSTEM else turns


def _messages(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    return [turn.message for turn in turns]


def _shared(chosen: Sequence[Turn], rejected: Sequence[Turn]) -> int:
    """How many turns both sides begin with, up to where each goes on with an answer of its own; 0 if there are none."""
    most = min(len(chosen), len(rejected)) - 1
    same = next((n for n in range(max(most, 0)) if chosen[n].message != rejected[n].message), max(most, 0))
    while same and not chosen[same].role == rejected[same].role == ASSISTANT:
        same -= 1
    return same


FORMAT = Format(
    name="preference",
    title="A prompt with `chosen` and `rejected` answers, as texts, turns or whole conversations; or one answer and "
    "`label`, true for a good one.",
    keys=(
        *CHOSEN,
        *REJECTED,
        *VERDICTS,
        *completion.FORMAT.keys,
        *LISTS,
        "history",
        "parallel_tool_calls",
    ),
    recognises=_recognises,
    convert=_convert,
    sample={"prompt": "Good morning", "chosen": "Good morning! How can I help?", "rejected": "Go away."},
)
