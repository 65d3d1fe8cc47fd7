"""How a network is named: `FILE`, `FILE@VARIANT`, `zoo:NAME`, `git:REV:PATH`."""

from os.path import exists

from archspec import zoo
from archspec.language import revision


def split(spec: str) -> tuple[str, str | None]:
    """The file and the variant of `FILE@VARIANT` or `zoo:NAME`. A file whose name contains an `@` takes precedence."""
    if zoo.is_name(spec):
        return zoo.find(spec)
    if revision.is_name(spec):  # a revision may have an `@` itself
        path, at, variant = spec.rpartition("@")
        return (path, variant) if at and ":" not in variant and "/" not in variant else (spec, None)
    path, at, variant = spec.rpartition("@")
    if not at or not path or "/" in variant or exists(spec):
        return spec, None
    return path, variant
