"""The torch modules of pooling.layers against those of torch.nn, forward and backward."""

import inspect
from functools import partial

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
PLACES = [
    ("MaxPool2d", {"kernel_size": 3, "stride": 2, "return_indices": True}),
    ("AdaptiveMaxPool2d", {"output_size": 3, "return_indices": True}),
    ("MaxUnpool2d", {"kernel_size": 2, "stride": (3, 2)}),
]
CONV = {"in_channels": 2, "out_channels": 3, "kernel_size": 2}
CONVS = [
    ("Conv2d", CONV | {"stride": (2, 1), "padding": 1}),
    ("Conv2d", CONV | {"dilation": 2, "bias": False}),
]
SHARED = POOLS + PLACES + CONVS
EVERY = SHARED + OURS_ALONE
WITH_PLACES = layers.AdaptiveMaxPool2d(2, return_indices=True)
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


def apply(module, x, *others):
    """Call a module on all that its output depends on, kernels included."""
    if isinstance(module, nn.Conv2d):
        state = dict(zip(("weight", "bias"), others, strict=False))
        return torch.func.functional_call(module, state, (x,))
    if isinstance(module, nn.MaxUnpool2d):
        places = torch.tensor([[0, 3, 17], [9, 14, 11]]).expand(x.shape)
        return module(x, places)
    out = module(x, *others)
    return out[0] if isinstance(out, tuple) else out


def problem(name, arguments, kit=layers):
    """Make a module in float64 and all that its output depends on."""
    module = getattr(kit, name)(**arguments).double()
    if name == "MaxUnpool2d":
        return module, (image(shape=(2, 2, 2, 3)),)
    x = image(shape=(1, 2, 5, 4))
    shapes = [parameter.shape for parameter in module.parameters()]
    return module, (x, *(image(seed=i, shape=tuple(s)) for i, s in enumerate(shapes, 1)))


def test_no_module_is_left_out():
    found = inspect.getmembers(
        layers, lambda c: inspect.isclass(c) and issubclass(c, nn.Module) and "torch" not in str(c)
    )
    assert len(found) == 9 and {name for name, _ in found} == {name for name, _ in EVERY}


@pytest.mark.parametrize(("name", "arguments"), EVERY)
def test_first_second_and_third_derivatives_equal_differences(name, arguments):
    module, inputs = problem(name, arguments)

    def slope(*inputs):
        loss = apply(module, *inputs).pow(3).sum()
        return torch.autograd.grad(loss, inputs, create_graph=True)

    assert torch.autograd.gradcheck(lambda *inputs: apply(module, *inputs), inputs)
    assert torch.autograd.gradgradcheck(lambda *inputs: apply(module, *inputs), inputs)
    assert torch.autograd.gradgradcheck(slope, inputs, fast_mode=True)


@pytest.mark.parametrize(("name", "arguments"), SHARED)
def test_hessian_equals_that_of_torch(name, arguments):
    found = []
    for kit in (layers, nn):
        module, inputs = problem(name, arguments, kit)
        run = partial(apply, module)
        found.append(
            torch.autograd.functional.hessian(lambda *i, run=run: run(*i).pow(3).sum(), inputs)
        )
    torch.testing.assert_close(*found)
    assert all(block.abs().max() > 0 for row in found[0] for block in row)


def test_gradients_add_up_where_indices_meet():
    places, found = torch.tensor([[[0, 3, 3], [3, 7, 7]]]), []
    for kit in (layers, nn):
        unpool = kit.MaxUnpool2d(2)
        found.append(
            torch.autograd.functional.hessian(
                lambda x, unpool=unpool: unpool(x, places).pow(3).sum(), image(shape=(1, 2, 3))
            )
        )
    torch.testing.assert_close(*found)


