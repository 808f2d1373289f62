"""Values of a failing case as text: short, exact enough to type again, differences in sight."""

import math
from collections.abc import Sequence

import numpy as np

from pooling_course.judge import TOLERANCE

CELLS = 400  # an array of more is not shown whole
LONGEST = 2_000  # characters of a value, about
LONGEST_CALL = 6_000
ITEMS = 20  # of a tuple or list that is too long
DIGITS = 5  # of numbers with a fraction, unless a difference needs more
_PLAIN = ("bool", "int64", "float64", "complex128")  # np.array takes these without being told


def describe(value: object) -> str:
    """Write a value as a student would type it.

    Parameters
    ----------
    value : number, ndarray, None, or tuple or list of these
        Any size.

    Returns
    -------
    str
        About `LONGEST` characters at most. A large array is described by its shape and range.

    Examples
    --------
    >>> print(describe(1 / 3), describe(np.int64(3)), describe((True, None, 2.0)))
    0.33333 3 (True, None, 2.0)
    >>> print(describe(np.array([[1, np.nan], [-np.inf, 2 / 3]])))
    np.array([[    1.0,  np.nan],
              [-np.inf, 0.66667]])
    >>> print(describe(np.arange(1000.0).reshape(10, 100)))
    array of shape (10, 100), float64, from 0.0 to 999.0
    """
    return _text(value, DIGITS, LONGEST)


def describe_pair(expected: object, got: object) -> tuple[str, str]:
    """Write two values so that a reader sees where they differ.

    Numbers get as many digits as the first difference needs; of a large array the part that
    holds it is shown. Shapes and types are given if they differ.

    Parameters
    ----------
    expected, got : number, ndarray, None, or tuple or list of these
        The right result, and a student's.

    Returns
    -------
    tuple of str
        One text for each.

    Examples
    --------
    >>> describe_pair(1 / 3, 0.33334)
    ('0.33333', '0.33334')
    >>> describe_pair(1 / 3, 0.33333)
    ('0.3333333', '0.33333')
    >>> for text in describe_pair(np.array([5, 7, 9]), np.array([5, 8, 8])):
    ...     print(text)
    np.array([5, 7, 9])
    first difference at [1]: 7
    np.array([5, 8, 8])
    first difference at [1]: 8
    2 of 3 cells differ
    >>> print(describe_pair(np.zeros((1, 2)), np.zeros(2))[0])
    shape (1, 2), float64:
    np.array([[0.0, 0.0]])
    """
    return _pair(expected, got, LONGEST)


def describe_call(function: str, arguments: tuple, names: Sequence[str] = ()) -> str:
    """Write a call to be pasted into Python, its arrays first.

    Parameters
    ----------
    function : str
        Its name.
    arguments : tuple
        Of the call.
    names : sequence of str
        What the arrays among them are called; ``x``, or ``x1`` and so on, unless given.

    Returns
    -------
    str
        About `LONGEST_CALL` characters at most. A larger array stands in a comment.

    Examples
    --------
    >>> print(describe_call("max_pool2d", (np.array([[0.125, 2 / 3]]), (1, 2), None)))
    # x: rounded to 5 digits
    x = np.array([[  0.125, 0.66667]])
    max_pool2d(x, (1, 2), None)
    >>> print(describe_call("conv2d", (np.ones((2, 2), int), np.zeros((9, 9, 9)))))
    x1 = np.array([[1, 1],
                   [1, 1]])
    # x2: array of shape (9, 9, 9), float64, from 0.0 to 0.0 (too large to show)
    conv2d(x1, x2)
    """
    lines, passed, room = [], [], LONGEST_CALL
    several = sum(map(_holds_array, arguments)) > 1
    for position, argument in enumerate(arguments):
        if not _holds_array(argument):
            passed.append(_text(argument, 17, LONGEST))
            continue
        name = f"x{len(lines) + 1}" if several else "x"
        name = names[position] if position < len(names) else name
        lines.append(_assignment(name, argument, room))
        room = max(0, room - len(lines[-1]))
        passed.append(name)
    return "\n".join([*lines, f"{function}({', '.join(passed)})"])


def _assignment(name: str, value: object, room: int) -> str:
    left = f"{name} = "
    text = _text(value, DIGITS, room, left)
    if "array of shape" in text:
        return f"# {name}: {text} (too large to show)"
    exact = _text(value, 17, math.inf, left) == text
    return ("" if exact else f"# {name}: rounded to {DIGITS} digits\n") + left + text


def _pair(expected: object, got: object, room: int) -> tuple[str, str]:
    if isinstance(expected, tuple) and isinstance(got, tuple):
        return _pair_of_tuples(expected, got, room)
    arrays = _numbers(expected), _numbers(got)
    if arrays[0] is None or arrays[1] is None:
        return _text(expected, DIGITS, room), _text(got, DIGITS, room)
    right, wrong = arrays
    if right.shape != wrong.shape:
        return _headed(right, room), _headed(wrong, room)
    differs = _differs(right, wrong)
    if not differs.any():
        heading = right.dtype.kind != wrong.dtype.kind
        return tuple(_headed(a, room) if heading else _text(a, DIGITS, room) for a in arrays)
    at = tuple(int(i) for i in np.unravel_index(np.argmax(differs), differs.shape))
    digits = _digits(right[at], wrong[at])
    texts = [_around(array, at, digits, room) for array in arrays]
    if right.size > 1:
        texts[1] += f"\n{np.count_nonzero(differs):,} of {right.size:,} cells differ"
    return texts[0], texts[1]


