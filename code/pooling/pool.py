"""Max, min, average and Lp pooling over strided windows, each with its backward.

Names, argument order and defaults are those of ``torch.nn.functional``; `stride` defaults to
`kernel_size`. Each function turns its arguments into windows along each axis and hands the
work to `pooling.reduce`.
"""

from math import prod

import numpy as np

from pooling.blocks import number, padded
from pooling.check import flag, gradient, image, int_tuple, integer, positions, real
from pooling.reduce import (
    average,
    average_backward,
    best,
    extreme,
    extreme_backward,
    scatter,
    total,
    total_backward,
)
from pooling.windows import Windows, clipped, windows

Ints = int | tuple[int, ...]


def max_pool2d(
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Keep the largest value of each window.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W) or (C, H, W)
        Any floating or integer dtype. N may be 0, no other axis.
    kernel_size : int or tuple of two ints
        Cells a window reads along H and W.
    stride : int or tuple of two ints, optional
        Step between windows, in cells; `kernel_size` when omitted.
    padding : int or tuple of two ints
        Cells of padding on each side, at most half of `kernel_size`. A padded cell never
        wins: it counts as -inf (integers: the dtype's minimum), not as 0.
    dilation : int or tuple of two ints
        Step between the cells of one window.
    ceil_mode : bool
        Keep windows that run over the right or lower edge.
    return_indices : bool
        Also return where each maximum was found.

    Returns
    -------
    values : numpy.ndarray, shape (N, C, oH, oW) or (C, oH, oW)
        The dtype is that of `x`.
    indices : numpy.ndarray of int64, same shape
        Only with `return_indices`: flat positions ``row * W + column`` in the plane without
        padding.

    Raises
    ------
    TypeError, ValueError
        If `x` has another rank or dtype, an argument is out of range, or no window fits.
        With `return_indices`, also if a window reads padding alone (only dilation can do
        that): there is no position to return.

    Notes
    -----
    Values and indices equal those of ``torch.nn.functional.max_pool2d`` to the bit: of equal
    cells the first in row-major order wins; NaN beats every number, and the last NaN wins.
    Only which of several NaN stands in the values, told by its sign and payload bits, may
    differ without `return_indices`.

    Examples
    --------
    >>> x = np.array([[[1, 2, 1], [2, 5, 0], [3, 1, 1]]])
    >>> max_pool2d(x, kernel_size=2, stride=1)
    array([[[5, 5],
            [5, 5]]])
    >>> max_pool2d(x, 2, return_indices=True)
    (array([[[5]]]), array([[[4]]]))
    """
    window = (kernel_size, stride, padding, dilation, ceil_mode)
    return _extreme_pool(x, 2, np.greater, window, return_indices)


def max_pool1d(
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Keep the largest value of each window of a sequence.

    Parameters
    ----------
    x : array_like, shape (N, C, L) or (C, L)
        Any floating or integer dtype.
    kernel_size, stride, padding, dilation, ceil_mode, return_indices
        As for `max_pool2d`, along one axis.

    Returns
    -------
    values : numpy.ndarray, shape (N, C, oL) or (C, oL)
    indices : numpy.ndarray of int64, same shape
        Only with `return_indices`.

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d`.

    Notes
    -----
    Equal to ``torch.nn.functional.max_pool1d`` to the bit, but for the bits of NaN: see
    `max_pool2d`.

    Examples
    --------
    >>> max_pool1d([[1, 3, 2, 5, 4]], kernel_size=2)
    array([[3, 5]])
    """
    window = (kernel_size, stride, padding, dilation, ceil_mode)
    return _extreme_pool(x, 1, np.greater, window, return_indices)


def max_pool3d(
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Keep the largest value of each window of a volume.

    Parameters
    ----------
    x : array_like, shape (N, C, D, H, W) or (C, D, H, W)
        Any floating or integer dtype.
    kernel_size, stride, padding, dilation, ceil_mode, return_indices
        As for `max_pool2d`, along three axes.

    Returns
    -------
    values : numpy.ndarray, shape (N, C, oD, oH, oW) or (C, oD, oH, oW)
    indices : numpy.ndarray of int64, same shape
        Only with `return_indices`.

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d`.

    Notes
    -----
    Equal to ``torch.nn.functional.max_pool3d`` to the bit, but for the bits of NaN: see
    `max_pool2d`.

    Examples
    --------
    >>> max_pool3d(np.arange(8).reshape(1, 2, 2, 2), kernel_size=2)
    array([[[[7]]]])
    """
    window = (kernel_size, stride, padding, dilation, ceil_mode)
    return _extreme_pool(x, 3, np.greater, window, return_indices)


def min_pool2d(
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Keep the smallest value of each window.

    Parameters
    ----------
    x, kernel_size, stride, padding, dilation, ceil_mode, return_indices
        As for `max_pool2d`; a padded cell counts as +inf (integers: the dtype's maximum).

    Returns
    -------
    values : numpy.ndarray, shape (N, C, oH, oW) or (C, oH, oW)
    indices : numpy.ndarray of int64, same shape
        Only with `return_indices`.

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d`.

    Notes
    -----
    torch has no such function, and ``-max_pool2d(-x)`` replaces it for floating dtypes only:
    the negative of int8 -128 is -128 again, and an unsigned integer has no negative. We take
    the side of mathematics and compare.

    Examples
    --------
    >>> x = np.array([[[-128, 5]]], dtype=np.int8)
    >>> min_pool2d(x, (1, 2)), -max_pool2d(-x, (1, 2))
    (array([[[-128]]], dtype=int8), array([[[5]]], dtype=int8))
    """
    window = (kernel_size, stride, padding, dilation, ceil_mode)
    return _extreme_pool(x, 2, np.less, window, return_indices)


def max_pool2d_backward(
    grad_output,
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    indices=None,
) -> np.ndarray:
    """Send the gradient of each window to the cell that won it.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oH, oW) or (C, oH, oW)
        Gradient of a loss with respect to the output of `max_pool2d`; floating.
    x, kernel_size, stride, padding, dilation, ceil_mode
        The forward's arguments.
    indices : array_like of int, same shape as `grad_output`, optional
        Where the forward found its values, if it was asked with `return_indices`. Without
        them they are found again. They are not checked against `x`.

    Returns
    -------
    numpy.ndarray, shape of `x`
        Gradient with respect to `x`, in the dtype of `grad_output`. A cell that wins several
        overlapping windows gets the sum of their gradients; at a tie the first cell gets
        all, as in torch.

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d`, if `grad_output` is not floating or not of the output's shape, if a
        window reads padding alone, or if an index lies outside the plane.

    Examples
    --------
    >>> x = np.array([[[1, 2, 1], [2, 5, 0], [3, 1, 1]]])
    >>> max_pool2d_backward(np.ones((1, 2, 2)), x, kernel_size=2, stride=1)
    array([[[0., 0., 0.],
            [0., 4., 0.],
            [0., 0., 0.]]])
    """
    window = (kernel_size, stride, padding, dilation, ceil_mode)
    return _extreme_backward(grad_output, x, 2, np.greater, window, indices)


def max_pool1d_backward(
    grad_output,
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    indices=None,
) -> np.ndarray:
    """Send the gradient of each window of a sequence to the cell that won it.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oL) or (C, oL)
        Gradient with respect to the output of `max_pool1d`; floating.
    x, kernel_size, stride, padding, dilation, ceil_mode
        The forward's arguments.
    indices : array_like of int, optional
        As for `max_pool2d_backward`.

    Returns
    -------
    numpy.ndarray, shape of `x`

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d_backward`.

    Examples
    --------
    >>> max_pool1d_backward([[1.0, 10.0]], [[1, 3, 2]], kernel_size=2, stride=1)
    array([[ 0., 11.,  0.]])
    """
    window = (kernel_size, stride, padding, dilation, ceil_mode)
    return _extreme_backward(grad_output, x, 1, np.greater, window, indices)


def max_pool3d_backward(
    grad_output,
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    indices=None,
) -> np.ndarray:
    """Send the gradient of each window of a volume to the cell that won it.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oD, oH, oW) or (C, oD, oH, oW)
        Gradient with respect to the output of `max_pool3d`; floating.
    x, kernel_size, stride, padding, dilation, ceil_mode
        The forward's arguments.
    indices : array_like of int, optional
        As for `max_pool2d_backward`.

    Returns
    -------
    numpy.ndarray, shape of `x`

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d_backward`.

    Examples
    --------
    >>> max_pool3d_backward(np.ones((1, 1, 1, 1)), np.arange(8).reshape(1, 2, 2, 2), 2).sum()
    np.float64(1.0)
    """
    window = (kernel_size, stride, padding, dilation, ceil_mode)
    return _extreme_backward(grad_output, x, 3, np.greater, window, indices)


def min_pool2d_backward(
    grad_output,
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    indices=None,
) -> np.ndarray:
    """Send the gradient of each window to its smallest cell.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oH, oW) or (C, oH, oW)
        Gradient with respect to the output of `min_pool2d`; floating.
    x, kernel_size, stride, padding, dilation, ceil_mode
        The forward's arguments.
    indices : array_like of int, optional
        As for `max_pool2d_backward`.

    Returns
    -------
    numpy.ndarray, shape of `x`

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d_backward`.

    Examples
    --------
    >>> min_pool2d_backward(np.ones((1, 1, 1)), [[[3, 1], [2, 4]]], kernel_size=2)
    array([[[0., 1.],
            [0., 0.]]])
    """
    window = (kernel_size, stride, padding, dilation, ceil_mode)
    return _extreme_backward(grad_output, x, 2, np.less, window, indices)


def avg_pool2d(
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """Average each window.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W) or (C, H, W)
        A floating dtype, or int64: as in torch, no other integer. N may be 0.
    kernel_size, stride : int or tuple of two ints
        Window size and step between windows, in cells; `stride` is `kernel_size` when
        omitted.
    padding : int or tuple of two ints
        Zeros added on each side, at most half of `kernel_size`.
    ceil_mode : bool
        Keep windows that run over the right or lower edge.
    count_include_pad : bool
        Divide by all cells of the window inside the padded image, or by those inside the
        image. The overhang of `ceil_mode` beyond the padding never counts.
    divisor_override : int, optional
        Divide by this instead; not 0, but it may be negative.

    Returns
    -------
    numpy.ndarray, shape (N, C, oH, oW) or (C, oH, oW)
        The dtype is that of `x`; an int64 quotient is cut toward 0.

    Raises
    ------
    TypeError, ValueError
        If `x` has another rank or dtype, an argument is out of range, or no window fits.

    Notes
    -----
    Equal to ``torch.nn.functional.avg_pool2d`` up to rounding. torch adds float32 cell after
    cell in float32, which loses digits over large windows; we take the side of mathematics:
    floating input is summed in float64 and rounded once.

    Where the window is larger than the map and its padding no window fits, and a ValueError says
    so; with `ceil_mode` there is one, which averages all cells of the map, divided by the
    cells of the padded map.

    Examples
    --------
    >>> avg_pool2d(np.ones((1, 4, 4)), 3, stride=2, padding=1, ceil_mode=True).round(2)
    array([[[0.44, 0.67, 0.33],
            [0.67, 1.  , 0.5 ],
            [0.33, 0.5 , 0.25]]])
    """
    return _avg_pool(
        x, 2, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool1d(
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> np.ndarray:
    """Average each window of a sequence.

    Parameters
    ----------
    x : array_like, shape (N, C, L) or (C, L)
        A floating dtype or int64.
    kernel_size, stride, padding, ceil_mode, count_include_pad
        As for `avg_pool2d`, along one axis. As in torch there is no `divisor_override`.

    Returns
    -------
    numpy.ndarray, shape (N, C, oL) or (C, oL)

    Raises
    ------
    TypeError, ValueError
        As `avg_pool2d`, also for a sequence shorter than the window.

    Examples
    --------
    >>> avg_pool1d([[1.0, 3.0, 5.0, 7.0]], kernel_size=2)
    array([[2., 6.]])
    """
    return _avg_pool(x, 1, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool3d(
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """Average each window of a volume.

    Parameters
    ----------
    x : array_like, shape (N, C, D, H, W) or (C, D, H, W)
        A floating dtype or int64.
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        As for `avg_pool2d`, along three axes.

    Returns
    -------
    numpy.ndarray, shape (N, C, oD, oH, oW) or (C, oD, oH, oW)

    Raises
    ------
    TypeError, ValueError
        As `avg_pool2d`.

    Notes
    -----
    A map smaller than the window is averaged with `ceil_mode` and refused without, as by
    `avg_pool2d`; ``torch.nn.functional.avg_pool3d`` refuses it always.

    Examples
    --------
    >>> avg_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), kernel_size=2)
    array([[[[3.5]]]])
    """
    return _avg_pool(
        x, 3, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool2d_backward(
    grad_output,
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """Share the gradient of each window equally among its cells.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oH, oW) or (C, oH, oW)
        Gradient with respect to the output of `avg_pool2d`; floating.
    x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        The forward's arguments. Of `x` only the shape matters.

    Returns
    -------
    numpy.ndarray, shape of `x`
        In the dtype of `grad_output`; where windows overlap the shares add up.

    Raises
    ------
    TypeError, ValueError
        As `avg_pool2d`, or if `grad_output` is not floating or not of the output's shape.

    Examples
    --------
    >>> avg_pool2d_backward(np.ones((1, 1, 2)), np.zeros((1, 2, 3)), 2, stride=1)
    array([[[0.25, 0.5 , 0.25],
            [0.25, 0.5 , 0.25]]])
    """
    return _avg_backward(
        grad_output, x, 2, kernel_size, stride, padding, ceil_mode, count_include_pad,
        divisor_override,
    )  # fmt: skip


def avg_pool1d_backward(
    grad_output,
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> np.ndarray:
    """Share the gradient of each window of a sequence equally among its cells.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oL) or (C, oL)
        Gradient with respect to the output of `avg_pool1d`; floating.
    x, kernel_size, stride, padding, ceil_mode, count_include_pad
        The forward's arguments.

    Returns
    -------
    numpy.ndarray, shape of `x`

    Raises
    ------
    TypeError, ValueError
        As `avg_pool2d_backward`.

    Examples
    --------
    >>> avg_pool1d_backward([[2.0, 4.0]], np.zeros((1, 4)), kernel_size=2)
    array([[1., 1., 2., 2.]])
    """
    return _avg_backward(
        grad_output, x, 1, kernel_size, stride, padding, ceil_mode, count_include_pad, None
    )


def avg_pool3d_backward(
    grad_output,
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """Share the gradient of each window of a volume equally among its cells.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oD, oH, oW) or (C, oD, oH, oW)
        Gradient with respect to the output of `avg_pool3d`; floating.
    x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        The forward's arguments.

    Returns
    -------
    numpy.ndarray, shape of `x`

    Raises
    ------
    TypeError, ValueError
        As `avg_pool2d_backward`.

    Examples
    --------
    >>> avg_pool3d_backward(np.ones((1, 1, 1, 1)), np.zeros((1, 2, 2, 2)), 2)[0, 0]
    array([[0.125, 0.125],
           [0.125, 0.125]])
    """
    return _avg_backward(
        grad_output, x, 3, kernel_size, stride, padding, ceil_mode, count_include_pad,
        divisor_override,
    )  # fmt: skip


def lp_pool2d(
    x,
    norm_type: float,
    kernel_size: Ints,
    stride: Ints | None = None,
    ceil_mode: bool = False,
) -> np.ndarray:
    """Take the p-th root of the sum of p-th powers of each window.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W) or (C, H, W)
        A floating dtype. N may be 0.
    norm_type : float
        The power p: 1 is the sum, 2 the Euclidean norm; finite and not 0.
    kernel_size, stride : int or tuple of two ints
        Window size and step between windows, in cells; `stride` is `kernel_size` when
        omitted. There is no padding.
    ceil_mode : bool
        Keep windows that run over the right or lower edge. As in torch, the sum of such a
        window is scaled up as if the missing cells held the mean of the others.

    Returns
    -------
    numpy.ndarray, shape (N, C, oH, oW) or (C, oH, oW)
        The dtype is that of `x`.

    Raises
    ------
    TypeError, ValueError
        If `x` has another rank or dtype, an argument is out of range, or no window fits.

    Notes
    -----
    On negative input we take torch's side: no absolute value is taken, so p = 1 gives a
    signed sum and p = 3 gives NaN where the sum of cubes is negative. For the norm of a
    textbook pass ``numpy.abs(x)``. On large powers we take the side of mathematics: powers
    and sums are float64, so that p = 50 does not overflow where float32 does. For even p and
    p to infinity the result nears the largest absolute value: ``max_pool2d(numpy.abs(x), ...)``.

    Examples
    --------
    >>> lp_pool2d([[[3.0, 4.0]]], 2, kernel_size=(1, 2))
    array([[[5.]]])
    """
    x, p, axes, scale = _lp_arguments(x, norm_type, kernel_size, stride, ceil_mode)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        return total(
            x,
            axes,
            _wide(x),
            before=lambda cells: cells.astype(_wide(x)) ** p,
            after=lambda sums, where: (sums * scale[where]) ** (1 / p),
        )


def lp_pool2d_backward(
    grad_output,
    x,
    norm_type: float,
    kernel_size: Ints,
    stride: Ints | None = None,
    ceil_mode: bool = False,
) -> np.ndarray:
    """Share the gradient of each window in proportion to ``x ** (p - 1)``.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oH, oW) or (C, oH, oW)
        Gradient with respect to the output of `lp_pool2d`; floating.
    x, norm_type, kernel_size, stride, ceil_mode
        The forward's arguments.

    Returns
    -------
    numpy.ndarray, shape of `x`
        In the dtype of `grad_output`. In a window of zeros the root has no derivative: we send
        nothing there, for any p, where torch sends NaN for p below 1. For such p a cell of 0
        beside others gets an infinite gradient, which is its slope.

    Raises
    ------
    TypeError, ValueError
        As `lp_pool2d`, or if `grad_output` is not floating or not of the output's shape.

    Examples
    --------
    >>> lp_pool2d_backward([[[1.0]]], [[[3.0, 4.0]]], 2, kernel_size=(1, 2))
    array([[[0.6, 0.8]]])
    """
    x, p, axes, scale = _lp_arguments(x, norm_type, kernel_size, stride, ceil_mode)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        sums = total(x.astype(_wide(x)) ** p, axes) * scale
        grad = gradient(grad_output, sums.shape)
        slope = np.where(sums == 0, 0, sums ** (1 / p - 1)) * scale
        shares = total_backward(grad * slope, axes, x.shape[-2:])
        shares *= np.where((shares == 0) & (x == 0), 1, x.astype(_wide(x)) ** (p - 1))
        return shares.astype(grad.dtype)


def _axes(x, ndim, kernel_size, stride, padding, dilation, ceil_mode) -> list[Windows]:
    """Check the window's arguments; lay the windows along each axis."""
    k = int_tuple(kernel_size, ndim, "kernel_size", 1)
    s = k if stride is None else int_tuple(stride, ndim, "stride", 1)
    p = int_tuple(padding, ndim, "padding", 0)
    d = int_tuple(dilation, ndim, "dilation", 1)
    if any(pad > size // 2 for pad, size in zip(p, k, strict=True)):
        raise ValueError(
            f"padding must be at most half of kernel_size, got padding={padding} for "
            f"kernel_size={kernel_size}"
        )
    flag(ceil_mode, "ceil_mode")
    return [
        windows(n, *axis, ceil_mode) for n, *axis in zip(x.shape[-ndim:], k, s, p, d, strict=True)
    ]


def _extreme_pool(x, ndim, beats, window, return_indices):
    x = image(x, ndim)
    axes = list(map(clipped, _axes(x, ndim, *window)))
    if not flag(return_indices, "return_indices"):
        return best(x, axes, beats)
    _check_found(x, axes, window)
    return extreme(x, axes, beats)


def _extreme_backward(grad_output, x, ndim, beats, window, indices):
    x = image(x, ndim)
    axes = list(map(clipped, _axes(x, ndim, *window)))
    grad = gradient(grad_output, x.shape[:-ndim] + tuple(map(number, axes)))
    _check_found(x, axes, window)
    if indices is None:
        return extreme_backward(grad, x, axes, beats)
    return scatter(grad, positions(indices, grad.shape, "grad_output"), x.shape[-ndim:])


def _check_found(x, axes, window):
    """Refuse windows whose maximum lies nowhere; only a dilated one can step over all of x."""
    kernel_size, _, padding, dilation, _ = window
    if not x.size or np.max(dilation) == 1:
        return
    for n, axis in zip(x.shape[-len(axes) :], axes, strict=True):
        if not isinstance(axis, Windows) or padded([axis]):
            table = axis.table if isinstance(axis, Windows) else axis
            if not ((table >= 0) & (table < n)).any(axis=1).all():
                raise ValueError(
                    f"dilation {dilation} with kernel_size={kernel_size} and padding={padding} "
                    "leaves a window that reads padding alone: its maximum lies nowhere in x"
                )


def _divisors(axes, count_include_pad, divisor_override):
    """Count what each window is divided by: one number for all, or an array of shape o."""
    flag(count_include_pad, "count_include_pad")
    if divisor_override is not None:
        divisor = integer(divisor_override, "divisor_override", -(2**63))
        if divisor == 0:
            raise ValueError("divisor_override must not be 0, got 0")
        return divisor
    if not padded(axes):
        return prod(axis.kernel_size for axis in axes)
    largest = prod(axis.kernel_size for axis in axes)
    counts = np.ones((), dtype=np.int64 if largest < 2**63 else np.float64)
    for axis in axes:
        k, starts, edge = axis.kernel_size, axis.starts, -axis.start if count_include_pad else 0
        stops = np.minimum(starts, axis.n + edge - k) + k  # starts + k alone may be 2**63
        counts = counts[..., None] * (stops - np.maximum(starts, -edge))
    return counts


def _avg_arguments(
    x, ndim, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    axes = _axes(x, ndim, kernel_size, stride, padding, 1, ceil_mode)
    return list(map(clipped, axes)), _divisors(axes, count_include_pad, divisor_override)


def _avg_pool(x, ndim, *arguments):
    x = image(x, ndim)
    if x.dtype.kind in "iu" and x.dtype != np.int64:
        raise TypeError(f"x must have a floating dtype or int64, got {x.dtype}")
    return average(x, *_avg_arguments(x, ndim, *arguments))


def _avg_backward(grad_output, x, ndim, *arguments):
    x = image(x, ndim)
    axes, counts = _avg_arguments(x, ndim, *arguments)
    grad = gradient(grad_output, x.shape[:-ndim] + tuple(map(number, axes)))
    return average_backward(grad, axes, counts, x.shape[-ndim:])


def _wide(x):
    return np.promote_types(x.dtype, np.float64)


def _lp_arguments(x, norm_type, kernel_size, stride, ceil_mode):
    x = image(x, 2, kinds="f")
    p = real(norm_type, "norm_type")
    if p == 0:
        raise ValueError(f"norm_type must be finite and not 0, got {norm_type!r}")
    axes, counts = _avg_arguments(x, 2, kernel_size, stride, 0, ceil_mode, True, None)
    scale = float(prod(int_tuple(kernel_size, 2, "kernel_size", 1))) / counts
    return x, p, axes, np.broadcast_to(scale, tuple(map(number, axes)))
