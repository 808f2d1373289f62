"""Between maximum and average, and pools that throw dice: mixed, soft, stochastic, fractional."""

from math import prod

import numpy as np

from pooling.check import array, flag, gradient, image, int_tuple, positions, real
from pooling.pool import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from pooling.reduce import extreme, scatter
from pooling.windows import window_positions

Ints = int | tuple[int, int]


def mixed_pool2d(
    x, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, alpha: float = 0.5
) -> np.ndarray:
    """Take `alpha` of the maximum and the rest of the average of each window.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W) or (C, H, W)
        A floating dtype. N may be 0.
    kernel_size, stride, padding : int or tuple of two ints
        As for `pooling.pool.max_pool2d`. A padded cell is -inf to the maximum and 0 to the
        average.
    alpha : float
        The part of the maximum, 0 to 1: 1 is exactly ``max_pool2d``, 0 is ``avg_pool2d``.

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
    Lee, Gallagher and Tu (2016). They learn `alpha` by its gradient, the maximum
    minus the average; here it is given.

    Examples
    --------
    >>> mixed_pool2d([[[1.0, 3.0]]], (1, 2), alpha=0.75)
    array([[[2.75]]])
    """
    x, window = image(x, 2, kinds="f"), (kernel_size, stride, padding)
    return _mix(alpha, lambda: max_pool2d(x, *window), lambda: avg_pool2d(x, *window))


def mixed_pool2d_backward(
    grad_output,
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    alpha: float = 0.5,
) -> np.ndarray:
    """Send `alpha` of each gradient to the winner, the rest to all cells alike.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oH, oW) or (C, oH, oW)
        Gradient with respect to the output of `mixed_pool2d`; floating.
    x, kernel_size, stride, padding, alpha
        The forward's arguments.

    Returns
    -------
    numpy.ndarray, shape of `x`
        In the dtype of `grad_output`.

    Raises
    ------
    TypeError, ValueError
        As `mixed_pool2d`, or if `grad_output` is not floating or not of the output's shape.

    Examples
    --------
    >>> mixed_pool2d_backward([[[8.0]]], [[[1.0, 3.0]]], (1, 2), alpha=0.75)
    array([[[1., 7.]]])
    """
    x, window = image(x, 2, kinds="f"), (kernel_size, stride, padding)
    return _mix(
        alpha,
        lambda: max_pool2d_backward(grad_output, x, *window),
        lambda: avg_pool2d_backward(grad_output, x, *window),
    )


def soft_pool2d(x, kernel_size: Ints, stride: Ints | None = None, beta: float = 1.0) -> np.ndarray:
    """Average each window with weights that grow exponentially with the value.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W) or (C, H, W)
        A floating dtype. N may be 0.
    kernel_size, stride : int or tuple of two ints
        Window size and step between windows, in cells; `stride` is `kernel_size` when
        omitted. There is no padding.
    beta : float
        How fast weights grow: 0 is the average, a large `beta` nears the maximum, a negative
        one the minimum.

    Returns
    -------
    numpy.ndarray, shape (N, C, oH, oW) or (C, oH, oW)
        ``sum(x exp(beta x)) / sum(exp(beta x))``, in the dtype of `x`; computed in float64.

    Raises
    ------
    TypeError, ValueError
        If `x` has another rank or dtype, an argument is out of range, or no window fits.

    Notes
    -----
    Stergiou, Poppe and Kalliatakis (2021), with `beta` = 1. The largest exponent
    of a window is subtracted from all, which changes no weight and lets none overflow.
    An infinite cell of weight 0 (-inf when `beta` is positive) counts for nothing; any other
    infinity, and NaN, makes the window NaN.

    Examples
    --------
    >>> soft_pool2d([[[0.0, 1.0]]], (1, 2)).round(3)
    array([[[0.731]]])
    """
    x = image(x, 2, kinds="f")
    cells, _ = _windows(x, kernel_size, stride)
    return _soft(cells, beta)[0].astype(x.dtype)


