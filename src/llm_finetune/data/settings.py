"""Settings of the data."""

from typing import Annotated, Literal

from pydantic import Field

from llm_finetune.config.strict import Settings

Share = Annotated[float, Field(gt=0, lt=1)]
FormatName = Literal["auto", "alpaca", "messages", "sharegpt", "completion", "text", "preference"]
Overlong = Literal["stop", "drop", "truncate_left_turns", "truncate"]
TrainOn = Literal["assistant", "last_assistant", "all"]
SystemRole = Literal["template", "fold", "drop"]
OnBadRows = Literal["stop", "drop"]
Repair = Literal["merge_turns", "drop_trailing_turn", "text_values"]

Columns = Annotated[
    dict[str, str],
    Field(
        description="Names of your columns for the fields expected, for example `{instruction: question, "
        "output: data.answer}`; a dot reaches into an object."
    ),
]


class SourceSettings(Settings):
    """One source of rows with its own share, shape and names."""

    path: str = Field(
        min_length=1, description="A file, a glob such as `data/*.jsonl`, or the id of a data set on the Hub."
    )
    weight: float = Field(
        default=1.0,
        gt=0,
        le=100,
        description="How often each row of this source is seen in one epoch; 0.5 takes half of them, always the same.",
    )
    subset: str | None = Field(
        default=None,
        description="Which part of it: a configuration of a Hub data set, or an entry of a `dataset_info.json`.",
    )
    split: str = Field(default="train", description="Which split of a Hub data set.")
    format: FormatName = Field(default="auto", description="Shape of the rows, as in `data.format`.")
    columns: Columns = Field(default_factory=dict)


class DataSettings(Settings):
    """Which rows are trained on, and how they become tokens."""

    train: str | Annotated[list[str | SourceSettings], Field(min_length=1)] = Field(
        default="data/train.jsonl",
        description="A file, a glob, the id of a data set on the Hub, or a list of these; an entry of the list may be "
        "an object with `path`, `weight`, `subset`, `split`, `format` and `columns`.",
    )
    validation: Share | str = Field(
        default=0.1,
        description="Rows held out to measure the loss: a share of the training rows (seeded by `training.seed`), "
        "a file, or `none`. With `none` the last weights are delivered instead of the best ones.",
    )
    group_by: str | None = Field(
        default=None,
        description="A column whose equal values keep rows on one side of the split (a document, a customer). Rows "
        "with the same prompt stay together anyway.",
    )
    format: FormatName = Field(
        default="auto",
        description="Shape of the rows. `auto` recognises it row by row and prints the counts.",
    )
    columns: Columns = Field(default_factory=dict)
    on_bad_rows: OnBadRows = Field(
        default="stop",
        description="What happens when rows cannot be used: `stop` names them and ends, `drop` leaves them out and "
        "counts them by reason.",
    )
    repair: list[Repair] = Field(
        default_factory=list,
        description="What may be put right in a row, counted: `merge_turns` joins turns of one role that follow each "
        "other, `drop_trailing_turn` removes a last turn without an answer, `text_values` writes numbers and objects "
        "as JSON text.",
    )
    near_duplicate_rows: int = Field(
        default=200_000,
        ge=0,
        description="Rows that `check` searches for near duplicates; it says when there were more. 0 skips the search.",
    )
    system: str | None = Field(
        default=None,
        description="System prompt for rows that bring none; used in training, evaluation and chat alike.",
    )
    system_role: SystemRole = Field(
        default="template",
        description="How a system prompt is written: `template` as the chat template does, `fold` in front of the "
        "first user turn, `drop` not at all. For templates that refuse the system role; chat does the same.",
    )
    max_length: int = Field(default=1024, ge=8, description="Longest row in tokens. Memory and time grow with it.")
    overlong: Overlong = Field(
        default="stop",
        description="What happens to rows over `max_length`: `stop` names them and ends, `drop` leaves them out and "
        "counts them, `truncate_left_turns` removes the oldest turns (never the system prompt) until the row fits, "
        "`truncate` cuts their end (their end-of-turn is lost).",
    )
    train_on: TrainOn = Field(
        default="assistant",
        description="Which text is learned: every assistant turn, the last assistant turn, or all text.",
    )

    @property
    def sources(self) -> list[SourceSettings]:
        """The training sources as a list of full entries."""
        entries = [self.train] if isinstance(self.train, str) else self.train
        return [SourceSettings(path=entry) if isinstance(entry, str) else entry for entry in entries]
