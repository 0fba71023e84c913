"""A context that is stretched by scaling the rotary embedding, in a configuration of transformers 5."""

from __future__ import annotations

from typing import Any

# Of the kinds of layers that have a rotary embedding of their own (Gemma 3), the one that sees the whole context.
_WHOLE_CONTEXT = "full_attention"


def stretch_context(config: Any, scaling: str, factor: float) -> None:
    """Scale a configuration's rotary embedding, and its context with it; changed in place.

    Args:
        config: transformers' configuration of a text model.
        scaling: `linear` or `yarn`; `none` changes nothing.
        factor: How many times longer the context becomes.
    """
    if scaling == "none":
        return
    trained = config.max_position_embeddings
    scaled: dict[str, Any] = {"rope_type": scaling, "factor": factor}
    if scaling == "yarn":
        scaled["original_max_position_embeddings"] = trained
    # transformers 5 keeps base frequency and scaling in one table, or in one for each kind of layer.
    rope = config.rope_parameters
    if _WHOLE_CONTEXT in rope:
        config.rope_parameters = {**rope, _WHOLE_CONTEXT: {**rope[_WHOLE_CONTEXT], **scaled}}
    else:
        config.rope_parameters = {**rope, **scaled}
    config.max_position_embeddings = int(trained * factor)