def soft_pool2d_backward(
    grad_output, x, kernel_size: Ints, stride: Ints | None = None, beta: float = 1.0
) -> np.ndarray:
    """Send each cell its weight w of the gradient, more above the average y and less below.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oH, oW) or (C, oH, oW)
        Gradient with respect to the output of `soft_pool2d`; floating.
    x, kernel_size, stride, beta
        The forward's arguments.

    Returns
    -------
    numpy.ndarray, shape of `x`
        In the dtype of `grad_output`: the sum over windows of ``w (1 + beta (x - y))``, which
        can be negative, because a cell changes the weights as well.

    Raises
    ------
    TypeError, ValueError
        As `soft_pool2d`, or if `grad_output` is not floating or not of the output's shape.

    Examples
    --------
    >>> soft_pool2d_backward([[[1.0]]], [[[0.0, 1.0]]], (1, 2)).round(3)
    array([[[0.072, 0.928]]])
    """
    x = image(x, 2, kinds="f")
    cells, places = _windows(x, kernel_size, stride)
    average, weights, cells = _soft(cells, beta)
    grad = gradient(grad_output, average.shape)
    with np.errstate(invalid="ignore", over="ignore"):
        slopes = weights * (1 + float(beta) * (cells - average[..., None]))
        return _scatter_cells(grad[..., None] * slopes, places, x).astype(grad.dtype)


def stochastic_pool2d(
    x,
    kernel_size: Ints,
    stride: Ints | None = None,
    rng: np.random.Generator | None = None,
    return_indices: bool = False,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Draw one cell of each window, with a probability proportional to its value.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W) or (C, H, W)
        A floating dtype; finite, and nowhere negative. N may be 0.
    kernel_size, stride : int or tuple of two ints
        As for `soft_pool2d`.
    rng : numpy.random.Generator, optional
        Draws the cells. Without it the result is what a draw gives on average,
        ``sum(x * x) / sum(x)``: the rule for test time.
    return_indices : bool
        Also return which cells were drawn; needs `rng`.

    Returns
    -------
    values : numpy.ndarray, shape (N, C, oH, oW) or (C, oH, oW)
        The dtype is that of `x`.
    indices : numpy.ndarray of int64, same shape
        Only with `return_indices`: flat positions in the input plane.

    Raises
    ------
    TypeError, ValueError
        If `x` has another rank or dtype or a value that is negative or not finite, an
        argument is out of range, no window fits, or indices are wanted without `rng`.

    Notes
    -----
    Zeiler and Fergus (2013), section 3. Their formula leaves a window of zeros open (0 / 0).
    Its value is 0 whatever is drawn; we draw each cell with the same probability.

    Examples
    --------
    >>> stochastic_pool2d([[[0.0, 1.0, 3.0]]], (1, 3))
    array([[[2.5]]])
    >>> rng = np.random.default_rng(0)
    >>> stochastic_pool2d([[[0.0, 1.0, 3.0]]], (1, 3), rng=rng, return_indices=True)
    (array([[[3.]]]), array([[[2]]]))
    """
    x, cells, places = _stochastic_arguments(x, kernel_size, stride)
    return_indices = flag(return_indices, "return_indices")
    if rng is None:
        if return_indices:
            raise ValueError("return_indices must be False without rng: nothing is drawn")
        largest = cells.max(axis=-1)
        return (largest * _mean_share(_shares(cells))).astype(x.dtype)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator or None, got {rng!r}")
    bounds = np.cumsum(_shares(cells), axis=-1)
    dice = rng.random(bounds.shape[:-1])[..., None] * bounds[..., -1:]
    drawn = (bounds <= dice).sum(axis=-1)[..., None]
    values = np.take_along_axis(cells, drawn, axis=-1)[..., 0].astype(x.dtype)
    if not return_indices:
        return values
    return values, np.take_along_axis(np.broadcast_to(places, cells.shape), drawn, axis=-1)[..., 0]


def stochastic_pool2d_backward(
    grad_output, x, kernel_size: Ints, stride: Ints | None = None, indices=None
) -> np.ndarray:
    """Send the gradient of each window to the cell that was drawn.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oH, oW) or (C, oH, oW)
        Gradient with respect to the output of `stochastic_pool2d`; floating.
    x, kernel_size, stride
        The forward's arguments.
    indices : array_like of int, same shape as `grad_output`, optional
        The cells drawn, from the forward with `return_indices`. Without them the gradient is
        that of the rule for test time, ``(2 x - y) / sum(x)`` in a window with output y, and
        0 in a window of zeros, where that rule has no derivative.

    Returns
    -------
    numpy.ndarray, shape of `x`
        In the dtype of `grad_output`.

    Raises
    ------
    TypeError, ValueError
        As `stochastic_pool2d`, if `grad_output` is not floating or not of the output's shape,
        or if `indices` is not a position in the plane for each window.

    Examples
    --------
    >>> stochastic_pool2d_backward([[[5.0]]], [[[0.0, 1.0, 3.0]]], (1, 3), indices=[[[1]]])
    array([[[0., 5., 0.]]])
    """
    x, cells, places = _stochastic_arguments(x, kernel_size, stride)
    grad = gradient(grad_output, cells.shape[:-1])
    if indices is not None:
        return scatter(grad, positions(indices, grad.shape, "grad_output"), x.shape[-2:])
    shares = _shares(cells)
    slopes = (2 * shares - _mean_share(shares)[..., None]) / shares.sum(axis=-1, keepdims=True)
    slopes *= cells.any(axis=-1, keepdims=True)
    return _scatter_cells(grad[..., None] * slopes, places, x).astype(grad.dtype)


def fractional_max_pool2d(
    x, kernel_size: Ints, output_size: Ints, samples, return_indices: bool = False
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Keep the largest value of windows whose step changes, to reach any output size.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W) or (C, H, W)
        A floating dtype. N may be 0.
    kernel_size : int or tuple of two ints
        Cells a window reads along H and W.
    output_size : int or tuple of two ints
        Windows along H and W: at most ``n - k + 1``.
    samples : array_like, shape (N, C, 2) or (1, C, 2)
        Numbers from 0 up to, not including, 1; the second form is that for one image. They
        shift the steps: in each plane the first number those along W, the second along H.
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
        If `x` or `samples` has another shape or dtype, a sample lies outside 0 to 1, or an
        argument is out of range.

    Notes
    -----
    After Graham (2014). Equal to the bit to
    ``torch.nn.functional.fractional_max_pool2d`` with `samples` as its ``_random_samples``:
    window i starts at ``int((i + u) a) - int(u a)`` with ``a = (n - k) / (o - 1)``, computed
    in the dtype of `x`, and the last one at ``n - k``.

    Examples
    --------
    >>> x = np.arange(7.0).reshape(1, 1, 7)
    >>> fractional_max_pool2d(x, (1, 2), (1, 4), samples=[[[0.5, 0.5]]])
    array([[[1., 3., 5., 6.]]])
    """
    values, indices = _fractional(x, kernel_size, output_size, samples)
    return (values, indices) if flag(return_indices, "return_indices") else values


