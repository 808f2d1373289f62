"""The explorers as widgets: each setting of a view is a trait, checked when it is set."""

from typing import Any

import anywidget
import numpy as np
import traitlets

from pooling_course.explorers.arithmetic import bin_lists, window_output
from pooling_course.explorers.module import module
from pooling_course.explorers.settings import SETTINGS, WINDOW, Setting


class Checked(traitlets.TraitType):
    """A setting as a trait: it raises what the setting's check raises."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting.start)
        self.setting = setting
        self.tag(sync=True)

    def validate(self, owner: traitlets.HasTraits, value: Any) -> Any:
        """Return the value as the explorer keeps it."""
        name = "x (values)" if self.name == "values" else self.name
        return self.setting.check(value, name)


class Widget(anywidget.AnyWidget):
    """What the three have in common: the module, and a text for where no view can be."""

    kind: str

    @property
    def _esm(self) -> str:
        """The module, joined for each widget anew: what was edited needs no new kernel."""
        return module(self.kind)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in SETTINGS[self.kind])
        return f"{type(self).__name__}({shown})"


def of(kind: str) -> type[Widget]:
    """Return the base of an explorer's widget, with a trait for each of its settings."""
    traits = {name: Checked(setting) for name, setting in SETTINGS[kind].items()}
    return type(Widget)("Widget", (Widget,), {"kind": kind, "__module__": __name__, **traits})


class WindowExplorer(of("window")):
    """A window over a plane. Make it with `pooling_course.explorers.window`."""

    @property
    def output(self) -> np.ndarray:
        """What the library computes for these settings; raises its error for impossible ones."""
        return window_output({name: getattr(self, name) for name in WINDOW})


class BinExplorer(of("bins")):
    """Six rules side by side. Make it with `pooling_course.explorers.bins`."""

    @property
    def counts(self) -> dict[str, dict[int, int | None]]:
        """How many bins each rule makes at each level; None where it refuses."""
        found: dict[str, dict[int, int | None]] = {}
        for n in self.levels:
            for rule, bins in bin_lists(self.size, n).items():
                found.setdefault(rule, {})[n] = None if isinstance(bins, str) else len(bins)
        return found


class ShiftExplorer(of("shift")):
    """A signal or a picture on a ring. Make it with `pooling_course.explorers.shift`."""


WIDGETS = {one.kind: one for one in (WindowExplorer, BinExplorer, ShiftExplorer)}
"""The widgets by the name of their explorer."""
