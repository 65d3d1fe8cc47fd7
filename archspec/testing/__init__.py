"""The conformance suite of ops: `check_op` runs it on the op of a plug-in, the project's tests on every builtin one.

from archspec.testing import check_op

def test_layer_scale() -> None:
    check_op(LayerScale)
"""

from collections.abc import Callable, Iterator
from functools import partial

from archspec.backends.torch.importing import import_torch
from archspec.diagnostics import UsageError
from archspec.ops import Example, Op
from archspec.testing import cases, gradients, onnx_forms, statements, torch_forms

__all__ = ["check_op"]

Check = tuple[str, Callable[[], None]]


def check_op(op: type[Op]) -> None:
    """Check what an op says of itself, example by example, against PyTorch, the onnx package and ONNX Runtime.

    - A wrong example is refused with the code that it names, by the op and in a spec.
    - Outputs, weights and MACs are those of the example's PyTorch on the meta device, and the same in a spec; the
      arithmetic that `macs_formula` and `explain` show comes to the same numbers.
    - Autograd keeps what `saved` says, outputs are views where `view` and `copies` say so and lie in memory as `held`
      says, and gradients reach no more than `reach` says.
    - Generated source computes what the example's PyTorch does, and starts with the same weights.
    - The ONNX model passes the checker, and ONNX Runtime computes the same, in four versions of the operators, for
      inference, and in half precision.

    An op that has no method `torch` is checked without source and ONNX model, one that has no method `onnx` without the
    latter. The package of the op must be installed, so that its name is found.

    Raises `AssertionError`, which lists everything that does not hold; `UsageError` where torch, onnx or onnxruntime is
    not installed.
    """
    _import_oracles()
    statements.declaration(op)
    failed: list[Exception] = []
    lines = []
    for example in op.examples:
        for what, run in _checks(op, example):
            try:
                run()
            except Exception as error:  # whatever the methods of the op raise
                failed.append(error)
                said = error if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
                lines.append(f"- {example.fields}, {what}: {str(said).strip()}")
    if failed:
        text = "\n".join([f"the op `{op.name}` does not conform:", *dict.fromkeys(lines)])
        raise AssertionError(text) from failed[0]


def _import_oracles() -> None:
    import_torch()
    try:
        import onnx  # noqa: F401 — is it there?
        import onnxruntime  # noqa: F401 — is it there?
    except ImportError as error:
        raise UsageError(f"this needs {error.name}: install it beside archspec") from None


def _checks(op: type[Op], example: Example) -> Iterator[Check]:
    """What is checked of an example, each with its name."""
    if not example.valid:
        yield "refusal", partial(statements.refusal, op, example)
        if cases.is_fixed(example):
            yield "refusal in a spec", partial(statements.in_a_spec, op, example)
        return
    yield from _analysis(op, example)
    if cases.is_fixed(example):
        yield "in a spec", partial(statements.in_a_spec, op, example)
        yield from _forms(op, example)


def _analysis(op: type[Op], example: Example) -> Iterator[Check]:
    for batch in (1, 3):
        yield "shapes", partial(torch_forms.shapes, op, example, batch)
        yield "training", partial(gradients.saved_bytes, op, example, batch)
    for size in ("N", 3):
        yield "arithmetic", partial(statements.arithmetic, op, example, size)
    for name in gradients.LAYOUTS:
        yield "memory", partial(gradients.layout, op, example, name)
    yield "receptive field", partial(gradients.receptive_field, op, example)


def _forms(op: type[Op], example: Example) -> Iterator[Check]:
    """The op as it is written in PyTorch and in ONNX, which is compared with the former."""
    if op.torch is Op.torch:
        if op.onnx is not Op.onnx:
            yield (
                "ONNX",
                partial(cases.check, False, "there is a method `onnx`, but no `torch` to compare it with"),
            )
        return
    forms = [form for form in cases.FORMS if cases.applies(op, example, form)]
    yield "initial weights", partial(torch_forms.initial_values, op, example)
    for form in forms:
        yield f"source, {form}", partial(torch_forms.source, op, example, form)
    if op.onnx is Op.onnx:
        return
    for form in forms[1:]:
        yield f"ONNX, {form}", partial(onnx_forms.form, op, example, form)
    for opset in onnx_forms.OPSETS:
        yield f"ONNX {opset}", partial(onnx_forms.form, op, example, "named", opset)
        yield (f"half precision, ONNX {opset}", partial(onnx_forms.half_precision, op, example, opset))
    yield (
        "ONNX for inference",
        partial(onnx_forms.for_inference, op, example, "in a block" if "in a block" in forms else "named"),
    )
