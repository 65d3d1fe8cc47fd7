"""Match the tensors of a file to the weights of a network, slightly more leniently than PyTorch's strict load."""

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

FileShapes = Mapping[str, Sequence[int]]
_PREFIXES = 8
"""The most components of a common prefix that are tried."""
_AVERAGED = "n_averaged"
"""The counter that `torch.optim.swa_utils.AveragedModel` stores beside the weights, whose keys start with `module.`."""
_log = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The weights that a file must provide."""

    weights: Mapping[str, Weight]
    spare: Mapping[str, Weight] = field(default_factory=dict)
    """Training-only weights that a file may also have."""
    late: Collection[str] = ()
    """Those of the required weights that only training needs."""
    rename: Mapping[str, str] = field(default_factory=dict)
    """Renaming patterns for the keys of a file, in the order in which they are tried, and their replacements."""


def wanted(model: "Model", *, inference: bool = False) -> Wanted:
    """The weights that a file must provide: the whole state_dict, or the part that inference needs."""
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


def fit(shapes: FileShapes, asked: Wanted, path: str) -> dict[str, str]:
    """The file's name for each weight. Counters may be missing; of the spare weights, all or none are present.

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


def _has_all(shapes: FileShapes, names: Mapping[str, str], weights: Mapping[str, Weight]) -> bool:
    return all(
        _fits(shapes[names[key]], weight) if key in names else weight.is_counter
        for key, weight in weights.items()
    )


def _fits(shape: Sequence[int], weight: Weight) -> bool:
    """Whether PyTorch accepts a tensor of this shape: a scalar may have one axis, as before PyTorch 0.4."""
    return tuple(shape) == weight.shape or (tuple(shape) == (1,) and weight.shape == ())


def _named(shapes: FileShapes, asked: Wanted) -> tuple[dict[str, str], str]:
    """The file's name for each key, with the prefix stripped that makes most keys match; and that prefix."""
    best, most, chosen = dict[str, str](), -1, ""
    for prefix in ("", *_prefixes(shapes)):
        names = _renamed(shapes, prefix, asked)
        count = sum(key in names for key in asked.weights)
        if count > most:
            best, most, chosen = names, count, prefix
        if count == len(asked.weights):
            break
    return best, chosen


def _prefixes(shapes: FileShapes) -> list[str]:
    """The prefixes common to all keys, each ending in a dot."""
    keys = [key for key in shapes if key != _AVERAGED] or [""]
    # Every other key sorts between these two.
    ends = (key.split(".", _PREFIXES + 1)[:-1] for key in (min(keys), max(keys)))
    parts = [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(*ends, strict=False))]
    return [".".join(parts[:count]) + "." for count in range(1, len(parts) + 1)]


def _renamed(shapes: FileShapes, prefix: str, asked: Wanted) -> dict[str, str]:
    """Keys without the prefix and renamed by the spec's patterns, each with its name in the file."""
    names = {key.removeprefix(prefix): key for key in shapes if not (prefix and key == _AVERAGED)}
    for key in [*names] if asked.rename else ():
        new = _by_patterns(key, names, asked)
        if new != key:
            names[new] = names.pop(key)
    return names


def _by_patterns(key: str, names: Mapping[str, str], asked: Wanted) -> str:
    """Rename a key by the spec's patterns, each applied once, until it is a key of the network."""
    for old, new in asked.rename.items():
        if key in asked.weights or key in asked.spare:
            break
        made = renamed(key, old, new)
        if made is not None and made not in names:
            key = made
    return key
