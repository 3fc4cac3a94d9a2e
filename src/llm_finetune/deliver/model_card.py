"""The model card: what was trained on what, how it compares, and how to run it. Knows no model and no files.

It is made from `run.json` and `scorecard.json` as they are; what they do not hold is left out. Paths of this
machine are cut to their last part.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from llm_finetune.evaluate.scorecard import Scorecard
from llm_finetune.messages import say_in

_HUB_LICENSES = frozenset(
    # Identifiers that the Hub takes in `license:`; any other is written as `other` with its name.
    {
        "apache-2.0",
        "mit",
        "bsd-2-clause",
        "bsd-3-clause",
        "cc0-1.0",
        "cc-by-4.0",
        "cc-by-sa-4.0",
        "cc-by-nc-4.0",
        "gpl-3.0",
        "agpl-3.0",
        "lgpl-3.0",
        "mpl-2.0",
        "openrail",
        "bigscience-openrail-m",
        "llama2",
        "llama3",
        "llama3.1",
        "llama3.2",
        "llama3.3",
        "gemma",
        "unlicense",
    }
)


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card is made of."""

    repo: str
    """Name of the repository on the Hub."""
    run: Mapping[str, Any]
    """The content of `run.json`."""
    scorecard: Mapping[str, Any] | None
    """The content of `scorecard.json`, if the model was evaluated."""
    public_base: str | None
    """The base's name on the Hub, or None if it is not there."""
    is_adapter: bool = True
    """Whether an adapter is published, or a full model."""


