"""Average pooling."""

from dataclasses import replace
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import Op
from archspec.ops.core.checks import size
from archspec.ops.core.data import Example, Inputs, Saved
from archspec.ops.core.fields import Flag, Positive
from archspec.ops.core.held import size_of
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.pools import PaddedPool, onnx_average
from archspec.ops.core.torch_code import TorchCode, expression, keywords
from archspec.ops.core.window import kept, only_looks, sees_all_once, torch_padding, torch_reaching
from archspec.ops.global_avgpool import GlobalAvgPool


class AvgPool(PaddedPool):
    """The average of each window. Padding is zeros, which count unless `count_include_pad` is false.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
    """

    name: ClassVar[str] = "avgpool"
    averages: ClassVar[bool] = True

    count_include_pad: Flag = True
    """Whether the average counts the padding's zeros."""
    divisor_override: Positive | None = None
    """The divisor of the sum of a window, in place of the number of its elements; not with one spatial axis."""

    def check(self, inputs: Inputs) -> None:
        """What holds for every pool; a divisor needs two spatial axes."""
        super().check(inputs)
        if self.divisor_override is not None and inputs[0].rank == 3:
            raise Problem(
                "AS408",
                f"`divisor_override` {self.divisor_override} needs an input with 2 or 3 spatial axes, "
                f"but {inputs[0]} has 1",
                at=("divisor_override",),
            )

    def passes(self, inputs: Inputs) -> bool:
        """If each position is a window of its own."""
        return self.divisor_override is None and only_looks(self.windows(inputs))

    def settled(self, inputs: Inputs) -> Op:
        """Of a single window, the global pool."""
        single = self.divisor_override is None and sees_all_once(self.windows(inputs))
        return GlobalAvgPool() if single else self

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, or a padded copy of it, and then how many elements count in each window where it is not all."""
        divides = not self.count_include_pad and not self.divisor_override
        found = kept(inputs[0], self.windows(inputs), cut=divides)
        if found.inputs or not divides:
            return found
        return replace(found, elements=found.elements + size_of(outputs[0]))

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.AvgPool2d`; with a border of zeros where the two sides of an axis differ.

        PyTorch counts such a border; where it should not, the average is divided by that of ones.
        """
        axes = self.windows(inputs)
        padding, border = torch_padding(axes)
        window, counts = self.torch_window(padding), keywords(self, "count_include_pad")
        divisor = keywords(self, "divisor_override") if len(axes) > 1 else ()
        function = f"F.avg_pool{len(axes)}d"
        if not border:
            arguments = (*window, self.rounding, *counts, *divisor)
            return TorchCode(f"nn.AvgPool{len(axes)}d", arguments, function)
        if self.count_include_pad or self.divisor_override:
            average = expression(function, *window, self.rounding, *divisor)
            # PyTorch cannot know that a window starts in the far padding, once that is part of the input.
            kept = ", ".join(f":{window.count}" for window in axes)
            drops = any(
                replace(w, n=w.before + size(w.n) + w.after, before=0, after=0).count != w.count for w in axes
            )
            padded = average.replace("{0}", f"F.pad({{0}}, {border})")
            return TorchCode(function=padded + f"[:, :, {kept}]" * drops)
        average, border = expression(function, *window, *divisor), torch_reaching(axes)
        total, count = (
            average.replace("{0}", f"F.pad({x}, {border})") for x in ("{0}", "torch.ones_like({0})")
        )
        return TorchCode(function=f"{total} / {count}")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`AveragePool`. What `ceil` adds becomes padding at the end, and never counts."""
        return onnx_average(
            e, e.x, self.windows(inputs), counted=self.count_include_pad, divisor=self.divisor_override
        )

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"kernel": 2, "stride": 2}, (("N", 5, 23, 19),), "nn.AvgPool2d(2, 2)"),
        Example({"kernel": 3}, (("N", 5, 13),), "nn.AvgPool1d(3)", doc="The stride is the kernel's size."),
        Example(
            {"kernel": 3, "stride": 1, "padding": 1, "count_include_pad": False},
            (("N", 5, 7, 11),),
            "nn.AvgPool2d(3, 1, 1, count_include_pad=False)",
            doc="At the border, the average of the elements that are there.",
        ),
        Example(
            {"kernel": 3, "stride": 1, "padding": "half"},
            (("N", 5, 7, 11),),
            "nn.AvgPool2d(3, 1, 1)",
            doc="The pool branch of an Inception block.",
        ),
        Example(
            {"kernel": [3, 2], "stride": [2, 3], "padding": [1, 0], "ceil": True},
            (("N", 5, 12, 13),),
            "nn.AvgPool2d((3, 2), (2, 3), (1, 0), ceil_mode=True)",
        ),
        Example(
            {"kernel": 2, "padding": 1, "ceil": True},
            (("N", 5, 7),),
            "nn.AvgPool1d(2, padding=1, ceil_mode=True)",
            doc="A last window that would start in the padding is dropped.",
        ),
        Example(
            {"kernel": [3, 1, 2], "divisor_override": 5},
            (("N", 2, 7, 11, 5),),
            "nn.AvgPool3d((3, 1, 2), divisor_override=5)",
        ),
        Example(
            {"kernel": 2, "stride": 1, "padding": "same_lower"},
            (("N", 5, 13, 11),),
            "lambda x: F.avg_pool2d(F.pad(x, (1, 0, 1, 0)), 2, 1)",
            doc="An odd total of padding, the extra zero in front.",
        ),
        Example(
            {"kernel": 3, "stride": 2, "padding": {"top": 1, "left": 1}},
            (("N", 5, 14, 11),),
            "lambda x: F.avg_pool2d(F.pad(x, (1, 0, 1, 0)), 3, 2)",
            doc="Padding by side.",
        ),
        Example({"kernel": 3, "divisor_override": 2}, (("N", 5, 9),), error="AS408"),
        Example({"kernel": 3, "divisor_override": 0}, (("N", 5, 9, 9),), error="AS203"),
        Example({"kernel": 3, "padding": 2}, (("N", 5, 9, 9),), error="AS408"),
        Example({"kernel": 7}, (("N", 5, 6, 11),), error="AS403"),
        Example(
            {"kernel": 3, "padding": 1},
            (("N", 5, 2, 7, 11),),
            error="AS403",
            doc="Over three axes, PyTorch wants an input of at least the kernel's size.",
        ),
        Example({"kernel": 2}, (("N", 5),), error="AS402"),
    )
