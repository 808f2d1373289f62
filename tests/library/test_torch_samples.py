"""The functions against torch's own samples for its operators, which torch ships for its tests."""

import inspect
import subprocess
import sys
from collections import Counter

import pytest
import torch
from problems import assert_bits, assert_close, gradients
from torch.nn import functional as F

import pooling

FLOORS = {
    "max_pool1d": 860,
    "max_pool2d": 1400,
    "max_pool3d": 570,
    "avg_pool1d": 9,
    "avg_pool2d": 7,
    "avg_pool3d": 8,
    "adaptive_avg_pool2d": 10,
    "adaptive_max_pool2d": 34,
    "max_unpool2d": 280,
    "conv2d": 10,
    "unfold": 160,
    "fractional_max_pool2d": 20,
}
"""How many samples of each operator must run, whatever is left out."""

ROUNDED = {"avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool2d", "conv2d"}
"""Operators that add in another order than we; all others must agree to the bit."""

WRITE = """
import sys, types, unittest
try:
    import expecttest
except ImportError:  # the samples need no more of it than a parent for other tests
    sys.modules["expecttest"] = types.SimpleNamespace(TestCase=unittest.TestCase)
import torch
from torch.testing._internal.common_methods_invocations import op_db

samples = {}
for operator in op_db:
    package, _, name = operator.full_name.rpartition(".")
    if package == "nn.functional" and name in sys.argv[2:]:
        drawn = operator.sample_inputs("cpu", torch.float64)
        samples[name] = [(sample.input, sample.args, sample.kwargs) for sample in drawn]
torch.save(samples, sys.argv[1])
"""


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """Draw the samples in another process: the import changes settings of hypothesis and torch."""
    path = tmp_path_factory.mktemp("samples") / "samples.pt"
    command = [sys.executable, "-W", "ignore", "-c", WRITE, str(path), *pooling.__all__]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return torch.load(path)


def left_out(arguments):
    """Say which part of torch's contract, left out of ours, these arguments need."""
    if arguments.get("groups", 1) != 1:
        return "groups"
    if isinstance(arguments.get("padding"), str):
        return "padding in words"
    if "output_ratio" in arguments:
        return "output_ratio"
    return None


def arguments_of(name, x, args, kwargs, dtype):
    """Name every argument; spell out what only torch takes, such as one entry for all axes.

    Random samples are drawn anew: those of torch leave their range.
    """
    names = list(inspect.signature(getattr(pooling, name)).parameters)[1:]
    arguments = dict(zip(names, args, strict=False)) | kwargs
    for key, value in arguments.items():
        if isinstance(value, tuple) and len(value) < 2:
            arguments[key] = value[0] if value else None
        elif torch.is_tensor(value) and value.is_floating_point():
            arguments[key] = value.to(dtype)
    if name == "fractional_max_pool2d":
        generator = torch.Generator().manual_seed(0)
        drawn = torch.rand(*x.shape[:2], 2, dtype=dtype, generator=generator)
        arguments["_random_samples"] = drawn
    return arguments


def run_backward(name, grad, x, arguments, indices):
    """Run our backward; that of `unfold` is `fold`."""
    if name == "unfold":
        return pooling.fold(grad, x.shape[-2:], **arguments)
    function = getattr(pooling, f"{name}_backward")
    given = arguments | ({"indices": indices[0]} if indices else {})
    taken = inspect.signature(function).parameters
    return function(grad, x, **{key: given[key] for key in given if key in taken})


def assert_sample_agrees(name, x, arguments):
    leaves = [x, *(arguments[key] for key in ("weight", "bias") if arguments.get(key) is not None)]
    for leaf in leaves:
        leaf.requires_grad_()
    theirs = as_tuple(getattr(F, name)(x, **arguments))
    plain = {
        {"_random_samples": "samples"}.get(key, key): (
            value.detach().numpy() if torch.is_tensor(value) else value
        )
        for key, value in arguments.items()
        if key != "groups"
    }
    x = x.detach().numpy()
    ours = as_tuple(getattr(pooling, name)(x, **plain))
    same = assert_close if name in ROUNDED else assert_bits
    for mine, other in zip(ours, theirs, strict=True):
        same(mine, other.detach().numpy())
    grad = gradients(ours[0])
    expected = torch.autograd.grad(theirs[0], leaves, torch.from_numpy(grad))
    found = as_tuple(run_backward(name, grad, x, plain, ours[1:]))
    for mine, other in zip(found[: len(expected)], expected, strict=True):
        assert_close(mine, other.numpy())


def as_tuple(result):
    return result if isinstance(result, tuple) else (result,)


def test_every_shared_operator_has_samples(samples):
    assert set(samples) == set(FLOORS)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", FLOORS)
def test_values_and_gradients_equal_those_of_torch(name, dtype, samples):
    skipped, ran = Counter(), 0
    for x, args, kwargs in samples[name]:
        x = x.detach().to(dtype)
        arguments = arguments_of(name, x, args, kwargs, dtype)
        if reason := left_out(arguments):
            skipped[reason] += 1
            continue
        assert_sample_agrees(name, x, arguments)
        ran += 1
    assert ran >= FLOORS[name], skipped
