"""Whether generated PyTorch source says what the spec says, found out without torch.

The source is executed on stand-ins for PyTorch that remember what they are called with, and compared op by op with the
module tree. Nothing here knows how the source was made.

values     tensors as the expressions that make them
stand_ins  modules that remember what they were made with
execute    the source, and the templates of ops, on stand-ins
arguments  what a module or a function is called with, against what its op says
disagreement what is raised where they differ
compare    the module tree against the modules and values of the source
"""

from archspec.backends.torch.check.compare import check
from archspec.backends.torch.check.disagreement import Disagreement

__all__ = ["Disagreement", "check"]
