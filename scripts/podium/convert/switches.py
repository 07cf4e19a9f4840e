"""Keys of a config.json that change what a model computes, beside its shape: neutral, or refused by name.

Looked up in transformers' LlamaConfig and Qwen2Config, and in the families that grew from them: a config that calls
itself LLaMA may carry a switch of theirs, which no LLaMA obeys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OFF: tuple[Any, ...] = (None, False, 0, [], {})
ONE: tuple[Any, ...] = (None, 1)
# key -> (what to call it, the values at which it changes nothing)
SWITCHES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "model_type": ("family", (None, "llama", "qwen2")),
    "hidden_act": ("activation", (None, "silu", "swish")),
    "hidden_activation": ("activation", (None, "silu", "swish")),
    "quantization_config": ("quantisation", (None,)),
    "pruned_heads": ("pruned heads", OFF),
    "partial_rotary_factor": ("partial rotary factor", ONE),
    "rotary_pct": ("partial rotary factor", ONE),
    "rope_interleaved": ("rotary pairs side by side", OFF),
    "rope_interleave": ("rotary pairs side by side", OFF),
    "no_rope_layers": ("layers without positions", OFF),
    "no_rope_layer_interval": ("layers without positions", OFF),
    "alibi": ("positions by bias", OFF),
    "use_alibi": ("positions by bias", OFF),
    "attention_multiplier": ("attention multiplier", (None,)),
    "query_pre_attn_scalar": ("attention multiplier", (None,)),
    "attn_logit_softcapping": ("capped attention", OFF),
    "final_logit_softcapping": ("capped logits", OFF),
    "attn_temperature_tuning": ("attention temperature", OFF),
    "attention_chunk_size": ("attention in chunks", OFF),
    "clip_qkv": ("clipped projections", OFF),
    "use_qk_norm": ("normed queries and keys", OFF),
    "qk_norm": ("normed queries and keys", OFF),
    "qk_layernorm": ("normed queries and keys", OFF),
    "embedding_multiplier": ("embedding multiplier", ONE),
    "scale_emb": ("embedding multiplier", ONE),
    "residual_multiplier": ("residual multiplier", ONE),
    "scale_depth": ("residual multiplier", (None,)),
    "logits_scaling": ("logit scaling", ONE),
    "logit_scale": ("logit scaling", ONE),
    "lm_head_multiplier": ("logit scaling", ONE),
    "dim_model_base": ("logit scaling", (None,)),
    "lm_head_bias": ("bias of the head", OFF),
    "use_parallel_residual": ("parallel layers", OFF),
    "parallel_attn": ("parallel layers", OFF),
    "num_local_experts": ("experts", (*OFF, 1)),
    "num_experts": ("experts", (*OFF, 1)),
    "n_routed_experts": ("experts", (*OFF, 1)),
    "is_causal": ("sight of later tokens", (None, True)),
    "use_bidirectional_attention": ("sight of later tokens", OFF),
    "is_encoder_decoder": ("encoder", OFF),
    "add_cross_attention": ("encoder", OFF),
}
# Read elsewhere, or without effect on what a model computes when it is asked for the next token.
HARMLESS = {
    *("architectures", "hf_architecture", "hf_model_type", "architecture", "transformers_version"),
    *("_name_or_path", "name_or_path", "_model_name_or_path", "auto_map", "dtype", "torch_dtype", "use_bias", "bias"),
    *("qkv_bias", "attention_bias", "mlp_bias", "tie_word_embeddings", "head_dim", "head_dim_override"),
    *("rope_theta", "rope_scaling", "rope_parameters", "original_max_position_embeddings", "layer_types"),
    *("sliding_window", "use_sliding_window", "max_window_layers", "use_cache", "initializer_range"),
    *("attention_dropout", "hidden_dropout", "pretraining_tp", "bos_token_id", "eos_token_id"),
    *("pad_token_id", "unk_token_id", "return_dict", "output_hidden_states", "output_attentions"),
    *("torchscript", "use_bfloat16", "chunk_size_feed_forward", "id2label", "label2id", "problem_type"),
    *("_attn_implementation", "attn_implementation", "_attn_implementation_autoset"),
    *("gradient_checkpointing", "tokenizer_class", "_pre_quantization_dtype"),
}


def refused(config: Mapping[str, Any]) -> list[str]:
    """What neither LLaMA nor Qwen2 computes, by name and value."""
    found = [
        f"{kind} {config[key]!r}" if key in ("model_type", "hidden_act") else f"{kind} ({key} {config[key]!r})"
        for key, (kind, neutral) in SWITCHES.items()
        if key in config and not any(config[key] == value for value in neutral)
    ]
    return [*found, *_windows(config)]


def unknown(config: Mapping[str, Any], read: frozenset[str]) -> list[str]:
    """Keys that nothing here reads; no LLaMA obeys them, which is worth telling."""
    return sorted(
        key
        for key, value in config.items()
        if key not in read and key not in HARMLESS and key not in SWITCHES and value is not None
    )


def _windows(config: Mapping[str, Any]) -> Iterator[str]:
    """Attention that does not reach back to the first token, in any layer of the model."""
    types = config.get("layer_types") or []
    odd = sorted({str(kind) for kind in types} - {"full_attention", "sliding_attention"})
    if odd:
        yield f"layers of type {odd[0]!r}"
    window, layers = config.get("sliding_window"), config.get("num_hidden_layers")
    if window is None or not config.get("use_sliding_window", config.get("model_type") != "qwen2"):
        return
    positions = config.get("max_position_embeddings", config.get("max_seq_length"))
    reaches_back = isinstance(window, int) and isinstance(positions, int) and window >= positions
    first = config.get("max_window_layers") if config.get("model_type") == "qwen2" else 0
    slides = "sliding_attention" in types if types else not (_is_int(first) and _is_int(layers) and first >= layers)
    if slides and not reaches_back:
        yield f"sliding window {window}"


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
