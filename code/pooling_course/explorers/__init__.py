"""Explorers: figures to change by hand, on the pages of the book and in JupyterLab.

Each explorer is one JavaScript module (`pooling_course.explorers.module`), which serves pages
(`pooling_site.explorers`) and notebooks alike. The functions here make it a widget:
what is set in Python moves the view, and what is moved in the view is seen by Python.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pooling_course.explorers.widgets import BinExplorer, ShiftExplorer, WindowExplorer

Ints = int | tuple[int, int]


def window(
    x=None,
    kernel_size: Ints = 3,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    *,
    operator: str = "max",
    count_include_pad: bool = True,
    norm_type: float = 2,
    weight: str = "outline",
    shading: bool = False,
) -> "WindowExplorer":
    """Move a window over a plane, and see what it reads and writes.

    Parameters
    ----------
    x : array_like, shape (H, W) or (W,), optional
        At most 32 by 32 finite numbers, one row if of shape (W,); a plane of 6 by 6 when omitted.
    kernel_size : int or tuple of two ints
        Cells a window reads along height and width, at most 32.
    stride : int or tuple of two ints, optional
        Step between windows; `kernel_size` when omitted, as for a pool.
    padding, dilation, ceil_mode, count_include_pad, norm_type
        As for `pooling.max_pool2d`, `pooling.avg_pool2d` and `pooling.lp_pool2d`. An operator
        ignores what it lacks.
    operator : {"max", "avg", "min", "lp", "conv"}
        What a window computes.
    weight : {"ones", "edges", "outline"}
        The kernel of the convolution: all 1, right minus left, center minus around.
    shading : bool
        Shade the cells that no window reads, and those that several read.

    Returns
    -------
    WindowExplorer
        A widget: as the last line of a cell it is shown. The arguments are its attributes, to
        read and to set; `x` is called `values` there (assign a new table: a change of one number
        in place is not noticed), and `selected` is the output cell that is shown. `output` is what
        the library computes for them.

    Raises
    ------
    TypeError, ValueError, traitlets.TraitError
        If an argument has not the type or the range that it says.

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
    from pooling_course.explorers.widgets import WindowExplorer

    stride = kernel_size if stride is None else stride
    given = {} if x is None else {"values": x}
    return WindowExplorer(
        **given,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
        operator=operator,
        count_include_pad=count_include_pad,
        norm_type=norm_type,
        weight=weight,
        shading=shading,
    )


def bins(
    size: int = 14, levels: Iterable[int] = (4, 2, 1), level: int | None = None
) -> "BinExplorer":
    """Compare six rules that cut an axis into bins.

    Parameters
    ----------
    size : int
        Cells of the axis, 1 to 64.
    levels : iterable of int
        Wanted numbers of bins, each 1 to 8.
    level : int, optional
        The one that is drawn in two dimensions; the largest when omitted.

    Returns
    -------
    BinExplorer
        A widget with these three as attributes; `counts` is how many bins each rule makes.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> bins(10, levels=(6, 3)).counts["paper"]
    {6: 9, 3: 3}
    """
    from pooling_course.explorers.widgets import BinExplorer

    explorer = BinExplorer(size=size, levels=levels)
    explorer.level = max(explorer.levels) if level is None else level
    return explorer


def shift(x=None, shift: int | tuple[int, int] = (0, 1)) -> "ShiftExplorer":
    """Move a signal or a small picture, and see which pooled cells change.

    Parameters
    ----------
    x : array_like, shape (W,) or (H, W), optional
        A signal or a picture on a ring: finite numbers, sizes even (a signal has one row) and at
        most 32.
    shift : int or tuple of two ints
        Cells to the right, or down and to the right, -16 to 16. A signal moves to the right only.

    Returns
    -------
    ShiftExplorer
        A widget; `shift` follows what is dragged, and `x` is called `values` there.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> shift([0, 0, 1, 1, 0, 0, 1, 1], shift=1).shift
    (0, 1)
    """
    from pooling_course.explorers.widgets import ShiftExplorer

    given = {} if x is None else {"values": x}
    return ShiftExplorer(**given, shift=shift)
