"""The selection of rules, and the severity of their findings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from archspec.diagnostics import Diagnostic, Problem, UsageError
from archspec.diagnostics.diagnostic import shown, suggest
from archspec.diagnostics.rules import RULES
from archspec.language.document import Document
from archspec.lint.runner import is_of_text, lints

SEVERITIES = ("error", "warning")
UNUSED = "AS605"
"""The rule about unused entries of `[lint] ignore`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rules one source chooses: a configuration file or the command line. They are named as in `codes`."""

    select: Sequence[str] | None = None
    """The rules to use instead of the enabled ones; `None`: no change."""
    extend_select: Sequence[str] = ()
    """Rules to enable in addition."""
    ignore: Sequence[str] = ()
    """Rules to disable."""
    severity: Mapping[str, str] = field(default_factory=dict)
    """The severity by rule: `error` or `warning`."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The enabled rules, by code."""

    codes: tuple[str, ...]
    severity: Mapping[str, str] = field(default_factory=dict)

    def kept(
        self, found: Iterable[Diagnostic], document: Document, *, complete: bool, anywhere: Iterable[str]
    ) -> list[Diagnostic]:
        """The findings that their files do not ignore, with the configured severity.

        `complete` says that every enabled rule was checked: then an unused entry of `ignore` is a finding itself. It
        is used, too, if its rule is among `anywhere`, the codes found in any network: that one, on its own, needs it.
        """
        lists = {file: ignored(entries) for file, entries in _entries(document).items()}
        kept: list[Diagnostic] = []
        used = set().union(*(lists[document.file].get(code, ()) for code in anywhere))
        for diagnostic in found:
            own, other = lists[document.file], lists.get(diagnostic.file, {})
            if diagnostic.code in own or diagnostic.code in other:
                used |= own.get(diagnostic.code, set())
            else:
                kept.append(diagnostic)
        if complete and UNUSED not in lists[document.file]:
            kept += self._unused(document, used)
        return [
            replace(one, severity=self.severity[one.code]) if one.code in self.severity else one
            for one in kept
        ]

    def _unused(self, document: Document, used: set[int]) -> Iterable[Diagnostic]:
        """Findings for the unused entries of `[lint] ignore`, if their rules are enabled."""
        if UNUSED not in self.codes:
            return
        rule = lints()[UNUSED]
        for index, entry in enumerate(document.ignore):
            try:
                meant = set(codes(entry))
            except Problem:
                continue
            looked_for = [
                code for code in meant & set(self.codes) if document.model is not None or is_of_text(code)
            ]
            if index not in used and looked_for:
                yield rule.found(
                    f"`{shown(entry)}` ignores no finding here",
                    document.file,
                    ("lint", "ignore", index),
                    help="remove it from the list",
                    subject=entry,
                )


def words(rules: str | Sequence[str]) -> list[str]:
    """Split rules that are given separated by commas, in one string or several."""
    texts = [rules] if isinstance(rules, str) else rules
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]


def choose(*layers: Choice) -> Selection:
    """The default rules, changed by each layer in turn. Raises `UsageError` for an unknown rule."""
    chosen = {code for code, lint in lints().items() if lint.on}
    severity: dict[str, str] = {}
    try:
        for layer in layers:
            if layer.select is not None:
                chosen = _all(layer.select)
            chosen = chosen | _all(layer.extend_select)
            chosen -= _all(layer.ignore)
            for word, level in layer.severity.items():
                if level not in SEVERITIES:
                    raise Problem(
                        "", f"the severity of `{shown(word)}` is `error` or `warning`, not `{shown(level)}`"
                    )
                severity |= dict.fromkeys(codes(word), level)
    except Problem as problem:
        raise UsageError(f"{problem.message}{f': {problem.help}' if problem.help else ''}") from None
    return Selection(tuple(sorted(chosen)), severity)


def codes(word: str) -> list[str]:
    """The rules that match a word: a code, a prefix of codes, a name, or `ALL`. Raises `Problem` if none does."""
    known = lints()
    found = [
        code
        for code, lint in known.items()
        if word in ("ALL", lint.name) or (code.startswith(word) and len(word) > 2)
    ]
    if found:
        return found
    if any(word == rule.name or (len(word) > 2 and code.startswith(word)) for code, rule in RULES.items()):
        message = f"`{shown(word)}` is an error: only lint rules can be turned on and off"
        raise Problem("AS301", message, help="`archspec rule` lists them", subject=word)
    names = [*known, *(lint.name for lint in known.values()), "ALL"]
    raise Problem(
        "AS301",
        f"there is no lint rule `{shown(word)}`",
        help=suggest(word, names) or "`archspec rule` lists them",
        subject=word,
    )


def ignored(entries: Sequence[str]) -> dict[str, set[int]]:
    """The codes that match the entries of a list, each with the indices of these entries."""
    found: dict[str, set[int]] = {}
    for index, entry in enumerate(entries):
        try:
            for code in codes(entry):
                found.setdefault(code, set()).add(index)
        except Problem:
            continue  # `unknown` reports it
    return found


def unknown(document: Document) -> list[Diagnostic]:
    """Findings for the entries of `[lint] ignore` that match no rule."""
    found = []
    for index, entry in enumerate(document.ignore):
        try:
            codes(entry)
        except Problem as problem:
            found.append(problem.located(document.file, ("lint", "ignore", index)))
    return found


def _all(words: Iterable[str]) -> set[str]:
    return {code for word in words for code in codes(word)}


def _entries(document: Document) -> dict[str, Sequence[str]]:
    """The entries of `[lint] ignore` in each file of a spec."""
    found: dict[str, Sequence[str]] = {}
    waiting = [document]
    while waiting:
        one = waiting.pop()
        if one.file not in found:
            found[one.file] = one.ignore
            waiting += [library for library in one.libraries.values() if library is not None]
    return found
