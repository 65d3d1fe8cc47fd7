"""`archspec zoo`."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from archspec import zoo
from archspec.cli.printing import print_rich, write_json
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown
from archspec.report.numbers import dims, human

if TYPE_CHECKING:
    from rich.console import Console

Found = tuple[zoo.Family, zoo.Entry]
_GAP = 2
_PAPER = 16
"""The least width of the titles of papers: in less room, the table does without them."""
_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def run(
    name: str | None,
    *,
    search: str | None,
    max_params: str | None,
    max_macs: str | None,
    sort: str | None,
    json: bool,
    width: int | None,
    ascii_only: bool,
) -> None:
    """Print the networks of the zoo, of a family, or one; ordered by family unless `sort` names a column."""
    found = list(_named(name))
    if search is not None:
        found = [item for item in found if _matches(item, search)]
    for text, option, column in ((max_params, "--max-params", "params"), (max_macs, "--max-macs", "macs")):
        if text is not None:
            limit = number(text, option)
            found = [item for item in found if getattr(item[1], column) <= limit]
    if sort is not None:
        found.sort(key=lambda item: _place(getattr(item[1], sort)))
    if json:
        write_json({"format_version": "1.0", "networks": [*map(_data, found)]})
        return
    print_rich(lambda console, _: _show(console, found), width, ascii_only=ascii_only)


def _place(value: str | int | None) -> tuple[bool, str | int]:
    """The sort key of a value: unknown values come last."""
    return value is None, value or 0


def number(text: str, option: str) -> float:
    """A count such as `10M` or `4.1G`. Raises `UsageError`."""
    match = re.fullmatch(r"([0-9][0-9_]*(?:\.[0-9]+)?)\s*([kKmMgGtT]?)", text.strip())
    if match is None:
        raise UsageError(f"`{option} {shown(text)}` is not a number such as `10M`")
    return float(match[1].replace("_", "")) * _FACTORS[match[2].lower()]


def _named(name: str | None) -> Iterator[Found]:
    """All networks, those of a family, or the one with the given name."""
    asked = None if name is None else name.removeprefix(zoo.PREFIX)
    family, _, variant = (asked or "").partition("@")
    everything = [(family, network) for family in zoo.families() for network in family.networks]
    found = [
        item
        for item in everything
        if asked is None or (item[0].name == family and variant in ("", item[1].variant))
    ] or [item for item in everything if item[1].name == asked]
    if not found:
        raise zoo.unknown(asked or "")
    yield from found


def _matches(item: Found, words: str) -> bool:
    """Whether every word occurs in the description of a network."""
    family, network = item
    text = " ".join((family.name, family.doc, network.name, network.paper, network.authors)).lower()
    return all(word in text for word in words.lower().split())


def _data(item: Found) -> dict[str, Any]:
    family, network = item
    return {
        "name": network.name,
        "family": family.name,
        "variant": network.variant,
        "file": family.file,
        "doc": family.doc,
        "source": family.source or None,
        "input": [list(shape) for shape in network.input],
        "params": network.params,
        "macs": network.macs,
        "year": network.year,
        "paper": network.paper or None,
        "authors": network.authors or None,
        "url": network.url or None,
    }


def _show(console: "Console", found: list[Found]) -> None:
    from rich.table import Table
    from rich.text import Text

    columns = {
        "Network": [network.name for _, network in found],
        "Input": [", ".join(map(dims, network.input)) for _, network in found],
        "Params": [human(network.params) for _, network in found],
        "MACs": [human(network.macs) for _, network in found],
        "Year": [str(network.year or "") for _, network in found],
    }
    if console.width < _width(columns) + _PAPER:
        columns["Input"] = [_first(network.input) for _, network in found]
    room = console.width - _width(columns)
    if room >= _PAPER:
        columns["Paper"] = [network.paper for _, network in found]
    else:
        console.width = max(console.width, _width(columns))
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for heading in columns:
        justify: Any = "left" if heading in ("Network", "Input", "Paper") else "right"
        table.add_column(heading, justify=justify, no_wrap=True, overflow="ellipsis")
    if "Paper" in columns:
        table.columns[-1].max_width = room
    for row in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, row))
    console.print(table)
    count = f"{len(found)} network{'s' * (len(found) != 1)}"
    hint = f" `archspec summary zoo:{found[0][1].name}` shows one." if found else ""
    console.print(Text(f"\n{count}.{hint}", "dim"), soft_wrap=True)
    if len({family.name for family, _ in found}) == 1:
        _describe(console, found[0])


def _width(columns: dict[str, list[str]]) -> int:
    """The width of a table with these columns, and of the gap behind each."""
    return sum(max(map(len, [heading, *cells])) + _GAP for heading, cells in columns.items())


def _first(shapes: tuple[tuple[int | str, ...], ...]) -> str:
    """The first of several shapes, and the number of others."""
    return dims(shapes[0]) + f" +{len(shapes) - 1}" * (len(shapes) > 1)


def _describe(console: "Console", item: Found) -> None:
    """Describe a family, and the paper of its first listed network."""
    from rich.text import Text

    family, network = item
    paper = f"{network.authors}, {network.year}: {network.paper}" if network.paper else ""
    source = f"Weights named as in {family.source}." if family.source else ""
    for line in (family.doc, source, paper, network.url, family.file):
        if line:
            console.print(Text(line), soft_wrap=True)
