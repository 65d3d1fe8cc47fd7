"""The arguments of constructors, in order, and docstrings."""

import textwrap

from archspec.backends.torch.source.layout import WIDTH
from archspec.backends.torch.source.parts import REQUIRED, ClassArgument, Constructor
from archspec.backends.torch.source.symbols import plain, same


def class_arguments(made: Constructor) -> list[tuple[ClassArgument, str]]:
    """The arguments that a call of a generated class has, and their identifiers."""
    class_ = made.classes[0]
    return [(argument, class_.ids[argument.key]) for argument in ordered(class_.arguments)]


def has_default(argument: ClassArgument) -> bool:
    """Whether calls may omit an argument: its default is one of the values."""
    return argument.default is not REQUIRED and any(
        same(plain(value), plain(argument.default)) for value in argument.values
    )


def ordered(arguments: list[ClassArgument]) -> list[ClassArgument]:
    """Order arguments: input sizes, the block's parameters, then the rest; those with a default come last."""
    return sorted(
        arguments,
        key=lambda a: (
            has_default(a),
            a.axis is None,
            a.key.startswith("@") and not a.key.startswith("@type "),
        ),
    )  # the sort is stable: each kind stays in the order of first use


def class_doc(doc: str) -> list[str]:
    """The lines of a class's docstring."""
    text = wrapped(doc, WIDTH - 10)
    if not text:
        return []
    if len(text) == 1 and len(text[0]) <= WIDTH - 10:
        return [f'    """{text[0]}"""', ""]
    return [f'    """{text[0]}', *(f"    {line}" for line in text[1:]), '    """', ""]


def safe(text: str) -> str:
    """Escape text so that it cannot terminate a docstring."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.replace("\\", "\\\\").replace('"', "'")


def wrapped(text: str, width: int = WIDTH) -> list[str]:
    """Wrap text to the lines of a docstring."""
    words = " ".join(safe(text).split())
    return textwrap.wrap(words, width, break_long_words=False, break_on_hyphens=False)
