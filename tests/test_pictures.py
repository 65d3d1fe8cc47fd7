"""Pictures: what is drawn where, against the tree, the summary, the exported graph and the standards of SVG and HTML."""

import json
import os
import re
import subprocess
import sys
import tempfile
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from picture_edges import differences
from pictures import faults
from random_networks.build import spec_of
from random_networks.notation import write

import archspec
from archspec.model import Model, without_training
from archspec.report.picture.build import all_graphs
from archspec.report.picture.compose import composer, root_scope
from archspec.report.picture.drawing import Drawing
from archspec.report.picture.html import ranges
from archspec.report.picture.metrics import lines, width
from archspec.report.picture.options import Options, options
from archspec.report.picture.page import panels
from archspec.report.picture.style import DARK, LIGHT, PAPER, Palette

ROOT = Path(__file__).resolve().parents[1]
SPECS = sorted((ROOT / "specs").glob("*.toml"))
DOWN, OPEN, RIGHT = options(), options(open_="all"), options(open_="all", direction="right")
PAPERS = options(style="paper", show="params,macs,memory,weights")


def load(name: str) -> Model:
    file, _, variant = name.partition("@")
    return archspec.load(ROOT / "specs" / f"{file}.toml", variant or None)


def source(layers: str, rest: str = "", channels: int = 4) -> str:
    return f'archspec = 1\n[model]\ninput = ["N", {channels}, 16, 16]\nlayers = [\n{layers}\n]\n{rest}'


def small(layers: str, rest: str = "") -> Model:
    return archspec.load("net.toml", source=source(layers, rest))


def drawings(model: Model, chosen: Options) -> list[Drawing]:
    return [panel.drawing for panel in panels(model, chosen)[1]]


# --- the layout


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_no_picture_of_the_zoo_has_a_fault(path: Path) -> None:
    variants = archspec.load(path).variants or (None,)
    for variant in dict.fromkeys((variants[0], variants[-1])):
        model = archspec.load(path, variant)
        for chosen in (DOWN, OPEN, RIGHT, PAPERS):
            assert [fault for drawing in drawings(model, chosen) for fault in faults(drawing)] == []


@pytest.mark.parametrize("start", range(0, 60, 10))
def test_no_picture_of_a_random_network_has_a_fault(start: int, tmp_path: Path) -> None:
    for seed in range(start, start + 10):
        spec = spec_of(seed)
        path = write(spec, tmp_path, seed)
        for variant in spec.variants:
            model = archspec.load(path, variant)
            for chosen in (DOWN, OPEN, RIGHT):
                found = [fault for drawing in drawings(model, chosen) for fault in faults(drawing)]
                assert found == [], f"seed {seed}"


def test_faults_are_seen() -> None:
    def made() -> Drawing:
        return drawings(load("resnet@resnet18"), OPEN)[0]

    drawing = made()
    assert faults(drawing) == []
    drawing.boxes[2].y = drawing.boxes[1].y
    assert any("overlaps" in fault for fault in faults(drawing))
    drawing = made()
    drawing.boxes[1].width = 30
    assert any("is too wide" in fault for fault in faults(drawing))
    drawing = made()
    drawing.boxes[0].x, drawing.boxes[0].y = drawing.boxes[2].x, drawing.boxes[2].y - 10
    assert any("goes through" in fault for fault in faults(drawing))
    drawing = made()
    drawing.edges[0].pieces[0].reverse()
    assert any("goes back" in fault for fault in faults(drawing))
    drawing = made()
    del drawing.edges[0].heads[0]
    assert any("are not its links" in fault for fault in faults(drawing))


def test_a_u_net_is_a_u() -> None:
    drawing = drawings(load("unet"), DOWN)[0]
    boxes = {box.item.name: box for box in drawing.boxes}
    for left, right in (("inc", "up4"), ("down1", "up3"), ("down2", "up2"), ("down3", "up1")):
        assert boxes[left].y + boxes[left].height / 2 == boxes[right].y + boxes[right].height / 2
        assert boxes[left].x < boxes[right].x
    assert max(boxes.values(), key=lambda box: box.y) is boxes["down4"]
    marked = {drawing.boxes[edge.source].item.name for edge in drawing.edges if edge.upwards}
    assert marked == {"down4", "up1", "up2", "up3", "up4", "outc"}


