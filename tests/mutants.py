"""Damaged specs: bytes, tokens and structure, in TOML and in JSON. The same number makes the same mutant."""

import json
import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import tomli
from spec_cases import VALID

SPECS = Path(__file__).parent.parent / "specs"

TOKENS = (
    "0 -1 1 2.5 -0.0 1e308 1e999 nan inf 9223372036854775807 9223372036854775808 99999999999999999999999 true false [] {} "
    '[[]] "" "x" "input" "relu" "conv" "add" "split" "residual" "dense" "reuse" "9**9**9" "x.channels" "{x}" "{" "}" "i" '
    '"half" "N" "1 // 0" "\\u0000" "\\ud800" "[1,2]" 1979-05-27 name op from layers repeat when branches shape as first '
    "index params required let outputs inputs inline use variants defaults model = , [ ] { } # . ' \" \n"
).split(" ")


@cache
def corpus() -> list[str]:
    """The specs of the project, and the valid cases of the tests."""
    specs = [path.read_text(encoding="utf-8") for path in sorted(SPECS.rglob("*.toml"))]
    return specs * 5 + [case.text for case in VALID.values()]


TOKEN = re.compile(r'"[^"\n]*"|[\w.+-]+|\S')


def kind_of(word: str) -> int:
    """Text, number, word; 0 for signs."""
    return 1 if word.startswith('"') else 2 if word[:1].isdigit() else 3 if word[:1].isalpha() else 0


def mutate_tokens(text: str, rng: random.Random) -> bytes:
    """Put tokens in the place of others of their kind, so that most of it still parses."""
    tokens = list(TOKEN.finditer(text))
    kinds = [kind_of(token[0]) for token in tokens]
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(tokens))
        like = [i for i, kind in enumerate(kinds) if kind and kind == kinds[at]]
        if not like or tokens[at].end() > len(text):
            continue
        word = tokens[rng.choice(like)][0]
        if kinds[at] == 2 and rng.random() < 0.5:
            word = rng.choice(
                (
                    "0",
                    "-1",
                    "2",
                    "5",
                    "64",
                    "1000",
                    "100000",
                    "2.5",
                    "1e300",
                    "9223372036854775807",
                    '"x.channels"',
                )
            )
        text = text[: tokens[at].start()] + word + text[tokens[at].end() :]
        tokens = list(TOKEN.finditer(text))
        kinds = [kind_of(token[0]) for token in tokens]
    return text.encode()


def mutate_text(text: str, rng: random.Random) -> bytes:
    if rng.random() < 0.7:
        return mutate_tokens(text, rng)
    data = bytearray(text.encode())
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice((1, 1, 2, 5, 20, 100)))
        match rng.randrange(7):
            case 0:
                data[at:at] = bytes([rng.randrange(256)])
            case 1:
                del data[at:end]
            case 2:
                data[at:at] = data[at:end]
            case 3:
                data[at:end] = rng.choice(TOKENS).encode()
            case 4:
                data[at:at] = rng.choice(TOKENS).encode()
            case 5:
                words = bytes(data).split(b" ")
                i, j = rng.randrange(len(words)), rng.randrange(len(words))
                words[i], words[j] = words[j], words[i]
                data = bytearray(b" ".join(words))
            case _:
                numbers = [i for i, c in enumerate(data) if 48 <= c <= 57]
                if numbers:
                    i = rng.choice(numbers)
                    data[i : i + 1] = rng.choice(TOKENS).encode()
    return bytes(data)


VALUES: tuple[Any, ...] = (
    0,
    -1,
    1,
    2,
    3,
    7,
    2.5,
    -0.0,
    1e300,
    2**63 - 1,
    -(2**63) + 1,
    2**63,
    True,
    False,
    None,
    "",
    "x",
    "input",
    "relu",
    "conv",
    "add",
    "{unit}",
    "9**9**9",
    "x.channels",
    "input.height",
    "i",
    "half",
    "N",
    "1 // 0",
    "a\0b",
    "\ud800",
    "\u202e[red]",
    [],
    {},
    [[]],
    [1, 2],
    ["N", 3, 8, 8],
    {"op": "relu"},
    {"layers": []},
    {"op": "conv", "out": 4, "kernel": 1},
    "split",
    {"op": "split", "sections": 2},
    {"op": "reuse", "of": "0"},
    {"name": "conv1"},
    "x.0",
    "layer1.1",
    100_000,
    1000,
    64,
)
KEYS = (
    "name",
    "op",
    "from",
    "layers",
    "repeat",
    "when",
    "branches",
    "shape",
    "as",
    "first",
    "index",
    "shortcut",
    "skip",
    "of",
    "out",
    "kernel",
    "stride",
    "padding",
    "init",
    "doc",
    "",
    "\ud800",
    "\x1b",
    "inline",
    "inputs",
    "outputs",
    "train_outputs",
    "let",
    "params",
)


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in some data."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield data, key
        yield from places(value)


def mutate_data(text: str, rng: random.Random) -> str | None:
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError:
        return None
    for _ in range(rng.choice((1, 1, 1, 1, 2, 3))):
        found = list(places(data))
        inside = [
            place for place in found if not any(place[0] is outer for outer in (data, data.get("model")))
        ]
        if not found:
            break
        container, key = rng.choice(inside if inside and rng.random() < 0.95 else found)
        other, other_key = rng.choice(
            [place for place in found if place[1] == key] if rng.random() < 0.5 else found
        )
        value = (
            json.loads(json.dumps(other[other_key], default=str))
            if rng.random() < 0.4
            else rng.choice(VALUES)
        )
        match rng.randrange(5):
            case 0:
                del container[key]
            case 1 if isinstance(container, list):
                container.insert(key, value)
            case 2 if isinstance(container, dict):
                container[rng.choice(KEYS)] = value
            case 3 if isinstance(container, dict):
                container[rng.choice(KEYS)] = container.pop(key)
            case _:
                container[key] = json.loads(json.dumps(value))
    return json.dumps(data, default=str)


def mutant(seed: int, number: int) -> tuple[bytes, str]:
    """A damaged spec, and what it is called: every second one is damaged in its structure, and JSON."""
    rng = random.Random(f"{seed}/{number}")
    text = rng.choice(corpus())
    data = mutate_data(text, rng) if number % 2 else None
    if data is None:
        return mutate_text(text, rng), "net.toml"
    return data.encode("utf-8", "surrogatepass"), "net.json"
