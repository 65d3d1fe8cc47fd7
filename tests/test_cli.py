"""The command line as users see it: whole processes, what they print, and their exit codes."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from archspec.report.columns import COLUMNS, SORTABLE

ROOT = Path(__file__).resolve().parents[1]
SPECS = ROOT / "specs"
ALEXNET = "specs/alexnet.toml"
RESNET = "specs/resnet.toml"


def archspec(
    *arguments: str, source: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    clean = {
        key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")
    }
    return subprocess.run(
        [sys.executable, "-m", "archspec", *arguments],
        cwd=ROOT,
        input=source,
        capture_output=True,
        text=True,
        env={**clean, "PYTHONIOENCODING": "utf-8", **environment},
        check=False,
        timeout=60,
    )


def output(*arguments: str, **environment: str) -> str:
    done = archspec(*arguments, **environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


# --- summary ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 100, 160])
def test_summary_shows_the_network_at_any_width(width: int) -> None:
    text = output("summary", ALEXNET, "--width", str(width))
    assert max(map(len, text.splitlines())) <= width
    for number in ("61,100,840", "714,188,480", "37,752,832", "64×55×55", "256×6×6"):
        assert number in text
    assert "…" not in text  # nothing is cut


def test_a_table_is_as_wide_as_columns_says_and_100_in_a_pipe() -> None:
    spec = "specs/googlenet.toml"
    assert output("summary", spec, COLUMNS="60") == output("summary", spec, "--width", "60")
    assert output("summary", spec, COLUMNS="10") == output("summary", spec, "--width", "40")
    assert output("summary", spec) == output("summary", spec, "--width", "100")


def test_summary_in_ascii() -> None:
    text = output("summary", ALEXNET, "--ascii")
    assert text.isascii()
    assert "64x55x55" in text
    assert output("summary", ALEXNET, PYTHONIOENCODING="ascii").isascii()


@pytest.mark.parametrize("command", [["ops"], ["ops", "conv"], ["rule"], ["compare", ALEXNET]], ids=" ".join)
def test_every_table_can_be_ascii(command: list[str]) -> None:
    for text in (output(*command, "--ascii"), output(*command, PYTHONIOENCODING="ascii")):
        assert text.isascii()
        assert "?" not in text


def test_rules_have_the_room_to_be_read() -> None:
    lines = output("rule", "--width", "40").splitlines()
    assert "    A file that is not UTF-8 text." in lines
    assert max(map(len, lines)) <= 40
    assert any(
        "not-utf-8" in line and "A file that is not UTF-8 text." in line
        for line in output("rule").splitlines()
    )


def test_colour_goes_where_it_is_wanted() -> None:
    assert "\x1b[" not in output("summary", ALEXNET)
    assert "\x1b[" in output("summary", ALEXNET, FORCE_COLOR="1")
    assert "\x1b[3" not in output("summary", ALEXNET, FORCE_COLOR="1", NO_COLOR="1")


def test_equal_copies_share_a_row() -> None:
    text = output("summary", f"{RESNET}@resnet152", "--depth", "2")
    assert "1–35  × 35" in text
    assert "60,192,808" in text


def test_depth_opens_levels() -> None:
    assert "downsample" not in output("summary", f"{RESNET}@resnet50", "--depth", "2")
    assert "downsample" in output("summary", f"{RESNET}@resnet50", "--depth", "3")


def test_training_heads_are_reported_apart() -> None:
    text = output("summary", "specs/googlenet.toml")
    for number in ("6,624,904", "13,004,888", "1,498,376,192"):
        assert number in text


def test_json_is_the_contract() -> None:
    data = json.loads(output("summary", "specs/googlenet.toml", "--json"))
    assert data["format_version"] == "1.0"
    assert data["spec"] == "specs/googlenet.toml"
    assert data["model"] == "googlenet"
    assert data["variant"] is None
    assert data["input"] == ["N", 3, 224, 224]
    assert data["totals"]["params"] == data["totals"]["trainable"] == 6_624_904
    assert data["totals"]["macs"] == 1_498_376_192
    assert data["totals"]["flops"] == 2 * 1_498_376_192
    assert data["totals"]["output"] == ["N", 1000]
    assert data["training_totals"]["params"] == 13_004_888
    assert len(data["weights"]) == 364
    assert data["weights"]["conv1.conv.weight"] == [64, 3, 7, 7]
    assert data["definitions"].keys() == {"params", "buffers", "macs"}
    module = next(module for module in data["modules"] if module["path"] == "conv1.conv")
    assert module["op"] == "conv"
    assert module["name"] == "conv"
    assert module["depth"] == 1
    assert module["output"] == ["N", 64, 112, 112]
    assert module["params"] == 64 * 3 * 7 * 7
    assert module["macs"] == 64 * 112 * 112 * 3 * 7 * 7
    assert module["count"] == 1
    leaves = [module for module in data["modules"] if module["leaf"]]
    assert sum(leaf["params"] for leaf in leaves) == 13_004_888
    assert sum(leaf["params"] for leaf in leaves if not leaf["training_only"]) == 6_624_904


def test_a_shared_module_counts_its_calls(tmp_path: Path) -> None:
    path = tmp_path / "shared.toml"
    path.write_text("""archspec = 1
