"""Checks of avg_pool2d, against the library."""

import numpy as np

import pooling

POINTS = {
    "square windows, no padding": 2,
    "pairs: height and width differ": 2,
    "both countings of the padding": 2,
    "maps of integers": 1,
}


def reference(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    """The library's function, on floats: as torch, it cuts off the averages of integers."""
    return pooling.avg_pool2d(
        x.astype(float), kernel_size, stride, padding, count_include_pad=count_include_pad
    )


def cases(rng):
    """Yield each check's name with the arguments of a call."""
    plain, pairs, padded, integers = POINTS
    for kernel_size, stride in [(2, None), (3, 2), (2, 3), (3, 1)]:
        height, width = rng.integers(6, 10, 2)
        yield plain, (rng.normal(size=(2, 2, height, width)).round(2), kernel_size, stride)
    for kernel_size, stride in [((2, 3), None), ((3, 1), (1, 2)), (2, (3, 1)), ((1, 4), 2)]:
        yield pairs, (rng.normal(size=(1, 2, 7, 9)).round(2), kernel_size, stride)
    for window in [(2, 2, 1), (3, 2, 1), (4, 3, 2), (3, 1, (0, 1)), (2, None, (1, 0))]:
        for count_include_pad in (True, False):
            x = np.maximum(
                rng.normal(size=(1, 2, 6, 8)).round(2), 0
            )  # a zero of the map is no padding
            yield padded, (x, *window, count_include_pad)
    # Four bright cells do not fit into a uint8, and few of their averages are whole.
    for dtype, kernel_size in [(np.uint8, 2), (np.int64, 2), (np.uint8, (2, 3)), (np.int32, 4)]:
        yield integers, (rng.integers(128, 256, (1, 2, 4, 6)).astype(dtype), kernel_size)
