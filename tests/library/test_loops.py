"""Every fast function against its definition in plain loops, on small input."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from problems import (
    EVERY,
    FLOATS,
    INTEGERS,
    assert_bits,
    assert_close,
    averages,
    gradients,
    images,
    ints,
    outcome,
    per_axis,
    planes,
    refused,
    share,
    sizes,
    windows,
)

import pooling
from pooling import loops
from pooling.bins import RULES

few = share(0.3)


def spelled(window, ndim, *names):
    full = per_axis(window, ndim)
    return [full[name] for name in ("kernel_size", "stride", "padding", *names)]


@pytest.mark.parametrize("name", ["max_pool1d", "max_pool2d", "max_pool3d", "min_pool2d"])
@few
@given(data=st.data())
def test_extremes_equal_the_loops(name, data):
    ndim = int(name[-2])
    x = data.draw(images(ndim, (*FLOATS, *INTEGERS), EVERY, largest=5 if ndim < 3 else 3))
    window = data.draw(windows(ndim, dilation=True, wrong=False))
    result = outcome(getattr(pooling, name), x, **window, return_indices=True)
    assume(not refused(result) and x.size)
    loop, arguments = getattr(loops, name[:8]), spelled(window, ndim, "dilation", "ceil_mode")
    values, indices = planes(lambda plane: loop(plane, *arguments), x, ndim)
    assert_bits(result[0], values)
    assert_bits(result[1], indices)
    assert_bits(getattr(pooling, name)(x, **window), values)
    grad = gradients(values)
    (expected,) = planes(
        lambda g, i: loops.index_backward(g, i, x.shape[-ndim:]), grad, ndim, indices
    )
    assert_bits(getattr(pooling, f"{name}_backward")(grad, x, **window), expected)


@pytest.mark.parametrize("ndim", [1, 2, 3])
@few
@given(data=st.data())
def test_averages_equal_the_loops(ndim, data):
    x = data.draw(images(ndim, FLOATS, ("normal", "ties"), largest=5 if ndim < 3 else 3))
    window = data.draw(averages(ndim, wrong=False))
    result = outcome(getattr(pooling, f"avg_pool{ndim}d"), x, **window)
    assume(not refused(result) and x.size)
    full = {"divisor_override": None} | window
    arguments = [
        *spelled(window, ndim, "ceil_mode"), full["count_include_pad"], full["divisor_override"]
    ]  # fmt: skip
    (expected,) = planes(lambda plane: loops.avg_pool(plane, *arguments), x, ndim)
    assert_close(result, expected.astype(x.dtype))
    grad = gradients(result)
    got = getattr(pooling, f"avg_pool{ndim}d_backward")(grad, x, **window)
    blank = np.empty(x.shape[-ndim:])
    (expected,) = planes(lambda g: loops.avg_pool_backward(g, blank, *arguments), grad, ndim)
    assert_close(got, expected.astype(x.dtype))


@few
@given(
    x=images(2, FLOATS, ("normal", "ties"), largest=6),
    p=st.sampled_from([1, 2, 3, 0.5]),
    window=windows(2, padding=False),
)
def test_lp_equals_the_loops(x, p, window):
    x = abs(x)
    result = outcome(pooling.lp_pool2d, x, p, **window)
    assume(not refused(result) and x.size)
    k, s, _, ceil_mode = spelled(window, 2, "ceil_mode")
    (expected,) = planes(lambda plane: loops.lp_pool(plane, p, k, s, ceil_mode), x, 2)
    assert_close(result, expected.astype(x.dtype), 1e-5)


@few
@given(
    x=images(2, (*FLOATS, *INTEGERS), EVERY, largest=7),
    output_size=sizes(2, 5),
    mode=st.sampled_from(["max", "avg"]),
)
def test_adaptive_pools_equal_the_loops(x, output_size, mode):
    assume(x.size and (mode == "max" or (x.dtype.kind == "f" and np.isfinite(x).all())))
    values, indices = planes(
        lambda plane: loops.bin_pool(plane, output_size, mode, "adaptive"), x, 2
    )
    pool = getattr(pooling, f"adaptive_{mode}_pool2d")
    assert_close(pool(x, output_size), values.astype(x.dtype))
    if mode == "avg":
        return
    assert_bits(pool(x, output_size, return_indices=True)[1], indices)
    grad = gradients(values)
    (expected,) = planes(lambda g, i: loops.index_backward(g, i, x.shape[-2:]), grad, 2, indices)
    assert_bits(pooling.adaptive_max_pool2d_backward(grad, x, output_size), expected)


def pyramid_backward(grad, x, levels, mode, rule):
    """Send the gradient of one image's pyramid back, bin by bin."""
    out, entries = np.zeros(x.shape), iter(grad)
    for n in levels:
        for channel in range(len(x)):
            for _, reads in loops.bin_cells(x.shape[1:], (n, n), rule):
                if mode == "max":
                    reads = [loops.extreme_cell(x[channel], reads, np.greater)]
                share = next(entries) / len(reads)
                for cell in reads:
                    out[(channel, *cell)] += share
    return out


