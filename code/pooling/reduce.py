"""Reduce over windows: the engine under every pool.

Four ideas make it fast, and all that has to be chosen is chosen in this module.

*One axis at a time.* A window of k x k cells is a column of k rows, so a pool runs along one
axis, then along the next, in about 2k steps a window instead of k squared. Rows go first:
whole rows lie in memory as one run, and what is left for the strided columns is smaller.

*Blocks.* The passes over one block find it in the cache: see `pooling.blocks`.

*Phases.* With stride s, cell j of every window is one slice, ``x[j::s]``. All windows are
reduced at once, slice by slice.

*Doubling.* From the maxima of windows of 2 follow those of 4, from these those of 8: a
window of k takes about log2(k) passes.
"""

from collections.abc import Callable, Sequence
from math import gcd, prod

import numpy as np

from pooling.blocks import Axis, blocks, number, pad, padded
from pooling.windows import Windows, readers

PICK = {np.greater: np.maximum, np.less: np.minimum}
"""For each comparison the function that keeps the better of two."""


def total(
    x: np.ndarray,
    axes: Sequence[Axis],
    dtype: np.dtype | None = None,
    before: Callable | None = None,
    after: Callable | None = None,
) -> np.ndarray:
    """Sum each window.

    Parameters
    ----------
    x : numpy.ndarray, shape (..., \\*spatial)
        At most two axes that are not spatial.
    axes : sequence of Windows or numpy.ndarray of int, shape (o, k)
        The windows along each spatial axis; cells outside count as 0.
    dtype : numpy.dtype, optional
        The precision of the sums; x's own when omitted.
    before : callable, optional
        Applied to a block of `x` before its cells are summed.
    after : callable, optional
        Applied to the sums of a block, with their place among the windows, a tuple of
        slices, as second argument.

    Returns
    -------
    numpy.ndarray, shape (..., \\*o)
        In x's dtype.

    Examples
    --------
    >>> total(np.array([1.0, 2.0, 4.0]), [np.array([[0, 1], [1, 2]])])
    array([3., 6.])
    """
    out = _empty(x, axes, x.dtype)
    for block in blocks(_batch(x, axes), axes, dtype):
        sums = before(block.x) if before else block.x
        sums, parts = pad(sums, block.axes, 0)
        for axis, part in enumerate(parts, -len(parts)):
            sums = _along(np.add, sums, axis, part, 0, dtype)
        _batch(out, axes)[block.where] = after(sums, block.where[2:]) if after else sums
    return out


