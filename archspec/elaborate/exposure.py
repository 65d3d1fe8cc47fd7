"""Values inside a group that are used from outside: they become further outputs of the group."""

from dataclasses import replace
from functools import lru_cache

from archspec.ir import Module, Node
from archspec.types import TensorType

ValuePath = tuple[int, ...]
"""Where a value is inside a module: body indices from outside in, then an output of the last node.

A place of one number is an output of the module itself.
"""


def locate(module: Module, path: tuple[str, ...]) -> tuple[ValuePath, TensorType] | None:
    """The place and the type of the value that `path` names inside a module; `None` if there is none.

    Of a block only the declared outputs can be named, of an op only its parts.
    """
    first, rest = path[0], path[1:]
    if module.op is not None or module.is_block:
        part = _output(module, first) if not rest else None
        return None if part is None else ((part,), module.outputs[part])
    index = _indices(module).get(first)
    if index is None:
        return None
    inner = module.body[index].module
    found = locate(inner, rest) if rest else _whole(inner)
    if found is None:
        return None
    place, type_ = found
    if len(place) == 1:
        value = _starts(module)[index] + place[0]
        if value in module.results:
            return (module.results.index(value),), type_
    return (index, *place), type_


def numbered(module: Module, path: tuple[str, ...]) -> list[str] | None:
    """What `*` stands for at `path` inside a module: the copies of a repeat, the parts of an op's value.

    Empty if the node was removed; `None` if `*` cannot stand for anything there.
    """
    for word in path:
        index = _indices(module).get(word) if not module.is_block else None
        if index is None:
            return None
        module = module.body[index].module
    if module.is_removed:
        return []
    if module.op is not None:
        return [str(part) for part in range(len(module.outputs))] if len(module.outputs) > 1 else None
    return [node.name for node in module.body if node.name is not None] if module.kind == "repeat" else None


SEARCHED = 1000
"""The most modules that are searched for a name to suggest."""


def search(module: Module, name: str) -> tuple[tuple[str, ...], str] | None:
    """The path of the nearest value called `name` at any depth inside a module, and the block that hides it.

    The block is empty if a reference can use the path. `None` if there is no such value.
    """
    waiting: list[tuple[Module, tuple[str, ...], str]] = [(module, (), "")]
    seen = set()
    hidden = None
    for inner, path, block in waiting:
        if inner.op is not None or inner in seen:
            continue
        seen.add(inner)
        is_open = not inner.is_block
        if name in inner.exports or (is_open and name in _indices(inner)):
            if not block:
                return (*path, name), ""
        elif name in _indices(inner):
            hidden = hidden or ((*path, name), block or inner.kind)
        if len(waiting) < SEARCHED:
            waiting += [
                (node.module, (*path, name_), block or ("" if is_open else inner.kind))
                # what leaves a repeat is the last copy
                for node in (inner.body if inner.kind != "repeat" else reversed(inner.body))
                if (name_ := node.name or node.label)
            ]
    return hidden


def entered(module: Module, path: tuple[str, ...]) -> tuple[int, Module]:
    """How many words of `path`, which does not exist, can be followed, and the module that they lead to."""
    for way, word in enumerate(path[:-1]):
        index = _indices(module).get(word) if not module.is_block else None
        if index is None:
            return way, module
        module = module.body[index].module
    return len(path) - 1, module


def names_inside(module: Module) -> list[str]:
    """The names of the nodes directly inside a module."""
    return list(_indices(module))


def _output(module: Module, name: str) -> int | None:
    if name in module.exports:
        return len(module.outputs) - len(module.exports) + module.exports.index(name)
    if module.op is not None and name.isdecimal() and len(name) < 5 and int(name) < len(module.outputs):
        return int(name)
    return None


def _whole(module: Module) -> tuple[ValuePath, TensorType] | None:
    """The value of a node, which must be one tensor."""
    return None if module.op is not None and len(module.outputs) != 1 else ((0,), module.outputs[0])


@lru_cache(maxsize=256)
def _indices(module: Module) -> dict[str, int]:
    # A node that was not removed takes the name from one that was: so it comes later.
    nodes = sorted(enumerate(module.body), key=lambda item: not item[1].module.is_removed)
    return {name: index for index, node in nodes for name in (node.name, node.label) if name}


@lru_cache(maxsize=256)
def _starts(module: Module) -> tuple[int, ...]:
    """For each body node, the number of its first value; then the number of values."""
    starts = [len(module.inputs)]
    for node in module.body:
        starts.append(starts[-1] + len(node.module.outputs))
    return tuple(starts)


def extend(module: Module, places: list[ValuePath]) -> Module:
    """The module with the values at these places as further outputs, in their order."""
    inside: dict[int, list[ValuePath]] = {}
    for place in places:
        if len(place) > 2:
            inside.setdefault(place[0], []).append(place[1:])
    old = _starts(module)
    body: list[Node] = []
    moved = list(range(len(module.inputs)))
    starts: list[int] = []
    following = len(module.inputs)
    for index, node in enumerate(module.body):
        inner = extend(node.module, inside[index]) if index in inside else node.module
        starts.append(following)
        moved += range(following, following + len(node.module.outputs))
        following += len(inner.outputs)
        body.append(replace(node, module=inner, inputs=tuple([moved[value] for value in node.inputs])))
    results = [moved[value] for value in module.results]
    outputs = list(module.outputs)
    for place in places:
        index = place[0]
        part = place[1]
        if len(place) > 2:
            part = old[index + 1] - old[index] + inside[index].index(place[1:])
        results.append(starts[index] + part)
        outputs.append(body[index].module.outputs[part])
    return replace(module, body=tuple(body), results=tuple(results), outputs=tuple(outputs))
