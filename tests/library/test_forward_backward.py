"""Every function of the library, over all its arguments together, against torch."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from problems import (
    EVERY,
    FINITE,
    FLOATS,
    INTEGERS,
    PALETTES,
    assert_bits,
    assert_close,
    averages,
    gradients,
    images,
    ints,
    laid_out,
    outcome,
    per_axis,
    refused,
    sizes,
    tensor,
    windows,
)
from torch.nn import functional as F

import pooling

TORCH_ERRORS = (RuntimeError, ValueError, TypeError)


def fates(name, x, *arguments, **options):
    """Call our function and torch's; both must answer or both refuse."""
    ours = outcome(getattr(pooling, name), x, *arguments, **options)
    theirs = outcome(getattr(F, name), tensor(x), *arguments, errors=TORCH_ERRORS, **options)
    assert refused(ours) == refused(theirs), f"ours: {ours!r}, torch: {theirs!r}"
    assume(not refused(ours))
    return ours, theirs


def torch_gradient(name, x, grad, *arguments, **options):
    x = tensor(x, requires_grad=True)
    getattr(F, name)(x, *arguments, **options).backward(tensor(grad))
    return x.grad.numpy()


def reads_padding_alone(shape, window):
    """Say whether a dilated window steps over the whole input along some axis."""
    window = per_axis(window, len(shape))
    for axis, n in enumerate(shape):
        one = {k: v[axis] if isinstance(v, tuple) else v for k, v in window.items()}
        table = pooling.window_positions(n, **one)
        if ((table < 0) | (table >= n)).all(axis=1).any():
            return True
    return False


def ranks(x):
    """Floats in the same order as x, when torch has no gradient for its dtype."""
    if x.dtype.kind == "f":
        return x
    return np.unique(x, return_inverse=True)[1].reshape(x.shape).astype(np.float64)


@pytest.mark.parametrize("ndim", [1, 2, 3])
@given(data=st.data())
def test_max_pool_equals_torch_to_the_bit(ndim, data):
    name = f"max_pool{ndim}d"
    pool, torch_pool = getattr(pooling, name), getattr(F, name)
    dtypes = ("float16", *FLOATS, *INTEGERS)
    x = data.draw(images(ndim, dtypes, largest=9 if ndim < 3 else 5))
    window = data.draw(windows(ndim, dilation=True))
    alone = outcome(pool, x, **window)
    if not refused(alone) and reads_padding_alone(x.shape[-ndim:], window):
        # Known difference: torch returns an index outside the plane, we refuse to.
        assert_bits(alone, torch_pool(tensor(x), **window, return_indices=True)[0])
        refusal = outcome(pool, x, **window, return_indices=True)
        assert "padding alone" in str(refusal) if x.size else not refused(refusal)
        return
    (values, indices), theirs = fates(name, x, **window, return_indices=True)
    assert_bits(values, theirs[0])
    assert_bits(indices, theirs[1])
    assert_bits(alone, values)
    if x.dtype.kind == "f":
        assert_bits(alone, torch_pool(tensor(x), **window))
    grad = gradients(values)
    got = getattr(pooling, f"{name}_backward")(grad, x, **window)
    assert_bits(got + 0.0, torch_gradient(name, ranks(x), grad, **window) + 0.0)


@pytest.mark.parametrize("ndim", [1, 2, 3])
@given(data=st.data())
def test_avg_pool_equals_torch(ndim, data):
    name = f"avg_pool{ndim}d"
    x = data.draw(images(ndim, (*FLOATS, "int64"), largest=9 if ndim < 3 else 5))
    arguments = data.draw(averages(ndim))
    if ndim == 3 and np.any(np.less(x.shape[-3:], arguments["kernel_size"])):
        # Known difference: torch's avg_pool3d alone refuses inputs smaller than the kernel.
        assert refused(outcome(F.avg_pool3d, tensor(x), **arguments, errors=TORCH_ERRORS))
        assume(False)
    ours, theirs = fates(name, x, **arguments)
    (assert_close if x.dtype.kind == "f" else assert_bits)(ours, theirs)
    grad = gradients(ours)
    got = getattr(pooling, f"{name}_backward")(grad, x, **arguments)
    assert_close(got, torch_gradient(name, x.astype(grad.dtype), grad, **arguments))


