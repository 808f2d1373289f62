"""What one cell of a deep layer sees of the input."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pooling_course.figures.photos import draw_map
from pooling_course.style import BLUE, CYCLE, INK, PALE, SKY, WIDTH

GAP = 2.0
"""Vertical distance of two layers, in cells."""


def draw_view_back(
    ax: Axes, paths: Sequence[np.ndarray], tables: Sequence[np.ndarray], title: str = ""
) -> None:
    """Draw a stack of layers, one row each, and the paths from one output cell to the input.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    paths : sequence of numpy.ndarray of int, shape (n,)
        How many paths reach each cell: the output layer first, the input last. A cell that no
        path reaches is pale.
    tables : sequence of numpy.ndarray of int, shape (o, k)
        Cells that each window reads, between one row and the next below it.
    title : str
        Printed above.
    """
    widest = max(len(row) for row in paths)
    lefts = [(widest - len(row)) / 2 for row in paths]
    for depth, table in enumerate(tables):
        for window, cell in _links(paths[depth], table, len(paths[depth + 1])):
            ax.plot(
                [lefts[depth] + window + 0.5, lefts[depth + 1] + cell + 0.5],
                [depth * GAP + 0.94, (depth + 1) * GAP + 0.06],
                color=SKY, linewidth=1.5, zorder=0,
            )  # fmt: skip
    for depth, (row, left) in enumerate(zip(paths, lefts, strict=True)):
        for cell, count in enumerate(row):
            corner = (left + cell + 0.06, depth * GAP + 0.06)
            ax.add_patch(
                Rectangle(corner, 0.88, 0.88, facecolor=BLUE if count else PALE, edgecolor="none")
            )
            ax.text(
                left + cell + 0.5, depth * GAP + 0.5, str(count),
                ha="center", va="center", color="white" if count else INK,
            )  # fmt: skip
    ax.set(
        xlim=(-0.1, widest + 0.1), ylim=((len(paths) - 1) * GAP + 1.1, -0.1),
        aspect="equal", title=title,
    )  # fmt: skip
    ax.axis("off")


def view_back(
    cases: Sequence[tuple[str, Sequence[np.ndarray], Sequence[np.ndarray]]],
) -> tuple[Figure, np.ndarray]:
    """Draw stacks of layers, one below the other.

    Parameters
    ----------
    cases : sequence of (title, paths, tables)
        As for `draw_view_back`.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : numpy.ndarray of Axes
    """
    widest = max(len(row) for _, paths, _ in cases for row in paths)
    cell = min(0.42, WIDTH / (widest + 1))
    heights = [cell * ((len(paths) - 1) * GAP + 1.2) + 0.35 for _, paths, _ in cases]
    fig, axes = plt.subplots(
        len(cases), 1, squeeze=False, height_ratios=heights,
        figsize=(cell * (widest + 1), sum(heights)),
    )  # fmt: skip
    for ax, (title, paths, tables) in zip(axes[:, 0], cases, strict=True):
        draw_view_back(ax, paths, tables, title)
    return fig, axes[:, 0]


def views_on_photo(
    image: np.ndarray, views: Sequence[tuple[str, float, float, int]]
) -> tuple[Figure, Axes]:
    """Draw a photo and, as squares, what some cells of a network see of it.

    Parameters
    ----------
    image : numpy.ndarray, shape (H, W), (1, H, W) or (3, H, W)
        The input.
    views : sequence of (label, top, left, size)
        First row, first column and side of each square, in pixels.

    Returns
    -------
    fig : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes
    """
    fig, ax = plt.subplots(figsize=(0.8 * WIDTH, 0.55 * WIDTH))
    draw_map(ax, image)
    for (label, top, left, size), color in zip(views, CYCLE[1:], strict=False):
        corner = (left - 0.5, top - 0.5)
        for line, paint in ((5, "white"), (2.5, color)):
            ax.add_patch(Rectangle(corner, size, size, fill=False, edgecolor=paint, linewidth=line))
        ax.plot([], [], color=color, label=label)
    ax.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return fig, ax


def _links(above: np.ndarray, table: np.ndarray, below: int) -> list[tuple[int, int]]:
    """List the (window, cell) pairs of a table that a path goes through."""
    return [
        (window, int(cell))
        for window in np.flatnonzero(above)
        for cell in table[window]
        if 0 <= cell < below
    ]
