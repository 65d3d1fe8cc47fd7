"""`archspec diff`."""

from collections.abc import Sequence
from typing import Any

from archspec.analysis.diff.difference import Difference, Verdict
from archspec.analysis.weights import state_dict
from archspec.cli.loading import inputs, settings
from archspec.cli.printing import write
from archspec.cli.sides import Given, Sides
from archspec.diagnostics import SpecError, UsageError
from archspec.diagnostics.diagnostic import shown
from archspec.elaborate import without_collector
from archspec.report.difference_markdown import to_markdown
from archspec.report.difference_set import Entry, set_json, set_text, worst
from archspec.report.drawing import plain


def run(
    old: str,
    new: str,
    format_: str = "text",
    *,
    verbose: bool = False,
    exit_code: bool = False,
    fail_on: str | None = None,
    rename_map: str | None = None,
    set_: list[str] | None = None,
    set_old: list[str] | None = None,
    set_new: list[str] | None = None,
    input_: list[str] | None = None,
    ascii_only: bool = False,
    allow_outside: bool = False,
) -> int:
    """Print what differs; return the exit code."""
    sides = Sides(
        *(
            Given(settings([*(set_ or []), *(more or [])]), inputs(input_), allow_outside)
            for more in (set_old, set_new)
        )
    )
    with without_collector():
        entries = [*sides.entries(old, new)]
        text = render(entries, format_, verbose=verbose)
    write(plain(text) if ascii_only and format_ != "json" else text)
    if rename_map is not None:
        write_map(entries, rename_map)
    if sides.errors:
        raise SpecError([found for error in sides.errors for found in error.diagnostics])
    differs = exit_code and not all(entry.is_same for entry in entries)
    failed = fail_on is not None and worst(entries) >= Verdict(fail_on).rank
    return int(differs or failed)


def render(entries: Sequence[Entry], format_: str, *, verbose: bool) -> str:
    """The entries in a format."""
    if format_ == "json":
        from json import dumps

        return dumps(set_json(entries), indent=2) + "\n"
    return (
        to_markdown(entries, verbose=verbose) if format_ == "markdown" else set_text(entries, verbose=verbose)
    )


def write_map(entries: Sequence[Entry], path: str) -> None:
    """Write the map of keys: as JSON each old key with its new one, as TOML the patterns of `[weights] rename`."""
    from archspec.files import writing

    compared = [entry.comparison for entry in entries if entry.comparison is not None]
    if len(compared) != 1:
        raise UsageError(
            f"`--rename-map` is for a single network, not for {len(compared)}: name one with `@`"
        )
    from json import dumps

    difference = compared[0].difference
    if path.endswith(".toml"):
        _check_patterns(difference)
        rows = [f"{dumps(key)} = {dumps(to)}\n" for key, to in difference.patterns.items()]
        text = f"[weights.rename]\n{''.join(rows)}"
    elif path.endswith(".json"):
        found: dict[str, Any] = difference.map
        text = dumps(found, indent=2) + "\n"
    else:
        raise UsageError("a map of keys is a `.json` file, with every key, or a `.toml` file, with patterns")
    with writing(path) as file:
        file.write(text.encode())


def _check_patterns(difference: Difference) -> None:
    """Raise `UsageError` if `[weights] rename` cannot say a map: it leaves alone what the new network has too."""
    known = state_dict(difference.new.root)
    taken = [key for key, to in difference.map.items() if key != to and key in known]
    if taken:
        raise UsageError(
            f"`[weights] rename` cannot say that: `{shown(taken[0])}` is another weight in the new network "
            "(write a `.json` file, or carry the weights over with `archspec export --from`)"
        )
