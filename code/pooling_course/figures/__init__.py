"""Figures of the book: functions that draw data they are given and compute nothing else."""

from pooling_course.figures.bins import bins, draw_bins
from pooling_course.figures.descendants import box_on_map, family, holes
from pooling_course.figures.gradients import kink, step_errors, tie_bars, tie_map
from pooling_course.figures.grid import draw_grid, grids
from pooling_course.figures.intervals import intervals
from pooling_course.figures.photos import draw_map, maps
from pooling_course.figures.receptive import view_back, views_on_photo
from pooling_course.figures.shifts import folded_waves, shift_curves
from pooling_course.figures.sizes import cut_bins, pairs
from pooling_course.figures.speed import halves, ratios, roofline
from pooling_course.figures.verdicts import catch_table
from pooling_course.figures.windows import axis_windows, coverage_map

__all__ = [
    "axis_windows",
    "bins",
    "box_on_map",
    "catch_table",
    "coverage_map",
    "cut_bins",
    "draw_bins",
    "draw_grid",
    "draw_map",
    "family",
    "folded_waves",
    "grids",
    "halves",
    "holes",
    "intervals",
    "kink",
    "maps",
    "pairs",
    "ratios",
    "roofline",
    "shift_curves",
    "step_errors",
    "tie_bars",
    "tie_map",
    "view_back",
    "views_on_photo",
]
