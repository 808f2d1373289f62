"""Checks of blur_pool2d, against the library."""

import pooling

POINTS = {
    "a filter of one cell": 1,
    "odd filters, mirrored border": 2,
    "even filters, mirrored border": 2,
    "zeros around the map": 1,
}


def reference(x, kernel_size=3, stride=2, padding_mode="reflect"):
    """The library's function."""
    return pooling.blur_pool2d(x, kernel_size, stride, padding_mode)


def cases(rng):
    """Yield each check's name with the arguments of a call."""
    one, odd, even, zeros = POINTS

    def maps():
        return rng.normal(size=(2, 2, *rng.integers(5, 10, 2))).round(2)

    for stride in (1, 2, 3):
        yield one, (maps(), 1, stride)
    yield odd, (maps(),)
    for kernel_size, stride in [(3, 1), (3, 3), (5, 2), (7, 2)]:
        yield odd, (maps(), kernel_size, stride)
    for kernel_size, stride in [(2, 1), (2, 2), (4, 2), (4, 3), (6, 2)]:
        yield even, (maps(), kernel_size, stride, "reflect")
    for kernel_size, stride in [(3, 2), (5, 1), (5, 3)]:
        yield zeros, (maps(), kernel_size, stride, "zeros")