[model]
input = ["N", 4, 8, 8]
layers = [
  { name = "head", op = "conv", out = 4, kernel = 3, padding = 1, bias = false },
  { op = "maxpool", kernel = 2 },
  { op = "reuse", of = "head" },
]
""")
    data = json.loads(output("summary", str(path), "--json"))
    head = data["modules"][0]
    assert head["count"] == 2
    assert head["params"] == 4 * 4 * 9
    assert head["macs"] == data["totals"]["macs"] == 4 * 4 * 9 * (8 * 8 + 4 * 4)


def test_csv_has_every_module_and_plain_numbers() -> None:
    rows = list(csv.DictReader(output("summary", ALEXNET, "--format", "csv").splitlines()))
    by_path = {row["path"]: row for row in rows}
    assert by_path["classifier.1"]["params"] == "37752832"
    assert by_path["features"]["macs"] == "655566528"
    assert by_path["features.0"]["output"] == "64×55×55"


def test_markdown() -> None:
    text = output("summary", ALEXNET, "--format", "markdown")
    assert "| `classifier.1` | linear 4096 | 4096 | 37,752,832 |" in text
    assert "61,100,840 parameters" in text


def test_columns_sort_and_top() -> None:
    text = output("summary", ALEXNET, "--sort", "params", "--top", "2", "--columns", "op,params")
    lines = [line.split() for line in text.splitlines() if line.startswith("classifier")]
    assert [line[0] for line in lines] == ["classifier.1", "classifier.4"]
    assert lines[0][-1] == "37,752,832"
    assert "MACs %" not in text


def test_explain_fills_in_the_arithmetic() -> None:
    text = output("summary", f"{RESNET}@resnet50", "--explain", "conv1")
    assert "floor((224 - 7 + 6 + 2) / 2) = 112" in text
    assert "64×3×7×7 = 9,408" in text
    assert "118,013,952" in text


def test_batch_multiplies_macs_only() -> None:
    data = json.loads(output("summary", ALEXNET, "--json", "--batch", "8"))
    assert data["totals"]["macs"] == 8 * 714_188_480
    assert data["totals"]["params"] == 61_100_840
    assert "8×1000" in output("summary", ALEXNET, "--batch", "8")


def test_memory() -> None:
    data = json.loads(output("summary", "specs/vgg.toml@vgg16_bn", "--json", "--memory", "--batch", "2"))[
        "memory"
    ]
    assert data["training"]["activations"] == 253_920_256
    assert data["training"]["gradients"] == 4 * 138_365_992
    assert (
        data["training"]["weights"] == 4 * (138_365_992 + 8_448) + 8 * 13
    )  # 13 batch-norms count their batches
    assert data["dtype"] == "float32"
    half = json.loads(
        output("summary", "specs/vgg.toml@vgg16_bn", "--json", "--memory", "--dtype", "float16")
    )["memory"]
    assert half["training"]["gradients"] == 2 * 138_365_992
    text = output("summary", ALEXNET, "--memory", "--optimizer", "adam")
    assert "adam 466.2 MiB" in text  # 2 * 4 * 61,100,840 bytes
    assert "at batch 1 in float32" in text


def test_receptive_field() -> None:
    text = output("summary", f"{RESNET}@resnet50", "--depth", "1", "--columns", "field,jump")
    assert next(line for line in text.splitlines() if line.startswith("layer4")).split() == [
        "layer4",
        "427×427",
        "32×32",
    ]
    rows = csv.DictReader(
        output("summary", f"{RESNET}@resnet18", "--format", "csv", "--columns", "field").splitlines()
    )
    assert {row["path"]: row["field"] for row in rows}["layer4"] == "435×435"


def test_set_and_input_override_the_spec() -> None:
    arguments = ("summary", f"{RESNET}@resnet18", "--json", "--set", "classes=10", "--input", "N,3,64,96")
    data = json.loads(output(*arguments))
    assert data["totals"]["params"] == 11_689_512 - 990 * 512 - 990
    assert data["modules"][0]["output"] == ["N", 64, 32, 48]


def test_the_short_way_is_the_long_way() -> None:
    """A plain summary goes around typer, and must mean the same."""
    assert output("summary", ALEXNET) == output("summary", "--batch", "1", ALEXNET)
    assert output("summary", ALEXNET, "--json") == output("summary", "--json", ALEXNET)
    assert imported(["summary", ALEXNET], ["typer"]) == []
    assert imported(["summary", "--json", ALEXNET], ["typer"]) == ["typer"]


def test_standard_input() -> None:
    done = archspec("summary", "-", source=(SPECS / "lenet.toml").read_text())
    assert done.returncode == 0
    assert "61,706" in done.stdout


def test_findings_in_standard_input_show_the_line() -> None:
    spec = (ROOT / "specs" / "lenet.toml").read_text().replace('op = "conv"', 'op = "cnov"', 1)
    message = archspec("summary", "-", source=spec).stderr
    assert "--> <stdin>:" in message
    assert 'op = "cnov"' in message
    assert "^^^^" in message


# --- compare, expand, ops -----------------------------------------------------------------------------------


def test_compare() -> None:
    text = output("compare", f"{RESNET}@resnet50", "specs/vgg.toml@vgg16")
    for number in ("25,557,032", "138,357,544", "4,089,184,256", "15,470,264,320"):
        assert number in text
    data = json.loads(output("compare", f"{RESNET}@resnet50", "specs/vgg.toml@vgg16", "--json"))
    assert [model["params"] for model in data["models"]] == [25_557_032, 138_357_544]
    assert "| Parameters | 25,557,032 |" in output("compare", f"{RESNET}@resnet50", "--markdown")


OTHER = ("--set", "classes=10", "--input", "N,3,64,96")
"""Another network than the spec's: the shapes of its inputs and outputs, and torchvision's parameters of it."""


def test_parameters_and_sizes_are_those_of_every_command(tmp_path: Path) -> None:
    params = 11_689_512 - 990 * 512 - 990
    (data,) = json.loads(output("compare", f"{RESNET}@resnet18", *OTHER, "--batch", "2", "--json"))["models"]
    assert (data["input"], data["output"], data["params"]) == (["N", 3, 64, 96], ["N", 10], params)
    single = json.loads(output("summary", f"{RESNET}@resnet18", *OTHER, "--json"))["totals"]["macs"]
    assert (data["batch"], data["macs"]) == (2, 2 * single)
    spec = json.loads(output("expand", f"{RESNET}@resnet18", *OTHER))
    assert spec["model"]["input"] == ["N", 3, 64, 96]
    assert spec["model"]["layers"][-1]["shape"] == ["N", 10]
    path = tmp_path / "m.onnx"
    output("export", "specs/teaching/lenet.toml", str(path), "--external", "data", "--align", "4096")
    proto = onnx.load(path, load_external_data=False)
    offsets = [
        int(entry.value)
        for tensor in proto.graph.initializer
        for entry in tensor.external_data
        if entry.key == "offset"
    ]
    assert len(offsets) > 1
    assert {offset % 4096 for offset in offsets} == {0}


def test_a_file_may_have_an_at_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "net@2.toml"
    path.write_text('archspec = 1\n[model]\ninput = ["N", 3]\nlayers = ["relu"]\n')
    assert json.loads(output("summary", str(path), "--json"))["model"] == "net@2"


def test_expand_is_a_spec_and_a_fixpoint(tmp_path: Path) -> None:
    text = output("expand", f"{RESNET}@resnet50")
    path = tmp_path / "resnet50.json"
    path.write_text(text)
    data = json.loads(output("summary", str(path), "--json"))
    assert data["totals"]["params"] == 25_557_032
    assert data["totals"]["macs"] == 4_089_184_256
    assert len(data["weights"]) == 320
    assert output("expand", str(path)) == text


def test_expand_prints_nothing_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text(
        'archspec = 1\n[model]\ninput = ["N", 4]\nlayers = [{ repeat = 1000, op = "unit" }]\n'
        '[blocks.unit]\nlayers = [{ repeat = 12, op = "linear", out = 4 }]'
    )
    run = archspec("expand", str(path))
    assert (run.returncode, run.stdout) == (2, "")
    assert "larger than a spec may be: the file has more than 120,000 values" in run.stderr


def test_ops() -> None:
    text = output("ops")
    assert "conv_transpose" in text
    assert "Regularisers" in text
    text = output("ops", "conv")
    assert "Number of output channels." in text
    assert "64×112×112" in text
    names = {op["name"] for op in json.loads(output("ops", "--json"))["ops"]}
    assert {"conv", "attention", "lrn", "stochastic_depth"} <= names


def test_version_and_help() -> None:
    assert output("--version").startswith("archspec 0.")
    assert "summary" in output("--help")
    text = " ".join(output("summary", "--help").split())
    assert "--explain" in text
    assert f"separated by commas: {', '.join(COLUMNS)}." in text
    assert f"sorted by {', '.join(SORTABLE[:-1])} or {SORTABLE[-1]}." in text


# --- what goes wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["summary", "nothing.toml"], "cannot read `nothing.toml`"),
        (["summary", "specs"], "cannot read `specs`"),
        (["summary", f"{RESNET}@resnet51"], "did you mean `resnet50`?"),
        (["summary", f"{ALEXNET}@big"], "has no variant `big`"),
        (["summary", RESNET, "--set", "classes"], "is not NAME=VALUE"),
        (["summary", RESNET, "--set", "clases=1"], "did you mean `classes`?"),
        (["summary", RESNET, "--set", "classes=many"], "`classes`: `many` is not a literal value"),
        (["summary", RESNET, "--set", "classes="], "`classes`: `` is not an expression"),
        (
            ["summary", ALEXNET, "--json", "--explain", "features.0"],
            "`explain` and `json` contradict each other",
        ),
        (["summary", RESNET, "--set", "classes=1.5"], "`classes` must be an integer, not 1.5"),
        (["summary", RESNET, "--input", "3;224"], "is not a shape"),
        (["summary", RESNET, "--input", "image=N,3,9,9"], "no input `image`"),
        (["summary", RESNET, "--input", "N,3,9,9", "--input", "input=N,3,8,8"], "gives `input` two shapes"),
        (["summary", RESNET, "--columns", "op,size"], "there is no column `size`"),
        (["summary", RESNET, "--sort", "size"], "cannot sort by `size`"),
        (
            ["summary", RESNET, "--explain", "layer1.0.conv9"],
            "no module `layer1.0.conv9`: did you mean `conv3`?",
        ),
        (
            ["summary", RESNET, "--explain", "head"],
            "no module `head`: the network has `conv1`, `bn1`, `relu`, `maxpool`, ",
        ),
        (["summary", RESNET, "--explain", "layer1.1.pool"], "`layer1.1` has `conv1`, `bn1`, "),
        (["summary", RESNET, "--explain", "fc.0"], "no module `fc.0`: `fc` has no modules"),
        (["summary", RESNET, "--depth", "0"], "--depth"),
        (["summary", RESNET, "--colour"], "No such option"),
        (["summary"], "SPEC"),
        (["ops", "convv"], "did you mean `conv`?"),
        (["frobnicate"], "frobnicate"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_could_not_run_is_2(arguments: list[str], message: str) -> None:
    done = archspec(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_wrong_spec_is_1_with_every_finding(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text("""archspec = 1
