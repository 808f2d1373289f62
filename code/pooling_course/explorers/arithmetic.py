"""What the explorers show, computed by the library: for widgets and pages without scripts."""

from collections.abc import Callable
from typing import Any

import numpy as np

import pooling
from pooling.bins import RULES
from pooling_course.explorers.settings import WINDOW, call_settings, short


def kernel_weight(name: str, height: int, width: int) -> np.ndarray:
    """Return one of the kernels that the window explorer offers.

    Parameters
    ----------
    name : {"ones", "edges", "outline"}
        All 1, right minus left, or center minus around.
    height, width : int
        Its size, in cells.

    Returns
    -------
    numpy.ndarray of float64, shape (height, width)

    Raises
    ------
    ValueError
        If `name` is another one.

    Examples
    --------
    >>> kernel_weight("outline", 3, 3)
    array([[-1., -1., -1.],
           [-1.,  8., -1.],
           [-1., -1., -1.]])
    """
    WINDOW["weight"].check(name, "weight")
    if name == "ones":
        return np.ones((height, width))
    if name == "edges":
        return np.tile(np.sign(2.0 * np.arange(width) - width + 1), (height, 1))
    weight = -np.ones((height, width))
    weight[height // 2, width // 2] = height * width - 1
    return weight


def window_output(settings: dict[str, Any]) -> np.ndarray:
    """Compute the output of the window explorer.

    Parameters
    ----------
    settings : dict
        As `pooling_course.explorers.settings.START["window"]`.

    Returns
    -------
    numpy.ndarray of float64, shape (oH, oW)

    Raises
    ------
    TypeError, ValueError
        What the library raises for an impossible setting.

    Examples
    --------
    >>> from pooling_course.explorers.settings import START
    >>> window_output(START["window"])
    array([[9., 9.],
           [9., 8.]])
    """
    x = np.array(settings["values"], dtype=float)[None]
    arguments = {name: short(value) for name, value in call_settings(settings).items()}
    if settings["operator"] == "conv":
        del arguments["kernel_size"]
        weight = kernel_weight(settings["weight"], *settings["kernel_size"])
        return pooling.conv2d(x, **arguments | {"weight": weight[None, None]})[0]
    return getattr(pooling, f"{settings['operator']}_pool2d")(x, **arguments)[0]


def bin_lists(size: int, n: int) -> dict[str, list[tuple[int, int]] | str]:
    """List the bins of each rule, or what it says when it refuses.

    Parameters
    ----------
    size : int
        Cells of the axis.
    n : int
        Wanted number of bins.

    Returns
    -------
    dict
        Rule to its (start, stop) pairs, or to its message.

    Examples
    --------
    >>> bin_lists(7, 3)["adaptive"]
    [(0, 3), (2, 5), (4, 7)]
    >>> bin_lists(2, 3)["paper"]
    'a must be at least n=3, got 2: the stride floor(a/n) would be 0'
    """
    found: dict[str, list[tuple[int, int]] | str] = {}
    for name, rule in RULES.items():
        try:
            starts, stops = rule(size, n)
            found[name] = list(zip(starts.tolist(), stops.tolist(), strict=True))
        except ValueError as refusal:
            found[name] = str(refusal)
    return found


def _around(x: np.ndarray, k: int) -> np.ndarray:
    """Let windows of side `k` read on at the start of the ring; one row is not padded."""
    down = 0 if x.shape[-2] == 1 else k - 1
    return np.pad(x, [(0, 0), (0, down), (0, k - 1)], mode="wrap")


def _along(x: np.ndarray, k: int) -> tuple[int, int]:
    """Return a side or a stride for both axes, 1 along the rows of a signal."""
    return (1 if x.shape[-2] == 1 else k, k)


def _max(x: np.ndarray, k: int, stride: int) -> np.ndarray:
    return pooling.max_pool2d(_around(x, k), _along(x, k), stride=_along(x, stride))


RING: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "every second cell": lambda x: x[:, :: _along(x, 2)[0], ::2],
    "average 2/2": lambda x: pooling.avg_pool2d(x, _along(x, 2)),
    "max 2/2": lambda x: _max(x, 2, 2),
    "max 3/2": lambda x: _max(x, 3, 2),
    "max, blur 3": lambda x: pooling.blur_pool2d(_max(x, 2, 1), 3, _along(x, 2), "circular"),
    "max 2/1": lambda x: _max(x, 2, 1),
}
"""The pools of the shift explorer, on a ring: x has shape (1, H, W), and one row if a signal."""
TINY = 1e-9
"""Values that differ by less count as equal."""


def compare(before: np.ndarray, after: np.ndarray) -> dict[str, Any]:
    """Find the move of the old output that fits best, and what remains of it.

    Parameters
    ----------
    before, after : numpy.ndarray, shape (H, W)
        An output without and with a shift of the input.

    Returns
    -------
    dict
        The move, down and to the right, the number of cells that keep their value, and the mean
        change. It is the move of the least mean change; if several tie, the one that keeps most
        cells, and of these the first.

    Examples
    --------
    >>> compare(np.array([[0.0, 1.0, 2.0]]), np.array([[5.0, 0.0, 1.0]]))
    {'move': [0, 1], 'count': 2, 'change': 1.0}
    """
    found = []
    for move in np.ndindex(after.shape):
        difference = np.abs(after - np.roll(before, move, axis=(0, 1)))
        difference[difference < TINY] = 0
        found.append((list(move), int((difference == 0).sum()), float(difference.mean())))
    least = min(change for _, _, change in found)
    ties = [entry for entry in found if entry[2] <= least + TINY]
    move, count, change = max(ties, key=lambda entry: entry[1])  # the first of the largest
    return {"move": move, "count": count, "change": change}
