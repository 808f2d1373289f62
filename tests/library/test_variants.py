"""Mixed, soft, stochastic and fractional pooling: against torch, formulas, loops and chance."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from problems import (
    EVERY,
    FINITE,
    FLOATS,
    assert_bits,
    assert_close,
    gradients,
    images,
    ints,
    outcome,
    planes,
    refused,
    share,
    sizes,
    tensor,
    windows,
)
from torch.nn import functional as F

import pooling
from pooling import loops

few = share(0.3)
SOME = ("normal", "ties")
KERNEL = {"kernel_size": ints(2, 1, 4), "stride": st.none() | ints(2, 1, 3)}
ONE = {"kernel_size": (1, 3)}


def unfolded(x, kernel_size, stride):
    """Let torch lay out each window's cells along an axis of their own."""
    stacked = x if x.ndim == 4 else x[None]
    stride = kernel_size if stride is None else stride
    columns = F.unfold(stacked, kernel_size, stride=stride)
    return columns.reshape(*stacked.shape[:2], -1, columns.shape[-1])


def spelled(x, kernel_size, stride):
    k = tuple(np.broadcast_to(kernel_size, 2).tolist())
    return k, k if stride is None else tuple(np.broadcast_to(stride, 2).tolist())


@few
@given(x=images(2, FLOATS, EVERY), window=windows(2), alpha=st.sampled_from([0, 1, 0.0, 1.0]))
def test_mixed_pool_is_max_or_average_to_the_bit_at_its_ends(x, window, alpha):
    window = {k: v for k, v in window.items() if k != "ceil_mode"}
    name = "max_pool2d" if alpha else "avg_pool2d"
    expected = outcome(getattr(pooling, name), x, **window)
    ours = outcome(pooling.mixed_pool2d, x, **window, alpha=alpha)
    assert refused(ours) == refused(expected)
    assume(not refused(ours))
    assert_bits(ours, expected)
    grad = gradients(ours)
    got = pooling.mixed_pool2d_backward(grad, x, **window, alpha=alpha)
    assert_bits(got, getattr(pooling, f"{name}_backward")(grad, x, **window))


@given(x=images(2, FLOATS, FINITE), window=windows(2, wrong=False), alpha=st.floats(0, 1))
def test_mixed_pool_equals_torch(x, window, alpha):
    window = {k: v for k, v in window.items() if k != "ceil_mode"}
    ours = outcome(pooling.mixed_pool2d, x, **window, alpha=alpha)
    assume(not refused(ours))
    leaf = tensor(x, requires_grad=True)
    theirs = alpha * F.max_pool2d(leaf, **window) + (1 - alpha) * F.avg_pool2d(leaf, **window)
    assert_close(ours, theirs.detach())
    grad = gradients(ours)
    theirs.backward(tensor(grad))
    assert_close(pooling.mixed_pool2d_backward(grad, x, **window, alpha=alpha), leaf.grad)


def test_mixed_pool_spreads_no_nan_from_a_part_that_is_left_out():
    x = np.array([[[np.inf, -np.inf, 1.0]]])
    assert pooling.mixed_pool2d(x, (1, 3), alpha=1).item() == np.inf
    assert np.isnan(pooling.mixed_pool2d(x, (1, 3))).all()


@given(x=images(2, FLOATS, FINITE), **KERNEL, beta=st.sampled_from([0, 1, 1.0, -2, 0.5, 30.0]))
def test_soft_pool_equals_torch_autograd_of_the_plain_formula(x, kernel_size, stride, beta):
    ours = outcome(pooling.soft_pool2d, x, kernel_size, stride, beta)
    assume(not refused(ours) and x.size)
    leaf = tensor(x.astype(float), requires_grad=True)
    cells = unfolded(leaf, kernel_size, stride)
    powers = torch.exp(beta * cells)
    theirs = ((cells * powers).sum(2) / powers.sum(2)).reshape(ours.shape)
    assert_close(ours, theirs.detach().numpy().astype(x.dtype))
    grad = gradients(ours)
    theirs.backward(tensor(grad.astype(float)))
    got = pooling.soft_pool2d_backward(grad, x, kernel_size, stride, beta)
    assert_close(got, leaf.grad.numpy().astype(x.dtype), 1e-4 if x.dtype == np.float32 else 1e-10)


