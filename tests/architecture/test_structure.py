"""Rules about the code itself: light imports, sizes, names, messages, no secrets of the machine it was written on."""

import ast
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_finetune import messages
from llm_finetune.cli.app import VERBS

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "llm_finetune"
HEAVY = ("torch", "transformers", "peft", "datasets", "accelerate")
MODULE_LINES, FUNCTION_LINES = 400, 60
TEMPLATES = SOURCE / "scaffold" / "templates"


def modules() -> list[Path]:
    return [path for path in sorted(SOURCE.rglob("*.py")) if not path.is_relative_to(TEMPLATES)]


def loaded_after(code: str) -> set[str]:
    report = f"import sys\n{code}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split("\n")[-2].split())


def test_there_is_something_to_look_at() -> None:
    assert len(modules()) > 80
    assert len(VERBS) == 16


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_imports_nothing_heavy(verb: str) -> None:
    code = (
        f"sys.argv = ['llm-finetune', *{[verb] if verb else []!r}, '--help']\n"
        "from llm_finetune.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    )
    assert loaded_after(code) == set()


@pytest.mark.parametrize(
    "name",
    [
        "llm_finetune",
        "llm_finetune.workflow",
        "llm_finetune.settings",
        "llm_finetune.methods",
        "llm_finetune.data.formats",
        "llm_finetune.evaluate.metrics",
        "llm_finetune.model.resolve",
        "llm_finetune.deliver.push",
    ],
)
def test_tables_and_the_workflow_import_nothing_heavy(name: str) -> None:
    assert loaded_after(f"import {name}") == set()


def test_the_public_names_are_these() -> None:
    from llm_finetune import workflow

    assert set(workflow.__all__) == {
        "CURRENT_RUN",
        "Opened",
        "check",
        "check_any",
        "deliver_checkpoint",
        "environment",
        "evaluate",
        "generate",
        "is_main_process",
        "merge",
        "open_chat",
        "open_project",
        "plan",
        "preview",
        "preview_any",
        "push",
        "runs",
        "stats",
        "stats_any",
        "train",
        "write_clean",
        "write_clean_any",
    }
    assert all(callable(getattr(workflow, name)) or name == "CURRENT_RUN" for name in workflow.__all__)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_sizes() -> None:
    long_modules = [path.name for path in modules() if path.read_text(encoding="utf-8").count("\n") > MODULE_LINES]
    assert long_modules == []
    long_functions = [
        f"{path.relative_to(SOURCE)}:{node.name}"
        for path in modules()
        for node in functions(path)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES
    ]
    assert long_functions == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(SOURCE))
        for path in modules()
        if path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def said_keys() -> set[str]:
    """Constant keys that `say` and `say_in` are called with."""
    keys: set[str] = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"say", "say_in"}:
                place = node.args[1 if node.func.id == "say_in" else 0]
                options = [place.body, place.orelse] if isinstance(place, ast.IfExp) else [place]
                keys |= {option.value for option in options if isinstance(option, ast.Constant)}
    return keys


def test_every_message_that_is_said_exists() -> None:
    known = {key for room in messages.ROOMS for key in messages.texts_of(room)}
    assert len(said_keys()) > 150
    assert said_keys() - known == set()


def test_messages_are_well_formed() -> None:
    for room in messages.ROOMS:
        for key, text in messages.texts_of(room).items():
            assert key.startswith(f"{room}."), key
            if isinstance(text, tuple):
                fields = [{name for _, name, _, _ in string.Formatter().parse(part) if name} for part in text]
                assert fields[1] <= fields[0], key
                assert text[1], key


def test_language_is_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    english = messages.say("deliver.commit")
    monkeypatch.setenv(messages.LANGUAGE_VARIABLE, "zh-TW")
    assert messages.language() == "zh-TW"
    assert messages.say_in("en", "deliver.commit") == english
    with pytest.raises(KeyError):
        messages.say("nowhere.key")


def test_only_the_command_line_catches_everything() -> None:
    broad = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    ]
    assert broad == []


def test_nothing_is_pickled_and_no_remote_code_is_asked_for() -> None:
    for path in modules():
        text = path.read_text(encoding="utf-8")
        for word in ("import pickle", "torch.save(", "torch.load(", "trust_remote_code=True"):
            assert word not in text, f"{path}: {word}"
