"""Checks of max_pool2d_backward, against the library."""

import numpy as np

import pooling

POINTS = {
    "windows side by side, one winner each": 2,
    "overlap: gradients add up": 2,
    "ties: the first in row order": 2,
    "padding, with overlap and ties": 2,
}


def reference(grad_output, x, kernel_size, stride=None, padding=0):
    """The library's function."""
    return pooling.max_pool2d_backward(grad_output, x, kernel_size, stride, padding)


def cases(rng):
    """Yield each check's name with the arguments of a call."""
    plain, overlap, ties, padded = POINTS
    for kernel_size, stride in [(2, None), (3, None), ((2, 3), None), (2, (3, 2))]:
        yield plain, _case(rng, rng.normal(size=(2, 2, 6, 7)).round(2), kernel_size, stride)
    for kernel_size, stride in [(3, 2), (2, 1), ((3, 2), (2, 1)), (4, (3, 1))]:
        yield overlap, _case(rng, rng.normal(size=(1, 2, 8, 9)).round(2), kernel_size, stride)
    for kernel_size in [2, 3, (2, 3), (1, 4)]:
        yield ties, _case(rng, _integers(rng, (2, 1, 6, 9)), kernel_size)
    for window in [(2, 2, 1), (3, 2, 1), ((3, 2), (1, 2), (1, 0)), ((4, 5), (2, 3), (2, 1))]:
        # All cells are below 0, so that a padding of zeros would win.
        yield padded, _case(rng, _integers(rng, (1, 2, 7, 6)) - 4, *window)


def _integers(rng, shape):
    """Draw few different numbers, so that there are ties."""
    return rng.integers(0, 3, shape).astype(float)


def _case(rng, x, *window):
    grad_output = rng.normal(size=np.shape(pooling.max_pool2d(x, *window))).round(2)
    return grad_output, x, *window
