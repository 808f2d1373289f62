"""Checks of output_size, against the library."""

import pooling

POINTS = {
    "floor mode": 2,
    "dilation": 2,
    "ceil mode: cells left over": 2,
    "ceil mode: a window that would start outside": 2,
}


def reference(n, kernel_size, stride, padding, dilation, ceil_mode):
    """The library's function."""
    return pooling.output_size(n, kernel_size, stride, padding, dilation, ceil_mode)


def cases(rng):
    """Yield each check's name with the arguments of a call."""
    floor, dilated, left_over, outside = POINTS
    yield floor, (int(rng.integers(5, 30)), 3, 1, 1, 1, False)
    # Rounding to the nearest is wrong above one half in floor mode, below one half in ceil mode.
    for wanted in 3 * [_nothing_left, _less_than_half_left, _more_than_half_left]:
        yield floor, (*_draw(rng, wanted), False)
        yield left_over, (*_draw(rng, wanted), True)
    yield left_over, (*_draw(rng, _next_starts_just_inside), True)
    yield dilated, (int(rng.integers(12, 30)), 3, 1, 1, int(rng.integers(2, 5)), False)
    for _ in range(4):
        yield dilated, (*_draw(rng, _dilation_matters), False)
        yield outside, (*_draw(rng, _next_starts_outside), True)
    # The window that does not count would start in the right padding, not past it.
    for n in rng.choice([3, 5, 7, 9, 11, 13], 2, replace=False):
        yield outside, (int(n), 2, 2, 1, 1, True)


def _draw(rng, wanted):
    """Draw settings until they are as wanted."""
    while True:
        n, k, s, d = (int(rng.integers(*bounds)) for bounds in [(3, 30), (1, 7), (1, 8), (1, 4)])
        setting = n, k, s, int(rng.integers(0, k // 2 + 1)), d
        if _free(*setting) >= 0 and wanted(*setting):
            return setting


def _free(n, k, s, p, d):
    """How far the first window can slide."""
    return n + 2 * p - d * (k - 1) - 1


def _nothing_left(*setting):
    return setting[4] == 1 and _free(*setting) % setting[2] == 0


def _less_than_half_left(n, k, s, p, d):
    return d == 1 and 0 < _free(n, k, s, p, d) % s < s / 2 and not _outside(n, k, s, p, d)


def _more_than_half_left(n, k, s, p, d):
    return d == 1 and _free(n, k, s, p, d) % s > s / 2 and not _outside(n, k, s, p, d)


def _dilation_matters(*setting):
    return reference(*setting, False) != reference(*setting[:4], 1, False)


def _next_starts_outside(*setting):
    return _free(*setting) % setting[2] > 0 and _outside(*setting)


def _next_starts_just_inside(n, k, s, p, d):
    """It would start in the right padding, were there no padding on the left."""
    left = _free(n, k, s, p, d) % s
    return d == 1 and left > 0 and n - p <= _next_start(n, k, s, p, d) < n


def _outside(n, *rest):
    return _next_start(n, *rest) >= n


def _next_start(n, k, s, p, d):
    """Where the window behind the last one that fits would start."""
    return (_free(n, k, s, p, d) // s + 1) * s - p
