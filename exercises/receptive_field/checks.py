"""Checks of view_of, against the library's size, jump and start."""

import pooling

POINTS = {
    "one layer": 1,
    "several layers, stride 1": 2,
    "strides multiply": 2,
    "padding and dilation below strides": 2,
}


def reference(layers, i):
    """Cell 0's view, moved by i jumps."""
    view = pooling.receptive_field(layers)
    first = view.start + i * view.jump
    return first, first + view.size - 1


def cases(rng):
    """Yield each check's name with the arguments of a call."""
    one, dense, strided, all_of_it = POINTS

    def stack(depth, low, high):
        return [
            tuple(layer) for layer in rng.integers(low, high, (depth, 4), endpoint=True).tolist()
        ]

    def cell():
        return int(rng.integers(1, 9))

    yield one, ([], cell())
    for _ in range(4):
        yield one, (stack(1, (1, 1, 0, 1), (5, 3, 2, 3)), cell())
    for depth in (2, 3, 4):
        yield dense, (stack(depth, (2, 1, 0, 1), (5, 1, 2, 3)), cell())
        yield strided, (stack(depth, (2, 2, 0, 1), (5, 3, 0, 1)), cell())
        yield all_of_it, (stack(depth, (2, 2, 1, 2), (5, 3, 2, 3)), cell())
        yield all_of_it, (stack(depth, (1, 1, 0, 1), (5, 3, 2, 3)), 0)
