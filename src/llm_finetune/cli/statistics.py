"""How token statistics are printed, by `stats` in full and by `check` in short."""

from collections.abc import Mapping, Sequence
from typing import Any

from llm_finetune.cli.output import print_line
from llm_finetune.cli.tables import listed, print_columns, print_heading, print_histogram
from llm_finetune.data.visible import quoted
from llm_finetune.messages import say

Statistics = Mapping[str, Any]
"""What `StatsCollector.report` gives."""


def print_short(statistics: Statistics) -> None:
    """Print the lines that `check` shows."""
    if not statistics["rows"]:
        return
    _print_totals(statistics)
    print_line("  " + say("cli.stats.spread", **statistics["length"]))
    print_histogram(statistics["histogram"])
    print_line()


def print_statistics(statistics: Statistics) -> None:
    """Print everything."""
    if statistics["rows"]:
        _print_totals(statistics)
        print_line()
        _print_spread(statistics)
        print_line()
        print_heading(say(f"cli.stats.histogram_{statistics['histogram']['scale']}"))
        print_histogram(statistics["histogram"])
        print_line()
        _print_limits(statistics["limits"])
        print_line()
        _print_kinds(statistics)
        print_line()
        _print_longest(statistics["longest"])
        print_line()


def _print_totals(statistics: Statistics) -> None:
    values = {key: statistics[key] for key in ("rows", "tokens", "trained_tokens", "trained_share")}
    print_heading(say("cli.stats.totals", **values))


def _print_spread(statistics: Statistics) -> None:
    names = ["mean", "min", "p50", "p90", "p99", "max"]
    rows = [
        [say(f"cli.stats.{key}"), *[f"{statistics[key][name]:,}" for name in names]]
        for key in ("length", "trained_length")
    ]
    print_columns(["", say("cli.stats.mean"), *names[1:]], rows, numbers=frozenset(range(1, 7)))


def _print_limits(limits: Mapping[str, int | None]) -> None:
    rows = [[say("cli.stats.over_max", limit=limits["max_length"]), f"{limits['rows_over_max_length']:,}"]]
    if limits["position_limit"] is not None:
        over = f"{limits['rows_over_position_limit']:,}"
        rows.append([say("cli.stats.over_position", limit=limits["position_limit"]), over])
    rows.append([say("cli.stats.over_prompt"), f"{limits['prompts_over_limit']:,}"])
    rows.append([say("cli.stats.untrained"), f"{limits['rows_without_trained_tokens']:,}"])
    print_columns([say("cli.stats.limits"), say("cli.check.rows")], rows, numbers=frozenset({1}))


def _print_kinds(statistics: Statistics) -> None:
    """Print what the rows are made of, what padding costs, and how much of the vocabulary they use."""
    lines = []
    if formats := statistics.get("formats"):
        lines.append((say("cli.stats.layouts"), listed(formats)))
    if statistics["roles"]:
        lines.append((say("cli.stats.roles"), listed(statistics["roles"])))
    turns = [say("cli.stats.turns_each", turns=turns, rows=rows) for turns, rows in statistics["turns"].items()]
    vocabulary = statistics["vocabulary"]
    key = "cli.stats.vocabulary_unknown" if vocabulary["unknown_tokens"] else "cli.stats.vocabulary_used"
    lines += [
        (say("cli.stats.turns"), " · ".join(turns)),
        (say("cli.stats.padding"), say("cli.stats.padding_shares", **statistics["batches"])),
        (say("cli.stats.vocabulary"), say(key, **vocabulary)),
    ]
    print_columns([say("cli.stats.rows_are"), ""], lines, numbers=frozenset())


def _print_longest(longest: Sequence[Mapping[str, Any]]) -> None:
    rows = [[quoted(f"{row['path']}:{row['line']}"), f"{row['tokens']:,}"] for row in longest]
    print_columns([say("cli.stats.longest"), say("cli.stats.tokens")], rows, numbers=frozenset({1}))
