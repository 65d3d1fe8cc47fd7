"""`[tool.archspec]` in `pyproject.toml`: the lint rules that a project enables."""

import os
from dataclasses import dataclass, field
from typing import Any

from archspec.diagnostics import Problem, UsageError
from archspec.diagnostics.diagnostic import shown, shown_file, suggest
from archspec.language.arithmetic import show
from archspec.language.reading import read as read_file
from archspec.language.reading import toml
from archspec.lint import Choice, Selection, choose

NAME = "pyproject.toml"
LISTS = ("select", "extend-select", "ignore")
KEYS = (*LISTS, "severity")


@dataclass(slots=True)
class Config:
    """The rules for each file: those of the nearest `pyproject.toml` with any, changed by the command line."""

    command: Choice
    folders: dict[str, Choice | None] = field(default_factory=dict)
    chosen: dict[int, Selection] = field(default_factory=dict)

    def of(self, file: str) -> Selection:
        """The rules for a file."""
        folder = os.path.dirname(os.path.abspath(file)) if "\0" not in file else os.getcwd()
        layer = self.layer(folder)
        if id(layer) not in self.chosen:
            self.chosen[id(layer)] = choose(*([] if layer is None else [layer]), self.command)
        return self.chosen[id(layer)]

    def layer(self, folder: str) -> Choice | None:
        """The nearest configuration at or above a folder."""
        visited = []
        while folder not in self.folders:
            visited.append(folder)
            found = read(os.path.join(folder, NAME))
            above = os.path.dirname(folder)
            if found is not None or above == folder:
                self.folders[folder] = found
                break
            folder = above
        for one in visited:
            self.folders[one] = self.folders[folder]
        return self.folders[folder]


def read(path: str) -> Choice | None:
    """The configuration in a `pyproject.toml`; `None` if the file does not exist or has none."""
    if not os.path.isfile(path):
        return None
    try:
        data = toml(read_file(path))
    except Problem as problem:
        place = f" (at line {problem.line}, column {problem.column})" if problem.line else ""
        raise UsageError(f"`{shown_file(path)}` cannot be read: {problem.message}{place}") from None
    tool = data.get("tool", {})
    table = tool.get("archspec") if isinstance(tool, dict) else None
    if table is None:
        return None
    try:
        layer = _layer(table)
        choose(layer)
    except UsageError as error:
        raise UsageError(f"`{shown_file(path)}`, [tool.archspec]: {error}") from None
    return layer


def _layer(table: Any) -> Choice:
    if not isinstance(table, dict):
        raise UsageError(f"it must be a table, not {show(table)}")
    for key, value in table.items():
        if key not in KEYS:
            hint = suggest(key, KEYS) or f"its keys are {', '.join(KEYS)}"
            raise UsageError(f"there is no `{shown(key)}`: {hint}")
        if key in LISTS and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            raise UsageError(f"`{key}` must be a list of rules, not {show(value)}")
    severity = table.get("severity", {})
    if not (isinstance(severity, dict) and all(isinstance(item, str) for item in severity.values())):
        raise UsageError(f"`severity` must be a table of rules, not {show(severity)}")
    return Choice(table.get("select"), table.get("extend-select", ()), table.get("ignore", ()), severity)
