"""From a document and parameters to the module tree, with all shapes."""

from archspec.elaborate.network import Network, elaborate, elaborate_file, load_document, without_collector

__all__ = ["Network", "elaborate", "elaborate_file", "load_document", "without_collector"]
