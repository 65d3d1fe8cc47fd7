"""Random specs that mix everything that wires: names, references, groups, repeats, conditions, joins, blocks.

Most are wrong, by a name or a shape; those that are right put together what nobody writes together.
"""

from random import Random
from typing import Any

Node = dict[str, Any]
LEAVES: list[Node] = [
    {"op": "conv", "out": "x.channels", "kernel": 1},
    {"op": "conv", "out": 4, "kernel": 1},
    {"op": "conv", "out": 2, "kernel": 1},
    {"op": "conv", "out": 4, "kernel": 3, "padding": 1},
    {"op": "relu"},
    {"op": "tanh"},
    {"op": "batchnorm"},
    {"op": "maxpool", "kernel": 1},
    {"op": "upsample", "size": ["x.height", "x.width"]},
]
CONDITIONS = [True, False, "x.channels > 3", "x.height > 5", "x.channels == 8"]
COMMON = ["a", "b", "c", "v1", "v2", "image", "s"]
"""Names that are given more than once: to nodes, values and inputs, and those that `expand` makes up."""


class Mixture:
    """A spec, from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.blocks: dict[str, dict[str, Any]] = {}
        self.scopes: list[list[str]] = [[]]
        """What can be named in each scope under way."""
        self.count = 0

    def spec(self) -> dict[str, Any]:
        """The whole of it."""
        for index in range(self.random.randint(0, 2)):
            self.blocks[f"block{index}"] = self.block()
        self.scopes = [[]]
        model: dict[str, Any] = {"layers": self.chain(3)}
        shape = ["N", 4, 6, 5]
        if self.chance(0.8):
            model["input"] = shape
        else:
            names = self.random.choice(["input", "image"]), self.random.choice(["s", "depth"])
            model["inputs"] = [{"name": name, "shape": shape} for name in names]
        named = self.scopes[0]
        if named and self.chance(0.5):
            model["outputs"] = self.random.sample(named, min(len(named), self.random.randint(1, 3)))
        if named and self.chance(0.3):
            model["train_outputs"] = [self.random.choice(named)]
        return {"archspec": 1, "model": model, "blocks": self.blocks}

    def block(self) -> dict[str, Any]:
        """A block, which may declare outputs."""
        self.scopes = [[]]
        block: dict[str, Any] = {"layers": self.chain(2)}
        named = [name for name in self.scopes[0] if "." not in name or self.chance(0.2)]
        if named and self.chance(0.6):
            block["outputs"] = list(dict.fromkeys(self.random.choices(named, k=2)))
        elif self.chance(0.3):
            block["inline"] = True
        if self.chance(0.2):
            block["inputs"] = ["input", "skip"]
        return block

    def chain(self, depth: int) -> list[Any]:
        """Nodes one after the other."""
        return [self.node(depth) for _ in range(self.random.randint(int(depth > 1), 4))]

    def node(self, depth: int, *, is_branch: bool = False) -> Node:
        """A node, and what is called by its name."""
        kinds = [self.leaf] * 4 + [
            self.group,
            self.group,
            self.residual,
            self.join,
            self.dense,
            self.call,
            self.reuse,
        ]
        node, inside = (self.leaf if depth < 1 else self.random.choice(kinds))(depth)
        is_dense, joins = node.get("op") == "dense", "branches" in node or "from" in node
        if self.chance(0.12) and not is_dense and not is_branch:
            node["repeat"] = self.random.randint(0, 3)
        if self.chance(0.18) and "from" not in node:
            node["from"] = self.reference()
        if self.chance(0.15):
            node["when"] = self.random.choice(CONDITIONS + ["i > 0"] * ("repeat" in node and not is_dense))
        if self.chance(0.15) and "as" not in node:
            node["as"] = self.name()
        if "name" not in node and self.chance(0.4) and not joins:
            node["name"] = self.name()
        if "repeat" in node and "name" in node and self.chance(0.6) and not is_dense:
            node["name"] += "{i}"
        self.scopes[-1] += self.called(node, inside)
        return node

    def called(self, node: Node, inside: list[str]) -> list[str]:
        """What can be named once a node stands there."""
        copies = range(node.get("repeat", 0))
        name = node.get("name")
        names = [] if name is None else [name.replace("{i}", str(i)) for i in copies or [0]]
        if name and copies and "{i}" not in name:
            names += [f"{name}.{i}" for i in copies]
        names += [node["as"]] if "as" in node else []
        if node.get("op") == "split":
            return [f"{name}.{part}" for name in names for part in (0, 1)]
        return names + [f"{name}.{inner}" for name in names for inner in inside]

    # --- kinds of nodes, with what is named inside of them -------------------------------------------------

    def leaf(self, depth: int) -> tuple[Node, list[str]]:
        """An op."""
        del depth
        chosen = self.random.random()
        if chosen < 0.1:
            op = self.random.choice(["add", "mul", "max", "concat", "sub"])
            return {"op": op, "from": [self.reference() for _ in range(self.random.randint(1, 3))]}, []
        if chosen < 0.15:
            return {"op": "param", "shape": [4, 1, 1], "name": self.name()}, []
        if chosen < 0.22:
            return {"op": "split", "sections": 2, "name": self.name()}, []
        return dict(self.random.choice(LEAVES)), []

    def group(self, depth: int) -> tuple[Node, list[str]]:
        """A chain with or without a name."""
        name: Node = {"name": self.name()} if self.chance(0.6) else {}
        return self.around(name, lambda: {**name, "layers": self.chain(depth - 1)})

    def residual(self, depth: int) -> tuple[Node, list[str]]:
        """A residual."""
        node: Node = {"op": "residual", "layers": self.chain(depth - 1)}
        if self.chance(0.3):
            node["shortcut"] = self.chain(depth - 1)
        if self.chance(0.2):
            node["skip"] = self.chance(0.5)
        return node | ({"name": self.name()} if self.chance(0.4) else {}), []

    def join(self, depth: int) -> tuple[Node, list[str]]:
        """A join of branches."""
        name: Node = {"name": self.name()} if self.chance(0.4) else {}

        def make() -> Node:
            branches = [
                self.chain(depth - 1) if self.chance(0.5) else self.node(depth - 1, is_branch=True)
                for _ in range(self.random.randint(1, 3))
            ]
            return {**name, "op": self.random.choice(["add", "concat", "mul", "max"]), "branches": branches}

        return self.around(name, make)

    def dense(self, depth: int) -> tuple[Node, list[str]]:
        """A dense block."""
        return {"op": "dense", "layers": self.chain(depth - 1), "repeat": self.random.randint(0, 2)}, []

    def call(self, depth: int) -> tuple[Node, list[str]]:
        """A block."""
        if not self.blocks:
            return self.leaf(depth)
        name = self.random.choice(list(self.blocks))
        node: Node = {"op": name}
        if "inputs" in self.blocks[name]:
            node["from"] = [self.reference(), self.reference()]
        return node | ({"name": self.name()} if self.chance(0.6) else {}), self.blocks[name].get(
            "outputs", []
        )

    def reuse(self, depth: int) -> tuple[Node, list[str]]:
        """A further call of an earlier module."""
        del depth
        own = [name for name in self.scopes[-1] if "." not in name]
        return {"op": "reuse", "of": self.random.choice(own or ["0"]), "from": self.reference()}, []

    # --- names ---------------------------------------------------------------------------------------------

    def around(self, name: Node, make: Any) -> tuple[Node, list[str]]:
        """What `make` makes, in a scope of its own if it has a name."""
        if not name:
            return make(), []
        self.scopes.append([])
        return make(), self.scopes.pop()

    def name(self) -> str:
        """A new name, or one of those that are met again."""
        self.count += 1
        return self.random.choice(COMMON) if self.chance(0.3) else f"n{self.count}"

    def reference(self) -> str:
        """The name of a value, as a rule of one that is there."""
        named = [name for scope in self.scopes for name in scope]
        others = ["input", "x", "x", str(self.random.randrange(4))]
        return self.random.choice(named[-12:] if named and self.chance(0.7) else others)

    def chance(self, probability: float) -> bool:
        """Whether something is so."""
        return self.random.random() < probability
