"""Small language models trained by the tests themselves: the source functions that conversion has to preserve.

Trains a LLaMA of a hundred thousand parameters in seconds on the standard library's Python text, half and half with
repeated segments, where only position helps. Keeps what it trained in `.cache/trained-models`. `TrainedModel.logits`
is the ground truth: it is computed here, from definitions, by nothing that Podium or transformers wrote.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import math
import platform
import random
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Pairing = Literal["split", "adjacent", "none"]
Weights = dict[str, torch.Tensor]

CACHE = Path(__file__).resolve().parents[3] / ".cache" / "trained-models"
EMBEDDING, HEAD, FINAL_NORM = "model.embed_tokens.weight", "lm_head.weight", "model.norm.weight"
SPECIAL_TOKENS = ("<unk>", "<s>", "</s>", "<pad>")  # ids 0 to 3, as entrenar's tokenizers have them
VOCABULARY, HIDDEN, HEADS, FFN, POSITIONS = 512, 64, 4, 160, 256
HEAD_WIDTH = HIDDEN // HEADS
EPSILON, THETA = 1e-5, 10000.0

CORPUS_BYTES = 1_500_000
HELD_OUT_EVERY = 8
TEXT_WIDTH, TEXT_ROWS = 96, 12
SEGMENT, COPIES, SEGMENT_ROWS = 8, 6, 16
# What turns fast under either pairing. Models without position begin with these strong in q and k: their attention
# rests on them, so that a rotation which is not theirs spoils it, as it does in models that trained for days.
FAST, FAST_SCALE = [0, 1, 2, 8, 9, 10], 4.0
WARMUP_STEPS = 20
LEARNING_RATE = 1e-2


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """What tells one trained model from another; equal specs give the same model.

    `head` is reinterpreted when logits are x @ E, E being the embedding's memory [V, H] read as [H, V].
    `segment_weight` is the share of repeated segments in the loss, that of text being one; a model without position
    can only guess their next token.
    """

    pairing: Literal["split", "none"] = "split"
    head: Literal["untied", "tied", "reinterpreted"] = "untied"
    bias: bool = False
    mask: Literal["causal", "none"] = "causal"
    layers: int = 2
    kv_heads: int = 2
    seed: int = 0
    steps: int = 320
    segment_weight: float = 1.0


class TrainedModel(msgspec.Struct, frozen=True, kw_only=True):
    """Weights under Hugging Face's names, linear ones [out, in], rotary pairs as halves; a tied head is left out."""

    spec: Spec
    weights: Weights
    tokenizer: str

    def logits(self, ids: list[int]) -> torch.Tensor:
        """Logits [length, V] of the source function for one sequence."""
        with torch.inference_mode():
            return forward(self.spec, self.weights, torch.tensor([ids]), self.spec.pairing)[0]

    def head_matrix(self) -> torch.Tensor:
        """The head that the source function multiplies by, as [V, H]."""
        return _head_matrix(self.spec, self.weights)


def train(spec: Spec) -> TrainedModel:
    """The model of a spec, trained now or taken from the cache."""

    def make(path: Path) -> None:
        # Seeding inside a fork leaves the caller's random stream as it was.
        with torch.random.fork_rng(devices=[]):
            save_file(_descend(spec), path)

    path = _kept(msgspec.json.encode(spec), make)
    return TrainedModel(spec=spec, weights=load_file(path), tokenizer=tokenizer_json())


def _kept(what: bytes, make: Callable[[Path], None]) -> Path:
    """The file of what is asked for, made unless it is there; several test processes may ask at once.

    Its name depends on this file and on the Python whose library is the corpus.
    """
    key = b"\0".join([what, Path(__file__).read_bytes(), platform.python_version().encode()])
    path = CACHE / hashlib.sha256(key).hexdigest()[:24]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            make(path.with_suffix(".part"))
            path.with_suffix(".part").replace(path)
    return path


def initial(spec: Spec) -> Weights:
    """The weights that training begins with: norms of ones, matrices and biases drawn from torch's random stream."""
    torch.manual_seed(spec.seed)
    weights = {EMBEDDING: torch.randn(VOCABULARY, HIDDEN) * HIDDEN**-0.5, FINAL_NORM: torch.ones(HIDDEN)}
    for layer in range(spec.layers):
        weights |= initial_layer(spec, layer)
    if spec.head == "untied":
        weights[HEAD] = torch.randn(VOCABULARY, HIDDEN) * HIDDEN**-0.5
    return weights


