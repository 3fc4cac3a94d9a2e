"""Find what was trained in a project, and load it on its base."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_finetune.data.text_model import TextModel
from llm_finetune.errors import InputError, ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.methods.virtual_tokens import virtual_tokens_in
from llm_finetune.methods.weights import ADAPTER_CONFIG
from llm_finetune.model.gate import refuse_code
from llm_finetune.model.precision import Precision
from llm_finetune.model.quantize import require_library
from llm_finetune.model.resolve import Base, base_sha256, resolve_base
from llm_finetune.settings import FinetuneSettings
from llm_finetune.train.checkpoint import open_checkpoint
from llm_finetune.workflow.opening import Opened, Tell
from llm_finetune.workflow.preparing import (
    behind_virtual_tokens,
    precision_of,
    template_text,
    text_model_from,
    text_model_of,
)
from llm_finetune.workflow.training import no_checkpoint


@dataclass(frozen=True, slots=True)
class Trained:
    """What was trained, before its weights are loaded."""

    folder: Path
    label: str
    """The folder as the user would type it."""
    base: Base
    settings: FinetuneSettings
    """The settings it was trained with."""
    precision: Precision
    text_model: TextModel

    @property
    def is_adapter(self) -> bool:
        """Whether the folder holds an adapter rather than a whole model."""
        return (self.folder / ADAPTER_CONFIG).is_file()


def trained_folder(opened: Opened, checkpoint: int | None) -> Path:
    """The delivered folder, or that of a checkpoint.

    Raises: InputError if there is none.
    """
    project = opened.project
    if checkpoint is not None:
        found, fault = open_checkpoint(project, checkpoint)
        if found is None:
            raise InputError(no_checkpoint(project, checkpoint, fault))
        return found.path
    candidates = [project.full_model, project.adapter] if opened.settings.method.is_full else [project.adapter]
    if delivered := opened.run.get("delivered"):
        candidates = [project.root / delivered["path"], *candidates]
    for folder in candidates:
        if any(folder.glob("*.safetensors")):
            return folder
    raise InputError(Problem("nothing_trained", say("train.nothing_trained"), say("train.nothing_trained.fix")))


def find_trained(opened: Opened, checkpoint: int | None, tell: Tell) -> Trained:
    """The trained model of a project, its base, and how both read text.

    Raises: InputError if there is none, or its base is not to be found; GateError if the folder could run code.
    """
    folder = trained_folder(opened, checkpoint)
    refuse_code(folder)
    settings = opened.as_trained()
    require_library(settings.model.quantization)
    base = _base_of(opened, settings, tell)
    _require_same_base(opened, base)
    return Trained(
        folder=folder,
        label=opened.project.shown(folder),
        base=base,
        settings=settings,
        precision=_reading_precision(folder, settings),
        text_model=_text_model(folder, base, settings),
    )


def _reading_precision(folder: Path, settings: FinetuneSettings) -> Precision:
    """The number format to answer in: that of training, but float32 for a whole model unless another is asked for.

    Its weights are float32, and the small updates of full fine-tuning are lost in products of rounded ones.
    """
    computed = precision_of(settings)
    if (folder / ADAPTER_CONFIG).is_file() or settings.model.dtype != "auto":
        return computed
    return Precision("float32", say("model.precision.whole_model"))


def _base_of(opened: Opened, settings: FinetuneSettings, tell: Tell) -> Base:
    """The base that a project's run names.

    Raises: ModelError if it is not to be found; of a folder that was moved it says how to give its new place.
    """
    try:
        return resolve_base(settings.model, opened.project.root, tell)
    except ModelError as error:
        run, name = opened.run, settings.model.name
        if run.get("base_source") != "folder" or run.get("base_name") != name:
            raise
        message, fix = say("train.base_moved", name=name), say("train.base_moved.fix")
        raise ModelError(Problem("base_moved", message, fix, field="model.name")) from error


def _require_same_base(opened: Opened, base: Base) -> None:
    """Raises: ModelError if the base is not the one that was trained on."""
    recorded = opened.run.get("base_sha256")
    if recorded and base_sha256(base) != recorded:
        message = say("train.other_base", name=base.name, trained=opened.run.get("base_name"))
        raise ModelError(Problem("other_base", message, say("train.other_base.fix"), field="model.name"))


def find_base(opened: Opened, tell: Tell) -> tuple[Base, Precision, TextModel]:
    """The untuned model of a project's configuration.

    Raises: InputError if it is not to be found.
    """
    settings = opened.as_trained()
    require_library(settings.model.quantization)
    base = _base_of(opened, settings, tell)
    text_model = text_model_of(base, template_text(opened.project, settings), settings, tell)
    return base, precision_of(settings), text_model


def _text_model(folder: Path, base: Base, settings: FinetuneSettings) -> TextModel:
    """The tokenizer and template that were saved with the weights, with the base's limit and end tokens."""
    from llm_finetune.model.load import load_tokenizer

    tokenizer = load_tokenizer(Base(base.name, str(folder), None, "folder", base.license))
    text_model = text_model_from(tokenizer, base, settings, folder)
    return behind_virtual_tokens(text_model, virtual_tokens_in(folder))


def load_tuned(trained: Trained) -> Any:
    """The base with its adapter, or the whole tuned model."""
    from llm_finetune.methods.weights import with_adapter
    from llm_finetune.model.load import load_model

    if trained.is_adapter:
        return with_adapter(load_base(trained), trained.folder)
    whole = Base(trained.base.name, str(trained.folder), None, "folder", trained.base.license)
    return load_model(whole, trained.precision.name, trained.settings.model.quantization)


def load_base(trained: Trained) -> Any:
    """The base alone, held as in training."""
    from llm_finetune.model.load import load_model

    return load_model(trained.base, trained.precision.name, trained.settings.model.quantization)
