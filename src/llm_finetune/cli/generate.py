"""`generate`: answer one prompt, or a file of them."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llm_finetune.cli.arguments import CheckpointOption, JsonOption, ProjectOption, QuietOption, open_with
from llm_finetune.cli.output import print_json, print_line, teller
from llm_finetune.errors import Problem, UsageError
from llm_finetune.messages import say

if TYPE_CHECKING:
    from llm_finetune.generate.answer import Answer

TemperatureOption = Annotated[float, typer.Option("--temperature", help="0 takes the likeliest token; above it draws.")]
TopPOption = Annotated[float, typer.Option("--top-p", help="Draw from the likeliest tokens of this total share.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Seed for drawing.")]
TokensOption = Annotated[int, typer.Option("--max-new-tokens", help="Longest answer in tokens.", min=1)]
BaseOption = Annotated[bool, typer.Option("--base", help="Let the base answer, without the adapter.")]


def generate(
    prompt: Annotated[str | None, typer.Argument(help="The prompt, in quotes.")] = None,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(help="A configuration file (.yaml), and overrides.", show_default=False),
    ] = None,
    *,
    source: Annotated[
        Path | None,
        typer.Option("--input", help="Prompts: one a line, or a JSON or JSON Lines file.", metavar="FILE"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Write answers here as JSON Lines.", metavar="FILE")
    ] = None,
    base: BaseOption = False,
    temperature: TemperatureOption = 0.0,
    top_p: TopPOption = 1.0,
    seed: SeedOption = None,
    max_new_tokens: TokensOption = 512,
    checkpoint: CheckpointOption = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Answer a prompt with the tuned model; the answer alone goes to standard output."""
    from llm_finetune import workflow
    from llm_finetune.generate.answer import Sampling

    prompts = _prompts(prompt, source, output)
    sampling = Sampling(temperature, top_p, seed)
    opened = open_with(project, arguments)
    answers = workflow.generate(
        opened,
        prompts,
        base=base,
        checkpoint=checkpoint,
        sampling=sampling,
        max_new_tokens=max_new_tokens,
        tell=teller(quiet=quiet),
    )
    rows = [_row(question, answer) for question, answer in zip(prompts, answers, strict=True)]
    if output:
        _write(output, rows, quiet=quiet)
    elif as_json:
        print_json(rows[0] if source is None else {"answers": rows})
    else:
        for answer in answers:
            print_line(answer.text)


def _prompts(prompt: str | None, source: Path | None, output: Path | None) -> "Sequence[str | list[dict[str, Any]]]":
    """Raises: UsageError if there is not exactly one source of prompts."""
    from llm_finetune.workflow.outputs import require_writable
    from llm_finetune.workflow.prompts import read_prompts

    problems = []
    if source is None and output is not None:
        problems.append(Problem("output_without_input", say("cli.generate.output_without_input")))
    if prompt is None and source is None:
        problems.append(Problem("no_prompt", say("cli.generate.no_prompt"), say("cli.generate.no_prompt.fix")))
    if prompt is not None and source is not None:
        problems.append(Problem("two_sources", say("cli.generate.both"), say("cli.generate.both.fix")))
    if problems:
        raise UsageError(problems)
    if source is not None:
        if output is not None:
            require_writable([output], "--output", [source])
        return read_prompts(source)
    return [prompt or ""]


def _row(question: "str | Sequence[dict[str, Any]]", answer: "Answer") -> dict[str, Any]:
    return {
        "prompt": question,
        "answer": answer.text,
        "tokens": answer.token_count,
        "stopped_by": answer.stopped_by,
    }


def _write(output: Path, rows: list[dict[str, Any]], *, quiet: bool) -> None:
    from llm_finetune.files import write_text

    write_text(output, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    if not quiet:
        sys.stderr.write(say("cli.generate.written", count=len(rows), path=output) + "\n")
