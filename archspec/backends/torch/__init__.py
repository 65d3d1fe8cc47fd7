"""PyTorch: source, its check, and the live module."""
