"""Problems to pose to a pool: arrays of every kind with window arguments of every kind."""

import numpy as np
import torch
from hypothesis import settings
from hypothesis import strategies as st

FLOATS = ("float32", "float64")
INTEGERS = ("int8", "uint8", "int16", "int32", "int64")

PALETTES = {
    "ties": [-2.0, -1.0, 0.0, 1.0, 2.0],
    "negative": [-3.0, -2.0, -1.0],
    "signed zeros": [0.0, -0.0],
    "minus infinity": [-np.inf],
    "infinities": [np.inf, -np.inf, 0.0, 1.0, -1.0],
    "NaN": [np.nan, np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0],
}
FINITE = ("normal", "ties", "negative", "signed zeros")
EVERY = ("normal", *PALETTES)
LAYOUTS = ("plain", "transposed", "strided", "reversed")


def share(part):
    """Let a test, one of many or a slow one, try a part of the examples the profile asks for."""
    return settings(max_examples=round(part * settings().max_examples))


def laid_out(x, layout):
    """Return equal values in another memory layout, read-only."""
    if layout == "transposed":
        x = np.asfortranarray(x)
    elif layout == "strided":
        x = np.repeat(np.repeat(x, 2, axis=-1), 3, axis=-2)[..., ::3, ::2]
    elif layout == "reversed":
        x = x[..., ::-1, ::-1].copy()[..., ::-1, ::-1]
    x.flags.writeable = False
    return x


def values(rng, shape, dtype, palette):
    if np.dtype(dtype).kind in "iu":
        limits = np.iinfo(dtype)
        few = [0, 1, 2, limits.max - 1, limits.max, limits.min, limits.min + 1]
        return rng.choice(np.array(few, dtype=dtype), shape)
    if palette == "normal":
        return rng.standard_normal(shape).astype(dtype)
    return rng.choice(np.array(PALETTES[palette], dtype=dtype), shape)


@st.composite
def images(draw, ndim, dtypes=FLOATS, palettes=EVERY, largest=8):
    """Draw (C, *spatial) or (N, C, *spatial), N possibly 0."""
    batch = draw(st.sampled_from([(), (2,), (1,), (0,)]))
    shape = (*batch, draw(st.integers(1, 2)), *draw(sizes(ndim, largest)))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    x = values(rng, shape, draw(st.sampled_from(dtypes)), draw(st.sampled_from(palettes)))
    return laid_out(x, draw(st.sampled_from(LAYOUTS)))


def sizes(ndim, largest, smallest=1):
    return st.tuples(*[st.integers(smallest, largest)] * ndim)


@st.composite
def ints(draw, ndim, low, high):
    """Draw one int for all axes or one for each."""
    if draw(st.booleans()):
        return draw(st.integers(low, high))
    return draw(sizes(ndim, high, low))


@st.composite
def windows(draw, ndim, dilation=False, padding=True, wrong=True):
    """Draw window arguments; with `wrong`, padding is sometimes more than the rule allows."""
    window = {
        "kernel_size": draw(ints(ndim, 1, 5 if ndim < 3 else 4)),
        "stride": draw(st.none() | ints(ndim, 1, 4)),
        "ceil_mode": draw(st.booleans()),
    }
    if padding:
        smallest = np.min(window["kernel_size"])
        window["padding"] = draw(ints(ndim, 0, int(smallest // 2) + (1 if wrong else 0)))
    if dilation:
        window["dilation"] = draw(ints(ndim, 1, 3))
    return window


@st.composite
def averages(draw, ndim, wrong=True):
    window = draw(windows(ndim, wrong=wrong))
    window["count_include_pad"] = draw(st.booleans())
    if ndim > 1:
        window["divisor_override"] = draw(st.none() | st.sampled_from([1, 3, -2]))
    return window


def per_axis(window, ndim):
    """Spell the window out: one entry per axis, the stride given."""
    window = {"padding": 0, "dilation": 1} | window
    if window.get("stride") is None:
        window["stride"] = window["kernel_size"]
    for name in ("kernel_size", "stride", "padding", "dilation"):
        window[name] = tuple(np.broadcast_to(window[name], ndim).tolist())
    return window


def gradients(x, seed=0):
    """Small whole numbers: their sums are exact in any order."""
    return (
        np.random.default_rng(seed)
        .integers(-4, 5, x.shape)
        .astype(x.dtype if x.dtype.kind == "f" else "float64")
    )


def tensor(x, requires_grad=False):
    return torch.tensor(np.array(x), requires_grad=requires_grad)


def outcome(function, *arguments, errors=(ValueError, TypeError), **options):
    """Return the result, or the error in its place."""
    try:
        return function(*arguments, **options)
    except errors as error:
        return error


def refused(result):
    return isinstance(result, Exception)


def assert_bits(got, expected):
    """Equal in shape, dtype, value and sign of zero; NaN equals NaN."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape and got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)
    numbers = ~np.isnan(got)
    np.testing.assert_array_equal(np.signbit(got[numbers]), np.signbit(expected[numbers]))


def assert_close(got, expected, rtol=None):
    """Equal in shape and dtype, and in value up to the rounding of the dtype."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape and got.dtype == expected.dtype
    rtol = rtol or (2e-5 if got.dtype == np.float32 else 1e-12)
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=rtol)


def planes(loop, x, ndim, *others):
    """Run a loop that knows one plane on every plane of a batch; stack what it returns."""
    flat = [np.reshape(a, (-1, *a.shape[-ndim:])) for a in (x, *others)]
    results = [loop(*plane) for plane in zip(*flat, strict=True)]
    results = [r if isinstance(r, tuple) else (r,) for r in results]
    parts = zip(*results, strict=True)
    return [np.reshape(part, x.shape[:-ndim] + part[0].shape) for part in parts]
