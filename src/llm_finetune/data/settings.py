"""Settings of the data."""

from typing import Annotated, Literal

from pydantic import Field

from llm_finetune.config.strict import Settings

Share = Annotated[float, Field(gt=0, lt=1)]
Overlong = Literal["stop", "drop", "truncate"]
TrainOn = Literal["assistant", "last_assistant", "all"]


class DataSettings(Settings):
    """Which rows are trained on, and how they become tokens."""

    train: str | Annotated[list[str], Field(min_length=1)] = Field(
        default="data/train.jsonl", description="A JSON or JSON Lines file, or a list of files."
    )
    validation: Share | str = Field(
        default=0.1,
        description="Rows held out to measure the loss: a share of the training rows (seeded by `training.seed`), "
        "a file, or `none`. With `none` the last weights are delivered instead of the best ones.",
    )
    format: Literal["auto", "alpaca", "messages"] = Field(
        default="auto",
        description="Shape of the rows. `auto` recognises it row by row and prints the counts.",
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="Names of your columns for the fields expected, for example `{instruction: question, "
        "output: data.answer}`; a dot reaches into an object.",
    )
    system: str | None = Field(
        default=None,
        description="System prompt for rows that bring none; used in training, evaluation and chat alike.",
    )
    max_length: int = Field(default=1024, ge=8, description="Longest row in tokens. Memory and time grow with it.")
    overlong: Overlong = Field(
        default="stop",
        description="What happens to rows over `max_length`: `stop` names them and ends, `drop` leaves them out and "
        "counts them, `truncate` cuts their end (their end-of-turn is lost).",
    )
    train_on: TrainOn = Field(
        default="assistant",
        description="Which text is learned: every assistant turn, the last assistant turn, or all text.",
    )

    @property
    def train_files(self) -> list[str]:
        """The training files as a list."""
        return [self.train] if isinstance(self.train, str) else list(self.train)
