"""Bad input is refused with the argument's name, its value and the rule; good input is kept."""

import re

import numpy as np
import pytest

import pooling
from pooling import bins

X, LINE, VOLUME = np.zeros((2, 3, 6, 6)), np.zeros((2, 3, 6)), np.zeros((2, 3, 4, 4, 4))
HALF = np.ones((2, 3, 3, 3))
ONES = HALF.astype(int)
WEIGHT = np.ones((4, 3, 2, 2))
BOXES = np.array([[0, 0.5, 0, 4, 3], [1, 1, 1, 5, 9]])
SAMPLES = np.zeros((2, 3, 2))
DICE = np.random.default_rng(0)
NEGATIVE, ENDLESS = X.copy(), X.copy()
NEGATIVE[1, 2, 3, 4], ENDLESS[1, 2, 3, 4] = -0.5, np.inf
SPATIAL = {1: LINE, 2: X, 3: VOLUME}

WINDOWED = [
    *[(f"{kind}_pool{n}d", SPATIAL[n], ()) for kind in ("max", "avg") for n in (1, 2, 3)],
    ("min_pool2d", X, ()),
    ("lp_pool2d", X, (2,)),
    *[(f"{kind}_pool2d", X, ()) for kind in ("mixed", "soft", "stochastic")],
]
WINDOW_ERRORS = [
    ({"kernel_size": 0}, ValueError, "kernel_size must be at least 1, got 0"),
    ({"kernel_size": -2}, ValueError, "kernel_size must be at least 1, got -2"),
    ({"kernel_size": 2.0}, TypeError, "kernel_size must be an int.*got 2.0"),
    ({"kernel_size": True}, TypeError, "kernel_size must be an int.*got True"),
    ({"kernel_size": "2"}, TypeError, "kernel_size must be an int.*got '2'"),
    ({"kernel_size": None}, TypeError, "kernel_size must be an int.*got None"),
    ({"kernel_size": (1, 1, 1, 1)}, ValueError, r"kernel_size .* got \(1, 1, 1, 1\)"),
    ({"kernel_size": ()}, ValueError, r"kernel_size .* got \(\)"),
    ({"kernel_size": 7}, ValueError, "kernel_size 7 .* output would be empty"),
    ({"kernel_size": 2, "stride": 0}, ValueError, "stride must be at least 1, got 0"),
    ({"kernel_size": 2, "stride": 1.5}, TypeError, "stride must be an int.*got 1.5"),
    ({"kernel_size": 2, "padding": 2}, ValueError, "padding .*half of kernel_size, got padding=2"),
    ({"kernel_size": 3, "padding": -1}, ValueError, "padding must be at least 0, got -1"),
    ({"kernel_size": 3, "padding": 0.5}, TypeError, "padding must be an int.*got 0.5"),
    ({"kernel_size": 2, "dilation": 0}, ValueError, "dilation must be at least 1, got 0"),
    ({"kernel_size": 2, "dilation": "a"}, TypeError, "dilation must be an int.*got 'a'"),
    ({"kernel_size": 2, "divisor_override": 0}, ValueError, "divisor_override .*got 0"),
    ({"kernel_size": 2, "divisor_override": 1.5}, TypeError, "divisor_override .*got 1.5"),
]
LACKS = {
    "max": {"divisor_override"},
    "min": {"divisor_override"},
    "avg": {"dilation"},
    "lp_": {"padding", "dilation", "divisor_override"},
    "mix": {"dilation", "divisor_override"},
    "sof": {"padding", "dilation", "divisor_override"},
    "sto": {"padding", "dilation", "divisor_override"},
}


def takes(name, arguments):
    lacks = LACKS[name[:3]] | ({"divisor_override"} if name == "avg_pool1d" else set())
    return not lacks & set(arguments)


