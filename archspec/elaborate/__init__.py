"""From a document and parameters to the module tree, with all shapes."""

from archspec.elaborate.model import Model, load

__all__ = ["Model", "load"]
