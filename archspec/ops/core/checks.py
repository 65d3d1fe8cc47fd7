"""Checks that ops share: sizes that must be known, ranks, axes, divisibility. Each raises a `Problem`."""

from dataclasses import replace

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown
from archspec.ops.core.data import Weight
from archspec.ops.core.init import Init
from archspec.types import Dim, TensorType, factored


def sizes(shape: tuple[Dim, ...]) -> tuple[int, ...]:
    """`shape` as integers, for a batch of one: costs are those of one sample."""
    return tuple([dim if isinstance(dim, int) else factored(dim)[0] for dim in shape])


def size(dim: Dim, what: str = "the input") -> int:
    """`dim` as an integer; a free dimension is a `Problem`."""
    if isinstance(dim, int):
        return dim
    raise Problem(
        "AS407",
        f"{what} has the free dimension `{dim}` where a size is needed",
        help="give it a value with `--input`, such as `--input N,3,224,224`",
        subject=dim,
    )


def factors(shape: tuple[Dim, ...]) -> str:
    """A product written out: `(64 * 112 * 112)`. Free dimensions, which costs count once, are left out."""
    known = [str(n) for dim, n in zip(shape, sizes(shape), strict=True) if n != 1 or isinstance(dim, int)]
    text = " * ".join(known)
    return f"({text})" if len(known) > 1 else text


def channels(x: TensorType) -> int:
    """The number of channels of an input, which must have them."""
    at_least(x, 2)
    return size(x.shape[1], "the channel axis of the input")


def at_least(x: TensorType, rank: int) -> None:
    """Check that `x` has at least `rank` axes."""
    if len(x.shape) < rank:
        raise Problem("AS402", f"the input has {count_axes(x.rank)} ({x}), but at least {rank} are needed")


def count_axes(rank: int) -> str:
    """`1 axis`, `4 axes`."""
    return f"{rank} {'axis' if rank == 1 else 'axes'}"


def divides(total: int, parts: int, what: str, field_name: str) -> None:
    """Check that `parts` divides `total`."""
    if total % parts:
        raise Problem(
            "AS404",
            f"`{field_name}` {parts} does not divide {what}, {total}",
            at=(field_name,),
            notes=(f"{total} = {total // parts} * {parts} + {total % parts}",),
        )


def initialised(weights: tuple[Weight, ...], init: dict[str, float | str]) -> tuple[Weight, ...]:
    """`weights` with the initialisers that a spec's `init` table asks for."""
    if not init:
        return weights
    for name in init:
        known = [weight.name or "weight" for weight in weights if not weight.buffer]
        if name not in known:
            names = ", ".join(f"`{weight}`" for weight in known)
            raise Problem(
                "AS201",
                f"there is no weight `{shown(name)}` to initialise",
                at=("init", name),
                help=f"the weights here are {names}" if names else "there are no weights here",
                subject=name,
                about_key=True,
            )
    changed = []
    for weight in weights:
        asked = init.get(weight.name or "weight")
        if asked is None:
            changed.append(weight)
            continue
        initialiser = Init.parse(asked)
        if len(weight.shape) < 2 and initialiser.name.startswith(("kaiming", "xavier")):
            name = weight.name or "weight"
            raise Problem(
                "AS408",
                f"`{initialiser.name}` needs a weight of at least two axes, "
                f"but `{name}` has {len(weight.shape)}",
                at=("init", name),
                subject=initialiser.name,
            )
        changed.append(replace(weight, init=initialiser))
    return tuple(changed)
