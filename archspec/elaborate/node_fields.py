"""The fields of an op or the arguments of a block, compiled for a node that calls it."""

from typing import Any

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import Path
from archspec.elaborate.construct import construct
from archspec.elaborate.frames import Poisoned
from archspec.elaborate.node_keys import KeyCompiler
from archspec.elaborate.settings import Setting
from archspec.elaborate.steps import Settings, Step
from archspec.elaborate.targets import Target, compile_field, field_names, no_keyword, required, unknown_field
from archspec.ops.core.base import Op
from archspec.ops.core.fields import PADDING_KEYWORDS


class FieldCompiler(KeyCompiler):
    """Compiles the fields of a node as soon as its op is known: at once, or while a network is elaborated."""

    def fields(self, step: Step, target: Target, name: str, *, first: bool) -> Settings:
        """The compiled fields of `step` for `target`, which it calls `name`; memoised."""
        key = (target, first)
        if key not in step.settings:
            step.settings[key] = self.compile_fields(step, target, name, first=first)
        return step.settings[key]

    def given_fields(self, step: Step, target: Target, *, first: bool) -> dict[str, tuple[Any, Path]]:
        """The values that the node gives to the fields of `target`, and their paths."""
        given = {key: (value, (*step.path, key)) for key, value in step.fields.items()}
        if first:
            given |= {key: (value, (*step.path, "first", key)) for key, value in step.first.items()}
        if step.asserted is not None and isinstance(target, type) and "shape" in target.model_fields:
            given.setdefault("shape", (step.asserted, (*step.path, "shape")))
        return given

    def compile_fields(self, step: Step, target: Target, name: str, *, first: bool) -> Settings:
        """Compile what the node, its `first` and `[defaults]` say for `target`, and check the keys."""
        known = field_names(target)
        given = self.given_fields(step, target, first=first)
        problems: list[Problem] = []
        items: dict[str, Setting] = {}
        for key, raw in self.document.defaults.get(name, {}).items():
            if key in known and key not in given:
                try:
                    items[key] = compile_field(raw, target, key, ("defaults", name, key))
                except Problem:
                    raise Poisoned from None  # reported where the defaults are
        lexical = frozenset(items)
        for key, (raw, path) in given.items():
            at = path[len(step.path) :]
            try:
                if key not in known:
                    raise unknown_field(key, target, first=len(at) > 1)
                items[key] = compile_field(raw, target, key, path)
                if key == "padding" and self.is_no_keyword(raw, items[key]):
                    raise no_keyword(raw, target)
                self.check_names(items[key], ())
            except Problem as problem:
                problems.append(problem.within(*at))
        missing = [key for key in required(target) if key not in items and key not in given]
        if missing and not problems:  # a misspelt key is not missing too
            words = ", ".join(f"`{key}`" for key in missing)
            problems.append(Problem("AS202", f"`{name}` needs {words}", subject=name))
        if problems:
            self.problems += [(problem, step.path) for problem in problems]
            raise Poisoned
        settings = Settings(items, lexical)
        if isinstance(target, type) and not settings.varying:
            made = construct(target, settings.fixed, items, step.path)
            if not isinstance(made, Op):
                self.problems += made.values()
                raise Poisoned
            settings.op = made
        return settings

    def is_no_keyword(self, raw: Any, setting: Setting) -> bool:
        """Whether a padding is a keyword, which an op without keywords has compiled as an expression."""
        return (
            isinstance(raw, str)
            and raw in PADDING_KEYWORDS
            and setting.names == {raw}
            and not self.is_defined(raw)
        )
