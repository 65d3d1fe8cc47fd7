"""Suggestions for the names that other libraries give to ops and fields."""

import re

from archspec import ops
from archspec.diagnostics.diagnostic import Replacement, shown
from archspec.language.names import WIRING_OPS

_GATE = "squeeze-and-excitation is a `mul` of two branches: [], and the nodes that compute a factor for each channel"
_NODES = "write its nodes one after the other, or define a block of your own in `[blocks]`"
_INFERRED = "the shape of the input is inferred: leave it out"
_ACTIVATION = "an activation is a node of its own"
_NORM = "a norm is a node of its own"
_INIT = "initialisers are given in `init`"
_REPEAT = "`repeat` is the number of copies of a node, one after the other"
_FROM = "`from` names the value that a node takes"
_MADE = "`name` or `as` names the value that a node makes"
_GROUP = "a sequence of nodes is a group: { layers = [ … ] }"
_SKIP = 'a skip connection is `residual`, or a join such as { op = "add", from = ["x", "name"] }'
_NONE = "no op does that; `archspec ops` lists the ops"


def _words(table: str) -> dict[str, str]:
    """Parse lines `ours: theirs theirs …`, which continue where they are indented more, to theirs → ours."""
    found = {}
    for word in table.split():
        if word.endswith(":"):
            ours = word[:-1]
        else:
            found[word] = ours
    return found


