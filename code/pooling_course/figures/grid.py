"""Small arrays drawn as grids of numbers, with windows outlined."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pooling_course.style import BLUE, INK, PALE, WIDTH

Cell = tuple[int, int]


def draw_grid(
    ax: Axes,
    values: np.ndarray,
    title: str = "",
    fills: Mapping[Cell, str] | None = None,
    outlines: Sequence[tuple[int, int, int, int]] = (),
    outline_color: str = BLUE,
    fmt: str = "g",
) -> None:
    """Draw an array as a grid of cells with their values.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    values : numpy.ndarray, shape (rows, columns)
        Numbers, or strings shown as they are. NaN is shown as an empty cell.
    title : str
        Printed above the grid.
    fills : mapping of (row, column) to color, optional
        Cells to color; the others are pale.
    outlines : sequence of (row, column, height, width)
        Windows to outline.
    outline_color : str
        Color of the outlines.
    fmt : str
        Format of the numbers.
    """
    values = np.atleast_2d(values)
    rows, columns = values.shape
    for (r, c), value in np.ndenumerate(values):
        color = (fills or {}).get((r, c), PALE)
        ax.add_patch(Rectangle((c, r), 1, 1, facecolor=color, edgecolor="white", linewidth=1.5))
        ax.text(
            c + 0.5, r + 0.5, _label(value, fmt), ha="center", va="center", color=_ink_on(color)
        )
    for r, c, height, width in outlines:
        ax.add_patch(
            Rectangle((c, r), width, height, fill=False, edgecolor=outline_color, linewidth=2.5)
        )
    ax.set(xlim=(-0.06, columns + 0.06), ylim=(rows + 0.06, -0.06), aspect="equal", title=title)
    ax.axis("off")


def grids(panels: Sequence[Mapping], height: float | None = None) -> tuple[Figure, np.ndarray]:
    """Draw several grids side by side, cells of one size.

    Parameters
    ----------
    panels : sequence of mappings
        The arguments of `draw_grid` for each grid, without `ax`.
    height : float, optional
        Height of the figure, in inches; by default what the tallest grid needs.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : numpy.ndarray of Axes
    """
    shapes = [np.atleast_2d(panel["values"]).shape for panel in panels]
    widths = [max(columns, 2) for _, columns in shapes]
    cell = min(0.55, WIDTH / (sum(widths) + len(widths)))
    tallest = max(rows for rows, _ in shapes)
    fig, axes = plt.subplots(
        1, len(panels), squeeze=False, width_ratios=widths,
        figsize=(min(WIDTH, cell * (sum(widths) + len(widths))), height or cell * tallest + 0.45),
    )  # fmt: skip
    for ax, panel in zip(axes[0], panels, strict=True):
        draw_grid(ax, **panel)
    return fig, axes[0]


def _label(value, fmt: str) -> str:
    if isinstance(value, str):
        return value
    return "" if np.isnan(value) else format(value, fmt)


def _ink_on(color: str) -> str:
    """Choose white or ink, whichever contrasts more with the cell's color."""
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return "white" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.45 else INK
