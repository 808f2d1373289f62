"""Checks of max_pool2d, against the library."""

import numpy as np

import pooling

POINTS = {
    "square windows, no padding": 2,
    "pairs: height and width differ": 2,
    "padding never wins": 2,
    "NaN and infinities": 1,
}


def reference(x, kernel_size, stride=None, padding=0):
    """The library's function."""
    return pooling.max_pool2d(x, kernel_size, stride, padding)


def cases(rng):
    """Yield each check's name with the arguments of a call."""
    plain, pairs, padded, special = POINTS
    # The first are small: a case that fails can be pasted and tried.
    for kernel_size, stride in [(2, None), (3, 2), (2, 3), (3, 1), (1, 2)]:
        height, width = rng.integers(5, 9, 2)
        yield plain, (rng.normal(size=(1, 2, height, width)).round(2), kernel_size, stride)
    yield plain, (rng.normal(size=(2, 3, 12, 11)), 3, 2)
    for kernel_size, stride in [((2, 3), None), ((3, 1), (1, 2)), (2, (2, 1))]:
        yield pairs, (rng.normal(size=(1, 2, 7, 8)).round(2), kernel_size, stride)
    # All cells are above 0: which padding never wins is not asked here.
    yield pairs, (rng.uniform(1, 9, (1, 1, 5, 6)).round(2), 3, 2, (1, 0))
    for kernel_size, stride, padding in [(2, 2, 1), (3, 2, 1), (4, 1, 2)]:
        # All cells are below 0, so that a padding of zeros would win.
        x = -rng.uniform(1, 9, (2, 1, 6, 7)).round(2)
        yield padded, (x, kernel_size, stride, padding)
    x = rng.normal(size=(1, 2, 6, 6)).round(2)
    x[0, 0, rng.integers(6), rng.integers(6)] = np.nan
    x[0, 1] = -np.inf
    x[0, 1, 0, 0] = np.inf
    yield special, (x, 2, 2, 1)