def _pair_of_tuples(expected: tuple, got: tuple, room: int) -> tuple[str, str]:
    if len(expected) != len(got):
        return tuple(
            f"{len(value)} values:\n{_text(value, DIGITS, room)}" for value in (expected, got)
        )
    share = room // max(1, len(expected))
    pairs = [_pair(e, g, share) for e, g in zip(expected[:ITEMS], got[:ITEMS], strict=True)]
    return tuple(
        "\n".join(f"value {number}: {pair[side]}" for number, pair in enumerate(pairs, start=1))
        for side in (0, 1)
    )


def _headed(array: np.ndarray, room: int) -> str:
    """Write an array with its shape and type."""
    whole = _whole(array, DIGITS, room)
    return f"shape {array.shape}, {array.dtype.name}:\n{whole}" if whole else _summary(array)


def _around(array: np.ndarray, at: tuple[int, ...], digits: int, room: int) -> str:
    """Write an array, or of a large one the plane that holds a cell, and then the cell."""
    text = _whole(array, digits, room)
    if array.ndim == 0:
        return text
    if text is None:
        text = _summary(array)
        if plane := _whole(array[at[:-2]], digits, room):
            text += f"\n{list(at[:-2])} of it:\n{plane}"
    return f"{text}\nfirst difference at {list(at)}: {_number(array[at], digits)}"


def _numbers(value: object) -> np.ndarray | None:
    """Return an array of numbers, or None if the value is none."""
    if value is None or value is ... or isinstance(value, tuple):
        return None
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return None
    return array if array.dtype.kind in "biufc" else None


def _differs(right: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Return which cells differ: by more than rounding, see `answers.same`, or else at all."""
    with np.errstate(all="ignore"):
        common = complex if "c" in right.dtype.kind + wrong.dtype.kind else float
        right, wrong = right.astype(common), wrong.astype(common)
        near = np.isclose(wrong, right, TOLERANCE, TOLERANCE, equal_nan=True)
        return ~(np.isclose(wrong, right, 0, 0, equal_nan=True) if near.all() else near)


def _digits(right: np.generic, wrong: np.generic) -> int:
    """Return how many digits it takes to tell two numbers from each other."""
    kind = complex if "c" in right.dtype.kind + wrong.dtype.kind else float
    for digits in (DIGITS, 7, 9, 13):
        if _number(kind(right), digits) != _number(kind(wrong), digits):
            return digits
    return 17


def _holds_array(value: object) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_holds_array, value))
    return isinstance(value, np.ndarray) and value.ndim > 0


def _text(value: object, digits: int, room: float, left: str = "") -> str:
    """Write a value in not much more than `room` characters; `left` stands before it."""
    if isinstance(value, tuple | list):
        return _sequence(value, digits, room)
    if isinstance(value, np.ndarray):
        return _whole(value, digits, room, left) or _summary(value)
    if isinstance(value, bool | int | float | complex | np.bool_ | np.number):
        return _number(value, digits)
    text = "..." if value is ... else repr(value)
    return text if len(text) <= room else text[: int(room)] + " ..."


def _sequence(values: tuple | list, digits: int, room: float) -> str:
    share = room / max(1, len(values))
    texts = [_text(value, digits, share) for value in values[:CELLS]]
    if sum(map(len, texts)) > room or len(values) > CELLS:
        texts = texts[:ITEMS]
    if len(texts) < len(values):
        texts.append(f"... {len(values) - len(texts):,} more")
    text = (",\n " if any("\n" in t for t in texts) else ", ").join(texts)
    if isinstance(values, list):
        return f"[{text}]"
    return f"({text},)" if len(values) == 1 else f"({text})"


def _whole(array: np.ndarray, digits: int, room: float, left: str = "") -> str | None:
    """Write an array as code, or return None if that is too long."""
    if array.size > CELLS or array.dtype.kind not in "biufc":
        return None
    if array.ndim == 0:
        return _number(array[()], digits)
    if array.size == 0:
        return f"np.zeros({array.shape}, dtype=np.{array.dtype.name})"
    width = max(len(_number(cell, digits)) for cell in array.ravel())
    cells = np.array2string(
        array,
        max_line_width=120,
        separator=", ",
        prefix=f"{left}np.array(",
        threshold=CELLS,
        formatter={"all": lambda cell: _number(cell, digits).rjust(width)},
    )
    dtype = "" if array.dtype.name in _PLAIN else f", dtype=np.{array.dtype.name}"
    text = f"np.array({cells}{dtype})"
    return text if len(text) <= room else None


def _summary(array: np.ndarray) -> str:
    text = f"array of shape {array.shape}, {array.dtype.name}"
    if array.dtype.kind not in "iuf" or array.size == 0:
        return text
    finite = array[np.isfinite(array)]
    if finite.size:
        text += f", from {_number(finite.min(), DIGITS)} to {_number(finite.max(), DIGITS)}"
    missing = np.count_nonzero(np.isnan(array))
    infinite = array.size - finite.size - missing
    text += f", {missing:,} NaN" if missing else ""
    return text + (f", {infinite:,} infinite" if infinite else "")


def _number(value, digits: int) -> str:
    """Write a number as code: whole ones exactly, others with so many digits."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, complex | np.complexfloating):
        return f"complex({_number(value.real, digits)}, {_number(value.imag, digits)})"
    value = float(value)
    if math.isnan(value):
        return "np.nan"
    if math.isinf(value):
        return "np.inf" if value > 0 else "-np.inf"
    whole = value.is_integer() and abs(value) < 1e15
    return repr(value if whole else float(f"{value:.{digits}g}"))
