"""Sample answers while training: a few validation prompts, answered after each measurement of the loss."""

import json
from pathlib import Path
from typing import Any

from llm_finetune.train.progress import Observer
from llm_finetune.workflow.opening import Opened
from llm_finetune.workflow.preparing import Prepared

SAMPLE_ROWS = 3
SAMPLE_TOKENS = 96


def sample_answers(opened: Opened, prepared: Prepared) -> tuple[Observer, ...]:
    """An observer that appends prompt, reference and answer of some validation rows to `logs/samples.jsonl`."""
    rows = [row for row in prepared.rows.validation if row.prompt][:SAMPLE_ROWS]
    if not rows:
        return ()

    def observe(model: Any, step: int, folder: Path) -> None:
        from llm_finetune.generate.generator import Generator

        generator = Generator(model, prepared.text_model, batch_size=len(rows), precision=prepared.precision.name)
        answers = generator.answers(rows, max_new_tokens=SAMPLE_TOKENS)
        lines = [
            {
                "step": step,
                "path": row.path,
                "line": row.line,
                "prompt": row.prompt[-1]["content"],
                "reference": row.reference,
                "answer": answer.text,
            }
            for row, answer in zip(rows, answers, strict=True)
        ]
        with (folder / opened.project.samples.name).open("a", encoding="utf-8", newline="\n") as stream:
            stream.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)

    return (observe,)