CALLS = [
    (name, (x, *first), window, error, says)
    for name, x, first in WINDOWED
    for window, error, says in WINDOW_ERRORS
    if takes(name, window)
]
for name, x, first in WINDOWED:
    window = {"kernel_size": 2}
    for bad in (x[0, 0], x[None]):
        CALLS.append((name, (bad, *first), window, ValueError, rf"x .*{bad.ndim} axes"))
    for dtype in ("bool", "complex64", "object", "U3"):
        says = f"x must have a floating.* dtype.*, got {np.dtype(dtype)}"
        CALLS.append((name, (x.astype(dtype), *first), window, TypeError, says))
    for axis in range(1, x.ndim):
        shape = [*x.shape]
        shape[axis] = 0
        says = rf"x may be empty along N only, got shape {re.escape(str(tuple(shape)))}"
        CALLS.append((name, (np.zeros(shape), *first), window, ValueError, says))

# name, positional arguments, keyword arguments, exception, what it says
CALLS += [
    *[
        ("lp_pool2d", (X, p, 2), {}, error, f"norm_type must be .*got {p!r}")
        for p, error in [(0, ValueError), (0.0, ValueError), (np.inf, ValueError),
                         (-np.inf, ValueError), (np.nan, ValueError), ("2", TypeError),
                         (None, TypeError), (True, TypeError), (2j, TypeError)]
    ],
    ("max_pool2d", ([[[1, 2], [3]]], 1), {}, ValueError, "x must be an array or lists of equal"),
    ("lp_pool2d", (X.astype("int64"), 2, 2), {}, TypeError, "x must have .*floating.* int64"),
    ("avg_pool2d", (X.astype("int8"), 2), {}, TypeError, "x must have .* int64, got int8"),
    *[
        (f"adaptive_{mode}_pool2d", (X, size), {}, error, f"output_size .*{re.escape(says)}")
        for mode in ("max", "avg")
        for size, error, says in [
            (0, ValueError, "0"), ((2, -1), ValueError, "-1"), (1.5, TypeError, "1.5"),
            ((1, 2, 3), ValueError, "(1, 2, 3)"), ("a", TypeError, "'a'"), (True, TypeError, "True")
        ]
    ],
    ("adaptive_avg_pool2d", (X.astype(int), 2), {}, TypeError, "x must have a floating.* int64"),
    ("adaptive_max_pool2d", (X.astype(bool), 2), {}, TypeError, "x must have .* got bool"),
    ("adaptive_max_pool2d", (X[0, 0], 2), {}, ValueError, "x must have shape .* 2 axes"),
    ("spatial_pyramid_pool2d", (X, []), {}, ValueError, r"levels must be .*at least one, got \[\]"),
    ("spatial_pyramid_pool2d", (X, [2, 0]), {}, ValueError, r"levels must be .* \(2, 0\)"),
    ("spatial_pyramid_pool2d", (X, [2.0]), {}, TypeError, r"levels must be .* \(2.0,\)"),
    ("spatial_pyramid_pool2d", (X, 3), {}, ValueError, "levels must be a sequence of ints.*got 3"),
    ("spatial_pyramid_pool2d", (X, [2], "mean"), {}, ValueError, "mode must be .*got 'mean'"),
    ("spatial_pyramid_pool2d", (X, [2], "max", "text"), {}, ValueError, "rule must be .*'text'"),
    ("spatial_pyramid_pool2d", (X, [7], "max", "paper"), {}, ValueError, "at least n=7, got 6"),
    ("spatial_pyramid_pool2d", (X, [4], "max", "paper"), {}, ValueError, "'paper' cuts 6 .*5 bins"),
    ("spatial_pyramid_pool2d", (X, [7], "max", "rounded"), {}, ValueError, "'rounded' leaves a"),
    ("spatial_pyramid_pool2d", (X.astype(int), [2], "avg"), {}, TypeError, "x must have .*int64"),
    ("spatial_pyramid_pool2d", (X[0, 0], [2]), {}, ValueError, "x must have shape .* 2 axes"),
    ("conv2d", (X, WEIGHT[:, :2]), {}, ValueError, "weight must have x's 3 channels .*4, 2, 2, 2"),
    ("conv2d", (X, WEIGHT[0]), {}, ValueError, r"weight must have shape .*\(3, 2, 2\)"),
    ("conv2d", (X, WEIGHT[:0]), {}, ValueError, r"weight must have shape .*\(0, 3, 2, 2\)"),
    ("conv2d", (X, WEIGHT.astype("f4")), {}, TypeError, "weight must have .*float64, got float32"),
    ("conv2d", (X, WEIGHT, np.ones(3)), {}, ValueError, r"bias must have shape \(4,\).*\(3,\)"),
    ("conv2d", (X, WEIGHT, np.ones((4, 1))), {}, ValueError, r"bias must have shape .*\(4, 1\)"),
    ("conv2d", (X, WEIGHT, np.ones(4, int)), {}, TypeError, "bias must have .*got int64"),
    ("conv2d", (X.astype(bool), WEIGHT), {}, TypeError, "x must have .* got bool"),
    ("conv2d", (X[0, 0], WEIGHT), {}, ValueError, "x must have shape .* 2 axes"),
    ("conv2d", (X, WEIGHT), {"stride": 0}, ValueError, "stride must be at least 1, got 0"),
    ("conv2d", (X, WEIGHT), {"padding": -1}, ValueError, "padding must be at least 0, got -1"),
    ("conv2d", (X, WEIGHT), {"padding": "same"}, TypeError, "padding must be .*got 'same'"),
    ("conv2d", (X, WEIGHT), {"dilation": 0}, ValueError, "dilation must be at least 1, got 0"),
    ("conv2d", (X, WEIGHT), {"dilation": 6}, ValueError, "spans 7 cells, more than the 6"),
    ("unfold", (X, 7), {}, ValueError, "kernel_size 7 .* more than the 6"),
    ("unfold", (X, (1, 2, 3)), {}, ValueError, r"kernel_size .*\(1, 2, 3\)"),
    ("unfold", (X.astype(object), 2), {}, TypeError, "x must have .* got object"),
    ("fold", (np.ones((5, 4)), 3, 2), {}, ValueError, r"x must have shape .*\(5, 4\)"),
    ("fold", (np.ones((4, 5)), 3, 2), {}, ValueError, r"x must have shape .*\(4, 5\)"),
    ("fold", (np.ones(4), 3, 2), {}, ValueError, r"x must have shape .*\(4,\)"),
    ("fold", (np.ones((4, 4)), 0, 2), {}, ValueError, "output_size must be .* 0"),
    ("fold", (np.ones((4, 4), bool), 3, 2), {}, TypeError, "x must have .* got bool"),
    *[
        ("max_unpool2d", (HALF, indices, 2), {}, error, f"indices must {re.escape(says)}")
        for indices, error, says in [
            (ONES - 2, ValueError, "lie in 0 .. 35 for a plane of shape (6, 6), got -1"),
            (ONES + 35, ValueError, "lie in 0 .. 35 for a plane of shape (6, 6), got 36"),
            (HALF, TypeError, "have an integer dtype, got float64"),
            (ONES.astype(bool), TypeError, "have an integer dtype, got bool"),
            (ONES[0], ValueError, "have x's shape (2, 3, 3, 3), got (3, 3, 3)"),
            (ONES.reshape(2, 3, 9, 1), ValueError, "have x's shape (2, 3, 3, 3), got (2, 3, 9, 1)"),
        ]
    ],
    *[
        ("max_unpool2d", (HALF, ONES, 2), {"output_size": size}, error,
         f"output_size must {re.escape(says)}")
        for size, error, says in [
            ((8, 6), ValueError, "lie between 5 and 7 for stride 2, got 8"),
            ((6, 4), ValueError, "lie between 5 and 7 for stride 2, got 4"),
            ((0, 6), ValueError, "be at least 1, got (0, 6)"),
            ((6,), ValueError, "be (H, W) or the full shape of 4 axes, got (6,)"),
            (6, ValueError, "be (H, W) or the full shape of 4 axes, got 6"),
            ((6.0, 6), TypeError, "be an int or 2 ints, got (6.0, 6)"),
        ]
    ],
    ("max_unpool2d", (HALF, ONES, 0), {}, ValueError, "kernel_size .* got 0"),
    ("max_unpool2d", (HALF, ONES, 1, 1, 2), {}, ValueError, r"padding 2 .*\(-1, -1\)"),
    ("max_unpool2d", (HALF[0, 0], ONES, 2), {}, ValueError, "x must .* 2 axes"),
    *[
        (name, (X, np.array([row]), 2), {}, ValueError, f"boxes must {says}")
        for name in ("roi_pool", "roi_align")
        for row, says in [
            ([2, 0, 0, 1, 1], r"hold a batch index of 0 \.\. 1 first, got 2"),
            ([-1, 0, 0, 1, 1], r"hold a batch index of 0 \.\. 1 first, got -1"),
            ([0.5, 0, 0, 1, 1], "hold a batch index .*got 0.5"),
            ([np.nan, 0, 0, 1, 1], "hold a batch index .*got nan"),
            ([0, 0, np.nan, 1, 1], "be finite .*got nan"),
            ([0, 0, 0, np.inf, 1], "be finite .*got inf"),
            ([0, 0, 0, 1, 3e9], r"be finite and within 2\*\*31 cells, got 3e\+09"),
            ([0, 0, 1, 1], r"have shape \(K, 5\), got \(1, 4\)"),
        ]
    ],
    *[
        (name, arguments, options, error, says)
        for name in ("roi_pool", "roi_align")
        for arguments, options, error, says in [
            ((X, BOXES[0], 2), {}, ValueError, r"boxes must have shape \(K, 5\), got \(5,\)"),
            ((X, [BOXES[:, 1:]], 2), {}, ValueError, "one array for each of the 2 images, got 1"),
            ((X, [BOXES, BOXES], 2), {}, ValueError, r"boxes\[0\] must have .*4\), got \(2, 5\)"),
            ((X, [BOXES[:, 1:], [1, 2]], 2), {}, ValueError, r"boxes\[1\] must have .*\(2,\)"),
            ((X, BOXES > 0, 2), {}, TypeError, "boxes must have a floating or integer.* bool"),
            ((X, None, 2), {}, TypeError, "boxes must have a floating or integer .*object"),
            ((X[0], BOXES, 2), {}, ValueError, r"x must have shape \(N, C, H, W\), got 3 axes"),
            ((X.astype(int), BOXES, 2), {}, TypeError, "x must have a floating dtype, got int64"),
            ((X, BOXES, 0), {}, ValueError, "output_size must be at least 1, got 0"),
            ((X, BOXES, (2, 2, 2)), {}, ValueError, r"output_size must .*\(2, 2, 2\)"),
            ((X, BOXES, 2.0), {}, TypeError, "output_size must be an int.*got 2.0"),
            ((X, BOXES, 2, 0), {}, ValueError, "spatial_scale must be finite and above 0, got 0"),
            ((X, BOXES, 2, -1.0), {}, ValueError, "spatial_scale must be .*got -1.0"),
            ((X, BOXES, 2, np.nan), {}, ValueError, "spatial_scale must be .*got nan"),
            ((X, BOXES, 2, np.inf), {}, ValueError, "spatial_scale must be .*got inf"),
            ((X, BOXES, 2, "1"), {}, TypeError, "spatial_scale must be a number, got '1'"),
            ((X, BOXES, 2, True), {}, TypeError, "spatial_scale must be a number, got True"),
        ]
    ],
    ("roi_align", (X, BOXES, 2, 1.0, 2.5), {}, TypeError, "sampling_ratio must be .*got 2.5"),
    ("roi_align", (X, BOXES[:0], 2, 1.0, "2"), {}, TypeError, "sampling_ratio must be .*'2'"),
    ("binomial", (0,), {}, ValueError, "kernel_size must be at least 1, got 0"),
    ("binomial", (2.0,), {}, TypeError, "kernel_size must be an int, got 2.0"),
    ("blur_pool2d", (X, 0), {}, ValueError, "kernel_size must be at least 1, got 0"),
    ("blur_pool2d", (X, (3, 3)), {}, TypeError, r"kernel_size must be an int, got \(3, 3\)"),
    ("blur_pool2d", (X, 3, 0), {}, ValueError, "stride must be at least 1, got 0"),
    ("blur_pool2d", (X, 3, 1.5), {}, TypeError, "stride must be an int.*got 1.5"),
    *[
        ("blur_pool2d", (X, 3, 2, mode), {}, ValueError, f"padding_mode must be .*, got {mode!r}")
        for mode in ("same", None, 0)
    ],
    ("blur_pool2d", (X, 13), {}, ValueError, "at least 7 cells .*kernel_size 13 .*reflect.*got 6"),
    ("blur_pool2d", (X, 14, 2, "circular"), {}, ValueError, "at least 7 cells .*circular.* 6"),
    ("blur_pool2d", (X.astype(int),), {}, TypeError, "x must have a floating dtype, got int64"),
    ("blur_pool2d", (X[0, 0],), {}, ValueError, "x must have shape .* 2 axes"),
    *[
        (f"{name}_pool2d", (X, 2), {argument: value}, error, f"{argument} must .*got {value!r}")
        for name, argument, value, error in [
            ("mixed", "alpha", 1.5, ValueError), ("mixed", "alpha", -0.1, ValueError),
            ("mixed", "alpha", np.nan, ValueError), ("mixed", "alpha", "1", TypeError),
            ("mixed", "alpha", True, TypeError), ("mixed", "alpha", None, TypeError),
            ("soft", "beta", np.inf, ValueError), ("soft", "beta", np.nan, ValueError),
            ("soft", "beta", "1", TypeError), ("soft", "beta", False, TypeError),
            ("stochastic", "rng", 0, TypeError), ("stochastic", "rng", np.random, TypeError),
        ]
    ],
    *[
        (f"{name}_pool2d", (X.astype(int), 2), {}, TypeError, "x must have a floating .*int64")
        for name in ("mixed", "soft", "stochastic")
    ],
    ("stochastic_pool2d", (NEGATIVE, 2), {}, ValueError, "x must be .*nowhere negative, got -0.5"),
    ("stochastic_pool2d", (ENDLESS, 2), {"rng": DICE}, ValueError, "x must be finite .*got inf"),
    ("stochastic_pool2d", (X * np.nan, 2), {}, ValueError, "x must be finite .*got nan"),
    ("stochastic_pool2d", (X, 2), {"return_indices": True}, ValueError,
     "return_indices must be False without rng"),
    *[
        ("stochastic_pool2d_backward", (HALF, X, 2), {"indices": indices}, error, says)
        for indices, error, says in [
            (HALF, TypeError, "indices must have an integer dtype, got float64"),
            (ONES[0], ValueError, r"indices must have .*\(2, 3, 3, 3\), got \(3, 3, 3\)"),
            (ONES + 35, ValueError, r"indices must lie in 0 \.\. 35 .*got 36"),
        ]
    ],
    *[
        ("fractional_max_pool2d", arguments, {}, error, says)
        for arguments, error, says in [
            ((X, 0, 2, SAMPLES), ValueError, "kernel_size must be at least 1, got 0"),
            ((X, 2, 0, SAMPLES), ValueError, "output_size must be at least 1, got 0"),
            ((X, 2, (5, 6), SAMPLES), ValueError, "output_size must be at most 5 .*got 6"),
            ((X, 7, 1, SAMPLES), ValueError, "output_size must be at most 0 for 6 cells"),
            ((X, 2, 2.0, SAMPLES), TypeError, "output_size must be an int.*got 2.0"),
            ((X, 2, 3, SAMPLES[0]), ValueError, r"samples must .*\(2, 3, 2\), got \(3, 2\)"),
            ((X[0], 2, 3, SAMPLES), ValueError, r"samples must .*\(1, 3, 2\), got \(2, 3, 2\)"),
            ((X, 2, 3, SAMPLES + 1), ValueError, "samples must be .* below 1, got 1.0"),
            ((X, 2, 3, SAMPLES - 0.1), ValueError, "samples must be at least 0 .*got -0.1"),
            ((X, 2, 3, SAMPLES * np.nan), ValueError, "samples must be .*got nan"),
            ((X, 2, 3, SAMPLES > 0), TypeError, "samples must have a floating .*got bool"),
            ((X.astype(int), 2, 3, SAMPLES), TypeError, "x must have a floating dtype, got int64"),
            ((X[0, 0], 2, 3, SAMPLES), ValueError, "x must have shape .* 2 axes"),
        ]
    ],
    *[
        ("output_size", (5, 3), {name: value}, error, f"{name} must be .*{value}")
        for name, value, error in [("stride", 0, ValueError), ("padding", -1, ValueError),
                                   ("dilation", 0, ValueError), ("stride", 1.5, TypeError)]
    ],
    ("output_size", (0, 3), {}, ValueError, "n must be at least 1, got 0"),
    ("output_size", (5, 6), {}, ValueError, r"kernel_size 6 .*n=5, padding=0"),
    ("coverage", (np.zeros((1, 1), int), 0), {}, ValueError, "n must be at least 1, got 0"),
    ("receptive_field", ([(3,)],), {}, ValueError, r"layers must hold .*\(3,\)"),
    ("receptive_field", ([(3, 1, 0, 1, 1)],), {}, ValueError, r"layers must hold .*0, 1, 1\)"),
    ("receptive_field", ([(0, 1)],), {}, ValueError, "kernel_size must be at least 1, got 0"),
    ("receptive_field", ([(3, 0)],), {}, ValueError, "stride must be at least 1, got 0"),
    ("receptive_field", ([(3, 1, -1)],), {}, ValueError, "padding must be at least 0, got -1"),
    ("receptive_field", ([(3, 1, 0, 0)],), {}, ValueError, "dilation must be at least 1, got 0"),
]  # fmt: skip

