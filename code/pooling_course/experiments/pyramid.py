"""Can a network read patches of sizes it never saw? Which photo is this patch from?

Patches come from six photos: left halves train, right halves test. The arms share their
convolutions, with the same starting weights, and the number of training steps. They differ in
the way from maps of any size to a dense layer, and in the sizes they train with.
"""

from collections.abc import Callable, Iterator
from itertools import repeat
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from pooling_course.data import PHOTOS, photo_patches
from pooling_course.experiments import training

LEVELS = (3, 2, 1)
FIXED_SIZE = 32

ARGUMENTS = {
    "train_sizes": [16, 24, 32, 48],
    "test_sizes": [16, 20, 24, 32, 40, 48, 64, 96],
    "train_per_photo": 300,
    "test_per_photo": 50,
    "epochs": 6,
    "batch_size": 50,
    "learning_rate": 0.005,
}


def warp(images: torch.Tensor) -> torch.Tensor:
    """Resize images to 32 x 32: bilinear, smoothed first where they shrink.

    Examples
    --------
    >>> warp(torch.zeros(2, 1, 96, 96)).shape
    torch.Size([2, 1, 32, 32])
    """
    size = (FIXED_SIZE, FIXED_SIZE)
    return F.interpolate(images, size, mode="bilinear", align_corners=False, antialias=True)


def crop(images: torch.Tensor) -> torch.Tensor:
    """Keep the central 32 x 32 pixels of square images; put zeros (gray) around smaller ones.

    Examples
    --------
    >>> crop(torch.ones(1, 1, 30, 30)).sum()
    tensor(900.)
    """
    missing = FIXED_SIZE - images.shape[-1]
    before = missing // 2
    return F.pad(images, (before, missing - before) * 2)


def spatial_pyramid(maps: torch.Tensor) -> torch.Tensor:
    """Max-pool maps of any size into 3 x 3, 2 x 2 and 1 x 1 bins: (N, C, H, W) to (N, 14 C).

    Equal to ``pooling.layers.SpatialPyramidPool2d((3, 2, 1))``, and faster to train.

    Examples
    --------
    >>> spatial_pyramid(torch.zeros(2, 16, 9, 7)).shape
    torch.Size([2, 224])
    """
    levels = [F.adaptive_max_pool2d(maps, n).flatten(start_dim=1) for n in LEVELS]
    return torch.cat(levels, dim=1)


def _unchanged(images: torch.Tensor) -> torch.Tensor:
    return images


def _flattened(maps: torch.Tensor) -> torch.Tensor:
    return maps.flatten(start_dim=1)


class Head(NamedTuple):
    """Change the image with `prepare`, gather maps with `gather`: `bins` values a channel."""

    prepare: Callable[[torch.Tensor], torch.Tensor]
    gather: Callable[[torch.Tensor], torch.Tensor]
    bins: int


PYRAMID = Head(_unchanged, spatial_pyramid, sum(n * n for n in LEVELS))
WARP = Head(warp, _flattened, (FIXED_SIZE // 4) ** 2)
CROP = Head(crop, _flattened, (FIXED_SIZE // 4) ** 2)

ARMS: dict[str, tuple[Head, bool]] = {
    "pyramid multi-size": (PYRAMID, True),
    "pyramid single-size": (PYRAMID, False),
    "flatten + warp": (WARP, False),
    "flatten + crop": (CROP, False),
    "flatten + warp multi-size": (WARP, True),
    "flatten + crop multi-size": (CROP, True),
}
"""The head of each arm, and whether it trains with all sizes or with 32 x 32 pixels alone."""


class Network(nn.Module):
    """conv 16 - ReLU - pool - conv 32 - ReLU - pool - head - dense 6.

    Convolutions are 3 x 3 with padding 1, pools take the maximum of 2 x 2.

    Parameters
    ----------
    head : Head

    Examples
    --------
    >>> Network(PYRAMID)(torch.zeros(2, 1, 40, 24)).shape
    torch.Size([2, 6])
    """

    def __init__(self, head: Head):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.dense = nn.Linear(32 * head.bins, len(PHOTOS))
        self.head = head

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = F.max_pool2d(F.relu(self.conv1(self.head.prepare(images))), 2)
        maps = F.max_pool2d(F.relu(self.conv2(maps)), 2)
        return self.dense(self.head.gather(maps))


def measure(
    arm: str,
    seed: int,
    train_sizes: list[int],
    test_sizes: list[int],
    train_per_photo: int,
    test_per_photo: int,
    epochs: int,
    batch_size: int,
    learning_rate: float,
) -> dict[str, float]:
    """Train one network and measure it at every test size.

    Parameters
    ----------
    arm : str
        A name in `ARMS`.
    seed : int
        Decides the patches, the starting weights and the order of the patches.
    train_sizes : list of int
        In pixels, for the arms trained with several sizes: each batch has the next size.
    test_sizes : list of int
    train_per_photo, test_per_photo : int
        Patches of each size.
    epochs, batch_size, learning_rate
        Of the training with Adam.

    Returns
    -------
    dict
        In percent: ``train_accuracy`` on the training patches of 32 pixels, ``accuracy_96``
        and so on for each test size, and ``unseen_accuracy``, the mean over the test sizes
        that are not among `train_sizes`.
    """
    head, multi_size = ARMS[arm]
    sizes = train_sizes if multi_size else [FIXED_SIZE]
    patches = {size: _patches(size, train_per_photo, "left", seed) for size in sizes}
    network = training.seeded(lambda: Network(head), seed)
    places = training.shuffled(train_per_photo * len(PHOTOS), batch_size, epochs, seed)
    training.fit(network, _batches(patches, places), repeat(learning_rate))

    known = _patches(FIXED_SIZE, train_per_photo, "left", seed)
    found = {
        size: training.score(network, *_patches(size, test_per_photo, "right", seed))[0]
        for size in test_sizes
    }
    unseen = [accuracy for size, accuracy in found.items() if size not in train_sizes]
    return {
        "train_accuracy": training.score(network, *known)[0],
        **{f"accuracy_{size}": accuracy for size, accuracy in found.items()},
        **({"unseen_accuracy": sum(unseen) / len(unseen)} if unseen else {}),
    }


def _patches(size: int, per_photo: int, side: str, seed: int) -> training.Batch:
    """Return patches with gray at 0 and a spread near 1."""
    images, labels = training.as_tensors(*photo_patches(size, per_photo, side, seed))
    return (images - 0.5) * 4, labels


def _batches(
    patches: dict[int, training.Batch], places: Iterator[torch.Tensor]
) -> Iterator[training.Batch]:
    sizes = list(patches)
    for step, chosen in enumerate(places):
        images, labels = patches[sizes[step % len(sizes)]]
        yield images[chosen], labels[chosen]
