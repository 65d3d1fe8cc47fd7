"""Render a file of PyTorch source."""

import ast
import re
from collections.abc import Sequence
from os.path import basename
from typing import TYPE_CHECKING

from archspec._version import __version__
from archspec.analysis.cost import Costs
from archspec.analysis.expand import canonical
from archspec.backends.torch.check import Disagreement, check
from archspec.backends.torch.source.arguments import safe, wrapped
from archspec.backends.torch.source.family import changed, functions, variants
from archspec.backends.torch.source.layout import Bracket, lines
from archspec.backends.torch.source.parts import Class
from archspec.backends.torch.source.program import Key, Program, Untranslated
from archspec.backends.torch.source.writer import ClassWriter
from archspec.diagnostics import UsageError
from archspec.elaborate import without_collector
from archspec.elaborate.network import Network, elaborate, elaborate_file

if TYPE_CHECKING:
    from archspec.model import Model

BODY = "        "
_DIVISIBLE = '''\
def make_divisible(value: float, divisor: int) -> int:
    """The nearest multiple of `divisor` that is not more than 10 % below `value`."""
    result = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return result + divisor if result < 0.9 * value else result'''


def source(model: "Model") -> str:
    """A standalone Python module whose last class is the network. The text is identical on every machine.

    Raises `SpecError` if a part of the network cannot be expressed in PyTorch.
    """
    apart: list[Key] = []
    while True:
        try:
            return text_of(model, apart)
        except Untranslated:
            break
        except Disagreement as error:
            keys = ((module.definition,) for module in error.around if module.is_block)
            key = next((key for key in keys if key not in apart), None)
            if key is None:
                break
            apart.append(key)
    return text_of(model, (), _expanded(model))


def _expanded(model: "Model") -> Network:
    """The network without blocks and repeats, which is written where these cannot be translated."""
    text = canonical(model.network, Costs())
    return type(model)(elaborate_file(f"{model.name}.json", source=text)).network


def text_of(model: "Model", apart: Sequence[Key] = (), expanded: Network | None = None) -> str:
    """The checked source of the model's network, or of its expansion.

    Each instance of the definitions `apart` has its own class, in which all values are literals. Raises `Untranslated`
    where a definition has no class, `Disagreement` if the source does not match the spec.
    """
    with without_collector():
        network = expanded or model.network
        program = Program([network], model.name, apart)
        if program.main is None:
            raise Untranslated(f"the network has no class: {program.trouble}")
        body = "\n\n\n".join([_body(program), _main(model, program.main)])
        tree = ast.parse(body)
        imports = _imports(tree)
        training = len(network.train_outputs)
        check(tree, network.root, training, program.facts.code_of, program.facts.weights, program.helpers)
    return "\n".join([*_network_docstring(model), "", *imports, "", "", body, ""])


def family(model: "Model") -> str:
    """A standalone module for all variants of a spec: a class with the file's parameters, and a function for each.

    Where no class suits all, it is that of the file's one network. Raises `SpecError` if a part of a network cannot be
    expressed in PyTorch, `UsageError` if no class suits all of several variants.
    """
    with without_collector():
        networks = variants(model)
        trouble = ""
        for extra in (changed(model, networks), []):
            try:
                return _family_of(model, [*networks, *extra], len(networks) - 1)
            except (Untranslated, Disagreement) as error:
                trouble = str(error)
    if not model.network.document.variants:
        return source(model)
    raise UsageError(
        f"the variants of `{basename(model.file)}` are too different for one class: {trouble}; "
        "export one of them, as `FILE@VARIANT`"
    )


