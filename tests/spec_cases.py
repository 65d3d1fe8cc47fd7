"""Small specs, each for one rule of the language: what they mean, or what is wrong with them.

In every case a convolution has a kernel of 1 and no bias unless it says otherwise, so that `conv` with `out = 4`
has one weight of 4×channels×1×1.
"""

from dataclasses import dataclass, field

HEAD = "archspec = 1\n[defaults]\nconv = { kernel = 1, bias = false }\n"


def net(layers: str, more: str = "", *, shape: str = '["N", 3, 8, 8]', top: str = "") -> str:
    """A spec with one input. `top` holds further sections, `more` further keys of the model, then sections."""
    return f"{HEAD}{top}\n[model]\ninput = {shape}\nlayers = {layers}\n{more}\n"


@dataclass(frozen=True)
class Valid:
    """A spec, with the state_dict and the output that it must have."""

    text: str
    weights: str
    """`key 4x3x1x1, …`, in PyTorch's order."""
    outputs: str = "Nx4x8x8"
    macs: int | None = None


@dataclass(frozen=True)
class Invalid:
    """A spec, with all that must be found in it, as (code, path)."""

    text: str
    findings: tuple[tuple[str, str], ...]
    says: tuple[str, ...] = field(default=())
    """Words that the diagnostics must contain."""


def bad(text: str, code: str, path: str, *says: str) -> Invalid:
    """A spec with one fault."""
    return Invalid(text, ((code, path),), says)


C4 = '{ op = "conv", out = 4 }'

