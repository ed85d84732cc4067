"""A graph of ONNX operators, written down node by node.

Written by hand and not by ``torch.onnx.export``: that one translates ``-(-n // 4)`` into a
division that rounds towards zero, which loses a frame at most lengths (torch 2.13), and what it
makes of a network changes from one torch to the next. Here the operators are those of opset 18,
whatever torch there is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, checker, helper, numpy_helper
from torch import Tensor, nn

OPSET = 18
"""Of December 2022: onnxruntime 1.14 and later."""

IR_VERSION = 8
"""Of the file, the one that came with opset 18."""

Constant = Tensor | NDArray[np.generic] | float | Sequence[int]
Attribute = int | float | str | Sequence[int]


class OnnxGraph:
    """Nodes and constants; every method returns the name of the value that it adds."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, TensorProto] = {}
        self._count = 0

    def constant(self, value: Constant, name: str = "") -> str:
        """Add a constant: a tensor or array as it is, numbers as float32, lists as int64."""
        if isinstance(value, Tensor):
            array = value.detach().cpu().numpy()
        elif isinstance(value, float):
            array = np.array(value, np.float32)
        else:
            array = np.asarray(value, None if isinstance(value, np.ndarray) else np.int64)
        name = name or self._new("constant")
        self._constants[name] = numpy_helper.from_array(np.asarray(array, order="C"), name)
        return name

    def op(self, kind: str, *inputs: str | Constant, **attributes: Attribute) -> str:
        """Add an operator with one output; inputs that are no names become constants."""
        return self.split(kind, 1, *inputs, **attributes)[0]

    def split(
        self, kind: str, outputs: int, *inputs: str | Constant, **attributes: Attribute
    ) -> list[str]:
        """Add an operator with that many outputs."""
        names = [value if isinstance(value, str) else self.constant(value) for value in inputs]
        made = [self._new(kind) for _ in range(outputs)]
        self._nodes.append(helper.make_node(kind, names, made, name=made[0], **attributes))
        return made

    def linear(self, x: str, layer: nn.Linear | nn.Conv2d, name: str) -> str:
        """A linear layer, or a convolution of size 1 with channels last, over the last axis."""
        weight = layer.weight.flatten(1).T
        product = self.op("MatMul", x, self.constant(weight, f"{name}.weight"))
        if layer.bias is None:
            return product
        return self.op("Add", product, self.constant(layer.bias, f"{name}.bias"))

    def layer_norm(self, x: str, layer: nn.LayerNorm, name: str) -> str:
        """Layer normalisation over the last axis."""
        weight = self.constant(layer.weight, f"{name}.weight")
        bias = self.constant(layer.bias, f"{name}.bias")
        return self.op("LayerNormalization", x, weight, bias, axis=-1, epsilon=layer.eps)

    def silu(self, x: str) -> str:
        """The activation ``x * sigmoid(x)``."""
        return self.op("Mul", x, self.op("Sigmoid", x))

    def slice(self, x: str, start: int, stop: str | int, axis: int) -> str:
        """x[start:stop] along an axis; the stop may be a value of the graph, shape (1,)."""
        end = stop if isinstance(stop, str) else [stop]
        return self.op("Slice", x, [start], end, [axis])

    def output(self, x: str, name: str) -> None:
        """Give a value the name of an output."""
        self._nodes.append(helper.make_node("Identity", [x], [name], name=name))

    def model(
        self,
        inputs: Sequence[ValueInfoProto],
        outputs: Sequence[ValueInfoProto],
        metadata: dict[str, str],
    ) -> ModelProto:
        """The finished model, checked.

        Raises:
            onnx.checker.ValidationError: It is no valid ONNX.
        """
        constants = list(self._constants.values())
        graph = helper.make_graph(self._nodes, "msssl_hear", inputs, outputs, constants)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="msssl-hear",
            producer_version=metadata["msssl_hear_version"],
        )
        helper.set_model_props(model, metadata)
        checker.check_model(model, full_check=True)
        return model

    def _new(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"
