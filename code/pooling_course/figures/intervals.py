"""Means with their confidence intervals."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pooling_course.style import BLUE, INK, WIDTH


def intervals(
    names: Sequence[str],
    means: Sequence[float],
    half_widths: Sequence[float],
    label: str,
    zero: bool = False,
) -> tuple[Figure, Axes]:
    """Draw one mean and interval a row.

    Parameters
    ----------
    names : sequence of str
        One a row, first on top.
    means, half_widths : sequence of float
        Center and half width of each interval.
    label : str
        What the horizontal axis shows, with its unit.
    zero : bool
        Draw a line at 0: for differences.

    Returns
    -------
    fig : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes
    """
    fig, ax = plt.subplots(figsize=(WIDTH, 0.42 * len(names) + 0.75))
    rows = np.arange(len(names))
    ax.errorbar(means, rows, xerr=half_widths, fmt="o", color=BLUE, capsize=4)
    if zero:
        ax.axvline(0, color=INK, linewidth=1)
    ax.set(yticks=rows, ylim=(len(names) - 0.5, -0.5), xlabel=label)
    ax.set_yticklabels(names)
    return fig, ax
