"""`merge`: fold the adapter into its base."""

from pathlib import Path

from llm_finetune.cli.arguments import (
    CheckpointOption,
    ConfigArguments,
    JsonOption,
    ProjectOption,
    QuietOption,
    open_with,
)
from llm_finetune.cli.output import print_json, print_line, readable_size, teller
from llm_finetune.messages import say


def merge(
    arguments: ConfigArguments = None,
    *,
    checkpoint: CheckpointOption = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write a full model to exports/merged/ and compare it with base + adapter. Exit code 3 if they differ."""
    from dataclasses import asdict

    from llm_finetune import workflow

    report = workflow.merge(open_with(project, arguments), checkpoint=checkpoint, tell=teller(quiet=quiet))
    if as_json:
        print_json({**asdict(report), "path": str(report.path)})
        return
    print_line(say("cli.merge.done", path=report.path, dtype=report.dtype, size=readable_size(report.bytes)))
    print_line(
        say(
            "cli.merge.figures",
            difference=report.max_logit_difference,
            kl_merged=report.kl_merged,
            kl_adapter=report.kl_adapter,
            dtype=report.dtype,
        )
    )
    if report.kl_trained is not None:
        print_line(say("cli.merge.quantized", name=report.quantization, kl=report.kl_trained))
