"""The explorers as widgets: each setting of a view is a trait, checked when it is set."""

from collections.abc import Iterable
from typing import Any

import anywidget
import numpy as np
import traitlets

from pooling.check import int_tuple, integer
from pooling_course.explorers.arithmetic import bin_lists, plane, window_output
from pooling_course.explorers.module import module
from pooling_course.explorers.settings import BINS, MOST, SHIFT, WINDOW


class Pair(traitlets.TraitType):
    """Two ints, for height and width; one int stands for both."""

    info_text = "an int or 2 ints"

    def __init__(self, at_least: int, at_most: int, **options: Any) -> None:
        super().__init__(**options)
        self.limits = at_least, at_most

    def validate(self, owner: traitlets.HasTraits, value: Any) -> tuple[int, ...]:
        """Return the pair, or raise what the library raises."""
        low, high = self.limits
        pair = int_tuple(value, 2, self.name, low)
        if max(pair) > high:
            raise ValueError(f"{self.name} must be at most {high} in an explorer, got {value!r}")
        return pair


class Move(Pair):
    """Cells down and to the right; one int is to the right."""

    def validate(self, owner: traitlets.HasTraits, value: Any) -> tuple[int, ...]:
        """Return the pair, or raise what the library raises."""
        pair = super().validate(owner, value)
        return pair if isinstance(value, Iterable) else (0, pair[1])


class Table(traitlets.TraitType):
    """Rows of finite numbers, as lists."""

    info_text = "a table of numbers"

    def validate(self, owner: traitlets.HasTraits, value: Any) -> list[list[float]]:
        """Return nested lists of Python numbers."""
        return plane(value, f"x ({self.name})").tolist()


def choice(*names: str) -> traitlets.Enum:
    """Return a trait that is one of some names, the first at the start."""
    return traitlets.Enum(names, default_value=names[0]).tag(sync=True)


class Widget(anywidget.AnyWidget):
    """What the three have in common: a text in place of the view, where no view can be."""

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.settings)
        return f"{type(self).__name__}({shown})"


class WindowExplorer(Widget):
    """A window over a plane. Make it with `pooling_course.explorers.window`."""

    _esm = module("window")
    settings = tuple(WINDOW)
    values = Table(WINDOW["values"]).tag(sync=True)
    operator = choice("max", "avg", "min", "lp", "conv")
    kernel_size = Pair(1, MOST, default_value=WINDOW["kernel_size"]).tag(sync=True)
    stride = Pair(1, MOST, default_value=WINDOW["stride"]).tag(sync=True)
    padding = Pair(0, 16, default_value=WINDOW["padding"]).tag(sync=True)
    dilation = Pair(1, 16, default_value=WINDOW["dilation"]).tag(sync=True)
    ceil_mode = traitlets.Bool(WINDOW["ceil_mode"]).tag(sync=True)
    count_include_pad = traitlets.Bool(WINDOW["count_include_pad"]).tag(sync=True)
    norm_type = traitlets.CFloat(WINDOW["norm_type"]).tag(sync=True)
    weight = choice("outline", "ones", "edges")
    selected = Pair(0, 63, default_value=WINDOW["selected"]).tag(sync=True)
    shading = traitlets.Bool(WINDOW["shading"]).tag(sync=True)

    @traitlets.validate("norm_type")
    def _norm_type(self, proposal: dict) -> float:
        if not 0.1 <= proposal["value"] <= 64:
            raise ValueError(f"norm_type must lie in 0.1 .. 64, got {proposal['value']}")
        return proposal["value"]

    @property
    def output(self) -> np.ndarray:
        """What the library computes for these settings; raises its error for impossible ones."""
        return window_output({name: getattr(self, name) for name in WINDOW})


class BinExplorer(Widget):
    """Six rules side by side. Make it with `pooling_course.explorers.bins`."""

    _esm = module("bins")
    settings = tuple(BINS)
    size = traitlets.Any(BINS["size"]).tag(sync=True)
    levels = traitlets.Any(BINS["levels"]).tag(sync=True)
    level = traitlets.Any(BINS["level"]).tag(sync=True)

    @traitlets.validate("size")
    def _size(self, proposal: dict) -> int:
        return within(proposal["value"], 1, 64, "size")

    @traitlets.validate("level")
    def _level(self, proposal: dict) -> int:
        return within(proposal["value"], 1, 8, "level")

    @traitlets.validate("levels")
    def _levels(self, proposal: dict) -> list[int]:
        given = proposal["value"]
        many = given if isinstance(given, Iterable) else [given]
        levels = {within(level, 1, 8, "levels") for level in many}
        if not levels:
            raise ValueError(f"levels must hold at least one number of bins, got {given!r}")
        return sorted(levels, reverse=True)

    @property
    def counts(self) -> dict[str, dict[int, int | None]]:
        """How many bins each rule makes at each level; None where it refuses."""
        found: dict[str, dict[int, int | None]] = {}
        for n in self.levels:
            for rule, bins in bin_lists(self.size, n).items():
                found.setdefault(rule, {})[n] = None if isinstance(bins, str) else len(bins)
        return found


def within(value: Any, low: int, high: int, name: str) -> int:
    """Return `value` if it is an int in a range.

    Parameters
    ----------
    value, low, high : int
        The value and its limits.
    name : str
        What to call it in the error.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If it is no int, or lies outside.

    Examples
    --------
    >>> within(3, 1, 8, "level")
    3
    """
    if integer(value, name, low) > high:
        raise ValueError(f"{name} must be at most {high}, got {value}")
    return int(value)


class ShiftExplorer(Widget):
    """A signal or a picture on a ring. Make it with `pooling_course.explorers.shift`."""

    _esm = module("shift")
    settings = tuple(SHIFT)
    values = Table(SHIFT["values"]).tag(sync=True)
    shift = Move(-16, 16, default_value=SHIFT["shift"]).tag(sync=True)

    @traitlets.validate("values")
    def _values(self, proposal: dict) -> list[list[float]]:
        rows, columns = np.shape(proposal["value"])
        if columns % 2 or (rows > 1 and rows % 2):
            raise ValueError(f"x (values) must have even sizes, got shape {(rows, columns)}")
        return proposal["value"]