def test_what_is_no_u_goes_down() -> None:
    for name in ("resnet@resnet50", "googlenet", "retinanet", "densenet@densenet121", "hrnet@hrnet_w18"):
        for drawing in drawings(load(name), OPEN):
            assert not any(edge.upwards for one, _, _ in drawing.nested() for edge in one.edges)


# --- what is drawn


@pytest.mark.parametrize(
    "name",
    "resnet@resnet18 googlenet densenet@densenet121 unet retinanet@retinanet_resnet50_fpn hrnet@hrnet_w18 "
    "keypoint_rcnn@keypointrcnn_resnet50_fpn shufflenet_v2@shufflenet_v2_x0_5 inception_v3 ghostnet@ghostnet_100 "
    "mobilenet_v3@mobilenet_v3_small".split(),
)
def test_edges_are_those_of_the_exported_graph(name: str, tmp_path: Path) -> None:
    file, _, variant = name.partition("@")
    known = archspec.load(ROOT / "specs" / f"{file}.toml").variants
    model = load(name if variant in known else file)
    assert differences(without_training(model), tmp_path) == []


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_edges_of_random_networks_are_those_of_the_exported_graph(start: int, tmp_path: Path) -> None:
    for seed in range(start, start + 20):
        spec = spec_of(seed)
        path = write(spec, tmp_path, seed)
        for variant in spec.variants:
            try:
                found = differences(without_training(archspec.load(path, variant)), tmp_path)
            except archspec.SpecError:
                continue  # not every random network has a form in ONNX
            assert found == [], f"seed {seed}"


def test_a_missing_edge_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from archspec.report.picture.build import _Builder

    connect = _Builder.connect

    def forgetful(self: _Builder, value: int, slots: tuple[int, ...] = ()) -> None:
        connect(self, value, slots)
        if self.result.items[-1].op == "add" and len(self.result.links) > 3:
            self.result.links.pop()

    monkeypatch.setattr(_Builder, "connect", forgetful)
    assert differences(load("resnet@resnet18"), tmp_path) != []


@pytest.mark.parametrize("name", "resnet@resnet50 googlenet densenet@densenet121 unet inception_v3".split())
def test_numbers_are_those_of_the_summary(name: str) -> None:
    model = load(name)
    summary = json.loads(archspec.load(model.file, model.variant).summary(json=True))
    modules = {module["path"]: module for module in summary["modules"]}
    made = composer(model, DOWN)
    root = root_scope(model)
    whole = made.graphs.of(root).items
    for number in ("params", "macs", "buffers"):
        assert sum(getattr(item, number) for item in whole) == summary["training_totals"][number]
        live = sum(getattr(item, number) for item in whole if not item.training)
        assert live == summary["totals"][number]
    for item in made.graphs.of(root).boxes:
        if item.kind in ("block", "group") and item.count == 1:
            assert (item.params, item.macs) == (
                modules[item.names[0]]["params"],
                modules[item.names[0]]["macs"],
            )


def test_sums_of_every_level_are_those_of_its_module() -> None:
    for path in SPECS:
        model = archspec.load(path)
        made = composer(model, DOWN)
        for graph in all_graphs(made.graphs, root_scope(model)):
            if graph.scope.units is None:
                cost = model.costs.of(graph.scope.module)
                assert sum(item.params for item in graph.items) == cost.params
                assert sum(item.macs for item in graph.items) == cost.macs


def test_the_numbers_of_resnet_50() -> None:
    picture = archspec.draw(load("resnet@resnet50"))
    assert "25,557,032 parameters · 4.09G MACs" in picture  # torchvision's
    assert "layer3: 6 × bottleneck\n1024×14×14\n7,098,368 parameters" in picture