@few
@given(x=images(2, FLOATS, SOME, largest=6), **KERNEL, beta=st.sampled_from([0, 1, -2, 0.5]))
def test_soft_pool_equals_the_loops(x, kernel_size, stride, beta):
    ours = outcome(pooling.soft_pool2d, x, kernel_size, stride, beta)
    assume(not refused(ours) and x.size)
    window = (*spelled(x, kernel_size, stride), lambda v: np.exp(beta * v))
    (expected,) = planes(lambda plane: loops.weighted_pool(plane, *window), x, 2)
    assert_close(ours, expected.astype(x.dtype))


@few
@given(x=images(2, FLOATS, SOME), **KERNEL)
def test_soft_pool_runs_from_minimum_through_average_to_maximum(x, kernel_size, stride):
    average = outcome(pooling.avg_pool2d, x, kernel_size, stride)
    assume(not refused(average))
    assert_close(pooling.soft_pool2d(x, kernel_size, stride, 0), average)
    near = pooling.soft_pool2d(x, kernel_size, stride, 1e-9)
    np.testing.assert_allclose(near, average, rtol=1e-5, atol=1e-6)
    maximum = pooling.max_pool2d(x, kernel_size, stride)
    assert_close(pooling.soft_pool2d(x, kernel_size, stride, 1e12), maximum)
    minimum = pooling.min_pool2d(x, kernel_size, stride)
    assert_close(pooling.soft_pool2d(x, kernel_size, stride, -1e12), minimum)


def test_soft_pool_does_not_overflow():
    for shift in (1e4, -1e4, 1e30):
        x = np.array([[[shift, shift, shift]]])
        assert pooling.soft_pool2d(x, **ONE).item() == pytest.approx(shift, rel=1e-15)
        slopes = pooling.soft_pool2d_backward([[[1.0]]], x, **ONE)
        np.testing.assert_allclose(slopes, 1 / 3)
    assert pooling.soft_pool2d([[[1e308, -1e308]]], (1, 2), beta=1e9).item() == 1e308
    x = np.array([[[1000.0, 1001.0]]])
    expected = pooling.soft_pool2d(x - 1000, (1, 2)) + 1000
    np.testing.assert_allclose(pooling.soft_pool2d(x, (1, 2)), expected, rtol=1e-15)


def test_soft_pool_of_infinities_and_nan():
    inf, nan = np.inf, np.nan
    for cells, beta, expected in [
        ([-inf, 1, 1], 1, 1), ([inf, 1, 1], -1, 1), ([-inf, 1, 1], 0, nan), ([inf, 1, 1], 1, nan),
        ([-inf, -inf, -inf], 1, nan), ([nan, 1, 1], 1, nan), ([-inf, nan, 1], 1, nan),
    ]:  # fmt: skip
        x = np.array([[cells]])
        np.testing.assert_array_equal(pooling.soft_pool2d(x, **ONE, beta=beta), [[[expected]]])
        slopes = pooling.soft_pool2d_backward([[[1.0]]], x, **ONE, beta=beta)
        assert np.isfinite(slopes).all() == np.isfinite(expected)


def test_a_soft_pool_can_push_a_cell_down():
    slopes = pooling.soft_pool2d_backward([[[1.0]]], np.array([[[0.0, 5.0]]]), (1, 2))
    assert slopes[0, 0, 0] < 0 and slopes.sum() == pytest.approx(1)


