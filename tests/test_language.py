"""The rules of the language, at the level that users see: a spec in; keys, shapes or diagnostics out."""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import tomli
import torchvision
from spec_cases import HEAD, INVALID, VALID, Invalid, Valid, net
from torch import nn

import archspec
from archspec import Model, SpecError, UsageError
from archspec.ir import Module
from archspec.types import TensorType

SPECS = Path(__file__).parent.parent / "specs"


def load(text: str, path: str = "net.toml", **options: Any) -> Model:
    return archspec.load(path, source=text, **options)


def weights(model: Model) -> str:
    return ", ".join(f"{key} {'x'.join(map(str, w.shape))}" for key, w in model.weights().items())


def outputs(model: Model) -> str:
    return ", ".join("x".join(map(str, output.shape)) for output in model.outputs)


def findings(text: str, **options: Any) -> SpecError:
    with pytest.raises(SpecError) as caught:
        load(text, **options)
    return caught.value


def found(error: SpecError) -> list[tuple[str, str]]:
    return [(item.code, item.location) for item in error.diagnostics]


# --- the corpus ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", VALID.values(), ids=VALID)
def test_valid(case: Valid) -> None:
    model = load(case.text)
    assert (weights(model), outputs(model)) == (case.weights, case.outputs)
    if case.macs is not None:
        assert model.totals.macs == case.macs


@pytest.mark.parametrize("case", INVALID.values(), ids=INVALID)
def test_invalid(case: Invalid) -> None:
    error = findings(case.text)
    assert found(error) == list(case.findings)
    for word in case.says:
        assert word in str(error)


def test_corpus_is_large() -> None:
    assert len(VALID) >= 100
    assert len(INVALID) >= 100


@pytest.mark.parametrize("case", VALID.values(), ids=VALID)
def test_json_notation(case: Valid) -> None:
    model = load(json.dumps(tomli.loads(case.text)), "net.json")
    assert (weights(model), outputs(model)) == (case.weights, case.outputs)


def reversed_keys(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: reversed_keys(data[key]) for key in reversed(data)}
    return [reversed_keys(item) for item in data] if isinstance(data, list) else data


@pytest.mark.parametrize("case", VALID.values(), ids=VALID)
def test_order_of_keys_never_matters(case: Valid) -> None:
    model = load(json.dumps(reversed_keys(tomli.loads(case.text))), "net.json")
    assert (weights(model), outputs(model)) == (case.weights, case.outputs)


TOML_ONLY = ("TOML", "TOML key twice", "date", "not a finite number")


@pytest.mark.parametrize("name", [name for name in INVALID if name not in TOML_ONLY])
def test_order_of_keys_does_not_matter_for_findings(name: str) -> None:
    case = INVALID[name]
    text = json.dumps(reversed_keys(tomli.loads(case.text)))
    codes = {code for code, _ in found(findings(text, path="net.json"))}
    assert codes == {code for code, _ in case.findings}


# --- equal instances are one object ------------------------------------------------------------------------


BLOCKS = """
[blocks.b]
required = { n = "int" }
params = { act = "relu", widths = [1, 2] }
layers = [{ op = "conv", out = "n" }, "{act}"]
"""


def child(module: Module, *path: str) -> Module:
    for name in path:
        module = next(node.module for node in module.body if node.name == name)
    return module


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{ op = "b", n = 3 }', '{ op = "b", n = 3 }'),
        ('{ op = "b", n = 3 }', '{ op = "b", n = "6 / 2" }'),
        ('{ op = "b", n = 3 }', '{ op = "b", n = 3.0 }'),
        ('{ op = "b", n = 3 }', '{ op = "b", n = 3, act = "relu" }'),
        ('{ op = "b", n = 3, act = "tanh" }', '{ act = "tanh", n = "x.channels", op = "b" }'),
        ('{ op = "b", n = 3, widths = [2, 3] }', '{ op = "b", n = 3, widths = ["4 // 2", "6 / 2"] }'),
        ('{ op = "b", n = 3, widths = [2, 3] }', '{ op = "b", n = 3, widths = "[4 / 2, 3]" }'),
        ('{ op = "b", n = 3 }', '{ op = "b", n = 3, widths = [1, 2] }'),
    ],
)
def test_equal_instances_are_one_object(one: str, other: str) -> None:
    model = load(net(f"[{one}, {other}]", BLOCKS))
    assert child(model.root, "0") is child(model.root, "1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{ op = "b", n = 3 }', '{ op = "b", n = 4 }'),
        ('{ op = "b", n = 3 }', '{ op = "b", n = 3, act = "tanh" }'),
        ('{ op = "b", n = 4 }', '{ op = "b", n = 4 }'),  # of other input types
        ('{ op = "b", n = 3, widths = [1, 2] }', '{ op = "b", n = 3, widths = [true, 2] }'),
    ],
)
def test_other_instances_are_others(one: str, other: str) -> None:
    model = load(net(f"[{one}, {other}]", BLOCKS))
    assert child(model.root, "0") is not child(model.root, "1")