[model]
input = ["N", 3, 8, 8]
layers = [{ op = "conv", out = 4, kernal = 3 }, "maxpol", { op = "relu", slope = 1 }]
""")
    done = archspec("summary", str(path))
    assert done.returncode == 1
    assert done.stdout == ""
    for text in (
        "AS201",
        "did you mean `kernel`?",
        "AS204",
        "did you mean `maxpool`?",
        "`relu` has no `slope`",
        "3 errors",
    ):
        assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "evil.json"
    path.write_text(
        json.dumps({"archspec": 1, "model": {"input": ["N", 3], "layers": ["\x1b[31m\u202e[red]"]}})
    )
    done = archspec("summary", str(path))
    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    assert "\u202e" not in done.stderr
    assert "\\x1b[31m\\u202e[red]" in done.stderr


def test_a_closed_pipe_is_no_error() -> None:
    command = (
        f'set -o pipefail; "{sys.executable}" -m archspec summary {RESNET}@resnet152 --json | head -c 10'
    )
    done = subprocess.run(["/bin/bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == '{\n  "format_version"'[:10]
    assert done.stderr == ""


# --- what is imported -----------------------------------------------------------------------------------------

PROBE = """
import sys
{extra}
sys.argv = ["archspec", *{arguments}]
from archspec.cli import main
try:
    main()
