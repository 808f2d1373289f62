"""Checks of adaptive_bins, against the library."""

import math

import numpy as np

from pooling import bins as library

POINTS = {
    "the bins divide the cells": 1,
    "every cut goes through a cell": 2,
    "more bins than cells": 2,
    "cuts exactly between two cells, and floats": 1,
}

SIZES = [(n, bins) for n in range(8, 60) for bins in range(3, n)]
# 7 * (29 / 7) is a little more than 29: its ceiling is 30. That is one point's matter.
FLOATS_MISS = [
    (n, bins)
    for n, bins in SIZES
    if any(math.ceil(i * (n / bins)) > -(-i * n // bins) for i in range(bins + 1))
]
WHOLE = sorted(set(SIZES) - set(FLOATS_MISS))
CUT = [(n, bins) for n, bins in WHOLE if math.gcd(n, bins) == 1 and n % bins > 1]
BETWEEN = [(n, bins) for n, bins in WHOLE if 1 < math.gcd(n, bins) < bins]


def reference(n, bins):
    """The library's bins, a row of start and end for each."""
    return np.stack(library.adaptive_bins(n, bins), axis=1)


def cases(rng):
    """Yield each check's name with the arguments of a call."""
    divided, cut, more, between = POINTS

    def some(sizes, count):
        return [sizes[i] for i in rng.integers(len(sizes), size=count)]

    for bins in rng.integers(2, 9, 4).tolist():
        yield divided, (bins * int(rng.integers(1, 9)), bins)
    for size in some(CUT, 6):
        yield cut, size
    for bins in rng.integers(4, 12, 4).tolist():
        yield more, (int(rng.integers(2, bins)), bins)
    yield more, (1, int(rng.integers(2, 9)))
    for size in some(BETWEEN, 4) + some(FLOATS_MISS, 2):
        yield between, size
