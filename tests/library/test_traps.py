"""One named test for each way in which pooling surprises."""

import numpy as np
import pytest
import torch
from problems import assert_bits, tensor
from torch.nn import functional as F

import pooling
from pooling import loops
from pooling.bins import RULES

INF, NAN = np.inf, np.nan
PLANE = np.arange(25.0).reshape(1, 5, 5)
NEGATIVE = -1.0 - PLANE
ONES = np.ones((1, 4, 4))
EDGES = {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}


def row(*values, dtype="float64"):
    """Return one channel of one row."""
    return np.array([[values]], dtype=dtype)


def test_size_is_the_floor_rule():
    assert pooling.output_size(55, 3, 2) == 27 and pooling.output_size(27, 3, 2) == 13
    assert pooling.output_size(6, 3, 2) == 2
    assert pooling.output_size(6, 3, 2, ceil_mode=True) == 3
    assert pooling.output_size(7, 3, 1, dilation=3) == 1


def test_window_that_starts_in_the_right_padding_is_dropped():
    window = (2, 3, 1, 1, True)
    assert pooling.output_size(4, *window) == 2
    assert pooling.max_pool1d(np.zeros((1, 4)), *window).shape == (1, 2)
    assert F.max_pool1d(torch.zeros(1, 4), *window).shape == (1, 2)