@pytest.mark.parametrize(("p", "zeros"), [(1, 0), (1, 20), (1.5, 0), (3, 7), (2, 20)])
@DTYPES
def test_second_derivatives_of_lp_pool_are_finite(p, zeros, dtype):
    x = image(dtype, shape=(1, 5, 4)).detach()
    x.reshape(-1)[:zeros] = 0
    hessian = torch.autograd.functional.hessian(
        lambda x: layers.LPPool2d(p, 2)(x).sum(), x.requires_grad_()
    )
    assert hessian.dtype == dtype and hessian.isfinite().all()
    assert hessian.any() == (p != 1 and zeros < 20)


def test_second_derivative_of_a_large_power_does_not_overflow():
    x = torch.full((1, 2, 2), 1e3, requires_grad=True)
    found = [
        torch.autograd.functional.hessian(lambda x: layers.LPPool2d(20, 2)(x).sum(), x.to(dtype))
        for dtype in (torch.float32, torch.float64)
    ]
    torch.testing.assert_close(found[0].double(), found[1])
    assert found[1].any()


@pytest.mark.parametrize(("name", "arguments"), EVERY)
def test_what_a_gradient_needs_must_not_change_before_it(name, arguments):
    module, inputs = problem(name, arguments)
    for changed in inputs:
        copies = [tensor.clone() for tensor in inputs]
        out = apply(module, *copies)
        before = out.detach().clone()
        copies[[t is changed for t in inputs].index(True)].add_(1)
        assert torch.equal(out, before)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            out.sum().backward()


def test_indices_must_not_change_before_the_gradient():
    places = torch.tensor([[[0, 3], [5, 7]]])
    out = layers.MaxUnpool2d(2)(image(shape=(1, 2, 2)), places)
    places.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()
    for module in (layers.MaxPool2d(2, return_indices=True), WITH_PLACES):
        values, places = module(image())
        places.zero_()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            values.sum().backward()


@pytest.mark.parametrize(("name", "arguments"), SHARED)
def test_bfloat16_equals_torch_within_its_rounding(name, arguments):
    found = []
    for kit in (layers, nn):
        module, inputs = problem(name, arguments, kit)
        inputs = [tensor.detach().bfloat16().requires_grad_() for tensor in inputs]
        out = apply(module.bfloat16(), *inputs)
        weights = 1 + image(out.dtype, 1, tuple(out.shape)).detach()
        found.append((out, *torch.autograd.grad((out * weights).sum(), inputs)))
    assert found[0][0].dtype == torch.bfloat16
    for mine, other in zip(*found, strict=True):
        torch.testing.assert_close(mine, other, rtol=2**-6, atol=2**-6)


@pytest.mark.parametrize(("name", "arguments"), EVERY)
def test_bfloat16_is_computed_in_float32_and_rounded_once(name, arguments):
    module, inputs = problem(name, arguments)
    rounded = [tensor.detach().bfloat16() for tensor in inputs]
    out = apply(module.bfloat16(), *rounded)
    exact = apply(module.float(), *(tensor.float() for tensor in rounded))
    assert torch.equal(out, exact.bfloat16())
    assert gradient_dtypes(module.bfloat16(), rounded) == {torch.bfloat16}


def gradient_dtypes(module, inputs):
    """Differentiate twice and say in which dtypes."""
    leaves = [tensor.clone().requires_grad_() for tensor in inputs]
    first = torch.autograd.grad(apply(module, *leaves).square().sum(), leaves, create_graph=True)
    second = torch.autograd.grad(sum(grad.square().sum() for grad in first), leaves)
    return {grad.dtype for grad in (*first, *second)}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize(("name", "arguments"), SHARED)
def test_autocast_gives_the_dtype_that_torch_gives(name, arguments, dtype):
    found = []
    for kit in (layers, nn):
        module, inputs = problem(name, arguments, kit)
        inputs = [tensor.detach().to(dtype).requires_grad_() for tensor in inputs]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = apply(module.to(dtype), *inputs)
        out.float().sum().backward()
        found.append((out, *(tensor.grad for tensor in inputs)))
    for mine, other in zip(*found, strict=True):
        torch.testing.assert_close(mine, other, rtol=2**-6, atol=2**-6)


