"""`archspec verify`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from archspec.cli.discovery import specs
from archspec.cli.loading import inputs, settings
from archspec.cli.printing import write
from archspec.diagnostics import Diagnostic, SpecError
from archspec.diagnostics.diagnostic import shown_file

if TYPE_CHECKING:
    from archspec.backends.verify import Item

Proof = tuple[str, str | None, "list[Item]", list[Diagnostic]]
"""A file, a variant, what was compared, and what is wrong with the spec where nothing could be."""


def run(
    paths: list[str], set_: list[str] | None, input_: list[str] | None, only: str | None, *, json: bool,
    allow_outside: bool,
) -> int:  # fmt: skip
    """Prove the reports of networks; the exit code: 1 for findings, 2 where something could not be run."""
    proofs = prove(paths, set_, input_, only, allow_outside=allow_outside)
    failed = partial = 0
    if json:
        from json import dumps

        listed = list(proofs)
        failed, partial = sum(map(_failed, listed)), sum(map(_partial, listed))
        data = {"format_version": "1.0", "networks": [_data(proof) for proof in listed]}
        write(dumps(data, indent=2) + "\n")
        return _code(failed, partial)
    count = 0
    for proof in proofs:
        count += 1
        failed += _failed(proof)
        partial += _partial(proof)
        write(_text(proof))
    networks = f"{count} network{'s' * (count != 1)}"
    words = [f"{failed} with findings"] * (failed > 0) + [f"{partial} not fully run"] * (partial > 0)
    write(f"\n{networks}: {', '.join(words) or 'all proven'}\n")
    return _code(failed, partial)


def _code(failed: int, partial: int) -> int:
    return 1 if failed else 2 if partial else 0


def prove(
    paths: list[str], set_: list[str] | None, input_: list[str] | None, only: str | None, *, allow_outside: bool
) -> Iterator[Proof]:  # fmt: skip
    """The proofs of all networks, one after the other."""
    from archspec.api import load
    from archspec.backends.verify import verify

    for file, variant in specs(paths, allow_outside=allow_outside):
        try:
            model = load(
                file, variant, settings(set_), inputs=inputs(input_), allow_outside=allow_outside
            )  # fmt: skip
            yield file, variant, verify(model, only), []
        except SpecError as error:
            yield file, variant, [], list(error.diagnostics)


def _failed(proof: Proof) -> bool:
    return bool(proof[3]) or any(item.findings for item in proof[2])


def _partial(proof: Proof) -> bool:
    return not all(item.ran for item in proof[2])


def _name(proof: Proof) -> str:
    return shown_file(proof[0] if proof[1] is None else f"{proof[0]}@{proof[1]}")


def _text(proof: Proof) -> str:
    lines = [_name(proof)]
    for item in proof[2]:
        word = "not run" if not item.ran else "differs" if item.findings else "ok"
        lines.append(f"  {word:<8} {item.name:<26} {item.detail}".rstrip())
        lines += [f"    {line}" for finding in item.findings for line in str(finding).splitlines()]
    lines += [f"    {line}" for finding in proof[3] for line in str(finding).splitlines()]
    return "\n".join(lines) + "\n"


def _data(proof: Proof) -> dict[str, Any]:
    return {
        "file": proof[0], "variant": proof[1], "proven": not _failed(proof) and not _partial(proof),
        "items": [{"name": item.name, "detail": item.detail, "ran": item.ran,
                   "findings": [finding.to_json() for finding in item.findings]} for item in proof[2]],
        "findings": [finding.to_json() for finding in proof[3]],
    }  # fmt: skip
