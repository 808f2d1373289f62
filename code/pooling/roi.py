"""Pool each region of interest, a box of any size, into the same few bins.

A box is given in pixels of the image, and the map it is cut from is smaller: coordinates are
multiplied by a scale. `roi_pool` rounds them to whole cells and keeps the maximum of each
bin. `roi_align` rounds nothing: it reads the map between its cells and averages.
"""

from math import prod

import numpy as np

from pooling.bins import cells
from pooling.blocks import steps
from pooling.check import array, flag, gradient, image, int_tuple, integer, real
from pooling.reduce import extreme, scatter

Ints = int | tuple[int, int]

BOXES, POINTS = 64, 2**16
"""How many boxes, and points of them along an axis, `roi_align` looks at together."""


def roi_pool(x, boxes, output_size: Ints, spatial_scale: float = 1.0) -> np.ndarray:
    """Keep the largest value of each of ``oH`` x ``oW`` bins of each box.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
        Feature maps of a floating dtype.
    boxes : array_like, shape (K, 5), or list of N array_like, shape (L, 4)
        Rows of ``batch index, x1, y1, x2, y2`` in pixels, or for each image a list of
        ``x1, y1, x2, y2``. Boxes may leave the image; both corners belong to the box.
    output_size : int or tuple of two ints
        Bins along the height and the width of a box.
    spatial_scale : float
        Cells of `x` per pixel: 1/16 for a map sixteen times smaller than the image.

    Returns
    -------
    numpy.ndarray, shape (K, C, oH, oW)
        The dtype is that of `x`. A bin that lies outside the map is 0.

    Raises
    ------
    TypeError, ValueError
        If `x` or `boxes` has another shape or dtype, a coordinate is not finite or huge, a
        batch index names no image, or another argument is out of range.

    Notes
    -----
    Girshick (2015), section 2.1. For finite `x` equal to ``torchvision.ops.roi_pool`` to the
    bit: scaled corners are rounded with halves away from 0, a box holds at least one cell,
    bins run from the floor of their left edge to the ceiling of their right, neighbors share
    cells, and all of it is computed in the dtype of `x`. On NaN and -inf we take the side of
    `pooling.pool.max_pool2d`, where NaN wins and -inf is a value; torchvision lets neither
    win.

    Examples
    --------
    >>> x = np.arange(36.0).reshape(1, 1, 6, 6)
    >>> roi_pool(x, np.array([[0, 0, 0, 7, 5]]), output_size=2, spatial_scale=0.5)
    array([[[[ 8., 10.],
             [20., 22.]]]])
    """
    x, batch, corners, size = _arguments(x, boxes, output_size, spatial_scale)
    values, indices = _winners(x, batch, corners, size)
    return np.where(indices < 0, x.dtype.type(0), values)


def roi_pool_backward(
    grad_output, x, boxes, output_size: Ints, spatial_scale: float = 1.0
) -> np.ndarray:
    """Send the gradient of each bin to the cell that won it.

    Parameters
    ----------
    grad_output : array_like, shape (K, C, oH, oW)
        Gradient with respect to the output of `roi_pool`; floating.
    x, boxes, output_size, spatial_scale
        The forward's arguments.

    Returns
    -------
    numpy.ndarray, shape of `x`
        In the dtype of `grad_output`. Boxes and bins share cells: their gradients add up. An
        empty bin sends nothing; at a tie the first cell gets all.

    Raises
    ------
    TypeError, ValueError
        As `roi_pool`, or if `grad_output` is not floating or not of the output's shape.

    Examples
    --------
    >>> x, boxes = np.array([[[[1.0, 9.0, 2.0]]]]), np.array([[0, 0, 0, 2, 0]])
    >>> roi_pool_backward([[[[1.0, 10.0]]]], x, boxes, (1, 2))
    array([[[[ 0., 11.,  0.]]]])
    """
    x, batch, corners, size = _arguments(x, boxes, output_size, spatial_scale)
    _, indices = _winners(x, batch, corners, size)
    grad = np.where(indices < 0, 0, gradient(grad_output, indices.shape))
    grad_x = np.zeros(x.shape, dtype=grad.dtype)
    for k, b in enumerate(batch):
        grad_x[b] += scatter(grad[k], np.maximum(indices[k], 0), x.shape[2:])
    return grad_x


