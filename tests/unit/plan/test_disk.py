"""How many checkpoints lie on disk, and how large they are."""

from pathlib import Path

import pytest

from llm_finetune.plan.disk import disk_plan, kept_of, saves_of


@pytest.mark.parametrize(
    ("strategy", "every", "steps", "epochs", "saves"),
    [
        ("no", 500, 100, 3.0, 0),
        ("epoch", 500, 100, 3.0, 3),
        ("epoch", 500, 100, 2.5, 3),
        ("steps", 40, 100, 3.0, 3),
        ("steps", 50, 100, 3.0, 2),
        ("steps", 0.25, 100, 3.0, 4),
        ("steps", 500, 100, 3.0, 1),
    ],
)
def test_saves_follow_the_strategy(strategy: str, every: float, steps: int, epochs: float, saves: int) -> None:
    assert saves_of(strategy, every, steps, epochs) == saves  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("saves", "limit", "kept"), [(9, None, 9), (9, 3, 5), (9, 1, 4), (3, 3, 3), (0, 3, 0), (0, None, 0)]
)
def test_the_best_and_the_one_being_written_are_kept_besides(saves: int, limit: int | None, kept: int) -> None:
    assert kept_of(saves, limit) == kept


def test_disk_is_looked_at_where_the_run_will_be(tmp_path: Path) -> None:
    made = disk_plan(tmp_path / "not" / "there", weights_bytes=100, state_bytes=200, other_bytes=7, checkpoints=3)
    assert (made.checkpoint_bytes, made.delivered_bytes, made.total) == (307, 107, 3 * 307 + 107)
    assert made.fits
    huge = disk_plan(tmp_path, weights_bytes=1 << 60, state_bytes=0, other_bytes=0, checkpoints=1)
    assert not huge.fits