def test_equal_instances_are_one_object_wherever_they_stand() -> None:
    model = load(
        net(
            '[{ name = "s", op = "b", n = 3, repeat = 40 }, { name = "g", layers = [{ op = "b", n = 3 }] }, '
            '{ op = "outer" }]',
            BLOCKS + '[blocks.outer]\nlayers = [{ op = "b", n = 3 }]',
        )
    )
    first = child(model.root, "s", "0")
    assert len(child(model.root, "s").body) == 40
    assert all(node.module is first for node in child(model.root, "s").body)
    assert child(model.root, "g", "0") is first
    assert child(model.root, "2", "0") is first


def test_list_argument_of_truth_values_is_not_the_default_of_numbers() -> None:
    model = load(
        net(
            '[{ op = "b", flags = [true] }]',
            '[blocks.b]\nparams = { flags = [1] }\nlayers = [{ op = "conv", out = 4, when = "flags[0]" }]',
        )
    )
    assert weights(model) == "0.0.weight 4x3x1x1"


# --- keys are torch's --------------------------------------------------------------------------------------


def state_dict(module: nn.Module) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in module.state_dict().items()}


def shapes(model: Model) -> dict[str, tuple[int, ...]]:
    return {key: weight.shape for key, weight in model.weights().items()}


def test_positions_are_those_of_a_sequential() -> None:
    def conv(i: int, o: int) -> nn.Module:
        return nn.Conv2d(i, o, 1, bias=False)

    expected = nn.Sequential(
        nn.ReLU(),
        conv(3, 4),
        nn.Sequential(nn.ReLU(), conv(4, 5), nn.Sequential(conv(5, 6))),
        nn.BatchNorm2d(6),
    )
    model = load(
        net(
            '["relu", { op = "conv", out = 4 }, { name = "2", layers = ["relu", { op = "conv", out = 5 }, '
            '{ name = "2", layers = [{ op = "conv", out = 6 }] }] }, "batchnorm"]'
        )
    )
    assert shapes(model) == state_dict(expected)


def test_design_example_is_resnet50() -> None:
    text = (SPECS / "resnet.toml").read_text()
    expected = torchvision.models.resnet50(weights=None)
    model = load(text, variant="resnet50")
    assert shapes(model) == state_dict(expected)
    assert list(shapes(model)) == list(state_dict(expected))
    assert (model.totals.params, model.totals.macs) == (25_557_032, 4_089_184_256)


# --- what a file alone cannot show ---------------------------------------------------------------------------


def test_variants_and_params() -> None:
    text = net(
        '[{ op = "conv", out = "n", repeat = "m" }]',
        top="[params]\nn = 4\nm = 1\n[variants]\nwide = { n = 8 }",
    )
    assert weights(load(text)) == "0.weight 4x3x1x1"
    assert weights(load(text, variant="wide")) == "0.weight 8x3x1x1"
    assert weights(load(text, params={"n": 5})) == "0.weight 5x3x1x1"
    assert (
        weights(load(text, variant="wide", params={"n": 5, "m": 2})) == "0.weight 5x3x1x1, 1.weight 5x5x1x1"
    )
    assert load(text, variant="wide").name == "wide"
    assert load(text).params == {"n": 4, "m": 1}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"variant": "wid"}, "did you mean `wide`?"),
        ({"params": {"k": 1}}, "`k`"),
        ({"params": {"n": "a"}}, "'a'"),
        ({"params": {"n": 1.5}}, "1.5"),
        ({"params": {"n": True}}, "true"),
        ({"params": {"n": 10**30}}, "64 bits"),
        ({"params": {"n": object()}}, "`n`"),
        ({"inputs": {"image": ("N", 3, 8, 8)}}, "`image`"),
        ({"inputs": {"input": ("N", 0, 8, 8)}}, "positive"),
        ({"inputs": {"input": ("N", 3, "H", 8)}}, "`H`"),
        ({"inputs": {"input": ()}}, "axes"),
        ({"inputs": {"input": ("N", 3, 8, 10**30)}}, "64 bits"),
    ],
)
def test_wrong_calls(options: dict[str, Any], says: str) -> None:
    text = net('[{ op = "conv", out = "n" }]', top="[params]\nn = 4\n[variants]\nwide = { n = 8 }")
    with pytest.raises(UsageError) as caught:
        load(text, **options)
    assert says in str(caught.value)