def roi_align(
    x,
    boxes,
    output_size: Ints,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> np.ndarray:
    """Average a few points of each bin of each box, read between the cells.

    Parameters
    ----------
    x, boxes, output_size, spatial_scale
        As for `roi_pool`.
    sampling_ratio : int
        Points per bin along each axis, evenly spread; 0 or less takes one for each cell the
        bin is high or wide, rounded up.
    aligned : bool
        Shift the box by half a cell, so that the value of a cell stands at its center.

    Returns
    -------
    numpy.ndarray, shape (K, C, oH, oW)
        The dtype is that of `x`.

    Raises
    ------
    TypeError, ValueError
        As `roi_pool`.

    Notes
    -----
    He et al. (2017), section 3. Equal to ``torchvision.ops.roi_align`` up to rounding: a
    point reads its four neighbors by bilinear interpolation; one up to a cell outside the
    map reads its edge, one farther out counts as 0. Without `aligned` a box is at least one
    cell high and wide. With it a box may vanish: then there are no points, and the average
    is 0. A cell of weight 0 is not read, so NaN and infinities go no farther than they must.

    The weight of a point is a product, one factor for its row and one for its column: so a bin
    is ``rows @ map @ columns.T``, with the weights its points add up to.

    Examples
    --------
    >>> x = np.arange(36.0).reshape(1, 1, 6, 6)
    >>> roi_align(x, np.array([[0, 1, 1, 3, 5]]), output_size=2, aligned=True)
    array([[[[10., 11.],
             [22., 23.]]]])
    """
    x, batch, corners, size = _arguments(x, boxes, output_size, spatial_scale)
    weigh = _weigher(corners, x.shape, size, sampling_ratio, aligned)
    out = np.empty((len(batch), x.shape[1], *size), dtype=x.dtype)
    for b, some in _by_image(batch):
        last = np.moveaxis(x[b], 0, -1).astype(_wide(x.dtype), order="C")
        whole = np.isfinite(last).all()
        for k, where, rows, columns in weigh(some):
            out[k] = np.moveaxis(_blend(rows, columns, last[where], whole), -1, 0)
    return out


def roi_align_backward(
    grad_output,
    x,
    boxes,
    output_size: Ints,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> np.ndarray:
    """Share the gradient of each bin among the cells its points were read from, by weight.

    Parameters
    ----------
    grad_output : array_like, shape (K, C, oH, oW)
        Gradient with respect to the output of `roi_align`; floating.
    x, boxes, output_size, spatial_scale, sampling_ratio, aligned
        The forward's arguments. Of `x` only shape and dtype matter.

    Returns
    -------
    numpy.ndarray, shape of `x`
        In the dtype of `grad_output`. As in torchvision, the boxes get no gradient.

    Raises
    ------
    TypeError, ValueError
        As `roi_align`, or if `grad_output` is not floating or not of the output's shape.

    Examples
    --------
    >>> boxes = np.array([[0, 0.5, 0, 1.5, 1]])
    >>> roi_align_backward([[[[1.0]]]], np.zeros((1, 1, 1, 3)), boxes, 1, sampling_ratio=2)
    array([[[[0.125, 0.75 , 0.125]]]])
    """
    x, batch, corners, size = _arguments(x, boxes, output_size, spatial_scale)
    grad = gradient(grad_output, (len(batch), x.shape[1], *size))
    weigh = _weigher(corners, x.shape, size, sampling_ratio, aligned)
    grad_x, whole = np.zeros(x.shape, dtype=grad.dtype), np.isfinite(grad).all()
    for b, some in _by_image(batch):
        last = np.zeros((*x.shape[2:], x.shape[1]), dtype=_wide(grad.dtype))
        for k, where, rows, columns in weigh(some):
            sent = np.moveaxis(grad[k], 0, -1).astype(last.dtype, order="C")
            last[where] += _blend(rows.T, columns.T, sent, whole)
        grad_x[b] = np.moveaxis(last, -1, 0)
    return grad_x


def _arguments(x, boxes, output_size, spatial_scale):
    """Check all; return the image of each box and its corners x1, y1, x2, y2 in cells."""
    x = image(x, 2, kinds="f")
    if x.ndim != 4:
        raise ValueError(f"x must have shape (N, C, H, W), got {x.ndim} axes: {x.shape}")
    size = int_tuple(output_size, 2, "output_size", 1)
    if real(spatial_scale, "spatial_scale") <= 0:
        raise ValueError(f"spatial_scale must be finite and above 0, got {spatial_scale}")
    boxes = _rows(boxes, len(x))
    wrong = ~np.isin(boxes[:, 0], np.arange(len(x)))
    if wrong.any():
        raise ValueError(
            f"boxes must hold a batch index of 0 .. {len(x) - 1} first, got {boxes[wrong][0, 0]:g}"
        )
    with np.errstate(invalid="ignore", over="ignore"):
        corners = boxes[:, 1:].astype(x.dtype) * x.dtype.type(spatial_scale)
    wrong = ~(abs(corners.astype(np.float64)) < 2**31)
    if wrong.any():
        raise ValueError(
            f"boxes must be finite and within 2**31 cells, got {boxes[:, 1:][wrong][0]:g}"
        )
    return x, boxes[:, 0].astype(np.int64), corners, size


def _rows(boxes, images):
    """Return boxes of either form as rows of batch index, x1, y1, x2, y2."""
    if not isinstance(boxes, list | tuple):
        return _numbers(boxes, "boxes", "K", 5)
    if len(boxes) != images:
        raise ValueError(
            f"boxes must list one array for each of the {images} images, got {len(boxes)}"
        )
    parts = [_numbers(part, f"boxes[{i}]", "L", 4) for i, part in enumerate(boxes)]
    parts = [np.insert(part, 0, i, axis=1) for i, part in enumerate(parts)]
    return np.concatenate([np.empty((0, 5)), *parts])


def _numbers(boxes, name, rows, columns):
    boxes = array(boxes, name)
    if boxes.dtype.kind not in "fiu":
        raise TypeError(f"{name} must have a floating or integer dtype, got {boxes.dtype}")
    if boxes.ndim != 2 or boxes.shape[1] != columns:
        raise ValueError(f"{name} must have shape ({rows}, {columns}), got {boxes.shape}")
    return boxes.astype(np.promote_types(boxes.dtype, np.float64))


def _winners(x, batch, corners, size):
    """Find the maximum of every bin and its place, -1 where the bin is empty."""
    values = np.empty((len(batch), x.shape[1], *size), dtype=x.dtype)
    indices = np.empty(values.shape, dtype=np.int64)
    for k, (x1, y1, x2, y2) in enumerate(_round(corners)):
        tables = [
            _bins(start, stop, o, n, x.dtype)
            for start, stop, o, n in zip((y1, x1), (y2, x2), size, x.shape[2:], strict=True)
        ]
        values[k], indices[k] = extreme(x[batch[k]], tables, np.greater)
    return values, indices


def _round(corners):
    """Round to whole cells, halves away from 0."""
    whole = np.trunc(corners)
    return (whole + np.sign(corners) * (abs(corners - whole) >= 0.5)).astype(np.int64)


def _bins(first, last, o, n, dtype):
    """List the cells of each of `o` bins between two cells, filled up with -1."""
    step = dtype.type(max(last - first + 1, 1)) / dtype.type(o)
    edges = np.arange(o + 1, dtype=dtype) * step
    starts = np.clip(np.floor(edges[:-1]).astype(np.int64) + first, 0, n)
    stops = np.clip(np.ceil(edges[1:]).astype(np.int64) + first, 0, n)
    return cells(starts, stops, n)


def _by_image(batch):
    """Yield each image that has boxes, and which."""
    for b in np.unique(batch):
        yield b, np.flatnonzero(batch == b)


def _weigher(corners, shape, size, sampling_ratio, aligned):
    """Return what yields, for each of some boxes, the cells it reads and their weights."""
    ratio = integer(sampling_ratio, "sampling_ratio", -(2**63))
    shift = corners.dtype.type(0.5 if flag(aligned, "aligned") else 0)
    with np.errstate(over="ignore"):
        starts = corners[:, :2] - shift
        lengths = corners[:, 2:] - shift - starts
    lengths = lengths if aligned else np.maximum(lengths, 1)
    if not np.isfinite(lengths).all():
        raise ValueError(f"boxes must be no longer than {corners.dtype} can say, got inf cells")

    def weigh(boxes):
        for some in steps(len(boxes), BOXES):
            some = boxes[some]
            axes = [
                _axis_weights(starts[some, i], lengths[some, i], size[1 - i], shape[3 - i], ratio)
                for i in (1, 0)
            ]
            for k, rows, columns in zip(some, *axes, strict=True):
                cut = [_read(weights) for weights in (rows, columns)]
                yield k, tuple(cut), rows[:, cut[0]], columns[:, cut[1]]

    return weigh


def _read(weights):
    """Return the span of the cells that have weight."""
    cells = np.flatnonzero(weights.any(axis=0))
    return slice(cells[0], cells[-1] + 1) if len(cells) else slice(0, 0)


def _axis_weights(starts, lengths, o, n, ratio):
    """Add up the weights that the points of each bin give to each cell, shape (boxes, o, n).

    Most points of a huge box lie outside the map, where they count as 0: no more than those in
    and around it are looked at, and of these so many at a time.
    """
    dtype, bins = starts.dtype, len(starts) * o
    step = lengths / dtype.type(o)
    counts = np.full(len(step), ratio) if ratio > 0 else np.maximum(np.ceil(step), 0)
    divisors = np.maximum(counts, 1).astype(dtype)
    firsts = starts[:, None] + np.arange(o, dtype=dtype) * step[:, None]
    error = 8.0 * np.finfo(dtype).eps * (abs(starts) + abs(lengths) + n) + 1
    lows, highs = _span(firsts, step / divisors, counts, n, error)
    step, divisors, firsts = step[:, None, None], divisors[:, None, None], firsts[..., None]
    out, row = np.zeros(bins * n), np.arange(bins).reshape(-1, o, 1) * n
    for some in steps(int((highs - lows).max()), POINTS // bins):
        j = lows + np.arange(some.start, some.stop)
        points = firsts + (j.astype(dtype) + dtype.type(0.5)) * step / divisors
        inside = (points >= -1) & (points <= n) & (j < highs)
        points = np.clip(points, 0, n - 1).astype(np.float64)
        low = points.astype(np.int64)
        above = (points - low) * inside
        low += row
        out += np.bincount(low.reshape(-1), (inside - above).reshape(-1), len(out))
        high = np.minimum(low + 1, row + n - 1)
        out += np.bincount(high.reshape(-1), above.reshape(-1), len(out))
    return out.reshape(-1, o, n) / np.maximum(counts, 1).astype(np.float64)[:, None, None]


def _span(firsts, gap, counts, n, error):
    """Bound which points of each bin may lie in the map, by more than rounding can move them."""
    gap = np.where(gap == 0, np.finfo(np.float64).tiny, gap.astype(np.float64))[:, None]
    firsts, error = firsts.astype(np.float64), error.astype(np.float64)[:, None]
    with np.errstate(over="ignore"):
        ends = np.sort([(-1 - error - firsts) / gap, (n + error - firsts) / gap], axis=0)
    ends = np.clip(ends + [[[-2]], [[2]]], 0, counts.astype(np.float64)[:, None])
    return ends.astype(np.int64)[..., None]


def _blend(rows, columns, x, whole):
    """Weigh rows and columns of x, shape (H, W, C); a cell of weight 0 is not read."""
    with np.errstate(invalid="ignore", over="ignore"):
        if whole:
            return _product(rows, columns, x)
        out = _product(rows, columns, np.where(np.isfinite(x), x, 0))
        for special in (np.inf, -np.inf, np.nan):
            found = np.isnan(x) if np.isnan(special) else x == special
            out[_product(rows > 0, columns > 0, found)] += special
        return out


def _product(rows, columns, x):
    high = rows @ x.reshape(len(x), prod(x.shape[1:]))
    return columns @ high.reshape(len(rows), *x.shape[1:])


def _wide(dtype):
    return np.promote_types(dtype, np.float64)
