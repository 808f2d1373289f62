"""What a shift does: waves that fold when they are subsampled, and curves over the shift."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pooling_course.style import BLUE, CYCLE, INK, ORANGE, WIDTH

MARKERS = "osD^v<>Pp"
STYLES = ("-", "--", ":", "-.")


def folded_waves(
    waves: Sequence[tuple[float, float]], stride: int, cells: int = 24
) -> tuple[Figure, np.ndarray]:
    """Draw waves, the cells that a subsampling keeps, and the slow wave through the same cells.

    Parameters
    ----------
    waves : sequence of (frequency, folded frequency)
        One panel each, below one another; both in cycles per cell of the input.
    stride : int
        Every how many cells one is kept.
    cells : int
        Length of the row.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : numpy.ndarray of Axes
    """
    fig, axes = plt.subplots(
        len(waves), 1, squeeze=False, sharex=True, figsize=(WIDTH, 1.55 * len(waves) + 0.45)
    )
    fine, whole = np.linspace(0, cells - 1, 40 * cells), np.arange(cells)
    for ax, (frequency, folded) in zip(axes[:, 0], waves, strict=True):
        ax.plot(fine, np.cos(2 * np.pi * folded * fine), color=ORANGE, linewidth=4, alpha=0.6)
        ax.plot(fine, np.cos(2 * np.pi * frequency * fine), color=BLUE, linewidth=1)
        ax.plot(whole, np.cos(2 * np.pi * frequency * whole), "o", color=BLUE, markersize=3)
        kept = whole[::stride]
        ax.plot(kept, np.cos(2 * np.pi * frequency * kept), "o", color=INK, markersize=7)
        ax.set_title(f"{frequency:g} cycles per cell, seen as {folded:g}")
        ax.set(yticks=[-1, 0, 1], ylim=(-1.25, 1.25))
    axes[-1, 0].set_xlabel("cell")
    return fig, axes[:, 0]


def shift_curves(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float] | None]],
    ylabel: str,
    period: int | None = None,
) -> tuple[Figure, Axes]:
    """Draw one curve a name over the shifts 0, 1, 2, ..., with intervals.

    Parameters
    ----------
    curves : mapping of name to (means, half widths)
        One number a shift; None in place of half widths draws no intervals.
    ylabel : str
        What is measured, with its unit.
    period : int, optional
        Draw a line at each multiple of it.

    Returns
    -------
    fig : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes
    """
    fig, ax = plt.subplots(figsize=(WIDTH, 4.2))
    last = max(len(means) for means, _ in curves.values()) - 1
    for place in range(0, last + 1, period) if period else ():
        ax.axvline(place, color="#c9d1da", linewidth=1, zorder=0)
    for i, (name, (means, half_widths)) in enumerate(curves.items()):
        ax.errorbar(
            range(len(means)), means, yerr=half_widths, label=name, capsize=3, elinewidth=1.2,
            color=(*CYCLE, INK)[i % 7], linestyle=STYLES[i % 4], marker=MARKERS[i % 9],
        )  # fmt: skip
    ax.set(xlabel="shift, pixels", ylabel=ylabel, xticks=range(last + 1))
    fig.legend(loc="outside lower center", ncols=min(3, len(curves)), fontsize=11)
    return fig, ax
