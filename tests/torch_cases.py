"""Specs that ask much of the generator of PyTorch source: instances of blocks that differ, loops, sharing, names."""

_CONV = "{ op = 'conv', out = 3, kernel = 1 }"
_BLOCK = "[blocks.b]\n"
_MID = (
    "outputs = ['mid']\nlayers = [{ name = 'mid', op = 'conv', out = 3, kernel = 1 }, "
    "{ op = 'conv', out = 3, kernel = 1 }]"
)
_NUMBER = _BLOCK + 'required = { n = "int" }\n'
_FLAG = _BLOCK + 'required = { n = "bool" }\n'


def net(layers: str, blocks: str = "", top: str = "", inputs: str = 'input = ["N", 3, 8, 8]') -> str:
    """A spec from its layers."""
    return f"archspec = 1\n[model]\n{inputs}\n{top}\nlayers = [{layers}]\n{blocks}\n"


TWICE = "{ op = 'b', n = true }, { op = 'b', n = false }"
ONCE_EACH = "{ op = 'b', n = 2 }, { op = 'b', n = 4 }"

CASES = {
    # --- loops
    "one copy": net("{ name = 'c{i}', repeat = 1, op = 'conv', out = 3, kernel = 1 }, 'relu'"),
    "two loops": net(
        "{ name = 'a{i}', repeat = 3, op = 'conv', out = 3, kernel = 1 }, "
        "{ name = 'b{i}', repeat = 3, op = 'conv', out = 3, kernel = 1 }, { op = 'add', from = ['x', 'input'] }"
    ),
    "two dense": net(
        "{ op = 'dense', repeat = 3, layers = [{ name = 'a{i}', op = 'conv', out = 2, kernel = 1 }] }, "
        "{ op = 'dense', repeat = 3, layers = [{ name = 'b{i}', op = 'conv', out = 2, kernel = 1 }] }"
    ),
    "a condition in a loop": net(
        "{ op = 'dense', repeat = 3, layers = [{ name = 'l{i}', layers = ['relu', "
        "{ op = 'conv', out = 2, kernel = 1 }, { op = 'dropout', when = 'i > 0' }] }] }"
    ),
    "ops and blocks in a loop": net(
        "{ name = 'l{i}', op = \"{'b' if i == 1 else 'relu'}\", repeat = 3 }", f"{_BLOCK}layers = [{_CONV}]"
    ),
    "loops of blocks that do nothing": net(
        "{ op = 'dense', repeat = 3, layers = [{ name = 'l{i}', layers = ['b'] }] }", f"{_BLOCK}layers = []"
    ),
    "loops of different length": net(
        ONCE_EACH,
        _NUMBER + "layers = [{ op = 'dense', repeat = 'n', layers = ["
        "{ name = 'l{i}', op = 'conv', out = 2, kernel = 3, padding = 1 }] }]",
    ),
    "an input called i": net(
        "{ op = 'b', from = ['x', 'x'] }",
        _BLOCK
        + "inputs = ['p', 'i']\nlayers = [{ name = 'l{i}', repeat = 3, op = 'conv', out = 3, kernel = 1 }, "
        f"{_CONV}, {{ op = 'add', from = ['x', 'i'] }}]",
    ),
    "a parameter called i": net(
        "{ op = 'b', i = 4 }, { op = 'b', i = 6 }",
        _BLOCK
        + "required = { i = 'int' }\nlayers = [{ op = 'residual', layers = [{ name = 'l{j}', repeat = 3, "
        f"index = 'j', op = 'conv', out = 3, kernel = 1 }}, {{ op = 'conv', out = 'i', kernel = 1 }}, {_CONV}] }}]",
    ),
    "copies of unequal number": net(
        ONCE_EACH,
        _NUMBER + "layers = [{ name = 's', op = 'conv', out = '4 * (i + 1)', kernel = 1, repeat = 'n' }]",
    ),
    "equal copies of unequal number": net(
        ONCE_EACH,
        _NUMBER + "layers = [{ name = 's', op = 'u', repeat = 'n' }]\n[blocks.u]\n"
        "layers = [{ op = 'residual', layers = [{ op = 'conv', out = 'x.channels', kernel = 3, padding = 1 }] }]",
    ),
    "stages of unequal depth": net(
        "{ op = 's', depth = 1, out = 4 }, { op = 's', depth = 2, out = 5 }, { op = 's', depth = 4, out = 6 }",
        "[blocks.s]\nrequired = { depth = 'int', out = 'int' }\n"
        "layers = [{ op = 'u', repeat = 'depth', out = 'out', first = { stride = 2 } }]\n"
        "[blocks.u]\nrequired = { out = 'int' }\nparams = { stride = 1 }\n"
        "layers = [{ op = 'conv', out = 'out', kernel = 3, stride = 'stride', padding = 1 }, 'relu']",
    ),
    "names with two counters": net(
        "{ name = 's{s}', repeat = 2, index = 's', layers = [{ name = 'u{s}-{i}', repeat = '3 * s + 1', op = 'u' }] }",
        "[blocks.u]\nlayers = [{ op = 'conv', out = 4, kernel = 3, padding = 1 }, 'relu']",
    ),
    "names that count from two": net(
        "{ name = 's-0', layers = [{ name = 'u-{i + 2}x', repeat = 4, op = 'conv', out = 3, kernel = 1 }, "
        "{ name = 'u-6x', op = 'conv', out = 4, kernel = 1 }] }, { op = 'relu', name = 'r-0' }, { name = 'v-{i}', repeat = 3, op = 'conv', out = 4, kernel = 1 }"
    ),
    "long tuples of expressions": net(
        "{ op = 'b', n = 4 }, { op = 'b', n = 3 }",
        _NUMBER + "layers = [{ op = 'upsample', mode = 'bicubic', name = 'resized_by_expressions', size = "
        "['sum([v * (n + 2) for v in range(1, 5)]) // 10 + 4', 'max([v * n for v in range(1, 4)]) + n * n - 5'] }]",
    ),
    "a fraction of the counter": net(
        "{ name = 's', op = 'b', repeat = 4, n = '1 + 0.5 * i' }",
        _BLOCK + "required = { n = 'float' }\nlayers = [{ op = 'residual', layers = "
        "[{ op = 'conv', out = 'x.channels', kernel = 3, padding = 1 }, { op = 'leaky_relu', negative_slope = 'n' }] }]",
    ),
    "methods in a row": net(
        "'global_avgpool', { op = 'reduce_mean', axes = 3, keepdim = true }, "
        "{ op = 'expand', shape = [-1, -1, -1, 4], name = 'expand_' }, { op = 'add', from = ['x', 'expand_'] }",
        inputs='inputs = [{ name = "left", shape = ["N", 3, 8, 8] }]',
    ),
    # --- what some instances lack
    "an optional module nobody uses": net(
        TWICE,
        _FLAG + "layers = [{ name = 'a', op = 'conv', out = 3, kernel = 1 }, "
        "{ name = 'd', op = 'conv', out = 3, kernel = 1, when = 'n' }, { op = 'relu', from = 'a' }]",
    ),
    "an optional parameter": net(
        TWICE,
        _FLAG + "layers = [{ name = 'c', op = 'conv', out = 3, kernel = 1 }, "
        "{ name = 'g', op = 'param', shape = [3, 1, 1], when = 'n', init = { weight = 0.5 } }, "
        "{ op = 'mul', from = ['c', 'g'], when = 'n' }, 'relu']",
    ),
    "an optional call of shared weights": net(
        TWICE,
        _FLAG + "layers = [{ name = 'c', op = 'conv', out = 3, kernel = 1 }, "
        "{ op = 'reuse', of = 'c', when = 'n' }, { op = 'add', from = ['x', 'input'] }]",
    ),
    "an optional call of what has no weights": net(
        TWICE,
        _FLAG
        + "layers = [{ name = 'd', op = 'hardswish' }, { name = 'c', op = 'conv', out = 3, kernel = 1 }, "
        "{ op = 'reuse', of = 'd', when = 'n' }]",
    ),
    "weights in some instances": net(
        "{ op = 'b', n = false }, { op = 'b', n = true }",
        _FLAG + f"layers = [{{ op = 'residual', layers = [{{ op = 'c', n = 'n' }}] }}, {_CONV}]\n[blocks.c]\n"
        "required = { n = 'bool' }\nlayers = ['relu', { op = 'conv', out = 3, kernel = 1, when = 'n' }]",
    ),
    "optional first values": net(
        f"{TWICE}, {_CONV}",
        _FLAG
        + "layers = [{ op = 'conv', out = 3, kernel = 1, when = 'n', init = { weight = 0.5 } }, 'relu']",
    ),
    "first values behind what is optional": net(
        f"{TWICE}, {_CONV}",
        _FLAG + "layers = [{ op = 'maxpool', kernel = 2, when = 'n' }, "
        "{ op = 'conv', out = 3, kernel = 1, init = { weight = 0.5 } }]",
    ),
    "first values of copies": net(
        f"{ONCE_EACH}, {_CONV}",
        _NUMBER
        + "layers = [{ op = 'residual', layers = [{ name = 'g', layers = [{ op = 'conv', out = 3, kernel = 1, "
        "repeat = 'n', init = { weight = 0.5 } }] }] }]",
    ),
    # --- first values that are common
    "common first values, not for all": net(
        "{ op = 'groupnorm', groups = 1, init = { weight = 0.5 } }, "
        "{ op = 'groupnorm', groups = 1, init = { weight = 0.5 } }, { op = 'groupnorm', groups = 1, affine = false }"
    ),
    "common first values of a class with children": net(
        "{ op = 'layernorm', init = { weight = 0.5 } }, { op = 'layernorm', init = { weight = 0.5 } }, "
        "{ op = 'layernorm', axis = 1 }"
    ),
    "common first values of several classes": net(
        "{ op = 'batchnorm', init = { bias = 0.5 } }, { op = 'batchnorm', init = { bias = 0.5 } }, "
        "{ op = 'groupnorm', groups = 1, init = { bias = 0.5 } }, { op = 'groupnorm', groups = 3, init = { bias = 0.5 } }"
    ),
    # --- sharing
    "two calls of a node that draws": net(
        "{ op = 'max', branches = [[], { op = 'stochastic_depth', p = 0.5, mode = 'row' }, { op = 'reuse', of = '0' }] }"
    ),
    "two calls of an identity": net(
        "{ op = 'sub', branches = [{ name = 'i', op = 'identity' }, ['tanh', { op = 'reuse', of = 'i' }]] }"
    ),
    "two calls of a rectifier": net(f"{{ name = 'r', op = 'relu' }}, {_CONV}, {{ op = 'reuse', of = 'r' }}"),
    "another call of a copy": net(
        "{ name = 'c{i}', repeat = 3, op = 'conv', out = 3, kernel = 1 }, { op = 'reuse', of = 'c1' }, "
        "{ op = 'conv', out = 5, kernel = 1 }, 'relu'"
    ),
    "another call of a copy in a group": net(
        "{ name = 'g', layers = [{ name = 'c{i}', repeat = 3, op = 'conv', out = 3, kernel = 1 }, 'relu', "
        "{ op = 'reuse', of = 'c2' }] }"
    ),
    "two calls of a norm without weights": net(
        "{ name = 'e', op = 'layernorm', axis = 1, elementwise_affine = false }, "
        "{ op = 'conv', out = 5, kernel = 1 }, { op = 'reuse', of = 'e' }"
    ),
    # --- ops and types as arguments
    "an op here, a block there": net(
        "'b', { op = 'b', act = 'my' }",
        _BLOCK + f"params.act = {{ type = 'op', default = 'relu' }}\nlayers = [{_CONV}, '{{act}}']\n"
        "[blocks.my]\nlayers = ['tanh']",
    ),
    "activations as arguments": net(
        "'b', { op = 'b', act = 'tanh' }, { op = 'b', act = 'silu' }",
        _BLOCK + f"params.act = {{ type = 'op', default = 'relu' }}\nlayers = [{_CONV}, '{{act}}', "
        f"{{ op = 'residual', layers = [{_CONV}, '{{act}}'] }}]",
    ),
    "blocks inside each other by argument": net(
        "{ op = 'b', unit = 'c' }, { op = 'c', unit = 'b' }, 'b', { op = 'c', unit = 'silu' }",
        _BLOCK
        + f"params.unit = {{ type = 'op', default = 'relu' }}\nlayers = [{_CONV}, '{{unit}}']\n[blocks.c]\n"
        f"params.unit = {{ type = 'op', default = 'tanh' }}\n"
        f"layers = [{{ op = 'residual', layers = ['{{unit}}', {_CONV}] }}]",
    ),
    "an inline block as an argument": net(
        "{ op = 'b', width = 16, conv = 'flat' }, { op = 'b', width = 32, conv = 'flat' }",
        _BLOCK + "required = { width = 'int', conv = 'op' }\n"
        "layers = [{ op = '{conv}', out = 'width' }, 'batchnorm', { op = '{conv}', out = 'width' }]\n"
        "[blocks.flat]\ninline = true\nrequired = { out = 'int' }\n"
        "layers = [{ op = 'conv', out = 'out', kernel = [1, 3], padding = [0, 1] }]",
    ),
    # --- names
    "a parameter called _": net(
        "{ op = 'b', _ = 4 }, { op = 'b', _ = 5 }",
        _BLOCK + "required = { _ = 'int' }\nlayers = [{ op = 'c', w = '_', repeat = 3 }]\n[blocks.c]\n"
        f"required = {{ w = 'int' }}\nlayers = [{_CONV}, {{ op = 'conv', out = 'w', kernel = 1 }}, {_CONV}]",
    ),
    "a parameter called make_divisible": net(
        "{ op = 'b', make_divisible = 4 }, { op = 'b', make_divisible = 9 }",
        _BLOCK + "required = { make_divisible = 'int' }\n"
        "layers = [{ op = 'conv', out = 'divisible(make_divisible, 4)', kernel = 1 }]",
    ),
    "a doc without words": net("'b'", _BLOCK + "doc = \"\\u200b\"\nlayers = ['relu']"),
    "a doc that names a type": net(
        "'b', 'b'", _BLOCK + f'doc = "F of a Tensor, OrderedDict"\nlayers = [{_CONV}]'
    ),
    "named and numbered in one chain": net(
        "{ name = 'stem', op = 'conv', out = 3, kernel = 1 }, 'b', 'b'", f"{_BLOCK}layers = [{_CONV}, 'relu']"
    ),
    "a group with a hyphen": net(
        "{ op = 'b', n = false }, { op = 'b', n = true }",
        _FLAG + "layers = [{ op = 'residual', layers = [{ name = 'g-1', layers = ['relu', "
        "{ op = 'conv', out = 3, kernel = 1, when = 'n' }] }] }]",
    ),
    # --- expressions
    "powers and signs": net(
        "{ op = 'b', n = 1 }, { op = 'b', n = 2 }",
        _NUMBER + "layers = [{ op = 'conv', out = '8 * 2 ** n + 1', kernel = 1 }, "
        "{ op = 'conv', out = '--n + 3', kernel = 1 }, { op = 'conv', out = '-(-n * 2) // 1', kernel = 1 }]",
    ),
    "nested conditions": net(
        "{ op = 'b', n = 1 }, { op = 'b', n = 2 }, { op = 'b', n = 5 }",
        _NUMBER + "let = { m = '3 if n < 2 else (4 if not n == 5 and n in [2, 3] else 7)' }\n"
        "layers = [{ op = 'conv', out = 'm', kernel = 1 }, { op = 'conv', out = '[m, n][0] + max(n, 2)', kernel = 1 }]",
    ),
    "sizes without an expression": net(
        "{ op = 'b', n = 1 }, { op = 'maxpool', kernel = 2 }, { op = 'b', n = 2 }",
        _NUMBER
        + "layers = [{ op = 'conv', out = 'x.height + n', kernel = 3, padding = 1 }, 'batchnorm', 'relu']",
    ),
    "an identity that is used twice": net(f"'identity', {{ op = 'add', from = ['x', 'x'] }}, {_CONV}"),
    "a parameter nobody uses": net(
        f"{_CONV}, {{ name = 'p', op = 'param', shape = [2] }}, {{ op = 'relu', from = '0' }}"
    ).replace("'0'", "'input'"),
    # --- numbers in the calls of functions
    "a border that differs": net(
        "{ op = 'b', n = 2 }, { op = 'b', n = 1 }, { op = 'b', n = 3 }",
        _NUMBER
        + "layers = [{ name = 'c', op = 'conv', out = 3, kernel = 2, dilation = 'n', padding = { left = '2 * n', top = 'n' } }, "
        "'relu']",
    ),
    "numbers that follow from arguments": net(
        "{ op = 'b', n = 2 }, { op = 'b', n = 3 }",
        _NUMBER
        + "layers = [{ op = 'roll', axes = [2, 3], shifts = ['-n', 'n + 1'] }, { op = 'clamp', max = '0.5 * n' }, "
        "{ op = 'scale', factor = '1 / n', shift = 'n' }, { op = 'slice', axis = 3, start = 'n', stop = 'x.width - n' }]",
        inputs='input = ["N", 3, 8, 11]',
    ),
    "numbers that follow from sizes": net(
        "{ op = 'b', n = 2 }, { op = 'maxpool', kernel = 2 }, { op = 'b', n = 3 }",
        _NUMBER + "let = { area = 'input.height * input.width', half = 'input.width // 2' }\nlayers = ["
        "{ op = 'reshape', shape = ['N', 'n', -1, 'area'], as = 'rows' }, "
        "{ op = 'reshape', shape = ['N', 6, 'input.height', 'input.width'], from = 'rows' }, "
        "{ op = 'crop', size = ['input.height - 2 * n', 'half'] }, "
        "{ op = 'upsample', size = ['input.height', 'input.width'] }, { op = 'add', from = ['x', 'input'] }]",
        inputs='input = ["N", 6, 24, 16]',
    ),
    "numbers without an expression": net(
        "{ op = 'b', n = 2 }, { op = 'b', n = 3 }",
        _NUMBER
        + "layers = [{ op = 'slice', axis = 3, start = '[0, 0, 2, 1][n]', stop = '[0, 0, 7, 4][n]' }, "
        "{ op = 'scale', factor = 'n + 0.0', shift = 'n' }]",
    ),
    "numbers of what some instances lack": net(
        "{ op = 'b', n = 2 }, { op = 'b', n = 0 }, { op = 'b', n = 4 }",
        _NUMBER + "layers = [{ op = 'roll', axes = 2, shifts = '12 // n', when = 'n > 0' }, "
        "{ op = 'crop', size = ['x.height - n', 'x.width - n'], when = 'n > 0' }]",
        inputs='input = ["N", 3, 16, 12]',
    ),
    "sizes in another call of a block": net(
        "{ name = 'b', op = 'b' }, { op = 'upsample', size = ['input.height // 2', 'input.width // 2'] }, "
        "{ op = 'reuse', of = 'b' }",
        _BLOCK
        + f"layers = [{_CONV}, {{ as = 'rows', op = 'reshape', shape = ['N', -1, 'x.height * x.width'] }}, "
        "{ op = 'reduce_mean', axes = 2, keepdim = true }, "
        "{ op = 'expand', shape = [-1, -1, 'rows.shape[2]'] }, { op = 'sub', from = ['rows', 'x'] }, "
        "{ op = 'reshape', shape = ['N', -1, 'input.height', 'input.width'] }, "
        "{ op = 'slice', axis = 2, start = 1, stop = 'x.height - 1' }]",
        inputs='input = ["N", 3, 8, 12]',
    ),
    "sizes of values with long names": net(
        "{ op = 'b', from = ['x', 'input'] }, { op = 'maxpool', kernel = 2 }, { op = 'b', from = ['x', 'input'] }",
        _BLOCK + "inputs = ['decoded_features', 'encoded_features']\n"
        "layers = [{ op = 'crop', from = 'encoded_features', "
        "size = ['decoded_features.height', 'decoded_features.width'] }, { op = 'add', from = ['x', 'decoded_features'] }]",
        inputs='input = ["N", 3, 8, 12]',
    ),
    # --- several inputs, outputs, training
    "outputs that are not used": net(
        f"{{ name = 'g', layers = [{_CONV}, {{ name = 'h', op = 'conv', out = 4, kernel = 1 }}, 'relu'] }}, "
        "{ op = 'relu', from = 'g.h' }"
    ),
    "outputs that do not fit into a line": net(
        "{ name = 'a{i}', op = 'conv', out = 3, kernel = 1, repeat = 12 }",
        top=f"outputs = {[f'a{i}' for i in range(12)]}",
    ),
    "outputs of a group, and the group": net(
        "{ name = 'backbone', layers = [{ name = 'a{i}', op = 'conv', out = 3, kernel = 1, repeat = 6 }] }",
        top=f"outputs = {[*(f'backbone.a{i}' for i in range(5)), 'backbone']}",
    ),
    "a joined block of two inputs": net(
        "{ op = 'b', from = ['x', 'input'] }, { op = 'b', from = ['x', 'input'] }",
        _BLOCK + "inputs = ['p', 'q']\nlayers = [{ name = 'cat', op = 'concat', branches = [[], 'relu'] }]",
    ),
    "a loop in training only": net(
        "{ name = 'a', op = 'conv', out = 3, kernel = 1 }, { name = 'l{i}', repeat = 3, op = 'conv', out = 3, "
        "kernel = 1 }, { name = 'c', op = 'conv', out = 3, kernel = 1 }, "
        "{ name = 'main', op = 'conv', out = 4, kernel = 1, from = 'input' }",
        top="outputs = ['main']\ntrain_outputs = ['c']",
    ),
    "nobody uses what is behind a training output": net(
        f"{{ name = 'a', op = 'conv', out = 4, kernel = 1 }}, {{ name = 'aux', op = 'conv', out = 4, kernel = 1 }}, {_CONV}",
        top="outputs = ['a']\ntrain_outputs = ['aux']",
    ),
    "a training output inside a group": net(
        "{ name = 'g', layers = [{ name = 'a', op = 'conv', out = 4, kernel = 1 }, "
        "{ name = 'aux', op = 'conv', out = 5, kernel = 1 }, { op = 'conv', out = 6, kernel = 1, from = 'a' }] }",
        top="train_outputs = ['g.aux']",
    ),
    "a group that is a training output": net(
        f"{{ name = 'g', layers = [{_CONV}, {_CONV}] }}", top="outputs = ['g.0']\ntrain_outputs = ['g']"
    ),
    "a training output of a block": net(
        "{ name = 'body', op = 'b' }, { name = 'head', op = 'conv', out = 2, kernel = 1 }",
        _BLOCK + "outputs = ['aux']\nlayers = [{ name = 'a', op = 'conv', out = 4, kernel = 1 }, "
        "{ name = 'aux', op = 'conv', out = 5, kernel = 1 }, { op = 'relu', from = 'a' }]",
        top="train_outputs = ['body.aux']",
    ),
    "a block of which training needs more than another call": net(
        "{ name = 'a', op = 'b' }, { name = 'main', op = 'b', from = 'a.mid' }",
        _BLOCK + _MID,
        top="outputs = ['main']\ntrain_outputs = ['a']",
    ),
    "a block whose first call is for training in part": net(
        "{ name = 'a', op = 'b' }, { as = 'main', op = 'reuse', of = 'a', from = 'a.mid' }",
        _BLOCK + _MID,
        top="outputs = ['main']\ntrain_outputs = ['a']",
    ),
    "blocks of which training needs more, in other sizes": net(
        "{ name = 'a', op = 'b' }, { name = 'c', op = 'conv', out = 5, kernel = 1, from = 'a.mid' }, { name = 'd', op = 'b' }, "
        "{ name = 'main', op = 'b', from = 'd.mid' }",
        _BLOCK + _MID,
        top="outputs = ['main']\ntrain_outputs = ['a', 'd']",
    ),
    "a shared call in training only": net(
        "{ name = 'd', op = 'conv', out = 3, kernel = 1 }, 'tanh', { name = 'aux', op = 'reuse', of = 'd' }, "
        "{ op = 'relu', from = 'd' }",
        top="train_outputs = ['aux']",
    ),
    "fixed batch": net(f"{_CONV}, 'flatten'", inputs="input = [2, 3, 8, 8]"),
    "sequences": net(
        "{ op = 'b', n = 4 }, { op = 'b', n = 8 }",
        _NUMBER + "layers = [{ op = 'conv', out = 'n', kernel = 3, padding = 'half' }, 'batchnorm', "
        "{ op = 'permute', axes = [0, 2, 1] }, 'layernorm', { op = 'attention', heads = 2 }, "
        "{ op = 'linear', out = 'x.shape[-1] * 2' }, { op = 'permute', axes = [0, 2, 1] }]",
        inputs='input = ["N", 3, 11]',
    ),
    "volumes": net(
        "{ op = 'b', n = 4 }, { op = 'b', n = 6 }",
        _NUMBER + "layers = [{ op = 'conv', out = 'n', "
        "kernel = [1, 3, 2], padding = { front = 1, left = 1 } }, 'batchnorm', 'relu6', "
        "{ op = 'avgpool', kernel = 2, stride = 1 }]",
        inputs='input = ["N", 2, 7, 8, 9]',
    ),
    "uneven windows": net(
        "{ op = 'b', n = 3 }, { op = 'b', n = 2 }",
        _NUMBER + "layers = ["
        "{ op = 'conv', out = 4, kernel = 'n', stride = 2, padding = 'same_upper' }, 'relu', "
        "{ op = 'avgpool', kernel = 2, stride = 1, padding = 'same', count_include_pad = false }, "
        "{ op = 'maxpool', kernel = 2, stride = 1, padding = 'same_lower' }]",
    ),
    "truth of a number": net(
        "{ op = 'b', n = 2 }, { op = 'b', n = 0 }",
        _NUMBER + "layers = [{ op = 'conv', out = 3, kernel = 'n + 1', bias = 'not not n' }]",
    ),
    "a long call of which a part is taken": net(
        "{ op = 'flatten', start = 2 }, { op = 'permute', axes = [0, 2, 1] }, { name = 'one', op = 'linear', out = 6 }, "
        "{ name = 'attention-of_the_third_stage_of_all', op = 'attention', heads = 2 }, { op = 'max', from = ['x', 'one'] }"
    ),
    "halves": net(
        "'b', 'b'",
        _BLOCK + "layers = [{ op = 'conv', out = '2 * x.channels', kernel = 1 }, "
        "{ name = 'h', op = 'split', sections = 2 }, { op = 'mul', from = ['h.0', 'h.1'] }, "
        "{ op = 'conv', out = '4 * x.channels', kernel = 1 }, { op = 'pixel_shuffle', scale = 2 }, "
        "'batchnorm']",
    ),
}
"""Each is proven against torch's counters and against the interpreter."""
