"""Does a network say the same of a picture moved by a few pixels? Seven ways to halve the maps.

Nothing leaves the picture: every shift is a roll and every padding is circular, so that a
network is not told where the border was. All arms but `none` halve the maps twice, and so give
equal answers when the shift is a multiple of 4 pixels.
"""

from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn import functional as F

from pooling_course.experiments import pools, training

ARGUMENTS = {
    "train_images": 3_000,
    "test_images": 2_000,
    "shift_images": 1_000,
    "epochs": 4,
    "batch_size": 32,
    "learning_rate": 0.01,
    "final_learning_rate": 0.0,
}

SHIFTS = tuple(range(9))
MEAN, SPREAD = 0.286, 0.353
"""Of the pixels of Fashion-MNIST, in [0, 1]."""


def every_second(maps: torch.Tensor) -> torch.Tensor:
    """Keep every second cell; after a convolution, the same as a convolution with stride 2.

    Examples
    --------
    >>> every_second(torch.arange(16).reshape(1, 1, 4, 4)).flatten().tolist()
    [0, 2, 8, 10]
    """
    return maps[..., ::2, ::2]


def max_3_2(maps: torch.Tensor) -> torch.Tensor:
    """Take the maximum of 3 x 3 at every second cell, around the border where needed."""
    return F.max_pool2d(F.pad(maps, (1, 0, 1, 0), "circular"), 3, stride=2)


def max_blur(maps: torch.Tensor) -> torch.Tensor:
    """Take the maximum of 2 x 2 at every step, then blur and keep every second cell."""
    return pools.blur(pools.dense_max(F.pad(maps, (0, 1, 0, 1), "circular")), "circular")


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """Return a circular 3 x 3 convolution that starts with weights after He et al. (2015)."""
    conv = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, padding_mode="circular")
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    return conv


def _alone(pool: Callable[[torch.Tensor], torch.Tensor]) -> Callable[..., Callable]:
    return lambda channels: pool


ARMS: dict[str, Callable[[int], Callable[[torch.Tensor], torch.Tensor]]] = {
    "none": _alone(nn.Identity()),
    "subsample": _alone(every_second),
    "conv in place of pool": lambda c: nn.Sequential(_conv(c, c, stride=2), nn.ReLU()),
    "average 2/2": _alone(nn.AvgPool2d(2)),
    "max 2/2": _alone(nn.MaxPool2d(2)),
    "max 3/2": _alone(max_3_2),
    "max + blur": _alone(max_blur),
}
"""Build the pool of each arm, given the number of channels it reads."""


class Network(nn.Module):
    """conv 8 - ReLU - pool - conv 16 - ReLU - pool - conv 32 - ReLU - global average - dense 10.

    Convolutions are 3 x 3 with circular padding 1.

    Parameters
    ----------
    arm : str
        A name in `ARMS`.

    Examples
    --------
    >>> Network("max 3/2")(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self, arm: str):
        super().__init__()
        self.conv1 = _conv(1, 8)
        self.conv2 = _conv(8, 16)
        self.conv3 = _conv(16, 32)
        self.dense = nn.Linear(32, 10)
        self.pool1 = ARMS[arm](8)
        self.pool2 = ARMS[arm](16)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.pool1(F.relu(self.conv1((images - MEAN) / SPREAD)))
        maps = self.pool2(F.relu(self.conv2(maps)))
        return self.dense(F.relu(self.conv3(maps)).mean(dim=(2, 3)))


def trained(
    arm: str,
    seed: int,
    train_images: int = ARGUMENTS["train_images"],
    epochs: int = ARGUMENTS["epochs"],
    batch_size: int = ARGUMENTS["batch_size"],
    learning_rate: float = ARGUMENTS["learning_rate"],
    final_learning_rate: float = ARGUMENTS["final_learning_rate"],
) -> Network:
    """Train one network on Fashion-MNIST, unmoved.

    Parameters
    ----------
    arm : str
        A name in `ARMS`.
    seed : int
        Decides the starting weights and the order of the images.
    train_images : int
        How many, always the first ones.
    epochs, batch_size : int
    learning_rate, final_learning_rate : float
        Adam's step size falls linearly from the first to the second.

    Returns
    -------
    Network
    """
    (images, labels), _ = training.fashion(train_images, 0)
    network = training.seeded(lambda: Network(arm), seed)
    places = list(training.shuffled(len(labels), batch_size, epochs, seed))
    rates = training.step_sizes(learning_rate, final_learning_rate, len(places))
    training.fit(network, ((images[p], labels[p]) for p in places), rates)
    return network


def consistency(
    network: nn.Module, images: torch.Tensor, shifts: Sequence[int] = SHIFTS
) -> tuple[list[float], list[float]]:
    """Compare what a network says of images and of the same images rolled.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode.
    images : torch.Tensor, shape (N, C, H, W)
    shifts : sequence of int
        In pixels: every image is rolled by so many down and as many to the right.

    Returns
    -------
    same : list of float
        For each shift, how many images keep their predicted class, in percent.
    moved : list of float
        For each shift, the probability that moved to other classes, in percent: half the sum
        over the classes of the absolute changes, the mean over the images.
    """
    still = _probabilities(network, images)
    same, moved = [], []
    for shift in shifts:
        found = _probabilities(network, images.roll((shift, shift), dims=(2, 3)))
        same.append(100 * (found.argmax(1) == still.argmax(1)).double().mean().item())
        moved.append(100 * (found - still).abs().sum(1).mean().item() / 2)
    return same, moved


def measure(
    arm: str, seed: int, test_images: int, shift_images: int, **setting: float
) -> dict[str, float]:
    """Train one network and measure it.

    Parameters
    ----------
    arm : str
        A name in `ARMS`.
    seed : int
        Decides the starting weights and the order of the images.
    test_images, shift_images : int
        How many images to test with, and of these to roll; always the first ones.
    **setting
        As for `trained`.

    Returns
    -------
    dict
        ``test_accuracy`` in percent, ``test_loss``, ``parameters``; ``consistency_0`` to
        ``consistency_8`` and ``moved_0`` to ``moved_8``, the two results of `consistency` for
        the shifts 0 to 8.
    """
    network = trained(arm, seed, **setting)
    _, (images, labels) = training.fashion(0, test_images)
    accuracy, loss = training.score(network, images, labels)
    same, moved = consistency(network, images[:shift_images])
    return {
        "test_accuracy": accuracy,
        "test_loss": loss,
        "parameters": sum(p.numel() for p in network.parameters()),
        **{f"consistency_{shift}": same[shift] for shift in SHIFTS},
        **{f"moved_{shift}": moved[shift] for shift in SHIFTS},
    }


@torch.inference_mode()
def _probabilities(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    return torch.cat([network(piece).double().softmax(dim=1) for piece in images.split(500)])
