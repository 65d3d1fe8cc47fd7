"""Where ONNX Runtime ran the nodes of a graph, according to its profiles."""

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from archspec.backends.proof.device import provider

_TIMED = "_kernel_time"
"""The suffix of the profile events for runs of a node."""


@dataclass(slots=True)
class Placement:
    """The nodes that ran on a device and elsewhere, over one or more sessions."""

    device: str
    nodes: set[tuple[str, str, str]] = field(default_factory=set)
    """The execution provider, operator and name of each executed node."""

    def read(self, session: Any) -> None:
        """Add the nodes of a session, which ends its profile."""
        path = session.end_profiling()
        with open(path, encoding="utf-8") as file:
            events = json.load(file)
        os.unlink(path)
        for event in events:
            arguments = event.get("args", {})
            if event.get("cat") == "Node" and event["name"].endswith(_TIMED) and "provider" in arguments:
                self.nodes.add(
                    (arguments["provider"], arguments["op_name"], event["name"].removesuffix(_TIMED))
                )

    @property
    def there(self) -> int:
        """The number of nodes that ran on the device, not counting memory copies."""
        wanted = provider(self.device)
        return sum(where == wanted and not op.startswith("Memcpy") for where, op, _ in self.nodes)

    def __str__(self) -> str:
        """The number of nodes on the device, and the numbers of operators that ran elsewhere."""
        wanted = provider(self.device)
        others = Counter(op for where, op, _ in self.nodes if where != wanted)
        listed = ", ".join(f"{count:,} {op}" for op, count in sorted(others.items()))
        text = f"{self.there:,} nodes on {self.device}"
        return f"{text}; on the CPU: {listed}" if listed else text