HUGE = [2**63, 2**64, 10**30]
CALLS += [
    *[
        (name, (x, *first), {"kernel_size": 2} | {argument: value}, ValueError,
         f"{argument} must be below 2.*63, got {value}")
        for name, x, first in WINDOWED for value in HUGE
        for argument in ("kernel_size", "stride", "padding", "dilation")
        if takes(name, {argument})
    ],
    *[
        (name, (x, *first, 2), {"ceil_mode": value}, TypeError,
         f"ceil_mode must be True or False, got {value!r}")
        for name, x, first in WINDOWED[:8] for value in ("no", 1, None)
    ],
    ("output_size", (5, 3), {"ceil_mode": "no"}, TypeError, "ceil_mode must be .*got 'no'"),
    ("avg_pool2d", (X, 2), {"count_include_pad": "no"}, TypeError, "count_include_pad must .*'no'"),
    ("max_pool2d", (X, 2), {"return_indices": "no"}, TypeError, "return_indices must .*'no'"),
    ("roi_align", (X, BOXES, 2), {"aligned": "no"}, TypeError, "aligned must .*'no'"),
    ("adaptive_max_pool2d", (X, 2**63), {}, ValueError, "output_size must be below 2.*63"),
    ("adaptive_avg_pool2d", (X, 2**63), {}, ValueError, "output_size must be below 2.*63"),
    ("fold", (HALF, 2**63, 2), {}, ValueError, "output_size must be below 2.*63"),
    ("conv2d", (X, WEIGHT), {"stride": 2**63}, ValueError, "stride must be below 2.*63"),
    ("roi_align", (X, BOXES, 2, 1.0, 2**63), {}, ValueError, "sampling_ratio must be below 2.*63"),
    ("avg_pool2d", (X, 2), {"divisor_override": 2**63}, ValueError, "divisor_override .*below"),
    ("avg_pool2d", (X, 2), {"divisor_override": 2j}, TypeError, "divisor_override must .*got 2j"),
    ("lp_pool2d", (X, np.complex64(2), 2), {}, TypeError, "norm_type must be a number, got"),
    ("lp_pool2d", (X, 10**400, 2), {}, ValueError, "norm_type must be finite, got 1000"),
    ("soft_pool2d", (X, 2), {"beta": 10**400}, ValueError, "beta must be finite, got 1000"),
    ("max_pool2d", (np.ma.array(X), 2), {}, TypeError, "x must not be a masked array"),
    ("conv2d", (X, np.ma.array(WEIGHT)), {}, TypeError, "weight must not be a masked array"),
    ("roi_align", (X, np.ma.array(BOXES), 2), {}, TypeError, "boxes must not be a masked array"),
    ("avg_pool2d_backward", (np.ma.array(HALF), X, 2), {}, TypeError,
     "grad_output must not be a masked array"),
    ("max_unpool2d", (HALF, np.ma.array(ONES), 2), {}, TypeError, "indices must not be a masked"),
]  # fmt: skip

