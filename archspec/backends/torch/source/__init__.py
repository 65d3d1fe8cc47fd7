"""Generate PyTorch source: one standalone file for a network, in the style of a hand-written one.

rows         the instances of a class, and the nodes that each step of a definition made in them
symbols      symbolic values: expressions with their values in all rows
scope        the names of a class, and the spec's expressions over them
ops          ops as constructor calls
functions    ops as functions of tensors
blocks       blocks as constructor calls
graph        the values in the body of a class
cycles       copies that `forward` calls in a loop
loops        copies in general
placing      the names and places of modules
modules      single nodes
choices      nodes that differ in more than numbers
steps        the walk over the steps of a definition
builder      builds a class from the above
program      decides which instances share a class
parts        the data of a class
annotations  the types of arguments
arguments    the order of arguments, and docstrings
constructors writes the calls that construct modules
writer       writes a class
reads        what `forward` reads
forward      writes the `forward` method: statements and variables
initialise   initialisers that are not PyTorch's defaults
layout       formatting of expressions as by `ruff format`
statements   formatting of the statements of `forward`
names        identifiers
family       all variants of a spec as one class
render       writes the file
"""

from archspec.backends.torch.source.render import family, is_family, source

__all__ = ["family", "is_family", "source"]