POWERS = st.sampled_from([1, 2, 3, 4, 0.5, 1.5, -1, -2.0])
WHOLE = tuple(name for name in FINITE if name != "normal")


def lp_images(palettes, whole):
    """Draw float32 from whole numbers only: where signs cancel, a root magnifies rounding."""
    return images(2, ("float64",), palettes) | images(2, ("float32",), whole)


@given(x=lp_images(EVERY, tuple(PALETTES)), norm_type=POWERS, window=windows(2, padding=False))
def test_lp_pool_equals_torch(x, norm_type, window):
    if norm_type < 0:
        x = np.maximum(x, -9)  # Known difference: 1 / -inf is -0, torch drops that sign.
    ours, theirs = fates("lp_pool2d", x, norm_type, **window)
    assert_close(ours, theirs, 1e-4 if x.dtype == np.float32 else 1e-10)


@given(
    x=lp_images(FINITE, WHOLE),
    norm_type=st.sampled_from([1, 2, 3, 4]),
    window=windows(2, padding=False),
)
def test_lp_gradient_equals_torch(x, norm_type, window):
    ours, _ = fates("lp_pool2d", x, norm_type, **window)
    grad = gradients(ours)
    got = pooling.lp_pool2d_backward(grad, x, norm_type, **window)
    expected = torch_gradient("lp_pool2d", x, grad, norm_type, **window)
    assert_close(got, expected, 1e-4 if x.dtype == np.float32 else 1e-8)


def output_sizes():
    axis = st.integers(1, 9)
    return axis | st.tuples(st.none() | axis, st.none() | axis)


@given(x=images(2, ("float16", *FLOATS)), output_size=output_sizes())
def test_adaptive_max_pool_equals_torch_to_the_bit(x, output_size):
    (values, indices), theirs = fates("adaptive_max_pool2d", x, output_size, return_indices=True)
    assert_bits(values, theirs[0])
    assert_bits(indices, theirs[1])
    assert_bits(pooling.adaptive_max_pool2d(x, output_size), values)
    grad = gradients(values)
    got = pooling.adaptive_max_pool2d_backward(grad, x, output_size)
    assert_bits(got + 0.0, torch_gradient("adaptive_max_pool2d", x, grad, output_size) + 0.0)


@given(x=images(2), output_size=output_sizes())
def test_adaptive_avg_pool_equals_torch(x, output_size):
    ours, theirs = fates("adaptive_avg_pool2d", x, output_size)
    assert_close(ours, theirs)
    grad = gradients(ours)
    got = pooling.adaptive_avg_pool2d_backward(grad, x, output_size)
    assert_close(got, torch_gradient("adaptive_avg_pool2d", x, grad, output_size))


@given(
    x=images(2, palettes=("normal", "NaN")),
    levels=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    mode=st.sampled_from(["max", "avg"]),
)
def test_pyramid_is_torch_adaptive_pools_strung_together(x, levels, mode):
    def pyramid(x):
        pool = F.adaptive_max_pool2d if mode == "max" else F.adaptive_avg_pool2d
        return torch.cat([pool(x, n).flatten(x.ndim - 3) for n in levels], dim=-1)

    ours, leaf = pooling.spatial_pyramid_pool2d(x, levels, mode), tensor(x, requires_grad=True)
    theirs = pyramid(leaf)
    assert_close(ours, theirs.detach())
    grad = gradients(ours)
    theirs.backward(tensor(grad))
    got = pooling.spatial_pyramid_pool2d_backward(grad, x, levels, mode)
    assert_close(got, leaf.grad)