VALID: dict[str, Valid] = {
    # --- forms of nodes
    "string": Valid(net(f'["relu", {C4}]'), "1.weight 4x3x1x1"),
    "table": Valid(net(f"[{C4}]"), "0.weight 4x3x1x1", macs=768),
    "array": Valid(net(f'[["relu", {C4}], {C4}]'), "1.weight 4x3x1x1, 2.weight 4x4x1x1"),
    "comprehension": Valid(
        net('[{ op = "conv", out = "wide[1]" }]', top='[params]\nn = 3\n[let]\nwide = "[n * i for i in range(1, n) if i > 0]"'), "0.weight 6x3x1x1", "Nx6x8x8"
    ),
    "comprehension that shadows a counter": Valid(
        net('[{ repeat = 2, op = "conv", out = "sum([i for i in [1, 2]]) + i" }]'), "0.weight 3x3x1x1, 1.weight 4x3x1x1"
    ),
    "comprehension over shapes": Valid(net('[{ op = "conv", out = "sum([d // 4 for d in x.shape[2:]])" }]'), "0.weight 4x3x1x1"),
    "axes in the batch": Valid(
        net('[{ op = "reshape", shape = [-1, 8, 8] }, { op = "linear", out = 5 }, { op = "reshape", shape = ["N", 3, 8, 5] }]'),
        "1.weight 5x8, 1.bias 5",
        "Nx3x8x5",
        macs=960,
    ),
    "a multiple of the batch": Valid(
        net(
            '[{ op = "reshape", shape = ["n * n *N", 3, 4, 4] }, { op = "identity", shape = ["4 * N", "x.channels", 4, 4] }]',
            '[expect]\noutput = ["4 * N", 3, 4, 4]',
            top="[params]\nn = 2\n",
        ),
        "",
        "4 * Nx3x4x4",
    ),
    "a multiple of a multiple": Valid(
        net('[{ op = "reshape", shape = ["2 * N", 96] }, { op = "reshape", shape = [-1, 32] }]'), "", "6 * Nx32"
    ),
    "let of a group that names a node outside, although one inside has the name too": Valid(
        net('[{ name = "c", op = "conv", out = 5 }, { name = "g", let = { wide = "c.channels" }, layers = '
            '[{ name = "c", op = "conv", out = 4 }, { op = "conv", out = "wide" }] }]'),
        "c.weight 5x3x1x1, g.c.weight 4x5x1x1, g.1.weight 5x4x1x1", "Nx5x8x8"
    ),
    "output with a name": Valid(
        net(f'[{{ name = "a", layers = [{C4}] }}, "relu"]', 'outputs = [{ name = "c", of = "a.0" }]'), "a.0.weight 4x3x1x1"
    ),
    "output with a condition": Valid(
        net(f'[{{ name = "a", op = "conv", out = 5 }}, {C4}]', 'outputs = [{ of = "a", when = "n > 3" }, { name = "a", of = "input", when = "n < 3" }]',
            top="[params]\nn = 4"), "a.weight 5x3x1x1, 1.weight 4x5x1x1", "Nx5x8x8",
    ),
    "no output left": Valid(
        net(f'[{{ name = "a", op = "conv", out = 5 }}, {C4}]', 'outputs = [{ of = "a", when = false }]'),
        "a.weight 5x3x1x1, 1.weight 4x5x1x1",
    ),
    "training output with a condition": Valid(
        net(f'[{{ name = "a", op = "conv", out = 5 }}, {C4}]', 'train_outputs = [{ of = "a", when = "false" }]'),
        "a.weight 5x3x1x1, 1.weight 4x5x1x1",
    ),
    "output of a block with a name": Valid(
        net('[{ name = "b", op = "b" }, { op = "conv", out = 4, from = "b.low" }]',
            f'[blocks.b]\noutputs = [{{ name = "low", of = "g.0" }}]\nlayers = [{{ name = "g", layers = [{{ op = "conv", out = 2 }}, {C4}] }}]'),
        "b.g.0.weight 2x3x1x1, b.g.1.weight 4x2x1x1, 1.weight 4x2x1x1",
    ),
    "output of a block, called by the last part of its path": Valid(
        net('[{ name = "b", op = "b" }, { op = "conv", out = 4, from = "b.0" }]',
            f'[blocks.b]\noutputs = ["g.0"]\nlayers = [{{ name = "g", layers = [{{ op = "conv", out = 2 }}, {C4}] }}]'),
        "b.g.0.weight 2x3x1x1, b.g.1.weight 4x2x1x1, 1.weight 4x2x1x1",
    ),
    "output of a block with a condition": Valid(
        net('[{ name = "b", op = "b", low = true }, { op = "conv", out = 4, from = "b.a" }, { op = "b" }]',
            f'[blocks.b]\nparams = {{ low = false }}\noutputs = [{{ of = "a", when = "low" }}]\nlayers = [{{ name = "a", op = "conv", out = 2 }}, {C4}]'),
        "b.a.weight 2x3x1x1, b.1.weight 4x2x1x1, 1.weight 4x2x1x1, 2.a.weight 2x4x1x1, 2.1.weight 4x2x1x1",
    ),
    "let of a group": Valid(
        net('[{ let = { wide = "2 * half", half = "x.channels" }, layers = [{ op = "conv", out = "wide" }, { op = "conv", out = "half" }] }]'),
        "0.weight 6x3x1x1, 1.weight 3x6x1x1", "Nx3x8x8",
    ),
    "let of a repeated group": Valid(
        net('[{ repeat = 2, index = "k", let = { wide = "2 * x.channels + k" }, layers = [{ op = "conv", out = "wide" }] }]'),
        "0.weight 6x3x1x1, 1.weight 13x6x1x1", "Nx13x8x8",
    ),
    "let of a container": Valid(
        net('[{ name = "g", repeat = 2, let = { wide = "2 * x.channels + i" }, layers = [{ op = "conv", out = "wide" }] }]'),
        "g.0.0.weight 6x3x1x1, g.1.0.weight 13x6x1x1", "Nx13x8x8",
    ),
    "let that hides a counter, and a counter that hides a let": Valid(
        net('[{ repeat = 1, layers = [{ let = { i = 5 }, layers = [{ op = "conv", out = "i" }, { op = "conv", out = "i + 1", repeat = 2 }] }, { op = "conv", out = "i + 3" }] }]'),
        "0.weight 5x3x1x1, 1.weight 1x5x1x1, 2.weight 2x1x1x1, 3.weight 3x2x1x1", "Nx3x8x8",
    ),
    "let that sees the value of a node, and one around it": Valid(
        net('[{ name = "a", op = "conv", out = 5 }, { name = "g", let = { n = "a.channels" }, layers = [{ let = { m = "n - 1" }, layers = [{ op = "conv", out = "m" }] }] }]'),
        "a.weight 5x3x1x1, g.0.weight 4x5x1x1",
    ),
    "let for an op that an expression chooses": Valid(
        net('[{ let = { n = 4 }, layers = [{ op = "{kind}", out = "n" }] }]', top='[params]\nkind = "conv"'), "0.weight 4x3x1x1"
    ),
    "let that nobody asks for has no value": Valid(net(f'[{{ let = {{ n = "4 // (x.channels - 3)" }}, layers = [{C4}] }}]'), "0.weight 4x3x1x1"),
    "all copies of a repeat": Valid(
        net('[{ name = "s", repeat = 3, op = "conv", out = "i + 1" }, { op = "concat", from = ["s.*", "input"] }, { op = "conv", out = 4 }]'),
        "s.0.weight 1x3x1x1, s.1.weight 2x1x1x1, s.2.weight 3x2x1x1, 1.weight 4x9x1x1",
    ),
    "a value in each copy of a repeat": Valid(
        net('[{ name = "s", repeat = 3, layers = [{ as = "skip", op = "conv", out = "i + 1" }, { op = "conv", out = 3 }] }, { op = "concat", from = "s.*.skip" }, { op = "conv", out = 4 }]'),
        "s.0.0.weight 1x3x1x1, s.0.1.weight 3x1x1x1, s.1.0.weight 2x3x1x1, s.1.1.weight 3x2x1x1, s.2.0.weight 3x3x1x1, s.2.1.weight 3x3x1x1, 1.weight 4x6x1x1",
    ),
    "all parts of a split in a group": Valid(
        net('[{ name = "g", layers = [{ name = "s", op = "split", sections = 3 }] }, { op = "add", from = ["g.s.*"] }, { op = "conv", out = 4 }]'), "1.weight 4x1x1x1"
    ),
    "all copies in all copies": Valid(
        net('[{ name = "a", repeat = 2, layers = [{ name = "b", repeat = 2, op = "conv", out = 3 }] }, { op = "concat", from = ["a.*.b.*"] }, { op = "conv", out = 4 }]'),
        "a.0.b.0.weight 3x3x1x1, a.0.b.1.weight 3x3x1x1, a.1.b.0.weight 3x3x1x1, a.1.b.1.weight 3x3x1x1, 1.weight 4x12x1x1",
    ),
    "all of no copies": Valid(
        net(f'[{{ name = "s", repeat = "n", op = "relu" }}, {{ op = "concat", from = ["s.*", "x"] }}, {C4}]', top="[params]\nn = 0"), "0.weight 4x3x1x1"
    ),
    "all copies that when leaves": Valid(
        net('[{ name = "s", repeat = 3, op = "conv", out = 3, when = "i != 1" }, { op = "concat", from = ["s.*"] }, { op = "conv", out = 4 }]'),
        "s.0.weight 3x3x1x1, s.1.weight 3x3x1x1, 1.weight 4x6x1x1",
    ),
    "parallel branches": Valid(
        net('[{ op = "concat", branches = [["relu"], { parallel = 2, op = "conv", out = "i + 1" }] }, { op = "conv", out = 4 }]'),
        "1.weight 1x3x1x1, 2.weight 2x3x1x1, 3.weight 4x6x1x1",
    ),
    "parallel branches with names": Valid(
        net('[{ name = "j", op = "add", branches = [{ name = "b{k + 1}", index = "k", parallel = 2, layers = [{ op = "conv", out = 4 }] }] }]'),
        "j.b1.0.weight 4x3x1x1, j.b2.0.weight 4x3x1x1",
    ),
    "parallel branches from other values": Valid(
        net('[{ name = "s", op = "split", sections = 3 }, { op = "concat", from = "s.0", branches = [{ parallel = 3, from = "s.{i}", op = "conv", out = "i + 1" }] }, { op = "conv", out = 4 }]'),
        "1.weight 1x1x1x1, 2.weight 2x1x1x1, 3.weight 3x1x1x1, 4.weight 4x6x1x1",
    ),
    "parallel branches that when removes": Valid(
        net('[{ op = "concat", branches = [{ parallel = 4, when = "i % 2 == 1", op = "conv", out = "i" }, { parallel = "1 // n", when = "n > 0", op = "relu" }] }]', top="[params]\nn = 0"),
        "0.weight 1x3x1x1, 1.weight 3x3x1x1",
    ),
    "no parallel branches": Valid(
        net(f'[{{ op = "concat", branches = [{C4}, {{ parallel = "n", op = "conv", out = 2 }}] }}]', top="[params]\nn = 0"), "0.weight 4x3x1x1"
    ),
    "parallel branches of copies": Valid(
        net('[{ repeat = 2, index = "j", op = "add", branches = [[], { parallel = 2, layers = [{ repeat = 2, index = "k", op = "conv", out = 3 }] }] }, { op = "conv", out = 4 }]'),
        ", ".join(f"{i}.weight 3x3x1x1" for i in range(8)) + ", 8.weight 4x3x1x1",
    ),
    "parallel branches with a shape each": Valid(
        net('[{ op = "concat", branches = [{ parallel = 2, op = "conv", out = "2 * i + 1", shape = ["N", "2 * i + 1", 8, 8] }] }]'), "0.weight 1x3x1x1, 1.weight 3x3x1x1"
    ),
    "empty chain": Valid(net("[]"), "", "Nx3x8x8", 0),
    "empty array": Valid(net(f"[[], {C4}]"), "0.weight 4x3x1x1"),
    "nested arrays": Valid(net(f"[[[[{C4}]]]]"), "0.weight 4x3x1x1"),
    "unnamed group": Valid(net(f'["relu", {{ layers = [{C4}, {C4}] }}]'), "1.weight 4x3x1x1, 2.weight 4x4x1x1"),
    "named group": Valid(
        net(f'["relu", {{ name = "g", layers = [{C4}, "relu", {C4}] }}, {C4}]'),
        "g.0.weight 4x3x1x1, g.2.weight 4x4x1x1, 2.weight 4x4x1x1",
    ),
    "empty named group": Valid(net(f'[{{ name = "g", layers = [] }}, {C4}]'), "1.weight 4x3x1x1"),
    "group in group": Valid(
        net(f'[{{ name = "a", layers = [{{ name = "b", layers = [{C4}] }}, {C4}] }}]'),
        "a.b.0.weight 4x3x1x1, a.1.weight 4x4x1x1",
    ),
    "doc": Valid(net('[{ op = "conv", out = 4, doc = "text" }]', 'doc = "more"'), "0.weight 4x3x1x1"),
    "name of digits": Valid(net('[{ name = "7", op = "conv", out = 4 }]'), "7.weight 4x3x1x1"),
    "name with a dash": Valid(net('[{ name = "block1-0", op = "conv", out = 4 }]'), "block1-0.weight 4x3x1x1"),
    # --- data flow
    "from": Valid(
        net('[{ name = "a", op = "conv", out = 4 }, { name = "b", op = "conv", out = 5 }, '
            '{ name = "c", op = "conv", out = 4, from = "a" }]'),
        "a.weight 4x3x1x1, b.weight 5x4x1x1, c.weight 4x4x1x1",
    ),
    "from input": Valid(
        net(f'[{C4}, {{ op = "conv", out = 4, from = "input" }}]'), "0.weight 4x3x1x1, 1.weight 4x3x1x1"
    ),
    "from x": Valid(net(f'[{C4}, {{ op = "conv", out = 4, from = "x" }}]'), "0.weight 4x3x1x1, 1.weight 4x4x1x1"),
    "from list": Valid(
        net(f'[{{ name = "a", op = "conv", out = 4 }}, {C4}, {{ op = "add", from = ["a", "x"] }}, {C4}]'),
        "a.weight 4x3x1x1, 1.weight 4x4x1x1, 2.weight 4x4x1x1",
    ),
    "from the same twice": Valid(net('[{ op = "concat", from = ["x", "x"] }]'), "", "Nx6x8x8"),
    "from unnamed position": Valid(net(f'["relu", {C4}, {{ op = "add", from = ["1", "1"] }}]'), "1.weight 4x3x1x1"),
    "dotted": Valid(
        net(f'[{{ name = "g", layers = [{C4}, {{ op = "conv", out = 5 }}] }}, '
            '{ op = "conv", out = 4, from = "g.0" }]'),
        "g.0.weight 4x3x1x1, g.1.weight 5x4x1x1, 1.weight 4x4x1x1",
    ),
    "dotted twice": Valid(
        net(f'[{{ name = "g", layers = [{{ name = "h", layers = [{C4}, {{ op = "conv", out = 5 }}] }}, "relu"] }}, '
            '{ op = "conv", out = 4, from = "g.h.0" }]'),
        "g.h.0.weight 4x3x1x1, g.h.1.weight 5x4x1x1, 1.weight 4x4x1x1",
    ),
    "dotted into repeat": Valid(
        net('[{ name = "layer1", repeat = 3, op = "conv", out = "4 + i" }, '
            '{ op = "conv", out = 4, from = "layer1.0" }]'),
        "layer1.0.weight 4x3x1x1, layer1.1.weight 5x4x1x1, layer1.2.weight 6x5x1x1, 1.weight 4x4x1x1",
    ),
    "dotted into copy of a group": Valid(
        net('[{ name = "g", repeat = 2, layers = [{ name = "c", op = "conv", out = "4 + i" }, "relu"] }, '
            '{ op = "conv", out = 4, from = "g.1.c" }]'),
        "g.0.c.weight 4x3x1x1, g.1.c.weight 5x4x1x1, 1.weight 4x5x1x1",
    ),
    "dotted label": Valid(
        net(f'[{{ name = "g", layers = [{{ op = "conv", out = 5, as = "mid" }}, {C4}] }}, '
            '{ op = "conv", out = 4, from = "g.mid" }]'),
        "g.0.weight 5x3x1x1, g.1.weight 4x5x1x1, 1.weight 4x5x1x1",
    ),
    "dotted shape": Valid(
        net(f'[{{ name = "g", layers = [{C4}, {{ op = "conv", out = 5 }}] }}, '
            '{ op = "conv", out = "g.h.channels - 1" }]').replace('{ op = "conv", out = 5 }', '{ name = "h", op = "conv", out = 5 }'),
        "g.0.weight 4x3x1x1, g.h.weight 5x4x1x1, 1.weight 4x5x1x1",
    ),
    "capture from a group": Valid(
        net(f'[{{ name = "a", op = "conv", out = 4 }}, {{ op = "conv", out = 5 }}, '
            f'{{ name = "g", layers = [{C4}, {{ op = "add", from = ["x", "a"] }}] }}]'),
        "a.weight 4x3x1x1, 1.weight 5x4x1x1, g.0.weight 4x5x1x1",
    ),
    "capture through two groups": Valid(
        net(f'[{{ name = "a", op = "conv", out = 4 }}, {{ name = "g", layers = [{{ name = "h", layers = ['
            f'{C4}, {{ op = "add", from = ["x", "a"] }}] }}] }}]'),
        "a.weight 4x3x1x1, g.h.0.weight 4x4x1x1",
    ),
    "input from a group": Valid(
        net(f'[{C4}, {{ name = "g", layers = [{{ op = "conv", out = 4, from = "input" }}] }}]'),
        "0.weight 4x3x1x1, g.0.weight 4x3x1x1",
    ),
    "nearest name": Valid(
        net('[{ name = "a", op = "conv", out = 5 }, { name = "g", layers = [{ name = "a", op = "conv", out = 6 }, '
            '{ op = "conv", out = 7 }, { op = "conv", out = 4, from = "a" }] }]'),
        "a.weight 5x3x1x1, g.a.weight 6x5x1x1, g.1.weight 7x6x1x1, g.2.weight 4x6x1x1",
    ),
    "as": Valid(
        net(f'[{{ op = "conv", out = 5, as = "wide" }}, {C4}, {{ op = "conv", out = 4, from = "wide" }}]'),
        "0.weight 5x3x1x1, 1.weight 4x5x1x1, 2.weight 4x5x1x1",
    ),
    "as of a group": Valid(
        net(f'[{{ as = "g", layers = [{{ op = "conv", out = 5 }}] }}, {C4}, {{ op = "conv", out = 4, from = "g" }}]'),
        "0.weight 5x3x1x1, 1.weight 4x5x1x1, 2.weight 4x5x1x1",
    ),
    "name and as": Valid(
        net(f'[{{ name = "a", as = "b", op = "conv", out = 4 }}, {C4}, {{ op = "add", from = ["a", "b", "x"] }}]'),
        "a.weight 4x3x1x1, 1.weight 4x4x1x1",
    ),
    "parts": Valid(
        net('[{ name = "halves", op = "split", sections = 2 }, { op = "conv", out = 4, from = "halves.1" }]',
            shape='["N", 6, 8, 8]'),
        "1.weight 4x3x1x1",
    ),
    "parts of given sizes": Valid(
        net('[{ op = "split", sections = [1, 5], as = "s" }, { op = "conv", out = 4, from = "s.1" }, '
            '{ op = "conv", out = 4, from = "s.0" }]', shape='["N", 6, 8, 8]'),
        "1.weight 4x5x1x1, 2.weight 4x1x1x1",
    ),
    "part in a group": Valid(
        net('[{ name = "g", layers = [{ name = "s", op = "split", sections = [1, 5] }, '
            '{ op = "conv", out = 4, from = "s.0" }] }, { op = "conv", out = 4, from = "g.s.1" }]',
            shape='["N", 6, 8, 8]'),
        "g.1.weight 4x1x1x1, 1.weight 4x5x1x1",
    ),
    "block's declared output": Valid(
        net('[{ name = "b", op = "body" }, { op = "conv", out = 4, from = "b.c3" }]',
            '[blocks.body]\noutputs = ["c3"]\nlayers = [{ name = "c3", op = "conv", out = 6 }, '
            '{ op = "conv", out = 5 }]'),
        "b.c3.weight 6x3x1x1, b.1.weight 5x6x1x1, 1.weight 4x6x1x1",
    ),
    "declared output under a path": Valid(
        net('[{ name = "b", op = "body" }, { op = "conv", out = 4, from = "b.mid" }]',
            '[blocks.body]\noutputs = ["mid"]\nlayers = [{ as = "mid", op = "conv", out = 6 }, "relu"]'),
        "b.0.weight 6x3x1x1, 1.weight 4x6x1x1",
    ),
    "block with two inputs": Valid(
        net(f'[{{ name = "a", op = "conv", out = 4 }}, {C4}, {{ op = "up", from = ["x", "a"] }}]',
            f'[blocks.up]\ninputs = ["input", "skip"]\nlayers = [{{ op = "concat", from = ["x", "skip"] }}, {C4}]'),
        "a.weight 4x3x1x1, 1.weight 4x4x1x1, 2.0.weight 4x8x1x1",
    ),
    "shapes of inputs": Valid(
        net(f'[{{ name = "a", op = "conv", out = 5 }}, {C4}, {{ op = "up", from = ["x", "a"] }}]',
            '[blocks.up]\ninputs = ["input", "skip"]\n'
            'layers = [{ op = "conv", out = "input.channels + skip.channels - 5" }]'),
        "a.weight 5x3x1x1, 1.weight 4x5x1x1, 2.0.weight 4x4x1x1",
    ),
    # --- repeat
    "repeat spliced": Valid(
        net('["relu", { op = "conv", out = 4, repeat = 2 }, "relu", { op = "conv", out = 4 }]'),
        "1.weight 4x3x1x1, 2.weight 4x4x1x1, 4.weight 4x4x1x1",
    ),
    "repeat in a container": Valid(
        net(f'["relu", {{ name = "s", op = "conv", out = 4, repeat = 2 }}, {C4}]'),
        "s.0.weight 4x3x1x1, s.1.weight 4x4x1x1, 2.weight 4x4x1x1",
    ),
    "repeat of ops by the counter in a container": Valid(
        net(
            '[{ name = "s", op = "{ops[i]}", k = "i", repeat = 3 }]',
            """[blocks.one]
required = { k = "int" }
layers = [{ op = "conv", out = "4 + k" }]
[blocks.two]
required = { k = "int" }
layers = [{ name = "c", op = "conv", out = "4 * k" }]""",
            top='[params]\nops = ["one", "two", "one"]\n',
        ),
        "s.0.0.weight 4x3x1x1, s.1.c.weight 4x4x1x1, s.2.0.weight 6x4x1x1",
        "Nx6x8x8",
    ),
    "repeat of an op by its input in a container": Valid(
        net(
            f"""[{{ op = "conv", out = 2, name = "a" }}, {C4},
{{ name = "s", op = "{{'conv' if x.channels == 2 else 'nothing'}}", from = "a", out = 2, repeat = 3, when = "i > 1" }}]"""
        ),
        "a.weight 2x3x1x1, 1.weight 4x2x1x1, s.0.weight 2x2x1x1",
        "Nx2x8x8",
    ),
    "repeat named by its counter": Valid(
        net(f'[{{ name = "layer{{i + 1}}", op = "conv", out = 4, repeat = 2 }}, {C4}]'),
        "layer1.weight 4x3x1x1, layer2.weight 4x4x1x1, 2.weight 4x4x1x1",
    ),
    "repeat of a group": Valid(
        net(f'[{{ name = "s", layers = ["relu", {C4}], repeat = 2 }}]'), "s.0.1.weight 4x3x1x1, s.1.1.weight 4x4x1x1"
    ),
    "repeat of an unnamed group": Valid(
        net(f'[{{ layers = ["relu", {C4}], repeat = 2 }}]'), "1.weight 4x3x1x1, 3.weight 4x4x1x1"
    ),
    "repeat zero": Valid(net(f'[{{ op = "conv", out = 9, repeat = 0 }}, {C4}]'), "0.weight 4x3x1x1"),
    "repeat zero named": Valid(
        net(f'[{{ name = "s", op = "conv", out = 9, repeat = 0 }}, {C4}, {{ op = "conv", out = 4, from = "s" }}]'),
        "0.weight 4x3x1x1, 1.weight 4x3x1x1",
    ),
    "index": Valid(
        net('[{ layers = [{ op = "conv", out = "10 * a + b + 3", repeat = 2, index = "b" }], repeat = 2, index = "a" }, '
            f'{C4}]'),
        "0.weight 3x3x1x1, 1.weight 4x3x1x1, 2.weight 13x4x1x1, 3.weight 14x13x1x1, 4.weight 4x14x1x1",
    ),
    "inner counter wins": Valid(
        net('[{ layers = [{ op = "conv", out = "4 + i", repeat = 2 }], repeat = 1 }]'),
        "0.weight 4x3x1x1, 1.weight 5x4x1x1", "Nx5x8x8",
    ),
    "outer counter in a container's name": Valid(
        net('[{ layers = [{ name = "s{a}", op = "conv", out = 4, repeat = 2 }], repeat = 2, index = "a" }]'),
        "s0.0.weight 4x3x1x1, s0.1.weight 4x4x1x1, s1.0.weight 4x4x1x1, s1.1.weight 4x4x1x1",
    ),
    "first": Valid(
        net('[{ name = "s", op = "conv", out = 4, repeat = 3, first = { stride = 2 } }]'),
        "s.0.weight 4x3x1x1, s.1.weight 4x4x1x1, s.2.weight 4x4x1x1", "Nx4x4x4",
    ),
    "first spliced": Valid(
        net('[{ op = "conv", out = 4, repeat = 2, first = { out = 7, bias = true } }]'),
        "0.weight 7x3x1x1, 0.bias 7, 1.weight 4x7x1x1",
    ),
    "first of a block": Valid(
        net('[{ name = "s", op = "b", repeat = 2, first = { stride = 2 } }]',
            '[blocks.b]\nparams = { stride = 1 }\nlayers = [{ op = "conv", out = 4, stride = "stride" }]'),
        "s.0.0.weight 4x3x1x1, s.1.0.weight 4x4x1x1", "Nx4x4x4",
    ),
    "repeat with from": Valid(
        net(f'[{{ name = "a", op = "conv", out = 5 }}, {C4}, {{ op = "conv", out = 4, repeat = 2, from = "a" }}]'),
        "a.weight 5x3x1x1, 1.weight 4x5x1x1, 2.weight 4x5x1x1, 3.weight 4x4x1x1",
    ),
    "repeat with several inputs": Valid(
        net('[{ name = "a", op = "conv", out = 4 }, { op = "conv", out = 4 }, '
            '{ name = "s", op = "b", repeat = 2, from = ["x", "a"] }]',
            '[blocks.b]\ninputs = ["input", "skip"]\nlayers = [{ op = "concat", from = ["x", "skip"] }, '
            '{ op = "conv", out = 6 }]'),
        "a.weight 4x3x1x1, 1.weight 4x4x1x1, s.0.0.weight 6x8x1x1, s.1.0.weight 6x10x1x1", "Nx6x8x8",
    ),
    "repeat of a join": Valid(net('[{ op = "concat", from = ["x", "input"], repeat = 3 }]'), "", "Nx12x8x8"),
    "when in each copy": Valid(
        net('[{ op = "conv", out = "4 + i", repeat = 3, when = "i != 1" }]'),
        "0.weight 4x3x1x1, 1.weight 6x4x1x1", "Nx6x8x8",
    ),
    "repeat of an expression": Valid(
        net('[{ op = "conv", out = 4, repeat = "depths[1]" }]', top="[params]\ndepths = [1, 2]"),
        "0.weight 4x3x1x1, 1.weight 4x4x1x1",
    ),
    # --- when
    "when true": Valid(net('[{ op = "conv", out = 4, when = true }]'), "0.weight 4x3x1x1"),
    "when false takes no position": Valid(
        net(f'["relu", {{ op = "conv", out = 9, when = false }}, {C4}]'), "1.weight 4x3x1x1"
    ),
    "when of a shape": Valid(net('[{ op = "conv", out = 4, when = "x.channels == 3" }]'), "0.weight 4x3x1x1"),
    "when of the input that from names": Valid(
        net(f'[{{ name = "a", op = "conv", out = 5 }}, {C4}, '
            '{ op = "conv", out = 4, from = "a", when = "x.channels == 5" }]'),
        "a.weight 5x3x1x1, 1.weight 4x5x1x1, 2.weight 4x5x1x1",
    ),
    "removed name stands for its input": Valid(
        net(f'[{{ name = "a", op = "conv", out = 5 }}, {{ name = "gone", op = "conv", out = 9, when = false }}, {C4}, '
            '{ op = "conv", out = 4, from = "gone" }]'),
        "a.weight 5x3x1x1, 1.weight 4x5x1x1, 2.weight 4x5x1x1",
    ),
    "removed with from": Valid(
        net(f'[{{ name = "a", op = "conv", out = 5 }}, {{ op = "conv", out = 6 }}, '
            f'{{ name = "gone", op = "relu", from = "a", when = false }}, {C4}, '
            '{ op = "conv", out = 4, from = "gone" }]'),
        "a.weight 5x3x1x1, 1.weight 6x5x1x1, 2.weight 4x6x1x1, 3.weight 4x5x1x1",
    ),
    "removed group": Valid(
        net(f'[{{ name = "g", when = false, layers = [{{ op = "conv", out = 9 }}] }}, {C4}]'), "0.weight 4x3x1x1"
    ),
    "removed from inside": Valid(
        net(f'[{{ name = "g", layers = [{{ op = "conv", out = 5 }}, {{ name = "h", op = "relu", when = false }}, {C4}] }}, '
            '{ op = "conv", out = 4, from = "g.h" }]'),
        "g.0.weight 5x3x1x1, g.1.weight 4x5x1x1, 1.weight 4x5x1x1",
    ),
    "dropped branch": Valid(
        net(f'[{{ op = "concat", branches = [{C4}, {{ op = "conv", out = 9, when = false }}] }}]'), "0.weight 4x3x1x1"
    ),
    "all but one branch dropped": Valid(
        net(f'[{{ op = "add", branches = [{C4}, {{ when = false, layers = [] }}, "relu"] }}, {C4}]'.replace(
            ', "relu"]', "]")),
        "0.weight 4x3x1x1, 1.weight 4x4x1x1",
    ),
    "parameter with itself": Valid(
        net('[{ name = "p", op = "param", shape = [3, 1, 1] }, { op = "add", from = ["p", "p"] }]'), "p 3x1x1", "3x1x1"
    ),
    "parameters in a container": Valid(
        net('[{ name = "p", op = "param", shape = [3, 1, 1], repeat = 3 }, { op = "add", from = ["input", "p.0"] }]'),
        "p.0 3x1x1, p.1 3x1x1, p.2 3x1x1", "Nx3x8x8",
    ),
    "let called like a keyword for padding": Valid(
        net('[{ op = "conv_transpose", out = "half", kernel = 1, bias = false, padding = "valid" }]', "let = { half = 4, valid = 0 }"),
        "0.weight 3x4x1x1",
    ),
    "when before the number of copies": Valid(
        net(f'[{{ op = "conv", out = 9, when = "len(rows) > 0", repeat = "rows[0]" }}, {C4}]', top="[params]\nrows = []"),
        "0.weight 4x3x1x1",
    ),
    "when before a container's copies": Valid(
        net(f'[{{ name = "s", op = "conv", out = 9, when = "len(rows) > 0", repeat = "rows[0]" }}, {C4}, '
            '{ op = "conv", out = 5, from = "s" }]', top="[params]\nrows = []"),
        "0.weight 4x3x1x1, 1.weight 5x3x1x1", "Nx5x8x8",
    ),
    "when before from": Valid(
        net(f'[{{ when = "extra", layers = [{{ op = "relu", as = "t" }}] }}, '
            f'{{ when = "extra", op = "concat", from = ["x", "t"] }}, {C4}]', top="[params]\nextra = false"),
        "0.weight 4x3x1x1",
    ),
    "when before from, unless it asks for x": Valid(
        net(f'[{{ when = "extra", name = "t", op = "conv", out = 5 }}, '
            f'{{ when = "extra and x.channels == 5", op = "relu", from = "nowhere" }}, {C4}]'.replace(
                "nowhere", "t"), top="[params]\nextra = false"),
        "0.weight 4x3x1x1",
    ),
    "when before the fields": Valid(
        net(f'[{{ op = "conv", out = "rows[0]", when = "len(rows) > 0" }}, {C4}]', top="[params]\nrows = []"),
        "0.weight 4x3x1x1",
    ),
    "when before the shape": Valid(
        net(f'[{{ op = "conv", out = 9, shape = ["N", 9, 8, 8], when = false }}, {C4}]'), "0.weight 4x3x1x1"
    ),
    "when before the name": Valid(
        net(f'[{{ name = "n{{rows[0]}}", op = "conv", out = 9, when = "len(rows) > 0" }}, {C4}]', top="[params]\nrows = []"),
        "0.weight 4x3x1x1",
    ),
    "names of removed copies stand for their input": Valid(
        net(f'[{{ name = "a", op = "conv", out = 5 }}, {{ name = "f{{i}}", op = "conv", out = 9, repeat = 2, when = false }}, '
            f'{C4}, {{ op = "conv", out = 4, from = "f1" }}]'),
        "a.weight 5x3x1x1, 1.weight 4x5x1x1, 2.weight 4x5x1x1",
    ),
    "removed dense is a dropped branch": Valid(
        net(f'[{{ op = "concat", branches = [{C4}, {{ op = "dense", repeat = 1, when = false, layers = [] }}] }}]'),
        "0.weight 4x3x1x1",
    ),
    # --- values with several parts
    "group behind a split": Valid(
        net('[{ name = "halves", op = "split", sections = 2 }, { name = "paths", layers = ['
            '{ name = "a", op = "conv", from = "halves.0", out = 2 }, { name = "b", op = "conv", from = "halves.1", out = 3 }] }, '
            '{ op = "concat", from = ["paths.a", "paths.b"] }]', shape='["N", 4, 8, 8]'),
        "paths.a.weight 2x2x1x1, paths.b.weight 3x2x1x1", "Nx5x8x8",
    ),
    "groups in a group behind a split": Valid(
        net('[{ name = "halves", op = "split", sections = [1, 3] }, { name = "g", layers = [{ name = "h", layers = ['
            '{ op = "conv", from = "halves.1", out = 2 }] }] }]', shape='["N", 4, 8, 8]'),
        "g.h.0.weight 2x3x1x1", "Nx2x8x8",
    ),
    "group behind a split, of a parameter": Valid(
        net('[{ name = "s", op = "split", sections = 3 }, { name = "g", layers = [{ name = "p", op = "param", shape = [3, 1, 1] }] }, '
            '{ op = "add", from = ["g", "s.0"] }]'),
        "g.p 3x1x1", "Nx3x8x8",
    ),
    "group that ends in a split": Valid(
        net('[{ name = "g", layers = ["relu", { name = "s", op = "split", sections = [1, 2] }] }, '
            '{ op = "conv", out = 4, from = "g.s.1" }]'),
        "1.weight 4x2x1x1",
    ),
    "groups that end in a split": Valid(
        net('[{ name = "g", layers = [{ name = "h", layers = [{ name = "s", op = "split", sections = [1, 2] }] }] }, '
            '{ name = "k", layers = [] }, { op = "mul", from = ["g.h.s.0", "g.h.s.1"] }]'),
        "", "Nx2x8x8",
    ),
    "residual without skip that ends in a split": Valid(
        net('[{ name = "g", op = "residual", skip = false, layers = [{ name = "s", op = "split", sections = 3 }] }, '
            '{ op = "conv", out = 4, from = "g.s.1" }]'),
        "1.weight 4x1x1x1",
    ),
    "branches that pick parts": Valid(
        net('[{ name = "halves", op = "split", sections = 2 }, { op = "concat", branches = ['
            '{ op = "identity", from = "halves.0" }, { op = "conv", from = "halves.1", out = 3 }] }]', shape='["N", 4, 8, 8]'),
        "2.weight 3x2x1x1", "Nx5x8x8",
    ),
    "branches of a named join that pick parts": Valid(
        net('[{ name = "halves", op = "split", sections = 2 }, { name = "j", op = "concat", branches = ['
            '{ op = "identity", from = "halves.0" }, [{ op = "conv", from = "halves.1", out = 3 }, "relu"]] }]', shape='["N", 4, 8, 8]'),
        "j.1.weight 3x2x1x1", "Nx5x8x8",
    ),
    "residual whose sides pick parts": Valid(
        net('[{ name = "s", op = "split", sections = [1, 2] }, { op = "residual", layers = [{ op = "conv", out = 4, from = "s.0" }], '
            'shortcut = [{ op = "conv", out = 4, from = "s.1" }] }]'),
        "1.weight 4x1x1x1, 2.weight 4x2x1x1",
    ),
    # --- residual, dense, joins
    "residual": Valid(
        net(f'[{C4}, {{ op = "residual", layers = [{C4}, "relu", {C4}] }}, {C4}]'),
        "0.weight 4x3x1x1, 1.weight 4x4x1x1, 3.weight 4x4x1x1, 4.weight 4x4x1x1",
    ),
    "residual with shortcut": Valid(
        net(f'[{{ op = "residual", layers = [{C4}], shortcut = [{C4}, "relu"] }}, {C4}]'),
        "0.weight 4x3x1x1, 1.weight 4x3x1x1, 3.weight 4x4x1x1",
    ),
    "residual without skip": Valid(net(f'[{{ op = "residual", skip = false, layers = [{C4}] }}]'), "0.weight 4x3x1x1"),
    "skip sees the input": Valid(
        net('[{ op = "residual", skip = "x.channels == 4", layers = [{ op = "conv", out = 4 }], repeat = 2 }]'),
        "0.weight 4x3x1x1, 1.weight 4x4x1x1",
    ),
    "shortcut that is removed": Valid(
        net(f'[{C4}, {{ op = "residual", layers = [{C4}], shortcut = [{{ name = "down", when = "x.channels != 4", '
            'layers = [{ op = "conv", out = 4 }] }] }]'),
        "0.weight 4x3x1x1, 1.weight 4x4x1x1",
    ),
    "shortcut that is kept": Valid(
        net(f'[{{ op = "residual", layers = [{C4}], shortcut = [{{ name = "down", when = "x.channels != 4", '
            'layers = [{ op = "conv", out = 4 }] }] }]'),
        "0.weight 4x3x1x1, down.0.weight 4x3x1x1",
    ),
    "named residual": Valid(
        net(f'[{{ name = "r", op = "residual", layers = [{C4}], shortcut = [{C4}] }}]'),
        "r.0.weight 4x3x1x1, r.1.weight 4x3x1x1",
    ),
    "dense": Valid(
        net('[{ op = "dense", repeat = 3, layers = [{ op = "conv", out = 4 }] }]'),
        "0.weight 4x3x1x1, 1.weight 4x7x1x1, 2.weight 4x11x1x1", "Nx15x8x8",
    ),
    "dense with names": Valid(
        net('[{ name = "d", op = "dense", repeat = 2, layers = [{ name = "layer{i + 1}", layers = ["relu", '
            '{ op = "conv", out = "4 + i" }] }] }]'),
        "d.layer1.1.weight 4x3x1x1, d.layer2.1.weight 5x7x1x1", "Nx12x8x8",
    ),
    "dense zero": Valid(net(f'[{{ op = "dense", repeat = 0, layers = ["relu"] }}, {C4}]'), "0.weight 4x3x1x1"),
    "concat": Valid(
        net(f'[{{ op = "concat", branches = [{C4}, ["relu", {C4}], []] }}]'), "0.weight 4x3x1x1, 2.weight 4x3x1x1",
        "Nx11x8x8",
    ),
    "concat along an axis": Valid(net('[{ op = "concat", axis = 2, branches = [[], [], "relu"] }]'), "", "Nx3x24x8"),
    "named join with branches": Valid(
        net('[{ name = "mixed", op = "concat", branches = [{ name = "a", op = "conv", out = 1 }, '
            '{ name = "b", op = "conv", out = 3 }] }]'),
        "mixed.a.weight 1x3x1x1, mixed.b.weight 3x3x1x1",
    ),
    "squeeze and excitation": Valid(
        net('[{ op = "mul", branches = [[], ["global_avgpool", { name = "fc1", op = "conv", out = 2 }, "relu", '
            '{ name = "fc2", op = "conv", out = "input.channels" }, "sigmoid"]] }]'),
        "fc1.weight 2x3x1x1, fc2.weight 3x2x1x1", "Nx3x8x8", 12,
    ),
    "label of a join": Valid(
        net(f'[{{ name = "sum", op = "add", from = ["x", "input"] }}, {C4}, {{ op = "conv", out = 4, from = "sum" }}]'),
        "0.weight 4x3x1x1, 1.weight 4x3x1x1",
    ),
    "broadcast": Valid(
        net('[{ name = "s", op = "global_avgpool" }, { op = "add", from = ["s", "input"] }]'), "", "Nx3x8x8"
    ),
    "broadcast of param": Valid(
        net('[{ name = "gamma", op = "param", shape = [3, 1, 1] }, { op = "mul", from = ["gamma", "input"] }]'),
        "gamma 3x1x1", "Nx3x8x8",
    ),
    "max of three": Valid(net('[{ op = "max", branches = [[], "relu", "sigmoid"] }]'), "", "Nx3x8x8"),
    "sub": Valid(net('[{ op = "sub", branches = [[], "relu"] }]'), "", "Nx3x8x8"),
    # --- reuse
    "reuse": Valid(
        net('[{ name = "c", op = "conv", out = 3 }, { op = "reuse", of = "c" }]'), "c.weight 3x3x1x1", "Nx3x8x8", 1152
    ),
    "reuse on another size": Valid(
        net('[{ name = "c", op = "conv", out = 3 }, { op = "maxpool", kernel = 2 }, { op = "reuse", of = "c" }]'),
        "c.weight 3x3x1x1", "Nx3x4x4", 720,
    ),
    "reuse takes no position": Valid(
        net(f'[{{ name = "c", op = "conv", out = 3 }}, {{ op = "reuse", of = "c" }}, {C4}]'),
        "c.weight 3x3x1x1, 1.weight 4x3x1x1",
    ),
    "reuse of a position": Valid(
        net('[{ op = "conv", out = 3 }, { op = "reuse", of = "0" }]'), "0.weight 3x3x1x1", "Nx3x8x8", 1152
    ),
    "reuse of a block": Valid(
        net('[{ name = "h", op = "head" }, { op = "maxpool", kernel = 2 }, { op = "reuse", of = "h" }]',
            '[blocks.head]\nlayers = [{ op = "conv", out = 3 }, "relu"]'),
        "h.0.weight 3x3x1x1", "Nx3x4x4", 720,
    ),
    "reuse of a group": Valid(
        net('[{ name = "h", layers = [{ op = "conv", out = 3 }] }, { name = "again", op = "reuse", of = "h" }, '
            '{ op = "add", from = ["h", "again"] }]'),
        "h.0.weight 3x3x1x1", "Nx3x8x8", 1152,
    ),
    "reuse with from": Valid(
        net('[{ name = "c", op = "conv", out = 4 }, { op = "reuse", of = "c", from = "input" }]'),
        "c.weight 4x3x1x1", "Nx4x8x8", 1536,
    ),
    "reuse sees what its group saw": Valid(
        net('[{ name = "c", op = "conv", out = 4 }, { name = "outer", layers = ['
            '{ name = "g", layers = [{ op = "conv", out = "c.channels" }] }, '
            '{ name = "c", op = "conv", out = 4, repeat = 1 }, { op = "reuse", of = "g" }] }]'),
        "c.weight 4x3x1x1, outer.g.0.weight 4x4x1x1, outer.c.0.weight 4x4x1x1",
    ),
    # --- positions
    "positions": Valid(
        net(f'["relu", {{ name = "n", op = "conv", out = 4 }}, {{ op = "add", from = ["x", "n"] }}, {C4}, '
            f'{{ name = "p", op = "param", shape = [4, 1, 1] }}, {{ op = "mul", from = ["p", "3"] }}, '
            f'{{ op = "relu", when = false }}, {C4}]'.replace('"3"', '"2"')),
        "p 4x1x1, n.weight 4x3x1x1, 2.weight 4x4x1x1, 3.weight 4x4x1x1",
    ),
    "positions of transparent wiring": Valid(
        net(f'[{{ op = "residual", layers = ["relu", {{ op = "conv", out = 3 }}] }}, '
            f'{{ op = "concat", branches = ["relu", "relu"] }}, {C4}]'),
        "1.weight 3x3x1x1, 4.weight 4x6x1x1",
    ),
    "position of a named group": Valid(net(f'[{{ name = "g", layers = ["relu", "relu"] }}, {C4}]'), "1.weight 4x3x1x1"),
    # --- blocks
    "block": Valid(net('["b", "b"]', f"[blocks.b]\nlayers = [{C4}]"), "0.0.weight 4x3x1x1, 1.0.weight 4x4x1x1"),
    "block named": Valid(
        net('[{ name = "n", op = "b" }]', f'[blocks.b]\nlayers = ["relu", {C4}]'), "n.1.weight 4x3x1x1"
    ),
    "TOML 1.1": Valid(
        net('[\n{\n  op = "conv", # a comment }\n  out = 4,\n  kernel = 1,\n},\n"rel\\x75",\n]'), "0.weight 4x3x1x1"
    ),
    "inline": Valid(
        net('["relu", "b", "b"]', f'[blocks.b]\ninline = true\nlayers = [{C4}, "relu"]'),
        "1.weight 4x3x1x1, 3.weight 4x4x1x1",
    ),
    "inline, and a name in it": Valid(
        net('["relu", "b"]', '[blocks.b]\nlayers = ["c", { op = "reuse", of = "d" }]\n'
            '[blocks.c]\ninline = true\nlayers = [{ name = "d", op = "conv", out = 3 }, "relu"]'),
        "1.d.weight 3x3x1x1", "Nx3x8x8",
    ),
    "inline by an expression, and a name in it": Valid(
        net('["relu", { op = "b", use = "c" }]', '[blocks.b]\nrequired = { use = "op" }\n'
            'layers = ["{use}", { op = "reuse", of = "d" }]\n'
            '[blocks.c]\ninline = true\nlayers = [{ name = "d", op = "conv", out = 3 }, "relu"]'),
        "1.d.weight 3x3x1x1", "Nx3x8x8",
    ),
    "an input that a block does not use": Valid(
        net('[{ name = "a", op = "conv", out = 4 }, "relu", { name = "h", op = "conv", out = 3 }, '
            '{ name = "z", op = "b", from = ["1", "h"] }, '
            '{ name = "aux", op = "conv", out = 5, from = "h" }]',
            'outputs = ["z"]\ntrain_outputs = ["aux"]\n'
            '[blocks.b]\ninputs = ["one", "two"]\nlayers = ["relu"]'),
        "a.weight 4x3x1x1, h.weight 3x4x1x1, aux.weight 5x3x1x1",
    ),
    "inline but named": Valid(
        net('[{ name = "n", op = "b" }]', f"[blocks.b]\ninline = true\nlayers = [{C4}]"), "n.0.weight 4x3x1x1"
    ),
    "inline in a container": Valid(
        net('[{ name = "n", op = "b", repeat = 2 }]', f"[blocks.b]\ninline = true\nlayers = [{C4}]"),
        "n.0.0.weight 4x3x1x1, n.1.0.weight 4x4x1x1",
    ),
    "inline in a repeat": Valid(
        net('[{ op = "b", repeat = 2 }]', f'[blocks.b]\ninline = true\nlayers = [{C4}, "relu"]'),
        "0.weight 4x3x1x1, 2.weight 4x4x1x1",
    ),
    "params": Valid(
        net('[{ op = "b", out = 4 }, { op = "b", out = 5, kernel = 3 }]',
            '[blocks.b]\nrequired = { out = "int" }\nparams = { kernel = 1 }\n'
            'layers = [{ op = "conv", out = "out", kernel = "kernel", padding = "half" }]'),
        "0.0.weight 4x3x1x1, 1.0.weight 5x4x3x3", "Nx5x8x8",
    ),
    "types": Valid(
        net('[{ op = "b", n = 4, f = 2, flag = true, text = "c", widths = [4, 5], k = [1, 3], pad = "half", act = "tanh" }]',
            '[blocks.b]\nrequired = { n = "int", f = "float", flag = "bool", text = "str", widths = "list", '
            'k = "size", pad = "padding", act = "op" }\nlayers = [{ name = "{text}", op = "conv", out = "n", '
            'kernel = "k", padding = "pad", when = "flag and f == 2" }, "{act}", '
            '{ op = "conv", out = "widths[0]" }]'),
        "0.c.weight 4x3x1x3, 0.2.weight 4x4x1x1",
    ),
    "long form": Valid(
        net('[{ op = "b", out = 4 }]',
            '[blocks.b.required.out]\ntype = "int"\nmin = 1\nmax = 8\ndoc = "channels"\n'
            '[blocks.b.params.act]\ntype = "op"\ndefault = "relu"\nchoices = ["relu", "tanh"]\n'
            '[blocks.b]\nlayers = [{ op = "conv", out = "out" }, "{act}"]'),
        "0.0.weight 4x3x1x1",
    ),
    "integer written with a point": Valid(
        net('[{ op = "conv", out = "out" }]', top='[params]\nout = { type = "int", default = 4.0 }'), "0.weight 4x3x1x1"
    ),
    "fields of a join see what its branches get": Valid(
        net(f'[{{ op = "concat", axis = "x.channels - 1", branches = [{C4}, [{C4}, {C4}]] }}]'),
        "0.weight 4x3x1x1, 1.weight 4x3x1x1, 2.weight 4x4x1x1",
        "Nx4x16x8",
    ),
    "statistics of a batch of single positions": Valid(
        net('[{ op = "batchnorm", track_running_stats = false }]', shape="[3, 6, 1, 1]"),
        "0.weight 6, 0.bias 6",
        "3x6x1x1",
    ),
    "long form with an expression": Valid(
        net('[{ op = "b", width = 2 }]',
            '[blocks.b]\nrequired = { width = "int" }\n'
            'params = { out = { type = "int", default = "2 * width" } }\nlayers = [{ op = "conv", out = "out" }]'),
        "0.0.weight 4x3x1x1",
    ),
    "op as an argument": Valid(
        net('[{ op = "b", unit = "c" }]',
            '[blocks.b]\nrequired = { unit = "op" }\nlayers = ["{unit}"]\n[blocks.c]\nlayers = [{ op = "conv", out = 4 }]'),
        "0.0.0.weight 4x3x1x1",
    ),
    "an integral float": Valid(net('[{ op = "conv", out = "8 / 2" }]'), "0.weight 4x3x1x1"),
    "integral floats in a list": Valid(
        net('[{ op = "conv", out = 4, kernel = "[6 / 2, 2 ** 0]" }]'), "0.weight 4x3x3x1", "Nx4x6x8"
    ),
    "let in any order": Valid(
        net('[{ op = "conv", out = "c" }]', top='[let]\nc = "b + 1"\nb = "a + 1"\n[params]\na = 2'), "0.weight 4x3x1x1"
    ),
    "let of a block": Valid(
        net('[{ op = "b", width = 2 }]',
            '[blocks.b]\nrequired = { width = "int" }\nlet = { inner = "twice + base - input.channels + 3", '
            'twice = "2 * width" }\nlayers = [{ op = "conv", out = "inner" }]', top="[params]\nbase = 0"),
        "0.0.weight 4x3x1x1",
    ),
    "let of the model": Valid(
        net('[{ op = "conv", out = "w" }]', 'let = { w = "input.channels + 1" }'), "0.weight 4x3x1x1"
    ),
    "the inner name wins": Valid(
        net('[{ op = "b", width = 4 }]',
            '[blocks.b]\nrequired = { width = "int" }\nlayers = [{ op = "conv", out = "width" }]',
            top="[params]\nwidth = 9"),
        "0.0.weight 4x3x1x1",
    ),
    "counter before parameter": Valid(
        net('[{ op = "conv", out = "n + 4", repeat = 1, index = "n" }]', top="[params]\nn = 9"), "0.weight 4x3x1x1"
    ),
    "defaults of a block": Valid(
        net('["b"]', '[blocks.b]\nrequired = { out = "int" }\nlayers = [{ op = "conv", out = "out" }]').replace(
            "[defaults]\n", "[defaults]\nb = { out = 4 }\n"),
        "0.0.weight 4x3x1x1",
    ),
    "defaults see the file": Valid(
        net('[{ op = "linear" }]', shape='["N", 3]', top="[params]\nclasses = 5").replace(
            "[defaults]\n", '[defaults]\nlinear = { out = "classes" }\n'),
        "0.weight 5x3, 0.bias 5", "Nx5", 15,
    ),
    "defaults see the file, not the block": Valid(
        net('[{ op = "b", classes = 9 }]', '[blocks.b]\nrequired = { classes = "int" }\nlayers = ["linear", { op = "c", repeat = 2, index = "n" }]\n'
            '[blocks.c]\nrequired = { out = "int" }\nlayers = [{ op = "linear", out = "out" }]', shape='["N", 3]', top="[params]\nclasses = 5\nn = 4").replace(
            "[defaults]\n", '[defaults]\nlinear = { out = "classes" }\nc = { out = "classes + n" }\n'),
        "0.0.weight 5x3, 0.0.bias 5, 0.1.0.weight 9x5, 0.1.0.bias 9, 0.2.0.weight 9x9, 0.2.0.bias 9", "Nx9",
    ),
    # --- text and expressions
    "op from a parameter": Valid(
        net('[{ op = "{unit}", out = 4 }]', top='[params]\nunit = "conv"'), "0.weight 4x3x1x1"
    ),
    "string node from a parameter": Valid(net(f'["{{act}}", {C4}]', top='[params]\nact = "relu"'), "1.weight 4x3x1x1"),
    "name from parameters": Valid(
        net('[{ name = "stage{n + 1}_{kind}", op = "conv", out = 4 }]', top='[params]\nn = 1\nkind = "a"'),
        "stage2_a.weight 4x3x1x1",
    ),
    "from by an expression": Valid(
        net('[{ name = "c0", op = "conv", out = 5 }, { name = "c1", op = "conv", out = 6 }, '
            '{ op = "conv", out = 4, from = "c{pick}" }]', top="[params]\npick = 0"),
        "c0.weight 5x3x1x1, c1.weight 6x5x1x1, 2.weight 4x5x1x1",
    ),
    "padding by a parameter": Valid(
        net('[{ op = "conv", out = 4, kernel = 3, padding = "{pad}" }]', top='[params]\npad = "half"'),
        "0.weight 4x3x3x3",
    ),
    "padding by an expression": Valid(
        net('[{ op = "conv", out = 4, kernel = "k", padding = "k // 2" }]', top="[params]\nk = 3"), "0.weight 4x3x3x3"
    ),
    "shape of an earlier node": Valid(
        net('[{ name = "a", op = "conv", out = 5 }, { op = "conv", out = "a.channels - 1" }]'),
        "a.weight 5x3x1x1, 1.weight 4x5x1x1",
    ),
    "height and width": Valid(
        net('[{ op = "conv", out = "x.height - x.width + x.shape[1] + x.shape[-1] - 3" }]', shape='["N", 3, 7, 9]'),
        "0.weight 7x3x1x1", "Nx7x7x9",
    ),
    "input's size is an expression": Valid(
        net(f"[{C4}]", shape='["N", 3, "size", "2 * size"]', top="[params]\nsize = 8"), "0.weight 4x3x1x1", "Nx4x8x16"
    ),
    "another batch axis": Valid(net(f"[{C4}]", shape='["Batch", 3, 8, 8]'), "0.weight 4x3x1x1", "Batchx4x8x8"),
    "fixed batch": Valid(net(f"[{C4}]", shape="[2, 3, 8, 8]"), "0.weight 4x3x1x1", "2x4x8x8", 1536),
    # --- ranks and padding
    "1-D": Valid(net('[{ op = "conv", out = 4, kernel = 3, padding = "half" }, "batchnorm"]', shape='["N", 3, 9]'),
                 "0.weight 4x3x3, 1.weight 4, 1.bias 4, 1.running_mean 4, 1.running_var 4, 1.num_batches_tracked ",
                 "Nx4x9"),
    "3-D": Valid(net('[{ op = "conv", out = 4, kernel = [1, 3, 5] }, { op = "maxpool", kernel = 2 }]',
                     shape='["N", 3, 4, 7, 9]'), "0.weight 4x3x1x3x5", "Nx4x2x2x2"),
    "half": Valid(net('[{ op = "conv", out = 4, kernel = 5, dilation = 2, stride = 2, padding = "half" }]',
                      shape='["N", 3, 11, 11]'), "0.weight 4x3x5x5", "Nx4x6x6"),
    "same": Valid(net('[{ op = "conv", out = 4, kernel = 4, padding = "same" }]'), "0.weight 4x3x4x4"),
    "same_upper": Valid(net('[{ op = "conv", out = 4, kernel = 3, stride = 2, padding = "same_upper" }]',
                            shape='["N", 3, 7, 8]'), "0.weight 4x3x3x3", "Nx4x4x4"),
    "same_lower": Valid(net('[{ op = "conv", out = 4, kernel = 4, stride = 3, padding = "same_lower" }]',
                            shape='["N", 3, 7, 9]'), "0.weight 4x3x4x4", "Nx4x3x3"),
    "valid": Valid(net('[{ op = "conv", out = 4, kernel = 3, padding = "valid" }]'), "0.weight 4x3x3x3", "Nx4x6x6"),
    "padding per axis": Valid(net('[{ op = "conv", out = 4, kernel = 3, padding = [1, 2] }]'), "0.weight 4x3x3x3",
                              "Nx4x8x10"),
    "padding by side": Valid(net('[{ op = "conv", out = 4, kernel = 3, padding = { top = 1, left = 2, right = 3 } }]'),
                             "0.weight 4x3x3x3", "Nx4x7x11"),
    "ceil": Valid(net('[{ op = "maxpool", kernel = 3, stride = 2, ceil = true }]'), "", "Nx3x4x4"),
    "init": Valid(
        net('[{ op = "conv", out = 4, bias = true, init = { weight = "normal(0.02)", bias = 0.0 } }]'),
        "0.weight 4x3x1x1, 0.bias 4",
    ),
    "init by an expression": Valid(
        net('[{ op = "conv", out = 4, init = { weight = "normal({std})" } }]', top="[params]\nstd = 1"),
        "0.weight 4x3x1x1",
    ),
    "shape": Valid(net('[{ op = "conv", out = 4, shape = ["N", 4, 8, "6 + 2"] }]'), "0.weight 4x3x1x1"),
    "shape of a group": Valid(net(f'[{{ shape = ["N", 4, 8, 8], layers = [{C4}] }}]'), "0.weight 4x3x1x1"),
    "alternatives share a name": Valid(
        net('[{ name = "a", op = "conv", out = 5, when = "wide" }, { name = "a", op = "conv", out = 4, when = "not wide" }, '
            '{ op = "conv", out = "a.channels" }]', top="[params]\nwide = true"),
        "a.weight 5x3x1x1, 1.weight 5x5x1x1", "Nx5x8x8",
    ),
    "the second of two alternatives": Valid(
        net('[{ name = "a", op = "conv", out = 5, when = "wide" }, { name = "a", op = "conv", out = 4, when = "not wide" }, '
            '{ op = "conv", out = "a.channels" }]', top="[params]\nwide = false"),
        "a.weight 4x3x1x1, 1.weight 4x4x1x1", "Nx4x8x8",
    ),
    "input of a block that it does not use": Valid(
        net('[{ name = "a", op = "conv", out = 4 }, { op = "conv", out = 4 }, { name = "s", op = "b", repeat = 2, from = ["x", "a"] }]',
            '[blocks.b]\ninputs = ["input", "skip"]\nlayers = [{ op = "concat", from = ["x", "input"] }, { op = "conv", out = 6 }]'),
        "a.weight 4x3x1x1, 1.weight 4x4x1x1, s.0.0.weight 6x8x1x1, s.1.0.weight 6x12x1x1", "Nx6x8x8",
    ),
    # --- outputs
    "outputs": Valid(net(f'[{{ name = "a", op = "conv", out = 5 }}, {C4}]', 'outputs = ["a"]'),
                     "a.weight 5x3x1x1, 1.weight 4x5x1x1", "Nx5x8x8"),
    "two outputs": Valid(net('[{ name = "a", op = "conv", out = 5 }, { name = "b", op = "conv", out = 4 }]',
                             'outputs = ["b", "a"]').replace("[{{", "[{"),
                         "a.weight 5x3x1x1, b.weight 4x5x1x1", "Nx4x8x8, Nx5x8x8"),
    "output inside a group": Valid(net(f'[{{ name = "g", layers = [{C4}, {{ op = "conv", out = 5 }}] }}]', 'outputs = ["g.0"]'),
                                   "g.0.weight 4x3x1x1, g.1.weight 5x4x1x1"),
    "output that is the input": Valid(net(f"[{C4}]", 'outputs = ["input"]'), "0.weight 4x3x1x1", "Nx3x8x8"),
    "several inputs": Valid(
        f'{HEAD}[model]\ninputs = [{{ name = "image", shape = ["N", 3, 8, 8] }}, {{ name = "depth", shape = ["N", 2, 8, 8] }}]\n'
        f'layers = [{{ op = "concat", from = ["image", "depth"] }}, {C4}, {{ op = "conv", out = 4, from = "input" }}]\n',
        "0.weight 4x5x1x1, 1.weight 4x3x1x1",
    ),
    "the chain starts from the first input": Valid(
        f'{HEAD}[model]\ninputs = [{{ name = "image", shape = ["N", 3, 8, 8] }}, {{ name = "depth", shape = ["N", 2, 8, 8] }}]\n'
        f'layers = [{{ op = "conv", out = "depth.channels + 2" }}]\n',
        "0.weight 4x3x1x1",
    ),
}

