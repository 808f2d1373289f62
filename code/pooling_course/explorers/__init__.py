"""Explorers: figures to change by hand, on the pages of the book and in JupyterLab.

Each explorer is one JavaScript module (`pooling_course.explorers.module`), which serves pages
(`pooling_site.explorers`) and notebooks alike. The functions here make it a widget:
what is set in Python moves the view, and what is moved in the view is seen by Python. A value that
is too large or too small for a view is refused, with an error that says how far it may go.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pooling_course.explorers.settings import START, known

if TYPE_CHECKING:
    from pooling_course.explorers.widgets import BinExplorer, ShiftExplorer, WindowExplorer

Ints = int | tuple[int, int]
_W = START["window"]


def _widget(kind: str, x: Any, settings: dict[str, Any]) -> Any:
    from pooling_course.explorers.widgets import WIDGETS

    given = settings if x is None else {"values": x, **settings}
    known(kind, given)
    return WIDGETS[kind](**given)


def window(
    x=None,
    kernel_size: Ints = _W["kernel_size"],
    stride: Ints | None = None,
    padding: Ints = _W["padding"],
    dilation: Ints = _W["dilation"],
    ceil_mode: bool = _W["ceil_mode"],
    **settings: Any,
) -> "WindowExplorer":
    """Move a window over a plane, and see what it reads and writes.

    Parameters
    ----------
    x : array_like, shape (H, W) or (W,), optional
        Finite numbers, one row if of shape (W,); a small plane when omitted.
    kernel_size : int or tuple of two ints
        Cells a window reads along height and width.
    stride : int or tuple of two ints, optional
        Step between windows; `kernel_size` when omitted, as for a pool.
    padding, dilation, ceil_mode
        As for `pooling.max_pool2d`. An operator ignores what it lacks.
    **settings
        The other settings, by name: `operator`, the function's name without `_pool2d`, or "conv";
        `norm_type` and `count_include_pad`, as for `pooling.lp_pool2d` and `pooling.avg_pool2d`;
        `weight`, the kernel of the convolution, "ones", "edges" (right minus left) or "outline"
        (center minus around); `shading`, whether to shade the cells that no window reads, and
        those that several read; and `selected`, the output cell that is shown.

    Returns
    -------
    WindowExplorer
        A widget: as the last line of a cell it is shown. The arguments are its attributes, to
        read and to set; `x` is called `values` there (assign a new table: a change of one number
        in place is not noticed). `output` is what the library computes for them.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, or has not the type or the range that it says.

    Examples
    --------
    >>> explorer = window([[1, 2, 1], [2, 5, 0], [3, 1, 1]], kernel_size=2, stride=1)
    >>> explorer.output
    array([[5., 5.],
           [5., 5.]])
    >>> explorer.stride = 2
    >>> explorer.output
    array([[5.]])
    """
    stride = kernel_size if stride is None else stride
    sides = {"kernel_size": kernel_size, "stride": stride, "padding": padding}
    return _widget("window", x, sides | {"dilation": dilation, "ceil_mode": ceil_mode} | settings)


def bins(
    size: int = START["bins"]["size"],
    levels: Iterable[int] = START["bins"]["levels"],
    level: int | None = None,
    **settings: Any,
) -> "BinExplorer":
    """Compare six rules that cut an axis into bins.

    Parameters
    ----------
    size : int
        Cells of the axis.
    levels : iterable of int
        Wanted numbers of bins.
    level : int, optional
        The one that is drawn in two dimensions; the largest when omitted.
    **settings
        Other settings, by name.

    Returns
    -------
    BinExplorer
        A widget with these three as attributes; `counts` is how many bins each rule makes.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown or out of its range.

    Examples
    --------
    >>> bins(10, levels=(6, 3)).counts["paper"]
    {6: 9, 3: 3}
    """
    explorer = _widget("bins", None, {"size": size, "levels": levels, **settings})
    explorer.level = max(explorer.levels) if level is None else level
    return explorer


def shift(x=None, shift: Ints = START["shift"]["shift"], **settings: Any) -> "ShiftExplorer":
    """Move a signal or a small picture, and see which pooled cells change.

    Parameters
    ----------
    x : array_like, shape (W,) or (H, W), optional
        A signal or a picture on a ring: finite numbers, sizes even (a signal has one row).
    shift : int or tuple of two ints
        Cells to the right, or down and to the right. A signal moves to the right only.
    **settings
        Other settings, by name.

    Returns
    -------
    ShiftExplorer
        A widget; `shift` follows what is dragged, and `x` is called `values` there.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown or out of its range.

    Examples
    --------
    >>> shift([0, 0, 1, 1, 0, 0, 1, 1], shift=1).shift
    (0, 1)
    """
    return _widget("shift", x, {"shift": shift, **settings})
