"""What is measured: pools and convolutions of the sizes networks have, by several programs.

Each program gets the same numbers. Torch works on tensors that share them, so that nothing is
converted inside a measured call.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial, reduce

import numpy as np
import scipy.ndimage
import skimage.measure
import torch
import torchvision
from numpy.lib.stride_tricks import sliding_window_view
from torch.nn import functional as F

import pooling
import pooling.blocks
from pooling import loops
from pooling.windows import Windows
from pooling_course.bench.table import OURS, TORCH

BLOCKS = tuple(2**i for i in range(14, 26))
"""Sizes of a block, in bytes: 16 KB to 32 MB."""


@dataclass(frozen=True)
class Program:
    """One way to do a work."""

    call: Callable[[], object]
    threads: int = 1
    """Threads torch may use."""
    scale: float = 1.0
    """How many times as large the work is as what the call does."""


@dataclass(frozen=True)
class Work:
    """Something to compute, and the programs that can."""

    name: str
    shape: tuple[int, ...]
    read: int
    """Bytes of the input."""
    written: int
    """Bytes of the output."""
    programs: dict[str, Program] = field(repr=False)


def works() -> list[Callable[[], Work]]:
    """Return the works of the table, each as a function that makes its arrays.

    Examples
    --------
    >>> works()[0]().name
    'max 2/2'
    """
    maps, planes, photo = (32, 64, 56, 56), (16, 96, 55, 55), (1, 3, 1024, 1024)
    three = [(s, k) for s in (maps, planes) for k in (2, 3)] + [(photo, 3)]
    return [
        *(partial(maximum, shape, k, 2) for shape, k in three),
        *(partial(maximum, photo, k, 1) for k in (15, 31)),
        *(partial(maximum, shape, k, 2, indices=True) for shape, k in three),
        *(partial(both_ways, shape, k, 2) for shape, k in three),
        *(partial(average, shape, k, 2) for shape, k in three),
        partial(average, photo, 15, 1),
        partial(convolution, (8, 64, 56, 56), 64),
        partial(convolution, (32, 16, 14, 14), 32),
        partial(pyramid, (16, 256, 13, 13), (6, 3, 2, 1)),
        *(partial(adaptive_average, shape, 7) for shape in ((8, 64, 56, 56), (1, 512, 14, 14))),
        partial(regions, (1, 256, 50, 50), 64, 7),
        partial(maximum, maps, 2, 2, dtype=np.float16),
        partial(maximum, (1, 1, 8, 8), 2, 2),
        partial(block_sizes, maps, 3, 2),
        *(partial(orders, (1, 10, 112, 112), k, s) for k, s in ((2, 2), (3, 2), (4, 4), (3, 1))),
    ]


def maximum(shape, k: int, s: int, indices: bool = False, dtype=np.float32) -> Work:
    """Max pooling of k x k cells with stride s."""
    x, t = _arrays(shape, dtype)
    torch_pool = partial(F.max_pool2d, kernel_size=k, stride=s, return_indices=indices)
    programs = {
        OURS: Program(lambda: pooling.max_pool2d(x, k, s, return_indices=indices)),
        **_torch(torch_pool, t),
    }
    if not indices and dtype == np.float32:
        programs |= _others(x, k, s, np.max, partial(scipy.ndimage.maximum_filter, mode="nearest"))
        side = min(x.shape[-1], k + 8 * s)
        piece = x[0, 0, :side, :side]
        window = (k, k), (s, s), (0, 0), (1, 1), False
        scale = pooling.max_pool2d(x, k, s).size / pooling.max_pool2d(piece[None], k, s).size
        programs["loops"] = Program(lambda: loops.max_pool(piece, *window)[0], scale=scale)
    name = f"max {k}/{s}" + ", indices" * indices + ", float16" * (dtype == np.float16)
    return _work(name, x, programs)


def block_sizes(shape, k: int, s: int) -> Work:
    """Max pooling in blocks of other sizes; programs are named after the bytes of a block."""
    x, t = _arrays(shape)

    def in_blocks(size):
        kept, pooling.blocks.BLOCK = pooling.blocks.BLOCK, size
        try:
            return pooling.max_pool2d(x, k, s)
        finally:
            pooling.blocks.BLOCK = kept

    programs = {OURS: Program(lambda: pooling.max_pool2d(x, k, s))}
    programs[TORCH] = Program(lambda: F.max_pool2d(t, k, s))
    for size in BLOCKS:
        programs[f"{size}"] = Program(partial(in_blocks, size))
    return _work(f"max {k}/{s}, blocks", x, programs)


def orders(shape, k: int, s: int) -> Work:
    """Max pooling along one axis, then along the other, slice by slice, in either order."""
    x, t = _arrays(shape)

    def along(x, axis):
        whole = Windows(x.shape[axis], (x.shape[axis] - k) // s + 1, k, s)
        behind = (slice(None),) * (-axis - 1)
        return reduce(np.maximum, [x[(..., whole.cell(j), *behind)] for j in range(k)])

    programs = {
        OURS: Program(lambda: pooling.max_pool2d(x, k, s)),
        TORCH: Program(lambda: F.max_pool2d(t, k, s)),
        "rows first": Program(lambda: along(along(x, -2), -1)),
        "columns first": Program(lambda: along(along(x, -1), -2)),
    }
    return _work(f"max {k}/{s}, orders", x, programs)


def both_ways(shape, k: int, s: int) -> Work:
    """Max pooling forward, then backward."""
    x, t = _arrays(shape)
    grad = np.ones_like(pooling.max_pool2d(x, k, s))
    leaf, torch_grad = t.clone().requires_grad_(), torch.from_numpy(grad)

    def ours():
        _, indices = pooling.max_pool2d(x, k, s, return_indices=True)
        return pooling.max_pool2d_backward(grad, x, k, s, indices=indices)

    def theirs(leaf=leaf):
        (found,) = torch.autograd.grad(F.max_pool2d(leaf, k, s), leaf, torch_grad)
        return found

    return _work(f"max {k}/{s}, both ways", x, {OURS: Program(ours), **_torch(theirs, leaf)})


def average(shape, k: int, s: int) -> Work:
    """Average pooling."""
    x, t = _arrays(shape)
    programs = {
        OURS: Program(lambda: pooling.avg_pool2d(x, k, s)),
        **_torch(partial(F.avg_pool2d, kernel_size=k, stride=s), t),
        **_others(x, k, s, np.mean, partial(scipy.ndimage.uniform_filter, mode="nearest")),
    }
    return _work(f"average {k}/{s}", x, programs)


def convolution(shape, filters: int) -> Work:
    """Convolution with 3 x 3 kernels and padding 1."""
    x, t = _arrays(shape)
    weight = np.random.default_rng(1).standard_normal((filters, shape[1], 3, 3)).astype(x.dtype)
    torch_conv = partial(F.conv2d, weight=torch.from_numpy(weight), padding=1)
    ours = Program(lambda: pooling.conv2d(x, weight, padding=1))
    return _work(f"conv 3/1 to {filters}", x, {OURS: ours, **_torch(torch_conv, t)})


def pyramid(shape, levels: tuple[int, ...]) -> Work:
    """Spatial pyramid pooling with maxima."""
    x, t = _arrays(shape)
    programs = {
        OURS: Program(lambda: pooling.spatial_pyramid_pool2d(x, levels)),
        **_torch(
            lambda t: torch.cat([F.adaptive_max_pool2d(t, n).flatten(1) for n in levels], 1), t
        ),
    }
    return _work("pyramid " + ", ".join(map(str, levels)), x, programs)


def adaptive_average(shape, n: int) -> Work:
    """Adaptive average pooling into n x n bins."""
    x, t = _arrays(shape)
    ours = Program(lambda: pooling.adaptive_avg_pool2d(x, n))
    torch_pool = partial(F.adaptive_avg_pool2d, output_size=n)
    return _work(f"adaptive average {n}", x, {OURS: ours, **_torch(torch_pool, t)})


def regions(shape, count: int, n: int) -> Work:
    """RoIAlign of boxes of all sizes into n x n bins, with two by two points in each."""
    x, t = _arrays(shape)
    corners = np.random.default_rng(1).uniform(0, shape[-1], (count, 2, 2)).astype(x.dtype)
    boxes = np.insert(np.sort(corners, axis=1).reshape(count, 4), 0, 0, axis=1)
    torch_boxes = torch.from_numpy(boxes)
    ours = Program(lambda: pooling.roi_align(x, boxes, n, 1.0, 2, True))
    theirs = partial(torchvision.ops.roi_align, boxes=torch_boxes, output_size=n,
                     sampling_ratio=2, aligned=True)  # fmt: skip
    programs = {OURS: ours, **_torch(theirs, t)}
    return _work(f"roi_align, {count} boxes", x, programs)


def _arrays(shape, dtype=np.float32):
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    return x, torch.from_numpy(x)


def _torch(call, t):
    """Torch as it comes, with two threads, and with the channels last in memory."""
    last = t.detach().contiguous(memory_format=torch.channels_last).requires_grad_(t.requires_grad)
    return {
        TORCH: Program(lambda: call(t)),
        "torch, 2 threads": Program(lambda: call(t), threads=2),
        "torch, channels_last": Program(lambda: call(last)),
    }


def _others(x, k, s, summary, dense):
    """What scikit-image, SciPy and a view of all windows make of it."""
    h, w = x.shape[2:]
    shift = (k - 1) // 2 - k // 2  # -1 for an even size, whose center is not in its middle
    middles = [slice((k - 1) // 2, (k - 1) // 2 + n - k + 1, s) for n in (h, w)]

    def filtered():
        dense_result = dense(x, size=(1, 1, k, k), origin=(0, 0, shift, shift))
        return dense_result[:, :, *middles]

    def viewed():
        windows = sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::s, ::s]
        return summary(windows, axis=(-2, -1))

    programs = {"scipy.ndimage": Program(filtered), "sliding_window_view": Program(viewed)}
    if k == s and h % k == w % k == 0:
        programs["block_reduce"] = Program(
            lambda: skimage.measure.block_reduce(x, (1, 1, k, k), summary)
        )
    return programs


def _work(name, x, programs):
    out = programs[OURS].call()
    written = sum(array.nbytes for array in (out if isinstance(out, tuple) else (out,)))
    return Work(name, x.shape, x.nbytes, written, programs)
