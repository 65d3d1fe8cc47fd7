"""Format an expanded spec as text."""

import json
from typing import Any

Json = dict[str, Any]


def to_text(spec: Json) -> str:
    """The spec as JSON with one node per line."""
    return _dump(spec, "") + "\n"


def _dump(value: Any, indent: str) -> str:
    if isinstance(value, dict) and any(key in value for key in ("archspec", "model", "layers")):
        inner = [f'{indent}  "{key}": {_dump(item, indent + "  ")}' for key, item in value.items()]
        return "{\n" + ",\n".join(inner) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return (
            "[\n" + ",\n".join(f"{indent}  {_dump(item, indent + '  ')}" for item in value) + f"\n{indent}]"
        )
    return json.dumps(value)


def ordered(node: Json) -> Json:
    """The node with its keys in reading order."""
    keys = [key for key in ("name", "as", "op", "of", "from") if key in node]
    rest = [key for key in node if key not in keys and key not in ("shape", "layers")]
    result = {key: node[key] for key in (*keys, *rest) if key in node}
    if "shape" in node:
        result["shape"] = node["shape"]
    if "layers" in node:
        result["layers"] = [ordered(inner) for inner in node["layers"]]
    return result
