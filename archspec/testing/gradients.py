"""An op against PyTorch's autograd: what it keeps for the backward pass, what it shares, and what gradients reach."""

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

from archspec.backends.torch.importing import import_torch
from archspec.ops import Example, Op
from archspec.ops.core.checks import sizes
from archspec.ops.core.held import lying, strides
from archspec.ops.core.reach import Link
from archspec.testing.cases import check, fill, make, same, types
from archspec.testing.torch_forms import listed, modules_of, oracle_of
from archspec.types import TensorType

if TYPE_CHECKING:
    from torch import Tensor, nn

LARGE = 10_000
"""The elements of an input up to which gradients are followed from position to position."""


def storage(tensor: "Tensor") -> int:
    """Which storage a tensor has: on the meta device too, where no storage has an address."""
    return int(tensor.untyped_storage()._cdata)  # noqa: SLF001 — the only name that it has


def kept_by(call: Callable[[], Any]) -> "tuple[Any, dict[int, Tensor]]":
    """The result of a call, and what autograd saves of it: a tensor for each storage."""
    from torch.autograd.graph import saved_tensors_hooks

    saved: dict[int, Tensor] = {}

    def pack(tensor: "Tensor") -> "Tensor":
        return saved.setdefault(storage(tensor), tensor.detach())

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        return call(), saved


def tensors(modules: "list[nn.Module]") -> "list[Tensor]":
    """The parameters and buffers of modules."""
    return [tensor for module in modules for tensor in (*module.parameters(), *module.buffers())]


def shared(results: "list[Tensor]", values: "list[Tensor]") -> bool:
    """Whether all results share the storage of the first value; else none does."""
    inside = [bool(values) and storage(result) == storage(values[0]) for result in results]
    check(all(inside) or not any(inside), "some outputs share the storage of the input, and some do not")
    return all(inside)


def compare_saved(
    said: Any, saved: "dict[int, Tensor]", values: "list[Tensor]", there: "list[Tensor]"
) -> None:
    """Which inputs are kept, and the bytes of what is neither among them nor `there` already."""
    kept = {index for index, tensor in enumerate(values) if storage(tensor) in saved}
    same("the inputs that are kept for the backward pass", set(said.inputs), kept)
    known = {storage(tensor) for tensor in (*values, *there)}
    further = sum(tensor.untyped_storage().nbytes() for key, tensor in saved.items() if key not in known)
    same("the bytes that are kept besides", 4 * said.elements + 8 * said.indices, further)


def saved_bytes(op: type[Op], example: Example, batch: int, oracle: Any = None) -> None:
    """Autograd keeps in training what the op says, and the outputs are views where it says so.

    `oracle` stands for the example's PyTorch, where that is not what training computes.
    """
    torch = import_torch()
    ours = make(op, example)
    inputs = tuple(TensorType(fill(shape, H=5, W=7, L=5)) for shape in example.inputs)
    outputs = ours.outputs(inputs)
    filled = [tuple(TensorType(fill(x.shape, N=batch)) for x in given) for given in (inputs, outputs)]
    said = ours.saved(filled[0], filled[1])
    oracle = oracle_of(example, batch) if oracle is None else oracle
    modules = modules_of(oracle)
    values = [torch.rand(*x.shape).requires_grad_() for x in filled[0]]
    try:
        result, saved = kept_by(lambda: oracle(*values))
    except ValueError as error:  # a batch of one vector has no variance
        check(batch == 1 and "more than 1 value per channel" in str(error), str(error))
        return
    results = listed(result)
    inside = {storage(tensor) for tensor in values}
    kept = {index for index, tensor in enumerate(results) if storage(tensor) in saved.keys() - inside}
    same("the outputs that are kept for the backward pass", set(said.outputs), kept)
    compare_saved(said, saved, values, [*tensors(modules), *results])
    same("the outputs are views in training", ours.view(inputs, training=True), shared(results, values))
    for module in modules:
        module.eval()
    shares = shared(listed(oracle(*values)), values)
    same("the outputs are views in evaluation", ours.view(inputs, training=False), shares)


def _rand(*shape: int) -> Any:
    return import_torch().rand(*shape)


