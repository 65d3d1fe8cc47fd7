"""The names used in a file: parameters, `let`s and blocks."""

import re
from typing import Any

from archspec.elaborate.node_keys import DIMENSIONS
from archspec.elaborate.settings import NOTHING, compile_argument, compile_setting
from archspec.elaborate.steps import Chain, Plan, Step, steps
from archspec.elaborate.targets import compile_field, resolve_op
from archspec.language.document import Definition, Document
from archspec.language.params import MISSING, Parameter
from archspec.language.reading import texts
from archspec.language.templates import around, fits
from archspec.ops.core.fields import EXPRESSION

_WORD = re.compile(r"[^\W\d]\w*")
_HYPHENED = re.compile(r"[^\W\d][\w-]*")


class Mentions:
    """The names of its own and of its file that a definition uses."""

    def __init__(self, definition: Definition, plan: Plan) -> None:
        self.calls = plan.calls
        """The blocks that it calls by name, and the paths of the calls."""
        self.steps = list(steps(plan.chain))
        self.own = frozenset(definition.params) | frozenset(definition.let)
        """The names that shadow those of the file."""
        self.all = NOTHING.union(
            _chain_names(plan.chain),
            *(_let(raw) for raw in definition.let.values()),
            *(_default(param) for param in definition.params.values()),
            *(when.names for outputs in plan.outputs.values() for _, when in outputs if when is not None),
        )
        """Every name in an expression."""

    @property
    def outside(self) -> frozenset[str]:
        """The names of the file that it uses."""
        return self.all - self.own


def _chain_names(chain: Chain) -> frozenset[str]:
    """The names used by the nodes of a chain, without their counters."""
    found = NOTHING
    for item in chain:
        if isinstance(item, list):
            found |= _chain_names(item)
            continue
        inside = NOTHING.union(
            *(_chain_names(inner or []) for inner in (item.layers, item.shortcut, item.branches))
        )
        names = _own_names(item) | (inside - item.let.keys())
        outside = NOTHING.union(
            *(setting.names for setting in (item.repeat, item.parallel, item.shape) if setting is not None)
        )
        found |= outside | (names - {item.index} if item.repeat or item.parallel else names)
    return found


def mentioned_inside(step: Step) -> frozenset[str]:
    """The names used by the nodes of a group and by its `let`s."""
    return _chain_names(step.layers).union(*(setting.names for setting in step.let.values()))


def _own_names(step: Step) -> frozenset[str]:
    """The names used by a node itself; if an expression chooses the op, any word in its uncompiled fields."""
    if "*" not in step.own or step.kind not in ("call", "join"):
        return step.own
    return step.own | words(step.fields) | words(step.first) | words(step.asserted)


def words(raw: Any) -> frozenset[str]:
    """Every word in the strings of a value."""
    return NOTHING.union(*(_WORD.findall(text) for text in texts(raw)))


def _let(raw: Any) -> frozenset[str]:
    return compile_setting(raw, EXPRESSION, ()).names


def _default(param: Parameter) -> frozenset[str]:
    """The names used by a default, which is an expression only in the long form."""
    if not param.long_form or param.default is MISSING:
        return NOTHING
    return compile_argument(param.default, param, ()).names


def of_file(document: Document) -> frozenset[str]:
    """The names that a file uses outside definitions: in `let`, `params`, `defaults` and shapes of inputs."""
    found = NOTHING.union(
        *map(_let, document.let.values()), *(_default(param) for param in document.params.values())
    )
    for name, fields in document.defaults.items():
        target = resolve_op(name, document)
        found = found.union(*(compile_field(raw, target, key, ()).names for key, raw in fields.items()))
    section = document.section
    if section is not None:
        shapes = [section.input or [], *(item.shape for item in section.inputs or [])]
        found = found.union(*(compile_setting(shape, DIMENSIONS, ()).names for shape in shapes))
    return found


def called(document: Document, mentions: dict[Definition, Mentions]) -> frozenset[str]:
    """The blocks of a file that it calls or may call.

    Which block an expression chooses is unknown before elaboration: every block named in the file, in full or by a
    template such as `"{kind}_block"`, may be called.
    """
    targets = [target for own in mentions.values() for target, _ in own.calls]
    found = frozenset(target.name for target in targets if target.document is document)
    is_chosen = any(step.op and not step.op.constant for own in mentions.values() for step in own.steps)
    if not is_chosen and all(target.document is document for target in targets):
        return found
    raw = [document.let, document.variants, document.defaults, *map(_values, document.params.values())]
    for definition in mentions:
        raw += [definition.layers, definition.let, *map(_values, definition.params.values())]
    found |= words(raw) | NOTHING.union(*(_HYPHENED.findall(text) for text in texts(raw)))
    templates = [parts for text in texts(raw) if "{" in text and (parts := around(text)) != ["", ""]]
    return found | {name for name in document.blocks if any(fits(name, parts) for parts in templates)}


def _values(param: Parameter) -> list[Any]:
    """The possible values of a parameter that are written in the file."""
    return [() if param.default is MISSING else param.default, param.choices or ()]
