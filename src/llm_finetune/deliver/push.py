"""Upload a folder to the Hub: named files only, with a model card, private unless asked. Knows no project.

The token is the Hub login's or `HF_TOKEN`'s; it is never written and never shown.
"""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath, PureWindowsPath

from llm_finetune.errors import FinetuneError, InputError, ModelError, Problem, UsageError
from llm_finetune.files import STAGING_PREFIX, read_json
from llm_finetune.messages import say, say_in

CARD = "README.md"
ADAPTER_CONFIG = "adapter_config.json"
ALLOWED = (
    "adapter_model.safetensors",
    ADAPTER_CONFIG,
    "model.safetensors",
    "model-*-of-*.safetensors",
    "model.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "chat_template.jinja",
)
"""Names that may leave this machine; the card is written here, whatever README.md lies in the folder."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What is to be uploaded, and under which name."""

    repo: str
    folder: Path
    card: str
    """Text of the model card."""
    public_base: str | None
    """The base's name on the Hub, or None if it is not there."""
    private: bool = True
    retry: str = field(default="llm-finetune push REPO")
    """The command that tries again."""


@dataclass(frozen=True, slots=True)
class PushReport:
    """What was uploaded, or would be."""

    repo: str
    files: list[tuple[str, int]]
    """Names and sizes in bytes."""
    left_out: list[str]
    """Names in the folder that are not uploaded."""
    url: str | None
    """Where it is; None if nothing was uploaded."""


def is_adapter_folder(folder: Path) -> bool:
    """Whether a folder holds an adapter, not a full model."""
    return (folder / ADAPTER_CONFIG).is_file()


def plan_upload(upload: Upload) -> list[tuple[str, int]]:
    """Names and sizes of what is uploaded.

    Raises: ModelError if the folder holds no model.
    """
    rewritten = _rewritten(upload)
    names = sorted({*_allowed_names(upload.folder), *rewritten})
    sizes = {name: len(text.encode()) for name, text in rewritten.items()}
    return [(name, sizes[name] if name in sizes else (upload.folder / name).stat().st_size) for name in names]


def push(upload: Upload, *, dry_run: bool = False) -> PushReport:
    """Upload; with `dry_run` only tell what would be.

    Raises: UsageError for a name that the Hub does not take; ModelError if the folder holds no model;
    InputError without a token or without a network; FinetuneError if the Hub refuses or cannot be reached.
    """
    _require_repo_name(upload.repo)
    files = plan_upload(upload)
    taken = {name for name, _ in files}
    left_out = sorted(path.name for path in upload.folder.iterdir() if path.name not in taken)
    if dry_run:
        return PushReport(upload.repo, files, left_out, None)
    token = _require_token()
    with _staged(upload) as staging, _told_in_a_sentence(upload, token):
        repo, url = _upload(upload, staging, token)
    return PushReport(repo, files, left_out, url)


def _allowed_names(folder: Path) -> list[str]:
    """Regular files at the folder's top whose names are on the list; a link could lead anywhere.

    Raises: ModelError if there are no weights among them.
    """
    present = (
        [path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink()] if folder.is_dir() else []
    )
    names = [name for name in present if any(fnmatchcase(name, pattern) for pattern in ALLOWED)]
    if not any(name.endswith(".safetensors") for name in names):
        raise ModelError(Problem("no_model", say("deliver.no_model", folder=folder), say("deliver.no_model.fix")))
    return names


def _rewritten(upload: Upload) -> dict[str, str]:
    """Files whose text is not the folder's: the card, and the adapter's configuration with a public base."""
    texts = {CARD: upload.card}
    if is_adapter_folder(upload.folder):
        config = read_json(upload.folder / ADAPTER_CONFIG)
        base = upload.public_base or _last_part(str(config.get("base_model_name_or_path") or ""))
        texts[ADAPTER_CONFIG] = json.dumps({**config, "base_model_name_or_path": base}, indent=2) + "\n"
    return texts


def _last_part(path: str) -> str:
    """A path without its folders: they mean nothing elsewhere, and tell whose machine this is."""
    return PureWindowsPath(path).name if "\\" in path else PurePosixPath(path).name


def _require_repo_name(repo: str) -> None:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        fix = say("deliver.bad_repo.fix")
        raise UsageError(Problem("bad_repo", say("deliver.bad_repo", repo=repo), fix)) from error


def _require_token() -> str:
    """The token of the login or the environment.

    Raises: InputError if there is none, or no network is allowed.
    """
    from huggingface_hub import get_token
    from huggingface_hub.constants import is_offline_mode

    if is_offline_mode():
        raise InputError(Problem("offline", say("deliver.offline"), say("deliver.offline.fix")))
    token = get_token()
    if not token:
        raise InputError(Problem("no_token", say("deliver.no_token"), say("deliver.no_token.fix")))
    return token


@contextlib.contextmanager
def _staged(upload: Upload) -> Iterator[Path]:
    """A copy of what is uploaded, beside the folder, so that large files are links and not copies."""
    rewritten = _rewritten(upload)
    with tempfile.TemporaryDirectory(prefix=f"{STAGING_PREFIX}push-", dir=upload.folder.parent) as name:
        staging = Path(name)
        for file in _allowed_names(upload.folder):
            if file not in rewritten:
                _link_or_copy(upload.folder / file, staging / file)
        for file, text in rewritten.items():
            (staging / file).write_text(text, encoding="utf-8", newline="\n")
        yield staging


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # A file system without links.
        shutil.copyfile(source, target)


def _upload(upload: Upload, staging: Path, token: str) -> tuple[str, str]:
    """Make the repository if need be and fill it; its full name and its address."""
    from huggingface_hub import HfApi

    api = HfApi(token=token)
    repo = api.create_repo(upload.repo, private=upload.private, exist_ok=True)
    api.upload_folder(repo_id=repo.repo_id, folder_path=staging, commit_message=say_in("en", "deliver.commit"))
    return str(repo.repo_id), str(repo)


@contextlib.contextmanager
def _told_in_a_sentence(upload: Upload, token: str) -> Iterator[None]:
    """Turn what the Hub's client raises into one sentence with the command that tries again."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    # The client's own base error, whichever HTTP library it uses.
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined] # isort: skip

    try:
        yield
    except OfflineModeIsEnabled as error:
        raise InputError(Problem("offline", say("deliver.offline"), say("deliver.offline.fix"))) from error
    except (HfHubHTTPError, HTTPError, OSError, RuntimeError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        what = (lines[-1] if isinstance(error, HfHubHTTPError) else lines[0]) if lines else type(error).__name__
        what = what.replace(token, "***").rstrip(".")
        raise FinetuneError(say("deliver.push_failed", what=what, retry=upload.retry)) from None
