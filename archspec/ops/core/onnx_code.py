"""How an op is written in ONNX: steps of a graph, recorded as plain data. The onnx package is not needed for it."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Literal

from archspec.diagnostics import Problem
from archspec.ops.core.onnx_graph import Attribute, Graph, OnnxConstant, OnnxStep
from archspec.types import Dim, TensorType, factored

INT64_MAX = 2**63 - 1
MAX_CONSTANT = 2**24
"""The most elements that a lowering may put into a constant: what needs more has another form."""


class Emitter:
    """What an op writes its steps of ONNX with: it has the inputs and the weights, and records the steps.

    Every method returns the name of a value. What an op returns from `Op.onnx` is its output, which gets the name of
    the module; what comes before is named after it.
    """

    def __init__(self, graph: Graph, path: str, weights: Mapping[str, str], inputs: Sequence[str]) -> None:
        self._graph, self._path, self._weights = graph, path, weights
        self._start = len(graph.steps)
        self.inputs: tuple[str, ...] = tuple(inputs)
        """The names of the op's inputs."""

    @property
    def opset(self) -> int:
        """The version of ONNX's operators that is written."""
        return self._graph.opset

    @property
    def half(self) -> bool:
        """Whether the model's floating type has 16 bits."""
        return self._graph.half

    @property
    def x(self) -> str:
        """The first input."""
        return self.inputs[0]

    def type(self, value: str) -> TensorType:
        """The type of a value that this emitter has named."""
        return self._graph.types[value]

    def weight(self, name: str = "weight") -> str:
        """The initialiser of one of the op's weights."""
        return self._weights[name]

    def optional(self, name: str) -> str:
        """The initialiser of a weight, or what ONNX takes for none."""
        return self._weights.get(name, "")

    # --- steps -----------------------------------------------------------------------------------------

    def node(self, op: str, *inputs: str, to: Sequence[Dim] | None = None, **attributes: Attribute) -> str:
        """A step with one output of the shape `to`; default: that of its first input."""
        type_ = self.type(inputs[0]) if to is None else TensorType(tuple(to))
        return self.split(op, inputs, (type_,), **attributes)[0]

    def split(
        self, op: str, inputs: Sequence[str], to: Sequence[TensorType], **attributes: Attribute
    ) -> tuple[str, ...]:
        """A step with several outputs."""
        name = self._name(op)
        outputs = (
            [name] if len(to) == 1 else [self._graph.unique(f"{name}/{part}") for part in range(len(to))]
        )
        given = list(inputs)
        while given and not given[-1]:
            given.pop()
        self._graph.steps.append(OnnxStep(op, given, outputs, attributes, name))
        self._graph.types.update(zip(outputs, to, strict=True))
        return tuple(outputs)

    def single(self, op: str, *inputs: str, to: Sequence[Dim], **attributes: Attribute) -> str:
        """A step in single precision, whatever the model's type is."""
        if not self.half:
            return self.node(op, *inputs, to=to, **attributes)
        return self._other("float32", op, inputs, TensorType(tuple(to)), **attributes)

    def _name(self, op: str) -> str:
        return self._graph.unique(f"{self._path}/{op}")

    def truth(self, op: str, *inputs: str) -> str:
        """A step whose output is true or false for each element of its first input."""
        return self._other("bool", op, inputs, self.type(inputs[0]))

    def _other(
        self,
        kind: Literal["int64", "bool", "float32"],
        op: str,
        inputs: Sequence[str],
        type_: TensorType,
        **attributes: Attribute,
    ) -> str:
        name = self._name(op)
        self._graph.steps.append(OnnxStep(op, list(inputs), [name], attributes, name))
        self._graph.others[name] = kind, type_
        return name

    # --- constants -------------------------------------------------------------------------------------

    def ints(self, values: Iterable[int]) -> str:
        """A vector of integers."""
        data = tuple(values)
        text = ",".join(map(str, data[:9])) + (",…" if len(data) > 9 else "")
        return self._graph.constant(OnnxConstant("int64", (len(data),), data), f"/int64[{text}]")

    def number(self, value: float) -> str:
        """A single number."""
        return self._graph.constant(OnnxConstant("float", (), (value,)), f"/float({value!r})")

    def float32(self, values: Iterable[float]) -> str:
        """A vector of numbers in single precision, whatever the model's type is."""
        data = tuple(values)
        return self._graph.constant(
            OnnxConstant("float32", (len(data),), data), f"/float32[{','.join(map(repr, data))}]"
        )

    def filled(self, value: float, count: int) -> str:
        """A vector of equal numbers."""
        if count > MAX_CONSTANT:
            raise too_large(count)
        data = array("f", [value]) * count
        return self._graph.constant(OnnxConstant("float", (count,), data), f"/float({value!r})[{count}]")

    def numbers(self, name: str, shape: tuple[int, ...], values: Sequence[float]) -> str:
        """A tensor of numbers, row by row."""
        return self._graph.constant(OnnxConstant("float", shape, values), f"{self._path}/{name}")

    # --- shapes ----------------------------------------------------------------------------------------

    def reshape(self, value: str, shape: Sequence[Dim]) -> str:
        """The same elements in another shape. Free dimensions stay free: no size of theirs gets into the file."""
        old, new = self.type(value).shape, tuple(shape)
        if old == new:
            return value
        if (
            len(new) == 2
            and new[0] == old[0]
            and len(old) > 1
            and all(isinstance(dim, int) for dim in old[1:])
        ):
            return self.node("Flatten", value, to=new, axis=1)
        return self.node("Reshape", value, self._shape(old, new), to=new)

    def _shape(self, old: tuple[Dim, ...], new: tuple[Dim, ...]) -> str:
        """A shape as a value: 0 copies the input's axis, one -1 is what is left, others are looked up."""
        free = [axis for axis, dim in enumerate(new) if isinstance(dim, str)]
        copied = [axis for axis in free if old[axis : axis + 1] == (new[axis],)]
        rest = [axis for axis in free if axis not in copied]
        if len(rest) <= 1:
            return self.ints(
                [dim if isinstance(dim, int) else 0 if axis in copied else -1 for axis, dim in enumerate(new)]
            )
        return self.sizes(new)

    def sizes(self, shape: Sequence[Dim]) -> str:
        """A shape as a vector of integers, with its free dimensions as they are when the graph runs."""
        parts, run = [], list[int]()
        for dim in shape:
            if isinstance(dim, int):
                run.append(dim)
                continue
            if run:
                parts.append(self.ints(run))
                run = []
            parts.append(self.dim(dim))
        if run:
            parts.append(self.ints(run))
        return (
            parts[0]
            if len(parts) == 1
            else self._other("int64", "Concat", parts, TensorType((len(shape),)), axis=0)
        )

    def dim(self, dim: str) -> str:
        """The size of a free dimension, of an input of the graph or of an earlier value that has it.

        Raises `Problem` where none has.
        """
        factor, name = factored(dim)
        if factor > 1:
            return self._other("int64", "Mul", [self.dim(name), self.ints([factor])], TensorType((1,)))
        value = f"/{name}"
        if value in self._graph.others:
            return value
        for source, type_ in self._graph.inputs.items():
            if name in type_.shape:
                axis = type_.shape.index(name)
                step = OnnxStep("Shape", [source], [value], {"start": axis, "end": axis + 1}, value)
                self._graph.steps.insert(0, step)  # in front, for all that ask later
                self._graph.others[value] = "int64", TensorType((1,))
                self._start += 1
                return value
        for source, type_ in self._graph.types.items():
            if name in type_.shape:
                axis = type_.shape.index(name)
                return self._other("int64", "Shape", [source], TensorType((1,)), start=axis, end=axis + 1)
        raise Problem("AS702", f"the size of the free dimension `{name}` cannot be seen here", subject=name)

    def merged(self, value: str, front: Sequence[Dim], rest: Sequence[Dim]) -> str:
        """The value with the axes `front`, then one that holds all of `rest`."""
        known = [dim for dim in rest if isinstance(dim, int)]
        free = [dim for dim in rest if isinstance(dim, str)]
        last: Dim = " * ".join([str(prod(known)), *(f"({dim})" for dim in free)]) if free else prod(known)
        return self.reshape(value, (*front, last))

    def restored(self, value: str, like: str) -> str:
        """The value in the shape of another with as many elements."""
        shape = self.type(like).shape
        if sum(isinstance(dim, str) for dim in shape[1:]) <= 1:
            return self.reshape(value, shape)
        found = self._other("int64", "Shape", [like], TensorType((len(shape),)))
        return self.node("Reshape", value, found, to=shape)

    def parted(self, value: str, axis: int, sizes: Sequence[int]) -> str:
        """One axis as several of these sizes."""
        shape = self.type(value).shape
        if _is_free(shape[axis + 1 :]):  # what stays at its place is copied, whatever it is
            value = self.unsqueeze(value, range(axis + 1, axis + len(sizes)))
        return self.reshape(value, (*shape[:axis], *sizes, *shape[axis + 1 :]))

    def united(self, value: str, axis: int, count: int) -> str:
        """`count` axes of known sizes, from `axis` on, as one."""
        shape = self.type(value).shape
        rest = shape[axis + count :]
        size = prod(dim for dim in shape[axis : axis + count] if isinstance(dim, int))
        if not _is_free(rest):
            return self.reshape(value, (*shape[:axis], size, *rest))
        value = self.reshape(value, (*shape[:axis], size, *(1,) * (count - 1), *rest))
        return self.squeeze(value, range(axis + 1, axis + count))

    def interleaved(self, value: str, groups: int) -> str:
        """The channels of the groups interleaved: the first of each group, then the second of each."""
        x = self.type(value)
        count = x.shape[1]
        if not isinstance(count, int) or groups in (1, count):
            return value
        parts = self.parted(value, 1, (groups, count // groups))
        turned = self.transpose(parts, (0, 2, 1, *range(3, self.type(parts).rank)))
        return self.united(turned, 1, 2)

    def squeeze(self, value: str, axes: Sequence[int]) -> str:
        """Without these axes, whose size is 1."""
        shape = [dim for axis, dim in enumerate(self.type(value).shape) if axis not in axes]
        return self.node("Squeeze", value, self.ints(axes), to=shape) if axes else value

    def unsqueeze(self, value: str, axes: Sequence[int]) -> str:
        """New axes of size 1, at these places of the output."""
        shape = list(self.type(value).shape)
        for axis in sorted(axes):
            shape.insert(axis, 1)
        return self.node("Unsqueeze", value, self.ints(axes), to=shape) if axes else value

    def per_channel(self, name: str, rank: int) -> str:
        """A weight with an element for each channel, shaped to be joined with an input of `rank` axes."""
        return self.unsqueeze(self.weight(name), range(1, rank - 1))

    def transpose(self, value: str, axes: Sequence[int]) -> str:
        """The axes in another order."""
        old = self.type(value).shape
        if list(axes) == list(range(len(old))):
            return value
        return self.node("Transpose", value, to=[old[axis] for axis in axes], perm=tuple(axes))

    def cut(self, value: str, ranges: Mapping[int, tuple[int, int, int]]) -> str:
        """The elements from `start` to `stop` in steps, along some axes of known size."""
        shape = list(self.type(value).shape)
        kept = {axis: part for axis, part in ranges.items() if part != (0, shape[axis], 1)}
        if not kept:
            return value
        for axis, (start, stop, step) in kept.items():
            shape[axis] = (stop - start - 1) // step + 1
        starts, stops, steps = zip(*kept.values(), strict=True)
        parts = [self.ints(starts), self.ints(stops), self.ints(kept), self.ints(steps)]
        return self.node("Slice", value, *parts[: 4 if set(steps) != {1} else 3], to=shape)

    def join(self, values: Sequence[str], axis: int) -> str:
        """Values one after the other along an axis of known sizes."""
        if len(values) == 1:
            return values[0]
        shape = list(self.type(values[0]).shape)
        total = 0
        for value in values:
            size = self.type(value).shape[axis]
            assert isinstance(size, int)  # noqa: S101 — the op has checked it
            total += size
        shape[axis] = total
        return self.node("Concat", *values, to=shape, axis=axis)

    # --- what several ops are made of ------------------------------------------------------------------

    def product(self, value: str, factor: float) -> str:
        """Every element times a number."""
        return value if factor == 1 else self.node("Mul", value, self.number(factor))

    def dense(self, value: str, weight: str, bias: str = "") -> str:
        """A fully connected layer over the last axis; `weight` is (out, in), as PyTorch has it."""
        shape, (out, features) = self.type(value).shape, self.type(weight).shape
        if len(shape) == 2:
            return self.node("Gemm", value, weight, bias, to=(shape[0], out), transB=1)
        transposed = self.node("Transpose", weight, to=(features, out), perm=(1, 0))
        product = self.node("MatMul", value, transposed, to=(*shape[:-1], out))
        return self.node("Add", product, bias) if bias else product

    def standardised(self, value: str, axes: Sequence[int], eps: float) -> str:
        """Minus the mean and divided by the standard deviation over some axes."""
        shape = [1 if axis in axes else dim for axis, dim in enumerate(self.type(value).shape)]
        which = self.ints(axes)
        centred = self.node("Sub", value, self.node("ReduceMean", value, which, to=shape))
        variance = self.node("ReduceMean", self.node("Mul", centred, centred), which, to=shape)
        deviation = self.node("Sqrt", self.node("Add", variance, self.number(eps)))
        return self.node("Div", centred, deviation)

    def instances(self, value: str, scale: str, shift: str, eps: float) -> str:
        """`InstanceNormalization`, of sequences as images of one row, which more runtimes read."""
        rank = self.type(value).rank
        image = self.unsqueeze(value, (2,)) if rank == 3 else value
        normal = self.node("InstanceNormalization", image, scale, shift, epsilon=eps)
        return self.squeeze(normal, (2,)) if rank == 3 else normal

    def scaled_and_shifted(self, value: str) -> str:
        """Times `weight` and plus `bias`, per channel, if the op has them."""
        rank = self.type(value).rank
        if "weight" in self._weights:
            value = self.node("Mul", value, self.per_channel("weight", rank))
        return self.node("Add", value, self.per_channel("bias", rank)) if "bias" in self._weights else value

    # --- for whoever calls the op ----------------------------------------------------------------------

    def named(self, results: Sequence[str]) -> tuple[str, ...]:
        """The results under the name of the module, where a step of this op has made them."""
        steps = self._graph.steps[self._start :]
        last = next((step for step in steps if step.outputs[0] == results[0]), None) if results else None
        if last is None or last.outputs != list(results):
            return tuple(results)
        name = self._graph.unique(self._path)
        new = [name] if len(results) == 1 else [f"{name}/{part}" for part in range(len(results))]
        renamed = dict(zip(results, new, strict=True))
        last.name, last.outputs = name, new
        for step in steps:
            step.inputs[:] = [renamed.get(value, value) for value in step.inputs]
        for old, value in renamed.items():
            self._graph.types[value] = self._graph.types.pop(old)
            self._graph.names.pop(old, None)
        return tuple(new)


def _is_free(shape: Sequence[Dim]) -> bool:
    return any(isinstance(dim, str) for dim in shape)


def too_large(count: int) -> Problem:
    """The problem for a lowering whose constant would be too large for a file."""
    return Problem(
        "AS705", f"in ONNX this needs a constant of {count:,} elements, more than {MAX_CONSTANT:,}"
    )
