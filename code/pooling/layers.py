"""The functions of this library as torch modules, trained through their own backward.

This is the only file that imports torch. Arguments, defaults, attributes and text are those of
the modules of the same name in ``torch.nn``; the work is done by NumPy on the CPU. Gradients
can be differentiated again, as often as one likes. bfloat16 is computed in float32 and rounded
once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod

import numpy as np
import torch
from torch import nn

import pooling
from pooling.bins import bin_positions
from pooling.reduce import extreme, flat_positions, scatter
from pooling.windows import regular


def _array(tensor: torch.Tensor) -> np.ndarray:
    tensor = tensor.detach()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def _on_cpu(**tensors: torch.Tensor) -> None:
    for name, tensor in tensors.items():
        if tensor.device.type != "cpu":
            raise ValueError(f"{name} must be on the CPU, got device {tensor.device}")


class _Function(torch.autograd.Function):
    """Run a function of NumPy arrays; `derive` takes output gradients and inputs to gradients.

    `derive` works on tensors. What it does by means of this class or of torch has a derivative
    in turn. The gradient of an output that nothing depends on is None.
    """

    @staticmethod
    def forward(ctx, run: Callable, derive: Callable, *tensors: torch.Tensor):
        ctx.save_for_backward(*tensors)
        ctx.set_materialize_grads(False)
        ctx.derive = derive
        found = run(*map(_array, tensors))
        many = isinstance(found, tuple)
        found = [torch.from_numpy(np.ascontiguousarray(a)) for a in (found if many else (found,))]
        if tensors[0].dtype == torch.bfloat16:
            found = [a.to(torch.bfloat16) for a in found]
        return tuple(found) if many else found[0]

    @staticmethod
    def backward(ctx, *grads: torch.Tensor | None):
        if all(grad is None for grad in grads):
            return (None,) * (2 + len(ctx.saved_tensors))
        return None, None, *ctx.derive(*grads, *ctx.saved_tensors)


def _take(x: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """Read each plane of `x` at flat positions."""

    def run(a, at):
        return a.reshape(-1)[flat_positions(at, a.ndim - 2, a.shape[-2:])].reshape(at.shape)

    def derive(grad, x, indices):
        return _put(grad, indices, x.shape[-2:]), None

    return _Function.apply(run, derive, x, indices)


def _put(x: torch.Tensor, indices: torch.Tensor, plane: tuple[int, int]) -> torch.Tensor:
    """Add each value into the cell of a plane that its index names."""

    def derive(grad, x, indices):
        return _take(grad, indices), None

    return _Function.apply(lambda a, at: scatter(a, at, plane), derive, x, indices)


class _Pool:
    """A function of `pooling` and its backward, which is linear in the gradient.

    The function takes the attributes that are named in ``__constants__``.
    """

    function: str

    def _arguments(self) -> dict:
        return {name: getattr(self, name) for name in self.__constants__}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        _on_cpu(x=x)
        return self._pool(self._arguments(), x)

    def _pool(self, arguments, x):
        run = partial(getattr(pooling, self.function), **arguments)
        return _Function.apply(run, lambda grad, x: (self._backward(arguments, grad, x),), x)

    def _backward(self, arguments, grad_output, x):
        run = partial(getattr(pooling, f"{self.function}_backward"), **arguments)
        return _Function.apply(run, partial(self._again, arguments), grad_output, x)

    def _again(self, arguments, grad, grad_output, x) -> tuple[torch.Tensor | None, ...]:
        """Return the gradients of the backward: here its transpose is the pool itself."""
        return self._pool(arguments, grad), None


class _Winners(_Pool):
    """A pool that keeps one cell of each window: its gradients are read where that cell is."""

    def forward(self, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        _on_cpu(x=x)
        arguments = self._arguments()
        if not arguments.pop("return_indices", False):
            return self._pool(arguments, x)
        indices = self._winners(arguments, x)
        return _take(x, indices), indices

    def _winners(self, arguments, x):
        run = getattr(pooling, self.function)
        return torch.from_numpy(run(_array(x), **arguments, return_indices=True)[1])

    def _again(self, arguments, grad, grad_output, x):
        return _take(grad, self._winners(arguments, x)), None


class MaxPool2d(_Winners, nn.MaxPool2d):
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

    function = "max_pool2d"

    def __init__(
        self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False
    ):
        super().__init__(kernel_size, stride, padding, dilation, return_indices, ceil_mode)


class MinPool2d(_Winners, nn.Module):
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

    function = "min_pool2d"
    __constants__ = ["kernel_size", "stride", "padding", "dilation", "ceil_mode"]
    extra_repr = nn.MaxPool2d.extra_repr

    def __init__(self, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.dilation, self.ceil_mode = padding, dilation, ceil_mode


class AvgPool2d(_Pool, nn.AvgPool2d):
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

    function = "avg_pool2d"

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
        divisor_override=None,
    ):  # fmt: skip
        super().__init__(
            kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        )


class LPPool2d(_Pool, nn.LPPool2d):
    """`pooling.pool.lp_pool2d` as a module; see there for arguments, shapes and errors.

    Parameters
    ----------
    norm_type, kernel_size, stride, ceil_mode
        As for ``torch.nn.LPPool2d``, in its order.

    Notes
    -----
    Where the sum of powers of a window is 0, its second derivative is taken to be 0 like the
    first.

    Examples
    --------
    >>> LPPool2d(2, (1, 2))(torch.tensor([[[3.0, 4.0]]]))
    tensor([[[5.]]])
    """

    function = "lp_pool2d"

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__(norm_type, kernel_size, stride, ceil_mode)

    def _again(self, arguments, grad, grad_output, x):
        # The backward is q T(g r) with q = x^(p-1), r = S^(1/p-1) and S = P(x^p), where P sums
        # windows (and scales up those that overhang) and T is its transpose.
        p = float(arguments["norm_type"])
        area = prod(np.broadcast_to(self.kernel_size, 2).tolist())
        average = AvgPool2d(self.kernel_size, self.stride, ceil_mode=self.ceil_mode)
        window = average._arguments()
        u, g, wide = (tensor.double() for tensor in (grad, grad_output, x))

        def sums(cells):
            return area * average._pool(window, cells)

        def spread(values):
            return area * average._backward(window, values, wide)

        steep = (wide == 0) & (0 < p < 1)  # the power has no slope there, and none is sent
        safe = wide.masked_fill(steep, 1)
        total = sums((safe**p).masked_fill(steep, 0))
        empty = total == 0
        total = total.masked_fill(empty, 1)
        r = (total ** (1 / p - 1)).masked_fill(empty, 0)
        slope_of_r = (1 / p - 1) * (total ** (1 / p - 2)).masked_fill(empty, 0)
        q = (safe ** (p - 1)).masked_fill(steep, 0)
        slope_of_q = (p - 1) * safe ** (p - 2) if p != 1 else torch.zeros_like(wide)
        slope_of_q = slope_of_q.masked_fill(steep, 0)
        share = spread(g * r)
        moved = sums(u * q)
        grad_x = (u * slope_of_q * share).masked_fill(share == 0, 0)
        grad_x = grad_x + p * q * spread(moved * g * slope_of_r)
        return (r * moved).to(grad_output.dtype), grad_x.to(x.dtype)


class AdaptiveMaxPool2d(_Winners, nn.AdaptiveMaxPool2d):
    """`pooling.adaptive.adaptive_max_pool2d` as a module.

    Parameters
    ----------
    output_size : int or tuple of two ints
        Bins along H and W; None keeps an axis as it is.
    return_indices : bool
        Return values and indices.

    Examples
    --------
    >>> AdaptiveMaxPool2d(1)(torch.arange(16.0).reshape(1, 4, 4))
    tensor([[[15.]]])
    """

    function = "adaptive_max_pool2d"

    def __init__(self, output_size, return_indices=False):
        super().__init__(output_size, return_indices)


class AdaptiveAvgPool2d(_Pool, nn.AdaptiveAvgPool2d):
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

    function = "adaptive_avg_pool2d"

    def __init__(self, output_size):
        super().__init__(output_size)


class SpatialPyramidPool2d(_Pool, nn.Module):
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

    function = "spatial_pyramid_pool2d"
    __constants__ = ["levels", "mode", "rule"]

    def __init__(self, levels, mode="max", rule="adaptive"):
        super().__init__()
        self.levels, self.mode, self.rule = tuple(levels), mode, rule

    def _again(self, arguments, grad, grad_output, x):
        if arguments["mode"] == "avg":
            return super()._again(arguments, grad, grad_output, x)
        pooled = []
        for n in arguments["levels"]:
            axes = [regular(bin_positions(a, n, arguments["rule"]), a) for a in x.shape[-2:]]
            winners = torch.from_numpy(extreme(_array(x), axes, np.greater)[1])
            pooled.append(_take(grad, winners).flatten(-3))
        return torch.cat(pooled, -1), None

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self._arguments().items())


class MaxUnpool2d(nn.MaxUnpool2d):
    """`pooling.unpool.max_unpool2d` as a module; see there for arguments, shapes and errors.

    Parameters
    ----------
    kernel_size, stride, padding
        As for ``torch.nn.MaxUnpool2d``. Called with values, indices and, if pooling dropped a
        border, `output_size`.

    Notes
    -----
    Under ``torch.autocast`` shorter floats become float32, as in torch.

    Examples
    --------
    >>> values, indices = MaxPool2d(2, return_indices=True)(torch.ones(1, 2, 2))
    >>> MaxUnpool2d(2)(values, indices)
    tensor([[[1., 0.],
             [0., 0.]]])
    """

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__(kernel_size, stride, padding)

    def forward(self, x: torch.Tensor, indices: torch.Tensor, output_size=None) -> torch.Tensor:
        _on_cpu(x=x, indices=indices)
        if torch.is_autocast_enabled("cpu") and x.dtype in (torch.bfloat16, torch.float16):
            x = x.float()
        window = (self.kernel_size, self.stride, self.padding, output_size)
        return _Function.apply(
            lambda a, at: pooling.max_unpool2d(a, at, *window),
            lambda grad, x, indices: (_take(grad, indices), None),
            x,
            indices,
        )


class Conv2d(nn.Conv2d):
    """``torch.nn.Conv2d`` computed by `pooling.conv.conv2d`, with the same starting weights.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, dilation, bias
        As for ``torch.nn.Conv2d``; `padding` in cells, zeros, no groups.

    Notes
    -----
    Under ``torch.autocast`` image, kernels and bias are rounded to its dtype, as in torch.

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
        tensors = {"x": x, "weight": self.weight}
        if self.bias is not None:
            tensors["bias"] = self.bias
        _on_cpu(**tensors)
        if torch.is_autocast_enabled("cpu"):
            lower = torch.get_autocast_dtype("cpu")
            tensors = {
                name: t if t.dtype == torch.float64 else t.to(lower) for name, t in tensors.items()
            }
        for name, tensor in tensors.items():
            if tensor.dtype != tensors["x"].dtype:
                raise TypeError(
                    f"{name} must have x's dtype {tensors['x'].dtype}, got {tensor.dtype}"
                )
        return _conv2d((self.stride, self.padding, self.dilation), *tensors.values())


def _conv2d(window, x, weight, *bias):
    def run(a, w, b=None):
        return pooling.conv2d(a, w, b, *window)

    def derive(grad, x, weight, *bias):
        return _conv2d_backward(window, grad, x, weight)[: 2 + len(bias)]

    return _Function.apply(run, derive, x, weight, *bias)


def _conv2d_backward(window, grad_output, x, weight):
    """Run the backward; each of its three results is linear in each argument it depends on."""

    def derive(for_x, for_weight, for_bias, grad_output, x, weight):
        to_grad, to_x, to_weight = [], None, None
        if for_x is not None:
            to_grad.append(_conv2d(window, for_x, weight))
            to_weight = _conv2d_backward(window, grad_output, for_x, weight)[1]
        if for_weight is not None:
            to_grad.append(_conv2d(window, x, for_weight))
            to_x = _conv2d_backward(window, grad_output, x, for_weight)[0]
        if for_bias is not None:
            to_grad.append(for_bias[:, None, None].expand_as(grad_output))
        return sum(to_grad), to_x, to_weight

    return _Function.apply(
        lambda g, a, w: pooling.conv2d_backward(g, a, w, *window), derive, grad_output, x, weight
    )
