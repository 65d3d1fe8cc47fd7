"""Writes what is generated: `ops.md`, `rules/`, the zoo, pictures, what commands print, the JSON Schema, golden files.

    python docs/generate.py            write all
    python docs/generate.py --check    exit 1 if one would change

How a page is written:

- An HTML comment above a fenced block says what the block is. `<!-- file: net.toml -->` makes it a spec that must load;
  with `error: AS401` in the comment it must fail with findings of that code alone, with `error` with any.
- `<!-- file: new.toml patch: specs/resnet.toml -->` makes a `diff` block a file: what the other file becomes by it.
- `<!-- package: acme_ops.py -->` makes it a file of a package that is installed for what the page shows below it;
  its `pyproject.toml` has the entry points.
- `<!-- layers: "N", 3, 32, 32 -->` makes it the nodes of a model with that input.
- A `text` or `python` block that starts with `$ archspec` shows commands, and what they print into a file, that is in
  100 columns. They see the files above them, and `specs/`; `cat` shows a file that they wrote.
- The other `python` blocks of a page are run by the tests, one after the other.
- A table below `<!-- expressions -->` has an expression and its value, or the code of its finding, in each row.
- What stands between `<!-- generated: rules -->` and `<!-- end -->` is written by `rules()` here; so with `limits`.
"""

import ast
import contextlib
import importlib
import inspect
import io
import json
import os
import re
import shlex
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, groupby, pairwise, takewhile
from pathlib import Path
from typing import Any

from archspec import SpecError, draw, load
from archspec.cli.app import app
from archspec.cli.errors import guarded
from archspec.diagnostics.rule import SPEC, Rule
from archspec.elaborate.network import load_document
from archspec.elaborate.settings import thaw
from archspec.language import limits
from archspec.language.params import MISSING, freeze
from archspec.lint.catalogue import catalogue
from archspec.ops import Example, lookup
from archspec.ops.core.reference import Field, OpReference, entries, spec_text
from archspec.report.schema import render as render_schema
from archspec.types import TensorType

DOCS = Path(__file__).resolve().parent
PAGES = (
    DOCS / "language.md",
    DOCS / "analysis.md",
    DOCS / "draw.md",
    DOCS / "pytorch.md",
    DOCS / "onnx.md",
    DOCS / "validate.md",
    DOCS / "diff.md",
    DOCS / "plugins.md",
    DOCS.parent / "README.md",
)
"""The pages that show what commands print."""

