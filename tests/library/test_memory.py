"""How much memory a call takes: its result, and some megabytes for the block at work.

NumPy tells tracemalloc of every array. A copy of an input here takes 33 MB or more, its windows
a multiple of that.
"""

import tracemalloc

import numpy as np
import pytest

import pooling

MAPS = np.random.default_rng(0).standard_normal((8, 64, 128, 128), dtype=np.float32)
INPUTS = {
    "maps": MAPS,
    "channels last": np.moveaxis(np.moveaxis(MAPS, 1, -1).copy(), -1, 1),
    "one plane": MAPS.reshape(1, 1, 2048, 4096),
}
CALLS = {
    "max_pool2d, k = 2": (8, lambda x: pooling.max_pool2d(x, 2)),
    "max_pool2d, k = 3, s = 2, p = 1": (8, lambda x: pooling.max_pool2d(x, 3, 2, 1)),
    "max_pool2d, k = 15, s = 1": (8, lambda x: pooling.max_pool2d(x, 15, 1)),
    "max_pool2d, k = 2, indices": (8, lambda x: pooling.max_pool2d(x, 2, return_indices=True)),
    "max_pool2d, k = 15, s = 1, indices": (
        16,
        lambda x: pooling.max_pool2d(x, 15, 1, return_indices=True),
    ),
    "max_pool2d_backward": (
        8,
        lambda x: pooling.max_pool2d_backward(np.broadcast_to(x[:1, :1, :1, :1], half(x)), x, 2),
    ),
    "avg_pool2d, k = 2": (8, lambda x: pooling.avg_pool2d(x, 2)),
    "avg_pool2d, k = 15, s = 1": (8, lambda x: pooling.avg_pool2d(x, 15, 1)),
    "lp_pool2d": (8, lambda x: pooling.lp_pool2d(x, 2, 2)),
    "adaptive_max_pool2d": (8, lambda x: pooling.adaptive_max_pool2d(x, 7)),
    "adaptive_avg_pool2d": (8, lambda x: pooling.adaptive_avg_pool2d(x, 7)),
    "spatial_pyramid_pool2d": (8, lambda x: pooling.spatial_pyramid_pool2d(x, (6, 3, 2, 1))),
}


def half(x):
    return (*x.shape[:2], x.shape[2] // 2, x.shape[3] // 2)


def megabytes_beside_the_result(call, *arguments):
    """Measure the most memory a call has at a time, without what it returns."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        result = call(*arguments)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    arrays = result if isinstance(result, tuple) else (result,)
    return (peak - before - sum(array.nbytes for array in arrays)) / 1e6


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("name", CALLS)
def test_a_pool_takes_little_more_memory_than_its_result(name, kind):
    limit, call = CALLS[name]
    assert megabytes_beside_the_result(call, INPUTS[kind]) < limit


@pytest.mark.parametrize("special", [np.nan, -0.0])
def test_nor_does_it_where_cells_are_compared_one_by_one(special):
    x = -abs(MAPS)
    x[..., ::9, ::9] = special
    limit, pool = 32, pooling.max_pool2d
    assert megabytes_beside_the_result(pool, x, 3, 1) < limit
    assert megabytes_beside_the_result(lambda: pool(x, 3, 1, return_indices=True)) < limit


def test_conv2d_does_not_lay_out_all_its_windows():
    """All columns together would take 58 MB."""
    weight = np.ones((64, 64, 3, 3), dtype=np.float32)
    call = pooling.conv2d, MAPS[:, :, :56, :56], weight, None, 1, 1
    assert megabytes_beside_the_result(*call) < 8
