"""From a document and parameters to the module tree, with all shapes."""

from archspec.elaborate.network import Network, elaborate_file, without_collector

__all__ = ["Network", "elaborate_file", "without_collector"]
