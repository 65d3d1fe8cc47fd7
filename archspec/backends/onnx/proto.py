"""Serialise a graph to the protobuf messages of the onnx package."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from archspec._version import __version__
from archspec.backends.onnx.lowering import LocalFunction, Lowering
from archspec.backends.weights.sources import encoded
from archspec.ops.core.onnx_graph import Attribute, Graph, OnnxConstant, OnnxStep
from archspec.types import DTYPES, TensorType

if TYPE_CHECKING:
    import onnx

DOMAIN = "archspec"
"""The domain of model-local functions."""
IR_VERSION = 10
"""The oldest IR version that is written, which ONNX Runtime reads from 1.18 on."""


def element_type(dtype: str) -> int:
    """The number of an element type in `TensorProto.DataType`."""
    import onnx

    return int(getattr(onnx.TensorProto, DTYPES[dtype].onnx))


class Writer:
    """Makes the protobuf messages of one network in one floating type."""

    def __init__(self, lowering: Lowering, dtype: str) -> None:
        self.lowering, self.dtype = lowering, dtype
        self.element = element_type(dtype)

    def model(
        self, name: str, doc: str, metadata: Mapping[str, str], *, weights_as_inputs: bool
    ) -> "onnx.ModelProto":
        """The model without the data of its weights, which are inputs or are added later."""
        import onnx

        model = onnx.ModelProto(
            ir_version=ir_version(self.lowering.opset),
            producer_name="archspec",
            producer_version=__version__,
            doc_string=doc,
        )
        model.opset_import.add(domain="", version=self.lowering.opset)
        if self.lowering.functions:
            model.opset_import.add(domain=DOMAIN, version=1)
        for key, value in metadata.items():
            model.metadata_props.add(key=key, value=value)
        self._graph(model.graph, self.lowering.graph, weights_as_inputs=weights_as_inputs)
        model.graph.name = name
        for function in self.lowering.functions:
            self._function(model.functions.add(), function)
        return model

    def _graph(self, proto: "onnx.GraphProto", graph: Graph, *, weights_as_inputs: bool) -> None:
        for name, type_ in graph.inputs.items():
            self._value(proto.input.add(), name, self.element, type_)
        if weights_as_inputs:
            for key, weight in graph.weights.items():
                self._value(proto.input.add(), key, self.element, TensorType(weight.shape))
        for name in graph.outputs:
            self._value(proto.output.add(), name, self.element, graph.types[name])
        self._infos(proto.value_info, graph, without={*graph.inputs, *graph.outputs, *graph.weights})
        self._steps(proto.node, graph.steps)
        for name, constant in graph.constants.items():
            self._constant(proto.initializer.add(), name, constant)

    def _function(self, proto: "onnx.FunctionProto", function: LocalFunction) -> None:
        import onnx

        graph = function.graph
        proto.name, proto.domain = function.name, DOMAIN
        proto.input.extend([*graph.inputs, *graph.weights])
        proto.output.extend(graph.outputs)
        proto.opset_import.add(domain="", version=self.lowering.opset)
        if any(step.function for step in graph.steps):
            proto.opset_import.add(domain=DOMAIN, version=1)
        for name, constant in graph.constants.items():
            node = proto.node.add(op_type="Constant", name=name, output=[name])
            attribute = node.attribute.add(name="value", type=onnx.AttributeProto.TENSOR)
            self._constant(attribute.t, "", constant)
        self._steps(proto.node, graph.steps)
        self._infos(proto.value_info, graph, without={*graph.weights})

    def _infos(self, target: Any, graph: Graph, *, without: set[str]) -> None:
        for name, type_ in graph.types.items():
            if name not in without:
                self._value(target.add(), name, self.element, type_)
        for name, (kind, type_) in graph.others.items():
            self._value(target.add(), name, element_type(kind), type_)

    def _value(self, proto: "onnx.ValueInfoProto", name: str, element: int, type_: TensorType) -> None:
        proto.name = name
        tensor = proto.type.tensor_type
        tensor.elem_type = element
        shape = tensor.shape
        shape.SetInParent()  # a scalar has a shape with no axes
        for dim in type_.shape:
            if isinstance(dim, int):
                shape.dim.add(dim_value=dim)
            else:
                shape.dim.add(dim_param=str(dim))

    def _steps(self, target: Any, steps: Iterable[OnnxStep]) -> None:
        for step in steps:
            domain = DOMAIN if step.function else ""
            node = target.add(
                op_type=step.op, name=step.name, domain=domain, input=step.inputs, output=step.outputs
            )
            for name, value in step.attributes.items():
                _attribute(node.attribute.add(name=name), value)

    def _constant(self, proto: "onnx.TensorProto", name: str, constant: OnnxConstant) -> None:
        import numpy as np

        dtype = self.dtype if constant.kind == "float" else constant.kind
        proto.name, proto.data_type = name, element_type(dtype)
        proto.dims.extend(constant.shape)
        values = np.asarray(constant.values, DTYPES["float64" if DTYPES[dtype].is_floating else dtype].numpy)
        proto.raw_data = bytes(encoded(values, dtype))


def _attribute(proto: "onnx.AttributeProto", value: Attribute) -> None:
    import onnx

    match value:
        case int():
            proto.type, proto.i = onnx.AttributeProto.INT, value
        case float():
            proto.type, proto.f = onnx.AttributeProto.FLOAT, value
        case str():
            proto.type, proto.s = onnx.AttributeProto.STRING, value.encode()
        case tuple():
            proto.type = onnx.AttributeProto.INTS
            proto.ints.extend(value)


def ir_version(opset: int) -> int:
    """The IR version: the oldest that supports the opset, but at least 10.

    https://github.com/onnx/onnx/blob/main/docs/Versioning.md
    """
    return {23: 11, 24: 12}.get(opset, IR_VERSION)
