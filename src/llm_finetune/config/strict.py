"""The base of every settings model: frozen, no unknown keys, and each field carries a sentence."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Settings(BaseModel):
    """Settings of one stage."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _empty_section_is_defaults(cls, value: Any) -> Any:
        """`data:` with nothing behind it reads as null in YAML and means "all defaults"."""
        return {} if value is None else value
