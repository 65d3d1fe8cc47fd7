"""The ONNX backend: writes a model directly, without torch, and streams its weights.

lowering  the module tree to a graph of steps
arrange   constant-folding of steps that only rearrange weights
fold      folding of batch normalisation into the preceding layer
derived   weights computed from other weights, by `arrange` and `fold`
proto     the graph to protobuf messages
export    files: the model, and its external data
"""

from archspec.backends.onnx.export import model_of, write_onnx

__all__ = ["model_of", "write_onnx"]
