"""The shipped data is whole, and the loaders give what they promise or say what is wrong."""

import gzip
import hashlib
import os
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pooling_course import data

NPZ = "fashion_mnist/fashion-mnist-6k-10k.npz"
RAW_FILES = {
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def recorded() -> dict[str, str]:
    lines = (data.data_folder() / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def shipped() -> list[str]:
    folder = data.data_folder()
    files = [*folder.glob("photos/*"), *folder.glob("fashion_mnist/*.npz")]
    return sorted(path.relative_to(folder).as_posix() for path in files)


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A private copy of the data, which the loaders read instead."""
    folder = tmp_path / "data"
    ignore = shutil.ignore_patterns("results")
    shutil.copytree(data.data_folder(), folder, ignore=ignore)
    monkeypatch.setenv("POOLING_COURSE_DATA", str(folder))
    return folder


@pytest.fixture
def columns(tmp_path, monkeypatch):
    """Photos of 12 rows and 41 columns, in which every pixel's value is its column."""
    folder = tmp_path / "columns"
    (folder / "photos").mkdir(parents=True)
    pixels = np.tile(np.arange(41, dtype=np.uint8), (12, 1))
    lines = []
    for name in data.PHOTOS:
        path = folder / "photos" / f"{name}.png"
        Image.fromarray(pixels).save(path)
        lines.append(f"{sha256(path)}  photos/{name}.png\n")
    (folder / "SHA256SUMS").write_text("".join(lines))
    monkeypatch.setenv("POOLING_COURSE_DATA", str(folder))


# The files and their checksums


def test_every_shipped_file_has_its_recorded_checksum():
    assert {name: sha256(data.data_folder() / name) for name in shipped()} == recorded()


def test_readme_names_every_file_with_its_size():
    readme = (data.data_folder() / "README.md").read_text(encoding="utf-8")
    for name in shipped():
        size = (data.data_folder() / name).stat().st_size
        row = rf"^\| `{re.escape(name)}` \|.*\| {size:,} \|"
        assert re.search(row, readme, re.MULTILINE), f"{name} {size:,}"


@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("photos/camera.png", lambda: data.photo("camera")),
        ("photos/grass.png", lambda: data.photo_patches(8, 1)),
        (NPZ, data.fashion_mnist),
        (NPZ, data.fashion_mnist_root),
    ],
    ids=["photo", "photo_patches", "fashion_mnist", "fashion_mnist_root"],
)
class TestBrokenFolder:
    @pytest.fixture(autouse=True)
    def fresh(self, monkeypatch):
        monkeypatch.setattr(
            data, "_temporary_fashion_mnist_root", data._temporary_fashion_mnist_root.__wrapped__
        )

    def test_missing_file(self, copied, name, load):
        (copied / name).unlink()
        restore = rf"{name} is missing; `git checkout -- data/{name}` .*POOLING_COURSE_DATA"
        with pytest.raises(FileNotFoundError, match=restore):
            load()

    def test_missing_checksums(self, copied, name, load):
        (copied / "SHA256SUMS").unlink()
        with pytest.raises(FileNotFoundError, match="SHA256SUMS is missing"):
            load()

    def test_unlisted_file(self, copied, name, load):
        (copied / "SHA256SUMS").write_text("")
        with pytest.raises(ValueError, match=rf"SHA256SUMS must list .*{name}"):
            load() if name != "photos/grass.png" else data.photo_patches(8, 1, names=("grass",))

    def test_one_flipped_byte(self, copied, name, load):
        path = copied / name
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        found = hashlib.sha256(content).hexdigest()
        damaged = rf"{name} is damaged: .* {recorded()[name]}, got {found}; `git checkout"
        with pytest.raises(ValueError, match=damaged):
            load()


def test_a_file_mended_after_an_error_loads(copied):
    path = copied / "photos/camera.png"
    whole = path.read_bytes()
    path.unlink()
    with pytest.raises(FileNotFoundError):
        data.photo("camera")
    path.write_bytes(whole)
    assert data.photo("camera").shape == (1, 512, 512)


def test_checksum_is_computed_once_per_process(copied, monkeypatch):
    calls = []
    digest = hashlib.file_digest

    def counted(file, kind):
        calls.append(file.name)
        return digest(file, kind)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    for _ in range(3):
        data.photo("camera")
    assert calls == [str(copied / "photos/camera.png")]


def test_checksums_with_windows_line_ends(copied):
    path = copied / "SHA256SUMS"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert data.photo("camera").shape == (1, 512, 512)


