"""Time calls in turn, so that whatever else the machine does falls on all of them alike."""

import time
import tracemalloc
from collections.abc import Callable, Mapping

import numpy as np

Call = Callable[[], object]


def interleave(calls: Mapping[str, Call], rounds: int, least: float = 0.005) -> dict[str, list]:
    """Time each call once a round, in an order that changes from round to round.

    Parameters
    ----------
    calls : mapping of str to callable
    rounds : int
    least : float
        Seconds below which a call is repeated within its turn, so that the clock can tell.

    Returns
    -------
    dict of str to list of float
        Seconds a call took, one entry a round; entries of one round belong together.

    Raises
    ------
    ValueError
        If there is no round.

    Examples
    --------
    >>> seconds = interleave({"sum": lambda: sum(range(99))}, rounds=3)
    >>> len(seconds["sum"]), min(seconds["sum"]) > 0
    (3, True)
    """
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {rounds}")
    repeats = {name: _repeats(call, least) for name, call in calls.items()}
    seconds: dict[str, list] = {name: [] for name in calls}
    for order in np.random.default_rng(0).permuted([list(calls)] * rounds, axis=1).tolist():
        for name in order:
            seconds[name].append(_seconds(calls[name], repeats[name]) / repeats[name])
    return seconds


def race(calls: Mapping[str, Call], rounds: int = 5) -> None:
    """Check that all calls give the same, time them in turn, print the medians.

    Parameters
    ----------
    calls : mapping of str to callable
        Each returns an array.
    rounds : int

    Raises
    ------
    AssertionError
        If the results differ.

    Examples
    --------
    >>> race({"sum": lambda: np.ones(9).sum()}, rounds=1)  # doctest: +ELLIPSIS
    sum ... ms
    """
    results = [np.asarray(call()) for call in calls.values()]
    for name, result in zip(calls, results, strict=True):
        np.testing.assert_allclose(result, results[0], rtol=1e-5, atol=1e-5, err_msg=name)
    width = max(map(len, calls))
    for name, seconds in interleave(calls, rounds).items():
        print(f"{name:<{width}} {np.median(seconds) * 1e3:9.3f} ms")


def peak_memory(call: Call) -> int:
    """Return the most bytes a call holds at a time, its result included.

    Parameters
    ----------
    call : callable
        What it allocates is seen if NumPy or Python allocates it.

    Returns
    -------
    int

    Examples
    --------
    >>> 800 <= peak_memory(lambda: np.ones(100)) < 3000
    True
    """
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _repeats(call: Call, least: float) -> int:
    call()
    return max(1, int(least / max(_seconds(call, 1), 1e-7)))


def _seconds(call: Call, repeats: int) -> float:
    started = time.perf_counter()
    for _ in range(repeats):
        call()
    return time.perf_counter() - started
