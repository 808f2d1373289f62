"""Reduce over windows, one axis at a time: the engine under every pool.

A window in two dimensions is a row of cells, then a column of rows. So a pool reduces along
the last axis first, then along the one before it. What the windows of an axis read is a
table of positions, shape (o, k); entries outside ``0 .. n - 1`` stand for padding and are
replaced by a fill value. The same code serves strided windows and bins of any rule.
"""

from collections.abc import Sequence
from math import prod

import numpy as np

from pooling.windows import readers

Tables = Sequence[np.ndarray]


def _columns(x: np.ndarray, axis: int, positions: np.ndarray, fill):
    """Yield, for each of the k slots, the cell that every window has in that slot."""
    n = x.shape[axis]
    inside = (positions >= 0) & (positions < n)
    if not inside.all():
        border = list(x.shape)
        border[axis] = 1
        x = np.concatenate([x, np.full(border, fill, dtype=x.dtype)], axis=axis)
        positions = np.where(inside, positions, n)
    for slot in range(positions.shape[1]):
        yield np.take(x, positions[:, slot], axis=axis)


def total(x: np.ndarray, tables: Tables) -> np.ndarray:
    """Sum each window.

    Parameters
    ----------
    x : numpy.ndarray, shape (..., \\*spatial)
        One spatial axis per table.
    tables : sequence of numpy.ndarray of int, shape (o, k)
        Cells of each window along each spatial axis; cells outside count as 0.

    Returns
    -------
    numpy.ndarray, shape (..., \\*o)
        In x's dtype: the caller chooses the precision of the sum.

    Examples
    --------
    >>> total(np.array([1.0, 2.0, 4.0]), [np.array([[0, 1], [1, 2]])])
    array([3., 6.])
    """
    for axis in range(-1, -len(tables) - 1, -1):
        columns = _columns(x, axis, tables[axis], fill=0)
        x = next(columns)
        for column in columns:
            x = x + column
    return x


def total_backward(grad: np.ndarray, tables: Tables, shape: Sequence[int]) -> np.ndarray:
    """Send the gradient of each window's sum back to the cells it read.

    Parameters
    ----------
    grad : numpy.ndarray, shape (..., \\*o)
        Gradient of a loss with respect to the sums.
    tables : sequence of numpy.ndarray of int, shape (o, k)
        As for `total`.
    shape : sequence of int
        The spatial shape of the input.

    Returns
    -------
    numpy.ndarray, shape (..., \\*shape)
        A cell read by several windows gets the sum of their gradients.

    Examples
    --------
    >>> total_backward(np.array([1.0, 10.0]), [np.array([[0, 1], [1, 2]])], [3])
    array([ 1., 11., 10.])
    """
    return total(grad, [readers(t, n) for t, n in zip(tables, shape, strict=True)])


def extreme(x: np.ndarray, tables: Tables, beats: np.ufunc) -> tuple[np.ndarray, np.ndarray]:
    """Find the winner of each window and where it lies.

    Parameters
    ----------
    x : numpy.ndarray, shape (..., \\*spatial)
        One spatial axis per table.
    tables : sequence of numpy.ndarray of int, shape (o, k)
        Cells of each window along each spatial axis; cells outside never win.
    beats : numpy.ufunc
        ``numpy.greater`` for the maximum, ``numpy.less`` for the minimum.

    Returns
    -------
    values : numpy.ndarray, shape (..., \\*o)
    indices : numpy.ndarray of int64, shape (..., \\*o)
        Flat position of the winner in the spatial plane; -1 where a window reads padding
        alone.

    Notes
    -----
    The first of equal cells in row-major order wins. NaN beats every number, and a later
    NaN beats an earlier one. Both are what torch does.

    Examples
    --------
    >>> extreme(np.array([3, 1, 3, 5]), [np.array([[0, 1, 2], [1, 2, 3]])], np.greater)
    (array([3, 5]), array([0, 3]))
    """
    fill = worst(x.dtype, beats)
    indices = np.arange(prod(x.shape[x.ndim - len(tables) :]), dtype=np.int64)
    indices = np.broadcast_to(indices.reshape(x.shape[x.ndim - len(tables) :]), x.shape)
    for axis in range(-1, -len(tables) - 1, -1):
        first = _inside_first(tables[axis], x.shape[axis])
        values = _columns(x, axis, first, fill)
        places = _columns(indices, axis, first, -1)
        x, indices = next(values), next(places)
        for value, place in zip(values, places, strict=True):
            wins = beats(value, x) | (value != value)
            x = np.where(wins, value, x)
            indices = np.where(wins, place, indices)
    return x, indices