# name of the forward, x, the arguments behind it, shape of its output
BACKWARDS = [
    *[(f"{kind}_pool{n}d", SPATIAL[n], (2,), (2, 3, *(SPATIAL[n].shape[-1] // 2,) * n))
      for kind in ("max", "avg") for n in (1, 2, 3)],
    ("min_pool2d", X, (2,), HALF.shape),
    ("lp_pool2d", X, (2, 2), HALF.shape),
    ("adaptive_max_pool2d", X, (3,), HALF.shape),
    ("adaptive_avg_pool2d", X, (3,), HALF.shape),
    ("spatial_pyramid_pool2d", X, ([2, 1],), (2, 15)),
    ("spatial_pyramid_pool2d", X, ([2, 1], "avg"), (2, 15)),
    ("max_unpool2d", HALF, (np.zeros(HALF.shape, int), 2), X.shape),
    ("conv2d", X, (WEIGHT,), (2, 4, 5, 5)),
    ("roi_pool", X, (BOXES, 3), HALF.shape),
    ("roi_align", X, (BOXES, 3), HALF.shape),
    ("blur_pool2d", X, (), HALF.shape),
    *[(f"{kind}_pool2d", X, (2,), HALF.shape) for kind in ("mixed", "soft", "stochastic")],
    ("fractional_max_pool2d", X, (2, 3, SAMPLES), HALF.shape),
]  # fmt: skip
for name, x, arguments, shape in BACKWARDS:
    for other in (shape[1:], (*shape[:-1], 1, shape[-1])):
        grad = np.ones(other)
        says = rf"grad_output must have .*{re.escape(str(shape))}, got {re.escape(str(other))}"
        CALLS.append((f"{name}_backward", (grad, x, *arguments), {}, ValueError, says))
    for dtype in ("int64", "complex64", "bool"):
        says = f"grad_output must have a floating dtype, got {dtype}"
        grad = np.ones(shape, dtype)
        CALLS.append((f"{name}_backward", (grad, x, *arguments), {}, TypeError, says))


@pytest.mark.parametrize(
    ("name", "arguments", "options", "error", "says"),
    CALLS,
    ids=[f"{i}-{call[0]}" for i, call in enumerate(CALLS)],
)
def test_bad_input_is_refused_by_name_value_and_rule(name, arguments, options, error, says):
    with pytest.raises(error, match=says) as caught:
        getattr(pooling, name)(*arguments, **options)
    assert type(caught.value) is error


@pytest.mark.parametrize("cut", [*bins.RULES.values(), bins.paper_prediction])
@pytest.mark.parametrize(
    ("a", "n", "error", "says"),
    [
        (0, 1, ValueError, "a must be at least 1, got 0"),
        (5, 0, ValueError, "n must be at least 1, got 0"),
        (5, 2.0, TypeError, "n must be an int.*got 2.0"),
        (True, 1, TypeError, "a must be an int.*got True"),
    ],
)
def test_every_bin_rule_refuses_sizes_that_are_not_positive_ints(cut, a, n, error, says):
    with pytest.raises(error, match=says):
        cut(a, n)


@pytest.mark.parametrize("cut", [bins.paper_bins, bins.stretched_bins, bins.paper_prediction])
def test_a_stride_of_zero_is_refused(cut):
    with pytest.raises(ValueError, match="a must be at least n=4, got 3"):
        cut(3, 4)


def test_fixed_bins_and_positions_refuse_what_they_cannot_cut():
    with pytest.raises(ValueError, match="designed_for must be at least 1, got 0"):
        bins.fixed_bins(5, 2, 0)
    with pytest.raises(ValueError, match="kernel_size 7 .* more than the 5"):
        bins.fixed_bins(5, 2)
    with pytest.raises(ValueError, match="rule must be one of adaptive, paper.*got 'text'"):
        bins.bin_positions(5, 2, "text")


@pytest.mark.parametrize(
    ("name", "x", "arguments", "shape"), BACKWARDS, ids=[case[0] for case in BACKWARDS]
)
def test_inputs_are_never_modified(name, x, arguments, shape):
    rng = np.random.default_rng(0)
    x, grad = abs(rng.standard_normal(x.shape)), rng.standard_normal(shape)
    inputs = [x, grad, *(a for a in arguments if isinstance(a, np.ndarray))]
    copies = [a.copy() for a in inputs]
    for a in inputs:
        a.flags.writeable = False
    y = getattr(pooling, name)(x, *arguments)
    grads = getattr(pooling, f"{name}_backward")(grad, x, *arguments)
    for array in [y, *(grads if isinstance(grads, tuple) else [grads])]:
        assert array.flags.writeable and not any(np.shares_memory(array, a) for a in inputs)
    for a, copy in zip(inputs, copies, strict=True):
        np.testing.assert_array_equal(a, copy)


@pytest.mark.parametrize(
    ("name", "x", "arguments", "shape"), BACKWARDS, ids=[case[0] for case in BACKWARDS]
)
def test_any_byte_order_gives_the_same_results_in_the_machines_own(name, x, arguments, shape):
    def swapped(a):
        return a.astype(a.dtype.newbyteorder()) if isinstance(a, np.ndarray) else a

    rng = np.random.default_rng(0)
    x, grad = abs(rng.standard_normal(x.shape)), rng.standard_normal(shape)
    pool, back = getattr(pooling, name), getattr(pooling, f"{name}_backward")
    pairs = [
        (pool(x, *arguments), pool(swapped(x), *map(swapped, arguments))),
        (back(grad, x, *arguments), back(swapped(grad), x, *map(swapped, arguments))),
    ]
    for ours, other in pairs:
        for a, b in zip(*[p if isinstance(p, tuple) else (p,) for p in (ours, other)], strict=True):
            np.testing.assert_array_equal(a, b)
            assert b.dtype.isnative


def test_averages_take_integers_of_any_byte_order():
    x = np.arange(16).reshape(1, 4, 4)
    swapped = x.astype(x.dtype.newbyteorder())
    np.testing.assert_array_equal(pooling.avg_pool2d(swapped, 2), pooling.avg_pool2d(x, 2))


@pytest.mark.parametrize("dtypes", [("f4", "f8"), ("f8", "f4")])
def test_conv2d_sends_gradients_in_the_dtype_of_what_it_got(dtypes):
    x, weight, grad = (
        X.astype(dtypes[0]),
        WEIGHT.astype(dtypes[0]),
        np.ones((2, 4, 5, 5), dtypes[1]),
    )
    for part in pooling.conv2d_backward(grad, x, weight):
        assert part.dtype == grad.dtype


@pytest.mark.filterwarnings("error")
def test_infinities_are_no_cause_to_warn():
    x = np.full((1, 4, 4), np.inf)
    x[0, ::2] = -np.inf
    assert np.isnan(pooling.conv2d(x, np.ones((1, 1, 2, 2)))).all()
    assert np.isnan(pooling.fold(x.reshape(4, 4), 3, 2)).any()
    for part in pooling.conv2d_backward(np.ones((1, 3, 3)), x, np.ones((1, 1, 2, 2)))[:2]:
        assert part.shape
    large = np.full((1, 4, 4), 3e38, dtype=np.float32)
    assert np.isinf(pooling.conv2d(large, np.ones((1, 1, 2, 2), np.float32))).all()


def test_the_size_before_pooling_may_be_an_array():
    size = np.array([7, 6])
    expected = pooling.max_unpool2d(HALF, ONES, 2, output_size=(7, 6))
    np.testing.assert_array_equal(pooling.max_unpool2d(HALF, ONES, 2, output_size=size), expected)


@pytest.mark.parametrize("p", [0.5, 1, 2, -1])
def test_a_window_of_zeros_sends_nothing_back_from_lp(p):
    x = np.array([[[0.0, 0, 1, 2]]])
    sent = pooling.lp_pool2d_backward(np.ones((1, 1, 2)), x, p, (1, 2))
    assert sent[0, 0, :2].tolist() == [0, 0] and np.isfinite(sent).all()
