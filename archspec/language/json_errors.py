"""Turn errors of the JSON parser into findings with a place."""

import re
from json import JSONDecodeError

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown
from archspec.language.toml_errors import is_too_long, place_of

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[^\s\[\]{},:"]++', re.DOTALL)
_CONSTANTS = frozenset({"NaN", "Infinity", "-Infinity"})
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)
"""An escape sequence or a pair of surrogates; a surrogate without the other half is a group."""


def json_problem(text: str, error: ValueError) -> Problem:
    """The finding for an error of `json`, or for a value that JSON does not have."""
    if not isinstance(error, JSONDecodeError):
        tokens = (token for token in _TOKEN.finditer(text) if token[0] in _CONSTANTS or is_too_long(token[0]))
        token = next(tokens, None)
        return Problem(
            "AS103",
            f"invalid JSON: {_lower(str(error))}",
            subject=token[0] if token else "",
            place=place_of(text, token.start()) if token else (0, 0),
        )
    return Problem(
        "AS103",
        f"invalid JSON: {_lower(error.msg)}",
        help=_json_help(text, error.pos),
        place=(error.lineno, error.colno),
    )


def half_a_pair(text: str) -> Problem:
    """The finding about half of a surrogate pair."""
    half = next((escape for escape in _ESCAPE.finditer(text) if escape[1]), None)
    return Problem(
        "AS103",
        "invalid JSON: half of a surrogate pair is not a character",
        subject=half[0] if half else "",
        place=place_of(text, half.start()) if half else (0, 0),
    )


def _json_help(text: str, place: int) -> str | None:
    """What to type instead: everybody's slip is a comma after the last item."""
    start = max(place - _NEAR, 0)
    comma = re.search(r",\s*([\]}])", text[start : place + _NEAR])
    if comma is None or not comma.start() <= place - start <= comma.end():
        return None
    return f"JSON has no comma after the last item: remove the one before `{comma[1]}`"


_NEAR = 100
"""The characters on each side of a place that are looked at."""


def _lower(said: str) -> str:
    said = shown(said.partition(" for integer string conversion")[0], limit=1000)
    return said[:1].lower() + said[1:]
