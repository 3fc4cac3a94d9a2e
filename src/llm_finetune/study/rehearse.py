"""Rehearse a run: every stage from the rows to the upload, on a little random model, before a long job starts.

Nothing of the user's project is written, no weights of the base are read, and nothing is sent anywhere.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from llm_finetune import workflow
from llm_finetune.errors import FinetuneError, GateError
from llm_finetune.files import read_json, sha256_of_file
from llm_finetune.messages import say
from llm_finetune.study.rehearsal_project import (
    ANSWER_TOKENS,
    SAVE_EVERY,
    STEPS,
    Sample,
    rehearsal_of,
    sample_of,
    write_model,
)
from llm_finetune.workflow import Opened
from llm_finetune.workflow.opening import Tell, tell_on_stderr

LIBRARY_ERRORS = (RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError, OSError, ImportError)
"""What the libraries raise when a configuration and a model do not go together; here it is the result."""
REPOSITORY = "rehearsal/model"


@dataclass(frozen=True, slots=True)
class StageResult:
    """How one stage went."""

    name: str
    seconds: float
    detail: str
    error: FinetuneError | None = None


class Rehearsal:
    """The stages of a journey, each a method that says what it saw. They are called in the order of STAGES."""

    def __init__(self, opened: Opened, folder: Path, tell: Tell) -> None:
        self._opened, self._folder, self._tell = opened, folder, tell
        self._model = folder / "model"
        self._sample: Sample
        self._small: Opened

    def model(self) -> str:
        """Build the little model."""
        return write_model(self._opened, self._model, self._tell)

    def rows(self) -> str:
        """Read the user's rows, and take a few of them."""
        self._sample = sample_of(self._opened)
        self._small = rehearsal_of(self._opened, self._sample, self._model, self._folder / "project")
        train, validation = len(self._sample.train), len(self._sample.validation)
        return say("study.rows", read=self._sample.read, train=train, validation=validation)

    def train(self) -> str:
        """Train some steps, with a checkpoint in the middle and a delivered folder at the end."""
        result = workflow.train(self._small, tell=self._tell)
        losses = [row["loss"] for row in result.run.get("eval_losses", ())]
        shown = " → ".join(f"{loss:.3f}" for loss in losses) or "—"
        return say("study.train", steps=result.run["done_steps"], losses=shown)

    def resume(self) -> str:
        """Take away what came after the checkpoint in the middle, go on from it, and compare the end."""
        project = self._small.project
        delivered = project.root / read_json(project.run)["delivered"]["path"]
        before = {path.name: sha256_of_file(path) for path in sorted(delivered.glob("*.safetensors"))}
        for folder in (delivered, project.checkpoint(STEPS)):
            shutil.rmtree(folder)
        project.run.unlink()
        run = workflow.train(self._small, tell=self._tell).run
        if run["done_steps"] != STEPS:
            raise GateError(say("study.resume_steps", steps=run["done_steps"], wanted=STEPS))
        after = {path.name: sha256_of_file(path) for path in sorted(delivered.glob("*.safetensors"))}
        if run["device"] == "cpu" and before != after:
            raise GateError(say("study.resume_differs", step=SAVE_EVERY))
        return say("study.resume", step=SAVE_EVERY) if before == after else say("study.resume_close", step=SAVE_EVERY)

    def answer(self) -> str:
        """Load what was delivered on its base, and let it answer."""
        asked = next((row.prompt for row in self._sample.train if row.prompt), [{"role": "user", "content": "?"}])
        answers = workflow.generate(self._small, [asked], max_new_tokens=ANSWER_TOKENS, tell=self._tell)
        return say("study.answer", tokens=answers[0].token_count)

    def evaluate(self) -> str:
        """Compare it with its base on the held-out rows."""
        if not self._sample.validation:
            return say("study.skipped", reason=say("study.no_validation"))
        workflow.evaluate(self._small, tell=self._tell)
        return say("study.evaluate", rows=len(self._sample.validation))

    def merge(self) -> str:
        """Fold the adapter into the base."""
        if not self._small.method.mergeable:
            return say("study.skipped", reason=say("study.not_mergeable", method=self._small.method.title))
        report = workflow.merge(self._small, tell=self._tell)
        return say("study.merge", difference=f"{report.max_logit_difference:.1e}")

    def push(self) -> str:
        """List what an upload would send."""
        report = workflow.push(self._small, REPOSITORY, dry_run=True)
        return say("study.push", files=len(report.files))


STAGES: Mapping[str, Callable[[Rehearsal], str]] = {
    "model": Rehearsal.model,
    "rows": Rehearsal.rows,
    "train": Rehearsal.train,
    "resume": Rehearsal.resume,
    "answer": Rehearsal.answer,
    "evaluate": Rehearsal.evaluate,
    "merge": Rehearsal.merge,
    "push": Rehearsal.push,
}


def rehearse(opened: Opened, *, tell: Tell = tell_on_stderr) -> Iterator[StageResult]:
    """Run the stages one after the other, and stop behind the first that fails."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True) as folder:
        rehearsal = Rehearsal(opened, Path(folder), tell)
        for name, stage in STAGES.items():
            started = time.monotonic()
            try:
                detail, error = stage(rehearsal), None
            except FinetuneError as found:
                detail, error = "", found
            except LIBRARY_ERRORS as found:
                detail, error = "", _of_library(found)
            yield StageResult(name, time.monotonic() - started, detail, error)
            if error is not None:
                return


def _of_library(error: Exception) -> FinetuneError:
    what = " ".join(str(error).split()) or type(error).__name__
    return FinetuneError(say("study.library", kind=type(error).__name__, what=what[:500]))
