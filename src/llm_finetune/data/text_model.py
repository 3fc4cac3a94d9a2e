"""How text becomes tokens: the one renderer of training, evaluation, chat and export. Knows no weights.

The value is made from a tokenizer that another floor loads; here it is only called.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llm_finetune.data.control import ControlTokens
from llm_finetune.data.encoding import Encoding
from llm_finetune.data.end_tokens import EndTokens
from llm_finetune.data.jinja_template import JinjaTemplate, TemplateRefusalError
from llm_finetune.data.mask import Span
from llm_finetune.data.private_use import private_range
from llm_finetune.data.rows import Message
from llm_finetune.data.settings import SystemRole
from llm_finetune.data.text_encoder import TextEncoder
from llm_finetune.errors import Problem

Tools = Sequence[Mapping[str, Any]]

_THINKING_SWITCHES = ("enable_thinking", "thinking")
"""Names under which templates take the wish that the model thinks before it answers."""
_THOUGHT = re.compile("think|thought|reason", re.IGNORECASE)
"""In the marks of thoughts, however a template spells them: `<think>`, `[THINK]`, `<|channel>thought`."""
_ANSWER = "Xanswerx"


@dataclass(frozen=True, slots=True)
class TextModel:
    """A tokenizer with its chat template, its end-of-turn tokens and the longest text the model reads."""

    tokenizer: Any
    """A fast tokenizer of transformers."""
    chat_template: str
    end_ids: frozenset[int]
    """Tokens at which an answer ends."""
    limit: int | None = None
    """Longest input in tokens, or None if the model states none."""
    system: str | None = None
    """System prompt for conversations that bring none."""
    system_role: SystemRole = "template"
    """What becomes of a system prompt."""
    template_arguments: Mapping[str, Any] = field(default_factory=dict)
    """Variables handed to the chat template in every rendering."""
    tool_template: str | None = None
    """The chat template for conversations with tools, where the model brings one of its own for them."""
    memory: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What has been learned of this tokenizer and template."""

    def fault(self) -> Problem | None:
        """Why the chat template cannot be used for any row, if so."""
        return self._template(()).fault() or self._template(({},)).fault()

    @property
    def control(self) -> ControlTokens:
        """The control tokens of the tokenizer."""
        found: ControlTokens | None = self.memory.get("control")
        if found is None:
            found = self.memory["control"] = ControlTokens(self.tokenizer.backend_tokenizer)
        return found

    @property
    def ends(self) -> EndTokens:
        """How answers end."""
        found: EndTokens | None = self.memory.get("ends")
        if found is None:
            found = self.memory["ends"] = self._ends()
        return found

    def _ends(self) -> EndTokens:
        added = [token.content for token in self.tokenizer.backend_tokenizer.get_added_tokens_decoder().values()]
        added = [spelling for spelling in added if spelling.strip()]
        known = self.tokenizer.convert_ids_to_tokens(sorted(self.end_ids))
        special = {*self.control.ids, *known}
        tokens = EndTokens.of(known, special, added)
        closing = self._closing_of(tokens)
        return tokens if closing is None else EndTokens.of({*known, closing}, special, added)

    def _closing_of(self, tokens: EndTokens) -> str | None:
        found = tokens.behind_text(*self._probe())
        return None if found is None else found[0]

    @property
    def closing(self) -> int | None:
        """The token that the template writes behind an answer; None where it writes none."""
        spelling = self._closing_of(self.ends)
        if spelling is None:
            return None
        return int(self.tokenizer.convert_tokens_to_ids(spelling))

    def _probe(self) -> tuple[str, int]:
        """A rendering of one question and one answer, and where the answer stops; an empty one if it is refused."""
        question = {"role": "user", "content": "a"}
        try:
            text = self.render([question, {"role": "assistant", "content": _ANSWER}])
        except TemplateRefusalError:
            return "", 0
        start = text.rfind(_ANSWER)
        return ("", 0) if start < 0 else (text, start + len(_ANSWER))

    @property
    def asks_for_thinking(self) -> bool:
        """Whether the template is told that the model thinks before it answers."""
        return any(self.template_arguments.get(name) is True for name in _THINKING_SWITCHES)

    def arranged(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """The messages with the system prompt where `system_role` wants it."""
        if self.system_role == "template" or not messages or messages[0]["role"] != "system":
            return tuple(messages)
        system, *others = messages
        if self.system_role == "drop":
            return tuple(others)
        if not others or others[0]["role"] != "user":
            return ({**system, "role": "user"}, *others)
        text = f"{system['content']}\n\n{others[0]['content']}"
        return ({**others[0], "content": text}, *others[1:])

    def render(self, messages: Sequence[Message], tools: Tools = (), *, add_generation_prompt: bool = False) -> str:
        """The exact text of a conversation as it stands.

        Raises: TemplateRefusalError if the template does not take it.
        """
        return self._template(tools).fill(messages, tools, add_generation_prompt=add_generation_prompt)

    def _template(self, tools: Tools) -> JinjaTemplate:
        source = self.tool_template if tools and self.tool_template is not None else self.chat_template
        found: JinjaTemplate | None = self.memory.get(("template", source))
        if found is None:
            found = JinjaTemplate(source, self.tokenizer, self.template_arguments)
            self.memory["template", source] = found
        return found

    def prompt_text(self, messages: Sequence[Message], tools: Tools = ()) -> str:
        """The text that stands before the assistant's answer, in training as in asking.

        Raises: TemplateRefusalError
        """
        mark = chr(private_range([message.get("content") for message in messages], 1))
        try:
            answered = self.render([*messages, {"role": "assistant", "content": mark}], tools)
        except TemplateRefusalError:
            return _without_blanks(self.render(messages, tools, add_generation_prompt=True), messages)
        return self.prompt_before(answered, answered.rfind(mark), messages, tools)

    def prompt_before(self, answered: str, start: int, messages: Sequence[Message], tools: Tools) -> str:
        """The prompt of an answer that begins at `start` of a text, behind these messages.

        That is what the template writes when asked for a prompt; what else it writes before an answer is learned with
        it. Two things are not: a thought that is put there, or left out, without being asked for, and the heading of a
        turn where the template never writes a prompt. Blanks at the end belong to the answer, since tokens hold the
        blank before a word.
        """
        try:
            asked = self.render(messages, tools, add_generation_prompt=True)
        except TemplateRefusalError:
            return _without_blanks(answered[:start], messages)
        if start < 0 or self.asks_for_thinking:
            return _without_blanks(asked, messages)
        lead = answered[len(asked) : start]
        if answered.startswith(asked) and (not lead.strip() or self._is_learned(lead, asked, messages, tools)):
            return _without_blanks(asked, messages)
        return _without_blanks(answered[:start], messages)

    def _is_learned(self, lead: str, asked: str, messages: Sequence[Message], tools: Tools) -> bool:
        """Whether a constant text between prompt and answer is for the model to write."""
        if _THOUGHT.search(lead):
            return False
        try:
            return self.render(messages, tools) != asked
        except TemplateRefusalError:
            return True

    def prompt_ids(self, messages: Sequence[Message], tools: Tools = ()) -> list[int]:
        """Token ids of a conversation that waits for the assistant's answer.

        Raises: TemplateRefusalError
        """
        if self.system is not None and (not messages or messages[0]["role"] != "system"):
            messages = [{"role": "system", "content": self.system}, *messages]
        if not messages:
            return self.encode("").ids
        messages = self.arranged(messages)
        disguise = self.control.disguise(messages, tools)
        text, plain = disguise.undone(self.prompt_text(disguise.messages, disguise.tools))
        turns = [turn for turn, message in enumerate(messages) if message["role"] == "assistant"]
        prompts = self.prompts_before(messages, tools, turns)
        return self.encode(text, plain, self.answer_starts(text, prompts.values())).ids

    def answer_starts(self, text: str, prompts: Iterable[str | None]) -> list[int]:
        """Where some prompts end in the text of a conversation, as far as it begins with them."""
        return [len(prompt) for prompt in prompts if prompt is not None and text.startswith(prompt)]

    def prompts_before(self, messages: Sequence[Message], tools: Tools, turns: Sequence[int]) -> dict[int, str | None]:
        """The texts that a chat reads before some turns; None where the template refuses one."""
        if not turns:
            return {}
        disguise = self.control.disguise(messages, tools)
        prompts: dict[int, str | None] = {}
        for turn in turns:
            try:
                prompts[turn] = disguise.undone(self.prompt_text(disguise.messages[:turn], disguise.tools))[0]
            except TemplateRefusalError:
                prompts[turn] = None
        return prompts

    @property
    def splits_prompts(self) -> bool:
        """Whether the tokens of a prompt change even where a mere word follows it."""
        found: bool | None = self.memory.get("splits_prompts")
        if found is None:
            text, start = self._probe()
            prompts = self.prompts_before([{"role": "user", "content": "a"}, {"role": "assistant"}], (), [1])
            cuts = self.answer_starts(text, prompts.values())
            found = bool(start) and self.encode(text).ids != self.encode(text, (), cuts).ids
            self.memory["splits_prompts"] = found
        return found

    def encode(self, text: str, plain: Sequence[Span] = (), cuts: Sequence[int] = ()) -> Encoding:
        """Token ids with the beginning-of-sequence token exactly once, where the tokenizer has one by default.

        In the ranges of `plain`, no spelling becomes a control token. What stands before each of the `cuts` has the
        tokens it has where nothing follows.
        """
        return self.encode_all([(text, plain)], [cuts])[0]

    def encode_all(
        self, rendered: Sequence[tuple[str, Sequence[Span]]], cuts: Sequence[Sequence[int]] | None = None
    ) -> list[Encoding]:
        """Token ids of many texts, each with its plain ranges and cuts, on all cores."""
        encoder: TextEncoder | None = self.memory.get("encoder")
        if encoder is None:
            encoder = TextEncoder(self.tokenizer.backend_tokenizer, self.control, self.default_bos)
            self.memory["encoder"] = encoder
        return encoder.encode_all(rendered, [()] * len(rendered) if cuts is None else cuts)

    @property
    def default_bos(self) -> int | None:
        """The token that the tokenizer itself puts in front of a plain text, if any."""
        if "bos" not in self.memory:
            self.memory["bos"] = default_bos(self.tokenizer)
        first: int | None = self.memory["bos"]
        return first

    def decode(self, ids: Sequence[int]) -> str:
        """The text of tokens, without special tokens."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))


def default_bos(tokenizer: Any) -> int | None:
    """The token that the tokenizer itself puts in front of a plain text, if any."""
    bos = tokenizer.bos_token_id
    return int(bos) if bos is not None and tokenizer.backend_tokenizer.encode("a").ids[:1] == [bos] else None


def has_token(tokenizer: Any, spelling: str) -> bool:
    """Whether a spelling becomes one token of its own."""
    ids = tokenizer.backend_tokenizer.encode(spelling, add_special_tokens=False).ids
    return bool(len(ids) == 1 and ids != [tokenizer.unk_token_id]) or spelling == tokenizer.unk_token


def _without_blanks(prompt: str, messages: Sequence[Message]) -> str:
    """A prompt without the blanks at its end, unless they are the user's."""
    cut = prompt.rstrip(" ")
    content = messages[-1].get("content") if messages else None
    if not isinstance(content, str) or not content.endswith(" "):
        return cut
    return prompt[: max(len(cut), prompt.rfind(content) + len(content))] if content in prompt else cut
