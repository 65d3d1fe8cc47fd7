"""What a network is compiled to. Only here are torch, onnx and numpy imported, inside functions."""
