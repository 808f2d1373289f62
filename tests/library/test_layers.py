"""The torch modules of pooling.layers against those of torch.nn, forward and backward."""

import numpy as np
import pytest
import torch
from torch import nn

import pooling
from pooling import layers

POOLS = [
    ("MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2, "ceil_mode": True}),
    ("MaxPool2d", {"kernel_size": (2, 3)}),
    ("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    ("AvgPool2d", {"kernel_size": 3, "padding": (1, 0), "count_include_pad": False}),
    ("AvgPool2d", {"kernel_size": 2, "divisor_override": 3}),
    ("LPPool2d", {"norm_type": 2, "kernel_size": 3, "stride": 2, "ceil_mode": True}),
    ("AdaptiveMaxPool2d", {"output_size": (3, None)}),
    ("AdaptiveAvgPool2d", {"output_size": 4}),
]
OURS_ALONE = [
    ("MinPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("SpatialPyramidPool2d", {"levels": (3, 2, 1)}),
    ("SpatialPyramidPool2d", {"levels": [3, 1], "mode": "avg", "rule": "stretched"}),
]
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def image(dtype=torch.float64, seed=0, shape=(2, 3, 7, 8)):
    """Distinct positive numbers, so that no winner hangs on a small step."""
    order = torch.randperm(int(np.prod(shape)), generator=torch.Generator().manual_seed(seed))
    return (0.1 + order.reshape(shape).to(dtype) / len(order)).requires_grad_()


def assert_same(ours, theirs, *leaves):
    """Compare outputs, then the gradients of the same loss."""
    torch.testing.assert_close(ours, theirs)
    weights = image(ours.dtype, 1, tuple(ours.shape)).detach()
    got = torch.autograd.grad((ours * weights).sum(), leaves)
    expected = torch.autograd.grad((theirs * weights).sum(), leaves)
    for mine, other in zip(got, expected, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-5)


@DTYPES
@pytest.mark.parametrize(("name", "arguments"), POOLS)
def test_pool_equals_torch(name, arguments, dtype):
    x = image(dtype)
    ours, theirs = getattr(layers, name)(**arguments), getattr(nn, name)(**arguments)
    assert_same(ours(x), theirs(x), x)
    assert_same(ours(x[0]), theirs(x[0]), x)
    assert_same(ours(x.mT), theirs(x.mT), x)


@DTYPES
@pytest.mark.parametrize(
    "arguments", [(4, 3), (4, (2, 3), 2, (1, 2), (2, 1)), (4, 3, 1, 0, 1, False)]
)
def test_conv2d_equals_torch_and_shares_its_state(arguments, dtype):
    x = image(dtype)
    torch.manual_seed(0)
    ours = layers.Conv2d(3, *arguments).to(dtype)
    torch.manual_seed(0)
    bias = arguments[5] if len(arguments) > 5 else True
    theirs = nn.Conv2d(3, *arguments[:5], bias=bias).to(dtype)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value, rtol=0, atol=0)
    theirs.load_state_dict(ours.state_dict())
    assert repr(ours) == repr(theirs)
    assert_same(ours(x), theirs(x), x)
    for module in (ours, theirs):
        module(x).square().sum().backward()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-5, atol=1e-5)


@DTYPES
def test_unpool_and_indices_equal_torch(dtype):
    x = image(dtype)
    for size in (None, (7, 8), x.shape):
        shape = {"kernel_size": (1, 2)} if size is None else {"kernel_size": 2}
        ours = layers.MaxPool2d(**shape, return_indices=True)(x)
        theirs = nn.MaxPool2d(**shape, return_indices=True)(x)
        assert torch.equal(ours[1], theirs[1]) and not ours[1].requires_grad
        unpooled = layers.MaxUnpool2d(**shape)(*ours, output_size=size)
        assert_same(unpooled, nn.MaxUnpool2d(**shape)(*theirs, output_size=size), x)


@pytest.mark.parametrize(("name", "arguments"), POOLS + OURS_ALONE)
def test_pool_passes_gradcheck(name, arguments):
    module = getattr(layers, name)(**arguments)
    assert torch.autograd.gradcheck(module, image(shape=(1, 2, 5, 4)))


def test_conv2d_and_unpool_pass_gradcheck():
    module = layers.Conv2d(2, 3, 2, padding=1).double()
    assert torch.autograd.gradcheck(module, image(shape=(1, 2, 3, 4)))
    x = image(shape=(1, 2, 2, 2))
    weight, bias = image(seed=1, shape=(3, 2, 2, 2)), image(seed=2, shape=(3,))

    def convolve(*tensors):
        return torch.func.functional_call(
            module, dict(zip(("weight", "bias"), tensors[1:], strict=True)), tensors[:1]
        )

    assert torch.autograd.gradcheck(convolve, (x, weight, bias))
    indices = torch.tensor([[0, 3], [9, 14]]).expand(x.shape)
    unpool = layers.MaxUnpool2d(2)
    assert torch.autograd.gradcheck(lambda values: unpool(values, indices), x)


@pytest.mark.parametrize(("name", "arguments"), OURS_ALONE)
def test_modules_torch_lacks_equal_the_functions(name, arguments):
    x, module = image(), getattr(layers, name)(**arguments)
    function = "min_pool2d" if name == "MinPool2d" else "spatial_pyramid_pool2d"
    expected = getattr(pooling, function)(x.detach().numpy(), **arguments)
    np.testing.assert_array_equal(module(x).detach(), expected)


@pytest.mark.parametrize(("name", "arguments"), POOLS + OURS_ALONE)
def test_repr_shows_every_argument(name, arguments):
    text = repr(getattr(layers, name)(**arguments))
    assert text.startswith(f"{name}(")
    for key, value in arguments.items():
        shown = tuple(value) if isinstance(value, list) else value
        assert f"{key}={shown!r}" in text
    assert not getattr(layers, name)(**arguments).state_dict()


def test_arguments_by_position_are_in_the_order_of_torch():
    x = image()
    for name, arguments in [
        ("MaxPool2d", (3, 2, 1, 2, False, True)),
        ("AvgPool2d", (3, 2, 1, True, False, None)),
        ("LPPool2d", (3, 2, 1, True)),
    ]:
        ours, theirs = getattr(layers, name)(*arguments), getattr(nn, name)(*arguments)
        torch.testing.assert_close(ours(x), theirs(x))


def test_training_step_equals_torch():
    def losses(kit, pyramid):
        torch.manual_seed(0)
        net = nn.Sequential(
            kit.Conv2d(3, 4, 3, padding=1), nn.ReLU(), kit.MaxPool2d(3, 2), pyramid,
            nn.Linear(4 * 5, 2),
        )  # fmt: skip
        step, x, target = torch.optim.SGD(net.parameters(), 0.1), image(torch.float32), [0, 1]
        out = []
        for _ in range(3):
            loss = nn.functional.cross_entropy(net(x.detach()), torch.tensor(target))
            step.zero_grad()
            loss.backward()
            step.step()
            out.append(loss.item())
        return out

    class Levels(nn.Module):
        def forward(self, x):
            pooled = [nn.functional.adaptive_max_pool2d(x, n) for n in (2, 1)]
            return torch.cat([level.flatten(1) for level in pooled], 1)

    ours = losses(layers, layers.SpatialPyramidPool2d((2, 1)))
    assert ours[-1] < ours[0]
    np.testing.assert_allclose(ours, losses(nn, Levels()), rtol=1e-5)
