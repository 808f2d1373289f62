"""How long a pool takes, next to others, measured in turn: ``make bench``.

`race` times a few calls at once, `run` the works of the table, and `load` reads what is stored.
"""

from pooling_course.bench.measure import interleave, race
from pooling_course.bench.table import load, run

__all__ = ["interleave", "load", "race", "run"]
