"""PyTorch source: one standalone file for a network, as its author would have written it.

symbols     values as columns over the instances of a block, and the expressions that give them
places      where in the spec a node comes from, and what its expressions can see there
align       the instances of a block side by side: which nodes are the same
columns     the names of a class, and what is written in terms of them
modules     ops as constructors
copies      copies of a node in several instances, and equal items that follow each other
chains      blocks and groups as calls of classes, and as `nn.Sequential`
loops       copies that are named by their counter
classes     all that as a class
collect     the composites of a network by their definitions, callees first
program     which composites become one class
parts       what a class is made of
forward     `forward`: statements and variables
initialise  the weights whose first values are not PyTorch's
unused      arguments and local names that nothing mentions
layout      lines of code as `ruff format` lays them out
statements  the same for statements of `forward`, by their syntax
names       identifiers
writer      the text of a class
render      the text of the file
"""

from archspec.backends.torch.source.render import source

__all__ = ["source"]
