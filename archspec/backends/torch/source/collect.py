"""Group the composites of a network by their definitions, callees first, which is the order of the classes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from archspec.analysis.liveness import Live
from archspec.backends.torch.source.places import Place, Places
from archspec.ir import Module, Node

GroupKey = tuple[object, ...]


@dataclass(slots=True, eq=False)
class Callee:
    """A composite, its preferred name, and the composites directly inside it."""

    place: Place
    name: str
    inside: list[Module] = field(default_factory=list)


def groups(
    places: Places, name: str, visit: Callable[[Node], None], late: Mapping[Module, Live]
) -> Iterator[tuple[str, list[Place]]]:
    """The instances of each block and each group, callees first, with the preferred name of the first instance.

    `visit` is called with the node of every op. Instances that differ in their `late` results, those that only
    training needs, are in separate groups.
    """
    found: dict[Module, Callee] = {}
    root = places.root()
    _collect(places, root, name, found, visit)
    keys: dict[Module, GroupKey] = {
        module: (*key_of(module), *sorted(late.get(module, ()))) for module in found
    }
    tangled = _tangled(found, keys)
    if tangled:
        heights: dict[Module, int] = {}
        keys = {
            module: (*key, _height(module, found, heights)) if key in tangled else key
            for module, key in keys.items()
        }
    members: dict[GroupKey, list[Callee]] = {}
    for module, item in found.items():
        members.setdefault(keys[module], []).append(item)
    for key in _callees_first(keys[root.module], members, keys):
        yield members[key][0].name, [item.place for item in members[key]]


def key_of(module: Module) -> GroupKey:
    """The key shared by the instances of one block or group."""
    assert module.definition is not None  # noqa: S101 — every composite has a definition
    return module.definition.file, module.definition.path, module.kind


def _collect(
    places: Places, place: Place, name: str, found: dict[Module, Callee], visit: Callable[[Node], None]
) -> None:
    if place.module in found:
        return
    item = found[place.module] = Callee(place, name)
    for node in place.module.body:
        if node.module.op is not None:
            visit(node)
        elif not node.module.is_removed:
            child = places.child(place, node)
            item.inside.append(node.module)
            _collect(places, child, _name(node, name, is_definition=child.is_definition), found, visit)


def _name(node: Node, around: str, *, is_definition: bool) -> str:
    """The preferred name of a block or group: a group uses its own name, or its index in the enclosing composite."""
    if is_definition:
        return node.module.kind
    return node.name if node.name is not None and node.name[:1].isalpha() else f"{around}_{node.name}"


def _tangled(found: dict[Module, Callee], keys: dict[Module, GroupKey]) -> set[GroupKey]:
    """The definitions whose instances contain each other, with all their callers.

    A block that takes a block as an argument can contain one that calls the first block again, with another argument.
    """
    below: dict[GroupKey, set[GroupKey]] = {}
    above: dict[GroupKey, set[GroupKey]] = {}
    for module, item in found.items():
        inside = {keys[child] for child in item.inside}
        below.setdefault(keys[module], set()).update(inside)
        for key in inside:
            above.setdefault(key, set()).add(keys[module])
    ready = [key for key, inside in below.items() if not inside]
    while ready:
        done = ready.pop()
        for key in above.get(done, ()):
            below[key].discard(done)
            if not below[key]:
                ready.append(key)
    return {key for key, inside in below.items() if inside}


def _height(module: Module, found: dict[Module, Callee], heights: dict[Module, int]) -> int:
    """The nesting depth of composites in a module."""
    if module not in heights:
        heights[module] = 1 + max(
            (_height(child, found, heights) for child in found[module].inside), default=0
        )
    return heights[module]


def _callees_first(
    root: GroupKey, members: dict[GroupKey, list[Callee]], keys: dict[Module, GroupKey]
) -> Iterator[GroupKey]:
    done: set[GroupKey] = set()
    stack: list[tuple[GroupKey, bool]] = [(root, False)]
    while stack:
        key, ready = stack.pop()
        if key in done:
            continue
        if ready:
            done.add(key)
            yield key
            continue
        stack.append((key, True))
        inside = [keys[child] for item in members[key] for child in item.inside]
        stack += [(child, False) for child in reversed(inside) if child not in done]
