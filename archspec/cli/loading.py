"""Load the model that is specified on the command line."""

import re
from typing import TYPE_CHECKING, Any

from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown
from archspec.language.spec_names import split
from archspec.types import Dim

if TYPE_CHECKING:
    from archspec.model import Model


def settings(given: list[str] | None) -> dict[str, Any]:
    """The values of `--set`."""
    from archspec.elaborate.network import ParamText

    values = {}
    for item in given or []:
        name, equals, text = item.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"`--set {shown(item)}` is not NAME=VALUE")
        values[name.strip()] = ParamText(text.strip())
    return values


def inputs(given: list[str] | None) -> dict[str, tuple[Dim, ...]]:
    """The shapes of `--input`."""
    shapes: dict[str, tuple[Dim, ...]] = {}
    for item in given or []:
        name, equals, text = item.rpartition("=")
        parts = [part.strip() for part in text.split(",")]
        if not all(re.fullmatch(r"[0-9]{1,18}|[A-Z][A-Za-z0-9_]*", part) for part in parts) or (
            equals and not name
        ):
            raise UsageError(
                f"`--input {shown(item)}` is not a shape such as `N,3,224,224` or `image=N,3,224,224`"
            )
        key = name.strip() or "input"
        if key in shapes:
            raise UsageError(f"`--input` gives `{shown(key)}` two shapes")
        shapes[key] = tuple(int(part) if part.isdecimal() else part for part in parts)
    return shapes


def load(
    spec: str,
    set_: list[str] | None = None,
    input_: list[str] | None = None,
    batch: int = 1,
    *,
    allow_outside: bool = False,
) -> "Model":
    """Load the model for a command."""
    from archspec.api import load

    path, variant = split(spec)
    return load(
        path, variant, settings(set_), inputs=inputs(input_), batch=batch, allow_outside=allow_outside
    )
