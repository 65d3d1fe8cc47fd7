"""Writing a network as an ONNX model, directly: without torch, and with its weights streamed.

lowering  from the module tree to steps
fold      batch normalisation folded into the layer before
proto     from steps to the messages of the onnx package
export    files: the model, its weights beside it
"""

from archspec.backends.onnx_model.export import model_of, write_onnx

__all__ = ["model_of", "write_onnx"]
