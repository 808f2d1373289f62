"""Convolution as the networks use it (cross-correlation), forward and backward.

The windows of the image become the columns of a matrix; then a convolution is one matrix
product, and its gradients are two more. All columns together would be k x k times as large as
the image, so the forward makes some of them at a time, as many as the cache holds.
"""

from math import prod

import numpy as np

from pooling.blocks import BLOCK, pad, part, steps
from pooling.check import array, gradient, image, int_tuple
from pooling.windows import Windows, windows

Ints = int | tuple[int, int]


def unfold(
    x, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1
) -> np.ndarray:
    """Lay out the windows of an image as the columns of a matrix.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W) or (C, H, W)
        Images of a floating or integer dtype.
    kernel_size, dilation, padding, stride : int or tuple of two ints
        Window size, step inside a window, zeros added on each side, step between windows;
        in cells.

    Returns
    -------
    numpy.ndarray, shape (N, C * kH * kW, L) or (C * kH * kW, L)
        Column l holds window l; L is the number of windows. The dtype is that of `x`.

    Raises
    ------
    TypeError, ValueError
        If `x` has another rank or dtype, an argument is out of range, or no window fits.

    Notes
    -----
    Same arguments and result as ``torch.nn.functional.unfold``.

    Examples
    --------
    >>> unfold(np.arange(9).reshape(1, 3, 3), kernel_size=2)
    array([[0, 1, 3, 4],
           [1, 2, 4, 5],
           [3, 4, 6, 7],
           [4, 5, 7, 8]])
    """
    x = image(x, 2)
    return _columns(x, _axes(x.shape[-2:], kernel_size, stride, padding, dilation))


