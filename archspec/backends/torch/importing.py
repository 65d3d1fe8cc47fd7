"""Import torch on demand."""

from typing import Any

from archspec.diagnostics import UsageError


def import_torch() -> Any:
    """The module `torch`. Raises `UsageError` if it is not installed."""
    try:
        import torch
    except ImportError:
        raise UsageError("this needs PyTorch: install `archspec-nn[torch]`") from None
    return torch
