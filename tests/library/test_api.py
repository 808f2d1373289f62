"""What the library promises: its names, their signatures, and an import with NumPy alone."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from torch.nn import functional as F
from torchvision import ops

import pooling

MAX = "x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False"
AVG = "x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True"
AVG_ND = f"{AVG}, divisor_override=None"
CONV = "x, weight, bias=None, stride=1, padding=0, dilation=1"
FORWARD = {
    "max_pool1d": MAX,
    "max_pool2d": MAX,
    "max_pool3d": MAX,
    "min_pool2d": MAX,
    "avg_pool1d": AVG,
    "avg_pool2d": AVG_ND,
    "avg_pool3d": AVG_ND,
    "lp_pool2d": "x, norm_type, kernel_size, stride=None, ceil_mode=False",
    "adaptive_max_pool2d": "x, output_size, return_indices=False",
    "adaptive_avg_pool2d": "x, output_size",
    "max_unpool2d": "x, indices, kernel_size, stride=None, padding=0, output_size=None",
    "spatial_pyramid_pool2d": "x, levels, mode='max', rule='adaptive'",
    "conv2d": CONV,
    "roi_pool": "x, boxes, output_size, spatial_scale=1.0",
    "roi_align": "x, boxes, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False",
    "blur_pool2d": "x, kernel_size=3, stride=2, padding_mode='reflect'",
    "mixed_pool2d": "x, kernel_size, stride=None, padding=0, alpha=0.5",
    "soft_pool2d": "x, kernel_size, stride=None, beta=1.0",
    "stochastic_pool2d": "x, kernel_size, stride=None, rng=None, return_indices=False",
    "fractional_max_pool2d": "x, kernel_size, output_size, samples, return_indices=False",
}
BACKWARD = {
    f"{name}_backward": "grad_output, "
    + arguments.replace("return_indices=False", "indices=None").replace(", bias=None", "")
    for name, arguments in FORWARD.items()
}
BACKWARD["stochastic_pool2d_backward"] = "grad_output, x, kernel_size, stride=None, indices=None"
BACKWARD["fractional_max_pool2d_backward"] = "grad_output, x, kernel_size, output_size, samples"
OTHERS = {
    "binomial": "kernel_size",
    "unfold": "x, kernel_size, dilation=1, padding=0, stride=1",
    "fold": "x, output_size, kernel_size, dilation=1, padding=0, stride=1",
    "output_size": "n, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False",
    "window_positions": "n, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False",
    "coverage": "positions, n",
    "receptive_field": "layers",
}
CONTRACT = FORWARD | BACKWARD | OTHERS


def spelled(signature):
    """Write names, order and defaults; leave annotations out."""
    return ", ".join(
        p.name if p.default is p.empty else f"{p.name}={p.default!r}"
        for p in signature.parameters.values()
    )


def torch_arguments(name):
    """Read the arguments from torch's signature or, for its builtins, from its docstring."""
    twin = getattr(F, f"{name}_with_indices", getattr(F, name))
    try:
        return spelled(inspect.signature(twin))
    except ValueError:
        written = re.search(rf"{name}\((.*?)\) ->", twin.__doc__)[1]
        return ast.unparse(ast.parse(f"lambda {written}: 0", mode="eval").body.args)


@pytest.mark.parametrize("name", CONTRACT)
def test_name_and_signature_are_those_of_the_contract(name):
    assert spelled(inspect.signature(getattr(pooling, name))) == CONTRACT[name]


TWINS = [name for name in CONTRACT if hasattr(F, name) and name != "fractional_max_pool2d"]


@pytest.mark.parametrize("name", TWINS)
def test_names_order_and_defaults_are_those_of_torch(name):
    theirs = torch_arguments(name).replace("input", "x", 1).replace(", groups=1", "")
    assert CONTRACT[name].replace(" ", "") == theirs.replace(" ", "")


@pytest.mark.parametrize("name", ["roi_pool", "roi_align"])
def test_names_order_and_defaults_are_those_of_torchvision(name):
    theirs = spelled(inspect.signature(getattr(ops, name)))
    assert CONTRACT[name] == theirs.replace("input", "x", 1)


def test_contract_names_everything_public():
    assert sorted(CONTRACT) == sorted(pooling.__all__)
    assert all(
        re.search(r"^    Examples\n.*^    >>> ", getattr(pooling, name).__doc__, re.M | re.S)
        for name in CONTRACT
    )


NUMPY_ALONE = """
import sys
from importlib.abc import MetaPathFinder

class Alone(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {"numpy", "pooling", *sys.stdlib_module_names}:
            raise ImportError(f"pooling must not import {name}")

sys.meta_path.insert(0, Alone())
import pooling, pooling.bins, pooling.loops
assert pooling.max_pool2d([[[1, 2]]], (1, 2)).tolist() == [[[2]]]
assert "torch" not in sys.modules
try:
    import pooling.layers
except ImportError as error:
    print(error)
"""


def test_import_needs_numpy_alone():
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{NUMPY_ALONE}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout == "pooling must not import torch\n"


def test_only_layers_names_torch_in_an_import():
    folder = Path(pooling.__file__).parent
    importers = {
        path.name
        for path in folder.glob("*.py")
        if re.search(r"^\s*(import|from) torch", path.read_text(encoding="utf-8"), re.M)
    }
    assert importers == {"layers.py"}
