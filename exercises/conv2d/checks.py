"""Checks of conv2d, against the library."""

import pooling

POINTS = {
    "one channel, one square kernel": 2,
    "kernels of 1 x 1: channels add up": 2,
    "bias, stride and padding": 2,
    "height and width differ": 2,
}


def reference(x, weight, bias=None, stride=1, padding=0):
    """The library's function."""
    return pooling.conv2d(x, weight, bias, stride, padding)


def cases(rng):
    """Yield each check's name with the arguments of a call."""
    plain, channels, settings, pairs = POINTS
    for height, width, k in [(5, 6, 2), (6, 5, 3), (4, 4, 4)]:
        yield plain, (rng.normal(size=(1, 1, height, width)), rng.normal(size=(1, 1, k, k)))
    for n, c, o in [(1, 3, 1), (2, 2, 3), (1, 4, 2)]:
        yield channels, (rng.normal(size=(n, c, 3, 4)), rng.normal(size=(o, c, 1, 1)))
    for k, stride, padding in [(3, 1, 0), (3, 2, 0), (2, 1, 1), (3, 2, 1), (2, 3, 2)]:
        x, weight = rng.normal(size=(2, 2, 6, 7)), rng.normal(size=(3, 2, k, k))
        yield settings, (x, weight, rng.normal(size=3), stride, padding)
    for kernel, stride, padding in [
        ((2, 3), 1, 0),
        ((3, 1), (1, 2), 0),
        ((2, 2), (2, 1), (0, 1)),
        ((1, 3), (1, 2), (2, 0)),
    ]:
        x, weight = rng.normal(size=(1, 2, 5, 8)), rng.normal(size=(2, 2, *kernel))
        yield pairs, (x, weight, None, stride, padding)
