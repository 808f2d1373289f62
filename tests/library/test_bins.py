"""The six rules, and the theorem on the one in the SPP paper's text."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

import pooling
from pooling.bins import (
    RULES,
    adaptive_bins,
    bin_coverage,
    bin_positions,
    fixed_bins,
    paper_bins,
    paper_prediction,
    rounded_bins,
    stretched_bins,
    symmetric_bins,
)

PAIRS = [(a, n) for a in range(1, 65) for n in range(1, 9)]


def check_theorem(a, n):
    """Compare the prediction with the windows drawn; check when the rule does as it promises."""
    starts, stops = paper_bins(a, n)
    read = np.zeros(a, dtype=bool)
    for start, stop in zip(starts, stops, strict=True):
        read[start:stop] = True
    assert paper_prediction(a, n) == (len(starts), (~read).sum())
    q, r = divmod(a, n)
    kept = len(starts) == n and read.all()
    assert kept == (r in (0, 1))
    assert (len(starts) == n) == (r <= q)
    if 2 <= r <= q:
        assert (~read).sum() == r - 1 and not read[a - (r - 1) :].any()
    assert len(starts) >= n
    assert len(starts) == pooling.output_size(a, -(-a // n), a // n)


def test_bin_theorem_for_every_size_below_200_and_up_to_8_bins():
    for a in range(1, 200):
        for n in range(1, min(a, 8) + 1):
            check_theorem(a, n)


@given(pair=st.integers(1, 5000).flatmap(lambda a: st.tuples(st.just(a), st.integers(1, a))))
def test_bin_theorem_for_any_size(pair):
    check_theorem(*pair)


def test_13_is_safe_for_1_2_3_and_6_bins():
    assert all(paper_prediction(13, n) == (n, 0) for n in (1, 2, 3, 6))


def test_10_cells_and_6_bins_give_9_by_the_text_of_the_paper():
    assert len(paper_bins(10, 6)[0]) == 9
    with pytest.raises(ValueError, match="cuts 10 cells into 9 bins, not into 6"):
        pooling.spatial_pyramid_pool2d(np.zeros((1, 10, 10)), [6], rule="paper")


def test_14_cells_and_4_bins_leave_row_13_unread():
    starts, stops = paper_bins(14, 4)
    assert starts.tolist() == [0, 3, 6, 9] and stops.tolist() == [4, 7, 10, 13]
    assert np.flatnonzero(bin_coverage(14, 4, "paper") == 0).tolist() == [13]
    starts, stops = adaptive_bins(14, 4)
    assert starts.tolist() == [0, 3, 7, 10] and stops.tolist() == [4, 7, 11, 14]


def test_forum_answer_on_adaptive_bin_sizes_is_wrong():
    starts, stops = adaptive_bins(14, 3)
    assert (stops - starts).tolist() == [5, 6, 5]
    for a, n in PAIRS:
        starts, stops = adaptive_bins(a, n)
        assert set(stops - starts) <= {-(-a // n), -(-a // n) + 1}
        assert (stops[:-1] - starts[1:] <= 1).all() and (stops[:-1] >= starts[1:]).all()
        assert starts[0] == 0 and stops[-1] == a and len(starts) == n


def test_adaptive_bins_are_those_of_torch():
    for a, n in PAIRS:
        x = torch.zeros(1, 1, a, dtype=torch.float64, requires_grad=True)
        F.adaptive_avg_pool1d(x, n)[0, 0].sum().backward()
        shares = np.zeros(a)
        for start, stop in zip(*adaptive_bins(a, n), strict=True):
            shares[start:stop] += 1 / (stop - start)
        np.testing.assert_allclose(shares, x.grad[0, 0], rtol=1e-12)


def test_adaptive_bins_nest():
    for a in range(1, 65):
        for n, m in [(n, m) for n in range(1, 9) for m in range(1, 5)]:
            coarse, fine = adaptive_bins(a, n), adaptive_bins(a, n * m)
            assert (coarse[0] == fine[0][::m]).all() and (coarse[1] == fine[1][m - 1 :: m]).all()


def test_max_pyramid_needs_only_its_finest_level_and_the_average_does_not():
    x = np.random.default_rng(0).standard_normal((2, 14, 17))
    fine = pooling.adaptive_max_pool2d(x, 6)
    for n in (3, 2, 1):
        coarse = pooling.adaptive_max_pool2d(x, n)
        np.testing.assert_array_equal(pooling.adaptive_max_pool2d(fine, n), coarse)
    fine = pooling.adaptive_avg_pool2d(x, 6)
    coarse = pooling.adaptive_avg_pool2d(x, 1)
    assert abs(pooling.adaptive_avg_pool2d(fine, 1) - coarse).max() > 1e-3


def test_symmetric_rule_pads_a_whole_bin_at_13_and_6():
    starts, stops = symmetric_bins(13, 6)
    assert starts.tolist() == [-3, 0, 3, 6, 9, 12] and stops[0] == 0
    with pytest.raises(ValueError, match="bin without a cell for 13 cells and 6 bins"):
        pooling.spatial_pyramid_pool2d(np.zeros((1, 13, 13)), [6], rule="symmetric")


def torch_refuses_symmetric(a, n):
    k = -(-a // n)
    try:
        pooled = F.max_pool1d(torch.zeros(1, 1, a), k, k, (k * n - a + 1) // 2)
    except RuntimeError:
        return True
    return pooled.shape[-1] != n


def test_torch_refuses_the_symmetric_rule_for_44_pairs_and_whenever_bins_outnumber_cells():
    refused = [pair for pair in PAIRS if torch_refuses_symmetric(*pair)]
    assert len(PAIRS) == 512 and len(refused) == 72
    assert sum(a >= n for a, n in refused) == 44
    assert sum(a < n for a, n in refused) == 28 == sum(a < n for a, n in PAIRS)


def test_symmetric_bins_hold_the_padded_axis_with_at_most_one_cell_more_on_the_left():
    for a, n in PAIRS:
        starts, stops = symmetric_bins(a, n)
        left, right = -starts[0], stops[-1] - a
        assert left - right in (0, 1) and (starts[1:] == stops[:-1]).all()


def test_rounded_bins_are_empty_when_there_are_more_bins_than_cells():
    for a, n in PAIRS:
        starts, stops = rounded_bins(a, n)
        assert (starts == np.floor(np.arange(n) * a / n + 0.5)).all()
        assert starts[0] == 0 and stops[-1] == a and (stops[:-1] == starts[1:]).all()
        assert (stops == starts).any() == (n > a)
    with pytest.raises(ValueError, match="bin without a cell for 3 cells and 4 bins"):
        pooling.spatial_pyramid_pool2d(np.zeros((1, 3, 3)), [4], rule="rounded")


def test_stretched_bins_read_everything_with_fat_windows():
    for a, n in PAIRS:
        if a >= n:
            starts, stops = stretched_bins(a, n)
            assert len(starts) == n and (bin_coverage(a, n, "stretched") > 0).all()
            assert set(stops - starts) == {a - (n - 1) * (a // n)}


def test_fixed_window_7_for_2_bins_gives_one_bin_on_13_unless_in_ceil_mode():
    starts, stops = fixed_bins(13, 2)
    assert (starts.tolist(), stops.tolist()) == ([0], [7])
    assert len(fixed_bins(14, 2)[0]) == 2
    x = np.zeros((1, 13, 13))
    assert pooling.max_pool2d(x, 7).shape == (1, 1, 1)
    assert pooling.max_pool2d(x, 7, ceil_mode=True).shape == (1, 2, 2)
    assert len(fixed_bins(20, 2, designed_for=20)[0]) == 2


def test_positions_list_the_cells_of_every_rule():
    for rule, cut in RULES.items():
        for a, n in [(a, n) for a, n in PAIRS if a >= n and (rule != "fixed" or a >= 13)]:
            positions = bin_positions(a, n, rule)
            for row, start, stop in zip(positions, *cut(a, n), strict=True):
                assert row[row >= 0].tolist() == list(range(max(start, 0), min(stop, a)))
                assert (row[row < 0] == -1).all()
            assert bin_coverage(a, n, rule).sum() == (positions >= 0).sum()
