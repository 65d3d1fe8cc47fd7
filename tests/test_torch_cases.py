"""Generated modules against an interpreter of the module tree: outputs, gradients and first values."""

import json
import random
from typing import Any

import pytest
import torch
from interpreter import interpret
from nets import NAMES, NETWORKS, randomise_statistics
from spec_cases import VALID
from torch import Tensor, nn
from torch_cases import CASES

import archspec
from archspec import Model, SpecError
from archspec.backends.proof.verify import verify
from archspec.ops.core.init import Init


def assert_proven(model: Model) -> None:
    """What `verify` says, and the same outputs and gradients as the interpreter's, in float64."""
    findings = [str(finding) for item in verify(model) for finding in item.findings]
    assert findings == []
    torch.manual_seed(0)
    module = archspec.build(model, dtype=torch.float64)
    check_first_values(model, module)
    randomise(module)
    module.eval()
    inputs = [
        torch.randn(
            [n if isinstance(n, int) else 2 for n in type_.shape], dtype=torch.float64, requires_grad=True
        )
        for type_ in model.inputs.values()
    ]
    state = {key: value.detach() for key, value in module.state_dict().items()}
    count = len(model.root.results) - len(model.network.train_outputs)
    want = interpret(model.root, [x * 1 for x in inputs], state)[:count]
    got = module(*(x * 1 for x in inputs))
    outputs = [got] if isinstance(got, Tensor) else list(got)
    assert len(outputs) == len(want)
    for left, right in zip(outputs, want, strict=True):
        torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-9, equal_nan=True)
    if any(value.requires_grad for value in want):
        theirs = torch.autograd.grad(total(want), inputs, allow_unused=True)
        ours = torch.autograd.grad(total(outputs), inputs, allow_unused=True)
        for mine, other in zip(ours, theirs, strict=True):
            assert (mine is None) == (other is None)
            if mine is not None and other is not None:
                torch.testing.assert_close(mine, other, rtol=1e-6, atol=1e-9, equal_nan=True)


def total(values: list[Tensor]) -> Tensor:
    return torch.stack([value.square().sum() for value in values if value.requires_grad]).sum()


