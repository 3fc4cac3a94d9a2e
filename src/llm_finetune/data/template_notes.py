"""What a chat template does by itself that a user should know. Knows no rows but those it is asked about."""

from collections.abc import Iterator

from llm_finetune.data.jinja_template import TemplateRefusalError
from llm_finetune.data.private_use import texts_in
from llm_finetune.data.row_error import row_problem
from llm_finetune.data.rows import Conversation, Message
from llm_finetune.data.text_model import TextModel
from llm_finetune.errors import Problem
from llm_finetune.messages import say

_SYSTEM, _QUESTION = "Xsystemx", "Xquestionx"


def template_notes(text_model: TextModel) -> list[Problem]:
    """Everything worth telling once: a default system text, an end token that is missing, a second beginning."""
    notes = []
    if text_model.system is None and (system := default_system(text_model)) is not None:
        notes.append(_note("default_system", text=system))
    if appends_end(text_model):
        notes.append(_note("end_appended", token=text_model.tokenizer.eos_token))
    if double_bos(text_model):
        notes.append(_note("double_bos", token=text_model.tokenizer.bos_token))
    return notes


def _note(code: str, **values: object) -> Problem:
    return Problem(code, say(f"data.{code}", **values), say(f"data.{code}.fix", **values))


def default_system(text_model: TextModel) -> str | None:
    """The system text that the template writes for conversations that bring none, if any."""
    question: Message = {"role": "user", "content": _QUESTION}
    try:
        without = text_model.render([question])
        having = text_model.render([{"role": "system", "content": _SYSTEM}, question])
    except TemplateRefusalError:
        return None
    before, found, behind = having.partition(_SYSTEM)
    if not found or not without.startswith(before) or not without.endswith(behind):
        return None
    return without[len(before) : len(without) - len(behind)].strip() or None


def double_bos(text_model: TextModel) -> bool:
    """Whether template and tokenizer both write the beginning of a text; here it is written once."""
    if text_model.default_bos is None:
        return False
    try:
        text = text_model.render([{"role": "user", "content": _QUESTION}])
    except TemplateRefusalError:
        return False
    return text.startswith(str(text_model.tokenizer.bos_token))


def appends_end(text_model: TextModel) -> bool:
    """Whether the template writes no end token behind an answer, so that the tokenizer's is put there."""
    return text_model.closing is None


def control_tokens(conversation: Conversation, text_model: TextModel) -> Problem | None:
    """A warning of a row whose texts spell control tokens; they are read as plain text."""
    if conversation.plain:
        return None
    found = dict.fromkeys(token for text in _texts(conversation) for token in text_model.control.spelled_in(text))
    return row_problem("control_tokens", conversation, tokens=" ".join(found)) if found else None


def _texts(conversation: Conversation) -> Iterator[str]:
    for message in conversation.messages:
        content, calls = message.get("content"), message.get("tool_calls")
        if isinstance(content, str):
            yield content
        if calls:
            yield from texts_in(calls)
    yield from texts_in(conversation.tools)
