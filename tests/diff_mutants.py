"""Pairs of networks for `archspec diff`: edits of the zoo's specs and of random networks, as people make them.

The same number makes the same pair. An edit is a function of a document's data and a source of random numbers; it
returns whether it changed anything. What comes out may be no valid spec; then another edit is tried.
"""

import copy
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import tomli
from random_networks.build import spec_of
from random_networks.notation import write

import archspec
from archspec import Model, SpecError, UsageError, zoo
from archspec.analysis.cost import Costs
from archspec.analysis.expand import canonical

SPECS = Path(__file__).parent.parent / "specs"
Data = dict[str, Any]
Edit = Callable[[Data, Random], bool]
LISTS = ("layers", "shortcut", "branches")
ACTIVATIONS = ("relu", "gelu", "silu", "leaky_relu", "elu", "relu6", "hardswish", "tanh", "sigmoid", "mish")
INSERTED: tuple[Any, ...] = (
    "relu",
    "identity",
    {"op": "dropout", "p": 0.3},
    "batchnorm",
    {"op": "conv", "out": "x.channels", "kernel": 3, "padding": 1},
    {"op": "conv", "out": "x.channels", "kernel": 1, "bias": False},
    {"op": "maxpool", "kernel": 3, "stride": 1, "padding": 1},
    {"op": "scale", "factor": 0.5},
    "silu",
)
SIZES = (48, 64, 96, 128, 224)
MOST = 6_000_000
"""The most parameters of a network of the zoo."""


