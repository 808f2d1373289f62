"""Real images for the book: six photos, a part of Fashion-MNIST, patches to classify.

Everything is read from the project's ``data`` folder, and no loader but ``cifar10`` with
``download=True`` needs the network. The environment variable ``POOLING_COURSE_DATA`` names
another folder. Each file is compared with ``SHA256SUMS`` the first time a process reads it.
"""

import argparse
import atexit
import functools
import gzip
import hashlib
import operator
import os
import shutil
import struct
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from pooling_course.files import write

if TYPE_CHECKING:
    from torchvision.datasets import CIFAR10

PHOTOS = ("camera", "chelsea", "coffee", "brick", "grass", "gravel")
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

_SIDES = ("left", "right")
_LUMA_PER_MILLE = np.array([299, 587, 114])
_FASHION_FILE = "fashion_mnist/fashion-mnist-6k-10k.npz"
_FASHION_TRAIN_COUNT = 6_000
_IDX_NAMES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


class FashionMNIST(NamedTuple):
    """Fashion-MNIST: uint8 images (N, 28, 28), uint8 labels (N,), the names of the ten classes."""

    train_images: npt.NDArray[np.uint8]
    train_labels: npt.NDArray[np.uint8]
    test_images: npt.NDArray[np.uint8]
    test_labels: npt.NDArray[np.uint8]
    classes: tuple[str, ...] = FASHION_CLASSES


def data_folder() -> Path:
    """Return the folder of the data files.

    Returns
    -------
    Path
        ``POOLING_COURSE_DATA`` where it is set, else ``data`` in the project's root.
    """
    override = os.environ.get("POOLING_COURSE_DATA")
    if override:
        return Path(override).expanduser().resolve()
    return Path(__file__).resolve().parents[2] / "data"


def photo(
    name: str, *, gray: bool = False, dtype: npt.DTypeLike = np.float32
) -> npt.NDArray[np.floating]:
    """Read one of the photos.

    Parameters
    ----------
    name : str
        One of ``PHOTOS``. ``chelsea`` and ``coffee`` are in color, the others are gray.
    gray : bool
        Turn color into its Rec. 601 luma, ``0.299 R + 0.587 G + 0.114 B``.
    dtype : dtype
        A floating dtype.

    Returns
    -------
    array of shape (C, H, W)
        Values in [0, 1]; C is 3 for a color photo, else 1.

    Raises
    ------
    ValueError
        If `name` is not a photo, or its file is damaged.
    TypeError
        If `dtype` is not floating.
    FileNotFoundError
        If the photo's file is missing.

    Examples
    --------
    >>> photo("coffee").shape
    (3, 400, 600)
    >>> photo("coffee", gray=True).shape
    (1, 400, 600)
    """
    from PIL import Image

    if name not in PHOTOS:
        raise ValueError(f"name must be one of {PHOTOS}, got {name!r}")
    if not np.issubdtype(dtype, np.floating):
        raise TypeError(f"dtype must be floating, since values are in [0, 1], got {dtype!r}")
    with Image.open(_verified(f"photos/{name}.png")) as image:
        pixels = np.asarray(image, dtype=np.int64)
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    elif gray:
        pixels = (pixels @ _LUMA_PER_MILLE)[:, :, np.newaxis] / 1000
    return np.ascontiguousarray(pixels.transpose(2, 0, 1) / 255, dtype=dtype)


