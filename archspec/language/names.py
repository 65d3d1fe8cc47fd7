"""The rules for names."""

import re

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown
from archspec.language import limits
from archspec.language.arithmetic import FUNCTIONS
from archspec.language.expressions import KEYWORDS, RESERVED

_MODULE = re.compile(r"[A-Za-z0-9_-]+")
_BLOCK = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_VARIANT = re.compile(r"[A-Za-z0-9_.+-]+")
_PARAM = re.compile(r"[a-z_][A-Za-z0-9_]*")

NODE_KEYS = (
    "op",
    "name",
    "as",
    "from",
    "repeat",
    "index",
    "parallel",
    "first",
    "when",
    "doc",
    "shape",
    "let",
)
"""The keys that every table node may have."""
WIRING_KEYS = ("layers", "shortcut", "skip", "branches", "of")
"""The keys of nodes that wire other nodes."""
WIRING_OPS = ("residual", "dense", "reuse")
"""The ops that are wiring, not computation."""
OPS = frozenset(
    """
    adaptive_avgpool adaptive_maxpool add attention avgpool batchnorm celu channel_shuffle concat conv
    conv_transpose crop dropout elu expand flatten gelu global_avgpool global_maxpool groupnorm hardsigmoid
    hardswish hardtanh identity instancenorm layernorm leaky_relu linear log_softmax lppool lrn max maxpool mish
    mul pad param permute pixel_shuffle pixel_unshuffle prelu reduce_mean relu relu6 reshape selu sigmoid silu
    slice softmax softplus softsign split stochastic_depth sub tanh upsample
    """.split()
)
"""The builtin ops of version 1 of the language, whose names no block may take. Later ones give way to a block."""
KINDS = ("group", "repeat", "model", "removed")
"""The kinds of composites that are not blocks."""

TORCH_ATTRIBUTES = frozenset(
    """
    T_destination bfloat16 _apply _backward_hooks _backward_pre_hooks _buffers _call_impl _compiled_call_impl
    _forward_hooks _forward_hooks_always_called _forward_hooks_with_kwargs _forward_pre_hooks
    _forward_pre_hooks_with_kwargs _get_abs_string_index _get_backward_hooks _get_backward_pre_hooks
    _get_item_by_idx _get_name _is_full_backward_hook _load_from_state_dict _load_state_dict_post_hooks
    _load_state_dict_pre_hooks _maybe_warn_non_full_backward_hook _modules _named_members
    _non_persistent_buffers_set _parameters _register_load_state_dict_pre_hook _register_state_dict_hook
    _replicate_for_data_parallel _save_to_state_dict _slow_forward _state_dict_hooks _state_dict_pre_hooks
    _version _wrapped_call_impl add_module append apply buffers call_super_init children clear compile cpu
    cuda double dump_patches eval extend extra_repr float forward get_buffer get_extra_state get_parameter
    get_submodule half insert ipu items keys load_state_dict modules mtia named_buffers named_children
    named_modules named_parameters parameters pop register_backward_hook register_buffer register_forward_hook
    register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule
    share_memory state_dict to to_empty train training type update values xpu zero_grad
    """.split()
)
"""Attributes of torch's Module, Sequential and ModuleDict: a submodule of such a name would hide or break them."""


def check_module_name(name: str) -> None:
    """Refuse a name that a module of a state_dict cannot have."""
    if not _MODULE.fullmatch(name) or len(name) > limits.NAME_LENGTH:
        reason = "a module's name is made of ASCII letters, digits, `_` and `-`"
    elif name.startswith("__"):
        reason = "a module's name does not start with `__`"
    elif name in TORCH_ATTRIBUTES:
        reason = "every torch module has an attribute of that name"
    elif name in ("x", "input"):
        reason = f"`{name}` already names an input"
    else:
        return
    raise _refused(name, f"be the name of a module: {reason}")


def _refused(name: str, what: str) -> Problem:
    """The problem for a name that cannot be used, with the reason."""
    return Problem("AS206", f"`{shown(name)}` cannot {what}", subject=name)


def check_label(name: str) -> None:
    """Refuse a name that a value cannot have."""
    if not _MODULE.fullmatch(name) or name in ("x", "input") or len(name) > limits.NAME_LENGTH:
        raise _refused(
            name, "name a value: use ASCII letters, digits, `_` and `-`, and neither `x` nor `input`"
        )


def check_block_name(name: str) -> None:
    """Refuse a name that a block cannot have."""
    if not _BLOCK.fullmatch(name) or len(name) > limits.NAME_LENGTH:
        raise _refused(
            name, "be the name of a block: use ASCII letters, digits, `_` and `-`, beginning with a letter"
        )
    if name in OPS or name in WIRING_OPS or name in KINDS:
        raise Problem(
            "AS206", f"`{name}` means something else already: a block needs another name", subject=name
        )


def check_param_name(name: str, what: str = "a parameter") -> None:
    """Refuse a name that a parameter, a `let` or a counter cannot have."""
    if not _PARAM.fullmatch(name) or len(name) > limits.NAME_LENGTH:
        reason = "it starts in lower case and is made of ASCII letters, digits and `_`"
    elif name in KEYWORDS or name in FUNCTIONS:
        reason = "it is a word of the expression language"
    elif name in RESERVED:
        reason = "it names an input"
    elif name in NODE_KEYS or name in WIRING_KEYS:
        reason = "it is a key of nodes"
    else:
        return
    raise _refused(name, f"be the name of {what}: {reason}")


def check_model_name(name: str) -> None:
    """Refuse a name that does not print as one line."""
    if not name.isprintable() or not name.strip() or len(name) > limits.NAME_LENGTH:
        raise _refused(name, "be the name of a model: it is one line of printable text")


def name_of_file(stem: str) -> str:
    """The name of a model that is named after its file: one line of printable text, whatever the file is called."""
    plain = "".join(letter if letter.isprintable() else "_" for letter in stem)[: limits.NAME_LENGTH]
    return plain if plain.strip() else "model"


def check_variant_name(name: str) -> None:
    """Refuse a name that cannot follow `@` on a command line."""
    if not _VARIANT.fullmatch(name) or len(name) > limits.NAME_LENGTH:
        reason = "it is made of ASCII letters, digits, `_`, `-`, `.` and `+`"
        raise _refused(name, f"be the name of a variant: {reason}")


def check_input_name(name: str) -> None:
    """Refuse a name that an input cannot have. The first one may be called `input`."""
    if name != "input" and not (name in NODE_KEYS or name in WIRING_KEYS):
        check_param_name(name, "an input")
