"""`archspec rule`."""

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from archspec.cli.printing import print_rich, write_json
from archspec.diagnostics.rule import SPEC, Rule
from archspec.lint.catalogue import catalogue, find

if TYPE_CHECKING:
    from rich.console import Console

SIDE_BY_SIDE = 72
"""The least width at which descriptions are shown beside the names of rules."""


def run(name: str | None, *, json: bool, width: int | None, ascii_only: bool) -> None:
    """Print the list of rules, or the explanation of one."""
    rules = list(catalogue().values()) if name is None else [find(name)]
    if json:
        data = {"format_version": "1.0", "rules": [rule.data() for rule in rules]}
        write_json(data, ascii_only=ascii_only)
        return

    def draw(console: "Console", _: bool) -> None:
        if name is None:
            _list(console, rules)
        else:
            _one(console, rules[0])

    print_rich(draw, width, ascii_only=ascii_only)


def _list(console: "Console", rules: list[type[Rule]]) -> None:
    from rich.table import Table
    from rich.text import Text

    for phase, members in groupby(rules, key=lambda rule: rule.phase()):
        console.print(Text(phase, "bold"))
        if console.width < SIDE_BY_SIDE:
            _below(console, members)
            continue
        table = Table.grid(padding=(0, 2))
        for column in ("cyan", "cyan"):
            table.add_column(style=column, no_wrap=True, min_width=7 if not table.columns else 23)
        table.add_column()
        for rule in members:
            what = Text(rule.paragraphs()[0])
            table.add_row(
                Text(f"  {rule.code}"), Text(rule.name), what if rule.on else what.append(" Off.", "dim")
            )
        console.print(table)
    text = "\n`archspec rule CODE` explains one. Rules that are off can be enabled with `--extend-select`."
    console.print(Text(text, "dim"))


def _below(console: "Console", rules: Iterable[type[Rule]]) -> None:
    """Print the description of each rule below its name."""
    from rich.padding import Padding
    from rich.text import Text

    for rule in rules:
        console.print(Text(f"  {rule.code}  {rule.name}", "cyan"))
        what = Text(rule.paragraphs()[0])
        console.print(Padding(what if rule.on else what.append(" Off.", "dim"), (0, 0, 0, 4)))


def _one(console: "Console", rule: type[Rule]) -> None:
    from rich.text import Text

    kind = rule.severity if rule.on else f"{rule.severity}, off by default"
    console.print(
        Text(f"{rule.code} {rule.name}", "bold").append(f"   {rule.phase()}: {kind}", "not bold dim")
    )
    for text in rule.paragraphs():
        console.print(Text(f"\n{text}"))
    for title, example in (("Wrong", rule.wrong()), ("Right", rule.good)):
        if example:
            console.print(Text(f"\n{title}\n", "bold"))
            console.print(Text(_indented(example), "cyan"), soft_wrap=True)
    for name, example in rule.files.items():
        console.print(Text(f"\nwith {name} beside {SPEC}\n", "bold"))
        console.print(Text(_indented(example), "cyan"), soft_wrap=True)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())
