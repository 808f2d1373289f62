"""Golden cases for the explorers: what the Python library answers, for JavaScript to equal.

A case is what is given, what is expected, and how far a number may be off, relatively. To add a
kind of case, add a function to `KINDS` here and one of the same name to golden.test.mjs.
"""

import json
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

import pooling
from pooling.bins import RULES, bin_coverage, paper_prediction
from pooling.reduce import extreme
from pooling_course.explorers.arithmetic import kernel_weight
from pooling_course.explorers.settings import WEIGHTS, short

Case = dict[str, Any]
Settings = dict[str, Any]

# The arguments that each operator has in the library, besides kernel_size and stride.
OPERATORS = {
    "max": ("padding", "dilation", "ceil_mode"),
    "avg": ("padding", "ceil_mode", "count_include_pad"),
    "min": ("padding", "dilation", "ceil_mode"),
    "lp": ("ceil_mode", "norm_type"),
    "conv": ("padding", "dilation"),
}
NORM_TYPES = (1, 2, 3, -1, 0.5)

_POWERS = 2.0 ** np.arange(-2, 3)
PALETTES = {
    "ties": np.arange(4),
    "signed": np.arange(-9, 10),
    "decimals": np.arange(-999, 1000) / 100,
    "powers": np.concatenate([-_POWERS, [0], _POWERS]),
}


def output(settings: Settings, **more: Any) -> Any:
    """Call the library as the explorer does, on x of shape (1, H, W)."""
    operator = settings["operator"]
    arguments = {"stride": short(settings["stride"])}
    for name in OPERATORS[operator]:
        value = settings[name]
        arguments[name] = short(value) if isinstance(value, list) else value
    x = np.array(settings["values"], dtype=float)[None]
    kernel_size = settings["kernel_size"]
    if operator == "conv":
        weight = kernel_weight(settings["weight"], *kernel_size)[None, None]
        return pooling.conv2d(x, weight, **arguments)
    pool = getattr(pooling, f"{operator}_pool2d")
    return pool(x, kernel_size=short(kernel_size), **arguments, **more)


def positions(settings: Settings) -> list[np.ndarray]:
    """List the cells of the windows along rows and along columns, for sound settings."""
    has = OPERATORS[settings["operator"]]
    padding = settings["padding"] if "padding" in has else [0, 0]
    dilation = settings["dilation"] if "dilation" in has else [1, 1]
    ceil_mode = settings["ceil_mode"] if "ceil_mode" in has else False
    axes = zip(settings["kernel_size"], settings["stride"], padding, dilation, strict=True)
    shape = np.shape(settings["values"])
    return [
        pooling.window_positions(n, *axis, ceil_mode) for n, axis in zip(shape, axes, strict=True)
    ]


def winners(settings: Settings) -> np.ndarray:
    """Find the flat index of each maximum or minimum, -1 where a window reads padding alone."""
    try:
        return output(settings, return_indices=True)[1][0]
    except ValueError:
        beats = np.greater if settings["operator"] == "max" else np.less
        return extreme(np.array(settings["values"], dtype=float), positions(settings), beats)[1]


def divisors(settings: Settings) -> np.ndarray:
    """Count what each window's sum is divided by: over ones, a sum over its average."""
    ones = {**settings, "operator": "avg", "values": np.ones_like(settings["values"])}
    if settings["operator"] == "lp":
        ones["padding"] = [0, 0]
    return np.rint(output(ones, divisor_override=1) / output(ones))[0].astype(int)


def pool_expected(settings: Settings) -> dict[str, Any]:
    """Return all that one set of settings leads to, or the message of the library's error."""
    try:
        values = output(settings)[0]
    except ValueError as error:
        return {"message": str(error)}
    operator, tables = settings["operator"], positions(settings)
    nothing = np.full(values.shape, None)
    return {
        "values": values,
        "indices": winners(settings) if operator in ("max", "min") else nothing,
        "divisors": divisors(settings) if operator in ("avg", "lp") else nothing,
        "positions": tables,
        "coverage": [
            pooling.coverage(table, n)
            for table, n in zip(tables, np.shape(settings["values"]), strict=True)
        ],
    }


def _palettes(operator: str, norm_type: float) -> tuple[str, ...]:
    """Name the palettes whose sums do not depend on the order or on the last digit of a power."""
    if operator == "lp" and norm_type == -1:
        return ("ties", "powers")
    if operator == "conv" or (operator == "lp" and norm_type == 3):
        return ("ties", "signed", "powers")
    return tuple(PALETTES)


