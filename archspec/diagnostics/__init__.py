"""What can be wrong with a spec, and how it is said."""

from archspec.diagnostics.diagnostic import Diagnostic, Label, Problem
from archspec.diagnostics.errors import SpecError, UnreadableError, UsageError

__all__ = ["Diagnostic", "Label", "Problem", "SpecError", "UnreadableError", "UsageError"]
