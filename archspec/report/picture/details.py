"""What is said of a box when it is pointed at: its fields, weights, memory and receptive field, with all digits."""

from typing import TYPE_CHECKING, Any

from archspec.analysis.sizing import Sizing
from archspec.report.columns import field_text
from archspec.report.numbers import dims, in_bytes, shapes, shown_batch
from archspec.report.picture.scene import Item

if TYPE_CHECKING:
    from archspec.analysis.field import ReceptiveField
    from archspec.model import Model

MOST_FIELDS = 20_000
"""The most modules of a network whose receptive fields are computed for this."""
MOST_WEIGHTS = 12


class Details:
    """Writes the details of the boxes of one model."""

    def __init__(self, model: "Model") -> None:
        self.model = model
        self.batch = shown_batch(model)
        self.sizing = Sizing(model.fixed_batch or model.batch, 4)
        small = model.training_totals.modules <= MOST_FIELDS
        self.fields: dict[str, ReceptiveField] = model.receptive_fields() if small else {}

    def title(self, item: Item, prefix: str) -> str:
        """What the box is, in a line."""
        where = prefix + item.name if item.name else prefix.removesuffix(".")
        text = f"{where}: {item.text}" if where and item.text != item.name else where or item.text
        return text + (f", {item.count} times" if item.count > 1 else "")

    def of(self, item: Item, prefix: str) -> str:
        """All that is known of the box, a line each."""
        lines = [self.title(item, prefix)]
        if item.more:
            lines.append("then " + ", ".join(item.more) if item.leaves else ", ".join(item.more))
        if item.outputs:
            lines.append(f"output: {shapes(item.outputs, self.batch)}")
            size = sum(self.sizing.bytes(type_) for type_ in item.outputs)
            lines.append(f"memory of the output: {in_bytes(size)} in float32")
        if item.params:
            lines.append(f"parameters: {item.params:,}")
        if item.macs:
            lines.append(f"MACs: {item.macs:,}")
        seen = next(
            (self.fields[path] for name in reversed(item.names) if (path := prefix + name) in self.fields),
            None,
        )
        if seen is not None:
            lines.append(f"receptive field: {field_text(seen)}")
        lines += self.leaves(item)
        if item.shares:
            lines.append(f"weights of {prefix}{item.shares}")
        if item.training:
            lines.append("in training only")
        return "\n".join(lines)

    def leaves(self, item: Item) -> list[str]:
        """The fields and the weights of the ops in a box."""
        fields, weights = [], []
        for path, module in item.leaves:
            assert module.op is not None  # noqa: S101 — a leaf is an op
            given = module.op.model_dump(mode="json", exclude_unset=True)
            if given:
                words = ", ".join(f"{name} {_value(value)}" for name, value in given.items())
                fields.append(f"{path or module.kind}: {words}")
            for weight in module.op.weights(module.inputs):
                name = f"{path}.{weight.name}" if path and weight.name else path or weight.name
                weights.append(f"{name}  {dims(weight.shape) if weight.shape else 'scalar'}")
        if len(weights) > MOST_WEIGHTS:
            weights = [*weights[: MOST_WEIGHTS - 1], f"… {len(weights) - MOST_WEIGHTS + 1} more weights"]
        return fields + weights


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} {_value(item)}' for key, item in value.items())}}}"
    return str(value)
