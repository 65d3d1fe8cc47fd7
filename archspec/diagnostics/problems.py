"""The problems of keys, which are much the same in every table of a spec, and the paths of problems."""

from archspec.diagnostics.diagnostic import Problem, Replacement, shown


def unknown_key(what: str, key: str, advice: str | Replacement | None) -> Problem:
    """The problem that `what`, such as `an output`, has no such key."""
    text = f"{what} has no `{shown(key)}`"
    return Problem("AS201", text, at=(key,), help=advice, subject=key, about_key=True)


def meaningless_key(key: str, message: str, advice: str | None = None, *, subject: str = "") -> Problem:
    """The problem of a key that has no effect in its place."""
    return Problem("AS208", message, at=(key,), help=advice, subject=subject, about_key=True)


class Within:
    """A context whose problems are about something in a value: `path` leads from that value to it."""

    __slots__ = ("path",)

    def __init__(self, *path: str | int) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Problem):
            error.within(*self.path)
