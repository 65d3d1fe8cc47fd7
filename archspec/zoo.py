"""The zoo: networks and block libraries that ship with the package, by name.

The specs are in the folder `specs`: inside the installed package, or beside it in the repository. `zoo.json` is their
index, written by `python docs/generate.py`, which avoids reading the specs.
"""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from archspec.diagnostics import Problem, UsageError
from archspec.diagnostics.diagnostic import Replacement, shown, suggest

PREFIX = "zoo:"
"""The prefix of a name in the zoo."""
LIBRARY = "archspec:"
"""The prefix by which `use` names a library that ships with the package."""
_PACKAGE = os.path.dirname(os.path.abspath(__file__))


@dataclass(frozen=True, slots=True)
class Entry:
    """A network of the zoo. `variant` is `None` where its file has no variants."""

    name: str
    variant: str | None
    input: tuple[tuple[int | str, ...], ...]
    """The shapes of the inputs, batch axis first."""
    params: int
    macs: int
    year: int | None
    paper: str
    authors: str
    url: str


@dataclass(frozen=True, slots=True)
class Family:
    """A spec of the zoo, with its networks."""

    name: str
    """The path of the spec in the folder of specs, without the suffix."""
    doc: str
    source: str
    """The library whose names the weights have."""
    lines: int
    """The length of the spec: the number of lines that are neither blank, nor comments, nor expectations."""
    networks: tuple[Entry, ...]

    @property
    def file(self) -> str:
        """The path of the spec."""
        return os.path.join(folder(), f"{self.name}.toml")


@cache
def folder() -> str:
    """The folder of the specs."""
    inside = os.path.join(_PACKAGE, "specs")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(_PACKAGE), "specs")


@cache
def families() -> tuple[Family, ...]:
    """The families in the order of the index."""
    from json import load

    with open(os.path.join(_PACKAGE, "zoo.json"), encoding="utf-8") as file:
        return tuple(_family(data) for data in load(file)["families"])


def _family(data: dict[str, Any]) -> Family:
    networks = tuple(
        Entry(**{**item, "input": tuple(map(tuple, item["input"]))}) for item in data["networks"]
    )
    return Family(**{**data, "networks": networks})


def is_name(spec: str) -> bool:
    """Whether a spec is given as a name in the zoo."""
    return spec.startswith(PREFIX)


def find(spec: str) -> tuple[str, str | None]:
    """The file and the variant of `zoo:FAMILY`, `zoo:FAMILY@VARIANT` or `zoo:NETWORK`.

    Raises `UsageError` for a name that is not in the zoo.
    """
    name, _, variant = spec.removeprefix(PREFIX).partition("@")
    family = next((family for family in families() if family.name == name), None)
    if family is not None:
        return family.file, variant or None
    if not variant:
        for family in families():
            for network in family.networks:
                if network.name == name:
                    return family.file, network.variant
    raise unknown(spec)


def unknown(spec: str) -> UsageError:
    """The error for a name that is not in the zoo."""
    name = spec.removeprefix(PREFIX)
    alone = name.partition("@")[0]
    near = suggest(name, names()) or suggest(alone, names()) if alone else None
    return UsageError(f"the zoo has no `{shown(name)}`: {near or '`archspec zoo` lists its networks'}")


def names() -> list[str]:
    """All names in the zoo: families, then networks."""
    networks = (network.name for family in families() for network in family.networks)
    return list(dict.fromkeys((*(family.name for family in families()), *networks)))


def libraries() -> list[str]:
    """The names of the libraries that ship with the package, without `archspec:`."""
    files = os.listdir(os.path.join(folder(), "libraries"))
    return sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml"))


def library(target: str) -> str:
    """The file of the library `archspec:NAME`. Raises `Problem` (AS309) if there is none."""
    name = target.removeprefix(LIBRARY)
    if name not in libraries():
        known = [LIBRARY + name for name in libraries()]
        near = suggest(name, libraries())
        meant = Replacement(LIBRARY + near.word) if near else None
        raise Problem(
            "AS309",
            f"no library `{shown(target)}` ships with the package",
            help=meant or f"there is {', '.join(f'`{name}`' for name in known)}",
            subject=target,
        )
    return os.path.join(folder(), "libraries", f"{name}.toml")
