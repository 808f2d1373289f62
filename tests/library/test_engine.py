"""The engine: blocks of any size, kernels of any size, every way to reduce, the same results.

Here `pooling.blocks.BLOCK` is made so small that images, channels and rows are cut apart, and
kernels so large that windows are doubled or done one by one.
"""

from contextlib import contextmanager

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from problems import (
    EVERY,
    FINITE,
    FLOATS,
    INTEGERS,
    LAYOUTS,
    assert_bits,
    assert_close,
    gradients,
    images,
    ints,
    laid_out,
    outcome,
    per_axis,
    planes,
    refused,
    tensor,
    values,
)
from torch.nn import functional as F

import pooling
from pooling import blocks, conv, loops, reduce
from pooling.bins import RULES, bin_positions
from pooling.windows import Windows
from pooling.windows import windows as lay

WHOLE = blocks.BLOCK
BLOCKS = st.sampled_from([1, 60, 300, 2000, WHOLE])
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0]

some = settings(max_examples=100)


@contextmanager
def cut_to(size):
    """Let blocks hold so many bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", size)
        patch.setattr(conv, "BLOCK", size)
        yield


@st.composite
def problems(draw, ndim, dtypes, palettes=EVERY, kernel=None, dilation=True, extra=12):
    """Draw images, with the arguments of windows that fit into them, and a size of blocks."""
    largest = kernel or {1: 30, 2: 20, 3: 6}[ndim]
    k = [draw(st.integers(1, largest)) for _ in range(ndim)]
    d = [draw(st.sampled_from([1, 1, 2, 3])) if dilation else 1 for _ in k]
    p = [draw(st.integers(0, size // 2) | st.just(0)) for size in k]
    spans = [step * (size - 1) + 1 - 2 * pad for size, step, pad in zip(k, d, p, strict=True)]
    plane = [max(1, span + draw(st.integers(0, extra))) for span in spans]
    window = {
        "kernel_size": tuple(k),
        "stride": tuple(draw(st.integers(1, 8)) for _ in k),
        "padding": tuple(p),
        "ceil_mode": draw(st.booleans()),
    }
    if dilation:
        window["dilation"] = tuple(d)
    return draw(filled(plane, dtypes, palettes)), window, draw(BLOCKS)


@st.composite
def filled(draw, plane, dtypes, palettes=EVERY):
    """Draw (C, *plane) or (N, C, *plane); a few cells may be special, such as NaN or -0."""
    shape = (*draw(st.sampled_from([(), (1,), (3,)])), draw(st.integers(1, 3)), *plane)
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    x = values(rng, shape, draw(st.sampled_from(dtypes)), draw(st.sampled_from(palettes)))
    if palettes == EVERY and x.dtype.kind == "f":
        special = rng.choice(draw(st.permutations(SPECIAL))[:2], shape).astype(x.dtype)
        x = np.where(rng.random(shape) < draw(st.sampled_from([0, 0.01, 0.2])), special, x).astype(
            x.dtype
        )
    return laid_out(x, draw(st.sampled_from(LAYOUTS)))


def assert_rounded(got, exact):
    """Equal in float64 up to its last bits; in a narrower dtype equal, for it is rounded once."""
    if got.dtype == np.float64:
        assert_close(got, exact)
    else:
        np.testing.assert_array_equal(got, exact.astype(got.dtype))


def cut_bins(ndim=2, largest=16):
    return st.tuples(*[st.integers(1, largest)] * ndim)


def torch_extreme(pool, x, grad, *arguments, **window):
    """Return torch's values, indices and gradient, through float64 where it knows no other."""
    leaf = tensor(x.astype(np.result_type(x, np.float16)), requires_grad=True)
    found, indices = pool(leaf, *arguments, **window, return_indices=True)
    found.backward(tensor(grad).to(found.dtype))
    return found.detach().numpy().astype(x.dtype), indices.numpy(), leaf.grad.numpy()


# The winners.


