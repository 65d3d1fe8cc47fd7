"""What an expression or a reference can see, from where it stands.

Frame   a call of a block: its parameters, its `let`s, its inputs; around it the frame of its file
Names   the nodes of a scope that references can name; around it the scope of the group outside
Env     a place in a body: a frame, names, the counters of repeats, and `x`, the input of the node at hand
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf
from typing import Any

from archspec.diagnostics import Label, Problem
from archspec.diagnostics.diagnostic import Path, Replacement, shown, suggest
from archspec.elaborate.body import Body, Draft, Handles
from archspec.elaborate.dead_ends import instead, within
from archspec.elaborate.exposure import numbered
from archspec.elaborate.settings import Setting, compile_argument, compile_setting, constant
from archspec.language import limits
from archspec.language.document import Definition, Document
from archspec.language.params import MISSING, Param
from archspec.language.templates import fits
from archspec.ops.core.fields import EXPRESSION
from archspec.types import TensorType, Value


class Poisoned(Exception):  # noqa: N818 — nothing new is wrong
    """A value depends on one that is unknown because of an error that is reported already."""


Report = Callable[[Problem, str, Path], None]
_UNDER_WAY: Any = object()
_POISON: Any = object()


class Frame:
    """The parameters and `let`s of a block call or of a file, each evaluated when first asked for."""

    def __init__(
        self,
        document: Document,
        path: Path,
        params: Mapping[str, Param],
        let: Mapping[str, Any],
        given: Mapping[str, Value],
        inputs: Mapping[str, TensorType],
        outer: "Frame | None",
        report: Report,
    ) -> None:
        self.document, self.path, self.params, self.let = document, path, params, let
        self.values: dict[str, Any] = dict(given)
        self.inputs, self.outer, self.report = inputs, outer, report
        self.depth = 0
        self.left = limits.ALL_EVALUATIONS

    def value(self, name: str) -> Value:
        """The value of `name`, here or in the file around."""
        value = self.values.get(name, MISSING)
        if value is MISSING:
            value = self._evaluate(name)
        if value is _UNDER_WAY:
            raise Problem("AS308", f"`{name}` is defined by itself, directly or through others", subject=name)
        if value is _POISON or (name in self.params and self.params[name].broken):
            raise Poisoned
        return value  # type: ignore[no-any-return]

    def shape(self, path: str, attribute: str) -> Value:
        """A size of an input: what a `let` or a default can see of the network."""
        type_ = self.inputs.get(path)
        if type_ is None:
            known = ", ".join(f"`{name}`" for name in self.inputs)
            raise Problem(
                "AS301",
                f"there is no input `{shown(path)}` here",
                help=f"a `let` sees {known}" if known else None,
                subject=path,
            )
        return size_of(type_, path, attribute)

    def spend(self, evaluations: int) -> None:
        """Count what comprehensions evaluate, of all frames of the file together."""
        if self.outer is not None:
            self.outer.spend(evaluations)
            return
        self.left -= evaluations
        if self.left < 0:
            raise Problem(
                "AS306", "the comprehensions of this file evaluate too much", help="shorten their lists"
            )

    def knows(self, name: str) -> bool:
        """Whether `name` is declared here."""
        return name in self.params or name in self.let

    def _evaluate(self, name: str) -> Value:
        if not self.knows(name):
            if self.outer is not None:
                return self.outer.value(name)
            raise undefined(name, [*self.params, *self.let])
        self.values[name] = _UNDER_WAY
        path = (*self.path, "let", name) if name in self.let else (*self.path, "params", name)
        if name not in self.let and self.params[name].long_form:
            path = (*path, "default")
        self.depth += 1
        try:
            if self.depth > limits.DEPTH:
                raise Problem("AS306", f"more than {limits.DEPTH} values depend on each other in a chain")
            self.values[name] = self._setting(name, path).evaluate(self)
        except Problem as problem:
            self.values[name] = _POISON
            self.report(problem, self.document.file, path)
            raise Poisoned from None
        except Poisoned:
            self.values[name] = _POISON
            raise
        finally:
            self.depth -= 1
        return self.values[name]  # type: ignore[no-any-return]

    def _setting(self, name: str, path: Path) -> Setting:
        """What a name is declared as, compiled."""
        if name in self.let:
            return compile_setting(self.let[name], EXPRESSION, path)
        param = self.params[name]
        if not param.long_form:
            return constant(path, param.conform(param.default))
        declared = compile_argument(param.default, param, path)
        return Setting(path, lambda scope: param.conform(declared.evaluate(scope)))


class GroupFrame(Frame):
    """The `let`s of a group, which see what the group itself does; around it the frame of its block."""

    def __init__(self, env: "Env", let: Mapping[str, Setting], path: Path) -> None:
        frame = env.frame
        super().__init__(frame.document, path, {}, let, {}, {}, frame, frame.report)
        self.env = replace(env)
        """The place where the group stands, which moves on."""
        self.settings = let

    def shape(self, path: str, attribute: str) -> Value:
        """A size of `x`, of an input, or of an earlier node."""
        return self.env.shape(path, attribute)

    def _setting(self, name: str, path: Path) -> Setting:
        del path  # a group's are compiled with it
        return self.settings[name]

    def _evaluate(self, name: str) -> Value:
        return super()._evaluate(name) if name in self.let else self.env.value(name)


def undefined(name: str, known: list[str]) -> Problem:
    """The problem of a name that nothing has."""
    words = {"yes": "true", "on": "true", "True": "true", "no": "false", "off": "false", "False": "false"}
    help_: Replacement | str | None = Replacement(words[name]) if name in words else suggest(name, known)
    if help_ is None and known:
        help_ = f"what can be named here: {', '.join(f'`{word}`' for word in sorted(known)[:12])}"
    return Problem("AS301", f"`{shown(name)}` is not defined", help=help_, subject=name)


def size_of(type_: TensorType, name: str, attribute: str) -> Value:
    """`channels`, `height`, `width` or `shape` of a tensor."""
    if attribute == "shape":
        return type_.shape
    axis, least = {"channels": (1, 2), "height": (-2, 4), "width": (-1, 3)}[attribute]
    if type_.rank < least:
        raise Problem(
            "AS402", f"`{name}` has {type_.rank} axes ({type_}), and so no {attribute}", subject=name
        )
    size = type_.shape[axis]
    if isinstance(size, str):
        raise Problem(
            "AS407",
            f"the {attribute} of `{name}` is the free dimension `{size}`",
            help="give it a value with `--input`, such as `--input N,3,224,224`",
            subject=name,
        )
    return size


moment = count().__next__
"""The next moment: names are given one after the other."""


@dataclass(slots=True, eq=False, repr=False)
class Entry:
    """What a name refers to: a value of `body`, and the node that makes it."""

    body: Body
    handles: Handles
    draft: Draft | None = None
    path: Path = ()
    """Where in the document the name is given."""
    stands_in: bool = False
    """The node was removed: a node of the same name that was not takes its place."""
    moment: int = field(default_factory=moment)
    """Later entries have larger numbers."""


@dataclass(slots=True, eq=False, repr=False)
class Names:
    """The names that references can use in one scope: a block's, or a named group's."""

    body: Body
    inputs: dict[str, Handles] = field(default_factory=dict)
    outer: "Names | None" = None
    entries: dict[str, Entry] = field(default_factory=dict)
    written: Mapping[str, int] = field(default_factory=dict)
    """All names that the block gives anywhere, with the order of their nodes."""
    lost: list[list[str]] = field(default_factory=list)
    """The names that failed nodes would have had, where expressions make them: what stands around those."""
    until: float = inf
    """What came up later around this scope cannot be seen: so that a group that is called again means the same."""

    def find(self, name: str) -> Entry | None:
        """The nearest earlier node called `name`."""
        scope: Names | None = self
        until = inf
        while scope is not None:
            entry = scope.entries.get(name)
            if entry is not None and entry.moment < until:
                return entry
            if name in scope.inputs:
                return Entry(scope.body, scope.inputs[name])
            until = min(until, scope.until)
            scope = scope.outer
        return None

    def inside(self, path: str) -> Replacement | str | None:
        """A help text with the name that `path` has here, of a value inside of what can be named; `None` for none."""
        first, *rest = path.split(".")
        scope: Names | None = self
        while scope is not None:
            for name, entry in reversed(scope.entries.items()):
                if entry.draft is None:
                    continue
                found = within(name, entry.draft.module, (first, *rest))
                if found is not None:
                    return found
            scope = scope.outer
        return None

    def is_lost(self, name: str) -> bool:
        """Whether a node of this name may have failed, so that whoever uses it is not to blame."""
        scope: Names | None = self
        while scope is not None:
            if any(fits(name, parts) for parts in scope.lost):
                return True
            scope = scope.outer
        return False

    def is_poisoned(self) -> bool:
        """Whether something has failed here, which may have had any name inside of it."""
        return None in self.body.types or (self.outer is not None and self.outer.is_poisoned())

    def all(self) -> list[str]:
        """Every name that can be used here."""
        return [*self.inputs, *self.entries, *(self.outer.all() if self.outer else ())]

    def enter(self, name: str, entry: Entry) -> None:
        """Give `name` to a value. Only copies of one node, and alternatives of which one is left, may share it."""
        taken = self.entries.get(name)
        if taken is not None and entry.stands_in and not taken.stands_in:
            return
        if taken is not None and taken.stands_in:
            taken = None
        if name in self.inputs or (taken is not None and taken.path != entry.path):
            first = Label("the first one", taken.path) if taken is not None else None
            raise Problem(
                "AS303",
                f"the name `{name}` is taken in this scope",
                help="give one of them another name",
                labels=[first] if first and first.path else [],
                subject=name,
            )
        self.entries[name] = entry


@dataclass(slots=True, eq=False, repr=False)
class Env:
    """A place in a body. `x` is the input of the node that is being elaborated."""

    frame: Frame
    body: Body
    names: Names
    definition: Definition
    x: Handles = ()
    counters: dict[str, int] = field(default_factory=dict)
    copy: tuple[int, ...] = ()
    order: float = 0
    """The order of the node that is being elaborated."""
    late: Callable[[], Handles] | None = None
    """Finds `x`, where that waits until somebody asks for it."""
    kept: bool = False
    """Whether `when` left the node that has been elaborated last, or a copy of it."""

    def value(self, name: str) -> Value:
        """A counter, parameter or `let`."""
        if name in self.counters:
            return self.counters[name]
        return self.frame.value(name)

    @property
    def local(self) -> tuple[str, ...]:
        """The names of counters, and of the `let`s of groups around."""
        found: list[str] = [*self.counters]
        frame = self.frame
        while isinstance(frame, GroupFrame):
            found += frame.let
            frame = frame.env.frame
        return tuple(found)

    def shape(self, path: str, attribute: str) -> Value:
        """A size of `x`, of an input, or of an earlier node."""
        return size_of(self.type_of(path), path, attribute)

    def spend(self, evaluations: int) -> None:
        """Count what comprehensions evaluate."""
        self.frame.spend(evaluations)

    def type_of(self, path: str) -> TensorType:
        """The type of the value that `path` names."""
        if path == "x":
            if self.late is not None:
                find, self.late = self.late, None
                self.x = find()
            return self.single(self.x, "x")
        entry, rest = self.lookup(path)
        return self.single(self.reach(entry, rest, path) if rest else entry.handles, path, entry.body)

    def single(self, handles: Handles, path: str, body: Body | None = None) -> TensorType:
        """The type of a value that must be one tensor."""
        if len(handles) != 1:
            raise self.several(handles, path, body)
        type_ = (body or self.body).types[handles[0]]
        if type_ is None:
            raise Poisoned
        return type_

    def several(self, handles: Handles, path: str, body: Body | None = None) -> Problem:
        """The problem of a value with parts where one tensor is needed."""
        count = len(handles)
        name = shown((body or self.body).name_of(handles))
        help_ = f"a part is named in `from`: `{name}.0` to `{name}.{count - 1}`"
        return Problem(
            "AS310",
            f"`{shown(path)}` has {count} parts: pick one",
            help=help_ if name else f"name the split and use `name.0` to `name.{count - 1}`",
            subject=path,
        )

    def lookup(self, path: str) -> tuple[Entry, tuple[str, ...]]:
        """The node that the first part of `path` names, and the rest of the path."""
        first, *rest = path.split(".")
        if (slip := self._slip(path)) is not None:
            raise slip
        entry = self.names.find(first)
        if entry is None:
            raise self.unknown(first, path)
        return entry, tuple(rest)

    def _slip(self, path: str) -> Problem | None:
        """The problem of what no name could be: several, a pattern, an expression."""
        if "*" in path and " " not in path:
            meant = [shown(word) for word in self.names.all() if fits(word, path.split("*"))][:12]
            listed = ": " + ", ".join(f'"{word}"' for word in meant) if meant else ""
            return Problem(
                "AS301",
                f"`{shown(path)}` is no name: `*` stands for nothing here",
                help=f"list the values one by one{listed}"
                if listed or "." not in path
                else "in `from`, a `*` between dots stands for all copies of a repeat, such as `stack.*.skip`",
                subject=path,
            )
        if "," in path:
            return Problem(
                "AS301",
                f"`{shown(path)}` is not defined",
                help='several values are a list: from = ["a", "b"]',
                subject=path,
            )
        if " " in path.strip():
            example = "\"{'a' if n > 1 else 'b'}\""
            return Problem(
                "AS301",
                f"`{shown(path)}` is no name",
                help=f"an expression that gives a name stands in braces, such as {example}",
                subject=path,
            )
        return None

    def unknown(self, name: str, path: str) -> Problem:
        """The problem of a name that is not there: it comes later, stands inside a group, or is nowhere."""
        if name == "x":
            return Problem(
                "AS301",
                "`x` has no parts that could be named",
                help="name the node before, and use its parts by that name",
                subject="x",
            )
        if self.names.is_lost(name) or (self.definition.compiled and self.definition.compiled.is_lost(name)):
            raise Poisoned
        order = self.names.written.get(name)
        inside = self.names.inside(path)
        if inside is None and order is None:
            return undefined(name, self.names.all())
        if inside is None and order is not None and order >= self.order:
            return Problem(
                "AS302", f"`{shown(path)}` is defined later: a node can only use earlier ones", subject=path
            )
        if inside is None and self.names.is_poisoned():
            raise Poisoned
        return Problem(
            "AS301",
            f"`{shown(name)}` is not defined here",
            help=inside
            or "no node of this name is left: it was removed by `when`, or has no copies; what uses it "
            "needs the same condition",
            subject=name,
        )

    def reach(self, entry: Entry, rest: tuple[str, ...], path: str) -> Handles:
        """The handles, in the entry's body, of what `rest` names inside the entry."""
        if any(entry.body.types[handle] is None for handle in entry.handles):
            raise Poisoned
        if entry.draft is None or entry.draft.module.op is not None:
            if len(rest) == 1 and rest[0].isdecimal() and len(entry.handles) > 1:
                if int(rest[0]) < len(entry.handles):
                    return (entry.handles[int(rest[0])],)
                raise Problem(
                    "AS301",
                    f"`{shown(path)}`: there are only {len(entry.handles)} parts, 0 to "
                    f"{len(entry.handles) - 1}",
                    subject=path,
                )
            raise Problem(
                "AS301",
                f"`{shown(path)}` does not exist: there is nothing inside `{path.split('.')[0]}`",
                subject=path,
            )
        handle = entry.body.expose(entry.draft, rest)
        if handle is None:
            help_ = instead(path.split(".")[0], entry.draft.module, rest)
            raise Problem("AS301", f"`{shown(path)}` does not exist", help=help_, subject=path)
        return (handle,)

    def each(self, path: str) -> list[Handles]:
        """The values that an item of `from` names: one, or with `*` those of all copies of a repeat, or all parts."""
        words = path.split(".")
        if "*" not in words[1:]:
            return [self.resolve(path)]
        at = words.index("*", 1)
        inner = [".".join([*words[:at], name, *words[at + 1 :]]) for name in self.all_of(words[:at], path)]
        return [value for name in inner for value in self.each(name)]

    def all_of(self, words: list[str], path: str) -> list[str]:
        """What `*` stands for behind these words."""
        entry, rest = self.lookup(".".join(words))
        if entry.stands_in:
            return []  # a repeat without copies
        if any(entry.body.types[handle] is None for handle in entry.handles):
            raise Poisoned
        names: list[str] | None = None
        if entry.draft is not None:
            names = numbered(entry.draft.module, rest)
        elif len(entry.handles) > 1 and not rest:
            names = [str(part) for part in range(len(entry.handles))]
        if names is None:
            raise Problem(
                "AS301",
                f"`{shown(path)}` does not exist: `*` stands for the copies of a named repeat, or the parts of a "
                f"split, and `{shown('.'.join(words))}` is neither",
                subject=path,
            )
        return names

    def resolve(self, path: str) -> Handles:
        """The value that a `from` names, as handles of this body."""
        if path == "x":
            return self.x
        entry, rest = self.lookup(path)
        handles = self.reach(entry, rest, path) if rest else entry.handles
        return tuple([self.body.capture(entry.body, handle) for handle in handles])
