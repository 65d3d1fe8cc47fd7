"""Phase 8: changes that `archspec diff` tells. No spec has them by itself: they are between two."""

from typing import ClassVar

from archspec.diagnostics.rule import Rule


class ChangedFunction(Rule):
    """A change by which old weights load, but something else is computed.

    Nothing fails: a checkpoint of the old network loads strictly, and its outputs are wrong. Strides, paddings,
    activations and the `eps` of norms have no weights that could tell.

    Train again, or keep the old network under a name of its own, such as a variant.
    """

    code: ClassVar[str] = "AS801"


class ReshapedWeights(Rule):
    """A weight that has another shape than before.

    A checkpoint of the old network does not load. The other weights do: `archspec export NEW new.safetensors --weights
    old.safetensors --from OLD` takes them over.

    Expect to train these weights anew, or keep the old shape.
    """

    code: ClassVar[str] = "AS802"


class LostWeights(Rule):
    """Weights of the old network that have no place in the new one.

    A strict load of an old checkpoint fails, and what these weights had learnt is gone.

    If they are still there under another name, see that shapes and order are the old ones, so that they are found.
    """

    code: ClassVar[str] = "AS803"


class NewWeights(Rule):
    """Weights that no old checkpoint has.

    A strict load of an old checkpoint fails; without it, these weights keep their initial values.

    `archspec export NEW new.safetensors --weights old.safetensors --from OLD` takes over the rest.
    """

    code: ClassVar[str] = "AS804"


class RenamedWeights(Rule):
    """Weights that have another name than before.

    A strict load of an old checkpoint fails, though every value has its place.

    `archspec diff OLD NEW --rename-map names.toml` writes the new names as a `[weights] rename`, with which the new
    spec loads old files; `--rename-map names.json` writes every key.
    """

    code: ClassVar[str] = "AS805"


class ChangedInterface(Rule):
    """An input or an output that differs.

    Whoever calls the network has to call it in another way, or gets something else.

    Tell them, or keep the old shape and order.
    """

    code: ClassVar[str] = "AS806"
