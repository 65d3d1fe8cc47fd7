"""Which tensor of a file is which weight of a network: what PyTorch's strict load would accept, and what is near it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from logging import getLogger
from typing import TYPE_CHECKING

from archspec.analysis.inference import for_inference
from archspec.analysis.weights import state_dict
from archspec.backends.weights.misfits import Misfits, report
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown, shown_file
from archspec.language.renaming import renamed
from archspec.ops.core.data import Weight

if TYPE_CHECKING:
    from archspec.model import Model

Shapes = Mapping[str, Sequence[int]]
_PREFIXES = 8
"""The parts of a common prefix that are tried at most."""
_AVERAGED = "n_averaged"
"""What `torch.optim.swa_utils.AveragedModel` counts beside the weights, all of which it calls `module.`."""
_log = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The weights that a file is asked for."""

    weights: Mapping[str, Weight]
    spare: Mapping[str, Weight] = field(default_factory=dict)
    """Those of training, which a file may have besides."""
    late: Collection[str] = ()
    """Those that are asked for and that only training needs."""
    rename: Mapping[str, str] = field(default_factory=dict)
    """What files call keys elsewhere: patterns in the order in which they are tried, and what they stand for."""


def wanted(model: "Model", *, inference: bool = False) -> Wanted:
    """What a file is asked for: the whole state_dict, or what inference needs of it."""
    network, weights = model.network, model.weights()
    rename = dict(sorted(network.document.rename.items()))
    if network.whole is not None:
        more = state_dict(network.whole)
        return Wanted(weights, {key: more[key] for key in more if key not in weights}, (), rename)
    if not network.train_outputs:
        return Wanted(weights, rename=rename)
    needed = state_dict(for_inference(network).root)
    late = {key: weight for key, weight in weights.items() if key not in needed}
    return Wanted(needed, late, (), rename) if inference else Wanted(weights, {}, late.keys(), rename)


def fit(shapes: Shapes, asked: Wanted, path: str) -> dict[str, str]:
    """What the file calls each weight. Counters may be missing; spare weights are all there or none.

    Raises `UsageError` with a report where keys are missing or unexpected, or shapes differ.
    """
    names, prefix = _named(shapes, asked)
    misfits = Misfits(
        {
            key: weight.shape
            for key, weight in asked.weights.items()
            if key not in names and not weight.is_counter
        },
        {
            key: tuple(shapes[name])
            for key, name in names.items()
            if key not in asked.weights and key not in asked.spare
        },
        {
            key: (tuple(shapes[names[key]]), weight.shape)
            for key, weight in asked.weights.items()
            if key in names and not _fits(shapes[names[key]], weight)
        },
    )
    if misfits:
        raise UsageError(report(misfits, asked.late, path))
    if prefix:
        _log.info("the keys in `%s` are read without their prefix `%s`", shown_file(path), shown(prefix))
    spare = asked.spare if _has_all(shapes, names, asked.spare) else {}
    return {key: names[key] for key in (*asked.weights, *spare) if key in names}


def _has_all(shapes: Shapes, names: Mapping[str, str], weights: Mapping[str, Weight]) -> bool:
    return all(
        _fits(shapes[names[key]], weight) if key in names else weight.is_counter
        for key, weight in weights.items()
    )


def _fits(shape: Sequence[int], weight: Weight) -> bool:
    """Whether PyTorch takes a tensor of this shape: a single number may have an axis, as before PyTorch 0.4."""
    return tuple(shape) == weight.shape or (tuple(shape) == (1,) and weight.shape == ())


def _named(shapes: Shapes, asked: Wanted) -> tuple[dict[str, str], str]:
    """What the file has for each key, if it is named so that most fit; and the prefix that is left off for it."""
    best, most, chosen = dict[str, str](), -1, ""
    for prefix in ("", *_prefixes(shapes)):
        names = _renamed(shapes, prefix, asked)
        count = sum(key in names for key in asked.weights)
        if count > most:
            best, most, chosen = names, count, prefix
        if count == len(asked.weights):
            break
    return best, chosen


def _prefixes(shapes: Shapes) -> list[str]:
    """The prefixes that all keys have, up to a dot each."""
    keys = [key for key in shapes if key != _AVERAGED] or [""]
    ends = (key.split(".", _PREFIXES + 1)[:-1] for key in (min(keys), max(keys)))  # all others lie between
    parts = [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(*ends, strict=False))]
    return [".".join(parts[:count]) + "." for count in range(1, len(parts) + 1)]


def _renamed(shapes: Shapes, prefix: str, asked: Wanted) -> dict[str, str]:
    """The keys without a prefix, and with the spec's names; what each is called in the file."""
    names = {key.removeprefix(prefix): key for key in shapes if not (prefix and key == _AVERAGED)}
    for key in [*names] if asked.rename else ():
        new = _by_patterns(key, names, asked)
        if new != key:
            names[new] = names.pop(key)
    return names


def _by_patterns(key: str, names: Mapping[str, str], asked: Wanted) -> str:
    """The name that the spec's patterns give to a key, each applied once, until it is one of the network's."""
    for old, new in asked.rename.items():
        if key in asked.weights or key in asked.spare:
            break
        made = renamed(key, old, new)
        if made is not None and made not in names:
            key = made
    return key
