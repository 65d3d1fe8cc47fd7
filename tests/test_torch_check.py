"""The comparison of generated source with the spec: it sees every fault of the generator, and says where."""

import ast
import copy
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 — as everyone calls it
from nets import network, spec
from op_examples import VALID, name_case
from torch import nn

import archspec
from archspec import Model, UsageError
from archspec.backends.torch.check import Disagreement, check
from archspec.backends.torch.source import source
from archspec.backends.torch.source.forward import Forward
from archspec.backends.torch.source.ops import Ops
from archspec.backends.torch.source.parts import Class, Constructor, Loop
from archspec.backends.torch.source.program import Program
from archspec.backends.torch.source.render import text_of
from archspec.backends.torch.source.scope import Scope
from archspec.backends.torch.source.symbols import Symbol
from archspec.backends.torch.source.writer import ClassWriter
from archspec.language.expressions import Literal
from archspec.ops import Example, Op
from archspec.ops.core.torch_code import REQUIRED
from archspec.testing.cases import make, types

EVERYTHING = """
archspec = 1

[model]
inputs = [{ name = "image", shape = ["N", 3, 16, 16] }, { name = "mask", shape = ["N", 1, 16, 16] }]
outputs = ["head", "body"]
train_outputs = ["body.aux"]
layers = [
  { op = "mul", from = ["image", "mask"] },
  { name = "stem", op = "conv", out = 8, kernel = 3, padding = 1, init = { weight = "kaiming_normal(fan_out)", bias = 0.0 } },
  { op = "leaky_relu", negative_slope = 0.3 },
  { name = "body", layers = [
    { name = "units", op = "unit", repeat = 3, slope = "0.1 * (i + 1)", rate = "0.2 * i", first = { dilation = 2 } },
    { name = "aux", op = "conv", out = 5, kernel = 1, bias = false },
    { op = "elu", alpha = 0.7, from = "units" },
  ] },
  { op = "dense", repeat = 3, layers = [{ name = "layer{i + 1}", op = "conv", out = 4, kernel = 1 }] },
  { op = "mul", branches = [[], { name = "scale", op = "param", shape = ["x.channels", 1, 1], init = { weight = "normal(0.02)" } }] },
  { name = "tail", op = "unit", slope = 0.1, rate = 0.5, wide = true },
  { op = "reuse", of = "tail" },
  { op = "split", sections = [5, 15], as = "parts" },
  { op = "lrn", size = 5, alpha = 0.5, from = "parts.0" },
  { op = "pad", padding = 1, mode = "reflect", as = "left" },
  { op = "slice", axis = 1, start = 4, stop = 9, from = "parts.1" },
  { op = "pad", padding = 1, value = 0.5 },
  { op = "max", from = ["left", "x"] },
  { op = "avgpool", kernel = 3, padding = 1, count_include_pad = false },
  { op = "reshape", shape = ["N", -1, "x.channels"] },
  { op = "layernorm", eps = 0.01 },
  { op = "reduce_mean", axes = [1] },
  { op = "dropout", p = 0.3 },
  { name = "head", op = "linear", out = 7 },
]

[blocks.unit]
required = { slope = "float", rate = "float" }
params = { dilation = 1, wide = false }
layers = [
  { op = "residual", layers = [
    { name = "conv", op = "conv", out = "x.channels", kernel = 3, padding = "dilation", dilation = "dilation" },
    { name = "norm", op = "batchnorm", eps = 0.001, momentum = 0.01, init = { weight = 0.0 } },
    { op = "leaky_relu", negative_slope = "slope" },
    { op = "stochastic_depth", p = "rate" },
  ] },
  { name = "pool", op = "maxpool", kernel = 3, stride = 1, padding = 1, when = "wide" },
]
"""
"""A bit of everything that generated source can say."""


