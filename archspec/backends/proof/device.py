"""The device that computes values: its name, its availability and its precision."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from archspec.backends.torch.importing import import_torch
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown

CPU = "cpu"
_DEVICE = re.compile(r"cpu|cuda(:\d{1,3})?", re.ASCII)


def checked(device: str) -> str:
    """Check the name of a device. Raises `UsageError` unless it is `cpu`, `cuda` or `cuda:` and a number."""
    if not _DEVICE.fullmatch(device):
        raise UsageError(f"`{shown(device)}` is not a supported device: use `cpu`, `cuda` or `cuda:1`")
    return device


def unusable(device: str) -> str:
    """Why PyTorch cannot compute on a device; empty if it can. Raises `UsageError` if torch is not installed."""
    if device == CPU:
        return ""
    cuda = import_torch().cuda
    if not cuda.is_available():
        return "PyTorch finds no CUDA device"
    if cuda_index(device) >= cuda.device_count():
        return f"PyTorch finds no device `{device}`: the last one is `cuda:{cuda.device_count() - 1}`"
    return ""


def cuda_index(device: str) -> int:
    """The number of a CUDA device; `cuda` is the first."""
    return int(device.partition(":")[2] or 0)


@contextmanager
def full_precision(device: str) -> Iterator[None]:
    """Within the context, PyTorch multiplies 32-bit numbers on a GPU without TF32, with deterministic kernels.

    TF32 rounds factors to 10 bits, which exceeds the tolerance:
    https://docs.pytorch.org/docs/stable/notes/cuda.html#tensorfloat-32-tf32-on-ampere-and-later-devices
    """
    if device == CPU:
        yield
        return
    torch = import_torch()
    matmul = torch.backends.cuda.matmul
    before, matmul.allow_tf32 = matmul.allow_tf32, False
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            yield
    finally:
        matmul.allow_tf32 = before


def providers(device: str) -> list[Any]:
    """The execution providers for a device, in the form that `InferenceSession` takes.

    Options: https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html
    """
    if device == CPU:
        return ["CPUExecutionProvider"]
    options = {
        "device_id": str(cuda_index(device)),
        "use_tf32": "0",
        "cudnn_conv_algo_search": "HEURISTIC",  # the default tries every algorithm for every shape
        "arena_extend_strategy": "kSameAsRequested",
    }
    return [("CUDAExecutionProvider", options), "CPUExecutionProvider"]


def provider(device: str) -> str:
    """The name of the execution provider for a device."""
    return "CPUExecutionProvider" if device == CPU else "CUDAExecutionProvider"
