"""Cut a batch into blocks that stay in the cache while pass after pass goes over them."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from pooling.windows import Windows

Axis = Windows | np.ndarray
"""The windows of one axis: evenly spaced, or a table of cells, shape (o, k), whose entries
outside ``0 .. n - 1`` are padding."""

BLOCK = 2**21
"""Bytes of a block: it and what is made from it stay in the cache of a core or its group."""


class Block(NamedTuple):
    """A piece of the input and the windows that are pooled from it."""

    where: tuple[slice, ...]
    """Where these windows lie in the output, shape (N, C, \\*o)."""

    x: np.ndarray
    """The cells they read, shape (n, c, \\*spatial); not a copy."""

    row: int
    """Where the block begins along the first spatial axis of the input."""

    axes: tuple[Axis, ...]
    """The windows along each spatial axis, counted from the block's first cell."""


def blocks(x: np.ndarray, axes: Sequence[Axis], dtype: np.dtype | None = None) -> Iterator[Block]:
    """Cut a batch into blocks of about `BLOCK` bytes, padding counted.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, \\*spatial)
    axes : sequence of Windows or numpy.ndarray
        The windows along each spatial axis.
    dtype : numpy.dtype, optional
        In which a block will be reduced; x's own when omitted.

    Yields
    ------
    Block
        Whole images; if one is too large, some of its channels; if one is too large, some
        rows of windows. Rows that two blocks read lie in both.

    Examples
    --------
    >>> axes = [Windows(4, 2, 2, 2), Windows(4, 2, 2, 2)]
    >>> [block.where[0] for block in blocks(np.zeros((3, 1, 4, 4)), axes)]
    [slice(0, 3, None)]
    """
    images, channels, *plane = x.shape
    everything = tuple(slice(0, number(axis)) for axis in axes)
    size = np.dtype(dtype or x.dtype).itemsize * prod(map(_padded_size, plane, axes))
    planes = BLOCK // size
    if planes >= channels:
        for i in steps(images, planes // channels):
            yield Block((i, slice(None), *everything), x[i], 0, tuple(axes))
        return
    rows = number(axes[0]) if planes else number(axes[0]) * BLOCK // size
    for i in steps(images, 1):
        for j in steps(channels, planes):
            for some in steps(number(axes[0]), rows):
                cells, first = part(axes[0], some, plane[0])
                where = (i, j, some, *everything[1:])
                yield Block(where, x[i, j, cells], cells.start, (first, *axes[1:]))


def number(axis: Axis) -> int:
    """Count the windows of an axis.

    Parameters
    ----------
    axis : Windows or numpy.ndarray

    Returns
    -------
    int

    Examples
    --------
    >>> number(np.array([[0, 1], [1, 2], [2, 3]]))
    3
    """
    return axis.number if isinstance(axis, Windows) else len(axis)


def pad(x: np.ndarray, axes: Sequence[Axis], fill) -> tuple[np.ndarray, tuple[Axis, ...]]:
    """Put padding around a block where evenly spaced windows leave it.

    Parameters
    ----------
    x : numpy.ndarray, shape (..., \\*spatial)
    axes : sequence of Windows or numpy.ndarray
    fill : number
        What a cell of padding holds.

    Returns
    -------
    x : numpy.ndarray
        The input itself if no window leaves it.
    axes : tuple of Windows or numpy.ndarray
        The windows, counted from the first cell of the padding.

    Examples
    --------
    >>> pad(np.array([5, 7]), [Windows(2, 2, 2, 2, start=-1)], fill=0)[0]
    array([0, 5, 7, 0])
    """
    if not padded(axes):
        return x, tuple(axes)
    spatial = x.shape[x.ndim - len(axes) :]
    shape, inside, moved = list(x.shape[: x.ndim - len(axes)]), [...], []
    for n, axis in zip(spatial, axes, strict=True):
        size, before = _padded_size(n, axis), 0
        if isinstance(axis, Windows):
            before = max(0, -axis.start)
            axis = axis._replace(n=size, start=axis.start + before)
        shape.append(size)
        inside.append(slice(before, before + n))
        moved.append(axis)
    out = np.full(shape, fill, dtype=x.dtype)
    out[tuple(inside)] = x
    return out, tuple(moved)


def padded(axes: Sequence[Axis]) -> bool:
    """Say whether a window, of those evenly spaced, reads padding.

    Parameters
    ----------
    axes : sequence of Windows or numpy.ndarray

    Returns
    -------
    bool

    Examples
    --------
    >>> padded([Windows(n=4, number=2, kernel_size=3, stride=2)])
    True
    """
    return any(isinstance(a, Windows) and (a.start < 0 or a.stop > a.n) for a in axes)


def steps(stop: int, step: int) -> Iterator[slice]:
    """Cut ``0 .. stop - 1`` into pieces of `step`, the last one shorter.

    Parameters
    ----------
    stop, step : int
        A step below 1 counts as 1.

    Yields
    ------
    slice

    Examples
    --------
    >>> list(steps(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    step = max(1, step)
    for start in range(0, stop, step):
        yield slice(start, min(start + step, stop))


def part(axis: Axis, some: slice, n: int) -> tuple[slice, Axis]:
    """Take some of the windows of an axis.

    Parameters
    ----------
    axis : Windows or numpy.ndarray
    some : slice
        Which windows.
    n : int
        Input size, in cells.

    Returns
    -------
    cells : slice
        The cells of the input that they read.
    windows : Windows or numpy.ndarray
        These windows, counted from the first of these cells.

    Examples
    --------
    >>> part(Windows(9, 4, 3, 2), slice(1, 3), 9)
    (slice(2, 7, None), Windows(n=5, number=2, kernel_size=3, stride=2, dilation=1, start=0))
    """
    if isinstance(axis, Windows):
        start = axis.start + some.start * axis.stride
        taken = axis._replace(number=some.stop - some.start, start=start)
        low = min(max(start, 0), n)
        high = max(low, min(taken.stop, n))
        return slice(low, high), taken._replace(n=high - low, start=start - low)
    table = axis[some]
    inside = (table >= 0) & (table < n)
    low = int(table[inside].min(initial=n))
    high = int(table[inside].max(initial=low - 1)) + 1
    return slice(low, high), np.where(inside, table - low, -1)


def _padded_size(n, axis):
    """Count the cells of an axis with the padding that `pad` puts around it."""
    return max(axis.stop, n) - min(axis.start, 0) if isinstance(axis, Windows) else n
