"""What a rule is: a code, a name, and what there is to say about it, in one class.

The docstring of a rule has three parts, set apart by blank lines: what is wrong, in a line; why that matters; what to
do instead.
"""

from collections.abc import Mapping
from inspect import getdoc
from types import MappingProxyType
from typing import Any, ClassVar

SPEC = "spec.toml"
"""What the examples are called."""
PHASES = {
    "1": "Syntax",
    "2": "Keys and values",
    "3": "Names and nodes",
    "4": "Shapes",
    "5": "Expectations",
    "6": "Lint",
    "7": "Compilation",
}
"""What the hundreds of a code stand for."""
NONE: Mapping[str, str] = MappingProxyType({})


class Rule:
    """Something that can be wrong with a spec. Codes and names are stable."""

    code: ClassVar[str]
    """`AS` and three digits, of which the first is the phase."""
    name: ClassVar[str]
    """The defect in a few words with hyphens."""
    severity: ClassVar[str] = "error"
    """`error` or `warning`."""
    on: ClassVar[bool] = True
    """Whether it is looked for if nobody asks."""
    bad: ClassVar[str | bytes] = ""
    """A spec in which nothing but this is wrong; empty where no spec alone can show it."""
    good: ClassVar[str] = ""
    """The same spec, mended."""
    files: ClassVar[Mapping[str, str]] = NONE
    """Other files that both need, by name."""
    suffix: ClassVar[str] = ".toml"
    """Of the examples."""

    @classmethod
    def phase(cls) -> str:
        """What the rule is about."""
        return PHASES[cls.code[2]]

    @classmethod
    def wrong(cls) -> str:
        """The example of what is wrong, as text."""
        return cls.bad if isinstance(cls.bad, str) else cls.bad.decode("utf-8", "replace")

    @classmethod
    def data(cls) -> dict[str, Any]:
        """All that there is to say, as plain data."""
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
        """What is wrong, why it matters, what to do instead; each as one line."""
        return tuple([" ".join(part.split()) for part in (getdoc(cls) or "").split("\n\n")])


def spec_of(text: str, shape: str = '"N", 3, 32, 32') -> str:
    """A spec with these lines as its nodes."""
    lines = "".join(f"  {line}\n" for line in text.strip().splitlines())
    return f"archspec = 1\n\n[model]\ninput = [{shape}]\nlayers = [\n{lines}]\n"
