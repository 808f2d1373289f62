"""What should reduce the maps? The network of `overlap`, with fourteen ways to do it.

One seed gives every arm the same starting weights of the convolutions and the same batches.
All arms but `no pool` make 28 x 28 into 14 x 14 and then 7 x 7. Where an arm draws at random,
it has a generator of its own.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from pooling_course.experiments import overlap, pools, training

ARGUMENTS = overlap.ARGUMENTS | {"shift_images": 1_000}


def strided(_: torch.Generator) -> nn.Module:
    """Give both convolutions stride 2, and no pool."""
    network = overlap.Network(nn.Identity())
    network.conv1.stride = network.conv2.stride = (2, 2)
    return network


class LearnedPools(overlap.Network):
    """A learned convolution with stride 2 in place of each pool: 12,002 parameters, not 9,098."""

    def __init__(self):
        super().__init__(self.reduce)
        self.conv3 = nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.conv4 = nn.Conv2d(16, 16, 3, stride=2, padding=1)

    def reduce(self, maps: torch.Tensor) -> torch.Tensor:
        conv = self.conv3 if maps.shape[1] == 8 else self.conv4
        return F.relu(conv(maps))


def no_pool(_: torch.Generator) -> nn.Module:
    """Keep all 28 x 28 positions: the dense layer reads 12,544 values, not 784."""
    network = overlap.Network(nn.Identity())
    network.dense = nn.Linear(16 * 28 * 28, 10)
    return network


def _pooled(pool: Callable[[torch.Tensor], torch.Tensor]) -> Callable[..., nn.Module]:
    return lambda _: overlap.Network(pool)


ARMS: dict[str, Callable[[torch.Generator], nn.Module]] = {
    "max 2/2": _pooled(overlap.ARMS["max 2/2"]),
    "max 3/2": _pooled(overlap.ARMS["max 3/2"]),
    "average 2/2": _pooled(overlap.ARMS["average 2/2"]),
    "sum 2/2": _pooled(partial(F.avg_pool2d, kernel_size=2, divisor_override=1)),
    "L2 2/2": _pooled(partial(F.lp_pool2d, norm_type=2, kernel_size=2)),
    "min 2/2": _pooled(pools.min_pool),
    "mixed 2/2": _pooled(pools.mixed_pool),
    "soft 2/2": _pooled(pools.soft_pool),
    "stochastic 2/2": lambda draws: overlap.Network(pools.StochasticPool(draws)),
    "fractional": lambda draws: overlap.Network(pools.FractionalPool(draws)),
    "max + blur": _pooled(pools.max_blur),
    "strided conv": strided,
    "conv in place of pool": lambda _: LearnedPools(),
    "no pool": no_pool,
}
"""Build the network of each arm, given a generator for what the arm draws."""


def measure(arm: str, seed: int, **setting: float) -> dict[str, float]:
    """Train one network and measure it.

    Parameters
    ----------
    arm : str
        A name in `ARMS`.
    seed : int
        Decides the starting weights, the order of the images and what the arm draws.
    **setting
        As for `pooling_course.experiments.overlap.train_and_measure`.

    Returns
    -------
    dict
        As from `pooling_course.experiments.overlap.train_and_measure`, and ``parameters``.
    """
    draws = torch.Generator().manual_seed(10_000 + seed)
    network = training.seeded(lambda: ARMS[arm](draws), seed)
    found = overlap.train_and_measure(network, seed, **setting)
    return found | {"parameters": sum(p.numel() for p in network.parameters())}
