"""The PyTorch backend: generated source, its check, and the live module."""
