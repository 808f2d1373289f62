"""Windows along an axis, and how often each cell is read."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pooling_course.figures.grid import draw_grid
from pooling_course.style import BLUE, INK, READ, SHARED, SKY, UNREAD, WIDTH


def coverage_color(count: int) -> str:
    """Choose the color of a cell that `count` windows read.

    Parameters
    ----------
    count : int
        How many windows read the cell.

    Returns
    -------
    str
        Red for 0, pale for 1, amber for more.
    """
    return UNREAD if count == 0 else READ if count == 1 else SHARED


def draw_axis_windows(ax: Axes, n: int, positions: np.ndarray, title: str = "") -> None:
    """Draw the cells of one axis, the windows below it, and color cells by coverage.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    n : int
        Input size.
    positions : numpy.ndarray of int, shape (o, k)
        Cells of each window, from ``pooling.window_positions``. Positions outside the input
        are drawn as padding (hatched).
    title : str
        Printed above.
    """
    inside = (positions >= 0) & (positions < n)
    counts = np.bincount(positions[inside], minlength=n)
    low, high = min(0, int(positions.min())), max(n, int(positions.max()) + 1)
    for cell in range(low, high):
        real = 0 <= cell < n
        ax.add_patch(
            Rectangle(
                (cell, 0), 1, 1, edgecolor="white" if real else "#9aa4b0", linewidth=1.5,
                facecolor=coverage_color(int(counts[cell])) if real else "white",
                hatch=None if real else "///",
            )
        )  # fmt: skip
        if real:
            ax.text(cell + 0.5, 0.5, str(cell), ha="center", va="center", fontsize=10, color=INK)
    for row, window in enumerate(positions):
        y = 1.35 + 0.7 * row
        ax.plot([window[0] + 0.5, window[-1] + 0.5], [y, y], color=SKY, linewidth=1.5, zorder=1)
        for cell in window:
            real = 0 <= cell < n
            ax.add_patch(
                Rectangle(
                    (cell + 0.12, y - 0.22), 0.76, 0.44, zorder=2,
                    facecolor=BLUE if real else "white", edgecolor=BLUE,
                )
            )  # fmt: skip
    ax.set(
        xlim=(low - 0.1, high + 0.1), ylim=(1.35 + 0.7 * len(positions) - 0.25, -0.15),
        aspect="equal", title=title,
    )  # fmt: skip
    ax.axis("off")


def axis_windows(
    cases: Sequence[tuple[str, int, np.ndarray]], columns: int = 1
) -> tuple[Figure, np.ndarray]:
    """Draw several axes with their windows: red unread, amber read more than once.

    Cell 0 stands at the same place in all of them.

    Parameters
    ----------
    cases : sequence of (title, n, positions)
        As for `draw_axis_windows`.
    columns : int
        Drawings in a row.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : numpy.ndarray of Axes
    """
    rows = -(-len(cases) // columns)
    low = min(0, *(int(positions.min()) for _, _, positions in cases))
    high = max(max(n, int(positions.max()) + 1) for _, n, positions in cases)
    scale = min(0.42, WIDTH / columns / (high - low))
    units = [1.3 + 0.7 * len(positions) for _, _, positions in cases]
    heights = [
        max(units[row * columns : (row + 1) * columns]) * scale + 0.35 for row in range(rows)
    ]
    fig, axes = plt.subplots(
        rows, columns, squeeze=False, figsize=(WIDTH, sum(heights)), height_ratios=heights
    )
    for ax in axes.flat[len(cases) :]:
        ax.remove()
    for ax, (title, n, positions) in zip(axes.flat, cases, strict=False):
        draw_axis_windows(ax, n, positions, title)
        ax.set_xlim(low - 0.1, high + 0.1)
    return fig, axes.flatten()[: len(cases)]


def coverage_map(counts: Sequence[np.ndarray], titles: Sequence[str]) -> tuple[Figure, np.ndarray]:
    """Draw planes of cells with how many windows read each: red 0, pale 1, amber more.

    Parameters
    ----------
    counts : sequence of numpy.ndarray of int, shape (H, W)
        Coverage of each plane: the outer product of the coverage of its axes.
    titles : sequence of str
        One per plane.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : numpy.ndarray of Axes
    """
    side = WIDTH / len(counts)
    tallest = max(plane.shape[0] / plane.shape[1] for plane in counts)
    fig, axes = plt.subplots(
        1, len(counts), squeeze=False, figsize=(WIDTH, min(side, 3.4) * tallest + 0.3)
    )
    for ax, plane, title in zip(axes[0], counts, titles, strict=True):
        fills = {cell: coverage_color(int(count)) for cell, count in np.ndenumerate(plane)}
        draw_grid(ax, plane, title, fills)
    return fig, axes[0]