def _inside_first(positions: np.ndarray, n: int) -> np.ndarray:
    """Move each window's padding behind its cells, so that a real cell is met first."""
    outside = (positions < 0) | (positions >= n)
    return np.take_along_axis(positions, np.argsort(outside, axis=1, kind="stable"), axis=1)


def worst(dtype: np.dtype, beats: np.ufunc):
    """Return the value that never wins: -inf or the dtype's minimum for a maximum.

    Parameters
    ----------
    dtype : numpy.dtype
        Of the input.
    beats : numpy.ufunc
        ``numpy.greater`` or ``numpy.less``.

    Returns
    -------
    float or int

    Examples
    --------
    >>> worst(np.dtype("int8"), np.greater), worst(np.dtype("float32"), np.less)
    (-128, inf)
    """
    if dtype.kind == "f":
        return -np.inf if beats is np.greater else np.inf
    limits = np.iinfo(dtype)
    return int(limits.min if beats is np.greater else limits.max)


def scatter(
    grad: np.ndarray, indices: np.ndarray, shape: Sequence[int], name: str = "indices"
) -> np.ndarray:
    """Add each value into the cell its index names.

    Parameters
    ----------
    grad : numpy.ndarray, shape (..., \\*o)
        Values to send back.
    indices : numpy.ndarray of int64, shape (..., \\*o)
        Flat positions in the spatial plane.
    shape : sequence of int
        The spatial shape of the plane.
    name : str
        What to call the indices in an error.

    Returns
    -------
    numpy.ndarray, shape (..., \\*shape)
        Values that meet in one cell add up.

    Raises
    ------
    ValueError
        If an index lies outside the plane.

    Examples
    --------
    >>> scatter(np.array([[1.0, 10.0, 100.0]]), np.array([[2, 2, 0]]), [4])
    array([[100.,   0.,  11.,   0.]])
    """
    flat = flat_positions(indices, grad.ndim - len(shape), shape, name)
    out = np.zeros(grad.shape[: grad.ndim - len(shape)] + tuple(shape), dtype=grad.dtype)
    np.add.at(out.reshape(-1), flat, grad.reshape(-1))
    return out


def flat_positions(
    indices: np.ndarray, batch_axes: int, shape: Sequence[int], name: str = "indices"
) -> np.ndarray:
    """Turn positions in a plane into positions in the whole batch.

    Parameters
    ----------
    indices : numpy.ndarray of int, shape (\\*batch, \\*o)
        Flat positions in the spatial plane.
    batch_axes : int
        How many leading axes are not spatial.
    shape : sequence of int
        The spatial shape of the plane.
    name : str
        What to call the indices in an error.

    Returns
    -------
    numpy.ndarray of int64, shape (indices.size,)

    Raises
    ------
    ValueError
        If an index lies outside the plane.

    Examples
    --------
    >>> flat_positions(np.array([[3, 1], [0, 2]]), 1, [4])
    array([3, 1, 4, 6])
    """
    cells = prod(shape)
    wrong = indices[(indices < 0) | (indices >= cells)]
    if wrong.size:
        raise ValueError(
            f"{name} must lie in 0 .. {cells - 1} for a plane of shape {tuple(shape)}, "
            f"got {wrong[0]}"
        )
    planes = prod(indices.shape[:batch_axes])
    offsets = np.arange(planes, dtype=np.int64)[:, None] * cells
    per_plane = prod(indices.shape[batch_axes:])
    return (indices.reshape(planes, per_plane) + offsets).reshape(-1)
