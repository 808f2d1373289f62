"""Photos and feature maps, side by side."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pooling_course.style import WIDTH


def draw_map(
    ax: Axes, image: np.ndarray, title: str = "", signed: bool = False, limit: float | None = None
) -> None:
    """Draw one photo or feature map.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    image : numpy.ndarray, shape (H, W), (1, H, W) or (3, H, W)
        Gray or color values, color in [0, 1].
    title : str
        Printed above.
    signed : bool
        Show negative values in one color and positive ones in another, 0 in white.
    limit : float, optional
        The value shown darkest; by default the largest magnitude. Without `signed`, gray
        values run from 0 to it, or from the smallest to the largest.
    """
    image = np.asarray(image)
    if image.ndim == 3:
        image = image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)
    if signed:
        limit = float(np.abs(image).max()) if limit is None else limit
        ax.imshow(image, cmap="PuOr_r", vmin=-limit, vmax=limit)
    elif limit is not None:
        ax.imshow(image, vmin=0, vmax=limit)
    else:
        ax.imshow(image)
    ax.set_title(title)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def maps(
    images: Sequence[np.ndarray],
    titles: Sequence[str],
    columns: int | None = None,
    signed: bool | Sequence[bool] = False,
    limit: float | None = None,
) -> tuple[Figure, np.ndarray]:
    """Draw photos or feature maps in rows, all at one size on the page.

    Parameters
    ----------
    images : sequence of numpy.ndarray
        As for `draw_map`.
    titles : sequence of str
        One per image.
    columns : int, optional
        Images in a row; by default all in one.
    signed : bool or sequence of bool
        As for `draw_map`, for all images or one by one.
    limit : float, optional
        As for `draw_map`.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : numpy.ndarray of Axes
        One per image.
    """
    columns = columns or len(images)
    rows = -(-len(images) // columns)
    signs = [signed] * len(images) if isinstance(signed, bool) else list(signed)
    height, width = np.asarray(images[0]).shape[-2:]
    side = WIDTH / columns
    fig, axes = plt.subplots(
        rows, columns, squeeze=False, figsize=(WIDTH, rows * (side * height / width + 0.3))
    )
    for ax in axes.flat[len(images) :]:
        ax.remove()
    for ax, image, title, sign in zip(axes.flat, images, titles, signs, strict=False):
        draw_map(ax, image, title, sign, limit)
    return fig, axes.flatten()[: len(images)]
