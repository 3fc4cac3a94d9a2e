"""Sizes by name, and the limits of control groups."""

from pathlib import Path

import pytest

from llm_finetune.errors import UsageError
from llm_finetune.plan.machine import cgroup_memory, named_memory, this_machine


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("24GB", 24_000_000_000),
        ("24 gb", 24_000_000_000),
        ("80GiB", 80 << 30),
        ("1.5T", 1_500_000_000_000),
        ("512MB", 512_000_000),
        ("1000", 1000),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert named_memory(text).free_bytes == size


@pytest.mark.parametrize("text", ["", "GB", "-4GB", "4 bananas", "0GB", "4,5GB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no size"):
        named_memory(text)


def write_group(folder: Path, names: tuple[str, str], limit: str, used: int, droppable: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{droppable} 300\n")


def test_the_nearest_limit_of_a_control_group_counts(tmp_path: Path) -> None:
    own = tmp_path / "self"
    own.write_text("0::/outer/inner\n")
    names = ("memory.max", "memory.current")
    write_group(tmp_path / "outer", names, "5000", 1300, "inactive_file")
    write_group(tmp_path / "outer" / "inner", names, "max", 900, "inactive_file")
    assert cgroup_memory(tmp_path, own) == (5000, 1000)
    write_group(tmp_path / "outer" / "inner", names, "2000", 900, "inactive_file")
    assert cgroup_memory(tmp_path, own) == (2000, 600)


def test_version_1_is_read_and_no_limit_is_none(tmp_path: Path) -> None:
    own = tmp_path / "self"
    own.write_text("7:cpu,cpuacct:/x\n4:memory:/x\n0::/x\n")
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
    write_group(tmp_path / "memory" / "x", names, "9223372036854771712", 900, "total_inactive_file")
    assert cgroup_memory(tmp_path, own) is None
    write_group(tmp_path / "memory" / "x", names, "4000", 900, "total_inactive_file")
    assert cgroup_memory(tmp_path, own) == (4000, 600)
    assert cgroup_memory(tmp_path, tmp_path / "absent") is None


def test_this_machine_has_memory() -> None:
    machine = this_machine("cpu")
    assert 0 < machine.free_bytes <= machine.total_bytes
