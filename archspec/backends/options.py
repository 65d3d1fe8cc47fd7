"""What can be asked for when a network is exported."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown
from archspec.types import Floating

OPSETS = range(18, 25)
PURPOSES = ("inference",)
EXTERNAL = ("auto", "inline", "data", "safetensors")
INLINE = 64 * 2**20
"""The bytes of weights up to which `auto` puts them into the model itself."""
MAX_SEED = 2**64 - 1
MAX_ALIGN = 2**20

Progress = Callable[[int, int], None]
"""Told the bytes that are written, and those that there will be."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of an export. Raises `UsageError` for what cannot be, alone or together."""

    seed: int | None = None
    """The seed of the random weights; default: 0."""
    weights: str | None = None
    """A file of weights to take instead: `.safetensors`, or what `torch.save` has written."""
    no_weights: bool = False
    """Whether the weights are inputs of the model."""
    dtype: str = "float32"
    """The floating type of the weights and of all that is computed: `float32`, `float16` or `bfloat16`."""
    opset: int = 20
    """The version of ONNX's operators."""
    functions: bool = False
    """Whether blocks become functions of the model."""
    fold_bn: bool = False
    """Whether batch normalisation is folded into the layer before it."""
    for_: str | None = None
    """What the model is for: `inference` folds batch normalisation, and makes constants of what weights become."""
    dynamic: bool = False
    """Whether the sizes of images stay free, not the batch alone."""
    external: str = "auto"
    """Where weights are stored: `inline`, in a `data` file, in a `safetensors` file, or by their size."""
    align: int = 64
    """The bytes of which the place of each tensor in a data file is a multiple."""
    progress: Progress | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if type(self.opset) is not int or self.opset not in OPSETS:
            raise UsageError(f"opset {self.opset} cannot be written, only {OPSETS[0]} to {OPSETS[-1]}")
        one_of("dtype", self.dtype, (*Floating,))
        one_of("external", self.external, EXTERNAL)
        if self.for_ is not None:
            one_of("purpose", self.for_, PURPOSES)
        if self.seed is not None and not 0 <= self.seed <= MAX_SEED:
            raise UsageError(f"a seed is from 0 to {MAX_SEED}, not {self.seed}")
        if not 1 <= self.align <= MAX_ALIGN:
            raise UsageError(f"an alignment is from 1 to {MAX_ALIGN:,} bytes, not {self.align}")
        self._check_together()

    def _check_together(self) -> None:
        given = self.given()
        for one, other in (
            ("seed", "weights"),
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
            raise UsageError(f"{option('align')} is about data files, not about `{self.external}`")

    def given(self) -> set[str]:
        """The options that are not their defaults."""
        names = [item.name for item in fields(self) if item.name != "progress"]
        return {name for name in names if getattr(self, name) != _DEFAULTS[name]}

    def only(self, known: set[str], what: str) -> None:
        """Refuse the options that mean nothing for a format."""
        if unknown := sorted(self.given() - known):
            raise UsageError(f"{option(unknown[0])} means nothing for {what}")


_DEFAULTS: dict[str, Any] = {item.name: item.default for item in fields(Options)}


def floating(dtype: str | None, *, half: bool) -> str:
    """The floating type, `float32` unless said; `half` is short for `float16`. Raises `UsageError` if both differ."""
    if half and dtype not in (None, "float16"):
        raise UsageError(f"{option('half')} contradicts `--dtype {shown(str(dtype))}`")
    if half:
        return "float16"
    return str(_DEFAULTS["dtype"]) if dtype is None else dtype


def option(name: str) -> str:
    """An option as the command line has it."""
    return f"`--{name.rstrip('_').replace('_', '-')}`"


def one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    """Raises `UsageError` for a value that is not among those that there are."""
    if value not in known:
        raise UsageError(f"there is no {name} `{shown(str(value))}`: there are {', '.join(known)}")
