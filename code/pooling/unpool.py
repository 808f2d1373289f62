"""Max unpooling: put each maximum back where it was found, and zeros elsewhere."""

import numpy as np

from pooling.check import gradient, image, int_tuple, positions
from pooling.reduce import flat_positions

Ints = int | tuple[int, ...]


def max_unpool2d(
    x,
    indices,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: tuple[int, ...] | None = None,
) -> np.ndarray:
    """Put pooled values back at their indices; every other cell is 0.

    Parameters
    ----------
    x : array_like, shape (N, C, oH, oW) or (C, oH, oW)
        Pooled values.
    indices : array_like of int, same shape
        Flat positions in the output plane, from `max_pool2d` with `return_indices`.
    kernel_size, stride, padding : int or tuple of two ints
        The arguments of the pooling, from which the default output size follows:
        ``(o - 1) s - 2 p + k``.
    output_size : tuple, list or array of int, optional
        The size before pooling: ``(H, W)`` or the full shape. Needed where pooling dropped a
        border: sizes 4 and 5 both pool to 2. Must lie within one stride of the default.

    Returns
    -------
    numpy.ndarray, shape (N, C, H, W) or (C, H, W)
        In the dtype of `x`. Where an index occurs twice (overlapping windows) the last value
        in row-major order stays; values do not add up.

    Raises
    ------
    TypeError, ValueError
        If ranks, shapes or dtypes do not fit, an index lies outside the output plane, or
        `output_size` cannot have been pooled to this shape.

    Notes
    -----
    As ``torch.nn.functional.max_unpool2d``. Unpooling is neither the inverse nor the gradient
    of max pooling: that one adds, see `max_pool2d_backward`.

    Examples
    --------
    >>> max_unpool2d([[[5, 7]]], [[[1, 2]]], kernel_size=(1, 2))
    array([[[0, 5, 7, 0]]])
    """
    x, indices, plane = _arguments(x, indices, kernel_size, stride, padding, output_size)
    out = np.zeros(x.shape[:-2] + plane, dtype=x.dtype)
    out.reshape(-1)[flat_positions(indices, x.ndim - 2, plane)] = x.reshape(-1)
    return out


def max_unpool2d_backward(
    grad_output,
    x,
    indices,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: tuple[int, ...] | None = None,
) -> np.ndarray:
    """Read the gradient at each index.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, H, W) or (C, H, W)
        Gradient with respect to the output of `max_unpool2d`; floating.
    x, indices, kernel_size, stride, padding, output_size
        The forward's arguments.

    Returns
    -------
    numpy.ndarray, shape of `x`
        In the dtype of `grad_output`. As in torch, each of two equal indices gets the
        gradient.

    Raises
    ------
    TypeError, ValueError
        As `max_unpool2d`, or if `grad_output` is not floating or not of the output's shape.

    Examples
    --------
    >>> grad = np.array([[[1.0, 2.0, 3.0, 4.0]]])
    >>> max_unpool2d_backward(grad, [[[5, 7]]], [[[1, 2]]], kernel_size=(1, 2))
    array([[[2., 3.]]])
    """
    x, indices, plane = _arguments(x, indices, kernel_size, stride, padding, output_size)
    grad = gradient(grad_output, x.shape[:-2] + plane)
    return grad.reshape(-1)[flat_positions(indices, x.ndim - 2, plane)].reshape(x.shape)


def _arguments(x, indices, kernel_size, stride, padding, output_size):
    x = image(x, 2)
    indices = positions(indices, x.shape, "x")
    k = int_tuple(kernel_size, 2, "kernel_size", 1)
    s = k if stride is None else int_tuple(stride, 2, "stride", 1)
    p = int_tuple(padding, 2, "padding", 0)
    default = tuple(
        (o - 1) * step - 2 * pad + size
        for o, size, step, pad in zip(x.shape[-2:], k, s, p, strict=True)
    )
    if output_size is None:
        if min(default) < 1:
            raise ValueError(f"padding {padding} leaves an output of size {default}")
        return x, indices, default
    if isinstance(output_size, np.ndarray):
        output_size = output_size.tolist()
    if not isinstance(output_size, tuple | list) or len(output_size) not in (2, x.ndim):
        raise ValueError(
            f"output_size must be (H, W) or the full shape of {x.ndim} axes, got {output_size!r}"
        )
    plane = int_tuple(tuple(output_size)[-2:], 2, "output_size", 1)
    for got, usual, step in zip(plane, default, s, strict=True):
        if abs(got - usual) >= step:
            raise ValueError(
                f"output_size must lie between {usual - step + 1} and {usual + step - 1} for "
                f"stride {step}, got {got}"
            )
    return x, indices, plane
