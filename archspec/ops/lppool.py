"""Power-average pooling."""

from math import prod
from typing import ClassVar

from archspec.ops.core.data import Example, Inputs, Saved
from archspec.ops.core.fields import PositiveNumber
from archspec.ops.core.held import size_of
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.pools import Pool, onnx_average
from archspec.ops.core.torch_code import TorchCode, keyword, positional
from archspec.ops.core.window import Extents


class LPPool(Pool):
    """The p-norm of each window, with p the `norm_type`: 1 sums, large values approach the maximum.

    As in PyTorch no absolute value is taken.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
    """

    name: ClassVar[str] = "lppool"
    averages: ClassVar[bool] = True

    norm_type: PositiveNumber
    """The exponent p."""

    def geometry(self) -> str:
        """Exponent, kernel and stride in short: `2, k3 s2`."""
        return f"{self.norm_type:g}, {super().geometry()}"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, its power, and four steps from the mean to the root."""
        return Saved(inputs=(0,), elements=size_of(inputs[0]) + 4 * size_of(outputs[0]))

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.LPPool2d`; on a sequence it takes no lists."""
        axes = inputs[0].rank - 2
        kernel, kernel_formula = _single(self.kernel, "kernel", axes)
        stride, stride_formula = _single(self.step, self.step_formula, axes)
        arguments = (
            positional(self.norm_type, "norm_type"),
            positional(kernel, kernel_formula),
            keyword("stride", stride, kernel, stride_formula),
            self.rounding,
        )
        return TorchCode(f"nn.LPPool{axes}d", arguments, f"F.lp_pool{axes}d")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """The mean of the powers, times the number of elements, and the root: `LpPool` takes absolute values."""
        axes = self.windows(inputs)
        power = e.x if self.norm_type == 1 else e.node("Pow", e.x, e.number(self.norm_type))
        mean = onnx_average(e, power, axes, counted=True)
        total = e.product(mean, float(prod(window.kernel for window in axes)))
        return total if self.norm_type == 1 else e.node("Pow", total, e.number(1 / self.norm_type))

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"norm_type": 2, "kernel": 3, "stride": 2},
            (("N", 5, 23, 19),),
            "nn.LPPool2d(2, 3, stride=2)",
            doc="The Euclidean norm of each window.",
        ),
        Example({"norm_type": 1.5, "kernel": 2}, (("N", 5, 13),), "nn.LPPool1d(1.5, 2)"),
        Example({"norm_type": 1, "kernel": [2]}, (("N", 5, 13),), "nn.LPPool1d(1, 2)"),
        Example({"norm_type": 2, "kernel": [3], "stride": [2]}, (("N", 5, 13),), "nn.LPPool1d(2, 3, 2)"),
        Example(
            {"norm_type": 4, "kernel": [3, 2], "stride": [2, 3], "ceil": True},
            (("N", 5, 12, 13),),
            "nn.LPPool2d(4, (3, 2), (2, 3), ceil_mode=True)",
        ),
        Example({"norm_type": 2, "kernel": [3, 1, 2]}, (("N", 2, 7, 11, 5),), "nn.LPPool3d(2, (3, 1, 2))"),
        Example({"norm_type": 0, "kernel": 2}, (("N", 5, 9, 9),), error="AS203"),
        Example({"norm_type": 2, "kernel": 7}, (("N", 5, 6, 11),), error="AS403"),
        Example({"norm_type": 2, "kernel": 3, "ceil": True}, (("N", 5, 2, 7, 11),), error="AS403"),
        Example({"norm_type": 2, "kernel": 2}, (("N", 5),), error="AS402"),
    )


def _single(value: Extents, formula: str, axes: int) -> tuple[Extents, str]:
    """The element of a list with one, and its formula, where there is one axis."""
    return (value[0], f"{formula}[0]") if axes == 1 and isinstance(value, tuple) else (value, formula)
