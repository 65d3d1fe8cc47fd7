"""The base class of rules: a code, a name and documentation in one class.

The docstring of a rule has three paragraphs: what is wrong, in one line; why that matters; what to do instead.
"""

import re
from collections.abc import Mapping
from inspect import getdoc
from types import MappingProxyType
from typing import Any, ClassVar

SPEC = "spec.toml"
"""The file name of the examples."""
PHASES = {
    "1": "Syntax",
    "2": "Keys and values",
    "3": "Names and nodes",
    "4": "Shapes",
    "5": "Expectations",
    "6": "Lint",
    "7": "Compilation",
    "8": "Differences",
}
"""The phase for the first digit of a code."""
NONE: Mapping[str, str] = MappingProxyType({})


class Rule:
    """A kind of defect in a spec. Codes and names are stable."""

    code: ClassVar[str]
    """`AS` and three digits, of which the first is the phase."""
    name: ClassVar[str]
    """The defect in a few words with hyphens, which are those of the class: `UnknownKey` is `unknown-key`."""
    severity: ClassVar[str] = "error"
    """`error` or `warning`."""
    on: ClassVar[bool] = True
    """Whether it is enabled by default."""
    bad: ClassVar[str | bytes] = ""
    """A spec whose only defect is this one; empty if no single spec can show it."""
    good: ClassVar[str] = ""
    """The same spec, corrected."""
    files: ClassVar[Mapping[str, str]] = NONE
    """Other files that both examples need, by name."""
    suffix: ClassVar[str] = ".toml"
    """The file suffix of the examples."""

    def __init_subclass__(cls) -> None:
        cls.name = re.sub(r"(?<=[a-z])(?=[A-Z0-9])", "-", cls.__name__).lower()

    @classmethod
    def phase(cls) -> str:
        """The phase that the rule belongs to."""
        return PHASES[cls.code[2]]

    @classmethod
    def wrong(cls) -> str:
        """The bad example as text."""
        return cls.bad if isinstance(cls.bad, str) else cls.bad.decode("utf-8", "replace")

    @classmethod
    def data(cls) -> dict[str, Any]:
        """The rule as plain data."""
        what, why, instead = cls.paragraphs()
        return {
            "code": cls.code,
            "name": cls.name,
            "phase": cls.phase(),
            "severity": cls.severity,
            "default": cls.on,
            "what": what,
            "why": why,
            "instead": instead,
            "bad": cls.wrong() or None,
            "good": cls.good or None,
            "files": dict(cls.files),
        }

    @classmethod
    def paragraphs(cls) -> tuple[str, ...]:
        """The three paragraphs of the docstring, each as one line."""
        return tuple([" ".join(part.split()) for part in (getdoc(cls) or "").split("\n\n")])


def spec_of(text: str, shape: str = '"N", 3, 32, 32') -> str:
    """A spec with these lines as its nodes."""
    lines = "".join(f"  {line}\n" for line in text.strip().splitlines())
    return f"archspec = 1\n\n[model]\ninput = [{shape}]\nlayers = [\n{lines}]\n"
