"""The zoo: its index, names of networks as specs, the list, copies, and the libraries that ship with the package."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nets import ROOT, SPECS
from test_docs import generate

import archspec
from archspec import UsageError, zoo
from archspec.report.numbers import human

FAMILIES = [path.relative_to(SPECS).with_suffix("").as_posix() for path in SPECS.rglob("*.toml")]


def command(*arguments: str, cwd: Path, code: int = 0) -> Any:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-m", "archspec", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == code, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run


def listed(*arguments: str, cwd: Path) -> list[dict[str, Any]]:
    networks: list[dict[str, Any]] = json.loads(command("zoo", "--json", *arguments, cwd=cwd).stdout)[
        "networks"
    ]
    return networks


def test_the_index_and_the_page_are_up_to_date() -> None:
    for path, text in generate.zoo_pages().items():
        assert path.read_text(encoding="utf-8") == text, "run `python docs/generate.py`"


def test_every_spec_is_a_family_or_a_library() -> None:
    families = {family.name for family in zoo.families()}
    assert families | {f"libraries/{name}" for name in zoo.libraries()} == set(FAMILIES)
    assert all(Path(family.file).is_file() for family in zoo.families())


@pytest.mark.parametrize("family", FAMILIES)
def test_every_network_is_valid_by_its_name(family: str) -> None:
    """On its own, as with the others of its file: a rule may hold in one variant, and not in all."""
    for found in zoo.families():
        for network in found.networks if found.name == family else ():
            assert archspec.validate(f"zoo:{network.name}") == [], network.name


def test_no_name_has_two_meanings() -> None:
    networks = [network.name for family in zoo.families() for network in family.networks]
    assert len(set(networks)) == len(networks)
    families = {family.name: family for family in zoo.families()}
    for name in families.keys() & set(networks):
        assert name in [network.name for network in families[name].networks]


@pytest.mark.parametrize("given", ["zoo:resnet50", "zoo:resnet@resnet50"])
def test_a_name_is_a_spec_in_python(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert archspec.load(given).totals.params == 25_557_032
    assert archspec.load(given, "resnet50").variant == "resnet50"
    assert archspec.load("zoo:resnet", "resnet18").totals.params == 11_689_512
    assert archspec.validate(given) == archspec.validate("zoo:resnet") == []
    assert archspec.load("zoo:teaching/lenet").totals.params == 61_706
    archspec.export(given, "r.py")
    assert "resnet50" in (tmp_path / "r.py").read_text()
    assert sum(weight.numel() for weight in archspec.build(given, device="meta").parameters()) == 25_557_032
    with pytest.raises(UsageError, match="is the variant `resnet50`, not `resnet18`"):
        archspec.load(given, "resnet18")
    with pytest.raises(UsageError, match="did you mean `resnet50`"):
        archspec.load("zoo:resnet5O")


def test_a_name_is_a_spec_of_every_command(tmp_path: Path) -> None:
    assert "25,557,032" in command("summary", "zoo:resnet50", cwd=tmp_path).stdout
    assert "no findings in 1 file, 10 networks" in command("validate", "zoo:resnet", cwd=tmp_path).stdout
    assert "no findings in 1 file, 1 network" in command("validate", "zoo:resnet50", cwd=tmp_path).stdout
    assert "61,706" in command("compare", "zoo:lenet", "zoo:teaching/lenet", cwd=tmp_path).stdout
    assert json.loads(command("expand", "zoo:lenet", cwd=tmp_path).stdout)["model"]["name"] == "lenet"
    assert "all proven" in command("verify", "--only", "torch", "zoo:lenet", cwd=tmp_path).stdout
    command("export", "zoo:resnet18", "r.py", cwd=tmp_path)
    for arguments in (
        ["summary", "zoo:resnt50"],
        ["validate", "zoo:resnt50"],
        ["zoo", "resnt50"],
        ["zoo", "resnet50@resnt50"],
        ["summary", "zoo:resnet50@resnt50"],
    ):
        assert "did you mean `resnet50`?" in command(*arguments, cwd=tmp_path, code=2).stderr
    assert "did you mean `resnet50`?" in command("summary", "zoo:resnet@resnet5", cwd=tmp_path, code=2).stderr


def test_the_list(tmp_path: Path) -> None:
    everything = listed(cwd=tmp_path)
    assert len(everything) == sum(len(family.networks) for family in zoo.families())
    resnet50 = next(item for item in everything if item["name"] == "resnet50")
    assert resnet50.pop("file").endswith("specs/resnet.toml")
    assert resnet50.pop("doc")
    assert resnet50 == {
        "name": "resnet50",
        "family": "resnet",
        "variant": "resnet50",
        "source": "torchvision",
        "input": [["N", 3, 224, 224]],
        "params": 25_557_032,
        "macs": 4_089_184_256,
        "year": 2015,
        "paper": "Deep Residual Learning for Image Recognition",
        "authors": "He, Zhang, Ren, Sun",
        "url": "https://arxiv.org/abs/1512.03385",
    }
    years = {item["name"]: item["year"] for item in everything}
    assert (years["resnext50_32x4d"], years["lenet"]) == (2016, 1998)
    text = command("zoo", "resnet", cwd=tmp_path).stdout
    assert "resnet152         3×224×224   60.2M  11.5G  2015  Deep Residual Learning" in text
    assert "10 networks." in text
    assert command("zoo", "resnet50", "--ascii", cwd=tmp_path).stdout.isascii()


@pytest.mark.parametrize(
    ("width", "start"), [(40, None), (80, None), (100, "Mask R-CNN"), (140, "Mask R-CNN")]
)
def test_the_list_in_a_width(width: int, start: str | None, tmp_path: Path) -> None:
    """No name and no number is cut, whatever the width; titles are, and are left out where they have no room."""
    lines = command("zoo", "--width", str(width), cwd=tmp_path).stdout.splitlines()
    rows = lines[1 : lines.index("")]
    networks = [network for family in zoo.families() for network in family.networks]
    for row, network in zip(rows, networks, strict=True):
        assert row.split("  ")[0] == network.name
        assert human(network.params) in row
        assert len(row) <= max(width, 80)
    (keypoints,) = (row for row in rows if row.startswith("keypointrcnn"))
    shapes = "3×800×800, 256×7×7, 256×14×14" if width == 140 else "3×800×800 +2"
    assert re.split("  +", keypoints)[1] == shapes
    assert keypoints.endswith(start or "2017")


def test_the_list_filtered_and_sorted(tmp_path: Path) -> None:
    assert [item["name"] for item in listed("resnet@resnet34", cwd=tmp_path)] == ["resnet34"]
    assert [item["name"] for item in listed("zoo:resnet50", cwd=tmp_path)] == ["resnet50"]
    small = listed("--max-params", "2M", "--sort", "params", cwd=tmp_path)
    counts = [item["params"] for item in small]
    assert counts == sorted(counts)
    assert counts[-1] <= 2_000_000
    assert {"lenet", "squeezenet1_1"} <= {item["name"] for item in small}
    assert all(item["macs"] <= 10**9 for item in listed("--max-macs", "1g", cwd=tmp_path))
    found = listed("--search", "huang dense", cwd=tmp_path)
    assert {item["family"] for item in found} == {"densenet", "teaching/densenet"}
    years = [item["year"] for item in listed("--sort", "year", cwd=tmp_path)]
    assert years == sorted(years)
    assert listed("--search", "nothing like it", cwd=tmp_path) == []
    assert "0 networks." in command("zoo", "--search", "nothing like it", cwd=tmp_path).stdout
    assert "is not a number" in command("zoo", "--max-params", "ten", cwd=tmp_path, code=2).stderr
    command("zoo", "--sort", "beauty", cwd=tmp_path, code=2)


def test_the_list_needs_nothing_heavy(tmp_path: Path) -> None:
    text = (
        "import sys; sys.argv = ['archspec', 'zoo']\n"
        "from archspec.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print({'torch', 'onnx', 'numpy'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", text],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.endswith("set()\n")


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3", "teaching/lenet"])
def test_a_copy_is_the_network(name: str, tmp_path: Path) -> None:
    command("new", "mine/net", "--from", f"zoo:{name}", cwd=tmp_path, code=2)  # there is no such folder
    said = command("new", "net", "--from", f"zoo:{name}", cwd=tmp_path).stdout
    file, variant = zoo.find(f"zoo:{name}")
    assert (tmp_path / "net.toml").read_bytes() == Path(file).read_bytes()
    assert archspec.load(str(tmp_path / "net.toml"), variant).totals == archspec.load(f"zoo:{name}").totals
    (shows,) = re.findall("`archspec (.*)` shows it", said)
    numbers = f"{archspec.load(f'zoo:{name}').totals.params:,}"
    assert numbers in command(*shows.split(), cwd=tmp_path).stdout
    assert "already exists" in command("new", "net", "--from", f"zoo:{name}", cwd=tmp_path, code=2).stderr
    assert (
        "did you mean `resnet50`?"
        in command("new", "n", "--from", "zoo:resnt50", cwd=tmp_path, code=2).stderr
    )


def test_a_library_of_the_package_is_found_from_anywhere(tmp_path: Path) -> None:
    spec = tmp_path / "net.toml"
    layers = 'layers = [{ op = "std.conv_norm", out = 4, kernel = 3 }]'
    text = f'archspec = 1\nuse = {{ std = "archspec:blocks" }}\n[model]\ninput = ["N", 3, 8, 8]\n{layers}\n'
    spec.write_text(text)
    assert next(iter(archspec.load(str(spec)).weights())) == "0.0.weight"
    (finding,) = archspec.validate(str(spec), source=text.replace("archspec:blocks", "archspec:blcks"))
    assert (finding.diagnostic.code, finding.spot.line) == ("AS309", 2)
    assert "did you mean `archspec:blocks`?" in str(finding.diagnostic.help)
    (finding,) = archspec.validate(str(spec), source=text.replace("archspec:blocks", "archspec:foo"))
    assert "there is `archspec:blocks`, " in str(finding.diagnostic.help)
