"""What each explorer can be set to, and where it starts: the same names in Python and its view."""

MOST = 32
"""Rows and columns that an explorer draws at most."""

WINDOW = {
    "values": [[(7 * r + 5 * c + r * c % 4) % 10 for c in range(6)] for r in range(6)],
    "operator": "max",
    "kernel_size": (3, 3),
    "stride": (2, 2),
    "padding": (0, 0),
    "dilation": (1, 1),
    "ceil_mode": False,
    "count_include_pad": True,
    "norm_type": 2,
    "weight": "outline",
    "selected": (0, 0),
    "shading": False,
}
BINS = {"size": 14, "levels": [4, 2, 1], "level": 4}
SHIFT = {"values": [[0, 0, 1, 1, 0, 0, 1, 1]], "shift": (0, 1)}

SETTINGS = {"window": WINDOW, "bins": BINS, "shift": SHIFT}
"""The explorers by name, each with its settings and where they start."""
TAGS = {"window": "window-explorer", "bins": "bin-explorer", "shift": "shift-explorer"}
"""The custom element of each explorer."""