def photo_patches(
    size: int,
    count_per_photo: int,
    side: str = "left",
    seed: int = 0,
    names: Sequence[str] = PHOTOS,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Cut square gray patches at random from one half of each photo.

    Patches of the two sides share no pixel, so that one side trains and the other tests.
    The places depend on `seed`, `side` and the photo alone: more patches begin with the same
    ones, and another `size` cuts around the same relative places.

    Parameters
    ----------
    size : int
        Height and width of a patch, in pixels; it must fit into half of each photo.
    count_per_photo : int
        How many patches to cut from each photo.
    side : {"left", "right"}
        Which half to cut from.
    seed : int
        Zero or more. Equal seeds give equal patches.
    names : sequence of str
        The photos. The label of a patch is the place of its photo in `names`.

    Returns
    -------
    images : array of shape (len(names) * count_per_photo, 1, size, size)
        Rec. 601 luma in [0, 1], photo after photo.
    labels : array of shape (len(names) * count_per_photo,)
        From 0 to ``len(names) - 1``.

    Raises
    ------
    ValueError
        If a number is too small, `size` too large, or `side` or a name unknown.
    TypeError
        If a number is not an integer.

    Examples
    --------
    >>> images, labels = photo_patches(32, 2, names=("brick", "grass"))
    >>> images.shape, labels.tolist()
    ((4, 1, 32, 32), [0, 0, 1, 1])
    """
    size = _integer("size", size, least=1)
    count = _integer("count_per_photo", count_per_photo, least=1)
    seed = _integer("seed", seed, least=0)
    if side not in _SIDES:
        raise ValueError(f"side must be one of {_SIDES}, got {side!r}")
    if not names or len(set(names)) < len(names) or not set(names) <= set(PHOTOS):
        raise ValueError(f"names must be different photos out of {PHOTOS}, got {names!r}")
    cuts = [_cut(name, size, count, side, seed) for name in names]
    labels = np.repeat(np.arange(len(names), dtype=np.int64), count)
    return np.concatenate(cuts)[:, np.newaxis], labels


def _cut(name: str, size: int, count: int, side: str, seed: int) -> npt.NDArray[np.float32]:
    plane = photo(name, gray=True)[0]
    middle = plane.shape[1] // 2
    half = plane[:, :middle] if side == "left" else plane[:, middle:]
    if size > min(half.shape):
        raise ValueError(
            f"size must be at most {min(half.shape)} to fit into the {side} half of {name}, "
            f"got {size}"
        )
    places = np.lib.stride_tricks.sliding_window_view(half, (size, size))
    rng = np.random.default_rng([seed, _SIDES.index(side), PHOTOS.index(name)])
    rows, columns = (rng.random((count, 2)) * places.shape[:2]).astype(np.int64).T
    return places[rows, columns]


def fashion_mnist() -> FashionMNIST:
    """Read the first 6,000 training images and all 10,000 test images of Fashion-MNIST.

    Returns
    -------
    FashionMNIST
        Fresh arrays on each call, which the caller may change.

    Raises
    ------
    FileNotFoundError
        If the file is missing.
    ValueError
        If the file is damaged.

    Examples
    --------
    >>> fashion = fashion_mnist()
    >>> fashion.train_images.shape, fashion.test_images.shape
    ((6000, 28, 28), (10000, 28, 28))
    >>> fashion.classes[fashion.train_labels[0]]
    'Ankle boot'
    """
    with np.load(_verified(_FASHION_FILE)) as arrays:
        return FashionMNIST(**arrays)


def fashion_mnist_root(folder: str | os.PathLike[str] | None = None) -> Path:
    """Unpack Fashion-MNIST as the files that torchvision reads.

    Parameters
    ----------
    folder : path, optional
        Where to put ``FashionMNIST/raw``. Files already there are kept. By default a temporary
        folder, made once in a process and removed at its end.

    Returns
    -------
    Path
        The `root` of ``torchvision.datasets.FashionMNIST(root, download=False)``.

    Raises
    ------
    ValueError
        If `folder` already holds other data under these names.
    """
    if folder is None:
        return _temporary_fashion_mnist_root()
    raw = Path(folder) / "FashionMNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    fashion = fashion_mnist()
    for field, name in _IDX_NAMES.items():
        content, path = _to_idx(getattr(fashion, field)), raw / name
        if not path.exists():
            write(path, content)
        elif path.read_bytes() != content:
            raise ValueError(f"folder must not hold another {name}, got {os.fspath(folder)!r}")
    return Path(folder)


@functools.cache
def _temporary_fashion_mnist_root() -> Path:
    folder = tempfile.mkdtemp(prefix="pooling-course-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return fashion_mnist_root(folder)


def cifar10(
    root: str | os.PathLike[str],
    *,
    train: bool = True,
    transform: Callable | None = None,
    download: bool = False,
) -> "CIFAR10":
    """Open CIFAR-10, which the project does not ship, with torchvision.

    Parameters
    ----------
    root : path
        The folder that holds, or is to hold, ``cifar-10-batches-py``.
    train : bool
        The 50,000 training images, else the 10,000 test images.
    transform : callable, optional
        Applied to each image.
    download : bool
        Fetch the files (170 MB) when they are missing.

    Returns
    -------
    torchvision.datasets.CIFAR10

    Raises
    ------
    FileNotFoundError
        If the files are missing or damaged and `download` is false.
    """
    from torchvision.datasets import CIFAR10

    try:
        return CIFAR10(os.fspath(root), train=train, transform=transform, download=download)
    except RuntimeError as error:
        if download:
            raise
        raise FileNotFoundError(
            f"no whole cifar-10-batches-py in root={os.fspath(root)!r}: call cifar10 once with "
            "download=True (170 MB from the network), or unpack cifar-10-python.tar.gz there"
        ) from error


def _verified(name: str) -> Path:
    return _verified_once(data_folder(), name)


@functools.cache
def _verified_once(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise _missing(path, name)
    expected = _checksums(folder).get(name)
    if expected is None:
        raise ValueError(f"{folder / 'SHA256SUMS'} must list {name}, and does not")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise ValueError(
            f"{path} is damaged: its sha256 must be {expected}, got {found}; {_restore(name)}"
        )
    return path


def _checksums(folder: Path) -> dict[str, str]:
    path = folder / "SHA256SUMS"
    if not path.is_file():
        raise _missing(path, "SHA256SUMS")
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {name.removeprefix("*"): digest for digest, name in lines}


def _missing(path: Path, name: str) -> FileNotFoundError:
    return FileNotFoundError(
        f"{path} is missing; {_restore(name)}, or set POOLING_COURSE_DATA to the folder that "
        "holds the data"
    )


def _restore(name: str) -> str:
    return f"`git checkout -- data/{name}` in the project's root restores it"


def _integer(name: str, value: int, least: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")
    return number


def _to_idx(array: npt.NDArray[np.uint8]) -> bytes:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


def _from_idx(content: bytes) -> npt.NDArray[np.uint8]:
    zero, kind, ndim = struct.unpack_from(">HBB", content)
    if (zero, kind) != (0, 8):
        raise ValueError(f"an idx file of bytes must begin with 00 00 08, got {content[:3].hex()}")
    shape = struct.unpack_from(f">{ndim}I", content, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * ndim).reshape(shape)


def pack_fashion_mnist(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> str:
    """Write the book's part of Fashion-MNIST from the four published files.

    Equal input gives equal bytes: the archive holds no time stamp.

    Parameters
    ----------
    source : path
        A folder with the four ``*-ubyte.gz`` files of Fashion-MNIST.
    target : path
        The ``.npz`` file to write.

    Returns
    -------
    str
        The sha256 of `target`.
    """
    arrays = {
        field: _from_idx(gzip.decompress((Path(source) / f"{name}.gz").read_bytes()))
        for field, name in _IDX_NAMES.items()
    }
    for field in ("train_images", "train_labels"):
        arrays[field] = arrays[field][:_FASHION_TRAIN_COUNT]
    with Path(target).open("wb") as file:
        np.savez_compressed(file, **arrays)
    return hashlib.sha256(Path(target).read_bytes()).hexdigest()


def main(arguments: Sequence[str] | None = None) -> None:
    """Rebuild the shipped part of Fashion-MNIST and replace it if the checksum is as recorded."""
    parser = argparse.ArgumentParser(prog="python -m pooling_course.data")
    parser.add_argument(
        "--rebuild-fashion-mnist",
        metavar="FOLDER",
        required=True,
        help="folder with the four *-ubyte.gz files of Fashion-MNIST",
    )
    source = parser.parse_args(arguments).rebuild_fashion_mnist
    target = data_folder() / _FASHION_FILE
    rebuilt = target.with_suffix(".rebuilt.npz")
    found = pack_fashion_mnist(source, rebuilt)
    expected = _checksums(data_folder())[_FASHION_FILE]
    if found != expected:
        parser.exit(1, f"{rebuilt}: sha256 must be {expected}, got {found}; kept {target}\n")
    rebuilt.replace(target)
    print(f"{found}  {_FASHION_FILE}")


if __name__ == "__main__":
    main()
