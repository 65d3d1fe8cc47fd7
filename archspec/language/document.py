"""A spec file, checked as far as its text alone allows."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from archspec.diagnostics import Diagnostic, Label, Problem, SpecError, UsageError
from archspec.diagnostics.diagnostic import STDIN, Path, Replacement, shown, shown_file, suggest
from archspec.language import expectations, limits, reading, revision, schema
from archspec.language.names import (
    OPS,
    check_block_name,
    check_input_name,
    check_model_name,
    check_param_name,
    check_variant_name,
    name_of_file,
)
from archspec.language.outputs import Output, declare_all
from archspec.language.params import MISSING, TYPES, Parameter, declare
from archspec.language.renaming import check_renaming
from archspec.language.revision import path_of
from archspec.language.schema import AboutSection, BlockSection, FileSection, ModelSection
from archspec.types import Value


@dataclass(slots=True, eq=False, repr=False)
class Definition:
    """A block, or the model: a body of nodes with parameters. Compared by identity."""

    name: str
    document: "Document"
    path: Path
    layers: list[Any]
    params: dict[str, Parameter] = field(default_factory=dict)
    let: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ("input",)
    outputs: tuple[Output, ...] = ()
    train_outputs: tuple[Output, ...] = ()
    inline: bool = False
    doc: str = ""


@dataclass(slots=True, eq=False, repr=False)
class Document:
    """A spec file: its declarations by name. Problems found on the way are in `diagnostics`."""

    file: str
    params: dict[str, Parameter] = field(default_factory=dict)
    let: dict[str, Any] = field(default_factory=dict)
    variants: dict[str, dict[str, Value]] = field(default_factory=dict)
    defaults: dict[str, dict[str, Any]] = field(default_factory=dict)
    libraries: dict[str, "Document | None"] = field(default_factory=dict)
    """By the name that `use` gives them; `None` for one that could not be read."""
    blocks: dict[str, Definition] = field(default_factory=dict)
    model: Definition | None = None
    section: ModelSection | None = None
    expect: dict[str, Any] = field(default_factory=dict)
    about: AboutSection = field(default_factory=AboutSection)
    """Where its networks were published."""
    ignore: tuple[str, ...] = ()
    """The lint rules that are not wanted in this file."""
    rename: dict[str, str] = field(default_factory=dict)
    """Patterns for the keys in weight files from elsewhere, and the keys here that they stand for."""

    @property
    def name(self) -> str:
        """The model's name; the file's where it has none."""
        given = self.section.name if self.section else None
        return given or ("stdin" if self.file == STDIN else name_of_file(FilePath(path_of(self.file)).stem))


class Loader:
    """Reads a spec and the libraries that it uses, each file once."""

    def __init__(self, *, anywhere: bool = False) -> None:
        self.anywhere = anywhere
        self.diagnostics: list[Diagnostic] = []
        self.seen: set[Diagnostic] = set()
        self.root = FilePath()
        self.read: dict[str, Document | None] = {}
        self.active: list[str] = []

    def load(self, file: str, source: str | bytes | None = None) -> Document | None:
        """The document of the root file; `None` if too little of it can be read."""
        text = reading.read(file) if source is None else source
        file = STDIN if file == "-" else file
        try:
            if revision.is_name(file):
                self.root = FilePath(revision.Revision.of(file).folder)
            else:
                self.root = FilePath(os.path.realpath(os.path.dirname(file) or "."))
            self.active = [os.path.realpath(file)]
        except ValueError:
            raise UsageError(f"`{shown_file(file)}` cannot be the name of a file") from None
        return self._document(file, text)

    def _document(self, file: str, source: str | bytes) -> Document | None:
        data = reading.parse(source, file)
        sections, problems = schema.check(data)
        for problem in problems:
            self._report(problem, file)
        if sections is None:
            return None
        document = Document(file)
        self._declare(document, sections)
        return document

    def _report(self, problem: Problem, file: str, *path: str | int) -> None:
        diagnostic = problem.located(file, path)
        if len(self.seen) < limits.FINDINGS and diagnostic not in self.seen:  # a library may have two names
            self.seen.add(diagnostic)
            self.diagnostics.append(diagnostic)

    def _declare(self, document: Document, sections: FileSection) -> None:
        document.let, document.defaults = sections.let, sections.defaults
        document.expect = sections.expect
        document.about = sections.about
        document.ignore = tuple(sections.lint.ignore)
        document.rename = self._renamings(document, sections.weights.rename)
        document.params = self._params(document, ("params",), sections.params, required=False)
        self._check_lets(document, ("let",), sections.let, document.params)
        self._variants(document, sections.variants)
        self._check_expectations(document)
        self._check_papers(document)
        for name, target in sections.use.items():
            document.libraries[name] = self._library(document, name, target)
        for name, block in sections.blocks.items():
            defined = self._block(document, name, block)
            if name not in OPS:  # else the op that everyone means would be hidden
                document.blocks[name] = defined
        if sections.model is not None:
            document.section = sections.model
            if sections.model.name is not None:
                self._model_name(document, sections.model.name)
            document.model = self._model(document, sections.model)

    def _check_key(self, check: Callable[[str], None], document: Document, *path: str) -> bool:
        """Check the key that a path ends with; whether it is a valid name."""
        try:
            check(path[-1])
        except Problem as problem:
            problem.about_key = True
            self._report(problem, document.file, *path)
            return False
        return True

    def _model_name(self, document: Document, name: str) -> None:
        try:
            check_model_name(name)
        except Problem as problem:
            self._report(problem, document.file, "model", "name")

    def _params(
        self, document: Document, path: tuple[str, ...], raw: dict[str, Any], *, required: bool
    ) -> dict[str, Parameter]:
        params = {}
        for name, declaration in raw.items():
            self._check_key(check_param_name, document, *path, name)
            try:
                param = declare(name, declaration, required=required)
                if not required and not (param.long_form and isinstance(param.default, str)):
                    param.conform(param.default)
            except Problem as problem:
                self._report(problem, document.file, *path, name)
                param = Parameter(name, "str", MISSING if required else "", broken=True)  # nothing cascades
            params[name] = param
        return params

    def _check_lets(
        self, document: Document, path: tuple[str, ...], lets: dict[str, Any], params: dict[str, Parameter]
    ) -> None:
        for name in lets:
            if self._check_key(check_param_name, document, *path, name) and name in params:
                problem = Problem(
                    "AS303",
                    f"`{name}` is a parameter already",
                    subject=name,
                    about_key=True,
                    labels=[Label("the parameter", (*path[:-1], section_of(params[name]), name))],
                )
                self._report(problem, document.file, *path, name)

    def _variants(self, document: Document, raw: dict[str, dict[str, Any]]) -> None:
        """The values of each variant. If a parameter suits none of its values, its declaration is reported."""
        wrong: dict[str, dict[str, Problem]] = {}
        for variant, overrides in raw.items():
            self._check_key(check_variant_name, document, "variants", variant)
            values = document.variants[variant] = {}
            for name, value in overrides.items():
                try:
                    values[name] = override(document, name, value)
                except Problem as problem:
                    wrong.setdefault(name, {})[variant] = problem
        for name, problems in wrong.items():
            given = sum(name in overrides for overrides in raw.values())
            param = document.params.get(name)
            if (
                param is not None
                and len(problems) == given > 1
                and not any(param.has_type(raw[variant][name]) for variant in problems)
            ):
                text = f"`{name}` is {TYPES[param.type]} by its declaration, but no variant gives it one"
                first = Label("one of the values", ("variants", next(iter(problems)), name))
                self._report(Problem("AS203", text, labels=[first]), document.file, "params", name)
                continue
            for variant, found in problems.items():
                self._report(found, document.file, "variants", variant, name)

    def _check_expectations(self, document: Document) -> None:
        """`[expect]` is one table; with variants, a table for each of them that has any."""
        if not document.variants:
            tables: dict[Path, Any] = {("expect",): document.expect}
        else:
            tables = {("expect", name): table for name, table in document.expect.items()}
        for path, table in tables.items():
            if len(path) > 1 and path[1] not in document.variants:
                problem = no_variant(str(path[1]), document, "with variants, each has an `[expect.NAME]`")
                problem.about_key = True
                self._report(problem, document.file, *path)
            elif not isinstance(table, dict):
                self._report(Problem("AS203", f"`{path[1]}` must be a table"), document.file, *path)
            else:
                for problem in expectations.parse(table)[1]:
                    self._report(problem, document.file, *path)

    def _check_papers(self, document: Document) -> None:
        for index, paper in enumerate(document.about.papers):
            for place, name in enumerate(paper.variants):
                if name not in document.variants:
                    path = ("about", "papers", index, "variants", place)
                    self._report(no_variant(name, document), document.file, *path)

    def _renamings(self, document: Document, raw: dict[str, str]) -> dict[str, str]:
        """The valid patterns of `[weights]`."""
        found = {}
        for old, new in raw.items():
            try:
                check_renaming(old, new)
                found[old] = new
            except Problem as problem:
                self._report(problem, document.file, "weights", "rename", old)
        return found

    def _library(self, document: Document, name: str, target: str) -> Document | None:
        if not self._check_key(check_block_name, document, "use", name):
            return None
        try:
            path = reading.resolve_library(target, document.file, self.root, anywhere=self.anywhere)
            real = os.path.realpath(path)
            if len(self.active) > limits.DEPTH:
                raise Problem("AS306", f"libraries use libraries more than {limits.DEPTH} deep")
            if real in self.active:
                raise Problem(
                    "AS305", f"`{shown(target)}` uses this file, directly or through others", subject=target
                )
            if real not in self.read:
                self.read[real] = None  # if it cannot be read, that is reported once
                self.active.append(real)
                try:
                    self.read[real] = self._document(path, reading.read(path))
                finally:
                    self.active.pop()
            return self.read[real]
        except UsageError as error:
            self._report(Problem("AS309", str(error), subject=target), document.file, "use", name)
        except SpecError as error:
            self.diagnostics += [found for found in error.diagnostics if found not in self.diagnostics]
        except Problem as problem:
            self._report(problem, document.file, "use", name)
        return None

    def _block(self, document: Document, name: str, section: BlockSection) -> Definition:
        path = ("blocks", name)
        self._check_key(check_block_name, document, "blocks", name)
        params = self._params(document, (*path, "required"), section.required, required=True)
        optional = self._params(document, (*path, "params"), section.params, required=False)
        for taken in params.keys() & optional.keys():
            self._report(
                Problem(
                    "AS303",
                    f"`{taken}` is required already",
                    labels=[Label("required here", (*path, "required", taken))],
                    subject=taken,
                    about_key=True,
                ),
                document.file,
                *path,
                "params",
                taken,
            )
        params |= optional
        self._check_lets(document, (*path, "let"), section.let, params)
        inputs = self._inputs(document, (*path, "inputs"), section.inputs)
        return Definition(
            name,
            document,
            path,
            section.layers,
            params,
            section.let,
            inputs,
            self._outputs(document, (*path, "outputs"), section.outputs),
            inline=section.inline,
            doc=section.doc,
        )

    def _model(self, document: Document, section: ModelSection) -> Definition:
        if (section.input is None) == (section.inputs is None):
            either = "`input`, a shape, or `inputs`, a list of { name, shape }"
            both = ", not both" if section.input is not None else ""
            self._report(Problem("AS202", f"the model needs {either}{both}"), document.file, "model")
        if any(isinstance(item, dict) for item in section.input or ()):
            problem = Problem(
                "AS201",
                "`input` is a single shape, not a list of tables",
                help=Replacement("inputs"),
                subject="input",
                about_key=True,
            )
            self._report(problem, document.file, "model", "input")
        names = None if section.inputs is None else [item.name for item in section.inputs]
        inputs = self._inputs(document, ("model", "inputs"), names)
        self._check_lets(document, ("model", "let"), section.let, {})
        return Definition(
            "model",
            document,
            ("model",),
            section.layers,
            {},
            section.let,
            inputs,
            self._outputs(document, ("model", "outputs"), section.outputs),
            self._outputs(document, ("model", "train_outputs"), section.train_outputs),
            doc=section.doc,
        )

    def _outputs(self, document: Document, path: Path, raw: list[Any]) -> tuple[Output, ...]:
        outputs, problems = declare_all(raw)
        for problem in problems:
            self._report(problem, document.file, *path)
        return tuple(outputs)

    def _inputs(self, document: Document, path: Path, names: list[str] | None) -> tuple[str, ...]:
        if names is None:
            return ("input",)
        for index, name in enumerate(names):
            try:
                check_input_name(name)
                if name == "input" and index:
                    raise Problem(
                        "AS206",
                        "`input` always names the first input",
                        help="give it another name",
                        subject=name,
                    )
                if name in names[:index]:
                    raise Problem("AS303", f"there are two inputs `{name}`", subject=name)
            except Problem as problem:
                self._report(problem, document.file, *path, index)
        if not names:
            self._report(Problem("AS203", "there must be at least one input"), document.file, *path)
            return ("input",)
        return tuple(names)


def no_variant(name: str, document: Document, help_: str | None = None) -> Problem:
    """The problem for a variant that does not exist."""
    return Problem(
        "AS208",
        f"there is no variant `{shown(name)}`",
        help=suggest(name, list(document.variants)) or help_,
        subject=name,
    )


def section_of(param: Parameter) -> str:
    """Where a parameter is declared."""
    return "required" if param.default is MISSING else "params"


def override(document: Document, name: str, value: Any) -> Value:
    """`value` for the file's parameter `name`. Raises `Problem` if there is none, or the value does not conform."""
    param = document.params.get(name)
    if param is None:
        known = list(document.params)
        raise Problem(
            "AS208",
            f"there is no parameter `{shown(name)}`",
            help=suggest(name, known)
            or (f"the parameters are {', '.join(f'`{word}`' for word in known)}" if known else None),
            subject=name,
            about_key=True,
        )
    return param.conform(value)
