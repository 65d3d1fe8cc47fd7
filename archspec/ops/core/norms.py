"""What the norms share."""

from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.axis import OneAxis
from archspec.ops.core.base import NoMacs, Op
from archspec.ops.core.checks import channels, initialised, size
from archspec.ops.core.constraints import Axis, Constraint, Ranks
from archspec.ops.core.data import Inputs, Weight
from archspec.ops.core.fields import NO_INIT, Flag, Initialisers, Integer, PositiveNumber, Probability
from archspec.ops.core.held import packed
from archspec.ops.core.init import ONES, ZEROS
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.onnx_graph import Attribute
from archspec.ops.core.torch_code import Argument, TorchCode, keywords, positional
from archspec.types import TensorType

_SOURCE = '''
class Channels{module}(nn.{module}):
    """Normalises the channels of each position: those of axis 1."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.movedim(1, -1)
        x = {call}
        return x.movedim(-1, 1)
'''


def scale_and_shift(shape: tuple[int, ...], *, shift: bool = True) -> tuple[Weight, ...]:
    """`weight`, which starts at 1, and `bias`, which starts at 0."""
    weights = (Weight("weight", shape, ONES), Weight("bias", shape, ZEROS))
    return weights if shift else weights[:1]


def single(x: TensorType, start: int) -> bool:
    """Whether all axes but the channels, counted from `start`, are known to have size 1."""
    return all(dim == 1 for axis, dim in enumerate(x.shape) if axis >= start and axis != 1)


class AxisNorm(NoMacs, OneAxis):
    """A norm of the vectors along one axis: the last one, or the channels of each position."""

    group: ClassVar[str] = "Norms"
    constraints: ClassVar[tuple[Constraint, ...]] = (Ranks(2), Axis())

    axis: Integer = -1
    """The axis to normalise along: -1, the last, or 1, the channels."""

    def check(self, inputs: Inputs) -> None:
        """The axis is the last or the channels."""
        x = inputs[0]
        if self.place(inputs) not in (1, x.rank - 1):
            raise Problem(
                "AS408",
                f"`axis` {self.axis} is neither the channels nor the last axis of {x}",
                at=("axis",),
                help="use 1 for the channels, -1 for the last axis",
            )

    def elements(self, inputs: Inputs) -> int:
        """The size of the axis, which its weights have, too."""
        return size(inputs[0].shape[self.place(inputs)], "the axis to normalise")

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """The channels of an image are moved to the end and back, so they lie next to each other."""
        axis, rank = self.place(inputs), inputs[0].rank
        return (packed(outputs[0], (axis, *(place for place in reversed(range(rank)) if place != axis))),)

    def torch_norm(self, module: str, call: str, inputs: Inputs, *settings: Argument) -> TorchCode:
        """`nn.LayerNorm` and its like; of channels, a class that moves them to the end for `call`, and back."""
        last = self.place(inputs) == inputs[0].rank - 1
        count = positional(self.elements(inputs), "x.shape[-1]" if last else "x.channels")
        if last:
            return TorchCode(f"nn.{module}", (count, *settings), fresh=True)
        helper = _SOURCE.format(module=module, call=call)
        return TorchCode(f"Channels{module}", (count, *settings), helper=helper)


class RunningNorm(NoMacs, Op):
    """A norm per channel that may keep running statistics."""

    group: ClassVar[str] = "Norms"
    in_training: ClassVar[frozenset[str]] = frozenset({"momentum"})

    eps: PositiveNumber = 1e-5
    """Added to the variance."""
    momentum: Probability | None = 0.1
    """Weight of a new batch in the running statistics; PyTorch's, which is 1 minus ONNX's."""
    affine: Flag = True
    """Whether a scale and a shift per channel are learnt."""
    track_running_stats: Flag = True
    """Whether running statistics are kept for evaluation."""
    init: Initialisers = NO_INIT
    """Initialisers of `weight` and `bias`; default: 1 and 0."""

    def weights(self, inputs: Inputs) -> tuple[Weight, ...]:
        """`weight`, `bias`, and the buffers `running_mean`, `running_var`, `num_batches_tracked`."""
        shape = (channels(inputs[0]),)
        weights = scale_and_shift(shape) if self.affine else ()
        if self.track_running_stats:
            weights += (
                Weight("running_mean", shape, ZEROS, buffer=True),
                Weight("running_var", shape, ONES, buffer=True),
                Weight("num_batches_tracked", (), ZEROS, buffer=True, dtype="int64"),
            )
        return initialised(weights, self.init)

    def onnx_norm(self, e: Emitter, inputs: Inputs) -> str:
        """`BatchNormalization` with the running statistics. ONNX's momentum is 1 minus PyTorch's."""
        statistics = e.weight("running_mean"), e.weight("running_var")
        momentum: dict[str, Attribute] = {}
        if self.momentum not in (None, 0.1):
            momentum["momentum"] = 1 - self.momentum
        return e.node(
            "BatchNormalization",
            e.x,
            *self.onnx_affine(e, inputs),
            *statistics,
            to=inputs[0].shape,
            epsilon=self.eps,
            **momentum,
        )

    def onnx_affine(self, e: Emitter, inputs: Inputs) -> tuple[str, str]:
        """Scale and shift of each channel, which ONNX always wants."""
        count = channels(inputs[0])
        return (e.optional("weight") or e.filled(1.0, count), e.optional("bias") or e.filled(0.0, count))

    def torch_norm(self, module: str, axes: int, inputs: Inputs) -> TorchCode:
        """`nn.BatchNorm2d` and its like."""
        settings = keywords(self, "eps", "momentum", "affine", "track_running_stats")
        count = positional(channels(inputs[0]), "x.channels")
        return TorchCode(f"nn.{module}{axes}d", (count, *settings), fresh=True)