@few
@given(x=images(2, FLOATS, SOME), **KERNEL)
def test_stochastic_pool_at_test_time_equals_torch_and_the_loops(x, kernel_size, stride):
    x = abs(x)
    ours = outcome(pooling.stochastic_pool2d, x, kernel_size, stride)
    assume(not refused(ours) and x.size)
    window = (*spelled(x, kernel_size, stride), lambda v: v)
    (expected,) = planes(lambda plane: loops.weighted_pool(plane, *window), x, 2)
    assert_close(ours, expected.astype(x.dtype))
    leaf = tensor(x.astype(float), requires_grad=True)
    cells = unfolded(leaf, kernel_size, stride)
    sums = cells.sum(2)
    theirs = ((cells**2).sum(2) / torch.where(sums > 0, sums, torch.inf)).reshape(ours.shape)
    grad = gradients(ours)
    theirs.backward(tensor(grad.astype(float)))
    got = pooling.stochastic_pool2d_backward(grad, x, kernel_size, stride)
    assert_close(got, leaf.grad.numpy().astype(x.dtype), 1e-4 if x.dtype == np.float32 else 1e-10)


@few
@given(x=images(2, FLOATS, SOME), **KERNEL, seed=st.integers(0, 99))
def test_every_draw_is_a_cell_of_its_window_and_never_a_zero_among_others(
    x, kernel_size, stride, seed
):
    x = np.maximum(x, 0)
    arguments = (x, kernel_size, stride)
    drawn = outcome(pooling.stochastic_pool2d, *arguments, np.random.default_rng(seed), True)
    assume(not refused(drawn) and x.size)
    y, indices = drawn
    flat = x.reshape(*x.shape[:-2], -1)
    picked = np.take_along_axis(flat, indices.reshape(*x.shape[:-2], -1), axis=-1)
    assert_bits(y, picked.reshape(y.shape))
    np.testing.assert_array_equal(y > 0, pooling.max_pool2d(x, kernel_size, stride) > 0)
    again = pooling.stochastic_pool2d(*arguments, rng=np.random.default_rng(seed))
    assert_bits(again, y)
    k, s = spelled(x, kernel_size, stride)
    rows, columns = indices // x.shape[-1], indices % x.shape[-1]
    for place, size, step, axis in ((rows, k[0], s[0], -2), (columns, k[1], s[1], -1)):
        starts = np.arange(y.shape[axis]).reshape((-1, 1) if axis == -2 else (1, -1)) * step
        assert ((place >= starts) & (place < starts + size)).all()
    grad = gradients(y)
    got = pooling.stochastic_pool2d_backward(grad, x, kernel_size, stride, indices)
    (expected,) = planes(lambda g, i: loops.index_backward(g, i, x.shape[-2:]), grad, 2, indices)
    assert_bits(got, expected)


def draws(cells, count=40_000, dtype=float):
    """Pool the same window many times at once; count how often each cell is drawn."""
    x = np.tile(np.array(cells, dtype=dtype), (1, count, 1))
    rng = np.random.default_rng(0)
    y, indices = pooling.stochastic_pool2d(x, (1, len(cells)), rng=rng, return_indices=True)
    return y, np.bincount(indices.ravel() % len(cells), minlength=len(cells))


@pytest.mark.parametrize("cells", [[1, 2, 3, 4], [0, 5, 0, 1], [1e-300, 3e-300], [1e308, 1e308, 0]])
def test_cells_are_drawn_in_proportion_to_their_values(cells):
    y, counts = draws(cells)
    p = np.array(cells) / max(cells)
    p /= p.sum()
    sigma = np.sqrt(counts.sum() * p * (1 - p))
    assert (abs(counts - counts.sum() * p) <= 5 * sigma).all()
    mean = pooling.stochastic_pool2d(np.array([[cells]], float), (1, len(cells))).item()
    spread = np.sqrt((p * (np.array(cells) / mean - 1) ** 2).sum() / counts.sum())
    assert abs((y / mean).mean() - 1) <= 5 * spread + 1e-12


