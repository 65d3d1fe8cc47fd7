"""The Python interface: its names, and its options, which are those of the command line."""

import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
import typer

import archspec
from archspec.cli.app import app

ROOT = Path(__file__).parent.parent
RESNET = str(ROOT / "specs" / "resnet.toml")

PYTHON = {"set": "params", "input": "inputs", "for": "for_", "from": "from_"}
"""The options whose names are taken in Python, or say what a text on the command line is there."""


def options(command: str) -> set[str]:
    """The options of a command, as Python writes them."""
    found = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    names = {name[2:] for param in found.params for name in param.opts if name.startswith("--")}
    return {PYTHON.get(name, name).replace("-", "_") for name in names} - {"help"}


def keywords(*functions: Callable[..., Any]) -> set[str]:
    return {name for function in functions for name in inspect.signature(function).parameters}


@pytest.mark.parametrize(
    ("command", "functions", "python_alone", "command_alone"),
    [
        ("summary", (archspec.load, archspec.Model.summary), {"self", "path", "variant", "source"}, set()),
        ("export", (archspec.export,), {"spec", "path", "variant"}, set()),
        # How findings are printed, files are passed over and standard input is called is for Python to say itself.
        (
            "validate",
            (archspec.validate,),
            {"path", "variant", "source"},
            {"output_format", "output_file", "stdin_filename", "skip_others", "exit_zero"},
        ),
    ],
)
def test_options_are_called_as_on_the_command_line(
    command: str, functions: tuple[Callable[..., Any], ...], python_alone: set[str], command_alone: set[str]
) -> None:
    assert keywords(*functions) - python_alone == options(command) - command_alone


def test_files_are_named_by_paths_as_well(tmp_path: Path) -> None:
    spec, weights = ROOT / "specs" / "lenet.toml", tmp_path / "lenet.safetensors"
    assert archspec.load(spec).params == archspec.load(str(spec)).params
    assert archspec.validate(spec) == []
    archspec.export(spec, weights, seed=1)
    archspec.export(spec, tmp_path / "lenet.onnx", weights=weights)
    built = archspec.build(spec, weights=weights).state_dict()
    torch.testing.assert_close(built, safetensors.torch.load_file(weights), rtol=0, atol=0)


def test_dir_lists_the_public_names() -> None:
    code = "import archspec, json, sys; print(json.dumps([dir(archspec), sorted(archspec.__all__), 'archspec.api' in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    listed, public, is_imported = json.loads(done.stdout)
    assert listed == public
    assert {"load", "build", "export", "validate", "Model", "SpecError", "UsageError"} <= set(listed)
    assert not is_imported


def test_every_public_name_is_there_for_programs_and_for_type_checkers() -> None:
    assert all(getattr(archspec, name) is not None for name in archspec.__all__)
    assert archspec.load is archspec.api.load
    tree = ast.parse(Path(archspec.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module != "typing"
        for alias in node.names
    }
    assert typed - {"import_module"} == set(archspec.__all__)
    assert (ROOT / "archspec" / "py.typed").exists()


def command_line(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "archspec", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT), "PATH": ""},
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("flags", "given"),
    [
        ([], {}),
        (["--depth", "1", "--width", "70"], {"depth": 1, "width": 70}),
        (["--columns", "op,params"], {"columns": ["op", "params"]}),
        (
            ["--columns", "op,params", "--sort", "params", "--top", "3"],
            {"columns": "op,params", "sort": "params", "top": 3},
        ),
        (["--explain", "conv1"], {"explain": "conv1"}),
        (
            ["--memory", "--dtype", "float16", "--optimizer", "adam"],
            {"memory": True, "dtype": "float16", "optimizer": "adam"},
        ),
        (["--json"], {"json": True}),
        (["--format", "csv"], {"format": "csv"}),
        (["--format", "markdown", "--columns", "field"], {"format": "markdown", "columns": "field"}),
        (["--ascii"], {"ascii": True}),
    ],
    ids=str,
)
def test_a_summary_is_what_the_command_prints(
    flags: list[str], given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    model = archspec.load("specs/resnet.toml", "resnet18")
    assert model.summary(**given) == command_line("summary", "specs/resnet.toml@resnet18", *flags)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"format": "html"}, "there is no format `html`"),
        ({"columns": ["op", "size"]}, "there is no column `size`"),
        ({"depth": 0}, "`depth` must be at least 1, not 0"),
        ({"top": -1}, "`top` must be at least 1, not -1"),
        ({"memory": True, "dtype": "float8"}, "there is no `float8`"),
    ],
)
def test_a_summary_refuses_what_there_is_not(given: dict[str, Any], message: str) -> None:
    with pytest.raises(archspec.UsageError, match=message):
        archspec.load(RESNET).summary(**given)