def test_sizes_and_positions_equal_torch_for_thousands_of_windows():
    cases = mismatches = 0
    for n in range(1, 12):
        x = torch.zeros(1, n)
        for k in range(1, 6):
            for s in range(1, 5):
                for p in range(k // 2 + 1):
                    for d, ceil_mode in [(1, False), (1, True), (2, False), (2, True)]:
                        try:
                            theirs = F.max_pool1d(x, k, s, p, d, ceil_mode).shape[-1]
                        except RuntimeError:
                            theirs = None
                        try:
                            table = pooling.window_positions(n, k, s, p, d, ceil_mode)
                            assert table.shape == (pooling.output_size(n, k, s, p, d, ceil_mode), k)
                            ours = len(table)
                        except ValueError:
                            ours = None
                        cases, mismatches = cases + 1, mismatches + (ours != theirs)
    assert mismatches == 0 and cases > 1900


def test_positions_coverage_and_receptive_field():
    table = pooling.window_positions(6, 3, 2, 1, 2)
    assert table.tolist() == [[-1, 1, 3], [1, 3, 5]]
    assert pooling.coverage(table, 6).tolist() == [0, 2, 0, 2, 0, 1]
    padded = pooling.window_positions(5, 3, 2, 1)
    assert padded.max() == 5 and pooling.coverage(padded, 5).tolist() == [1, 2, 1, 2, 1]
    assert pooling.window_positions(4, 2).tolist() == [[0, 1], [2, 3]]
    assert pooling.receptive_field([(11, 4, 2), (3, 2), (5, 1, 2), (3, 2)]) == (67, 16, -18)
    assert pooling.receptive_field([(3, 1, 2, 2), (3, 1)]) == (7, 1, -2)
    assert pooling.receptive_field([]) == (1, 1, 0)


def test_padding_of_max_is_minus_infinity():
    padded = pooling.max_pool2d(NEGATIVE, 3, 2, 1)
    assert padded.max() < 0
    assert_bits(padded, F.max_pool2d(tensor(NEGATIVE), 3, 2, 1))
    assert pooling.max_pool2d(row(-128, -7, dtype="int8"), (1, 3), 1, (0, 1)).max() == -7


def test_padding_of_min_is_infinity():
    assert pooling.min_pool2d(-NEGATIVE, 3, 2, 1).min() == 1
    assert pooling.min_pool2d(row(255, 7, dtype="uint8"), (1, 3), 1, (0, 1)).min() == 7


def test_padding_limit_uses_the_raw_kernel():
    x = np.zeros((1, 9))
    assert pooling.max_pool1d(x, 3, 1, 1, 3).shape == (1, 5)
    with pytest.raises(ValueError, match="padding must be at most half of kernel_size, got "):
        pooling.max_pool1d(x, 3, 1, 2, 3)
    with pytest.raises(RuntimeError, match="at most half"):
        F.max_pool1d(tensor(x), 3, 1, 2, 3)


def test_kernel_larger_than_the_input_needs_ceil_mode():
    with pytest.raises(ValueError, match="kernel_size 7 .* spans 7 cells, more than the 5"):
        pooling.max_pool2d(PLANE, 7)
    assert pooling.max_pool2d(PLANE, 7, ceil_mode=True).tolist() == [[[24]]]
    average = pooling.avg_pool2d(PLANE, 7, ceil_mode=True)
    np.testing.assert_allclose(average, [[[PLANE.sum() / 25]]])


def test_average_counts_explicit_padding_but_not_the_overhang():
    got = pooling.avg_pool2d(ONES, **EDGES)[0]
    np.testing.assert_allclose(got[0, 0], 4 / 9)
    np.testing.assert_allclose(got[1, 2], 3 / 6)
    np.testing.assert_allclose(got[[0, 2], [2, 0]], 2 / 6)
    np.testing.assert_allclose(got[2, 2], 1 / 4)
    np.testing.assert_allclose(got, F.avg_pool2d(tensor(ONES), **EDGES)[0])


def test_average_without_padding_in_the_count_keeps_ones():
    assert (pooling.avg_pool2d(ONES, **EDGES, count_include_pad=False) == 1).all()


def test_divisor_override_may_be_negative_but_not_zero():
    assert pooling.avg_pool2d(ONES, 2, divisor_override=-4)[0, 0, 0] == -1
    assert pooling.avg_pool2d(ONES, **EDGES, divisor_override=1)[0, 0, 0] == 4
    with pytest.raises(ValueError, match="divisor_override must not be 0, got 0"):
        pooling.avg_pool2d(ONES, 2, divisor_override=0)


def test_average_of_float32_is_summed_in_float64():
    x = np.full((1, 2048, 2048), 0.1, dtype=np.float32)
    assert pooling.avg_pool2d(x, 2048).item() == np.float32(0.1)
    assert pooling.adaptive_avg_pool2d(x, 1).item() == np.float32(0.1)
    assert abs(F.avg_pool2d(tensor(x), 2048).item() - 0.1) > 1e-3


def test_average_of_integers_is_cut_toward_zero_and_only_int64_is_taken():
    x = row(-1, -2, 3, 4, dtype="int64")
    assert pooling.avg_pool2d(x, (1, 2)).tolist() == [[[-1, 3]]]
    assert F.avg_pool2d(tensor(x), (1, 2)).tolist() == [[[-1, 3]]]
    with pytest.raises(TypeError, match="x must have a floating dtype or int64, got int32"):
        pooling.avg_pool2d(x.astype("int32"), (1, 2))


def test_one_nan_and_one_infinity_stay_in_their_windows():
    got = pooling.avg_pool2d(row(NAN, 1, INF, 2, 3, 4), (1, 2))
    assert_bits(got, row(NAN, INF, 3.5))


def test_first_of_equals_wins():
    values, indices = pooling.max_pool2d(np.ones((1, 4, 4)), 3, 1, return_indices=True)
    assert indices.tolist() == [[[0, 1], [4, 5]]]
    assert pooling.min_pool2d(ONES, 3, 1, return_indices=True)[1].tolist() == indices.tolist()
    assert pooling.adaptive_max_pool2d(ONES, 1, return_indices=True)[1].item() == 0


def test_last_nan_wins():
    x = np.array([[[1, NAN, 2], [NAN, INF, NAN], [3, 4, 5]]])
    for pool in (pooling.max_pool2d, pooling.min_pool2d):
        values, indices = pool(x, 3, return_indices=True)
        assert np.isnan(values).all() and indices.item() == 5
    assert F.max_pool2d(tensor(x), 3, return_indices=True)[1].item() == 5


def test_a_tie_sends_its_gradient_to_the_first_where_amax_splits_it():
    x, one = row(2, 2, 1, 1), np.ones((1, 1, 2))
    assert pooling.max_pool2d_backward(one, x, (1, 2)).tolist() == [[[1, 0, 1, 0]]]
    leaf = tensor(x, requires_grad=True)
    leaf.amax().backward()
    assert leaf.grad.tolist() == [[[0.5, 0.5, 0, 0]]]


def test_overlapping_windows_add_their_gradients():
    peak = np.zeros((1, 5, 5))
    peak[0, 2, 2] = 1
    assert pooling.max_pool2d_backward(np.ones((1, 3, 3)), peak, 3, 1)[0, 2, 2] == 9


def test_indices_are_int64_and_flat_in_the_plane_without_padding():
    _, indices = pooling.max_pool2d(np.stack([PLANE, PLANE]), 3, 2, 1, return_indices=True)
    assert indices.dtype == np.int64
    assert indices[1, 0].tolist() == [[6, 8, 9], [16, 18, 19], [21, 23, 24]]
    volume = np.arange(27.0).reshape(1, 3, 3, 3)
    assert pooling.max_pool3d(volume, 2, 1, return_indices=True)[1][0, 1, 1, 1] == 26


@pytest.mark.parametrize(("pool", "worst"), [("max", -INF), ("min", INF)])
def test_all_infinite_window_indexes_a_real_cell(pool, worst):
    x = np.full((1, 4, 4), worst)
    values, indices = getattr(pooling, f"{pool}_pool2d")(x, **EDGES, return_indices=True)
    assert (values == worst).all()
    assert indices.tolist() == [[[0, 1, 3], [4, 5, 7], [12, 13, 15]]]


def test_signed_zero_keeps_the_first():
    for x in (row(0.0, -0.0), row(-0.0, 0.0)):
        for pool in (pooling.max_pool2d, pooling.min_pool2d):
            assert_bits(pool(x, (1, 2)), x[..., :1])
        assert_bits(x[..., :1], F.max_pool2d(tensor(x), (1, 2)))


def test_dilated_window_over_padding_alone_has_a_value_but_no_index():
    x, window = row(5.0), ((1, 2), 1, (0, 1), (1, 2))
    assert pooling.max_pool2d(x, *window).tolist() == [[[-INF]]]
    for call in (
        lambda: pooling.max_pool2d(x, *window, return_indices=True),
        lambda: pooling.max_pool2d_backward(row(1.0), x, *window),
    ):
        with pytest.raises(ValueError, match=r"dilation \(1, 2\).*reads padding alone"):
            call()


def test_empty_batch_passes_through_everything():
    x = np.zeros((0, 2, 4, 4))
    for name, arguments in {
        "max_pool2d": {"kernel_size": 2},
        "min_pool2d": {"kernel_size": 2},
        "avg_pool2d": {"kernel_size": 2},
        "lp_pool2d": {"norm_type": 2, "kernel_size": 2},
        "adaptive_max_pool2d": {"output_size": 2},
        "adaptive_avg_pool2d": {"output_size": 2},
        "spatial_pyramid_pool2d": {"levels": [2]},
    }.items():
        y = getattr(pooling, name)(x, **arguments)
        assert y.shape in [(0, 2, 2, 2), (0, 8)]
        assert getattr(pooling, f"{name}_backward")(y, x, **arguments).shape == x.shape
    grads = pooling.conv2d_backward(np.zeros((0, 3, 3, 3)), x, np.ones((3, 2, 2, 2)))
    assert [g.shape for g in grads] == [x.shape, (3, 2, 2, 2), (3,)]


@pytest.mark.parametrize("x", [row(-128, 5, dtype="int8"), row(0, 5, dtype="uint8")])
def test_min_is_not_minus_max_of_minus_for_integers(x):
    assert (-pooling.max_pool2d(-x, (1, 2))).item() == 5
    assert pooling.min_pool2d(x, (1, 2)).item() == x.min()


def test_lp_is_the_root_of_a_sum():
    assert pooling.lp_pool2d(row(3, 4), 2, (1, 2)).item() == 5


def test_lp_takes_no_absolute_value():
    x = row(-3, 1)
    assert pooling.lp_pool2d(x, 1, (1, 2)).item() == -2 == F.lp_pool2d(tensor(x), 1, (1, 2)).item()
    assert np.isnan(pooling.lp_pool2d(x, 3, (1, 2)).item())
    assert np.isnan(F.lp_pool2d(tensor(x), 3, (1, 2)).item())


def test_lp_of_power_50_does_not_overflow():
    x = row(10, 20, dtype="float32")
    np.testing.assert_allclose(pooling.lp_pool2d(x, 50, (1, 2)), [[[20]]], rtol=1e-6)
    assert np.isinf(F.lp_pool2d(tensor(x), 50, (1, 2)).item())


def test_lp_scales_up_a_window_that_overhangs():
    x = row(3, 3, 5)
    got = pooling.lp_pool2d(x, 2, (1, 2), ceil_mode=True)
    np.testing.assert_allclose(got, [[[18**0.5, 50**0.5]]])
    np.testing.assert_allclose(got, F.lp_pool2d(tensor(x), 2, (1, 2), ceil_mode=True))


def test_lp_of_zeros_sends_no_gradient():
    got = pooling.lp_pool2d_backward(row(1), row(0, 0), 2, (1, 2))
    assert got.tolist() == [[[0, 0]]]


@pytest.mark.parametrize("n", [4, 5])
def test_unpool_of_4_and_5_needs_the_output_size(n):
    x = np.arange(n * n, dtype=float).reshape(1, n, n)
    values, indices = pooling.max_pool2d(x, 2, return_indices=True)
    assert values.shape == (1, 2, 2)
    got = pooling.max_unpool2d(values, indices, 2, output_size=(n, n))
    assert_bits(got, np.where(np.isin(x, values), x, 0))
    assert_bits(pooling.max_unpool2d(values, indices, 2, output_size=(1, n, n)), got)
    if n == 5:
        with pytest.raises(ValueError, match=r"indices must lie in 0 .. 15 .* got 16"):
            pooling.max_unpool2d(values, indices, 2)


def test_unpool_without_the_output_size_can_be_silently_wrong():
    x = np.zeros((1, 5, 5))
    x[0, 1, 1] = 9
    values, indices = pooling.max_pool2d(x, 2, return_indices=True)
    indices[indices > 15] = 0
    assert np.argwhere(pooling.max_unpool2d(values, indices, 2)[0] == 9).tolist() == [[1, 2]]


def test_unpool_keeps_the_last_of_two_values_with_one_index():
    x, indices = row(5, 7), row(1, 1, dtype="int64")
    assert pooling.max_unpool2d(x, indices, (1, 2)).tolist() == [[[0, 7, 0, 0]]]
    grad = row(1, 2, 3, 4)
    assert pooling.max_unpool2d_backward(grad, x, indices, (1, 2)).tolist() == [[[2, 2]]]


@pytest.mark.parametrize("stride", [2, 3, (3, 2)])
def test_conv_stride_is_subsampling(stride):
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 3, 11, 9)), rng.standard_normal((4, 3, 3, 2))
    down, right = np.broadcast_to(stride, 2)
    dense = pooling.conv2d(x, weight, padding=1, dilation=2)
    got = pooling.conv2d(x, weight, None, stride, 1, 2)
    np.testing.assert_allclose(got, dense[..., ::down, ::right], rtol=1e-12)


