"""A name of old."""

from archspec.elaborate.network import elaborate_file as load

__all__ = ["load"]
