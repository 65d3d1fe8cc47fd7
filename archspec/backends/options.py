"""The options of an export."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown
from archspec.types import Floating

if TYPE_CHECKING:
    from archspec.model import Model

OPSETS = range(18, 25)
PURPOSES = ("inference",)
EXTERNAL = ("auto", "inline", "data", "safetensors")
INLINE = 64 * 2**20
"""The size in bytes up to which `auto` stores weights inside the model."""
MAX_SEED = 2**64 - 1
MAX_ALIGN = 2**20

ExportProgress = Callable[[int, int], None]
"""A callback that receives the bytes written so far and the total."""


@dataclass(frozen=True, slots=True, eq=False)
class Carry:
    """The network that a file of weights is from, and the key there of each weight that goes on."""

    model: "Model"
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Options:
    """The options of an export. Raises `UsageError` for invalid or contradictory values."""

    seed: int | None = None
    """The seed of the random weights; default: 0."""
    weights: str | None = None
    """A weight file to use instead: `.safetensors`, or a file written by `torch.save`."""
    from_: Carry | None = None
    """The network that the file is from, if it is another one: what goes on is taken over, the rest drawn."""
    no_weights: bool = False
    """Whether the weights are inputs of the model."""
    dtype: str = "float32"
    """The floating type of weights and activations: `float32`, `float16` or `bfloat16`."""
    opset: int = 20
    """The opset version of ONNX."""
    functions: bool = False
    """Whether blocks become model-local functions."""
    fold_bn: bool = False
    """Whether batch normalisation is folded into the layer before it."""
    for_: str | None = None
    """What the model is for: `inference` folds batch normalisation and steps that only rearrange weights."""
    dynamic: bool = False
    """Whether spatial axes stay free, as the batch axis does."""
    external: str = "auto"
    """Where weights are stored: `inline`, in a `data` file, in a `safetensors` file, or by their size."""
    align: int = 64
    """The alignment of tensors in a data file, in bytes."""
    progress: ExportProgress | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if type(self.opset) is not int or self.opset not in OPSETS:
            raise UsageError(f"opset {self.opset} is not supported: use {OPSETS[0]} to {OPSETS[-1]}")
        one_of("dtype", self.dtype, (*Floating,))
        one_of("external", self.external, EXTERNAL)
        if self.for_ is not None:
            one_of("purpose", self.for_, PURPOSES)
        if self.seed is not None and not 0 <= self.seed <= MAX_SEED:
            raise UsageError(f"a seed must be from 0 to {MAX_SEED}, not {self.seed}")
        if not 1 <= self.align <= MAX_ALIGN:
            raise UsageError(f"an alignment must be from 1 to {MAX_ALIGN:,} bytes, not {self.align}")
        self._check_together()

    def _check_together(self) -> None:
        given = self.given()
        if self.from_ is not None and self.weights is None:
            raise UsageError(
                "`--from` tells what network the file of `--weights` is from, which is not given"
            )
        for one, other in (
            *([] if self.from_ is not None else [("seed", "weights")]),
            ("no_weights", "seed"),
            ("no_weights", "weights"),
            ("no_weights", "external"),
            ("no_weights", "fold_bn"),
            ("no_weights", "for_"),
            ("no_weights", "align"),
        ):
            if one in given and other in given:
                raise UsageError(f"{option(one)} and {option(other)} contradict each other")
        if "align" in given and self.external in ("inline", "safetensors"):
            raise UsageError(f"{option('align')} applies to data files, not to `{self.external}`")

    def given(self) -> set[str]:
        """The options that differ from their defaults."""
        names = [item.name for item in fields(self) if item.name != "progress"]
        return {name for name in names if getattr(self, name) != _DEFAULTS[name]}

    def only(self, known: set[str], what: str) -> None:
        """Raise `UsageError` for options that do not apply to a format."""
        if unknown := sorted(self.given() - known):
            raise UsageError(f"{option(unknown[0])} does not apply to {what}")


_DEFAULTS: dict[str, Any] = {item.name: item.default for item in fields(Options)}


def floating(dtype: str | None, *, half: bool) -> str:
    """The floating type, by default `float32`; `half` is short for `float16`. Raises `UsageError` on a conflict."""
    if half and dtype not in (None, "float16"):
        raise UsageError(f"{option('half')} contradicts `--dtype {shown(str(dtype))}`")
    if half:
        return "float16"
    return str(_DEFAULTS["dtype"]) if dtype is None else dtype


def option(name: str) -> str:
    """The name of an option on the command line."""
    return f"`--{name.rstrip('_').replace('_', '-')}`"


def one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    """Raise `UsageError` for an unknown value."""
    if value not in known:
        raise UsageError(f"there is no {name} `{shown(str(value))}`: there are {', '.join(known)}")
