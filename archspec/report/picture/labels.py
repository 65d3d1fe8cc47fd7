"""What is written in a box, and how large the box is for that."""

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from archspec.analysis.sizing import Sizing
from archspec.report.numbers import dims, human, in_bytes, shapes, shown_batch
from archspec.report.picture import metrics
from archspec.report.picture.scene import Item

if TYPE_CHECKING:
    from archspec.model import Model

TITLE, TEXT = 12.0, 10.0
"""The sizes of the first line and of those below."""
LIMIT = 208.0
"""The widest line."""
MARGIN = 9.0
"""The room at the left and right of a line."""
HEIGHTS = {TITLE: 16.0, TEXT: 13.0}
MAX_LINES = 8


@dataclass(frozen=True, slots=True)
class Span:
    """Some text in one style."""

    text: str
    bold: bool = False
    muted: bool = False


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text in a box."""

    spans: tuple[Span, ...]
    size: float

    @property
    def width(self) -> float:
        """The width, by the metrics of the font."""
        return round(sum(metrics.width(span.text, self.size, bold=span.bold) for span in self.spans), 1)

    @property
    def text(self) -> str:
        """The text without styles."""
        return "".join(span.text for span in self.spans)


def size(lines: list[TextLine]) -> tuple[float, float]:
    """The least width and height of a box for some lines, in whole even numbers."""
    width = max((line.width for line in lines), default=0.0) + 2 * MARGIN
    height = sum(HEIGHTS[line.size] for line in lines) + 8
    return 2.0 * ceil(width / 2), 2.0 * ceil(height / 2)


@dataclass(slots=True, eq=False, repr=False)
class Labels:
    """Writes the labels of boxes of one model."""

    model: "Model"
    show: tuple[str, ...]
    fields: dict[str, str]
    """The receptive fields by path, if they are shown."""

    def of(self, item: Item, prefix: str = "") -> list[TextLine]:
        """The lines of an item; `prefix` is the path of the module around it, with a dot."""
        return self.port(item) if item.is_port else [*self.head(item), *self.below(item, prefix)]

    def port(self, item: Item) -> list[TextLine]:
        """The name and the shape of an input or output."""
        spans = [Span(item.name)]
        if item.outputs:
            spans.append(Span(f"  {dims(item.outputs[0].shape, shown_batch(self.model))}", muted=True))
        if item.training:
            spans.append(Span("  training", muted=True))
        line = TextLine(tuple(spans), TEXT)
        if line.width <= LIMIT:
            return [line]
        return [TextLine((Span(part),), TEXT) for part in metrics.lines(line.text, TEXT, LIMIT)]

    def head(self, item: Item) -> list[TextLine]:
        """The name and the op, in one line where that is possible."""
        name, text = item.name, item.text
        if name == text or item.op == name:
            name = ""
        times = f"  × {item.count}" if item.count > 1 else ""
        spans = [Span(f"{name}  ", muted=True)] if name else []
        spans.append(Span(text, bold=True))
        if times:
            spans.append(Span(times, bold=True))
        line = TextLine(tuple(spans), TITLE)
        if line.width <= LIMIT:
            found = [line]
        else:
            found = [TextLine((Span(part, muted=True),), TEXT) for part in metrics.lines(name, TEXT, LIMIT)]
            texts = metrics.lines(text + times, TITLE, LIMIT, 4, bold=True)
            found += [TextLine((Span(part, bold=True),), TITLE) for part in texts]
        return found

    def below(self, item: Item, prefix: str) -> list[TextLine]:
        """What follows in the box, and its numbers."""
        found = self.text(", ".join(item.more)) if item.more else []
        if item.shares:
            found += self.text(f"weights of {item.shares}")
        if item.training:
            found += self.text("in training only")
        return found + self.numbers(item, prefix)

    def text(self, text: str, most: int = 3, *, muted: bool = False) -> list[TextLine]:
        """Some text in small lines."""
        return [TextLine((Span(part, muted=muted),), TEXT) for part in metrics.lines(text, TEXT, LIMIT, most)]

    def numbers(self, item: Item, prefix: str) -> list[TextLine]:
        """The shape and the costs, in as few lines as they need."""
        batch = shown_batch(self.model)
        words = [shapes(item.outputs, batch, short=True)] if item.outputs else []
        if "params" in self.show and item.params:
            words.append(f"{human(item.params)} params")
        if "macs" in self.show and item.macs:
            words.append(f"{human(item.macs)} MACs")
        if "memory" in self.show and item.outputs:
            sizing = Sizing(self.model.fixed_batch or self.model.batch, 4)
            words.append(in_bytes(sum(sizing.bytes(type_) for type_ in item.outputs)))
        if "field" in self.show and (seen := self.fields.get(prefix + (item.names or [""])[-1])):
            words.append(f"sees {seen}")
        if "weights" in self.show:
            for path, module in item.leaves:
                for weight in module.op.weights(module.inputs) if module.op is not None else ():
                    name = ".".join(part for part in (path, weight.name) if part)
                    words.append(f"{name} {dims(weight.shape) if weight.shape else 'scalar'}")
        lines: list[str] = []
        for word in words:
            joined = f"{lines[-1]} · {word}" if lines else word
            if lines and metrics.width(joined, TEXT) <= LIMIT:
                lines[-1] = joined
            else:
                lines += metrics.lines(word, TEXT, LIMIT, 1) if not lines or word else []
        if len(lines) > MAX_LINES:
            lines = [*lines[: MAX_LINES - 1], f"… {len(lines) - MAX_LINES + 1} more lines"]
        return [TextLine((Span(line, muted=True),), TEXT) for line in lines]
