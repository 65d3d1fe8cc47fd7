"""Writing a network as an ONNX model, directly: without torch, and with its weights streamed.

lowering  from the module tree to steps
arrange   what steps do with weights alone, done at export
fold      batch normalisation folded into the layer before
derived   weights that are made of others, by both
proto     from steps to the messages of the onnx package
export    files: the model, its weights beside it
"""

from archspec.backends.onnx.export import model_of, write_onnx

__all__ = ["model_of", "write_onnx"]
