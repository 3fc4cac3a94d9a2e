"""Hand the result on: merge into a full model, push to the Hub."""

from typing import TYPE_CHECKING, Any

from llm_finetune import files
from llm_finetune.data.encode import encode_conversations
from llm_finetune.errors import InputError, Problem
from llm_finetune.messages import say
from llm_finetune.workflow.opening import Opened, Tell, tell_on_stderr
from llm_finetune.workflow.reading import read_sides
from llm_finetune.workflow.trained import find_trained, trained_folder

if TYPE_CHECKING:
    from llm_finetune.deliver.merge import MergeReport
    from llm_finetune.deliver.push import PushReport

PROBE_ROWS = 8
"""Rows on which merged and unmerged logits are compared."""


def merge(opened: Opened, *, checkpoint: int | None = None, tell: Tell = tell_on_stderr) -> "MergeReport":
    """Write `exports/merged/`: the base with the adapter folded in, compared with both before it appears.

    Raises: InputError if there is no adapter; GateError if the merged model computes something else.
    """
    from llm_finetune.deliver.merge import merge as merge_adapter

    trained = find_trained(opened, checkpoint, tell)
    if trained.is_adapter and not opened.method.mergeable:
        values = {"title": opened.method.title, "folder": trained.label}
        message, fix = say("methods.not_mergeable", **values), say("methods.not_mergeable.fix", **values)
        raise InputError(Problem("not_mergeable", message, fix))
    if not trained.is_adapter:
        raise InputError(Problem("nothing_to_merge", say("deliver.nothing_to_merge", folder=trained.label)))
    rows = read_sides(opened.project, opened.settings)
    conversations = (*rows.validation, *rows.train)[:PROBE_ROWS]
    encoded = encode_conversations(conversations, trained.text_model, trained.settings.data)
    return merge_adapter(
        trained.base,
        trained.folder,
        opened.project.merged,
        [example.input_ids for example in encoded.examples],
        end_ids=trained.text_model.end_ids,
        quantization=trained.settings.model.quantization,
    )


def push(
    opened: Opened, repo: str, *, checkpoint: int | None = None, private: bool = True, dry_run: bool = False
) -> "PushReport":
    """Upload the trained folder with a model card; with `dry_run` only tell what would be uploaded.

    Raises: InputError if nothing is trained or no token is there; FinetuneError if the Hub refuses.
    """
    from llm_finetune.deliver.model_card import CardFacts, model_card
    from llm_finetune.deliver.push import Upload, is_adapter_folder
    from llm_finetune.deliver.push import push as upload

    folder = trained_folder(opened, checkpoint)
    run = opened.run
    public_base = run.get("base_name") if run.get("base_source") == "hub" else None
    facts = CardFacts(
        repo=repo,
        run=run,
        scorecard=_scorecard(opened),
        public_base=public_base,
        is_adapter=is_adapter_folder(folder),
    )
    retry = f"llm-finetune push {repo} --project {opened.project.root}"
    return upload(Upload(repo, folder, model_card(facts), public_base, private, retry), dry_run=dry_run)


def _scorecard(opened: Opened) -> dict[str, Any] | None:
    path = opened.project.scorecard
    if not path.is_file():
        return None
    scorecard: dict[str, Any] = files.read_json(path)
    return scorecard
