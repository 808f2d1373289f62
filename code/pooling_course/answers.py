"""Try an answer to an exercise against the reference, or an input against a function with a bug."""

import copy
from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np

from pooling_course.judge import TOLERANCE, same


def try_answer(
    answer: Callable, reference: Callable, cases: Iterable[tuple], tolerance: float = TOLERANCE
) -> None:
    """Print whether `answer` agrees with `reference`, or the first case where it does not.

    Parameters
    ----------
    answer : callable
        What the learner wrote. A stub that returns None or ``...`` is "not attempted".
    reference : callable
        Same arguments, right result.
    cases : iterable of tuple
        Arguments of each call. At least one. Both functions get copies.
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
    if not cases:
        raise ValueError("cases must hold at least one case, got none")
    for number, case in enumerate(cases, start=1):
        expected = reference(*_copies(case))
        try:
            got = answer(*_copies(case))
        except Exception as error:
            return _report(number, cases, expected, f"{type(error).__name__}: {error}")
        if number == 1 and (got is None or got is ...):
            print("not attempted yet")
            return None
        if not same(got, expected, tolerance):
            return _report(number, cases, expected, _text(got))
    print(f"right: all {len(cases)} cases agree")
    return None


def try_culprit(
    buggy: Callable, right: Callable, culprit: Callable, tolerance: float = TOLERANCE
) -> None:
    """Print whether the arguments that `culprit` returns expose the bug.

    Parameters
    ----------
    buggy, right : callable
        Two functions of the same arguments that should be one and the same. `right` also
        guards the promise: arguments on which it raises lie outside, and prove nothing.
    culprit : callable
        What the learner wrote. Takes nothing and returns the arguments of one call: a tuple,
        or the argument itself if there is only one. Lists, nested tuples and tensors become
        arrays. A stub that returns None or ``...`` is "not attempted".
    tolerance : float
        Largest difference that counts as rounding, relative to the size of the value.

    Examples
    --------
    >>> def buggy(x):
    ...     return max(0, *x)
    >>> try_culprit(buggy, max, lambda: [3, -1])
    both functions agree on your input: try another
    >>> try_culprit(buggy, max, lambda: [-3, -1])
    caught: the two functions differ on your input
      called with: [-3 -1]
      right:       -1
      buggy:       0
    >>> try_culprit(buggy, max, lambda: 7)
    the right function refuses your input: try another
      called with: 7
      right:       TypeError: 'int' object is not iterable
    """
    arguments = culprit()
    if arguments is None or arguments is ...:
        print("not attempted yet")
        return
    arguments = arguments if isinstance(arguments, tuple) else (arguments,)
    try:
        case = tuple(_as_array(a) for a in arguments)
    except ValueError:
        print("a list in your input is no array: return `x, k`, not `[x, k]`; rows of one length")
        return
    shown = _row(case)
    expected, refusal = _outcome(right, case)
    if refusal:
        print("the right function refuses your input: try another")
        _print_lines(called_with=shown, right=refusal)
        return
    got, error = _outcome(buggy, case)
    if not error and same(got, expected, tolerance):
        print("both functions agree on your input: try another")
        return
    print("caught: the two functions differ on your input")
    _print_lines(called_with=shown, right=_plain(expected), buggy=error or _plain(got))


def _as_array(value):
    """Turn lists, nested tuples and tensors into arrays; leave numbers and pairs alone."""
    nested = isinstance(value, tuple) and any(isinstance(item, list | tuple) for item in value)
    value = value.detach() if hasattr(value, "detach") else value
    tensor = hasattr(value, "__array__") and not isinstance(value, np.generic)
    return np.asarray(value).copy() if isinstance(value, list) or nested or tensor else value


def _copies(case: tuple) -> list:
    return copy.deepcopy(list(case))


def _outcome(function: Callable, case: tuple):
    """Return the result of a call and None, or None and what it raised."""
    try:
        with np.errstate(all="ignore"):
            return function(*_copies(case)), None
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


def _report(number: int, cases: list, expected, got: str) -> None:
    arguments = ", ".join(_text(a) for a in cases[number - 1])
    print(f"not yet: case {number} of {len(cases)}")
    _print_lines(called_with=arguments, expected=_text(expected), got=got)


def _print_lines(**lines: str) -> None:
    for label, text in lines.items():
        label = label.replace("_", " ") + ":"
        print(f"  {label:<13}{text}".replace("\n", "\n" + " " * 15))


def _plain(value) -> str:
    """Write arrays, tensors and the scalars of NumPy as plain numbers."""
    if isinstance(value, tuple) and any(hasattr(item, "__array__") for item in value):
        return _row(value)
    return _text(np.asarray(value)) if hasattr(value, "__array__") else repr(value)


def _row(values: tuple) -> str:
    """Write values one after the other; those of several lines start and end a line."""
    pieces = [_plain(value) for value in values]
    text = "".join(pieces[:1])
    for before, after in pairwise(pieces):
        text += (",\n" if "\n" in before + after else ", ") + after
    return text


def _text(value) -> str:
    return np.array2string(value, precision=4) if isinstance(value, np.ndarray) else repr(value)
