"""`archspec verify`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archspec.cli.discovery import specs
from archspec.cli.errors import located
from archspec.cli.loading import inputs, settings
from archspec.cli.printing import write
from archspec.diagnostics import Diagnostic, SpecError, UnreadableError
from archspec.diagnostics.diagnostic import shown_file

if TYPE_CHECKING:
    from archspec.backends.proof.item import Item, VerifyProgress

Proof = tuple[str, str | None, "list[Item]", list[Diagnostic]]
"""A file, a variant, what was compared, and what is wrong with the spec where nothing could be."""


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
    proofs = prove(paths, set_, input_, only, device, allow_outside=allow_outside)
    failed = partial = blind = 0
    if json:
        from json import dumps

        listed = list(proofs)
        failed, partial, blind = (sum(map(count, listed)) for count in (_failed, _partial, _blind))
        data = {"format_version": "1.0", "networks": [_data(proof) for proof in listed]}
        write(dumps(data, indent=2) + "\n")
        return _code(failed, partial + blind)
    count = 0
    for proof in proofs:
        count += 1
        failed += _failed(proof)
        partial += _partial(proof)
        blind += _blind(proof)
        write(_text(proof))
    networks = f"{count} network{'s' * (count != 1)}"
    counts = {"with findings": failed, "not fully run": partial, "not proven": blind}
    words = [f"{number} {what}" for what, number in counts.items() if number]
    write(f"\n{networks}: {', '.join(words) or 'all proven'}\n")
    return _code(failed, partial + blind)


def _code(failed: int, partial: int) -> int:
    return 1 if failed else 2 if partial else 0


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
                        proof: Proof = file, variant, verify(model, only, progress, device), []
                except SpecError as error:
                    proof = file, variant, [], list(error.diagnostics)
                yield proof
        except UnreadableError as error:
            yield file, variant, [Item("spec", str(error), ran=False)], []


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


def _failed(proof: Proof) -> bool:
    return bool(proof[3]) or any(item.findings for item in proof[2])


def _partial(proof: Proof) -> bool:
    return not all(item.ran for item in proof[2])


def _blind(proof: Proof) -> bool:
    return not all(item.sensitive for item in proof[2])


def _name(file: str, variant: str | None) -> str:
    return shown_file(file if variant is None else f"{file}@{variant}")


def _text(proof: Proof) -> str:
    lines = [_name(proof[0], proof[1])]
    for item in proof[2]:
        word = _word(item)
        lines.append(f"  {word:<8} {item.name:<26} {item.detail}".rstrip())
        lines += _located(item.findings)
    return "\n".join([*lines, *_located(proof[3])]) + "\n"


def _located(findings: list[Diagnostic]) -> list[str]:
    return [f"    {line}".rstrip() for text in located(findings) for line in text.splitlines()]


def _word(item: "Item") -> str:
    if not item.ran:
        return "not run"
    return "differs" if item.findings else "ok" if item.sensitive else "unproven"


def _data(proof: Proof) -> dict[str, Any]:
    return {
        "file": proof[0],
        "variant": proof[1],
        "proven": not proof[3] and all(item.proven for item in proof[2]),
        "items": [
            {
                "name": item.name,
                "detail": item.detail,
                "ran": item.ran,
                "proven": item.proven,
                "findings": [finding.to_json() for finding in item.findings],
            }
            for item in proof[2]
        ],
        "findings": [finding.to_json() for finding in proof[3]],
    }
