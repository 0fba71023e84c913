"""Training of the base's own weights: all of them, or the last layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finetune.data.shape import ModelShape
from finetune.methods.memory import DTYPE_BYTES, trained_layer_bytes
from finetune.methods.method import Method, MethodSettings
from finetune.training.machine import Dtype

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightMethod(Method):
    """Every weight is trained.

    Weights and gradients are f32; the matrix products run in half precision where the machine has it.
    """

    merges: bool = True
    adapter: bool = False

    def trainable_parameters(self, settings: MethodSettings, shape: ModelShape) -> int:
        """Return all parameters, tied ones once."""
        return shape.parameters

    def unfreeze(self, model: PreTrainedModel, settings: MethodSettings) -> None:
        """Train every parameter."""
        model.requires_grad_(True)

    def faults(self, settings: MethodSettings, shape: ModelShape) -> Iterator[str]:
        """Refuse weights that are stored quantised."""
        if shape.four_bit or shape.quantisation:
            bits = "in four bits" if shape.four_bit else f"quantised ({shape.quantisation})"
            yield f"its weights are stored {bits}, and method={self.name} changes them; use method=qlora"

    def passes(self, settings: MethodSettings, shape: ModelShape) -> float:
        """Return three: forward, gradient of the inputs, gradient of the weights."""
        return 3.0

    def layer_bytes_per_token(self, settings: MethodSettings, shape: ModelShape, dtype: Dtype) -> float:
        """Return what a layer keeps, the input of every product included."""
        return trained_layer_bytes(shape, dtype)

    def layer_bytes(self, settings: MethodSettings, shape: ModelShape, dtype: Dtype) -> float:
        """Return the half-precision copies that autocast makes of the f32 matrices of a layer."""
        return 0.0 if dtype == "f32" else float(DTYPE_BYTES[dtype]) * shape.linear_parameters / shape.layers


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLayers(WeightMethod):
    """The last `n_layers` layers and the final norm are trained."""

    def trainable_parameters(self, settings: MethodSettings, shape: ModelShape) -> int:
        """Return the parameters of the last layers and of the final norm."""
        return self.reached_layers(settings, shape) * shape.layer_parameters + shape.hidden

    def unfreeze(self, model: PreTrainedModel, settings: MethodSettings) -> None:
        """Train the last layers and the final norm of the decoder."""
        model.requires_grad_(False)
        decoder = model.get_decoder()
        for block in (*decoder.layers[-settings.n_layers :], decoder.norm):
            block.requires_grad_(True)

    def faults(self, settings: MethodSettings, shape: ModelShape) -> Iterator[str]:
        """Refuse four-bit weights and more layers than there are."""
        yield from WeightMethod.faults(self, settings, shape)
        if settings.n_layers > shape.layers:
            yield f"it has {shape.layers} layers, fewer than n_layers={settings.n_layers}"

    def reached_layers(self, settings: MethodSettings, shape: ModelShape) -> int:
        """Return how many layers are trained."""
        return min(settings.n_layers, shape.layers)

    def passes(self, settings: MethodSettings, shape: ModelShape) -> float:
        """Return the forward pass and both gradients of the trained share of the layers."""
        return 1.0 + 2.0 * self.reached_layers(settings, shape) / shape.layers


METHODS = (WeightMethod(name="full", title="all weights"), LastLayers(name="last-n-layers", title="the last layers"))
