"""Fill in a chat template, compiled once in the restricted environment of transformers. Knows no tokens, no spans."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from jinja2 import Template, TemplateError, TemplateSyntaxError

from llm_finetune.data.rows import Message
from llm_finetune.errors import Problem
from llm_finetune.messages import say

FAULTS = (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RuntimeError)
"""What a template can raise when it meets a conversation that it was not written for."""


class TemplateRefusalError(TemplateError):
    """The template does not take these messages."""


class JinjaTemplate:
    """A chat template as `apply_chat_template` fills it in, without its cost of building everything anew."""

    def __init__(self, source: str, tokenizer: Any, arguments: Mapping[str, Any]) -> None:
        self._source, self._tokenizer, self._arguments = source, tokenizer, arguments

    @cached_property
    def _compiled(self) -> Template:
        # transformers has no public name for it. `apply_chat_template` costs 34 µs a row, its compiled template 16 µs.
        from transformers.utils.chat_template_utils import _compile_jinja_template

        compiled: Template = _compile_jinja_template(self._source)
        return compiled

    @cached_property
    def _variables(self) -> dict[str, Any]:
        """What is the same in every rendering, the functions of the environment among it."""
        own = {**self._tokenizer.special_tokens_map, **self._arguments}
        return {**self._compiled.globals, "documents": None, **own}

    def fault(self) -> Problem | None:
        """Why the template cannot be used at all, if so."""
        try:
            self._compiled  # noqa: B018 (compiling is what can fail)
        except TemplateSyntaxError as error:
            message = say("data.template_syntax", what=error.message or "", line=error.lineno)
            return Problem("template_syntax", message, say("data.template_syntax.fix"), field="model.chat_template")
        except FAULTS as error:
            message = say("data.template_syntax", what=error, line=1)
            return Problem("template_syntax", message, say("data.template_syntax.fix"), field="model.chat_template")
        return None

    def fill(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = (), *, add_generation_prompt: bool
    ) -> str:
        """The text of a conversation.

        Raises: TemplateRefusalError
        """
        try:
            # `Template.render` does the same, and collects the functions anew each time: 14 µs a row instead of 8.
            context = self._compiled.new_context(
                {
                    **self._variables,
                    "messages": [_without_nulls(message) for message in messages],
                    "tools": list(tools) or None,
                    "add_generation_prompt": add_generation_prompt,
                },
                shared=True,
            )
            return "".join(self._compiled.root_render_func(context))
        except FAULTS as error:
            raise TemplateRefusalError(str(error).strip() or type(error).__name__) from error


def _without_nulls(message: Message) -> Message:
    """The message without keys that hold nothing, as `apply_chat_template` hands it on."""
    if None in message.values():
        return {key: value for key, value in message.items() if value is not None}
    return message
