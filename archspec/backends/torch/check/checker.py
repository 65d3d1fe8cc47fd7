"""Check a source: execute it, and compare its modules with the composites of the network, each pair once."""

import ast
from collections.abc import Callable, Mapping

from archspec.analysis.liveness import Live, Liveness
from archspec.backends.torch.check.compare import BodyComparison
from archspec.backends.torch.check.disagreement import Disagreement, failure
from archspec.backends.torch.check.execute import OpTemplate, executed, templates
from archspec.backends.torch.check.stand_ins import Module, Modules
from archspec.ir import Module as Composite
from archspec.ir import walk
from archspec.ops.core.torch_code import TorchCode


def check(
    source: ast.Module,
    root: Composite,
    training: int,
    code_of: Callable[[Composite], TorchCode],
    weights: Callable[[Composite], int],
    helpers: Mapping[str, str],
    call: str = "",
) -> None:
    """Raise `Disagreement` if the classes of `source`, whose last one is the network, do not match the spec.

    `source` is changed. The last `training` outputs of `root` are there in training only. `code_of` tells how an op is
    written, `weights` how many a module has; `helpers` are the classes of the source that stand for one of PyTorch.
    `call` is the function that makes the network; empty: the class itself.
    """
    recorder = Modules()
    codes = {module: code_of(module) for module in walk(root) if module.op is not None}
    texts = {text for code in codes.values() for text in (code.function, code.call) if text}
    texts |= {
        code.module for module, code in codes.items() if module.op is not None and module.op.is_parameter
    }
    try:
        scope, name = executed(source, recorder, helpers)
        filled = templates(sorted(texts), scope)
        made = scope[call or name]()
    except Exception as error:
        raise Disagreement((), "", ("its constructor", "a module", failure(error))) from error
    late = frozenset(range(len(root.results) - training, len(root.results)))
    BodyComparison(OneChecker(recorder, codes, weights, filled), root, made, (), (root,), late).check()


class OneChecker:
    """Compares modules of the source with composites of the spec, each pair once."""

    def __init__(
        self,
        recorder: Modules,
        codes: dict[Composite, TorchCode],
        weights: Callable[[Composite], int],
        filled: dict[str, OpTemplate],
    ) -> None:
        self.recorder, self.codes, self.weights, self.templates = recorder, codes, weights, filled
        self.liveness = Liveness()
        self.done: set[tuple[Composite, int, Live]] = set()

    def composite(
        self,
        module: Composite,
        made: Module,
        path: tuple[str, ...],
        around: tuple[Composite, ...],
        late: Live,
    ) -> None:
        """Raise `Disagreement` if a module does not match the composite; `late` outputs may be `None`."""
        key = (module, id(made.__dict__), late)
        if key not in self.done:
            BodyComparison(self, module, made, path, (module, *around), late).check()
            self.done.add(key)