def fold(
    x,
    output_size: Ints,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> np.ndarray:
    """Put the columns of `unfold` back in place, adding where windows overlap.

    Parameters
    ----------
    x : array_like, shape (N, C * kH * kW, L) or (C * kH * kW, L)
        Columns, one a window.
    output_size : int or tuple of two ints
        Height and width of the image, in cells.
    kernel_size, dilation, padding, stride : int or tuple of two ints
        As for `unfold`.

    Returns
    -------
    numpy.ndarray, shape (N, C, H, W) or (C, H, W)
        The sum of all windows, each at its place: the backward of `unfold`.

    Raises
    ------
    TypeError, ValueError
        If the shape of `x` does not fit the other arguments, or one is out of range.

    Notes
    -----
    Same arguments and result as ``torch.nn.functional.fold``.

    Examples
    --------
    >>> fold(np.ones((4, 4)), output_size=3, kernel_size=2)
    array([[[1., 2., 1.],
            [2., 4., 2.],
            [1., 2., 1.]]])
    """
    x = array(x, "x")
    if x.dtype.kind not in "fiu":
        raise TypeError(f"x must have a floating or integer dtype, got {x.dtype}")
    plane = int_tuple(output_size, 2, "output_size", 1)
    axes = _axes(plane, kernel_size, stride, padding, dilation)
    k, o = _sizes(axes)
    rows, number = prod(k), prod(o)
    if x.ndim not in (2, 3) or x.shape[-2] % rows or 0 in x.shape[-2:] or x.shape[-1] != number:
        raise ValueError(
            f"x must have shape (N, C * {rows}, {number}) or (C * {rows}, {number}) for "
            f"output_size {plane}, got {x.shape}"
        )
    batch = x.shape[:-2] + (x.shape[-2] // rows,)
    columns = x.reshape(batch + k + o)
    p = [-axis.start for axis in axes]
    h, w = (axis._replace(start=0) for axis in axes)
    padded = np.zeros([*batch, plane[0] + 2 * p[0], plane[1] + 2 * p[1]], dtype=x.dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        for i, j in np.ndindex(k):
            padded[..., h.cell(i), w.cell(j)] += columns[..., i, j, :, :]
    return np.ascontiguousarray(padded[..., p[0] : p[0] + plane[0], p[1] : p[1] + plane[1]])


def conv2d(
    x, weight, bias=None, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1
) -> np.ndarray:
    """Slide each kernel over the image: multiply cell by cell, then sum.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W) or (C, H, W)
        Images of a floating or integer dtype.
    weight : array_like, shape (O, C, kH, kW)
        One kernel of C planes for each of the O output channels; same dtype as `x`.
    bias : array_like, shape (O,), optional
        Added to each output channel; same dtype as `x`.
    stride, padding, dilation : int or tuple of two ints
        Step between windows, zeros added on each side, step inside a window; in cells.

    Returns
    -------
    numpy.ndarray, shape (N, O, oH, oW) or (O, oH, oW)
        The dtype is that of `x`.

    Raises
    ------
    TypeError, ValueError
        If shapes or dtypes do not fit together, an argument is out of range, or the kernel
        is larger than the padded image.

    Notes
    -----
    The kernel is not flipped: this is cross-correlation, as in
    ``torch.nn.functional.conv2d`` (Goodfellow, Bengio and Courville 2016, section 9.1).

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 3, 3)
    >>> conv2d(x, np.ones((1, 1, 2, 2)))
    array([[[ 8., 12.],
            [20., 24.]]])
    """
    x, weight = _operands(x, weight)
    axes = _axes(x.shape[-2:], weight.shape[2:], stride, padding, dilation)
    if bias is not None:
        bias = array(bias, "bias")
        if bias.dtype != x.dtype:
            raise TypeError(f"bias must have x's dtype {x.dtype}, got {bias.dtype}")
        if bias.shape != (len(weight),):
            raise ValueError(
                f"bias must have shape ({len(weight)},), one per output channel, got {bias.shape}"
            )
    out = np.empty(_output_shape(x, weight, axes), dtype=x.dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        _multiply(x.reshape(-1, *x.shape[-3:]), weight, axes, out.reshape(-1, *out.shape[-3:]))
        if bias is not None:
            out += bias[:, None, None]
    return out


def conv2d_backward(
    grad_output, x, weight, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of a loss with respect to image, kernels and bias.

    Parameters
    ----------
    grad_output : array_like, shape (N, O, oH, oW) or (O, oH, oW)
        Gradient with respect to the output of `conv2d`; floating.
    x, weight, stride, padding, dilation
        The forward's arguments; `x` and `weight` floating.

    Returns
    -------
    grad_x, grad_weight, grad_bias : numpy.ndarray
        With the shapes of `x`, `weight` and ``(O,)``, in the dtype of `grad_output`.

    Raises
    ------
    TypeError, ValueError
        As `conv2d`, or if `grad_output` is not floating or not of the output's shape.

    Notes
    -----
    With the image unfolded the forward is ``weight @ columns``; its gradients are
    ``grad @ columns.T`` and ``weight.T @ grad``, the latter folded back.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 3, 3)
    >>> grad_x, grad_w, grad_b = conv2d_backward(np.ones((1, 2, 2)), x, np.ones((1, 1, 2, 2)))
    >>> grad_x[0], grad_b
    (array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]]), array([4.]))
    """
    x, weight = _operands(x, weight, kinds="f")
    axes = _axes(x.shape[-2:], weight.shape[2:], stride, padding, dilation)
    grad = gradient(grad_output, _output_shape(x, weight, axes))
    columns = _columns(x, axes)
    grad = grad.reshape(x.shape[:-3] + (len(weight), columns.shape[-1]))
    matrix = weight.reshape(len(weight), -1)
    batch_sum = tuple(range(x.ndim - 3))
    with np.errstate(invalid="ignore", over="ignore"):
        grad_x = fold(matrix.T @ grad, x.shape[-2:], weight.shape[2:], dilation, padding, stride)
        grad_weight = (grad @ np.swapaxes(columns, -1, -2)).sum(axis=batch_sum)
        grads = grad_x, grad_weight.reshape(weight.shape), grad.sum(axis=(*batch_sum, -1))
        return tuple(part.astype(grad.dtype, copy=False) for part in grads)


def _operands(x, weight, kinds: str = "fiu") -> tuple[np.ndarray, np.ndarray]:
    x, weight = image(x, 2, kinds=kinds), array(weight, "weight")
    if weight.dtype != x.dtype:
        raise TypeError(f"weight must have x's dtype {x.dtype}, got {weight.dtype}")
    if weight.ndim != 4 or 0 in weight.shape:
        raise ValueError(
            f"weight must have shape (O, C, kH, kW), none of them 0, got {weight.shape}"
        )
    if weight.shape[1] != x.shape[-3]:
        raise ValueError(
            f"weight must have x's {x.shape[-3]} channels on axis 1, got shape {weight.shape}"
        )
    return x, weight


def _multiply(x, weight, axes, out):
    """Write weight times columns into `out`, for some images or some rows at a time."""
    matrix = weight.reshape(len(weight), -1)
    rows, columns = _sizes(axes)[1]
    one_row = matrix.shape[1] * columns * x.itemsize
    for images in steps(len(x), BLOCK // (one_row * rows)):
        for some in steps(rows, BLOCK // one_row):
            cells, first = part(axes[0], some, x.shape[2])
            product = matrix @ _columns(x[images, :, cells], (first, axes[1]))
            out[images, :, some] = product.reshape(*product.shape[:2], -1, columns)


def _columns(x, axes):
    """Write cell (i, j) of all windows into row (i, j) of a matrix, for each channel."""
    x, (h, w) = pad(x, axes, 0)
    k, o = _sizes(axes)
    columns = np.empty(x.shape[:-2] + k + o, dtype=x.dtype)
    for i, j in np.ndindex(k):
        columns[..., i, j, :, :] = x[..., h.cell(i), w.cell(j)]
    return columns.reshape(x.shape[:-3] + (x.shape[-3] * prod(k), prod(o)))


def _output_shape(x, weight, axes) -> tuple[int, ...]:
    return x.shape[:-3] + (len(weight), *_sizes(axes)[1])


def _axes(plane, kernel_size, stride, padding, dilation) -> list[Windows]:
    """Check the arguments; lay the windows along each axis."""
    k = int_tuple(kernel_size, 2, "kernel_size", 1)
    s = int_tuple(stride, 2, "stride", 1)
    p = int_tuple(padding, 2, "padding", 0)
    d = int_tuple(dilation, 2, "dilation", 1)
    return list(map(windows, plane, k, s, p, d))


def _sizes(axes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the kernel's size and the output's."""
    return tuple(axis.kernel_size for axis in axes), tuple(axis.number for axis in axes)
