"""Checks of pyramid_pool, against the library."""

import pooling

POINTS = {
    "one channel, sizes that every level divides": 2,
    "several channels, levels in any order": 2,
    "any size": 3,
    "a batch": 1,
}


def reference(x, levels, mode="max"):
    """The library's function."""
    return pooling.spatial_pyramid_pool2d(x, levels, mode)


def cases(rng):
    """Yield each check's name with the arguments of a call.

    Most cells are below 0, so that cells of value 0 that were added would show.
    """
    one, channels, sizes, batch = POINTS

    def maps(*shape):
        return rng.normal(-2, 1, shape).round(2)

    yield one, (maps(1, 12, 6), (3, 2, 1))
    yield one, (maps(1, 4, 8), [4, 2, 1], "avg")
    yield one, (maps(1, 6, 6), (2,), "max")
    yield channels, (maps(3, 6, 12), (1, 3, 2))
    yield channels, (maps(2, 8, 4), [2, 4, 1], "avg")
    for levels in [(3, 2, 1), (1, 4), (6, 3), (5, 2)]:
        height, width = rng.choice([7, 10, 11, 13], 2)
        yield sizes, (maps(1, height, width), levels, "max")
        yield sizes, (maps(1, width, height), levels, "avg")
    yield sizes, (maps(1, 2, 5), (3, 1))
    yield sizes, (maps(1, 5, 2), (3, 1), "avg")
    yield batch, (maps(3, 2, 4, 6), (2, 1))
    yield batch, (maps(2, 3, 6, 4), (1, 2), "avg")
