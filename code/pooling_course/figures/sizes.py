"""Figures on input and output sizes: where an axis is cut, and which pairs of sizes fall where."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from pooling_course.figures.bins import bins
from pooling_course.style import INK, WIDTH


def cut_bins(
    cases: Sequence[tuple[str, int, np.ndarray, np.ndarray]], columns: int = 2
) -> tuple[Figure, np.ndarray]:
    """Draw sets of bins, and over the cells the places where the axis is cut into equal parts.

    Parameters
    ----------
    cases : sequence of (title, n, starts, stops)
        Input size and bins, as for `bins`. The cuts stand at ``i n / o`` for o bins.
    columns : int
        Drawings in a row.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : numpy.ndarray of Axes
        One per case.
    """
    fig, axes = bins(cases, columns)
    for ax, (_, n, starts, _) in zip(axes, cases, strict=True):
        cuts = np.arange(1, len(starts)) * n / len(starts)
        ax.vlines(cuts, -0.15, 1.15, color=INK, linewidth=2.5)
    return fig, axes


def pairs(
    kinds: np.ndarray, labels: Sequence[str], colors: Sequence[str], first: tuple[int, int] = (1, 1)
) -> tuple[Figure, Axes]:
    """Draw a table of pairs of sizes as colored squares: output size down, input size across.

    Parameters
    ----------
    kinds : numpy.ndarray of int, shape (rows, columns)
        Which label holds for each pair; -1 leaves a square white.
    labels, colors : sequence of str
        One per kind.
    first : (output size, input size)
        Of the first row and column.

    Returns
    -------
    fig : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes
    """
    rows, columns = kinds.shape
    fig, ax = plt.subplots(figsize=(WIDTH, WIDTH * rows / columns + 1.3))
    shown = np.ma.masked_less(kinds, 0)
    x, y = np.arange(columns + 1) + first[1] - 0.5, np.arange(rows + 1) + first[0] - 0.5
    ax.pcolormesh(
        x, y, shown, cmap=ListedColormap(list(colors)), vmin=-0.5, vmax=len(colors) - 0.5,
        edgecolors="white", linewidth=1.2,
    )  # fmt: skip
    ax.invert_yaxis()
    ax.set(xlabel="input size $n$", ylabel="output size $o$", aspect="equal")
    ax.set_yticks(range(first[0], first[0] + rows))
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    handles = [Patch(color=color, label=label) for color, label in zip(colors, labels, strict=True)]
    fig.legend(handles=handles, loc="outside lower center", ncols=2)
    return fig, ax
