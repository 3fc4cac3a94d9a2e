"""Which rows each batch of a run will hold, asked of the trainer itself before there is a model."""

import tempfile
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import torch

from llm_finetune.engine.batch import TokenRow
from llm_finetune.train.arguments import training_arguments
from llm_finetune.train.settings import TrainingSettings
from llm_finetune.train.trainer import FinetuneTrainer


def batches_by_epoch(settings: TrainingSettings, rows: Sequence[TokenRow]) -> Iterator[list[list[int]]]:
    """For one epoch after the other, without end, the numbers of the rows in each of its batches (of this process)."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = training_arguments(settings, Path(folder), precision="float32", has_validation=False)
        # Whatever the run reports to is not told of a plan.
        arguments.report_to = []
        trainer = FinetuneTrainer(
            model=torch.nn.Linear(1, 1),
            args=arguments,
            rows=rows,
            validation_rows=(),
            pad_id=0,
            precision="float32",
            save_weights=_nothing,
            load_weights=_nothing,
            is_forced=lambda step: False,
            facts={},
        )
        loader = trainer.get_train_dataloader()
    for epoch in count():
        trainer.state.epoch = float(epoch)
        loader.set_epoch(epoch)
        yield [list(batch) for batch in loader.batch_sampler]


def _nothing(_folder: Path) -> None:
    """A plan saves and loads nothing."""