def initial_layer(spec: Spec, layer: int) -> Weights:
    """One layer's part of the weights that training begins with."""
    prefix = f"model.layers.{layer}."
    kv_width = spec.kv_heads * HEAD_WIDTH
    shapes = {"q": (HIDDEN, HIDDEN), "k": (kv_width, HIDDEN), "v": (kv_width, HIDDEN), "o": (HIDDEN, HIDDEN)}
    weights = {f"{prefix}{norm}.weight": torch.ones(HIDDEN) for norm in ("input_layernorm", "post_attention_layernorm")}
    for name, shape in shapes.items():
        weights[f"{prefix}self_attn.{name}_proj.weight"] = torch.randn(shape) * HIDDEN**-0.5
        if spec.bias and name != "o":
            # Large enough that a model whose biases are dropped is another model.
            weights[f"{prefix}self_attn.{name}_proj.bias"] = torch.randn(shape[0]) * 0.3
        if spec.pairing == "none" and name in ("q", "k"):
            weights[f"{prefix}self_attn.{name}_proj.weight"].view(-1, HEAD_WIDTH, HIDDEN)[:, FAST] *= FAST_SCALE
    for name, shape in {"gate": (FFN, HIDDEN), "up": (FFN, HIDDEN), "down": (HIDDEN, FFN)}.items():
        weights[f"{prefix}mlp.{name}_proj.weight"] = torch.randn(shape) * shape[1] ** -0.5
    return weights


def forward(spec: Spec, weights: Weights, ids: torch.Tensor, pairing: Pairing) -> torch.Tensor:
    """Logits [rows, length, V] for ids [rows, length], with q and k turned by the given pairing."""
    x = weights[EMBEDDING][ids]
    for layer in range(spec.layers):
        prefix = f"model.layers.{layer}."
        x = x + _attention(
            spec, weights, f"{prefix}self_attn.", _norm(x, weights[f"{prefix}input_layernorm.weight"]), pairing
        )
        y = _norm(x, weights[f"{prefix}post_attention_layernorm.weight"])
        gate, up, down = (weights[f"{prefix}mlp.{name}_proj.weight"] for name in ("gate", "up", "down"))
        x = x + (functional.silu(y @ gate.T) * (y @ up.T)) @ down.T
    return _norm(x, weights[FINAL_NORM]) @ _head_matrix(spec, weights).T


def _head_matrix(spec: Spec, weights: Weights) -> torch.Tensor:
    if spec.head == "untied":
        return weights[HEAD]
    if spec.head == "tied":
        return weights[EMBEDDING]
    return weights[EMBEDDING].reshape(HIDDEN, VOCABULARY).T


def _norm(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPSILON) * weight


def _attention(spec: Spec, weights: Weights, prefix: str, x: torch.Tensor, pairing: Pairing) -> torch.Tensor:
    rows, length, _ = x.shape
    q, k, v = (
        functional.linear(x, weights[f"{prefix}{name}_proj.weight"], weights.get(f"{prefix}{name}_proj.bias"))
        .reshape(rows, length, -1, HEAD_WIDTH)
        .transpose(1, 2)
        for name in ("q", "k", "v")
    )
    copies = HEADS // spec.kv_heads
    k, v = k.repeat_interleave(copies, 1), v.repeat_interleave(copies, 1)
    mixed = functional.scaled_dot_product_attention(
        rotate(q, pairing), rotate(k, pairing), v, is_causal=spec.mask == "causal"
    )
    return mixed.transpose(1, 2).reshape(rows, length, HIDDEN) @ weights[f"{prefix}o_proj.weight"].T


def rotate(x: torch.Tensor, pairing: Pairing) -> torch.Tensor:
    """Rotary position: dimension i turns with i + D/2 (split) or 2i with 2i + 1 (adjacent). x is [..., length, D]."""
    if pairing == "none":
        return x
    half = x.shape[-1] // 2
    angles = torch.arange(x.shape[-2])[:, None] * THETA ** (-torch.arange(half) / half)
    cos, sin = angles.cos(), angles.sin()
    if pairing == "split":
        a, b = x[..., :half], x[..., half:]
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2)


