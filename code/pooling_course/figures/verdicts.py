"""Which test catches which bug: a table of counts."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pooling_course.figures.grid import draw_grid
from pooling_course.style import PALE, SKY, WIDTH


def catch_table(
    counts: np.ndarray, rows: Sequence[str], columns: Sequence[str]
) -> tuple[Figure, Axes]:
    """Draw a table of counts with its names; zeros stay empty.

    Parameters
    ----------
    counts : numpy.ndarray of int, shape (len(rows), len(columns))
        How often each test (column) catches each bug (row).
    rows, columns : sequence of str
        Names, printed on the left and, slanted, on top.

    Returns
    -------
    fig : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes

    Examples
    --------
    >>> _, ax = catch_table(np.array([[0, 3]]), ["a bug"], ["a test", "another"])
    >>> [text.get_text() for text in ax.texts]
    ['', '3', 'a bug', 'a test', 'another']
    """
    counts = np.asarray(counts)
    text = np.where(counts > 0, counts.astype(str), "")
    fills = {(int(r), int(c)): SKY if counts[r, c] else PALE for r, c in np.ndindex(counts.shape)}
    fig, ax = plt.subplots(figsize=(WIDTH, 0.38 * len(rows) + 1.1))
    draw_grid(ax, text, fills=fills)
    for r, name in enumerate(rows):
        ax.text(-0.2, r + 0.5, name, ha="right", va="center")
    for c, name in enumerate(columns):
        ax.text(c + 0.35, -0.2, name, ha="left", va="bottom", rotation=45)
    return fig, ax
