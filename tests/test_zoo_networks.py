"""The zoo's networks for segmentation, video and detection, and those of timm, against torchvision and timm."""

import copy
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import timm
import torch
from nets import assert_equal
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from zoo_oracles import ORACLES

import archspec
from archspec import Model

COMPUTED = [name for name, oracle in ORACLES.items() if oracle.small]
"""One of each kind, on inputs as small as it takes."""


@cache
def ours(name: str) -> Model:
    return archspec.load(f"zoo:{name}")


def small(name: str) -> Model:
    """The network for the small inputs of its oracle."""
    shapes = zip(ours(name).inputs.items(), ORACLES[name].small, strict=True)
    return archspec.load(
        f"zoo:{name}", inputs={key: (type_.shape[0], *shape) for (key, type_), shape in shapes}
    )


def theirs(name: str, *, bare: bool = False) -> Any:
    """The oracle's network without memory for its weights."""
    oracle = ORACLES[name]
    with torch.device("meta"):
        return (oracle.bare if bare and oracle.bare else oracle.make)().eval()


def listed(outputs: Any) -> list[Tensor]:
    return [outputs] if isinstance(outputs, Tensor) else list(outputs)


def state_of(model: Model, gain: float) -> dict[str, Tensor]:
    """Random weights that keep the size of values, with statistics that are not those of a new network."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for key, weight in model.weights().items():
        shape = tuple(weight.shape)
        low, high = (0.5, 1.5) if key.endswith(("weight", "running_var")) else (-0.2, 0.2)
        if len(shape) > 1:
            high = gain * (6 * shape[0] / max(1, int(np.prod(shape)))) ** 0.5
            low = -high
        tensor = torch.empty(shape).uniform_(low, high, generator=generator)
        state[key] = tensor if weight.dtype == "float" else torch.zeros(shape, dtype=torch.long)
    return state


def random_inputs(model: Model, batch: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(batch)
    return [
        torch.randn(batch, *map(int, type_.shape[1:]), generator=generator) for type_ in model.inputs.values()
    ]


def assert_close(got: list[Tensor], want: list[Tensor], tolerance: float) -> None:
    """Equal, or near to each other measured by the largest value."""
    if not tolerance:
        assert_equal(got, want)
        return
    assert [value.shape for value in got] == [value.shape for value in want]
    for left, right in zip(got, want, strict=True):
        assert float((left - right).abs().max()) <= tolerance * float(right.abs().max())


# --- weights and numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ORACLES)
def test_weights(name: str) -> None:
    """All keys in their order, all shapes, and how many there are."""
    reference = theirs(name)
    weights = [(key, tuple(weight.shape)) for key, weight in ours(name).weights().items()]
    wanted = [(key, tuple(tensor.shape)) for key, tensor in reference.state_dict().items()]
    assert weights == wanted if ORACLES[name].in_order else sorted(weights) == sorted(wanted)
    assert ours(name).training_totals.params == sum(weight.numel() for weight in reference.parameters())
    inference = theirs(name, bare=True)
    assert ours(name).totals.params == sum(weight.numel() for weight in inference.parameters())
    assert ours(name).totals.buffers == sum(buffer.numel() for buffer in inference.buffers())


@pytest.mark.parametrize("name", ORACLES)
def test_macs_and_shapes(name: str) -> None:
    """At the size of the spec, and those of its outputs."""
    model = ours(name)
    inputs = [torch.empty(1, *map(int, type_.shape[1:]), device="meta") for type_ in model.inputs.values()]
    reference = theirs(name, bare=True)  # some run their backbone when they are made
    with FlopCounterMode(display=False) as counter:
        outputs = listed(ORACLES[name].run(reference, inputs))
    assert 2 * model.totals.macs == counter.get_total_flops()
    assert [tuple(type_.shape[1:]) for type_ in model.totals.outputs] == [
        tuple(value.shape[1:]) for value in outputs
    ]


# --- values ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMPUTED)
def test_outputs(name: str, tmp_path: Path) -> None:
    """With the same weights, loaded strictly: in evaluation, in training, and of ONNX Runtime."""
    oracle, model = ORACLES[name], small(name)
    state = state_of(model, oracle.gain)
    reference, module = theirs(name), archspec.build(model, device="meta")
    for network in (reference, module):
        network.load_state_dict(state, strict=True, assign=True)
        network.eval()
    wanted = {}
    with torch.no_grad():
        for batch in oracle.batches:
            inputs = random_inputs(model, batch)
            wanted[batch] = listed(oracle.run(reference, inputs))
            assert_close(listed(module(*inputs)), wanted[batch], oracle.tolerance)
    save_file(state, tmp_path / "w.safetensors")
    archspec.export(model, str(tmp_path / "m.onnx"), weights=str(tmp_path / "w.safetensors"))
    assert_onnx(tmp_path / "m.onnx", model, wanted)
    if oracle.training or oracle.bare:
        assert_training(name, model, reference, module)


def assert_onnx(file: Path, model: Model, wanted: dict[int, list[Tensor]]) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    for batch, want in wanted.items():
        feed = dict(zip(model.inputs, (value.numpy() for value in random_inputs(model, batch)), strict=True))
        assert_close([torch.from_numpy(value) for value in session.run(None, feed)], want, 1e-4)


def assert_training(name: str, model: Model, reference: Any, module: nn.Module) -> None:
    """What training has besides, what it drops by the same seed, and the statistics that it leaves."""
    reference.train()
    module.train()
    inputs = random_inputs(model, 2)
    before = copy.deepcopy(dict(module.named_buffers()))
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)
        got = listed(module(*inputs))
        after = copy.deepcopy(dict(module.named_buffers()))
        for key, buffer in reference.named_buffers():  # the two share their tensors
            buffer.copy_(before[key])
        torch.manual_seed(0)
        want = listed(ORACLES[name].run(reference, inputs))
    assert all(torch.equal(after[key], buffer) for key, buffer in reference.named_buffers())
    assert (len(want) > len(model.totals.outputs)) == bool(ORACLES[name].bare)
    assert_close(got, want, ORACLES[name].tolerance)


def test_published_weights_of_bn_inception(tmp_path: Path) -> None:
    """Their blocks have no names of their own: `inception_3a_1x1_bn.weight`."""
    state = state_of(ours("bn_inception"), 1.0)
    flat = {re.sub("^(inception_..)[.]", r"\1_", key): value for key, value in state.items()}
    assert "inception_3a_1x1_bn.weight" in flat
    assert all(key.count(".") == 1 for key in flat)
    save_file(flat, tmp_path / "w.safetensors")
    module = archspec.build(ours("bn_inception"), weights=str(tmp_path / "w.safetensors"))
    assert all(torch.equal(value, state[key]) for key, value in module.state_dict().items())


# --- first values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dcgan_generator", "dcgan_discriminator"])
def test_first_values_of_dcgan(name: str) -> None:
    """Those of the paper and the tutorial: layers with a deviation of 0.02, norms with the same around 1."""
    torch.manual_seed(0)
    module = archspec.build(ours(name))
    kinds = {path: type(layer) for path, layer in module.named_modules()}
    for key, weight in module.named_parameters():
        values = weight.detach()
        if kinds[key.rpartition(".")[0]] is not nn.BatchNorm2d:
            assert float(values.mean()) == pytest.approx(0, abs=1e-3)
            assert float(values.std()) == pytest.approx(0.02, rel=0.05)
        elif key.endswith("weight"):
            assert float(values.mean()) == pytest.approx(1, abs=0.01)
            assert float(values.std()) == pytest.approx(0.02, rel=0.3)
        else:
            assert not values.any()


def test_first_values_of_vit_are_those_of_timm() -> None:
    """Every weight has timm's mean and deviation: 1e-6 in the class token, 0.02 in the positions."""
    torch.manual_seed(0)
    wanted = timm.create_model("vit_tiny_patch16_224", pretrained=False).state_dict()
    state = archspec.build(ours("vit_tiny_patch16_224")).state_dict()
    assert state.keys() == wanted.keys()
    for key, tensor in wanted.items():
        assert state[key].std().item() == pytest.approx(tensor.std().item(), rel=0.1), key
        assert state[key].mean().item() == pytest.approx(tensor.mean().item(), abs=0.02), key
