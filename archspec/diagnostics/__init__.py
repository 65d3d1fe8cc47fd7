"""What can be wrong with a spec, and how it is said."""

from archspec.diagnostics.diagnostic import Diagnostic, Problem, SpecError, UsageError
from archspec.diagnostics.rules import RULES

__all__ = ["RULES", "Diagnostic", "Problem", "SpecError", "UsageError"]
