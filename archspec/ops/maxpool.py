"""Max pooling."""

from dataclasses import replace
from math import inf
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import Op
from archspec.ops.core.checks import size
from archspec.ops.core.data import Example, Inputs, Saved
from archspec.ops.core.fields import Size
from archspec.ops.core.held import size_of
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.pools import PaddedPool
from archspec.ops.core.torch_code import TorchCode, expression, keywords
from archspec.ops.core.window import (
    Window,
    WindowGeometry,
    kept,
    only_looks,
    onnx_border,
    onnx_window,
    sees_all_once,
    torch_padding,
    torch_reaching,
)
from archspec.ops.global_maxpool import GlobalMaxPool


class MaxPool(PaddedPool):
    """The largest element of each window; padding never wins.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
    """

    name: ClassVar[str] = "maxpool"
    chooses: ClassVar[bool] = True

    dilation: Size = 1
    """Distance between the window's elements."""

    @property
    def frame(self) -> WindowGeometry:
        """Kernel, stride, padding and dilation."""
        return self.kernel, self.step, self.padding, self.dilation

    def passes(self, inputs: Inputs) -> bool:
        """If each position is a window of its own, or is alone with the padding."""
        axes = self.windows(inputs)
        return only_looks(tuple([axis for axis in axes if not axis.n == axis.count == 1]))

    def settled(self, inputs: Inputs) -> Op:
        """Of a single window, the global pool."""
        return GlobalMaxPool() if sees_all_once(self.windows(inputs)) else self

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, or a padded copy of it, and where each maximum was."""
        return replace(kept(inputs[0], self.windows(inputs), cut=True), indices=size_of(outputs[0]))

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.MaxPool2d`, after a border that never wins where the two sides of an axis differ."""
        axes = self.windows(inputs)
        padding, border = torch_padding(axes)
        arguments = (*self.torch_window(padding), *keywords(self, "dilation"))
        module, function = f"nn.MaxPool{len(axes)}d", f"F.max_pool{len(axes)}d"
        if not border:
            return TorchCode(module, (*arguments, self.rounding), function)
        padded = f"F.pad({{0}}, {torch_reaching(axes)}, value=-torch.inf)"
        function = expression(function, *arguments).replace("{0}", padded)
        return TorchCode(module, arguments, function, f"{{m}}({padded})")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`MaxPool`. What `ceil` adds becomes padding at the end: older runtimes round up wrongly.

        A window may reach further than the padding that `MaxPool` takes; then a border is added before.
        """
        axes, x, shape = self.windows(inputs), e.x, self.output(inputs).shape
        if self.ceil and any(isinstance(window.n, str) for window in axes):
            if e.opset < 22:
                raise Problem(
                    "AS705", "with a free height or width, `ceil` needs opset 22 in ONNX", at=("ceil",)
                )
            return e.node("MaxPool", x, to=shape, ceil_mode=1, **onnx_window(axes))
        if any(starts_outside(window) for window in axes):
            message = (
                "a window lies in the padding alone: its largest element is -inf in PyTorch, not in runtimes"
            )
            raise Problem("AS705", message, at=("padding",))
        if self.ceil:
            axes = tuple([replace(window, after=max(window.reaching, 0), ceil=False) for window in axes])
        if any(max(window.before, window.after) >= window.kernel for window in axes):
            x = onnx_border(e, x, axes, -inf)
            axes = tuple([replace(window, before=0, after=0) for window in axes])
        return e.node("MaxPool", x, to=shape, **onnx_window(axes))

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel": 3, "stride": 2, "padding": 1}, (("N", 5, 23, 19),), "nn.MaxPool2d(3, 2, 1)"),
        Example({"kernel": 2}, (("N", 5, 13),), "nn.MaxPool1d(2)", doc="The stride is the kernel's size."),
        Example(
            {"kernel": 3, "stride": 2, "ceil": True},
            (("N", 5, 12, 13),),
            "nn.MaxPool2d(3, 2, ceil_mode=True)",
        ),
        Example(
            {"kernel": 2, "stride": 2, "padding": 1, "ceil": True},
            (("N", 5, 7, 8),),
            "nn.MaxPool2d(2, 2, 1, ceil_mode=True)",
            doc="A last window that would start in the padding is dropped.",
        ),
        Example(
            {"kernel": 3, "stride": 2, "ceil": True},
            (("N", 5, 2, 5),),
            "nn.MaxPool2d(3, 2, ceil_mode=True)",
            doc="With `ceil`, even the first window may be only partly filled.",
        ),
        Example(
            {"kernel": [3, 2, 2], "dilation": [1, 2, 1]},
            (("N", 2, 7, 11, 5),),
            "nn.MaxPool3d((3, 2, 2), dilation=(1, 2, 1))",
        ),
        Example(
            {"kernel": 2, "stride": 1, "padding": "same"},
            (("N", 5, 13, 11),),
            "lambda x: F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=-torch.inf), 2, 1)",
            doc="YOLO's pool that keeps the size.",
        ),
        Example(
            {"kernel": 3, "stride": 2, "padding": {"bottom": 1, "right": 1}},
            (("N", 5, 14, 12),),
            "lambda x: F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=-torch.inf), 3, 2)",
            doc="Padding by side.",
        ),
        Example(
            {"kernel": 3, "padding": 2},
            (("N", 5, 9, 9),),
            error="AS408",
            doc="A window could lie in the padding alone.",
        ),
        Example(
            {"kernel": 3, "stride": 1, "padding": "half", "dilation": 2},
            (("N", 5, 9, 9),),
            error="AS408",
            doc="PyTorch's bound looks at the kernel without its dilation.",
        ),
        Example({"kernel": 9}, (("N", 5, 7, 11),), error="AS403"),
        Example({"kernel": [3, 3]}, (("N", 5, 7),), error="AS408"),
        Example({"kernel": 2}, (("N", 5),), error="AS402"),
        Example({"kernel": 2}, (("N", 5, "H", "W"),), error="AS407"),
        Example({"kernel": 2, "stride": 0}, (("N", 5, 7, 7),), error="AS203"),
    )


def starts_outside(window: Window) -> bool:
    """Whether one of the first windows has no element of the input: with dilation, all can lie around a small one."""
    if isinstance(window.n, str):
        return False  # of a free size nothing is known, but it is not that small
    n = window.n
    for start in range(
        -window.before, min(0, size(window.count) * window.stride - window.before), window.stride
    ):
        first = (
            start + -(start // window.dilation) * window.dilation
        )  # the first element that is not before the input
        if first >= n or first > start + window.extent - 1:
            return True
    return False
