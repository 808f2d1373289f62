"""Measure the works, keep the numbers, print them."""

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pooling_course.bench.measure import interleave, peak_memory
from pooling_course.data import data_folder
from pooling_course.files import write

OURS, TORCH = "pooling", "torch"
COLUMNS = {
    "2 threads": "torch, 2 threads",
    "ch. last": "torch, channels_last",
    "block_red.": "block_reduce",
    "scipy": "scipy.ndimage",
    "view": "sliding_window_view",
    "loops": "loops",
}
"""The other programs of the table, under the names that fit there."""


def run(work, rounds: int) -> dict:
    """Check that all programs agree on a work, then time them in turn.

    Parameters
    ----------
    work : pooling_course.bench.works.Work
    rounds : int

    Returns
    -------
    dict
        ``work``, ``shape``, bytes ``read`` and ``written`` at least, ``peak`` bytes that our call
        holds, and ``seconds``: for each program, and for a ``copy`` that moves as many bytes, the
        list of its rounds.

    Raises
    ------
    AssertionError
        If a program gives another result.
    """
    import torch

    _agree(work)
    source = np.ones((work.read + work.written) // 2, dtype=np.uint8)
    target = np.empty_like(source)
    calls = {name: _on_threads(program) for name, program in work.programs.items()}
    calls["copy"] = lambda: np.copyto(target, source)
    seconds = interleave(calls, rounds)
    for name, program in work.programs.items():
        seconds[name] = [s * program.scale for s in seconds[name]]
    torch.set_num_threads(1)
    return {
        "work": work.name,
        "shape": list(work.shape),
        "read": work.read,
        "peak": peak_memory(work.programs[OURS].call),
        "written": work.written,
        "seconds": {name: [float(f"{s:.4g}") for s in times] for name, times in seconds.items()},
    }


def machine() -> dict[str, str | int | None]:
    """Say where and with what the numbers were made.

    Examples
    --------
    >>> machine()["cores"] >= 1
    True
    """
    import scipy
    import skimage
    import torch

    import pooling

    return {
        "processor": _processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{
            module.__name__: str(module.__version__)
            for module in (np, torch, scipy, skimage, pooling)
        },
        **{name: os.environ.get(name) for name in SETTINGS},
    }


def limits(rounds: int) -> dict[str, float]:
    """Measure what no pass of NumPy can exceed: how fast it copies and how fast it compares.

    Parameters
    ----------
    rounds : int

    Returns
    -------
    dict of str to float
        ``copy``: bytes read and written a second, of 64 MB. ``contiguous``, ``rows``,
        ``every second``: results of ``numpy.maximum`` a second, from 0.5 MB, for cells that lie
        side by side, in rows of 64 with a row between, and with one cell between.
    """
    large, small = (np.ones(n, dtype=np.float32) for n in (2**23, 2**17))
    target, half = np.empty_like(large), small.size // 2
    out = np.empty(half + 128, dtype=np.float32)[128:]  # at another place within a page
    rows = small.reshape(-1, 64)
    calls = {
        "copy": (2 * large.nbytes, lambda: np.copyto(target, large)),
        "contiguous": (half, lambda: np.maximum(small[:half], small[half:], out)),
        "rows": (half, lambda: np.maximum(rows[::2], rows[1::2], out.reshape(-1, 64))),
        "every second": (half, lambda: np.maximum(small[::2], small[1::2], out)),
    }
    seconds = interleave({name: call for name, (_, call) in calls.items()}, rounds)
    return {name: float(f"{n / np.median(seconds[name]):.4g}") for name, (n, _) in calls.items()}


SETTINGS = ("OMP_NUM_THREADS", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")
"""What of the environment changes the numbers."""


def ratio(lines: Mapping[str, list], name: str, to: str = TORCH) -> np.ndarray:
    """Return the quartiles of one program's time in that of another, round by round.

    Parameters
    ----------
    lines : mapping of str to list of float
        The ``seconds`` of a run.
    name, to : str
        Programs, or ``copy``.

    Returns
    -------
    numpy.ndarray, shape (3,)
        Lower quartile, median, upper quartile.

    Examples
    --------
    >>> ratio({"pooling": [1.0, 2.0, 3.0], "torch": [4.0, 4.0, 4.0]}, "pooling")
    array([0.375, 0.5  , 0.625])
    """
    return np.quantile(np.divide(lines[name], lines[to]), [0.25, 0.5, 0.75])


def report(result: Mapping) -> str:
    """Write one line of the table.

    Parameters
    ----------
    result : mapping
        As `run` returns it.

    Returns
    -------
    str
    """
    seconds = result["seconds"]
    low, middle, high = ratio(seconds, OURS)
    ours, torch = (np.median(seconds[name]) * 1e3 for name in (OURS, TORCH))
    copies = ratio(seconds, OURS, "copy")[1]
    memory = result["peak"] / result["written"]
    cells = [
        f"{result['work']:<18}",
        f"{'x'.join(map(str, result['shape'])):<14}",
        f"{ours:9.2f} {torch:9.2f}  {middle:6.3f} ({low:5.3f}-{high:5.3f})",
        f"{copies:6.1f} {memory:7.1f}",
        *(_times(seconds, name) for name in COLUMNS.values()),
    ]
    return "  ".join(cells)


def heading() -> str:
    """Write the line above the table."""
    cells = [f"{'work':<18}", f"{'shape':<14}", f"{'ms':>9} {'torch ms':>9}  {'ours / torch':<21}"]
    cells += [f"{'copies':>6} {'memory':>7}", *(f"{name:>10}" for name in COLUMNS)]
    return "  ".join(cells)


LEGEND = """
ours / torch: median and quartiles of the ratio, round by round; torch with one thread, NCHW.
copies: our time in that of a copy of as many bytes as must be read and written.
memory: the most bytes our call holds, in those of its result.
The other columns are times in torch's with one thread. The plain loops are timed on nine rows of
nine windows and counted up.
"""


def store(results: list[dict], ceilings: Mapping[str, float], path: Path) -> None:
    """Write runs, limits and machine as JSON."""
    content = {"limits": ceilings, "machine": machine(), "works": results}
    write(path, f"{json.dumps(content, sort_keys=True)}\n".encode())


def load(path: str | os.PathLike[str] | None = None) -> dict:
    """Read the stored numbers.

    Parameters
    ----------
    path : path, optional
        By default ``data/results/speed.json``.

    Returns
    -------
    dict
        ``machine``, ``limits``, and ``works``: a list of what `run` returns.
    """
    path = Path(path or data_folder() / "results" / "speed.json")
    return json.loads(path.read_text(encoding="utf-8"))


def _times(seconds, name):
    return f"{ratio(seconds, name)[1]:10.3g}" if name in seconds else " " * 9 + "-"


def _agree(work):
    expected = _arrays(work.programs[TORCH].call())
    for name, program in work.programs.items():
        for got, want in zip(_arrays(program.call()), expected, strict=True):
            want = want[0, 0, : len(got), : len(got)] if name == "loops" else want
            np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-3, err_msg=name)


def _arrays(result):
    parts = result if isinstance(result, tuple) else (result,)
    return [np.asarray(getattr(part, "detach", lambda part=part: part)()) for part in parts]


def _on_threads(program):
    import torch

    def call():
        if torch.get_num_threads() != program.threads:
            torch.set_num_threads(program.threads)
        return program.call()

    return call


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