def chains(data: Any) -> Iterator[list[Any]]:
    """Every list of nodes in a document."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key in LISTS and isinstance(value, list):
                yield value
            yield from chains(value)
    elif isinstance(data, list):
        for value in data:
            yield from chains(value)


def nodes(data: Data) -> list[Data]:
    """Every node that is a table."""
    return [node for chain in chains(data) for node in chain if isinstance(node, dict)]


def having(data: Data, *keys: str) -> list[Data]:
    """The nodes with any of some keys."""
    return [node for node in nodes(data) if any(key in node for key in keys)]


def fresh(data: Data) -> str:
    """A name that nothing has."""
    text = json.dumps(data)
    return next(name for name in (f"new_{number}" for number in range(1000)) if name not in text)


# --- edits ------------------------------------------------------------------------------------------------


def rename(data: Data, rng: Random) -> bool:
    named = having(data, "name")
    if not named:
        return False
    node = rng.choice(named)
    stem = str(node["name"])
    node["name"] = f"{fresh(data)}{stem[stem.index('{') :] if '{' in stem else ''}"
    return True


def rename_stages(data: Data, _: Random) -> bool:
    named = [node for node in data["model"]["layers"] if isinstance(node, dict) and "name" in node]
    start = fresh(data)
    for node in named:
        node["name"] = f"{start}_{node['name']}"
    return len(named) > 1


def insert(data: Data, rng: Random) -> bool:
    chain = rng.choice([*chains(data)])
    node = copy.deepcopy(rng.choice(INSERTED))
    if rng.random() < 0.5 and chain and any(isinstance(item, dict) and "name" in item for item in chain):
        node = {**(node if isinstance(node, dict) else {"op": node}), "name": fresh(data)}
    chain.insert(rng.randrange(len(chain) + 1), node)
    return True


def remove(data: Data, rng: Random) -> bool:
    found = [chain for chain in chains(data) if len(chain) > 1]
    if not found:
        return False
    chain = rng.choice(found)
    del chain[rng.randrange(len(chain))]
    return True


def change(*keys: str) -> Callable[[Callable[[Any, Random], Any]], Edit]:
    """An edit of one of some fields of a node."""

    def made(new: Callable[[Any, Random], Any]) -> Edit:
        def edit(data: Data, rng: Random) -> bool:
            found = having(data, *keys)
            if not found:
                return False
            node = rng.choice(found)
            key = rng.choice([key for key in keys if key in node])
            old = node[key]
            node[key] = new(old, rng)
            return bool(node[key] != old)

        return edit

    return made


@change("out", "width", "wide", "squeeze", "growth")
def widen(old: Any, rng: Random) -> Any:
    return (
        rng.choice((f"2 * ({old})", f"({old}) + 8"))
        if isinstance(old, str)
        else old + rng.choice((1, 8, old))
    )


@change("stride")
def stride(_: Any, rng: Random) -> Any:
    return rng.choice((1, 2, 3))


@change("kernel")
def kernel(_: Any, rng: Random) -> Any:
    return rng.choice((1, 2, 3, 5))


@change("padding")
def padding(_: Any, rng: Random) -> Any:
    return rng.choice((0, 1, 2, "half", "valid", "same_upper"))


@change("repeat")
def repeat(old: Any, rng: Random) -> Any:
    step = rng.choice((1, 1, 2))
    return f"({old}) + {step}" if isinstance(old, str) else max(old + rng.choice((-1, step)), 1)


def add_stride(data: Data, rng: Random) -> bool:
    found = [node for node in having(data, "op") if node["op"] in ("conv", "maxpool", "avgpool")]
    if not found:
        return False
    node = rng.choice(found)
    old = node.get("stride")
    node["stride"] = rng.choice((1, 2))
    return bool(old != node["stride"])


def activation(data: Data, rng: Random) -> bool:
    found = [
        (chain, place)
        for chain in chains(data)
        for place, node in enumerate(chain)
        if (node if isinstance(node, str) else node.get("op") if isinstance(node, dict) else None)
        in ACTIVATIONS
    ]
    if not found:
        return False
    chain, place = rng.choice(found)
    old, new = chain[place], rng.choice(ACTIVATIONS)
    name = {"name": old["name"]} if isinstance(old, dict) and "name" in old else {}
    chain[place] = {"op": new, **name} if name else new
    return True


def norm(data: Data, rng: Random) -> bool:
    found = [
        (chain, place)
        for chain in chains(data)
        for place, node in enumerate(chain)
        if "batchnorm" in (node, node.get("op") if isinstance(node, dict) else None)
    ]
    if not found:
        return False
    chain, place = rng.choice(found)
    old = chain[place] if isinstance(chain[place], dict) else {"op": "batchnorm"}
    chain[place] = {**old, **rng.choice(({"eps": 0.01}, {"momentum": 0.2}, {"affine": False}, {"eps": 1e-5}))}
    return True


def defaults(data: Data, rng: Random) -> bool:
    table = data.setdefault("defaults", {})
    op, fields = rng.choice(
        (
            ("batchnorm", {"eps": 0.002}),
            ("batchnorm", {"momentum": 0.05}),
            ("conv", {"bias": True}),
            ("conv", {"init": {"weight": "normal(0.02)"}}),
            ("dropout", {"p": 0.1}),
            ("relu", {}),
        )
    )
    table[op] = {**table.get(op, {}), **fields}
    return True


def reorder_branches(data: Data, rng: Random) -> bool:
    found = [node for node in having(data, "branches") if len(node["branches"]) > 1]
    if not found:
        return False
    branches = rng.choice(found)["branches"]
    old = [*branches]
    rng.shuffle(branches)
    return bool(old != branches)


def reorder_chain(data: Data, rng: Random) -> bool:
    found = [chain for chain in chains(data) if len(chain) > 1]
    chain = rng.choice(found)
    place = rng.randrange(len(chain) - 1)
    chain[place], chain[place + 1] = chain[place + 1], chain[place]
    return bool(chain[place] != chain[place + 1])


def split_stage(data: Data, rng: Random) -> bool:
    found = [
        (chain, place)
        for chain in chains(data)
        for place, node in enumerate(chain)
        if isinstance(node, dict)
        and isinstance(node.get("repeat"), int)
        and node["repeat"] > 1
        and "name" in node
    ]
    if not found:
        return False
    chain, place = rng.choice(found)
    node = chain[place]
    first = rng.randrange(1, node["repeat"])
    second = {key: value for key, value in node.items() if key != "first"}
    chain[place : place + 1] = [
        {**node, "repeat": first},
        {**second, "repeat": node["repeat"] - first, "name": fresh(data)},
    ]
    return True


def wrap(data: Data, rng: Random) -> bool:
    chain = rng.choice([chain for chain in chains(data) if chain])
    start = rng.randrange(len(chain))
    stop = rng.randrange(start, len(chain)) + 1
    inner = chain[start:stop]
    group: Any = {"name": fresh(data), "layers": inner} if rng.random() < 0.6 else inner
    chain[start:stop] = [group]
    return True


def respell(data: Data, rng: Random) -> bool:
    """Say the same in other words."""
    found: list[tuple[Any, Any, Any]] = []
    for chain in chains(data):
        for place, node in enumerate(chain):
            if isinstance(node, str) and node.isidentifier():
                found.append((chain, place, {"op": node}))
                if node == "relu6":
                    found.append((chain, place, {"op": "hardtanh", "min_val": 0.0, "max_val": 6.0}))
                if node == "global_avgpool":
                    found.append((chain, place, {"op": "adaptive_avgpool", "size": 1}))
            elif isinstance(node, dict):
                found += [(node, key, value) for key, value in synonyms(node)]
    if not found:
        return False
    where, key, value = rng.choice(found)
    where[key] = value
    return True


def synonyms(node: Data) -> Iterator[tuple[str, Any]]:
    """Fields that change nothing, or nothing in evaluation."""
    if isinstance(node.get("kernel"), int):
        yield "kernel", [node["kernel"]] * 2
    if node.get("op") == "conv":
        yield "dilation", node.get("dilation", 1)
        yield "init", {"weight": "normal(0.01)"}
    if node.get("kernel") == 3 and node.get("padding") == 1:
        yield "padding", "half"
    if node.get("op") == "dropout":
        yield "p", 0.125


EDITS: dict[str, Edit] = {
    "rename": rename,
    "rename stages": rename_stages,
    "insert": insert,
    "remove": remove,
    "widen": widen,
    "stride": stride,
    "add stride": add_stride,
    "kernel": kernel,
    "padding": padding,
    "activation": activation,
    "norm": norm,
    "defaults": defaults,
    "reorder branches": reorder_branches,
    "reorder chain": reorder_chain,
    "repeat": repeat,
    "split stage": split_stage,
    "wrap": wrap,
    "respell": respell,
}


# --- pairs ------------------------------------------------------------------------------------------------


@cache
def families() -> list[tuple[str, list[str | None]]]:
    """The files of the zoo with their small networks."""
    found = []
    for family in zoo.families():
        small = [network.variant for network in family.networks if network.params <= MOST]
        if small:
            found.append((family.file, small))
    return found


@cache
def zoo_data(file: str) -> Data:
    return tomli.loads(Path(file).read_text(encoding="utf-8"))


@cache
def size_of(file: str, variant: str | None) -> dict[str, tuple[int | str, ...]]:
    """The smallest images that a network of the zoo takes, as `inputs`."""
    model = archspec.load(file, variant)
    (name, type_), *more = model.inputs.items()
    if more or type_.rank != 4:
        return {}
    for size in SIZES:
        shape = (*type_.shape[:2], size, size)
        try:
            archspec.load(file, variant, inputs={name: shape})
        except SpecError:
            continue
        return {name: shape}
    return {}


def loaded(
    data: Data, place: Path, variant: str | None, inputs: dict[str, tuple[int | str, ...]]
) -> Model | None:
    """The network of a document; none if it is not valid."""
    try:
        return archspec.load(place, variant, inputs=inputs or None, source=json.dumps(data))
    except (SpecError, UsageError):
        return None


def expanded(data: Data, model: Model, rng: Random) -> Data:
    """The document itself, or what it expands to."""
    if rng.random() < 0.5:
        return copy.deepcopy(data)
    with suppress(UsageError):
        data = json.loads(canonical(model.network, Costs()))
        assert isinstance(data, dict)
    return copy.deepcopy(data)


def edited(
    data: Data, place: Path, variant: str | None, inputs: dict[str, tuple[int | str, ...]], rng: Random
) -> tuple[str, Model, Model] | None:
    """A network and the same after one or two edits, with their names."""
    model = loaded(data, place, variant, inputs)
    if model is None:
        return None
    start = expanded(data, model, rng)
    old_variant = variant if variant in start.get("variants", {}) else None
    old = loaded(start, place, old_variant, inputs)
    if old is None:
        return None
    for _ in range(20):
        new_data, names = copy.deepcopy(start), []
        for _ in range(rng.choice((1, 1, 1, 2))):
            name = rng.choice([*EDITS])
            if EDITS[name](new_data, rng):
                names.append(name)
        new = loaded(new_data, place, old_variant, inputs) if names else None
        if new is not None:
            return " + ".join(names), old, new
    return None


def pair(seed: int) -> tuple[str, Model, Model] | None:
    """The pair of a number: what it is, and the two networks."""
    rng = Random(seed)
    kind = rng.random()
    if kind < 0.45:
        with tempfile.TemporaryDirectory() as folder:
            number = rng.randrange(10**6)
            spec = spec_of(number)
            path = write(spec, Path(folder), number)
            text = path.read_text(encoding="utf-8")
            data = json.loads(text) if path.suffix == ".json" else tomli.loads(text)
            variant = rng.choice(spec.variants)
            found = edited(data, path.with_suffix(".json"), variant, {}, rng)
        return found and (f"random {number}: {found[0]}", *found[1:])
    file, variants = rng.choice(families())
    variant = rng.choice(variants)
    inputs = size_of(file, variant)
    place = Path(file).with_suffix(".json")
    if kind < 0.55 and len(variants) > 1:
        other = rng.choice(variants)
        models = [loaded(zoo_data(file), place, name, inputs) for name in (variant, other)]
        if models[0] is None or models[1] is None:
            return None
        return f"{place.stem}: {variant} against {other}", models[0], models[1]
    found = edited(zoo_data(file), place, variant, inputs, rng)
    return found and (f"{place.stem}@{variant}: {found[0]}", *found[1:])
