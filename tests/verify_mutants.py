"""Faults of ops and of the generator that `verify` must see; run as a script, on every network that has the op.

`python tests/verify_mutants.py [WORD] [NETWORK…]`: the faults whose name has the word, on networks whose names have one
of the others. It prints what catches each, and ends with 1 where one is missed.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nets import MORE

import archspec
from archspec import Model, ops, zoo
from archspec.backends.proof import verify
from archspec.backends.torch import module as live
from archspec.backends.torch import source as writer
from archspec.ops import Op, TorchCode
from archspec.ops.core.pools import onnx_average

Method = Callable[..., Any]


@dataclass(frozen=True)
class Mutant:
    """A fault of one op, in one method of it or in the source of networks that have it."""

    op: str
    method: str = ""
    """`torch` or `onnx`; empty: the fault is in the text of the source."""
    change: Callable[[Method], Method] | None = None
    edit: Callable[[str], str] = str
    only: str | None = None
    shows: Callable[[Any], bool] = bool
    """Whether it changes what this op computes."""

    @contextmanager
    def applied(self) -> Iterator[list[bool]]:
        """With the fault; the list tells of each source whether it has changed."""
        changed: list[bool] = []
        real = writer.source

        def source(model: Model) -> str:
            text = real(model)
            changed.append(self.edit(text) != text)
            return self.edit(text)

        op: Any = ops.lookup(self.op)
        own = vars(op).get(self.method)
        live.source = source  # type: ignore[assignment,attr-defined]
        if self.change is not None:
            setattr(op, self.method, self.change(getattr(op, self.method)))
        try:
            yield changed
        finally:
            live.source = real  # type: ignore[attr-defined]
            if self.change is not None and own is not None:
                setattr(op, self.method, own)
            elif self.change is not None:
                delattr(op, self.method)


def _average(_: Method) -> Method:
    return lambda self, e, inputs: onnx_average(e, e.x, self.windows(inputs), counted=False)


def _torch_average(real: Method) -> Method:
    def torch(self: Op, inputs: Any) -> TorchCode:
        code: TorchCode = real(self, inputs)
        kept = tuple(argument for argument in code.arguments if argument.name != "dilation")
        module, function = code.module.replace("Max", "Avg"), code.function.replace("max", "avg")
        return replace(code, module=module, arguments=kept, function=function)

    return torch


def _onnx_with(**change: Callable[[Any], Any]) -> Callable[[Method], Method]:
    """The op as if it had other fields."""

    def changed(real: Method) -> Method:
        def onnx(self: Any, e: Any, inputs: Any) -> Any:
            fields = {name: make(getattr(self, name)) for name, make in change.items()}
            return real(self.model_copy(update=fields), e, inputs)

        return onnx

    return changed


def _edit(*pairs: tuple[str, str]) -> Callable[[str], str]:
    def edit(text: str) -> str:
        for pattern, new in pairs:
            text = re.sub(pattern, new, text)
        return text

    return edit


def _has_a_window(op: Any) -> bool:
    """Whether a pool looks at more than one value."""
    return op.kernel not in (1, (1, 1))


MUTANTS = {
    "max pools average in ONNX": Mutant("maxpool", "onnx", _average, shows=_has_a_window),
    "max pools average in the source": Mutant(
        "maxpool",
        edit=_edit(("nn.MaxPool", "nn.AvgPool"), ("F.max_pool", "F.avg_pool")),
        only="torch",
        shows=_has_a_window,
    ),
    "max pools average in PyTorch": Mutant("maxpool", "torch", _torch_average, shows=_has_a_window),
    "max pools round down": Mutant("maxpool", edit=_edit((", ceil_mode=True", ""))),
    "average pools leave the padding out in ONNX": Mutant(
        "avgpool", "onnx", _onnx_with(count_include_pad=lambda value: not value)
    ),
    "batch norms have another eps in ONNX": Mutant("batchnorm", "onnx", _onnx_with(eps=lambda eps: 2 * eps)),
    "batch norms have another eps in the source": Mutant(
        "batchnorm",
        edit=_edit((", eps=[^,)]*", ""), (r"nn.BatchNorm2d\(([^()]*)\)", r"nn.BatchNorm2d(\1, eps=0.0011)")),
        only="torch",
    ),
    "batch norms have another momentum": Mutant(
        "batchnorm",
        edit=_edit(
            (", momentum=[^,)]*", ""), (r"nn.BatchNorm2d\(([^()]*)\)", r"nn.BatchNorm2d(\1, momentum=0.2)")
        ),
        only="torch",
    ),
    "layer norms have another eps in ONNX": Mutant("layernorm", "onnx", _onnx_with(eps=lambda eps: 2 * eps)),
    "dropout has another rate": Mutant(
        "dropout",
        edit=_edit((r"nn\.Dropout\([^)]*\)", "nn.Dropout(0.45)"), (r"(F\.dropout\(\w+), [^,]+", r"\1, 0.45")),
        only="torch",
    ),
    "stochastic depth has another rate": Mutant(
        "stochastic_depth",
        edit=_edit((r"bernoulli_\(1 - self.p\)", "bernoulli_(1 - self.p / 2)")),
        only="torch",
    ),
    "rectifiers leak": Mutant(
        "relu",
        edit=_edit(
            (r"nn\.ReLU\([^)]*\)", "nn.LeakyReLU(1e-2)"), (r"F\.relu\((\w+)[^)]*\)", r"F.leaky_relu(\1)")
        ),
        only="torch",
    ),
    "gelu is approximate in ONNX": Mutant("gelu", "onnx", _onnx_with(approximate=lambda _: "tanh")),
    "channels are not shuffled in ONNX": Mutant(
        "channel_shuffle", "onnx", lambda _: lambda _self, e, _inputs: e.x
    ),
    "norms over neighbours are wider in ONNX": Mutant("lrn", "onnx", _onnx_with(size=lambda size: size + 2)),
    "gates are smooth in ONNX": Mutant(
        "hardswish", "onnx", lambda _: lambda _self, e, _inputs: e.node("Mul", e.x, e.node("Sigmoid", e.x))
    ),
}


def caught(mutant: Mutant, model: Model) -> list[str] | None:
    """The items that differ with a fault; `None` where the network has nothing that it changes."""
    found = [row.module.op for row in model.modules() if row.module.op is not None]
    if not any(op.name == mutant.op and mutant.shows(op) for op in found):
        return None
    with mutant.applied() as changed:
        try:
            items = verify.verify(model, "onnx" if mutant.method == "onnx" else mutant.only)
        except (RuntimeError, TypeError, AssertionError) as error:
            return [type(error).__name__]  # it does not run at all
    if mutant.change is None and not any(changed):
        return None
    return [item.name for item in items if item.findings]


def networks() -> Iterator[tuple[str, Model]]:
    """Every network that comes with the package, and those of the tests."""
    for file in [*(family.file for family in zoo.families()), *map(str, sorted(MORE.glob("*.toml")))]:
        for variant in archspec.load(file).variants or (None,):
            yield f"{Path(file).stem}@{variant or ''}", archspec.load(file, variant)


def main(word: str = "", *names: str) -> int:
    """Apply the faults to the networks; 1 where one is missed."""
    missed = count = 0
    for name, mutant in MUTANTS.items():
        if word not in name:
            continue
        for network, model in networks():
            if any(part in network for part in names or ("",)):
                found = caught(mutant, model)
                if found is not None:
                    print(f"{name} | {network} | {', '.join(found) or 'MISSED'}", flush=True)
                    count, missed = count + 1, missed + (not found)
    print(f"{count} faults, {missed} missed")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
