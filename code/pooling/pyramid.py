"""Spatial pyramid pooling: any image in, a vector of one length out."""

from collections.abc import Iterable
from math import prod

import numpy as np

from pooling.adaptive import bin_counts
from pooling.bins import bin_positions
from pooling.blocks import number
from pooling.check import gradient, image, int_tuple
from pooling.reduce import average, average_backward, best, extreme_backward
from pooling.windows import regular, windows


def spatial_pyramid_pool2d(
    x, levels: Iterable[int], mode: str = "max", rule: str = "adaptive"
) -> np.ndarray:
    """Pool the map into n x n bins for each level n, and string all bins together.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W) or (C, H, W)
        Feature maps of any height and width. Floating, or any integer with mode "max".
    levels : iterable of int
        Bins per side of each level, such as ``(4, 2, 1)``.
    mode : {"max", "avg"}
        What to keep of a bin.
    rule : str
        How bins are cut; a name in `pooling.bins.RULES`.

    Returns
    -------
    numpy.ndarray, shape (N, F) or (F,)
        ``F = C * sum(n * n for n in levels)``, whatever H and W. Level after level, within a
        level channel after channel, within a channel row after row: each level is
        ``adaptive_max_pool2d(x, n)`` flattened.

    Raises
    ------
    TypeError, ValueError
        If `x` has another rank or dtype, a level is not a positive int, `mode` or `rule` is
        unknown, or the rule cannot cut this size into n bins that each hold a cell.

    Notes
    -----
    He, Zhang, Ren and Sun (2014), section 2.2. Their text cuts bins by rule "paper", which
    fails for many sizes; their appendix A and the default here use "adaptive".

    Examples
    --------
    >>> x = np.arange(13 * 13).reshape(1, 13, 13)
    >>> spatial_pyramid_pool2d(x, levels=(2, 1))
    array([ 84,  90, 162, 168, 168])
    """
    x, pyramid = _arguments(x, levels, mode, rule)
    if mode == "avg":
        pooled = [average(x, axes, bin_counts(axes)) for axes in pyramid]
    else:
        pooled = _nested(x, pyramid) if rule == "adaptive" else None
        pooled = pooled or [best(x, axes, np.greater) for axes in pyramid]
    rows = [level.reshape(*x.shape[:-3], prod(level.shape[-3:])) for level in pooled]
    return np.concatenate(rows, axis=-1)


def spatial_pyramid_pool2d_backward(
    grad_output, x, levels: Iterable[int], mode: str = "max", rule: str = "adaptive"
) -> np.ndarray:
    """Send the gradient of every bin of every level back to the map.

    Parameters
    ----------
    grad_output : array_like, shape (N, F) or (F,)
        Gradient with respect to the output of `spatial_pyramid_pool2d`; floating.
    x, levels, mode, rule
        The forward's arguments.

    Returns
    -------
    numpy.ndarray, shape of `x`
        In the dtype of `grad_output`: the sum over levels. The cell that wins the whole map
        also wins its bin of every finer level, and collects from all of them.

    Raises
    ------
    TypeError, ValueError
        As `spatial_pyramid_pool2d`, or if `grad_output` is not floating or not of the
        output's shape.

    Examples
    --------
    >>> x = np.array([[[1, 2], [3, 4]]])
    >>> spatial_pyramid_pool2d_backward(np.ones(5), x, levels=(2, 1))
    array([[[1., 1.],
            [1., 2.]]])
    """
    x, pyramid = _arguments(x, levels, mode, rule)
    shapes = [x.shape[:-2] + tuple(map(number, axes)) for axes in pyramid]
    widths = [prod(shape[-3:]) for shape in shapes]
    grad = gradient(grad_output, (*x.shape[:-3], sum(widths)))
    pieces = np.split(grad, np.cumsum(widths)[:-1], axis=-1)
    out = np.zeros(x.shape, dtype=grad.dtype)
    for piece, shape, axes in zip(pieces, shapes, pyramid, strict=True):
        piece = np.ascontiguousarray(piece).reshape(shape)
        if mode == "max":
            out += extreme_backward(piece, x, axes, np.greater)
        else:
            out += average_backward(piece, axes, bin_counts(axes), x.shape[-2:])
    return out


def _arguments(x, levels, mode, rule):
    if mode not in ("max", "avg"):
        raise ValueError(f"mode must be 'max' or 'avg', got {mode!r}")
    x = image(x, 2, kinds="fiu" if mode == "max" else "f")
    sizes = tuple(levels) if isinstance(levels, Iterable) else ()
    if not sizes:
        raise ValueError(f"levels must be a sequence of ints, at least one, got {levels!r}")
    sizes = int_tuple(sizes, len(sizes), "levels", 1)
    return x, [[_bins(a, n, rule) for a in x.shape[-2:]] for n in sizes]


def _nested(x, pyramid):
    """Pool the finest level from the map, and from it each level whose bins are unions of its.

    Adaptive bin i of n starts at ``floor(i a / n)``, which is where bin i m of n m starts, and
    stops where bin i m + m - 1 stops. Return None where the signs of zeros are at stake: the
    first cell is not always in the first bin.
    """
    finest = max(pyramid, key=lambda axes: number(axes[0]))
    top = number(finest[0])
    map_of_bins = best(x, finest, np.greater)
    if np.signbit(map_of_bins[map_of_bins == 0]).any():
        return None
    pooled = []
    for axes in pyramid:
        n = number(axes[0])
        nested = [windows(top, top // n, top // n)] * 2
        pooled.append(best(*((x, axes) if top % n else (map_of_bins, nested)), np.greater))
    return pooled


def _bins(a, n, rule):
    table = bin_positions(a, n, rule)
    if len(table) != n:
        raise ValueError(f"rule {rule!r} cuts {a} cells into {len(table)} bins, not into {n}")
    if (table < 0).all(axis=1).any():
        raise ValueError(f"rule {rule!r} leaves a bin without a cell for {a} cells and {n} bins")
    return regular(table, a)
