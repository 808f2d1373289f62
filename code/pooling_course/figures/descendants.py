"""The family of the pyramid: who comes from whom, a box on a map, windows with holes."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pooling_course.figures.grid import draw_grid
from pooling_course.style import BLUE, CYCLE, INK, ORANGE, PALE, RED, SKY, WIDTH


def family(
    nodes: Mapping[str, tuple[float, float, str]], links: Sequence[tuple[str, str]]
) -> tuple[Figure, Axes]:
    """Draw who comes from whom, ancestors on the left.

    Parameters
    ----------
    nodes : mapping of name to (column, row, text)
        Where a box stands, column 0 on the left and row 0 on top, and its second line.
    links : sequence of (parent, child)
        Names in `nodes`.

    Returns
    -------
    fig : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes
    """
    columns = max(column for column, _, _ in nodes.values()) + 1
    rows = max(row for _, row, _ in nodes.values()) + 1
    fig, ax = plt.subplots(figsize=(WIDTH, 0.75 * rows))
    for parent, child in links:
        (x0, y0, _), (x1, y1, _) = nodes[parent], nodes[child]
        ax.annotate(
            "", (x1 + 0.02, y1 + 0.5), (x0 + 0.83, y0 + 0.5),
            arrowprops={"arrowstyle": "-|>", "color": BLUE, "linewidth": 1.5, "shrinkA": 0},
        )  # fmt: skip
    for name, (x, y, text) in nodes.items():
        ax.add_patch(Rectangle((x + 0.02, y + 0.12), 0.80, 0.76, facecolor=PALE, edgecolor=INK))
        ax.text(x + 0.42, y + 0.36, name, ha="center", va="center", fontsize=13, weight="bold")
        ax.text(x + 0.42, y + 0.66, text, ha="center", va="center", fontsize=11.5)
    ax.set(xlim=(0, columns - 0.15), ylim=(rows, 0))
    ax.axis("off")
    return fig, ax


def box_on_map(
    values: np.ndarray,
    box: tuple[float, float, float, float],
    rows: tuple[np.ndarray, np.ndarray],
    columns: tuple[np.ndarray, np.ndarray],
    pooled: np.ndarray,
) -> tuple[Figure, np.ndarray]:
    """Draw a box on a map, the bins that are read for it, and what they give.

    Parameters
    ----------
    values : numpy.ndarray, shape (H, W)
        The map.
    box : (x1, y1, x2, y2)
        The box where it really lies, in cells: dashed.
    rows, columns : (starts, stops) of numpy.ndarray of int
        The bins along each axis. Cells in one bin are blue, in several amber.
    pooled : numpy.ndarray, shape (number of row bins, number of column bins)
        What the bins give.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : numpy.ndarray of Axes
    """
    fig, axes = plt.subplots(1, 2, width_ratios=[3, 1], figsize=(WIDTH, 3.9))
    counts = np.multiply.outer(
        *(_reads(b, n) for b, n in zip((rows, columns), values.shape, strict=True))
    )
    fills = {
        cell: (SKY if count == 1 else ORANGE) for cell, count in np.ndenumerate(counts) if count
    }
    draw_grid(axes[0], values, "map, box and bins", fills)
    for top, bottom in zip(*rows, strict=True):
        for left, right in zip(*columns, strict=True):
            corner, inset = (left + 0.1, top + 0.1), 0.2
            size = (right - left - inset, bottom - top - inset)
            axes[0].add_patch(Rectangle(corner, *size, fill=False, edgecolor=BLUE, linewidth=2.5))
    x1, y1, x2, y2 = box
    axes[0].add_patch(
        Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=RED, linewidth=3, ls="--")
    )
    draw_grid(axes[1], pooled, "output", {cell: SKY for cell in np.ndindex(pooled.shape)})
    return fig, axes


def holes(
    n: int, rates: Sequence[int], shares: Mapping[str, Sequence[float]], marks: Sequence[int] = ()
) -> tuple[Figure, np.ndarray]:
    """Draw what a 3 x 3 window with holes reads, and how many of its weights lie on the map.

    Parameters
    ----------
    n : int
        Height and width of the map, in cells.
    rates : sequence of int
        Dilations whose nine cells around the middle are drawn.
    shares : mapping of label to sequence of float
        For each label one number for every dilation from 1 on.
    marks : sequence of int
        Dilations marked on the horizontal axis of the second panel.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : numpy.ndarray of Axes
    """
    fig, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.3), width_ratios=[1, 1.15])
    axes[0].add_patch(Rectangle((0, 0), n, n, facecolor=PALE, edgecolor=INK))
    middle = n // 2 + 0.5
    for rate, color, marker in zip(rates, CYCLE, "osD^", strict=False):
        offsets = middle + rate * np.array([-1, 0, 1])
        xs, ys = np.meshgrid(offsets, offsets)
        outer = (xs != middle) | (ys != middle)
        axes[0].plot(xs[outer], ys[outer], marker, color=color, ms=7, label=f"rate {rate}")
    axes[0].plot(middle, middle, "*", color=INK, ms=11)
    axes[0].set(aspect="equal", xlim=(-6, n + 6), ylim=(n + 6, -6), xticks=[], yticks=[])
    axes[0].spines[:].set_visible(False)
    axes[0].legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=len(rates), fontsize=10,
                   handletextpad=0, columnspacing=0.8)  # fmt: skip
    for (label, values), style in zip(shares.items(), ("-", "--", "-.", ":"), strict=False):
        axes[1].plot(range(1, len(values) + 1), values, style, label=label)
    axes[1].set(xlabel="rate", ylabel="share of the cells in %", ylim=(0, 102), xticks=list(marks))
    axes[1].legend(loc="upper center", fontsize=10, bbox_to_anchor=(0.5, 1.25), ncols=2)
    return fig, axes


def _reads(bins: tuple[np.ndarray, np.ndarray], n: int) -> np.ndarray:
    """Count how many bins read each cell of an axis."""
    cells = np.arange(n)
    return sum((cells >= start) & (cells < stop) for start, stop in zip(*bins, strict=True)) + 0
