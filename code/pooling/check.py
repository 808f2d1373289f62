"""The argument rules shared by every function: what is accepted, and what the error says."""

from collections.abc import Iterable
from math import isfinite
from numbers import Integral, Real

import numpy as np


def int_tuple(value, ndim: int, name: str, at_least: int) -> tuple[int, ...]:
    """Return `value` as `ndim` ints; one int stands for all of them.

    Parameters
    ----------
    value : int or sequence of int
        What the caller passed for the argument `name`.
    ndim : int
        How many ints are needed: the number of spatial axes.
    name : str
        The argument's name, for the error.
    at_least : int
        The smallest allowed value.

    Returns
    -------
    tuple of int

    Raises
    ------
    TypeError
        If an entry is not an int (a bool or a float is not).
    ValueError
        If there are not `ndim` entries, or one is smaller than `at_least` or 2**63 or more.

    Examples
    --------
    >>> int_tuple(3, 2, "kernel_size", 1)
    (3, 3)
    """
    value = value.tolist() if isinstance(value, np.ndarray) else value
    many = not isinstance(value, int | str | bytes) and isinstance(value, Iterable)
    entries = tuple(value) if many else (value,) * ndim
    form = "an int" if ndim == 1 else f"an int or {ndim} ints"
    for entry in entries:
        if type(entry) is int:
            continue
        if not isinstance(entry, Integral) or isinstance(entry, bool | np.bool_):
            raise TypeError(f"{name} must be {form}, got {value!r}")
    if len(entries) != ndim:
        raise ValueError(f"{name} must be {form}, got {value!r}")
    if min(entries) < at_least:
        raise ValueError(f"{name} must be at least {at_least}, got {value!r}")
    if max(entries) >= 2**63:
        raise ValueError(f"{name} must be below 2**63, got {value!r}")
    return tuple(int(entry) for entry in entries)


def integer(value, name: str, at_least: int) -> int:
    """Return `value` as an int.

    Parameters
    ----------
    value : int
        What the caller passed for the argument `name`.
    name : str
        The argument's name, for the error.
    at_least : int
        The smallest allowed value.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If `value` is not an int (a bool or a float is not).
    ValueError
        If it is smaller than `at_least` or 2**63 or more.

    Examples
    --------
    >>> integer(np.int64(3), "n", 1)
    3
    """
    if isinstance(value, Iterable):
        raise TypeError(f"{name} must be an int, got {value!r}")
    return int_tuple(value, 1, name, at_least)[0]


def flag(value, name: str) -> bool:
    """Return `value` as a bool.

    Parameters
    ----------
    value : bool
        What the caller passed for the argument `name`.
    name : str
        The argument's name, for the error.

    Returns
    -------
    bool

    Raises
    ------
    TypeError
        If `value` is not a bool: every text is true, "no" as well.

    Examples
    --------
    >>> flag(np.True_, "ceil_mode")
    True
    """
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def real(value, name: str) -> float:
    """Return `value` as a float.

    Parameters
    ----------
    value : float or int
        What the caller passed for the argument `name`.
    name : str
        The argument's name, for the error.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If `value` is not a real number (a bool or a text is not).
    ValueError
        If it is not finite.

    Examples
    --------
    >>> real(np.float32(0.5), "alpha")
    0.5
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, got {value!r}")
    try:
        finite = isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise ValueError(f"{name} must be finite, got {value!r}")
    return float(value)


def array(x, name: str) -> np.ndarray:
    """Return `x` as an array, its bytes in the order of this machine.

    Parameters
    ----------
    x : array_like
        What the caller passed for the argument `name`.
    name : str
        The argument's name, for the error.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    TypeError
        If `x` is a masked array: no function here looks at a mask.
    ValueError
        If nested lists have rows of different lengths.

    Examples
    --------
    >>> array([[1, 2], [3, 4]], "x").shape
    (2, 2)
    """
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{name} must not be a masked array, fill it first; got {type(x).__name__}")
    try:
        x = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name} must be an array or lists of equal lengths, got {x!r}") from error
    return x.astype(x.dtype.newbyteorder("="), copy=False)


def image(x, ndim: int, name: str = "x", kinds: str = "fiu") -> np.ndarray:
    """Return `x` as an array of shape (N, C, \\*spatial) or (C, \\*spatial).

    Parameters
    ----------
    x : array_like
        The batch, with `ndim` spatial axes. Only N may be 0.
    ndim : int
        The number of spatial axes.
    name : str
        The argument's name, for the error.
    kinds : str
        Allowed NumPy dtype kinds: ``f`` floating, ``i`` signed, ``u`` unsigned.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    TypeError
        If the dtype is not one of `kinds`.
    ValueError
        If the rank is wrong, or an axis other than N is empty.

    Examples
    --------
    >>> image([[[1.0, 2.0]]], 2).shape
    (1, 1, 2)
    """
    x = array(x, name)
    if x.dtype.kind not in kinds:
        allowed = " or ".join({"f": "floating", "i": "integer"}[k] for k in kinds if k != "u")
        raise TypeError(f"{name} must have a {allowed} dtype, got {x.dtype}")
    if x.ndim not in (ndim + 1, ndim + 2):
        axes = ["L", "HW", "DHW"][ndim - 1]
        raise ValueError(
            f"{name} must have shape (N, C, {', '.join(axes)}) or (C, {', '.join(axes)}), "
            f"got {x.ndim} axes: {x.shape}"
        )
    if 0 in x.shape[-(ndim + 1) :]:
        raise ValueError(f"{name} may be empty along N only, got shape {x.shape}")
    return x


def gradient(grad_output, shape: tuple[int, ...], name: str = "grad_output") -> np.ndarray:
    """Return `grad_output` as a floating array of exactly the forward's output shape.

    Parameters
    ----------
    grad_output : array_like
        The gradient of a loss with respect to the forward's output.
    shape : tuple of int
        The shape of the forward's output.
    name : str
        The argument's name, for the error.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    TypeError
        If the dtype is not floating.
    ValueError
        If the shape is another one.

    Examples
    --------
    >>> gradient([[1.0]], (1, 1))
    array([[1.]])
    """
    grad_output = array(grad_output, name)
    if grad_output.dtype.kind != "f":
        raise TypeError(f"{name} must have a floating dtype, got {grad_output.dtype}")
    if grad_output.shape != shape:
        raise ValueError(
            f"{name} must have the forward's output shape {shape}, got {grad_output.shape}"
        )
    return grad_output


def positions(indices, shape: tuple[int, ...], owner: str) -> np.ndarray:
    """Return `indices` as int64, one for each value of another argument.

    Parameters
    ----------
    indices : array_like of int
        Flat positions in a plane. Whether they lie in it is not looked at.
    shape : tuple of int
        The shape they must have.
    owner : str
        The argument of that shape, for the error.

    Returns
    -------
    numpy.ndarray of int64

    Raises
    ------
    TypeError
        If the dtype is not an integer one.
    ValueError
        If the shape is another one.

    Examples
    --------
    >>> positions([[3]], (1, 1), "x")
    array([[3]])
    """
    indices = array(indices, "indices")
    if indices.dtype.kind not in "iu":
        raise TypeError(f"indices must have an integer dtype, got {indices.dtype}")
    if indices.shape != shape:
        raise ValueError(f"indices must have {owner}'s shape {shape}, got {indices.shape}")
    return indices.astype(np.int64, copy=False)