def test_inputs_override_shapes() -> None:
    model = load(
        net('[{ op = "conv", out = 4 }]', shape='["N", 3, "H", "W"]'), inputs={"input": ("N", 3, 5, 7)}
    )
    assert outputs(model) == "Nx4x5x7"
    assert model.totals.macs == 3 * 4 * 5 * 7


def test_batch() -> None:
    assert load(net('[{ op = "conv", out = 4 }]'), batch=5).totals.macs == 5 * 768
    assert load(net('[{ op = "conv", out = 4 }]', shape="[2, 3, 8, 8]")).totals.macs == 2 * 768


TRAINING = net(
    '[{ name = "stem", op = "conv", out = 3 }, { name = "aux", op = "conv", out = 7 }, '
    '{ name = "head", op = "conv", out = 4, from = "stem" }]',
    'train_outputs = ["aux"]',
)


def test_train_outputs() -> None:
    model = load(TRAINING)
    assert outputs(model) == "Nx4x8x8"
    assert (model.totals.params, model.totals.macs) == (9 + 12, (9 + 12) * 64)
    assert (model.training_totals.params, model.training_totals.macs) == (9 + 12 + 21, (9 + 12 + 21) * 64)
    assert list(model.weights()) == ["stem.weight", "aux.weight", "head.weight"]
    assert [str(shape) for shape in model.training_totals.outputs] == ["N×4×8×8", "N×7×8×8"]


def test_train_outputs_last() -> None:
    model = load(
        net(
            '[{ name = "fc", op = "conv", out = 4 }, { name = "aux", op = "conv", out = 7, from = "input" }]',
            'train_outputs = ["aux"]',
        )
    )
    assert (outputs(model), model.totals.params) == ("Nx4x8x8", 12)


def test_train_outputs_inside_a_block() -> None:
    model = load(
        net(
            '[{ name = "b", op = "body" }]\ntrain_outputs = ["b.aux"]',
            '[blocks.body]\noutputs = ["aux"]\n'
            'layers = [{ name = "stem", op = "conv", out = 3 }, { name = "aux", op = "conv", out = 7 }, '
            '{ op = "conv", out = 4, from = "stem" }]',
        )
    )
    assert (model.totals.params, model.training_totals.params) == (21, 42)


def test_weights_that_inference_shares_with_training_count_once() -> None:
    model = load(
        net(
            '[{ name = "c", op = "conv", out = 3 }, { op = "reuse", of = "c", from = "input" }, '
            '{ op = "reuse", of = "c" }]',
            'train_outputs = ["c"]',
        )
    )
    assert (model.totals.params, model.totals.macs) == (9, 2 * 9 * 64)
    assert (model.training_totals.params, model.training_totals.macs) == (9, 3 * 9 * 64)


def test_reuse_means_what_its_group_meant() -> None:
    """The second call of a group reaches for the same value around it as the first, not for a nearer one since."""
    model = load(
        net(
            '[{ name = "c", op = "conv", out = 4 }, "relu", { name = "outer", layers = [{ name = "g", layers = ['
            '{ op = "add", from = ["x", "c"] }] }, { name = "c", op = "relu" }, '
            '{ op = "reuse", of = "g" }] }]'
        )
    )
    outer = child(model.root, "outer")
    first, _, again = outer.body
    assert first.inputs[1] == again.inputs[1]


def test_errors_in_blocks_are_traced() -> None:
    error = findings(
        net(
            '["a", "a"]',
            '[blocks.a]\nlayers = ["b"]\n[blocks.b]\nlayers = [{ op = "conv", out = 3, kernel = 9 }]',
        )
    )
    assert found(error) == [("AS403", "blocks.b.layers[0].kernel")]
    assert error.diagnostics[0].calls == (
        ("net.toml", ("blocks", "a", "layers", 0)),
        ("net.toml", ("model", "layers", 0)),
    )


