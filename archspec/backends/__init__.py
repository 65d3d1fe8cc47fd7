"""The backends. torch, onnx and numpy are imported only here, inside functions."""
