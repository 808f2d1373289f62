"""Pooling and convolution on NumPy arrays.

Names, arguments and defaults are those of ``torch.nn.functional``. Arrays may have any layout
and byte order; results have the byte order of the machine. Importing needs NumPy alone;
`pooling.layers` holds the same functions as torch modules, and `pooling.loops` the definitions
as plain loops, short enough to be read.
"""

from pooling.adaptive import (
    adaptive_avg_pool2d,
    adaptive_avg_pool2d_backward,
    adaptive_max_pool2d,
    adaptive_max_pool2d_backward,
)
from pooling.blur import binomial, blur_pool2d, blur_pool2d_backward
from pooling.conv import conv2d, conv2d_backward, fold, unfold
from pooling.pool import (
    avg_pool1d,
    avg_pool1d_backward,
    avg_pool2d,
    avg_pool2d_backward,
    avg_pool3d,
    avg_pool3d_backward,
    lp_pool2d,
    lp_pool2d_backward,
    max_pool1d,
    max_pool1d_backward,
    max_pool2d,
    max_pool2d_backward,
    max_pool3d,
    max_pool3d_backward,
    min_pool2d,
    min_pool2d_backward,
)
from pooling.pyramid import spatial_pyramid_pool2d, spatial_pyramid_pool2d_backward
from pooling.roi import roi_align, roi_align_backward, roi_pool, roi_pool_backward
from pooling.unpool import max_unpool2d, max_unpool2d_backward
from pooling.variants import (
    fractional_max_pool2d,
    fractional_max_pool2d_backward,
    mixed_pool2d,
    mixed_pool2d_backward,
    soft_pool2d,
    soft_pool2d_backward,
    stochastic_pool2d,
    stochastic_pool2d_backward,
)
from pooling.windows import coverage, output_size, receptive_field, window_positions

__version__ = "0.1.0"

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_avg_pool2d_backward",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_backward",
    "avg_pool1d",
    "avg_pool1d_backward",
    "avg_pool2d",
    "avg_pool2d_backward",
    "avg_pool3d",
    "avg_pool3d_backward",
    "binomial",
    "blur_pool2d",
    "blur_pool2d_backward",
    "conv2d",
    "conv2d_backward",
    "coverage",
    "fold",
    "fractional_max_pool2d",
    "fractional_max_pool2d_backward",
    "lp_pool2d",
    "lp_pool2d_backward",
    "max_pool1d",
    "max_pool1d_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "max_pool3d",
    "max_pool3d_backward",
    "max_unpool2d",
    "max_unpool2d_backward",
    "min_pool2d",
    "min_pool2d_backward",
    "mixed_pool2d",
    "mixed_pool2d_backward",
    "output_size",
    "receptive_field",
    "roi_align",
    "roi_align_backward",
    "roi_pool",
    "roi_pool_backward",
    "soft_pool2d",
    "soft_pool2d_backward",
    "spatial_pyramid_pool2d",
    "spatial_pyramid_pool2d_backward",
    "stochastic_pool2d",
    "stochastic_pool2d_backward",
    "unfold",
    "window_positions",
]
