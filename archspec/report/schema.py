"""A JSON Schema of specs, from the classes of sections and ops: for completion, hover and checks in editors.

It knows keys and kinds of values. What it cannot know is left to `archspec validate`: names, shapes, expressions,
fields of blocks. https://json-schema.org/draft-07
"""

import json
from typing import Any

from archspec.analysis.spec_text import Json
from archspec.language.expectations import NUMBERS
from archspec.language.names import NODE_KEYS
from archspec.language.schema import (
    AboutSection,
    BlockSection,
    FileSection,
    InputSection,
    LintSection,
    ModelSection,
    PaperSection,
    Section,
    WeightsSection,
)
from archspec.lint import lints
from archspec.ops import lookup
from archspec.ops.core.base import Op
from archspec.ops.core.fields import MAX
from archspec.ops.core.reference import OpReference, entries

_TEXT: Json = {"type": "string"}
_CHAIN: Json = {"$ref": "#/definitions/chain"}
_ANY_TABLE: Json = {"type": "object"}
_LET: Json = {**_ANY_TABLE, "description": "Values that the nodes of the group can use."}
_NUMBER: Json = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}
_FLAG: Json = {"anyOf": [{"type": "boolean"}, {"type": "string"}]}

_OUTPUTS: Json = {
    "type": "array",
    "items": {
        "anyOf": [
            _TEXT,
            {
                "type": "object",
                "properties": {
                    "name": {**_TEXT, "description": "What the output is called outside."},
                    "of": {**_TEXT, "description": "The value, named as in `from`; default: `name`."},
                    "when": {**_FLAG, "description": "Whether the output is there."},
                },
                "anyOf": [{"required": ["name"]}, {"required": ["of"]}],
                "additionalProperties": False,
            },
        ]
    },
    "description": "Names of values, or tables { name, of, when }.",
}

KEYS: dict[str, Json] = {
    "name": {**_TEXT, "description": "The name of the module, which its weights are called by."},
    "as": {**_TEXT, "description": "A name for the value, without making a module."},
    "from": {
        "anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}],
        "description": "The value, or values, that go in; default: that of the node before.",
    },
    "repeat": {**_NUMBER, "description": "How many copies follow each other."},
    "index": {**_TEXT, "description": "What the counter of the copies is called; default: i."},
    "parallel": {**_NUMBER, "description": "In `branches`: how many branches there are of this kind."},
    "first": {**_ANY_TABLE, "description": "Fields that are different in the first copy."},
    "when": {**_FLAG, "description": "Whether the node is there."},
    "doc": {**_TEXT, "description": "A remark."},
    "shape": {"type": "array", "description": "The shape that the output must have, batch first."},
}
"""The keys of every node."""
_FORMS: dict[str, Json] = {"layers": _CHAIN, "outputs": _OUTPUTS, "train_outputs": _OUTPUTS}
"""What pydantic does not know of sections."""
_KEYS: dict[str, Json] = {key: {"$ref": f"#/definitions/keys/{key}"} for key in KEYS}
WIRING: dict[str, tuple[str, dict[str, Json]]] = {
    "residual": ("`layers(x) + shortcut(x)`.", {"layers": _CHAIN, "shortcut": _CHAIN, "skip": _FLAG}),
    "dense": ("`repeat` times `x = concat(x, layers(x))`.", {"layers": _CHAIN}),
    "reuse": ("Calls an earlier module again, with its weights.", {"of": _TEXT}),
}
"""The nodes that are made of others: what they do, and their own keys."""


