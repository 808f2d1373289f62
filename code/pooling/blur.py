"""Blur pooling: blur, then keep every stride-th cell, so that a shift of the input shows less."""

from math import comb, prod

import numpy as np

from pooling.check import gradient, image, int_tuple, integer
from pooling.conv import conv2d, conv2d_backward
from pooling.reduce import total, total_backward

Ints = int | tuple[int, int]
MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
"""The padding modes of ``torch.nn.Conv2d`` and what ``numpy.pad`` calls them."""


def binomial(kernel_size: int) -> np.ndarray:
    """Return a row of Pascal's triangle, divided by its sum.

    Parameters
    ----------
    kernel_size : int
        Number of weights k.

    Returns
    -------
    numpy.ndarray of float64, shape (k,)

    Raises
    ------
    TypeError, ValueError
        If `kernel_size` is not a positive int.

    Examples
    --------
    >>> binomial(3)
    array([0.25, 0.5 , 0.25])
    """
    k = integer(kernel_size, "kernel_size", 1)
    return np.array([comb(k - 1, i) / 2 ** (k - 1) for i in range(k)])


def blur_pool2d(
    x, kernel_size: int = 3, stride: Ints = 2, padding_mode: str = "reflect"
) -> np.ndarray:
    """Blur each channel with binomial weights and keep every stride-th cell.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W) or (C, H, W)
        A floating dtype. N may be 0.
    kernel_size : int
        Side k of the square filter, whose rows and columns are `binomial` weights.
    stride : int or tuple of two ints
        Step between the cells that are kept.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the ``(k - 1) // 2`` cells before and the ``k // 2`` cells after each axis hold.

    Returns
    -------
    numpy.ndarray, shape (N, C, oH, oW) or (C, oH, oW)
        ``o = ceil(n / s)`` along each axis. The dtype is that of `x`; sums are float64.

    Raises
    ------
    TypeError, ValueError
        If `x` has another rank or dtype, an argument is out of range, or an axis is too
        short: "reflect" needs more than ``k // 2`` cells, "circular" as many.

    Notes
    -----
    Zhang (2019). It is a depthwise convolution with fixed weights. To pool by
    a blurred maximum, take ``max_pool2d(x, k, stride=1)`` first and blur its output.

    Examples
    --------
    >>> blur_pool2d([[[0.0, 0.0, 8.0, 0.0]] * 4])
    array([[[0., 4.],
            [0., 4.]]])
    """
    x, sources, weight = _arguments(x, kernel_size, padding_mode)
    with np.errstate(invalid="ignore", over="ignore"):
        padded = total(x.astype(weight.dtype), sources)
        out = conv2d(_depthwise(padded), weight, stride=stride)
        return out.reshape(x.shape[:-2] + out.shape[-2:]).astype(x.dtype)


def blur_pool2d_backward(
    grad_output, x, kernel_size: int = 3, stride: Ints = 2, padding_mode: str = "reflect"
) -> np.ndarray:
    """Spread the gradient of each kept cell over the cells it was blurred from.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oH, oW) or (C, oH, oW)
        Gradient with respect to the output of `blur_pool2d`; floating.
    x, kernel_size, stride, padding_mode
        The forward's arguments. Of `x` only the shape matters.

    Returns
    -------
    numpy.ndarray, shape of `x`
        In the dtype of `grad_output`. What falls on padding goes to the cell it was copied
        from.

    Raises
    ------
    TypeError, ValueError
        As `blur_pool2d`, or if `grad_output` is not floating or not of the output's shape.

    Examples
    --------
    >>> blur_pool2d_backward([[[16.0]]], np.zeros((1, 2, 2)), padding_mode="zeros")
    array([[[4., 2.],
            [2., 1.]]])
    """
    x, sources, weight = _arguments(x, kernel_size, padding_mode)
    steps = int_tuple(stride, 2, "stride", 1)
    sizes = tuple(-(-n // s) for n, s in zip(x.shape[-2:], steps, strict=True))
    grad = gradient(grad_output, x.shape[:-2] + sizes)
    wide = np.promote_types(grad.dtype, np.float64)
    padded = np.zeros(x.shape[:-2] + tuple(map(len, sources)), dtype=wide)
    with np.errstate(invalid="ignore", over="ignore"):
        planes, weight = _depthwise(grad.astype(wide)), weight.astype(wide)
        spread, _, _ = conv2d_backward(planes, _depthwise(padded), weight, stride)
        return total_backward(spread.reshape(padded.shape), sources, x.shape[-2:]).astype(
            grad.dtype
        )


def _arguments(x, kernel_size, padding_mode):
    """Check all; return where each padded row and column is copied from, and the filter."""
    x = image(x, 2, kinds="f")
    row = binomial(kernel_size)
    if not isinstance(padding_mode, str) or padding_mode not in MODES:
        raise ValueError(f"padding_mode must be one of {', '.join(MODES)}, got {padding_mode!r}")
    sources = [_sources(n, len(row), padding_mode) for n in x.shape[-2:]]
    wide = np.promote_types(x.dtype, np.float64)
    return x, sources, np.outer(row, row)[None, None].astype(wide)


def _sources(n, k, padding_mode):
    """List, as windows of one cell, the cell that each cell of the padded axis copies."""
    needed = {"reflect": k // 2 + 1, "circular": k // 2}.get(padding_mode, 1)
    if n < needed:
        raise ValueError(
            f"x must have at least {needed} cells along each axis for kernel_size {k} and "
            f"padding_mode {padding_mode!r}, got {n}"
        )
    fill = {"constant_values": -1} if padding_mode == "zeros" else {}
    return np.pad(np.arange(n), ((k - 1) // 2, k // 2), MODES[padding_mode], **fill)[:, None]


def _depthwise(x):
    """Make each channel an image of its own."""
    return x.reshape(prod(x.shape[:-2]), 1, *x.shape[-2:])
