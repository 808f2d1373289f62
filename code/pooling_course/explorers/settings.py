"""What each explorer can be set to: the one place where a setting is written.

The widgets, the directive, the tables for browsers without scripts and the JavaScript take theirs
from here.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any

import numpy as np

from pooling.check import array, int_tuple, integer


@dataclass(frozen=True)
class Setting:
    """A setting: a kind of `KINDS`, where it starts, and what it may be.

    `limits` bound its numbers, and `most` the rows and columns of a table. A table on a ring has
    `even` sizes, but may be one row; of a `rightward` pair, one int is to the right. A choice has
    `choices`, each with the words that are shown for it. `label` stands at the control (the
    setting's name when omitted), and `slide` says where the slider ends. An argument of the call
    that the window explorer shows has in `of` the operators that take it: for the others it stays
    where it starts, and does nothing there.
    """

    kind: str
    start: Any
    limits: tuple[float, float] | None = None
    most: int | None = None
    even: bool | None = None
    rightward: bool | None = None
    choices: dict[str, str] | None = None
    label: str | None = None
    slide: tuple[int, int] | None = None
    of: tuple[str, ...] | None = None

    def check(self, value: Any, name: str) -> Any:
        """Return `value` as the explorer keeps it, or raise an error that calls it `name`."""
        return KINDS[self.kind](self, value, name)

    def words(self, value: Any) -> str:
        """Say a value as a reader would type it, or in the words of a choice."""
        return self.choices[value] if self.choices else str(short(value))

    def facts(self) -> dict[str, Any]:
        """Return what the JavaScript is told: all that is there."""
        return {name: fact for name, fact in asdict(self).items() if fact is not None}


def short(value: Any) -> Any:
    """Return one int for a pair of equal ones, as a reader would type it; else the value.

    Parameters
    ----------
    value : pair of ints, or anything
        For height and width.

    Returns
    -------
    int, tuple of two ints, or the value

    Examples
    --------
    >>> short((3, 3)), short((3, 2)), short(True)
    (3, (3, 2), True)
    """
    if not isinstance(value, tuple | list):
        return value
    return value[0] if value[0] == value[1] else tuple(value)


def _at_most(setting: Setting, numbers: Iterable[int], value: Any, name: str) -> None:
    if max(numbers) > setting.limits[1]:
        raise ValueError(f"{name} must be at most {setting.limits[1]}, got {value!r}")


def _pair(setting: Setting, value: Any, name: str) -> tuple[int, ...]:
    pair = int_tuple(value, 2, name, setting.limits[0])
    _at_most(setting, pair, value, name)
    return pair if isinstance(value, Iterable) or not setting.rightward else (0, pair[1])


def _int(setting: Setting, value: Any, name: str) -> int:
    number = integer(value, name, setting.limits[0])
    _at_most(setting, [number], value, name)
    return number


def _ints(setting: Setting, value: Any, name: str) -> list[int]:
    many = value if isinstance(value, Iterable) else [value]
    numbers = {_int(setting, number, name) for number in many}
    if not numbers:
        raise ValueError(f"{name} must hold at least one int, got {value!r}")
    return sorted(numbers, reverse=True)


def _bool(setting: Setting, value: Any, name: str) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def _choice(setting: Setting, value: Any, name: str) -> str:
    if not isinstance(value, str) or value not in setting.choices:
        raise ValueError(f"{name} must be one of {', '.join(setting.choices)}, got {value!r}")
    return value


def _number(setting: Setting, value: Any, name: str) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, got {value!r}")
    low, high = setting.limits
    if not low <= value <= high:
        raise ValueError(f"{name} must lie in {low} .. {high}, got {value}")
    return value if isinstance(value, int) else float(value)


def _table(setting: Setting, value: Any, name: str) -> list[list[float]]:
    given = array(value, name)
    if given.dtype.kind not in "fiu":
        raise TypeError(f"{name} must hold numbers, got {given.dtype}")
    table = np.atleast_2d(given)
    if given.ndim not in (1, 2) or not 1 <= min(table.shape) <= max(table.shape) <= setting.most:
        raise ValueError(
            f"{name} must have shape (H, W), or (W,) for one row, with sizes 1 to {setting.most}, "
            f"got {given.shape}"
        )
    low, high = setting.limits
    wrong = table[~((table >= low) & (table <= high))]
    if wrong.size:
        raise ValueError(f"{name} must hold finite numbers up to {high:g}, got {wrong[0]}")
    rows, columns = table.shape
    if setting.even and (columns % 2 or (rows > 1 and rows % 2)):
        raise ValueError(f"{name} must have even sizes, got shape {table.shape}")
    return table.tolist()


KINDS: dict[str, Callable[[Setting, Any, str], Any]] = {
    "pair": _pair,  # for height and width; one int stands for both
    "int": _int,
    "ints": _ints,  # some, from the largest on
    "bool": _bool,
    "choice": _choice,
    "number": _number,
    "table": _table,  # rows of numbers; one row may stand alone
}
"""How each kind of setting is checked. `kit.mjs` has the same kinds."""

OPERATORS = {
    "max": "maximum",
    "avg": "average",
    "min": "minimum",
    "lp": "Lp pool",
    "conv": "convolution",
}
"""What a window computes, and how it is called."""
WEIGHTS = {"ones": "all 1", "edges": "right − left", "outline": "center − around"}
"""The kernels of the convolution, in words."""

_ALL = tuple(OPERATORS)
_PLANE = {"limits": (-(10**9), 10**9), "most": 32}

WINDOW = {
    "values": Setting(
        "table", [[(7 * r + 5 * c + r * c % 4) % 10 for c in range(6)] for r in range(6)], **_PLANE
    ),
    "operator": Setting("choice", "max", choices=OPERATORS, label="Operator"),
    "kernel_size": Setting("pair", (3, 3), (1, 32), slide=(1, 7), of=_ALL),
    "stride": Setting("pair", (2, 2), (1, 32), slide=(1, 7), of=_ALL),
    "padding": Setting("pair", (0, 0), (0, 16), slide=(0, 4), of=("max", "avg", "min", "conv")),
    "dilation": Setting("pair", (1, 1), (1, 16), slide=(1, 4), of=("max", "min", "conv")),
    "norm_type": Setting("number", 2, (0.1, 64), label="Lp: p", slide=(1, 8), of=("lp",)),
    "weight": Setting("choice", "outline", choices=WEIGHTS, label="Kernel weights", of=("conv",)),
    "ceil_mode": Setting("bool", False, of=("max", "avg", "min", "lp")),
    "count_include_pad": Setting("bool", True, of=("avg",)),
    "selected": Setting("pair", (0, 0), (0, 63)),
    "shading": Setting("bool", False, label="Shade cells never read or read more than once"),
}
BINS = {
    "size": Setting("int", 14, (1, 64)),
    "levels": Setting("ints", [4, 2, 1], (1, 8)),
    "level": Setting("int", 4, (1, 8)),
}
SHIFT = {
    "values": Setting("table", [[0, 0, 1, 1, 0, 0, 1, 1]], **_PLANE, even=True),
    "shift": Setting("pair", (0, 1), (-16, 16), rightward=True),
}

SETTINGS = {"window": WINDOW, "bins": BINS, "shift": SHIFT}
"""The explorers by name, each with its settings."""
START = {
    kind: {name: setting.start for name, setting in settings.items()}
    for kind, settings in SETTINGS.items()
}
"""Where each explorer starts."""
TAGS = {"window": "window-explorer", "bins": "bin-explorer", "shift": "shift-explorer"}
"""The custom element of each explorer."""


def known(kind: str, names: Iterable[str]) -> None:
    """Raise a TypeError if an explorer has no setting of one of these names."""
    if unknown := sorted(set(names) - set(SETTINGS[kind])):
        raise TypeError(f"explorer {kind} has no option {', '.join(unknown)}")


def checked(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return settings of an explorer as it keeps them.

    Parameters
    ----------
    kind : str
        A key of `SETTINGS`.
    given : dict
        Some of its settings.

    Returns
    -------
    dict

    Raises
    ------
    TypeError, ValueError
        If the explorer has no setting of a name, or one may not have its value.

    Examples
    --------
    >>> checked("window", {"padding": 1})
    {'padding': (1, 1)}
    """
    known(kind, given)
    return {name: SETTINGS[kind][name].check(value, name) for name, value in given.items()}


def call_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the window explorer that its operator takes.

    Parameters
    ----------
    settings : dict
        As `START["window"]`.

    Returns
    -------
    dict

    Examples
    --------
    >>> list(call_settings(START["window"] | {"operator": "lp"}))
    ['kernel_size', 'stride', 'norm_type', 'ceil_mode']
    """
    operator = settings["operator"]
    return {name: settings[name] for name, s in WINDOW.items() if operator in (s.of or ())}