def render() -> str:
    """The schema as text."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def schema() -> Json:
    """The schema as plain data."""
    definitions = _nodes()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "x-tombi-toml-version": "v1.1.0",  # editors that know Tombi then take tables over several lines
        "title": "archspec 1",
        "description": "A declarative spec of a convolutional network.",
        **_file(definitions),
        "required": ["archspec"],
        "definitions": definitions,
    }


def _nodes() -> dict[str, Json]:
    """What a chain is, and each node that can be in it, by the name of its op."""
    definitions: dict[str, Json] = {
        "keys": KEYS,
        "chain": {
            "type": "array",
            "items": {
                "allOf": [{"$ref": "#/definitions/node"}],
                "not": {"type": "object", "required": ["parallel"]},
            },
            "description": "Nodes, one after the other.",
        },
        "group": _closed(
            {"layers": _CHAIN, "let": _LET, **_KEYS},
            "A chain of its own, which is a module if it has a name.",
        ),
    }
    for name, (doc, keys) in WIRING.items():
        definitions[name] = _closed({"op": {"const": name}, **keys, **_KEYS}, doc)
    ops = {entry.name: _op(entry) for entry in entries()}
    definitions |= ops
    definitions["node"] = _node([*ops], [*ops, *WIRING])
    definitions["branch"] = {
        "allOf": [{"$ref": "#/definitions/node"}],
        "if": {"type": "object", "required": ["repeat"]},
        "then": {"properties": {"op": {"const": "dense"}}, "required": ["op"]},
    }  # of other nodes, copies would be a chain, which is written as one
    return definitions


def _op(entry: OpReference) -> Json:
    """A node with this op."""
    op = lookup(entry.name)
    assert op is not None  # noqa: S101 — it has an entry
    docs = {field.name: field.doc for field in entry.fields}
    keys = {**_KEYS, "op": {"const": entry.name}, **_fields(op, docs)}
    if not op.is_module:
        keys["branches"] = {
            "type": "array",
            "items": {"$ref": "#/definitions/branch"},
            "minItems": 1,
            "description": "Nodes that have the same input each.",
        }
    needs = f"Requires: {'; '.join(entry.constraints)}." if entry.constraints else ""
    return _closed(keys, "\n\n".join(filter(None, (entry.summary, needs, entry.link))))


def _node(ops: list[str], names: list[str]) -> Json:
    """A node of any kind: the name of an op, a chain, or a table. `names` are the ops and what wires nodes."""
    by_op: list[Json] = [
        {
            "if": {"required": ["op"], "properties": {"op": {"const": name}}},
            "then": {"$ref": f"#/definitions/{name}"},
        }
        for name in names
    ]
    return {
        "anyOf": [
            {"type": "string", "anyOf": [{"enum": ops}, {}]},
            _CHAIN,
            {
                "type": "object",
                "properties": {"op": {"anyOf": [{"enum": names}, _TEXT], "description": "An op or a block."}},
                "allOf": [{"if": {"required": ["op"]}, "else": {"$ref": "#/definitions/group"}}, *by_op],
            },
        ]
    }


def _file(definitions: dict[str, Json]) -> Json:
    """The sections of a file."""
    file = _section(FileSection)
    keys = file["properties"]
    keys["archspec"] = {"const": 1, "description": "The version of the language."}
    keys["$schema"] = {**_TEXT, "description": "The address of this schema, for editors. In JSON alone."}
    keys["about"] = _section(AboutSection)
    keys["about"]["properties"]["papers"]["items"] = _section(PaperSection)
    keys["model"], keys["lint"] = _section(ModelSection), _section(LintSection)
    keys["lint"]["properties"]["ignore"]["items"] = _rules()
    keys["weights"] = _section(WeightsSection)
    keys["weights"]["properties"]["rename"]["description"] = (
        "What files of weights call keys elsewhere: the old name and the new one. Each `*` matches any text, "
        "which is put back in order."
    )
    keys["model"]["properties"]["inputs"]["items"] = _section(InputSection)
    keys["blocks"] = {**_ANY_TABLE, "additionalProperties": _section(BlockSection)}
    keys["defaults"] = {
        **_ANY_TABLE,
        "properties": {
            entry.name: _open(definitions[entry.name]["properties"], entry.name) for entry in entries()
        },
        "additionalProperties": _ANY_TABLE,
    }
    keys["expect"] = {**_ANY_TABLE, "properties": {name: _bound() for name in NUMBERS}}
    return file


def _rules() -> Json:
    """What can be ignored: each rule by its name or code with what it is about, the start of codes, or all."""
    known = [
        {"const": word, "description": lint.paragraphs()[0]}
        for code, lint in lints().items()
        for word in (lint.name, code)
    ]
    return {"anyOf": [*known, {"const": "ALL"}, {"type": "string", "pattern": "^AS6[0-9]?$"}]}


def _closed(keys: dict[str, Json], doc: str) -> Json:
    return {"type": "object", "description": doc, "properties": keys, "additionalProperties": False}


def _open(keys: dict[str, Json], name: str) -> Json:
    """The fields of an op that can have defaults."""
    own = {key: value for key, value in keys.items() if key not in (*NODE_KEYS, "op", "branches")}
    return _closed(own, f"Defaults of `{name}`.")


def _bound() -> Json:
    return {"anyOf": [{"type": "integer"}, {**_TEXT, "pattern": "^\\s*(<=|>=|==|<|>)"}, _ANY_TABLE]}


def _section(section: type[Section]) -> Json:
    """A table with fixed keys, of which the chains are nodes."""
    keys: dict[str, Json] = {}
    required = [name for name, info in section.model_fields.items() if info.is_required()]
    for name, made in section.model_json_schema()["properties"].items():
        keys[name] = _FORMS.get(name) or _plain(made)
    return _closed(keys, (section.__doc__ or "").strip()) | ({"required": required} if required else {})


def _fields(op: type[Op], docs: dict[str, str]) -> dict[str, Json]:
    """The fields of an op. Every value can be an expression."""
    made = op.model_json_schema()
    shared = made.get("$defs", {})
    found = {}
    for name, field in made["properties"].items():
        value = _or_text(_plain(field, shared))
        value["description"] = docs.get(name) or field.get("description", "")
        if field.get("default") is not None:
            value["default"] = field["default"]
        found[name] = value
    return found


def _plain(value: Any, shared: dict[str, Json] | None = None) -> Any:
    """Without what only pydantic wants, and with what it refers to in its place."""
    if isinstance(value, list):
        return [_plain(item, shared) for item in value if item != {"type": "null"}]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _plain((shared or {}).get(value["$ref"].rpartition("/")[2], {}), shared)
    return {
        key: _properties(item, shared) if key == "properties" else _plain(item, shared)
        for key, item in value.items()
        if key not in ("title", "default") and item != MAX
    }


def _properties(table: dict[str, Json], shared: dict[str, Json] | None) -> dict[str, Json]:
    return {name: _plain(item, shared) for name, item in table.items()}


def _or_text(value: Json) -> Json:
    """A value, or text that is an expression in its place, at every level."""
    if "anyOf" in value:
        return {"anyOf": [*map(_or_text, value["anyOf"])]}
    if value.get("type") == "string" and "enum" not in value:
        return {"type": "string"}
    inner = dict(value)
    for key in ("items", "additionalProperties"):
        if isinstance(inner.get(key), dict):
            inner[key] = _or_text(inner[key])
    if "properties" in inner:
        inner["properties"] = {name: _or_text(item) for name, item in inner["properties"].items()}
    inner.pop("description", None)
    return {"anyOf": [inner, _TEXT]}
