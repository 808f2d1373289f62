"""Ways to halve maps, in torch, for experiments that compare them.

Each takes (N, C, H, W) with H and W even, and returns (N, C, H/2, W/2).
"""

import torch
from torch import nn
from torch.nn import functional as F


def min_pool(maps: torch.Tensor) -> torch.Tensor:
    """Take the minimum of each 2 x 2.

    Examples
    --------
    >>> min_pool(torch.tensor([[[[3.0, 1.0], [2.0, 4.0]]]])).item()
    1.0
    """
    return -F.max_pool2d(-maps, 2)


def mixed_pool(maps: torch.Tensor, alpha: float = 0.5) -> torch.Tensor:
    """Mix the maximum and the average of each 2 x 2: alpha max + (1 - alpha) average.

    Examples
    --------
    >>> mixed_pool(torch.tensor([[[[3.0, 1.0], [2.0, 6.0]]]])).item()
    4.5
    """
    return alpha * F.max_pool2d(maps, 2) + (1 - alpha) * F.avg_pool2d(maps, 2)


def soft_pool(maps: torch.Tensor) -> torch.Tensor:
    """Average each 2 x 2 with weights proportional to exp(value).

    Examples
    --------
    >>> soft_pool(torch.full((1, 1, 2, 2), 7.0)).item()
    7.0
    """
    cells = _windows(maps)
    return (cells * cells.softmax(dim=0)).sum(dim=0)


class StochasticPool(nn.Module):
    """Draw a cell of each 2 x 2 with probability proportional to its value.

    In evaluation mode nothing is drawn: each cell counts with its probability. Values must not
    be negative; a window of zeros gives 0.

    Parameters
    ----------
    draws : torch.Generator

    Examples
    --------
    >>> pool = StochasticPool(torch.Generator().manual_seed(0))
    >>> cells = torch.tensor([[[[3.0, 1.0], [0.0, 0.0]]]])
    >>> sorted({pool(cells).item() for _ in range(20)}), pool.eval()(cells).item()
    ([1.0, 3.0], 2.5)
    """

    def __init__(self, draws: torch.Generator):
        super().__init__()
        self.draws = draws

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        cells = _windows(maps)
        total = cells.sum(dim=0)
        if not self.training:
            return cells.square().sum(dim=0) / total.clamp(min=torch.finfo(maps.dtype).tiny)
        with torch.no_grad():
            mark = torch.rand(total.shape, generator=self.draws) * total
            place = (cells.cumsum(dim=0) <= mark).sum(dim=0, keepdim=True).clamp(max=3)
        return cells.gather(0, place).squeeze(0)


class FractionalPool(nn.Module):
    """Two fractional max pools in a row, each dividing the size by about the root of 2.

    The windows of each are 2 x 2 and lie at random steps of 1 and 2, drawn anew for every
    image and channel, in training and after it.

    Parameters
    ----------
    draws : torch.Generator

    Examples
    --------
    >>> FractionalPool(torch.Generator())(torch.zeros(2, 8, 14, 14)).shape
    torch.Size([2, 8, 7, 7])
    """

    def __init__(self, draws: torch.Generator):
        super().__init__()
        self.draws = draws

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        size = maps.shape[-1]
        for target in (round(size / 2**0.5), size // 2):
            samples = torch.rand((*maps.shape[:2], 2), generator=self.draws)
            maps = F.fractional_max_pool2d(maps, 2, target, _random_samples=samples)
        return maps


def blur(maps: torch.Tensor, padding_mode: str = "reflect") -> torch.Tensor:
    """Average 3 x 3 with binomial weights (1 2 1), and keep every second cell.

    Parameters
    ----------
    maps : torch.Tensor, shape (N, C, H, W)
        Odd H and W are allowed here.
    padding_mode : str
        As for ``torch.nn.functional.pad``.

    Returns
    -------
    torch.Tensor, shape (N, C, ceil(H / 2), ceil(W / 2))

    Examples
    --------
    >>> blur(torch.ones(1, 1, 27, 27)).shape, blur(torch.ones(1, 1, 4, 4)).unique()
    (torch.Size([1, 1, 14, 14]), tensor([1.]))
    """
    padded = F.pad(maps, (1, 1, 1, 1), padding_mode)
    rows = padded[..., :-2:2, :] + 2 * padded[..., 1:-1:2, :] + padded[..., 2::2, :]
    return (rows[..., :-2:2] + 2 * rows[..., 1:-1:2] + rows[..., 2::2]) / 16


def dense_max(maps: torch.Tensor) -> torch.Tensor:
    """Take the maximum of 2 x 2 at every step: (N, C, H, W) to (N, C, H - 1, W - 1).

    Equal to ``F.max_pool2d(maps, 2, stride=1)``, and faster to train.

    Examples
    --------
    >>> dense_max(torch.arange(9.0).reshape(1, 1, 3, 3)).flatten().tolist()
    [4.0, 5.0, 7.0, 8.0]
    """
    rows = torch.maximum(maps[..., :-1, :], maps[..., 1:, :])
    return torch.maximum(rows[..., :-1], rows[..., 1:])


def max_blur(maps: torch.Tensor) -> torch.Tensor:
    """Take the maximum of 2 x 2 at every step, then `blur`.

    Examples
    --------
    >>> max_blur(torch.zeros(2, 8, 28, 28)).shape
    torch.Size([2, 8, 14, 14])
    """
    return blur(dense_max(maps))


def _windows(maps: torch.Tensor) -> torch.Tensor:
    """Return the cells of each 2 x 2: (4, N, C, H/2, W/2)."""
    n, c, h, w = maps.shape
    return maps.reshape(n, c, h // 2, 2, w // 2, 2).permute(3, 5, 0, 1, 2, 4).flatten(0, 1)