@pytest.mark.parametrize("ndim", [1, 2, 3])
@some
@given(data=st.data())
def test_max_pool_of_any_blocks_equals_torch_to_the_bit(ndim, data):
    dtypes = ("float16", *FLOATS, "int8", "uint8", "int32")
    x, window, block = data.draw(problems(ndim, dtypes))
    name = f"max_pool{ndim}d"
    pool, back = getattr(pooling, name), getattr(pooling, f"{name}_backward")
    with cut_to(block):
        alone = pool(x, **window)
        found = outcome(pool, x, **window, return_indices=True)
        grad = gradients(alone.astype(np.float64))
        sent = outcome(back, grad, x, **window)
        if not refused(found):
            assert_bits(back(grad, x, **window, indices=found[1]), sent)
    theirs, indices = getattr(F, name)(tensor(x), **window, return_indices=True)
    assert_bits(alone, theirs)
    assert refused(found) == refused(sent)
    assume(not refused(found))
    assert_bits(found[0], theirs)
    assert_bits(found[1], indices)
    expected = planes(
        lambda g, i: loops.index_backward(g, i, x.shape[-ndim:]), grad, ndim, indices.numpy()
    )
    assert_bits(sent, expected[0])


DTYPES = {
    "floats": FLOATS,
    "integers": INTEGERS,
    "long": ("longdouble",),
    "other byte order": (">f2", ">f4", ">f8"),
}


