"""Checks of coverage, against the library's windows."""

import numpy as np

import pooling

POINTS = {
    "windows side by side, with a border": 2,
    "windows that share cells, without a border": 2,
    "any stride: holes and borders": 2,
    "padding": 2,
}


def reference(n, kernel_size, stride, padding):
    """Counts and border as an array of shape (2, H, W)."""
    counts, borders = [], []
    for size, *window in zip(n, kernel_size, stride, padding, strict=True):
        positions = pooling.window_positions(size, *window)
        counts.append(pooling.coverage(positions, size))
        borders.append(np.arange(size) > positions[-1, -1])
    return np.array([np.outer(*counts), np.logical_or.outer(*borders)])


def cases(rng):
    """Yield each check's name with the arguments of a call."""
    beside, shared, holes, padded = POINTS
    for (kh, kw), left in [((2, 3), (1, 2)), ((3, 2), (2, 1)), ((4, 2), (3, 0))]:
        yield beside, _fitting(rng, (kh, kw), (kh, kw), (0, 0), left)
    for kernel_size, stride in [((3, 3), (2, 2)), ((2, 3), (1, 1)), ((5, 4), (2, 3))]:
        yield shared, _fitting(rng, kernel_size, stride, (0, 0), (0, 0))
    for kernel_size, stride, left in [
        ((2, 1), (3, 2), (2, 0)),
        ((3, 2), (2, 4), (1, 3)),
        ((1, 3), (4, 5), (0, 4)),
        ((4, 3), (3, 2), (0, 0)),
    ]:
        yield holes, _fitting(rng, kernel_size, stride, (0, 0), left)
    for kernel_size, stride, padding, left in [
        ((3, 3), (2, 2), (1, 1), (0, 1)),
        ((2, 5), (1, 2), (1, 2), (0, 1)),
        ((3, 2), (3, 4), (1, 0), (2, 2)),
        ((4, 3), (4, 3), (2, 1), (3, 2)),
    ]:
        yield padded, _fitting(rng, kernel_size, stride, padding, left)


def _fitting(rng, kernel_size, stride, padding, left):
    """Draw a map of which `left` cells of the padded axes are left over behind the last window."""
    axes = zip(kernel_size, stride, padding, left, strict=True)
    n = tuple(int(rng.integers(1, 4)) * s + k - 2 * p + r for k, s, p, r in axes)
    return n, kernel_size, stride, padding
