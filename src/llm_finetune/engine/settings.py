"""Settings of the engine."""

from llm_finetune.config.strict import Settings


class EngineSettings(Settings):
    """How a batch is computed. There is nothing to choose yet."""
