"""Does overlapping pooling help? The same small network on Fashion-MNIST, four pools.

The arms differ in the pool alone. All make 28 x 28 into 14 x 14 and then 7 x 7, so every
network has the same 9,098 parameters, and one seed gives every arm the same starting weights
and the same batches.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from pooling_course.experiments import training

ARMS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "max 2/2": partial(F.max_pool2d, kernel_size=2, stride=2),
    "max 3/2": partial(F.max_pool2d, kernel_size=3, stride=2, padding=1),
    "average 2/2": partial(F.avg_pool2d, kernel_size=2, stride=2),
    "average 3/2": partial(
        F.avg_pool2d, kernel_size=3, stride=2, padding=1, count_include_pad=False
    ),
}

ARGUMENTS = {
    "train_images": 6_000,
    "test_images": 10_000,
    "shift_images": 2_000,
    "epochs": 4,
    "batch_size": 32,
    "learning_rate": 0.005,
    "final_learning_rate": 0.0,
}

SHIFTS = (0, 1, 2, 3)


class Network(nn.Module):
    """conv 8 - ReLU - pool - conv 16 - ReLU - pool - dense 10; convolutions 3 x 3, padding 1.

    Parameters
    ----------
    pool : callable
        From (N, C, H, W) to (N, C, H/2, W/2).

    Examples
    --------
    >>> Network(ARMS["max 3/2"])(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self, pool: Callable[[torch.Tensor], torch.Tensor]):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.dense = nn.Linear(16 * 7 * 7, 10)
        self.pool = pool

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.pool(F.relu(self.conv1(images)))
        maps = self.pool(F.relu(self.conv2(maps)))
        return self.dense(maps.flatten(start_dim=1))


def shifted(images: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """Move images down by `rows` and right by `columns`; black moves in.

    Parameters
    ----------
    images : torch.Tensor, shape (N, C, H, W)
    rows, columns : int
        Negative numbers move up and left.

    Returns
    -------
    torch.Tensor, shape (N, C, H, W)

    Examples
    --------
    >>> shifted(torch.tensor([[[[1, 2], [3, 4]]]]), rows=1, columns=0)
    tensor([[[[0, 0],
              [1, 2]]]])
    """
    return F.pad(images, (columns, -columns, rows, -rows))


def measure(arm: str, seed: int, **setting: float) -> dict[str, float]:
    """Train one network and measure it.

    Parameters
    ----------
    arm : str
        A name in `ARMS`: how to pool, then window / stride.
    seed : int
        Decides the starting weights and the order of the images.
    **setting
        As for `train_and_measure`.

    Returns
    -------
    dict
        As from `train_and_measure`.
    """
    network = training.seeded(lambda: Network(ARMS[arm]), seed)
    return train_and_measure(network, seed, **setting)


def train_and_measure(
    network: nn.Module,
    seed: int,
    train_images: int,
    test_images: int,
    shift_images: int,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    final_learning_rate: float,
) -> dict[str, float]:
    """Train a network on Fashion-MNIST, in place, and measure it.

    Parameters
    ----------
    network : torch.nn.Module
        From (N, 1, 28, 28) to ten scores.
    seed : int
        Decides the order of the images.
    train_images, test_images, shift_images : int
        How many images to train with, to test with, and of the latter to test moved; always
        the first ones.
    epochs, batch_size : int
    learning_rate, final_learning_rate : float
        Adam's step size falls linearly from the first to the second.

    Returns
    -------
    dict
        ``train_accuracy``, ``test_accuracy`` in percent and ``gap``, their difference;
        ``train_loss``, ``test_loss`` and ``loss_gap``, test minus train;
        ``shift_0_accuracy`` to ``shift_3_accuracy``: the first `shift_images` test images
        moved by as many pixels, the mean over left, right, up and down.
    """
    train, (images, labels) = training.fashion(train_images, test_images)
    places = list(training.shuffled(len(train[1]), batch_size, epochs, seed))
    rates = training.step_sizes(learning_rate, final_learning_rate, len(places))
    training.fit(network, ((train[0][p], train[1][p]) for p in places), rates)
    train_accuracy, train_loss = training.score(network, *train)
    test_accuracy, test_loss = training.score(network, images, labels)
    return {
        "train_accuracy": train_accuracy,
        "train_loss": train_loss,
        "test_accuracy": test_accuracy,
        "test_loss": test_loss,
        "gap": train_accuracy - test_accuracy,
        "loss_gap": test_loss - train_loss,
    } | {
        f"shift_{shift}_accuracy": _moved_accuracy(
            network, images[:shift_images], labels[:shift_images], shift
        )
        for shift in SHIFTS
    }


def _moved_accuracy(
    network: nn.Module, images: torch.Tensor, labels: torch.Tensor, shift: int
) -> float:
    moves = [(shift, 0), (-shift, 0), (0, shift), (0, -shift)] if shift else [(0, 0)]
    found = [training.score(network, shifted(images, *move), labels)[0] for move in moves]
    return sum(found) / len(found)
