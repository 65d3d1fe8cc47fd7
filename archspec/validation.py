"""Everything that is wrong with a spec: errors of all its variants, what it expects, what has no form, lint.

Not called `validate`, which is a function of the package: importing a module of that name would take its place.
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
    """What is wrong with a spec in all of its variants, or in one, and how many networks were made.

    With `params` or `inputs` the networks are others than those that `[expect]` is about, which is passed over.
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
        arguments(document, variant, {})  # which refuses a variant
    more = unreached(document, plans) if not broken and variant is None and not params else []
    broken |= bool(more)
    diagnostics += more
    lint = networks.found + ([] if broken else of_text(document, plans, selection.codes))
    kept = selection.kept(lint, document, complete=not broken and variant is None)
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
    """What is wrong with the networks of a file, and whether one could not be made. `networks` looks at the others."""
    found: dict[Diagnostic, list[str | None]] = {}
    broken = False
    budget = Budget()
    made: dict[str, Model] = {}  # by their parameters: variants that are the same are looked at once
    for name in variants if document.model is not None else ():
        key = repr(sorted(arguments(document, name, params).items()))
        wrong: list[Diagnostic] = []
        try:
            if key not in made:
                if budget.is_spent:
                    raise SpecError([_too_many(document, name)])
                made.clear()  # as a rule no two are the same, and each is large
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
    """That there is no more time for a variant and those behind it."""
    message = (
        f"`{variant}` and the variants behind it are not looked at: those before it have {limits.ALL_NODES:,} nodes, "
        f"or {limits.ALL_DISTINCT:,} modules that differ"
    )
    return Diagnostic("AS306", message, document.file, ("variants", str(variant)), help="split the file")


def _of_variants(diagnostic: Diagnostic, names: list[str | None], total: int) -> Diagnostic:
    """The finding with the variants that it is in, if it is not in all, and does not say so by its place."""
    if len(names) == total or diagnostic.path[:1] == ("expect",):
        return diagnostic
    listed = ", ".join(f"`{name}`" for name in names[:3]) + f" and {len(names) - 3} more" * (len(names) > 3)
    return replace(diagnostic, notes=(*diagnostic.notes, f"in {listed}"))
