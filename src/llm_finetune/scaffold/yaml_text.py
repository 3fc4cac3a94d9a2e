"""Texts as YAML values. Knows no key."""

import json

WORDS_WITH_MEANING = {"true", "false", "null"}


def yaml_text(text: str) -> str:
    """A text as a YAML value: as it stands where that is safe, else in JSON's quotes, which YAML reads."""
    plain = text[:1].isalpha() and all(character.isalnum() or character in "-_./" for character in text)
    return text if plain and text.lower() not in WORDS_WITH_MEANING else json.dumps(text, ensure_ascii=False)


def yaml_block(text: str) -> str:
    """A text as a YAML block scalar two levels deep, without a line break at its end."""
    return "|-\n" + "\n".join(f"    {line}" for line in text.strip().splitlines())