def fractional_max_pool2d_backward(
    grad_output, x, kernel_size: Ints, output_size: Ints, samples
) -> np.ndarray:
    """Send the gradient of each window to the cell that won it.

    Parameters
    ----------
    grad_output : array_like, shape (N, C, oH, oW) or (C, oH, oW)
        Gradient with respect to the output of `fractional_max_pool2d`; floating.
    x, kernel_size, output_size, samples
        The forward's arguments.

    Returns
    -------
    numpy.ndarray, shape of `x`
        In the dtype of `grad_output`; where windows overlap the gradients add up.

    Raises
    ------
    TypeError, ValueError
        As `fractional_max_pool2d`, or if `grad_output` is not floating or not of the
        output's shape.

    Examples
    --------
    >>> x, grad = np.array([[[1.0, 9.0, 2.0]]]), np.array([[[1.0, 10.0]]])
    >>> fractional_max_pool2d_backward(grad, x, (1, 2), (1, 2), samples=[[[0.5, 0.5]]])
    array([[[ 0., 11.,  0.]]])
    """
    _, indices = _fractional(x, kernel_size, output_size, samples)
    return scatter(gradient(grad_output, indices.shape), indices, np.shape(x)[-2:])


def _mix(alpha, maximum, average):
    """Add two parts; a part of 0 is left out, for 0 times infinity is not 0."""
    if not 0 <= real(alpha, "alpha") <= 1:
        raise ValueError(f"alpha must lie between 0 and 1, got {alpha}")
    if alpha in (0, 1):
        return maximum() if alpha else average()
    with np.errstate(invalid="ignore", over="ignore"):
        return float(alpha) * maximum() + float(1 - alpha) * average()


