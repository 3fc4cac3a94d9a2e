"""Fields of dataclasses in installed libraries, read from their source text without importing them.

Importing `transformers.TrainingArguments` or `peft.LoraConfig` costs seconds; their fields are needed to check a
configuration and to print help.
"""

import ast
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

_SIMPLE: dict[str, Any] = {
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "dict": dict,
    "list": list,
    "tuple": tuple,
    "None": None,
    "Any": Any,
}


@dataclass(frozen=True, slots=True)
class InstalledField:
    """One field: its name, its type as far as plain types go, its default as source text, and its help."""

    name: str
    annotation: Any
    default: str
    help: str


@cache
def dataclass_fields(package: str, module: str, class_name: str) -> dict[str, InstalledField]:
    """The annotated fields of a class, by name, e.g. `("transformers", "training_args.py", "TrainingArguments")`.

    Raises: LookupError if the class is not there.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(f"{package} is not installed")
    source = Path(spec.submodule_search_locations[0], module).read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            return {
                item.target.id: _field(item.target.id, item)
                for item in node.body
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
            }
    raise LookupError(f"{package}/{module} has no class {class_name}")


def _field(name: str, node: ast.AnnAssign) -> InstalledField:
    keywords = {item.arg: item.value for item in node.value.keywords} if isinstance(node.value, ast.Call) else {}
    default = keywords.get("default") or keywords.get("default_factory") or node.value
    text = ast.unparse(default) if isinstance(default, ast.expr) and not isinstance(default, ast.Call) else ""
    return InstalledField(name, _type_of(node.annotation), text, _help(keywords.get("metadata")))


def _help(metadata: ast.expr | None) -> str:
    if not isinstance(metadata, ast.Dict):
        return ""
    for key, value in zip(metadata.keys, metadata.values, strict=True):
        if isinstance(key, ast.Constant) and key.value == "help":
            try:
                return " ".join(str(ast.literal_eval(value)).split())
            except ValueError:
                return ""
    return ""


def _type_of(node: ast.expr) -> Any:
    """The annotation as a type pydantic can check; `Any` where a name of the library is part of it."""
    match node:
        case ast.Name(id=name):
            return _SIMPLE.get(name, Any)
        case ast.Constant(value=None):
            return None
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union([_type_of(left), _type_of(right)])
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return _union([_type_of(inner), None])
        case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=members)):
            return _union([_type_of(member) for member in members])
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            return _literal(inner)
        case ast.Subscript(value=ast.Name(id="list"), slice=inner):
            return list[_type_of(inner)]  # type: ignore[misc]
        case ast.Subscript(value=ast.Name(id="dict")):
            return dict[str, Any]
        case ast.Subscript(value=ast.Name(id="tuple")):
            return list[Any]
    return Any


def _literal(inner: ast.expr) -> Any:
    values = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    constants = tuple(value.value for value in values if isinstance(value, ast.Constant))
    return Literal[constants]


def _union(members: list[Any]) -> Any:
    if Any in members:
        return Any
    union = members[0]
    for member in members[1:]:
        union = union | member if union is not None else member | union
    return union
