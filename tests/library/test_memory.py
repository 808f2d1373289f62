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


WIDE = {
    "kernel 10**5, ceil": ((1, 32, 32), (10**5, None, 0)),
    "kernel 1024, ceil": ((1, 256, 14, 14), (1024, None, 0)),
    "kernel 512, stride 64, padding 256": ((1, 64, 100, 100), (512, 64, 256)),
    "kernel 10**9, stride 3, padding half of it": ((1, 4, 30, 30), (10**9, 3, 5 * 10**8)),
    "stride just above the padding": ((1, 32, 32), (10**5, 50_010, 50_000)),
}


@pytest.mark.parametrize("name", WIDE)
def test_memory_does_not_grow_with_what_windows_read_outside(name):
    """With all of its padding the first of these maps would take 80 GB."""
    shape, window = WIDE[name]
    x = np.random.default_rng(0).standard_normal(shape)
    calls = [
        lambda: pooling.max_pool2d(x, *window, ceil_mode=True),
        lambda: pooling.min_pool2d(x, *window, ceil_mode=True, return_indices=True),
        lambda: pooling.avg_pool2d(x, *window, ceil_mode=True),
        lambda: pooling.avg_pool2d(x, *window, ceil_mode=True, count_include_pad=False),
        lambda: pooling.lp_pool2d(x, 2, window[0], ceil_mode=True),
        lambda: pooling.max_pool2d(x, window[0], 10**11, 0, (1, 7), True),
    ]
    for call in calls:
        assert megabytes_beside_the_result(call) < 16
    grad = np.ones(pooling.max_pool2d(x, *window, ceil_mode=True).shape)
    lp_grad = np.ones(pooling.lp_pool2d(x, 2, window[0], ceil_mode=True).shape)
    back = {"ceil_mode": True}
    for call in [
        lambda: pooling.max_pool2d_backward(grad, x, *window, **back),
        lambda: pooling.avg_pool2d_backward(grad, x, *window, **back),
        lambda: pooling.lp_pool2d_backward(lp_grad, x, 2, window[0], **back),
    ]:
        assert megabytes_beside_the_result(call) < 16


@pytest.mark.parametrize("ndim", [1, 3])
def test_nor_does_it_along_one_axis_or_three(ndim):
    x = np.random.default_rng(0).standard_normal((2, *(12,) * ndim))
    window = 10**6, 2, 5 * 10**5
    for name in ("max", "avg"):
        pool = getattr(pooling, f"{name}_pool{ndim}d")
        back = getattr(pooling, f"{name}_pool{ndim}d_backward")
        y = pool(x, *window)
        assert megabytes_beside_the_result(pool, x, *window) < 16
        assert megabytes_beside_the_result(back, y, x, *window) < 16


@pytest.mark.parametrize("side", [1e7, 2e9])
def test_a_huge_box_takes_no_more_points_than_the_map_has_room_for(side):
    """All points of the larger one would take 34 GB along each axis."""
    x = np.random.default_rng(0).standard_normal((1, 2, 20, 30))
    boxes = np.array([[0, -side, -side, side, side], [0, 3, -side, 10, side]])
    grad = np.ones((2, 2, 3, 3))
    assert megabytes_beside_the_result(pooling.roi_align, x, boxes, 3) < 8
    assert megabytes_beside_the_result(pooling.roi_align_backward, grad, x, boxes, 3) < 8
    many = (x, np.array([[0, 3.0, 2, 10, 9]]), 3, 1.0, 10**6)
    assert megabytes_beside_the_result(pooling.roi_align, *many) < 16


def test_conv2d_does_not_lay_out_all_its_windows():
    """All columns together would take 58 MB."""
    weight = np.ones((64, 64, 3, 3), dtype=np.float32)
    call = pooling.conv2d, MAPS[:, :, :56, :56], weight, None, 1, 1
    assert megabytes_beside_the_result(*call) < 8