NUMBERS = """
archspec = 1

[model]
input = ["N", 4, 22, 14]
layers = [
  { name = "wide", op = "unit", shift = 2 },
  { op = "slice", axis = 3, start = 1, stop = 11 },
  { name = "narrow", op = "unit", shift = 4 },
  { op = "slice", axis = 2, start = 0, stop = 18 },
  { op = "reuse", of = "narrow" },
]

[blocks.unit]
required = { shift = "int" }
layers = [
  { name = "conv", op = "conv", out = 4, kernel = 2, dilation = "shift", padding = { left = "shift", bottom = "2 * shift" } },
  { op = "crop", size = ["input.height - 6", "input.width - 4"], as = "part" },
  { op = "reshape", shape = ["N", 4, "x.height * x.width"] },
  { op = "roll", axes = 2, shifts = "-shift" },
  { op = "reshape", shape = ["N", 4, "part.height", "part.width"] },
  { op = "upsample", size = ["input.height", "input.width"] },
]
"""
"""Numbers of functions that differ: attributes, sizes, and both."""


def everything() -> Model:
    return archspec.load("net.toml", source=EVERYTHING)


# --- faults in the text ----------------------------------------------------------------------------------


def constants(tree: ast.Module) -> Iterator[ast.Module]:
    """The code with one constant changed, for each."""
    for index, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
            value: Any = node.value
            other = (
                not value if isinstance(value, bool) else f"{value}_" if isinstance(value, str) else value + 1
            )
            if value is not True or not is_inplace(tree, node):
                yield changed(tree, index, put("value", other))


def is_inplace(tree: ast.Module, constant: ast.Constant) -> bool:
    """Whether a constant is that of `inplace=True`, without which values are the same."""
    words = (node for node in ast.walk(tree) if isinstance(node, ast.keyword))
    return any(word.value is constant and word.arg == "inplace" for word in words)


def arguments(tree: ast.Module) -> Iterator[ast.Module]:
    """The code with one argument left out, or with two neighbours in each other's place, for each."""
    for index, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.Call):
            for at, word in enumerate(node.keywords):
                if word.arg != "inplace":
                    yield changed(tree, index, drop("keywords", at))
            for at in range(len(node.args) - 1):
                if ast.dump(node.args[at]) != ast.dump(node.args[at + 1]):
                    yield changed(tree, index, swap(at))


def names(tree: ast.Module) -> Iterator[ast.Module]:
    """The code with one name that is read replaced by another one of the same function, for each."""
    numbers = {id(node): index for index, node in enumerate(ast.walk(tree))}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            inside = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
            known = {node.id for node in inside if isinstance(node.ctx, ast.Store)}
            order = sorted(known | {item.arg for item in function.args.args[1:]})
            for node in inside:
                if isinstance(node.ctx, ast.Load) and node.id in order and len(order) > 1:
                    other = order[order.index(node.id) - 1]
                    yield changed(tree, numbers[id(node)], put("id", other))


def statements(tree: ast.Module) -> Iterator[ast.Module]:
    """The code without one statement of a function, for each."""
    for index, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.FunctionDef | ast.If | ast.For) and len(node.body) > 1:
            for at in range(len(node.body)):
                yield changed(tree, index, drop("body", at))


def put(name: str, value: object) -> Callable[[Any], object]:
    return lambda node: setattr(node, name, value)


def drop(name: str, at: int) -> Callable[[Any], object]:
    return lambda node: getattr(node, name).pop(at)


def swap(at: int) -> Callable[[Any], object]:
    return lambda node: node.args.insert(at, node.args.pop(at + 1))


def changed(tree: ast.Module, index: int, change: Callable[[Any], object]) -> ast.Module:
    """A copy with the node that `ast.walk` yields at this index changed."""
    result = copy.deepcopy(tree)
    change(next(node for at, node in enumerate(ast.walk(result)) if at == index))
    return result


def own_classes(text: str, helpers: dict[str, str]) -> tuple[list[ast.stmt], ast.Module]:
    """The helpers, and the classes of the network without docstrings and annotations, which mean nothing here."""
    found = [item for item in ast.parse(text).body if isinstance(item, ast.ClassDef)]
    kept = [item for item in found if item.name not in helpers]
    for part in (part for item in kept for part in ast.walk(item)):
        if isinstance(part, ast.ClassDef) and ast.get_docstring(part):
            part.body.pop(0)
        if isinstance(part, ast.FunctionDef):
            part.returns = None
            for argument in part.args.args:
                argument.annotation = None
    return [item for item in found if item.name in helpers], ast.Module([*kept], [])


