"""Lint: what each rule finds and what it leaves alone, and how rules are chosen."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nets import SPECS

import archspec
from archspec import UsageError
from archspec.cli import config
from archspec.lint import Choice, choose, lints

HEAD = 'archspec = 1\n[model]\ninput = ["N", 4, 32, 32]\nlayers = [\n'
CONV = '{ op = "conv", out = 4, kernel = 3, padding = "half"'


def found(text: str, *, only: str, path: str = "spec.toml") -> list[tuple[int, str]]:
    """The lines at which a rule finds something, with what it says."""
    findings = archspec.validate(path, source=text, select=[only])
    assert all(finding.diagnostic.code == codes()[only] for finding in findings), findings
    return [(finding.spot.line, finding.diagnostic.message) for finding in findings]


def codes() -> dict[str, str]:
    return {lint.name: lint.code for lint in lints().values()}


def nodes(text: str, rest: str = "") -> str:
    """A spec of these nodes, a line each; the first is line 5."""
    return f"{HEAD}{text.strip()}\n]\n{rest}"


# --- nothing to say ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(SPECS.rglob("*.toml")), ids=lambda path: str(path.relative_to(SPECS)))
def test_the_networks_of_the_project_are_clean(path: Path) -> None:
    assert archspec.validate(str(path)) == []


@pytest.mark.parametrize("start", ["densenet", "inception", "lenet", "resnet", "unet"])
def test_templates_are_clean(start: str) -> None:
    path = Path(archspec.__file__).parent / "templates" / f"{start}.toml"
    assert archspec.validate("net.toml", source=path.read_text().replace("NAME", "net")) == []


# --- what each rule finds -------------------------------------------------------------------------------------

BLOCKS = """
[blocks.a]
layers = ["relu"]
[blocks.b_net]
layers = ["b"]
[blocks.b]
layers = ["tanh"]
"""
NORM = '"batchnorm"'
CASES: list[tuple[str, str, list[int]]] = [
    # unused-block: called, called by a block that is not, chosen by an argument, by a template
    ("unused-block", nodes('"a"', BLOCKS), [10]),
    ("unused-block", nodes('{ op = "{kind}" }', "[params]\nkind = 'a'\n" + BLOCKS), [12]),
    ("unused-block", nodes('{ op = "{kind}_net" }', "[params]\nkind = 'b'\n" + BLOCKS), [10]),
    (
        "unused-block",
        nodes(
            '{ op = "pick", op_ = "b_net" }',
            '[blocks.pick]\nrequired = { op_ = "op" }\nlayers = ["{op_}"]\n' + BLOCKS,
        ),
        [11],
    ),
    (
        "unused-block",
        nodes('"{unit}"', '[params]\nunit = "a"\n[variants]\nx = {}\ny = { unit = "b_net" }\n' + BLOCKS),
        [],
    ),
    ("unused-block", "archspec = 1\n" + BLOCKS, []),  # a library
    (
        "unused-block",
        nodes(
            '"unit"',
            '[defaults]\nunit = { act = "wave" }\n[blocks.unit]\nparams.act = { type = "op", default = "relu" }\nlayers = ["{act}"]\n[blocks.wave]\nlayers = ["silu"]\n',
        ),
        [],
    ),
    ("unused-block", nodes('"{act}"', '[params]\nact = "my-act"\n[blocks.my-act]\nlayers = ["silu"]\n'), []),
    ("unused-block", nodes('"{pre}{suf}"', "[params]\npre = 're'\nsuf = 'lu'\n" + BLOCKS), []),
    # unused-param
    ("unused-param", nodes('"relu"', "[params]\na = 1\nb = 2\n"), [8, 9]),
    (
        "unused-param",
        nodes('{ op = "conv", out = "a", kernel = 3, repeat = "b" }', "[params]\na = 1\nb = 2\n"),
        [],
    ),
    (
        "unused-param",
        nodes('{ op = "leaky_relu", slope = "a" }', "[params]\na = 0.5\n").replace("slope", "negative_slope"),
        [],
    ),
    ("unused-param", nodes('"relu"', '[params]\na = 1\n[let]\nb = "a"\n'), []),  # the let is the finding
    ("unused-param", nodes('"relu"', '[params]\na = 1\nb = { type = "int", default = "a" }\n'), [9]),
    ("unused-param", nodes('"relu"', '[params]\na = 1\n[defaults]\nconv = { out = "a" }\n'), []),
    ("unused-param", nodes('"relu"', "[params]\na = 4\n").replace('"N", 4', '"N", "a"'), []),
    ("unused-param", nodes('"relu"', "[params]\na = 4\n[variants]\nx = { a = 3 }\n"), [8]),
    ("unused-param", nodes('{ name = "n{a}", op = "relu", when = "b" }', "[params]\na = 4\nb = true\n"), []),
    (
        "unused-param",
        nodes('{ op = "{a}", negative_slope = "b" }', "[params]\na = 'leaky_relu'\nb = 0.5\n"),
        [],
    ),
    (
        "unused-param",
        nodes(
            '{ op = "block", a = 3 }',
            '[blocks.block]\nrequired = { a = "int" }\nparams = { b = 1, c = { type = "int", default = "a" } }\nlayers = ["relu"]\n',
        ),
        [9, 9],
    ),
    (
        "unused-param",
        nodes(
            '{ op = "block", a = 3 }',
            '[params]\na = 1\n[blocks.block]\nrequired = { a = "int" }\nlayers = [{ op = "conv", out = "a", kernel = 1 }]\n',
        ),
        [8],
    ),
    (
        "unused-param",
        'archspec = 1\n[params]\na = 1\n[blocks.block]\nparams = { b = 1 }\nlayers = ["relu"]\n',
        [3, 5],
    ),
    (
        "unused-param",
        nodes(
            '{ repeat = 2, index = "width", op = "conv", out = "width + 1", kernel = 1 }',
            "[params]\nwidth = 3\n",
        ),
        [8],
    ),  # the counter is used
    (
        "unused-param",
        nodes(
            '{ repeat = "width", index = "width", op = "conv", out = "width + 1", kernel = 1 }',
            "[params]\nwidth = 3\n",
        ),
        [],
    ),
    # unused-let
    (
        "unused-param",
        nodes('{ as = "a", op = "relu" }, "tanh"', "[params]\nn = 3\n").replace(
            "layers", 'outputs = [{ of = "a", when = "n > 2" }]\nlayers'
        ),
        [],
    ),
    ("unused-let", nodes('"relu"', '[let]\na = "1"\nb = "a"\n'), [9]),
    ("unused-let", nodes('{ op = "conv", out = "b", kernel = 1 }', '[let]\na = "1"\nb = "a"\n'), []),
    (
        "unused-let",
        nodes('"block"', '[blocks.block]\nlet = { a = "x", b = 1 }\nlayers = ["relu"]\n').replace(
            '"x"', '"input.channels"'
        ),
        [8, 8],
    ),
    (
        "unused-let",
        nodes('{ let = { a = 3, b = "a", c = 2 }, layers = [{ op = "conv", out = "b", kernel = 1 }] }'),
        [5],
    ),
    (
        "unused-let",
        nodes(
            '{ let = { a = 3 }, layers = [{ op = "{kind}", out = "a", kernel = 1 }] }',
            "[params]\nkind = 'conv'",
        ),
        [],
    ),
    (
        "unused-let",
        nodes(
            '{ let = { a = 3 }, layers = [{ let = { a = 4 }, layers = [{ op = "conv", out = "a", kernel = 1 }] }] }'
        ),
        [5],
    ),
    ("unused-let", HEAD.replace("layers", "let = { a = 3 }\nlayers") + '"relu"]\n', [4]),
    # unused-input
    (
        "unused-input",
        nodes(
            '{ op = "a", from = ["x", "x", "x"] }, { op = "b", from = ["x", "x"] }',
            '[blocks.a]\ninputs = ["main", "side", "last"]\nlayers = ["relu"]\n'
            '[blocks.b]\ninputs = ["main", "side"]\nlayers = [{ op = "upsample", size = ["side.height", 40] }]\n',
        ),
        [8, 8],
    ),
    (
        "unused-input",
        nodes(
            '{ op = "a", from = ["x", "x", "x"] }',
            '[blocks.a]\ninputs = ["main", "side", "last"]\nlet = { c = "last.channels" }\n'
            'layers = [{ op = "conv", out = "c", kernel = 1 }]\noutputs = ["side"]\n',
        ),
        [],
    ),
    # hidden-param
    (
        "hidden-param",
        nodes(
            '{ op = "block", a = 2 }',
            '[params]\na = 1\n[let]\nb = 2\n[blocks.block]\nrequired = { a = "int" }\nparams = { c = 1 }\nlet = { b = 3 }\nlayers = ["relu"]\n',
        ),
        [12, 14],
    ),
    ("hidden-param", HEAD.replace("layers", "let = { a = 3 }\nlayers") + '"relu"]\n[params]\na = 1\n', [4]),
    (
        "hidden-param",
        nodes('"block"', '[params]\na = 1\n[blocks.block]\nparams = { c = 1 }\nlayers = ["relu"]\n'),
        [],
    ),
    (
        "hidden-param",
        nodes('{ op = "conv", out = "i + 1", kernel = 1, repeat = "i" }', "[params]\ni = 1\n"),
        [5],
    ),
    ("hidden-param", nodes('{ op = "relu", repeat = 2 }', "[params]\ni = 1\n"), []),
    (
        "hidden-param",
        nodes(
            '"b"',
            '[blocks.b]\nparams = { j = 1 }\nlayers = [{ op = "conv", out = "j + 1", kernel = 1, repeat = 2, index = "j" }]\n',
        ),
        [9],
    ),
    ("hidden-param", nodes('{ op = "relu", repeat = 2 }, { op = "relu", repeat = 2 }'), []),
    # unused-node
    ("unused-node", nodes(f'{CONV}, name = "a" }},\n{CONV}, from = "input" }},'), [5]),
    (
        "unused-node",
        nodes(
            f'{CONV}, name = "a" }},\n"relu",\n{{ op = "add", from = ["x", "input"] }},\n{CONV}, from = "input" }},'
        ),
        [7],
    ),
    (
        "unused-node",
        nodes(
            '{ name = "halves", op = "split", sections = 2 },\n{ op = "conv", out = 4, kernel = 1, from = "halves.1" },'
        ),
        [],
    ),
    (
        "unused-node",
        nodes(f'{{ name = "halves", op = "split", sections = 2 }},\n{CONV}, from = "input" }},'),
        [5],
    ),
    ("unused-node", nodes(f'{{ name = "g", layers = [{CONV} }}] }},\n{CONV}, from = "input" }},'), [5]),
    (
        "unused-node",
        nodes(
            f'{{ name = "g", layers = [\n{{ name = "a", op = "relu" }},\n{CONV} }},\n] }},\n{{ op = "add", from = ["g.a", "input"] }},'
        ),
        [7],
    ),
    ("unused-node", nodes(f'{{ op = "relu", when = "false", as = "r" }},\n{CONV}, from = "input" }},'), []),
    (
        "unused-node",
        nodes(f'{{ name = "aux", op = "relu" }},\n{CONV}, from = "input" }},').replace(
            "layers", 'train_outputs = ["aux"]\nlayers'
        ),
        [],
    ),
    (
        "unused-node",
        nodes(f'{{ name = "aux", op = "relu" }},\n{CONV}, name = "y", from = "input" }},').replace(
            "layers", 'outputs = ["aux", "y"]\nlayers'
        ),
        [],
    ),
    ("unused-node", nodes(f'{{ op = "residual", layers = [{CONV} }}] }},\n{CONV}, from = "input" }},'), [5]),
    ("unused-node", nodes(f'{CONV}, repeat = 3 }},\n{CONV}, from = "input" }},'), [5]),
    (
        "unused-node",
        nodes(
            '{ op = "block", repeat = 2 }',
            f'[blocks.block]\nlayers = [\n{CONV} }},\n{CONV}, from = "input" }},\n]\n',
        ),
        [9],
    ),
    (
        "unused-node",
        nodes(
            '{ name = "back", op = "b" },',
            '[blocks.b]\noutputs = ["c"]\nlayers = [\n{ name = "c", op = "relu" },\n{ name = "d", op = "relu" },\n{ name = "e", op = "relu" },\n]\n',
        ).replace("layers", 'outputs = ["back.c"]\nlayers', 1),
        [13],
    ),  # d has a use
    (
        "unused-node",
        nodes(
            f'{{ name = "side", op = "relu" }},\n{CONV}, from = "input", name = "m" }},\n{{ op = "add", from = ["m", "side"], when = "both" }},',
            "[params]\nboth = true\n[variants]\na = {}\nb = { both = false }\n",
        ),
        [],
    ),
    (
        "unused-node",
        nodes(
            f'{{ name = "g", layers = [\n{CONV}, name = "a" }},\n{CONV}, name = "b" }},\n] }},\n{{ op = "conv", out = 4, kernel = 1, from = "g.a" }},'
        ),
        [7],
    ),
    (
        "unused-node",
        nodes(
            f'{CONV}, name = "a" }},\n{CONV}, name = "b", from = "input" }},\n{{ when = false, op = "add", from = ["a", "b"], as = "q" }},\n{CONV}, from = "b" }},'
        ),
        [5],
    ),
    (
        "unused-node",
        nodes(f'{CONV}, name = "a" }},\n{{ op = "reuse", of = "a", from = "input" }},'),
        [],
    ),  # its weights are used
    # bias-before-norm
    (
        "bias-before-norm",
        nodes(f'{CONV}, name = "c" }},\n"relu",\n{{ op = "reuse", of = "c" }},\n{NORM},'),
        [],
    ),
    (
        "bias-before-norm",
        nodes('{ op = "attention", heads = 2 },\n"batchnorm",').replace("4, 32, 32", "8, 16"),
        [],
    ),
    ("bias-before-norm", nodes('"layernorm",\n"batchnorm",'), []),
    ("bias-before-norm", nodes(f"{CONV} }}, {NORM}"), [5]),
    ("bias-before-norm", nodes(f"{CONV}, bias = false }}, {NORM}"), []),
    ("bias-before-norm", nodes(f'{CONV} }}, "relu", {NORM}'), []),
    (
        "bias-before-norm",
        nodes(f'{CONV}, name = "c" }},\n{NORM},\n{{ op = "add", from = ["x", "c"] }},'),
        [],
    ),  # it is used elsewhere
    (
        "bias-before-norm",
        nodes(f'{CONV}, name = "c" }},\n{{ op = "batchnorm", name = "n" }},').replace(
            "layers", 'outputs = ["c", "n"]\nlayers'
        ),
        [],
    ),
    ("bias-before-norm", nodes(f'{CONV} }},\n"instancenorm",'), [5]),
    ("bias-before-norm", nodes(f'{CONV} }},\n{{ op = "groupnorm", groups = 2 }},'), []),
    ("bias-before-norm", nodes(f'"flatten",\n{{ op = "linear", out = 8 }},\n{NORM},'), [6]),
    (
        "bias-before-norm",
        nodes(f'{{ op = "flatten", start = 2 }},\n{{ op = "linear", out = 8 }},\n{NORM},'),
        [],
    ),  # along another axis
    ("bias-before-norm", nodes(f'{{ op = "conv_transpose", out = 8, kernel = 2 }},\n{NORM},'), [5]),
    (
        "bias-before-norm",
        nodes(f'{{ name = "g", layers = [{CONV} }}] }},\n{{ name = "h", layers = [{NORM}] }},'),
        [5],
    ),
    (
        "bias-before-norm",
        nodes(
            f'{CONV}, name = "c" }},\n{{ name = "g", layers = [{NORM}, {{ op = "batchnorm", from = "c" }}, {{ op = "batchnorm", from = "c" }}, {{ op = "add", from = ["0", "1", "2"] }}] }},'
        ),
        [5],
    ),
    ("bias-before-norm", nodes('"b", "b"', f"[blocks.b]\nlayers = [{CONV} }}, {NORM}]\n"), [8]),
    (
        "bias-before-norm",
        nodes(f'"b", {NORM}, "b"', f"[blocks.b]\nlayers = [{CONV} }}]\n"),
        [],
    ),  # needed where no norm follows
    (
        "bias-before-norm",
        nodes(
            '{ op = "b", norm = true }, { op = "b", norm = false }',
            f'[blocks.b]\nrequired = {{ norm = "bool" }}\nlayers = [{CONV} }}, {{ op = "batchnorm", when = "norm" }}]\n',
        ),
        [],
    ),
    (
        "bias-before-norm",
        nodes(f'{CONV}, name = "c" }},\n{NORM},\n{{ op = "reuse", of = "c" }},\n"relu",'),
        [],
    ),
    ("bias-before-norm", nodes(f'{CONV} }},\n{{ op = "relu", when = "false" }},\n{NORM},'), [5]),
    (
        "bias-before-norm",
        nodes(
            f'{CONV}, name = "c1" }},\n{{ name = "bn", op = "batchnorm" }},\n{CONV}, name = "c2" }},\n{{ op = "reuse", of = "bn" }},'
        ),
        [],
    ),  # one running mean of both
    (
        "bias-before-norm",
        nodes(
            f'{CONV} }},\n{{ op = "batchnorm", when = "norm" }},',
            "[params]\nnorm = true\n[variants]\na = {}\nb = { norm = false }\n",
        ),
        [],
    ),  # one of two variants only
    (
        "bias-before-norm",
        nodes(
            f'{CONV} }},\n{{ op = "batchnorm", when = "norm" }},',
            "[params]\nnorm = true\n[variants]\nb = { norm = false }\na = {}\n",
        ),
        [],
    ),
    # repeated-activation
    ("repeated-activation", nodes(f'{CONV} }},\n"relu",\n"relu",'), [7]),
    ("repeated-activation", nodes(f'{CONV} }},\n"relu",\n"sigmoid",'), [7]),
    ("repeated-activation", nodes(f'{CONV} }},\n"relu",\n"identity",\n"softmax",'), []),
    ("repeated-activation", nodes('"relu", { op = "dropout" }, "relu"'), []),
    ("repeated-activation", nodes('"b",\n"relu",', f'[blocks.b]\nlayers = [{CONV} }}, "relu"]\n'), [6]),
    ("repeated-activation", nodes('"relu",\n"b",', f'[blocks.b]\nlayers = ["relu", {CONV} }}]\n'), [9]),
    ("repeated-activation", nodes('"b",\n"b",', f'[blocks.b]\nlayers = ["relu", {CONV} }}]\n'), []),
    (
        "repeated-activation",
        nodes('"relu",\n"b",\n"b",', f'[blocks.b]\nlayers = ["relu", {CONV} }}]\n'),
        [],
    ),  # one of two calls only
    ("repeated-activation", nodes('{ op = "relu", repeat = 2 }'), []),  # as for the second copy only
    (
        "repeated-activation",
        nodes('{ op = "b", repeat = 3 }', f'[blocks.b]\nlayers = ["relu", {CONV} }},\n"relu"]\n'),
        [8],
    ),  # between copies of one block
    (
        "repeated-activation",
        nodes(
            '"{act}",\n"sigmoid",', '[params]\nact = "relu"\n[variants]\na = {}\nb = { act = "identity" }\n'
        ),
        [],
    ),
    (
        "repeated-activation",
        nodes('{ op = "mul", branches = [[], ["softplus", "tanh"]] }'),
        [],
    ),  # mish, written out
    # stride-above-kernel
    ("stride-above-kernel", nodes('{ op = "conv", out = 4, kernel = 1, stride = 2 }'), [5]),
    ("stride-above-kernel", nodes('{ op = "conv", out = 4, kernel = 2, stride = 2 }'), []),
    ("stride-above-kernel", nodes('{ op = "conv", out = 4, kernel = 2, stride = 3, dilation = 2 }'), [5]),
    ("stride-above-kernel", nodes('{ op = "maxpool", kernel = [2, 1], stride = 2 }'), [5]),
    (
        "stride-above-kernel",
        nodes('{ op = "conv", out = 4, kernel = 1, stride = 32 }'),
        [],
    ),  # a single window
    (
        "stride-above-kernel",
        nodes(
            f'{{ op = "residual", layers = [{CONV}, stride = 2 }}], shortcut = [{{ op = "conv", out = 4, kernel = 1, stride = 2 }}] }}'
        ),
        [],
    ),
    (
        "stride-above-kernel",
        nodes(
            '{ op = "residual", layers = [\n{ op = "conv", out = 4, kernel = 1, stride = 2 }\n], shortcut = [\n{ op = "conv", out = 4, kernel = 1, stride = 2 },\n] }'
        ),
        [6, 8],
    ),
    (
        "stride-above-kernel",
        nodes(
            '{ op = "block" }',
            '[blocks.block]\nlayers = ["relu", { op = "conv", out = 4, kernel = 1, stride = 2 }]\n',
        ),
        [8],
    ),
    (
        "stride-above-kernel",
        nodes('{ op = "conv", out = 4, kernel = 3, stride = 2, dilation = 2 }'),
        [5],
    ),  # it reads every second position
    ("stride-above-kernel", nodes('{ op = "conv", out = 4, kernel = 3, stride = 3, dilation = 2 }'), []),
    (
        "stride-above-kernel",
        nodes(
            '{ op = "concat", branches = [\n{ op = "conv", out = 4, kernel = 1, stride = 2 },\n[{ op = "slice", axis = 2, start = 1 }, { op = "pad", padding = { bottom = 1 } }, { op = "conv", out = 4, kernel = 1, stride = 2 }],\n] }'
        ),
        [],
    ),  # a factorised reduction
    # single-branch: dropped in one variant, in one call, by both; kept as a branch that passes on; written alone
    (
        "single-branch",
        nodes(
            f'{{ op = "add", branches = [{CONV} }}, {{ when = "both", layers = [] }}] }},',
            "[params]\nboth = true\n[variants]\na = {}\nb = { both = false }\n",
        ),
        [5],
    ),
    (
        "single-branch",
        nodes(
            f'{{ op = "add", branches = [{CONV} }}, {{ when = "both", layers = [] }}] }},',
            "[params]\nboth = true\n[variants]\nb = { both = false }\na = {}\n",
        ),
        [5],
    ),
    (
        "single-branch",
        nodes(
            '{ op = "b", both = true },\n{ op = "b", both = false },',
            f'[blocks.b]\nrequired = {{ both = "bool" }}\nlayers = [\n{{ name = "j", op = "mul", branches = [{CONV} }}, {{ when = "both", op = "sigmoid" }}] }},\n]\n',
        ),
        [11],
    ),
    (
        "single-branch",
        nodes(
            f'{{ op = "add", branches = [{CONV} }}, [{{ when = "both", op = "relu" }}]] }},',
            "[params]\nboth = false\n",
        ),
        [],
    ),
    ("single-branch", nodes(f'{{ op = "concat", branches = [{CONV} }}] }},'), [5]),
    (
        "single-branch",
        nodes('{ op = "dense", repeat = 1, layers = [] }, { op = "residual", layers = [] }'),
        [],
    ),
    # linear-on-image
    ("linear-on-image", nodes('"global_avgpool",\n{ op = "linear", out = 10 },'), [6]),
    ("linear-on-image", nodes('"global_avgpool",\n"flatten",\n{ op = "linear", out = 10 },'), []),
    ("linear-on-image", nodes('{ op = "linear", out = 10 },'), [5]),
    (
        "linear-on-image",
        nodes('{ op = "conv", out = 4, kernel = 3 },\n{ op = "linear", out = 10 },').replace(
            "4, 32, 32", "4, 32"
        ),
        [],
    ),  # a sequence
    (
        "linear-on-image",
        nodes(
            '"global_avgpool",\n"relu",\n"dropout",\n{ op = "linear", out = 10 },\n"relu",\n{ op = "linear", out = 5 },'
        ),
        [8],
    ),  # one cause
    (
        "linear-on-image",
        nodes(
            '{ op = "permute", axes = [0, 2, 3, 1] },\n"layernorm",\n"gelu",\n{ op = "linear", out = 10 },'
        ),
        [],
    ),
    (
        "linear-on-image",
        nodes(
            '{ op = "permute", axes = [0, 2, 3, 1] },\n{ op = "residual", layers = ["layernorm", { op = "linear", out = 4 }] },'
        ),
        [],
    ),
    (
        "linear-on-image",
        nodes(f'{{ op = "residual", layers = [\n{CONV} }}\n] }},\n{{ op = "linear", out = 10 }},'),
        [8],
    ),
    (
        "linear-on-image",
        nodes('{ op = "reshape", shape = ["N", 4, 8, 128] },\n{ op = "linear", out = 10 },'),
        [],
    ),
    (
        "linear-on-image",
        nodes('{ op = "flatten", start = 2 },\n{ op = "linear", out = 10 },'),
        [],
    ),  # a sequence
    (
        "linear-on-image",
        nodes('"global_avgpool",\n"head",', '[blocks.head]\nlayers = [\n{ op = "linear", out = 10 },\n]\n'),
        [10],
    ),
    (
        "linear-on-image",
        nodes(
            '{ name = "h", op = "head" },\n"flatten",\n"head",',
            '[blocks.head]\nlayers = [\n{ op = "linear", out = 10 },\n]\n',
        ),
        [],
    ),  # one of two calls only
    (
        "linear-on-image",
        nodes(
            '"global_avgpool",\n{ op = "flatten", when = "flat" },\n{ op = "linear", out = 10 },',
            "[params]\nflat = true\n[variants]\na = {}\nb = { flat = false }\n",
        ),
        [],
    ),
    # misaligned-residual
    (
        "misaligned-residual",
        nodes('{ op = "residual", layers = [{ op = "conv", out = 4, kernel = 2, padding = "same" }] }'),
        [5],
    ),
    ("misaligned-residual", nodes(f'{{ op = "residual", layers = [{CONV} }}] }}'), []),
    (
        "misaligned-residual",
        nodes(
            f'{CONV}, name = "a" }},\n{{ op = "conv", out = 4, kernel = 2, padding = "same" }},\n{{ op = "add", from = ["x", "a"] }},'
        ),
        [7],
    ),
    (
        "misaligned-residual",
        nodes(
            f'{{ op = "residual", layers = [{CONV}, stride = 2 }}], shortcut = [{{ op = "avgpool", kernel = 2 }}] }},\n{{ op = "residual", layers = [{CONV} }}] }},'
        ),
        [5],
    ),
    (
        "misaligned-residual",
        nodes(
            '"b", "b"',
            '[blocks.b]\nlayers = [\n{ op = "residual", layers = [{ op = "conv", out = 4, kernel = 2, padding = "same" }] },\n]\n',
        ),
        [9],
    ),
    (
        "misaligned-residual",
        nodes(
            f'{CONV}, name = "a" }},\n{CONV}, stride = 2 }},\n{{ op = "upsample", scale = 2 }},\n{{ op = "add", from = ["x", "a"] }},'
        ),
        [],
    ),  # a pyramid
    (
        "misaligned-residual",
        nodes(
            '{ op = "residual", layers = [{ op = "conv", out = 4, kernel = 3, padding = { top = 2, left = 2 } }] }'
        ),
        [],
    ),  # causal
    (
        "misaligned-residual",
        nodes(
            '{ op = "b", k = 3 }, { op = "b", k = 4 }',
            '[blocks.b]\nrequired = { k = "int" }\nlayers = [{ op = "residual", layers = [{ op = "conv", out = 4, kernel = "k", padding = "same" }] }]\n',
        ),
        [],
    ),
    # uncovered-input
    ("uncovered-input", nodes('{ op = "maxpool", kernel = 3 }'), [5]),
    ("uncovered-input", nodes('{ op = "maxpool", kernel = 3, ceil = true }'), []),
    ("uncovered-input", nodes('{ op = "maxpool", kernel = 2 }'), []),
    (
        "uncovered-input",
        nodes(
            f'{{ op = "residual", layers = [{CONV}, stride = 2 }}], shortcut = [{{ op = "conv", out = 4, kernel = 1, stride = 2 }}] }}'
        ),
        [],
    ),
    # even-kernel
    ("even-kernel", nodes('{ op = "conv", out = 4, kernel = 2, padding = "half" }'), [5]),
    ("even-kernel", nodes('{ op = "conv", out = 4, kernel = 2, dilation = 2, padding = "half" }'), []),
    ("even-kernel", nodes('{ op = "conv", out = 4, kernel = [3, 4], padding = "half" }'), [5]),
    ("even-kernel", nodes('{ op = "conv", out = 4, kernel = 4, padding = 1 }'), []),
    (
        "even-kernel",
        nodes(
            '{ op = "b", k = 3 }, { op = "b", k = 4 }',
            '[blocks.b]\nrequired = { k = "int" }\nlayers = [{ op = "conv", out = 4, kernel = "k", padding = "half" }]\n',
        ),
        [],
    ),
    # missing-doc, missing-expect
    (
        "missing-doc",
        nodes('"b"', '[blocks.b]\nlayers = ["relu"]\n[blocks.c]\ndoc = "C."\nlayers = ["relu"]\n'),
        [2, 7],
    ),
    (
        "missing-expect",
        nodes('"relu"', "[params]\na = 1\n[variants]\nx = {}\ny = {}\n[expect.x]\nparams = 0\n"),
        [11],
    ),
    (
        "missing-expect",
        nodes('"relu"', "[params]\na = 1\n[variants]\nx = {}\n[expect.x]\n"),
        [10],
    ),  # and says nothing
    ("missing-expect", nodes('"relu"', "[expect]\nparams = 0\n"), []),
    ("missing-expect", "archspec = 1\n" + BLOCKS, []),
]


@pytest.mark.parametrize(("rule", "text", "lines"), CASES)
def test_what_a_rule_finds(rule: str, text: str, lines: list[int]) -> None:
    assert [line for line, _ in found(text, only=rule)] == lines


def test_every_rule_has_cases_of_both_kinds() -> None:
    for name in codes():
        kinds = {bool(lines) for rule, _, lines in CASES if rule == name}
        assert name == "unused-ignore" or kinds == {True, False} or name == "missing-doc"


def test_equal_findings_of_variants_and_copies_are_one() -> None:
    text = nodes(
        '{ op = "b", repeat = 3 }',
        f"[variants]\nx = {{}}\ny = {{}}\n[blocks.b]\nlayers = [{CONV} }}, {NORM}]\n",
    )
    assert [line for line, _ in found(text, only="bias-before-norm")] == [11]


def test_a_spec_with_errors_is_not_linted() -> None:
    text = nodes('{ op = "conv", out = "wdith", kernel = 3 }', "[params]\nwidth = 1\n")
    assert [finding.diagnostic.code for finding in archspec.validate("spec.toml", source=text)] == ["AS301"]


def test_many_copies_take_no_time() -> None:
    """Blocks of blocks of blocks: 2 to the power of 40 convolutions, of which two are different."""
    blocks = "".join(f'[blocks.b{i}]\nlayers = [{{ op = "b{i + 1}", repeat = 2 }}]\n' for i in range(40))
    text = nodes('"b0"', f"{blocks}[blocks.b40]\nlayers = [{CONV} }}, {NORM}]\n")
    assert [line for line, _ in found(text, only="bias-before-norm")] == [88]


HOSTILE = {
    "many holes": nodes(
        '{ op = "{act}", doc = "' + "{a}" * 20 + '!" }',
        '[params]\nact = { type = "op", default = "relu" }\n[blocks.' + "b" * 100 + ']\nlayers = ["silu"]\n',
    ),
    "many users": nodes(
        '{ op = "B", repeat = 3000 }',
        '[blocks.B]\noutputs = ["a"]\nlayers = [{ name = "a", op = "relu" }, { repeat = 3000, layers = [{ op = "conv", out = "i + 1", kernel = 1, from = "a" }] }, { layers = [], from = "a" }]\n',
    ).replace("4, 32, 32", "1, 1, 1"),
    "many ways to want something": nodes(
        '{ name = "p", op = "b18" }, { op = "relu", from = "p.o0" }',
        "[blocks.b0]\noutputs = ["
        + ", ".join(f'"o{i}"' for i in range(20))
        + ']\nlayers = [{ repeat = 20, op = "relu", name = "o{i}" }]\n'
        + "".join(
            f"[blocks.b{k}]\noutputs = ["
            + ", ".join(f'"o{i}"' for i in range(20))
            + f']\nlayers = [{{ name = "p", op = "b{k - 1}" }}, '
            f'{{ name = "q", op = "b{k - 1}", from = "input" }}, {{ repeat = 20, layers = [{{ op = "add", from = ["p.o{{i}}", "q.o{{i}}", "q.o{k % 20}"], as = "o{{i}}" }}] }}]\n'
            for k in range(1, 19)
        ),
    ),
    "a scale that there is not": nodes('{ op = "upsample", scale = 3.3 }').replace(
        '"N", 4, 32, 32', '"N", 1, 2583547'
    ),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_specs_take_no_time(text: str) -> None:
    """Some took minutes, or all memory. A hang fails the run; speed is measured in `benchmarks/`."""
    assert archspec.validate("spec.toml", source=text, select=["ALL"])


# --- ignoring ---------------------------------------------------------------------------------------------------

BIASED = nodes(f"{CONV} }}, {NORM}")


@pytest.mark.parametrize("word", ["AS607", "bias-before-norm", "AS60", "ALL"])
def test_a_file_ignores_a_rule(word: str) -> None:
    assert archspec.validate("spec.toml", source=f'{BIASED}[lint]\nignore = ["{word}"]\n') == []


def test_an_ignored_rule_that_does_not_exist() -> None:
    text = f'{BIASED}[lint]\nignore = ["bias-before-nrom", "AS401"]\n'
    first, second, third = archspec.validate("spec.toml", source=text)
    assert first.diagnostic.code == "AS607"
    assert (second.diagnostic.code, second.spot.line, second.spot.column) == ("AS301", 8, 12)
    assert second.edit is not None
    assert second.edit.text == "bias-before-norm"
    assert third.diagnostic.message == "`AS401` is an error: only lint rules can be turned on and off"


def test_an_entry_that_ignores_nothing() -> None:
    text = f'{BIASED}[lint]\nignore = ["AS607", "AS608", "missing-doc"]\n'
    (one,) = archspec.validate(
        "spec.toml", source=text
    )  # `missing-doc` is not looked for: it may be elsewhere
    assert (one.diagnostic.code, one.diagnostic.message) == ("AS605", "`AS608` ignores no finding here")
    assert (one.spot.line, one.spot.column) == (8, 21)
    assert archspec.validate("spec.toml", source=text, ignore=["AS605"]) == []
    assert archspec.validate("spec.toml", source=text, ignore=["AS608"]) == []


def test_an_entry_for_one_of_the_variants() -> None:
    """The bias has an effect in `plain`, so that there is no finding in the whole file; but there is one in `normed`."""
    layers = f'[{CONV} }}, {{ op = "batchnorm", when = "norm" }}]'
    params = "[params]\nnorm = false\n[variants]\nplain = {}\nnormed = { norm = true }\n"
    text = f'archspec = 1\n{params}[model]\ninput = ["N", 3, 8, 8]\nlayers = {layers}\n'
    ignoring = f'{text}[lint]\nignore = ["bias-before-norm"]\n'

    def codes(text: str, variant: str | None = None) -> list[str]:
        return [finding.diagnostic.code for finding in archspec.validate("v.toml", variant, source=text)]

    assert [codes(text), codes(text, "plain"), codes(text, "normed")] == [[], [], ["AS607"]]
    assert codes(ignoring) == codes(ignoring, "plain") == codes(ignoring, "normed") == []
    assert codes(ignoring.replace("bias-before-norm", "AS608")) == ["AS605"]


def test_a_library_ignores_for_itself(tmp_path: Path) -> None:
    block = f"archspec = 1\n[blocks.b]\nlayers = [{CONV} }}, {NORM}]\n"
    (tmp_path / "common.toml").write_text(block)
    net = tmp_path / "net.toml"
    net.write_text(
        'archspec = 1\n[use]\nc = "common.toml"\n[model]\ninput = ["N", 3, 8, 8]\nlayers = ["c.b"]\n'
    )
    (one,) = archspec.validate(str(net))
    assert Path(one.diagnostic.file).name == "common.toml"
    (tmp_path / "common.toml").write_text(block + '[lint]\nignore = ["AS607"]\n')
    assert archspec.validate(str(net)) == []
    assert archspec.validate(str(tmp_path / "common.toml")) == []  # it has no network that could tell
    (tmp_path / "common.toml").write_text(block)
    net.write_text(net.read_text() + '[lint]\nignore = ["AS607"]\n')
    assert archspec.validate(str(net)) == []


# --- choosing ---------------------------------------------------------------------------------------------------


def test_layers() -> None:
    on = {code for code, lint in lints().items() if lint.on}
    assert set(choose().codes) == on
    assert choose(Choice(["AS607"])).codes == ("AS607",)
    assert set(choose(Choice(extend_select=["missing-doc"])).codes) == on | {"AS613"}
    assert set(choose(Choice(ignore=["AS60"])).codes) == {code for code in on if not code.startswith("AS60")}
    assert set(choose(Choice(["ALL"], ignore=["AS614"])).codes) == set(lints()) - {"AS614"}
    assert choose(Choice(ignore=["ALL"]), Choice(["AS601"])).codes == ("AS601",)
    assert choose(Choice([])).codes == ()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("AS999", "there is no lint rule `AS999`"),
        ("AS4", "`AS4` is an error"),
        ("unknown-key", "`unknown-key` is an error"),
        ("", "there is no lint rule ``"),
        ("AS", "there is no lint rule `AS`"),
        ("unused-blok", "did you mean `unused-block`?"),
        ("all", "did you mean `ALL`?"),
    ],
)
def test_rules_that_do_not_exist(word: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose(Choice([word]))
    assert message in str(caught.value)


def cli(*arguments: str, cwd: Path, code: int = 0, stdin: str | None = None) -> str:
    command = [sys.executable, "-m", "archspec", "validate", *arguments]
    result = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, check=False)
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result.stdout + result.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "net.toml").write_text(BIASED)
    return tmp_path


def configure(project: Path, text: str, name: str = "pyproject.toml") -> None:
    (project / name).write_text(text)


def test_options(project: Path) -> None:
    assert "warning[AS607]" in cli("nets", cwd=project, code=1)
    assert "no findings" in cli("nets", "--ignore", "bias-before-norm", cwd=project)
    assert "no findings" in cli("nets", "--select", "AS601, AS602", cwd=project)
    text = cli("nets", "--select", "AS607", "--select", "missing-doc,AS614", cwd=project, code=1)
    assert "3 warnings" in text
    assert "2 warnings" in cli("nets", "--extend-select", "missing-doc", cwd=project, code=1)
    assert "there is no lint rule `nothing`" in cli("nets", "--select", "nothing", cwd=project, code=2)
    assert "1 warning" in cli("nets", "--exit-zero", cwd=project)
    assert "no findings" in cli("nets", "--select", "", cwd=project)


def test_configuration(project: Path) -> None:
    configure(project, '[tool.archspec]\nignore = ["AS607"]\n')
    assert "no findings" in cli("nets", cwd=project)
    assert "no findings" in cli("net.toml", cwd=project / "nets")
    assert "no findings" in cli("-", "--stdin-filename", "nets/x.toml", cwd=project, stdin=BIASED)
    assert "1 warning" in cli(
        "nets", "--select", "AS607", cwd=project, code=1
    )  # the command has the last word
    configure(
        project,
        '[tool.archspec]\nextend-select = ["missing-doc"]\n[tool.archspec.severity]\nbias-before-norm = "error"\n',
    )
    text = cli("nets", cwd=project, code=1)
    assert "error[AS607]" in text
    assert "warning[AS613]" in text
    data: list[dict[str, Any]] = json.loads(cli("nets", "--output-format", "json", cwd=project, code=1))
    assert [(one["code"], one["severity"]) for one in data] == [("AS613", "warning"), ("AS607", "error")]


def test_the_nearest_configuration_counts(project: Path) -> None:
    configure(project, '[tool.archspec]\nignore = ["AS607"]\n')
    configure(project / "nets", "[tool.other]\nx = 1\n")  # says nothing of archspec
    assert "no findings" in cli("nets", cwd=project)
    configure(project / "nets", "[tool.archspec]\n")
    assert "1 warning" in cli("nets", cwd=project, code=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.archspec]\nselct = []\n", "there is no `selct`: did you mean `select`?"),
        ("[tool.archspec]\nselect = 'AS601'\n", "`select` must be a list of rules, not 'AS601'"),
        ("[tool.archspec]\nselect = [1]\n", "`select` must be a list of rules"),
        ("[tool.archspec]\nignore = ['AS1']\n", "`AS1` is an error"),
        (
            "[tool.archspec]\nseverity = { AS601 = 'fatal' }\n",
            "the severity of `AS601` is `error` or `warning`, not `fatal`",
        ),
        ("[tool.archspec]\nseverity = { AS601 = 1 }\n", "`severity` must be a table of rules"),
        ("[tool]\narchspec = 1\n", "it must be a table, not 1"),
        ("[tool.archspec\n", "cannot be read"),
        ("a" + ".a" * 20_000 + " = 1\n", "cannot be read"),
        ("tool = [1]\n", ""),
    ],
)
def test_configurations_that_cannot_be_used(project: Path, text: str, message: str) -> None:
    configure(project, text)
    said = cli("nets", cwd=project, code=2 if message else 1)
    assert message in said
    assert not message or "pyproject.toml" in said


def test_a_configuration_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(tmp_path, '[tool.archspec]\nignore = ["AS607"]\n')
    read: list[str] = []
    real = config.read

    def counted(path: str) -> Choice | None:
        read.append(path)
        return real(path)

    monkeypatch.setattr("archspec.cli.config.read", counted)
    rules = config.Config(Choice())
    for name in ("a/x.toml", "a/y.toml", "a/b/z.toml", "w.toml"):
        assert "AS607" not in rules.of(str(tmp_path / name)).codes
    assert len(read) == len(set(read)) == 3


# --- severities in the formats ----------------------------------------------------------------------------------


def test_formats_tell_warnings_from_errors(project: Path) -> None:
    def said(format_: str) -> str:
        return cli("nets/net.toml", "--output-format", format_, cwd=project, code=1)

    assert said("concise").startswith(
        "nets/net.toml:5:1: warning[AS607] `bias` has no effect before `batchnorm`"
    )
    assert said("github").startswith("::warning title=archspec (AS607),file=nets/net.toml,line=5,")
    assert json.loads(said("gitlab"))[0]["severity"] == "minor"
    sarif = json.loads(said("sarif"))["runs"][0]
    assert sarif["results"][0]["level"] == "warning"
    (rule,) = sarif["tool"]["driver"]["rules"]
    assert (rule["id"], rule["name"]) == ("AS607", "bias-before-norm")
    assert rule["defaultConfiguration"] == {"level": "warning"}
    assert "subtracts the mean" in rule["help"]["markdown"]
