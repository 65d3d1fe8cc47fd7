"""`archspec diff`: verdicts against PyTorch, what is told of changes, weights carried over, and the command."""

import contextlib
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from diff_mutants import EDITS
from nets import SPECS, randomise_statistics
from safetensors.torch import load_file
from try_diff import trial

import archspec
from archspec import Difference, Model, UsageError
from archspec.analysis.cost import Costs
from archspec.analysis.diff import function
from archspec.analysis.diff.function import Values
from archspec.analysis.diff.keys import KeyMap
from archspec.analysis.expand import canonical
from archspec.cli.app import app
from archspec.cli.errors import guarded
from archspec.report.difference_markdown import LIMIT, MARKER

RESNET = (SPECS / "resnet.toml").read_text(encoding="utf-8")

# --- pairs against PyTorch ----------------------------------------------------------------------------------


@pytest.mark.parametrize("start", range(0, 40, 5))
@pytest.mark.filterwarnings("ignore")
def test_verdicts_agree_with_pytorch(start: int) -> None:
    """`try_diff.py` tries as many pairs as one likes."""
    found = [
        (seed, what, line) for seed, what, _, lines in map(trial, range(start, start + 5)) for line in lines
    ]
    assert [item for item in found if not item[2].startswith("unsure")] == []


BROKEN: dict[str, tuple[Any, str, Callable[[Any], Any], str, str]] = {
    "strides make no difference": (
        function,
        "meaning",
        lambda meaning: (
            lambda op, inputs, **how: meaning(
                op.model_copy(update={"stride": 1}) if op.name == "maxpool" else op, inputs, **how
            )
        ),
        '{ op = "maxpool", kernel = 3, stride = 1, padding = 1 }',
        '{ op = "maxpool", kernel = 3, stride = 2, padding = 1 }',
    ),
    "every order is the same": (
        Values,
        "op",
        lambda op: lambda self, module, what, path, given: op(self, module, what, path, sorted(given)),
        '{ op = "concat", branches = ["relu", { name = "c", op = "conv", out = 3, kernel = 1 }] }',
        '{ op = "concat", branches = [{ name = "c", op = "conv", out = 3, kernel = 1 }, "relu"] }',
    ),
    "a key is lost": (
        KeyMap,
        "entries",
        lambda entries: lambda self: list(entries(self))[1:],
        '{ name = "c", op = "conv", out = 3, kernel = 1 }',
        '{ name = "d", op = "conv", out = 3, kernel = 1 }',
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_pytorch_would_tell(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from diff_oracle import disagreements

    where, what, wrong, *layers = BROKEN[name]
    end = ', "global_avgpool", "flatten"'
    one, other = (chain(layer + end) for layer in layers)
    assert [*disagreements(one, other, 0)] == []
    monkeypatch.setattr(where, what, wrong(getattr(where, what)))
    again, once_more = (chain(layer + end) for layer in layers)
    assert [*disagreements(again, once_more, 0)] != []


def test_every_kind_of_edit_is_made() -> None:
    assert {
        "rename",
        "insert",
        "remove",
        "widen",
        "stride",
        "activation",
        "norm",
        "repeat",
        "split stage",
    } <= {*EDITS}


# --- single edits -------------------------------------------------------------------------------------------


def chain(layers: str, more: str = "", shape: str = '["N", 3, 9, 7]') -> Model:
    text = f"archspec = 1\n[model]\ninput = {shape}\nlayers = [{layers}]\n{more}\n"
    return archspec.load("net.toml", source=text)


def resnet(edit: Callable[[str], str] = str, variant: str = "resnet50", **options: Any) -> Model:
    return archspec.load(SPECS / "resnet.toml", variant, source=edit(RESNET), **options)


def replaced(*pairs: tuple[str, str]) -> Callable[[str], str]:
    def edit(text: str) -> str:
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        return text

    return edit


EDITED: dict[str, tuple[Callable[[str], str], str, str]] = {
    "nothing": (str, "identical", "the networks are the same"),
    "another name of a parameter": (replaced(("base_width", "base")), "identical", "the same"),
    "a moved stride": (
        replaced(("kernel = 7, stride = 2", "kernel = 7, stride = 1")),
        "weights",
        "conv1: stride 2 → 1 (loads, computes something else)",
    ),
    "eps of all norms": (
        replaced(("[defaults]", "[defaults]\nbatchnorm = { eps = 0.001 }")),
        "weights",
        "(53 × batchnorm): eps 1e-05 → 0.001 (loads, computes something else)",
    ),
    "momentum of all norms": (
        replaced(("[defaults]", "[defaults]\nbatchnorm = { momentum = 0.01 }")),
        "outputs",
        "momentum 0.1 → 0.01 (training only)",
    ),
    "initial values": (
        replaced(('name = "fc", op', 'name = "fc", init = { weight = 0.0 }, op')),
        "outputs",
        "fc: init {} → { weight = 0 } (other initial values)",
    ),
    "padding in other words": (
        replaced(("kernel = 7, stride = 2", "kernel = 7, stride = 2, padding = 3")),
        "outputs",
        "conv1: padding half → 3 (no effect)",
    ),
    "a relu of what is not negative": (
        replaced(('  "flatten",', '  "relu", "flatten",')),
        "outputs",
        "+ relu (no effect)",
    ),
    "an activation": (
        replaced(('{ name = "relu", op = "relu" }', '{ name = "relu", op = "gelu" }')),
        "weights",
        "relu: relu → gelu (loads, computes something else)",
    ),
    "stages by another name": (replaced(('"layer', '"stage')), "renames", "renamed: layer*.* → stage*.*"),
    "a layer inside of all blocks by another name": (
        replaced(
            ('name = "conv1", op = "conv", out = "inner"', 'name = "reduce", op = "conv", out = "inner"')
        ),
        "renames",
        "renamed: *.conv1.* → *.reduce.*",
    ),
    "all below another prefix": (
        replaced(
            (
                '  { name = "conv1", op = "conv", out = 64, kernel',
                '{ name = "body", layers = [\n{ name = "conv1", op = "conv", out = 64, kernel',
            ),
            ('  { name = "avgpool"', ']}, { name = "avgpool"'),
        ),
        "renames",
        "renamed: layer*.* → body.layer*.*",
    ),
    "a wider stage": (
        replaced(('depths[2]", width = 256', 'depths[2]", width = 320')),
        "partial",
        "layer3.0, layer3.1–5 (6 × bottleneck): bottleneck width 256 → 320",
    ),
    "a stage in two": (
        replaced(
            (
                '{ name = "layer3", op = "{unit}", repeat = "depths[2]", width = 256, first = { stride = 2 } },',
                '{ name = "layer3a", op = "{unit}", repeat = 3, width = 256, first = { stride = 2 } }, { name = "layer3b", op = "{unit}", repeat = "depths[2] - 3", width = 256 },',
            )
        ),
        "renames",
        "all 320 weights load under new names; the outputs stay the same",
    ),
    "another norm": (
        replaced(
            (
                '{ name = "bn1", op = "batchnorm" },\n  { name = "relu"',
                '{ name = "bn1", op = "groupnorm", groups = 8 },\n  { name = "relu"',
            )
        ),
        "partial",
        "bn1: batchnorm → groupnorm",
    ),
}


@pytest.mark.parametrize("name", EDITED)
def test_edits_of_a_resnet(name: str) -> None:
    edit, verdict, told = EDITED[name]
    difference = archspec.diff(resnet(), resnet(edit))
    assert difference.verdict == verdict
    assert told in difference.text()


LAWS = {
    "a cut of a cut": ('"relu", "relu6"', '"relu6"', True),
    "a cut in other words": ('"relu6"', '{ op = "hardtanh", min_val = 0, max_val = 6 }', True),
    "a cut of what bends below 0": ('"celu", "relu"', '"relu", "celu"', True),
    "permutations of permutations": (
        '{ op = "permute", axes = [0, 2, 3, 1] }, { op = "permute", axes = [0, 2, 3, 1] }',
        '{ op = "permute", axes = [0, 3, 1, 2] }',
        True,
    ),
    "a pool of single elements": ('"relu", { op = "maxpool", kernel = 1 }', '"relu"', True),
    "a pool of everything": (
        '{ op = "avgpool", kernel = [9, 7] }, "flatten"',
        '"global_avgpool", "flatten"',
        True,
    ),
    "a stride of a single position": (
        '"global_avgpool", { name = "c", op = "conv_transpose", out = 3, kernel = 2, stride = 2 }',
        '"global_avgpool", { name = "c", op = "conv_transpose", out = 3, kernel = 2 }',
        True,
    ),
    "sums commute": (
        '{ op = "add", branches = [[], { name = "c", op = "conv", out = 3, kernel = 1 }] }',
        '{ op = "add", branches = [{ name = "c", op = "conv", out = 3, kernel = 1 }, []] }',
        True,
    ),
    "concatenations do not": (
        '{ op = "concat", branches = [[], { name = "c", op = "conv", out = 3, kernel = 1 }] }',
        '{ op = "concat", branches = [{ name = "c", op = "conv", out = 3, kernel = 1 }, []] }',
        False,
    ),
    "activations before a flatten": ('"gelu", "flatten"', '"flatten", "gelu"', True),
    "what rises before a max pool": ('"relu", "global_maxpool"', '"global_maxpool", "relu"', True),
    "what does not rise": ('"abs", "global_maxpool"', '"global_maxpool", "abs"', False),
    "averages": ('"relu", "global_avgpool"', '"global_avgpool", "relu"', False),
    "a stride where one position is left": (
        '"global_avgpool", { name = "c", op = "conv", out = 3, kernel = 1, stride = 2 }',
        '"global_avgpool", { name = "c", op = "conv", out = 3, kernel = 1 }',
        True,
    ),
    "dropout": ('"dropout"', '{ op = "dropout", p = 0.1 }', True),
    "all parts of a split": (
        '{ name = "s", op = "split", sections = [1, 2] }, { op = "concat", from = ["s.0", "s.1"] }',
        '{ name = "s", op = "split", sections = [2, 1] }, { op = "concat", from = ["s.0", "s.1"] }',
        True,
    ),
    "a dead end": (
        '{ as = "a", op = "relu" }, { op = "sigmoid", from = "input" }',
        '{ as = "a", op = "tanh" }, { op = "sigmoid", from = "input" }',
        True,
    ),
    "squares are not negative": (
        '{ op = "mul", from = ["input", "input"] }, "relu"',
        '{ op = "mul", from = ["input", "input"] }, "elu"',
        True,
    ),
}


@pytest.mark.parametrize("name", LAWS)
def test_laws_hold_in_pytorch(name: str) -> None:
    from diff_oracle import disagreements

    *layers, same = LAWS[name]
    one, other = map(chain, layers)
    assert archspec.diff(one, other).same_outputs == same
    assert [*disagreements(one, other, 0)] == []


def test_identical_exactly_if_the_expanded_specs_are_equal() -> None:
    models = [
        resnet(variant="resnet18"),
        resnet(variant="resnet34"),
        archspec.load("expanded.json", source=canonical(resnet(variant="resnet18").network, Costs())),
        resnet(replaced(('name = "conv1", op', 'doc = "the stem", name = "conv1", op')), "resnet18"),
        resnet(replaced(("archspec = 1\n", "archspec = 1\n# a comment\n")), "resnet18"),
    ]
    texts = [canonical(model.network, Costs()) for model in models]
    for one, before in zip(models, texts, strict=True):
        for other, after in zip(models, texts, strict=True):
            assert (archspec.diff(one, other).verdict == "identical") == (before == after)


def test_what_has_no_effect_at_a_size_is_said() -> None:
    one, other = map(chain, LAWS["a stride where one position is left"][:2])
    assert "c: stride 2 → 1 (no effect at this size of the input)" in archspec.diff(one, other).text()


def test_inputs_of_another_size_compute_the_same() -> None:
    large = resnet(inputs={"input": ("N", 3, 288, 256)})
    difference = archspec.diff(resnet(), large)
    assert difference.verdict == "outputs"
    assert "input 3×224×224 → 3×288×256" in difference.text()


def test_positions_are_no_names() -> None:
    difference = archspec.diff("zoo:vgg16", "zoo:vgg16_bn")
    assert difference.map["features.2.weight"] == "features.3.weight"
    assert len(difference.map) == 32
    assert "(13 × batchnorm): + batchnorm (65 new weights)" in difference.text()


def test_what_is_gone_is_told_by_its_old_name() -> None:
    layers = '{ name = "NAME", layers = [{ name = "c", op = "conv", out = 4, kernel = 1 }, DROP "relu"] }'
    old = chain(layers.replace("NAME", "old").replace("DROP", '"sigmoid",'))
    new = chain(layers.replace("NAME", "new").replace("DROP", ""))
    (change,) = archspec.diff(old, new).changes
    assert (change.path, change.text, change.in_old) == ("old.1", "- sigmoid", True)


def test_the_map_loads_what_torchvision_saves() -> None:
    theirs = torchvision.models.resnet18(weights=None)
    randomise_statistics(theirs)
    new = resnet(
        replaced(('"layer', '"stage'), ('name = "fc"', 'name = "head"'), ('name = "bn2"', 'name = "norm2"')),
        "resnet18",
    )
    difference = archspec.diff(resnet(variant="resnet18"), new)
    assert (difference.verdict, difference.same_outputs) == ("renames", True)
    module = archspec.build(new).eval()
    state = theirs.state_dict()
    module.load_state_dict({difference.map[key]: tensor for key, tensor in state.items()}, strict=True)
    image = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(module(image), theirs.eval()(image))


# --- what is told -------------------------------------------------------------------------------------------


def test_a_longer_stage_is_a_line() -> None:
    text = archspec.diff("zoo:resnet101", "zoo:resnet152").text()
    assert len(text.splitlines()) <= 20
    assert "  layer2: 4 → 8 × bottleneck (72 new weights)" in text
    assert "  layer3: 23 → 36 × bottleneck (234 new weights)" in text
    assert "  params 44,549,160 → 60,192,808 (+35.1 %)" in text


def test_other_classes_are_a_few_lines() -> None:
    text = archspec.diff(resnet(variant="resnet101"), resnet(params={"classes": 10})).text()
    assert "  layer3: 23 → 6 × bottleneck" in text
    assert len(text.splitlines()) <= 12
    assert "  fc: out 1000 → 10 (2 weights of another shape)" in text
    assert "  output 1000 → 10" in text


def test_different_networks_are_a_page() -> None:
    difference = archspec.diff("zoo:inception_v3", "zoo:inception_v4")
    lines = difference.text().splitlines()
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 220
    assert len(difference.text(verbose=True).splitlines()) > len(lines)


def test_lines_are_those_of_the_spec(tmp_path: Path) -> None:
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    old.write_text(RESNET, encoding="utf-8")
    new.write_text(
        "\n\n" + RESNET.replace("kernel = 3, stride = 2, padding = 1", "kernel = 2"), encoding="utf-8"
    )
    (change,) = archspec.diff(f"{old}@resnet18", f"{new}@resnet18").json()["changes"]
    line = new.read_text(encoding="utf-8").splitlines()[change["line"] - 1]
    assert line[change["column"] - 1 :].startswith("2 }")  # the value of the first field that differs
    assert change["fields"][0] == {"name": "kernel", "old": "3", "new": "2"}
    assert (change["path"], change["code"], change["effect"]) == ("maxpool", "AS801", "function")


def test_expectations_that_break(tmp_path: Path) -> None:
    for name, text in (("old", RESNET), ("new", RESNET.replace("classes = 1000", "classes = 10"))):
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    found = archspec.diff(f"{tmp_path}/old.toml@resnet18", f"{tmp_path}/new.toml@resnet18").json()["expect"]
    assert [item["message"].partition(" ")[0] for item in found] == ["`params`", "`macs`", "`output`"]
    mended = RESNET.replace("classes = 1000", "classes = 10").replace(
        "resnet18 = { params = 11_689_512", "resnet18 = { params = 11_181_642"
    )
    (tmp_path / "new.toml").write_text(mended, encoding="utf-8")
    found = archspec.diff(f"{tmp_path}/old.toml@resnet18", f"{tmp_path}/new.toml@resnet18").json()["expect"]
    assert [item["message"] for item in found if item["old"]] == [
        "`params` is 11,181,642, expected 11,689,512 (-4.34 %)"
    ]


def test_interface() -> None:
    one = chain('{ name = "a", op = "relu" }, { name = "b", op = "tanh" }')
    spec = 'archspec = 1\n[model]\ninput = ["N", 3, 9, 7]\noutputs = ["b", "a"]\nlayers = [{ name = "a", op = "relu" }, { name = "b", op = "tanh" }]\n'
    two = archspec.load("net.toml", source=spec)
    assert "+ output `a` 3×9×7" in archspec.diff(one, two).text()
    swapped = archspec.load("net.toml", source=spec.replace('["b", "a"]', '["a", "b"]'))
    text = archspec.diff(two, swapped).text()
    assert text.startswith("weights: ")
    assert "output `a` is in another place" in text


def test_moved_branches_are_told_at_the_join() -> None:
    convs = [f'[{{ op = "conv", out = {out}, kernel = 1 }}, "relu"]' for out in (2, 4)]
    one, other = (
        chain(f'{{ op = "concat", branches = [{", ".join(order)}] }}') for order in (convs, convs[::-1])
    )
    difference = archspec.diff(one, other)
    assert difference.verdict == "renames"
    assert difference.map == {
        "0.weight": "2.weight",
        "0.bias": "2.bias",
        "2.weight": "0.weight",
        "2.bias": "0.bias",
    }
    assert [change.text for change in difference.changes] == ["takes its inputs in another order"]


# --- cost ---------------------------------------------------------------------------------------------------

COPIES = """\
archspec = 1
[model]
input = ["N", 8, 16, 16]
layers = [{ name = "stack", op = "outer", repeat = 1000 }]
[blocks.outer]
layers = [{ name = "inner", op = "unit", repeat = MANY }]
[blocks.unit]
layers = [{ op = "residual", layers = [{ name = "conv", op = "conv", out = 8, kernel = 1 }, "batchnorm", "relu"] }]
"""


def test_equal_blocks_are_compared_once() -> None:
    old, new = (archspec.load("n.toml", source=COPIES.replace("MANY", many)) for many in ("1000", "999"))
    difference = archspec.diff(old, new)
    assert difference.verdict == "partial"
    assert difference.difference.counts == (7_000_000, 6_993_000)
    assert difference.difference.carried == 6_993_000
    assert [change.text for change in difference.changes] == ["1000 → 999 × unit"]
    assert len(difference.difference.pairs.known) < 10
    with pytest.raises(UsageError, match="more than the 1,000,000 that can be listed"):
        _ = difference.map


# --- weights ------------------------------------------------------------------------------------------------


def test_weights_are_carried_over(tmp_path: Path) -> None:
    old, new, fresh = (tmp_path / f"{name}.safetensors" for name in ("old", "new", "fresh"))
    before, after = resnet(variant="resnet18"), resnet(replaced(('"layer', '"stage')), "resnet34")
    archspec.export(before, old, seed=1)
    archspec.export(after, new, weights=old, from_=before, seed=2)
    archspec.export(after, fresh, seed=2)
    theirs, ours, drawn = map(load_file, (old, new, fresh))
    assert ours.keys() == after.weights().keys()
    for key, tensor in ours.items():
        source = theirs.get(key.replace("stage", "layer"), drawn[key])
        assert torch.equal(tensor, source)
    archspec.build(after).load_state_dict(ours, strict=True)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    old = tmp_path / "old.safetensors"
    archspec.export(resnet(variant="resnet18"), old)
    with pytest.raises(UsageError, match="no weight of `resnet18` has a place in this network"):
        archspec.export(
            "zoo:vgg11", tmp_path / "new.safetensors", weights=old, from_=resnet(variant="resnet18")
        )
    with pytest.raises(UsageError, match="do not match this network"):  # the file is not one of `from_`
        archspec.export("zoo:resnet34", tmp_path / "new.safetensors", weights=old, from_="zoo:vgg11")
    with pytest.raises(UsageError, match="`--from` tells what network"):
        archspec.export("zoo:resnet34", tmp_path / "new.safetensors", from_="zoo:resnet18")
    assert not (tmp_path / "new.safetensors").exists()


# --- the command --------------------------------------------------------------------------------------------


def run(*arguments: str | Path, code: int = 0) -> str:
    """What the command prints, results and messages alike."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    end = 0
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        try:
            end = guarded(lambda: app([*map(str, arguments)], prog_name="archspec"))
        except SystemExit as stop:
            end = int(stop.code or 0)
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    text = stream.buffer.getvalue().decode()
    assert end == code, text
    return text


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A spec before and after a change of a stride."""
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    old.write_text(RESNET, encoding="utf-8")
    new.write_text(EDITED["a moved stride"][0](RESNET), encoding="utf-8")
    return old, new


def test_all_variants_are_compared(pair: tuple[Path, Path]) -> None:
    text = run("diff", *pair)
    assert text.startswith("10 of 10 networks changed: 10 compute something else with old weights\n")
    assert text.count("conv1: stride 2 → 1") == 1
    text = run("diff", f"{pair[0]}@resnet18", pair[1])
    assert text.startswith("weights: ")


def test_exit_codes(pair: tuple[Path, Path]) -> None:
    old, new = (f"{path}@resnet18" for path in pair)
    run("diff", old, new)
    run("diff", old, old, "--exit-code")
    run("diff", old, new, "--exit-code", code=1)
    run("diff", old, new, "--fail-on", "outputs", code=1)
    run("diff", old, new, "--fail-on", "weights", code=1)
    run("diff", old, new, "--fail-on", "renames")
    run("diff", old, new, "--fail-on", "everything", code=2)
    assert "no variant `resnet19`" in run("diff", old, f"{pair[1]}@resnet19", code=2)


def test_json_has_everything(pair: tuple[Path, Path]) -> None:
    data = json.loads(run("diff", *(f"{path}@resnet50" for path in pair), "--format", "json"))
    (one,) = data["comparisons"]
    assert (data["format_version"], one["verdict"], one["same_outputs"]) == ("1.0", "weights", False)
    assert one["weights"] == {"old": 320, "new": 320, "carried": 320}
    assert one["numbers"]["params"] == {"old": 25_557_032, "new": 25_557_032}
    assert one["numbers"]["weights_file"]["new"] == (25_557_032 + 53_120) * 4 + 53 * 8
    assert one["changes"][0]["fields"] == [{"name": "stride", "old": "2", "new": "1"}]


def test_params_of_one_side(pair: tuple[Path, Path]) -> None:
    text = run("diff", f"{pair[0]}@resnet50", f"{pair[0]}@resnet50", "--set-new", "classes=10")
    assert "fc: out 1000 → 10" in text
    assert "[expect]" not in text


def test_maps_in_both_forms(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    new = tmp_path / "renamed.toml"
    new.write_text(RESNET.replace('"layer', '"stage'), encoding="utf-8")
    old = f"{pair[0]}@resnet18"
    run("diff", old, new, "--rename-map", tmp_path / "map.json")
    found = json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))
    assert len(found) == 122
    assert found["layer1.0.conv1.weight"] == "stage1.0.conv1.weight"
    run("diff", old, new, "--rename-map", tmp_path / "map.toml")
    # with these lines the new spec loads what torchvision saves
    new.write_text(new.read_text("utf-8") + (tmp_path / "map.toml").read_text("utf-8"), encoding="utf-8")
    torch.save(torchvision.models.resnet18(weights=None).state_dict(), tmp_path / "old.pt")
    archspec.build(new, "resnet18", weights=tmp_path / "old.pt")
    shifted = run("diff", "zoo:vgg16", "zoo:vgg16_bn", "--rename-map", tmp_path / "m.toml", code=2)
    assert "`features.7.weight` is another weight in the new network" in shifted
    assert "`.json` file" in run("diff", old, new, "--rename-map", tmp_path / "map.txt", code=2)
    assert "name one with `@`" in run("diff", pair[0], pair[1], "--rename-map", tmp_path / "m.json", code=2)


def test_a_comment_for_a_pull_request(pair: tuple[Path, Path]) -> None:
    text = run("diff", *pair, "--format", "markdown")
    lines = text.splitlines()
    assert lines[0] == MARKER
    assert lines[1].startswith("**10 of 10 networks changed")
    assert "| `resnet50` | weights | 25.6M | 4.09G → 16.4G |" in lines
    assert text.count("<details>") == text.count("</details>") == 1


def test_a_comment_is_never_too_long(tmp_path: Path) -> None:
    layers = ",\n".join(
        f'{{ name = "{"n" * 80}{i}", op = "conv", out = {i + 1}, kernel = 1 }}' for i in range(900)
    )
    variants = "\n".join(f"v{i} = {{ a = {i} }}" for i in range(40))
    for name, text in (("old", layers), ("new", re.sub("out = ([0-9]+)", r'out = "\1 + a"', layers))):
        (tmp_path / f"{name}.toml").write_text(
            f'archspec = 1\n[params]\na = 1\n[variants]\n{variants}\n[model]\ninput = ["N", 3, 8, 8]\nlayers = [\n{text}\n]\n'
        )
    text = run("diff", tmp_path / "old.toml", tmp_path / "new.toml", "--format", "markdown", "--verbose")
    assert 30_000 < len(text) < LIMIT
    assert text.count("<details>") == text.count("</details>")


def test_names_do_not_become_markdown(tmp_path: Path) -> None:
    for name, value in (("old", "constant"), ("new", "reflect")):
        (tmp_path / f"{name}.toml").write_text(
            f'archspec = 1\n[model]\ndoc = "``` </details>"\ninput = ["N", 3, 8, 8]\nlayers = [{{ op = "pad", padding = 1, mode = "{value}" }}]\n'
        )
    text = archspec.diff(tmp_path / "old.toml", tmp_path / "new.toml").markdown()
    assert text.count("```") == 2
    assert text.count("</details>") == 1


def test_folders(tmp_path: Path) -> None:
    net = 'archspec = 1\n[model]\ninput = ["N", 3, 8, 8]\nlayers = [{ name = "c", op = "conv", out = 4, kernel = 3 }]\n'
    for side in ("old", "new"):
        (tmp_path / side / "deep").mkdir(parents=True)
        (tmp_path / side / "same.toml").write_text(net)
        (tmp_path / side / "library.toml").write_text('archspec = 1\n[blocks.b]\nlayers = ["relu"]\n')
        (tmp_path / side / "other.toml").write_text("[tool]\n")
    (tmp_path / "old" / "gone.toml").write_text(net)
    (tmp_path / "new" / "deep" / "added.toml").write_text(net)
    (tmp_path / "old" / "deep" / "wide.toml").write_text(net)
    (tmp_path / "new" / "deep" / "wide.toml").write_text(net.replace("out = 4", "out = 5"))
    (tmp_path / "old" / "mended.toml").write_text(net.replace("kernel = 3", "kernel = 30"))
    (tmp_path / "new" / "mended.toml").write_text(net)
    data = json.loads(run("diff", tmp_path / "old", tmp_path / "new", "--format", "json"))
    assert {one["name"]: one.get("verdict", one["status"]) for one in data["comparisons"]} == {
        "deep/added.toml": "added",
        "deep/wide.toml": "none",
        "gone.toml": "removed",
        "mended.toml": "mended",
        "same.toml": "identical",
    }
    run("diff", tmp_path / "old", tmp_path / "new", "--fail-on", "none", code=1)
    assert "is a folder" in run("diff", tmp_path / "old", tmp_path / "new" / "same.toml", code=2)
    (tmp_path / "new" / "same.toml").write_text(net.replace("kernel = 3", "kernel = 30"))
    text = run("diff", tmp_path / "old", tmp_path / "new", code=1)
    assert "error[AS403]" in text
    assert "deep/wide.toml" in text


def test_what_a_spec_lacks_is_said(tmp_path: Path) -> None:
    (tmp_path / "library.toml").write_text('archspec = 1\n[blocks.b]\nlayers = ["relu"]\n')
    assert "is a library of blocks" in run(
        "diff", tmp_path / "library.toml", tmp_path / "library.toml", code=2
    )
    assert "cannot read" in run("diff", tmp_path / "none.toml", tmp_path / "library.toml", code=2)


def test_ascii(pair: tuple[Path, Path]) -> None:
    assert run("diff", *pair, "--ascii").isascii()


def test_the_public_class() -> None:
    difference = archspec.diff("zoo:resnet18", "zoo:resnet18")
    assert isinstance(difference, Difference)
    assert (difference.verdict, difference.changes, difference.interface, difference.patterns) == (
        "identical",
        [],
        [],
        {},
    )
    assert difference.same_outputs
