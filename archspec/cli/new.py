"""`archspec new`."""

import os
from collections.abc import Iterator
from importlib.resources import files
from json import dumps

from archspec import zoo
from archspec.cli.printing import write
from archspec.diagnostics import Problem, UsageError
from archspec.diagnostics.diagnostic import shown, shown_file, suggest
from archspec.files import writing_together
from archspec.language.document import Document
from archspec.language.names import check_model_name


def run(name: str, start: str) -> None:
    """Write a template to NAME.toml, with the libraries that it uses beside it; existing files are not overwritten."""
    path = name if name.endswith(".toml") else f"{name}.toml"
    model = os.path.basename(path).removesuffix(".toml")
    try:
        check_model_name(model)
    except Problem as problem:
        raise UsageError(problem.message) from None
    texts = dict(_copies(start, path)) if zoo.is_name(start) else {path: _start(start, model)}
    for target in texts:
        if os.path.lexists(target):
            raise UsageError(f"`{shown_file(target)}` already exists")
    with writing_together(*texts) as opened:
        for file, text in zip(opened, texts.values(), strict=True):
            file.write(text)
    variant = zoo.find(start)[1] if zoo.is_name(start) else None
    spec = shown_file(path) + (f"@{variant}" if variant else "")
    write(f"wrote {shown_file(path)}: `archspec summary {spec}` shows it\n")


def _start(start: str, model: str) -> bytes:
    """A template, with the name of the model filled in."""
    if start not in starts():
        hint = suggest(start, starts()) or f"there is {', '.join(starts())}, and what `archspec zoo` lists"
        raise UsageError(f"there is nothing called `{shown(start)}` to start from: {hint}")
    text = (files("archspec") / "templates" / f"{start}.toml").read_text(encoding="utf-8")
    return text.replace('name = "NAME"', f"name = {dumps(model)}").encode()


def _copies(spec: str, path: str) -> Iterator[tuple[str, bytes]]:
    """A spec of the zoo as `path`, and the libraries that it uses, at the paths where it expects them."""
    from archspec.elaborate.network import load_document

    file, _ = zoo.find(spec)
    yield path, _bytes(file)
    here, there = os.path.dirname(file), os.path.dirname(path)
    for library in _libraries(load_document(file)):
        yield os.path.join(there, os.path.relpath(library, here)), _bytes(library)


def _libraries(document: Document) -> list[str]:
    """The files that a document uses, directly or indirectly, except those that ship with the package."""
    shipped = os.path.join(zoo.folder(), "libraries", "")
    found: dict[str, None] = {}
    for library in document.libraries.values():
        if library is not None and not library.file.startswith(shipped):
            found |= dict.fromkeys([library.file, *_libraries(library)])
    return list(found)


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def starts() -> list[str]:
    """The names of the templates."""
    folder = files("archspec") / "templates"
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))
