"""What other libraries call ops and fields, and what they are called here."""

import re

from archspec import ops
from archspec.diagnostics.diagnostic import Replacement, shown
from archspec.language.names import WIRING_OPS

_GATE = "squeeze and excitation is a `mul` with two branches: [], and the nodes that make a factor for each channel"
_NODES = "write its nodes one after the other, or as a block of your own in `[blocks]`"
_INFERRED = "what goes in is inferred: leave it out"
_ACTIVATION = "an activation is a node of its own"
_NORM = "a norm is a node of its own"
_INIT = "initialisers are said in `init`"
_REPEAT = "how often a node stands in a row is said in `repeat`"
_FROM = "the value that a node takes is named in `from`"
_MADE = "what a node makes is named in `name` or `as`"
_GROUP = "nodes one after the other are a group: { layers = [ … ] }"
_SKIP = 'a skip connection is `residual`, or a join such as { op = "add", from = ["x", "name"] }'
_NONE = "no op does that, and `archspec ops` lists those that there are"

FIELDS = {
    "kernel_size": "kernel", "ksize": "kernel", "filter_size": "kernel", "window": "kernel", "pool_size": "kernel",
    "out_channels": "out", "out_features": "out", "filters": "out", "units": "out", "channels": "out",
    "features": "out", "width": "out", "pad": "padding", "pads": "padding", "strides": "stride",
    "scale_factor": "scale", "num_heads": "heads", "start_dim": "start", "end_dim": "stop", "end": "stop",
    "dim": "axis", "dims": "axes", "ceil_mode": "ceil", "num_groups": "groups", "output_size": "size", "rate": "p",
    "dropout": "p", "alpha": "alpha", "use_bias": "bias", "epsilon": "eps", "dilations": "dilation",
    "dilation_rate": "dilation", "num_filters": "out", "planes": "out", "out_planes": "out", "output_dim": "out",
    "c_out": "out", "n_filters": "out", "size": "kernel", "kernel_shape": "kernel", "k": "kernel", "s": "stride",
    "subsample": "stride", "groups_count": "groups", "num_group": "groups", "group": "groups", "affine": "scale",
    "slope": "negative_slope", "p_drop": "p", "drop_prob": "p", "drop_rate": "p", "drop": "p", "prob": "p",
    "upscale_factor": "scale", "downscale_factor": "scale", "factor": "scale", "n_heads": "heads", "head": "heads",
    "padding_mode": "mode", "pad_mode": "mode", "padding_type": "mode", "interpolation": "mode",
    "split_size_or_sections": "sections", "chunks": "sections", "parts": "sections",
}  # fmt: skip
"""What other libraries call the fields, and what they are called here."""
ADVICE_ON_FIELDS = {
    "in_channels": _INFERRED, "in_features": _INFERRED, "in": _INFERRED, "activation": _ACTIVATION,
    "act": _ACTIVATION, "inputs": "the values that a node takes are listed in `from`", "input": _FROM,
    "num_features": _INFERRED, "embed_dim": _INFERRED, "normalized_shape": _INFERRED, "num_channels": _INFERRED,
    "in_planes": _INFERRED, "inplanes": _INFERRED, "input_dim": _INFERRED, "c_in": _INFERRED, "in_filters": _INFERRED,
    "input_shape": _INFERRED, "weight_init": _INIT, "kernel_initializer": _INIT, "bias_initializer": _INIT,
    "batch_norm": _NORM, "norm": _NORM, "bn": _NORM, "relu": _ACTIVATION, "nonlinearity": _ACTIVATION,
    "data_format": "values are channels first: leave it out", "device": "a spec has no devices: leave it out",
    "dtype": "the element type is chosen when exporting: leave it out", "bottom": _FROM, "input_name": _FROM,
    "top": _MADE, "output": _MADE, "n": _REPEAT, "times": _REPEAT, "number": _REPEAT, "depth": _REPEAT,
    "inplace": "there is no such choice to make here: leave it out",
}  # fmt: skip
"""What other libraries have fields for, and how it is said here."""
_WINDOW = "the size of the window is the `kernel`; the size of the output is chosen by `{}`"
OF_ONE_OP = {
    ("avgpool", "size"): _WINDOW.format("adaptive_avgpool"), ("maxpool", "size"): _WINDOW.format("adaptive_maxpool"),
    ("avgpool", "output_size"): _WINDOW.format("adaptive_avgpool"),
    ("maxpool", "output_size"): _WINDOW.format("adaptive_maxpool"),
    ("conv", "padding_mode"): "a border of something else than zeros is a `pad` with that `mode`, before the `conv`",
    ("conv", "pad_mode"): "a border of something else than zeros is a `pad` with that `mode`, before the `conv`",
}  # fmt: skip
"""Fields that mean another thing for one op than for others: op and key → how it is said here."""
SYNONYMS = {
    "convolution": "conv", "denselayer": "linear", "dense": "linear", "fc": "linear", "fullyconnected": "linear",
    "bn": "batchnorm", "cat": "concat", "sum": "add", "swish": "silu", "gap": "global_avgpool", "pool": "maxpool",
    "maxpooling": "maxpool", "averagepooling": "avgpool", "globalaveragepooling": "global_avgpool",
    "resize": "upsample", "interpolate": "upsample", "upsampling": "upsample", "multiheadattention": "attention",
    "zeropad": "pad", "zeropadding": "pad", "reflectionpad": "pad", "replicationpad": "pad",
    "localresponsenorm": "lrn", "conv2dtranspose": "conv_transpose", "deconv": "conv_transpose",
    "localresponsenormalization": "lrn", "batchnormalization": "batchnorm", "layernormalization": "layernorm",
    "moveaxis": "permute", "view": "reshape", "leaky": "leaky_relu", "lrelu": "leaky_relu", "hswish": "hardswish",
    "hsigmoid": "hardsigmoid", "parameter": "param", "variable": "param", "mean": "reduce_mean",
    "buffer": "constant", "registerbuffer": "constant",
    "amax": "reduce_max", "l2norm": "normalize", "l2normalize": "normalize", "l2normalization": "normalize",
    "unitnormalization": "normalize", "lpnormalization": "normalize", "rmsnormalization": "rmsnorm",
    "bmm": "matmul", "batchmatmul": "matmul", "mm": "matmul", "dot": "matmul", "divide": "div", "truediv": "div",
    "division": "div", "clip": "clamp", "clipbyvalue": "clamp", "magnitude": "abs", "absolute": "abs",
    "rescaling": "scale", "rescale": "scale", "mulconstant": "scale", "mulscalar": "scale", "addscalar": "scale",
    "ln": "log", "simplifiedlayernorm": "rmsnorm", "cyclicshift": "roll",
    "average": "reduce_mean", "concatenate": "concat", "concatenation": "concat", "merge": "concat", "plus": "add",
    "addition": "add", "eltwise": "add", "elementwiseadd": "add", "multiply": "mul", "multiplication": "mul",
    "subtract": "sub", "maximum": "max", "chunk": "split", "slicing": "slice", "narrow": "slice", "index": "slice",
    "padding": "pad", "droppath": "stochastic_depth", "stochasticdepth": "stochastic_depth",
    "spatialdropout": "dropout", "alphadropout": "dropout", "noop": "identity", "passthrough": "identity",
    "linearactivation": "identity", "convolutional": "conv", "conv2dtransposed": "conv_transpose",
    "transposedconv": "conv_transpose", "transposeconv": "conv_transpose", "deconvolution": "conv_transpose",
    "upconv": "conv_transpose", "innerproduct": "linear", "affine": "linear", "mha": "attention",
    "selfattention": "attention", "multiheadselfattention": "attention", "gmp": "global_maxpool",
    "globalpool": "global_avgpool", "globalmaxpooling": "global_maxpool", "depthtospace": "pixel_shuffle",
    "spacetodepth": "pixel_unshuffle", "shuffle": "channel_shuffle", "pixelshuffler": "pixel_shuffle",
}  # fmt: skip
"""What other libraries call the ops, in lower case and without the number of axes, and what they are called here."""
ADVICE_ON_OPS = {
    "depthwiseconv": 'a depthwise convolution is `conv` with groups = "x.channels"', "sequential": _GROUP,
    "transpose": 'axes change places with `permute`, such as axes = [0, 2, 1]',
    "swapaxes": 'axes change places with `permute`, such as axes = [0, 2, 1]',
    "rearrange": 'this is `reshape` and `permute`, one after the other',
    "squeeze": 'an axis of size 1 goes with `reshape`, or with `flatten` at the end of a network',
    "unsqueeze": 'an axis of size 1 is added with `reshape`',
    "expanddims": 'an axis of size 1 is added with `reshape`',
    "swiglu": 'this is a `split` in two and a `mul` of one part and the `silu` of the other',
    "blurpool": 'a blur is `pad` with mode = "reflect" and a `conv` with groups = "x.channels" and a stride',
    "se": _GATE, "seblock": _GATE,
    "selayer": _GATE, "squeezeexcite": _GATE, "squeezeexcitation": _GATE, "squeezeandexcite": _GATE,
    "semodule": _GATE, "eca": _GATE, "einsum": _NONE,
    "pow": _NONE,
    "frn": _NONE, "embedding": _NONE,
    "lstm": _NONE, "gru": _NONE, "rnn": _NONE, "unfold": _NONE, "im2col": _NONE, "gather": _NONE, "roialign": _NONE,
    "roipool": _NONE, "gridsample": _NONE, "argmax": _NONE, "cumsum": _NONE, "deformconv": _NONE, "fft": _NONE,
    "spectralnorm": _NONE, "weightnorm": _NONE,
    "layerscale": "a factor that is trained is a `param` and a `mul`",
    "minimum": _NONE,
    "stack": "an axis for each value is added with `reshape`, and joined with `concat`",
    "input": "the shape of the input stands in `[model]`, in `input`",
    "inputlayer": "the shape of the input stands in `[model]`, in `input`",
    "output": "the last node is the output; others are named in `outputs` of `[model]`", "skip": _SKIP,
    "shortcut": _SKIP, "route": '`from` names the value that a node takes; several are joined by `concat`',
    "conv1x1": '`conv` with kernel = 1', "conv3x3": '`conv` with kernel = 3 and padding = 1', "maxunpool": _NONE,
    "separableconv": 'this is a `conv` with groups = "x.channels", and a `conv` with kernel = 1',
    "dwconv": 'a depthwise convolution is `conv` with groups = "x.channels"',
    "depthwise": 'a depthwise convolution is `conv` with groups = "x.channels"',
    "pointwiseconv": '`conv` with kernel = 1', "groupconv": "`conv` with `groups`",
    "dilatedconv": "`conv` with `dilation`", "atrousconv": "`conv` with `dilation`", "convbnrelu": _NODES,
    "convbn": _NODES, "convnormact": _NODES, "cbr": _NODES, "convbnact": _NODES, "convbnsilu": _NODES, "mlp": _NODES,
    "activation": "an activation is an op: `relu`, `silu`, `gelu` …",
    "norm": "a norm is an op: `batchnorm`, `layernorm`, `groupnorm` …", "modulelist": _GROUP,
}  # fmt: skip
"""What other libraries have ops for, and how it is said here."""


def elsewhere(name: str) -> Replacement | str | None:
    """What an op of PyTorch or Keras is called here, or how it is said; `None` if that is not known."""
    if "," in name:
        listed = ", ".join(f'"{shown(part.strip())}"' for part in name.split(",") if part.strip())
        return f"several nodes are a list: {listed}"
    if name in WIRING_OPS:
        return None
    plain = name.rpartition(".")[2].lower().replace("_", "")
    bare = re.sub(r"[123]d", "", plain)
    ours = {op.replace("_", ""): op for op in ops.names()}
    for word in (plain, bare):
        if word in ADVICE_ON_OPS:
            return ADVICE_ON_OPS[word]
        found = SYNONYMS.get(word) or ours.get(word)
        if found is not None and found != name:
            return Replacement(found)
    return None
