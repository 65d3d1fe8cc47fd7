"""The JSON Schema, as an independent validator reads it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomli
from nets import MORE, ROOT, SPECS
from op_examples import CASES, name_case
from spec_cases import VALID, net

from archspec.ops import Example, Op
from archspec.report.schema import render, schema

SCHEMA = schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def wrong(data: Any) -> list[list[str | int]]:
    """The places that are wrong."""
    return [list(error.absolute_path) for error in VALIDATOR.iter_errors(data)]


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_the_committed_file_is_up_to_date() -> None:
    assert (ROOT / "schema" / "archspec-1.json").read_text(encoding="utf-8") == render()
    printed = subprocess.run([sys.executable, "-m", "archspec", "schema"], check=True, capture_output=True)
    assert json.loads(printed.stdout) == SCHEMA


@pytest.mark.parametrize(
    "file", sorted([*SPECS.rglob("*.toml"), *MORE.glob("*.toml")]), ids=lambda file: file.stem
)
def test_specs_are_valid(file: Path) -> None:
    assert wrong(tomli.loads(file.read_text())) == []


@pytest.mark.parametrize("text", [case.text for case in VALID.values()], ids=VALID)
def test_what_the_language_allows_is_valid(text: str) -> None:
    assert wrong(tomli.loads(text)) == []


@pytest.mark.parametrize(("op", "example"), [case for case in CASES if case[1].valid], ids=name_case)
def test_examples_are_valid(op: type[Op], example: Example) -> None:
    fields = {key: value for key, value in example.fields.items() if value is not None}
    assert wrong({"archspec": 1, "model": {"input": [1], "layers": [{"op": op.name, **fields}]}}) == []


@pytest.mark.parametrize(
    "text",
    [
        "archspec = 2",
        "model = 3",
        "archspec = 1\n[modle]",
        "archspec = 1\nparams = [1]",
        "archspec = 1\n[model]\ninput = [1]",
        "archspec = 1\n[model]\nlayers = []\nlayer = 1",
        net("[3]"),
        net('"relu"'),
        net('[{ op = "conv", out = 4, kernal = 3 }]'),
        net('[{ op = "conv", out = 0 }]'),
        net('[{ op = "conv", out = 4.5 }]'),
        net('[{ op = "conv", out = true }]'),
        net('[{ op = "conv", out = 4, bias = 1 }]'),
        net('[{ op = "conv", out = 4, padding = { topp = 1 } }]'),
        net('[{ op = "relu", name = 3 }]'),
        net('[{ op = "relu", from = [] }]'),
        net('[{ op = "relu", repeat = -1 }]'),
        net('[{ op = "relu", repeat = [1] }]'),
        net('[{ op = "residual", layers = "relu" }]'),
        net('[{ op = "relu", layers = [] }]'),
        net('[{ op = "residual", layers = [{ op = "dropout", p = 1.5 }] }]'),
        net("[{ layers = [], out = 4 }]"),
        net("[{ op = 3 }]"),
        net('[{ op = "add", branches = [] }]'),
        net('[{ op = "add", branches = [{ op = "relu", repeat = 2 }] }]'),
        net('[{ op = "add", branches = [{ repeat = 2, layers = ["relu"] }] }]'),
        net("[]", "[blocks.b]\nlayers = []\nrequire = 1"),
        net("[]", "[lint]\nignores = []"),
        net("[]", '[lint]\nignore = ["AS401"]'),
        net("[]", '[lint]\nignore = ["unused-blok"]'),
        net("[]", '[lint]\nignore = "ALL"'),
        net("[]", '[blocks.b]\nlayers = [{ op = "conv", outt = 1 }]'),
        net("[]", "[expect]\nparams = true"),
    ],
)
def test_broken_specs_are_not(text: str) -> None:
    assert wrong(tomli.loads(text)) != []


@pytest.mark.parametrize(
    "branch", ['{ op = "dense", repeat = 2, layers = ["relu"] }', '[{ op = "relu", repeat = 2 }]']
)
def test_branches_may_have_copies_inside(branch: str) -> None:
    assert wrong(tomli.loads(net(f'[{{ op = "concat", branches = ["relu", {branch}] }}]'))) == []


def test_every_field_has_a_text_for_editors() -> None:
    for name, definition in SCHEMA["definitions"].items():
        for key, value in definition.get("properties", {}).items():
            if (
                key != "op"
                and "$ref" not in value
                and name not in ("node", "group", "residual", "dense", "reuse")
            ):
                assert value["description"], (name, key)