def test_a_network_trains_under_autocast():
    net = nn.Sequential(layers.Conv2d(3, 4, 3), layers.MaxPool2d(2), layers.AvgPool2d(2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = net(image(torch.float32))
    out.sum().backward()
    assert out.dtype == torch.bfloat16
    assert all(parameter.grad.dtype == torch.float32 for parameter in net.parameters())


def test_conv2d_refuses_mixed_dtypes():
    with pytest.raises(TypeError, match=r"weight must have x's dtype torch.bfloat16, got torch.f"):
        layers.Conv2d(3, 4, 3)(image(torch.bfloat16))


@pytest.mark.parametrize(("name", "arguments"), EVERY)
def test_another_device_is_refused_by_name(name, arguments):
    module, inputs = problem(name, arguments)
    with pytest.raises(ValueError, match=r"^x must be on the CPU, got device meta$"):
        apply(module, inputs[0].to("meta"), *inputs[1:])
    if name == "MaxUnpool2d":
        with pytest.raises(ValueError, match=r"^indices must be on the CPU, got device meta$"):
            module(inputs[0], torch.zeros(inputs[0].shape, dtype=torch.int64, device="meta"))
    if name == "Conv2d":
        with pytest.raises(ValueError, match=r"^weight must be on the CPU, got device meta$"):
            module.to("meta")(inputs[0])


@pytest.mark.parametrize(("name", "arguments"), SHARED)
def test_attributes_and_text_are_those_of_torch(name, arguments):
    ours, theirs = (getattr(kit, name)(**arguments) for kit in (layers, nn))
    constants = {"kernel_size", "stride", "padding"} if name == "MaxUnpool2d" else set()
    constants.update(getattr(theirs, "__constants__", ()))
    assert constants
    assert {name: getattr(ours, name) for name in constants} == {
        name: getattr(theirs, name) for name in constants
    }
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("name", ["MaxPool2d", "AdaptiveMaxPool2d"])
def test_indices_cost_no_second_pooling(name, monkeypatch):
    calls = []
    for function in ("max_pool2d", "adaptive_max_pool2d"):
        original = getattr(pooling, function)
        monkeypatch.setattr(
            pooling,
            function,
            lambda *a, original=original, **k: calls.append(1) or original(*a, **k),
        )
    values, _ = getattr(layers, name)(2, return_indices=True)(image())
    values.sum().backward()
    assert len(calls) == 1


@pytest.mark.parametrize(("name", "arguments"), OURS_ALONE)
def test_modules_torch_lacks_equal_the_functions(name, arguments):
    x, module = image(), getattr(layers, name)(**arguments)
    function = "min_pool2d" if name == "MinPool2d" else "spatial_pyramid_pool2d"
    expected = getattr(pooling, function)(x.detach().numpy(), **arguments)
    np.testing.assert_array_equal(module(x).detach(), expected)


@pytest.mark.parametrize(("name", "arguments"), OURS_ALONE)
def test_modules_torch_lacks_show_their_arguments(name, arguments):
    module = getattr(layers, name)(**arguments)
    for key, value in arguments.items():
        shown = tuple(value) if isinstance(value, list) else value
        assert f"{key}={shown!r}" in repr(module) and getattr(module, key) == shown


@pytest.mark.parametrize(("name", "arguments"), POOLS + OURS_ALONE)
def test_pools_hold_no_state(name, arguments):
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


@pytest.mark.parametrize("p", [0.5, 1, 2, 3])
def test_a_window_of_zeros_is_sent_nothing_twice(p):
    x = torch.tensor([[[0.0, 0.0, 3.0, 4.0]]], dtype=torch.float64, requires_grad=True)
    out = layers.LPPool2d(p, (1, 2))(x)
    (first,) = torch.autograd.grad(out.sum(), x, create_graph=True)
    assert not first[0, 0, :2].any() and first[0, 0, 2:].all()
    (second,) = torch.autograd.grad(first.square().sum(), x)
    assert second.isfinite().all() and not second[0, 0, :2].any()
