"""The helpers that chapters lean on: answers to exercises, code shown from the library, figures."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import pooling
from pooling_course.answers import same, try_answer, try_culprit
from pooling_course.figures import axis_windows, catch_table, coverage_map, grids, intervals, maps
from pooling_course.figures.windows import coverage_color
from pooling_course.show import show, source
from pooling_course.style import PALE, READ, SHARED, SKY, UNREAD, use_style

matplotlib.use("Agg")

CASES = [(np.arange(4.0),), (np.array([2.0, np.nan]),)]


@pytest.fixture(autouse=True)
def close_figures():
    use_style()
    yield
    plt.close("all")


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (lambda x: None, "not attempted yet"),
        (lambda x: ..., "not attempted yet"),
        (lambda x: x + 1, "right: all 2 cases agree"),
        (lambda x: list(x + 1), "right: all 2 cases agree"),
        (lambda x: np.nan_to_num(x) + 1, "not yet: case 2 of 2"),
        (lambda x: x + 1 + 1e-3 * (np.arange(len(x)) == 0), "not yet: case 1 of 2"),
        (lambda x: (x + 1)[:1], "not yet: case 1 of 2"),
        (lambda x: x[None] + 1, "not yet: case 1 of 2"),
        (lambda x: "two", "not yet: case 1 of 2"),
        (lambda x: x.nothing, "AttributeError"),
        (lambda x: x + 1 if len(x) == 4 else None, "not yet: case 2 of 2"),
    ],
)
def test_try_answer_tells_right_from_wrong_from_untouched(answer, verdict, capsys):
    try_answer(answer, lambda x: x + 1, CASES)
    assert verdict in capsys.readouterr().out


def test_try_answer_shows_the_case_that_differs(capsys):
    try_answer(lambda x, k: x, lambda x, k: x * k, [(1, 1), (2, 3)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines] == ["2", "3", "6", "2"]


def test_an_answer_cannot_spoil_the_case_for_the_reference(capsys):
    def greedy(x):
        x[:] = 0
        return x.sum()

    try_answer(greedy, lambda x: x.sum(), CASES[:1])
    shown = capsys.readouterr().out
    assert "called with: [0. 1. 2. 3.]" in shown
    assert "expected:    np.float64(6.0)" in shown


def test_an_answer_gets_copies_of_lists_and_of_random_generators(capsys):
    def greedy(values, rng):
        values[0] = rng.random()
        return values[0]

    try_answer(greedy, lambda values, rng: rng.random(), [([1, 2], np.random.default_rng(0))] * 2)
    assert capsys.readouterr().out == "right: all 2 cases agree\n"


def test_try_answer_wants_a_case():
    with pytest.raises(ValueError, match="cases must hold at least one case, got none"):
        try_answer(abs, abs, [])


def wrong_abs(x):
    return max(x, 0)


def right_abs(x):
    if x > 100:
        raise ValueError("x must be at most 100")
    return abs(x)


@pytest.mark.parametrize(
    ("culprit", "verdict"),
    [
        (lambda: None, "not attempted yet"),
        (lambda: ..., "not attempted yet"),
        (lambda: 3, "both functions agree on your input: try another"),
        (lambda: (3,), "both functions agree on your input: try another"),
        (lambda: -3, "caught: the two functions differ on your input"),
        (lambda: (-3,), "caught: the two functions differ on your input"),
        (lambda: 101, "the right function refuses your input: try another"),
        (lambda: (3, 4), "the right function refuses your input: try another"),
        (lambda: (), "the right function refuses your input: try another"),
        (lambda: [1, 2], "the right function refuses your input: try another"),
    ],
)
def test_try_culprit_tells_a_culprit_from_the_others(culprit, verdict, capsys):
    try_culprit(wrong_abs, right_abs, culprit)
    assert capsys.readouterr().out.splitlines()[0] == verdict


@pytest.mark.parametrize(
    ("buggy", "right", "verdict"),
    [
        (lambda x: x, lambda x: x + 1e-9, "both"),
        (lambda x: x, lambda x: x + 1e-3, "caught"),
        (lambda x: x, lambda x: x[None], "caught"),
        (lambda x: x, lambda x: np.where(x > 1, np.nan, x), "caught"),
        (lambda x: x / (x - 1), lambda x: x / (x - 1), "both"),
        (lambda x: (x, x), lambda x: (x, x), "both"),
        (lambda x: (x, x), lambda x: (x, x + 1), "caught"),
        (lambda x: (x,), lambda x: (x, x), "caught"),
        (lambda x: x.nothing, lambda x: x, "caught"),
        (lambda x: x.nothing, lambda x: np.nan, "caught"),
        (lambda x: x.nothing, lambda x: x.nothing, "the right function refuses"),
        (lambda x: x.fill(9), lambda x: None, "both"),
        (lambda x: x, lambda x: x.fill(9) or np.array([0.0, 1, 2]), "both"),
    ],
)
def test_a_culprit_is_judged_by_value_shape_nan_and_errors(buggy, right, verdict, capsys):
    try_culprit(buggy, right, lambda: [0.0, 1.0, 2.0])
    assert capsys.readouterr().out.startswith(verdict)


@pytest.mark.parametrize(
    "x", [((1, 2), (3, 4)), [[1, 2], [3, 4]], torch.ones(2, 2).requires_grad_()]
)
def test_a_culprit_may_be_a_nested_tuple_a_list_or_a_tensor(x, capsys):
    try_culprit(lambda a, k: a.repeat(k, axis=0), np.repeat, lambda: (x, 2))
    assert "caught" in capsys.readouterr().out
    try_culprit(lambda a, k: a.max() * k, lambda a, k: np.max(a) * k, lambda: (x, 2))
    assert capsys.readouterr().out.startswith("both functions agree")


@pytest.mark.parametrize("slip", [[[[1, 2], [3, 4]], 2], [[1, 2], [3]]])
def test_a_culprit_in_brackets_or_with_ragged_rows_is_told_so(slip, capsys):
    try_culprit(wrong_abs, right_abs, lambda: slip)
    assert capsys.readouterr().out.startswith("a list in your input is no array")


def test_try_culprit_shows_the_call_and_both_results(capsys):
    eye = np.eye(2)
    try_culprit(lambda x, k: (x, k), lambda x, k: (x, np.int64(3)), lambda: (eye, 2))
    assert capsys.readouterr().out.splitlines() == [
        "caught: the two functions differ on your input",
        "  called with: [[1. 0.]",
        "                [0. 1.]],",
        "               2",
        "  right:       [[1. 0.]",
        "                [0. 1.]],",
        "               3",
        "  buggy:       [[1. 0.]",
        "                [0. 1.]],",
        "               2",
    ]


def test_try_culprit_shows_what_was_raised(capsys):
    try_culprit(wrong_abs, right_abs, lambda: 101)
    assert "right:       ValueError: x must be at most 100" in capsys.readouterr().out
    try_culprit(lambda x: x.nothing, abs, lambda: -1)
    assert "buggy:       AttributeError" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("got", "expected", "verdict"),
    [
        (([1], [2]), ([1], [2]), True),
        (([1], [3]), ([1], [2]), False),
        (([1],), ([1], [2]), False),
        (1, ([1], [2]), False),
        ([[1, 2], [3]], [1, 2], False),
        (np.zeros((0,)), np.zeros((0, 2)), False),
        (-np.inf, np.inf, False),
        (["1", "2"], [1, 2], False),
        ([None, 1], [np.nan, 1], False),
        (None, np.nan, False),
        (np.array([1 + 2j]), [1.0], False),
        (torch.ones(2, requires_grad=True), [1.0, 1.0], True),
    ],
)
def test_same_asks_every_number_and_the_shape(got, expected, verdict):
    assert same(got, expected) is verdict


def test_show_displays_the_source_twice_as_text_and_as_markdown(monkeypatch):
    shown = []
    monkeypatch.setattr("pooling_course.show.display", lambda data, raw: shown.append(data))
    show(pooling.output_size)
    (data,) = shown
    text = data["text/plain"]
    assert text == source(pooling.output_size)
    assert text.startswith("def output_size(") and '"""' not in text and "return windows(" in text
    assert data["text/markdown"] == f"```python\n{text}\n```"


