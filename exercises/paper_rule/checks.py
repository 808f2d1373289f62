"""Checks of rule_breaks, against the windows that the library lays out."""

import numpy as np

from pooling import bins

POINTS = {
    "n divides both sizes": 1,
    "one cell more than a multiple of n": 2,
    "both axes break": 2,
    "one axis breaks": 2,
}


def reference(height, width, n):
    """Lay the windows out and count who reads what."""
    made = [len(bins.paper_bins(a, n)[0]) for a in (height, width)]
    rows, columns = (bins.bin_coverage(a, n, "paper") for a in (height, width))
    unread = int((np.outer(rows, columns) == 0).sum())
    return made[0], made[1], unread, made != [n, n] or unread > 0


def cases(rng):
    """Yield each check's name with the arguments of a call."""
    divided, one_more, both, one = POINTS

    def size(n, *remainders):
        return n * int(rng.integers(1, 6)) + int(rng.choice(remainders))

    for n in rng.integers(1, 7, 3).tolist():
        yield divided, (size(n, 0), size(n, 0), n)
    for n in rng.integers(3, 8, 3).tolist():
        yield one_more, (size(n, 1), size(n, 1), n)
        yield one_more, (size(n, 0), size(n, 1), n)
    # 4 q + 2 leaves cells unread from q = 2 on, and 6 + r makes too many windows.
    yield both, (4 * int(rng.integers(2, 6)) + 2, 4 * int(rng.integers(2, 6)) + 3, 4)
    yield both, (6 + int(rng.integers(2, 6)), 12 + int(rng.integers(2, 6)), 6)
    for n in rng.integers(4, 8, 3).tolist():
        yield both, (size(n, *range(2, n)), size(n, *range(2, n)), n)
    yield one, (4 * int(rng.integers(2, 6)) + 2, size(4, 0, 1), 4)
    yield one, (size(6, 0, 1), 6 + int(rng.integers(2, 6)), 6)
    for n in rng.integers(4, 8, 3).tolist():
        sizes = [size(n, *range(2, n)), size(n, 0, 1)]
        yield one, (*rng.permutation(sizes).tolist(), n)
