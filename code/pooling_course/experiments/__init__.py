"""Small experiments paired by seed: one run a line in ``data/results``, and what they show.

``python -m pooling_course.experiments overlap --seeds 20`` makes runs, `load` reads them,
`paired_difference` compares two arms, and `run` repeats any one of them.
"""

from pooling_course.experiments.intervals import Interval, mean_interval, paired_difference
from pooling_course.experiments.runs import EXPERIMENTS, arms, load, run

__all__ = [
    "EXPERIMENTS",
    "Interval",
    "arms",
    "load",
    "mean_interval",
    "paired_difference",
    "run",
]
