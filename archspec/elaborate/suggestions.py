"""Suggestions for the names that other libraries give to ops and fields."""

import re

from archspec import ops
from archspec.diagnostics.diagnostic import Replacement, shown
from archspec.language.names import WIRING_OPS


def _advice(table: dict[str, str]) -> dict[str, str]:
    """Each word of the keys, with what is said about it."""
    return {word: text for words, text in table.items() for word in words.split()}


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
ADVICE_ON_FIELDS = _advice(
    {
        "in_channels in_features in num_features embed_dim normalized_shape num_channels in_planes inplanes "
        "input_dim c_in in_filters input_shape": "the shape of the input is inferred: leave it out",
        "activation act relu nonlinearity": "an activation is a node of its own",
        "inputs": "`from` lists the values that a node takes",
        "input bottom input_name": "`from` names the value that a node takes",
        "weight_init kernel_initializer bias_initializer": "initialisers are given in `init`",
        "batch_norm norm bn": "a norm is a node of its own",
        "data_format": "tensors are always channels first: leave it out",
        "device": "a spec has no devices: leave it out",
        "dtype": "the element type is chosen when exporting: leave it out",
        "top output": "`name` or `as` names the value that a node makes",
        "n times number depth": "`repeat` is the number of copies of a node, one after the other",
        "inplace": "archspec chooses what works in place: leave it out",
    }
)
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
ADVICE_ON_OPS = _advice(
    {
        "depthwiseconv dwconv depthwise": 'a depthwise convolution is `conv` with groups = "x.channels"',
        "sequential modulelist": "a sequence of nodes is a group: { layers = [ … ] }",
        "transpose swapaxes": "`permute` swaps axes, as in axes = [0, 2, 1]",
        "rearrange": "this is `reshape` and `permute`, one after the other",
        "squeeze": "`reshape` removes an axis of size 1; so does `flatten` at the end of a network",
        "unsqueeze expanddims": "`reshape` adds an axis of size 1",
        "swiglu": "this is a `split` in two and a `mul` of one part and the `silu` of the other",
        "blurpool": 'a blur is `pad` with mode = "reflect" and a `conv` with groups = "x.channels" and a stride',
        "se seblock selayer squeezeexcite squeezeexcitation squeezeandexcite semodule eca": "squeeze-and-excitation "
        "is a `mul` of two branches: [], and the nodes that compute a factor for each channel",
        "einsum pow frn embedding lstm gru rnn unfold im2col gather roialign roipool gridsample argmax cumsum "
        "deformconv fft spectralnorm weightnorm minimum maxunpool": "no op does that; `archspec ops` lists the ops",
        "layerscale": "a learnable factor is a `param` and a `mul`",
        "stack": "add an axis to each value with `reshape`, and join the values with `concat`",
        "input inputlayer": "`input` in `[model]` is the shape of the input",
        "output": "the last node is the output; `outputs` in `[model]` names others",
        "skip shortcut": "a skip connection is `residual`, or a join such as "
        '{ op = "add", from = ["x", "name"] }',
        "route": "`from` names the value that a node takes; `concat` joins several",
        "conv1x1 pointwiseconv": "`conv` with kernel = 1",
        "conv3x3": "`conv` with kernel = 3 and padding = 1",
        "separableconv": 'this is a `conv` with groups = "x.channels", and a `conv` with kernel = 1',
        "groupconv": "`conv` with `groups`",
        "dilatedconv atrousconv": "`conv` with `dilation`",
        "convbnrelu convbn convnormact cbr convbnact convbnsilu mlp": "write its nodes one after the other, or "
        "define a block of your own in `[blocks]`",
        "activation": "an activation is an op: `relu`, `silu`, `gelu` …",
        "norm": "a norm is an op: `batchnorm`, `layernorm`, `groupnorm` …",
    }
)
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
