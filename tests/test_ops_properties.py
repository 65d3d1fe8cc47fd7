"""Random fields, sizes and ranks: where torch accepts, the shapes are torch's; where it refuses, we do too.

Torch runs on the meta device, whose kernels differ from those of the CPU only for `conv_transpose`: they do
not check the output padding, and refuse an output that is empty along all axes. We refuse it along any.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from archspec import ops
from archspec.diagnostics import Problem
from archspec.types import TensorType

Fields = dict[str, Any]
Shape = tuple[int, ...]

BATCH = 2
quick = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def ours(op: str, fields: Fields, *inputs: Shape) -> Shape | None:
    """Our output shape, or `None` for a `Problem`."""
    found = ops.lookup(op)
    assert found is not None
    types = tuple(TensorType(("N", *shape[1:])) for shape in inputs)
    node = found(**fields)
    try:
        node.fits(types)
        node.weights(types)
        (output,) = node.outputs(types)
    except Problem as problem:
        assert problem.at == () or problem.at[0] in fields
        return None
    assert output.shape[0] == "N"
    return (BATCH, *(dim for dim in output.shape[1:] if isinstance(dim, int)))


def theirs(make: Callable[[], Callable[..., Tensor]], *inputs: Shape) -> Shape | None:
    """Torch's output shape, or `None` where it refuses the arguments or the input, or the output is empty."""
    try:
        with torch.device("meta"):
            function = make()
            if isinstance(function, nn.Module):
                function.eval()
            shape = tuple(function(*map(torch.empty, inputs)).shape)
    except (RuntimeError, ValueError, AssertionError):
        return None
    return None if 0 in shape else shape


def module(name: str, axes: int) -> Any:
    return getattr(nn, f"{name}{axes}d")


@st.composite
def inputs(draw: st.DrawFn, largest: int = 12) -> Shape:
    axes = draw(st.integers(1, 3))
    channels = draw(st.integers(1, 6))
    return (BATCH, channels, *draw(st.lists(st.integers(1, largest), min_size=axes, max_size=axes)))


@st.composite
def per_axis(draw: st.DrawFn, axes: int, least: int, most: int) -> int | tuple[int, ...]:
    """One value, or one per axis."""
    value = st.integers(least, most)
    return draw(value | st.tuples(*[value] * axes))


@st.composite
def geometry(draw: st.DrawFn, axes: int, most: dict[str, int]) -> Fields:
    least = {"kernel": 1, "stride": 1, "dilation": 1}
    return {name: draw(per_axis(axes, least.get(name, 0), top)) for name, top in most.items()}


@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")
@quick
@given(st.data())
def test_conv(data: st.DataObject) -> None:
    x = data.draw(inputs())
    axes = len(x) - 2
    fields = data.draw(geometry(axes, {"kernel": 5, "stride": 3, "padding": 3, "dilation": 3}))
    fields |= {"out": data.draw(st.integers(1, 6)), "groups": data.draw(st.integers(1, 3))}
    if data.draw(st.booleans()):
        fields["padding"] = data.draw(st.sampled_from(["same", "valid"]))

    def make() -> Any:
        return module("Conv", axes)(
            x[1],
            fields["out"],
            fields["kernel"],
            fields["stride"],
            fields["padding"],
            fields["dilation"],
            fields["groups"],
        )

    assert ours("conv", fields, x) == theirs(make, x)


@quick
@given(st.data())
def test_conv_transpose(data: st.DataObject) -> None:
    x = data.draw(inputs(7))
    axes = len(x) - 2
    most = {"kernel": 5, "stride": 3, "padding": 3, "output_padding": 2, "dilation": 3}
    fields = data.draw(geometry(axes, most))
    fields |= {"out": data.draw(st.integers(1, 6)), "groups": data.draw(st.integers(1, 3))}

    def make() -> Any:
        transposed = module("ConvTranspose", axes)(
            x[1],
            fields["out"],
            fields["kernel"],
            fields["stride"],
            fields["padding"],
            fields["output_padding"],
            fields["groups"],
            True,
            fields["dilation"],
        )
        # The CPU kernels check this, the meta kernels do not.
        for extra, stride, dilation in zip(
            transposed.output_padding, transposed.stride, transposed.dilation, strict=True
        ):
            if extra >= max(stride, dilation):
                raise ValueError
        return transposed

    assert ours("conv_transpose", fields, x) == theirs(make, x)


@quick
@given(st.data())
def test_maxpool(data: st.DataObject) -> None:
    x = data.draw(inputs())
    axes = len(x) - 2
    fields = data.draw(geometry(axes, {"kernel": 5, "padding": 2, "dilation": 3}))
    fields |= {"stride": data.draw(st.none() | per_axis(axes, 1, 6)), "ceil": data.draw(st.booleans())}

    def make() -> Any:
        return module("MaxPool", axes)(
            fields["kernel"],
            fields["stride"],
            fields["padding"],
            fields["dilation"],
            ceil_mode=fields["ceil"],
        )

    assert ours("maxpool", fields, x) == theirs(make, x)


