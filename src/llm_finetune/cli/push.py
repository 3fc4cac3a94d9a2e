"""`push`: upload the trained model to the Hub."""

from pathlib import Path
from typing import Annotated

import typer

from llm_finetune.cli.arguments import CheckpointOption, ConfigArguments, JsonOption, ProjectOption, open_with
from llm_finetune.cli.output import print_json, print_line, readable_size
from llm_finetune.messages import say


def push(
    repo: Annotated[str, typer.Argument(help="The repository on the Hub, for example me/my-adapter.")],
    arguments: ConfigArguments = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be uploaded.")] = False,
    public: Annotated[
        bool, typer.Option("--public", help="Make a new repository public. Private is the default.")
    ] = False,
    checkpoint: CheckpointOption = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Upload the trained model with a model card. The token comes from `hf auth login` or HF_TOKEN only."""
    from llm_finetune import workflow

    opened = open_with(project, arguments)
    report = workflow.push(opened, repo, checkpoint=checkpoint, private=not public, dry_run=dry_run)
    total = sum(size for _, size in report.files)
    if as_json:
        files = [{"name": name, "bytes": size} for name, size in report.files]
        print_json({"repo": report.repo, "files": files, "left_out": report.left_out, "url": report.url})
        return
    for name, size in report.files:
        print_line(say("cli.push.file", name=name, size=readable_size(size)))
    if dry_run:
        visibility = say("cli.push.public" if public else "cli.push.private")
        values = {
            "count": len(report.files),
            "size": readable_size(total),
            "repo": repo,
            "visibility": visibility,
        }
        print_line(say("cli.push.dry", **values))
    else:
        print_line(say("cli.push.done", count=len(report.files), url=report.url))
