"""How much memory there is: this machine's, or a size by name. Knows no plan."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from llm_finetune.errors import Problem, UsageError
from llm_finetune.messages import say

OPTION = "--memory"
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
CONTEXT_BYTES = 500_000_000
"""What CUDA itself takes on a device beside torch's memory (NVIDIA H100, torch 2.x: 0.4 to 0.6 GB)."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Memory that a run may take."""

    kind: str
    """`ram`, `gpu`, or `named`."""
    total_bytes: int
    free_bytes: int
    """What is not taken by others now; all of it where a size was named."""
    limit: str = ""
    """What keeps it below the whole machine's, if anything does: `cgroup`."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def named_memory(text: str) -> Machine:
    """A size such as `24GB` (powers of 1,000) or `24GiB` (powers of 1,024).

    Raises: UsageError if it is none.
    """
    found = _SIZE.fullmatch(text)
    size = 0
    if found:
        number, unit, binary = found.groups()
        size = int(float(number) * (1024 if binary else 1000) ** _POWERS[unit.lower()])
    if size < 1:
        message, fix = say("plan.bad_size", text=text), say("plan.bad_size.fix")
        raise UsageError(Problem("bad_size", message, fix, field=OPTION))
    return Machine("named", size, size)


def this_machine(device: str) -> Machine:
    """The memory that training on a kind of device takes from; what this process holds counts as free."""
    if device == "cuda":
        import torch

        free, total = torch.cuda.mem_get_info()
        return Machine("gpu", total, free)
    memory = psutil.virtual_memory()
    total, free, limit = memory.total, memory.available, ""
    limited = cgroup_memory()
    if limited is not None and limited[0] < total:
        total, free, limit = limited[0], min(free, limited[0] - limited[1]), "cgroup"
    return Machine("ram", total, max(min(free + process_bytes(), total), 0), limit)


def process_bytes() -> int:
    """Resident memory of this process."""
    return int(psutil.Process().memory_info().rss)


def cgroup_memory(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> tuple[int, int] | None:
    """The limit of this process's control group and what is in use of it; None where there is no limit.

    The nearest limit counts, of version 2 or 1; file pages that the kernel can drop do not count as used.
    """
    try:
        groups = [line.split(":", 2) for line in own.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return None
    found = []
    for _, controllers, path in (group for group in groups if len(group) == 3):
        top, names = root, ("memory.max", "memory.current", "inactive_file")
        if "memory" in controllers.split(","):
            top, names = root / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        elif controllers:
            continue
        here = top / path.strip("/")
        found += [_limit_in(folder, *names) for folder in (here, *here.parents) if folder.is_relative_to(top)]
    limits = [limit for limit in found if limit is not None]
    return min(limits) if limits else None


def _limit_in(folder: Path, limit: str, usage: str, droppable: str) -> tuple[int, int] | None:
    try:
        most, used = (folder / limit).read_text().strip(), int((folder / usage).read_text())
        statistics = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    # Version 1 writes a number near 2^63 where there is no limit.
    if not most.isdigit() or int(most) >= 1 << 60:
        return None
    return int(most), max(used - int(statistics.get(droppable, 0)), 0)