@quick
@given(st.data())
def test_avgpool(data: st.DataObject) -> None:
    x = data.draw(inputs())
    axes = len(x) - 2
    fields = data.draw(geometry(axes, {"kernel": 5, "padding": 2}))
    fields |= {"stride": data.draw(st.none() | per_axis(axes, 1, 6)), "ceil": data.draw(st.booleans())}
    fields["count_include_pad"] = data.draw(st.booleans())
    if axes > 1:
        fields["divisor_override"] = data.draw(st.none() | st.integers(1, 9))

    def make() -> Any:
        divisor = {"divisor_override": fields["divisor_override"]} if axes > 1 else {}
        return module("AvgPool", axes)(
            fields["kernel"],
            fields["stride"],
            fields["padding"],
            ceil_mode=fields["ceil"],
            count_include_pad=fields["count_include_pad"],
            **divisor,
        )

    assert ours("avgpool", fields, x) == theirs(make, x)


@quick
@given(st.data())
def test_lppool(data: st.DataObject) -> None:
    x = data.draw(inputs())
    axes = len(x) - 2
    stride = data.draw(st.none() | per_axis(axes, 1, 6))
    kernel, ceil = data.draw(per_axis(axes, 1, 5)), data.draw(st.booleans())
    power = data.draw(st.floats(0.5, 4))
    fields = {"norm_type": power, "kernel": kernel, "stride": stride, "ceil": ceil}
    # PyTorch's 1-D module takes a tuple of one, but multiplies by it: the shape does not depend on it.
    argument = kernel[0] if axes == 1 and isinstance(kernel, tuple) else kernel
    oracle = theirs(lambda: module("LPPool", axes)(power, argument, stride, ceil), x)
    assert ours("lppool", fields, x) == oracle


@quick
@given(st.data(), st.sampled_from(["Avg", "Max"]))
def test_adaptive_pools(data: st.DataObject, kind: str) -> None:
    x = data.draw(inputs())
    axes = len(x) - 2
    size = data.draw(per_axis(axes, 1, 14))
    oracle = theirs(lambda: module(f"Adaptive{kind}Pool", axes)(size), x)
    assert ours(f"adaptive_{kind.lower()}pool", {"size": size}, x) == oracle
    oracle = theirs(lambda: module(f"Adaptive{kind}Pool", axes)(1), x)
    assert ours(f"global_{kind.lower()}pool", {}, x) == oracle


@quick
@given(inputs(2), st.booleans(), st.booleans(), st.integers(1, 6))
def test_norms(x: Shape, affine: bool, track: bool, parts: int) -> None:
    axes = len(x) - 2
    running = {"affine": affine, "track_running_stats": track}
    oracle = theirs(lambda: module("BatchNorm", axes)(x[1], **running), x)
    assert ours("batchnorm", running, x) == oracle
    oracle = theirs(lambda: module("InstanceNorm", axes)(x[1], **running), x)
    assert ours("instancenorm", running, x) == oracle
    oracle = theirs(lambda: nn.LocalResponseNorm(parts), x)
    assert ours("lrn", {"size": parts}, x) == oracle
    # At batch 1, where torch refuses groups of a single value.
    oracle = theirs(lambda: nn.GroupNorm(parts, x[1], affine=affine), (1, *x[1:]))
    found = ours("groupnorm", {"groups": parts, "affine": affine}, x)
    assert (found and found[1:]) == (oracle and oracle[1:])


@quick
@given(inputs(5), st.integers(-6, 6), st.booleans())
def test_layernorm(x: Shape, axis: int, affine: bool) -> None:
    last = len(x) - 1
    found = ours("layernorm", {"axis": axis, "elementwise_affine": affine}, x)
    assert found == (x if axis in (1, last, -1, -last) else None)


@quick
@given(st.integers(1, 12), st.integers(1, 4), st.tuples(*[st.integers(1, 5)] * 3))
def test_attention(features: int, heads: int, lengths: tuple[int, int, int]) -> None:
    q, k, v = ((BATCH, length, features) for length in lengths)

    def make() -> Callable[..., Tensor]:
        attention = nn.MultiheadAttention(features, heads, batch_first=True)
        return lambda q, k, v: attention(q, k, v)[0]

    assert ours("attention", {"heads": heads}, q, k, v) == theirs(make, q, k, v)


@quick
@given(
    st.data(),
    st.sampled_from([("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("max", torch.maximum)]),
)
def test_joins(data: st.DataObject, join: tuple[str, Callable[..., Tensor]]) -> None:
    name, function = join
    shapes = st.lists(st.integers(1, 3), min_size=3, max_size=3).map(lambda sizes: (BATCH, *sizes))
    a, b = data.draw(shapes), data.draw(shapes)
    assert ours(name, {}, a, b) == theirs(lambda: function, a, b)
    axis = data.draw(st.integers(1, 3))
    assert ours("concat", {"axis": axis}, a, b) == theirs(lambda: lambda *x: torch.cat(x, axis), a, b)
