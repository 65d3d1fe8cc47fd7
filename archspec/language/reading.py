"""From a file to plain data: TOML 1.1 or JSON, within limits, with every failure a diagnostic."""

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from stat import S_ISFIFO, S_ISREG
from typing import Any

import tomli

from archspec import zoo
from archspec.diagnostics import Problem, SpecError, UnreadableError
from archspec.diagnostics.diagnostic import STDIN, reason, shown, shown_file
from archspec.diagnostics.positions import is_json
from archspec.language import limits, prescan, revision

taken: dict[str, bytes] = {}
"""What cannot be read a second time, kept so that findings can show its lines: standard input and a shell's pipes."""


def read(path: str) -> str | bytes:
    """The bytes of the file `path`; `-` is standard input, `git:REV:PATH` a file of a revision.

    Raises `UnreadableError`.
    """
    try:
        if path == "-":
            if sys.stdin is None:
                raise UnreadableError("there is no standard input", STDIN)
            taken[STDIN] = sys.stdin.buffer.read(limits.FILE_BYTES + 1)
            return taken[STDIN]
        if revision.is_name(path):
            taken[path] = revision.read(path)
            return taken[path]
        if _is_pipe(path):
            raise UnreadableError(f"cannot read `{shown_file(path)}`: it is a pipe", path)
        with open(path, "rb") as file:
            data = file.read(limits.FILE_BYTES + 1)
            if not S_ISREG(os.fstat(file.fileno()).st_mode):
                taken[path] = data
            return data
    except (OSError, ValueError) as error:
        raise UnreadableError(f"cannot read `{shown_file(path)}`: {reason(error)}", path) from None


def _is_pipe(path: str) -> bool:
    """Whether this is a named pipe, which blocks whoever opens it; those of a shell's `<(...)` are in `/dev`."""
    return S_ISFIFO(os.stat(path).st_mode) and not path.startswith("/dev/")


def parse(source: str | bytes, file: str) -> dict[str, Any]:
    """The data of a spec. `file` tells the notation by its suffix, and is named in diagnostics.

    Raises `SpecError` where the text is not UTF-8, not TOML or JSON, or beyond the limits.
    """
    if _peeked and _peeked[0][:2] == (os.path.basename(file), source):
        return _peeked.pop()[2]
    try:
        text = _decode(source)
        if file.lower().endswith((".yaml", ".yml")):
            raise Problem("AS102", "a spec is TOML or JSON, not YAML", help=_YAML)
        prescan.check(text)
        data = _parse_json(text) if is_json(file, text) else _parse_toml(text)
        _check_size(data)
    except Problem as problem:
        raise SpecError([problem.located(file, ())]) from None
    return data


_YAML = "write `key = value` and `[table]` in a .toml file, or convert it to a .json file"

_peeked: list[tuple[str, str | bytes, dict[str, Any]]] = []


def peek(source: str | bytes, file: str) -> dict[str, Any]:
    """The same, kept for the next call of `parse`: parsing is a good part of the time that a spec takes."""
    _peeked.clear()
    data = parse(source, file)
    _peeked.append((os.path.basename(file), source, data))
    return data


def toml(source: str | bytes) -> dict[str, Any]:
    """The data of a TOML file that is not a spec. Raises `Problem`."""
    text = _decode(source)
    prescan.check(text)
    return _parse_toml(text)


def _decode(source: str | bytes) -> str:
    if len(source) > limits.FILE_BYTES:
        raise Problem("AS105", f"the file is larger than {limits.FILE_BYTES:,} bytes")
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()  # without the byte order mark
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        byte = error.start + len(source) - len(error.object)
        message = f"the file is not UTF-8: byte {byte} (line {line}) is 0x{source[byte]:02x}"
        raise Problem("AS101", message, place=(line, column)) from None


