"""The definitions, as plain loops over windows and cells. Slow, and meant to be read.

Every fast function of the library must equal its namesake here. Nothing is checked: call
the fast functions for errors that explain themselves.
"""

from collections.abc import Iterator

import numpy as np

from pooling.bins import RULES
from pooling.windows import output_size


def cells(window, kernel_size, stride, padding, dilation) -> Iterator[tuple[int, ...]]:
    """Yield the cells one window reads, in row-major order, padding included.

    Parameters
    ----------
    window : tuple of int
        Which window: its position in the output.
    kernel_size, stride, padding, dilation : tuple of int
        One entry per axis, in cells.

    Yields
    ------
    tuple of int
        A position in the input; negative or too large inside the padding.

    Examples
    --------
    >>> list(cells((1,), (3,), (2,), (1,), (1,)))
    [(1,), (2,), (3,)]
    """
    for offset in np.ndindex(*kernel_size):
        yield tuple(
            w * s - p + d * j
            for w, s, p, d, j in zip(window, stride, padding, dilation, offset, strict=True)
        )


def inside(cell: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Say whether a cell lies in the image rather than in its padding.

    Parameters
    ----------
    cell, shape : tuple of int
        Position and spatial shape.

    Returns
    -------
    bool

    Examples
    --------
    >>> inside((0, -1), (3, 3))
    False
    """
    return all(0 <= c < n for c, n in zip(cell, shape, strict=True))


def conv2d(x, weight, bias, stride, padding, dilation) -> np.ndarray:
    """Multiply each window by the kernel, cell by cell, and sum.

    Parameters
    ----------
    x : numpy.ndarray, shape (C, H, W)
    weight : numpy.ndarray, shape (O, C, kH, kW)
    bias : numpy.ndarray, shape (O,)
    stride, padding, dilation : tuple of two ints

    Returns
    -------
    numpy.ndarray, shape (O, oH, oW)

    Examples
    --------
    >>> x, weight = np.ones((1, 2, 2)), np.ones((1, 1, 2, 2))
    >>> conv2d(x, weight, np.array([0.5]), (1, 1), (0, 0), (1, 1))
    array([[[4.5]]])
    """
    kernel = weight.shape[2:]
    plane = tuple(map(output_size, x.shape[1:], kernel, stride, padding, dilation))
    out = np.zeros((len(weight), *plane), dtype=x.dtype)
    for o in range(len(weight)):
        for window in np.ndindex(*plane):
            out[(o, *window)] = bias[o]
            where = cells(window, kernel, stride, padding, dilation)
            for offset, cell in zip(np.ndindex(*kernel), where, strict=True):
                if inside(cell, x.shape[1:]):
                    for c in range(len(x)):
                        out[(o, *window)] += weight[(o, c, *offset)] * x[(c, *cell)]
    return out


def conv2d_backward(grad_output, x, weight, stride, padding, dilation):
    """Send the gradient of each product to its two factors.

    Parameters
    ----------
    grad_output : numpy.ndarray, shape (O, oH, oW)
    x : numpy.ndarray, shape (C, H, W)
    weight : numpy.ndarray, shape (O, C, kH, kW)
    stride, padding, dilation : tuple of two ints

    Returns
    -------
    grad_x, grad_weight, grad_bias : numpy.ndarray

    Examples
    --------
    >>> x, weight = np.ones((1, 2, 2)), np.ones((1, 1, 2, 2))
    >>> conv2d_backward(np.ones((1, 1, 1)), x, weight, (1, 1), (0, 0), (1, 1))[2]
    array([1.])
    """
    grad_x, grad_weight = np.zeros_like(x), np.zeros_like(weight)
    grad_bias = np.zeros(len(weight), dtype=x.dtype)
    kernel = weight.shape[2:]
    for o, *window in np.ndindex(*grad_output.shape):
        grad = grad_output[(o, *window)]
        grad_bias[o] += grad
        where = cells(window, kernel, stride, padding, dilation)
        for offset, cell in zip(np.ndindex(*kernel), where, strict=True):
            if inside(cell, x.shape[1:]):
                for c in range(len(x)):
                    grad_x[(c, *cell)] += grad * weight[(o, c, *offset)]
                    grad_weight[(o, c, *offset)] += grad * x[(c, *cell)]
    return grad_x, grad_weight, grad_bias


def max_pool(x, kernel_size, stride, padding, dilation, ceil_mode):
    """Look at each cell of each window; keep the largest and remember where it was.

    Parameters
    ----------
    x : numpy.ndarray, shape (\\*spatial)
        One plane, of any number of axes.
    kernel_size, stride, padding, dilation : tuple of int
        One entry per axis.
    ceil_mode : bool

    Returns
    -------
    values, indices : numpy.ndarray, shape (\\*o)

    Examples
    --------
    >>> max_pool(np.array([1, 3, 2]), (2,), (1,), (0,), (1,), False)
    (array([3, 3]), array([1, 1]))
    """
    return _extreme_pool(x, kernel_size, stride, padding, dilation, ceil_mode, np.greater)


def min_pool(x, kernel_size, stride, padding, dilation, ceil_mode):
    """Look at each cell of each window; keep the smallest and remember where it was.

    Parameters
    ----------
    x, kernel_size, stride, padding, dilation, ceil_mode
        As for `max_pool`.

    Returns
    -------
    values, indices : numpy.ndarray, shape (\\*o)

    Examples
    --------
    >>> min_pool(np.array([1, 3, 2]), (2,), (1,), (0,), (1,), False)
    (array([1, 2]), array([0, 2]))
    """
    return _extreme_pool(x, kernel_size, stride, padding, dilation, ceil_mode, np.less)


def _extreme_pool(x, kernel_size, stride, padding, dilation, ceil_mode, beats):
    plane = tuple(
        output_size(*axis, ceil_mode)
        for axis in zip(x.shape, kernel_size, stride, padding, dilation, strict=True)
    )
    values, indices = np.empty(plane, dtype=x.dtype), np.empty(plane, dtype=np.int64)
    for window in np.ndindex(*plane):
        reads = cells(window, kernel_size, stride, padding, dilation)
        winner = extreme_cell(x, [cell for cell in reads if inside(cell, x.shape)], beats)
        values[window], indices[window] = x[winner], np.ravel_multi_index(winner, x.shape)
    return values, indices


def extreme_cell(x, candidates, beats) -> tuple[int, ...]:
    """Pick the winning cell: the first of equals, and any NaN before any number.

    Parameters
    ----------
    x : numpy.ndarray
    candidates : sequence of tuple of int
        Cells in row-major order; at least one.
    beats : numpy.ufunc
        ``numpy.greater`` or ``numpy.less``.

    Returns
    -------
    tuple of int

    Examples
    --------
    >>> extreme_cell(np.array([2, 7, 7]), [(0,), (1,), (2,)], np.greater)
    (1,)
    """
    winner = candidates[0]
    for cell in candidates[1:]:
        if beats(x[cell], x[winner]) or np.isnan(x[cell]):
            winner = cell
    return winner


def avg_pool(x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """Add up the cells of each window in float64; divide by how many count.

    Parameters
    ----------
    x : numpy.ndarray, shape (\\*spatial)
    kernel_size, stride, padding : tuple of int
    ceil_mode, count_include_pad : bool
    divisor_override : int or None

    Returns
    -------
    numpy.ndarray of float64, shape (\\*o)

    Examples
    --------
    >>> avg_pool(np.array([1.0, 3.0, 5.0]), (2,), (2,), (1,), True, False, None)
    array([1., 4.])
    """
    plane = tuple(
        output_size(n, k, s, p, 1, ceil_mode)
        for n, k, s, p in zip(x.shape, kernel_size, stride, padding, strict=True)
    )
    out = np.zeros(plane)
    for window in np.ndindex(*out.shape):
        reads, divisor = average_window(
            x.shape, window, kernel_size, stride, padding, count_include_pad, divisor_override
        )
        for cell in reads:
            out[window] += x[cell]
        out[window] /= divisor
    return out


def average_window(
    shape, window, kernel_size, stride, padding, count_include_pad, divisor_override
):
    """List the cells one average reads, and what it divides by.

    Parameters
    ----------
    shape : tuple of int
        Of the plane.
    window, kernel_size, stride, padding : tuple of int
    count_include_pad : bool
    divisor_override : int or None

    Returns
    -------
    reads : list of tuple of int
    divisor : int

    Examples
    --------
    >>> average_window((3,), (0,), (2,), (2,), (1,), True, None)
    ([(0,)], 2)
    """
    reads = list(cells(window, kernel_size, stride, padding, (1,) * len(shape)))
    real = [cell for cell in reads if inside(cell, shape)]
    if divisor_override is not None:
        return real, divisor_override
    if not count_include_pad:
        return real, len(real)
    padded_shape = tuple(n + 2 * p for n, p in zip(shape, padding, strict=True))
    shifted = (tuple(c + p for c, p in zip(cell, padding, strict=True)) for cell in reads)
    return real, sum(inside(cell, padded_shape) for cell in shifted)


def avg_pool_backward(
    grad_output, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    """Give each cell of a window its share of the window's gradient.

    Parameters
    ----------
    grad_output : numpy.ndarray, shape (\\*o)
    x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        As for `avg_pool`.

    Returns
    -------
    numpy.ndarray of float64, shape of `x`

    Examples
    --------
    >>> x = np.zeros(3)
    >>> avg_pool_backward(np.array([2.0, 4.0]), x, (2,), (1,), (0,), False, True, None)
    array([1., 3., 2.])
    """
    grad_x = np.zeros(x.shape)
    for window in np.ndindex(*grad_output.shape):
        reads, divisor = average_window(
            x.shape, window, kernel_size, stride, padding, count_include_pad, divisor_override
        )
        for cell in reads:
            grad_x[cell] += grad_output[window] / divisor
    return grad_x


def lp_pool(x, norm_type, kernel_size, stride, ceil_mode):
    """Average the p-th powers, multiply by the window's size, take the p-th root.

    Parameters
    ----------
    x : numpy.ndarray, shape (\\*spatial)
    norm_type : float
    kernel_size, stride : tuple of int
    ceil_mode : bool

    Returns
    -------
    numpy.ndarray of float64, shape (\\*o)

    Examples
    --------
    >>> lp_pool(np.array([3.0, 4.0]), 2, (2,), (2,), False)
    array([5.])
    """
    zero = (0,) * x.ndim
    means = avg_pool(x.astype(float) ** norm_type, kernel_size, stride, zero, ceil_mode, True, None)
    return (means * np.prod(kernel_size)) ** (1 / norm_type)


def index_backward(grad_output, indices, shape) -> np.ndarray:
    """Add the gradient of each window to the cell that won it.

    Parameters
    ----------
    grad_output : numpy.ndarray, shape (\\*o)
    indices : numpy.ndarray of int, shape (\\*o)
    shape : tuple of int
        Of the plane.

    Returns
    -------
    numpy.ndarray, shape `shape`

    Examples
    --------
    >>> index_backward(np.array([1.0, 10.0]), np.array([1, 1]), (3,))
    array([ 0., 11.,  0.])
    """
    grad_x = np.zeros(shape, dtype=grad_output.dtype)
    for window in np.ndindex(*grad_output.shape):
        grad_x[np.unravel_index(indices[window], shape)] += grad_output[window]
    return grad_x


def max_unpool(x, indices, shape) -> np.ndarray:
    """Write each value at its index.

    Parameters
    ----------
    x : numpy.ndarray, shape (\\*o)
    indices : numpy.ndarray of int, shape (\\*o)
    shape : tuple of int
        Of the plane to fill.

    Returns
    -------
    numpy.ndarray, shape `shape`

    Examples
    --------
    >>> max_unpool(np.array([5, 7]), np.array([1, 2]), (4,))
    array([0, 5, 7, 0])
    """
    out = np.zeros(shape, dtype=x.dtype)
    for window in np.ndindex(*x.shape):
        out[np.unravel_index(indices[window], shape)] = x[window]
    return out


def bin_cells(shape, output_size, rule) -> Iterator[tuple[tuple[int, int], list]]:
    """Yield each bin of a plane with the cells it holds, in row-major order.

    Parameters
    ----------
    shape, output_size : tuple of two ints
        Of the plane, and the wanted number of bins.
    rule : str
        A name in `pooling.bins.RULES`.

    Yields
    ------
    bin : tuple of two ints
    cells : list of tuple of two ints

    Examples
    --------
    >>> list(bin_cells((1, 3), (1, 2), "adaptive"))
    [((0, 0), [(0, 0), (0, 1)]), ((0, 1), [(0, 1), (0, 2)])]
    """
    rows = list(zip(*RULES[rule](shape[0], output_size[0]), strict=True))
    columns = list(zip(*RULES[rule](shape[1], output_size[1]), strict=True))
    for i, (top, bottom) in enumerate(rows):
        for j, (left, right) in enumerate(columns):
            block = ((r, c) for r in range(top, bottom) for c in range(left, right))
            yield (i, j), [cell for cell in block if inside(cell, shape)]


def bin_pool(x, output_size, mode, rule) -> tuple[np.ndarray, np.ndarray]:
    """Pool a plane into bins, by maximum or by average.

    Parameters
    ----------
    x : numpy.ndarray, shape (H, W)
    output_size : tuple of two ints
    mode : {"max", "avg"}
    rule : str
        A name in `pooling.bins.RULES`.

    Returns
    -------
    values, indices : numpy.ndarray, shape (oH, oW)
        With mode "avg" the indices stay 0.

    Examples
    --------
    >>> bin_pool(np.array([[1, 9, 2]]), (1, 2), "max", "adaptive")
    (array([[9, 9]]), array([[1, 1]]))
    """
    values = np.zeros(output_size, dtype=x.dtype if mode == "max" else float)
    indices = np.zeros(output_size, dtype=np.int64)
    for where, reads in bin_cells(x.shape, output_size, rule):
        if mode == "max":
            winner = extreme_cell(x, reads, np.greater)
            values[where], indices[where] = x[winner], np.ravel_multi_index(winner, x.shape)
        else:
            values[where] = sum(float(x[cell]) for cell in reads) / len(reads)
    return values, indices


def spatial_pyramid_pool(x, levels, mode, rule) -> np.ndarray:
    """Pool every channel into the bins of every level, one list of numbers.

    Parameters
    ----------
    x : numpy.ndarray, shape (C, H, W)
    levels : sequence of int
    mode : {"max", "avg"}
    rule : str

    Returns
    -------
    numpy.ndarray, shape (C * sum(n * n for n in levels),)

    Examples
    --------
    >>> spatial_pyramid_pool(np.array([[[1, 2], [3, 4]]]), (2, 1), "max", "adaptive")
    array([1, 2, 3, 4, 4])
    """
    out = []
    for n in levels:
        for channel in x:
            out.extend(bin_pool(channel, (n, n), mode, rule)[0].ravel())
    return np.array(out)
