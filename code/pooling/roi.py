"""Pool each region of interest, a box of any size, into the same few bins.

A box is given in pixels of the image, and the map it is cut from is smaller: coordinates are
multiplied by a scale. `roi_pool` rounds them to whole cells and keeps the maximum of each
bin. `roi_align` rounds nothing: it reads the map between its cells and averages.
"""

from math import isfinite
from numbers import Real

import numpy as np

from pooling.bins import cells
from pooling.check import array, gradient, image, int_tuple, integer
from pooling.reduce import extreme, scatter

Ints = int | tuple[int, int]


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

    The weight of a point is a product, one factor for its row and one for its column: the
    rows of a box are averaged first, then its columns.

    Examples
    --------
    >>> x = np.arange(36.0).reshape(1, 1, 6, 6)
    >>> roi_align(x, np.array([[0, 1, 1, 3, 5]]), output_size=2, aligned=True)
    array([[[[10., 11.],
             [22., 23.]]]])
    """
    x, batch, corners, size = _arguments(x, boxes, output_size, spatial_scale)
    wide = x.astype(np.promote_types(x.dtype, np.float64))
    out = np.empty((len(batch), x.shape[1], *size), dtype=x.dtype)
    points = _points(corners, x.shape, size, sampling_ratio, aligned)
    for k, (rows, columns) in enumerate(points):
        narrow = _blend(wide[batch[k]].swapaxes(-1, -2), *rows).swapaxes(-1, -2)
        out[k] = _blend(narrow, *columns)
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
    wide = grad.astype(np.promote_types(grad.dtype, np.float64))
    grad_x = np.zeros(x.shape, dtype=wide.dtype)
    points = _points(corners, x.shape, size, sampling_ratio, aligned)
    for k, (rows, columns) in enumerate(points):
        tall = _blend_backward(wide[k], *columns, x.shape[3]).swapaxes(-1, -2)
        grad_x[batch[k]] += _blend_backward(tall, *rows, x.shape[2]).swapaxes(-1, -2)
    return grad_x.astype(grad.dtype)


def _arguments(x, boxes, output_size, spatial_scale):
    """Check all; return the image of each box and its corners x1, y1, x2, y2 in cells."""
    x = image(x, 2, kinds="f")
    if x.ndim != 4:
        raise ValueError(f"x must have shape (N, C, H, W), got {x.ndim} axes: {x.shape}")
    size = int_tuple(output_size, 2, "output_size", 1)
    if not isinstance(spatial_scale, Real) or isinstance(spatial_scale, bool):
        raise TypeError(f"spatial_scale must be a number, got {spatial_scale!r}")
    if not isfinite(spatial_scale) or spatial_scale <= 0:
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


def _points(corners, shape, size, sampling_ratio, aligned):
    """List, for each box, the cells that bins read and their weights: rows, then columns."""
    ratio = integer(sampling_ratio, "sampling_ratio", -(2**63))
    shifted = corners - corners.dtype.type(0.5 if aligned else 0)
    lengths = shifted[:, 2:] - shifted[:, :2]
    lengths = lengths if aligned else np.maximum(lengths, 1)
    return [
        [_axis_points(box[i], length[i], size[1 - i], shape[3 - i], ratio) for i in (1, 0)]
        for box, length in zip(shifted, lengths, strict=True)
    ]


def _axis_points(start, length, o, n, ratio):
    step = length / start.dtype.type(o)
    count = ratio if ratio > 0 else max(0, int(np.ceil(step)))
    bins = np.arange(o, dtype=start.dtype)[:, None]
    offsets = (np.arange(count, dtype=start.dtype) + 0.5) * step
    points = start + bins * step + offsets / start.dtype.type(max(count, 1))
    inside = (points >= -1) & (points <= n)
    points = np.clip(points, 0, n - 1).astype(np.float64)
    low = points.astype(np.int64)
    above = points - low
    weights = np.concatenate([(1 - above) * inside, above * inside], axis=1) / max(count, 1)
    return np.concatenate([low, np.minimum(low + 1, n - 1)], axis=1), weights


def _blend(x, cells, weights):
    """Sum the cells each bin reads along the last axis, by weight."""
    read = x[..., cells]
    with np.errstate(invalid="ignore", over="ignore"):
        shares = np.multiply(read, weights, where=weights > 0, out=np.zeros_like(read))
        return shares.sum(axis=-1)


def _blend_backward(grad, cells, weights, n):
    """Add each bin's gradient into the cells it reads along the last axis, by weight."""
    with np.errstate(invalid="ignore", over="ignore"):
        shares = (grad[..., None] * weights).reshape(*grad.shape[:-1], cells.size)
        return scatter(shares, np.broadcast_to(cells.reshape(-1), shares.shape), (n,))