def test_json_keys_twice() -> None:
    error = findings(
        '{"archspec": 1, "model": {"input": ["N", 3], "layers": [], "layers": []}}', path="net.json"
    )
    assert found(error) == [("AS104", "")]
    assert "`layers`" in str(error)


@pytest.mark.parametrize(
    "text", ["[]", "3", "null", '"archspec"', "{", '{"archspec": NaN}', '{"archspec": 1,}', ""]
)
def test_json_that_is_none(text: str) -> None:
    assert found(findings(text, path="net.json")) == [("AS103", "")]


def test_notation_goes_by_the_first_character_on_stdin() -> None:
    model = load('  {"archspec": 1, "model": {"input": ["N", 3], "layers": ["relu"]}}', "-")
    assert model.name == "stdin"


def test_library_alone_has_no_network() -> None:
    with pytest.raises(UsageError, match="library of blocks"):
        load("archspec = 1\n[blocks.b]\nlayers = []")


def test_library_with_an_error() -> None:
    assert found(findings('archspec = 1\n[blocks.b]\nlayers = ["rellu"]')) == [
        ("AS204", "blocks.b.layers[0].op")
    ]


# --- libraries -------------------------------------------------------------------------------------------


LIBRARY = """archspec = 1
[params]
width = 4
[defaults]
conv = { kernel = 3, padding = "half" }
[blocks.unit]
params = { act = { type = "op", default = "relu" } }
layers = [{ op = "conv", out = "width" }, "{act}"]
[blocks.own]
layers = [{ op = "conv", out = 5, bias = false }]
"""


def write(folder: Path, **files: str) -> str:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder / "main.toml")


def uses(target: str, node: str = '"lib.unit"', more: str = "", top: str = "") -> str:
    return net(f"[{node}]", more, top=f'{top}[use]\nlib = "{target}"')


def test_library(tmp_path: Path) -> None:
    main = write(tmp_path, main=uses("blocks/lib.toml"), blocks__lib=LIBRARY)
    assert weights(archspec.load(main)) == "0.0.weight 4x3x3x3, 0.0.bias 4"


def test_library_keeps_its_params_and_defaults(tmp_path: Path) -> None:
    main = write(tmp_path, main=uses("lib.toml", top="[params]\nwidth = 9\n"), lib=LIBRARY)
    assert weights(archspec.load(main, params={"width": 7})) == "0.0.weight 4x3x3x3, 0.0.bias 4"


def test_op_name_means_what_it_means_where_it_is_written(tmp_path: Path) -> None:
    node = '{ op = "lib.unit", act = "own" }'
    main = write(
        tmp_path,
        main=uses("lib.toml", node, '[blocks.own]\nlayers = [{ op = "conv", out = 6 }]'),
        lib=LIBRARY,
    )
    assert weights(archspec.load(main)) == "0.0.weight 4x3x3x3, 0.0.bias 4, 0.1.0.weight 6x4x1x1"


def test_library_of_a_library_is_relative_to_it(tmp_path: Path) -> None:
    middle = 'archspec = 1\n[use]\nbelow = "more/lib.toml"\n[blocks.unit]\nlayers = ["below.unit"]'
    main = write(tmp_path, main=uses("a/middle.toml"), a__middle=middle, a__more__lib=LIBRARY)
    assert weights(archspec.load(main)) == "0.0.0.weight 4x3x3x3, 0.0.0.bias 4"


def test_library_twice_is_one(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main=net(
            '["a.unit", { op = "conv", out = 3 }, "b.unit"]',
            top='[use]\na = "lib.toml"\nb = "./x/../lib.toml"',
        ),
        lib=LIBRARY,
    )
    model = archspec.load(main)
    assert child(model.root, "0") is child(model.root, "2")