@pytest.mark.parametrize("dtypes", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize("name", ["max_pool2d", "min_pool2d"])
@some
@given(data=st.data())
def test_extremes_of_any_blocks_equal_the_loops(name, dtypes, data):
    x, window, block = data.draw(problems(2, dtypes, kernel=7, extra=4))
    pool, names = getattr(pooling, name), ("kernel_size", "stride", "padding", "dilation")
    with cut_to(block):
        alone, found = pool(x, **window), outcome(pool, x, **window, return_indices=True)
        assume(not refused(found))
        grad = gradients(alone.astype(np.float64))
        sent = getattr(pooling, f"{name}_backward")(grad, x, **window)
    loop, arguments = getattr(loops, name[:8]), [window[n] for n in (*names, "ceil_mode")]
    expected, indices = planes(lambda plane: loop(plane, *arguments), x, 2)
    native = x.dtype.newbyteorder("=")
    assert_bits(alone, expected.astype(native))
    assert_bits(found[0], expected.astype(native))
    assert_bits(found[1], indices)
    (back,) = planes(lambda g, i: loops.index_backward(g, i, x.shape[-2:]), grad, 2, indices)
    assert_bits(sent, back)


@some
@given(
    x=cut_bins().flatmap(lambda plane: filled(plane, (*FLOATS, "int8", "int32"))),
    output_size=cut_bins(),
    block=BLOCKS,
)
def test_adaptive_max_pool_of_any_blocks_equals_torch_to_the_bit(x, output_size, block):
    with cut_to(block):
        alone = pooling.adaptive_max_pool2d(x, output_size)
        found, indices = pooling.adaptive_max_pool2d(x, output_size, return_indices=True)
        grad = gradients(alone.astype(np.float64))
        sent = pooling.adaptive_max_pool2d_backward(grad, x, output_size)
        again = pooling.adaptive_max_pool2d_backward(grad, x, output_size, indices)
    theirs = torch_extreme(F.adaptive_max_pool2d, x, grad, output_size)
    assert_bits(alone, theirs[0])
    assert_bits(found, theirs[0])
    assert_bits(indices, theirs[1])
    assert_bits(again, sent)
    assert_bits(sent + 0.0, theirs[2].astype(sent.dtype) + 0.0)


NESTS = [(6, 3, 2, 1), (1, 2, 3, 6), (4, 2, 1), (3, 2), (2, 2, 4), (12, 5), (16, 8, 1), (1,)]


@pytest.mark.parametrize("levels", NESTS)
@settings(max_examples=30)
@given(
    x=cut_bins().flatmap(lambda plane: filled(plane, (*FLOATS, "int8"))),
    block=BLOCKS,
)
def test_levels_pooled_from_finer_ones_equal_levels_pooled_from_the_map(levels, x, block):
    with cut_to(block):
        pyramid = pooling.spatial_pyramid_pool2d(x, levels)
        grad = gradients(pyramid.astype(np.float64))
        sent = pooling.spatial_pyramid_pool2d_backward(grad, x, levels)
    float_x = tensor(x.astype(np.result_type(x, np.float16)), requires_grad=True)
    theirs = [F.adaptive_max_pool2d(float_x, n).flatten(x.ndim - 3) for n in levels]
    theirs = torch.cat(theirs, dim=-1)
    theirs.backward(tensor(grad).to(theirs.dtype))
    assert_bits(pyramid, theirs.detach().numpy().astype(x.dtype))
    assert_bits(sent + 0.0, float_x.grad.numpy().astype(sent.dtype) + 0.0)


@some
@given(
    x=cut_bins(largest=12).flatmap(lambda plane: filled(plane, (*FLOATS, "int8"))),
    levels=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    rule=st.sampled_from(list(RULES)),
    block=BLOCKS,
)
def test_pyramids_of_every_rule_in_blocks_equal_the_loops(x, levels, rule, block):
    with cut_to(block):
        pyramid = outcome(pooling.spatial_pyramid_pool2d, x, levels, "max", rule)
    assume(not refused(pyramid))
    images = x.reshape(-1, *x.shape[-3:])
    expected = [loops.spatial_pyramid_pool(image, levels, "max", rule) for image in images]
    assert_bits(pyramid, np.reshape(expected, pyramid.shape))


@pytest.mark.parametrize("block", [1, WHOLE])
@pytest.mark.parametrize("kernel_size", [(2, 1), (3, 2)])
@pytest.mark.parametrize("width", [127, 255, 256, 257, 32_767, 40_000, 65_535, 65_536, 65_537])
def test_winners_far_behind_the_first_cell_of_their_window_are_found(width, kernel_size, block):
    x = np.random.default_rng(width).permutation(4 * width).astype(np.float32)
    x, window = x.reshape(1, 1, 4, width), {"kernel_size": kernel_size, "stride": 1}
    with cut_to(block):
        found, indices = pooling.max_pool2d(x, **window, return_indices=True)
        sent = pooling.max_pool2d_backward(np.ones_like(found), x, **window)
    theirs = torch_extreme(F.max_pool2d, x, np.ones_like(found), **window)
    for ours, expected in zip((found, indices, sent), theirs, strict=True):
        assert_bits(ours, expected)


@pytest.mark.parametrize("cell", [0, 255, 256, 65_535, 65_536, 89_999])
def test_the_winner_of_a_whole_map_is_found_wherever_it_lies(cell):
    x = np.zeros((1, 300, 300), dtype=np.int16)
    x.flat[cell] = 7
    assert pooling.adaptive_max_pool2d(x, 1, return_indices=True)[1].item() == cell


SHAPES = {
    "rows": (1, 1, WHOLE // 4000 + 50, 1000),
    "channels": (2, 3, WHOLE // 8000, 1000),
    "images": (WHOLE // 2**16 + 2, 4, 64, 64),
}


@pytest.mark.parametrize("cut", SHAPES)
def test_inputs_larger_than_a_block_equal_torch(cut):
    x = np.random.default_rng(0).standard_normal(SHAPES[cut], dtype=np.float32)
    assert x.nbytes > WHOLE
    for layout in ("plain", "transposed"):
        for window in ((2, 2), (3, 2, 1), (15, 1, 7)):
            found = pooling.max_pool2d(laid_out(x, layout), *window, return_indices=True)
            theirs = F.max_pool2d(tensor(x), *window, return_indices=True)
            assert_bits(found[0], theirs[0])
            assert_bits(found[1], theirs[1])
            assert_bits(pooling.max_pool2d(laid_out(x, layout), *window), theirs[0])
        averages = F.avg_pool2d(tensor(x.astype(np.float64)), 5, 2, 2)
        got = pooling.avg_pool2d(laid_out(x, layout), 5, 2, 2)
        assert_rounded(got, averages.numpy())


# The sums.


@st.composite
def averages(draw, ndim, dtypes, palettes=EVERY, kernel=None, extra=12):
    x, window, block = draw(problems(ndim, dtypes, palettes, kernel, dilation=False, extra=extra))
    window["count_include_pad"] = draw(st.booleans())
    if ndim > 1:
        window["divisor_override"] = draw(st.none() | st.sampled_from([1, 3, -2]))
    return x, window, block


@pytest.mark.parametrize("ndim", [1, 2, 3])
@some
@given(data=st.data())
def test_avg_pool_of_any_blocks_equals_torch(ndim, data):
    x, window, block = data.draw(averages(ndim, (*FLOATS, "int64"), FINITE))
    if ndim == 3:  # torch's avg_pool3d alone refuses inputs smaller than the kernel
        assume(np.all(np.greater_equal(x.shape[-3:], window["kernel_size"])))
    name = f"avg_pool{ndim}d"
    with cut_to(block):
        got = getattr(pooling, name)(x, **window)
        grad = gradients(got)
        sent = getattr(pooling, f"{name}_backward")(grad, x, **window)
    theirs = getattr(F, name)(tensor(x.astype(np.result_type(x, np.float64))), **window)
    if x.dtype.kind == "i":
        exact = getattr(F, name)(tensor(x), **window)
        np.testing.assert_array_equal(got, exact.numpy())
    else:
        assert_rounded(got, theirs.numpy())
    leaf = torch.zeros(x.shape, dtype=torch.float64, requires_grad=True)
    getattr(F, name)(leaf, **window).backward(tensor(grad.astype(np.float64)))
    assert_close(sent, leaf.grad.numpy().astype(sent.dtype))


@settings(max_examples=60)
@given(problem=averages(2, ("float16", *FLOATS), kernel=8, extra=5))
def test_averages_of_anything_equal_the_loops(problem):
    """One NaN, or two infinities, spoil the windows that read them, and no others."""
    x, window, block = problem
    with cut_to(block):
        got = pooling.avg_pool2d(x, **window)
    names = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")
    arguments = [*(window[name] for name in names), window["divisor_override"]]
    with np.errstate(invalid="ignore"):
        (expected,) = planes(lambda plane: loops.avg_pool(plane, *arguments), x, 2)
    assert_rounded(got, expected)


@some
@given(
    x=cut_bins().flatmap(lambda plane: filled(plane, FLOATS)),
    output_size=cut_bins(),
    block=BLOCKS,
)
def test_adaptive_averages_of_any_blocks_equal_torch(x, output_size, block):
    with cut_to(block):
        got = pooling.adaptive_avg_pool2d(x, output_size)
    theirs = F.adaptive_avg_pool2d(tensor(x.astype(np.float64)), output_size)
    assert_rounded(got, theirs.numpy())


@some
@given(problem=problems(2, FLOATS, FINITE, dilation=False), norm_type=st.sampled_from([1, 2, 0.5]))
def test_lp_pool_of_any_blocks_equals_torch(problem, norm_type):
    x, window, block = problem
    window = {name: window[name] for name in ("kernel_size", "stride", "ceil_mode")}
    assume(np.all(np.greater_equal(x.shape[-2:], window["kernel_size"])))
    x = abs(x)
    with cut_to(block):
        got = pooling.lp_pool2d(x, norm_type, **window)
    theirs = F.lp_pool2d(tensor(x.astype(np.float64)), norm_type, **window)
    assert_rounded(got, theirs.numpy())


@some
@given(problem=averages(2, ("float16", *FLOATS, "int64"), ("normal", "ties", "negative")))
def test_averages_do_not_depend_on_blocks(problem):
    """Sums in float64 may differ in their last bit; what is rounded to float32 does not show it.

    It would, if large numbers canceled in a window.
    """
    x, window, block = problem
    whole = pooling.avg_pool2d(x, **window)
    with cut_to(block):
        got = pooling.avg_pool2d(x, **window)
    if x.dtype == np.float64:
        assert_close(got, whole, 1e-14)
    else:
        np.testing.assert_array_equal(got, whole)


# Convolution, and what else stands on the engine.


@some
@given(data=st.data(), bias=st.booleans())
def test_conv2d_of_any_blocks_equals_torch(data, bias):
    """Whole numbers: every sum is exact, in any order."""
    x, window, block = data.draw(
        problems(2, (*FLOATS, "int32"), ("ties",), kernel=data.draw(st.sampled_from([1, 3, 7])))
    )
    x = x % 7
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    shape = (data.draw(st.integers(1, 3)), x.shape[-3], *window.pop("kernel_size"))
    weight = laid_out(
        rng.integers(-3, 4, shape).astype(x.dtype), data.draw(st.sampled_from(LAYOUTS))
    )
    bias = rng.integers(-3, 4, shape[0]).astype(x.dtype) if bias else None
    del window["ceil_mode"]
    window["padding"] = tuple(p + data.draw(st.sampled_from([0, 0, 4])) for p in window["padding"])
    with cut_to(block):
        got = pooling.conv2d(x, weight, bias, **window)
    leaves = [a if a is None else tensor(a.astype(np.float64)) for a in (x, weight, bias)]
    theirs = F.conv2d(*leaves, **window)
    np.testing.assert_array_equal(got, theirs.numpy().astype(x.dtype))


BOXES = np.array([[0, 0, 0, 8, 8], [1, 2, 3, 2, 3], [0, 5, 1, 8, 40], [1, -9, -9, -5, -5]])
SHARED = {
    "roi_pool": lambda x: pooling.roi_pool(x, BOXES, (3, 4)),
    "fractional_max_pool2d": lambda x: np.array(
        pooling.fractional_max_pool2d(x, 2, 4, np.full((2, 3, 2), 0.4), return_indices=True)
    ),
    "blur_pool2d": lambda x: pooling.blur_pool2d(x, 3, 2),
    "mixed_pool2d": lambda x: pooling.mixed_pool2d(x, 3, 2, 1),
    "avg_pool2d_backward": lambda x: pooling.avg_pool2d_backward(x, np.ones((2, 3, 18, 20)), 2),
}


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("block", [1, 300, 2000])
def test_pools_that_share_the_engine_do_not_depend_on_blocks(name, block):
    x = np.random.default_rng(0).integers(-9, 9, (2, 3, 9, 10)).astype(np.float64)
    whole = SHARED[name](x)
    with cut_to(block):
        assert_bits(SHARED[name](x), whole)


# The blocks themselves.


@st.composite
def axes_of(draw, n):
    """Draw windows along an axis of n cells: even ones, bins of a rule, or any table."""
    kind = draw(st.sampled_from(["windows", "anywhere", "bins", "table"]))
    if kind == "anywhere":
        size = st.integers(1, 5)
        return Windows(n, *(draw(size) for _ in range(4)), draw(st.integers(-4, 4)))
    if kind == "windows":
        k, s, d = draw(st.integers(1, 5)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
        laid = outcome(lay, n, k, s, draw(st.integers(0, 5)), d, draw(st.booleans()))
        return Windows(n, 1, 1, 1) if refused(laid) else laid
    if kind == "bins":
        rule = draw(st.sampled_from(["adaptive", "symmetric"]))
        return bin_positions(n, draw(st.integers(1, 9)), rule)
    table = st.lists(st.integers(-1, n), min_size=2, max_size=2)
    return np.array(draw(st.lists(table, min_size=1, max_size=6)))


def cells_of(axis):
    return axis.table if isinstance(axis, Windows) else axis


def cells_read(x, axes):
    """Gather what every window reads, padding as -1: shape (N, C, o, k) for one axis."""
    for at, axis in zip(range(2, 9, 2), axes, strict=False):
        table = cells_of(axis)
        inside = (table >= 0) & (table < x.shape[at])
        width = [(0, int(i == at)) for i in range(x.ndim)]
        x = np.pad(x, width, constant_values=-1).take(np.where(inside, table, x.shape[at]), axis=at)
    return x


@settings(max_examples=200)
@given(data=st.data(), ndim=st.integers(1, 3), block=st.sampled_from([1, 60, 300, 2000]))
def test_blocks_hold_every_window_once_with_all_its_cells(data, ndim, block):
    shape = [data.draw(st.integers(low, 7)) for low in (0, *[1] * (ndim + 1))]
    x = np.arange(np.prod(shape)).reshape(shape)
    axes = [data.draw(axes_of(n)) for n in shape[2:]]
    expected = cells_read(x, axes)
    seen = np.zeros((*shape[:2], *map(blocks.number, axes)), dtype=int)
    dtype = data.draw(st.sampled_from([None, np.float16]))
    one_plane = np.prod(shape[2:]) * np.dtype(dtype or x.dtype).itemsize
    with cut_to(block):
        for piece in blocks.blocks(x, axes, dtype):
            seen[piece.where] += 1
            images, channels, *rest = seen[piece.where].shape
            assert images * channels == 1 or images * channels * one_plane <= block
            assert images == 1 or channels == shape[1]
            assert rest[0] == 1 or rest[0] * one_plane <= block * seen.shape[2]
            assert [*map(blocks.number, piece.axes)] == rest
            if piece.x.size:
                assert np.shares_memory(piece.x, x)
                first = x[tuple(s.start or 0 for s in piece.where[:2])][piece.row]
                np.testing.assert_array_equal(piece.x[0, 0, 0], first)
            if rest[0] < seen.shape[2]:
                rows = cells_of(axes[0])[piece.where[2]]
                if isinstance(axes[0], Windows):
                    rows = np.arange(rows.min(), rows.max() + 1)
                rows = rows[(rows >= 0) & (rows < shape[2])]
                assert piece.x.shape[2] == (np.ptp(rows) + 1 if rows.size else 0)
            here = np.index_exp[:, :] + tuple(
                part for where in piece.where[2:] for part in (where, slice(None))
            )
            reads = expected[piece.where[:2]][here]
            np.testing.assert_array_equal(cells_read(piece.x, piece.axes), reads)
            wide, moved = blocks.pad(piece.x, piece.axes, -1)
            np.testing.assert_array_equal(cells_read(wide, moved), reads)
            assert not blocks.padded(moved)
            assert blocks.padded(piece.axes) or wide is piece.x
    assert (seen == 1).all()


@settings(max_examples=200)
@given(data=st.data(), ndim=st.integers(1, 3), block=BLOCKS)
def test_windows_and_tables_of_any_axes_are_reduced_cell_by_cell(data, ndim, block):
    """Windows may begin and end anywhere, more freely than any pool lays them."""
    plane = data.draw(st.tuples(*[st.integers(1, 6)] * ndim))
    axes = [data.draw(axes_of(n)) for n in plane]
    x = data.draw(filled(plane, ("float64", "int16"), ("ties",)))
    beats = data.draw(st.sampled_from([np.greater, np.less]))
    with cut_to(block):
        best, sums = reduce.best(x, axes, beats), reduce.total(x, axes)
        found, indices = reduce.extreme(x, axes, beats)
    o = [*map(blocks.number, axes)]
    reads = cells_read(np.arange(np.prod(plane)).reshape(1, 1, *plane), axes)[0, 0]
    reads = np.moveaxis(reads, range(1, 2 * ndim, 2), range(ndim, 2 * ndim))
    for i, row in enumerate(reads.reshape(np.prod(o), -1)):
        cells, window = row[row >= 0], np.unravel_index(i, o)
        for flat, *got in zip(
            x.reshape(-1, np.prod(plane)),
            *(a.reshape(-1, *o)[(..., *window)] for a in (best, found, indices, sums)),
            strict=True,
        ):
            place, value = -1, reduce.worst(x.dtype, beats)
            if cells.size:
                (place,) = loops.extreme_cell(flat, [(cell,) for cell in cells], beats)
                value = flat[place]
            assert_bits(got[:2], np.array([value] * 2, dtype=x.dtype))
            assert got[2] == place
            np.testing.assert_array_equal(got[3], flat[cells].sum(dtype=x.dtype))


# What a call may not do.

ONES = np.ones((1, 1, 1, 1))
PLACES = np.tile(np.arange(36).reshape(6, 6), (3, 1, 1, 1))
CALLS = {
    "max_pool1d": lambda x: pooling.max_pool1d(x[0], 1),
    "max_pool2d": lambda x: pooling.max_pool2d(x, 1),
    "max_pool2d, k = 2": lambda x: pooling.max_pool2d(x, 2, 1),
    "max_pool2d, indices": lambda x: pooling.max_pool2d(x, 1, return_indices=True)[0],
    "min_pool2d": lambda x: pooling.min_pool2d(x, 1),
    "max_pool2d_backward": lambda x: pooling.max_pool2d_backward(x, x, 1),
    "max_pool2d_backward, indices": lambda x: pooling.max_pool2d_backward(x, x, 1, indices=PLACES),
    "avg_pool2d": lambda x: pooling.avg_pool2d(x, 1),
    "avg_pool2d, k = 2": lambda x: pooling.avg_pool2d(x, 2, 1),
    "avg_pool2d_backward": lambda x: pooling.avg_pool2d_backward(x, x, 1),
    "lp_pool2d": lambda x: pooling.lp_pool2d(x, 1, 1),
    "adaptive_max_pool2d": lambda x: pooling.adaptive_max_pool2d(x, None),
    "adaptive_avg_pool2d": lambda x: pooling.adaptive_avg_pool2d(x, None),
    "spatial_pyramid_pool2d": lambda x: pooling.spatial_pyramid_pool2d(x, [6]),
    "unfold": lambda x: pooling.unfold(x, 1),
    "conv2d": lambda x: pooling.conv2d(x, ONES),
    "conv2d_backward": lambda x: pooling.conv2d_backward(x, x, ONES)[0],
}


@pytest.mark.parametrize("block", [1, WHOLE])
@pytest.mark.parametrize("name", CALLS)
def test_the_input_stays_as_it_is_and_is_not_returned(name, block):
    x = np.random.default_rng(0).standard_normal((3, 1, 6, 6))
    before = x.copy(), PLACES.copy()
    with cut_to(block):
        out = CALLS[name](x)
    assert_bits(x, before[0])
    assert_bits(PLACES, before[1])
    assert not np.shares_memory(out, x)


@pytest.mark.parametrize("size", [1, WHOLE])
@pytest.mark.parametrize("window", [(2, 2), (4, None), (2, 1)])
def test_an_average_of_minus_zeros_is_minus_zero(size, window):
    with cut_to(size):
        assert np.signbit(pooling.avg_pool1d(np.full((1, 4), -0.0), *window)).all()


@st.composite
def far_windows(draw, ndim, largest=60):
    """Draw windows that may be many times as large as the map, and reach far out of it."""
    kernel = draw(ints(ndim, 1, largest))
    k = np.broadcast_to(kernel, ndim)
    return {
        "kernel_size": kernel,
        "stride": draw(ints(ndim, 1, 40)),
        "padding": tuple(draw(st.integers(0, int(size) // 2)) for size in k),
        "ceil_mode": draw(st.booleans()),
    }


@pytest.mark.parametrize("ndim", [1, 2])
@some
@given(data=st.data())
def test_maxima_of_far_windows_equal_torch(ndim, data):
    x = data.draw(images(ndim, FLOATS, ("normal", "ties", "NaN"), largest=5))
    window = data.draw(far_windows(ndim)) | {"dilation": data.draw(ints(ndim, 1, 9))}
    name = f"max_pool{ndim}d"
    ours = outcome(getattr(pooling, name), x, **window, return_indices=True)
    assume(not refused(ours) and x.size)
    leaf = tensor(x, requires_grad=True)
    values, indices = getattr(F, name)(leaf, **window, return_indices=True)
    np.testing.assert_array_equal(ours[0], values.detach().numpy())
    np.testing.assert_array_equal(ours[1], indices.numpy())
    np.testing.assert_array_equal(getattr(pooling, name)(x, **window), ours[0])
    grad = gradients(ours[0])
    values.backward(tensor(grad))
    sent = getattr(pooling, f"{name}_backward")(grad, x, **window)
    np.testing.assert_array_equal(sent, leaf.grad.numpy())


@pytest.mark.parametrize("ndim", [1, 2, 3])
@some
@given(data=st.data())
def test_averages_of_far_windows_equal_the_loops(ndim, data):
    x = data.draw(images(ndim, ("float64",), ("normal",), largest=5 if ndim < 3 else 2))
    window = data.draw(far_windows(ndim))
    if ndim == 3:
        window["kernel_size"] = np.minimum(window["kernel_size"], 9).tolist()
        window["padding"] = tuple(
            np.minimum(window["padding"], np.array(window["kernel_size"]) // 2)
        )
    counted = data.draw(st.booleans())
    name = f"avg_pool{ndim}d"
    ours = outcome(getattr(pooling, name), x, **window, count_include_pad=counted)
    assume(not refused(ours) and x.size)
    full = per_axis(window, ndim)
    arguments = full["kernel_size"], full["stride"], full["padding"], full["ceil_mode"]
    (expected,) = planes(lambda plane: loops.avg_pool(plane, *arguments, counted, None), x, ndim)
    assert_close(ours, expected)
    grad = gradients(ours)
    got = getattr(pooling, f"{name}_backward")(grad, x, **window, count_include_pad=counted)
    blank = np.empty(x.shape[-ndim:])
    (expected,) = planes(
        lambda g: loops.avg_pool_backward(g, blank, *arguments, counted, None), grad, ndim
    )
    assert_close(got, expected)


def test_lp_windows_larger_than_the_map_are_scaled_up():
    x = abs(np.random.default_rng(0).standard_normal((2, 3, 4)))
    theirs = F.lp_pool2d(tensor(x), 2, 50, 1000, ceil_mode=True)
    assert_close(pooling.lp_pool2d(x, 2, 50, 1000, ceil_mode=True), theirs.numpy())
    tiny = pooling.avg_pool2d(x, 2**40, 2**40, 2**39)  # divided by 2**80 cells
    assert_close(tiny * 2.0**80, x.sum(axis=(1, 2), keepdims=True))
