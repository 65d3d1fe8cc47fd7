"""One finding in a spec, and the exceptions that carry findings.

Problem          found while reading a value; becomes a Diagnostic once its location is known
SpecError        the spec is wrong: carries every Diagnostic of the run (exit code 1)
UsageError       the call is wrong: no such file, variant or parameter (exit code 2)
UnreadableError  a UsageError: a file cannot be read
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

Path = tuple[str | int, ...]

STDIN = "<stdin>"
"""The name of standard input among files."""


class Label(NamedTuple):
    """A secondary location of a finding, with a remark."""

    text: str
    path: Path
    file: str = ""
    """The file; if empty, that of the finding."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding. `path` leads from the document's root to the value that is wrong."""

    code: str
    message: str
    file: str
    path: Path = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    calls: tuple[tuple[str, Path], ...] = ()
    """The chain of block calls, innermost first, as (file, path)."""
    severity: str = "error"
    labels: tuple[Label, ...] = ()
    """The secondary locations."""
    subject: str = ""
    """The word of the spec to underline, if the finding is about a single word."""
    about_key: bool = False
    """Whether the finding is about the key at `path`, not its value."""
    replacement: str | None = None
    """The suggested replacement of `subject`, which `help` mentions."""
    line: int = 0
    """The position of a syntax error, from 1; 0 if `path` gives the location."""
    column: int = 0

    @property
    def location(self) -> str:
        """The path in readable form: `model.layers[2].kernel`."""
        return show_path(self.path)

    def to_json(self) -> dict[str, Any]:
        """The finding as plain data, without the fields that only serve to locate it."""
        return {key: value for key, value in asdict(self).items() if key not in _LOCATING}

    def __str__(self) -> str:
        return render(self)


_LOCATING = frozenset({"subject", "about_key", "replacement", "line", "column"})


def show_path(path: Path) -> str:
    """Format a document path: `model.layers[2].kernel`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{shown(part)}" for part in path)
    return text.removeprefix(".")


def shown(text: str, *, limit: int = 80) -> str:
    """`text` with control characters, surrogates and direction overrides escaped, cut to 80 characters."""
    text = text if len(text) <= limit else text[: limit - 3] + "..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shown_file(path: str) -> str:
    """The name of a file with control characters escaped; a very long name is cut at its start."""
    return shown(path if len(path) <= 240 else f"...{path[-237:]}", limit=240)


def reason(error: Exception) -> str:
    """Why a file could not be opened, read or written."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _file(file: str, path: Path) -> str:
    """A location without a line number."""
    del path
    return file


def render(diagnostic: Diagnostic, place: str = "", where: Callable[[str, Path], str] = _file) -> str:
    """The finding as text, without the source line. `place` is its location, `where` gives those of other paths."""
    lines = [f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"]
    place = shown_file(place or diagnostic.file)
    lines.append(f"  --> {place}: {diagnostic.location}" if diagnostic.path else f"  --> {place}")
    lines += [
        f"   = note: {text}: {shown_file(where(file or diagnostic.file, path))}: {show_path(path)}"
        for text, path, file in diagnostic.labels
    ]
    lines += [f"   = note: {note}" for note in diagnostic.notes]
    lines += [
        f"   = note: called from {shown_file(where(file, path))}: {show_path(path)}"
        for file, path in diagnostic.calls
    ]
    if diagnostic.help:
        lines.append(f"   = help: {diagnostic.help}")
    return "\n".join(lines)


class Replacement(NamedTuple):
    """The word that was probably intended, with an optional remark."""

    word: str
    text: str = ""

    def __str__(self) -> str:
        return f"did you mean `{self.word}`?" + (f" {self.text}" if self.text else "")


class Problem(Exception):  # noqa: N818 — not a program error, but an unlocated finding
    """A finding about a value whose location in the document is known to the caller.

    `at` is the path relative to that location. The other fields are those of `Diagnostic`.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        at: Path = (),
        notes: Sequence[str] = (),
        help: str | Replacement | None = None,  # noqa: A002 — what `Diagnostic` calls it
        labels: Sequence[Label] = (),
        subject: str = "",
        about_key: bool = False,
        place: tuple[int, int] = (0, 0),
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.at = code, message, at
        self.notes, self.labels = tuple(notes), tuple(labels)
        self.help = None if help is None else str(help)
        self.replacement = help.word if isinstance(help, Replacement) else None
        self.subject, self.about_key = subject, about_key
        self.line, self.column = place

    def within(self, *path: str | int) -> "Problem":
        """The same problem relative to an enclosing value."""
        self.at = (*path, *self.at)
        return self

    def located(self, file: str, path: Path, calls: Sequence[tuple[str, Path]] = ()) -> Diagnostic:
        """The diagnostic for this problem at `path` in `file`."""
        return Diagnostic(
            self.code,
            self.message,
            file,
            (*path, *self.at),
            self.notes,
            self.help,
            tuple(calls),
            labels=self.labels,
            subject=self.subject,
            about_key=self.about_key,
            replacement=self.replacement,
            line=self.line,
            column=self.column,
        )


_LONGEST = 100
"""The longest word for which a suggestion is made, in characters."""
_CANDIDATES = 100
"""The most words from which a suggestion is chosen."""


def suggest(word: str, known: Sequence[str]) -> Replacement | None:
    """The known word most similar to `word`, if any is similar enough."""
    if len(word) > _LONGEST:
        return None
    # Comparison is slow: limit it to words of similar length, and limit their number.
    known = [name for name in known if abs(len(name) - len(word)) <= 3][-_CANDIDATES:]
    lower = {name.lower(): name for name in known}
    exact = lower.get(word.lower())
    near = (
        [exact]
        if exact is not None
        else get_close_matches(word, known, n=1, cutoff=0.7)
        if len(word) > 2
        else []
    )
    return Replacement(near[0]) if near and shown(near[0]) == near[0] else None
