"""The helper that each notebook brings along, with the rule of the checks for what is near."""

import numpy as np

from pooling_course.judge import near


def example(got, expected):
    """Say whether an example comes out as expected. Worth no points."""
    if got is None or got is ...:
        print("not attempted yet")
    elif near(got, expected):
        print("as expected")
    else:
        print("expected:", np.array(expected), "got:", np.array(got), sep="\n")