def randomise(module: nn.Module) -> None:
    """First values of 0 hide errors; large ones run over."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-1, 1).div_(max(parameter[0].numel(), 1) ** 0.5 if parameter.dim() > 1 else 1)
    randomise_statistics(module)


def check_first_values(model: Model, module: nn.Module) -> None:
    """Constants are these, uniform values within their bounds."""
    state = module.state_dict()
    for key, weight in model.weights().items():
        match weight.init:
            case Init("constant", (float(value),)):
                assert torch.allclose(state[key].double(), torch.tensor(value).double(), rtol=1e-6, atol=0), (
                    key
                )
            case Init("uniform", (float(low), float(high))):
                assert low - 1e-6 <= state[key].min() <= state[key].max() <= high + 1e-6, key


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_cases(text: str) -> None:
    assert_proven(archspec.load("net.toml", source=text))


@pytest.mark.parametrize("text", [case.text for case in VALID.values()], ids=VALID)
def test_the_language(text: str) -> None:
    assert_proven(archspec.load("net.toml", source=text))


def test_training_outputs_are_none_in_evaluation() -> None:
    model = archspec.load("net.toml", source=CASES["a training output inside a group"])
    module = archspec.build(model)
    x = torch.randn(2, 3, 8, 8)
    main, aux = module(x)
    assert (main.shape[1], aux.shape[1]) == (6, 5)
    alone = module.eval()(x)
    assert torch.equal(alone, main)
    assert isinstance(module.get_submodule("g"), nn.ModuleDict)  # whose modules `forward` calls


# --- random networks -------------------------------------------------------------------------------------

ACTIVATIONS = ["relu", "relu6", "tanh", "silu", "gelu", "leaky_relu", "hardswish", "identity"]


class Random:
    """A spec of random blocks, called with random arguments."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0

    def name(self, *, counter: bool = False) -> dict[str, Any]:
        self.count += 1
        stem = self.random.choice(["a", "conv", "self", "out", "x1", "g-"])
        return {"name": f"{stem}{self.count}" + ("_{i}" if counter else "")}

    def maybe(self, probability: float) -> bool:
        return self.random.random() < probability

    def width(self, inside: bool) -> Any:
        options: list[Any] = [4, 6, "x.channels", "x.channels + 2"]
        return self.random.choice([*options, "n", "2 * n", "m", "n + m"] if inside else options)

    def conv(self, inside: bool, out: Any = None) -> dict[str, Any]:
        kernel = self.random.choice([1, 3, "k"] if inside else [1, 3])
        node = {
            "op": "conv",
            "out": self.width(inside) if out is None else out,
            "kernel": kernel,
            "padding": "half",
        }
        return {
            **node,
            **(self.name() if self.maybe(0.5) else {}),
            **({"bias": False} if self.maybe(0.5) else {}),
        }

    def node(self, inside: bool, depth: int, blocks: list[str]) -> Any:
        choice = self.random.randrange(12 if depth else 5)
        if blocks and self.maybe(0.3):
            return self.call(inside, blocks)
        if choice < 2:
            return self.conv(inside)
        if choice == 2:
            return {"op": "batchnorm", **(self.name() if self.maybe(0.3) else {})}
        if choice == 3:
            return self.random.choice(ACTIVATIONS) if not inside or self.maybe(0.6) else "{act}"
        if choice == 4:
            return {"op": "dropout", "p": 0.25}
        chain = self.chain(inside, depth - 1, blocks)
        if choice == 5:
            return {**self.name(), "layers": chain}
        if choice == 6:
            layers = [*chain, self.conv(inside, 4)]
            return {"op": "residual", "layers": layers, "shortcut": [{"op": "conv", "out": 4, "kernel": 1}]}
        if choice == 7:
            layer = {**self.name(counter=True), "layers": [*chain, {"op": "conv", "out": 3, "kernel": 1}]}
            return {"op": "dense", "repeat": self.repeat(inside), "layers": [layer]}
        if choice == 8:
            return {"op": "concat", "branches": [chain, self.chain(inside, depth - 1, blocks)]}
        if choice == 9 and inside:
            return {
                **self.conv(inside),
                "when": self.random.choice(["flag", "not flag", "n != x.channels", "k == 3"]),
            }
        if choice == 10:
            named = self.name() if self.maybe(0.5) else {}
            return {**named, "repeat": self.repeat(inside), "layers": [self.conv(inside), *chain]}
        return {
            "op": "mul",
            "branches": [[], ["global_avgpool", {"op": "conv", "out": "x.channels", "kernel": 1}]],
        }

    def repeat(self, inside: bool) -> Any:
        return self.random.choice([1, 2, 3, "d"] if inside else [1, 2, 3])

    def chain(self, inside: bool, depth: int, blocks: list[str]) -> list[Any]:
        return [self.node(inside, depth, blocks) for _ in range(self.random.randrange(1, 4))]

    def call(self, inside: bool, blocks: list[str]) -> dict[str, Any]:
        node: dict[str, Any] = {
            "op": self.random.choice(blocks),
            "n": self.random.choice([3, 4, 6] + ["n"] * inside),
        }
        options: dict[str, list[Any]] = {
            "m": [2, 5],
            "k": [1, 3, 5],
            "d": [1, 2, 4],
            "flag": [True, False],
            "act": ACTIVATIONS[:4],
        }
        for key, values in options.items():
            if self.maybe(0.4):
                node[key] = self.random.choice(values)
        return {**node, **(self.name() if self.maybe(0.5) else {})}

    def spec(self) -> dict[str, Any]:
        blocks: dict[str, Any] = {}
        for index in range(self.random.randrange(1, 4)):
            params = {"m": 2, "k": 3, "d": 2, "flag": False, "act": {"type": "op", "default": "relu"}}
            layers = self.chain(True, 2, list(blocks))
            blocks[f"block{index}"] = {"required": {"n": "int"}, "params": params, "layers": layers}
        calls = [self.call(False, list(blocks)) for _ in range(4)]
        model = {"input": ["N", 4, 7, 6], "layers": [*calls, *self.chain(False, 1, list(blocks))]}
        return {"archspec": 1, "model": model, "blocks": blocks}


@pytest.mark.parametrize("seed", range(250))
def test_random_networks(seed: int) -> None:
    text = json.dumps(Random(seed).spec())
    try:
        model = archspec.load("net.json", source=text)
    except SpecError:
        return
    if model.training_totals.params < 300_000:
        assert_proven(model)


def test_most_random_networks_are_valid() -> None:
    valid = 0
    for seed in range(250):
        try:
            model = archspec.load("net.json", source=json.dumps(Random(seed).spec()))
        except SpecError:
            continue
        valid += model.training_totals.params < 300_000
    assert valid > 150


@pytest.mark.parametrize(("file", "variant"), NETWORKS, ids=NAMES)
def test_first_values_of_networks(file: Any, variant: str | None) -> None:
    model = archspec.load(str(file), variant)
    if model.training_totals.params < 30_000_000:
        check_first_values(model, archspec.build(model, dtype=torch.float64))
