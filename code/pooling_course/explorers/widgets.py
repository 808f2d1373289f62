"""The explorers as widgets: each setting of a view is a trait, checked when it is set."""

from typing import Any

import anywidget
import numpy as np
import traitlets

from pooling.check import array, int_tuple
from pooling_course.explorers.arithmetic import bin_lists, window_output
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


class Table(traitlets.TraitType):
    """Rows of finite numbers, as lists."""

    info_text = "a table of numbers"

    def validate(self, owner: traitlets.HasTraits, value: Any) -> list[list[float]]:
        """Return nested lists of Python numbers."""
        name = f"x ({self.name})"
        table = array(value, name)
        if table.dtype.kind not in "fiu":
            raise TypeError(f"{name} must hold numbers, got {table.dtype}")
        table = table[None] if table.ndim == 1 else table
        if table.ndim != 2 or not 1 <= min(table.shape) <= max(table.shape) <= MOST:
            raise ValueError(
                f"{name} must have 1 to {MOST} rows and columns, got shape {table.shape}"
            )
        if not (np.abs(table) <= 1e9).all():
            raise ValueError(f"{name} must be finite and at most 1e9, got {value!r}")
        return table.tolist()


def choice(*names: str) -> traitlets.Enum:
    """Return a trait that is one of some names, the first at the start."""
    return traitlets.Enum(names, default_value=names[0]).tag(sync=True)


class WindowExplorer(anywidget.AnyWidget):
    """A window over a plane. Make it with `pooling_course.explorers.window`."""

    _esm = module("window")
    values = Table(WINDOW["values"]).tag(sync=True)
    operator = choice("max", "avg", "min", "lp", "conv")
    kernel_size = Pair(1, MOST, default_value=WINDOW["kernel_size"]).tag(sync=True)
    stride = Pair(1, MOST, default_value=WINDOW["stride"]).tag(sync=True)
    padding = Pair(0, 16, default_value=WINDOW["padding"]).tag(sync=True)
    dilation = Pair(1, 16, default_value=WINDOW["dilation"]).tag(sync=True)
    ceil_mode = traitlets.Bool(WINDOW["ceil_mode"]).tag(sync=True)
    count_include_pad = traitlets.Bool(WINDOW["count_include_pad"]).tag(sync=True)
    norm_type = traitlets.Float(WINDOW["norm_type"], min=0.1, max=64).tag(sync=True)
    weight = choice("outline", "ones", "edges")
    selected = Pair(0, 63, default_value=WINDOW["selected"]).tag(sync=True)
    shading = traitlets.Bool(WINDOW["shading"]).tag(sync=True)

    @property
    def output(self) -> np.ndarray:
        """What the library computes for these settings; raises its error for impossible ones."""
        return window_output({name: getattr(self, name) for name in WINDOW})


class BinExplorer(anywidget.AnyWidget):
    """Six rules side by side. Make it with `pooling_course.explorers.bins`."""

    _esm = module("bins")
    size = traitlets.Int(BINS["size"]).tag(sync=True)
    levels = traitlets.List(traitlets.Int(), BINS["levels"]).tag(sync=True)
    level = traitlets.Int(BINS["level"]).tag(sync=True)

    @traitlets.validate("size")
    def _size(self, proposal: dict) -> int:
        return within(proposal["value"], 1, 64, "size")

    @traitlets.validate("level")
    def _level(self, proposal: dict) -> int:
        return within(proposal["value"], 1, 8, "level")

    @traitlets.validate("levels")
    def _levels(self, proposal: dict) -> list[int]:
        levels = {within(level, 1, 8, "levels") for level in proposal["value"]}
        if not levels:
            raise ValueError("levels must hold at least one number of bins, got []")
        return sorted(levels, reverse=True)

    @property
    def counts(self) -> dict[str, dict[int, int | None]]:
        """How many bins each rule makes at each level; None where it refuses."""
        found: dict[str, dict[int, int | None]] = {}
        for n in self.levels:
            for rule, bins in bin_lists(self.size, n).items():
                found.setdefault(rule, {})[n] = None if isinstance(bins, str) else len(bins)
        return found


def within(value: int, low: int, high: int, name: str) -> int:
    """Return `value` if it lies in a range.

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
    ValueError
        If it lies outside.

    Examples
    --------
    >>> within(3, 1, 8, "level")
    3
    """
    if not low <= value <= high:
        raise ValueError(f"{name} must lie in {low} .. {high}, got {value}")
    return value


class ShiftExplorer(anywidget.AnyWidget):
    """A signal or a picture on a ring. Make it with `pooling_course.explorers.shift`."""

    _esm = module("shift")
    values = Table(SHIFT["values"]).tag(sync=True)
    shift = Pair(-16, 16, default_value=SHIFT["shift"]).tag(sync=True)

    @traitlets.validate("values")
    def _values(self, proposal: dict) -> list[list[float]]:
        rows, columns = np.shape(proposal["value"])
        if columns % 2 or (rows > 1 and rows % 2):
            raise ValueError(f"x (values) must have even sizes, got shape {(rows, columns)}")
        return proposal["value"]
