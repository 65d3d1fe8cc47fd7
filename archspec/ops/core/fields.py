"""The types of op fields.

A field's annotation says three things at once: what pydantic accepts, what a reader is told when it does not
(the `description`), and how the language reads a string in its place (`reading`): as an expression, as text,
or as one of some keywords and else an expression.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

N = TypeVar("N", int, float)

MAX = 2**63 - 1
FLOAT32 = float.fromhex("0x1.fffffep+127")
"""The largest number of float32, in which networks are computed."""
FREE_DIMENSION = r"^[A-Z][A-Za-z0-9_]*$"
MULTIPLE = r"^([1-9][0-9]* \* )?[A-Z][A-Za-z0-9_]*$"


@dataclass(slots=True, eq=False, repr=False)
class Reading:
    """How a string is read where a value of this type is expected."""

    text: bool = False
    """As text, with `{expressions}` substituted."""
    keywords: frozenset[str] = frozenset()
    """As one of these words if it is one, else as an expression."""
    dimension: bool = False
    """As the name of a free dimension if it starts in upper case, `… * N` as a multiple, else as an expression."""
    initialiser: bool = False
    """As an initialiser such as `normal(0.02)` if it has that form, else as an expression."""


EXPRESSION = Reading()
TEXT = Reading(text=True)

Positive = Annotated[int, Field(ge=1, le=MAX, description="a positive integer")]
Natural = Annotated[int, Field(ge=0, le=MAX, description="an integer of at least 0")]
Integer = Annotated[int, Field(ge=-MAX, le=MAX, description="an integer")]


def _single(value: float) -> float:
    if abs(value) > FLOAT32:
        raise ValueError(f"{value:g} is beyond the numbers of float32, which end at {FLOAT32:.5g}")
    return value


Number = Annotated[float, Field(allow_inf_nan=False, description="a number"), AfterValidator(_single)]
PositiveNumber = Annotated[
    float, Field(gt=0, allow_inf_nan=False, description="a number above 0"), AfterValidator(_single)
]
Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, description="a number from 0 to 1")]
Flag = Annotated[bool, Field(description="true or false")]

Size = Annotated[
    Positive | Annotated[tuple[Positive, ...], Field(min_length=1)],
    Field(description="a positive integer, or a list with one per spatial axis"),
]
NaturalSize = Annotated[
    Natural | Annotated[tuple[Natural, ...], Field(min_length=1)],
    Field(description="an integer of at least 0, or a list with one per spatial axis"),
]
NamedDimension = Annotated[str, Field(pattern=MULTIPLE), Reading(dimension=True)]
Axes = Annotated[
    Integer | Annotated[tuple[Integer, ...], Field(min_length=1)],
    Field(description="an axis, or a list of axes"),
]

PaddingKeyword = Literal["half", "same", "same_upper", "same_lower", "valid"]
PADDING_KEYWORDS = frozenset(get_args(PaddingKeyword))


class Sides(BaseModel):
    """Padding of each side by name; a side that is left out is 0."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    front: Natural = 0
    back: Natural = 0
    top: Natural = 0
    bottom: Natural = 0
    left: Natural = 0
    right: Natural = 0


Padding = Annotated[
    Natural | Annotated[tuple[Natural, ...], Field(min_length=1)] | PaddingKeyword | Sides,
    Field(
        description="an integer of at least 0, a list with one per spatial axis, "
        "{ top, bottom, left, right }, or one of half, same, same_upper, same_lower, valid"
    ),
]


def _initialiser(value: float | str) -> float | str:
    from archspec.ops.core.init import Init  # the grammar of initialisers is needed only where one is given

    for argument in Init.parse(value).args:
        if isinstance(argument, float):
            _single(argument)
    return value


Initialisers = Annotated[
    dict[
        str,
        Annotated[
            Annotated[float, Field(allow_inf_nan=False)] | Annotated[str, Reading(initialiser=True)],
            AfterValidator(_initialiser),
        ],
    ],
    Field(description='a table of weight names and initialisers, such as { weight = "normal(0.02)" }'),
]

NO_INIT: Any = Field(default_factory=dict)
"""The default of `init`: PyTorch's initialisers. A factory, since pydantic would copy a dict at every call."""


def reading(annotation: Any, metadata: tuple[Any, ...] | list[Any] = ()) -> Reading:
    """How a string is read for a field with this annotation."""
    for item in metadata:
        if isinstance(item, Reading):
            return item
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return reading(arguments[0], arguments[1:])
    if origin is Literal:
        words = frozenset(word for word in arguments if isinstance(word, str))
        return Reading(text=len(words) == len(arguments), keywords=words)
    if annotation is str:
        return TEXT
    if origin is dict:
        return reading(arguments[1])
    parts = [reading(part) for part in arguments if part is not type(None) and part is not Ellipsis]
    if len(parts) == 1:
        return parts[0]
    return Reading(
        text=bool(parts) and all(part.text for part in parts),
        keywords=frozenset[str]().union(*(part.keywords for part in parts)),
        dimension=any(part.dimension for part in parts),
        initialiser=any(part.initialiser for part in parts),
    )


def as_tuple(value: N | tuple[N, ...]) -> tuple[N, ...]:
    """A list, from one that may be a single value."""
    return value if isinstance(value, tuple) else (value,)


def per_axis(value: N | tuple[N, ...], axes: int, field: str, help_: str | None = None) -> tuple[N, ...]:
    """One value per spatial axis, from one value for all or a list of the right length; `help_` if it is not."""
    if not isinstance(value, tuple):
        return (value,) * axes
    if len(value) != axes:
        from archspec.diagnostics import Problem

        raise Problem(
            "AS408",
            f"`{field}` has {len(value)} values, but the input has {axes} spatial "
            + ("axis" if axes == 1 else "axes"),
            at=(field,),
            help=help_,
        )
    return value