def total_backward(grad: np.ndarray, tables: Sequence[Axis], shape: Sequence[int]) -> np.ndarray:
    """Send the gradient of each window's sum back to the cells it read.

    Parameters
    ----------
    grad : numpy.ndarray, shape (..., \\*o)
        Gradient of a loss with respect to the sums.
    tables : sequence of Windows or numpy.ndarray of int, shape (o, k)
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
    return total(grad, [readers(_table(t), n) for t, n in zip(tables, shape, strict=True)])


def average(x: np.ndarray, axes: Sequence[Axis], counts) -> np.ndarray:
    """Sum each window and divide; the sum is float64 or wider, and rounded once.

    Parameters
    ----------
    x : numpy.ndarray, shape (..., \\*spatial)
        Floating or int64; integers are divided toward 0.
    axes : sequence of Windows or numpy.ndarray of int, shape (o, k)
        As for `total`.
    counts : int or numpy.ndarray of int, shape (\\*o,)
        What each sum is divided by.

    Returns
    -------
    numpy.ndarray, shape (..., \\*o)
        In x's dtype.

    Examples
    --------
    >>> average(np.array([1.0, 2.0, 4.0]), [np.array([[0, 1], [1, 2]])], counts=2)
    array([1.5, 3. ])
    """

    def divide(sums, where):
        divisor = counts[where] if np.ndim(counts) else counts
        if sums.dtype.kind == "i":
            return (sums - np.fmod(sums, divisor)) // divisor
        return np.divide(sums, divisor, out=sums)

    wide = np.promote_types(x.dtype, np.float64) if x.dtype.kind == "f" else x.dtype
    with np.errstate(invalid="ignore", over="ignore"):
        return total(x, axes, wide, after=divide)


def average_backward(
    grad: np.ndarray, axes: Sequence[Axis], counts, shape: Sequence[int]
) -> np.ndarray:
    """Share the gradient of each average equally among the cells of its window.

    Parameters
    ----------
    grad : numpy.ndarray, shape (..., \\*o)
        Gradient with respect to the averages; floating.
    axes, counts
        As for `average`.
    shape : sequence of int
        The spatial shape of the input.

    Returns
    -------
    numpy.ndarray, shape (..., \\*shape)
        In the dtype of `grad`.

    Examples
    --------
    >>> average_backward(np.array([4.0]), [np.array([[0, 1]])], counts=2, shape=[2])
    array([2., 2.])
    """
    with np.errstate(invalid="ignore", over="ignore"):
        shares = grad.astype(np.promote_types(grad.dtype, np.float64)) / counts
        return total_backward(shares, axes, shape).astype(grad.dtype)


def best(x: np.ndarray, axes: Sequence[Axis], beats: np.ufunc) -> np.ndarray:
    """Find the value of each window's winner.

    Parameters
    ----------
    x, axes, beats
        As for `extreme`.

    Returns
    -------
    numpy.ndarray, shape (..., \\*o)
        The values of `extreme`, to the bit, in less time; of several NaN it may be another.

    Examples
    --------
    >>> best(np.array([3, 1, 3, 5]), [np.array([[0, 1, 2], [1, 2, 3]])], np.greater)
    array([3, 5])
    """
    fill, out = worst(x.dtype, beats), _empty(x, axes, x.dtype)
    for block in blocks(_batch(x, axes), axes):
        values, parts = pad(block.x, block.axes, fill)
        target = _batch(out, axes)[block.where]
        for axis, part in enumerate(parts, -len(parts)):
            values = _along(
                PICK[beats], values, axis, part, fill, out=target if axis == -1 else None
            )
        if _zeros_differ(target, block.x):
            target[...] = _one_by_one(block, beats)[0]
    return out


def extreme(x: np.ndarray, axes: Sequence[Axis], beats: np.ufunc) -> tuple[np.ndarray, np.ndarray]:
    """Find the winner of each window and where it lies.

    Parameters
    ----------
    x : numpy.ndarray, shape (..., \\*spatial)
        At most two axes that are not spatial.
    axes : sequence of Windows or numpy.ndarray of int, shape (o, k)
        The windows along each spatial axis; cells outside never win.
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
    out, indices = _empty(x, axes, x.dtype), _empty(x, axes, np.dtype(np.int64))
    for block in blocks(_batch(x, axes), axes):
        values, places = (_batch(array, axes)[block.where] for array in (out, indices))
        if not _with_offsets(block, beats, values, places):
            values[...], places[...] = _one_by_one(block, beats)
    return out, indices


