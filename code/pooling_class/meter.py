"""What a process and all that it started have used, read from ``/proc``: no clock is asked."""

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Usage(NamedTuple):
    """Seconds of processor time so far, and whether any process can run or waits for a disk."""

    processor: float
    awake: bool


def usage(pid: int) -> Usage:
    """Return what a process, its threads and all that it started have used.

    Children that ended count once their parent has waited for them.

    Parameters
    ----------
    pid : int
        Of the first process. One that is gone has used nothing.

    Examples
    --------
    >>> usage(os.getpid()).awake
    True
    """
    ticks, awake = 0, False
    todo = [pid]
    while todo:
        folder = Path("/proc", str(todo.pop()))
        with suppress(OSError):  # it ended meanwhile
            # The name of a process, in parentheses, may hold anything.
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
            for thread in (folder / "task").iterdir():
                stat = (thread / "stat").read_text(errors="replace").rpartition(")")[2].split()
                awake |= stat[0] in "RD"
                todo += map(int, (thread / "children").read_text().split())
    return Usage(ticks / _TICK, awake)
