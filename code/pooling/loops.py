"""The definitions, as plain loops over windows and cells. Slow, and meant to be read.

Every fast function of the library must equal its namesake here, where its arguments are
described. A loop takes one plane, of shape (H, W) or any number of axes (a convolution and a
pyramid take the channels of one image), and tuples with an entry for each axis. Nothing is
checked: call the fast functions for errors that explain themselves.
"""

from collections.abc import Iterator
from math import ceil, comb, copysign, floor

import numpy as np

from pooling.bins import RULES
from pooling.windows import output_size


def cells(window, kernel_size, stride, padding, dilation) -> Iterator[tuple[int, ...]]:
    """Yield the cells one window reads, in row-major order, padding included.

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

    Examples
    --------
    >>> inside((0, -1), (3, 3))
    False
    """
    return all(0 <= c < n for c, n in zip(cell, shape, strict=True))


def conv2d(x, weight, bias, stride, padding, dilation) -> np.ndarray:
    """Multiply each window by the kernel, cell by cell, and sum.

    See `pooling.conv.conv2d`.
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

    See `pooling.conv.conv2d_backward`.
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

    See `pooling.pool.max_pool2d`.
    """
    return _extreme_pool(x, kernel_size, stride, padding, dilation, ceil_mode, np.greater)


def min_pool(x, kernel_size, stride, padding, dilation, ceil_mode):
    """Look at each cell of each window; keep the smallest and remember where it was.

    See `pooling.pool.min_pool2d`.
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

    See `pooling.pool.avg_pool2d`.
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

    See `pooling.pool.avg_pool2d_backward`.
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

    See `pooling.pool.lp_pool2d`.
    """
    zero = (0,) * x.ndim
    means = avg_pool(x.astype(float) ** norm_type, kernel_size, stride, zero, ceil_mode, True, None)
    return (means * np.prod(kernel_size)) ** (1 / norm_type)


def index_backward(grad_output, indices, shape) -> np.ndarray:
    """Add the gradient of each window to the cell that won it.

    See `pooling.pool.max_pool2d_backward`.
    """
    grad_x = np.zeros(shape, dtype=grad_output.dtype)
    for window in np.ndindex(*grad_output.shape):
        grad_x[np.unravel_index(indices[window], shape)] += grad_output[window]
    return grad_x


def max_unpool(x, indices, shape) -> np.ndarray:
    """Write each value at its index.

    See `pooling.unpool.max_unpool2d`.
    """
    out = np.zeros(shape, dtype=x.dtype)
    for window in np.ndindex(*x.shape):
        out[np.unravel_index(indices[window], shape)] = x[window]
    return out


def bin_cells(shape, output_size, rule) -> Iterator[tuple[tuple[int, int], list]]:
    """Yield each bin of a plane with the cells it holds, in row-major order.

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

    See `pooling.pyramid.spatial_pyramid_pool2d`.
    """
    out = []
    for n in levels:
        for channel in x:
            out.extend(bin_pool(channel, (n, n), mode, rule)[0].ravel())
    return np.array(out)


def roi_pool(x, box, output_size) -> np.ndarray:
    """Round a box to whole cells, cut it into bins, keep the largest cell of each.

    See `pooling.roi.roi_pool`.
    """
    left, top, right, bottom = (int(c + copysign(0.5, c)) for c in box)
    height = max(bottom - top + 1, 1) / output_size[0]
    width = max(right - left + 1, 1) / output_size[1]
    out = np.zeros(output_size, dtype=x.dtype)
    for i, j in np.ndindex(*output_size):
        rows = range(top + floor(i * height), top + ceil((i + 1) * height))
        columns = range(left + floor(j * width), left + ceil((j + 1) * width))
        reads = [(r, c) for r in rows for c in columns if inside((r, c), x.shape)]
        if reads:
            out[i, j] = x[extreme_cell(x, reads, np.greater)]
    return out


def bilinear(x, row: float, column: float) -> float:
    """Read a plane between its cells: nearer neighbors weigh more.

    Up to a cell outside the plane its edge is read, farther out 0.

    Examples
    --------
    >>> bilinear(np.array([[0.0, 4.0]]), 0, 0.75)
    3.0
    """
    if not (-1 <= row <= x.shape[0] and -1 <= column <= x.shape[1]):
        return 0.0
    row = min(max(row, 0), x.shape[0] - 1)
    column = min(max(column, 0), x.shape[1] - 1)
    out = 0.0
    for r in (floor(row), floor(row) + 1):
        for c in (floor(column), floor(column) + 1):
            weight = max(0, 1 - abs(row - r)) * max(0, 1 - abs(column - c))
            if weight > 0:
                out += weight * float(x[r, c])
    return out