_BLOCK = re.compile(
    r"(?:^<!-- (?P<comment>(?:file|layers|package): .*?) -->\n)?^```(?P<language>\w+)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_ROW = re.compile(r"^\| `(?P<expression>[^`]+)` \| `(?P<value>[^`]+)` \|", re.MULTILINE)
_GENERATED = re.compile(
    r"(?P<start><!-- generated: (?P<what>rules|limits) -->\n).*?(?=^<!-- end -->$)", re.MULTILINE | re.DOTALL
)


# --- pages ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page, with all files that the page has shown up to it."""

    line: int
    start: int
    end: int
    """Where in the page its body is."""
    body: str
    name: str = ""
    """The file that it is, if it is one."""
    error: str = ""
    """The code of what is wrong with that file, or `any`."""
    files: tuple[tuple[str, str], ...] = ()

    @property
    def is_transcript(self) -> bool:
        """Whether it shows commands and what they print."""
        return self.body.startswith("$ archspec ")

    @property
    def commands(self) -> list[str]:
        """The commands of a transcript, without the prompt."""
        return [line[2:] for line in self.body.splitlines() if line.startswith("$ ")]


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a page that mean something: files and transcripts."""
    files: dict[str, str] = {}
    for match in _BLOCK.finditer(text):
        comment = match["comment"] or ""
        words = {
            key: value or "any"
            for key, value in re.findall(
                r"(file|layers|package|patch|error)(?:: (.*?))?(?= error| patch|$)", comment
            )
        }
        line = text.count("\n", 0, match.start("body"))
        block = Block(line, *match.span("body"), match["body"])
        if "package" in words:
            files[words["package"]] = block.body
            continue
        if "file" in words:
            files[words["file"]] = patched(words, files, block.body) if "patch" in words else block.body
            block = replace(block, name=words["file"], error=words.get("error", ""))
        elif "layers" in words:
            spec = f"archspec = 1\n[model]\ninput = [{words['layers']}]\nlayers = [\n{block.body}]\n"
            files["nodes.toml"] = spec
            block = replace(block, name="nodes.toml", error=words.get("error", ""))
        elif not block.is_transcript:
            if match["language"] in ("toml", "json"):
                raise ValueError(f"line {line}: a spec needs a comment above it that names its file")
            continue
        yield replace(block, files=tuple(files.items()))


def patched(words: dict[str, str], files: dict[str, str], diff: str) -> str:
    """What a file becomes by the hunks of a diff, which `@@` divides; each must fit one place."""
    name = words["patch"]
    text = files[name] if name in files else (DOCS.parent / name).read_text(encoding="utf-8")
    for hunk in re.split(r"^@@.*\n", diff, flags=re.MULTILINE):
        old, new = (
            "".join(f"{line[1:]}\n" for line in hunk.splitlines() if line[:1] in f" {sign}") for sign in "-+"
        )
        if text.count(old) != 1:
            raise ValueError(f"a hunk of `{words['file']}` fits {text.count(old)} places of `{name}`")
        text = text.replace(old, new)
    return text


def write_files(block: Block, folder: Path) -> None:
    """Put the files that a block can see into a folder, and the specs of the project."""
    (folder / "specs").symlink_to(DOCS.parent / "specs")
    for name, text in block.files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def installed(folder: Path) -> Iterator[None]:
    """The package in a folder, if there is one, as if it were installed: its entry points are found."""
    file = folder / "pyproject.toml"
    if not file.exists():
        yield
        return
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(head, encoding="utf-8")
    points = project["entry-points"]["archspec.ops"]
    lines = ["[archspec.ops]", *(f"{name} = {value}" for name, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    lookup.cache_clear()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        lookup.cache_clear()
        for value in points.values():
            sys.modules.pop(value.partition(":")[0], None)


def transcript(block: Block) -> str:
    """The commands of a block with what they print now."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        write_files(block, Path(folder))
        with installed(Path(folder)):
            shown = [f"$ {command}\n{run(command)}" for command in block.commands]
    # a blank line behind what a command printed, none behind one that printed nothing
    return "".join(f"{text}\n" if text.count("\n") > 1 else text for text in shown[:-1]) + shown[-1]


def run(command: str) -> str:
    """What a command prints, results and messages alike."""
    program, *arguments = shlex.split(command)
    if program == "cat":
        return "".join(Path(name).read_text(encoding="utf-8") for name in arguments)
    assert program == "archspec"  # noqa: S101 — no other is documented
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n")
    saved = {key: os.environ.pop(key) for key in ("COLUMNS", "FORCE_COLOR") if key in os.environ}
    try:
        with (
            contextlib.redirect_stdout(stream),
            contextlib.redirect_stderr(stream),
            contextlib.suppress(SystemExit),
        ):
            guarded(lambda: app(arguments, prog_name="archspec"))
    finally:
        os.environ |= saved
    stream.flush()
    text = stream.buffer.getvalue().decode() if isinstance(stream.buffer, io.BytesIO) else ""
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def expressions(text: str) -> list[tuple[str, str]]:
    """The expressions of a page's tables, each with its value."""
    tables = re.findall(r"<!-- expressions -->\n((?:\|.*\n)+)", text)
    return [(match["expression"], match["value"]) for table in tables for match in _ROW.finditer(table)]


def refreshed(text: str) -> str:
    """A page with what the commands print now."""
    parts, position = [], 0
    for block in blocks(text):
        if block.is_transcript:
            parts += [text[position : block.start], transcript(block)]
            position = block.end
    text = "".join([*parts, text[position:]])
    return _GENERATED.sub(lambda match: match["start"] + GENERATED[match["what"]](), text)


# --- generated parts --------------------------------------------------------------------------------------


def rules() -> str:
    """The table of findings."""
    rows = [
        f"| [`{code}`](rules/{code}.md) | {_markdown(rule.paragraphs()[0]).rstrip('.')} |"
        for code, rule in catalogue().items()
    ]
    return "\n".join(["", "| code | meaning |", "| --- | --- |", *rows, "", ""])


def limits_() -> str:
    """The table of limits: the constants of `limits.py` with their docstrings."""
    rows = []
    body = ast.parse(inspect.getsource(limits)).body
    for item, below in pairwise(body):
        if isinstance(item, ast.Assign) and isinstance(below, ast.Expr):
            name = ast.unparse(item.targets[0])
            text = " ".join(str(ast.literal_eval(below.value)).rstrip(".").split())
            rows.append(f"| {text} | {getattr(limits, name):,} |")
    return "\n".join(["", "| what | at most |", "| --- | --- |", *rows, "", ""])


GENERATED = {"rules": rules, "limits": limits_}
"""What writes the generated parts of a page."""

INTRODUCTION = """\
# The builtin ops

This page is generated from the ops themselves, by `python docs/generate.py`. `archspec ops NAME` prints the same for
one op. How nodes, expressions and padding are written is in [the language reference](language.md).

Fields without a default are required. Every op also takes the
[keys that all nodes have](language.md#keys-of-every-node).
`residual`, `dense` and `reuse` are not ops but [wiring](language.md#wiring).
Below each example stand the shapes of its inputs and outputs, channels first, with `N` the free batch size. Below a
wrong one stands what archspec says of it, with its [code](language.md#codes).
"""


def ops_page() -> str:
    """`ops.md`."""
    groups = [(group, list(members)) for group, members in groupby(entries(), key=lambda entry: entry.group)]
    lines = [INTRODUCTION]
    headings = {group.lower() for group, _ in groups}
    for group, members in groups:
        links = " · ".join(
            f"[`{entry.name}`](#{entry.name}{'-1' * (entry.name in headings)})" for entry in members
        )
        lines.append(f"- [**{group}**](#{group.lower()}): {links}")
    lines.append("")
    for group, members in groups:
        lines += [f"## {group}", ""]
        for entry in members:
            lines += _entry(entry)
    return "\n".join(lines).rstrip() + "\n"


def _entry(entry: OpReference) -> Iterator[str]:
    yield from (f"### {entry.name}", "", _markdown(entry.doc), "")
    facts = [
        ("Inputs", entry.inputs),
        ("Requires", "; ".join(entry.constraints)),
        ("Output", entry.output),
        ("Weights", entry.weights),
        ("MACs", entry.macs),
    ]
    yield from (f"- {label}: {_markdown(text)}" for label, text in facts if text)
    if entry.link:
        yield f"- <{entry.link}>"
    yield ""
    if entry.fields:
        yield from ("| field | takes | default | |", "| --- | --- | --- | --- |")
        yield from map(_field, entry.fields)
        yield ""
    shown = [(example.valid, _example(entry.name, example)) for example in entry.examples]
    valid = "\n\n".join(text for is_valid, text in shown if is_valid)
    wrong = "\n\n".join(text for is_valid, text in shown if text and not is_valid)
    yield from ("```toml", valid, "```", "")
    if wrong:
        yield from ("Wrong:", "", "```toml", wrong, "```", "")


def _field(field: Field) -> str:
    default = f"`{field.default}`" if field.default else "required"
    cells = (f"`{field.name}`", _markdown(field.type), default, _markdown(field.doc))
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _example(name: str, example: Example) -> str:
    """An example with its result; empty for one that is wrong only where the language is not in between."""
    given = tuple(TensorType(tuple(shape)) for shape in example.inputs)
    result = _shapes(name, example, given) if example.valid else _finding(name, example, given)
    if not result:
        return ""
    shapes = ", ".join(map(str, given))
    lines = [f"# {example.doc}"] if example.doc else []
    return "\n".join(
        [*lines, spec_text(name, example), f"# {shapes} → {result}" if shapes else f"# → {result}"]
    )


def _shapes(name: str, example: Example, given: tuple[TensorType, ...]) -> str:
    op = lookup(name)
    assert op is not None  # noqa: S101 — it was listed
    return ", ".join(map(str, op(**thaw(freeze(example.fields))).outputs(given)))


def _finding(name: str, example: Example, given: tuple[TensorType, ...]) -> str:
    """What is said of a spec with this node."""
    names = [f"input{index}" for index in range(len(given))]
    inputs = [{"name": word, "shape": list(type_.shape)} for word, type_ in zip(names, given, strict=True)]
    node: dict[str, Any] = {"op": name, "name": "node", **example.fields}
    if inputs:
        node["from"] = names
    model = {"inputs": inputs or [{"name": "unused", "shape": ["N"]}], "layers": [node]}
    try:
        load("example.json", source=json.dumps({"archspec": 1, "model": model}))
    except SpecError as error:
        finding = next(
            (item for item in error.diagnostics if item.code == example.error), error.diagnostics[0]
        )
        return f"{finding.code}: {finding.message}"
    return ""


def rule_pages() -> dict[Path, str]:
    """`rules/`: an index, and a page for each rule."""
    rules = catalogue()
    pages = {DOCS / "rules" / f"{code}.md": _rule(rule) for code, rule in rules.items()}
    lines = [RULES_INTRODUCTION]
    for phase, members in groupby(rules.values(), key=lambda rule: rule.phase()):
        lines += [f"## {phase}", "", "| code | name | |", "| --- | --- | --- |"]
        for rule in members:
            off = "" if rule.on else " *Off by default.*"
            lines.append(
                f"| [`{rule.code}`]({rule.code}.md) | `{rule.name}` | {_markdown(rule.paragraphs()[0])}{off} |"
            )
        lines.append("")
    return pages | {DOCS / "rules" / "README.md": "\n".join(lines)}


def _rule(rule: type[Rule]) -> str:
    what, why, instead = map(_markdown, rule.paragraphs())
    kind = (
        "A change, which `archspec diff` tells."
        if rule.code.startswith("AS8")
        else "An error, which cannot be turned off."
        if rule.severity == "error"
        else ("Lint, on by default." if rule.on else "Lint, off by default.")
    )
    lines = [f"# {rule.code} {rule.name}", "", f"{what} {kind}", "", why, "", instead, ""]
    language = rule.suffix.removeprefix(".")
    for name, text in rule.files.items():
        lines += [f"With `{name}` beside the spec:", "", "```toml", text.rstrip(), "```", ""]
    if rule.bad:
        lines += [
            "## Wrong",
            "",
            f"```{language}",
            rule.wrong().rstrip(),
            "```",
            "",
            "```text",
            _said(rule),
            "```",
            "",
        ]
        lines += ["## Right", "", f"```{language}", rule.good.rstrip(), "```", ""]
    return "\n".join([*lines, "[All rules](README.md)", ""])


def _said(rule: type[Rule]) -> str:
    """What `validate` prints of the wrong example."""
    name = Path(SPEC).with_suffix(rule.suffix).name
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for other, text in rule.files.items():
            Path(other).write_text(text, encoding="utf-8")
        Path(name).write_bytes(rule.bad if isinstance(rule.bad, bytes) else rule.bad.encode())
        options = "" if rule.on else f" --extend-select {rule.name}"
        command = f"archspec validate {name}{options}"
        return f"$ {command}\n{run(command)}".rstrip()


RULES_INTRODUCTION = """\
# Rules

What `archspec validate` looks for. This page and those that it leads to are generated from the rules themselves, by
`python docs/generate.py`; `archspec rule CODE` prints the same. Codes and names are stable.

Errors are always reported. Lint rules are about specs that are right, but probably not what was meant: they are
warnings, and [can be turned on and off](../validate.md#lint).
"""


def _markdown(text: str) -> str:
    """Docstrings are Markdown but for a few signs outside of code."""
    signs = {"<": "&lt;", "*": "\\*"}
    return re.sub(r"`[^`]*`|[<*]", lambda match: signs.get(match[0], match[0]), text)


# --- the zoo ------------------------------------------------------------------------------------------------

ZOO = """\
# The zoo

The networks that ship with the package. This page is generated from their specs, by `python docs/generate.py`;
`archspec zoo` lists the same. Each is the SPEC `zoo:NAME` of every command and of `archspec.load`:

```sh
archspec summary zoo:resnet50
archspec export zoo:resnet50 resnet50.onnx
archspec new my_net --from zoo:resnet50
```

The tests compare parameters, MACs, and the names and shapes of all weights with the library that is named, and most
networks without one with the same network in plain PyTorch. The numbers are those of inference on one sample of the
input. A detector is the network alone: regions are inputs, since what chooses them is no part of it. The lines of a
spec are counted without blank lines, comments, and what it says about papers and expects.

Blocks that the networks share are in [libraries](#libraries), for your own specs too.
"""

LIBRARIES = """\
## Libraries

The blocks that networks share; [the language](language.md#use) says how a file uses them. Arguments without a default
are required. Blocks that are nothing but parts of others are left out.
"""


def zoo_pages() -> dict[Path, str]:
    """The index of the zoo, and its page."""
    specs = DOCS.parent / "specs"
    files = [path for path in specs.rglob("*.toml") if path.parent.name != "libraries"]
    files.sort(key=lambda path: (len(path.parts), str(path)))
    found = [_family(path, path.relative_to(specs).with_suffix("").as_posix()) for path in files]
    index = json.dumps({"families": found}, indent=1, ensure_ascii=False) + "\n"
    shared = (line for path in sorted((specs / "libraries").glob("*.toml")) for line in _library(path))
    page = "\n".join([ZOO, *(line for family in found for line in _gallery(family)), LIBRARIES, *shared])
    return {DOCS.parent / "archspec" / "zoo.json": index, DOCS / "zoo.md": page}


GALLERY = """\
# The gallery

A picture of the first network of every family of [the zoo](zoo.md), by `archspec draw zoo:NAME NAME.svg`; how they are
to be read is in [Pictures](draw.md). This page is generated, by `python docs/generate.py`.
"""


def gallery() -> dict[Path, str]:
    """The pictures of the zoo, and the page that shows them."""
    specs = DOCS.parent / "specs"
    files = [path for path in specs.rglob("*.toml") if path.parent.name != "libraries"]
    files.sort(key=lambda path: (len(path.parts), str(path)))
    start = draw(
        str(specs / "resnet.toml"), variant="resnet50", depth=1
    )  # what README.md and draw.md begin with
    page, found = [GALLERY], {DOCS / "pictures" / "resnet50.svg": start}
    for path in files:
        variants = load_document(str(path)).variants
        name = path.relative_to(specs).with_suffix("").as_posix()
        model = load(str(path), next(iter(variants), None))
        picture = f"pictures/{name.replace('/', '-')}.svg"
        found[DOCS / picture] = draw(model)
        page += [f"## {name}", "", f"![{model.name}]({picture})", ""]
    return {DOCS / "gallery.md": "\n".join(page), **found}


def spec_lines(text: str) -> int:
    """The lines of a spec that say something of the network."""
    section, count = "", 0
    for line in [line.partition("#")[0].strip() for line in text.splitlines()]:
        section = line if re.fullmatch(r"\[+[^=]+\]+", line) else section
        count += bool(line) and not section.lstrip("[").startswith(("expect", "weights", "about"))
    return count


def _family(path: Path, name: str) -> dict[str, Any]:
    """What the index says of a spec."""
    document = load_document(str(path))
    assert document.model is not None  # noqa: S101 — libraries are elsewhere
    networks = []
    for variant in document.variants or (None,):
        model = load(str(path), variant)
        about = document.about
        paper = next((paper for paper in about.papers if variant in paper.variants), about)
        networks.append(
            {
                "name": name if variant is None else f"{name.rpartition('/')[0]}/{variant}".lstrip("/"),
                "variant": variant,
                "input": [list(type_.shape) for type_ in model.inputs.values()],
                "params": model.totals.params,
                "macs": model.totals.macs,
                **{key: getattr(paper, key) for key in ("year", "paper", "authors", "url")},
            }
        )
    return {
        "name": name,
        "doc": document.model.doc,
        "source": document.about.source,
        "lines": spec_lines(path.read_text(encoding="utf-8")),
        "networks": networks,
    }


def _gallery(family: dict[str, Any]) -> Iterator[str]:
    """A family on the page."""
    yield from (f"## {family['name']}", "", _markdown(family["doc"]), "")
    for paper in dict.fromkeys((n["authors"], n["year"], n["paper"], n["url"]) for n in family["networks"]):
        if paper[2]:
            yield f"- {paper[0]}, {paper[1]}: [{paper[2]}]({paper[3]})"
    if family["source"]:
        yield f"- Weights named as in {family['source']}."
    yield f"- [{family['lines']} lines](../specs/{family['name']}.toml)"
    yield from ("", "| network | input | parameters | MACs |", "| --- | --- | ---: | ---: |")
    for network in family["networks"]:
        shapes = ", ".join("×".join(map(str, shape[1:])) for shape in network["input"])
        yield f"| `zoo:{network['name']}` | {shapes} | {network['params']:,} | {network['macs']:,} |"
    yield ""


def _library(path: Path) -> Iterator[str]:
    """A library on the page: its blocks that say what they are."""
    lines = takewhile(lambda line: line.startswith("#"), path.read_text(encoding="utf-8").splitlines())
    yield from (f"### archspec:{path.stem}", "", " ".join(line.removeprefix("# ") for line in lines), "")
    yield from ("| block | arguments | what it is |", "| --- | --- | --- |")
    for name, block in load_document(str(path)).blocks.items():
        if block.doc:
            arguments = ", ".join(
                f"`{param.name}`"
                if param.default is MISSING
                else f"`{param.name} = {json.dumps(param.default)}`"
                for param in block.params.values()
            )
            yield f"| `{name}` | {arguments} | {_markdown(block.doc)} |"
    yield ""


# --- the program ------------------------------------------------------------------------------------------


def golden_files() -> dict[Path, str]:
    """What the tests compare findings with, in `tests/`."""
    tests = str(DOCS.parent / "tests")
    if tests not in sys.path:
        sys.path.append(tests)
    import golden_diagnostics
    import golden_formats

    return golden_diagnostics.outputs() | golden_formats.outputs()


def outputs() -> dict[Path, str]:
    """Every generated file, with what it should be, but for the zoo, whose index is what commands print."""
    return (
        golden_files()
        | {DOCS / "ops.md": ops_page(), DOCS.parent / "schema" / "archspec-1.json": render_schema()}
        | rule_pages()
        | {page: refreshed(page.read_text(encoding="utf-8")) for page in PAGES}
    )


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` tell whether one would change."""
    stale = 0
    for path, text in chain.from_iterable(make().items() for make in (zoo_pages, gallery, outputs)):
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if text == old:
            continue
        stale += 1
        if arguments == ["--check"]:
            print(f"{path.name} is out of date: run `python docs/generate.py`", file=sys.stderr)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {path.name}")
    return int(bool(stale) and arguments == ["--check"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
