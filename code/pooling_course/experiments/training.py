"""What every experiment shares: a paired start, paired batches, training and scoring."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional as F

from pooling_course.data import fashion_mnist

Batch = tuple[torch.Tensor, torch.Tensor]


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread inside the block, so that the number of cores changes nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def seeded(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Build a network whose start depends on `seed` alone.

    The caller's own random state is left as it was.

    Parameters
    ----------
    build : callable
        Called without arguments; returns the network.
    seed : int
        Equal seeds give equal weights to networks that create the same layers in the same
        order.

    Returns
    -------
    torch.nn.Module
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def as_tensors(images: npt.NDArray, labels: npt.NDArray) -> Batch:
    """Turn arrays into tensors: images float32 (N, 1, H, W), labels int64 (N,).

    Parameters
    ----------
    images : array of shape (N, H, W) or (N, 1, H, W)
        Bytes are divided by 255; floating values are kept.
    labels : array of shape (N,)

    Returns
    -------
    tuple of two tensors
    """
    scale = 255 if images.dtype == np.uint8 else 1
    planes = images.reshape(len(images), 1, *images.shape[-2:]).astype(np.float32) / scale
    return torch.from_numpy(planes), torch.from_numpy(labels.astype(np.int64))


def fashion(train_images: int, test_images: int) -> tuple[Batch, Batch]:
    """Return the first images of Fashion-MNIST as tensors, to train with and to test with."""
    read = fashion_mnist()
    return (
        as_tensors(read.train_images[:train_images], read.train_labels[:train_images]),
        as_tensors(read.test_images[:test_images], read.test_labels[:test_images]),
    )


def shuffled(count: int, batch_size: int, epochs: int, seed: int) -> Iterator[torch.Tensor]:
    """Yield the places of each batch, every epoch in a new order that `seed` decides.

    Parameters
    ----------
    count : int
        Number of images; each is seen once an epoch.
    batch_size, epochs, seed : int

    Yields
    ------
    torch.Tensor
        int64, at most `batch_size` places from 0 to ``count - 1``.
    """
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        yield from torch.randperm(count, generator=generator).split(batch_size)


def step_sizes(first: float, last: float, steps: int) -> list[float]:
    """Go from `first` straight toward `last`, which a step after these would have.

    Examples
    --------
    >>> step_sizes(0.5, 0.0, steps=4)
    [0.5, 0.375, 0.25, 0.125]
    """
    return np.linspace(first, last, steps, endpoint=False).tolist()


def fit(network: nn.Module, batches: Iterable[Batch], learning_rates: Iterable[float]) -> None:
    """Train with Adam on the mean cross-entropy of each batch, one step a batch.

    Parameters
    ----------
    network : torch.nn.Module
        From images to one score a class; changed in place, and left in evaluation mode.
    batches : iterable of (images, labels)
    learning_rates : iterable of float
        Adam's step size for each batch.
    """
    optimizer = torch.optim.Adam(network.parameters())
    network.train()
    for (images, labels), rate in zip(batches, learning_rates, strict=False):
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        F.cross_entropy(network(images), labels).backward()
        optimizer.step()
    network.eval()


@torch.inference_mode()
def score(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:
    """Measure a trained network.

    Parameters
    ----------
    network : torch.nn.Module
    images : torch.Tensor, shape (N, 1, H, W)
    labels : torch.Tensor, shape (N,)

    Returns
    -------
    accuracy : float
        In percent.
    loss : float
        Mean cross-entropy, in nats.
    """
    scores = torch.cat([network(piece) for piece in images.split(500)])
    right = (scores.argmax(dim=1) == labels).sum().item()
    return 100 * right / len(labels), F.cross_entropy(scores, labels).item()
