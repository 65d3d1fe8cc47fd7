"""Random networks against a second reading of the language: 300 seeds; `try_networks.py` tries as many as one likes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
from random_networks.build import spec_of
from random_networks.notation import used
from try_networks import badly_formatted, trial

from archspec.ops import Emitter, TorchCode, lookup, positional
from archspec.ops.core.torch_code import REQUIRED

SEEDS, CHUNK = 300, 10


@pytest.mark.parametrize("start", range(0, SEEDS, CHUNK))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_random_networks_agree_with_the_reference(start: int) -> None:
    wrong, sources = [], []
    for seed in range(start, start + CHUNK):
        _, found, _, texts = trial(seed)
        wrong += [f"seed {seed}: {text}" for text in found]
        sources += [(seed, text) for text in texts]
    wrong += [
        f"seed {sources[n][0]}: is not formatted" for n in badly_formatted([text for _, text in sources])
    ]
    assert not wrong, "\n".join(wrong)


def without_arguments(code: Any) -> Any:
    return replace(code, arguments=tuple(a for a in code.arguments if a.default is REQUIRED))


MUTANTS: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "one MAC too many": ("conv", "macs", lambda macs: macs + 1),
    "one weight less": ("batchnorm", "weights", lambda weights: weights[:-1]),
    "settings left out": ("batchnorm", "torch", without_arguments),
    "another rate": (
        "dropout",
        "torch",
        lambda _: TorchCode("nn.Dropout", (positional(0.95),), "F.dropout({0}, 0.95, self.training)"),
    ),
    "a slope left out": ("leaky_relu", "torch", without_arguments),
    "other values": (
        "sigmoid",
        "torch",
        lambda code: replace(code, module="nn.Hardsigmoid", function="F.hardsigmoid"),
    ),
    "nothing saved": (
        "conv",
        "saved",
        lambda saved: replace(saved, **dict.fromkeys(("inputs", "outputs"), ())),
    ),
    "a field of one position": ("conv", "reach", lambda links: tuple(() for _ in links)),
    "another shape": ("maxpool", "output", lambda type_: replace(type_, shape=(*type_.shape[:-1], 1))),
}


@pytest.mark.parametrize("name", MUTANTS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_wrong_op_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    word, method, change = MUTANTS[name]
    op = lookup(word)
    original = getattr(op, method)
    monkeypatch.setattr(op, method, lambda self, *args, **options: change(original(self, *args, **options)))
    assert any(trial(seed)[1] for seed in seeds_with(word, 12))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_wrong_pool_in_onnx_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Emitter.node

    def node(self: Emitter, op: str, *inputs: str, **attributes: Any) -> Any:
        return original(self, "AveragePool" if op == "MaxPool" else op, *inputs, **attributes)

    monkeypatch.setattr(Emitter, "node", node)
    assert any(trial(seed)[1] for seed in seeds_with("maxpool", 6))


def seeds_with(op: str, count: int) -> Iterator[int]:
    """Seeds whose networks have an op."""
    found = (seed for seed in range(SEEDS) if f"op {op}" in used(spec_of(seed)))
    return islice(found, count)


@pytest.mark.parametrize("seed", [873, 1010, 1644, 2754, 3067])
def test_what_has_no_class_is_written_expanded(seed: int) -> None:
    """Blocks of a single network, or of a family, that cannot be translated."""
    assert trial(seed)[1] == []
