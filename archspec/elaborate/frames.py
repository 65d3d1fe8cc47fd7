"""The values that expressions see by name: parameters and `let`s, each evaluated when first asked for."""

from collections.abc import Callable, Mapping
from typing import Any

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import Path, Replacement, shown, suggest
from archspec.elaborate.settings import Setting, compile_argument, compile_setting, constant
from archspec.language import limits
from archspec.language.document import Document
from archspec.language.params import MISSING, Parameter
from archspec.ops.core.fields import EXPRESSION
from archspec.ops.core.symbol import Symbol
from archspec.types import TensorType, Value


class Poisoned(Exception):  # noqa: N818 — nothing new is wrong
    """A value depends on one that is unknown because of an error that has been reported."""


Reporter = Callable[[Problem, str, Path], None]
_UNDER_WAY: Any = object()
_POISON: Any = object()


class Frame:
    """The parameters and `let`s of a block call or of a file, each evaluated when first asked for."""

    def __init__(
        self,
        document: Document,
        path: Path,
        params: Mapping[str, Parameter],
        let: Mapping[str, Any],
        given: Mapping[str, Value],
        inputs: Mapping[str, TensorType],
        outer: "Frame | None",
        report: Reporter,
    ) -> None:
        self.document, self.path, self.params, self.let = document, path, params, let
        self.values: dict[str, Any] = dict(given)
        self.inputs, self.outer, self.report = inputs, outer, report
        self.depth = 0
        self.left = limits.ALL_EVALUATIONS

    def value(self, name: str) -> Value:
        """The value of `name`, here or in the file around."""
        value = self.values.get(name, MISSING)
        if value is MISSING:
            value = self._evaluate(name)
        if value is _UNDER_WAY:
            raise Problem("AS308", f"`{name}` depends on itself, directly or through others", subject=name)
        if value is _POISON or (name in self.params and self.params[name].broken):
            raise Poisoned
        return value  # type: ignore[no-any-return]

    def shape(self, path: str, attribute: str) -> Value:
        """A size of an input: what a `let` or a default can see of the network."""
        type_ = self.inputs.get(path)
        if type_ is None:
            known = ", ".join(f"`{name}`" for name in self.inputs)
            raise Problem(
                "AS301",
                f"there is no input `{shown(path)}` here",
                help=f"a `let` sees only {known}" if known else None,
                subject=path,
            )
        return size_of(type_, path, attribute)

    def spend(self, evaluations: int) -> None:
        """Count what comprehensions evaluate, of all frames of the file together."""
        if self.outer is not None:
            self.outer.spend(evaluations)
            return
        self.left -= evaluations
        if self.left < 0:
            raise Problem("AS306", "the comprehensions of this file are too long", help="shorten their lists")

    def knows(self, name: str) -> bool:
        """Whether `name` is declared here."""
        return name in self.params or name in self.let

    def _evaluate(self, name: str) -> Value:
        if not self.knows(name):
            if self.outer is not None:
                return self.outer.value(name)
            raise undefined(name, [*self.params, *self.let])
        self.values[name] = _UNDER_WAY
        path = (*self.path, "let", name) if name in self.let else (*self.path, "params", name)
        if name not in self.let and self.params[name].long_form:
            path = (*path, "default")
        self.depth += 1
        try:
            if self.depth > limits.DEPTH:
                raise Problem("AS306", f"more than {limits.DEPTH} values depend on each other in a chain")
            self.values[name] = self._setting(name, path).evaluate(self)
        except Problem as problem:
            self.values[name] = _POISON
            self.report(problem, self.document.file, path)
            raise Poisoned from None
        except Poisoned:
            self.values[name] = _POISON
            raise
        finally:
            self.depth -= 1
        return self.values[name]  # type: ignore[no-any-return]

    def _setting(self, name: str, path: Path) -> Setting:
        """What a name is declared as, compiled."""
        if name in self.let:
            return compile_setting(self.let[name], EXPRESSION, path)
        param = self.params[name]
        if not param.long_form:
            return constant(path, param.conform(param.default))
        declared = compile_argument(param.default, param, path)
        return Setting(path, lambda scope: param.conform(declared.evaluate(scope)))


def undefined(name: str, known: list[str]) -> Problem:
    """The problem for a name that is not defined."""
    words = {"yes": "true", "on": "true", "True": "true", "no": "false", "off": "false", "False": "false"}
    help_: Replacement | str | None = Replacement(words[name]) if name in words else suggest(name, known)
    if name == "causal" and "same_upper" in known:  # Keras
        help_ = "causal padding is zeros in front: `{ left = … }`, as many as dilation * (kernel - 1)"
    if help_ is None and known:
        help_ = f"what can be named here: {', '.join(f'`{word}`' for word in sorted(known)[:12])}"
    return Problem("AS301", f"`{shown(name)}` is not defined", help=help_, subject=name)


def size_of(type_: TensorType, name: str, attribute: str, *, free: bool = False) -> Value:
    """`channels`, `height`, `width` or `shape` of a tensor. With `free` a size may be a symbol."""
    if attribute == "shape":
        return type_.shape
    axis, least = {"channels": (1, 2), "height": (-2, 4), "width": (-1, 3)}[attribute]
    if type_.rank < least:
        raise Problem(
            "AS402", f"`{name}` has {type_.rank} axes ({type_}), and so no {attribute}", subject=name
        )
    size = type_.shape[axis]
    if isinstance(size, str) and not (free and isinstance(size, Symbol)):
        raise Problem(
            "AS407",
            f"`{name}.{attribute}` is the free dimension `{size}`",
            help="give it a value with `--input`, as in `--input N,3,224,224`",
            subject=name,
        )
    return size
