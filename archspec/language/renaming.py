"""Names by patterns with `*`, which matches any text: `"*.norm.1.*" = "*.norm1.*"`."""

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown


def check_renaming(old: str, new: str) -> None:
    """Raise `Problem` where the two patterns do not have the same number of `*`, each of which is put back."""
    counts = old.count("*"), new.count("*")
    if counts[0] != counts[1]:
        raise Problem(
            "AS203",
            f"`{shown(old)}` has {counts[0]} `*`, and `{shown(new)}` has {counts[1]}",
            help="what each `*` matches is put back in the same order",
        )


def renamed(name: str, old: str, new: str) -> str | None:
    """What a name that fits the pattern `old` is called by the pattern `new`; `None` if it does not fit.

    Every `*` but the last matches as little as it can. Takes time in the product of the lengths at most.
    """
    first, *rest = old.split("*")
    if not rest:
        return new if name == old else None
    if not name.startswith(first):
        return None
    taken, at = [], len(first)
    *middle, last = rest
    for part in middle:
        found = name.find(part, at)
        if found < 0:
            return None
        taken.append(name[at:found])
        at = found + len(part)
    end = len(name) - len(last)
    if end < at or not name.endswith(last):
        return None
    taken.append(name[at:end])
    pieces = new.split("*")
    return pieces[0] + "".join(text + piece for text, piece in zip(taken, pieces[1:], strict=True))