EQUIVALENT = {
    "if stride != 1 or width != width:",  # wherever the channels differ there is a stride
    "self.convs = Double(out + out, out)",  # as many channels in all calls
    "size = (out.shape[2] - (x.shape[2] - 7)) // 2",  # an odd remainder is rounded down
    "size3 = (x.shape[3] + (x.shape[3] - 4)) // 2",  # the convolution keeps the width
    "nn.init.kaiming_normal_(self.stem.weight, mode='fan_out')",  # PyTorch's default, a leaky ReLU of slope 0
}
"""Lines of mutants that mean the same for all instances."""


@pytest.mark.parametrize("mutate", [constants, arguments, names, statements])
@pytest.mark.parametrize("name", ["everything", "resnet18", "small_unet", "numbers"])
def test_every_fault_in_the_text_is_seen(
    name: str, mutate: Callable[[ast.Module], Iterator[ast.Module]]
) -> None:
    variants = {"resnet18": ("resnet", name), "small_unet": ("small_unet", None)}
    own = {"everything": EVERYTHING, "numbers": NUMBERS}
    model = network(*variants[name]) if name in variants else archspec.load("net.toml", source=own[name])
    program = Program([model.network], model.name)
    helpers, tree = own_classes(source(model), program.helpers)

    def compare(code: ast.Module) -> None:
        whole = ast.Module([*helpers, *code.body], [])
        training = len(model.network.train_outputs)
        check(whole, model.root, training, program.facts.code_of, program.facts.weights, program.helpers)

    compare(copy.deepcopy(tree))
    before = {*ast.unparse(tree).splitlines()}
    count = 0
    for mutant in mutate(tree):
        lines = {line.strip() for line in {*ast.unparse(mutant).splitlines()} - before}
        count += 1
        try:
            compare(mutant)
        except Disagreement:
            continue
        assert lines & EQUIVALENT, lines
    assert count > 10


# --- faults of the generator -----------------------------------------------------------------------------


def restarted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counters of loops start at 0."""
    clause = ClassWriter._clause

    def wrong(self: ClassWriter, loop: Loop) -> str:
        loop.start = 0
        return clause(self, loop)

    monkeypatch.setattr(ClassWriter, "_clause", wrong)


def swapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first two arguments of modules stand in each other's place."""
    call = ClassWriter._call

    def wrong(self: ClassWriter, made: Constructor) -> Any:
        if made.target == "nn.Conv2d":
            first, second, *rest = made.arguments
            made.arguments = [second, first, *rest]
        return call(self, made)

    monkeypatch.setattr(ClassWriter, "_call", wrong)


def dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """An argument of modules is forgotten."""
    call = ClassWriter._call

    def wrong(self: ClassWriter, made: Constructor) -> Any:
        if isinstance(made.target, str):
            made.arguments = [item for item in made.arguments if item[0] != "dilation"]
        return call(self, made)

    monkeypatch.setattr(ClassWriter, "_call", wrong)


def with_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default of an argument is another one."""
    constructor = ClassWriter._constructor

    def wrong(self: ClassWriter) -> list[str]:
        return [line.replace("dilation: int = 1", "dilation: int = 3") for line in constructor(self)]

    monkeypatch.setattr(ClassWriter, "_constructor", wrong)


def as_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """All instances get what the first has."""

    def wrong(_: Scope, column: Any, __: Any) -> Symbol:
        return Symbol(Literal(column[0]), column)

    monkeypatch.setattr(Scope, "fit", wrong)


def without_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions are written without their arguments."""
    expression = Forward._expression

    def wrong(self: Forward, position: int, action: Any, pending: Any) -> Any:
        action.template = action.template.replace(", negative_slope=0.1", "").replace(
            ", 0.3, self", ", 0.5, self"
        )
        return expression(self, position, action, pending)

    monkeypatch.setattr(Forward, "_expression", wrong)