def test_heads_for_training_are_marked() -> None:
    model = load("googlenet")
    graph = composer(model, DOWN).graphs.of(root_scope(model))
    assert [item.name for item in graph.items if item.training] == ["aux1", "aux2", "aux1", "aux2"]
    assert (
        archspec.draw(model).count("in training only") == 6
    )  # two heads, as text and as title, and two outputs
    assert " x" in archspec.draw(model)


def test_shared_weights_are_linked() -> None:
    layers = '{name = "head", op = "conv", out = 4, kernel = 1}, "relu", {op = "reuse", of = "head", name = "again"}'
    picture = archspec.draw(small(layers))
    assert 'id="m-head"' in picture
    assert '<a xlink:href="#m-head">' in picture
    assert "weights of head" in picture
    assert "20 parameters" in picture.split("again")[0]
    assert "parameters" not in picture.split("again: ")[1]


def test_several_inputs_and_outputs() -> None:
    text = """archspec = 1
[model]
inputs = [{ name = "image", shape = ["N", 3, 8, 8] }, { name = "mask", shape = ["N", 3, 8, 8] }]
outputs = ["sum", "mean"]
layers = [{ name = "sum", op = "add", from = ["image", "mask"] }, { name = "mean", op = "global_avgpool" }]
"""
    made = drawings(archspec.load("net.toml", source=text), DOWN)[0]
    ports = [(box.item.kind, box.item.name) for box in made.boxes if box.item.is_port]
    assert ports == [("input", "image"), ("input", "mask"), ("output", "sum"), ("output", "mean")]


def test_equal_copies_are_one_box() -> None:
    for count in (2, 1000):
        layers = f'{{ op = "conv", out = 4, kernel = 1, repeat = {count} }}'
        boxes = drawings(small(layers), OPEN)[0].boxes
        assert [(box.item.kind, box.item.count) for box in boxes] == [
            ("input", 1),
            ("op", count),
            ("output", 1),
        ]
        layers = (
            f'{{ repeat = {count}, layers = [{{ op = "conv", out = 4, kernel = 1 }}, "relu", "maxpool2"] }}'
        )
        layers = layers.replace('"maxpool2"', '{ op = "maxpool", kernel = 1 }')
        boxes = drawings(small(layers), DOWN)[0].boxes
        assert [(box.item.kind, box.item.count) for box in boxes] == [
            ("input", 1),
            ("repeat", count),
            ("output", 1),
        ]


def test_a_dense_block_is_a_bundle() -> None:
    model = load("densenet@densenet121")
    made = drawings(model, DOWN)
    kinds = [box.item.kind for one, _, _ in made[0].nested() for box in one.boxes]
    assert kinds.count("dense") == 4
    step = next(drawing for drawing in made if drawing.graph.scope.units is not None)
    assert [item.op for item in step.graph.boxes] == ["dense_layer", "concat"]


def test_many_written_nodes_are_folded() -> None:
    layers = ",\n".join(f'{{ op = "conv", out = {4 + number % 7}, kernel = 1 }}' for number in range(10_000))
    model = small(layers)
    made = composer(model, DOWN)
    graphs = list(all_graphs(made.graphs, root_scope(model)))
    assert max(len(graph.boxes) for graph in graphs) <= 64
    assert sum(item.params for item in graphs[0].items) == model.totals.params
    assert len(archspec.draw(model)) < 100_000


def test_resnet_152_is_small() -> None:
    model = load("resnet@resnet152")
    assert len(archspec.draw(model).encode()) <= 60 * 1024
    assert len(archspec.draw(model, format="html").encode()) <= 300 * 1024


def test_every_block_is_drawn_once() -> None:
    titles = [panel.title.text for panel in panels(load("resnet@resnet152"), DOWN)[1] if panel.title]
    assert titles == [
        "bottleneck  as in layer1.0",
        "bottleneck  as in layer3.1",
    ]  # with downsampling, and without


