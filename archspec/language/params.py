"""Parameters of files and blocks: their types, defaults and bounds."""

from dataclasses import dataclass, replace
from typing import Any

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown, suggest
from archspec.diagnostics.problems import meaningless_key, unknown_key
from archspec.language import limits
from archspec.language.arithmetic import show, wrong_value
from archspec.types import Table, Value

TYPES = {
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "list": "a list",
    "size": "a positive integer or a list of them",
    "padding": "an integer of at least 0, a list of them, a table of sides, or a padding keyword",
    "op": "the name of an op or block",
}
"""Each type, and what its values are."""

LONG_FORM = ("type", "default", "min", "max", "choices", "doc")
MISSING: Any = object()


def freeze(raw: Any) -> Value:
    """Plain data as an immutable value."""
    if isinstance(raw, Table):
        return raw
    if isinstance(raw, list | tuple):
        return tuple(map(freeze, raw))
    if isinstance(raw, dict):
        return Table((key, freeze(raw[key])) for key in sorted(raw))
    return raw  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Parameter:
    """A declared parameter. `default` is what the document says, not yet evaluated; `MISSING` if it is required."""

    name: str
    type: str
    default: Any = MISSING
    min: float | None = None
    max: float | None = None
    choices: tuple[Value, ...] | None = None
    doc: str = ""
    long_form: bool = False
    literal: Any = MISSING
    """The default as a value, where it is no expression."""
    broken: bool = False
    """Whether the declaration is wrong: then every value conforms, and none is known."""

    @property
    def lists_text(self) -> bool:
        """Whether the strings in a list of this parameter are text, not expressions: as in its default."""
        default = self.default
        return isinstance(default, list) and any(isinstance(item, str) for item in default)

    def has_type(self, value: Any) -> bool:
        """Whether `value` is of the parameter's type, bounds and choices aside."""
        return self.broken or self._converted(freeze(value)) is not None

    def _converted(self, value: Value) -> Value | None:
        result: Value | None = _CONVERSIONS[self.type](value)
        return result

    def conform(self, value: Any) -> Value:
        """`value` in the parameter's type. Raises `Problem` (AS203) where it does not conform."""
        frozen: Value = freeze(value)
        if self.broken:
            return frozen
        value = frozen
        if isinstance(value, int) and abs(value) > limits.INTEGER:
            raise Problem("AS203", f"`{self.name}` does not fit into 64 bits")
        result = self._converted(value)
        if result is None:
            help_ = None
            if isinstance(self.default, str) and self.default in TYPES:
                help_ = f'a type is declared in `required = {{ {self.name} = "{self.default}" }}`, not in `params`'
            raise Problem("AS203", f"`{self.name}` must be {TYPES[self.type]}, not {show(value)}", help=help_)
        number = len(result) if isinstance(result, tuple | str) and self.type in ("list", "str") else result
        if isinstance(number, int | float):
            what = f"the length of `{self.name}`" if number is not result else f"`{self.name}`"
            if self.min is not None and number < self.min:
                raise Problem("AS203", f"{what} must be at least {self.min}, not {number}")
            if self.max is not None and number > self.max:
                raise Problem("AS203", f"{what} must be at most {self.max}, not {number}")
        if self.choices is not None and repr(result) not in map(repr, self.choices):  # 1 is not true
            known = ", ".join(map(show, self.choices))
            words = [choice for choice in self.choices if isinstance(choice, str)]
            near = suggest(result, words) if isinstance(result, str) else None
            text = f"`{self.name}` must be one of {known}, not {show(result)}"
            raise Problem("AS203", text, help=near, subject=result if isinstance(result, str) else "")
        return result


def _integer(value: Value) -> int | None:
    if isinstance(value, float) and value.is_integer() and abs(value) <= limits.INTEGER:
        return int(value)
    return value if type(value) is int else None


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _numbers(value: Value, least: int) -> Value | None:
    """One integer of at least `least`, or a list of them."""
    if isinstance(value, tuple) and not isinstance(value, Table) and value:
        items = tuple(map(_integer, value))
        return None if any(item is None or item < least for item in items) else items  # type: ignore[return-value]
    number = _integer(value)
    return None if number is None or number < least else number