def test_draws_of_different_windows_are_independent():
    rng = np.random.default_rng(0)
    x = np.ones((1, 2, 40_000))
    x[0, 1] = 3
    _, indices = pooling.stochastic_pool2d(x, (2, 1), rng=rng, return_indices=True)
    bottom = indices[0, 0] >= 40_000
    together = np.mean(bottom[:-1] & bottom[1:])
    assert abs(bottom.mean() - 3 / 4) < 0.011 and abs(together - 9 / 16) < 0.015


def test_a_window_of_zeros_gives_zero_and_favors_no_cell():
    y, counts = draws([0, 0, 0, 0])
    assert not y.any()
    assert (abs(counts - 10_000) <= 5 * np.sqrt(40_000 * 3 / 16)).all()
    assert pooling.stochastic_pool2d(np.zeros((1, 1, 4)), (1, 4)).item() == 0
    assert not pooling.stochastic_pool2d_backward([[[1.0]]], np.zeros((1, 1, 4)), (1, 4)).any()


@st.composite
def fractions(draw, dtypes=("float16", *FLOATS), palettes=EVERY):
    x = draw(images(2, dtypes, palettes, largest=9))
    k, o = draw(sizes(2, 3)), draw(sizes(2, 6))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    samples = rng.random((*(x.shape[:-2] if x.ndim == 4 else (1, len(x))), 2))
    samples = samples * draw(st.sampled_from([1, 1, 0]))
    return x, k, o, samples.astype(x.dtype)


@given(problem=fractions())
def test_fractional_max_pool_equals_torch_to_the_bit(problem):
    x, k, o, samples = problem
    assume((samples < 1).all())
    ours = outcome(pooling.fractional_max_pool2d, x, k, o, samples, return_indices=True)
    leaf = tensor(x, requires_grad=True)
    theirs = outcome(
        F.fractional_max_pool2d, leaf, k, o, errors=(RuntimeError,), return_indices=True,
        _random_samples=tensor(samples),
    )  # fmt: skip
    assume(len(x))
    assert refused(ours) == refused(theirs), f"ours: {ours!r}, torch: {theirs!r}"
    assume(not refused(ours))
    assert_bits(ours[0], theirs[0].detach())
    assert_bits(ours[1], theirs[1])
    assert_bits(pooling.fractional_max_pool2d(x, k, o, samples), ours[0])
    if x.dtype == np.float16:
        return
    grad = gradients(ours[0])
    theirs[0].backward(tensor(grad))
    got = pooling.fractional_max_pool2d_backward(grad, x, k, o, samples)
    assert_bits(got + 0.0, leaf.grad.numpy() + 0.0)


@few
@given(problem=fractions(("float64",)))
def test_fractional_max_pool_equals_the_loops(problem):
    x, k, o, samples = problem
    ours = outcome(pooling.fractional_max_pool2d, x, k, o, samples, return_indices=True)
    assume(not refused(ours) and x.size)
    (expected, indices) = zip(
        *(
            loops.fractional_max_pool(plane, k, o, u)
            for plane, u in zip(x.reshape(-1, *x.shape[-2:]), samples.reshape(-1, 2), strict=True)
        ),
        strict=True,
    )
    assert_bits(ours[0], np.reshape(expected, ours[0].shape))
    assert_bits(ours[1], np.reshape(indices, ours[1].shape))


def test_the_first_sample_belongs_to_the_width_and_each_plane_has_its_own():
    x = np.tile(np.arange(10.0), (1, 2, 10, 1))
    samples = np.array([[[0.0, 0.4], [0.4, 0.0]]])
    out = pooling.fractional_max_pool2d(x, 1, (3, 3), samples)
    assert out[0, :, 0].tolist() == [[0, 4, 9], [0, 5, 9]]
    theirs = F.fractional_max_pool2d(tensor(x), 1, (3, 3), _random_samples=tensor(samples))
    assert_bits(out, theirs)
