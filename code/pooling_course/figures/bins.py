"""Bins along an axis, one rule a panel, so that rules can be compared at a glance."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pooling_course.figures.windows import coverage_color
from pooling_course.style import BLUE, RED, WIDTH

BAR, LANE, GAP = 0.62, 0.85, 0.14
"""Height of a bar, distance to the bar below it, and what stays free at its ends, in cells."""


def draw_bins(ax: Axes, a: int, starts: np.ndarray, stops: np.ndarray, title: str = "") -> None:
    """Draw the cells of one axis, and under them a bar for each bin.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    a : int
        Input size, in cells. A cell is red when no bin reads it, pale when one does, amber
        when several do.
    starts, stops : numpy.ndarray of int, shape (n,)
        The bins, from a rule of ``pooling.bins``. Cells outside the input are hatched. A bin
        without a cell of the input has a red outline, or is a red stroke when it has no width.
    title : str
        Printed above.
    """
    low, high = min(0, int(starts.min())), max(a, int(stops.max()))
    for cell in range(low, high):
        real = 0 <= cell < a
        count = int(((starts <= cell) & (cell < stops)).sum())
        ax.add_patch(
            Rectangle(
                (cell, 0), 1, 1, edgecolor="white" if real else "#9aa4b0", linewidth=1.2,
                facecolor=coverage_color(count) if real else "white",
                hatch=None if real else "////",
            )
        )  # fmt: skip
    lanes = _lanes(starts, stops)
    for start, stop, lane in zip(starts, stops, lanes, strict=True):
        full = min(stop, a) > max(start, 0)
        ax.add_patch(
            Rectangle(
                (start + GAP, 1.3 + LANE * lane), max(stop - start - 2 * GAP, 0), BAR,
                linewidth=1 if full else 2, facecolor=BLUE if full else "white",
                edgecolor=BLUE if full else RED,
            )
        )  # fmt: skip
    ax.text(0.5, -0.25, "0", ha="center", va="bottom", fontsize=12)
    ax.text(a - 0.5, -0.25, str(a - 1), ha="center", va="bottom", fontsize=12)
    ax.set(
        xlim=(low - 0.2, high + 0.2), ylim=(1.5 + LANE * (max(lanes) + 1), -1.35), aspect="equal"
    )
    ax.set_anchor("N")
    ax.set_title(title, pad=3, fontsize=13)
    ax.axis("off")


def bins(
    cases: Sequence[tuple[str, int, np.ndarray, np.ndarray]], columns: int = 2
) -> tuple[Figure, np.ndarray]:
    """Draw several sets of bins: red cells are read by no bin, amber ones by several.

    Parameters
    ----------
    cases : sequence of (title, a, starts, stops)
        As for `draw_bins`.
    columns : int
        Drawings in a row.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : numpy.ndarray of Axes
        One per case.
    """
    rows = -(-len(cases) // columns)
    spans = [max(a, int(e.max())) - min(0, int(s.min())) + 0.4 for _, a, s, e in cases]
    depths = [2.85 + LANE * (max(_lanes(s, e)) + 1) for _, _, s, e in cases]
    scale = min(0.35, 0.95 * WIDTH / columns / max(spans))
    heights = [
        scale * max(depths[row * columns : (row + 1) * columns]) + 0.3 for row in range(rows)
    ]
    fig, axes = plt.subplots(
        rows, columns, squeeze=False, figsize=(WIDTH, sum(heights)), height_ratios=heights
    )
    for ax in axes.flat[len(cases) :]:
        ax.remove()
    for ax, (title, a, starts, stops) in zip(axes.flat, cases, strict=False):
        draw_bins(ax, a, starts, stops, title)
    widest = max(spans)
    for ax in axes.flat[: len(cases)]:
        left, right = ax.get_xlim()
        ax.set_xlim((left + right - widest) / 2, (left + right + widest) / 2)
    return fig, axes.flatten()[: len(cases)]


def _lanes(starts: np.ndarray, stops: np.ndarray) -> list[int]:
    """Put each bar in the first lane where it covers no earlier bar."""
    ends: list[int] = []
    lanes = []
    for start, stop in zip(starts, stops, strict=True):
        lane = next((i for i, end in enumerate(ends) if end <= start), len(ends))
        ends[lane : lane + 1] = [max(int(stop), int(start) + 1)]
        lanes.append(lane)
    return lanes