def test_empty_variable_means_the_project_folder(monkeypatch):
    monkeypatch.setenv("POOLING_COURSE_DATA", "")
    assert data.data_folder() == Path(__file__).resolve().parents[2] / "data"


def test_import_needs_numpy_alone():
    program = (
        "import sys, pooling_course.data\n"
        "print([m for m in ('torch', 'torchvision', 'PIL', 'matplotlib') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("[]\n", "")


# Photos

SHAPES = {
    "camera": (1, 512, 512),
    "chelsea": (3, 300, 451),
    "coffee": (3, 400, 600),
    "brick": (1, 512, 512),
    "grass": (1, 512, 512),
    "gravel": (1, 512, 512),
}


@pytest.mark.parametrize("name", data.PHOTOS)
def test_photo_is_the_file_in_unit_range(name):
    pixels = np.asarray(Image.open(data.data_folder() / f"photos/{name}.png"))
    expected = np.atleast_3d(pixels).transpose(2, 0, 1)
    image = data.photo(name)
    assert image.shape == SHAPES[name]
    assert image.dtype == np.float32
    assert image.flags.c_contiguous and image.flags.writeable
    assert image.min() >= 0 and image.max() <= 1
    np.testing.assert_array_equal(image, (expected / 255).astype(np.float32))


@pytest.mark.parametrize("name", data.PHOTOS)
def test_gray_is_rec_601_luma(name):
    gray = data.photo(name, gray=True, dtype=np.float64)
    image = data.photo(name, dtype=np.float64)
    weights = [0.299, 0.587, 0.114] if len(image) == 3 else [1.0]
    assert gray.shape == (1, *SHAPES[name][1:])
    assert gray.max() <= 1
    np.testing.assert_allclose(gray[0], np.tensordot(weights, image, 1), rtol=0, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, "float32"])
def test_photo_dtype(dtype):
    assert data.photo("chelsea", dtype=dtype).dtype == np.dtype(dtype)


def test_photos_are_fresh():
    data.photo("brick")[:] = 0
    assert data.photo("brick").max() > 0.5


@pytest.mark.parametrize("name", ["moon", "camera.png", "../SHA256SUMS", ""])
def test_unknown_photo(name):
    with pytest.raises(
        ValueError, match=re.escape(f"name must be one of {data.PHOTOS}, got {name!r}")
    ):
        data.photo(name)


@pytest.mark.parametrize("dtype", [np.uint8, int, bool, np.complex64])
def test_photo_refuses_a_dtype_that_is_not_floating(dtype):
    with pytest.raises(TypeError, match="dtype must be floating"):
        data.photo("camera", dtype=dtype)


# Patches


def test_patch_shapes_and_labels():
    images, labels = data.photo_patches(24, 5, seed=3)
    assert images.shape == (30, 1, 24, 24)
    assert (images.dtype, labels.dtype) == (np.float32, np.int64)
    assert images.flags.c_contiguous and images.flags.writeable
    assert labels.tolist() == [label for label in range(6) for _ in range(5)]


@pytest.mark.parametrize("side", ["left", "right"])
def test_patches_come_from_the_named_half_of_the_photo_of_their_label(side):
    images, labels = data.photo_patches(48, 2, side=side, seed=1)
    for image, label in zip(images[:, 0], labels, strict=True):
        plane = data.photo(data.PHOTOS[label], gray=True)[0]
        middle = plane.shape[1] // 2
        half = plane[:, :middle] if side == "left" else plane[:, middle:]
        places = np.lib.stride_tricks.sliding_window_view(half, image.shape)
        rows, columns = np.nonzero(places[:, :, 0, 0] == image[0, 0])
        assert any(
            np.array_equal(places[row, column], image)
            for row, column in zip(rows, columns, strict=True)
        )


@pytest.mark.parametrize("size", [1, 5, 12])
def test_left_and_right_share_no_column_and_reach_every_one(size, columns):
    left, right = (
        np.rint(data.photo_patches(size, 400, side=side)[0] * 255) for side in ("left", "right")
    )
    assert set(np.unique(left)) == set(range(20))
    assert set(np.unique(right)) == set(range(20, 41))


def test_patches_are_deterministic_and_leave_the_global_generator_alone():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = data.photo_patches(16, 4, seed=7), data.photo_patches(16, 4, seed=7)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_patches_are_the_same_in_every_process_and_version():
    images, _ = data.photo_patches(16, 4, seed=7)
    pixels = np.rint(images * 255).astype(np.uint8)
    expected = "3c17de41e0fdf208f62da7ec537ecca7fc2131bc4abaabc50e21d6bff0c300ef"
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == expected