def roi_align(x, box, output_size, sampling_ratio, aligned) -> np.ndarray:
    """Cut a box into bins as it is, read points of each between the cells, average them.

    See `pooling.roi.roi_align`.
    """
    left, top, right, bottom = (c - (0.5 if aligned else 0.0) for c in box)
    least = -np.inf if aligned else 1.0
    height = max(bottom - top, least) / output_size[0]
    width = max(right - left, least) / output_size[1]
    down, across = (sampling_ratio if sampling_ratio > 0 else ceil(b) for b in (height, width))
    out = np.zeros(output_size)
    for i, j in np.ndindex(*output_size):
        for a in range(down):
            for b in range(across):
                row = top + i * height + (a + 0.5) * height / down
                column = left + j * width + (b + 0.5) * width / across
                out[i, j] += bilinear(x, row, column) / (down * across)
    return out


def padded_cell(c: int, n: int, padding_mode: str) -> int | None:
    """Say which cell of an axis stands at a position that may lie outside.

    None stands for a zero.

    Examples
    --------
    >>> [padded_cell(-2, 5, mode) for mode in ("zeros", "reflect", "replicate", "circular")]
    [None, 2, 0, 3]
    """
    if 0 <= c < n:
        return c
    if padding_mode == "reflect":
        return -c if c < 0 else 2 * (n - 1) - c
    if padding_mode == "replicate":
        return 0 if c < 0 else n - 1
    return c % n if padding_mode == "circular" else None


def blur_pool(x, kernel_size, stride, padding_mode) -> np.ndarray:
    """Weigh the cells of each window by binomial coefficients, and sum.

    See `pooling.blur.blur_pool2d`.
    """
    out = np.zeros([ceil(n / s) for n, s in zip(x.shape, stride, strict=True)])
    for window in np.ndindex(*out.shape):
        for offset in np.ndindex(kernel_size, kernel_size):
            places = (
                padded_cell(w * s + j - (kernel_size - 1) // 2, n, padding_mode)
                for w, s, j, n in zip(window, stride, offset, x.shape, strict=True)
            )
            cell = tuple(places)
            if None not in cell:
                weight = comb(kernel_size - 1, offset[0]) * comb(kernel_size - 1, offset[1])
                out[window] += weight / 4 ** (kernel_size - 1) * x[cell]
    return out


def weighted_pool(x, kernel_size, stride, weigh) -> np.ndarray:
    """Average each window, every value by a weight that it sets itself.

    Soft pooling weighs v by ``exp(beta v)``; stochastic pooling, on average, by v. A window whose
    weights are all 0 gives 0. See `pooling.variants.soft_pool2d`.
    """
    out = np.zeros(tuple(map(output_size, x.shape, kernel_size, stride)))
    for window in np.ndindex(*out.shape):
        reads = [float(x[cell]) for cell in cells(window, kernel_size, stride, (0, 0), (1, 1))]
        weights = [weigh(v) for v in reads]
        if sum(weights) > 0:
            out[window] = sum(w * v for w, v in zip(weights, reads, strict=True)) / sum(weights)
    return out


def fractional_starts(n: int, kernel_size: int, output_size: int, u: float) -> list[int]:
    """List where windows begin whose steps are now longer, now shorter.

    Examples
    --------
    >>> fractional_starts(7, 2, 4, 0.5)
    [0, 2, 4, 5]
    """
    last = n - kernel_size
    step = last / max(output_size - 1, 1)
    return [int((i + u) * step) - int(u * step) for i in range(output_size - 1)] + [last]


def fractional_max_pool(x, kernel_size, output_size, samples):
    """Look at each cell of each window; keep the largest and remember where it was.

    See `pooling.variants.fractional_max_pool2d`.
    """
    rows, columns = map(fractional_starts, x.shape, kernel_size, output_size, samples[::-1])
    values, indices = np.empty(output_size, dtype=x.dtype), np.empty(output_size, dtype=np.int64)
    for i, j in np.ndindex(*output_size):
        reads = [(rows[i] + r, columns[j] + c) for r, c in np.ndindex(*kernel_size)]
        winner = extreme_cell(x, reads, np.greater)
        values[i, j], indices[i, j] = x[winner], np.ravel_multi_index(winner, x.shape)
    return values, indices
