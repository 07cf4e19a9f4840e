"""Models that look fine and are not, and healthy ones beside them: what a gate has to tell apart.

Each bad model loads, has the right names and shapes, and generates; each comes from an accident that has happened.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import msgspec
import torch
from tests.unit.convert.layouts_on_disk import Form
from tests.unit.convert.trained import (
    EMBEDDING,
    FINAL_NORM,
    HEAD,
    SPECIAL_TOKENS,
    Spec,
    TrainedModel,
    initial,
    initial_layer,
    tokenizer_json,
    train,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PLAIN = Spec()
TIED_BIAS = Spec(head="tied", bias=True, seed=1)
NO_POSITION = Spec(pairing="none", seed=2, segment_weight=0.5)
REINTERPRETED = Spec(head="reinterpreted", seed=3)
MASKLESS = Spec(mask="none", seed=4)
FULL_HEADS = Spec(kv_heads=4, layers=3, seed=5)
HEALTHY_SPECS = (PLAIN, TIED_BIAS, NO_POSITION, REINTERPRETED, FULL_HEADS)
SPECS = (*HEALTHY_SPECS, MASKLESS)

DEAD_LAYERS = 4


def untrained() -> TrainedModel:
    """The weights that training begins with: all norms one."""
    with torch.random.fork_rng(devices=[]):
        return TrainedModel(spec=PLAIN, weights=initial(PLAIN), tokenizer=tokenizer_json())


def dead_layers() -> TrainedModel:
    """Two trained layers and between them four that no gradient reached, byte-identical: init ignores the layer."""
    model = train(PLAIN)
    spec = msgspec.structs.replace(PLAIN, layers=PLAIN.layers + DEAD_LAYERS)
    last = spec.layers - 1
    weights = {name.replace("layers.1.", f"layers.{last}."): tensor for name, tensor in model.weights.items()}
    for layer in range(1, last):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            fresh = initial_layer(spec, layer)
        # Trainers begin with small weights, so that dead layers hardly disturb the others.
        weights |= {name: tensor * (1.0 if tensor.ndim == 1 else 0.15) for name, tensor in fresh.items()}
    return TrainedModel(spec=spec, weights=weights, tokenizer=model.tokenizer)


def no_mask() -> TrainedModel:
    """Trained with sight of the next token; said to be causal, as every config says."""
    return msgspec.structs.replace(train(MASKLESS), spec=msgspec.structs.replace(MASKLESS, mask="causal"))


def no_position() -> TrainedModel:
    """Trained without rotation, and said to have one: what a Hugging Face config with rope_theta claims."""
    return msgspec.structs.replace(train(NO_POSITION), spec=msgspec.structs.replace(NO_POSITION, pairing="split"))


def foreign_head() -> TrainedModel:
    """The head of another model."""
    return _with(train(PLAIN), {HEAD: train(FULL_HEADS).weights[HEAD]})


def random_head() -> TrainedModel:
    """A head drawn anew, as loaders do when a file has none."""
    head = torch.randn(train(PLAIN).weights[HEAD].shape, generator=torch.Generator().manual_seed(7)) * 0.02
    return _with(train(PLAIN), {HEAD: head})


def permuted_tokenizer() -> TrainedModel:
    """Valid byte-level BPE with the same texts under shuffled ids: a sibling's file."""
    tokenizer = json.loads(train(PLAIN).tokenizer)
    vocabulary = tokenizer["model"]["vocab"]
    tokens = [token for token in vocabulary if token not in SPECIAL_TOKENS]
    ids = [vocabulary[token] for token in tokens]
    random.Random(0).shuffle(ids)
    tokenizer["model"]["vocab"] = {**vocabulary, **dict(zip(tokens, ids, strict=True))}
    return msgspec.structs.replace(train(PLAIN), tokenizer=json.dumps(tokenizer))


def nan_row() -> TrainedModel:
    """One row of the embedding is NaN: unseen until a prompt has that token."""
    embedding = train(PLAIN).weights[EMBEDDING].clone()
    embedding[300] = float("nan")
    return _with(train(PLAIN), {EMBEDDING: embedding})


def at_chance() -> TrainedModel:
    """Rows of every linear weight shuffled: all statistics those of a trained model, all knowledge gone."""
    source = torch.Generator().manual_seed(3)
    weights = {
        name: tensor[torch.randperm(len(tensor), generator=source)]
        for name, tensor in train(PLAIN).weights.items()
        if name.endswith("_proj.weight") or name == HEAD
    }
    return _with(train(PLAIN), weights)


def norms_only_decayed() -> TrainedModel:
    """Trained matrices under norms that never learned and only shrank: nearly constant, all below one."""
    norms = {
        name: torch.full_like(tensor, 0.98)
        for name, tensor in train(PLAIN).weights.items()
        if name.endswith("layernorm.weight") or name == FINAL_NORM
    }
    return _with(train(PLAIN), norms)


def _with(model: TrainedModel, weights: dict[str, torch.Tensor]) -> TrainedModel:
    return msgspec.structs.replace(model, weights={**model.weights, **weights})


BAD: dict[str, Callable[[], TrainedModel]] = {
    "untrained": untrained,
    "dead layers": dead_layers,
    "no mask": no_mask,
    "no position": no_position,
    "foreign head": foreign_head,
    "random head": random_head,
    "permuted tokenizer": permuted_tokenizer,
    "NaN row": nan_row,
    "at chance": at_chance,
    "norms only decayed": norms_only_decayed,
}

# No gate may refuse any of these: (name, spec, layout, form).
HEALTHY: tuple[tuple[str, Spec, str, Form], ...] = (
    ("flat", PLAIN, "entrenar-flat", Form()),
    ("flat tied bias", TIED_BIAS, "entrenar-flat", Form()),
    ("flat reinterpreted", REINTERPRETED, "entrenar-flat", Form()),
    ("labelled adjacent", PLAIN, "entrenar-labelled", Form(pairing="adjacent")),
    ("labelled out_in", FULL_HEADS, "entrenar-labelled", Form(order="out_in")),
    ("apr adjacent bias", TIED_BIAS, "apr", Form(pairing="adjacent", optimizer_state=True)),
    ("apr bfloat16", FULL_HEADS, "apr", Form(pairing="adjacent", dtype="BF16")),
    ("apr no position", NO_POSITION, "apr", Form()),
    ("llama", FULL_HEADS, "huggingface", Form()),
    ("qwen2 sharded", TIED_BIAS, "huggingface", Form(shard_bytes=200_000)),
    ("converted reinterpreted", PLAIN, "albor-converted", Form(pairing="adjacent")),
)