def library_findings(main: str, **options: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(SpecError) as caught:
        archspec.load(main, **options)
    return [(item.code, os.path.basename(item.file), item.location) for item in caught.value.diagnostics]


def test_library_that_is_missing(tmp_path: Path) -> None:
    main = write(tmp_path, main=uses("nope.toml"))
    assert library_findings(main) == [("AS309", "main.toml", "use.lib")]


def test_library_that_is_a_folder(tmp_path: Path) -> None:
    main = write(tmp_path, main=uses("blocks"), blocks__lib=LIBRARY)
    assert library_findings(main) == [("AS309", "main.toml", "use.lib")]


def test_library_without_the_block(tmp_path: Path) -> None:
    main = write(tmp_path, main=uses("lib.toml", '"lib.unitt"'), lib=LIBRARY)
    assert library_findings(main) == [("AS204", "main.toml", "model.layers[0].op")]


def test_library_under_a_builtin_name(tmp_path: Path) -> None:
    main = write(tmp_path, main=net("[]", top='[use]\nconv = "lib.toml"'), lib=LIBRARY)
    assert library_findings(main) == [("AS206", "main.toml", "use.conv")]


def test_library_with_an_error_is_reported_there(tmp_path: Path) -> None:
    main = write(tmp_path, main=uses("lib.toml"), lib=LIBRARY.replace('out = "width"', 'out = "widht"'))
    assert library_findings(main) == [("AS301", "lib.toml", "blocks.unit.layers[0].out")]


def test_library_with_an_error_is_reported_once(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        main=net('["a.unit", "b.unit"]', top='[use]\na = "lib.toml"\nb = "lib.toml"'),
        lib=LIBRARY + "[blok]\n",
    )
    assert library_findings(main) == [("AS201", "lib.toml", "blok")]


def test_library_cycle(tmp_path: Path) -> None:
    main = write(
        tmp_path, main=uses("a.toml"), a=LIBRARY + '[use]\nb = "b.toml"', b=LIBRARY + '[use]\na = "a.toml"'
    )
    assert library_findings(main) == [("AS305", "b.toml", "use.a")]


def test_library_of_itself(tmp_path: Path) -> None:
    main = write(tmp_path, main=net("[]", top='[use]\nlib = "main.toml"'))
    assert library_findings(main) == [("AS305", "main.toml", "use.lib")]


def test_library_outside(tmp_path: Path) -> None:
    write(tmp_path, lib=LIBRARY)
    main = write(tmp_path / "specs", main=uses("../lib.toml"))
    assert library_findings(main) == [("AS309", "main.toml", "use.lib")]
    assert weights(archspec.load(main, allow_outside=True)) == "0.0.weight 4x3x3x3, 0.0.bias 4"


def test_library_outside_by_a_link(tmp_path: Path) -> None:
    write(tmp_path, lib=LIBRARY)
    main = write(tmp_path / "specs", main=uses("link.toml"))
    (tmp_path / "specs" / "link.toml").symlink_to(tmp_path / "lib.toml")
    assert library_findings(main) == [("AS309", "main.toml", "use.lib")]
    assert weights(archspec.load(main, allow_outside=True)) == "0.0.weight 4x3x3x3, 0.0.bias 4"


def test_library_inside_by_a_link(tmp_path: Path) -> None:
    main = write(tmp_path, main=uses("link.toml"), lib=LIBRARY)
    (tmp_path / "link.toml").symlink_to("lib.toml")
    assert weights(archspec.load(main)) == "0.0.weight 4x3x3x3, 0.0.bias 4"


def test_library_by_an_absolute_path(tmp_path: Path) -> None:
    main = write(tmp_path, main=uses(str(tmp_path / "lib.toml")), lib=LIBRARY)
    assert library_findings(main) == [("AS309", "main.toml", "use.lib")]


def test_input_types_of_the_model() -> None:
    model = load(net("[]", shape='["N", 3, 8, 8]'))
    assert model.inputs == {"input": TensorType(("N", 3, 8, 8))}
    assert HEAD.startswith("archspec = 1\n")


def test_recursion_is_found_whatever_was_elaborated_before() -> None:
    """An instance that is known already, from where it is not inside of itself, is not known to be allowed here."""
    blocks = """[blocks.outer]
required = { unit = "op" }
layers = ["{unit}"]
[blocks.inner]
layers = [{ op = "outer", unit = "tanh" }]
"""
    call = '{ op = "outer", unit = "inner" }'
    for layers in (f"[{call}]", f'["inner", {call}]', f'["inner", "inner", {call}]'):
        assert [code for code, _ in found(findings(net(layers) + blocks))] == ["AS304"], layers
    assert load(net('["inner", { op = "outer", unit = "relu" }]') + blocks).outputs


# --- errors in Python ----------------------------------------------------------------------------------------


def test_errors_have_lines(tmp_path: Path) -> None:
    text = net(
        '[\n  { op = "b", n = 4 },\n]',
        '[blocks.b]\nrequired = { n = "int" }\nlayers = [{ op = "conv", out = "n - 4" }]',
    )
    (tmp_path / "net.toml").write_text(text)
    for error in (findings(text), findings_of(tmp_path / "net.toml")):
        assert ".toml:12:32: blocks.b.layers[0].out\n" in str(error)
        assert ".toml:8:3: model.layers[0]" in str(error)  # the call
        [finding] = error.findings
        assert (finding.spot.line, finding.spot.column, finding.spot.text[31:38]) == (12, 32, '"n - 4"')
        assert finding.diagnostic == error.diagnostics[0]
        assert pickle.loads(pickle.dumps(error)).diagnostics == error.diagnostics  # noqa: S301 — our own


def findings_of(path: Path) -> SpecError:
    with pytest.raises(SpecError) as caught:
        archspec.load(str(path))
    return caught.value


def test_errors_of_syntax_have_lines() -> None:
    assert "net.toml:2:7" in str(findings("archspec = 1\n[model\n"))
    assert "net.json:3:2" in str(findings('{\n  "archspec": 1\n "model": {}\n}', path="net.json"))


# --- expectations --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "holds"),
    [
        ("< 12", False),
        ("< 13", True),
        ("<= 12", True),
        ("<= 11", False),
        ("> 12", False),
        ("> 11", True),
        (">= 12", True),
        (">= 13", False),
        ("== 12", True),
        ("== 13", False),
        ("< 0.012k", False),
        ("<= 0.012k", True),
        ("> 0.00001M", True),
        ("< 0.0001M", True),
        ("> 0.00000001G", True),
        ("< 0.0000001G", True),
        ("> 0.00000000001T", True),
        ("< 0.0000000001T", True),
    ],
)
def test_bounds_hold_up_to_the_number_or_to_it(bound: str, *, holds: bool) -> None:
    text = net('[{ op = "conv", out = 4 }]', f'[expect]\nparams = "{bound}"')
    assert [item.diagnostic.code for item in archspec.validate("net.toml", source=text)] == (
        [] if holds else ["AS501"]
    )


