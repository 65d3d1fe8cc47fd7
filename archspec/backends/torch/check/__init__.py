"""Check generated PyTorch source against the spec, without torch.

The source is executed on stand-ins for PyTorch that record their arguments, and is compared op by op with the module
tree. The check is independent of the generator.

values     tensors as symbolic expressions
stand_ins  modules that record their arguments
execute    executes the source, and the templates of ops, on stand-ins
arguments  compares the arguments of a module or function with its op
disagreement the exception for a difference
compare    compares the module tree with the modules and values of the source
"""

from archspec.backends.torch.check.checker import check
from archspec.backends.torch.check.disagreement import Disagreement

__all__ = ["Disagreement", "check"]
