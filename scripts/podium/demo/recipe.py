"""The demo's training: a byte-level tokenizer and a LLaMA of 0.36 M parameters, seconds on a CPU.

Takes training texts. Gives the tokenizer, the trained model in transformers' own class, and the loss by step.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import torch
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from transformers import LlamaConfig, LlamaForCausalLM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.demo.corpus import Text
    from podium.progress import Progress

SPECIAL_TOKENS = ("<unk>", "<s>", "</s>", "<pad>")  # ids 0 to 3, as entrenar's tokenizers have them
EOS_ID, PAD_ID = 2, 3
IGNORED_LABEL = -100  # what transformers' loss leaves out
WARMUP_STEPS = 20


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the result depends on besides the texts and the thread count. Defaults made the shipped file."""

    seed: int = 0
    steps: int = 200
    batch_size: int = 16
    learning_rate: float = 3e-3
    weight_decay: float = 0.1
    vocab_size: int = 512
    hidden_size: int = 128
    intermediate_size: int = 256
    num_hidden_layers: int = 2
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    max_position_embeddings: int = 512
    rms_norm_eps: float = 1e-5
    rope_theta: float = 10000.0


class Trained(msgspec.Struct, frozen=True, kw_only=True):
    """What training gives: tokenizer, model, and the mean loss of each step's batch in nats a token."""

    tokenizer: Tokenizer
    model: LlamaForCausalLM
    losses: list[float]


def train(recipe: Recipe, texts: list[Text], report: Progress) -> Trained:
    """Train tokenizer and model; the same recipe, texts and thread count give the same bytes."""
    tokenizer = train_tokenizer(recipe, texts)
    documents = [_document(tokenizer, text) for text in texts]
    # Seeding inside a fork leaves the caller's random stream as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        model = build_model(recipe)
        losses = _descend(recipe, model, documents, report)
    return Trained(tokenizer=tokenizer, model=model.eval(), losses=losses)


def train_tokenizer(recipe: Recipe, texts: list[Text]) -> Tokenizer:
    """Byte-level BPE over the whole byte alphabet: no normalizer, no prefix space, no post-processor."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevelDecoder()
    trainer = BpeTrainer(
        vocab_size=recipe.vocab_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((text.prompt + text.completion for text in texts), trainer)
    return tokenizer


def build_model(recipe: Recipe) -> LlamaForCausalLM:
    """The untrained model, its weights drawn from torch's random stream."""
    config = LlamaConfig(
        vocab_size=recipe.vocab_size,
        hidden_size=recipe.hidden_size,
        intermediate_size=recipe.intermediate_size,
        num_hidden_layers=recipe.num_hidden_layers,
        num_attention_heads=recipe.num_attention_heads,
        num_key_value_heads=recipe.num_key_value_heads,
        max_position_embeddings=recipe.max_position_embeddings,
        rms_norm_eps=recipe.rms_norm_eps,
        rope_parameters={"rope_type": "default", "rope_theta": recipe.rope_theta},
        tie_word_embeddings=True,
        use_cache=False,
    )
    return LlamaForCausalLM(config)


def _document(tokenizer: Tokenizer, text: Text) -> list[int]:
    """Token ids of one text; prompt and completion are encoded apart, because generation begins between them."""
    ids: list[int] = [*tokenizer.encode(text.prompt).ids, *tokenizer.encode(text.completion).ids, EOS_ID]
    return ids


def _descend(recipe: Recipe, model: LlamaForCausalLM, documents: list[list[int]], report: Progress) -> list[float]:
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate_at(step, recipe.steps))
    losses: list[float] = []
    report.start("train the demo model", recipe.steps, "steps")
    for _, batch in zip(range(recipe.steps), _batches(recipe, documents), strict=False):
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        report.advance(1, f"loss {losses[-1]:.3f}")
    report.finish(f"loss {losses[-1]:.3f} nats a token")
    return losses


def _rate_at(step: int, steps: int) -> float:
    """Linear warm-up, then a cosine down to zero, as a share of the learning rate."""
    return min(1.0, (step + 1) / WARMUP_STEPS) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _batches(recipe: Recipe, documents: list[list[int]]) -> Iterator[dict[str, torch.Tensor]]:
    """Batches without end, the documents in a new random order every time round."""
    order = torch.Generator().manual_seed(recipe.seed)
    while True:
        chosen = torch.randperm(len(documents), generator=order).tolist()
        for begin in range(0, len(chosen), recipe.batch_size):
            yield _batch([documents[i] for i in chosen[begin : begin + recipe.batch_size]])


def _batch(documents: list[list[int]]) -> dict[str, torch.Tensor]:
    """Pad on the right; padding is neither attended to nor learned."""
    width = max(len(ids) for ids in documents)
    rows = [(ids, width - len(ids)) for ids in documents]
    return {
        "input_ids": torch.tensor([ids + [PAD_ID] * short for ids, short in rows]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * short for ids, short in rows]),
        "labels": torch.tensor([ids + [IGNORED_LABEL] * short for ids, short in rows]),
    }
