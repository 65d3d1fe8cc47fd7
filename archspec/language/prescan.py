"""Bounds on a text that hold before it is parsed: parsers take time and memory for whatever a file has.

One pass takes out what is quoted and what is a comment, others count in what is left. All of them are linear: their
expressions never go back over what they have read. A text that is not TOML or JSON may be counted wrong; then the
parser stops where it breaks the grammar, unless the count has stopped it.
"""

import re

from archspec.diagnostics import Problem
from archspec.language import limits

_QUIET = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}'
    r"|'''(?:[^']++|'(?!''))*+'{3,5}"
    r'|"(?:[^"\\\n]++|\\[^\n])*+"'
    r"|'[^'\n]*+'"
    r"|\#[^\n]*+",
    re.DOTALL,
)
"""Quoted text, and comments."""
_DOTTED = re.compile(r'(?:\.[ \t]*+(?:[\w-]++|")[ \t]*+)++')
"""A dotted key, from its first dot."""
_NO_BRACKETS = re.compile(r"[^\[\]{}]++")


def check(text: str) -> None:
    """Refuse what is nested too deeply, and too many values. Raises `Problem` (AS105)."""
    plain = _QUIET.sub('"', text)  # a quoted part of a key still counts
    parts = [key.count(".") for key in (match[0] for match in _DOTTED.finditer(plain))]
    if parts and max(parts) >= limits.KEY_PARTS:
        raise Problem("AS105", f"a dotted key has more than {limits.KEY_PARTS} parts")
    if sum(map(plain.count, ",=:[{")) + sum(parts) > limits.VALUES:
        raise Problem("AS105", f"the file has more than {limits.VALUES:,} values")
    depth = 0
    for sign in _NO_BRACKETS.sub("", plain):
        depth += 1 if sign in "[{" else -1
        if depth > 2 * limits.DEPTH:  # up to there, `reading` can name the place in the parsed data
            raise Problem("AS105", f"the file is nested deeper than {limits.DEPTH} levels")