@pytest.mark.parametrize("key", ["name", "of", "when"])
def test_null_says_nothing_of_an_output(key: str) -> None:
    output = json.dumps({"of": "0"} | {key: None})
    model = f'{{"input": ["N", 3, 8, 8], "layers": ["relu"], "outputs": [{output}]}}'
    (found,) = archspec.validate("net.json", source=f'{{"archspec": 1, "model": {model}}}')
    assert (found.diagnostic.code, found.diagnostic.location) == ("AS203", f"model.outputs[0].{key}")
    assert "not null" in found.diagnostic.message


def test_a_multiple_that_is_expected_stands_in_brackets() -> None:
    text = net('["relu"]', '[expect]\noutput = ["2*N", 3, 8, 8]')
    (found,) = archspec.validate("net.toml", source=text)
    assert found.diagnostic.message == "`output` is N×3×8×8, expected (2 * N)×3×8×8"


@pytest.mark.parametrize(
    ("inference", "training", "wrong"),
    [(12, 32, []), (32, 32, ["expect.params"]), (12, 12, ["expect.training.params"])],
)
def test_training_has_expectations_of_its_own(inference: int, training: int, wrong: list[str]) -> None:
    """4 · 3 weights, and 5 · 4 of a head; in MACs 64 times as many."""
    text = net(
        '[{ name = "a", op = "conv", out = 4 }, { name = "b", op = "conv", out = 5 }]',
        f'outputs = ["a"]\ntrain_outputs = ["b"]\n[expect]\nparams = {inference}\nmacs = 768\n'
        f"training = {{ params = {training}, macs = 2048 }}",
    )
    found = archspec.validate("net.toml", source=text)
    assert [item.diagnostic.location for item in found] == wrong


@pytest.mark.parametrize("when", ["false", "'i > 5'"])
def test_a_container_of_which_nothing_is_left_takes_no_position(when: str) -> None:
    text = (
        'archspec = 1\n[model]\ninput = ["N", 3, 8, 8]\nlayers = ["relu", '
        f"{{ name = 'stage', op = 'lrn', size = 3, repeat = 2, when = {when} }}, 'batchnorm', "
        "{ op = 'add', from = ['x', 'stage'] }]"
    )
    assert next(iter(archspec.load("net.toml", source=text).weights())) == "1.weight"