def test_blocks_and_paths_can_be_opened() -> None:
    model = load("resnet@resnet50")

    def opened(**chosen: object) -> list[str]:
        made = drawings(model, options(**chosen))[0]  # type: ignore[arg-type]
        return [one.prefix for one, _, _ in made.nested()]

    assert opened(depth=1) == [""]
    assert opened(depth=1, open_="layer3.2") == ["", "layer3.", "layer3.1."]
    assert opened(depth=1, open_=["layer1"]) == ["", "layer1."]
    assert len(opened(open_="bottleneck")) == 13
    assert len(opened(open_="all")) == 13


# --- formats

SVG = {
    "svg": {"version", "class", "width", "height", "viewBox"},
    "title": set(), "desc": set(), "style": set(),
    "g": {"class", "id", "transform"},
    "a": {"{http://www.w3.org/1999/xlink}href"},
    "rect": {"class", "x", "y", "width", "height", "rx"},
    "circle": {"class", "cx", "cy", "r"},
    "path": {"class", "d"},
    "text": {"class", "x", "y", "textLength", "{http://www.w3.org/XML/1998/namespace}space"},
    "tspan": {"class"},
}  # fmt: skip
"""The elements of SVG 1.1 that are used, and their attributes, as in its recommendation."""


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_svg_is_valid(path: Path) -> None:
    for chosen in (
        {},
        {"open": "all", "color": "kind"},
        {"style": "paper", "show": "params,macs,memory,field,weights"},
    ):
        picture = archspec.draw(archspec.load(path), **chosen)  # type: ignore[arg-type]
        tree = ElementTree.fromstring(picture)  # noqa: S314 — our own text
        ids = []
        for element in tree.iter():
            name = element.tag.removeprefix("{http://www.w3.org/2000/svg}")
            assert element.attrib.keys() <= SVG[name]
            ids += [element.attrib["id"]] if "id" in element.attrib else []
        assert len(ids) == len(set(ids))


