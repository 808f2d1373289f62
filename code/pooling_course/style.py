"""The house style of every figure: one palette, one resolution, legible on a phone."""

import matplotlib as mpl

INK = "#1b1f24"
"""Text and lines."""
PALE = "#eef1f5"
"""An empty cell."""
BLUE = "#0072b2"
ORANGE = "#e69f00"
GREEN = "#009e73"
RED = "#d55e00"
PURPLE = "#cc79a7"
SKY = "#56b4e9"
CYCLE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY)
"""Colors told apart by color-blind readers (Okabe and Ito 2008), in the order of use."""
UNREAD, READ, SHARED = RED, PALE, ORANGE
"""What no window reads, what one reads, what several read."""

DPI = 120
WIDTH = 6.4
"""Width of a full figure, in inches: 768 pixels."""


def use_style() -> None:
    """Set matplotlib to the house style. Call it once, at the top of a chapter.

    Examples
    --------
    >>> use_style()
    >>> mpl.rcParams["figure.dpi"]
    120.0
    """
    mpl.rcParams.update(
        {
            "figure.dpi": DPI,
            "savefig.dpi": DPI,
            "figure.facecolor": "white",
            "figure.figsize": (WIDTH, 3.2),
            "figure.constrained_layout.use": True,
            "font.family": "DejaVu Sans",
            "font.size": 12,
            "axes.titlesize": 12,
            "axes.titleweight": "bold",
            "axes.labelsize": 12,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": False,
            "axes.prop_cycle": mpl.cycler(color=CYCLE),
            "legend.frameon": False,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
            "lines.linewidth": 2,
            "lines.markersize": 5,
        }
    )
