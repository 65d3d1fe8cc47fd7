"""Words of other libraries: each is met with the word that it has here, or with how it is said."""

import re

import pytest

import archspec
from archspec import ops
from archspec.elaborate.suggestions import ADVICE_ON_OPS, FIELDS, SYNONYMS


def said(layers: str) -> list[tuple[str, str | None]]:
    """What is found in these nodes: the word that a finding is about, and its help."""
    text = f'archspec = 1\n[model]\ninput = ["N", 4, 32, 32]\nlayers = [{layers}]\n'
    found = [item.diagnostic for item in archspec.validate("net.toml", source=text)]
    return [(found_.subject, found_.help) for found_ in found]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Conv2d", "conv"),
        ("conv2d", "conv"),
        ("ReLU", "relu"),
        ("batchnorm2d", "batchnorm"),
        ("bn", "batchnorm"),
        ("dropout2d", "dropout"),
        ("avg_pool", "avgpool"),
        ("gap", "global_avgpool"),
        ("swish", "silu"),
        ("fc", "linear"),
        ("view", "reshape"),
        ("leaky", "leaky_relu"),
        ("transpose", "permute"),
        ("squeeze", "reshape"),
        ("unsqueeze", "reshape"),
        ("clip", "clamp"),
        ("swiglu", "split"),
        ("nn.GLU", "glu"),
        ("rms_norm", "rmsnorm"),
        ("blurpool", "conv"),
        ("buffer", "constant"),
        ("se", "mul"),
        ("Rescaling", "scale"),
        ("amax", "reduce_max"),
        ("ReduceSum", "reduce_sum"),
        ("DropPath", "stochastic_depth"),
        ("Concatenate", "concat"),
        ("torch.bmm", "matmul"),
        ("einsum", "archspec ops"),
        ("l2norm", "normalize"),
        ("dense", "linear"),
    ],
)
def test_ops(word: str, meant: str) -> None:
    [(_, help_)] = said(f'"{word}"')
    assert f"`{meant}`" in str(help_)


@pytest.mark.parametrize(
    ("node", "key", "meant"),
    [
        ('op = "conv", out = 4, kernel = 1, in = 3', "in", "inferred"),
        ('op = "conv", out = 4, kernel = 1, in_channels = 3', "in_channels", "inferred"),
        ('op = "conv", out_channels = 4, kernel = 1', "out_channels", "`out`"),
        ('op = "conv", filters = 4, kernel = 1', "filters", "`out`"),
        ('op = "conv", out = 4, kernel_size = 1', "kernel_size", "`kernel`"),
        ('op = "conv", out = 4, kernel = 1, strides = 2', "strides", "`stride`"),
        ('op = "linear", units = 4', "units", "`out`"),
        ('op = "upsample", scale_factor = 2', "scale_factor", "`scale`"),
        ('op = "conv", out = 4, kernel = 1, activation = "relu"', "activation", "a node of its own"),
        ('op = "conv", out = 4, kernel = 1, kernel_initializer = "he"', "kernel_initializer", "`init`"),
        ('op = "conv", out = 4, kernel = 3, padding = "causal"', "causal", "`{ left = … }`"),
        ('op = "add", layers = ["relu", "silu"]', "layers", "`branches`"),
    ],
)
def test_fields(node: str, key: str, meant: str) -> None:
    [(word, help_)] = said(f"{{ {node} }}")
    assert word == key
    assert meant in str(help_)


def test_what_is_meant_exists() -> None:
    names = {*ops.names(), "residual", "dense", "reuse"}
    assert set(SYNONYMS.values()) <= names
    fields = {field for name in ops.names() for field in getattr(ops.lookup(name), "model_fields", {})}
    assert set(FIELDS.values()) <= fields
    words = {word for text in ADVICE_ON_OPS.values() for word in re.findall(r"`([a-z_0-9]+)`", text)}
    assert words - names <= {"from", "outputs", "input", "groups", "dilation", "min_val", "max_val"}
