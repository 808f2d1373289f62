"""Adaptive pooling: ask for an output size, get bins of whatever size that takes."""

import numpy as np

from pooling.bins import bin_positions
from pooling.blocks import Axis, number
from pooling.check import flag, gradient, image, integer, positions
from pooling.reduce import average, average_backward, best, extreme, extreme_backward, scatter
from pooling.windows import Windows, regular

OutputSize = int | None | tuple[int | None, int | None]


def adaptive_max_pool2d(
    x, output_size: OutputSize, return_indices: bool = False
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Keep the largest value of each of ``oH`` x ``oW`` bins.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W) or (C, H, W)
        Any floating or integer dtype. N may be 0.
    output_size : int or tuple of two ints
        Bins along H and W; None keeps that axis as it is. More bins than cells is allowed:
        then cells repeat.
    return_indices : bool
        Also return where each maximum was found.

    Returns
    -------
    values : numpy.ndarray, shape (N, C, oH, oW) or (C, oH, oW)
    indices : numpy.ndarray of int64, same shape
        Only with `return_indices`: flat positions in the input plane.

    Raises
    ------
    TypeError, ValueError
        If `x` has another rank or dtype, or `output_size` is not positive.

    Notes
    -----
    Equal to ``torch.nn.functional.adaptive_max_pool2d`` to the bit, but for the bits of NaN: see
    `pooling.pool.max_pool2d`. The bins are those of `pooling.bins.adaptive_bins`.

    Examples
    --------
    >>> adaptive_max_pool2d(np.arange(14).reshape(1, 1, 14), (1, 3))
    array([[[ 4,  9, 13]]])
    """
    x = image(x, 2)
    axes = _axes(x, output_size)
    find = extreme if flag(return_indices, "return_indices") else best
    return find(x, axes, np.greater)


def adaptive_max_pool2d_backward(
    grad_output, x, output_size: OutputSize, indices=None
) -> np.ndarray:
    """Send the gradient of each bin to the cell that won it.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oH, oW) or (C, oH, oW)
        Gradient with respect to the output of `adaptive_max_pool2d`; floating.
    x, output_size
        The forward's arguments.
    indices : array_like of int, same shape as `grad_output`, optional
        Where the forward found its values, if it was asked with `return_indices`. Without
        them they are found again.

    Returns
    -------
    numpy.ndarray, shape of `x`
        In the dtype of `grad_output`. Bins can share a cell: its gradients add up.

    Raises
    ------
    TypeError, ValueError
        As `adaptive_max_pool2d`, or if `grad_output` is not floating or not of the output's
        shape.

    Examples
    --------
    >>> adaptive_max_pool2d_backward([[[1.0, 10.0]]], [[[1, 9, 2]]], (1, 2))
    array([[[ 0., 11.,  0.]]])
    """
    x = image(x, 2)
    axes = _axes(x, output_size)
    grad = gradient(grad_output, x.shape[:-2] + tuple(map(number, axes)))
    if indices is None:
        return extreme_backward(grad, x, axes, np.greater)
    return scatter(grad, positions(indices, grad.shape, "grad_output"), x.shape[-2:])


def adaptive_avg_pool2d(x, output_size: OutputSize) -> np.ndarray:
    """Average each of ``oH`` x ``oW`` bins.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W) or (C, H, W)
        A floating dtype. N may be 0.
    output_size : int or tuple of two ints
        Bins along H and W; None keeps that axis as it is.

    Returns
    -------
    numpy.ndarray, shape (N, C, oH, oW) or (C, oH, oW)
        The dtype is that of `x`; the sum is taken in float64 and rounded once.

    Raises
    ------
    TypeError, ValueError
        If `x` has another rank or dtype, or `output_size` is not positive.

    Notes
    -----
    Equal to ``torch.nn.functional.adaptive_avg_pool2d`` up to rounding.

    Examples
    --------
    >>> adaptive_avg_pool2d(np.arange(3.0).reshape(1, 1, 3), (1, 2))
    array([[[0.5, 1.5]]])
    """
    x = image(x, 2, kinds="f")
    axes = _axes(x, output_size)
    return average(x, axes, bin_counts(axes))


def adaptive_avg_pool2d_backward(grad_output, x, output_size: OutputSize) -> np.ndarray:
    """Share the gradient of each bin equally among its cells.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oH, oW) or (C, oH, oW)
        Gradient with respect to the output of `adaptive_avg_pool2d`; floating.
    x, output_size
        The forward's arguments. Of `x` only the shape matters.

    Returns
    -------
    numpy.ndarray, shape of `x`
        In the dtype of `grad_output`.

    Raises
    ------
    TypeError, ValueError
        As `adaptive_avg_pool2d`, or if `grad_output` is not floating or not of the output's
        shape.

    Examples
    --------
    >>> adaptive_avg_pool2d_backward([[[1.0, 3.0]]], np.zeros((1, 1, 3)), (1, 2))
    array([[[0.5, 2. , 1.5]]])
    """
    x = image(x, 2)
    axes = _axes(x, output_size)
    grad = gradient(grad_output, x.shape[:-2] + tuple(map(number, axes)))
    return average_backward(grad, axes, bin_counts(axes), x.shape[-2:])


def bin_counts(axes: list[Axis]) -> np.ndarray:
    """Count the cells of each bin of a plane.

    Parameters
    ----------
    axes : list of Windows or numpy.ndarray of int, shape (o, k)
        Bins along H and W, those of a table filled up with -1.

    Returns
    -------
    numpy.ndarray of int64, shape (oH, oW)

    Examples
    --------
    >>> bin_counts([np.array([[0, 1], [2, -1]]), np.array([[0, 1]])])
    array([[4],
           [2]])
    """
    tables = (axis.table if isinstance(axis, Windows) else axis for axis in axes)
    return np.multiply.outer(*((table >= 0).sum(axis=1) for table in tables))


def _axes(x, output_size):
    sizes = output_size if isinstance(output_size, tuple | list) else (output_size,) * 2
    if len(sizes) != 2:
        raise ValueError(f"output_size must be an int or 2 ints, got {output_size!r}")
    axes = []
    for n, wanted in zip(x.shape[-2:], sizes, strict=True):
        o = integer(n if wanted is None else wanted, "output_size", 1)
        axes.append(regular(bin_positions(n, o), n))
    return axes