def _pair(rng: np.random.Generator, choices: tuple[int, ...]) -> list[int]:
    a, b = rng.choice(choices, 2).tolist()
    return [a, a] if rng.random() < 0.5 else [a, b]


def random_settings(rng: np.random.Generator, operator: str) -> Settings:
    """Draw settings of the pool explorer, of which about a quarter are refused."""
    norm_type = NORM_TYPES[rng.integers(len(NORM_TYPES))]
    palettes = _palettes(operator, norm_type)
    palette = PALETTES[palettes[rng.integers(len(palettes))]]
    kernel_size = _pair(rng, (1, 2, 2, 2, 3, 3, 4, 5))
    halves = [3, 3] if operator == "conv" else [k // 2 for k in kernel_size]
    shape = rng.integers(1, 10, 2)
    settings = {
        "operator": operator,
        "kernel_size": kernel_size,
        "stride": _pair(rng, (1, 2, 3, 4, 5)),
        "padding": [int(rng.integers(half + 1)) for half in halves],
        "dilation": _pair(rng, (1, 1, 1, 1, 2, 3)),
        "ceil_mode": bool(rng.integers(2)),
        "count_include_pad": bool(rng.integers(2)),
        "norm_type": norm_type,
        "weight": list(WEIGHTS)[rng.integers(len(WEIGHTS))],
    }
    case, axis = rng.random(), rng.integers(2)
    if case < 0.08 and operator != "conv":
        settings["padding"][axis] = halves[axis] + 1
    elif case < 0.16:  # the first window reaches over the input, from padding to padding
        shape[axis] = rng.integers(1, 3)
        kernel_size[axis], settings["padding"][axis] = 2, 1
        settings["dilation"][axis] = int(shape[axis]) + 1
    return {"values": rng.choice(palette, shape).tolist(), **settings}


def pool_cases() -> list[Case]:
    """Pools and convolutions: values, winners, divisors, places and coverage, or the error."""
    rng = np.random.default_rng(20)
    drawn = [random_settings(rng, operator) for operator in OPERATORS for _ in range(150)]
    return [
        {
            "given": settings,
            "expected": pool_expected(settings),
            "rtol": 0 if settings["operator"] in ("max", "min") else 1e-12,
        }
        for settings in drawn
    ]


def _sizes() -> list[tuple[int, int]]:
    """Pair input sizes with numbers of bins: all small ones, then every third."""
    pairs = ((a, n) for a in range(1, 41) for n in range(1, 10))
    return [(a, n) for a, n in pairs if a < 10 or (a + n) % 3 == 0]


def bin_expected(rule: str, a: int, n: int) -> dict[str, Any]:
    """Return the bins of a rule and how many of them read each cell, or the error's message."""
    try:
        starts, stops = RULES[rule](a, n)
    except ValueError as error:
        return {"message": str(error)}
    return {"starts": starts, "stops": stops, "coverage": bin_coverage(a, n, rule)}


def bin_cases() -> list[Case]:
    """The six rules."""
    given = [{"rule": rule, "a": a, "n": n} for rule in RULES for a, n in _sizes()]
    return [{"given": case, "expected": bin_expected(**case), "rtol": 0} for case in given]


def prediction_expected(a: int, n: int) -> dict[str, Any]:
    """Return what the theorem says of the paper's rule, or the error's message."""
    try:
        bins, unread = paper_prediction(a, n)
    except ValueError as error:
        return {"message": str(error)}
    return {"bins": bins, "unread": unread}


def prediction_cases() -> list[Case]:
    """The theorem on the paper's rule."""
    given = [{"a": a, "n": n} for a, n in _sizes()]
    return [{"given": case, "expected": prediction_expected(**case), "rtol": 0} for case in given]


KINDS: dict[str, Callable[[], list[Case]]] = {
    "pool": pool_cases,
    "bin": bin_cases,
    "prediction": prediction_cases,
}


def encode(value: Any) -> Any:
    """Turn a case into what JSON can hold: "inf", "-inf" and "nan" stand for these numbers."""
    if isinstance(value, dict):
        return {name: encode(entry) for name, entry in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return encode(value.tolist())
    if isinstance(value, list | tuple):
        return [encode(entry) for entry in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def build() -> dict[str, list[Case]]:
    """Return all cases by kind, ready for JSON."""
    return {kind: encode(cases()) for kind, cases in KINDS.items()}


def write(cases: dict[str, list[Case]], path: Path) -> None:
    """Write cases by kind to a file that golden.test.mjs reads."""
    path.write_text(json.dumps(cases, allow_nan=False), encoding="utf-8")