FIELDS = _words("""
    kernel: kernel_size ksize filter_size window pool_size size kernel_shape k
    out: out_channels out_features filters units channels features width num_filters planes out_planes
      output_dim c_out n_filters
    padding: pad pads
    stride: strides s subsample
    scale: scale_factor affine upscale_factor downscale_factor factor
    heads: num_heads n_heads head
    start: start_dim
    stop: end_dim end
    axis: dim
    axes: dims
    ceil: ceil_mode
    groups: num_groups groups_count num_group group
    size: output_size
    p: rate dropout p_drop drop_prob drop_rate drop prob
    alpha: alpha
    bias: use_bias
    eps: epsilon
    dilation: dilations dilation_rate
    negative_slope: slope
    mode: padding_mode pad_mode padding_type interpolation
    sections: split_size_or_sections chunks parts
""")
"""The names that other libraries give to fields → the names here."""
ADVICE_ON_FIELDS = {
    **dict.fromkeys(
        (
            "in_channels in_features in num_features embed_dim normalized_shape num_channels "
            "in_planes inplanes input_dim c_in in_filters input_shape"
        ).split(),
        _INFERRED,
    ),
    **dict.fromkeys("activation act relu nonlinearity".split(), _ACTIVATION),
    "inputs": "`from` lists the values that a node takes",
    **dict.fromkeys("input bottom input_name".split(), _FROM),
    **dict.fromkeys("weight_init kernel_initializer bias_initializer".split(), _INIT),
    **dict.fromkeys("batch_norm norm bn".split(), _NORM),
    "data_format": "tensors are always channels first: leave it out",
    "device": "a spec has no devices: leave it out",
    "dtype": "the element type is chosen when exporting: leave it out",
    "top": _MADE,
    "output": _MADE,
    **dict.fromkeys("n times number depth".split(), _REPEAT),
    "inplace": "archspec chooses what works in place: leave it out",
}
"""Fields of other libraries that ops do not have here → what to write instead."""
_WINDOW = "`kernel` is the size of the window; for an output of a given size, use `{}`"
_BORDER = "to pad with anything but zeros, put a `pad` with that `mode` before the `conv`"
OF_ONE_OP = {
    ("avgpool", "size"): _WINDOW.format("adaptive_avgpool"),
    ("maxpool", "size"): _WINDOW.format("adaptive_maxpool"),
    ("avgpool", "output_size"): _WINDOW.format("adaptive_avgpool"),
    ("maxpool", "output_size"): _WINDOW.format("adaptive_maxpool"),
    ("conv", "padding_mode"): _BORDER,
    ("conv", "pad_mode"): _BORDER,
}
"""Fields that mean something else for one op: the op and the field → what to write instead."""
SYNONYMS = _words("""
    conv: convolution convolutional
    linear: denselayer dense fc fullyconnected innerproduct affine
    batchnorm: bn batchnormalization
    concat: cat concatenate concatenation merge
    add: sum plus addition eltwise elementwiseadd
    silu: swish
    global_avgpool: gap globalaveragepooling globalpool
    maxpool: pool maxpooling
    avgpool: averagepooling
    upsample: resize interpolate upsampling
    attention: multiheadattention mha selfattention multiheadselfattention
    pad: zeropad zeropadding reflectionpad replicationpad padding
    lrn: localresponsenorm localresponsenormalization
    conv_transpose: conv2dtranspose deconv conv2dtransposed transposedconv transposeconv deconvolution
      upconv
    layernorm: layernormalization
    permute: moveaxis
    reshape: view
    leaky_relu: leaky lrelu
    hardswish: hswish
    hardsigmoid: hsigmoid
    param: parameter variable
    reduce_mean: mean average
    constant: buffer registerbuffer
    reduce_max: amax
    normalize: l2norm l2normalize l2normalization unitnormalization lpnormalization
    rmsnorm: rmsnormalization simplifiedlayernorm
    matmul: bmm batchmatmul mm dot
    div: divide truediv division
    clamp: clip clipbyvalue
    abs: magnitude absolute
    scale: rescaling rescale mulconstant mulscalar addscalar
    log: ln
    roll: cyclicshift
    mul: multiply multiplication
    sub: subtract
    max: maximum
    split: chunk
    slice: slicing narrow index
    stochastic_depth: droppath stochasticdepth
    dropout: spatialdropout alphadropout
    identity: noop passthrough linearactivation
    global_maxpool: gmp globalmaxpooling
    pixel_shuffle: depthtospace pixelshuffler
    pixel_unshuffle: spacetodepth
    channel_shuffle: shuffle
""")
"""The names that other libraries give to ops, in lower case and without the number of axes → the names here."""
ADVICE_ON_OPS = {
    **dict.fromkeys(
        "depthwiseconv dwconv depthwise".split(),
        'a depthwise convolution is `conv` with groups = "x.channels"',
    ),
    "sequential": _GROUP,
    "modulelist": _GROUP,
    "transpose": "`permute` swaps axes, as in axes = [0, 2, 1]",
    "swapaxes": "`permute` swaps axes, as in axes = [0, 2, 1]",
    "rearrange": "this is `reshape` and `permute`, one after the other",
    "squeeze": "`reshape` removes an axis of size 1; so does `flatten` at the end of a network",
    "unsqueeze": "`reshape` adds an axis of size 1",
    "expanddims": "`reshape` adds an axis of size 1",
    "swiglu": "this is a `split` in two and a `mul` of one part and the `silu` of the other",
    "blurpool": 'a blur is `pad` with mode = "reflect" and a `conv` with groups = "x.channels" and a stride',
    **dict.fromkeys(
        "se seblock selayer squeezeexcite squeezeexcitation squeezeandexcite semodule eca".split(), _GATE
    ),
    **dict.fromkeys(
        (
            "einsum pow frn embedding lstm gru rnn unfold im2col gather roialign roipool gridsample "
            "argmax cumsum deformconv fft spectralnorm weightnorm minimum maxunpool"
        ).split(),
        _NONE,
    ),
    "layerscale": "a learnable factor is a `param` and a `mul`",
    "stack": "add an axis to each value with `reshape`, and join the values with `concat`",
    "input": "`input` in `[model]` is the shape of the input",
    "inputlayer": "`input` in `[model]` is the shape of the input",
    "output": "the last node is the output; `outputs` in `[model]` names others",
    "skip": _SKIP,
    "shortcut": _SKIP,
    "route": "`from` names the value that a node takes; `concat` joins several",
    "conv1x1": "`conv` with kernel = 1",
    "pointwiseconv": "`conv` with kernel = 1",
    "conv3x3": "`conv` with kernel = 3 and padding = 1",
    "separableconv": 'this is a `conv` with groups = "x.channels", and a `conv` with kernel = 1',
    "groupconv": "`conv` with `groups`",
    "dilatedconv": "`conv` with `dilation`",
    "atrousconv": "`conv` with `dilation`",
    **dict.fromkeys("convbnrelu convbn convnormact cbr convbnact convbnsilu mlp".split(), _NODES),
    "activation": "an activation is an op: `relu`, `silu`, `gelu` …",
    "norm": "a norm is an op: `batchnorm`, `layernorm`, `groupnorm` …",
}
"""Ops of other libraries that are missing here → what to write instead."""


def elsewhere(name: str) -> Replacement | str | None:
    """The name here of an op of PyTorch or Keras, or what to write instead; `None` if it is unknown."""
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
