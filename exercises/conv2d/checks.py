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

    def draw(*shape):
        return rng.normal(size=shape).round(2)

    for height, width, k in [(5, 6, 2), (6, 5, 3), (4, 4, 4)]:
        yield plain, (draw(1, 1, height, width), draw(1, 1, k, k))
    for n, c, o in [(1, 3, 1), (2, 2, 3), (1, 4, 2)]:
        yield channels, (draw(n, c, 3, 4), draw(o, c, 1, 1))
    for k, stride, padding in [(3, 1, 0), (3, 2, 0), (2, 1, 1), (3, 2, 1), (2, 3, 2)]:
        x, weight = draw(2, 2, 6, 7), draw(3, 2, k, k)
        yield settings, (x, weight, draw(3), stride, padding)
    for kernel, stride, padding in [
        ((2, 3), 1, 0),
        ((3, 1), (1, 2), 0),
        ((2, 2), (2, 1), (0, 1)),
        ((1, 3), (1, 2), (2, 0)),
    ]:
        x, weight = draw(1, 2, 5, 8), draw(2, 2, *kernel)
        yield pairs, (x, weight, None, stride, padding)
