"""What is right: the one rule by which an answer is checked, wherever it is checked.

The chapters, the notebooks to hand in, the grader and the site share this module, so it imports
NumPy alone. An exercise says what is asked in its ``checks.py``:

``POINTS``
    A dict from the names of the checks to points.
``reference``
    The right function.
``cases(rng)``
    Yields ``(check, arguments)``, with fresh random inputs.
``judge(got, expected, *arguments)``
    Only if more than one result is right: returns None, or says what is wrong.
"""

import copy
import types
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

TOLERANCE = 1e-6
"""What counts as rounding, relative to one more than the size of the expected number.

`near` has it as a number of its own, since notebooks carry its source; a test holds them together.
"""


class Case(NamedTuple):
    """One call of a function: the check it belongs to, the arguments, and the right result."""

    check: str
    arguments: tuple
    expected: object


def near(got, expected, tolerance=1e-6):
    """Whether two arrays have one shape and, up to rounding, the same numbers."""
    return np.shape(got) == np.shape(expected) and np.allclose(
        got, expected, rtol=tolerance, atol=tolerance, equal_nan=True
    )


def same(got, expected, tolerance: float = TOLERANCE) -> bool:
    """Compare two results: every number, the shape, the place of each NaN and infinity.

    Parameters
    ----------
    got, expected : number, array_like or tuple of these
        Results of one call.
    tolerance : float
        A difference of ``tolerance * (1 + abs(expected))`` counts as rounding.

    Returns
    -------
    bool

    Examples
    --------
    >>> same([1.0, 2.0], np.array([1.0, 2.0])), same([1, 2], [1, 3]), same(1, [1])
    (True, False, False)
    >>> same(np.array([2, 3]), (2, 3)), same(2, (2, 3))
    (True, False)
    """
    if got is None or expected is None:
        return got is expected
    if isinstance(expected, tuple):
        several = isinstance(got, tuple | list) or getattr(got, "ndim", 0) > 0
        return (
            several
            and len(got) == len(expected)
            and all(same(g, e, tolerance) for g, e in zip(got, expected, strict=True))
        )
    try:
        got = np.asarray(got.detach() if hasattr(got, "detach") else got)
        if got.dtype.kind not in "biuf":
            return False
        got = got.astype(float)
    except (TypeError, ValueError):
        return False
    return near(got, np.asarray(expected, dtype=float), tolerance)


def read_checks(slug: str, source: str, path: str) -> types.ModuleType:
    """Run a trusted ``checks.py``.

    It gets no place in `sys.modules`, since two folders may hold an exercise of one name.

    Parameters
    ----------
    slug : str
        Name of the exercise.
    source : str
        Text of the file.
    path : str
        Its path, for errors.

    Raises
    ------
    ValueError
        If it cannot be run, or if it lacks a name.
    """
    module = types.ModuleType(f"checks_of_{slug}")
    module.__file__ = path
    try:
        exec(compile(source, path, "exec"), module.__dict__)
    except Exception as error:
        raise ValueError(f"{path}: {type(error).__name__}: {error}") from error
    missing = [n for n in ("POINTS", "reference", "cases") if not hasattr(module, n)]
    if missing:
        raise ValueError(f"{path}: checks.py must have {', '.join(missing)}")
    return module


def draw(checks: types.ModuleType, slug: str, seed: int) -> list[Case]:
    """Return the cases of an exercise, the same for each call with one seed.

    Raises
    ------
    ValueError
        If ``cases`` leaves out a check of ``POINTS``, or yields another.
    """
    rng = np.random.default_rng([seed, *slug.encode()])
    drawn = [(check, tuple(arguments)) for check, arguments in checks.cases(rng)]
    if {check for check, _ in drawn} != set(checks.POINTS):
        raise ValueError(
            f"{slug}: cases() must yield each check of POINTS and no other, "
            f"got {sorted({check for check, _ in drawn})} for {sorted(checks.POINTS)}"
        )
    return [Case(c, a, checks.reference(*copy.deepcopy(a))) for c, a in drawn]


def verdict(checks: types.ModuleType, got, case: Case) -> str | None:
    """Return None if a result is right, or what is wrong, if the exercise says so."""
    judge = getattr(checks, "judge", None)
    if judge is None:
        return None if same(got, case.expected) else ""
    try:
        return judge(got, case.expected, *case.arguments)
    except Exception as error:  # a result of a form that the judge did not think of
        return f"this cannot be compared: {error}"


def failed(checks: types.ModuleType, function: Callable, cases: list[Case]) -> list[str]:
    """Call a trusted function in this process, and return the checks that it fails, in order."""

    def passes(case: Case) -> bool:
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                got = function(*copy.deepcopy(case.arguments))
        except Exception:
            return False
        return verdict(checks, got, case) is None

    return list(dict.fromkeys(case.check for case in cases if not passes(case)))