except SystemExit:
    pass
heavy = [name for name in {names} if name in sys.modules]
print("HEAVY", *heavy, file=sys.stderr)
"""


def imported(arguments: list[str], names: list[str], extra: str = "") -> list[str]:
    code = PROBE.format(arguments=arguments, names=names, extra=extra)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    last = done.stderr.splitlines()[-1].split()
    assert last[0] == "HEAVY"
    return last[1:]


HEAVY = ["torch", "onnx", "numpy", "onnxruntime", "torchvision"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["summary", ALEXNET],
        ["summary", "specs/densenet.toml@densenet121", "--explain", "features.conv0"],
        ["compare", f"{RESNET}@resnet18", ALEXNET],
        ["expand", "specs/googlenet.toml"],
        ["diff", f"{RESNET}@resnet18", f"{RESNET}@resnet34"],
        ["ops", "conv"],
    ],
    ids=" ".join,
)
def test_analysis_imports_nothing_heavy(arguments: list[str]) -> None:
    assert imported(arguments, HEAVY) == []


def test_the_probe_would_see_it() -> None:
    assert imported(["summary", ALEXNET], HEAVY, extra="import numpy") == ["numpy"]


def test_json_needs_no_rich() -> None:
    assert imported(["summary", ALEXNET, "--json"], ["rich"]) == []
    assert imported(["summary", ALEXNET], ["rich"]) == ["rich"]


def test_importing_archspec_costs_nothing() -> None:
    code = (
        "import sys, archspec; print([n for n in ('pydantic', 'typer', 'rich', 'tomli') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", ["archspec.cli.errors", "archspec.diagnostics", "archspec.cli.loading"])
def test_an_interruption_of_the_start_is_quiet(module: str) -> None:
    """Whatever is being imported when Ctrl-C comes."""
    code = f"""
import sys
class Interrupting:
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
sys.argv = ["archspec", "summary", {ALEXNET!r}]
from archspec.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr in ("", "interrupted\n")
