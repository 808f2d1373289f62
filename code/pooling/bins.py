"""Which cells belong to which bin: adaptive pooling and five other rules found in the wild.

A rule is a function of the input size `a` and the wanted number of bins `n` along one axis.
It returns the starts and the stops of its bins, in cells. Starts may be negative and stops
may exceed `a` (padding), the number of bins may differ from `n`, and a bin may be empty:
that a rule can go wrong is the point of having them side by side.
"""

from collections.abc import Callable

import numpy as np

from pooling.check import integer
from pooling.windows import coverage, output_size

Bins = tuple[np.ndarray, np.ndarray]


def _sizes(a: int, n: int) -> tuple[int, int]:
    return integer(a, "a", 1), integer(n, "n", 1)


def adaptive_bins(a: int, n: int) -> Bins:
    """Floor of the left edge, ceiling of the right: always n bins, every cell read.

    Parameters
    ----------
    a : int
        Input size, in cells.
    n : int
        Number of bins.

    Returns
    -------
    starts, stops : numpy.ndarray of int64, shape (n,)
        Bin i is ``[floor(i a / n), ceil((i + 1) a / n))``. Neighbors share at most one
        cell; a bin holds ``ceil(a / n)`` cells or one more.

    Raises
    ------
    TypeError, ValueError
        If `a` or `n` is not a positive int.

    Notes
    -----
    The rule of ``torch.nn.AdaptiveMaxPool2d`` and of He et al. (2014), appendix A.

    Examples
    --------
    >>> starts, stops = adaptive_bins(14, 3)
    >>> stops - starts
    array([5, 6, 5])
    """
    a, n = _sizes(a, n)
    i = np.arange(n, dtype=np.int64)
    return i * a // n, -(-(i + 1) * a // n)