def extreme_backward(
    grad: np.ndarray, x: np.ndarray, axes: Sequence[Axis], beats: np.ufunc
) -> np.ndarray:
    """Send the gradient of each window to the cell that won it.

    Parameters
    ----------
    grad : numpy.ndarray, shape (..., \\*o)
        Gradient with respect to the values of `extreme`; floating.
    x, axes, beats
        As for `extreme`; every window reads a cell.

    Returns
    -------
    numpy.ndarray, shape of `x`
        In the dtype of `grad`. A cell that wins several windows gets the sum of their
        gradients.

    Notes
    -----
    Winners are found again, and sent their gradient while they are still in the cache.

    Examples
    --------
    >>> x, axes = np.array([3, 1, 3, 5]), [np.array([[0, 1, 2], [1, 2, 3]])]
    >>> extreme_backward(np.array([1.0, 10.0]), x, axes, np.greater)
    array([ 1.,  0.,  0., 10.])
    """
    out = np.zeros(x.shape, dtype=grad.dtype)
    for block in blocks(_batch(x, axes), axes):
        here = _batch(out, axes)[block.where[:2]]
        part = _batch(grad, axes)[block.where]
        values, places = np.empty(part.shape, x.dtype), np.empty(part.shape, np.int64)
        if not _with_offsets(block, beats, values, places):
            _, places = _one_by_one(block, beats)
        planes = np.arange(prod(places.shape[:2])) * prod(here.shape[2:])
        places += planes.reshape(*places.shape[:2], *[1] * len(axes))
        np.add.at(here.reshape(-1), places.reshape(-1), part.reshape(-1))
    return out


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

    Notes
    -----
    ``numpy.add.at`` is fast for one flat array of positions and slow for anything else.

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
    if indices.size and (indices.min() < 0 or indices.max() >= cells):
        wrong = indices[(indices < 0) | (indices >= cells)]
        raise ValueError(
            f"{name} must lie in 0 .. {cells - 1} for a plane of shape {tuple(shape)}, "
            f"got {wrong[0]}"
        )
    planes = prod(indices.shape[:batch_axes])
    offsets = np.arange(planes, dtype=np.int64)[:, None] * cells
    per_plane = prod(indices.shape[batch_axes:])
    return (indices.reshape(planes, per_plane) + offsets).reshape(-1)


def _along(ufunc, x, axis, windows, fill, dtype=None, out=None):
    """Reduce the windows of one axis. Here the way to do it is chosen.

    A table is read column by column. A few large windows that hardly overlap (a whole map, a
    coarse pyramid) are reduced each on its own. All others are reduced together, by doubling.
    """
    if not isinstance(windows, Windows):
        return _by_column(ufunc, x, axis, windows, fill, dtype, out)
    _, o, k, *_ = windows
    if max(o, 24) < k and o * k <= 2 * windows.n:
        return _by_window(ufunc, x, axis, windows, dtype, out)
    return _by_phase(ufunc, x, axis, windows, dtype, out)


