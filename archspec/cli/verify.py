"""`archspec verify`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from archspec.cli.discovery import specs
from archspec.cli.errors import located
from archspec.cli.loading import inputs, settings
from archspec.cli.printing import write, write_json
from archspec.diagnostics import Diagnostic, SpecError, UnreadableError
from archspec.diagnostics.diagnostic import shown_file

if TYPE_CHECKING:
    from archspec.backends.proof.item import Item, VerifyProgress


class Proof(NamedTuple):
    """What was compared of one network, and what is wrong with its spec where nothing could be."""

    file: str
    variant: str | None
    items: "list[Item]"
    findings: list[Diagnostic]


def run(
    paths: list[str],
    set_: list[str] | None,
    input_: list[str] | None,
    only: str | None,
    device: str,
    *,
    json: bool,
    allow_outside: bool,
) -> int:
    """Prove the reports of networks; the exit code: 1 for findings, 2 where something could not be run or proven."""
    proofs = []
    for proof in prove(paths, set_, input_, only, device, allow_outside=allow_outside):
        proofs.append(proof)
        if not json:
            write(_text(proof))
    failed = sum(bool(proof.findings) or any(item.findings for item in proof.items) for proof in proofs)
    partial = sum(not all(item.ran for item in proof.items) for proof in proofs)
    blind = sum(not all(item.sensitive for item in proof.items) for proof in proofs)
    if json:
        write_json({"format_version": "1.0", "networks": [_data(proof) for proof in proofs]})
    else:
        networks = f"{len(proofs)} network{'s' * (len(proofs) != 1)}"
        counts = {"with findings": failed, "not fully run": partial, "not proven": blind}
        words = [f"{number} {what}" for what, number in counts.items() if number]
        write(f"\n{networks}: {', '.join(words) or 'all proven'}\n")
    return 1 if failed else 2 if partial or blind else 0


def prove(
    paths: list[str],
    set_: list[str] | None,
    input_: list[str] | None,
    only: str | None,
    device: str,
    *,
    allow_outside: bool,
) -> Iterator[Proof]:
    """The proofs of all networks, one after the other. A file that cannot be read is `not run`, and the rest is."""
    from archspec.api import load
    from archspec.backends.proof.device import checked
    from archspec.backends.proof.item import Item
    from archspec.backends.proof.verify import verify

    checked(device)
    for path in paths:
        file, variant = path, None
        try:
            for file, variant in specs([path], allow_outside=allow_outside):
                try:
                    model = load(
                        file, variant, settings(set_), inputs=inputs(input_), allow_outside=allow_outside
                    )
                    with watched(_name(file, variant)) as progress:
                        proof = Proof(file, variant, verify(model, only, progress, device), [])
                except SpecError as error:
                    proof = Proof(file, variant, [], list(error.diagnostics))
                yield proof
        except UnreadableError as error:
            yield Proof(file, variant, [Item("spec", str(error), ran=False)], [])


@contextmanager
def watched(name: str) -> "Iterator[VerifyProgress | None]":
    """A context for showing the progress of a network's verification on stderr, if that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(name)) as status:
        yield lambda what: status.update(escape(f"{name}: {what}"))


def _name(file: str, variant: str | None) -> str:
    return shown_file(file if variant is None else f"{file}@{variant}")


def _text(proof: Proof) -> str:
    lines = [_name(proof.file, proof.variant)]
    for item in proof.items:
        word = _word(item)
        lines.append(f"  {word:<8} {item.name:<26} {item.detail}".rstrip())
        lines += _located(item.findings)
    return "\n".join([*lines, *_located(proof.findings)]) + "\n"


def _located(findings: list[Diagnostic]) -> list[str]:
    return [f"    {line}".rstrip() for text in located(findings) for line in text.splitlines()]


def _word(item: "Item") -> str:
    if not item.ran:
        return "not run"
    return "differs" if item.findings else "ok" if item.sensitive else "unproven"


def _data(proof: Proof) -> dict[str, Any]:
    return {
        "file": proof.file,
        "variant": proof.variant,
        "proven": not proof.findings and all(item.proven for item in proof.items),
        "items": [
            {
                "name": item.name,
                "detail": item.detail,
                "ran": item.ran,
                "proven": item.proven,
                "findings": [finding.to_json() for finding in item.findings],
            }
            for item in proof.items
        ],
        "findings": [finding.to_json() for finding in proof.findings],
    }
