"""Differences as a comment on a pull request: a sentence, a table, and the details folded away."""

import re
from collections.abc import Sequence

from archspec.diagnostics.diagnostic import shown
from archspec.report.difference import sentence
from archspec.report.difference_set import NUMBERS, Entry, alike, group_details, headline, names_of

MARKER = "<!-- archspec diff -->"
"""The hidden first line, by which a later run finds the comment that it replaces."""
LIMIT = 60_000
"""The most characters: GitHub takes 65,536."""
ROWS = 100
"""The most rows of the table."""


def to_markdown(entries: Sequence[Entry], *, verbose: bool = False) -> str:
    """The comment."""
    text = "\n".join([MARKER, f"**{_plain(headline(entries))}**", "", *_table(entries)]) + "\n"
    left = sum(1 for _ in alike(entries))
    for group in alike(entries):
        section = _section(group, verbose=verbose)
        if len(text) + len(section) > LIMIT - 200:
            return f"{text}\n{left:,} more details are left out: `archspec diff` prints them.\n"
        text += section
        left -= 1
    return text


def _table(entries: Sequence[Entry]) -> list[str]:
    """A row for each network that is not the same."""
    changed = [entry for entry in entries if not entry.is_same]
    if len(entries) == 1 or not changed:
        return []
    rows = [f"| network | verdict | {' | '.join(NUMBERS)} |", "|---|---|---:|---:|"]
    rows += [
        f"| {_code(entry.name)} | {entry.verdict} | {' | '.join(entry.number(name) for name in NUMBERS)} |"
        for entry in changed[:ROWS]
    ]
    if len(changed) > ROWS:
        rows.append(f"| … and {len(changed) - ROWS:,} more | | | |")
    return [*rows, ""]


def _section(group: Sequence[Entry], *, verbose: bool) -> str:
    """The details of networks with the same changes."""
    one = group[0].comparison
    assert one is not None  # noqa: S101 — these are compared
    body = "\n".join(line.removeprefix("  ") for line in group_details(group, verbose=verbose))
    room = LIMIT // 2
    if len(body) > room:
        body = body[: body.rfind("\n", 0, room)] + "\n… and more (`archspec diff --verbose` prints it)"
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", body)), 3)
    return (
        f"\n<details><summary>{_html(names_of(group))}: {one.verdict}: {_html(sentence(one))}</summary>\n\n"
        f"{fence}text\n{body}\n{fence}\n\n</details>\n"
    )


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")


def _plain(text: str) -> str:
    """Text without meaning in Markdown."""
    return _html(re.sub(r"([\\`*_\[\]|#~])", r"\\\1", text))


def _code(text: str) -> str:
    """A name as code in a cell."""
    return f"`{shown(text).replace('`', '’').replace('|', chr(92) + '|')}`"