@given(data=st.data())
def test_max_unpool_equals_torch(data):
    x = data.draw(images(2, palettes=EVERY, largest=5))
    k = data.draw(ints(2, 1, 4))
    s = data.draw(st.none() | ints(2, 1, 3))
    p = data.draw(ints(2, 0, 2))
    full = per_axis({"kernel_size": k, "stride": s, "padding": p}, 2)
    default = [
        (o - 1) * step - 2 * pad + size
        for o, size, step, pad in zip(
            x.shape[-2:], full["kernel_size"], full["stride"], full["padding"], strict=True
        )
    ]
    offset = data.draw(st.none() | st.tuples(*[st.integers(-3, 3)] * 2))
    size = None if offset is None else tuple(np.add(default, offset).tolist())
    plane = max(1, int(np.prod(size or default)))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    indices = rng.integers(0, plane + data.draw(st.sampled_from([0, 0, 1])), x.shape)
    arguments = (k, s, p, size)
    ours = outcome(pooling.max_unpool2d, x, indices, *arguments)
    if min(size or default) < 1:
        # Known difference: torch can return an image without cells, we refuse to.
        assert refused(ours)
        return
    theirs = outcome(F.max_unpool2d, tensor(x), tensor(indices), *arguments, errors=TORCH_ERRORS)
    assert refused(ours) == refused(theirs), f"ours: {ours!r}, torch: {theirs!r}"
    assume(not refused(ours))
    assert_bits(ours, theirs)
    grad = gradients(ours)
    got = pooling.max_unpool2d_backward(grad, x, indices, *arguments)
    assert_bits(got, torch_gradient("max_unpool2d", x, grad, tensor(indices), *arguments))


@st.composite
def convolutions(draw, dtypes, palettes=("normal", "ties")):
    x = draw(images(2, dtypes, palettes, largest=7))
    shape = (draw(st.integers(1, 3)), x.shape[-3], *draw(sizes(2, 4)))
    if x.dtype.kind == "i":
        x = x % 7
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    weight = laid_out(rng.integers(-3, 4, shape).astype(x.dtype), "transposed")
    bias = draw(st.sampled_from([None, rng.integers(-3, 4, shape[0]).astype(x.dtype)]))
    window = {
        "stride": draw(ints(2, 1, 3)),
        "padding": draw(ints(2, 0, 3)),
        "dilation": draw(ints(2, 1, 3)),
    }
    return x, weight, bias, window


@given(problem=convolutions((*FLOATS, "int32")))
def test_conv2d_equals_torch(problem):
    x, weight, bias, window = problem
    dtype = x.dtype if x.dtype.kind == "f" else "float64"  # torch: no dilation of integers
    leaves = [None if a is None else tensor(a.astype(dtype), True) for a in (x, weight, bias)]
    ours = outcome(pooling.conv2d, x, weight, bias, **window)
    theirs = outcome(F.conv2d, *leaves, **window, errors=TORCH_ERRORS)
    assert refused(ours) == refused(theirs), f"ours: {ours!r}, torch: {theirs!r}"
    assume(not refused(ours))
    tolerance = 1e-4 if x.dtype == np.float32 else None
    assert_close(ours, theirs.detach().numpy().astype(x.dtype), tolerance)
    if x.dtype.kind == "i":
        return
    grad = gradients(ours)
    theirs.backward(tensor(grad))
    for got, leaf in zip(pooling.conv2d_backward(grad, x, weight, **window), leaves, strict=True):
        if leaf is not None:
            assert_close(got, leaf.grad, tolerance)


@given(x=images(2, ("float16", *FLOATS)), window=windows(2, dilation=True))
def test_unfold_and_fold_equal_torch(x, window):
    window = {k: v for k, v in window.items() if k != "ceil_mode"}
    window["stride"] = window["stride"] or 1
    ours, theirs = fates("unfold", x, **window)
    assert_bits(ours, theirs)
    columns = gradients(ours)
    folded = pooling.fold(columns, x.shape[-2:], **window)
    assert_bits(folded, F.fold(tensor(columns), x.shape[-2:], **window))
    assert_bits(folded + 0.0, torch_gradient("unfold", x, columns, **window) + 0.0)
