"""Validate a spec: errors in all variants, expectations, exportability, lint.

The module is not called `validate`, since importing it would then replace the function `archspec.validate`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from archspec.backends.lowerable import refusals
from archspec.diagnostics import Diagnostic, SpecError
from archspec.elaborate import elaborate, load_document
from archspec.elaborate.elaborator import Elaborator
from archspec.elaborate.network import arguments
from archspec.elaborate.plans import Plans
from archspec.elaborate.run import Budget
from archspec.elaborate.unreached import unreached
from archspec.language import limits
from archspec.language.document import Document
from archspec.lint import Networks, Selection, of_text, unknown
from archspec.model import Model
from archspec.types import Dim


def examine(
    path: str,
    source: str | bytes | None,
    only: str | None,
    selection: Selection,
    *,
    variant: str | None = None,
    params: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Sequence[Dim]] | None = None,
    allow_outside: bool,
) -> tuple[list[Diagnostic], int]:
    """The findings in all variants of a spec, or in one, and the number of networks.

    With `params` or `inputs`, `[expect]` is not checked, since it is about the unmodified networks.
    """
    try:
        document = load_document(path, source, allow_outside=allow_outside)
    except SpecError as error:
        return list(error.diagnostics), 0
    networks, plans = Networks(selection.codes), Plans()
    variants: list[str | None] = [variant] if variant is not None else [*document.variants] or [None]
    diagnostics, broken = _errors(document, variants, networks, only, params or {}, inputs or {}, plans)
    if document.model is None:
        elaborator = Elaborator(plans)
        elaborator.compile_document(document)
        diagnostics += elaborator.diagnostics
        broken = bool(diagnostics)
        arguments(document, variant, {})  # raises `UsageError` for an unknown variant
    more = unreached(document, plans) if not broken and variant is None and not params else []
    broken |= bool(more)
    diagnostics += more
    lint = networks.found + ([] if broken else of_text(document, plans, selection.codes))
    complete = not broken and variant is None
    kept = selection.kept(lint, document, complete=complete, anywhere=networks.anywhere)
    count = 0 if document.model is None else len(variants)
    return [*unknown(document), *diagnostics, *kept], count


def _errors(
    document: Document,
    variants: list[str | None],
    networks: Networks,
    only: str | None,
    params: Mapping[str, Any],
    inputs: Mapping[str, Sequence[Dim]],
    plans: Plans,
) -> tuple[list[Diagnostic], bool]:
    """The errors in the networks of a file, and whether one is broken. `networks` lints the others."""
    found: dict[Diagnostic, list[str | None]] = {}
    broken = False
    budget = Budget()
    made: dict[str, Model] = {}  # by parameters: equal variants are checked once
    for name in variants if document.model is not None else ():
        key = repr(sorted(arguments(document, name, params).items()))
        wrong: list[Diagnostic] = []
        try:
            if key not in made:
                if budget.is_spent:
                    raise SpecError([_too_many(document, name)])
                made.clear()  # equal variants are rare, and networks are large
                made[key] = Model(elaborate(document, name, params, inputs, budget, plans))
                wrong += refusals(made[key], only)
                networks.look_at(made[key].network)
            if document.expect and not params and not inputs:
                wrong += Model(replace(made[key].network, variant=name)).check()
        except SpecError as error:
            broken = True
            wrong = list(error.diagnostics)
        for diagnostic in wrong:
            found.setdefault(diagnostic, []).append(name)
        if broken and budget.is_spent:
            break
    return [_of_variants(diagnostic, names, len(variants)) for diagnostic, names in found.items()], broken


def _too_many(document: Document, variant: str | None) -> Diagnostic:
    """The finding that a variant and those after it were not checked, since the limit is spent."""
    message = (
        f"`{variant}` and the variants after it are not checked: those before it have {limits.ALL_NODES:,} nodes, "
        f"or {limits.ALL_DISTINCT:,} distinct modules"
    )
    return Diagnostic("AS306", message, document.file, ("variants", str(variant)), help="split the file")


def _of_variants(diagnostic: Diagnostic, names: list[str | None], total: int) -> Diagnostic:
    """Add a note with the affected variants, unless all are, or the location of the finding tells them."""
    if len(names) == total or diagnostic.path[:1] == ("expect",):
        return diagnostic
    listed = ", ".join(f"`{name}`" for name in names[:3]) + f" and {len(names) - 3} more" * (len(names) > 3)
    return replace(diagnostic, notes=(*diagnostic.notes, f"in {listed}"))
