"""The helper that each notebook brings along, shown there as it stands here."""

import numpy as np


def example(got, expected):
    """Say whether an example comes out as expected. Worth no points."""
    if got is None or got is ...:
        print("not attempted yet")
    elif np.shape(got) == np.shape(expected) and np.allclose(got, expected, equal_nan=True):
        print("as expected")
    else:
        print("expected:", np.array(expected), "got:", np.array(got), sep="\n")
