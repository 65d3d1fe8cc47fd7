"""What an op says of itself, as far as it can be checked without PyTorch: examples, refusals, specs, arithmetic."""

import re
from math import nan

from pydantic import ValidationError

from archspec import ops
from archspec.api import load
from archspec.diagnostics import Problem, SpecError
from archspec.elaborate.settings import Nowhere
from archspec.language.parser import parse
from archspec.lint.catalogue import catalogue
from archspec.ops import Example, Op
from archspec.ops.core.checks import sizes
from archspec.testing.cases import check, fill, make, same, spec_of, types
from archspec.types import TensorType


def declaration(op: type[Op]) -> None:
    """It is found by its name, and has a docstring and examples, each with its PyTorch or its error."""
    check(
        ops.lookup(op.name) is op,
        f"there is no op `{op.name}`: its package is to be installed, with an entry point `{op.name}` "
        "of the group `archspec.ops`",
    )
    check(bool(op.__doc__) and op.__doc__ != Op.__doc__, "it has no docstring")
    check(any(example.valid for example in op.examples), "it has no valid example")
    for example in op.examples:
        check(
            bool(example.error) != bool(example.torch),
            f"{example.fields} has both `torch` and `error`, or neither",
        )
        check(not example.error or example.error in catalogue(), f"there is no code {example.error}")
        known = not example.valid or set(example.fields) <= set(op.model_fields)
        check(known, f"{example.fields} has fields that the op does not have")


def refusal(op: type[Op], example: Example) -> None:
    """A wrong example is refused for the reason that it gives: by the fields themselves, or by the inputs."""
    try:
        made = make(op, example)
    except ValidationError:
        check(example.error == "AS203", f"the fields refuse it, which is AS203, not {example.error}")
        return
    check(example.error != "AS203", "the fields do not refuse it, as AS203 says")
    inputs = types(example)
    try:
        made.fits(inputs)
        made.weights(inputs)
        made.outputs(inputs)
    except Problem as problem:
        check(problem.code == example.error, f"it is refused with {problem.code}, not with {example.error}")
    else:
        raise AssertionError(f"it should be refused with {example.error}, but it is not")


def in_a_spec(op: type[Op], example: Example) -> None:
    """In a spec the example means the same: outputs, MACs, weights, or the error."""
    try:
        model = load("example.json", source=spec_of(op, example, "named"))
    except SpecError as error:
        codes = [finding.code for finding in error.diagnostics]
        check(
            codes == [example.error],
            f"it is refused with {', '.join(codes)}, not with {example.error or 'none'}",
        )
        return
    check(example.valid, f"it should be refused with {example.error}, but it is not")
    ours, inputs = make(op, example), types(example)
    outputs = ours.outputs(inputs)
    same("the outputs", outputs, model.outputs)
    same("the MACs", ours.macs(inputs, outputs), model.totals.macs)
    shapes = [weight.shape for weight in model.weights().values()]
    said = [weight.shape for weight in ours.weights(inputs) if weight.persistent]
    same("the weights", said, shapes)


def value_of(formula: str) -> float:
    """What arithmetic comes to, as a reader works it out: words say what numbers are."""
    text = re.sub(r"\b(?!floor\b|ceil\b)[a-z]+\b", "", formula)
    value = parse(text).evaluate(Nowhere())  # what is left are numbers, signs and the two functions
    return float(value) if isinstance(value, int | float) else nan


def arithmetic(op: type[Op], example: Example, batch: int | str) -> None:
    """What `macs_formula` and `explain` show is true. `batch` is a size, or `"N"` for a free batch."""
    asked = [str(dim) for dim in example.fields.get("shape", ())]
    named = {} if isinstance(batch, str) or any(dim.endswith("N") for dim in asked) else {"N": batch}
    ours = make(op, example)
    inputs = tuple(TensorType(fill(shape, H=11, W=13, L=5, **named)) for shape in example.inputs)
    ours.fits(inputs)
    outputs = ours.outputs(inputs)
    macs, formula = ours.macs(inputs, outputs), ours.macs_formula(inputs, outputs)
    check(bool(formula) == bool(macs), f"there are {macs} MACs, but the formula is `{formula}`")
    if formula:
        same(f"`{formula}`", macs, value_of(formula))
    # of several outputs, the whole is shown, the sum of its parts
    shapes = [type_.shape for type_ in (outputs if len(outputs) == 1 else (*inputs, *outputs))]
    for line in ours.explain(inputs):
        shown, result = line.partition(": ")[2].partition(", as ")[0].split(" = ")
        same(f"`{shown}`", float(result), value_of(shown))
        check(
            any(int(result) in sizes(shape) for shape in shapes),
            f"`{shown}` is none of the sizes of the outputs",
        )
