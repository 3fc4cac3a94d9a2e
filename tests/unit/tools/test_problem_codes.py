"""The list of problem codes holds every code the data floor can tell, with its sentence."""

import ast
import sys
from pathlib import Path
from types import ModuleType

import pytest

from llm_finetune.messages import texts_of

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def problem_codes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "tools")
    monkeypatch.delitem(sys.modules, "problem_codes", raising=False)
    import problem_codes

    return problem_codes


def constant_codes(path: Path) -> set[str]:
    """Codes in calls of `problem("code", …)`, `Problem("code", …)` and the like, found in the plainest way."""
    makers = {"problem", "Problem", "_problem", "row_problem", "source_problem", "fault", "_fault", "_note", "warning"}
    codes = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        if name in makers and isinstance(node.args[0].value, str):
            codes.add(node.args[0].value)
    return codes


def test_every_code_of_the_data_floor_is_listed() -> None:
    readme = (ROOT / "src/llm_finetune/data/README.md").read_text(encoding="utf-8")
    paths = [*(ROOT / "src/llm_finetune/data").rglob("*.py"), ROOT / "src/llm_finetune/workflow/preparing.py"]
    codes = {code for path in paths for code in constant_codes(path)}
    assert len(codes) > 30
    assert {code for code in codes if f"| `{code}` |" not in readme} == set()


def test_the_source_and_the_catalogue_name_the_same_codes(problem_codes: ModuleType) -> None:
    documented = problem_codes.documented_codes(texts_of("data"))
    used = problem_codes.used_codes(documented)
    assert used.keys() - set(documented) == set()
    assert len(used) > 100


def test_kinds_and_sentences(problem_codes: ModuleType) -> None:
    used = problem_codes.used_codes(["near_duplicate", "missing_field"])
    assert used["missing_field"] == {"error"}
    assert used["ignored_columns"] == {"warning"}
    assert used["near_duplicate"] == {"warning"}
    lines = problem_codes.readme_text().splitlines()
    row = next(line for line in lines if line.startswith("| `unrecognized_role` |"))
    assert row == "| `unrecognized_role` | error | unknown role …. | Known: …. |"
    assert not [line for line in lines if line.startswith("| `") and line.replace("\\|", "").count("|") != 5]


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ('problem("a_code", row)', {"a_code": {"error"}}),
        ('Note(problem("a_code", row))', {"a_code": {"warning"}}),
        ('findings.warn([fault("a_code", row)])', {"a_code": {"warning"}}),
        ('self.notes.append(problem("a_code"))\nproblem("a_code")', {"a_code": {"error", "warning"}}),
        ('note = problem("a_code" if x else "b_code")', {"a_code": {"warning"}, "b_code": {"warning"}}),
        ('code = "known" if x else "other"\nadd(code)', {"known": {"error"}}),
        ('self._notices.add("known", place)', {"known": {"warning"}}),
        ('wording = "known"', {}),
        ('say("data.a_code")\nproblem(code)\nproblem("A sentence.")\nd["known"] = 1', {}),
    ],
)
def test_kind_is_seen_by_the_names_around(
    problem_codes: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, kinds: dict[str, set[str]]
) -> None:
    (tmp_path / "module.py").write_text(source, encoding="utf-8")
    monkeypatch.setattr(problem_codes, "modules", lambda: [tmp_path / "module.py"])
    assert problem_codes.used_codes(["known"]) == kinds