def paper_bins(a: int, n: int) -> Bins:
    """Window ``ceil(a/n)`` and stride ``floor(a/n)``, as the text of the SPP paper says.

    Parameters
    ----------
    a : int
        Input size, in cells.
    n : int
        Wanted number of bins.

    Returns
    -------
    starts, stops : numpy.ndarray of int64
        The bins the windows make. Their number is ``n + floor((r - 1) / q)`` for
        ``a = q n + r`` with ``r > 0``, and n for ``r = 0``; see `paper_prediction`.

    Raises
    ------
    TypeError, ValueError
        If `a` or `n` is not a positive int, or ``a < n``: the stride would be 0.

    Notes
    -----
    He et al. (2014), section 2.3.

    Examples
    --------
    >>> len(paper_bins(13, 6)[0]), len(paper_bins(10, 6)[0])
    (6, 9)
    """
    a, n = _sizes(a, n)
    if a < n:
        raise ValueError(f"a must be at least n={n}, got {a}: the stride floor(a/n) would be 0")
    return _strided(a, kernel_size=-(-a // n), stride=a // n)


def paper_prediction(a: int, n: int) -> tuple[int, int]:
    """Say what the paper's rule does, without drawing a bin.

    Parameters
    ----------
    a : int
        Input size, in cells.
    n : int
        Wanted number of bins, at most `a`.

    Returns
    -------
    bins : int
        How many bins the rule makes.
    unread : int
        How many cells at the end no bin reads.

    Raises
    ------
    TypeError, ValueError
        If `a` or `n` is not a positive int, or ``a < n``.

    Notes
    -----
    Write ``a = q n + r``. For ``r = 0`` the windows tile the axis. Otherwise the window is
    ``q + 1`` and the stride q, so ``a - (q + 1) = (n - 1) q + (r - 1)`` cells remain behind
    the first window: ``n + floor((r - 1) / q)`` windows fit, and ``(r - 1) mod q`` cells are
    left over.

    Examples
    --------
    >>> paper_prediction(14, 4)
    (4, 1)
    >>> paper_prediction(10, 6)
    (9, 0)
    """
    a, n = _sizes(a, n)
    if a < n:
        raise ValueError(f"a must be at least n={n}, got {a}: the stride floor(a/n) would be 0")
    q, r = divmod(a, n)
    if r == 0:
        return n, 0
    return n + (r - 1) // q, (r - 1) % q


def symmetric_bins(a: int, n: int) -> Bins:
    """Window and stride ``ceil(a/n)`` with the missing cells padded on both sides.

    Parameters
    ----------
    a : int
        Input size, in cells.
    n : int
        Number of bins.

    Returns
    -------
    starts, stops : numpy.ndarray of int64, shape (n,)
        Bin i is ``[i k - p, (i + 1) k - p)`` with ``k = ceil(a/n)`` and
        ``p = floor((k n - a + 1) / 2)``. A bin can lie in the padding altogether.

    Raises
    ------
    TypeError, ValueError
        If `a` or `n` is not a positive int.

    Notes
    -----
    The arithmetic of Caffe's SPP layer (``spp_layer.cpp``).

    Examples
    --------
    >>> symmetric_bins(13, 6)[0]
    array([-3,  0,  3,  6,  9, 12])
    """
    a, n = _sizes(a, n)
    k = -(-a // n)
    starts = np.arange(n, dtype=np.int64) * k - (k * n - a + 1) // 2
    return starts, starts + k


def rounded_bins(a: int, n: int) -> Bins:
    """Round each edge ``i a / n`` to the nearest cell: a partition, with empty bins if n > a.

    Parameters
    ----------
    a : int
        Input size, in cells.
    n : int
        Number of bins.

    Returns
    -------
    starts, stops : numpy.ndarray of int64, shape (n,)
        Each stop is the next start; halves are rounded up.

    Raises
    ------
    TypeError, ValueError
        If `a` or `n` is not a positive int.

    Examples
    --------
    >>> starts, stops = rounded_bins(14, 4)
    >>> stops - starts
    array([4, 3, 4, 3])
    """
    a, n = _sizes(a, n)
    edges = (2 * np.arange(n + 1, dtype=np.int64) * a + n) // (2 * n)
    return edges[:-1], edges[1:]


def stretched_bins(a: int, n: int) -> Bins:
    """Stride ``floor(a/n)`` and the window stretched until the last bin ends at the edge.

    Parameters
    ----------
    a : int
        Input size, in cells.
    n : int
        Number of bins, at most `a`.

    Returns
    -------
    starts, stops : numpy.ndarray of int64, shape (n,)
        n bins of ``a - (n - 1) floor(a/n)`` cells; every cell is read, some often.

    Raises
    ------
    TypeError, ValueError
        If `a` or `n` is not a positive int, or ``a < n``: the stride would be 0.

    Examples
    --------
    >>> starts, stops = stretched_bins(14, 4)
    >>> stops - starts
    array([5, 5, 5, 5])
    """
    a, n = _sizes(a, n)
    if a < n:
        raise ValueError(f"a must be at least n={n}, got {a}: the stride floor(a/n) would be 0")
    return _strided(a, kernel_size=a - (n - 1) * (a // n), stride=a // n)


def fixed_bins(a: int, n: int, designed_for: int = 13) -> Bins:
    """Window and stride ``ceil(d/n)`` chosen once, for maps of d cells, and never changed.

    Parameters
    ----------
    a : int
        Input size, in cells.
    n : int
        Wanted number of bins.
    designed_for : int
        The input size d for which the window was chosen; 13 is the last map of AlexNet.

    Returns
    -------
    starts, stops : numpy.ndarray of int64
        As many bins as fit into `a`: their number changes with `a`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a positive int, or not one window fits.

    Examples
    --------
    >>> len(fixed_bins(13, 2)[0])
    1
    """
    a, n = _sizes(a, n)
    d = integer(designed_for, "designed_for", 1)
    return _strided(a, kernel_size=-(-d // n), stride=-(-d // n))


def _strided(a: int, kernel_size: int, stride: int) -> Bins:
    starts = np.arange(output_size(a, kernel_size, stride), dtype=np.int64) * stride
    return starts, starts + kernel_size


RULES: dict[str, Callable[[int, int], Bins]] = {
    "adaptive": adaptive_bins,
    "paper": paper_bins,
    "symmetric": symmetric_bins,
    "rounded": rounded_bins,
    "stretched": stretched_bins,
    "fixed": fixed_bins,
}
"""The six rules by name."""


def bin_positions(a: int, n: int, rule: str = "adaptive") -> np.ndarray:
    """List the cells of each bin.

    Parameters
    ----------
    a : int
        Input size, in cells.
    n : int
        Wanted number of bins.
    rule : str
        A name in `RULES`.

    Returns
    -------
    numpy.ndarray of int64, shape (number of bins, largest bin)
        Row i holds the cells of bin i, filled up with -1. Cells in the padding are -1 too.

    Raises
    ------
    TypeError, ValueError
        If `rule` is not a name in `RULES`, or the rule refuses `a` and `n`.

    Examples
    --------
    >>> bin_positions(7, 3)
    array([[0, 1, 2],
           [2, 3, 4],
           [4, 5, 6]])
    """
    if not isinstance(rule, str) or rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")
    return cells(*RULES[rule](a, n), a)


def cells(starts: np.ndarray, stops: np.ndarray, a: int) -> np.ndarray:
    """List the cells from each start to its stop.

    Parameters
    ----------
    starts, stops : numpy.ndarray of int64, shape (o,)
        As a rule returns them.
    a : int
        Input size, in cells.

    Returns
    -------
    numpy.ndarray of int64, shape (o, largest bin)
        Filled up with -1, which also stands for cells in the padding.

    Examples
    --------
    >>> cells(np.array([-1, 1]), np.array([1, 4]), 3)
    array([[-1,  0, -1],
           [ 1,  2, -1]])
    """
    places = starts[:, None] + np.arange(max(1, int((stops - starts).max())), dtype=np.int64)
    return np.where((places < stops[:, None]) & (places >= 0) & (places < a), places, -1)


def bin_coverage(a: int, n: int, rule: str = "adaptive") -> np.ndarray:
    """Count how many bins read each cell.

    Parameters
    ----------
    a, n, rule
        As for `bin_positions`.

    Returns
    -------
    numpy.ndarray of int64, shape (a,)
        0 marks a cell that no bin reads, 2 or more a cell that is shared.

    Raises
    ------
    TypeError, ValueError
        As for `bin_positions`.

    Examples
    --------
    >>> bin_coverage(14, 4, "paper")
    array([1, 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1, 0])
    """
    return coverage(bin_positions(a, n, rule), a)
