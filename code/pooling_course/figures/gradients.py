"""Kinks: slopes that touch them, differences that cross them, and where cells tie."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from pooling_course.figures.photos import draw_map
from pooling_course.style import BLUE, CYCLE, INK, ORANGE, PALE, RED, WIDTH

TIE_COLORS = (PALE, BLUE, ORANGE)
"""A single winner, a tie at 0, a tie above 0."""

_LOOKS = ("o-", "s-", "^-", "D-", "v-", "P-")


def kink(
    at: tuple[float, float],
    groups: Mapping[str, Sequence[float]],
    colors: Sequence[str] = (BLUE, RED),
) -> tuple[Figure, np.ndarray]:
    """Draw ``max(x, a)`` and lines through its kink, one panel a group of slopes.

    Parameters
    ----------
    at : tuple of two floats
        The kink: its place and the value there, both ``a``.
    groups : mapping of title to slopes
        One panel each.
    colors : sequence of str
        One per panel, for its lines.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : numpy.ndarray of Axes
    """
    x = np.linspace(at[0] - 2, at[0] + 2, 81)
    fig, axes = plt.subplots(
        1, len(groups), squeeze=False, sharey=True, figsize=(WIDTH, 3.1)
    )  # fmt: skip
    for ax, (title, slopes), color in zip(axes[0], groups.items(), colors, strict=False):
        for slope in slopes:
            ax.plot(x, at[1] + slope * (x - at[0]), color=color, linewidth=1.2)
            ax.annotate(
                f"{slope:g}", (x[-1], at[1] + slope * 2), xytext=(3, 0),
                textcoords="offset points", va="center", fontsize=11, color=INK,
            )  # fmt: skip
        ax.plot(x, np.maximum(x, at[1]), color=INK, linewidth=3)
        ax.plot(*at, "o", color=INK, markersize=8)
        ax.set(title=title, xlabel="x", xticks=np.arange(at[0] - 2, at[0] + 3))
    axes[0, 0].set_ylabel(f"max(x, {at[1]:g})")
    return fig, axes[0]


def step_errors(
    steps: np.ndarray, curves: Mapping[str, np.ndarray], floor: float = 1e-17
) -> tuple[Figure, Axes]:
    """Draw the error of a difference quotient against its step, both on logarithmic axes.

    Parameters
    ----------
    steps : numpy.ndarray, shape (n,)
        Positive.
    curves : mapping of label to numpy.ndarray, shape (n,)
        Errors; one below `floor` is drawn there.
    floor : float
        The lowest error shown.

    Returns
    -------
    fig : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes
    """
    fig, ax = plt.subplots(figsize=(WIDTH, 3.8))
    looks = zip(curves.items(), _LOOKS, CYCLE, strict=False)
    for (label, errors), style, color in looks:
        ax.loglog(steps, np.maximum(errors, floor), style, color=color, label=label, linewidth=1.5)
    ax.set(xlabel="step h", ylabel="error of the slope", ylim=(floor / 3, 10))
    ax.set_xticks(steps[::2])
    ax.minorticks_off()
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=11)
    return fig, ax


def tie_bars(
    names: Sequence[str], at_zero: Sequence[float], above: Sequence[float]
) -> tuple[Figure, Axes]:
    """Draw which share of windows tie, one bar a source: ties at 0, then ties above 0.

    Parameters
    ----------
    names : sequence of str
        One a row, first on top.
    at_zero, above : sequence of float
        Percent of the windows.

    Returns
    -------
    fig : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes
    """
    fig, ax = plt.subplots(figsize=(WIDTH, 0.42 * len(names) + 1.1))
    rows = np.arange(len(names))
    ax.barh(rows, at_zero, color=TIE_COLORS[1], label="tie at 0")
    ax.barh(rows, above, left=at_zero, color=TIE_COLORS[2], label="tie above 0")
    for row, low, high in zip(rows, at_zero, above, strict=True):
        ax.text(low + high + 0.8, row, f"{low + high:.1f}", va="center", fontsize=11)
    ax.set(yticks=rows, ylim=(len(names) - 0.5, -0.5), xlabel="windows with a tie (%)")
    ax.set_yticklabels(names, fontsize=11)
    ax.margins(x=0.12)
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.35, 1.0))
    return fig, ax


def tie_map(
    images: Sequence[np.ndarray], titles: Sequence[str], kinds: np.ndarray, kinds_title: str
) -> tuple[Figure, np.ndarray]:
    """Draw maps and, beside them, which windows tie.

    Parameters
    ----------
    images : sequence of numpy.ndarray, shape (H, W)
        At most two.
    titles : sequence of str
        One per image.
    kinds : numpy.ndarray of int, shape (oH, oW)
        For each window 0 a single winner, 1 a tie at 0, 2 a tie above 0.
    kinds_title : str
        Printed above the last panel.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : numpy.ndarray of Axes
    """
    fig, axes = plt.subplots(1, len(images) + 1, figsize=(WIDTH, WIDTH / (len(images) + 1) + 0.7))
    for ax, image, title in zip(axes, images, titles, strict=False):
        draw_map(ax, image, title)
    axes[-1].imshow(kinds, cmap=ListedColormap(TIE_COLORS), vmin=-0.5, vmax=2.5)
    axes[-1].set(title=kinds_title, xticks=[], yticks=[])
    axes[-1].spines[:].set_visible(False)
    names = ("a single winner", "tie at 0", "tie above 0")
    handles = [Patch(color=c, label=n) for c, n in zip(TIE_COLORS, names, strict=True)]
    fig.legend(handles=handles, ncols=3, loc="outside lower center", fontsize=11)
    return fig, axes
