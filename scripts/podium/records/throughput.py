"""throughput.json: how fast a model draws and how much memory it takes, by the board's protocol."""

from __future__ import annotations

import msgspec

from podium.records.values import Count, Name, Part, Positive, Record, Seconds, Sha256


class BatchFigures(Part, frozen=True, kw_only=True):
    """One batch size. `tokens_per_second` is 0 where memory ran out, and missing where nothing was measured.

    `latencies_seconds` are those of whole generations, one after the other; the warm-up is not among them.
    """

    batch_size: Positive
    tokens_per_second: float | None = None
    latencies_seconds: list[Seconds] = msgspec.field(default_factory=list)
    peak_memory_bytes: Count | None = None
    peak_memory_mb: Count | None = None
    note: str = ""


class TokenLatency(Part, frozen=True, kw_only=True):
    """How long one token of a single sequence takes, over every token of one generation."""

    median_milliseconds: Seconds
    p95_milliseconds: Seconds
    tokens: Positive


class Hardware(Part, frozen=True, kw_only=True):
    """What was measured on. `cores` are those this process may use; `driver` is empty without a card."""

    device: str
    name: str
    cores: Positive
    memory_bytes: Count
    driver: str = ""


class Throughput(Record, frozen=True, kw_only=True, tag="throughput"):
    """throughput.json. `differences` say why its figures cannot stand beside the board's; empty means they can."""

    model: Name
    model_sha256: Sha256
    dtype: str
    new_tokens: Positive
    batches: list[BatchFigures]
    token_latency: TokenLatency | None = None
    differences: list[str]
    hardware: Hardware
    versions: dict[str, str]
    podium: str
