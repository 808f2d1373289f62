"""Pictures of how long things take: ratios in a row, work against memory, a tree of halves."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pooling_course.style import BLUE, CYCLE, INK, PALE, WIDTH


def ratios(rows: Mapping[str, Mapping[str, Sequence[float]]], to: str) -> tuple[Figure, Axes]:
    """Draw ratios of times on a logarithmic axis, one row a work, one mark a program.

    Parameters
    ----------
    rows : mapping of str to mapping of str to sequence of three floats
        For each work and program the lower quartile, the median and the upper quartile.
    to : str
        What the times are divided by.

    Returns
    -------
    figure, axes

    Examples
    --------
    >>> figure, ax = ratios({"max 2/2": {"pooling": (0.1, 0.2, 0.3)}}, to="torch")
    >>> plt.close(figure)
    """
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    figure, ax = plt.subplots(figsize=(WIDTH, 0.7 + 0.3 * len(rows)))
    for name, color, mark in zip(names, CYCLE, "osD^vP", strict=False):
        found = [(i, row[name]) for i, row in enumerate(rows.values()) if name in row]
        places = [i for i, _ in found]
        low, middle, high = np.transpose([quartiles for _, quartiles in found])
        ax.hlines(places, low, high, color=color, alpha=0.5)
        ax.plot(middle, places, mark, color=color, label=name)
    ax.axvline(1, color=INK, linewidth=1)
    ax.set(xscale="log", xlabel=f"time, in that of {to}")
    ax.set_yticks(range(len(rows)), list(rows))
    ax.invert_yaxis()
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.5 / (0.3 * len(rows))), ncols=2)
    return figure, ax


def roofline(
    points: Mapping[str, Sequence[tuple[str, float, float]]], bandwidth: float, peak: float
) -> tuple[Figure, Axes]:
    """Draw speeds under the roof that memory and processor put over them.

    Parameters
    ----------
    points : mapping of str to sequence of (label, intensity, speed)
        For each program: operations for each byte that must be moved, and operations a second.
    bandwidth : float
        Bytes a second.
    peak : float
        Operations a second.

    Returns
    -------
    figure, axes

    Examples
    --------
    >>> figure, ax = roofline({"pooling": [("2/2", 0.15, 1e9)]}, bandwidth=1e10, peak=3e9)
    >>> plt.close(figure)
    """
    figure, ax = plt.subplots(figsize=(WIDTH, 4.2))
    reach = [intensity for row in points.values() for _, intensity, _ in row]
    x = np.geomspace(min(reach) / 2, max(reach) * 2, 200)
    ax.plot(x, np.minimum(x * bandwidth, peak), color=INK)
    for (name, row), color, mark in zip(points.items(), CYCLE, "osD^vP", strict=False):
        labels, intensity, speed = zip(*row, strict=True)
        ax.plot(intensity, speed, mark, color=color, label=name)
        for label, at, high in zip(labels, intensity, speed, strict=True):
            ax.annotate(label, (at, high), (5, 4), textcoords="offset points", fontsize=9)
    ax.set(xscale="log", yscale="log")
    ax.set(xlabel="comparisons of the definition, for each byte", ylabel="comparisons a second")
    ax.legend(loc="upper left")
    return figure, ax


def halves(k: int, n: int) -> tuple[Figure, Axes]:
    """Draw how a window of `k` cells is put together from two halves that may overlap.

    Parameters
    ----------
    k : int
        Cells of the window.
    n : int
        Cells of the row.

    Returns
    -------
    figure, axes

    Examples
    --------
    >>> figure, ax = halves(7, 9)
    >>> plt.close(figure)
    """
    sizes = [k]
    while sizes[-1] > 1:
        sizes.append((sizes[-1] + 1) // 2)
    figure, ax = plt.subplots(figsize=(WIDTH, 0.55 * len(sizes) + 0.3))
    for i in range(n):
        ax.add_patch(plt.Rectangle((i, 0), 1, 0.7, facecolor=PALE, edgecolor=INK, linewidth=0.8))
    for level, (half, size) in enumerate(zip(sizes[:0:-1], sizes[-2::-1], strict=True), start=1):
        for start, color in ((0, BLUE), (size - half, CYCLE[1])):
            y = level + (0.36 if start else 0)
            ax.add_patch(plt.Rectangle((start + 0.04, y), half - 0.08, 0.32, facecolor=color))
        ax.text(n + 0.2, level + 0.34, f"{size} cells: {half} and {half}", va="center", fontsize=11)
    ax.set(xlim=(-0.1, n + 5), ylim=(len(sizes) - 0.1, -0.15))
    ax.axis("off")
    return figure, ax
