"""PyTorch source: one standalone file for a network, as its author would have written it.

symbols    values as columns over the instances of a block, and the expressions that give them
places     where in the spec a node comes from, and what its expressions can see there
align      the instances of a block side by side: which nodes are the same
classes    from aligned instances to a class: its arguments, modules, wiring
forward    the class's `forward`: statements and variables
initialise the weights whose first values are not PyTorch's
layout     lines of code as `ruff format` lays them out
names      identifiers
render     the text of classes and of the file
"""

from archspec.backends.torch_source.render import source

__all__ = ["source"]