def uninitialised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights keep PyTorch's first values."""
    monkeypatch.setattr(Ops, "inits_of", lambda *_: [])


LAYERS = (
    '[{ name = "s", op = "unit", repeat = 4, out = 4, d = "i + 1", first = { stride = 2 } },'
    ' { op = "unit", out = 5, d = 1, dilation = 2 },'
    ' { op = "residual", layers = [{ op = "leaky_relu", negative_slope = 0.1 }, { op = "dropout", p = 0.3 }] }]'
)
BLOCK = """[blocks.unit]
required = { out = "int", d = "int" }
params = { stride = 1, dilation = 1 }
layers = [
  { op = "conv", out = "out", kernel = 3, stride = "stride", padding = "d", dilation = "d" },
  { op = "conv", out = "out", kernel = 1, dilation = "dilation", init = { weight = 0.5 } },
]"""
FAULTS: dict[Any, tuple[str, str]] = {
    # the fault: the module and the setting that are named, what it is and what it should be
    restarted: ("s.1.0", "`padding` is `1` instead of `2`"),
    swapped: ("s.0.0", "`in_channels` is `4` instead of `3`"),
    dropped: ("s.1.0", "`dilation` is `1` instead of `2`"),
    with_default: ("s.0.1", "`dilation` is `3` instead of `1`"),
    as_first: ("s.0.0", "`in_channels` is `4` instead of `3`"),
    without_rates: ("2", "`negative_slope` is `0.01` instead of `0.1`"),
    uninitialised: ("s.0.1", "the initialiser of `weight` is PyTorch's own instead of"),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_every_fault_of_the_generator_is_seen(
    fault: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = spec(LAYERS, BLOCK)
    text_of(model)
    fault(monkeypatch)
    where, what = FAULTS[fault]
    with pytest.raises(Disagreement) as caught:
        text_of(model)
    assert what in str(caught.value)
    assert f"`{where}`" in str(caught.value)


@pytest.mark.parametrize("fault", [restarted, with_default])
def test_a_class_that_fails_is_written_out(
    fault: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one class for each instance and every value a literal, there is less to go wrong."""
    fault(monkeypatch)
    with torch.device("meta"):
        module = archspec.build(spec(LAYERS, BLOCK))
    found = [(part.dilation, part.stride) for part in module.modules() if isinstance(part, nn.Conv2d)]
    assert found[::2] == [
        ((1, 1), (2, 2)),
        ((2, 2), (1, 1)),
        ((3, 3), (1, 1)),
        ((4, 4), (1, 1)),
        ((1, 1), (1, 1)),
    ]
    assert found[1::2] == [((1, 1), (1, 1))] * 4 + [((2, 2), (1, 1))]


def test_nothing_wrong_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swapped(monkeypatch)
    file = tmp_path / "net.py"
    file.write_text("# as it was")
    with pytest.raises(UsageError, match=r"in `s\.0\.0` \(`conv`\), `in_channels` is `4` instead of `3`"):
        archspec.export(spec(LAYERS, BLOCK), str(file))
    assert [item.read_text() for item in tmp_path.iterdir()] == ["# as it was"]


def test_a_wrong_order_of_branches_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only what is called is compared, but on what."""
    model = spec(
        '[{ op = "sub", branches = [{ op = "conv", out = 4, kernel = 1 }, { op = "conv", out = 4, kernel = 1 }] }]'
    )
    text_of(model)
    add = Program._add

    def wrong(self: Program, class_: Class) -> None:
        add(self, class_)
        for action in class_.actions:
            action.inputs = action.inputs[::-1]

    monkeypatch.setattr(Program, "_add", wrong)
    with pytest.raises(Disagreement, match="its call in `forward`"):
        text_of(model)


def test_what_nobody_needs_may_be_left_out() -> None:
    """`forward` has no call of a function whose value is not used; another call of that function is none of it."""
    layers = """[
      { name = "a", op = "conv", out = 3, kernel = 1 },
      { op = "residual", layers = [{ op = "leaky_relu", negative_slope = 0.3 }], as = "used" },
      { op = "leaky_relu", negative_slope = 0.1, from = "a" },
      { op = "max", from = ["a", "used"] },
      { name = "c", op = "conv", out = 3, kernel = 1, from = "used" },
    ]"""
    text = text_of(spec(layers))
    assert text.count("leaky_relu(") == 1
    assert "maximum" not in text


def test_equal_tensors_may_be_several() -> None:
    """One of two equal sums is overwritten, and the other one read."""
    layers = """[
      { name = "a", op = "conv", out = 3, kernel = 1 },
      { op = "add", from = ["a", "input"], as = "left" },
      { op = "relu", from = "left", as = "positive" },
      { op = "add", from = ["a", "input"], as = "right" },
      { op = "mul", from = ["positive", "right"] },
    ]"""
    assert "inplace=True" in text_of(spec(layers))


# --- what is too much ------------------------------------------------------------------------------------

MORE = """[
  "relu",
  { name = "conv", op = "conv", out = 3, kernel = 1 },
  { op = "elu", alpha = 0.5, as = "y" },
  { op = "mul", branches = [[], { name = "scale", op = "param", shape = [3, 1, 1], init = { weight = 0.5 } }] },
  { op = "add", from = ["x", "y"] },
]"""
TOO_MUCH = {
    # what would compute other values: the text, what stands in its place, and what is said
    "a keyword": (
        "nn.Conv2d(3, 3, 1)",
        'nn.Conv2d(3, 3, 1, padding_mode="reflect")',
        "`padding_mode` is `reflect` instead of nothing",
    ),
    "an argument": ("nn.Conv2d(3, 3, 1)", "nn.Conv2d(3, 3, 1, 2)", "argument 4 is `2` instead of nothing"),
    "a factor": ("0.5 * torch.ones", "0.25 * 0.5 * torch.ones", "its first value"),
    "work in place that spoils the gradient": (
        "alpha=0.5)",
        "alpha=0.5, inplace=True)",
        "`inplace` is `True` instead of `False`",
    ),
    "work in place on what is the caller's": ("F.relu(x)", "F.relu(x, inplace=True)", "what is overwritten"),
}


@pytest.mark.parametrize("case", TOO_MUCH)
def test_nothing_is_added(case: str) -> None:
    model = spec(MORE)
    program = Program([model.network], model.name)
    text = source(model)
    old, new, says = TOO_MUCH[case]
    assert text.count(old) == 1
    for changed_text, fails in ((text, False), (text.replace(old, new), True)):
        _, tree = own_classes(changed_text, program.helpers)
        arguments_ = (tree, model.root, 0, program.facts.code_of, program.facts.weights, program.helpers)
        if not fails:
            check(*arguments_)
            continue
        with pytest.raises(Disagreement) as caught:
            check(*arguments_)
        assert says in str(caught.value)


# --- PyTorch's defaults ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "example"), [case for case in VALID if not case[0].is_parameter], ids=name_case
)
def test_arguments_that_are_left_out_are_pytorchs_defaults(op: type[Op], example: Example) -> None:
    """What source does not say, and the comparison fills in, is what PyTorch does without it."""
    code = make(op, example).torch(types(example))
    positional = [argument.value for argument in code.arguments if not argument.name]
    words = {argument.name: argument for argument in code.arguments if argument.name}
    targets = [(getattr(nn, code.module.removeprefix("nn.")), 0)] if code.module.startswith("nn.") else []
    if code.function.startswith("F.") and "{" not in code.function and words:
        targets.append((getattr(F, code.function.removeprefix("F.")), 1))
    for target, tensors in targets:
        try:
            signature = inspect.signature(target)
        except ValueError:  # a function of C++
            continue
        signature.bind(*[None] * tensors, *positional, **{name: word.value for name, word in words.items()})
        for name, word in words.items():
            default = signature.parameters[name].default if name in signature.parameters else word.default
            if word.default is not REQUIRED and (name, default) != ("stride", None):  # the kernel's size
                assert word.default == default, name
