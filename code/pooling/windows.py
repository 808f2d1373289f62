"""Where windows lie: sizes, positions, coverage, receptive field. Every shape rule, once.

Everything here works along one axis. A window in two or three dimensions is the product of
windows along its axes, so nothing else is needed.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pooling.check import flag, integer


def output_size(
    n: int,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """Count the windows along one axis.

    Parameters
    ----------
    n : int
        Input size along the axis, in cells.
    kernel_size : int
        Cells one window reads.
    stride : int, optional
        Step from one window to the next; `kernel_size` when omitted.
    padding : int
        Cells added on each side.
    dilation : int
        Step from one cell of a window to its next.
    ceil_mode : bool
        Keep a last window that runs over the right edge, unless it would start in the right
        padding.

    Returns
    -------
    int
        The number of windows `o`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not an int in its range, `ceil_mode` is not a bool, or not one window
        fits.

    Notes
    -----
    ``o = floor((n + 2p - d(k - 1) - 1) / s) + 1``; with `ceil_mode` the quotient is rounded
    up, and a window that starts at or beyond ``n + p`` is dropped. This is the rule of
    ``torch.nn.MaxPool2d``.

    Examples
    --------
    >>> output_size(55, kernel_size=3, stride=2)
    27
    >>> output_size(4, 2, stride=3, padding=1, ceil_mode=True)
    2
    """
    n = integer(n, "n", 1)
    k = integer(kernel_size, "kernel_size", 1)
    s = k if stride is None else integer(stride, "stride", 1)
    p = integer(padding, "padding", 0)
    d = integer(dilation, "dilation", 1)
    return windows(n, k, s, p, d, flag(ceil_mode, "ceil_mode")).number


class Windows(NamedTuple):
    """The windows of one axis, by their arithmetic instead of a list of cells.

    Cell j of window i is ``start + i * stride + j * dilation``.
    """

    n: int
    """Input size, in cells."""

    number: int
    """How many windows there are."""

    kernel_size: int
    """Cells one window reads."""

    stride: int
    """Step from one window to the next."""

    dilation: int = 1
    """Step from one cell of a window to its next."""

    start: int = 0
    """First cell of window 0; negative inside the padding."""

    @property
    def stop(self) -> int:
        """The first cell after the last window."""
        reach = (self.kernel_size - 1) * self.dilation
        return self.start + (self.number - 1) * self.stride + reach + 1

    @property
    def starts(self) -> np.ndarray:
        """The first cell of each window, shape (number,)."""
        return np.arange(self.number, dtype=np.int64) * self.stride + self.start

    def cell(self, j: int) -> slice:
        """Select cell j of every window; for windows that read no padding."""
        first = self.start + j * self.dilation
        return slice(first, first + (self.number - 1) * self.stride + 1, self.stride)

    @property
    def table(self) -> np.ndarray:
        """The cells of each window, shape (number, kernel_size)."""
        cells = np.arange(self.kernel_size, dtype=np.int64) * self.dilation
        return self.starts[:, None] + cells


def windows(n: int, k: int, s: int, p: int = 0, d: int = 1, ceil_mode: bool = False) -> Windows:
    """Lay windows along one axis: `output_size` and where they start.

    Parameters
    ----------
    n, k, s, p, d : int
        Input size, kernel size, stride, padding and dilation, already checked.
    ceil_mode : bool
        As for `output_size`.

    Returns
    -------
    Windows

    Raises
    ------
    ValueError
        If not one window fits.

    Examples
    --------
    >>> windows(5, 3, 2, 1)
    Windows(n=5, number=3, kernel_size=3, stride=2, dilation=1, start=-1)
    """
    free = n + 2 * p - d * (k - 1) - 1
    o = (-(-free // s) if ceil_mode else free // s) + 1
    if ceil_mode and (o - 1) * s >= n + p:
        o -= 1
    if o < 1:
        raise ValueError(
            f"kernel_size {k} with dilation {d} spans {d * (k - 1) + 1} cells, more than the "
            f"{n + 2 * p} of the padded input (n={n}, padding={p}): the output would be empty"
        )
    return Windows(n, o, k, s, d, -p)


def clipped(axis: Windows) -> "Windows | np.ndarray":
    """Leave out cells of padding, so that what windows read does not grow with them.

    Parameters
    ----------
    axis : Windows

    Returns
    -------
    Windows or numpy.ndarray of int64, shape (o, m)
        Windows that read the same cells. What lies in the padding for all of them is gone; the
        rest spans at most three times as many cells as there are, or is a table of at most
        about two entries a cell, filled up with -1.

    Notes
    -----
    Padding is at most half a window, so starts are spread over ``n + s`` cells at most: only a
    stride or a dilation larger than half the plane can leave more padding than that, and then
    there are but a few windows, or a few cells in each.

    Examples
    --------
    >>> clipped(Windows(4, 1, 100, 1, start=-50))
    Windows(n=4, number=1, kernel_size=4, stride=1, dilation=1, start=0)
    >>> clipped(Windows(4, 2, 100, 52, start=-50))
    array([[ 0,  1,  2,  3],
           [ 2,  3, -1, -1]])
    """
    n, o, k, s, d, start = axis
    last = start + (o - 1) * s
    before, stop = -(min(last, 0) // d), min(k, -((start - n) // d))
    few = axis._replace(kernel_size=max(1, stop - before), start=start + before * d)
    if max(few.stop, n) - min(few.start, 0) <= 3 * n:
        return few
    first = np.where(axis.starts < 0, axis.starts % d, axis.starts)[:, None]
    table = first + np.arange(0, n, d, dtype=np.int64)
    behind = (first - axis.starts[:, None]) // d + np.arange(table.shape[1]) >= k
    return np.where((table >= n) | behind, -1, table)


def regular(table: np.ndarray, n: int) -> "Windows | np.ndarray":
    """Return a table of cells as `Windows` if they are evenly spaced, else as it is.

    Parameters
    ----------
    table : numpy.ndarray of int64, shape (o, k)
        Cells of each window.
    n : int
        Input size, in cells.

    Returns
    -------
    Windows or numpy.ndarray

    Examples
    --------
    >>> regular(np.array([[0, 1, 2], [2, 3, 4]]), 5)
    Windows(n=5, number=2, kernel_size=3, stride=2, dilation=1, start=0)
    """
    (o, k), start = table.shape, int(table[0, 0])
    stride = int(table[1, 0]) - start if o > 1 else 1
    found = Windows(n, o, k, stride, 1, start)
    return found if stride > 0 and np.array_equal(found.table, table) else table


def window_positions(
    n: int,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> np.ndarray:
    """List the cells that each window along one axis reads.

    Parameters
    ----------
    n, kernel_size, stride, padding, dilation, ceil_mode
        As for `output_size`.

    Returns
    -------
    numpy.ndarray of int64, shape (o, k)
        Row i holds the positions of window i. A position outside ``0 .. n - 1`` is padding.

    Raises
    ------
    TypeError, ValueError
        As for `output_size`.

    Examples
    --------
    >>> window_positions(5, kernel_size=3, stride=2, padding=1)
    array([[-1,  0,  1],
           [ 1,  2,  3],
           [ 3,  4,  5]])
    """
    o = output_size(n, kernel_size, stride, padding, dilation, ceil_mode)
    stride = kernel_size if stride is None else stride
    return Windows(n, o, kernel_size, stride, dilation, -padding).table


def coverage(positions: np.ndarray, n: int) -> np.ndarray:
    """Count how many windows read each input cell.

    Parameters
    ----------
    positions : numpy.ndarray of int, shape (o, k)
        Cells of each window, from `window_positions` or `pooling.bins.bin_positions`.
    n : int
        Input size, in cells.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        0 marks a cell that no window reads.

    Raises
    ------
    TypeError, ValueError
        If `n` is not a positive int.

    Examples
    --------
    >>> coverage(window_positions(6, kernel_size=3, stride=2), 6)
    array([1, 1, 2, 1, 1, 0])
    """
    integer(n, "n", 1)
    positions = np.asarray(positions)
    inside = (positions >= 0) & (positions < n)
    return np.bincount(positions[inside], minlength=n)


def readers(positions: np.ndarray, n: int) -> np.ndarray:
    """Turn the table round: list the windows that read each input cell.

    The backward of a sum over windows is the sum over these.

    Parameters
    ----------
    positions : numpy.ndarray of int, shape (o, k)
        Cells of each window; positions outside ``0 .. n - 1`` are ignored.
    n : int
        Input size, in cells.

    Returns
    -------
    numpy.ndarray of int64, shape (n, m)
        Row j holds the windows that read cell j, in order, filled up with -1; m is the
        largest coverage.

    Raises
    ------
    TypeError, ValueError
        If `n` is not a positive int.

    Examples
    --------
    >>> readers(window_positions(5, kernel_size=3, stride=2), 5)
    array([[ 0, -1],
           [ 0, -1],
           [ 0,  1],
           [ 1, -1],
           [ 1, -1]])
    """
    counts = coverage(positions, n)
    window, slot = np.nonzero((positions >= 0) & (positions < n))
    cell = positions[window, slot]
    order = np.argsort(cell, kind="stable")
    cell, window = cell[order], window[order]
    rank = np.arange(len(cell)) - (np.cumsum(counts) - counts)[cell]
    table = np.full((n, max(1, int(counts.max()))), -1, dtype=np.int64)
    table[cell, rank] = window
    return table


class ReceptiveField(NamedTuple):
    """What one output cell of a stack of layers sees of the input, along one axis."""

    size: int
    """Input cells seen by one output cell."""
    jump: int
    """Input cells between the views of two neighboring output cells."""
    start: int
    """First input cell seen by output cell 0; negative inside the padding."""


def receptive_field(layers: Iterable[tuple[int, ...]]) -> ReceptiveField:
    """Follow one output cell back through a stack of convolutions and pools.

    Parameters
    ----------
    layers : iterable of tuple
        ``(kernel_size, stride, padding, dilation)`` of each layer, first layer first; the
        last two may be left out.

    Returns
    -------
    ReceptiveField
        Size, jump and start, in input cells.

    Raises
    ------
    TypeError, ValueError
        If a layer has not 2 to 4 entries, or an entry is not an int in its range.

    Notes
    -----
    A layer adds ``d (k - 1)`` steps of the jump so far to the size, then multiplies the jump
    by its stride (Dumoulin and Visin 2016; Araujo, Norris and Sim 2019).

    Examples
    --------
    >>> receptive_field([(3, 1, 1), (2, 2), (3, 1, 1), (2, 2)])
    ReceptiveField(size=10, jump=4, start=-3)
    """
    size, jump, start = 1, 1, 0
    for layer in layers:
        entries = tuple(layer) if isinstance(layer, Iterable) else ()
        if not 2 <= len(entries) <= 4:
            raise ValueError(f"layers must hold 2 to 4 ints for each layer, got {layer!r}")
        k, s, p, d = entries + (0, 1)[len(entries) - 2 :]
        integer(k, "kernel_size", 1)
        integer(s, "stride", 1)
        integer(p, "padding", 0)
        integer(d, "dilation", 1)
        size += d * (k - 1) * jump
        start -= p * jump
        jump *= s
    return ReceptiveField(size, jump, start)