def test_conv_does_not_flip_its_kernel():
    impulse = np.zeros((1, 3, 3))
    impulse[0, 1, 1] = 1
    weight = np.arange(9.0).reshape(1, 1, 3, 3)
    got = pooling.conv2d(impulse, weight, padding=1)
    assert_bits(got, weight[0, :, ::-1, ::-1])


def test_average_pooling_is_a_convolution():
    x = np.random.default_rng(0).standard_normal((1, 7, 7))
    conv = pooling.conv2d(x, np.full((1, 1, 3, 3), 1 / 9), stride=2)
    np.testing.assert_allclose(pooling.avg_pool2d(x, 3, 2), conv, rtol=1e-12)


def test_max_pools_compose_and_averages_do_not():
    x = np.random.default_rng(0).standard_normal((1, 20, 20))

    def same(pool, k, x):
        return pool(x, k, 1, k // 2)

    five = same(pooling.max_pool2d, 5, x)
    nine = same(pooling.max_pool2d, 5, five)
    assert_bits(nine, same(pooling.max_pool2d, 9, x))
    assert_bits(same(pooling.max_pool2d, 5, nine), same(pooling.max_pool2d, 13, x))
    twice = same(pooling.avg_pool2d, 5, same(pooling.avg_pool2d, 5, x))
    assert abs(twice - same(pooling.avg_pool2d, 9, x)).max() > 0.01


def test_pooling_is_not_translation_invariant():
    x = row(0, 0, 1, 1, 0, 0, 1, 1)
    assert pooling.max_pool2d(x, (1, 2)).tolist() == [[[0, 1, 0, 1]]]
    assert pooling.max_pool2d(np.roll(x, 1), (1, 2)).tolist() == [[[1, 1, 1, 1]]]


def test_pyramid_adds_the_gradients_of_all_levels_and_orders_its_bins():
    x = np.arange(32.0).reshape(2, 4, 4)
    y = pooling.spatial_pyramid_pool2d(x, (2, 1))
    assert y.tolist() == [5, 7, 13, 15, 21, 23, 29, 31, 15, 31]
    got = pooling.spatial_pyramid_pool2d_backward(np.arange(1.0, 11), x, (2, 1))
    assert got[:, 3, 3].tolist() == [4 + 9, 8 + 10] and got.sum() == 55


def test_pyramid_of_any_size_has_one_length():
    lengths = {
        pooling.spatial_pyramid_pool2d(np.zeros((256, h, w), "float32"), (4, 2, 1)).shape
        for h, w in [(13, 13), (10, 17), (3, 2)]
    }
    assert lengths == {(21 * 256,)}


def test_loops_know_the_same_rules():
    assert set(RULES) == {"adaptive", "paper", "symmetric", "rounded", "stretched", "fixed"}
    values, indices = loops.max_pool(PLANE[0], (3, 3), (2, 2), (1, 1), (1, 1), False)
    assert indices.tolist() == [[6, 8, 9], [16, 18, 19], [21, 23, 24]]
