"""A seed's network: a spec in one or two files, which the reference can read."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import prod
from random import Random
from typing import Any

import torch

from random_networks.proposals import MAX_CHANNELS, MAX_ELEMENTS, MAX_SIZE, Proposer
from random_networks.reference import (
    BATCH,
    OWN_SHAPE,
    File,
    Frame,
    Node,
    Parts,
    Program,
    Reading,
    Scope,
    Tree,
    Unfit,
)
from random_networks.terms import (
    Context,
    Shape,
    Term,
    Writer,
    binary,
    choice,
    constant,
    evaluate,
    name,
    template,
)

PLAIN = [
    "relu",
    "relu6",
    "silu",
    "tanh",
    "gelu",
    "hardswish",
    "sigmoid",
    "elu",
    "mish",
    "softplus",
    "hardsigmoid",
    "softsign",
    "selu",
    "celu",
    "leaky_relu",
    "identity",
]
COMMON = ["conv"] * 8 + ["batchnorm"] * 3 + ["relu"] * 2 + ["maxpool", "linear", "dropout", "upsample"]
RARE = [
    "avgpool",
    "lppool",
    "global_avgpool",
    "global_maxpool",
    "adaptive_avgpool",
    "adaptive_maxpool",
    "instancenorm",
    "layernorm",
    "groupnorm",
    "lrn",
    "prelu",
    "hardtanh",
    "softmax",
    "log_softmax",
    "stochastic_depth",
    "flatten",
    "reshape",
    "permute",
    "crop",
    "pad",
    "pad",
    "slice",
    "expand",
    "channel_shuffle",
    "pixel_shuffle",
    "pixel_unshuffle",
    "reduce_mean",
    "reduce_max",
    "reduce_sum",
    "rmsnorm",
    "normalize",
    "roll",
    "glu",
    "abs",
    "square",
    "clamp",
    "scale",
    "attention",
    "conv_transpose",
    "maxpool",
    "conv",
    *PLAIN,
]
KEEPS = [
    "conv",
    "conv",
    "conv",
    "batchnorm",
    "layernorm",
    "rmsnorm",
    "normalize",
    "roll",
    "clamp",
    "scale",
    "groupnorm",
    "instancenorm",
    "lrn",
    "dropout",
    "prelu",
    "stochastic_depth",
    "channel_shuffle",
    "maxpool",
    "avgpool",
    "hardtanh",
    "softmax",
    "permute",
    *PLAIN,
]
WRONG = (Unfit, ArithmeticError, IndexError, TypeError, ValueError, AssertionError, KeyError, RuntimeError)


@dataclass
class Spec:
    """A spec whose fields may be terms, and the library that it uses."""

    table: dict[str, Any]
    library: dict[str, Any] | None = None
    variants: list[str | None] = field(default_factory=lambda: [None])

    def file(self, variant: str | None) -> File:
        """What the file defines, with the parameters of a variant."""
        file = defined(self.table, self.table.get("variants", {}).get(variant, {}))
        if self.library is not None:
            file.uses["lib"] = defined(self.library, {})
        return file

    def read(self, variant: str | None) -> Program:
        """The network of a variant, by the reference."""
        file = self.file(variant)
        return Reading().model(file, self.table["model"], file.names)


def defined(table: dict[str, Any], given: dict[str, Any]) -> File:
    names: dict[str, Any] = {}
    for key, declared in table.get("params", {}).items():
        default = declared["default"] if isinstance(declared, dict) else declared
        names[key] = given.get(key, evaluate(default, Context(names)))
    for key, item in table.get("let", {}).items():
        names[key] = evaluate(item, Context(names))
    return File(names, table.get("blocks", {}), table.get("defaults", {}))


class Generator:
    """Makes a spec, and asks the reference at every step whether it still stands."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.reading = Reading()
        self.counters: list[str] = []
        self.batch: str | int = "N"
        """What the spec calls the batch."""
        self.labels = 0

    # --- a step that may fail

    def attempt(self, node: Node, value: Parts, scope: Scope) -> Parts | None:
        """The value of a node, or nothing: then all is as before."""
        undo = self.saved(scope)
        try:
            made = self.reading.node(node, value, scope)
            if all(self.fits(self.reading.program.shape(index)) for index in made):
                return made
        except WRONG:
            pass
        undo()
        return None

    def saved(self, scope: Scope) -> Callable[[], None]:
        program, tree, frame = self.reading.program, scope.tree, scope.frame
        values, steps = len(program.values), len(program.steps)
        old = (dict(tree.children), dict(tree.params), dict(tree.calls), tree.position, dict(frame.names))

        def undo() -> None:
            del program.values[values:], program.steps[steps:]
            tree.children, tree.params, tree.calls, tree.position, frame.names = old

        return undo

    def fits(self, shape: Shape) -> bool:
        elements = 1
        for n in shape:
            elements *= n
        return elements <= MAX_ELEMENTS and max(shape[1:], default=1) <= 4000 and len(shape) <= 5

    def shape(self, value: Parts) -> Shape:
        return self.reading.program.shape(value[0])

    def writer(self, value: Parts | None, scope: Scope) -> Writer:
        paths = tuple(p for p, parts in self.visible(scope) if all(w.isidentifier() for w in p.split(".")))
        reserved = [p for p in paths if p.split(".")[0] in scope.names]
        usable = tuple(p for p in paths if p not in reserved and p != "input")
        return Writer(
            self.rng, self.reading.context(scope, value), tuple(self.rng.sample(usable, min(len(usable), 2)))
        )

    def visible(self, scope: Scope) -> list[tuple[str, Parts]]:
        """Everything that `from` can name here: one tensor each."""
        found: list[tuple[str, Parts]] = []

        def entries(frame: Frame, prefix: str, depth: int) -> None:
            for key, entry in frame.names.items():
                path = f"{prefix}{key}"
                if isinstance(entry, Frame):
                    if entry.value is not None and len(entry.value) == 1:
                        found.append((path, entry.value))
                    if depth < 2:
                        entries(entry, f"{path}.", depth + 1)
                elif len(entry) == 1:
                    found.append((path, entry))
                else:
                    found.extend((f"{path}.{part}", (index,)) for part, index in enumerate(entry))

        frame: Frame | None = scope.frame
        while frame is not None:
            entries(frame, "", 0)
            frame = None if frame.closed else frame.around
        return [(path, value) for path, value in found if self.found(scope, path) == value]

    def found(self, scope: Scope, path: str) -> Parts | None:
        try:
            return scope.frame.find(path)
        except WRONG:
            return None

    def fresh(self, scope: Scope, stem: str) -> str:
        taken = {*scope.frame.names, *scope.tree.children, *scope.tree.params, *scope.names}
        return next(w for k in range(1000) if (w := f"{stem}{k if k else ''}") not in taken)

    def label(self, stem: str) -> str:
        """A name that nothing else has: siblings do not see each other's while they are made."""
        self.labels += 1
        return f"{stem}{self.labels}"

    # --- chains

    def chain(
        self, length: int, value: Parts, scope: Scope, depth: int, keep: str = ""
    ) -> tuple[list[Node], Parts]:
        """Nodes that stand in the scope, and the value behind them. `keep` what of the shape."""
        nodes: list[Node] = []
        start = self.shape(value)
        for _ in range(length * 3):
            if len(nodes) >= length:
                break
            more = self.step(value, scope, depth, keep)
            undo = self.saved(scope)
            current: Parts | None = value
            for node in more:
                current = None if current is None else self.attempt(node, current, scope)
            if current is None or len(current) != 1 or not keeps(keep, start, self.shape(current)):
                undo()
                continue
            nodes += more
            value = current
        return nodes, value

    def step(self, value: Parts, scope: Scope, depth: int, keep: str) -> list[Node]:
        """One more node, or a few that belong together. It need not stand."""
        rng = self.rng
        undo = self.saved(scope)
        try:
            if depth > 0 and not keep and rng.random() < 0.12:
                return self.prepared(value, scope)
            if depth > 0 and rng.random() < 0.5:
                kind = rng.choice(
                    [
                        self.group,
                        self.residual,
                        self.dense,
                        self.branches,
                        self.call,
                        self.call,
                        self.joined,
                        self.gate,
                        self.product,
                        self.windows,
                        self.halves,
                        self.again,
                        self.copies,
                        self.copies,
                    ]
                )
                return kind(value, scope, depth - 1, keep)
            return [self.op(value, scope, keep)]
        except WRONG:
            return []
        finally:
            undo()

    def op(self, value: Parts, scope: Scope, keep: str) -> Node:
        """A builtin op with its fields and common keys."""
        rng = self.rng
        source: list[tuple[str, Parts]] = []
        if rng.random() < 0.08 and not keep:
            source = [rng.choice(self.visible(scope))]
        given = source[0][1] if source else value
        name_ = rng.choice(KEEPS if keep == "shape" else COMMON if rng.random() < 0.45 else RARE)
        writer = self.writer(given, scope)
        fields = Proposer(rng, writer, self.shape(given), self.batch).propose(name_)
        if fields is None:
            raise Unfit(name_)
        if keep == "shape" and name_ == "conv":
            same = rng.choice(["half", "same_upper", "same"])
            fields = {
                **fields,
                "out": writer.exactly(self.shape(given)[1]),
                "stride": 1,
                "padding": same,
                "groups": 1,
            }
            if same == "half":
                fields["kernel"] = rng.choice([1, 3])
        node: dict[str, Any] = {"op": self.spelled(name_, scope), **fields}
        if source:
            node["from"] = source[0][0]
        if not fields and not source and rng.random() < 0.6:
            return node["op"] if rng.random() < 0.8 else [node["op"]]
        return self.dressed(node, value, scope)

    def prepared(self, value: Parts, scope: Scope) -> list[Node]:
        """An op that few inputs suit, behind what makes its input suit."""
        axes = len(self.shape(value)) - 2
        writer = self.writer(value, scope)
        sequence = [{"op": "flatten", "start": 2}, {"op": "permute", "axes": [0, 2, 1]}] if axes > 1 else []
        before: dict[str, list[Node]] = {
            "pixel_shuffle": [{"op": "conv", "out": 4 * self.rng.randint(1, 3), "kernel": 1}],
            "pixel_unshuffle": [{"op": "crop", "size": [2 * self.rng.randint(1, 3), 4]}],
            "attention": [*sequence, {"op": "linear", "out": 2 * self.rng.randint(1, 4)}],
            "expand": [{"op": "reduce_mean", "axes": self.rng.randint(2, axes + 1), "keepdim": True}],
            "conv_transpose": [{"op": "adaptive_avgpool", "size": writer.integer(2, 6)}],
            "linear": [{"op": "reduce_mean", "axes": list(range(2, axes + 2))}],
            "batchnorm": ["global_avgpool", "flatten"],
            "flatten": [{"op": "adaptive_avgpool", "size": writer.integer(1, 3)}],
            "upsample": [{"op": "adaptive_maxpool", "size": writer.integer(2, 6)}],
            "lppool": ["sigmoid"],
            "sqrt": ["sigmoid"],
            "log": ["softplus", {"op": "scale", "shift": 0.5}],
            "exp": ["tanh"],
            "attention ": [*sequence, {"op": "linear", "out": 4}],
        }
        chosen = self.rng.choice(sorted(before))
        op = chosen.strip()
        current = value
        for node in before[chosen]:
            made = self.attempt(node, current, scope)
            if made is None:
                raise Unfit(op)
            current = made
        fields = Proposer(self.rng, self.writer(current, scope), self.shape(current), self.batch).propose(op)
        if fields is None:
            raise Unfit(op)
        return [*before[chosen], self.dressed({"op": op, **fields}, current, scope)]

    def spelled(self, op: str, scope: Scope) -> Any:
        """The name of an op, now and then by a parameter."""
        if op in PLAIN and self.rng.random() < 0.3:
            words = [word for word in scope.names if word.startswith("act")]
            if words:
                return template(name(self.rng.choice(words)))
        if op == "relu" and self.rng.random() < 0.1:
            flag = self.writer(None, scope).flag(plain=0.0)
            if isinstance(flag, Term):
                yes, no = Term("'silu'", lambda _: "silu"), Term("'relu'", lambda _: "relu")
                return template(choice(flag, yes, no))
        return op

    def dressed(self, node: dict[str, Any], value: Parts, scope: Scope) -> dict[str, Any]:
        """The node with some of the keys that all nodes have."""
        rng = self.rng
        if rng.random() < 0.35 and "name" not in node:
            node["name"] = self.named(node, scope)
        elif rng.random() < 0.1:
            node["as"] = self.label("value")
        if rng.random() < 0.05:
            node["doc"] = rng.choice(["What it does.", 'quotes " and \\ and {braces}', "ümlaut × 2"])
        if rng.random() < 0.1 and "from" not in node:
            node["when"] = self.writer(value, scope).flag(plain=0.2)
        if rng.random() < 0.12 and node.get("op") not in OWN_SHAPE and "when" not in node:
            made = self.attempt(node, value, scope)
            if made is not None and len(made) == 1:
                writer = self.writer(value, scope)
                node["shape"] = [self.batch, *(writer.exactly(n, 0.6) for n in self.shape(made)[1:])]
        return node

    def named(self, node: dict[str, Any], scope: Scope) -> Any:
        op = node.get("op")
        stem = (
            op
            if isinstance(op, str) and op.isalpha() and op not in ("max", "slice", "split", "pad")
            else "part"
        )
        if self.rng.random() < 0.1:
            stem += "-a"
        if self.counters and self.rng.random() < 0.9:  # inside a repeat: the copies need names of their own
            parts: list[str | Term] = [f"{self.fresh(scope, stem)}_"]
            for counter in self.counters:
                shift = constant(self.rng.randrange(3))
                parts += [
                    "_",
                    binary(name(counter), "+", shift) if self.rng.random() < 0.5 else name(counter),
                ]
            return template(*parts)
        return self.fresh(scope, f"{stem}_")

    # --- what holds nodes

    def nested(self, scope: Scope) -> Scope:
        """The scope inside of a group with a name: nothing is registered yet."""
        return replace(scope, frame=Frame(scope.frame), tree=Tree())

    def group(self, value: Parts, scope: Scope, depth: int, keep: str) -> list[Node]:
        length = self.rng.randint(1, 3)
        if self.rng.random() < 0.2:
            return self.computing(value, scope, depth, keep)
        match self.rng.randrange(4):
            case 0:
                nodes, _ = self.chain(length, value, scope, depth, keep)
                return [nodes]
            case 1:
                nodes, _ = self.chain(length, value, scope, depth, keep)
                return [self.dressed({"layers": nodes}, value, scope)]
            case _:
                title = self.named({"op": "group"}, scope)
                nodes, _ = self.chain(length, value, self.nested(scope), depth, keep)
                return [self.dressed({"name": title, "layers": nodes}, value, scope)]

    def computing(self, value: Parts, scope: Scope, depth: int, keep: str) -> list[Node]:
        """A group with `let`."""
        words = [word for word in ("hidden", "wide_", "twice") if word not in scope.names]
        if not words:
            raise Unfit("let")
        node: dict[str, Any] = {"let": {}}
        inner = scope
        for word in words[: self.rng.randint(1, 2)]:
            writer = self.writer(value, inner)
            item = node["let"][word] = writer.integer(1, 8, 0.1) if self.rng.random() < 0.8 else writer.flag()
            inner = replace(inner, names={**inner.names, word: evaluate(item, writer.context)})
        if self.rng.random() < 0.5:
            node["name"] = self.named({"op": "group"}, scope)
            inner = self.nested(inner)
        node["layers"], _ = self.chain(self.rng.randint(1, 3), value, inner, depth, keep)
        return [self.dressed(node, value, scope)]

    def residual(self, value: Parts, scope: Scope, depth: int, _: str) -> list[Node]:
        node: dict[str, Any] = {"op": "residual"}
        inner = scope
        if self.rng.random() < 0.3:
            node["name"] = self.named(node, scope)
            inner = self.nested(scope)
        node["layers"], end = self.chain(self.rng.randint(1, 3), value, inner, depth, "shape")
        if self.rng.random() < 0.3 and len(self.shape(value)) > 2:
            writer = self.writer(value, scope)
            out = writer.integer(1, MAX_CHANNELS)
            made = self.attempt({"op": "conv", "out": out, "kernel": 1}, end, inner)
            if made is not None:
                node["layers"].append({"op": "conv", "out": out, "kernel": 1})
                wide = writer.exactly(self.shape(made)[1])
                shortcut: dict[str, Any] = {"op": "conv", "out": wide, "kernel": 1}
                if self.shape(made) == self.shape(value) or self.rng.random() < 0.5:
                    differs = self.shape(made) != self.shape(value)
                    shortcut["when"] = writer.flag(differs, 0.2)
                if self.rng.random() < 0.5:
                    shortcut["name"] = self.fresh(inner, "downsample")
                node["shortcut"] = [shortcut]
        elif self.rng.random() < 0.3:
            node["skip"] = self.writer(value, scope).flag(plain=0.2)
        return [self.dressed(node, value, scope)]

    def dense(self, value: Parts, scope: Scope, depth: int, keep: str) -> list[Node]:
        del depth
        if keep == "shape" or len(self.shape(value)) < 3:
            raise Unfit("dense")
        counter = self.counter(scope)
        node: dict[str, Any] = {"op": "dense", "repeat": self.writer(value, scope).integer(1, 3)}
        if counter != "i":
            node["index"] = counter
        self.counters.append(counter)
        try:
            inner = replace(scope, names={**scope.names, counter: 0})
            growth = self.writer(value, inner).integer(1, 4)
            nodes, _ = self.chain(self.rng.randint(0, 2), value, inner, 0, "shape")
            last = {"op": "conv", "out": growth, "kernel": 3, "padding": self.rng.choice([1, "half"])}
            node["layers"] = [*nodes, last]
        finally:
            self.counters.pop()
        if self.rng.random() < 0.3:
            node["name"] = self.named({}, scope)
        return [node]

    def counter(self, scope: Scope) -> str:
        used = {*self.counters, *scope.names}
        return next(word for word in "ijkmn" if word not in used)

    def copies(self, value: Parts, scope: Scope, depth: int, keep: str) -> list[Node]:
        """A node with `repeat`."""
        rng = self.rng
        counter = self.counter(scope)
        node: dict[str, Any] = {"repeat": self.writer(value, scope).integer(rng.randint(0, 1), 3)}
        if counter != "i" or rng.random() < 0.1:
            node["index"] = counter
        inner = replace(scope, names={**scope.names, counter: 0})
        how = rng.choice(["contained", "counted", "unnamed"])
        outer = self.counters
        if how == "contained":
            title = self.fresh(scope, "stage")
            node["name"] = template(f"{title}_", *map(name, outer)) if outer else title
            inner, self.counters = self.nested(inner), []
        else:
            self.counters = [*outer, counter]
        try:
            one = rng.choice([self.plain_op, self.group, self.call, self.residual])
            (body,) = one(value, inner, max(depth - 1, 0), "shape" if rng.random() < 0.5 else keep)
        finally:
            self.counters = outer
        table = as_table(body)
        if how != "counted" or not isinstance(table.get("name"), Term):
            table.pop("name", None)
        if rng.random() < 0.4 and isinstance(table.get("op"), str):
            node["first"] = self.first(table, value, inner)
            if not node["first"]:
                del node["first"]
        return [{**table, **node}]

    def plain_op(self, value: Parts, scope: Scope, depth: int, keep: str) -> list[Node]:
        del depth
        return [self.op(value, scope, keep)]

    def first(self, node: dict[str, Any], value: Parts, scope: Scope) -> dict[str, Any]:
        """Other fields for the first copy."""
        op = node["op"]
        writer = self.writer(value, scope)
        if op == "conv":
            return self.rng.choice(
                [
                    {"bias": self.rng.random() < 0.5},
                    {"stride": 2},
                    {"kernel": 1},
                    {"dilation": writer.integer(1, 2)},
                ]
            )
        if op == "dropout":
            return {"p": writer.fraction(0.0, 0.9)}
        if op == "leaky_relu":
            return {"negative_slope": 0.25}
        changeable = [
            k
            for k, v in node.items()
            if k in ("width", "stride", "rate", "out") and isinstance(v, int | Term)
        ]
        return {self.rng.choice(changeable): writer.integer(1, 3)} if changeable else {}

    def branches(self, value: Parts, scope: Scope, depth: int, keep: str) -> list[Node]:
        rng = self.rng
        join = rng.choice(["concat", "concat", "add", "mul", "sub", "max"])
        if keep == "shape" and join == "concat":
            raise Unfit(join)
        node: dict[str, Any] = {"op": join}
        inner = scope
        if rng.random() < 0.3:
            node["name"] = self.named(node, scope)
            inner = self.nested(scope)
        found: list[Node] = []
        for _ in range(rng.randint(1 if rng.random() < 0.1 else 2, 4)):
            if join != "concat" and rng.random() < 0.2:
                found.append([])
                continue
            if rng.random() < 0.12:
                found.append(self.parallel(value, inner, depth, "spatial" if join == "concat" else "shape"))
                continue
            nodes, _ = self.chain(
                rng.randint(1, 3), value, inner, depth, "spatial" if join == "concat" else "shape"
            )
            if not nodes:
                continue
            single = (
                nodes[0]
                if len(nodes) == 1 and isinstance(nodes[0], dict) and "repeat" not in nodes[0]
                else nodes
            )
            if isinstance(single, dict) and "when" not in single and found and rng.random() < 0.15:
                single = {**single, "when": self.writer(value, scope).flag(plain=0.3)}
            found.append(single)
        node["branches"] = found
        return [self.dressed(node, value, scope)]

    def parallel(self, value: Parts, scope: Scope, depth: int, keep: str) -> Node:
        """Several branches by one item."""
        counter = self.counter(scope)
        node: dict[str, Any] = {"parallel": self.writer(value, scope).integer(self.rng.randint(0, 1), 3)}
        if counter != "i":
            node["index"] = counter
        outer, self.counters = self.counters, [*self.counters, counter]
        try:
            inner = replace(scope, names={**scope.names, counter: 0})
            one = self.rng.choice([self.plain_op, self.plain_op, self.group, self.residual])
            (body,) = one(value, inner, max(depth - 1, 0), keep)
            table = as_table(body)
            if self.rng.random() < 0.2 and "when" not in table:
                table["when"] = self.writer(value, inner).flag(True, 0.1)
        finally:
            self.counters = outer
        if not isinstance(table.get("name"), Term):
            table.pop("name", None)
        return {**table, **node}

    def joined(self, value: Parts, scope: Scope, depth: int, keep: str) -> list[Node]:
        """A join of values from anywhere."""
        del depth
        mine = self.shape(value)
        join = self.rng.choice(["add", "mul", "sub", "max", "concat", "concat"])
        if keep == "shape" and join == "concat":
            raise Unfit(join)
        axis = self.rng.randrange(1, len(mine)) if join == "concat" and self.rng.random() < 0.3 else 1

        def suits(shape: Shape) -> bool:
            if join != "concat":
                return shape == mine or (
                    len(shape) == len(mine) and all(a in (b, 1) for a, b in zip(shape, mine, strict=True))
                )
            return len(shape) == len(mine) and all(
                a == b or k == axis for k, (a, b) in enumerate(zip(shape, mine, strict=True))
            )

        others = [path for path, parts in self.visible(scope) if suits(self.shape(parts))]
        if not others:
            raise Unfit("nothing to join")
        several = self.of_several(scope, suits)
        sources = ["x", *self.rng.sample(others, min(len(others), self.rng.randint(1, 2)))]
        if several and self.rng.random() < 0.6:
            sources = ["x", self.rng.choice(several)]
        if self.rng.random() < 0.3:
            self.rng.shuffle(sources)
        node: dict[str, Any] = {"op": join, "from": sources}
        if axis != 1:
            node["axis"] = axis
        if self.rng.random() < 0.15:
            node["name" if self.rng.random() < 0.5 else "as"] = self.label("sum")
        return [node]

    def of_several(self, scope: Scope, suits: Callable[[Shape], bool]) -> list[str]:
        """Paths with `*`: all copies of a repeat or all parts of a split, or a value in each of the copies."""
        paths = [path for path, _ in self.visible(scope)]
        words = [path.split(".") for path in paths]
        starred = {
            ".".join(["*" if at == place else word for at, word in enumerate(path)])
            for path in words
            for place, here in enumerate(path)
            if place and here.isdigit()
        }
        found = []
        for path in sorted(starred):
            try:
                values = scope.frame.all(path)
            except WRONG:
                continue
            if values and all(len(parts) == 1 and suits(self.shape(parts)) for parts in values):
                found.append(path)
        return found

    def gate(self, value: Parts, scope: Scope, depth: int, keep: str) -> list[Node]:
        """A product or sum with a parameter, or with a squeeze of the input."""
        del depth, keep
        shape = self.shape(value)
        writer = self.writer(value, scope)
        sizes = [writer.exactly(n) if self.rng.random() < 0.6 else 1 for n in shape[1:]]
        key: Any = self.fresh(scope, "gamma")
        if self.counters:
            key = template(f"{key}_", *(part for c in self.counters for part in ("_", name(c))))
        param: dict[str, Any] = {"name": key, "op": "param", "shape": sizes}
        if self.rng.random() < 0.5:
            param["init"] = {"weight": self.rng.choice([0.5, 1e-6, 1.0, "normal(0.02)"])}
        if self.rng.random() < 0.3:
            param = self.constant(key, sizes, writer)
        join = self.rng.choice(["mul", "add", "sub", "max", "div"])
        if join != "div" and self.rng.random() < 0.4 and not self.counters:
            label = self.label("y")
            return [{"op": "identity", "as": label}, param, {"op": join, "from": [label, key]}]
        squeeze: list[Node] = ["global_avgpool", {"op": "conv", "out": "x.channels", "kernel": 1}, "sigmoid"]
        if len(shape) > 2 and self.rng.random() < 0.4:
            squeeze[1] = {"op": "conv", "out": writer.exactly(shape[1]), "kernel": 1}
            if join == "div":  # not by next to nothing, which multiplies what rounding does
                squeeze.append({"op": "scale", "shift": 1})
            return [{"op": join, "branches": [[], squeeze]}]
        if join == "div":  # by a parameter that may be 0
            raise Unfit(join)
        return [{"op": join, "branches": [[], param]}]

    def constant(self, key: Any, sizes: list[Any], writer: Writer) -> dict[str, Any]:
        """A constant of a number and a shape, or of numbers in lists. They have few digits in any precision."""
        node: dict[str, Any] = {"name": key, "op": "constant"}
        lengths = [evaluate(size, writer.context) for size in sizes]

        def listed(lengths: list[int]) -> Any:
            number = self.rng.randint(-8, 8) / 4
            return [listed(lengths[1:]) for _ in range(lengths[0])] if lengths else number

        if len(sizes) < 5 and prod(lengths) <= 24 and self.rng.random() < 0.6:
            node["values"] = listed(lengths)
        else:
            node |= {"values": self.rng.choice([0.5, -2, 1]), "shape": sizes}
        if self.rng.random() < 0.6:
            node["persistent"] = self.rng.random() < 0.4
        return node

    def product(self, value: Parts, scope: Scope, depth: int, keep: str) -> list[Node]:
        """A product of matrices: of the value with itself turned, or with a matrix of parameters."""
        del depth
        shape = self.shape(value)
        if keep or len(shape) < 3 or self.counters:
            raise Unfit("matmul")
        label = self.label("left")
        # Powers of large numbers would grow until single precision has no digits left.
        first: Node = {"op": "tanh", "as": label}
        other: dict[str, Any]
        if self.rng.random() < 0.5:
            other = {"op": "permute", "axes": [*range(len(shape) - 2), len(shape) - 1, len(shape) - 2]}
        else:
            sizes = [shape[-1], self.writer(value, scope).integer(1, 6)]
            other = {"op": "param", "name": self.fresh(scope, "matrix"), "shape": sizes}
        sides = [label, "x"]
        if other["op"] == "permute" and self.rng.random() < 0.5:
            sides.reverse()
        return [first, other, {"op": "matmul", "from": sides}]

    def windows(self, value: Parts, scope: Scope, depth: int, keep: str) -> list[Node]:
        """What has a part of each image in the batch, and the images again."""
        del depth
        _, parts, *rest = self.shape(value)
        if not rest:
            raise Unfit("windows")
        writer = self.writer(value, scope)
        inner: list[Node] = ["tanh", {"op": "softmax", "axis": -1}, {"op": "layernorm"}]
        if not keep:
            inner += [{"op": "linear", "out": writer.integer(1, 8)}] * 2
        all_ = f"{parts} * N" if self.batch == "N" and parts > 1 and self.rng.random() < 0.5 else -1
        shape = [writer.exactly(n, 0.6) for n in rest]
        return [
            {"op": "reshape", "shape": [all_, *shape]},
            self.rng.choice(inner),
            {"op": "reshape", "shape": [self.batch, writer.exactly(parts), *shape[:-1], -1]},
        ]

    def halves(self, value: Parts, scope: Scope, depth: int, keep: str) -> list[Node]:
        """A split and its parts, joined again."""
        del depth
        if keep == "shape":
            raise Unfit("split")
        fields = Proposer(self.rng, self.writer(value, scope), self.shape(value), self.batch).propose("split")
        if fields is None:
            raise Unfit("split")
        label = self.label("parts")
        split = {"op": "split", "as" if self.counters or self.rng.random() < 0.3 else "name": label, **fields}
        made = self.attempt(split, value, scope)
        if made is None:
            raise Unfit("split")
        first = (made[0],)
        nodes, end = self.chain(self.rng.randint(0, 2), first, scope, 0, "")
        if nodes and isinstance(nodes[0], dict) and "from" not in nodes[0] and "when" not in nodes[0]:
            nodes[0]["from"] = f"{label}.0"
        else:
            nodes = [{"op": "identity", "from": f"{label}.0"}, *nodes]
        axis = fields.get("axis", 1)
        compatible = [k for k in range(1, len(made)) if len(self.shape((made[k],))) == len(self.shape(end))]
        picks = [f"{label}.{k}" for k in compatible]
        join: dict[str, Any] = {
            "op": "concat",
            "from": ["x", *picks],
            **({} if axis == 1 else {"axis": axis}),
        }
        return [split, *nodes, join] if picks else [split, *nodes]

    def again(self, value: Parts, scope: Scope, depth: int, keep: str) -> list[Node]:
        """A call of an earlier op's weights."""
        del value, depth, keep
        words = [word for word in scope.tree.calls if not word.isdigit() or self.rng.random() < 0.3]
        if not words or self.counters:
            raise Unfit("nothing to reuse")
        node: dict[str, Any] = {"op": "reuse", "of": self.rng.choice(words)}
        if self.rng.random() < 0.3:
            node["as"] = self.label("again")
        return [node]

    # --- blocks

    def call(self, value: Parts, scope: Scope, depth: int, keep: str) -> list[Node]:
        """A call of a block of this file, or of the library."""
        del depth, keep
        blocks = [(word, scope.file.blocks[word]) for word in scope.file.blocks]
        for use, file in scope.file.uses.items():
            blocks += [(f"{use}.{word}", file.blocks[word]) for word in file.blocks]
        if not blocks:
            raise Unfit("no blocks")
        word, block = self.rng.choice(blocks)
        writer = self.writer(value, scope)
        node: dict[str, Any] = {"op": word}
        declared = {**block.get("required", {}), **block.get("params", {})}
        for key, kind in declared.items():
            if key in block.get("required", {}) or self.rng.random() < 0.4:
                node[key] = self.argument(key, kind, writer, scope)
        inputs = block.get("inputs", ["input"])
        if len(inputs) > 1:
            same = [p for p, parts in self.visible(scope) if self.shape(parts) == self.shape(value)]
            if not same:
                raise Unfit("inputs")
            node["from"] = ["x", *(self.rng.choice(same) for _ in inputs[1:])]
        if len(node) == 1 and self.rng.random() < 0.4:
            return [word]
        return [self.dressed(node, value, scope)]

    def argument(self, key: str, kind: Any, writer: Writer, scope: Scope) -> Any:
        if key.startswith("act"):
            words = [word for word in scope.names if word.startswith("act")]
            if isinstance(kind, dict) and "choices" in kind:
                return self.rng.choice(kind["choices"])
            if words and self.rng.random() < 0.3:
                return template(name(self.rng.choice(words)))
            typed = kind == "op" or isinstance(kind, dict)
            blocks = scope.file.blocks.items() if typed else ()
            small = [w for w, b in blocks if not b.get("required") and "inputs" not in b]
            return self.rng.choice([*PLAIN[:4], *small[:1]])
        match key.rstrip("2"):
            case "ratio":
                return writer.fraction(0.1, 2.0)
            case "deep":
                return writer.flag()
            case "kernel":
                return self.rng.choice([1, 3, writer.integer(1, 3)])
            case "border":
                return self.rng.choice([0, 1, "half", {"left": 1, "right": writer.integer(0, 2)}])
            case "widths":
                return [writer.integer(1, 6) for _ in range(self.rng.randint(2, 3))]
            case "resize":
                return self.rng.choice(["nearest", "nearest-exact"])
        return writer.integer(1, 5)

    def block(self, file: File, number: int) -> dict[str, Any]:
        """A block, tried out on an input of its own."""
        rng = self.rng
        self.counters = []
        table: dict[str, Any] = {}
        names = dict(file.names)
        self.parameters(table, names, rng.randint(0, 4), typed=True)
        shape = (
            BATCH,
            rng.randint(1, 8),
            *[rng.randint(5, 11) for _ in range(rng.choice([1, 2, 2, 2, 2, 3]))],
        )
        program = self.reading.program
        inputs = ["input"] if rng.random() < 0.8 else ["main", "side"]
        if len(inputs) > 1:
            table["inputs"] = inputs
        frame = Frame(closed=True)
        for word in inputs:
            frame.names[word] = (program.add(torch.empty(shape, device="meta")),)
        frame.names["input"] = frame.names[inputs[0]]
        scope = Scope(file, frame, Tree(), names)
        if rng.random() < 0.4:
            writer = Writer(rng, self.reading.context(scope, None), ("input",))
            lets = {"inner": writer.integer(1, 8, 0.0), "big": writer.flag(plain=0.1)}
            table["let"] = {key: item for key, item in lets.items() if key not in names}
            scope = replace(
                scope, names={**names, **{k: evaluate(v, writer.context) for k, v in table["let"].items()}}
            )
        start = frame.find("input")
        keep = rng.choice(["shape", "shape", "", "spatial"])
        table["layers"], _ = self.chain(rng.randint(1, 4), start, scope, 2, keep)
        if rng.random() < 0.2 and number:
            table["inline"] = True
        named = [
            p
            for p, parts in self.visible(scope)
            if "." not in p and p not in (*inputs, "input") and not p.isdigit()
        ]
        if named and rng.random() < 0.4 and not table.get("inline"):
            table["outputs"] = rng.sample(named, 1)
        if rng.random() < 0.2:
            table["doc"] = "A block."
        return table

    def parameters(self, table: dict[str, Any], names: dict[str, Any], count: int, *, typed: bool) -> None:
        """Parameters with a type or a default, and the values to try them with."""
        rng = self.rng
        makers: dict[str, tuple[str, Callable[[], Any]]] = {
            "width": ("int", lambda: rng.randint(1, 8)),
            "rate": ("int", lambda: rng.randint(1, 3)),
            "ratio": ("float", lambda: round(rng.uniform(0.1, 2.0), 2)),
            "deep": ("bool", lambda: rng.random() < 0.5),
            "widths": ("list", lambda: [rng.randint(1, 6) for _ in range(3)]),
            "act": ("op", lambda: rng.choice(PLAIN[:4])),
            "kernel": ("size", lambda: rng.choice([1, 3])),
            "border": ("padding", lambda: rng.choice([0, 1, "half"])),
            "resize": ("str", lambda: rng.choice(["nearest", "nearest-exact"])),
        }
        for word in rng.sample(sorted(makers), min(count, len(makers))):
            kind, make = makers[word]
            value = make()
            if typed and rng.random() < 0.5:
                bounds = {"min": 1, "max": 9} if kind == "int" and rng.random() < 0.3 else {}
                table.setdefault("required", {})[word] = (
                    {"type": kind, **bounds, "doc": "A knob."} if rng.random() < 0.4 else kind
                )
            else:
                long: dict[str, Any] = {"type": kind, "default": value}
                if kind == "int" and rng.random() < 0.5:
                    long |= {"min": 1, "max": 9}
                if word == "act" and rng.random() < 0.5:
                    long["choices"] = PLAIN[:4]
                plain = kind not in ("size", "padding") and rng.random() < 0.6
                table.setdefault("params", {})[word] = value if plain else long
            names[word] = value


def as_table(node: Node) -> dict[str, Any]:
    """A node as one table, without what it asserts of its shape: another copy has another."""
    table = (
        {"layers": node} if isinstance(node, list) else dict(node) if isinstance(node, dict) else {"op": node}
    )
    if table.get("op") not in OWN_SHAPE:
        table.pop("shape", None)
    return table


def keeps(keep: str, start: Shape, now: Shape) -> bool:
    if keep == "shape":
        return now == start
    if keep == "spatial":
        return len(now) == len(start) and now[2:] == start[2:] and now[0] == start[0]
    return max(now[2:], default=1) <= MAX_SIZE and now[0] == BATCH if now else False
