"""The folder a user works in. The only module that spells its names; knows nothing of what the files hold."""

from dataclasses import dataclass
from pathlib import Path

CONFIG_NAME = "config/finetune.yaml"
ADAPTER_CONFIG_NAME = "config/lora_config.json"
TRAIN_DATA_NAME = "data/train.jsonl"
VALIDATION_DATA_NAME = "data/validation.jsonl"
SCRIPT_NAME = "scripts/run_finetune.py"
REQUIREMENTS_NAME = "requirements.txt"
README_NAME = "README.md"
CHECKPOINT_PREFIX = "checkpoint-"


@dataclass(frozen=True, slots=True)
class Project:
    """Paths of one project. Making one touches nothing on disk."""

    root: Path
    config: Path
    """The configuration in use; `config/finetune.yaml` unless another was named."""

    @classmethod
    def at(cls, root: Path, config: Path | None = None) -> "Project":
        """The project in `root`, with its own configuration file or another one."""
        return cls(root=root, config=config or root / CONFIG_NAME)

    def resolve(self, name: str) -> Path:
        """A path from the configuration: absolute, or from the project's root."""
        path = Path(name).expanduser()
        return path if path.is_absolute() else self.root / path

    def shown(self, path: Path) -> str:
        """A path as the user would type it from the project's root."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return str(path)

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    def checkpoint(self, step: int) -> Path:
        return self.checkpoints / f"{CHECKPOINT_PREFIX}{step}"

    @property
    def adapter(self) -> Path:
        return self.checkpoints / "adapter_model"

    @property
    def full_model(self) -> Path:
        return self.checkpoints / "model"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def training_log(self) -> Path:
        return self.logs / "training.log"

    @property
    def metrics(self) -> Path:
        return self.logs / "metrics.jsonl"

    @property
    def samples(self) -> Path:
        return self.logs / "samples.jsonl"

    @property
    def run(self) -> Path:
        return self.logs / "run.json"

    @property
    def data_stats(self) -> Path:
        return self.logs / "data_stats.json"

    @property
    def splits(self) -> Path:
        """Which rows are trained on and which are held out, as references."""
        return self.root / "data" / "splits"

    @property
    def token_cache(self) -> Path:
        """Tokens of rows seen before; may be deleted at any time."""
        return self.root / ".cache" / "tokens"

    @property
    def plan(self) -> Path:
        """What the last `plan` forecast; it is made before there is a run, and may be deleted at any time."""
        return self.root / ".cache" / "plan.json"

    @property
    def trials(self) -> Path:
        """Where short trial runs are made and deleted."""
        return self.root / ".cache"

    @property
    def scorecard(self) -> Path:
        return self.logs / "scorecard.json"

    @property
    def outputs(self) -> Path:
        return self.logs / "outputs.jsonl"

    @property
    def lock(self) -> Path:
        return self.logs / ".lock"

    @property
    def archive(self) -> Path:
        return self.root / "runs"

    @property
    def merged(self) -> Path:
        return self.root / "exports" / "merged"


@dataclass(frozen=True, slots=True)
class TrialProject(Project):
    """The same project, whose run is written into another folder."""

    folder: Path

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"
