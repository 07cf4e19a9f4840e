"""The model card: how the directory came to be, for whoever finds it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium.convert.layouts.checkpoint import Checkpoint
    from podium.records import LayoutChoice


def model_card(checkpoint: Checkpoint, choice: LayoutChoice, dtype: str) -> str:
    """README.md of the model directory, in the Hub's form."""
    chosen, config = choice.hypothesis, checkpoint.config
    lines = [
        "---",
        "library_name: transformers",
        "pipeline_tag: text-generation",
        "tags:",
        "- code",
        "---",
        "",
        "# Converted model",
        "",
        f"LLaMA architecture, {checkpoint.parameters:,} parameters, {config.num_hidden_layers} layers of "
        f"{config.hidden_size}, {config.vocab_size:,} tokens, {config.max_position_embeddings:,} positions, {dtype}.",
        "",
        f"Converted from a checkpoint of layout `{checkpoint.layout}`, read with byte order `{chosen.order}`, rotary "
        f"pairing `{chosen.pairing}` and head `{chosen.head}` (decided by {choice.decided_by}: {choice.evidence}).",
        "",
    ]
    return "\n".join(lines)
