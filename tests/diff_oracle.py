"""What PyTorch says of a pair of networks, against the verdict of `archspec diff`."""

from collections import Counter
from collections.abc import Iterator

import torch
from torch import Tensor, nn

import archspec
from archspec import Model, UsageError
from archspec.analysis.cost import Costs
from archspec.analysis.expand import canonical
from archspec.report.difference import Comparison

SPREADS = (3.0, 1.0, 0.3, 0.1, 0.03)
"""The sizes of weights that are tried, in turn, where outputs are equal that are said to differ."""
EXACT = 1e-9
"""How far outputs in double precision may be apart, of the largest: sums in another order."""


def randomised(model: Model, seed: int, *, spread: float | None = None) -> nn.Module:
    """The network in double precision with weights of every kind that differ from their defaults.

    With a `spread` all of one size, which may be negative where others are not: activations come where they are not by
    themselves, or stay where they are not saturated.
    """
    module = archspec.build(model).double().eval()
    generator = torch.Generator().manual_seed(seed)
    constants = {name for name, weight in model.weights().items() if weight.init.name == "values"}
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if not tensor.is_floating_point() or name in constants:
                continue
            if spread is not None and not name.endswith("running_var"):
                tensor.normal_(0, spread, generator=generator)
            elif name.endswith("running_var"):
                tensor.uniform_(0.5, 1.5, generator=generator)
            elif tensor.ndim >= 2:
                fan = max(tensor[0].numel(), 1)
                tensor.normal_(0, (2 / fan) ** 0.5, generator=generator)
            elif name.endswith("weight"):
                tensor.uniform_(0.5, 1.5, generator=generator)
            else:
                tensor.normal_(0, 0.3, generator=generator)
    return module


def values(module: nn.Module, inputs: list[Tensor]) -> list[Tensor]:
    with torch.no_grad():
        found = module(*inputs)
    if isinstance(found, dict):
        return [*found.values()]
    return [found] if isinstance(found, Tensor) else [*found]


def given(model: Model, seed: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shapes = [[2 if isinstance(dim, str) else dim for dim in type_.shape] for type_ in model.inputs.values()]
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]


def are_equal(one: list[Tensor], other: list[Tensor]) -> bool:
    if len(one) != len(other):
        return False
    for a, b in zip(one, other, strict=True):
        if a.shape != b.shape:
            return False
        largest = float(torch.nan_to_num(b, 0.0, 0.0, 0.0).abs().max()) if b.numel() else 0.0
        if not torch.allclose(a, b, rtol=0, atol=EXACT * largest, equal_nan=True):
            return False
    return True


def is_telling(one: list[Tensor], other: list[Tensor]) -> bool:
    """Whether outputs of two inputs are finite, and differ: otherwise they say nothing of the network."""
    return all(tensor.isfinite().all() for tensor in (*one, *other)) and not any(
        torch.allclose(a, b, rtol=1e-4, atol=0) for a, b in zip(one, other, strict=True)
    )


def loads(module: nn.Module, state: dict[str, Tensor]) -> bool:
    try:
        module.load_state_dict(state, strict=True)
    except RuntimeError:
        return False
    return True


def disagreements(old: Model, new: Model, seed: int) -> Iterator[str]:
    """What the verdict says and PyTorch does not.

    `cautious` is what is equal for all weights that were tried, and not proven to be; `unsure` what cannot be told.
    """
    comparison = Comparison(old, new)
    difference, verdict = comparison.difference, comparison.verdict
    strict = verdict in ("identical", "outputs", "weights")
    try:
        same = canonical(old.network, Costs()) == canonical(new.network, Costs())
        if same != (verdict == "identical"):
            yield f"{verdict}, though the expanded specs are {'equal' if same else 'different'}"
    except UsageError:
        pass
    before, after = randomised(old, seed), archspec.build(new).double().eval()
    state = before.state_dict()
    if loads(after, state) != strict:
        yield f"{verdict}, but a strict load {'fails' if strict else 'succeeds'}"
        return
    shapes = {name: tensor.shape for name, tensor in after.state_dict().items()}
    moved = {to: state[key] for key, to in difference.map.items()}
    if any(shapes.get(to) != tensor.shape for to, tensor in moved.items()):
        yield "the map leads to other shapes"
        return
    whole = len(moved) == len(state) == len(shapes)
    if (
        whole != (strict or verdict == "renames")
        or (verdict == "partial" and not moved)
        or (verdict == "none" and moved)
    ):
        yield f"{verdict}, but the map has {len(moved)} of {len(state)} weights for {len(shapes)}"
    if verdict in ("partial", "none"):
        yield from of_part(verdict, state, shapes)
        return
    if not loads(after, moved):
        yield "the map does not load"
        return
    patterned = renamed_by(difference.patterns, state)
    if not strict and {k: v.data_ptr() for k, v in patterned.items()} != {
        k: v.data_ptr() for k, v in moved.items()
    }:
        yield "the patterns are not the map"
    inputs = given(old, seed)
    if [tensor.shape for tensor in inputs] != [tensor.shape for tensor in given(new, seed)]:
        return
    one, other = values(before, inputs), values(after, inputs)
    said = difference.same_function
    if said and not are_equal(one, other):
        yield f"{verdict}, said to be equal, but the outputs are not"
    if (
        not said
        and are_equal(one, other)
        and not any(
            are_apart(old, new, seed + 10 + number, spread) for number, spread in enumerate(SPREADS * 2)
        )
    ):
        told = is_telling(one, values(before, given(old, seed + 2)))
        yield f"{'cautious' if told else 'unsure'}: {verdict}, said to be different, but no weights show it"


def are_apart(old: Model, new: Model, seed: int, spread: float) -> bool:
    """Whether other weights and larger inputs tell two networks apart."""
    before, after = randomised(old, seed, spread=spread), archspec.build(new).double().eval()
    state, keys = before.state_dict(), archspec.diff(old, new).map
    after.load_state_dict({to: state[key] for key, to in keys.items()}, strict=True)
    inputs = [8 * tensor for tensor in given(old, seed)]
    return not are_equal(values(before, inputs), values(after, inputs))


def of_part(verdict: str, state: dict[str, Tensor], shapes: dict[str, torch.Size]) -> Iterator[str]:
    """Whether more of a state_dict loads than is said."""
    counts = [
        Counter((name.rpartition(".")[2], tuple(shape)) for name, shape in table)
        for table in ([(k, v.shape) for k, v in state.items()], shapes.items())
    ]
    if counts[0] == counts[1]:
        yield f"unsure: {verdict}, but there are as many weights of each shape"
    if verdict == "none" and any(shapes.get(name) == tensor.shape for name, tensor in state.items()):
        yield "none, but PyTorch loads some"


def renamed_by(patterns: dict[str, str], state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state_dict renamed by patterns, each key by the first that fits."""
    from archspec.language.renaming import renamed

    found = {}
    for key, tensor in state.items():
        names = (renamed(key, old, new) for old, new in patterns.items())
        found[next((name for name in names if name is not None), key)] = tensor
    return found
