"""The explorers as widgets: the same settings as their views, and clear refusals."""

import json

import numpy as np
import pytest

from pooling_course import explorers
from pooling_course.explorers.settings import SETTINGS
from pooling_course.explorers.widgets import BinExplorer, ShiftExplorer, WindowExplorer

WIDGETS = {"window": WindowExplorer, "bins": BinExplorer, "shift": ShiftExplorer}


@pytest.mark.parametrize("kind", WIDGETS)
def test_a_widget_starts_where_its_view_starts(kind):
    state = WIDGETS[kind]().get_state(list(SETTINGS[kind]))
    assert json.loads(json.dumps(state)) == json.loads(json.dumps(SETTINGS[kind]))


REFUSED = {
    "text": (lambda: explorers.window(kernel_size="a"), "kernel_size must be an int or 2 ints"),
    "zero": (lambda: explorers.window(stride=0), "stride must be at least 1, got 0"),
    "too large": (lambda: explorers.window(padding=17), "padding must be at most 16"),
    "a batch": (lambda: explorers.window(np.zeros((1, 6, 6))), r"x \(values\) must have shape"),
    "ragged": (lambda: explorers.window([[1, 2], [3]]), r"x \(values\) must be an array"),
    "nan": (lambda: explorers.window([[np.nan]]), r"x \(values\) must hold finite numbers"),
    "bool": (lambda: explorers.window([[True]]), r"x \(values\) must hold numbers, got bool"),
    "norm": (lambda: explorers.window(norm_type=np.nan), "norm_type must lie in 0.1 .. 64"),
    "size": (lambda: explorers.bins(65), "size must be at most 64, got 65"),
    "true": (lambda: explorers.bins(True), "size must be an int, got True"),
    "no level": (lambda: explorers.bins(5, ()), "levels must hold at least one"),
    "level": (lambda: explorers.bins(5, (9,)), "levels must be at most 8, got 9"),
    "odd": (lambda: explorers.shift([1, 2, 3]), "must have even sizes"),
    "far": (lambda: explorers.shift([1, 2], 17), "shift must be at most 16"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_name_the_argument(case):
    call, message = REFUSED[case]
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_an_int_moves_to_the_right():
    explorer = explorers.shift([1, 2], 1)
    assert explorer.shift == (0, 1)
    explorer.shift = np.int64(2)
    assert explorer.shift == (0, 2)