@few
@given(
    x=images(2, (*FLOATS, "int16"), ("normal", "ties"), largest=9),
    levels=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    mode=st.sampled_from(["max", "avg"]),
    rule=st.sampled_from(list(RULES)),
)
def test_pyramids_of_every_rule_equal_the_loops(x, levels, mode, rule):
    assume(x.size and (mode == "max" or x.dtype.kind == "f"))
    result = outcome(pooling.spatial_pyramid_pool2d, x, levels, mode, rule)
    cut = [outcome(RULES[rule], a, n) for a in x.shape[-2:] for n in levels]
    whole = all(
        not refused(bins)
        and len(bins[0]) == n
        and (np.minimum(bins[1], a) > np.maximum(bins[0], 0)).all()
        for bins, (a, n) in zip(cut, ((a, n) for a in x.shape[-2:] for n in levels), strict=True)
    )
    assert refused(result) != whole
    assume(whole)
    images_ = x.reshape(-1, *x.shape[-3:])
    expected = [loops.spatial_pyramid_pool(image, levels, mode, rule) for image in images_]
    assert_close(result, np.reshape(expected, (*x.shape[:-3], -1)).astype(x.dtype))
    grad = gradients(result)
    expected = [
        pyramid_backward(g, image, levels, mode, rule)
        for g, image in zip(grad.reshape(len(images_), -1), images_, strict=True)
    ]
    got = pooling.spatial_pyramid_pool2d_backward(grad, x, levels, mode, rule)
    assert_close(got, np.reshape(expected, x.shape).astype(grad.dtype))


@few
@given(x=images(2, (*FLOATS, *INTEGERS), largest=4), seed=st.integers(0, 99))
def test_unpool_equals_the_loops(x, seed):
    assume(x.size)
    plane = tuple(2 * n for n in x.shape[-2:])
    indices = np.random.default_rng(seed).integers(0, np.prod(plane), x.shape)
    (expected,) = planes(lambda v, i: loops.max_unpool(v, i, plane), x, 2, indices)
    assert_bits(pooling.max_unpool2d(x, indices, 2), expected)


@few
@given(
    x=images(2, (*FLOATS, "int32"), ("normal", "ties"), largest=5),
    kernel=sizes(2, 3),
    stride=ints(2, 1, 2),
    padding=ints(2, 0, 2),
    dilation=ints(2, 1, 2),
)
def test_conv2d_equals_the_loops(x, kernel, stride, padding, dilation):
    rng = np.random.default_rng(0)
    weight = rng.integers(-3, 4, (2, x.shape[-3], *kernel)).astype(x.dtype)
    bias = rng.integers(-3, 4, 2).astype(x.dtype)
    result = outcome(pooling.conv2d, x, weight, bias, stride, padding, dilation)
    assume(not refused(result) and x.size)
    full = per_axis({"kernel_size": kernel, "stride": stride, "padding": padding,
                     "dilation": dilation}, 2)  # fmt: skip
    window = [full[name] for name in ("stride", "padding", "dilation")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # integers may overflow: both wrap
        (expected,) = planes(lambda image: loops.conv2d(image, weight, bias, *window), x, 3)
    assert_close(result, expected, 1e-4 if x.dtype == np.float32 else None)
    if x.dtype.kind == "i":
        return
    grad = gradients(result)
    images_ = zip(grad.reshape(-1, *grad.shape[-3:]), x.reshape(-1, *x.shape[-3:]), strict=True)
    parts = zip(*(loops.conv2d_backward(g, i, weight, *window) for g, i in images_), strict=True)
    grad_x, grad_weight, grad_bias = map(np.array, parts)
    expected = grad_x.reshape(x.shape), grad_weight.sum(axis=0), grad_bias.sum(axis=0)
    got = pooling.conv2d_backward(grad, x, weight, stride, padding, dilation)
    for ours, loop in zip(got, expected, strict=True):
        assert_close(ours, loop, 1e-4 if x.dtype == np.float32 else None)