def model_card(facts: CardFacts) -> str:
    """The text of README.md."""
    sections = [
        f"---\n{_front_matter(facts)}\n---",
        f"# {facts.repo.rpartition('/')[2]}",
        _introduction(facts),
        _usage(facts),
        _scores(facts),
        _training(facts.run),
        _settings(facts.run),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _front_matter(facts: CardFacts) -> str:
    from huggingface_hub import ModelCardData

    stated = facts.run.get("base_license")
    license_id = str(stated).lower() if stated else None
    is_known = license_id in _HUB_LICENSES
    data = ModelCardData(
        base_model=facts.public_base,
        library_name="peft" if facts.is_adapter else "transformers",
        license=license_id if is_known or license_id is None else "other",
        license_name=None if is_known else license_id,
        pipeline_tag="text-generation",
        tags=["llm-finetune", *_method_tags(facts.run)],
    )
    return str(data.to_yaml()).strip()


def _method_tags(run: Mapping[str, Any]) -> list[str]:
    kind = str(_at(run, "method.peft_type") or "").lower()
    return [kind] if kind else []


def _introduction(facts: CardFacts) -> str:
    base = facts.public_base or _public(facts.run.get("base_name") or "?")
    kind = "deliver.card_adapter" if facts.is_adapter else "deliver.card_full"
    text = say_in("en", kind, base=base)
    if facts.public_base is None:
        digest = facts.run.get("base_sha256") or "?"
        text += "\n\n> " + say_in("en", "deliver.card_private_base", base=base, sha256=digest)
    return text


def _usage(facts: CardFacts) -> str:
    system = _at(facts.run, "config.data.system")
    turns = [{"role": "system", "content": system}] if system else []
    messages = [*turns, {"role": "user", "content": "Hello"}]
    base = facts.public_base or "PATH/OF/THE/BASE"
    grows = _rows_to_add(facts)
    resize = _RESIZE.format(rows=grows) if grows else ""
    imports, load = (
        ("from peft import PeftModel\n", _LOAD_ADAPTER.format(base=base, resize=resize, repo=facts.repo))
        if facts.is_adapter
        else ("", _LOAD_FULL.format(repo=facts.repo))
    )
    answer = _ANSWERS.get(str(_at(facts.run, "method.peft_type")), _ANSWER) if facts.is_adapter else _ANSWER
    imports = f"import torch\n{imports}" if "torch." in answer else imports
    code = imports + _RUN.format(repo=facts.repo, load=load, messages=messages) + answer
    notes = "".join(f"\n\n> {note}" for note in _loading_notes(facts))
    return f"## {say_in('en', 'deliver.card_usage')}\n\n```python\n{code}```{notes}"


def _rows_to_add(facts: CardFacts) -> int | None:
    """Rows that the base's embedding must have for added tokens, where it has fewer."""
    added = facts.run.get("added_tokens")
    if not facts.is_adapter or not isinstance(added, Mapping) or added["rows"] <= added["rows_before"]:
        return None
    return int(added["rows"])


def _loading_notes(facts: CardFacts) -> list[str]:
    """What another tool would do wrong without a word."""
    notes = []
    if facts.is_adapter and _at(facts.run, "method.use_dora"):
        notes.append(say_in("en", "deliver.card_dora"))
    if facts.is_adapter and _at(facts.run, "method.peft_type") in _ANSWERS:
        notes.append(say_in("en", "methods.card_virtual_tokens"))
    if not facts.is_adapter and _at(facts.run, "method.peft_type") == "FULL":
        notes.append(say_in("en", "deliver.card_float32"))
    if (rows := _rows_to_add(facts)) is not None:
        names = ", ".join(f"`{token}`" for token in facts.run["added_tokens"]["ids"])
        notes.append(say_in("en", "deliver.card_added_tokens", names=names, rows=rows))
    return notes


_LOAD_ADAPTER = """\
base = AutoModelForCausalLM.from_pretrained({base!r}, dtype="auto"){resize}
model = PeftModel.from_pretrained(base, {repo!r})"""
_RESIZE = """
base.resize_token_embeddings({rows}, mean_resizing=False)"""
_LOAD_FULL = 'model = AutoModelForCausalLM.from_pretrained({repo!r}, dtype="auto")'
_RUN = """\
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({repo!r})
{load}

messages = {messages!r}
inputs = tokenizer.apply_chat_template(
    messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
)
"""
_ANSWER = """\
output = model.generate(**inputs, max_new_tokens=256, do_sample=False)
print(tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))
"""
_BEHIND_PROMPT = """\
texts = model.word_embeddings(inputs["input_ids"])
texts = torch.cat([model.get_prompt(batch_size=1).to(texts.dtype), texts], dim=1)
output = model.get_base_model().generate(
    inputs_embeds=texts, attention_mask=torch.ones(texts.shape[:2]), max_new_tokens=256, do_sample=False
)
print(tokenizer.decode(output[0], skip_special_tokens=True))
"""
_BEHIND_PREFIX = """\
ids = torch.nn.functional.pad(inputs["input_ids"], (model.active_peft_config.num_virtual_tokens, 0))
output = model.get_base_model().generate(
    ids, attention_mask=torch.ones_like(ids), past_key_values=model.get_prompt(batch_size=1), max_new_tokens=256,
    do_sample=False,
)
print(tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True))
"""
_ANSWERS = {"PROMPT_TUNING": _BEHIND_PROMPT, "P_TUNING": _BEHIND_PROMPT, "PREFIX_TUNING": _BEHIND_PREFIX}
"""By method: peft 0.21.2's own `generate` puts virtual tokens in front of every new token with transformers 5.24."""


def _scores(facts: CardFacts) -> str:
    if facts.scorecard is None:
        return ""
    scorecard = Scorecard.from_json(facts.scorecard)
    rows = [("metric", "base", "tuned", "n"), ("---", "---:", "---:", "---:"), *scorecard.table()]
    table = "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)
    told = say_in("en", "deliver.card_scores", rows=scorecard.n_rows, tokens=scorecard.max_new_tokens)
    return f"## {say_in('en', 'deliver.card_evaluation')}\n\n{told}\n\n{table}"


_TRAINING_FACTS = (
    # Place in run.json → words on the card.
    ("rows.train", "Training rows"),
    ("rows.validation", "Validation rows"),
    ("delivered.step", "Step delivered"),
    ("done_steps", "Steps done"),
    ("tokens.trained", "Tokens trained on"),
    ("tokens.real", "Tokens read"),
    ("parameters.trained", "Trained parameters"),
    ("parameters.total", "Parameters in all"),
    ("dtype", "Number format"),
    ("device", "Device"),
    ("seconds", "Seconds"),
    ("seed", "Seed"),
    ("base_revision", "Base revision"),
    ("base_sha256", "SHA-256 of the base"),
)


def _training(run: Mapping[str, Any]) -> str:
    lines = [f"- {words}: {value}" for place, words in _TRAINING_FACTS if (value := _at(run, place)) is not None]
    hashes = run.get("data_sha256")
    if isinstance(hashes, Mapping):
        lines += [f"- SHA-256 of `{_last_part(str(path))}`: {digest}" for path, digest in hashes.items()]
    versions = run.get("versions")
    if isinstance(versions, Mapping):
        lines.append("- Versions: " + ", ".join(f"{name} {number}" for name, number in versions.items()))
    return f"## {say_in('en', 'deliver.card_training')}\n\n" + "\n".join(lines) if lines else ""


def _settings(run: Mapping[str, Any]) -> str:
    import yaml

    parts = {name: run[key] for key, name in (("config", "config"), ("method", "method")) if run.get(key)}
    if not parts:
        return ""
    text = yaml.safe_dump(_public(parts), allow_unicode=True, sort_keys=False).strip()
    summary = say_in("en", "deliver.card_settings")
    return f"<details>\n<summary>{summary}</summary>\n\n```yaml\n{text}\n```\n\n</details>"


def _at(values: Any, place: str) -> Any:
    """The value at a dotted place, or None."""
    for key in place.split("."):
        if not isinstance(values, Mapping):
            return None
        values = values.get(key)
    return values


def _public(value: Any) -> Any:
    """The same value with every path of this machine cut to its last part."""
    if isinstance(value, Mapping):
        return {key: _public(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_public(inner) for inner in value]
    return _last_part(value) if isinstance(value, str) and _is_absolute(value) else value


def _is_absolute(text: str) -> bool:
    if "\n" in text:
        return False
    return text.startswith(("/", "~", "..")) or PureWindowsPath(text).is_absolute()


def _last_part(path: str) -> str:
    kind = PureWindowsPath if "\\" in path else PurePosixPath
    return kind(path).name if _is_absolute(path) else path
