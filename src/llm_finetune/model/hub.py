"""Files of a Hub model, from the local Hub cache or the network, with every refusal told in one sentence.

Knows nothing of what the files hold. `HF_HUB_OFFLINE` is obeyed at each call.
"""

from pathlib import Path
from typing import Any

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.model.embedded import is_offline


def hub_file(name: str, file: str, revision: str | None, hint: str = "") -> Path:
    """One file of a Hub model in the local cache, downloaded if it must be.

    Raises: ModelError if there is no such model, revision or file, or no way to ask.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    offline = is_offline()
    try:
        return Path(hf_hub_download(name, file, revision=revision, local_files_only=offline))
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        code = _code_of(error, offline=offline, is_config=file == "config.json")
        values: dict[str, Any] = {"name": name, "revision": revision, "file": file, "hint": hint}
        message = say(f"model.{code}", what=_first_line(error), **values)
        raise ModelError(Problem(code, message, say(f"model.{code}.fix", **values))) from error


def _code_of(error: Exception, *, offline: bool, is_config: bool) -> str:
    """Which of our refusals an error of the Hub library is; order matters, some are subclasses of others."""
    from huggingface_hub import errors

    cases: tuple[tuple[type[Exception], str], ...] = (
        (errors.GatedRepoError, "hub_gated"),
        (errors.RepositoryNotFoundError, "hub_not_found"),
        (errors.RevisionNotFoundError, "hub_no_revision"),
        (errors.LocalEntryNotFoundError, "hub_unreachable"),
        (errors.EntryNotFoundError, "hub_no_config" if is_config else "hub_no_file"),
        (errors.HFValidationError, "bad_name"),
    )
    code = next((code for kind, code in cases if isinstance(error, kind)), "hub_unreachable")
    if offline and code == "hub_unreachable":
        return "hub_offline" if is_config else "hub_offline_file"
    return code


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def optional_hub_file(name: str, file: str, revision: str | None) -> Path | None:
    """The same, or None if it cannot be had."""
    try:
        return hub_file(name, file, revision)
    except ModelError:
        return None
