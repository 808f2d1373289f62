"""Every backward in float64: against central differences, and as the adjoint of its forward."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from problems import FLOATS, averages, images, ints, outcome, refused, windows

import pooling
from pooling.reduce import total, total_backward

IMAGE, LINE, VOLUME = (2, 2, 7, 6), (2, 2, 9), (1, 2, 5, 4, 5)
OVERLAP = {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}
DILATED = OVERLAP | {"dilation": 2, "padding": (0, 1)}

BOXES = np.array([[0, 1, 1, 5.5, 6], [1, -3, 2.2, 4, 9.3], [0, 2, 2, 3, 3]])
SAMPLES = np.random.default_rng(3).random((2, 2, 2))

# name, shape of x, further arguments
CASES = [
    ("max_pool1d", LINE, OVERLAP | {"dilation": 2}),
    ("max_pool2d", IMAGE, OVERLAP),
    ("max_pool2d", IMAGE, DILATED),
    ("max_pool3d", VOLUME, OVERLAP),
    ("min_pool2d", IMAGE, OVERLAP),
    ("min_pool2d", IMAGE, DILATED),
    ("avg_pool1d", LINE, OVERLAP),
    ("avg_pool2d", IMAGE, OVERLAP),
    ("avg_pool2d", IMAGE, OVERLAP | {"count_include_pad": False}),
    ("avg_pool2d", IMAGE, OVERLAP | {"divisor_override": -3}),
    ("avg_pool3d", VOLUME, OVERLAP | {"count_include_pad": False}),
    ("adaptive_max_pool2d", IMAGE, {"output_size": (4, None)}),
    ("adaptive_avg_pool2d", IMAGE, {"output_size": (4, 9)}),
    *[
        ("lp_pool2d", IMAGE, {"norm_type": p, "kernel_size": 3, "stride": 2, "ceil_mode": True})
        for p in (1, 2, 3.5, -1)
    ],
    *[
        ("spatial_pyramid_pool2d", IMAGE, {"levels": levels, "mode": mode, "rule": rule})
        for mode in ("max", "avg")
        for levels, rule in [
            ((3, 2, 1), "adaptive"), ((3, 2, 1), "stretched"), ((2, 3), "rounded"),
            ((2, 1), "paper"), ((2, 2), "symmetric"),
        ]
    ],
    ("roi_pool", IMAGE, {"boxes": BOXES, "output_size": (2, 3)}),
    ("roi_align", IMAGE, {"boxes": BOXES, "output_size": (2, 3)}),
    ("roi_align", IMAGE, {"boxes": BOXES, "output_size": 2, "sampling_ratio": 2, "aligned": True}),
    *[
        ("blur_pool2d", IMAGE, {"kernel_size": k, "padding_mode": mode})
        for k in (3, 4) for mode in ("zeros", "reflect", "replicate", "circular")
    ],
    ("mixed_pool2d", IMAGE, {"kernel_size": 3, "stride": 2, "padding": 1, "alpha": 0.3}),
    ("soft_pool2d", IMAGE, {"kernel_size": 3, "stride": 2}),
    ("soft_pool2d", IMAGE, {"kernel_size": (2, 3), "stride": 1, "beta": -0.7}),
    ("stochastic_pool2d", IMAGE, {"kernel_size": 3, "stride": 2}),
    ("fractional_max_pool2d", IMAGE, {"kernel_size": 2, "output_size": 5, "samples": SAMPLES}),
]  # fmt: skip


def without_ties(shape, seed=0):
    """Positive numbers at least 0.1 apart, so that a small step changes no winner."""
    return 0.1 + np.random.default_rng(seed).permutation(int(np.prod(shape))).reshape(shape) / 10


def slope(function, x, step=1e-4):
    """Differentiate a function of an array by central differences."""
    out = np.empty(x.shape)
    for at in np.ndindex(*x.shape):
        nudge = np.zeros(x.shape)
        nudge[at] = step
        out[at] = (function(x + nudge) - function(x - nudge)) / (2 * step)
    return out


@pytest.mark.parametrize(
    ("name", "shape", "arguments"), CASES, ids=[f"{i}-{case[0]}" for i, case in enumerate(CASES)]
)
def test_backward_equals_central_differences(name, shape, arguments):
    x, forward = without_ties(shape), getattr(pooling, name)
    grad = np.random.default_rng(1).standard_normal(forward(x, **arguments).shape)
    expected = slope(lambda a: np.vdot(grad, forward(a, **arguments)), x)
    got = getattr(pooling, f"{name}_backward")(grad, x, **arguments)
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-7)


def test_conv2d_backward_equals_central_differences():
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 2, 6, 5)), rng.standard_normal((3, 2, 2, 3))
    bias, window = rng.standard_normal(3), ((2, 1), (1, 2), (2, 1))
    grad = rng.standard_normal(pooling.conv2d(x, weight, bias, *window).shape)
    expected = (
        slope(lambda a: np.vdot(grad, pooling.conv2d(a, weight, bias, *window)), x),
        slope(lambda a: np.vdot(grad, pooling.conv2d(x, a, bias, *window)), weight),
        slope(lambda a: np.vdot(grad, pooling.conv2d(x, weight, a, *window)), bias),
    )
    for got, numeric in zip(
        pooling.conv2d_backward(grad, x, weight, *window), expected, strict=True
    ):
        np.testing.assert_allclose(got, numeric, rtol=1e-6, atol=1e-7)


def test_unpool_backward_equals_central_differences():
    x = without_ties((2, 2, 3, 2))
    indices = np.random.default_rng(0).permuted(np.tile(np.arange(24), (2, 2, 1)), axis=-1)
    arguments = (indices[..., :6].reshape(x.shape), 2)
    grad = np.random.default_rng(1).standard_normal((2, 2, 6, 4))
    expected = slope(lambda a: np.vdot(grad, pooling.max_unpool2d(a, *arguments)), x)
    got = pooling.max_unpool2d_backward(grad, x, *arguments)
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-7)


def assert_adjoint(x, forward, backward):
    """Check <g, A x> = <A^T g, x> for a random g."""
    y = outcome(forward, x)
    assume(not refused(y))
    g = np.random.default_rng(1).standard_normal(y.shape)
    np.testing.assert_allclose(np.vdot(g, y), np.vdot(backward(g), x), rtol=1e-9, atol=1e-9)


doubles = {"dtypes": FLOATS[1:], "palettes": ("normal", "ties")}


@pytest.mark.parametrize("ndim", [1, 2, 3])
@given(data=st.data())
def test_average_backward_is_the_adjoint(ndim, data):
    x = data.draw(images(ndim, largest=6, **doubles))
    window = data.draw(averages(ndim, wrong=False))
    pool = getattr(pooling, f"avg_pool{ndim}d")
    back = getattr(pooling, f"avg_pool{ndim}d_backward")
    assert_adjoint(x, lambda a: pool(a, **window), lambda g: back(g, x, **window))


@given(x=images(2, **doubles), output_size=ints(2, 1, 9))
def test_adaptive_average_backward_is_the_adjoint(x, output_size):
    assert_adjoint(
        x,
        lambda a: pooling.adaptive_avg_pool2d(a, output_size),
        lambda g: pooling.adaptive_avg_pool2d_backward(g, x, output_size),
    )


@given(x=images(2, **doubles), window=windows(2, dilation=True, wrong=False))
def test_fold_is_the_adjoint_of_unfold_and_conv2d_backward_of_conv2d(x, window):
    k = window["kernel_size"]
    arguments = (window["dilation"], window["padding"], window["stride"] or 1)
    assert_adjoint(
        x,
        lambda a: pooling.unfold(a, k, *arguments),
        lambda g: pooling.fold(g, x.shape[-2:], k, *arguments),
    )
    weight = np.random.default_rng(2).standard_normal((3, x.shape[-3], *np.broadcast_to(k, 2)))
    arguments = arguments[::-1]
    assert_adjoint(
        x,
        lambda a: pooling.conv2d(a, weight, None, *arguments),
        lambda g: pooling.conv2d_backward(g, x, weight, *arguments)[0],
    )
    assert_adjoint(
        weight,
        lambda w: pooling.conv2d(x, w, None, *arguments),
        lambda g: pooling.conv2d_backward(g, x, weight, *arguments)[1],
    )


@given(table=st.lists(st.lists(st.integers(-2, 8), min_size=3, max_size=3), min_size=1))
def test_total_backward_is_the_adjoint_for_any_table_even_one_that_repeats_cells(table):
    table, x = [np.array(table)], np.arange(1.0, 8.0)
    assert_adjoint(x, lambda a: total(a, table), lambda g: total_backward(g, table, (7,)))
