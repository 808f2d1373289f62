"""Checks of max_unpool2d, against the library."""

import pooling

POINTS = {
    "one plane, its size given": 2,
    "pictures and channels": 2,
    "the size by default": 2,
    "overlap: written, not added": 2,
}


def reference(values, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The library's function."""
    return pooling.max_unpool2d(values, indices, kernel_size, stride, padding, output_size)


def cases(rng):
    """Yield each check's name with the arguments of a call."""
    plane, planes, default, overlap = POINTS
    for size, kernel_size in [((5, 5), 2), ((7, 7), 3), ((4, 4), 2)]:
        yield plane, _pooled(rng, (1, 1, *size), kernel_size, None, 0, size)
    for shape, kernel_size in [((2, 3, 5, 8), 2), ((1, 2, 7, 5), (3, 2)), ((3, 1, 4, 7), (1, 3))]:
        yield planes, _pooled(rng, shape, kernel_size, None, 0, shape[2:])
    # Maps from which the pool left nothing over, so that the default size is theirs.
    for size, *window in [
        ((6, 6), 2, None, 0),
        ((8, 8), 2, 3, 0),
        ((6, 6), 2, 2, 1),
        ((4, 7), (1, 3), (3, 4), (0, 0)),
        ((7, 6), (3, 2), (3, 2), (1, 0)),
    ]:
        yield default, _pooled(rng, (1, 1, *size), *window, None)
    for size, *window in [
        ((7, 7), 3, 2, 0),
        ((6, 6), 3, 1, 0),
        ((6, 6), 3, 2, 1),
        ((8, 8), 4, 2, 1),
    ]:
        yield overlap, _pooled(rng, (1, 1, *size), *window, size)


def _pooled(rng, shape, kernel_size, stride, padding, output_size):
    """Pool a random map, for what is to be put back."""
    x = rng.normal(size=shape)
    values, indices = pooling.max_pool2d(x, kernel_size, stride, padding, return_indices=True)
    return values, indices, kernel_size, stride, padding, output_size