def test_seeds_differ():
    first, second = (data.photo_patches(16, 4, seed=seed)[0] for seed in (0, 1))
    assert not any(np.array_equal(a, b) for a in first for b in second)


def test_a_seed_pairs_counts_and_names():
    images, labels = data.photo_patches(16, 6, seed=2)
    fewer, _ = data.photo_patches(16, 2, seed=2)
    np.testing.assert_array_equal(fewer[labels[::3] == 4], images[labels == 4][:2])
    alone, its_labels = data.photo_patches(16, 6, seed=2, names=("grass", "camera"))
    np.testing.assert_array_equal(alone[its_labels == 0], images[labels == 4])
    np.testing.assert_array_equal(alone[its_labels == 1], images[labels == 0])


def test_a_seed_pairs_sizes(columns):
    """Where a small patch lies in its half, relatively, a large one lies too."""
    first = {size: data.photo_patches(size, 50, seed=5)[0][:, 0, 0, 0] * 255 for size in (4, 8)}
    relative = {size: np.rint(left) / (20 - size) for size, left in first.items()}
    assert np.abs(relative[4] - relative[8]).max() < 1 / 8
    assert relative[4].std() > 0.2


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"size": 0}, ValueError, "size must be at least 1, got 0"),
        ({"size": 2.0}, TypeError, "size must be an integer, got 2.0"),
        (
            {"size": 226},
            ValueError,
            "size must be at most 225 to fit into the left half of ch",
        ),
        ({"count_per_photo": 0}, ValueError, "count_per_photo must be at least 1, got 0"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"seed": None}, TypeError, "seed must be an integer, got None"),
        ({"side": "top"}, ValueError, "side must be one of .*, got 'top'"),
        ({"names": ()}, ValueError, "names must be different photos"),
        ({"names": ("brick", "brick")}, ValueError, "names must be different photos"),
        ({"names": ("brick", "moon")}, ValueError, "names must be different photos"),
        ({"names": "brick"}, ValueError, "names must be different photos"),
    ],
)
def test_patches_refuse(arguments, error, message):
    with pytest.raises(error, match=message):
        data.photo_patches(**{"size": 8, "count_per_photo": 1, **arguments})


# Fashion-MNIST


def test_fashion_mnist_shapes_and_dtypes():
    fashion = data.fashion_mnist()
    assert fashion.train_images.shape == (6_000, 28, 28)
    assert fashion.train_labels.shape == (6_000,)
    assert fashion.test_images.shape == (10_000, 28, 28)
    assert fashion.test_labels.shape == (10_000,)
    assert all(array.dtype == np.uint8 and array.flags.writeable for array in fashion[:4])
    assert (fashion.train_images.min(), fashion.train_images.max()) == (0, 255)


def test_fashion_mnist_label_counts():
    fashion = data.fashion_mnist()
    assert np.bincount(fashion.test_labels).tolist() == [1_000] * 10
    counts = [560, 643, 608, 612, 584, 594, 590, 617, 590, 602]
    assert np.bincount(fashion.train_labels).tolist() == counts
    assert fashion.train_labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]


def test_fashion_mnist_is_what_torchvision_reads():
    datasets = pytest.importorskip("torchvision.datasets")
    fashion, root = data.fashion_mnist(), data.fashion_mnist_root()
    for train, images, labels in [(True, *fashion[0:2]), (False, *fashion[2:4])]:
        dataset = datasets.FashionMNIST(root, train=train, download=False)
        np.testing.assert_array_equal(dataset.data.numpy(), images)
        np.testing.assert_array_equal(dataset.targets.numpy(), labels)
        assert tuple(dataset.classes) == fashion.classes
        image, label = dataset[17]
        np.testing.assert_array_equal(np.asarray(image), images[17])
        assert label == labels[17]


def test_fashion_mnist_root_writes_once(tmp_path):
    assert data.fashion_mnist_root(tmp_path) == tmp_path
    raw = tmp_path / "FashionMNIST" / "raw"
    assert {path.name for path in raw.iterdir()} == RAW_FILES
    for path in raw.iterdir():
        os.utime(path, (1, 1))
    data.fashion_mnist_root(tmp_path)
    assert {path.stat().st_mtime for path in raw.iterdir()} == {1}


