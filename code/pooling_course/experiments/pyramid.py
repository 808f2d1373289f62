"""Can a pyramid read patches of sizes it never saw? Which photo is this patch from?

Patches come from six photos: left halves train, right halves test. Every arm has the same
convolutions with the same starting weights. An arm is a head, which decides how maps become
a vector, and the sizes it trains with; the heads "warp" and "crop" are for the dense layer
that needs 32 x 32 pixels.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from pooling_course.data import PHOTOS, photo_patches
from pooling_course.experiments import training

LEVELS = (3, 2, 1)
FIXED_SIZE = 32


def spatial_pyramid(maps: torch.Tensor) -> torch.Tensor:
    """Max-pool maps of any size into 14 bins a channel: (N, C, H, W) to (N, 14 C).

    Parameters
    ----------
    maps : torch.Tensor, shape (N, C, H, W)

    Returns
    -------
    torch.Tensor, shape (N, C * 14)
        As ``pooling.layers.SpatialPyramidPool2d((3, 2, 1))``, faster.

    Examples
    --------
    >>> spatial_pyramid(torch.zeros(2, 16, 9, 7)).shape
    torch.Size([2, 224])
    """
    return torch.cat([F.adaptive_max_pool2d(maps, n).flatten(start_dim=1) for n in LEVELS], 1)


def warp(images: torch.Tensor) -> torch.Tensor:
    """Resize images to 32 x 32, bilinear, with antialiasing when they shrink."""
    return F.interpolate(
        images, (FIXED_SIZE, FIXED_SIZE), mode="bilinear", align_corners=False, antialias=True
    )


def crop(images: torch.Tensor) -> torch.Tensor:
    """Cut the central 32 x 32 pixels out of square images, or put zeros around smaller ones."""
    missing = FIXED_SIZE - images.shape[-1]
    before = missing // 2
    return F.pad(images, (before, missing - before, before, missing - before))


class Arm(NamedTuple):
    """What differs: `prepare` the image, then `gather` the maps; train with `sizes`."""

    prepare: Callable[[torch.Tensor], torch.Tensor] | None
    gather: Callable[[torch.Tensor], torch.Tensor]
    features: int
    sizes: tuple[int, ...]