def _family_of(model: "Model", networks: list[Network], count: int) -> str:
    """The checked source of a family whose first `count` networks have a function each."""
    program = Program(networks, model.network.document.name, default=count)
    if program.main is None:
        raise Untranslated(program.trouble)
    body = _body(program)
    made = functions(program.main, program.networks)
    for network, text in zip(program.networks, made, strict=True):
        tree = ast.parse("\n\n\n".join([body, text]))
        name = text.partition("(")[0].removeprefix("def ")
        facts = program.facts
        training = len(network.train_outputs)
        check(tree, network.root, training, facts.code_of, facts.weights, program.helpers, name)
    body = "\n\n\n".join([body, *made[:count]])
    head = _docstring(model, safe(model.network.document.name).strip())
    return "\n".join([*head, "", *_imports(ast.parse(body)), "", "", body, ""])


def is_family(model: "Model") -> bool:
    """Whether a model stands for its file: no variant, no parameter and no input is chosen, and there is a choice."""
    network, document = model.network, model.network.document
    if network.variant is not None or not (document.params or document.variants):
        return False
    default = elaborate(document, plans=network.plans)
    return network.params == default.params and network.root.inputs == default.root.inputs


def _body(program: Program) -> str:
    """The classes, with what they need."""
    classes = [ClassWriter(class_, program.rules).write() for class_ in program.classes]
    written = "\n\n\n".join("\n".join(lines_) for lines_ in classes)
    used = _names(ast.parse(written))
    code = [text.strip("\n") for name, text in sorted(program.helpers.items()) if name in used]
    code.append(written)
    if any("make_divisible(" in text for text in code):
        code.insert(0, _DIVISIBLE)
    return "\n\n\n".join(code)


def main_class(text: str) -> str:
    """The name of the network's class in generated source."""
    return str(re.findall(r"^class (\w+)\(", text, re.MULTILINE)[-1])


# --- the file ---------------------------------------------------------------------------------------------


def _network_docstring(model: "Model") -> list[str]:
    inputs = ", ".join("×".join(map(str, type_.shape)) for type_ in model.inputs.values())
    totals = model.totals
    outputs = ", ".join(map(str, totals.outputs))
    counts = f"{totals.params:,} parameters and {totals.macs:,} MACs per sample in inference."
    return _docstring(model, f"{safe(model.name).strip()}: {safe(inputs)} → {outputs}", counts)


def _docstring(model: "Model", title: str, *facts: str) -> list[str]:
    """The lines of a file's docstring: a title, what the spec says of the network, facts, and where it is from."""
    document = model.network.document
    doc = wrapped(document.model.doc if document.model is not None else "")
    made = wrapped(f"Generated by archspec {__version__} from {basename(model.file)}.")
    return [f'"""{title}', "", *doc, *[""] * bool(doc), *facts, *made, '"""']


def _imports(tree: ast.Module) -> list[str]:
    names = _names(tree)
    used = [f"import {name}" for name in ("math",) if name in names]
    used += ["from collections import OrderedDict"] if "OrderedDict" in names else []
    used += [""] * bool(used)
    used += ["import torch"] * ("torch" in names)
    used += [f"from torch import {'Tensor, ' * ('Tensor' in names)}nn"]
    return [*used, "from torch.nn import functional as F"] if "F" in names else used


def _names(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _main(model: "Model", class_: Class) -> str:
    given = [
        f"torch.empty({', '.join(str(dim if isinstance(dim, int) else 1) for dim in type_.shape)})"
        for type_ in model.inputs.values()
    ]
    outputs = len(class_.results) - class_.training
    call = lines(Bracket("model(", tuple(given)), "output = " if outputs == 1 else "outputs = ", "", BODY)
    shown = (
        '    print(f"output: {tuple(output.shape)}")'
        if outputs == 1
        else '    for output in outputs:\n        print(f"output: {tuple(output.shape)}")'
    )
    return "\n".join(
        [
            'if __name__ == "__main__":',
            '    with torch.device("meta"):',
            f"        model = {class_.name}().eval()",
            *call,
            shown,
            '    print(f"parameters: {sum(p.numel() for p in model.parameters()):,}")',
        ]
    )
