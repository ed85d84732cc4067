"""Outputs of single layers of a transformer, read by hooks while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from benchmark.adapters.checkpoint_name import Layer


class LayerOutputs:
    """Takes down what is asked for of a stack of layers.

    Layer 0 is what goes into the first layer; layer k is what the k-th layer puts out, before any
    normalisation that the model applies after its last layer.

    Args:
        layers: The stack.
        wanted: A number, or "mean" for the mean of all, 0 included.
    """

    def __init__(self, layers: nn.ModuleList, wanted: Layer) -> None:
        self._layers = layers
        self._wanted = wanted
        self._sum: Tensor | None = None

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Take down what layers do in here."""
        self._sum = None
        mean = self._wanted == "mean"
        hooks = []
        if mean or self._wanted == 0:
            hooks.append(
                self._layers[0].register_forward_pre_hook(self._add_input, with_kwargs=True)
            )
        for number, layer in enumerate(self._layers, start=1):
            if mean or self._wanted == number:
                hooks.append(layer.register_forward_hook(self._add_output))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def result(self) -> Tensor:
        """The layer's output, or the mean of all."""
        taken, self._sum = self._sum, None
        assert taken is not None, "the model did not use its layers"
        return taken / (len(self._layers) + 1) if self._wanted == "mean" else taken

    def _add_input(self, layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._add(args[0] if args else kwargs["hidden_states"])

    def _add_output(self, layer: nn.Module, args: tuple[Any, ...], output: Any) -> None:  # noqa: ANN401
        self._add(output[0] if isinstance(output, tuple) else output)

    def _add(self, hidden: Tensor) -> None:
        self._sum = hidden if self._sum is None else self._sum + hidden


def only_first(layers: nn.ModuleList, wanted: Layer) -> nn.ModuleList:
    """The layers that the wanted one depends on: its row then costs no more than it needs to."""
    return layers[: max(1, wanted)] if isinstance(wanted, int) else layers
