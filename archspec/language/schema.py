"""The sections of a spec file and their keys. Nodes are not described here: each op knows its own fields."""

from copy import deepcopy
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import Replacement, shown, suggest
from archspec.language import limits
from archspec.language.arithmetic import show

Text = Annotated[str, Field(description="text")]
TableOfAnything = Annotated[dict[str, Any], Field(description="a table")]
Tables = Annotated[dict[str, dict[str, Any]], Field(description="a table of tables")]
NodeList = Annotated[list[Any], Field(description="a list of nodes")]
NameList = Annotated[list[str], Field(description="a list of names")]
OutputList = Annotated[list[Any], Field(description="a list of names, or of tables { name, of, when }")]


class Section(BaseModel):
    """A table with fixed keys."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True, populate_by_name=True)


class InputSection(Section):
    """One of several inputs of the model."""

    name: Text
    shape: Annotated[list[Any], Field(description="a list of sizes")]


class ModelSection(Section):
    """`[model]`: the network."""

    name: Annotated[str | None, Field(description="text")] = None
    doc: Text = ""
    input: Annotated[list[Any] | None, Field(description="a list of sizes")] = None
    inputs: Annotated[list[InputSection] | None, Field(description="a list of { name, shape }")] = None
    outputs: OutputList = []
    train_outputs: OutputList = []
    let: TableOfAnything = {}
    layers: NodeList


class BlockSection(Section):
    """`[blocks.NAME]`: an op made of nodes."""

    doc: Text = ""
    required: TableOfAnything = {}
    params: TableOfAnything = {}
    inline: Annotated[bool, Field(description="true or false")] = False
    inputs: Annotated[list[str] | None, Field(description="a list of names")] = None
    outputs: OutputList = []
    let: TableOfAnything = {}
    layers: NodeList


class PublicationSection(Section):
    """Where a network was published."""

    paper: Annotated[str, Field(description="text, the title of the paper")] = ""
    authors: Annotated[str, Field(description="text")] = ""
    year: Annotated[int | None, Field(ge=1940, le=2200, description="a year")] = None
    url: Annotated[str, Field(description="text, the address of the paper")] = ""


class PaperSection(PublicationSection):
    """`[[about.papers]]`: a paper that some of the variants are from."""

    variants: NameList


class AboutSection(PublicationSection):
    """`[about]`: where the networks of the file come from."""

    source: Annotated[str, Field(description="text, the project whose names the weights have")] = ""
    papers: Annotated[list[PaperSection], Field(description="a list of tables")] = []


class LintSection(Section):
    """`[lint]`: which findings are not wanted."""

    ignore: NameList = []


class WeightsSection(Section):
    """`[weights]`: how files of weights are read."""

    rename: Annotated[dict[str, str], Field(description="a table of names")] = {}


class FileSection(Section):
    """The whole file."""

    archspec: Annotated[int, Field(ge=1, le=1, description="1, the version of the language")]
    about: Annotated[AboutSection, Field(description="a table")] = AboutSection()
    params: TableOfAnything = {}
    let: TableOfAnything = {}
    variants: Tables = {}
    defaults: Tables = {}
    use: Annotated[dict[str, str], Field(description="a table of names and files")] = {}
    model: Annotated[ModelSection | None, Field(description="a table")] = None
    blocks: Annotated[dict[str, BlockSection], Field(description="a table of blocks")] = {}
    expect: TableOfAnything = {}
    lint: Annotated[LintSection, Field(description="a table")] = LintSection()
    weights: Annotated[WeightsSection, Field(description="a table")] = WeightsSection()


def check(data: dict[str, Any]) -> tuple[FileSection | None, list[Problem]]:
    """The sections of a file, if they can be made out, and what is wrong; each problem's `at` is its path."""
    try:
        return FileSection.model_validate(data), []
    except ValidationError as error:
        if _is_one_shape(data):
            shape = Problem(
                "AS201",
                "`inputs` is for several inputs, each a table { name, shape }",
                at=("model", "inputs"),
                help=Replacement("input"),
                subject="inputs",
                about_key=True,
            )
            sections, problems = check(
                _corrected(data, [("model", "inputs")], {("model", "inputs"): "input"})
            )
            return sections, [shape, *problems]
        found: dict[tuple[str | int, ...], Problem] = {}
        meant: dict[tuple[str | int, ...], tuple[str | int, ...]] = {}
        for item in error.errors(include_url=False)[: limits.FINDINGS]:
            problem = _problem(item["type"], item["loc"], item["input"])
            if item["type"] == "extra_forbidden" and problem.replacement is not None:
                meant[(*item["loc"][:-1], problem.replacement)] = item["loc"]
            found.setdefault(item["loc"], problem)
        # A misspelt key is not missing too.
        problems = [problem for path, problem in found.items() if path not in meant]
        extra = [item["loc"] for item in error.errors(include_url=False) if item["type"] == "extra_forbidden"]
        if ("archspec",) in found:
            data = {**data, "archspec": 1}  # what is wrong with it is reported
        elif not extra:
            return None, problems
        # What else is wrong is worth knowing in the same run.
        names = {path: str(right[-1]) for right, path in meant.items()}
        sections = check(_corrected(data, extra, names))[0] or check(_corrected(data, extra, {}))[0]
        return sections, problems


