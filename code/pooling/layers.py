"""The functions of this library as torch modules, trained through their own backward.

This is the only file that imports torch. Arguments and defaults are those of the modules of
the same name in ``torch.nn``; the work is done by NumPy on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.autograd.function import once_differentiable

import pooling


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()


class _Through(torch.autograd.Function):
    """Run a NumPy forward, and its NumPy backward when gradients flow back."""

    @staticmethod
    def forward(ctx, run: Callable, run_backward: Callable, *tensors: torch.Tensor):
        ctx.save_for_backward(*tensors)
        ctx.run_backward = run_backward
        return torch.from_numpy(np.ascontiguousarray(run(*map(_array, tensors))))

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output: torch.Tensor):
        grads = ctx.run_backward(_array(grad_output), *map(_array, ctx.saved_tensors))
        grads = grads if isinstance(grads, tuple) else (grads,)
        return None, None, *(torch.from_numpy(np.ascontiguousarray(g)) for g in grads)


class _Pool(nn.Module):
    """A function of `pooling`, its backward and the arguments both share."""

    def __init__(self, name: str, **arguments):
        super().__init__()
        self.name, self.arguments = name, arguments

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        run, run_backward = getattr(pooling, self.name), getattr(pooling, f"{self.name}_backward")
        return _Through.apply(
            lambda a: run(a, **self.arguments),
            lambda grad, a: run_backward(grad, a, **self.arguments),
            x,
        )

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())


class MaxPool2d(_Pool):
    """`pooling.pool.max_pool2d` as a module; see there for arguments, shapes and errors.

    Parameters
    ----------
    kernel_size, stride, padding, dilation, return_indices, ceil_mode
        As for ``torch.nn.MaxPool2d``, in its order.

    Notes
    -----
    With `return_indices` the module returns values and indices.

    Examples
    --------
    >>> MaxPool2d(2)(torch.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """

    def __init__(
        self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False
    ):
        super().__init__(
            "max_pool2d", kernel_size=kernel_size, stride=stride, padding=padding,
            dilation=dilation, ceil_mode=ceil_mode,
        )  # fmt: skip
        self.return_indices = return_indices

    def forward(self, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        values = super().forward(x)
        if not self.return_indices:
            return values
        found = pooling.max_pool2d(_array(x), **self.arguments, return_indices=True)
        return values, torch.from_numpy(found[1])


class MinPool2d(_Pool):
    """`pooling.pool.min_pool2d` as a module; see there for arguments, shapes and errors.

    Parameters
    ----------
    kernel_size, stride, padding, dilation, ceil_mode
        As for `MaxPool2d`.

    Examples
    --------
    >>> MinPool2d(2)(torch.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 0.,  2.],
             [ 8., 10.]]])
    """

    def __init__(self, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
        super().__init__(
            "min_pool2d", kernel_size=kernel_size, stride=stride, padding=padding,
            dilation=dilation, ceil_mode=ceil_mode,
        )  # fmt: skip


class AvgPool2d(_Pool):
    """`pooling.pool.avg_pool2d` as a module; see there for arguments, shapes and errors.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        As for ``torch.nn.AvgPool2d``, in its order.

    Examples
    --------
    >>> AvgPool2d(2)(torch.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])
    """

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
        divisor_override=None,
    ):  # fmt: skip
        super().__init__(
            "avg_pool2d", kernel_size=kernel_size, stride=stride, padding=padding,
            ceil_mode=ceil_mode, count_include_pad=count_include_pad,
            divisor_override=divisor_override,
        )  # fmt: skip


class LPPool2d(_Pool):
    """`pooling.pool.lp_pool2d` as a module; see there for arguments, shapes and errors.

    Parameters
    ----------
    norm_type, kernel_size, stride, ceil_mode
        As for ``torch.nn.LPPool2d``, in its order.

    Examples
    --------
    >>> LPPool2d(2, (1, 2))(torch.tensor([[[3.0, 4.0]]]))
    tensor([[[5.]]])
    """

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__(
            "lp_pool2d", norm_type=norm_type, kernel_size=kernel_size, stride=stride,
            ceil_mode=ceil_mode,
        )  # fmt: skip


class AdaptiveMaxPool2d(_Pool):
    """`pooling.adaptive.adaptive_max_pool2d` as a module.

    Parameters
    ----------
    output_size : int or tuple of two ints
        Bins along H and W; None keeps an axis as it is.

    Examples
    --------
    >>> AdaptiveMaxPool2d(1)(torch.arange(16.0).reshape(1, 4, 4))
    tensor([[[15.]]])
    """

    def __init__(self, output_size):
        super().__init__("adaptive_max_pool2d", output_size=output_size)


class AdaptiveAvgPool2d(_Pool):
    """`pooling.adaptive.adaptive_avg_pool2d` as a module.

    Parameters
    ----------
    output_size : int or tuple of two ints
        Bins along H and W; None keeps an axis as it is.

    Examples
    --------
    >>> AdaptiveAvgPool2d(1)(torch.arange(16.0).reshape(1, 4, 4))
    tensor([[[7.5000]]])
    """

    def __init__(self, output_size):
        super().__init__("adaptive_avg_pool2d", output_size=output_size)


class SpatialPyramidPool2d(_Pool):
    """`pooling.pyramid.spatial_pyramid_pool2d` as a module: any size in, one length out.

    Parameters
    ----------
    levels, mode, rule
        As for `pooling.pyramid.spatial_pyramid_pool2d`.

    Examples
    --------
    >>> SpatialPyramidPool2d((4, 2, 1))(torch.zeros(8, 256, 13, 17)).shape
    torch.Size([8, 5376])
    """

    def __init__(self, levels, mode="max", rule="adaptive"):
        super().__init__("spatial_pyramid_pool2d", levels=tuple(levels), mode=mode, rule=rule)


class MaxUnpool2d(nn.Module):
    """`pooling.unpool.max_unpool2d` as a module; see there for arguments, shapes and errors.

    Parameters
    ----------
    kernel_size, stride, padding
        As for ``torch.nn.MaxUnpool2d``. Called with values, indices and, if pooling dropped a
        border, `output_size`.

    Examples
    --------
    >>> values, indices = MaxPool2d(2, return_indices=True)(torch.ones(1, 2, 2))
    >>> MaxUnpool2d(2)(values, indices)
    tensor([[[1., 0.],
             [0., 0.]]])
    """

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.window = (kernel_size, stride, padding)

    def forward(self, x: torch.Tensor, indices: torch.Tensor, output_size=None) -> torch.Tensor:
        arguments = (indices.cpu().numpy(), *self.window, output_size)
        return _Through.apply(
            lambda a: pooling.max_unpool2d(a, *arguments),
            lambda grad, a: pooling.max_unpool2d_backward(grad, a, *arguments),
            x,
        )


class Conv2d(nn.Conv2d):
    """``torch.nn.Conv2d`` computed by `pooling.conv.conv2d`, with the same starting weights.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, dilation, bias
        As for ``torch.nn.Conv2d``; `padding` in cells, zeros, no groups.

    Examples
    --------
    >>> Conv2d(3, 8, 3, padding=1)(torch.zeros(2, 3, 5, 5)).shape
    torch.Size([2, 8, 5, 5])
    """

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, bias=True
    ):
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, bias=bias
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        window = (self.stride, self.padding, self.dilation)
        tensors = (x, self.weight) if self.bias is None else (x, self.weight, self.bias)
        return _Through.apply(
            lambda a, w, b=None: pooling.conv2d(a, w, b, *window),
            lambda grad, a, w, *b: pooling.conv2d_backward(grad, a, w, *window)[: 2 + len(b)],
            *tensors,
        )
