"""A second reading of a spec, with torch's modules: what the language says, and nothing of archspec."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from random_networks.meanings import JOINS, Function, Padded, attention_of, meaning
from random_networks.terms import Context, Shape, Term, evaluate, integral

BATCH = 13
"""The batch of the shapes: a number that no other size is likely to be."""
Node = Any  # a name, a chain or a table
Parts = tuple[int, ...]
"""A value: the numbers of its tensors. Only a split has several."""


class Unfit(Exception):  # noqa: N818 — no error: the generator tries something else
    """The network cannot be: torch refuses it, or the language does."""


class Copy(str):
    """The name of a copy in a container: the spec has not given it, and a removed copy has none."""

    __slots__ = ()


@dataclass
class Frame:
    """The names of a scope. A group or a repeat with a name is a frame inside the one around it."""

    around: "Frame | None" = None
    names: dict[str, "Parts | Frame"] = field(default_factory=dict)
    value: Parts | None = None
    """What its own name stands for."""
    copies: bool = False
    """Of a repeat: the names that are numbers are its copies."""
    closed: bool = False
    """Of a block: paths name its outputs only, and nothing around it is in sight."""

    def nearest(self, name: str) -> "Parts | Frame":
        """What a name means here, or in the nearest scope around that has it and is in sight."""
        frame: Frame | None = self
        while frame is not None and name not in frame.names:
            frame = None if frame.closed else frame.around
        if frame is None:
            raise Unfit(name)
        return frame.names[name]

    def all(self, path: str) -> "list[Parts]":
        """What a path names with `*` for all copies of a repeat, or all parts of a split."""
        before, star, after = path.partition(".*")
        if not star:
            return [self.find(path)]
        first, *rest = before.split(".")
        found = self.nearest(first)
        for word in rest:
            if not isinstance(found, Frame) or word not in found.names:
                raise Unfit(path)
            found = found.names[word]
        if isinstance(found, Frame):
            if not found.copies:
                raise Unfit(path)
            words = [word for word in found.names if word.isdigit()]
        else:
            if len(found) < 2:  # it has no parts
                raise Unfit(path)
            words = [str(part) for part in range(len(found))]
        return [parts for word in words for parts in self.all(f"{before}.{word}{after}")]

    def find(self, path: str) -> Parts:
        first, *rest = path.split(".")
        found = self.nearest(first)
        for word in rest:
            if isinstance(found, Frame):
                if word in found.names:
                    found = found.names[word]
                    continue
                assert found.value is not None
                if len(found.value) < 2:  # it has no parts, and nothing of this name in it
                    raise Unfit(path)
                found = found.value
            found = (found[int(word)],)
        if isinstance(found, Frame):
            assert found.value is not None
            return found.value
        return found


@dataclass
class Tree:
    """The modules of a scope, in the order in which the state_dict has them."""

    children: "dict[str, Tree | nn.Module]" = field(default_factory=dict)
    params: dict[str, Tensor] = field(default_factory=dict)
    """Its own parameters and constants."""
    fixed: dict[str, Tensor] = field(default_factory=dict)
    """The values of constants that are not in the state_dict."""
    calls: "dict[str, Callable[[Parts], Parts]]" = field(default_factory=dict)
    """What `reuse` can call."""
    position: int = 0


@dataclass(frozen=True)
class Block:
    """A block, with the file that it stands in."""

    table: dict[str, Any]
    file: "File"


@dataclass
class File:
    """What a file defines: blocks, names and defaults."""

    names: dict[str, Any] = field(default_factory=dict)
    blocks: dict[str, dict[str, Any]] = field(default_factory=dict)
    defaults: dict[str, dict[str, Any]] = field(default_factory=dict)
    uses: dict[str, "File"] = field(default_factory=dict)

    def block(self, name: str) -> Block | None:
        if "." in name:
            use, inner = name.split(".")
            return self.uses[use].block(inner)
        return Block(self.blocks[name], self) if name in self.blocks else None


class Named(str):
    """The name of an op as an argument: it means what it means where the call is written."""

    __slots__ = ("file",)
    file: File

    @classmethod
    def of(cls, text: str, file: File) -> "Named":
        named = cls(text)
        named.file = text.file if isinstance(text, Named) else file
        return named


@dataclass(frozen=True)
class Scope:
    """Where a node stands."""

    file: File
    frame: Frame
    tree: Tree
    names: Mapping[str, Any]
    path: str = ""


@dataclass
class Step:
    """A call of a module on values."""

    path: str
    module: nn.Module
    inputs: Parts
    outputs: Parts


class Constant(Function):
    """A constant, with what it starts as."""

    key: str
    values: Tensor


class Program:
    """The steps of a network, and what they make of tensors."""

    def __init__(self) -> None:
        self.values: list[Tensor] = []
        self.steps: list[Step] = []
        self.tree = Tree()
        self.inputs: list[int] = []
        self.outputs: list[int] = []
        self.heads: list[int] = []
        self.batch = BATCH

    def add(self, tensor: Tensor) -> int:
        self.values.append(tensor)
        return len(self.values) - 1

    def call(self, path: str, module: nn.Module, inputs: Parts) -> Parts:
        """One more step. Its result is known on the meta device at once."""
        given = [self.values[index] for index in inputs]
        try:
            with torch.no_grad():
                made = module.train()(*given)
        except Exception as error:  # torch has many ways to refuse
            raise Unfit(str(error)) from error
        results = made if isinstance(made, tuple | list) else (made,)
        if any(0 in tensor.shape for tensor in results):
            raise Unfit("empty")
        outputs = tuple(self.add(tensor) for tensor in results)
        self.steps.append(Step(path, module, inputs, outputs))
        return outputs

    def shape(self, index: int) -> Shape:
        return tuple(self.values[index].shape)

    def modules(self) -> "Iterator[tuple[str, nn.Module]]":
        """The ops that are modules, by path."""
        seen: set[str] = set()
        for step in self.steps:
            if step.path and step.path not in seen:
                seen.add(step.path)
                yield step.path, step.module

    def state(self) -> dict[str, Tensor]:
        """The state_dict: own parameters of a scope come before those of its children."""
        return dict(_state(self.tree, ""))

    def run(self, inputs: list[Tensor]) -> list[Tensor]:
        """All outputs, those of training last."""
        values = self.computed(inputs)
        return [values[index] for index in (*self.outputs, *self.heads)]

    def computed(self, inputs: list[Tensor]) -> dict[int, Tensor]:
        """All values by their numbers."""
        values: dict[int, Tensor] = dict(zip(self.inputs, inputs, strict=True))
        self.batch = len(inputs[0])
        for step in self.steps:
            made = step.module(*(values[index] for index in step.inputs))
            results = made if isinstance(made, tuple | list) else (made,)
            values.update(zip(step.outputs, results, strict=True))
        return values


def _state(tree: Tree, path: str) -> Iterator[tuple[str, Tensor]]:
    for kind in (True, False):  # constants follow
        own = tree.params.items()
        for key, tensor in own:
            if isinstance(tensor, nn.Parameter) is kind and key not in tree.fixed:
                yield f"{path}{key}", tensor
    for key, child in tree.children.items():
        if isinstance(child, Tree):
            yield from _state(child, f"{path}{key}.")
        else:
            inner = child.inner if isinstance(child, Padded) else child
            yield from ((f"{path}{key}.{name}", tensor) for name, tensor in inner.state_dict().items())


class Reading:
    """Walks a spec and writes its program."""

    def __init__(self) -> None:
        self.program = Program()

    # --- the model

    def model(self, file: File, table: dict[str, Any], names: Mapping[str, Any]) -> Program:
        scope = self.opened(file, table, names)
        value = self.chain(table["layers"], (self.program.inputs[0],), scope)
        heads = [scope.frame.find(path) for path in table.get("train_outputs", [])]
        wanted = table.get("outputs")
        outputs = self.wanted(wanted, scope, value) if wanted else []
        outputs = outputs or [value]
        if any(len(found) != 1 for found in (*heads, *outputs)):
            raise Unfit("an output has several parts")
        self.program.heads = [index for (index,) in heads]
        self.program.outputs = [index for (index,) in outputs]
        return self.program

    def wanted(self, outputs: list[Any], scope: Scope, value: Parts) -> list[Parts]:
        """The outputs that there are: names, or tables with a condition."""
        found = []
        for item in outputs:
            table = item if isinstance(item, dict) else {"of": item}
            if evaluate(table.get("when", True), self.context(scope, value)):
                found.append(scope.frame.find(table.get("of") or table["name"]))
        return found

    def opened(self, file: File, table: dict[str, Any], names: Mapping[str, Any]) -> Scope:
        """The scope of the model, with its inputs and its `let`."""
        frame = Frame()
        given = table.get("inputs") or [{"name": "input", "shape": table["input"]}]
        for item in given:
            shape = [BATCH if n == "N" else evaluate(n, Context(names)) for n in item["shape"]]
            index = self.program.add(torch.empty(shape, device="meta"))
            self.program.inputs.append(index)
            frame.names[item["name"]] = (index,)
        frame.names["input"] = (self.program.inputs[0],)
        scope = Scope(file, frame, self.program.tree, names)
        return replace(scope, names={**names, **self.let(table.get("let", {}), scope)})

    def let(self, table: dict[str, Any], scope: Scope) -> dict[str, Any]:
        """Names that are computed. Those that another one needs stand before it."""
        made: dict[str, Any] = {}
        for key, item in table.items():
            made[key] = evaluate(item, self.context(replace(scope, names={**scope.names, **made}), None))
        return made

    def context(self, scope: Scope, value: Parts | None) -> Context:
        def shapes(path: str) -> Shape:
            return self.program.shape(scope.frame.find(path)[0])

        return Context(scope.names, None if not value else self.program.shape(value[0]), shapes)

    # --- nodes

    def chain(self, nodes: list[Node], value: Parts, scope: Scope) -> Parts:
        for node in nodes:
            value = self.node(node, value, scope)
        return value

    def node(self, node: Node, value: Parts, scope: Scope) -> Parts:
        if isinstance(node, list):
            return self.chain(node, value, scope)
        table = node if isinstance(node, dict) else {"op": node}
        if "repeat" in table and table.get("op") != "dense":
            return self.repeat(table, value, scope)
        return self.one(table, value, scope)

    def repeat(self, table: dict[str, Any], value: Parts, scope: Scope) -> Parts:
        counter = table.get("index", "i")
        self.asked_once(table, counter, self.context(scope, value))
        count, entry = evaluate(table["repeat"], self.context(scope, value)), value
        own = ("shape",) if table.get("op") not in OWN_SHAPE else ()
        once = {key: item for key, item in table.items() if key not in ("repeat", "index", "first", *own)}
        if count < 0 or int(count) != count:
            raise Unfit("repeat")
        title: Any = table.get("name")
        contained = False
        if isinstance(title, str) or (title and not re.search(rf"\b{counter}\b", title.text)):
            title, contained = evaluate(title, self.context(scope, None)), True
        if not count:  # nothing is made: the name stands for the input
            if contained:
                through = self.sources(table, value, scope)[0]
                scope.frame.names[title] = Frame(scope.frame, {}, through, copies=True)
            return value
        inner, container = scope, Frame(scope.frame)
        if contained:
            container.copies = True
            inner = self.entered(title, container, scope)
            del once["name"]
        source, removed = once.get("from"), 0
        for copy in range(int(integral(count))):
            names = {**scope.names, counter: copy}
            node = {**once, **(table.get("first", {}) if copy == 0 else {})}
            if contained:
                node["name"] = Copy(inner.tree.position)
            if copy and source is not None:
                if isinstance(source, list) and len(source) > 1:
                    node["from"] = ["x", *source[1:]]
                else:
                    node.pop("from")
            here = replace(inner, names=names)
            removed += "when" in node and not evaluate(node["when"], self.context(here, value))
            value = self.one(node, value, here)
        if contained and removed == count:  # of a container with nothing in it there is only the name
            del scope.tree.children[title]
            scope.tree.position -= 1
            scope.frame.names[title] = Frame(scope.frame, {}, value, copies=True)
        container.value = value
        if "shape" in table and table.get("op") not in OWN_SHAPE:
            self.asserted(table["shape"], value, self.context(scope, entry))
        return value

    def asked_once(self, table: dict[str, Any], counter: str, context: Context) -> None:
        """A condition that is the same for all copies must have a value, even if there are none."""
        asked = table.get("when")
        if isinstance(asked, Term) and not re.search(rf"\b{counter}\b", asked.text):
            evaluate(asked, context)

    def entered(self, name: str, frame: Frame, scope: Scope) -> Scope:
        """The scope of a group, container, block or wiring node that is a module."""
        tree = Tree()
        self.register(name, tree, scope)
        scope.frame.names[name] = frame
        return replace(scope, frame=frame, tree=tree, path=f"{scope.path}{name}.")

    def register(self, name: str, child: "Tree | nn.Module", scope: Scope) -> None:
        if name in scope.tree.children or name in scope.tree.params:
            raise Unfit(f"two modules {name}")
        scope.tree.children[name] = child
        scope.tree.position += 1

    def one(self, table: dict[str, Any], value: Parts, scope: Scope) -> Parts:
        """One copy of a node."""
        context = self.context(scope, value if len(value) == 1 else None)
        name = evaluate(table["name"], context) if "name" in table else None
        label = evaluate(table["as"], context) if "as" in table else None
        if "when" in table and not evaluate(table["when"], context):
            made = value
            if name is not None and not isinstance(table["name"], Copy):
                scope.frame.names[name] = made
        else:
            made = self.made(table, name, value, scope)
        if label is not None:
            scope.frame.names[label] = made
        if "shape" in table and table.get("op") not in OWN_SHAPE:
            self.asserted(table["shape"], made, context)
        return made

    def asserted(self, shape: list[Any], made: Parts, context: Context) -> None:
        wanted = tuple(of_batch(evaluate(n, context), BATCH) for n in shape)
        if len(made) != 1 or self.program.shape(made[0]) != wanted:
            raise Unfit("shape")

    def sources(self, table: dict[str, Any], value: Parts, scope: Scope) -> list[Parts]:
        if "from" not in table:
            return [value]
        context = self.context(scope, None)
        source = evaluate(table["from"], context)
        paths = source if isinstance(source, list) else [source]
        found = [parts for path in paths for parts in ([value] if path == "x" else scope.frame.all(path))]
        if not found:
            raise Unfit("nothing to take")
        return found

    def made(self, table: dict[str, Any], name: str | None, value: Parts, scope: Scope) -> Parts:
        given = self.sources(table, value, scope)
        op = (
            evaluate(table["op"], self.context(scope, given[0] if len(given[0]) == 1 else None))
            if "op" in table
            else None
        )
        if op is None:
            return self.group(table, name, given[0], scope)
        match op:
            case "residual" | "dense":
                inner = scope if name is None else self.entered(name, Frame(scope.frame), scope)
                made = (self.residual if op == "residual" else self.dense)(table, given[0], inner)
                if name is not None:
                    inner.frame.value = made
                return made
            case "reuse":
                made = scope.tree.calls[table["of"]](given[0])
                if name is not None:
                    scope.frame.names[name] = made
                return made
        if "branches" in table:
            return self.join(op, table, name, given[0], scope)
        home = op.file if isinstance(op, Named) else scope.file
        block = home.block(op)
        if block is not None:
            return self.block(op, block, table, name, given, scope)
        return self.op(op, table, name, given, scope)

    def group(self, table: dict[str, Any], name: str | None, value: Parts, scope: Scope) -> Parts:
        for key, item in table.get("let", {}).items():  # those that another one needs stand before it
            made = evaluate(item, self.context(scope, value))
            scope = replace(scope, names={**scope.names, key: made})
        if name is None:
            return self.chain(table["layers"], value, scope)
        frame = Frame(scope.frame)
        inner = self.entered(name, frame, scope)
        frame.value = self.chain(table["layers"], value, inner)
        return frame.value

    def residual(self, table: dict[str, Any], value: Parts, scope: Scope) -> Parts:
        body = self.chain(table["layers"], value, scope)
        if not evaluate(table.get("skip", True), self.context(scope, value)):
            return body
        side = self.chain(table.get("shortcut", []), value, scope)
        if self.program.shape(body[0]) != self.program.shape(side[0]):
            raise Unfit("residual")
        return self.program.call("", Function(torch.add), (body[0], side[0]))

    def dense(self, table: dict[str, Any], value: Parts, scope: Scope) -> Parts:
        count = evaluate(table["repeat"], self.context(scope, value))
        if count < 0 or int(count) != count:
            raise Unfit("repeat")
        for copy in range(int(count)):
            inner = replace(scope, names={**scope.names, table.get("index", "i"): copy})
            more = self.chain(table["layers"], value, inner)
            value = self.program.call("", Function(JOINS["concat"]({})), (value[0], more[0]))
        return value

    def join(self, op: str, table: dict[str, Any], name: str | None, value: Parts, scope: Scope) -> Parts:
        inner = scope if name is None else self.entered(name, Frame(scope.frame), scope)
        made = []
        for branch in table["branches"]:
            for one, here in self.copied(branch, value, inner):
                asked = one.get("when", True) if isinstance(one, dict) else True
                if evaluate(asked, self.context(here, value)):
                    made.append(self.node(one, value, here))
        axis = {"axis": table["axis"]} if "axis" in table else {}
        found = self.program.call("", Function(JOINS[op](axis)), tuple(index for (index,) in made))
        if name is not None:
            inner.frame.value = found
        return found

    def copied(self, branch: Node, value: Parts, scope: Scope) -> Iterator[tuple[Node, Scope]]:
        """The branches that an item stands for."""
        if not isinstance(branch, dict) or "parallel" not in branch:
            yield branch, scope
            return
        count = evaluate(branch["parallel"], self.context(scope, value))
        if count < 0 or int(count) != count:
            raise Unfit("parallel")
        once = {key: item for key, item in branch.items() if key not in ("parallel", "index")}
        for copy in range(int(count)):
            yield once, replace(scope, names={**scope.names, branch.get("index", "i"): copy})

    def op(self, op: str, table: dict[str, Any], name: str | None, given: list[Parts], scope: Scope) -> Parts:
        fields = self.fields(op, table, given, scope)
        if any(len(parts) != 1 for parts in given):
            raise Unfit("parts")
        inputs = tuple(index for (index,) in given)
        if op == "param":
            return self.param(fields, name, scope)
        if op == "constant":
            return self.constant(fields, name, scope)
        if op in JOINS:  # by `from`: no module
            made = self.program.call("", Function(JOINS[op](fields)), inputs)
            if name is not None:
                scope.frame.names[name] = made
            return made
        shapes = [self.program.shape(index) for index in inputs]
        module = self.module(op, fields, shapes)
        if set(fields.get("init", {})) - {key for key, _ in module.named_parameters()}:
            raise Unfit("init")
        module.fields = fields
        key = str(scope.tree.position) if name is None else name
        self.register(key, module, scope)
        path = f"{scope.path}{key}"

        def again(value: Parts) -> Parts:
            other = self.module(op, fields, [self.program.shape(value[0]), *shapes[1:]])
            if type(other) is not type(
                module
            ):  # torch takes what has an axis less for a sample without a batch
                raise Unfit("reuse")
            if [t.shape for t in other.state_dict().values()] != [
                t.shape for t in module.state_dict().values()
            ]:
                raise Unfit("reuse")
            if settings(other) != settings(module):  # the language refuses what one module cannot do for both
                raise Unfit("reuse")
            return self.program.call(path, module, value)

        scope.tree.calls[key] = again
        made = self.program.call(path, module, inputs)
        scope.frame.names[key] = made
        return made

    def module(self, op: str, fields: dict[str, Any], shapes: list[Shape]) -> nn.Module:
        if op in ("expand", "reshape"):  # a value without a batch gets that of the network

            def sizes() -> list[int]:
                return [of_batch(n, self.program.batch) for n in fields["shape"]]

            return Function(lambda x: getattr(x, op)(sizes()))
        try:
            with torch.device("meta"):
                return attention_of(fields, shapes) if op == "attention" else meaning(op, fields, shapes)
        except Exception as error:  # torch has many ways to refuse
            raise Unfit(str(error)) from error

    def param(self, fields: dict[str, Any], name: str | None, scope: Scope) -> Parts:
        assert name is not None
        if name in scope.tree.children or name in scope.tree.params:
            raise Unfit(f"two modules {name}")
        scope.tree.params[name] = nn.Parameter(torch.empty(fields["shape"], device="meta"))
        made = self.program.call("", Function(lambda: scope.tree.params[name]), ())
        scope.frame.names[name] = made
        return made

    def constant(self, fields: dict[str, Any], name: str | None, scope: Scope) -> Parts:
        assert name is not None
        if name in scope.tree.children or name in scope.tree.params:
            raise Unfit(f"two modules {name}")
        values = torch.tensor(fields["values"], dtype=torch.float64)
        tensor = values.expand(fields.get("shape", values.shape)).contiguous()
        scope.tree.params[name] = torch.empty_like(tensor, device="meta")
        if not fields.get("persistent", True):
            scope.tree.fixed[name] = tensor
        held = Constant(lambda: scope.tree.params[name])
        held.key, held.values = f"{scope.path}{name}", tensor
        made = self.program.call("", held, ())
        scope.frame.names[name] = made
        return made

    def fields(self, op: str, table: dict[str, Any], given: list[Parts], scope: Scope) -> dict[str, Any]:
        """The op's own fields: the node's, those of the first copy among them, before the file's defaults."""
        common = {"op", "name", "as", "from", "when", "doc", *(() if op in OWN_SHAPE else ("shape",))}
        mine = {key: item for key, item in table.items() if key not in common}
        context = self.context(scope, given[0] if given and len(given[0]) == 1 else None)
        default = scope.file.defaults.get(op, {}) if op not in JOINS else {}
        others = {key: evaluate(item, Context(scope.file.names)) for key, item in default.items()}
        return {**others, **{key: whole(evaluate(item, context)) for key, item in mine.items()}}

    def block(
        self, op: str, block: Block, table: dict[str, Any], name: str | None, given: list[Parts], scope: Scope
    ) -> Parts:
        common = {"op", "name", "as", "from", "when", "doc", "shape"}
        context = self.context(scope, given[0] if len(given[0]) == 1 else None)
        args = {key: evaluate(item, context) for key, item in table.items() if key not in common}
        default = scope.file.defaults.get(op, {})
        args = {**{key: evaluate(item, Context(scope.file.names)) for key, item in default.items()}, **args}
        inline = bool(block.table.get("inline")) and name is None
        frame = Frame(closed=True)
        inner_tree = scope.tree if inline else Tree()
        key = str(scope.tree.position) if name is None else name
        if not inline:
            self.register(key, inner_tree, scope)
        inner = Scope(block.file, frame, inner_tree, {}, scope.path if inline else f"{scope.path}{key}.")
        outer = Frame(closed=True)
        made = self.called(block, args, given, inner, scope.file, outer)
        if not inline:
            scope.frame.names[key] = outer
        return made

    def called(
        self, block: Block, args: dict[str, Any], given: list[Parts], inner: Scope, caller: File, outer: Frame
    ) -> Parts:
        table = block.table
        inputs = table.get("inputs", ["input"])
        if len(inputs) != len(given) or any(len(parts) != 1 for parts in given):
            raise Unfit("inputs")
        inner.frame.names.update(zip(inputs, given, strict=True))
        inner.frame.names["input"] = given[0]
        names = dict(block.file.names)
        for key, declared in {**table.get("required", {}), **table.get("params", {})}.items():
            long = isinstance(declared, dict)
            kind = declared["type"] if long else declared if key in table.get("required", {}) else ""
            if key in args:
                value, home = args[key], caller
            else:
                default = declared["default"] if long else declared
                value, home = evaluate(default, self.context(replace(inner, names=names), None)), block.file
            if kind == "op":
                value = Named.of(value, home)
            names[key] = float(value) if kind == "float" or type(declared) is float else whole(value)
            if (long and not allowed(declared, names[key])) or not of_kind(kind, names[key]):
                raise Unfit(key)
        scope = replace(inner, names=names)
        scope = replace(scope, names={**names, **self.let(table.get("let", {}), scope)})
        made = self.chain(table["layers"], given[0], scope)
        for path in table.get("outputs", []):
            outer.names[path] = inner.frame.find(path)
        outer.value = made
        return made


