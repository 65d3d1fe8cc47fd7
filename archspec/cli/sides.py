"""Which networks of OLD and NEW are compared: files, variants, folders, revisions."""

import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from archspec.cli.discovery import is_spec, specs_of
from archspec.diagnostics import SpecError, UsageError
from archspec.diagnostics.diagnostic import shown_file
from archspec.elaborate.network import elaborate, load_document
from archspec.elaborate.plans import Plans
from archspec.language import revision
from archspec.language.document import Document
from archspec.language.spec_names import split
from archspec.model import Model
from archspec.report.difference import Comparison
from archspec.report.difference_set import Entry
from archspec.types import Dim


@dataclass(slots=True)
class Given:
    """What is given for all networks of a side."""

    params: dict[str, Any]
    inputs: dict[str, tuple[Dim, ...]]
    allow_outside: bool = False
    documents: dict[str, tuple[Document, Plans]] = field(default_factory=dict)

    def document(self, file: str) -> Document:
        """A file. Raises `SpecError`, `UsageError`."""
        if file not in self.documents:
            self.documents[file] = load_document(file, allow_outside=self.allow_outside), Plans()
        return self.documents[file][0]

    def model(self, file: str, variant: str | None) -> Model:
        """A network of a file. Raises `SpecError`, `UsageError`."""
        document = self.document(file)
        return Model(elaborate(document, variant, self.params, self.inputs, plans=self.documents[file][1]))

    @property
    def is_plain(self) -> bool:
        """Whether the networks are the spec's own, which `[expect]` is about."""
        return not self.params and not self.inputs


class Sides:
    """Two sides, whose networks are paired. What is wrong in specs of the new one is gathered in `errors`."""

    def __init__(self, old: Given, new: Given) -> None:
        self.old, self.new = old, new
        self.errors: list[SpecError] = []

    def entries(self, old: str, new: str) -> Iterator[Entry]:
        """The networks of OLD and NEW. Raises `SpecError`, `UsageError`."""
        (old_file, old_variant), (new_file, new_variant) = split(old), split(new)
        folders = [_is_folder(file) for file in (old_file, new_file)]
        if folders[0] != folders[1]:
            raise UsageError("one of OLD and NEW is a folder, the other a file")
        if not folders[0]:
            yield from self.of_files(old_file, old_variant, new_file, new_variant)
            return
        before, after = _inside(old_file), _inside(new_file)
        for path in sorted({*before, *after}):
            yield from self._of_paths(path, before.get(path), after.get(path))

    def _of_paths(self, path: str, old: str | None, new: str | None) -> Iterator[Entry]:
        """The networks of a file in one folder or both."""
        sides: list[Document | None] = []
        for file, given in ((old, self.old), (new, self.new)):
            try:
                sides.append(given.document(file) if file is not None else None)
            except SpecError as error:
                sides.append(None)
                if given is self.new:
                    self.errors.append(error)
                    return
        models = [document is not None and document.model is not None for document in sides]
        if not any(models):
            return  # libraries
        if all(models) and old is not None and new is not None:
            try:
                yield from self.of_files(old, None, new, None, path)
            except SpecError as error:
                self.errors.append(error)
            return
        status = "removed" if models[0] else "mended" if old is not None and sides[0] is None else "added"
        document = sides[0] if models[0] else sides[1]
        variants = tuple(document.variants) if document is not None else ()
        yield from (Entry(_name(path, variant), status) for variant in variants or (None,))

    def of_files(
        self, old: str, old_variant: str | None, new: str, new_variant: str | None, path: str = ""
    ) -> Iterator[Entry]:
        """The networks of two files: the given variants, or all that both have."""
        before, after = self.old.document(old), self.new.document(new)
        for document in (before, after):
            if document.model is None:
                raise UsageError(f"`{shown_file(document.file)}` is a library of blocks: it has no `[model]`")
        if old_variant or new_variant:
            old_variant = old_variant or (new_variant if new_variant in before.variants else None)
            new_variant = new_variant or (old_variant if old_variant in after.variants else None)
            yield self._entry((old, old_variant), (new, new_variant), path)
            return
        common = [name for name in after.variants if name in before.variants]
        if not common:
            yield self._entry((old, None), (new, None), path)
            return
        for name in common:
            yield self._entry((old, name), (new, name), path)
        yield from (
            Entry(_name(path, name), "added") for name in after.variants if name not in before.variants
        )
        yield from (
            Entry(_name(path, name), "removed") for name in before.variants if name not in after.variants
        )

    def _entry(self, old: tuple[str, str | None], new: tuple[str, str | None], path: str) -> Entry:
        after = self.new.model(*new)
        name = _name(path, new[1]) or after.name
        if old[1] != new[1] and old[1] is not None:
            name = f"{old[1]} → {new[1] or after.name}"
        try:
            before = self.old.model(*old)
        except SpecError:
            if not path:  # of two folders, the others are still of interest
                raise
            return Entry(name, "mended")
        return Entry(name, "compared", Comparison(before, after, self.old.is_plain and self.new.is_plain))


def _name(path: str, variant: str | None) -> str:
    """What a network is called: by its file in a folder, else by its variant."""
    return "@".join(filter(None, (path, variant)))


def _is_folder(file: str) -> bool:
    return revision.is_folder(file) if revision.is_name(file) else os.path.isdir(file)


def _inside(folder: str) -> dict[str, str]:
    """The specs in a folder by their paths below it."""
    if revision.is_name(folder):
        place = revision.Revision.of(folder)
        found = [name for name in revision.files(folder) if is_spec(name)]
        start = len(place.named(place.path)) + bool(place.path)
        return {name[start:]: name for name in found}
    return {os.path.relpath(path, folder).replace(os.sep, posixpath.sep): path for path in specs_of([folder])}