def _windows(x, kernel_size, stride):
    """Gather each window's cells on a last axis, in float64, and their flat positions."""
    k = int_tuple(kernel_size, 2, "kernel_size", 1)
    s = k if stride is None else int_tuple(stride, 2, "stride", 1)
    rows, columns = map(window_positions, x.shape[-2:], k, s)
    places = rows[:, None, :, None] * x.shape[-1] + columns[:, None, :]
    places = places.reshape(len(rows), len(columns), prod(k))
    planes = x.reshape(*x.shape[:-2], prod(x.shape[-2:]))
    return planes[..., places].astype(np.promote_types(x.dtype, np.float64)), places


def _scatter_cells(grads, places, x):
    """Add the gradient of each cell of each window into that cell of the image."""
    flat = (prod(places.shape[:-1]), places.shape[-1])
    grads = grads.reshape(*x.shape[:-2], *flat)
    places = np.broadcast_to(places.reshape(flat), grads.shape)
    return scatter(grads, places, x.shape[-2:])


def _soft(cells, beta):
    """Return the average of each window, its weights, and the cells that count."""
    beta = real(beta, "beta")
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        top = (np.max if beta > 0 else np.min)(cells, axis=-1, keepdims=True)
        weights = np.exp(beta * (cells - top))
        weights /= weights.sum(axis=-1, keepdims=True)
        cells = np.where(weights == 0, 0, cells)
        return (weights * cells).sum(axis=-1), weights, cells


def _stochastic_arguments(x, kernel_size, stride):
    x = image(x, 2, kinds="f")
    wrong = ~((x >= 0) & (x < np.inf))
    if wrong.any():
        raise ValueError(f"x must be finite and nowhere negative, got {x[wrong][0]}")
    return x, *_windows(x, kernel_size, stride)


def _shares(cells):
    """Scale each window to a largest value of 1, a window of zeros to ones."""
    largest = cells.max(axis=-1, keepdims=True)
    return np.divide(cells, largest, where=largest > 0, out=np.ones_like(cells))


def _mean_share(shares):
    """Return the mean of a draw from each window, as a part of its largest value."""
    return (shares * shares).sum(axis=-1) / shares.sum(axis=-1)


def _fractional(x, kernel_size, output_size, samples):
    x, samples = image(x, 2, kinds="f"), array(samples, "samples")
    k = int_tuple(kernel_size, 2, "kernel_size", 1)
    o = int_tuple(output_size, 2, "output_size", 1)
    for size, count, n in zip(k, o, x.shape[-2:], strict=True):
        if size + count - 1 > n:
            raise ValueError(
                f"output_size must be at most {n - size + 1} for {n} cells and kernel_size "
                f"{size}, got {count}"
            )
    if samples.dtype.kind not in "fiu":
        raise TypeError(f"samples must have a floating or integer dtype, got {samples.dtype}")
    shape = (*x.shape[:-2], 2) if x.ndim == 4 else (1, len(x), 2)
    if samples.shape != shape:
        raise ValueError(f"samples must have shape {shape}, got {samples.shape}")
    wrong = ~((samples >= 0) & (samples < 1))
    if wrong.any():
        raise ValueError(f"samples must be at least 0 and below 1, got {samples[wrong][0]}")
    samples = samples.astype(x.dtype).reshape(*x.shape[:-2], 2)
    values = np.empty((*x.shape[:-2], *o), dtype=x.dtype)
    indices = np.empty(values.shape, dtype=np.int64)
    for plane in np.ndindex(*x.shape[:-2]):
        tables = map(_fractional_table, x.shape[-2:], k, o, samples[plane][::-1])
        values[plane], indices[plane] = extreme(x[plane], list(tables), np.greater)
    return values, indices


def _fractional_table(n, k, o, u):
    """List the cells of each window along one axis."""
    starts = np.full(o, n - k, dtype=np.int64)
    if o > 1:
        step = u.dtype.type(n - k) / u.dtype.type(o - 1)
        moved = (np.arange(o - 1, dtype=u.dtype) + u) * step
        starts[:-1] = moved.astype(np.int64) - int(u * step)
    return starts[:, None] + np.arange(k)