def _by_phase(ufunc, x, axis, windows, dtype, out):
    """Reduce all windows at once, one slice of x for one cell of every window.

    Cells of a window that lie in one phase are `every` apart in the window and `gap` apart in
    the phase: they are windows of stride 1, and doubled. Then the phases meet.
    """
    _, o, k, s, d, start = windows
    s = k * d if o == 1 else s  # a window alone has no next one: each cell is a phase
    every = s // gcd(s, d)
    gap = d * every // s
    result = None
    for j in range(min(every, k)):
        count = -(-(k - j) // every)
        first, length = start + j * d, o + (count - 1) * gap
        run = _cut(x, axis, first, first + (length - 1) * s + 1, s)
        run = _double(ufunc, run, axis, gap, count, dtype, out if every == 1 else None)
        if result is None:
            result = run
        else:
            out = result = ufunc(result, run, dtype=dtype, out=out)
    if k == 1:
        result = np.positive(result, dtype=dtype, out=out)
    return result


def _double(ufunc, x, axis, gap, count, dtype=None, out=None):
    """Reduce every window of `count` cells, `gap` apart, from windows half as long.

    For a maximum the halves may overlap, so any count is two windows of half of it, rounded
    up. In a sum they may not: an odd count is an even window and one cell more.
    """
    if count == 1:
        return x
    odd_sum = ufunc is np.add and count % 2 == 1
    half = count - 1 if odd_sum else (count + 1) // 2
    left = _double(ufunc, x, axis, gap, half, dtype)
    right, size = (x, 1) if odd_sum else (left, half)
    length, shift = x.shape[axis] - (count - 1) * gap, (count - size) * gap
    left, right = _cut(left, axis, 0, length), _cut(right, axis, shift, shift + length)
    return ufunc(left, right, dtype=dtype, out=out)


def _by_window(ufunc, x, axis, windows, dtype, out):
    """Reduce one window after the other, each for the whole block."""
    shape = list(x.shape)
    shape[axis] = windows.number
    out = np.empty(shape, dtype or x.dtype) if out is None else out
    reach = (windows.kernel_size - 1) * windows.dilation + 1
    start = {"initial": -0.0} if ufunc is np.add and x.dtype.kind == "f" else {}  # 0 + -0 is 0
    for i, first in enumerate(windows.starts.tolist()):
        cells = _cut(x, axis, first, first + reach, windows.dilation)
        ufunc.reduce(cells, axis, dtype, _cut(out, axis, i, i + 1), keepdims=True, **start)
    return out


def _by_column(ufunc, x, axis, table, fill, dtype, out):
    """Reduce the first two columns of a table, then one more at a time."""
    columns = _columns(x, axis, table, fill)
    result = np.positive(next(columns), dtype=dtype, out=out)
    for column in columns:
        ufunc(result, column, dtype=dtype, out=result)
    return result


def _columns(x, axis, positions, fill):
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


def _with_offsets(block, beats, values, places):
    """Find winners and their positions; say whether it could be done this way.

    It knows neither tables nor NaN, nor which of 0 and -0 came first, nor padding from a cell
    that is as bad. Blocks where that matters are done one cell of the window at a time.
    """
    _, x, row, axes = block
    if not all(isinstance(axis, Windows) for axis in axes):
        return False
    fill, steps = worst(x.dtype, beats), [prod(x.shape[i:]) for i in range(3, x.ndim + 1)]
    values[...], offsets = _first_winners(*pad(x, axes, fill), steps, beats)
    unsure = x.dtype.kind == "f" and np.isnan(values).any()
    unsure = unsure or (padded(axes) and (values == fill).any())
    if unsure or _zeros_differ(values, x):
        return False
    starts = np.int64(row * steps[0])
    for axis, step in zip(axes, steps, strict=True):
        starts = starts[..., None] + axis.starts * step
    places[...] = offsets
    places += starts
    return True


def _first_winners(x, axes, steps, beats):
    """Find winners and how far they lie behind the first cell of their windows.

    A step along an axis is so many `steps` in the plane; offsets take as few bits as will do,
    mostly 8 or 16. Columns go first here: then the earlier of equal cells is always the one
    met first, and has the smaller offset.
    """
    units = [axis.dilation * step for axis, step in zip(axes, steps, strict=True)]
    reach = sum((a.kernel_size - 1) * unit for a, unit in zip(axes, units, strict=True))
    fill, offsets = worst(x.dtype, beats), None
    for axis in range(-1, -len(axes) - 1, -1):
        windows = axes[axis]
        shape, cell, values = _flat(x, axis, windows, fill)
        if offsets is None:
            offsets = np.zeros(values.shape, dtype=np.min_scalar_type(reach))
        else:
            _, _, offsets = _flat(offsets, axis, windows, 0)
        found = _winners(values, offsets, windows, cell, units[axis], beats)
        x, offsets = (_unflat(run, list(shape), axis, windows.number) for run in found)
    return x, offsets


def _flat(x, axis, windows, fill):
    """Lay each phase of an axis out as one run of memory.

    To step one cell along the axis is then to step `cell` places along the run; what wraps
    round at its ends lies behind the last window and is cut off by `_unflat`. Operations on
    long runs are several times faster than on many short rows.
    """
    _, o, k, s, d, start = windows
    cell = prod(x.shape[x.ndim + axis + 1 :])
    shape = list(x.shape)
    shape[axis] = o + (k - 1) * d // s
    if s == 1 and shape == list(x.shape) and x.flags.c_contiguous:
        return shape, cell, x.reshape(1, -1)
    phases = np.empty((min(s, (k - 1) * d + 1), *shape), dtype=x.dtype)
    for j, phase in enumerate(phases):
        cells = _cut(x, axis, start + j, start + j + (shape[axis] - 1) * s + 1, s)
        length = cells.shape[axis]
        _cut(phase, axis, 0, length)[...] = cells
        _cut(phase, axis, length, shape[axis])[...] = fill
    return shape, cell, phases.reshape(len(phases), -1)


def _unflat(run, shape, axis, number):
    """See a run as an array again, of which only the first cells of an axis are windows."""
    steps = [run.itemsize * prod(shape[i + 1 :]) for i in range(len(shape))]
    shape[axis] = number
    return np.ndarray(shape, run.dtype, np.ascontiguousarray(run), strides=steps)


def _winners(values, offsets, windows, cell, unit, beats):
    """Reduce flat phases to the first winner of each window and its offset."""
    _, _, k, s, d, _ = windows
    if len(values) == 1:
        return _double_winners(values[0], offsets[0], d * cell, k, unit, beats)
    length = values.shape[1] - (k - 1) * d // s * cell
    found = values[0, :length], offsets[0, :length]
    for j in range(1, k):
        place = j * d % s, slice(j * d // s * cell, j * d // s * cell + length)
        found = _later(*found, values[place], offsets[place], j * unit, beats)
    return found


def _double_winners(values, offsets, gap, count, unit, beats):
    """As `_double`: the winner of each window from those of two overlapping halves."""
    if count == 1:
        return values, offsets
    half = (count + 1) // 2
    shift = (count - half) * gap
    values, offsets = _double_winners(values, offsets, gap, half, unit, beats)
    left, right = slice(0, len(values) - shift), slice(shift, None)
    more = (count - half) * unit
    return _later(values[left], offsets[left], values[right], offsets[right], more, beats)


def _later(values, offsets, later, later_offsets, more, beats):
    """Let later cells win where they are better; they lie `more` behind.

    A branch for each cell would cost more than to compute with all of them: a later offset is
    the larger one, so a maximum keeps it where it won; where it lost, it was made 0.
    """
    wins = beats(later, values)
    later_offsets = later_offsets + offsets.dtype.type(more)
    later_offsets *= wins.view(np.uint8)
    return PICK[beats](values, later), np.maximum(offsets, later_offsets, out=later_offsets)


def _one_by_one(block, beats):
    """Find winners and positions by the definition: one cell of every window at a time."""
    _, x, row, axes = block
    fill, plane = worst(x.dtype, beats), x.shape[2:]
    indices = np.arange(prod(plane), dtype=np.int64).reshape(plane) + row * prod(plane[1:])
    indices = np.broadcast_to(indices, x.shape)
    for axis, windows in zip(range(-1, -len(axes) - 1, -1), reversed(axes), strict=True):
        table = _inside_first(_table(windows), x.shape[axis])
        values = _columns(x, axis, table, fill)
        places = _columns(indices, axis, table, -1)
        x, indices = next(values), next(places)
        for value, place in zip(values, places, strict=True):
            wins = beats(value, x) | (value != value)
            x = np.where(wins, value, x)
            indices = np.where(wins, place, indices)
    return x, indices


def _inside_first(positions, n):
    """Move each window's padding behind its cells, so that a real cell is met first."""
    outside = (positions < 0) | (positions >= n)
    return np.take_along_axis(positions, np.argsort(outside, axis=1, kind="stable"), axis=1)


def _zeros_differ(values, x):
    """Say whether 0 and -0 may have met: they are equal, and NumPy may keep either."""
    if x.dtype.kind != "f" or values.all():
        return False
    if x.itemsize > 8:
        return True
    bits = x.view(x.dtype.str.replace("f", "u"))
    return bool((bits == 1 << (8 * x.itemsize - 1)).any())


def _cut(x, axis, start, stop, step=1):
    """Slice one of the last axes."""
    return x[(..., slice(start, stop, step), *(slice(None),) * (-axis - 1))]


def _table(axis):
    return axis.table if isinstance(axis, Windows) else axis


def _batch(x, axes):
    """Return `x` with two axes before the spatial ones."""
    return x[(None,) * (2 + len(axes) - x.ndim)]


def _empty(x, axes, dtype):
    return np.empty(x.shape[: x.ndim - len(axes)] + tuple(map(number, axes)), dtype)
