"""Diagnostics: rules, findings, and their output formats."""

from archspec.diagnostics.diagnostic import Diagnostic, Label, Problem
from archspec.diagnostics.errors import SpecError, UnreadableError, UsageError

__all__ = ["Diagnostic", "Label", "Problem", "SpecError", "UnreadableError", "UsageError"]
