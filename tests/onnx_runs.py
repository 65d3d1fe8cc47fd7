"""What the tests of the ONNX backend share: networks of one node."""

import json
from typing import Any

import archspec
from archspec import Model


def node(op: str, fields: dict[str, Any], *shapes: tuple[int | str, ...]) -> Model:
    """A network of one node. Raises `SpecError` where the fields do not suit the inputs."""
    inputs = [{"name": f"in{index}", "shape": list(shape)} for index, shape in enumerate(shapes)]
    layer = {"op": op, "name": "node", "from": [item["name"] for item in inputs], **fields}
    spec = {"archspec": 1, "model": {"inputs": inputs, "layers": [layer]}}
    return archspec.load("node.json", source=json.dumps(spec))
