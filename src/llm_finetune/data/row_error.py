"""Why one row cannot become a text to train on. Knows no tokens."""

from collections.abc import Iterator, Sequence

from llm_finetune.data.jinja_template import TemplateRefusalError
from llm_finetune.data.rows import Conversation, Message
from llm_finetune.data.text_model import TextModel, Tools
from llm_finetune.errors import Problem
from llm_finetune.messages import say


class RowError(Exception):
    """This row cannot become an example; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def row_problem(code: str, conversation: Conversation, **values: object) -> Problem:
    """A problem of a row, in the words of the catalogue."""
    message, fix = say(f"data.{code}", **values), say(f"data.{code}.fix", **values)
    return Problem(code, message, fix, conversation.path, conversation.line)


def refusal_of(conversation: Conversation, messages: Sequence[Message], text_model: TextModel, what: str) -> Problem:
    """What the template does not take of a conversation, found by leaving parts of it out."""
    if any(_takes(text_model, others, conversation.tools) for others in _without_calls(messages)):
        return row_problem("template_without_tool_calls", conversation)
    if conversation.tools and _takes(text_model, messages, ()):
        return row_problem("template_without_tools", conversation)
    if messages[0]["role"] == "system" and _takes(text_model, messages[1:], conversation.tools):
        return row_problem("template_refuses_system", conversation, what=what)
    return row_problem("template_refuses", conversation, what=what)


def _takes(text_model: TextModel, messages: Sequence[Message], tools: Tools) -> bool:
    try:
        text_model.render(messages, tools)
    except TemplateRefusalError:
        return False
    return True


def _without_calls(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """The same turns with a text where a tool is called, and without calls and results; nothing if none is called."""
    if not any(message.get("tool_calls") for message in messages):
        return
    yield [
        {"role": "assistant", "content": message.get("content") or "a"} if message.get("tool_calls") else message
        for message in messages
    ]
    yield [message for message in messages if message["role"] != "tool" and not message.get("tool_calls")]