def _padding(value: Value) -> Value | None:
    if isinstance(value, Table):
        return value if all(_numbers(item, 0) is not None for _, item in value) else None
    return value if isinstance(value, str) else _numbers(value, 0)


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None


_CONVERSIONS: dict[str, Any] = {
    "int": _integer,
    "float": _number,
    "bool": lambda value: value if isinstance(value, bool) else None,
    "str": _text,
    "list": lambda value: value if isinstance(value, tuple) and not isinstance(value, Table) else None,
    "size": lambda value: _numbers(value, 1),
    "padding": _padding,
    "op": _text,
}


def declare(name: str, raw: Any, *, required: bool) -> Parameter:
    """A parameter from its declaration: a type where it is required, else a default; or the long form of either."""
    if isinstance(raw, dict) and (required or "type" in raw):
        return _declare_long(name, raw, required=required)
    if required:
        if not isinstance(raw, str) or raw not in TYPES:
            raise Problem("AS203", f"{show(raw)} is not a type", help=f"the types are {', '.join(TYPES)}")
        return Parameter(name, raw)
    return _with_literal(Parameter(name, type_of(name, raw), raw))


def type_of(name: str, default: Any) -> str:
    """The type that a default implies."""
    for kind, type_ in ((bool, "bool"), (int, "int"), (float, "float"), (str, "str"), (list, "list")):
        if isinstance(default, kind):
            return type_
    raise Problem(
        "AS203",
        f"the default of `{shown(name)}` must be a number, true or false, text or a list",
        help='the long form is { type = "int", default = 1 }',
    )


def _declare_long(name: str, raw: dict[str, Any], *, required: bool) -> Parameter:
    _check_keys(name, raw, required=required)
    type_, choices = raw["type"], raw.get("choices")
    plain = Parameter(name, type_)
    allowed = None if choices is None else tuple(plain.conform(choice) for choice in choices)
    return _with_literal(
        Parameter(
            name,
            type_,
            raw.get("default", MISSING),
            raw.get("min"),
            raw.get("max"),
            allowed,
            raw.get("doc", ""),
            long_form=True,
        )
    )


def _check_keys(name: str, raw: dict[str, Any], *, required: bool) -> None:
    """Refuse a long form with a key that is unknown, missing or of the wrong kind."""
    for key in raw:
        if key not in LONG_FORM:
            raise unknown_key("a parameter", key, suggest(key, LONG_FORM))
    _check_type(name, raw)
    if required and "default" in raw:
        raise meaningless_key("default", "a required parameter has no default", "declare it in `params`")
    if not required and "default" not in raw:
        raise Problem(
            "AS202",
            f"the parameter `{shown(name)}` needs a default",
            help="a block's parameters without one are declared in `required`",
            subject=name,
        )
    for bound in ("min", "max"):
        if bound in raw and _number(raw[bound]) is None:
            raise wrong_value(bound, "a number", raw[bound])
    choices = raw.get("choices")
    if choices is not None and (not isinstance(choices, list) or not choices):
        raise wrong_value("choices", "a list", choices)
    if not isinstance(raw.get("doc", ""), str):
        raise Problem("AS203", "`doc` must be text", at=("doc",))


def _check_type(name: str, raw: dict[str, Any]) -> None:
    """Refuse a long form without a type."""
    known = f"the types are {', '.join(TYPES)}"
    if "type" not in raw:
        raise Problem("AS202", f"the parameter `{shown(name)}` needs a type", help=known)
    if not isinstance(raw["type"], str) or raw["type"] not in TYPES:
        raise Problem("AS203", f"{show(raw['type'])} is not a type", help=known, at=("type",))


def _with_literal(param: Parameter) -> Parameter:
    """The parameter with its default as a value, unless that is missing, an expression, or the name of an op."""
    default = param.default
    is_text = isinstance(default, str) or (
        isinstance(default, list) and any(isinstance(item, str) for item in default)
    )
    if default is MISSING or param.type == "op" or (param.long_form and is_text):
        return param
    return replace(param, literal=param.conform(default))