def _descend(spec: Spec) -> Weights:
    weights = {name: tensor.requires_grad_() for name, tensor in initial(spec).items()}
    optimizer = torch.optim.AdamW(weights.values(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    for step, (text, segments) in zip(range(spec.steps), _batches(spec.seed), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * _rate_at(step, spec.steps)
        loss = _loss(spec, weights, text, 1) + spec.segment_weight * _loss(spec, weights, segments, SEGMENT)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(weights.values(), 1.0)
        optimizer.step()
    return {name: tensor.detach() for name, tensor in weights.items()}


def _rate_at(step: int, steps: int) -> float:
    """Linear warm-up, then a cosine down to zero, as a share of the learning rate."""
    return min(1.0, (step + 1) / WARMUP_STEPS) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _loss(spec: Spec, weights: Weights, ids: torch.Tensor, begin: int) -> torch.Tensor:
    """Mean loss of the tokens from position `begin` on."""
    logits = forward(spec, weights, ids, spec.pairing)[:, begin - 1 : -1]
    return functional.cross_entropy(logits.reshape(-1, VOCABULARY), ids[:, begin:].reshape(-1))


def _batches(seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Windows of text and rows of repeated segments, without end."""
    source = torch.Generator().manual_seed(seed)
    text = torch.tensor(token_ids("train"))
    while True:
        begins = torch.randint(len(text) - TEXT_WIDTH, (TEXT_ROWS, 1), generator=source)
        yield text[begins + torch.arange(TEXT_WIDTH)], repeated_segments(SEGMENT_ROWS, source)


def repeated_segments(rows: int, source: torch.Generator, segment: int = SEGMENT) -> torch.Tensor:
    """Rows of random token ids, no specials, in which one segment comes `COPIES` times."""
    ids = torch.randint(len(SPECIAL_TOKENS), VOCABULARY, (rows, segment), generator=source)
    return ids.repeat(1, COPIES)


@functools.cache
def token_ids(part: Literal["train", "held-out"]) -> list[int]:
    """Token ids of one part of the corpus, its files end to end."""
    tokenizer = Tokenizer.from_str(tokenizer_json())
    return [token for encoding in tokenizer.encode_batch(_texts()[part]) for token in encoding.ids]


@functools.cache
def _texts() -> dict[str, list[str]]:
    """The standard library's modules, in a fixed random order, up to a size; every eighth is held out."""
    paths = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    random.Random(0).shuffle(paths)
    texts: list[str] = []
    for path in paths:
        if sum(map(len, texts)) < CORPUS_BYTES:
            texts.append(path.read_text(encoding="utf-8"))
    held_out = texts[::HELD_OUT_EVERY]
    return {"held-out": held_out, "train": [text for text in texts if text not in held_out]}


@functools.cache
def tokenizer_json() -> str:
    """tokenizer.json of all models: byte-level BPE, no normalizer, no prefix space, no post-processor."""
    return _kept(b"tokenizer", _train_tokenizer).read_text(encoding="utf-8")


def _train_tokenizer(path: Path) -> None:
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevelDecoder()
    trainer = BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts()["train"], trainer)
    tokenizer.save(str(path), pretty=True)


def text_loss(model: TrainedModel, pairing: Pairing, rows: int = 40, width: int = TEXT_WIDTH) -> float:
    """Mean nats a token on held-out Python text, the rotation being as given."""
    ids = torch.tensor(token_ids("held-out")[: rows * width]).reshape(rows, width)
    return _loss_with(model, pairing, ids, 1)


def segment_loss(model: TrainedModel, pairing: Pairing, rows: int = 40, segment: int = SEGMENT) -> float:
    """Mean nats a token on the later copies of repeated segments, the rotation being as given."""
    return _loss_with(model, pairing, repeated_segments(rows, torch.Generator().manual_seed(99), segment), segment)


def _loss_with(model: TrainedModel, pairing: Pairing, ids: torch.Tensor, begin: int) -> float:
    with torch.inference_mode():
        logits = forward(model.spec, model.weights, ids, pairing)[:, begin - 1 : -1]
        return functional.cross_entropy(logits.reshape(-1, VOCABULARY), ids[:, begin:].reshape(-1)).item()
