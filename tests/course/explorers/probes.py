"""Values at the limits of each kind of setting, and beyond, for all that checks a setting."""

from typing import Any

from pooling_course.explorers.settings import SETTINGS, Setting

ALL = [(kind, name) for kind, settings in SETTINGS.items() for name in settings]
"""Each setting of each explorer."""


def probes(setting: Setting) -> tuple[list[Any], list[Any]]:
    """Return values that a setting takes, and values that it refuses."""
    low, high = setting.limits or (0, 0)
    return {
        "pair": ([(low, high), (high, low)], [(low, high + 1), (low - 1, high), "x", (low,) * 3]),
        "int": ([low, high], [low - 1, high + 1, "x", low + 0.5]),
        "ints": ([[low], [high, low]], [[], [high + 1], [low - 1], "x"]),
        "bool": ([True, False], [2, "x"]),
        "choice": (list(setting.choices or ()), ["x", 1]),
        "number": ([low, high], [low / 2, 2 * high, "x"]),
        "table": (
            [[[low, high]], [[0] * 32] * 32],
            [[[0] * 34], [[2 * high, 0]], [["x", 0]], 0] + [[[0] * 3]] * bool(setting.even),
        ),
    }[setting.kind]
