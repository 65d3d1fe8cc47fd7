"""Generate PyTorch source: one standalone file for a network, in the style of a hand-written one.

symbols     symbolic values: expressions with their values in all instances of a block
places      the environment of each composite: the names that its expressions can see
align       alignment of the instances of a block: which nodes correspond
columns     the names of a class, and expressions over them
modules     ops as constructor calls
copies      alignment of copies, and merging of equal consecutive items
chains      blocks and groups as constructor calls or as `nn.Sequential`
loops       copies named by their counter, as loops
classes     builds a class from the above
collect     the composites of a network grouped by definition, callees first
program     decides which composites share a class
parts       the data of a class
forward     the `forward` method: statements and variables
initialise  initialisers that are not PyTorch's defaults
unused      removal of unused arguments and local variables
layout      formatting of expressions as by `ruff format`
statements  formatting of the statements of `forward`
names       identifiers
writer      writes a class
render      writes the file
"""

from archspec.backends.torch.source.render import source

__all__ = ["source"]