class Checker(HTMLParser):
    """Looks for elements that are not closed where they should be, for ids that are not unique, and for scripts."""

    VOID = frozenset({"meta", "input", "br", "rect", "path", "circle"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.ids: list[str] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.handlers: list[str] = []
        self.tags: set[str] = set()
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        assert len(given) == len(attrs), f"an attribute of {tag} is there twice"
        self.ids += [given["id"] or ""] if "id" in given else []
        self.handlers += [
            name for name, _ in attrs if name.startswith("on") or name in ("style", "href", "src")
        ]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] == "script":
            self.scripts.append(data)
        if self.stack and self.stack[-1] == "style":
            self.styles.append(data)


def checked(text: str) -> Checker:
    checker = Checker()
    checker.feed(text)
    checker.close()
    assert checker.stack == []
    assert len(set(checker.ids)) == len(checker.ids)
    assert checker.handlers == []
    assert len(checker.scripts) == len(checker.styles) == 1
    hashes = [
        f"'sha256-{b64encode(sha256(data.encode()).digest()).decode()}'"
        for data in (checker.styles[0], checker.scripts[0])
    ]
    assert checker.policy == (
        f"default-src 'none'; style-src {hashes[0]}; script-src {hashes[1]}; base-uri 'none'; form-action 'none'"
    )
    return checker


@pytest.mark.parametrize(
    "name", "resnet@resnet152 googlenet unet retinanet hrnet@hrnet_w18 vit@vit_b_16".split()
)
def test_html_is_valid_and_allows_its_own_script_alone(name: str) -> None:
    checked(archspec.draw(load(name), format="html"))


EVIL = """<script>alert(1)</script><img src=x onerror="alert('2')">&quot;&#60;]]>--><\\u0000\u202e\ufffe"""


def evil() -> Model:
    text = json.dumps(
        {
            "archspec": 1,
            "params": {"text": EVIL},
            "model": {
                "doc": EVIL,
                "input": ["N", 4, 8, 8],
                "layers": [{"name": "b", "op": "evil", "word": EVIL, "doc": EVIL}, "relu"],
            },
            "blocks": {
                "evil": {
                    "params": {"word": "good"},
                    "doc": EVIL,
                    "layers": [{"op": "conv", "out": 4, "kernel": 1}, {"op": "maxpool", "kernel": 1}, "relu"],
                }
            },
        }
    )
    return archspec.load(f"{EVIL}.json".replace("\ufffe", ""), source=text)


def test_texts_cannot_inject_markup() -> None:
    model = evil()
    tree = ElementTree.fromstring(archspec.draw(model))  # noqa: S314 — our own text
    names = {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in tree.iter()}
    assert names <= SVG.keys()
    assert "<script>alert(1)" in "".join(tree.itertext())
    for text in (archspec.draw(model, format="html"), report(model)):
        tags = checked(text).tags
        assert not tags & {"img", "iframe", "object", "embed", "link", "base"}
    for name in ("dot", "mmd"):
        assert EVIL[:8] not in archspec.draw(model, format=name).replace('\\"', "") or name == "dot"


def report(model: Model) -> str:
    from archspec.report.picture.review import review

    return review(model, DOWN, "float32", "adam")


def test_characters_that_are_no_text_are_replaced() -> None:
    from archspec.report.picture.svg import quoted

    assert quoted("<a b='c'>&\n\t") == "&lt;a b=&#39;c&#39;&gt;&amp;\n\t"
    for character in "\0\x1f\x85\ud800\ufffe\u202e\u2067":
        assert quoted(f"a{character}b") == "a\ufffdb"


def test_a_string_of_dot_cannot_end() -> None:
    from archspec.report.picture.dot import quoted

    assert quoted('a"b\\c\nd\x00') == '"a\\"b\\\\c\\nd�"'


def test_a_label_of_mermaid_has_no_markup() -> None:
    from archspec.report.picture.mermaid import quoted

    assert quoted('a"<b>`x`#;{}\nd') == '"a#34;#60;b#62;#96;x#96;#35;#59;#123;#125;<br/>d"'


def test_dot_and_mermaid_have_the_edges_of_the_picture() -> None:
    model = load("retinanet")
    made = drawings(model, options(depth=1))[0]
    count = len(made.graph.links)
    assert archspec.draw(model, format="dot", depth=1).count(" -> ") == count
    assert archspec.draw(model, format="mmd", depth=1).count(" --> ") == count
    opened = archspec.draw(load("googlenet"), format="dot", depth=2)
    assert opened.count("subgraph cluster_") == opened.count("  }")


def test_pictures_are_the_same_everywhere() -> None:
    code = (
        "import archspec, hashlib; m = archspec.load('specs/googlenet.toml'); "
        "print([hashlib.sha256(archspec.draw(m, format=f).encode()).hexdigest() for f in ('svg', 'html', 'dot', 'mmd')])"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


# --- text and colours


def test_widths_are_those_of_helvetica() -> None:
    # from Adobe's Helvetica.afm: H 722, e 556, l 222, o 556; Helvetica-Bold.afm: H 722, e 556, l 278, o 611
    assert width("Hello", 1000) == 722 + 556 + 222 + 222 + 556
    assert width("Hello", 1000, bold=True) == 722 + 556 + 278 + 278 + 611


def test_long_texts_are_broken_and_cut() -> None:
    assert lines("a bc", 10, 1000) == ["a bc"]
    for text in ("x" * 300, "word " * 80, "å" * 100, "界" * 90):
        found = lines(text, 10, 100)
        assert len(found) == 3
        assert all(width(line, 10) <= 100 for line in found)
        assert found[-1].endswith("…")


def luminance(colour: str) -> float:
    """WCAG 2's relative luminance."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK, PAPER], ids=["light", "dark", "paper"])
def test_colours_have_the_contrast_of_wcag_aa(palette: Palette) -> None:
    assert round(contrast("#ffffff", "#000000"), 1) == 21.0
    for fill in (palette.back, palette.box, palette.frame, *palette.heat, *palette.kinds.values()):
        assert contrast(palette.text, fill) >= 4.5
        assert contrast(palette.muted, fill) >= 4.5
    for fill in (palette.back, palette.frame):
        for line in (palette.line, palette.accent, palette.border):
            assert contrast(line, fill) >= 3


@pytest.mark.parametrize("palette", [LIGHT, DARK, PAPER], ids=["light", "dark", "paper"])
def test_the_heat_is_a_scale_of_lightness(palette: Palette) -> None:
    """So that nobody needs to tell colours apart: each step is farther from the background than the one before."""
    steps = [contrast(fill, palette.back) for fill in palette.heat]
    assert steps == sorted(steps)
    assert len(set(steps)) == len(steps)


# --- Python and the command


def test_draw_in_python(tmp_path: Path) -> None:
    model = archspec.load(ROOT / "specs" / "lenet.toml")
    picture = archspec.draw(model, tmp_path / "lenet.svg")
    assert (tmp_path / "lenet.svg").read_text("utf-8") == picture == archspec.draw(model)
    assert picture._repr_svg_() == picture == model._repr_svg_()
    assert picture in model._repr_html_()
    assert archspec.draw(model, format="mmd")._repr_svg_() is None
    for wrong in ({"format": "png"}, {"color": "red"}, {"show": "flops"}, {"depth": 0}, {"open": "nothing"}):
        with pytest.raises(archspec.UsageError):
            archspec.draw(model, **wrong)
    with pytest.raises(archspec.UsageError):
        archspec.draw(model, tmp_path / "lenet.png")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "archspec", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_the_commands(tmp_path: Path) -> None:
    for suffix in ("svg", "html", "dot", "mmd"):
        out = tmp_path / f"net.{suffix}"
        done = run("draw", "specs/lenet.toml", str(out))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert out.stat().st_size > 100
    out = tmp_path / "both.html"
    assert run("draw", "zoo:resnet18", "zoo:resnet50", str(out)).returncode == 0
    assert out.read_text("utf-8").count('<div class="net"') == 2
    assert run("report", "zoo:resnet18", str(out), "--batch", "8", "--optimizer", "adam").returncode == 0
    text = out.read_text("utf-8")
    assert "Memory at batch 8 in float32" in text
    assert "11,689,512" in text  # torchvision's number of parameters
    checked(text)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["draw", "zoo:resnet18", "out.png"], "its name ends in"),
        (["draw", "zoo:resnet18", "zoo:resnet50", "out.svg"], "one network"),
        (["draw", "zoo:resnet18", "out.svg", "--open", "nothing"], "no module `nothing`"),
        (["draw", "zoo:resnet18", "nowhere/out.svg"], "cannot write"),
        (["report", "zoo:resnet18", "out.svg"], "its name ends in `.html`"),
    ],
)
def test_wrong_calls(arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_drawing_needs_neither_torch_nor_onnx_nor_numpy() -> None:
    code = (
        "import sys; from archspec.cli import main\n"
        "sys.argv = ['archspec', {}, 'zoo:resnet18', {!r}]\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([name for name in ('torch', 'onnx', 'numpy') if name in sys.modules])"
    )
    with tempfile.TemporaryDirectory() as folder:
        for command in ("'draw'", "'report'"):
            text = code.format(command, f"{folder}/net.html")
            done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, cwd=ROOT)
            assert done.stdout.strip() == "[]"
            assert Path(folder, "net.html").stat().st_size > 1000


def test_names_that_count_are_ranges() -> None:
    assert ranges(["0", "1", "2"]) == ["~0~2"]
    assert ranges(["layer1", "layer1.0", "layer1.1", "a", "b3", "b4", "b6"]) == [
        "layer1",
        "layer1.~0~1",
        "a",
        "b~3~4",
        "b6",
    ]
    assert ranges(["x01", "x02"]) == ["x01", "x02"]


def test_the_report_says_what_does_not_hold() -> None:
    model = small('{ op = "conv", out = 4, kernel = 1 }', "[expect]\nparams = 21\nmacs = 4096\n")
    text = report(model)
    assert re.search(r"<td>params</td><td>21</td><td>20</td><td>does not hold</td>", text)
    assert re.search(r"<td>macs</td><td>4,096</td><td>4,096</td><td>holds</td>", text)
