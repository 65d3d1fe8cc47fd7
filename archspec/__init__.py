"""archspec: a compiler for declarative convolutional network architectures.

    model = archspec.load("specs/resnet.toml", variant="resnet50")
    model.totals.params, model.totals.macs
    for row in model.modules(): ...
    model.weights()                      # the state_dict: key → shape, initialiser
    archspec.export(model, "resnet50.py")               # PyTorch source
    archspec.export(model, "resnet50.onnx", seed=0)     # an ONNX model
    archspec.draw(model, "resnet50.svg")                # a block diagram
    net = archspec.build(model, weights="resnet50.pt")  # an nn.Module
    archspec.validate("specs/resnet.toml")              # the findings in all its variants: []
    archspec.diff("git:main:net.toml", "net.toml")      # what changed, and what old weights are worth

Exceptions:

    SpecError     the spec is wrong; `.diagnostics` has every finding
    UsageError    the call is wrong: no such file, variant or parameter
"""

from typing import TYPE_CHECKING, Any

from archspec._version import __version__

if TYPE_CHECKING:
    from archspec.api import Model, build, diff, draw, export, load, validate
    from archspec.diagnostics import Diagnostic, SpecError, UsageError
    from archspec.diagnostics.locate import Finding
    from archspec.report.compared import Difference

__all__ = [
    "Diagnostic",
    "Difference",
    "Finding",
    "Model",
    "SpecError",
    "UsageError",
    "__version__",
    "build",
    "diff",
    "draw",
    "export",
    "load",
    "validate",
]

_HOMES = {
    "Diagnostic": "archspec.diagnostics",
    "SpecError": "archspec.diagnostics",
    "UsageError": "archspec.diagnostics",
    "Finding": "archspec.diagnostics.locate",
    "Difference": "archspec.report.compared",
    "Model": "archspec.api",
    "build": "archspec.api",
    "diff": "archspec.api",
    "draw": "archspec.api",
    "export": "archspec.api",
    "load": "archspec.api",
    "validate": "archspec.api",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first access, so that `import archspec` itself is cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, including those not imported yet."""
    return __all__
