"""Multi-head attention."""

from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import Op
from archspec.ops.core.checks import initialised, size, sizes
from archspec.ops.core.constraints import Constraint, Divides, Ranks
from archspec.ops.core.data import Example, Inputs, Saved, Weight
from archspec.ops.core.fields import NO_INIT, Flag, Initialisers, Positive, Probability
from archspec.ops.core.held import lying, packed, size_of, strides, viewed
from archspec.ops.core.init import ZEROS, Init, fan_in_uniform
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import SAME, Link, Links, everywhere
from archspec.ops.core.torch_code import TorchCode, keyword, positional
from archspec.types import TensorType

XAVIER = Init("xavier_uniform", (1.0,))


class Attention(Op):
    """Multi-head attention over sequences (batch, length, features), with projections of its own.

    With one input self-attention; with two, the second is key and value; with three: query, key, value. The
    output has the shape of the query.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
    """

    name: ClassVar[str] = "attention"
    in_training: ClassVar[frozenset[str]] = frozenset({"p"})
    group: ClassVar[str] = "Attention"
    arity: ClassVar[tuple[int, int]] = (1, 3)
    torch_last: ClassVar[str] = "out_proj"
    constraints: ClassVar[tuple[Constraint, ...]] = (
        Ranks(
            3,
            3,
            "attention",
            "`flatten` with `start = 2` and `permute` with `axes = [0, 2, 1]` make tokens of pixels",
        ),
        Divides("heads", lambda _, inputs: _features(_roles(inputs)[0]), "the number of features"),
    )

    heads: Positive
    """Number of heads that the features are split into."""
    bias: Flag = True
    """Whether the projections have biases."""
    p: Probability = 0.0
    """Probability of dropping an attention weight in training."""
    init: Initialisers = NO_INIT
    """Initialisers of the weights, such as `"out_proj.weight"`; default: PyTorch's."""

    @classmethod
    def distinct(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        """Leaves out a value that is the key, and a key that is the query: PyTorch projects these at once, too."""
        while len(values) > 1 and values[-1] == values[-2]:
            values = values[:-1]
        return values

    def check(self, inputs: Inputs) -> None:
        """Batches are equal, and keys are as many as values."""
        query, key, value = _roles(inputs)
        size(query.shape[1], "the sequence axis of the query")
        size(key.shape[1], "the sequence axis of the key")
        for role, x in (("key", key), ("value", value)):
            if x.shape[0] != query.shape[0]:
                raise Problem(
                    "AS401",
                    f"the batch of the {role} ({x}) is not that of the query ({query})",
                    notes=(f"axis 0: {x.shape[0]} is not {query.shape[0]}",),
                )
        if key.shape[1] != value.shape[1]:
            raise Problem(
                "AS401",
                f"there are not as many keys ({key}) as values ({value})",
                notes=(f"axis 1: {key.shape[1]} is not {value.shape[1]}",),
            )

    def weights(self, inputs: Inputs) -> tuple[Weight, ...]:
        """One `in_proj_weight`, or three where key or value have other features; `out_proj`; biases."""
        query, key, value = map(_features, _roles(inputs))
        if query == key == value:
            weights = [Weight("in_proj_weight", (3 * query, query), XAVIER)]
        else:
            parts = {"q": query, "k": key, "v": value}
            weights = [Weight(f"{part}_proj_weight", (query, n), XAVIER) for part, n in parts.items()]
        if self.bias:
            weights.append(Weight("in_proj_bias", (3 * query,), ZEROS))
        weights.append(Weight("out_proj.weight", (query, query), fan_in_uniform(query)))
        if self.bias:
            weights.append(Weight("out_proj.bias", (query,), ZEROS))
        return initialised(tuple(weights), self.init)

    def macs(self, inputs: Inputs, outputs: Inputs) -> int:
        """The projections of query, key, value and output, and the products with keys and values."""
        _, key, value = _roles(inputs)
        (batch, length, features), (_, keys, k), (_, _, v) = (
            sizes(x.shape) for x in (outputs[0], key, value)
        )
        projections = 2 * length * features + keys * k + keys * v
        return batch * features * (projections + 2 * length * keys)

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """A query sees itself, and all keys and values."""
        batch = Link(0, SAME)
        all_ = tuple([(batch, *map(everywhere, x.shape[1:])) for x in inputs])
        return all_ if len(inputs) == 1 else ((batch, Link(1, SAME), everywhere(output.shape[2])), *all_[1:])

    def macs_formula(self, inputs: Inputs, outputs: Inputs) -> str:
        """`12 features * (2 * 32 * 12 + ... for projections + 2 * 32 * 32 for scores and sums)`."""
        _, key, value = _roles(inputs)
        (_, length, features), (_, keys, k), (_, _, v) = (sizes(x.shape) for x in (outputs[0], key, value))
        batch = outputs[0].shape[0]
        return (
            (f"{batch} sequences * " if isinstance(batch, int) else "")
            + f"{features} features * (2 * {length} * {features} + {keys} * {k} + {keys} * {v} for projections "
            f"+ 2 * {length} * {keys} for scores and sums)"
        )

    def brief(self) -> str:
        """`attention 8 heads`."""
        return f"attention {self.heads} head{'s' * (self.heads != 1)}"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """What PyTorch keeps if it does not return the attention weights, as in the source here.

        The inputs, copied with the sequence first unless that is a view; projected queries, keys and values, of which
        those of one input share a storage; what `out_proj` takes. The fused kernel keeps a number for each row of
        the weights besides. It is not used with dropout: then queries and keys are kept scaled, of the projections
        the storage of the values alone, and the weights before and after dropout, with its noise.
        """
        query, key, value = map(_features, _roles(inputs))
        packed = query == key == value
        sources = (0, 1, 1) if len(inputs) == 2 and not packed else range(len(inputs))
        copied = [index for index in sources if viewed(*_rows(inputs[index])) is None]
        (batch, length, features), keys = sizes(outputs[0].shape), sizes(_roles(inputs)[1].shape)[1]
        vector, weights = batch * features, batch * self.heads * length
        elements = sum(size_of(inputs[index]) for index in copied) + vector * length
        if self.p:
            shared = 4 - len(inputs) if packed else 1  # projections in the storage of the values
            elements += vector * (length + keys + shared * keys)
            elements += weights * keys * (2 + (self.p < 1)) + (self.p == 1)
        else:
            elements += vector * (length + 2 * keys) + weights
        return Saved(inputs=tuple({*sources} - {*copied}), elements=elements)

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """With the sequence first, in which order PyTorch computes."""
        return (packed(outputs[0], (2, 0, 1)),)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.MultiheadAttention`, which does not return the attention weights."""
        query, key, value = map(_features, _roles(inputs))
        arguments = (
            positional(query, "x.shape[-1]"),
            positional(self.heads, "heads"),
            keyword("dropout", self.p, 0.0, "p"),
            keyword("bias", self.bias, True, "bias"),
            keyword("kdim", None if key == query else key, None),
            keyword("vdim", None if value == query else value, None),
            keyword("batch_first", True),
        )
        roles = ", ".join(f"{{{min(index, len(inputs) - 1)}}}" for index in range(3))
        call = f"{{m}}({roles}, need_weights=False)[0]"
        return TorchCode("nn.MultiheadAttention", arguments, call=call, contains=("nn.Linear",))

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """What it is made of: projections, scores, their softmax, sums."""
        query, key, value = (*e.inputs, *e.inputs[-1:] * 2)[:3]
        types = _roles(inputs)
        features, (batch, length, _), keys = _features(types[0]), types[0].shape, types[1].shape[1]
        head = features // self.heads
        if e.optional("in_proj_weight"):
            part = TensorType((features, features))
            weights = e.split("Split", [e.weight("in_proj_weight")], (part,) * 3, axis=0, num_outputs=3)
        else:
            weights = tuple(e.weight(f"{part}_proj_weight") for part in "qkv")
        biases: tuple[str, ...] = ("",) * 3
        if self.bias:
            biases = e.split(
                "Split", [e.weight("in_proj_bias")], (TensorType((features,)),) * 3, axis=0, num_outputs=3
            )
        queries, keyed, values = (
            e.reshape(e.dense(source, weight, bias), (batch, count, self.heads, head))
            for source, weight, bias, count in zip(
                (query, key, value), weights, biases, (length, keys, keys), strict=True
            )
        )
        scaled = e.product(e.transpose(queries, (0, 2, 1, 3)), head**-0.5)
        scores = e.node(
            "MatMul", scaled, e.transpose(keyed, (0, 2, 3, 1)), to=(batch, self.heads, length, keys)
        )
        weighted = e.node(
            "MatMul",
            e.node("Softmax", scores, axis=-1),
            e.transpose(values, (0, 2, 1, 3)),
            to=(batch, self.heads, length, head),
        )
        joined = e.reshape(e.transpose(weighted, (0, 2, 1, 3)), (batch, length, features))
        return e.dense(joined, e.weight("out_proj.weight"), e.optional("out_proj.bias"))

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"heads": 3},
            (("N", 5, 12),),
            "lambda x, attention=nn.MultiheadAttention(12, 3, batch_first=True): attention(x, x, x)[0]",
            doc="Self-attention.",
        ),
        Example(
            {"heads": 2, "bias": False, "p": 0.1},
            (("N", 5, 6), ("N", 7, 6)),
            "lambda x, y, attention=nn.MultiheadAttention(6, 2, dropout=0.1, bias=False, batch_first=True): "
            "attention(x, y, y)[0]",
            doc="Cross-attention: the first input attends to the second.",
        ),
        Example(
            {"heads": 1, "init": {"out_proj.weight": 0.0, "in_proj_weight": "normal(0.02)"}},
            (("N", 5, 6), ("N", 7, 6), ("N", 7, 6)),
            "lambda q, k, v, attention=nn.MultiheadAttention(6, 1, batch_first=True): attention(q, k, v)[0]",
            doc="Query, key, value.",
        ),
        Example(
            {"heads": 3},
            (("N", 5, 6), ("N", 7, 11), ("N", 7, 13)),
            "lambda q, k, v, attention=nn.MultiheadAttention(6, 3, kdim=11, vdim=13, batch_first=True): "
            "attention(q, k, v)[0]",
            doc="Keys and values with features of their own.",
        ),
        Example({"heads": 5}, (("N", 5, 12),), error="AS404"),
        Example({"heads": 2}, (("N", 12, 5, 7),), error="AS402", doc="An image must be flattened first."),
        Example({"heads": 2}, (("N", 5, 6), ("N", 7, 6), ("N", 3, 6)), error="AS401"),
        Example({"heads": 2}, (("N", 5, 6), ("M", 7, 6)), error="AS401"),
        Example({"heads": 2}, (("N", 5, "E"),), error="AS407"),
        Example({"heads": 0}, (("N", 5, 12),), error="AS203"),
    )


def _roles(inputs: Inputs) -> tuple[TensorType, TensorType, TensorType]:
    """Query, key, value."""
    query, key, value = (*inputs, *inputs[-1:], *inputs[-1:])[:3]
    return query, key, value


def _features(x: TensorType) -> int:
    return size(x.shape[2], "the last axis of the input")


def _rows(x: TensorType) -> tuple[TensorType, tuple[int, int]]:
    """An input with the sequence first, and the shape of its vectors as the rows of a matrix."""
    (batch, length, features), steps = sizes(x.shape), strides(x)
    return lying(TensorType((length, batch, features)), (steps[1], steps[0], steps[2])), (
        length * batch,
        features,
    )