def settings(module: nn.Module) -> tuple[str, list[int]]:
    """What a module is told besides its weights."""
    return repr(module), module.pads if isinstance(module, Padded) else []


OWN_SHAPE = ("reshape", "expand", "param", "constant")


def allowed(declared: dict[str, Any], value: Any) -> bool:
    """Whether a value keeps the bounds of its parameter."""
    measure = len(value) if isinstance(value, str | list) else value
    if "choices" in declared and value not in declared["choices"]:
        return False
    return bool(declared.get("min", measure) <= measure <= declared.get("max", measure))


def of_batch(size: int | str, batch: int) -> int:
    """A size of a shape: `"6 * N"` is six times the batch."""
    if not isinstance(size, str):
        return size
    return batch * int(size.removesuffix("N").removesuffix(" * ") or 1)


def of_kind(kind: str, value: Any) -> bool:
    """Whether a size or a padding can be one, whether the block uses it or not."""
    least = {"size": 1, "padding": 0}.get(kind)
    numbers = value if isinstance(value, list) else value.values() if isinstance(value, dict) else [value]
    sizes = [integral(number) for number in numbers if isinstance(number, int | float)]
    return least is None or all(isinstance(size, int) and size >= least for size in sizes)


def whole(value: Any) -> Any:
    """A float that is an integer stands for it; torch is told the integer."""
    if isinstance(value, list):
        return [whole(item) for item in value]
    return integral(value)