def test_fashion_mnist_root_keeps_other_data(tmp_path):
    path = tmp_path / "FashionMNIST" / "raw" / "train-images-idx3-ubyte"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"all 60,000")
    with pytest.raises(ValueError, match="folder must not hold another train-images-idx3-ubyte"):
        data.fashion_mnist_root(tmp_path)
    assert path.read_bytes() == b"all 60,000"


def test_temporary_root_is_made_once_and_removed_at_the_end():
    program = (
        "from pooling_course.data import fashion_mnist_root as root\n"
        "assert root() == root() and root().is_dir()\n"
        "print(root())"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.stderr == ""
    assert not Path(result.stdout.strip()).exists()


@pytest.fixture
def published(tmp_path):
    """The four files as published, but with the first 6,000 training images and four more."""
    source = tmp_path / "published"
    source.mkdir()
    fashion = data.fashion_mnist()
    for field, name in data._IDX_NAMES.items():
        array = getattr(fashion, field)
        if field.startswith("train"):
            array = np.concatenate([array, array[:4]])
        (source / f"{name}.gz").write_bytes(gzip.compress(data._to_idx(array), 1))
    return source


def test_packing_gives_the_shipped_arrays_and_equal_bytes_each_time(published, tmp_path):
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    assert data.pack_fashion_mnist(published, first) == sha256(first)
    data.pack_fashion_mnist(published, second)
    assert first.read_bytes() == second.read_bytes()
    with np.load(first) as packed:
        for field, array in data.fashion_mnist()._asdict().items():
            if field != "classes":
                np.testing.assert_array_equal(packed[field], array)


def test_rebuild_leaves_the_file_alone_when_the_result_differs(published, copied, capsys):
    before = (copied / NPZ).read_bytes()
    name = "t10k-labels-idx1-ubyte"
    wrong = data._to_idx(np.zeros(10_000, np.uint8))
    (published / f"{name}.gz").write_bytes(gzip.compress(wrong))
    with pytest.raises(SystemExit, match="1"):
        data.main(["--rebuild-fashion-mnist", str(published)])
    assert f"sha256 must be {recorded()[NPZ]}" in capsys.readouterr().err
    assert (copied / NPZ).read_bytes() == before


def test_rebuild_restores_a_missing_file(published, copied, capsys):
    (copied / NPZ).unlink()
    digest = data.pack_fashion_mnist(published, published / "trial.npz")
    if digest != recorded()[NPZ]:
        pytest.skip("this zlib packs the same arrays into other bytes")
    data.main(["--rebuild-fashion-mnist", str(published)])
    assert capsys.readouterr().out == f"{digest}  {NPZ}\n"
    assert sha256(copied / NPZ) == digest


def test_packing_refuses_what_is_not_idx(published, tmp_path):
    (published / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"not an idx file"))
    with pytest.raises(ValueError, match="an idx file of bytes must begin with 00 00 08"):
        data.pack_fashion_mnist(published, tmp_path / "out.npz")


# CIFAR-10


def test_missing_cifar10_says_how_to_get_it(tmp_path):
    pytest.importorskip("torchvision")
    message = "no whole cifar-10-batches-py in root=.*download=True.*cifar-10-python.tar.gz"
    with pytest.raises(FileNotFoundError, match=message):
        data.cifar10(tmp_path)


@pytest.mark.parametrize(("train", "count"), [(True, 10), (False, 2)])
def test_cifar10_opens_what_is_there(tmp_path, monkeypatch, train, count):
    cifar = pytest.importorskip("torchvision.datasets.cifar")
    monkeypatch.setattr(cifar, "check_integrity", lambda path, md5: True)
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    batch = {"data": np.zeros((2, 3072), np.uint8), "labels": [3, 8]}
    for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
        (folder / name).write_bytes(pickle.dumps(batch))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))
    dataset = data.cifar10(tmp_path, train=train, transform=np.asarray)
    assert len(dataset) == count
    image, label = dataset[1]
    assert image.shape == (32, 32, 3)
    assert label == 8


def test_cifar10_downloads_only_when_asked(tmp_path, monkeypatch):
    datasets = pytest.importorskip("torchvision.datasets")
    asked = []

    def stand_in(root, **options):
        asked.append(options["download"])
        raise RuntimeError("no network")

    monkeypatch.setattr(datasets, "CIFAR10", stand_in)
    with pytest.raises(FileNotFoundError):
        data.cifar10(tmp_path)
    with pytest.raises(RuntimeError, match="no network"):
        data.cifar10(tmp_path, download=True)
    assert asked == [False, True]
