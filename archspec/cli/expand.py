"""`archspec expand`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from archspec.analysis.expand import canonical
from archspec.cli.printing import write
from archspec.diagnostics import SpecError, UsageError
from archspec.language.reading import parse

if TYPE_CHECKING:
    from archspec.model import Model


def run(model: "Model") -> None:
    """Print the expanded network. Raises `UsageError` if it exceeds the limits of a spec."""
    text = canonical(model.network, model.costs)
    try:
        parse(text, "expanded.json")
    except SpecError as error:
        raise UsageError(
            f"the expanded network is larger than a spec may be: {error.diagnostics[0].message}"
        ) from None
    write(text)


def run_textconv(file: str) -> None:
    """Print all networks of a file as lines; of a file that is no spec by itself, the file as it is.

    Git calls it for old versions of a file in a folder for temporary files, where its libraries are missing, but for
    that of the working tree in place: a spec with libraries of its own is shown as it is in either.
    """
    from archspec.language import reading

    try:
        text = "\n".join(_textconv(file)) + "\n"
    except (SpecError, UsageError):
        data = reading.read(file)
        text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    write(text)


def _textconv(file: str) -> Iterator[str]:
    from json import loads

    from archspec.elaborate.network import elaborate, load_document
    from archspec.elaborate.plans import Plans
    from archspec.model import Model
    from archspec.report.plain_text import lines
    from archspec.zoo import folder

    document, plans = load_document(file), Plans()
    if any(
        library is None or not library.file.startswith(folder()) for library in document.libraries.values()
    ):
        raise UsageError("it uses other files")
    for variant in document.variants or (None,):
        model = Model(elaborate(document, variant, plans=plans))
        spec = loads(canonical(model.network, model.costs))
        yield from ([f"[{variant}]"] if variant else [])
        yield from lines(model, spec)
