"""The examples of an op as test cases: the op that an example makes, its inputs, and the specs that it stands in."""

import json
from typing import Any

from archspec.api import load
from archspec.backends.lowerable import refusals
from archspec.ops import Example, Op
from archspec.types import Dim, TensorType, settled

FORMS = ("named", "by position", "in a chain", "in a block")
"""Where a node can stand in a spec: it is a module with a name, a function, in an `nn.Sequential`, or in a class."""


def check(holds: bool, message: str) -> None:
    """Raise `AssertionError` unless something holds."""
    if not holds:
        raise AssertionError(message)


def same(what: str, found: object, expected: object) -> None:
    """Raise `AssertionError` unless what an op says is what it should be."""
    check(found == expected, f"{what}: the op says {found}, but it is {expected}")


def freeze(value: Any) -> Any:
    """Lists as the tuples that fields take."""
    return tuple(map(freeze, value)) if isinstance(value, list) else value


def make(op: type[Op], example: Example) -> Op:
    """The op with the example's fields."""
    return op(**{key: freeze(value) for key, value in example.fields.items()})


def types(example: Example) -> tuple[TensorType, ...]:
    """The types of the example's inputs."""
    return tuple(map(TensorType, example.inputs))


def results(op: type[Op], example: Example) -> tuple[TensorType, ...]:
    """The types of the outputs of a valid example."""
    made, inputs = make(op, example), types(example)
    made.fits(inputs)
    return made.outputs(inputs)


def fill(shape: tuple[Dim, ...], **sizes: int) -> tuple[Dim, ...]:
    """A shape with sizes for free dimensions; those without one stay."""
    return tuple(settled(dim, sizes) for dim in shape)


def is_fixed(example: Example) -> bool:
    """Whether nothing but the batch is free: a spec gives all other sizes."""
    return not any(isinstance(dim, str) for shape in example.inputs for dim in shape[1:])


def spec_of(op: type[Op], example: Example, form: str) -> str:
    """A network of one node in one of the `FORMS`, as JSON."""
    inputs = [{"name": f"in{index}", "shape": list(shape)} for index, shape in enumerate(example.inputs)]
    node: dict[str, Any] = {"op": op.name, **example.fields}
    if inputs:
        node["from"] = [item["name"] for item in inputs]
    if form == "named" or op.is_parameter:
        node["name"] = "node"
    elif form == "in a chain":
        del node["from"]
        node = {"name": "node", "from": inputs[0]["name"], "layers": [node]}
    blocks = {}
    if form == "in a block":
        names = ["input", *(item["name"] for item in inputs[1:])]
        node["from"] = names
        blocks["unit"] = {"inputs": names, "layers": [node]}
        node = {"name": "node", "op": "unit", "from": [item["name"] for item in inputs]}
    # so that there is an `N` in any case, and a name for what comes out of a node without one
    model: dict[str, Any] = {"inputs": [*inputs, {"name": "batch", "shape": ["N"]}], "layers": [node]}
    if form in ("named", "by position"):
        parts = len(results(op, example)) if example.valid else 1
        node["as"] = "value"
        model["outputs"] = ["value"] if parts == 1 else [f"value.{part}" for part in range(parts)]
    spec = {"archspec": 1, "model": model}
    return json.dumps({**spec, "blocks": blocks} if blocks else spec)


def applies(op: type[Op], example: Example, form: str) -> bool:
    """Whether an op can take the form: a chain has one value, a parameter needs its name."""
    if form == "named":
        return True
    if form == "by position":
        return not op.is_parameter
    if not op.is_module or op.is_parameter or len(results(op, example)) != 1:
        return False
    return (form == "in a block" or len(example.inputs) == 1) and not hides_sizes(op, example, form)


def hides_sizes(op: type[Op], example: Example, form: str) -> bool:
    """Whether the op asks for a free dimension that is not to be seen from where it stands: AS702."""
    model = load("example.json", source=spec_of(op, example, form))
    return any(finding.code == "AS702" for finding in refusals(model, "torch"))