def _is_one_shape(data: dict[str, Any]) -> bool:
    """Whether `inputs` is a shape, which `input` was meant for."""
    model = data.get("model")
    inputs = model.get("inputs") if isinstance(model, dict) else None
    return (
        isinstance(inputs, list)
        and any(isinstance(item, int) for item in inputs)
        and all(isinstance(item, int | str) for item in inputs)
        and "input" not in model  # type: ignore[operator]
    )


def _corrected(
    data: dict[str, Any], extra: list[tuple[int | str, ...]], meant: dict[tuple[str | int, ...], str]
) -> dict[str, Any]:
    """A copy of the data without the keys at these paths, or with those that were meant, so that nothing cascades."""
    copy = deepcopy(data)
    for path in extra:
        table: Any = copy
        for key in path[:-1]:
            table = table[key]
        value = table.pop(path[-1])
        if path in meant:
            table.setdefault(meant[path], value)
    return copy


def _problem(kind: str, path: tuple[int | str, ...], value: Any) -> Problem:
    section, depth = _section(path)
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    if kind == "extra_forbidden":
        place = f"`{shown('.'.join(map(str, path[:-1])))}`" if path[1:] else "a spec"
        help_: Replacement | str | None = suggest(key, list(section.model_fields))
        if not path[1:] and key in ModelSection.model_fields:
            help_ = "it belongs in the table `[model]`"
        if path == ("$schema",):
            help_ = "in TOML, a first line `#:schema ADDRESS` names the schema for editors"
        return Problem(
            "AS201", f"{place} has no `{shown(key)}`", at=path, help=help_, subject=key, about_key=True
        )
    if kind == "missing":
        help_ = "the first line of a spec is `archspec = 1`" if path == ("archspec",) else None
        return Problem("AS202", f"`{shown(key)}` is missing", at=path[:-1], help=help_)
    if path == ("archspec",):
        return Problem(
            "AS207",
            f"this archspec reads version 1 of the language, not {show(value)}",
            at=path,
            help="write `archspec = 1`" if str(value) in ("1", "1.0", "True", "0", "v1") else None,
        )
    return Problem(
        "AS203", f"`{shown(key)}` must be {_expected(section, path[depth:])}, not {show(value)}", at=path
    )


def _section(path: tuple[int | str, ...]) -> tuple[type[Section], int]:
    """The section that the last key of `path` belongs to, and how much of `path` leads to it."""
    if path[:2] == ("model", "inputs") and len(path) > 3:
        return InputSection, 3
    if path[0] == "model" and len(path) > 1:
        return ModelSection, 1
    if path[0] == "blocks" and len(path) > 2:
        return BlockSection, 2
    if path[:2] == ("about", "papers") and len(path) > 3:
        return PaperSection, 3
    if path[0] == "about" and len(path) > 1:
        return AboutSection, 1
    if path[0] == "lint" and len(path) > 1:
        return LintSection, 1
    if path[0] == "weights" and len(path) > 1:
        return WeightsSection, 1
    return FileSection, 0


def _expected(section: type[Section], path: tuple[int | str, ...]) -> str:
    """What the value at `path` inside a section must be."""
    if len(path) == 1:
        return section.model_fields[str(path[0])].description or "of another type"
    if path[0] == "inputs" and section is ModelSection:
        return "a table { name, shape }"
    return {
        "use": "the path of a file",
        "variants": "a table",
        "defaults": "a table",
        "blocks": "a table",
    }.get(str(path[0]), "text")
