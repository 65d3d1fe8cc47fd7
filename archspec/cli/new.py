"""`archspec new`."""

import os
from importlib.resources import files
from json import dumps

from archspec.cli.printing import write
from archspec.diagnostics import Problem, UsageError
from archspec.diagnostics.diagnostic import shown, shown_file, suggest
from archspec.files import writing
from archspec.language.names import check_model_name


def run(name: str, start: str) -> None:
    """Write the start of a spec to NAME.toml; an old file stays."""
    path = name if name.endswith(".toml") else f"{name}.toml"
    model = os.path.basename(path).removesuffix(".toml")
    try:
        check_model_name(model)
    except Problem as problem:
        raise UsageError(problem.message) from None
    if start not in starts():
        hint = suggest(start, starts()) or f"there is {', '.join(starts())}"
        raise UsageError(f"there is nothing called `{shown(start)}` to start from: {hint}")
    if os.path.lexists(path):
        raise UsageError(f"`{shown_file(path)}` is there already")
    text = (files("archspec") / "templates" / f"{start}.toml").read_text(encoding="utf-8")
    with writing(path) as file:
        file.write(text.replace('name = "NAME"', f"name = {dumps(model)}").encode())
    write(f"wrote {shown_file(path)}: `archspec summary {shown_file(path)}` shows it\n")


def starts() -> list[str]:
    """What a spec can start from."""
    folder = files("archspec") / "templates"
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))
