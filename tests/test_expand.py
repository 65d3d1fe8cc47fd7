"""`archspec expand`: always a valid spec, which says the same network, and which expands to itself."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st
from mixtures import Mixture
from spec_cases import VALID, Valid, net

import archspec
from archspec import Model, SpecError, UsageError
from archspec.analysis.expand import canonical
from archspec.ir import Module

SPECS = Path(__file__).parent.parent / "specs"


def load(text: str, path: str = "net.toml", **options: Any) -> Model:
    return archspec.load(path, source=text, **options)


def expanded(model: Model) -> str:
    return canonical(model.network, model.costs)


def meaning(model: Model, numbers: dict[Any, int]) -> list[int]:
    """What each output is: ops with their fields and the paths of their weights, down to the inputs.

    Equal values have the same number in `numbers`, in whatever network.
    """

    def number(*what: Any) -> int:
        return numbers.setdefault(what, len(numbers))

    def run(module: Module, path: tuple[str, ...], given: list[int]) -> list[int]:
        values = list(given)
        for node in module.body:
            taken = [values[index] for index in node.inputs]
            name = (node if node.shares is None else module.body[node.shares]).name
            inner = path if name is None else (*path, name)
            op = node.module.op
            if node.module.kind == "removed":
                values += taken
            elif op is None:
                values += run(node.module, inner, taken)
            else:
                fields = json.dumps(op.model_dump(mode="json", exclude_unset=True), sort_keys=True)
                weights = inner if op.weights(node.module.inputs) else ()
                made = range(len(node.module.outputs))
                values += [number(op.name, fields, weights, *taken, index) for index in made]
        return [values[index] for index in module.results]

    return run(model.root, (), [number(index) for index in range(len(model.root.inputs))])


def check_expansion(model: Model) -> str:
    """The expanded spec, which is valid, expands to itself, and says the same."""
    text = expanded(model)
    again = load(text, "expanded.json")
    assert expanded(again) == text
    assert list(again.weights().items()) == list(model.weights().items())
    assert (again.inputs, again.outputs) == (model.inputs, model.outputs)
    if model.network.outputs and not {"x", "input"} & {*model.network.outputs}:
        assert again.network.outputs == model.network.outputs
    for ours, theirs in ((again.totals, model.totals), (again.training_totals, model.training_totals)):
        assert (ours.params, ours.buffers, ours.macs) == (theirs.params, theirs.buffers, theirs.macs)
    numbers: dict[Any, int] = {}
    assert meaning(again, numbers) == meaning(model, numbers)
    return text


@pytest.mark.parametrize("case", VALID.values(), ids=VALID)
def test_rules_of_the_language(case: Valid) -> None:
    check_expansion(load(case.text))


SPEC_VARIANTS = [
    (str(path.relative_to(SPECS)), variant)
    for path in sorted(SPECS.rglob("*.toml"))
    for data in [tomli.loads(path.read_text())]
    if "model" in data
    for variant in [None, *list(data.get("variants", {}))[:2]]
]


@pytest.mark.parametrize(("file", "variant"), SPEC_VARIANTS)
def test_networks_of_the_project(file: str, variant: str | None) -> None:
    check_expansion(archspec.load(str(SPECS / file), variant))


RELU = '{ name = "r", op = "relu" }'
CASES = {
    "declared output that no one asks for": net(
        '[{ name = "b", op = "body" }]',
        '[blocks.body]\noutputs = ["mid"]\nlayers = [{ as = "mid", op = "conv", out = 6 }, "relu"]',
    ),
    "reference to a removed node in a group": net(
        '[{ name = "g", layers = [{ name = "n", when = false, op = "relu" }, "tanh"] }, { op = "max", from = ["g.n", "x"] }]'
    ),
    "reference to a removed node in a group in a group": net(
        '["relu", { name = "g", layers = ["tanh", { name = "h", layers = [{ name = "n", when = false, op = "relu" }, "tanh"] }] }, '
        '{ op = "max", from = ["g.h.n", "x"] }]'
    ),
    "reference to no copies": net(
        '[{ name = "s", repeat = 0, op = "relu" }, "tanh", { op = "add", from = ["s", "x"] }]'
    ),
    "value inside a named join, from a group": net(
        f'[{{ name = "j", op = "concat", branches = [{RELU}] }}, {{ name = "g", layers = [{{ op = "sub", from = ["j.r", "x"] }}] }}]'
    ),
    "value inside a group that is the group's own": net(
        f'[{{ name = "g", layers = ["tanh", {{ name = "h", layers = ["tanh", {RELU}] }}] }}, {{ name = "k", layers = ['
        '"tanh", { op = "add", from = ["x", "g.h.r"] }, { op = "add", from = ["x", "g.h"] }] }]'
    ),
    "output of a block that is its own": net(
        '[{ name = "b", op = "body" }, { name = "k", layers = [{ op = "sigmoid", from = "b.end" }] }]',
        '[blocks.body]\noutputs = ["end"]\nlayers = ["tanh", { as = "end", layers = ["relu"] }]',
    ),
    "outputs of a block that is used again": net(
        '[{ name = "b", op = "body", as = "one" }, { op = "reuse", of = "b", from = "input", as = "two" }, '
        '{ op = "add", from = ["one.mid", "two.mid"] }]',
        '[blocks.body]\noutputs = ["mid"]\nlayers = [{ name = "deep", layers = [{ name = "c", op = "conv", out = 3 }, "tanh"] }, '
        '{ as = "mid", from = "deep.c", layers = [] }, { op = "conv", out = 3, from = "deep" }]',
    ),
    "group that is used again and reads its input twice": net(
        f'[{RELU}, {{ name = "g", layers = [{{ name = "c", op = "conv", out = 3 }}, {{ name = "h", layers = ['
        '"tanh", { op = "add", from = ["x", "c"] }] }] }, { name = "k", op = "residual", layers = ["tanh"] }, '
        '{ op = "reuse", of = "k", from = "g.c" }]'
    ),
    "reuse inside a group that is used again": net(
        '[{ name = "g", layers = [{ name = "c", op = "conv", out = 3 }, { op = "reuse", of = "c", as = "twice" }, "relu"] }, '
        '{ op = "reuse", of = "g", as = "again" }, { op = "add", from = ["g.twice", "again.twice"] }]'
    ),
    "size of a value that inference does not need": net(
        '[{ name = "g", layers = [{ name = "a", op = "conv", out = 3 }, { name = "b", op = "conv", out = 3 }, "relu"] }, '
        '{ name = "aux", op = "conv", out = "g.b.channels" }, { name = "last", op = "tanh", from = "g.a" }]',
        'outputs = ["last"]\ntrain_outputs = ["aux"]',
    ),
    "declared output that no one asks for, of what inference does not need": net(
        '[{ name = "b", op = "body" }, { name = "aux", op = "conv", out = 2 }, { name = "last", op = "tanh", from = "b.mid" }]',
        'outputs = ["last"]\ntrain_outputs = ["aux"]\n[blocks.body]\noutputs = ["mid", "late", "nowhere"]\nlayers = ['
        '{ name = "mid", op = "conv", out = 3 }, { name = "nowhere", op = "conv", out = 5 }, '
        '{ name = "late", op = "conv", out = 4, from = "mid" }, "relu"]',
    ),
    "one value twice among the outputs": net(
        f'[{RELU}, {{ as = "same", from = "r", layers = [] }}, "tanh"]',
        'outputs = ["r", "same"]\ntrain_outputs = ["same"]',
    ),
    "input among the outputs, twice": net('[{ as = "same", layers = [] }]', 'outputs = ["input", "same"]'),
    "module called like an input": 'archspec = 1\n[model]\ninputs = [{ name = "image", shape = ["N", 3] }, { name = "mask", '
    'shape = ["N", 3] }]\nlayers = ["b"]\n[blocks.b]\nlayers = [{ name = "image", op = "relu" }, '
    '{ op = "add", from = ["x", "input"] }]',
    "value called like an input": 'archspec = 1\n[model]\ninputs = [{ name = "image", shape = ["N", 3] }]\nlayers = ["b"]\n'
    '[blocks.b]\nlayers = [{ as = "image", op = "relu" }, { name = "g", layers = ["tanh", { op = "add", from = ["x", "image"] }, '
    '{ op = "add", from = ["x", "input"] }] }]',
    "part of a split at the end of a group": net(
        '[{ name = "g", layers = [{ name = "s", op = "split", sections = 3 }, { from = "s.0", layers = [] }] }]'
    ),
    "parts that pass through a group": net(
        '[{ name = "s", op = "split", sections = 3 }, { name = "g", layers = [] }, { op = "add", from = ["s.0", "s.1"] }]'
    ),
    "first of the parts that nobody takes": net(
        '[{ name = "s", op = "split", sections = [1, 2] }, { name = "g", layers = [{ op = "relu", from = "s.1" }] }]'
    ),
    "parameter that is added to itself": net(
        '[{ name = "p", op = "param", shape = [3, 1, 1] }, { as = "q", layers = [] }, { op = "add", from = ["q", "p"] }]'
    ),
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_references(text: str) -> None:
    check_expansion(load(text))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            net(
                '["tanh", { op = "b", name = "b", from = ["x", "input"] }, { op = "reuse", of = "b", from = ["x", "input"] }]',
                '[blocks.b]\ninputs = ["input", "skip"]\nlayers = [{ op = "add", from = ["x", "skip"] }]',
            ),
            "several inputs",
        ),
        (
            net(
                '[{ name = "g", layers = [{ op = "upsample", size = ["x.height", "x.width"] }] }, { op = "maxpool", kernel = 2, stride = 2 }, '
                '{ op = "reuse", of = "g" }]'
            ),
            "size of its input",
        ),
        (
            net(
                '[{ name = "a", op = "relu" }, { name = "g", layers = ["tanh", { op = "add", from = ["x", "a"] }] }, '
                '{ op = "reuse", of = "g" }]'
            ),
            "size of its input",
        ),
    ],
)
def test_what_is_used_again_in_another_form_has_no_expansion(text: str, says: str) -> None:
    model = load(text)
    with pytest.raises(UsageError) as caught:
        expanded(model)
    assert says in str(caught.value)


def test_mixtures() -> None:
    """Whatever is put together: of the specs that are right, hardly one is refused."""
    met: Counter[str] = Counter()
    for seed in range(700):
        text = json.dumps(Mixture(seed).spec())
        try:
            model = load(text, "net.json")
        except SpecError:
            continue
        try:
            check_expansion(model)
        except UsageError:
            met["refused"] += 1
        except (SpecError, AssertionError) as error:
            raise AssertionError(f"seed {seed}") from error
        else:
            met["checked"] += 1
    assert met["checked"] > 150
    assert met["refused"] < 5


# --- random networks -------------------------------------------------------------------------------------


@st.composite
def chains(draw: st.DrawFn, depth: int = 3) -> list[Any]:
    """Nodes that fit any image of at least 8 × 8, whatever stands before them."""
    leaf = st.sampled_from(
        ["relu", "batchnorm", {"op": "conv", "out": 4}, {"op": "conv", "out": 5, "repeat": 2}, []]
    )
    if depth == 0:
        return draw(st.lists(leaf, max_size=3))
    inner = chains(depth - 1)
    node = st.one_of(
        leaf,
        inner,
        st.builds(lambda layers, n: {"layers": layers, "repeat": n}, inner, st.integers(0, 3)),
        st.builds(lambda layers: {"op": "concat", "branches": [layers, [], ["relu"]]}, inner),
        st.builds(
            lambda a, b: {
                "op": "residual",
                "layers": [*a, {"op": "conv", "out": 4}],
                "shortcut": [*b, {"op": "conv", "out": 4}],
            },
            inner,
            inner,
        ),
        st.builds(lambda layers, n: {"op": "dense", "layers": layers, "repeat": n}, inner, st.integers(0, 2)),
        st.builds(lambda layers, flag: {"layers": layers, "when": flag}, inner, st.booleans()),
        st.builds(lambda layers: {"name": "g", "layers": [{"name": "g", "layers": layers}]}, inner),
    )
    nodes: list[Any] = draw(st.lists(node, max_size=4))
    return [
        {**item, "name": f"n{i}"} if isinstance(item, dict) and item.get("name") == "g" else item
        for i, item in enumerate(nodes)
    ]


@settings(max_examples=40)
@given(chains())
def test_expansion_of_random_networks(layers: list[Any]) -> None:
    spec = {
        "archspec": 1,
        "defaults": {"conv": {"kernel": 1}},
        "model": {"input": ["N", 3, 8, 8], "layers": layers},
    }
    try:
        model = load(json.dumps(spec), "net.json")
    except SpecError as error:  # only names may clash, where a transparent repeat copies a named group
        assert {item.code for item in error.diagnostics} == {"AS303"}
        return
    check_expansion(model)


@pytest.mark.parametrize(
    ("stem", "name"), [("a\nb", "a_b"), ("e\x1b[31mx", "e_[31mx"), ("x" * 240, "x" * 200), (" ", "model")]
)
def test_a_network_called_like_its_file_has_a_name_that_prints(tmp_path: Path, stem: str, name: str) -> None:
    path = tmp_path / f"{stem}.toml"
    path.write_text('archspec = 1\n[model]\ninput = ["N", 3, 8, 8]\nlayers = ["relu"]\n')
    model = archspec.load(str(path))
    assert model.name == name
    (tmp_path / "expanded.json").write_text(canonical(model.network, model.costs))
    assert archspec.load(str(tmp_path / "expanded.json")).name == name
