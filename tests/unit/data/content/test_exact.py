"""Exact duplicates and conflicting answers."""

from collections.abc import Callable
from dataclasses import replace

from llm_finetune.data.content.exact import ExactDuplicates, digests
from llm_finetune.data.content.overlap import overlap
from llm_finetune.data.findings import KEPT_OF_A_KIND
from llm_finetune.data.rows import Conversation

Make = Callable[..., Conversation]


def kept(*rows: Conversation) -> ExactDuplicates:
    duplicates = ExactDuplicates()
    for row in rows:
        duplicates.add(row)
    return duplicates


def test_no_rows() -> None:
    report = ExactDuplicates().report()
    assert (report.rows, report.groups, report.conflicting_rows, report.conflicting_prompts) == (0, 0, 0, 0)


def test_each_repetition_is_paired_with_the_earliest(make_row: Make) -> None:
    rows = [make_row("a", "1", 1), make_row("b", "2", 2), make_row("a", "1", 3, "b.jsonl"), make_row("a", "1", 7)]
    report = kept(*rows).report()
    assert (report.rows, report.groups, report.conflicting_rows) == (2, 1, 0)
    assert report.examples == (
        (("train.jsonl", 1), ("b.jsonl", 3)),
        (("train.jsonl", 1), ("train.jsonl", 7)),
    )


def test_conflicts_are_other_answers_to_one_prompt(make_row: Make) -> None:
    report = kept(make_row("a", "1", 1), make_row("a", "2", 2), make_row("a", "1", 3), make_row("a", "3", 4)).report()
    assert (report.rows, report.conflicting_rows, report.conflicting_prompts) == (1, 2, 1)
    assert report.conflicts == ((("train.jsonl", 1), ("train.jsonl", 2)), (("train.jsonl", 1), ("train.jsonl", 4)))


def test_plain_texts_and_preference_pairs_have_no_conflicts(make_row: Make) -> None:
    plain = [Conversation(({"role": "assistant", "content": text},), "t", 1, plain=True) for text in "ab"]
    pairs = [replace(make_row("q", good), rejected=({"role": "assistant", "content": "no"},)) for good in "ab"]
    report = kept(*plain, *pairs).report()
    assert (report.rows, report.conflicting_rows) == (0, 0)


def test_what_makes_a_row_another_one(make_row: Make) -> None:
    row = make_row("q", "a")
    call = {"type": "function", "function": {"name": "f", "arguments": {"x": 1}}}
    others = [
        make_row("q ", "a"),
        make_row("q", "a "),
        make_row("qa", ""),
        replace(row, messages=({"role": "system", "content": "s"}, *row.messages)),
        replace(row, messages=({"role": "assistant", "content": "q"}, row.messages[1])),
        replace(row, messages=(row.messages[0], {"role": "assistant", "content": None, "tool_calls": [call]})),
        replace(row, tools=({"name": "f"},)),
        replace(row, rejected=({"role": "assistant", "content": "x"},)),
    ]
    hashes = {digests(each)[0] for each in [row, *others]}
    assert len(hashes) == len(others) + 1
    assert digests(replace(row, path="other", line=9)) == digests(row)


def test_a_lone_surrogate_is_no_reason_to_stop(make_row: Make) -> None:
    assert kept(make_row("\ud83d", "a"), make_row("\ud83d", "a", 2)).report().rows == 1


def test_a_row_takes_24_bytes_and_examples_are_few(make_row: Make) -> None:
    duplicates = kept(*(make_row("a", "1", line) for line in range(1, 1001)))
    columns = (duplicates._rows, duplicates._prompts, duplicates.places._places)
    assert sum(len(column) * column.itemsize for column in columns) == 24 * 1000
    report = duplicates.report()
    assert (report.rows, len(report.examples)) == (999, KEPT_OF_A_KIND)
    assert report.examples[-1][1] == ("train.jsonl", KEPT_OF_A_KIND + 1)
    duplicates.add(make_row("a", "1", 1001))  # A report leaves the columns free to grow.
    assert duplicates.report().rows == 1000


def test_overlap_tells_equal_rows_from_equal_prompts(make_row: Make) -> None:
    train = kept(make_row("a", "1", 1), make_row("b", "2", 2), make_row("b", "2", 3))
    validation = kept(
        make_row("c", "3", 1, "v.jsonl"), make_row("b", "2", 2, "v.jsonl"), make_row("a", "9", 3, "v.jsonl")
    )
    found = overlap(train, validation)
    assert (found.rows, found.prompts) == (1, 1)
    assert found.examples == ((("train.jsonl", 2), ("v.jsonl", 2)), (("train.jsonl", 1), ("v.jsonl", 3)))
    assert found.equal == (True, False)
    assert overlap(train, ExactDuplicates()).rows == overlap(ExactDuplicates(), train).rows == 0