LAYOUTS: "dict[str, Callable[[tuple[int, ...]], Tensor]]" = {
    "cropped": lambda shape: _rand(*shape[:-1], shape[-1] + 2)[..., 1:-1],
    "some channels": lambda shape: _rand(shape[0], shape[1] + 1, *shape[2:])[:, 1:],
    "channels last": lambda shape: _rand(shape[0], *shape[2:], shape[1]).movedim(-1, 1),
    "cropped, channels last": lambda shape: _rand(shape[0], *shape[2:], shape[1] + 1).movedim(-1, 1)[:, 1:],
    "reversed": lambda shape: _rand(*shape[::-1]).permute(*reversed(range(len(shape)))),
    "every other": lambda shape: _rand(*shape[:-1], 2 * shape[-1])[..., ::2],
    "repeated": lambda shape: _rand(*shape[:-1], 1).expand(*shape),
}
"""Tensors of a shape that do not lie row by row."""


def layout(op: type[Op], example: Example, name: str, oracle: Any = None) -> None:
    """How outputs lie in memory, and what is kept, where inputs do not lie row by row."""
    ours = make(op, example)
    shapes = [fill(shape, H=5, W=7, L=5, N=3) for shape in example.inputs]
    typed = tuple(TensorType(fill(shape, H=5, W=7, L=5)) for shape in example.inputs)
    oracle = oracle_of(example, 3) if oracle is None else oracle
    modules = modules_of(oracle)
    values = [LAYOUTS[name](tuple(map(int, shape))).requires_grad_() for shape in shapes]
    inputs = tuple(lying(TensorType(tuple(x.shape)), x.stride()) for x in values)
    result, saved = kept_by(lambda: oracle(*values))
    results = listed(result)
    outputs = ours.held(inputs, tuple(TensorType(fill(x.shape, N=3)) for x in ours.outputs(typed)))
    for found, tensor in zip(outputs, results, strict=True):
        steps = [
            (a, b)
            for a, b, size in zip(strides(found), tensor.stride(), tensor.shape, strict=True)
            if size > 1
        ]
        same(f"the strides ({name})", [a for a, _ in steps], [b for _, b in steps])
    said = ours.view(inputs, training=True) and not ours.copies(inputs, outputs)
    same(f"the outputs are views ({name})", said, shared(results, values))
    compare_saved(ours.saved(inputs, outputs), saved, values, [*tensors(modules), *results])


def receptive_field(op: type[Op], example: Example, *, exact: bool = False) -> None:
    """What the gradients of an example reach is what `reach` says, as far as it is in the input.

    With `exact` the ends of what spatial positions see are reached: for ops whose gradients are not zero by chance.
    """
    torch = import_torch()
    torch.manual_seed(1)
    ours, typed = make(op, example), types(example)
    ours.fits(typed)
    outputs = ours.outputs(typed)
    oracle = oracle_of(example, 1)
    for module in modules_of(oracle):
        module.double().eval()
        for parameter in module.parameters():
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
    values = [torch.rand(sizes(type_.shape), dtype=torch.float64) for type_ in typed]
    if not values:
        same("the receptive field", ours.reaches(typed, outputs), ((),))
        return
    if any(prod(sizes(type_.shape)) > LARGE for type_ in typed):
        return
    made = listed(oracle(*(value.requires_grad_() for value in values)))
    for links_of_inputs, part in zip(ours.reaches(typed, outputs), made, strict=True):
        for links, value in zip(links_of_inputs, values, strict=True):
            for axis, (link, length) in enumerate(zip(links, value.shape, strict=True)):
                same("an axis of its own has a shift", link.axis is not None, link.reach.shift != 0)
                parts = [part] if link.axis is None else part.split(1, link.axis)
                reached = [reached_by(one, value, axis) for one in parts]
                compare_reach(reached, link, length, f"axis {axis}", exact=exact and axis >= 2)


def reached_by(part: "Tensor", value: "Tensor", axis: int) -> list[int]:
    """The positions along an axis of `value` that any element of `part` depends on."""
    torch = import_torch()
    some = (part * (torch.rand_like(part) + 0.5)).sum()
    (gradient,) = torch.autograd.grad(some, value, retain_graph=True, allow_unused=True)
    if gradient is None:
        return []
    found: list[int] = (gradient.movedim(axis, 0).flatten(1).abs().sum(1) > 1e-9).nonzero().flatten().tolist()
    return found


def compare_reach(reached: list[list[int]], link: Link, length: int, what: str, *, exact: bool) -> None:
    """What each position reaches is in its interval, and from end to end if that is to be `exact`."""
    for index, found in enumerate(reached):
        seen = link.at(index, length)
        inside = not found or (seen is not None and seen[0] <= found[0] and found[-1] <= seen[1])
        message = f"{what}: position {index} sees {seen}, the op says, but depends on {found}"
        check(inside, message)
        if exact and not link.reach.loose:
            check(seen == ((found[0], found[-1]) if found else None), message)
