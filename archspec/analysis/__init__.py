"""Analyses of the module tree, one per file."""
