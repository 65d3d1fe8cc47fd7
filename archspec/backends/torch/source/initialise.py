"""Statements that apply the initialisers which are not PyTorch's defaults."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from archspec.backends.torch.source.layout import WIDTH
from archspec.backends.torch.source.names import is_attribute
from archspec.backends.torch.source.parts import Class, Container, Item, Loop
from archspec.ir import Module, walk
from archspec.ops.core.base import custom_inits
from archspec.ops.core.init import Init
from archspec.ops.core.torch_code import TorchCode

InitRule = tuple[tuple[str, Init], ...]


def common(
    root: Module, code_of: Callable[[Module], TorchCode], helpers: Mapping[str, str]
) -> dict[str, InitRule]:
    """The common initialisers of each PyTorch class that has several modules, all initialised alike."""
    found: dict[str, set[InitRule]] = {}
    counts: Counter[str] = Counter()
    derived: set[str] = set()
    """The classes that helpers contain or derive from: the loop would also initialise their modules."""
    for module in walk(root):
        for node in module.body:
            op = node.module.op
            if op is not None and not op.is_parameter:
                code = code_of(node.module)
                name = code.module
                if code.contains:
                    derived |= {name, *code.contains}
                counts[name] += node.shares is None
                found.setdefault(name, set()).add(tuple(custom_inits(op, node.module.inputs)))
    derived.update(re.findall(r"^class \w+\((nn\.\w+)\)", "\n".join(helpers.values()), re.MULTILINE))
    return {
        name: rule
        for name, rules_ in found.items()
        if len(rules_) == 1 and counts[name] > 1 and name.startswith("nn.") and name not in derived
        for rule in rules_
        if rule
    }


def rules(common_rules: dict[str, InitRule]) -> list[str]:
    """The loop over all modules that applies the `common` initialisers, as in torchvision's constructors."""
    result = ["for module in self.modules():"] if common_rules else []
    alike: dict[InitRule, list[str]] = {}
    for name, rule in sorted(common_rules.items()):
        alike.setdefault(rule, []).append(name)
    for number, (rule, names) in enumerate(alike.items()):
        test = f"{'el' * (number > 0)}if isinstance(module, {' | '.join(names)})"
        if len(rule) == 1 and rule[0][0] != "weight":
            ((weight, init),) = rule
            line = f"    {test} and module.{weight} is not None:"
            if len(line) + len("        ") > WIDTH:
                word, _, condition = test.partition(" ")
                result += [
                    f"    {word} (",
                    f"        {condition}",
                    f"        and module.{weight} is not None",
                    "    ):",
                ]
            else:
                result.append(line)
            result.append(f"        {call(init, f'module.{weight}')}")
            continue
        result.append(f"    {test}:")
        for weight, init in rule:
            if weight == "weight":
                result.append(f"        {call(init, 'module.weight')}")
            else:
                result += [
                    f"        if module.{weight} is not None:",
                    f"            {call(init, f'module.{weight}')}",
                ]
    return result


def statements(class_: Class, access: dict[int, str]) -> list[str]:
    """The initialising statements at the end of a constructor."""
    result: list[str] = []
    for position, item in enumerate(class_.items):
        if isinstance(item, Loop):
            continue
        start = access[id(item)].removeprefix("self.")
        if class_.is_chain and not is_attribute(item.text):
            start = str(position)
        elif not item.is_free and not is_attribute(item.text):
            start = item.text
        made = [
            call(init, access[id(item)])
            if item.is_parameter
            else call(init, f"self.{start}.{weight}")
            if not inner and is_attribute(start)
            else call(init, _named((start, *inner, weight)))
            for inner, weight, init in weights(item)
        ]
        if made and item.when is not None:
            result.append(f"if {access[id(item)]} is not None:")
            made = [f"    {line}" for line in made]
        result += made
    return result


def weights(item: Item) -> Iterator[tuple[tuple[str, ...], str, Init]]:
    """The weights in a module with initialisers of their own, each with the names of the modules inside."""
    for init in item.inits:
        yield (), init.weight, init.init
    if isinstance(item.made, Container):
        for position, inner in enumerate(item.made.items):
            if isinstance(inner, Item):
                name = (
                    inner.text if item.made.kind == "nn.ModuleDict" or not inner.positional else str(position)
                )
                yield from (((name, *path), weight, init) for path, weight, init in weights(inner))


def _named(path: tuple[str, ...]) -> str:
    return f'self.get_parameter("{".".join(path)}")'


def call(init: Init, tensor: str) -> str:
    """The call of `torch.nn.init`."""
    args = init.args
    if init.name == "constant":
        if args[0] in (0, 1):
            return f"nn.init.{'ones' if args[0] else 'zeros'}_({tensor})"
        return f"nn.init.constant_({tensor}, {args[0]})"
    if init.name in ("normal", "trunc_normal"):
        mean = f", mean={args[0]}" if args[0] else ""
        std = f", std={args[1]}" if args[1] != 1 else ""
        return f"nn.init.{init.name}_({tensor}{mean}{std})"
    if init.name == "uniform":
        return f"nn.init.uniform_({tensor}, {args[0]}, {args[1]})"
    if init.name.startswith("kaiming"):
        mode = f', mode="{args[0]}"' if args[0] != "fan_in" else ""
        return f'nn.init.{init.name}_({tensor}{mode}, nonlinearity="relu")'
    gain = f", gain={args[0]}" if args[0] != 1 else ""
    return f"nn.init.{init.name}_({tensor}{gain})"
