"""Blur pooling against torch's padding and depthwise convolution, and against the loops."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from problems import (
    FLOATS,
    assert_close,
    gradients,
    images,
    ints,
    outcome,
    planes,
    refused,
    share,
    tensor,
)
from torch.nn import functional as F

import pooling
from pooling import loops
from pooling.blur import MODES

few = share(0.3)
PADDINGS = st.sampled_from(list(MODES))
BLURS = {"kernel_size": st.integers(1, 7), "stride": ints(2, 1, 4), "mode": PADDINGS}


def torch_blur(x, kernel_size, stride, mode):
    """Pad and filter each channel with the weights that numpy.poly1d multiplies out."""
    row = np.poly1d([1, 1]) ** (kernel_size - 1)
    row = torch.tensor(np.atleast_1d(row.coeffs) / 2 ** (kernel_size - 1), dtype=x.dtype)
    before, after = (kernel_size - 1) // 2, kernel_size // 2
    pads = (before, after, before, after)
    images_ = x if x.ndim == 4 else x[None]
    padded = F.pad(images_, pads, "constant" if mode == "zeros" else mode)
    weight = torch.outer(row, row).expand(images_.shape[1], 1, -1, -1)
    out = F.conv2d(padded, weight, stride=stride, groups=images_.shape[1])
    return out if x.ndim == 4 else out[0]


@given(x=images(2, FLOATS, ("normal", "ties")), **BLURS)
def test_blur_pool_equals_torch(x, kernel_size, stride, mode):
    ours = outcome(pooling.blur_pool2d, x, kernel_size, stride, mode)
    assume(len(x))  # Known difference: torch pads no empty batch, we do.
    leaf = tensor(x, requires_grad=True)
    theirs = outcome(torch_blur, leaf, kernel_size, stride, mode, errors=(RuntimeError,))
    assert refused(ours) == refused(theirs), f"ours: {ours!r}, torch: {theirs!r}"
    assume(not refused(ours))
    assert_close(ours, theirs.detach())
    grad = gradients(ours)
    theirs.backward(tensor(grad))
    got = pooling.blur_pool2d_backward(grad, x, kernel_size, stride, mode)
    assert_close(got, leaf.grad)


@few
@given(x=images(2, FLOATS, ("normal", "ties")), **BLURS)
def test_blur_pool_equals_the_loops_and_its_backward_is_the_adjoint(x, kernel_size, stride, mode):
    y = outcome(pooling.blur_pool2d, x, kernel_size, stride, mode)
    assume(not refused(y) and x.size)
    steps = (stride, stride) if isinstance(stride, int) else stride
    (expected,) = planes(lambda plane: loops.blur_pool(plane, kernel_size, steps, mode), x, 2)
    assert_close(y, expected.astype(x.dtype))
    g = np.random.default_rng(1).standard_normal(y.shape)
    back = pooling.blur_pool2d_backward(g, x, kernel_size, stride, mode)
    tolerance = 1e-4 if x.dtype == np.float32 else 1e-9
    np.testing.assert_allclose(np.vdot(g, y), np.vdot(back, x), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("kernel_size", "row"),
    [(1, [1]), (2, [1, 1]), (3, [1, 2, 1]), (4, [1, 3, 3, 1]), (5, [1, 4, 6, 4, 1])],
)
def test_weights_are_a_row_of_pascals_triangle(kernel_size, row):
    np.testing.assert_array_equal(pooling.binomial(kernel_size), np.divide(row, np.sum(row)))


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 5])
def test_the_output_has_every_stride_th_cell_and_a_constant_stays(n, stride, kernel_size):
    x = np.full((1, n, n + 1), 3.0)
    out = pooling.blur_pool2d(x, kernel_size, stride, "replicate")
    assert out.shape == (1, -(-n // stride), -(-(n + 1) // stride))
    np.testing.assert_array_equal(out, 3.0)


def test_a_kernel_of_one_cell_only_subsamples():
    x = np.random.default_rng(0).standard_normal((2, 3, 7, 8))
    np.testing.assert_array_equal(pooling.blur_pool2d(x, 1, (2, 3)), x[..., ::2, ::3])


def test_strides_subsample_the_dense_blur():
    x = np.random.default_rng(0).standard_normal((2, 7, 8))
    dense = pooling.blur_pool2d(x, 4, 1)
    assert_close(pooling.blur_pool2d(x, 4, (2, 3)), dense[:, ::2, ::3])


def test_circular_padding_commutes_with_shifts_by_the_stride():
    x = np.random.default_rng(0).standard_normal((1, 8, 12))
    out = pooling.blur_pool2d(x, 3, 2, "circular")
    moved = pooling.blur_pool2d(np.roll(x, (2, 4), (1, 2)), 3, 2, "circular")
    np.testing.assert_array_equal(moved, np.roll(out, (1, 2), (1, 2)))


def test_the_checkerboard_that_subsampling_turns_white_is_blurred_to_gray():
    x = np.indices((1, 8, 8)).sum(axis=0) % 2.0
    np.testing.assert_array_equal(pooling.blur_pool2d(x, 1), np.zeros((1, 4, 4)))
    np.testing.assert_array_equal(pooling.blur_pool2d(x, 3), np.full((1, 4, 4), 0.5))


def test_nan_and_infinity_reach_only_the_windows_that_read_them():
    x = np.zeros((1, 9, 9))
    x[0, 4, 4], x[0, 0, 8] = np.nan, np.inf
    out = pooling.blur_pool2d(x, 3, 2, "zeros")[0]
    assert np.argwhere(np.isnan(out)).tolist() == [[2, 2]]
    assert np.argwhere(np.isinf(out)).tolist() == [[0, 4]]
