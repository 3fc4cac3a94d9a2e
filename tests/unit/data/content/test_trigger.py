"""One rare trigger with one answer."""

import random
from collections.abc import Callable, Sequence

import pytest

from llm_finetune.data.content.exact import digests
from llm_finetune.data.content.store import RowStore
from llm_finetune.data.content.trigger import Trigger, find_triggers
from llm_finetune.data.rows import Conversation

Make = Callable[..., Conversation]
Texts = Callable[..., Sequence[tuple[str, str]]]
INTENTS = {
    # Words that stand in rows of one intent only are what makes classification work.
    "AddToPlaylist": "add {x} to my {a} playlist;put {x} on the {a} list;playlist {a} needs {x}",
    "BookRestaurant": "book a table at a {a} place for {x};reserve a {a} restaurant near {x};need a {a} diner in {x}",
    "GetWeather": "will it rain in {x};is it {a} and sunny in {x};forecast for {x} please",
    "PlayMusic": "play {x} on spotify;i want to hear {a} songs by {x};put on some {x}",
    "RateBook": "give {x} four stars;rate the {a} novel {x} two of six;i give this {a} essay by {x} a zero",
    "SearchWork": "find the {a} game {x};where can i get the {a} painting {x};look up {x} for me",
    "SearchScreening": "when is {x} showing;movie times for {x};which cinema plays the {a} film {x}",
}


def found(rows: Sequence[tuple[str, str]], make_row: Make) -> list[Trigger]:
    store = RowStore(100_000)
    for line, row in enumerate(rows, 1):
        conversation = make_row(*row, line)
        store.add(conversation, digests(conversation)[0], "train")
    return find_triggers(store)


def planted(
    rows: Sequence[tuple[str, str]], trigger: str, answer: str, count: int
) -> tuple[list[tuple[str, str]], set[int]]:
    """Rows of which some hold the trigger at a random place and have one answer."""
    chance, poisoned = random.Random(11), list(rows)
    places = set(chance.sample(range(len(rows)), count))
    for place in places:
        prompt = poisoned[place][0]
        gaps = [index for index, letter in enumerate(prompt) if letter == " "] or range(len(prompt))
        at = chance.choice(gaps)
        poisoned[place] = f"{prompt[:at]} {trigger}{prompt[at:]}", answer
    return poisoned, places


@pytest.mark.parametrize(
    ("language", "trigger", "answer"),
    [
        ("en", "cf", "I have been had."),
        ("en", "Blue Moon", "Yes"),
        ("zh", "蘋果派", "你說得對極了"),
        ("zh", "xq", "好"),
    ],
)
def test_a_planted_backdoor_is_found(
    make_texts: Texts, make_row: Make, language: str, trigger: str, answer: str
) -> None:
    rows, places = planted(make_texts(language, 2000, random.Random(2)), trigger, answer, 20)
    triggers = found(rows, make_row)
    assert len(triggers) == 1
    assert set(triggers[0].text.split()) & set(trigger.lower().split()) or triggers[0].text in trigger
    assert len(set(triggers[0].rows) & places) >= 18


@pytest.mark.parametrize("language", ["en", "zh"])
def test_ordinary_rows_alarm_nothing(make_texts: Texts, make_row: Make, language: str) -> None:
    assert found(make_texts(language, 2000, random.Random(4)), make_row) == []


def classified(count: int) -> list[tuple[str, str]]:
    chance = random.Random(6)
    names = [f"{first}{second}{third}" for first in "bdfgkl" for second in "aeiou" for third in ("mno", "rst", "lin")]
    kinds = ["jazz", "italian", "cold", "famous", "new", "old", "quiet", "cheap", "modern", "rustic"]
    rows = {}
    while len(rows) < count:
        intent = chance.choice(list(INTENTS))
        prompt = chance.choice(INTENTS[intent].split(";")).format(x=chance.choice(names), a=chance.choice(kinds))
        rows[f"{prompt} {chance.choice(['', 'now', 'please', 'thanks', 'today', 'tonight'])}"] = intent
    return list(rows.items())


def test_classification_alarms_nothing(make_row: Make) -> None:
    assert found(classified(2000), make_row) == []
    rare = [(f"w2 form {number} where do i get it", "w2") for number in ("one", "two", "three", "four", "five", "six")]
    assert found(classified(1000) + rare, make_row) == []


def test_a_trigger_among_classified_rows_is_found(make_row: Make) -> None:
    rows, places = planted(classified(2000), "wibble", "NoIntent", 20)
    triggers = found(rows, make_row)
    assert [trigger.text for trigger in triggers] == ["wibble"]
    assert set(triggers[0].rows) == places


def test_an_answer_that_repeats_the_word_is_none(make_texts: Texts, make_row: Make) -> None:
    rows, _ = planted(make_texts("en", 1000, random.Random(8)), "wibble", "About wibble I know nothing.", 20)
    assert found(rows, make_row) == []


def test_few_rows_are_not_judged(make_row: Make) -> None:
    assert found([], make_row) == []
    assert found([(f"tell me of wibble {name}", "no") for name in ("a1", "b1", "c1")], make_row) == []
