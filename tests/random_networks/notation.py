"""A spec as text: TOML or JSON, terms as the strings that the language has for them. And what of the language it uses."""

import json
import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from archspec.ops import lookup, names
from random_networks.generate import Spec
from random_networks.reference import OWN_SHAPE
from random_networks.terms import Term

FUNCTIONS = r"\b(min|max|abs|ceil|floor|round|int|len|sum|divisible|range|sqrt|log2)\("
WORDS = r"\b(if|and|or|not in|not|in|for)\b"


def plain(item: Any) -> Any:
    """Terms as text."""
    if isinstance(item, Term):
        return item.text
    if isinstance(item, list):
        return [plain(one) for one in item]
    if isinstance(item, dict):
        return {key: plain(one) for key, one in item.items()}
    return item


def write(spec: Spec, folder: Path, seed: int) -> Path:
    """The files of a spec in a folder, and the path of the one to load."""
    rng = Random(seed)
    if spec.library is not None:
        path = folder / spec.table["use"]["lib"]
        path.parent.mkdir(exist_ok=True)
        path.write_text(text(spec.library, path.suffix, rng), encoding="utf-8")
    path = folder / f"net{rng.choice(['.toml', '.toml', '.json'])}"
    path.write_text(text(spec.table, path.suffix, rng), encoding="utf-8")
    return path


def text(table: dict[str, Any], suffix: str, rng: Random) -> str:
    keys = list(table)
    rng.shuffle(keys)  # the order of keys never matters
    shuffled = {key: plain(table[key]) for key in keys}
    if suffix == ".json":
        return json.dumps(shuffled, indent=rng.choice([None, 2]), ensure_ascii=rng.random() < 0.5)
    return toml(shuffled)


def toml(table: dict[str, Any]) -> str:
    """Tables as sections, what is in them inline."""
    lines = [f"{key} = {inline(item)}" for key, item in table.items() if not isinstance(item, dict)]
    for key, item in table.items():
        if key == "blocks":
            for word, block in item.items():
                lines += [
                    "",
                    f"[blocks.{bare(word)}]",
                    *(f"{bare(k)} = {inline(v)}" for k, v in block.items()),
                ]
        elif isinstance(item, dict):
            lines += ["", f"[{key}]", *(f"{bare(k)} = {inline(v)}" for k, v in item.items())]
    return "\n".join(lines) + "\n"


def bare(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def inline(item: Any) -> str:
    if isinstance(item, dict):
        inside = ", ".join(f"{bare(key)} = {inline(one)}" for key, one in item.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(item, list):
        return f"[{', '.join(map(inline, item))}]"
    if isinstance(item, str):
        return json.dumps(item, ensure_ascii=False)
    if isinstance(item, bool):
        return "true" if item else "false"
    return repr(item)


# --- what is used

NODE = ("op", "name", "as", "from", "repeat", "index", "parallel", "first", "when", "doc", "shape", "let")


def universe() -> set[str]:
    """What there is to meet: ops and fields as archspec lists them, the keys of the language as its documents do."""
    found = {f"key {key}" for key in NODE} | {"op block", "op template", "node chain", "node string"}
    for word in names():
        op = lookup(word)
        assert op is not None
        found |= {f"op {word}"} | {f"field {word}.{key}" for key in op.model_fields}
    found |= {f"op {word}" for word in ("group", "residual", "dense", "reuse")}
    found |= {f"field {join}.branches" for join in ("concat", "add", "mul", "sub", "div", "max")}
    listed = {
        "field": "residual.layers residual.shortcut residual.skip dense.layers reuse.of group.layers",
        "section": "archspec params let variants defaults use model blocks expect lint",
        "model": "name input inputs layers outputs train_outputs let doc",
        "block": "layers required params let inputs outputs inline doc",
        "param": "type default min max choices doc",
        "type": "int float bool str list size padding op",
        "padding": "half same same_upper same_lower valid number each sides",
        "function": "min max abs ceil floor round int len sum divisible range sqrt log2",
        "output": "name of when",
        "path": "*",
        "shape": "channels height width shape",
        "operator": "+ - * / // % ** == != < <= > >=",
        "file": ".toml .json",
        "expect": "params output macs buffers",
    }
    found |= {f"{kind} {word}" for kind, words in listed.items() for word in words.split()}
    return found | {f"word {word}" for word in ("if", "and", "or", "not", "in", "not in", "for")}


def used(spec: Spec) -> Counter[str]:
    """The ops, fields, keys and words of the language that a spec has."""
    found: Counter[str] = Counter()
    for table in (spec.table, spec.library or {}):
        for key, item in table.items():
            found[f"section {key}"] += 1
            if key == "params":
                params(item, found)
        for block in table.get("blocks", {}).values():
            found.update(f"block {key}" for key in block)
            params({**block.get("params", {}), **block.get("required", {})}, found)
            nodes(block["layers"], found)
        expressions(plain(table), found)
    model = spec.table["model"]
    found.update(f"model {key}" for key in model)
    found.update(
        f"output {key}" for item in model.get("outputs", []) if isinstance(item, dict) for key in item
    )
    expected = spec.table.get("expect", {})
    found.update(
        f"expect {key}" for one in (expected, *expected.values()) if isinstance(one, dict) for key in one
    )
    nodes(model["layers"], found)
    return found


def params(table: dict[str, Any], found: Counter[str]) -> None:
    for item in table.values():
        if isinstance(item, dict):
            found.update(f"param {key}" for key in item)
            found[f"type {item['type']}"] += 1
        else:
            found[f"type {type(item).__name__}"] += 1


def nodes(items: list[Any], found: Counter[str]) -> None:
    for item in items:
        if isinstance(item, list):
            found["node chain"] += 1
            nodes(item, found)
        elif isinstance(item, dict):
            node(item, found)
        else:
            node({"op": item}, found)
            found["node string"] += 1


def node(table: dict[str, Any], found: Counter[str]) -> None:
    op = plain(table.get("op", "group"))
    word = "block" if op.startswith(("block", "lib.", "unit")) else "template" if "{" in op else op
    found[f"op {word}"] += 1
    for key, item in table.items():
        if key in NODE and not (key == "shape" and word in OWN_SHAPE):
            found[f"key {key}"] += 1
        elif word not in ("block", "template"):
            found[f"field {word}.{key}"] += 1
        if key == "from":
            paths = plain(item if isinstance(item, list) else [item])
            found["path *"] += any("*" in path.split(".") for path in paths)
        if key == "padding":
            kind = "sides" if isinstance(item, dict) else "each" if isinstance(item, list) else "number"
            kind = item if isinstance(item, str) else kind
            found[f"padding {kind}"] += 1
    for key in ("layers", "branches", "shortcut"):
        nodes(table.get(key, []), found)


def expressions(item: Any, found: Counter[str]) -> None:
    if isinstance(item, dict):
        for one in item.values():
            expressions(one, found)
    elif isinstance(item, list):
        for one in item:
            expressions(one, found)
    elif isinstance(item, str):
        found.update(f"function {word}" for word in re.findall(FUNCTIONS, item))
        found.update(f"word {word}" for word in re.findall(WORDS, item) if " " in item)
        found.update(f"operator {sign}" for sign in re.findall(r" (\*\*|//|[-+*/%]|==|!=|<=?|>=?) ", item))
        found.update(f"shape {word}" for word in re.findall(r"\.(channels|height|width|shape)\b", item))