RESERVED = "cannot be a parameter's name"

INVALID: dict[str, Invalid] = {
    # --- the file
    "no version": bad("[model]\ninput = [1]\nlayers = []", "AS202", "", "`archspec` is missing", "archspec = 1"),
    "another version": bad("archspec = 2", "AS207", "archspec", "version 1", "2"),
    "version as text": bad('archspec = "1"', "AS207", "archspec"),
    "version true": bad("archspec = true", "AS207", "archspec"),
    "TOML": bad("archspec = ", "AS102", ""),
    "TOML key twice": bad("archspec = 1\narchspec = 1", "AS102", ""),
    "version 1.0": bad("archspec = 1.0", "AS207", "archspec"),
    "unknown section": bad("archspec = 1\n[modle]\n", "AS201", "modle", "did you mean `model`?"),
    "unknown key of the model": bad(net("[]", "layer = 1"), "AS201", "model.layer", "did you mean `layers`?"),
    "unknown key of a block": bad(net("[]", "[blocks.b]\nlayers = []\nrequire = 1"), "AS201", "blocks.b.require", "required"),
    "section of the wrong type": bad("archspec = 1\nmodel = 3", "AS203", "model", "a table", "3"),
    "params as a list": bad("archspec = 1\nparams = [1]", "AS203", "params", "a table"),
    "layers as text": bad('archspec = 1\n[model]\ninput = ["N", 3]\nlayers = "relu"', "AS203", "model.layers", "a list of nodes"),
    "no layers": bad('archspec = 1\n[model]\ninput = ["N", 3]', "AS202", "model", "`layers` is missing"),
    "no input": bad("archspec = 1\n[model]\nlayers = []", "AS202", "model", "`input`"),
    "input and inputs": bad('archspec = 1\n[model]\ninput = ["N", 3]\ninputs = [{ name = "a", shape = ["N", 3] }]\nlayers = []',
                            "AS202", "model", "not both"),
    "inputs without shape": bad('archspec = 1\n[model]\ninputs = [{ name = "a" }]\nlayers = []', "AS202", "model.inputs[0]", "`shape`"),
    "no inputs": bad("archspec = 1\n[model]\ninputs = []\nlayers = []", "AS203", "model.inputs"),
    "two inputs of one name": bad('archspec = 1\n[model]\ninputs = [{ name = "a", shape = ["N"] }, { name = "a", shape = ["N"] }]\nlayers = []',
                                  "AS303", "model.inputs[1]", "`a`"),
    "input called x": bad('archspec = 1\n[model]\ninputs = [{ name = "x", shape = ["N", 3] }]\nlayers = []', "AS206", "model.inputs[0]"),
    "input of size 0": bad(net("[]", shape='["N", 0]'), "AS203", "model.input[1]", "positive", "0"),
    "input without axes": bad(net("[]", shape="[]"), "AS203", "model.input"),
    "input of nine axes": bad(net("[]", shape="[1, 1, 1, 1, 1, 1, 1, 1, 1]"), "AS203", "model.input", "8"),
    "no multiple of the batch": bad(
        net('[{ op = "reshape", shape = ["(2 - 2) * N", 3, 8, 8] }]'), "AS203", "model.layers[0].shape[0]", "`N`", "not by 0"
    ),
    "an unknown multiple of the batch": bad(
        net('[{ op = "reshape", shape = ["k * N", 3, 8, 8] }]'), "AS301", "model.layers[0].shape[0]", "`k`"
    ),
    "multiples of the batch that differ": bad(
        net('[{ op = "reshape", shape = ["4 * N", 3, 4, 4] }, { name = "a", op = "conv", out = 3, stride = 2, from = "input" }, { op = "add", from = ["0", "a"] }]'),
        "AS401", "model.layers[2]", "(4 * N)×3×4×4", "N is not 4 * N",
    ),
    "another multiple of the batch asserted": bad(
        net('[{ op = "reshape", shape = [-1, 8, 8], doc = "all" }, { op = "identity", shape = ["2 * N", 8, 8] }]'),
        "AS405", "model.layers[1].shape", "(3 * N)×8×8", "2 * N",
    ),
    "more than is there in the batch": bad(
        net('[{ op = "reshape", shape = ["2 * N", -1] }, { op = "reshape", shape = ["N", 7, -1] }]'),
        "AS404", "model.layers[1].shape", "2 * 96 = 192",
    ),
    "an input of several batches": bad(net("[]", shape='["2 * N", 3]'), "AS203", "model.input[0]", "2 * N"),
    "free height": bad(net("[]", shape='["N", 3, "H", 8]'), "AS407", "model.input[2]", "`H`", "--input"),
    "input of an unknown name": bad(net("[]", shape='["N", 3, "siz", 8]', top="[params]\nsize = 8"), "AS301", "model.input[2]", "did you mean `size`?"),
    "input of a float": bad(net("[]", shape='["N", 2.5]'), "AS203", "model.input[1]", "2.5"),
    "input true": bad(net("[]", shape='["N", true]'), "AS203", "model.input[1]", "true"),
    # --- nodes
    "unknown op": bad(net('["rellu"]'), "AS204", "model.layers[0].op", "did you mean `relu`?"),
    "torch's name": bad(net('["Conv2d"]'), "AS204", "model.layers[0].op", "did you mean `conv`?"),
    "op without braces": bad(net('["unit"]', top='[params]\nunit = "relu"'), "AS204", "model.layers[0].op", '"{unit}"'),
    "braces in an expression": bad(net('[{ op = "conv", out = "{n}" }]', top="[params]\nn = 4"), "AS205", "model.layers[0].out", 'write "n"'),
    "node that is a number": bad(net("[3]"), "AS203", "model.layers[0]", "3"),
    "node without op": bad(net('[{ name = "a" }]'), "AS202", "model.layers[0]", "`op`", "`layers`"),
    "misspelt op": bad(net('[{ opp = "relu" }]'), "AS202", "model.layers[0]", "did you mean `op`?"),
    "op of a number": bad(net("[{ op = 3 }]"), "AS203", "model.layers[0].op"),
    "unknown field": bad(net('[{ op = "conv", out = 4, strid = 2 }]'), "AS201", "model.layers[0].strid", "did you mean `stride`?"),
    "missing field": bad(net('[{ op = "linear" }]'), "AS202", "model.layers[0]", "`linear`", "`out`"),
    "field of the wrong type": bad(net('[{ op = "conv", out = 4, bias = 1 }]'), "AS203", "model.layers[0].bias", "true or false", "1"),
    "float for an integer": bad(net('[{ op = "conv", out = "5 / 2" }]'), "AS203", "model.layers[0].out", "2.5"),
    "bool for an integer": bad(net('[{ op = "conv", out = true }]'), "AS203", "model.layers[0].out", "true"),
    "negative": bad(net('[{ op = "conv", out = -4 }]'), "AS203", "model.layers[0].out", "-4"),
    "text for a number": bad(net('[{ op = "conv", out = "\'a\'" }]'), "AS203", "model.layers[0].out", "'a'"),
    "two faults in two nodes": Invalid(net('["rellu", { op = "conv", outt = 4 }]'),
                                       (("AS204", "model.layers[0].op"), ("AS201", "model.layers[1].outt"))),
    "two faults in one node": Invalid(net('[{ op = "conv", out = 4, strid = 2, padd = 1 }]'),
                                      (("AS201", "model.layers[0].padd"), ("AS201", "model.layers[0].strid"))),
    "fields of the wrong types": Invalid(net('[{ op = "conv", out = 0, bias = 1 }]'),
                                         (("AS203", "model.layers[0].bias"), ("AS203", "model.layers[0].out"))),
    "two bad expressions in one node": Invalid(net('[{ op = "conv", out = "1 +", stride = "nope" }]'),
                                               (("AS205", "model.layers[0].out"), ("AS301", "model.layers[0].stride"))),
    "nothing cascades": bad(net('[{ name = "a", op = "conv", out = 4, kernel = 9 }, "relu", { op = "add", from = ["x", "a"] }, '
                                '{ name = "g", layers = [{ op = "conv", out = "a.channels" }] }, { op = "reuse", of = "a" }, { op = "relu", from = "g.0" }]'),
                            "AS403", "model.layers[0].kernel"),
    "nothing cascades from a name that is called again": bad(
        net('[{ repeat = 2, layers = [{ name = "a{i}", op = "conv", out = "q" }] }, { op = "reuse", of = "a1" }]'),
        "AS301", "model.layers[0].layers[0].out",
    ),
    "nothing cascades from a position": bad(
        net('[{ op = "conv", out = "q" }, "relu", { op = "conv", out = 3 }, { op = "add", from = ["x", "0", "1"] }, '
            '{ op = "reuse", of = "2" }, { name = "g", layers = [{ op = "relu", from = "2" }] }]', 'outputs = ["3", "0"]'),
        "AS301", "model.layers[0].out",
    ),
    "nothing cascades from a position of a branch": bad(
        net('[{ op = "concat", branches = [{ op = "convv" }, [{ op = "conv", out = 3 }]] }, { op = "relu", from = "1" }]'),
        "AS204", "model.layers[0].branches[0].op",
    ),
    "nothing cascades from a broken name": bad(net('[{ name = "a", op = "convv" }, { op = "relu", from = "a" }]', 'outputs = ["a"]'),
                                               "AS204", "model.layers[0].op"),
    "group with fields": bad(net('[{ layers = [], out = 4 }]'), "AS201", "model.layers[0].out", "group"),
    "doc of a number": bad(net('[{ op = "relu", doc = 3 }]'), "AS203", "model.layers[0].doc"),
    # --- names
    "model with a name that does not print": bad(net("[]", 'name = "a\\u0007b"'), "AS206", "model.name", "one line"),
    "name of torch": bad(net('[{ name = "half", op = "relu" }]'), "AS206", "model.layers[0].name", "`half`", "torch"),
    "name with a dot": bad(net('[{ name = "a.b", op = "relu" }]'), "AS206", "model.layers[0].name"),
    "empty name": bad(net('[{ name = "", op = "relu" }]'), "AS206", "model.layers[0].name"),
    "name with two underscores": bad(net('[{ name = "__a", op = "relu" }]'), "AS206", "model.layers[0].name", "__"),
    "name x": bad(net('[{ name = "x", op = "relu" }]'), "AS206", "model.layers[0].name"),
    "label input": bad(net('[{ as = "input", op = "relu" }]'), "AS206", "model.layers[0].as"),
    "name not ASCII": bad(net('[{ name = "größe", op = "relu" }]'), "AS206", "model.layers[0].name", "ASCII"),
    "name of a number": bad(net("[{ name = 3, op = \"relu\" }]"), "AS203", "model.layers[0].name"),
    "name from a parameter": bad(net('[{ name = "{n}", op = "relu" }]', top='[params]\nn = "forward"'), "AS206", "model.layers[0].name", "forward"),
    "name twice": bad(net('[{ name = "a", op = "relu" }, { name = "a", op = "relu" }]'), "AS303", "model.layers[1].name", "`a`"),
    "name twice in a repeat": bad(net('[{ repeat = 2, layers = [{ name = "a", op = "relu" }] }]'), "AS303", "model.layers[0].layers[0].name", "counter"),
    "name of a position": bad(net('[{ name = "1", op = "relu" }, "relu"]'), "AS303", "model.layers[1]", "`1`"),
    "label twice": bad(net('[{ as = "a", op = "relu" }, { as = "a", op = "relu" }]'), "AS303", "model.layers[1].as", "`a`"),
    "param without a name": bad(net('[{ op = "param", shape = [3] }]'), "AS202", "model.layers[0]", "name"),
    "constant without a name": bad(net('[{ op = "constant", values = 1 }]'), "AS202", "model.layers[0]", "name"),
    # --- references
    "unknown reference": bad(net('[{ name = "conv1", op = "relu" }, { op = "relu", from = "conv2" }]'), "AS301", "model.layers[1].from", "`conv2`", "did you mean `conv1`?"),
    "forward reference": bad(net('[{ op = "relu", from = "a" }, { name = "a", op = "relu" }]'), "AS302", "model.layers[0].from", "later"),
    "itself": bad(net('[{ name = "a", op = "relu", from = "a" }]'), "AS302", "model.layers[0].from"),
    "forward shape": bad(net('[{ op = "conv", out = "a.channels" }, { name = "a", op = "relu" }]'), "AS302", "model.layers[0].out"),
    "into a block": bad(net('[{ name = "b", op = "c" }, { op = "relu", from = "b.0" }]', "[blocks.c]\nlayers = [\"relu\"]"), "AS301", "model.layers[1].from", "outputs"),
    "into an op": bad(net('[{ name = "b", op = "relu" }, { op = "relu", from = "b.0" }]'), "AS301", "model.layers[1].from"),
    "into a group, not there": bad(net('[{ name = "g", layers = ["relu"] }, { op = "relu", from = "g.1" }]'), "AS301", "model.layers[1].from"),
    "inside a group, from outside": bad(net('[{ name = "g", layers = [{ name = "c", op = "relu" }] }, { op = "relu", from = "c" }]'), "AS301", "model.layers[1].from", "did you mean `g.c`?"),
    "part inside a group, from outside": bad(net('[{ name = "g", layers = [{ name = "s", op = "split", sections = 3 }, { op = "relu", from = "s.0" }] }, { op = "relu", from = "s.1" }]'),
                                             "AS301", "model.layers[1].from", "did you mean `g.s.1`?"),
    "inside a copy, from outside": bad(net('[{ name = "g", repeat = 2, layers = [{ name = "c", op = "relu" }] }, { op = "relu", from = "g.c" }]'), "AS301", "model.layers[1].from", "did you mean `g.1.c`?"),
    "output inside a group": bad(net('[{ name = "head", layers = [{ name = "logits", op = "relu" }, "relu"] }]', 'outputs = ["logits"]'), "AS301", "model.outputs[0]", "did you mean `head.logits`?"),
    "output inside a group of a block": bad(net('[{ name = "b", op = "b" }]', '[blocks.b]\noutputs = ["logits"]\nlayers = [{ name = "head", layers = [{ name = "logits", op = "relu" }, "relu"] }]'),
                                            "AS301", "blocks.b.outputs[0]", "did you mean `head.logits`?"),
    "declared output of a block, without the block": bad(net('[{ name = "b", op = "b" }, { op = "relu", from = "c3" }]', '[blocks.b]\noutputs = ["c3"]\nlayers = [{ name = "c3", op = "relu" }, "relu"]'),
                                                         "AS301", "model.layers[1].from", "did you mean `b.c3`?"),
    "inside a block, from outside": bad(net('[{ name = "g", op = "b" }, { op = "relu", from = "c" }]', '[blocks.b]\nlayers = [{ name = "c", op = "relu" }, "relu"]'),
                                        "AS301", "model.layers[1].from", "inside the block `b`", "`outputs`"),
    "removed with what made it": bad(net('[{ when = false, layers = [{ name = "c", op = "relu" }] }, { op = "relu", from = "c" }]'), "AS301", "model.layers[1].from", "removed by `when`"),
    "all copies": bad(net('[{ name = "a{i}", op = "relu", repeat = 2 }, { op = "concat", from = ["a*"] }]'), "AS301", "model.layers[1].from[0]", '"a0", "a1"'),
    "of the caller": bad(net('[{ name = "a", op = "relu" }, "b"]', '[blocks.b]\nlayers = [{ op = "relu", from = "a" }]'), "AS301", "blocks.b.layers[0].from", "`a`"),
    "parameter of the caller": bad(net('[{ op = "b", n = 4 }]', '[blocks.b]\nrequired = { n = "int" }\nlayers = ["c"]\n[blocks.c]\nlayers = [{ op = "conv", out = "n" }]'),
                                   "AS301", "blocks.c.layers[0].out", "`n`"),
    "several parts": bad(net('[{ name = "s", op = "split", sections = 3 }, "relu"]'), "AS310", "model.layers[1]", "3 parts"),
    "several parts by name": bad(net('[{ name = "s", op = "split", sections = 3 }, { op = "relu", from = "s" }]'), "AS310", "model.layers[1].from", "`s.0`"),
    "several parts of a group": bad(net('[{ name = "g", layers = [{ name = "s", op = "split", sections = 3 }] }, "relu"]'), "AS310", "model.layers[1]", "`x`", "`g.s.0` to `g.s.2`"),
    "several parts of a group by name": bad(net('[{ name = "g", layers = [{ name = "s", op = "split", sections = 3 }] }, { op = "relu", from = "g" }]'), "AS310", "model.layers[1].from", "`g.s.0`"),
    "several parts in a group": bad(net('[{ name = "s", op = "split", sections = 3 }, { name = "g", layers = ["relu"] }]'), "AS310", "model.layers[1].layers[0]", "`s.0` to `s.2`"),
    "several parts in branches": bad(net('[{ name = "s", op = "split", sections = 3 }, { op = "add", branches = [{ op = "relu", from = "s.0" }, "relu"] }]'), "AS310", "model.layers[1].branches[1]", "`s.0`"),
    "several parts without a name": bad(net('[{ op = "split", sections = 3 }, "relu"]'), "AS310", "model.layers[1]", "give the split a name"),
    "several parts for dense": bad(net('[{ op = "split", sections = 3 }, { op = "dense", repeat = 1, layers = ["relu"] }]'), "AS310", "model.layers[1]", "3 parts"),
    "several parts to choose by": bad(net('[{ op = "split", sections = 3 }, { name = "g", layers = [{ op = "relu", when = "x.channels == 1" }] }]'), "AS310", "model.layers[1].layers[0].when", "3 parts"),
    "part that is not there": bad(net('[{ name = "s", op = "split", sections = 3 }, { op = "relu", from = "s.3" }]'), "AS301", "model.layers[1].from", "0 to 2"),
    "from nothing": bad(net('[{ op = "relu", from = [] }]'), "AS203", "model.layers[0].from"),
    "from a list in a list": bad(net('[{ name = "a", op = "relu" }, { op = "concat", from = ["a", ["a"]] }]'), "AS203", "model.layers[1].from[1]", "a list of names"),
    "from a number": bad(net('[{ op = "relu", from = 0 }]'), "AS203", "model.layers[0].from"),
    "too many inputs": bad(net('[{ op = "relu", from = ["x", "input"] }]'), "AS310", "model.layers[0].from", "`relu`", "2"),
    "block with too few inputs": bad(net('["b"]', '[blocks.b]\ninputs = ["input", "skip"]\nlayers = []'), "AS310", "model.layers[0]", "`b`", "2"),
    "output that is not there": bad(net('["relu"]', 'outputs = ["fc"]'), "AS301", "model.outputs[0]", "`fc`"),
    "output twice": bad(net('[{ name = "a", op = "relu" }]', 'outputs = ["a", "a"]'), "AS303", "model.outputs[1]", "`a`"),
    "output of several parts": bad(net('[{ op = "split", sections = 3 }]'), "AS310", "model", "3 parts"),
    "output of a block that is not there": bad(net('["b"]', '[blocks.b]\noutputs = ["c3"]\nlayers = ["relu"]'), "AS301", "blocks.b.outputs[0]", "`c3`"),
    # --- repeat, when
    "repeat negative": bad(net('[{ op = "relu", repeat = -1 }]'), "AS203", "model.layers[0].repeat", "-1"),
    "repeat half": bad(net('[{ op = "relu", repeat = 1.5 }]'), "AS203", "model.layers[0].repeat", "1.5"),
    "repeat true": bad(net('[{ op = "relu", repeat = true }]'), "AS203", "model.layers[0].repeat", "true"),
    "repeat of a list": bad(net('[{ op = "relu", repeat = [1] }]'), "AS203", "model.layers[0].repeat"),
    "repeat sees no counter of its own": bad(net('[{ op = "relu", repeat = "i" }]'), "AS301", "model.layers[0].repeat", "`i`"),
    "repeat too often": bad(net('[{ op = "relu", repeat = 1_000_000 }]'), "AS306", "model.layers[0].repeat"),
    "counter outside": bad(net('[{ op = "relu", repeat = 2 }, { op = "conv", out = "i" }]'), "AS301", "model.layers[1].out", "`i`"),
    "index without repeat": bad(net('[{ op = "relu", index = "j" }]'), "AS208", "model.layers[0].index", "repeat"),
    "index reserved": bad(net('[{ op = "relu", repeat = 2, index = "x" }]'), "AS206", "model.layers[0].index"),
    "first without repeat": bad(net('[{ op = "relu", first = {} }]'), "AS208", "model.layers[0].first", "repeat"),
    "first of a group": bad(net('[{ layers = [], repeat = 2, first = { out = 1 } }]'), "AS208", "model.layers[0].first"),
    "first with an unknown field": bad(net('[{ op = "conv", out = 4, repeat = 2, first = { strid = 2 } }]'), "AS201", "model.layers[0].first.strid", "stride"),
    "first with a bad value": bad(net('[{ op = "conv", out = 4, repeat = 2, first = { stride = 0 } }]'), "AS203", "model.layers[0].first.stride", "0"),
    "counter in from": bad(net('[{ name = "f{i}", op = "relu", repeat = 2 }, { name = "o{i}", repeat = 2, from = "f{i}", op = "relu" }]', 'outputs = ["o0", "o1"]'),
                           "AS208", "model.layers[1].from", "`i`", "layers = ["),
    "counter in a list of from": bad(net('[{ name = "f0", op = "relu" }, { repeat = 2, index = "j", from = ["x", "f{j - j}"], op = "add" }]'), "AS208", "model.layers[1].from[1]", "`j`"),
    "counter in from of dense": bad(net('[{ name = "f0", op = "relu" }, { repeat = 2, from = "f{i}", op = "dense", layers = [] }]'), "AS208", "model.layers[1].from"),
    "repeat of a branch": bad(net('[{ op = "concat", branches = [{ op = "relu", repeat = 2 }, "relu"] }]'), "AS208", "model.layers[0].branches[0].repeat", "[{"),
    "names of copies that fail": bad(net('[{ name = "f{i}", op = "conv", out = 4, groups = 2, repeat = 2 }, { op = "relu", from = "f1" }]'), "AS404", "model.layers[0].groups"),
    "when of a number": bad(net('[{ op = "relu", when = 1 }]'), "AS203", "model.layers[0].when", "true or false", "1"),
    "when that does not parse": bad(net('[{ op = "relu", when = "a =" }]'), "AS205", "model.layers[0].when"),
    "chain of copies does not fit": bad(net('[{ op = "conv", out = 4, kernel = 5, repeat = 3 }]'), "AS403", "model.layers[0].kernel"),
    # --- wiring
    "residual that does not fit": bad(net(f'[{{ op = "residual", layers = [{C4}] }}]'), "AS401", "model.layers[0]", "4×8×8", "3×8×8", "shortcut"),
    "residual does not broadcast": bad(net('[{ op = "residual", layers = ["global_avgpool"] }]'), "AS401", "model.layers[0]"),
    "concat does not broadcast": bad(net('[{ op = "concat", branches = [[], "global_avgpool"] }]'), "AS401", "model.layers[0]"),
    "add that does not fit": bad(net(f'[{{ op = "add", branches = [[], {C4}] }}]'), "AS401", "model.layers[0]"),
    "residual without layers": bad(net('["residual"]'), "AS202", "model.layers[0]", "`layers`"),
    "residual with a field": bad(net('[{ op = "residual", layers = [], axis = 1 }]'), "AS201", "model.layers[0].axis"),
    "dense without repeat": bad(net('[{ op = "dense", layers = [] }]'), "AS202", "model.layers[0]", "`repeat`"),
    "dense that does not fit": bad(net('[{ op = "dense", repeat = 2, layers = ["global_avgpool"] }]'), "AS401", "model.layers[0]"),
    "branches of no join": bad(net('[{ op = "relu", branches = [[]] }]'), "AS208", "model.layers[0].branches", "join"),
    "no branches": bad(net('[{ op = "add", branches = [] }]'), "AS203", "model.layers[0].branches"),
    "no branch left": bad(net('[{ op = "add", branches = [{ op = "relu", when = false }] }]'), "AS310", "model.layers[0].branches"),
    "parameter joined with itself": bad(net('[{ name = "p", op = "param", shape = [3, 1, 1] }, { op = "add", from = ["x", "p"] }]'),
                                        "AS310", "model.layers[1].from", "`p`", "`as`"),
    "input that is not the first": bad('archspec = 1\n[model]\ninputs = [{ name = "a", shape = ["N", 3] }, '
                                       '{ name = "input", shape = ["N", 3] }]\nlayers = []', "AS206", "model.inputs[1]"),
    "other libraries' fields": bad(net('[{ op = "conv", filters = 4 }]'), "AS201", "model.layers[0].filters", "`out`"),
    "in-channels": bad(net('[{ op = "conv", out = 4, in_channels = 3 }]'), "AS201", "model.layers[0].in_channels", "inferred"),
    "unknown section and unknown field": Invalid(net('[{ op = "conv", out = 4, kernal = 3 }]', "[block.x]"),
                                                 (("AS201", "block"), ("AS201", "model.layers[0].kernal"))),
    "fully connected layer of Keras": bad(net('[{ op = "dense", units = 10 }]'), "AS202", "model.layers[0]", "`linear`"),
    "keyword for a padding that has none": bad(net('[{ op = "conv_transpose", out = 6, kernel = 3, padding = "same_upper" }]'),
                                               "AS203", "model.layers[0].padding", "`conv_transpose`", "`slice`"),
    "parameter called like a key of wiring": bad(net('[{ op = "unit", shortcut = true }, { op = "unit", shortcut = false }]',
                                                     '[blocks.unit]\nparams = { shortcut = true }\nlayers = [{ op = "residual", skip = "shortcut", layers = ["relu"] }]'),
                                                 "AS206", "blocks.unit.params.shortcut"),
    "parameter of a block, nearly": bad(net('[{ op = "unit", depth = 2 }]', '[blocks.unit]\nparams = { depths = 1 }\nlayers = [{ op = "relu", repeat = "depths" }]'),
                                        "AS201", "model.layers[0].depth", "`depths`"),
    "join of nothing": bad(net('["add"]'), "AS310", "model.layers[0]", "`add`"),
    "layers of an op": bad(net('[{ op = "relu", layers = [] }]'), "AS208", "model.layers[0].layers"),
    "reuse without of": bad(net('["reuse"]'), "AS202", "model.layers[0]", "`of`"),
    "reuse of nothing": bad(net('[{ op = "reuse", of = "a" }]'), "AS301", "model.layers[0].of", "`a`"),
    "reuse of another scope": bad(net('[{ name = "g", layers = [{ name = "c", op = "relu" }] }, { op = "reuse", of = "c" }]'), "AS301", "model.layers[1].of"),
    "reuse with other weights": bad(net('[{ name = "c", op = "conv", out = 4 }, { op = "reuse", of = "c" }]'.replace("{{", "{").replace("}}", "}")),
                                    "AS406", "model.layers[1]", "c.weight", "4, 3, 1, 1", "4, 4, 1, 1"),
    "reuse of a group with other weights": bad(net(f'[{{ name = "g", layers = [{C4}] }}, {{ op = "reuse", of = "g" }}]'), "AS406", "model.layers[1]", "g.0.weight"),
    "reuse of a label": bad(net('[{ as = "a", op = "relu" }, { op = "reuse", of = "a" }]'), "AS301", "model.layers[1].of"),
    # --- blocks and parameters
    "block called like an op": bad(net("[]", "[blocks.relu]\nlayers = []"), "AS206", "blocks.relu", "`relu`"),
    "block called like wiring": bad(net("[]", "[blocks.residual]\nlayers = []"), "AS206", "blocks.residual"),
    "recursion": bad(net('["a"]', '[blocks.a]\nlayers = ["b"]\n[blocks.b]\nlayers = ["a"]'), "AS304", "blocks.b.layers[0]", "`a`"),
    "recursion of one": bad(net('["a"]', '[blocks.a]\nlayers = ["a"]'), "AS304", "blocks.a.layers[0]", "`a`"),
    "recursion that no one calls": bad(net("[]", '[blocks.a]\nlayers = ["a"]'), "AS304", "blocks.a.layers[0]", "`a`"),
    "missing argument": bad(net('["b"]', '[blocks.b]\nrequired = { out = "int" }\nlayers = []'), "AS202", "model.layers[0]", "`b`", "`out`"),
    "unknown argument": bad(net('[{ op = "b", outt = 3 }]', "[blocks.b]\nparams = { out = 1 }\nlayers = []"), "AS201", "model.layers[0].outt", "did you mean `out`?"),
    "argument of the wrong type": bad(net('[{ op = "b", out = "1.5" }]', "[blocks.b]\nparams = { out = 1 }\nlayers = []"), "AS203", "model.layers[0].out", "integer", "1.5"),
    "argument out of range": bad(net('[{ op = "b", n = 9 }]', '[blocks.b]\nrequired = { n = { type = "int", max = 8 } }\nlayers = []'), "AS203", "model.layers[0].n", "8", "9"),
    "argument that is no choice": bad(net('[{ op = "b", act = "gelu" }]', '[blocks.b]\nrequired = { act = { type = "op", choices = ["relu", "tanh"] } }\nlayers = ["{act}"]'),
                                      "AS203", "model.layers[0].act", "'relu', 'tanh'"),
    "unknown type": bad(net("[]", '[blocks.b]\nrequired = { n = "integer" }\nlayers = []'), "AS203", "blocks.b.required.n", "integer", "int"),
    "unknown type in the long form": bad(net("[]", top='[params]\na = { type = "integer", default = 1 }'), "AS203", "params.a.type", "integer"),
    "required and optional": bad(net("[]", '[blocks.b]\nrequired = { n = "int" }\nparams = { n = 1 }\nlayers = []'), "AS303", "blocks.b.params.n", "`n`"),
    "default out of range": bad(net("[]", top='[params]\na = { type = "int", default = 1, min = 2 }'), "AS203", "params.a", "2", "1"),
    "param without default": bad(net("[]", top='[params]\na = { type = "int" }'), "AS202", "params.a", "default"),
    "default that has no value": bad(net("[]", top='[params]\na = { type = "int", default = "1 // 0" }'), "AS307", "params.a.default", "zero"),
    "param called like a key": bad(net("[]", top="[params]\nname = 1"), "AS206", "params.name", "key"),
    "param called like a key of wiring": bad(net("[]", top="[params]\nlayers = 1"), "AS206", "params.layers", "key"),
    "length of a list": bad(net("[]", top='[params]\na = { type = "list", default = [1], min = 2 }'), "AS203", "params.a", "the length of `a` must be at least 2, not 1"),
    "length of a text": bad(net("[]", top='[params]\na = { type = "str", default = "abc", max = 2 }'), "AS203", "params.a.default", "the length of `a` must be at most 2, not 3"),
    "choice that is equal and another": bad(net("[]", top='[params]\na = { type = "list", default = [true], choices = [[1]] }'), "AS203", "params.a", "[true]"),
    "param called like a function": bad(net("[]", top="[params]\nmax = 1"), "AS206", "params.max"),
    "param called input": bad(net("[]", top="[params]\ninput = 1"), "AS206", "params.input"),
    "param called true": bad(net("[]", top="[params]\ntrue = 1"), "AS206", "params.true"),
    "param in upper case": bad(net("[]", top="[params]\nN = 1"), "AS206", "params.N", "lower case"),
    "param with a dash": bad(net("[]", top="[params]\na-b = 1"), "AS206", "params.a-b"),
    "let that is a param": bad(net("[]", top="[params]\na = 1\n[let]\na = 2"), "AS303", "let.a", "`a`"),
    "let in a cycle": bad(net('[{ op = "conv", out = "a" }]', top='[let]\na = "b"\nb = "a"'), "AS308", "let.b", "`a`"),
    "let of itself": bad(net('[{ op = "conv", out = "a" }]', top='[let]\na = "a + 1"'), "AS308", "let.a", "`a`"),
    "let in a cycle that no one uses": bad(net("[]", top='[let]\na = "b"\nb = "a"'), "AS308", "let.b", "`a`"),
    "let without a value": bad(net("[]", top='[let]\na = "1 // 0"'), "AS307", "let.a", "zero"),
    "let of an unknown name": bad(net("[]", top='[let]\na = "nope"'), "AS301", "let.a", "`nope`"),
    "let sees no node": bad(net('[{ name = "c", op = "relu" }, { op = "conv", out = "a" }]', 'let = { a = "c.channels" }'), "AS301", "model.let.a", "`c`"),
    "variant of an unknown param": bad(net("[]", top="[params]\ndepth = 1\n[variants]\nv = { dept = 2 }"), "AS208", "variants.v.dept", "did you mean `depth`?"),
    "variant of the wrong type": bad(net("[]", top='[params]\ndepth = 1\n[variants]\nv = { depth = "a" }'), "AS203", "variants.v.depth", "integer"),
    "defaults of an unknown op": bad(net("[]").replace("conv =", "convv ="), "AS204", "defaults.convv", "did you mean `conv`?"),
    "defaults of an unknown field": bad(net("[]").replace("bias", "biass"), "AS201", "defaults.conv.biass", "did you mean `bias`?"),
    "defaults see no block": bad(net('[{ op = "b", n = 4 }]', '[blocks.b]\nrequired = { n = "int" }\nlayers = ["conv"]').replace("kernel = 1", 'kernel = 1, out = "n"'),
                                 "AS301", "defaults.conv.out", "`n`"),
    "defaults with a bad value": bad(net('[{ op = "conv", out = 4 }, { op = "conv", out = 4 }]').replace("kernel = 1", "kernel = 0"), "AS203", "defaults.conv.kernel", "0"),
    # --- expressions in place
    "division by zero": bad(net('[{ op = "conv", out = "4 // n" }]', top="[params]\nn = 0"), "AS307", "model.layers[0].out", "4 // 0", "zero"),
    "constant division by zero": bad(net('[{ op = "conv", out = "4 // 0" }]'), "AS307", "model.layers[0].out"),
    "bad index": bad(net('[{ op = "conv", out = "w[3]" }]', top="[params]\nw = [1, 2]"), "AS307", "model.layers[0].out", "3", "[1, 2]"),
    "unknown name": bad(net('[{ op = "conv", out = "widht" }]', top="[params]\nwidth = 4"), "AS301", "model.layers[0].out", "did you mean `width`?"),
    "unknown name in a list": bad(net('[{ op = "conv", out = 4, kernel = [1, "nope"] }]'), "AS301", "model.layers[0].kernel[1]", "`nope`"),
    "unknown function": bad(net('[{ op = "conv", out = "exp(4)" }]'), "AS205", "model.layers[0].out", "exp"),
    "attribute": bad(net('[{ op = "conv", out = "x.channel" }]'), "AS205", "model.layers[0].out", "channels"),
    "power": bad(net('[{ op = "conv", out = "9**9**9" }]'), "AS307", "model.layers[0].out"),
    "height of a vector": bad(net('[{ op = "linear", out = "x.height" }]', shape='["N", 3]'), "AS402", "model.layers[0].out", "height"),
    "free channel axis": bad(net('[{ op = "conv", out = "x.shape[0]" }]'), "AS203", "model.layers[0].out", "N"),
    "brace without partner": bad(net('[{ op = "relu", name = "a{n" }]'), "AS205", "model.layers[0].name", "{"),
    "list into text": bad(net('[{ op = "relu", name = "a{w}" }]', top="[params]\nw = [1]"), "AS307", "model.layers[0].name", "[1]"),
    "padding keyword": bad(net('[{ op = "conv", out = 4, padding = "sam" }]'), "AS301", "model.layers[0].padding", "did you mean `same`?"),
    "padding side": bad(net('[{ op = "conv", out = 4, padding = { topp = 1 } }]'), "AS203", "model.layers[0].padding", "{ topp = 1 }"),
    "padding of too many axes": bad(net('[{ op = "conv", out = 4, kernel = 3, padding = [1, 1, 1] }]'), "AS408", "model.layers[0].padding", "3"),
    "padding of a side that a sequence has not": bad(net('[{ op = "conv", out = 4, padding = { top = 1 } }]', shape='["N", 3, 8]'),
                                                     "AS408", "model.layers[0].padding.top", "no `top`"),
    "padding of one side above half the kernel": bad(net('[{ op = "maxpool", kernel = 3, padding = { bottom = 2 } }]'), "AS408", "model.layers[0].padding", "2 is too much for 3"),
    "size beyond 64 bits": bad(net('["flatten"]', shape='["N", 4611686018427387904, 4]'), "AS306", "model.layers[0]", "18446744073709551616"),
    "same with a stride": bad(net('[{ op = "conv", out = 4, padding = "same", stride = 2 }]'), "AS408", "model.layers[0].padding", "same_upper"),
    "init of an unknown weight": bad(net('[{ op = "conv", out = 4, init = { gamma = 1.0 } }]'), "AS201", "model.layers[0].init.gamma", "`weight`"),
    "init that ends before it starts": bad(net('[{ op = "conv", out = 4, init = { weight = "uniform(2, 1)" } }]'), "AS203", "model.layers[0].init", "uniform"),
    "init with a negative deviation": bad(net('[{ op = "conv", out = 4, init = { weight = "normal(0, -1)" } }]'), "AS203", "model.layers[0].init", "normal"),
    "init of an unknown kind": bad(net('[{ op = "conv", out = 4, init = { weight = "gauss" } }]'), "AS301", "model.layers[0].init.weight", "gauss"),
    "kernel too large": bad(net('[{ op = "conv", out = 4, kernel = 9 }]'), "AS403", "model.layers[0].kernel", "9", "8"),
    "groups": bad(net('[{ op = "conv", out = 4, groups = 2 }]'), "AS404", "model.layers[0].groups", "3"),
    "shape asserted": bad(net('[{ op = "conv", out = 4, shape = ["N", 5, 8, 8] }]'), "AS405", "model.layers[0].shape", "4", "5"),
    "shape asserted of a table": bad(net('[{ op = "relu", shape = ["N", {}, 8] }]'), "AS405", "model.layers[0].shape", "not N×{}×8"),
    "shape asserted of a list": bad(net('[{ op = "relu", shape = ["N", [3, "i"], 8] }]', top="[params]\ni = 8"), "AS405", "model.layers[0].shape", "not N×[3, 8]×8"),
    "shape of a number": bad(net('[{ op = "relu", shape = 3 }]'), "AS203", "model.layers[0].shape"),
    "error in a block, once": bad(net('["b", "relu", "b"]', '[blocks.b]\nlayers = [{ op = "conv", out = 3, kernel = 9 }]'), "AS403", "blocks.b.layers[0].kernel"),
    "integer beyond 64 bits": bad(net('[{ op = "conv", out = 99999999999999999999 }]'), "AS203", "model.layers[0].out", "64 bits"),
    "not a finite number": bad(net('[{ op = "dropout", p = nan }]'), "AS203", "model.layers[0].p", "finite"),
    "let of an op": bad(net('[{ op = "conv", out = "n", let = { n = 4 } }]'), "AS208", "model.layers[0].let", "only a group"),
    "let that is no table": bad(net(f'[{{ let = 3, layers = [{C4}] }}]'), "AS203", "model.layers[0].let", "3"),
    "let with a name that cannot be": bad(net(f'[{{ let = {{ conv-out = 4 }}, layers = [{C4}] }}]'), "AS206", "model.layers[0].let.conv-out"),
    "let of a group that mentions itself": bad(net('[{ let = { a = "b", b = "a" }, layers = [{ op = "conv", out = "a" }] }]'), "AS308", "model.layers[0].let.b", "`a`"),
    "let of a group with an unknown name": bad(net(f'[{{ let = {{ a = "z" }}, layers = [{C4}] }}]'), "AS301", "model.layers[0].let.a", "`z`"),
    "let of a group without a value": bad(net('[{ let = { a = "1 // n" }, layers = [{ op = "conv", out = "a" }] }]', top="[params]\nn = 0"),
                                           "AS307", "model.layers[0].let.a", "divides by zero"),
    "let of a group, outside of it": bad(net(f'[{{ let = {{ a = 4 }}, layers = [{C4}] }}, {{ op = "conv", out = "a" }}]'), "AS301", "model.layers[1].out", "`a`"),
    "let of a group, in its own name": bad(net(f'[{{ let = {{ a = 4 }}, name = "g{{a}}", layers = [{C4}] }}]'), "AS301", "model.layers[0].name", "`a`"),
    "param called let": bad(net(f"[{C4}]", top="[params]\nlet = 3"), "AS206", "params.let", "key of nodes"),
    "star for nothing": bad(net(f'[{{ name = "s", repeat = "n", op = "relu" }}, {{ op = "concat", from = ["s.*"] }}, {C4}]', top="[params]\nn = 0"),
                            "AS310", "model.layers[1].from", "no value is left"),
    "star behind a group": bad(net(f'[{{ name = "g", layers = [{C4}, {C4}] }}, {{ op = "concat", from = ["g.*"] }}]'), "AS301", "model.layers[1].from[0]", "`g` is neither"),
    "star behind a block": bad(net('[{ name = "b", op = "b" }, { op = "concat", from = ["b.s.*"] }]', '[blocks.b]\nlayers = [{ name = "s", repeat = 2, op = "relu" }]'),
                               "AS301", "model.layers[1].from[0]", "`b.s` is neither"),
    "star behind nothing": bad(net('[{ op = "concat", from = ["s.*"] }]'), "AS301", "model.layers[0].from[0]", "`s` is not defined"),
    "star at the start": bad(net('["relu", { op = "concat", from = ["*"] }]'), "AS301", "model.layers[1].from[0]", "`*` cannot be used"),
    "star in a name": bad(net('[{ name = "a{i}", repeat = 3, op = "relu" }, { op = "concat", from = ["a*"] }]'), "AS301", "model.layers[1].from[0]",
                          "`*` cannot be used", 'list the values one by one: "a0", "a1", "a2"'),
    "star in an output": bad(net('[{ name = "s", repeat = 2, op = "relu" }]', 'outputs = ["s.*"]'), "AS301", "model.outputs[0]", "in `from`"),
    "star and a name that one copy does not have": bad(
        net('[{ name = "s", repeat = 2, layers = [{ name = "a", when = "i > 0", op = "relu" }, { name = "b{i}", op = "relu" }] }, { op = "concat", from = ["s.*.b0"] }]'),
        "AS301", "model.layers[1].from[0]", "`s.1.b0` does not exist"),
    "parallel in a chain": bad(net('[{ op = "relu", parallel = 2 }]'), "AS208", "model.layers[0].parallel", "directly in `branches`", "`repeat`"),
    "parallel in a branch that is a chain": bad(net('[{ op = "concat", branches = [[{ op = "relu", parallel = 2 }]] }]'), "AS208", "model.layers[0].branches[0][0].parallel", "directly"),
    "parallel and repeat": bad(net('[{ op = "concat", branches = [{ op = "relu", parallel = 2, repeat = 2 }] }]'), "AS208", "model.layers[0].branches[0].repeat", "not both"),
    "parallel of text": bad(net('[{ op = "concat", branches = [{ op = "relu", parallel = [2] }] }]'), "AS203", "model.layers[0].branches[0].parallel", "an integer"),
    "parallel, less than none": bad(net('[{ op = "concat", branches = [{ op = "relu", parallel = "n" }] }]', top="[params]\nn = -1"), "AS203", "model.layers[0].branches[0].parallel", "-1"),
    "parallel that sees its own counter": bad(net('[{ op = "concat", branches = [{ op = "relu", parallel = "i" }] }]'), "AS301", "model.layers[0].branches[0].parallel", "`i`"),
    "parallel without an end": bad(net('[{ op = "concat", branches = [{ op = "relu", parallel = 1_000_000 }] }]'), "AS306", "model.layers[0].branches[0].parallel"),
    "parallel branches of one name": bad(net('[{ op = "concat", branches = [{ name = "a", op = "conv", out = 2, parallel = 2 }] }]'), "AS303", "model.layers[0].branches[0].name", "counter"),
    "nothing left of parallel branches": bad(net('[{ op = "concat", branches = [{ op = "relu", parallel = 0 }] }]'), "AS310", "model.layers[0].branches", "no branch"),
    "wrong in one of parallel branches": bad(net('[{ op = "concat", branches = [{ op = "conv", out = 2, kernel = "8 * i + 1", parallel = 3 }] }]'), "AS403", "model.layers[0].branches[0].kernel", "9"),
    "output of a key that there is not": bad(net(f'[{C4}]', 'outputs = [{ nam = "c", of = "input" }]'), "AS201", "model.outputs[0].nam", "`name`"),
    "output without a value": bad(net(f'[{C4}]', 'outputs = [{ when = true }]'), "AS202", "model.outputs[0]", "`of`"),
    "output that is a number": bad(net(f'[{C4}]', 'outputs = [3]'), "AS203", "model.outputs[0]", "3"),
    "output with a name that is a number": bad(net(f'[{C4}]', 'outputs = [{ name = 3, of = "input" }]'), "AS203", "model.outputs[0].name", "3"),
    "output with a name that cannot be": bad(net(f'[{C4}]', 'outputs = [{ name = "a.b", of = "input" }]'), "AS206", "model.outputs[0].name", "a.b"),
    "output of nothing": bad(net(f'[{C4}]', 'outputs = [{ name = "c", of = "b" }]'), "AS301", "model.outputs[0].of", "`b`"),
    "output on a condition of unknown names": bad(net(f'[{C4}]', 'outputs = [{ of = "input", when = "deep" }]'), "AS301", "model.outputs[0].when", "`deep`"),
    "output on a condition that is a number": bad(net(f'[{C4}]', 'outputs = [{ of = "input", when = "3" }]'), "AS203", "model.outputs[0].when", "3"),
    "output of a block by its whole path": bad(
        net('["relu", { name = "b", op = "b" }]', 'outputs = ["b.g.c"]\n[blocks.b]\noutputs = ["g.c"]\nlayers = [{ name = "g", layers = [{ name = "c", op = "conv", out = 4 }, "relu"] }]'),
        "AS301", "model.outputs[0]", "did you mean `b.c`?"),
    "two outputs of one name": bad(net(f'[{{ name = "a", layers = [{C4}] }}, {{ name = "b", layers = [{C4}] }}]', 'outputs = ["a.0", "b.0"]'),
                                   "AS303", "model.outputs[1]", "two outputs `0`", "another name"),
    "nothing cascades from the condition of an output": bad(
        net('[{ name = "b", op = "b" }, { op = "add", from = ["x", "b.low"] }]',
            '[blocks.b]\noutputs = [{ name = "low", of = "0", when = "deep" }]\nlayers = ["relu"]'),
        "AS301", "blocks.b.outputs[0].when", "`deep`"),
    "output after one whose condition is wrong": Invalid(
        net(f'[{C4}]', 'outputs = [{ of = "b", when = "deep" }, "c"]'),
        (("AS301", "model.outputs[0].when"), ("AS301", "model.outputs[1]"))),
    "shape as text": bad(net('[{ op = "reshape", shape = "[N, 192]" }]'), "AS203", "model.layers[0].shape", '["N", …]'),
    "two outputs that are given one name": bad(net(f'[{C4}, "relu"]', 'outputs = [{ name = "a", of = "0" }, { name = "a", of = "1" }]'),
                                               "AS303", "model.outputs[1].name", "two outputs `a`", "another name"),
    "too few branches": bad(net('[{ op = "matmul", branches = ["relu"] }]'), "AS310", "model.layers[0].branches", "takes 2 inputs, not 1"),
    "too many branches": bad(net('[{ op = "matmul", branches = ["relu", { op = "relu", parallel = 2 }] }]'),
                             "AS310", "model.layers[0].branches", "takes 2 inputs, not 3"),
    "more branches than any join takes": bad(net('[{ op = "add", branches = [{ op = "relu", parallel = 10001 }] }]'),
                                             "AS310", "model.layers[0].branches", "not 10001"),
    "let of a group that names a node in it": bad(
        net('[{ let = { wide = "c.channels" }, layers = [{ name = "c", op = "conv", out = 4 }, { op = "conv", out = "wide" }] }]'),
        "AS302", "model.layers[0].let.wide", "`c` is defined later"),
    "let of a named group that names a node in it": bad(
        net('[{ name = "g", let = { wide = "c.channels" }, layers = [{ name = "c", op = "conv", out = 4 }, { op = "conv", out = "wide" }] }]'),
        "AS302", "model.layers[0].let.wide", "`c` is defined later"),
    "factor behind a free dimension": bad(net('[{ op = "reshape", shape = ["N * 2", 96] }]'), "AS203", "model.layers[0].shape[0]", "in front", "2 * N"),
    "power of a free dimension": bad(net('[{ op = "reshape", shape = ["2 ** N", 96] }]'), "AS203", "model.layers[0].shape[0]", "`2 ** N`"),
    "free dimension without the factor in front": bad(net('[{ op = "reshape", shape = ["* N", 96] }]'), "AS205", "model.layers[0].shape[0]", "`* N`"),
    "asserted multiple of the batch": bad(net('[{ op = "relu", shape = ["2 * N", 3, 8, 8] }]'), "AS405", "model.layers[0].shape", "not (2 * N)×3×8×8"),
    "number beyond float32": bad(net('[{ op = "leaky_relu", negative_slope = -1e39 }]'), "AS203", "model.layers[0].negative_slope", "float32"),
    "number beyond float32 in a list": bad(net('[{ op = "scale", factor = [1, 2, 1e39] }]'), "AS203", "model.layers[0].factor", "1e+39", "float32"),
    "number beyond float32 in lists": bad(net('[{ name = "c", op = "constant", values = [[1], [1e39]] }]'), "AS203", "model.layers[0].values", "1e+39", "float32"),
    "first value beyond float32": bad(net('[{ op = "conv", out = 4, init = { weight = 1e39 } }]'), "AS203", "model.layers[0].init", "float32"),
    "spread of first values beyond float32": bad(net('[{ op = "conv", out = 4, init = { weight = "normal(1e999)" } }]'), "AS203", "model.layers[0].init", "float32"),
    "output of a block that the call does not have": bad(
        net('[{ name = "b", op = "b" }, { op = "conv", out = 4, from = "b.a" }]',
            f'[blocks.b]\nparams = {{ low = false }}\noutputs = [{{ of = "a", when = "low" }}]\nlayers = [{{ name = "a", op = "conv", out = 2 }}, {C4}]'),
        "AS301", "model.layers[1].from", "`b.a` does not exist"),
    "comprehension over too much": bad(net(f'[{C4}]', top='[params]\nn = 30\n[let]\na = "sum([sum([i * j for i in range(n * 30)]) for j in range(n * 30)])"'),
                                       "AS306", "let.a", "comprehensions"),
    "constant comprehension over too much": bad(net('[{ op = "conv", out = "sum([i * i for i in range(900)])" }]'), "AS306", "model.layers[0].out", "comprehensions"),
    "element of a comprehension outside of it": bad(net('[{ op = "conv", out = "len([d for d in [1]]) + d" }]'), "AS301", "model.layers[0].out", "`d` is not defined"),
    "comprehension over a number": bad(net('[{ op = "conv", out = "sum([d for d in n])" }]', top="[params]\nn = 3"), "AS307", "model.layers[0].out", "needs a list, not 3"),
    "param called like a word of comprehensions": bad(net(f"[{C4}]", top="[params]\nfor = 3"), "AS206", "params.for"),
    "date": bad(net('[{ op = "conv", out = 1979-05-27 }]'), "AS203", "model.layers[0].out"),
}
