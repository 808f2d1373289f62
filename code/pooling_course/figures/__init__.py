"""Figures of the book: functions that draw data they are given and compute nothing else."""

from pooling_course.figures.bins import bins, draw_bins
from pooling_course.figures.grid import draw_grid, grids
from pooling_course.figures.intervals import intervals
from pooling_course.figures.photos import draw_map, maps
from pooling_course.figures.receptive import view_back, views_on_photo
from pooling_course.figures.windows import axis_windows, coverage_map

__all__ = [
    "axis_windows",
    "bins",
    "coverage_map",
    "draw_bins",
    "draw_grid",
    "draw_map",
    "grids",
    "intervals",
    "maps",
    "view_back",
    "views_on_photo",
]
