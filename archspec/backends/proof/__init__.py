"""Verify the numbers of a network against torch and ONNX Runtime."""
