"""Regions of interest against torchvision and against the loops."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from problems import (
    FINITE,
    FLOATS,
    assert_bits,
    assert_close,
    gradients,
    images,
    ints,
    outcome,
    refused,
    share,
    tensor,
)
from torchvision import ops

import pooling
from pooling import loops

few = share(0.3)
SCALES = st.sampled_from([1.0, 0.5, 1 / 16, 0.3, 2.0])


@st.composite
def regions(draw, dtypes=FLOATS):
    """Draw maps, and boxes that may leave them, miss them, be empty or stand on their head."""
    x = draw(images(2, dtypes, FINITE, largest=12))
    x = x if x.ndim == 4 else x[None]
    scale, count = draw(SCALES), draw(st.sampled_from([8, 1, 0])) if len(x) else 0
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    corners = rng.uniform(-0.4, 1.4, (count, 4)) * np.tile(x.shape[:1:-1], 2)
    if draw(st.booleans()):
        corners = np.round(2 * corners) / 2  # halves, where rounding and borders are decided
    if draw(st.booleans()):
        corners[:, 2:] = np.maximum(corners[:, :2], corners[:, 2:])
    boxes = np.column_stack([rng.integers(0, max(1, len(x)), count), corners / scale])
    return x, boxes.astype(x.dtype), draw(ints(2, 1, 5)), scale


def twin(name, x, boxes, size, *arguments):
    """Run torchvision; return its output and a function that gives its gradient."""
    leaf = tensor(x, requires_grad=True)
    size = size if isinstance(size, int) else tuple(size)
    out = getattr(ops, name)(leaf, tensor(boxes), size, *arguments)

    def backward(grad):
        out.backward(tensor(grad))
        return leaf.grad.numpy()

    return out.detach().numpy(), backward


@given(problem=regions())
def test_roi_pool_equals_torchvision_to_the_bit(problem):
    values, backward = twin("roi_pool", *problem)
    ours = pooling.roi_pool(*problem)
    np.testing.assert_array_equal(ours, values)
    assert ours.dtype == values.dtype
    grad = gradients(ours)
    assert_bits(pooling.roi_pool_backward(grad, *problem) + 0.0, backward(grad) + 0.0)


@given(problem=regions(), ratio=st.integers(-1, 3), aligned=st.booleans())
def test_roi_align_equals_torchvision(problem, ratio, aligned):
    theirs = outcome(twin, "roi_align", *problem, ratio, aligned)
    if refused(theirs):
        # Known difference: torchvision fails on a box that vanishes along one axis alone.
        assert aligned and ratio <= 0 and "std::vector" in str(theirs)
        return
    ours = pooling.roi_align(*problem, ratio, aligned)
    assert_close(ours, theirs[0], 1e-5 if ours.dtype == np.float32 else None)
    grad = gradients(ours)
    got = pooling.roi_align_backward(grad, *problem, ratio, aligned)
    assert_close(got, theirs[1](grad), 1e-4 if ours.dtype == np.float32 else None)


@few
@given(problem=regions(("float64",)), ratio=st.integers(-1, 3), aligned=st.booleans())
def test_regions_equal_the_loops(problem, ratio, aligned):
    x, boxes, size, scale = problem
    size = size if isinstance(size, tuple) else (size, size)
    pooled, averaged = pooling.roi_pool(*problem), pooling.roi_align(*problem, ratio, aligned)
    for k, (index, *corners) in enumerate(boxes):
        box = [c * scale for c in corners]
        for channel, plane in enumerate(x[int(index)]):
            np.testing.assert_array_equal(pooled[k, channel], loops.roi_pool(plane, box, size))
            assert_close(averaged[k, channel], loops.roi_align(plane, box, size, ratio, aligned))


@pytest.mark.parametrize("name", ["roi_pool", "roi_align"])
def test_a_list_of_boxes_for_each_image_is_the_same_as_rows_with_an_index(name):
    x = np.random.default_rng(0).standard_normal((3, 2, 8, 9))
    parts = [np.array([[1, 1, 6, 4]]), np.empty((0, 4)), np.array([[0, 2, 3, 3], [4, 4, 8, 7.5]])]
    rows = np.column_stack([[0, 2, 2], np.concatenate(parts)])
    pool, back = getattr(pooling, name), getattr(pooling, f"{name}_backward")
    out = pool(x, rows, 2)
    np.testing.assert_array_equal(pool(x, parts, 2), out)
    np.testing.assert_array_equal(pool(x, tuple(parts), 2), out)
    np.testing.assert_array_equal(back(out, x, parts, 2), back(out, x, rows, 2))
    theirs = getattr(ops, name)(tensor(x), [tensor(p.astype(float)) for p in parts], 2)
    assert_close(out, theirs)


def test_a_bin_reads_both_edges_and_halves_are_rounded_away_from_zero():
    x = np.arange(10.0).reshape(1, 1, 1, 10)
    for left, right, expected in [(0.5, 2.5, [2.0, 3.0]), (-0.5, 1.5, [0.0, 2.0]),
                                  (1.4999, 2.4999, [1.0, 2.0])]:  # fmt: skip
        boxes = np.array([[0, left, 0, right, 0]])
        assert pooling.roi_pool(x, boxes, (1, 2)).tolist() == [[[expected]]]
        assert ops.roi_pool(tensor(x), tensor(boxes), (1, 2)).tolist() == [[[expected]]]


def test_neighboring_bins_share_the_cell_that_their_edge_cuts():
    x = np.array([[[[0.0, 0, 0, 9, 0, 0, 0]]]])
    boxes = np.array([[0, 0, 0, 6.0, 0]])
    assert pooling.roi_pool(x, boxes, (1, 2)).tolist() == [[[[9.0, 9.0]]]]
    assert pooling.roi_pool(x, boxes, (1, 7)).tolist() == x.tolist()
    back = pooling.roi_pool_backward([[[[1.0, 10.0]]]], x, boxes, (1, 2))
    assert back.tolist() == [[[[0, 0, 0, 11.0, 0, 0, 0]]]]


def test_a_number_just_below_a_half_is_rounded_down():
    below = np.nextafter(np.float32(0.5), np.float32(0))
    x = np.arange(4, dtype=np.float32).reshape(1, 1, 1, 4)
    boxes = np.array([[0, below, 0, below, 0]], dtype=np.float32)
    assert pooling.roi_pool(x, boxes, 1).item() == 0.0
    assert ops.roi_pool(tensor(x), tensor(boxes), 1).item() == 0.0


def test_at_a_tie_the_first_cell_gets_all():
    x, boxes = np.ones((1, 1, 3, 3)), np.array([[0, 0, 0, 2, 2.0]])
    grad = np.ones((1, 1, 1, 1))
    expected = np.zeros((1, 1, 3, 3))
    expected[0, 0, 0, 0] = 1
    np.testing.assert_array_equal(pooling.roi_pool_backward(grad, x, boxes, 1), expected)
    np.testing.assert_array_equal(twin("roi_pool", x, boxes, 1)[1](grad), expected)


def test_a_box_outside_the_map_gives_zeros_and_gets_no_gradient():
    x, boxes = np.full((1, 2, 4, 4), -3.0), np.array([[0, 20, 20, 30, 30.0], [0, -9, 0, -5, 3]])
    for name in ("roi_pool", "roi_align"):
        out = getattr(pooling, name)(x, boxes, 2)
        assert not out.any() and not np.signbit(out).any()
        back = getattr(pooling, f"{name}_backward")
        assert not back(np.ones(out.shape), x, boxes, 2).any()


def test_roi_pool_takes_the_side_of_max_pool_on_nan_and_minus_infinity():
    boxes = np.array([[0, 0, 0, 2, 0.0]])
    for cells in ([1, np.nan, 2], [-np.inf] * 3):
        x = np.array([[[cells]]])
        ours, theirs = pooling.roi_pool(x, boxes, 1), ops.roi_pool(tensor(x), tensor(boxes), 1)
        np.testing.assert_array_equal(ours, pooling.max_pool2d(x, (1, 3)))
        assert theirs.item() in (2.0, -torch.finfo(torch.float32).max)
        assert pooling.roi_pool_backward(np.ones((1, 1, 1, 1)), x, boxes, 1).sum() == 1


def test_nan_reaches_only_the_bins_that_read_it():
    x = np.zeros((1, 1, 8, 8))
    x[0, 0, 1, 5] = x[0, 0, 3, 7] = np.nan
    x[0, 0, 7, 1] = np.inf
    boxes = np.array([[0, 0, 0, 8, 6.0], [0, 9, 0, 12, 6], [0, 0, 0, 4, 8]])
    out = pooling.roi_align(x, boxes, 2, sampling_ratio=2)
    np.testing.assert_array_equal(np.isnan(out[0, 0]), [[False, True], [False, True]])
    assert np.isfinite(out[1]).all()
    np.testing.assert_array_equal(np.isinf(out[2, 0]), [[False, False], [True, False]])


def test_an_aligned_box_that_vanishes_has_no_points():
    x = np.ones((1, 1, 5, 5))
    for box in ([0, 3, 3, 1, 1.0], [0, 3, 1, 1, 3.0], [0, 2, 2, 2, 2.0]):
        boxes = np.array([box])
        assert not pooling.roi_align(x, boxes, 2, aligned=True).any()
        assert pooling.roi_align(x, boxes, 2, sampling_ratio=1, aligned=True).all()
        assert pooling.roi_align(x, boxes, 2).all()


def test_half_a_cell_is_the_whole_difference_of_aligned():
    x = np.random.default_rng(0).standard_normal((1, 2, 9, 9))
    boxes = np.array([[0, 1.5, 2, 6, 7.5]])
    shifted = boxes - [0, 0.5, 0.5, 0.5, 0.5]
    assert_close(pooling.roi_align(x, boxes, 3, aligned=True), pooling.roi_align(x, shifted, 3))


@few
@given(problem=regions(("float64",)), ratio=st.integers(-1, 2), aligned=st.booleans())
def test_roi_align_backward_is_the_adjoint(problem, ratio, aligned):
    y = pooling.roi_align(*problem, ratio, aligned)
    g = np.random.default_rng(1).standard_normal(y.shape)
    back = pooling.roi_align_backward(g, *problem, ratio, aligned)
    np.testing.assert_allclose(np.vdot(g, y), np.vdot(back, problem[0]), rtol=1e-9, atol=1e-9)


@few
@given(problem=regions(("float64",)))
def test_what_roi_pool_sends_back_is_what_it_read(problem):
    """The maximum is linear where no winner changes: <g, f(x)> = <backward(g), x>."""
    y = pooling.roi_pool(*problem)
    g = np.random.default_rng(1).standard_normal(y.shape)
    back = pooling.roi_pool_backward(g, *problem)
    np.testing.assert_allclose(np.vdot(g, y), np.vdot(back, problem[0]), rtol=1e-9, atol=1e-9)
