"""What an expression or a reference can see from its place.

Frame   a call of a block: its parameters, its `let`s, its inputs; around it the frame of its file
Names   the nodes of a scope that references can name; around it the scope of the group outside
Env     the environment of a node: a frame, names, the counters of repeats, and `x`, the input of the node
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf

from archspec.diagnostics import Label, Problem
from archspec.diagnostics.diagnostic import Path, Replacement, shown
from archspec.elaborate.body import Body, Draft, Handles
from archspec.elaborate.dead_ends import instead, within
from archspec.elaborate.exposure import locate, numbered
from archspec.elaborate.frames import Frame, Poisoned, size_of, undefined
from archspec.elaborate.settings import Setting
from archspec.elaborate.steps import Plan
from archspec.language.document import Definition
from archspec.language.templates import fits
from archspec.types import TensorType, Value


class GroupFrame(Frame):
    """The `let`s of a group, which see what the group itself does; around it the frame of its block."""

    def __init__(self, env: "Env", let: Mapping[str, Setting], path: Path) -> None:
        frame = env.frame
        super().__init__(frame.document, path, {}, let, {}, {}, frame, frame.report)
        names = Names(env.body, outer=env.names, written=env.names.written, until=moment())
        self.env = replace(env, names=names)
        """The environment where the group starts: a `let` sees no node that came later, whenever it is evaluated."""
        self.settings = let

    def shape(self, path: str, attribute: str) -> Value:
        """A size of `x`, of an input, or of an earlier node."""
        return self.env.shape(path, attribute)

    def _setting(self, name: str, path: Path) -> Setting:
        del path  # a group's are compiled with it
        return self.settings[name]

    def _evaluate(self, name: str) -> Value:
        return super()._evaluate(name) if name in self.let else self.env.value(name)


moment = count().__next__
"""The next number of a counter that tells which binding is older."""


@dataclass(slots=True, eq=False, repr=False)
class Binding:
    """What a name refers to: a value of `body`, and the node that makes it."""

    body: Body
    handles: Handles
    draft: Draft | None = None
    path: Path = ()
    """Where in the document the name is given."""
    stands_in: bool = False
    """Whether the node was removed: a node of the same name that is kept takes its place."""
    moment: int = field(default_factory=moment)
    """Later bindings have larger numbers."""


@dataclass(slots=True, eq=False, repr=False)
class Names:
    """The names that references can use in one scope: a block's, or a named group's."""

    body: Body
    inputs: dict[str, Handles] = field(default_factory=dict)
    outer: "Names | None" = None
    entries: dict[str, Binding] = field(default_factory=dict)
    written: Mapping[str, int] = field(default_factory=dict)
    """All names that the block gives anywhere, with the order of their nodes."""
    lost: list[list[str]] = field(default_factory=list)
    """The computed names of nodes that failed, each as the text around its expressions."""
    miscounted: bool = False
    """Whether a node without a name failed, so that the positions in this scope are not known."""
    until: float = inf
    """Bindings around this scope from then on are hidden, so that a group that is called again means the same."""

    def outwards(self) -> Iterator["Names"]:
        """This scope and those around it."""
        scope: Names | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def find(self, name: str) -> Binding | None:
        """The nearest earlier node called `name`."""
        until = inf
        for scope in self.outwards():
            entry = scope.entries.get(name)
            if entry is not None and entry.moment < until:
                return entry
            if name in scope.inputs:
                return Binding(scope.body, scope.inputs[name])
            until = min(until, scope.until)
        return None

    def inside(self, path: str) -> Replacement | str | None:
        """A help text with the full path of a value that `path` names inside some node; `None` if there is none."""
        words = tuple(path.split("."))
        for scope in self.outwards():
            for name, entry in reversed(scope.entries.items()):
                if entry.draft is not None and (found := within(name, entry.draft.module, words)) is not None:
                    return found
        return None

    def is_lost(self, name: str) -> bool:
        """Whether a node that failed may have this name, so that a reference to it is no further error."""
        return any(
            any(fits(name, parts) for parts in scope.lost) or (scope.miscounted and name.isdigit())
            for scope in self.outwards()
        )

    def is_poisoned(self) -> bool:
        """Whether a node that may contain any name has failed here."""
        return any(None in scope.body.types for scope in self.outwards())

    def all(self) -> list[str]:
        """Every name that can be used here."""
        return [name for scope in self.outwards() for name in (*scope.inputs, *scope.entries)]

    def enter(self, name: str, entry: Binding) -> None:
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
    """The environment of a node, which moves along a body. `x` is the input of the node being elaborated."""

    frame: Frame
    body: Body
    names: Names
    definition: Definition
    plan: Plan
    x: Handles = ()
    counters: dict[str, int] = field(default_factory=dict)
    copy: tuple[int, ...] = ()
    order: float = 0
    """The order of the node that is being elaborated."""
    late: Callable[[], Handles] | None = None
    """Computes `x` when it is first asked for."""
    free: bool = False
    """Whether the field that is being evaluated takes sizes that stay free."""
    kept: bool = False
    """Whether `when` kept the node that was elaborated last, or a copy of it."""

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
        return size_of(self.type_of(path), path, attribute, free=self.free)

    def evaluate(self, evaluate: Callable[["Env"], Value], *, free: bool) -> Value:
        """A value; with `free`, a size that is all of an expression may be a symbol."""
        self.free = free
        try:
            return evaluate(self)
        except Problem:
            self.free = False
            return evaluate(self)  # arithmetic needs numbers: say which size is free
        finally:
            self.free = False

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
        if not rest or entry.draft is None or entry.draft.module.op is not None:
            return self.single(self.reach(entry, rest, path) if rest else entry.handles, path, entry.body)
        self._check_whole(entry)
        found = locate(entry.draft.module, rest)  # to be measured, a value need not leave its group
        if found is None:
            raise self._missing(entry.draft, rest, path)
        return found[1]

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
        help_ = f"name a part in `from`: `{name}.0` to `{name}.{count - 1}`"
        return Problem(
            "AS310",
            f"`{shown(path)}` has {count} parts: pick one",
            help=help_ if name else f"give the split a name, and use `name.0` to `name.{count - 1}`",
            subject=path,
        )

    def lookup(self, path: str) -> tuple[Binding, tuple[str, ...]]:
        """The node that the first part of `path` names, and the rest of the path."""
        first, *rest = path.split(".")
        if (slip := self._slip(path)) is not None:
            raise slip
        entry = None if first.isdigit() and self.is_lost(first) else self.names.find(first)
        if entry is None:
            raise self.unknown(first, path)
        return entry, tuple(rest)

    def is_lost(self, name: str) -> bool:
        """Whether something that failed may have this name, so that a reference to it is no further error."""
        return self.names.is_lost(name) or self.plan.is_lost(name)

    def _slip(self, path: str) -> Problem | None:
        """The problem for text that cannot be a name: a pattern, a list or an expression; `None` if it can."""
        if "*" in path and " " not in path:
            meant = [shown(word) for word in self.names.all() if fits(word, path.split("*"))][:12]
            listed = ": " + ", ".join(f'"{word}"' for word in meant) if meant else ""
            return Problem(
                "AS301",
                f"`{shown(path)}` is not a name: `*` cannot be used here",
                help=f"list the values one by one{listed}"
                if listed or "." not in path
                else "in `from`, a `*` between dots stands for all copies of a repeat, as in `stack.*.skip`",
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
                f"`{shown(path)}` is not a name",
                help=f"put an expression that gives a name in braces, as in {example}",
                subject=path,
            )
        return None

    def unknown(self, name: str, path: str) -> Problem:
        """The problem for a name that is not here: it comes later, is inside a group, or is nowhere."""
        if name == "x":
            return Problem(
                "AS301",
                "`x` has no parts that could be named",
                help="name the node before this one, and use its parts by that name",
                subject="x",
            )
        if self.is_lost(name):
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

    def reach(self, entry: Binding, rest: tuple[str, ...], path: str) -> Handles:
        """The handles, in the entry's body, of what `rest` names inside the entry."""
        self._check_whole(entry)
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
            raise self._missing(entry.draft, rest, path)
        return (handle,)

    def _check_whole(self, entry: Binding) -> None:
        """Raise `Poisoned` if the node failed."""
        if any(entry.body.types[handle] is None for handle in entry.handles):
            raise Poisoned

    def _missing(self, draft: Draft, rest: tuple[str, ...], path: str) -> Problem:
        """The problem of a path that leads to nothing inside a node."""
        help_ = instead(path.split(".")[0], draft.module, rest)
        return Problem("AS301", f"`{shown(path)}` does not exist", help=help_, subject=path)

    def each(self, path: str) -> list[Handles]:
        """The values that an item of `from` names: one, or with `*` those of all copies of a repeat, or all parts."""
        words = path.split(".")
        if "*" not in words[1:]:
            return [self.resolve(path)]
        at = words.index("*", 1)
        inner = [".".join([*words[:at], name, *words[at + 1 :]]) for name in self.all_of(words[:at], path)]
        return [value for name in inner for value in self.each(name)]

    def all_of(self, words: list[str], path: str) -> list[str]:
        """The names that `*` stands for after these words."""
        entry, rest = self.lookup(".".join(words))
        if entry.stands_in:
            return []  # a repeat without copies
        self._check_whole(entry)
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
