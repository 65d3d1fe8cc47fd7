"""Proof that the numbers of a network are those of torch and ONNX Runtime."""