def test_show_keeps_the_docstring_when_asked():
    assert "Count the windows along one axis." in source(pooling.output_size, docstring=True)


def test_cells_are_colored_by_how_often_they_are_read():
    assert [coverage_color(count) for count in (0, 1, 2, 4)] == [UNREAD, READ, SHARED, SHARED]


def test_a_coverage_map_prints_its_counts_and_colors_them():
    _, (ax,) = coverage_map([np.array([[0, 1, 4]])], ["a"])
    assert [text.get_text() for text in ax.texts] == ["0", "1", "4"]
    colors = [matplotlib.colors.to_hex(patch.get_facecolor()) for patch in ax.patches]
    assert colors == [UNREAD, READ, SHARED]


def test_axis_windows_draws_each_cell_of_each_window_where_it_lies():
    positions = pooling.window_positions(5, 3, 2, padding=1)
    _, (ax,) = axis_windows([("", 5, positions)])
    drawn = sorted(p.get_x() - 0.12 for p in ax.patches if p.get_width() == pytest.approx(0.76))
    assert np.allclose(drawn, np.sort(positions.ravel()))
    cells = [p.get_x() for p in ax.patches if p.get_width() == 1]
    assert cells == [-1, 0, 1, 2, 3, 4, 5]


def test_intervals_are_drawn_first_name_on_top():
    _, ax = intervals(["a", "b"], [1, 2], [0.5, 0.1], "points", zero=True)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_maps_share_one_scale_only_when_asked():
    _, axes = maps([np.eye(2), 2 * np.eye(2)], ["a", "b"], limit=2.0)
    assert {ax.images[0].get_clim() for ax in axes} == {(0, 2.0)}
    _, axes = maps([np.eye(2), -2 * np.eye(2)], ["a", "b"], signed=[False, True])
    assert [ax.images[0].get_clim() for ax in axes] == [(0.0, 1.0), (-2.0, 2.0)]


def test_a_grid_outlines_windows_and_leaves_nan_blank():
    panel = {"values": np.array([[1.5, np.nan]]), "title": "t", "outlines": [(0, 0, 1, 2)]}
    _, (ax,) = grids([panel])
    assert [text.get_text() for text in ax.texts] == ["1.5", ""]
    assert ax.patches[-1].get_bbox().bounds == (0, 0, 2, 1)


def test_a_catch_table_leaves_zeros_empty_and_colors_the_rest():
    _, ax = catch_table(np.array([[0, 3], [20, 0]]), ["a", "b"], ["x", "y"])
    assert [text.get_text() for text in ax.texts] == ["", "3", "20", "", "a", "b", "x", "y"]
    colors = [matplotlib.colors.to_hex(patch.get_facecolor()) for patch in ax.patches]
    assert colors == [PALE, SKY, SKY, PALE]
