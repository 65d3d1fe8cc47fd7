"""The names that a file mentions: parameters, `let`s and blocks."""

import re
from typing import Any

from archspec.elaborate.node_keys import DIMENSIONS
from archspec.elaborate.settings import NOTHING, compile_argument, compile_setting
from archspec.elaborate.steps import Chain, Plan, Step, steps, texts
from archspec.elaborate.targets import compile_field, resolve_op
from archspec.language.document import Definition, Document
from archspec.language.params import MISSING, Param
from archspec.language.templates import around, fits
from archspec.ops.core.fields import EXPRESSION

_WORD = re.compile(r"[^\W\d]\w*")
_HYPHENED = re.compile(r"[^\W\d][\w-]*")


class Mentions:
    """What a definition mentions of its own names and of those of its file."""

    def __init__(self, definition: Definition, plan: Plan) -> None:
        self.calls = plan.calls
        """The blocks that it calls by name, and from where."""
        self.steps = list(steps(plan.chain))
        self.own = frozenset(definition.params) | frozenset(definition.let)
        """The names that hide those of the file."""
        self.all = NOTHING.union(
            _chain_names(plan.chain),
            *(_let(raw) for raw in definition.let.values()),
            *(_default(param) for param in definition.params.values()),
            *(when.names for outputs in plan.outputs.values() for _, when in outputs if when is not None),
        )
        """Every name in an expression."""

    @property
    def outside(self) -> frozenset[str]:
        """What it mentions of its file."""
        return self.all - self.own


def _chain_names(chain: Chain) -> frozenset[str]:
    """What the nodes of a chain mention, but for their counters."""
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
    """What the nodes of a group, and its `let`s, mention."""
    return _chain_names(step.layers).union(*(setting.names for setting in step.let.values()))


def _own_names(step: Step) -> frozenset[str]:
    """What a node itself mentions; of fields that are not compiled, as an expression chooses the op, any word."""
    if "*" not in step.own or step.kind not in ("call", "join"):
        return step.own
    return step.own | words(step.fields) | words(step.first) | words(step.asserted)


def words(raw: Any) -> frozenset[str]:
    """Every word in the texts of a value."""
    return NOTHING.union(*(_WORD.findall(text) for text in texts(raw)))


def _let(raw: Any) -> frozenset[str]:
    return compile_setting(raw, EXPRESSION, ()).names


def _default(param: Param) -> frozenset[str]:
    """What a default mentions: only that of the long form is an expression."""
    if not param.long_form or param.default is MISSING:
        return NOTHING
    return compile_argument(param.default, param, ()).names


def of_file(document: Document) -> frozenset[str]:
    """What a file mentions of its names outside of definitions: in `let`, `params`, `defaults`, shapes of inputs."""
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
    """The blocks of a file that something in it calls, or may call.

    Which block an expression chooses is not known before a network is made: all that the texts of the file name, in
    full or by a template such as `"{kind}_block"`, may be called.
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


def _values(param: Param) -> list[Any]:
    """What a parameter can be, as far as it is written down."""
    return [() if param.default is MISSING else param.default, param.choices or ()]