def test_half_is_short_for_float16(tmp_path: Path) -> None:
    spec = str(ROOT / "specs" / "lenet.toml")
    for name, given in (
        ("a", {"half": True}),
        ("b", {"dtype": "float16"}),
        ("c", {"half": True, "dtype": "float16"}),
    ):
        archspec.export(spec, str(tmp_path / f"{name}.safetensors"), **given)
    a, b, c = ((tmp_path / f"{name}.safetensors").read_bytes() for name in "abc")
    assert a == b == c
    assert b'"F16"' in a
    for other in ("bfloat16", "float32"):
        with pytest.raises(archspec.UsageError, match=f"`--half` contradicts `--dtype {other}`"):
            archspec.export(spec, str(tmp_path / "d.safetensors"), half=True, dtype=other)


def test_a_module_is_made_in_a_type_by_its_name() -> None:
    module = archspec.build(str(ROOT / "specs" / "lenet.toml"), dtype="bfloat16", device="meta")
    assert {parameter.dtype for parameter in module.parameters()} == {torch.bfloat16}
    with pytest.raises(archspec.UsageError, match="there is no dtype `int8`"):
        archspec.build(str(ROOT / "specs" / "lenet.toml"), dtype="int8")


SPEC = """archspec = 1
[params]
out = 4
[variants]
small = { out = 2 }
large = { out = 0 }
[model]
input = ["N", 3, 9, 9]
layers = [{ op = "conv", out = "out", kernel = 3 }]
[expect.small]
params = 56
"""


def codes(source: str, variant: str | None = None, **given: Any) -> list[str]:
    return [
        finding.diagnostic.code for finding in archspec.validate("net.toml", variant, source=source, **given)
    ]


def test_validating_one_variant_other_parameters_and_other_sizes() -> None:
    assert codes(SPEC, ignore="ALL") == ["AS203"]
    assert codes(SPEC, "small", ignore="ALL") == []
    assert codes(SPEC, "large", ignore="ALL") == ["AS203"]
    assert codes(SPEC, "small", params={"out": 0}, ignore="ALL") == ["AS203"]
    assert (
        codes(SPEC, "small", params={"out": 3}, ignore="ALL") == []
    )  # what is expected is about other networks
    assert codes(SPEC, "small", inputs={"input": ["N", 3, 2, 9]}, ignore="ALL") == ["AS403"]
    with pytest.raises(archspec.UsageError, match="no variant `medium`"):
        codes(SPEC, "medium")
    with pytest.raises(archspec.UsageError, match="no parameter `width`"):
        codes(SPEC, "small", params={"width": 1})
    with pytest.raises(archspec.UsageError, match="there is no backend `tf`: there are torch, onnx"):
        codes(SPEC, "small", only="tf")


def test_rules_can_be_named_in_one_text() -> None:
    source = SPEC.replace("kernel = 3", "kernel = 3, stride = 5").replace("large = { out = 0 }\n", "")
    found = codes(source, "small", select="ALL")
    assert len(set(found)) > 1
    assert codes(source, "small", select=",".join(found)) == found
    assert codes(source, "small", select=found) == found
    assert codes(source, "small", select="ALL", ignore=", ".join(found)) == []
    assert codes(source, "small", select=found[0]) == found[:1]
