"""Try an answer to an exercise against the reference, on inputs nobody typed in."""

from collections.abc import Callable, Iterable

import numpy as np


def try_answer(
    answer: Callable, reference: Callable, cases: Iterable[tuple], tolerance: float = 1e-6
) -> None:
    """Print whether `answer` agrees with `reference`, or the first case where it does not.

    Parameters
    ----------
    answer : callable
        What the learner wrote. A stub that returns None or ``...`` is "not attempted".
    reference : callable
        Same arguments, right result.
    cases : iterable of tuple
        Arguments of each call. Both functions get copies of the arrays.
    tolerance : float
        Largest difference that counts as rounding, relative to the size of the value.

    Examples
    --------
    >>> try_answer(lambda x: abs(x), abs, [(1,), (-2,)])
    right: all 2 cases agree
    >>> try_answer(lambda x: x, abs, [(1,), (-2,)])
    not yet: case 2 of 2
      called with: -2
      expected:    2
      got:         -2
    """
    cases = list(cases)
    for number, case in enumerate(cases, start=1):
        expected = reference(*_copies(case))
        try:
            got = answer(*_copies(case))
        except Exception as error:
            return _report(number, cases, expected, f"{type(error).__name__}: {error}")
        if got is None or got is ...:
            print("not attempted yet")
            return None
        if not same(got, expected, tolerance):
            return _report(number, cases, expected, _text(got))
    print(f"right: all {len(cases)} cases agree")
    return None


def same(got, expected, tolerance: float = 1e-6) -> bool:
    """Compare two results: every number, the shape, and both the place and kind of NaN.

    Parameters
    ----------
    got, expected : number, array_like or tuple of these
        Results of one call.
    tolerance : float
        Largest relative difference.

    Returns
    -------
    bool

    Examples
    --------
    >>> same([1.0, 2.0], np.array([1.0, 2.0])), same([1, 2], [1, 3]), same(1, [1])
    (True, False, False)
    """
    if isinstance(expected, tuple):
        return (
            isinstance(got, tuple | list)
            and len(got) == len(expected)
            and all(same(g, e, tolerance) for g, e in zip(got, expected, strict=True))
        )
    try:
        got = np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        return False
    expected = np.asarray(expected, dtype=float)
    if got.shape != expected.shape:
        return False
    return np.allclose(got, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


def _copies(case: tuple) -> list:
    return [a.copy() if isinstance(a, np.ndarray) else a for a in case]


def _report(number: int, cases: list, expected, got: str) -> None:
    arguments = ", ".join(_text(a) for a in cases[number - 1])
    print(f"not yet: case {number} of {len(cases)}")
    for label, text in (("called with", arguments), ("expected", _text(expected)), ("got", got)):
        print(f"  {label + ':':<13}{text}".replace("\n", "\n" + " " * 15))


def _text(value) -> str:
    return np.array2string(value, precision=4) if isinstance(value, np.ndarray) else repr(value)