def _parse_toml(text: str) -> dict[str, Any]:
    try:
        return tomli.loads(text)
    except RecursionError:
        raise Problem("AS105", "the file is nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, and integers of thousands of digits
        from archspec.language.toml_errors import toml_problem  # most texts parse

        raise toml_problem(text, error) from None


def _parse_json(text: str) -> dict[str, Any]:
    import json  # specs are TOML most of the time

    try:
        data = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except RecursionError:
        raise Problem("AS105", "the file is nested too deeply") from None
    except ValueError as error:  # JSONDecodeError, and integers of thousands of digits
        from archspec.language.json_errors import json_problem  # most texts parse

        raise json_problem(text, error) from None
    if not isinstance(data, dict):
        raise Problem("AS103", "a spec is a JSON object")
    if not isinstance(data.pop("$schema", ""), str):  # for editors
        raise Problem("AS203", "`$schema` must be text, the address of a JSON Schema", at=("$schema",))
    if _SURROGATE.search(text) and any(_SURROGATES & set(word) for word in texts(data, keys=True)):
        from archspec.language.json_errors import half_a_pair  # most texts have none

        raise half_a_pair(text)
    return data


_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATES = frozenset(map(chr, range(0xD800, 0xE000)))


def texts(data: Any, *, keys: bool = False) -> Iterator[str]:
    """Every text in a value of a document."""
    stack = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple):
            stack += value
        elif isinstance(value, dict):
            stack += value.values()
            if keys:
                stack += value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        key = next(key for key, number in Counter(key for key, _ in pairs).items() if number > 1)
        raise Problem("AS104", f"the key `{shown(key)}` appears twice in one object", subject=key)
    return table


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


_NODE_LISTS = frozenset({"layers", "shortcut", "branches"})
_NODE_PATHS = frozenset((key,) for key in _NODE_LISTS)


def _check_size(data: dict[str, Any]) -> None:
    """Bound what later code walks through recursively, and numbers. No recursion here."""
    nodes = 0
    level: list[tuple[Any, tuple[str | int, ...]]] = [(data, ())]
    for _ in range(limits.DEPTH):
        inner: list[tuple[Any, tuple[str | int, ...]]] = []
        for value, path in level:
            kind = type(value)
            if kind is dict:
                if len(value) > limits.KEYS:
                    raise Problem("AS105", f"a table has more than {limits.KEYS:,} keys", at=path)
                inner += [(item, (*path, key)) for key, item in value.items() if type(item) is not str]
            elif kind is list:
                is_nodes = next((part for part in reversed(path) if type(part) is str), "") in _NODE_LISTS
                nodes += len(value) if is_nodes else 0
                if nodes > limits.WRITTEN:
                    raise Problem("AS105", f"the file has more than {limits.WRITTEN:,} nodes", at=path)
                if len(value) > limits.LIST_LENGTH and path[-1:] not in _NODE_PATHS:
                    raise Problem("AS105", f"a list has more than {limits.LIST_LENGTH:,} elements", at=path)
                inner += [(item, (*path, index)) for index, item in enumerate(value) if type(item) is not str]
            elif kind is int and not -limits.INTEGER <= value <= limits.INTEGER:
                raise Problem("AS203", "the integer does not fit into 64 bits", at=path)
            elif kind is float and not isfinite(value):
                raise Problem("AS203", f"{value} is not a finite number", at=path)
        if not inner:
            return
        level = inner
    raise Problem("AS105", f"the file is nested deeper than {limits.DEPTH} levels", at=level[0][1][:8])


def resolve_library(target: str, user: str, root: Path, *, anywhere: bool) -> str:
    """The file that `use` names: a library of the package, or one relative to the using file, inside `root` unless
    `anywhere`.

    Returns the path as a reader knows it. Raises `Problem` (AS309) where it may not be read.
    """
    if target.startswith(zoo.LIBRARY):
        return zoo.library(target)
    if "\0" in target:
        raise Problem("AS309", "a path cannot have a null character")
    if os.path.isabs(target):
        raise Problem(
            "AS309",
            f"`{shown(target)}` is an absolute path",
            help="name it relative to this file",
            subject=target,
        )
    if revision.is_name(user):
        return revision.library(target, user, root.as_posix().removeprefix("."), anywhere=anywhere)
    path = os.path.normpath(os.path.join(os.path.dirname(user), target))
    if not anywhere and not Path(os.path.realpath(path)).is_relative_to(root):
        raise Problem(
            "AS309",
            f"`{shown(target)}` lies outside the spec's folder",
            help="move it there, or allow it with `--allow-outside`",
            subject=target,
        )
    return path
