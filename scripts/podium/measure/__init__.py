"""measure: throughput and peak memory by the board's protocol, and the latency of one token beside them.

Reads a converted model. Writes throughput.json.
"""

from __future__ import annotations

import itertools
import statistics
from typing import TYPE_CHECKING, Protocol

import msgspec

from podium import __version__
from podium.errors import UsageError
from podium.measure.figures import MB, percentile, tokens_per_second
from podium.records import BatchFigures, Throughput, TokenLatency

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.progress import Progress
    from podium.records import Hardware

REVISION = 1
NEW_TOKENS = 1000
BATCHES = (1, 50)
SECONDS = 10.0
BOARD_DEVICE, BOARD_DTYPE = "cuda", "float16"
NO_MEMORY = "out of memory"


class OutOfMemoryError(Exception):
    """The device has no room for a batch; a figure of the board, not a failure."""


class Engine(Protocol):
    """A model on a device, ready to generate."""

    dtype: str
    positions: int
    hardware: Hardware
    versions: dict[str, str]

    def generate(self, batch_size: int, new_tokens: int) -> None:
        """Draw so many tokens greedily after one random token a row, and wait for them. Raises OutOfMemoryError."""

    def token_times(self, new_tokens: int) -> list[float]:
        """Moments, in seconds, at which each token of a single sequence was there. Raises OutOfMemoryError."""

    def peak_bytes(self) -> int:
        """The most memory that was in use: of the one visible card as a whole, or of this process."""

    def clean(self) -> None:
        """Give back what the last batch took."""


class MeasureOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured. Anything but the protocol is measured just the same, and never stands beside the board's."""

    model: str
    model_sha256: str
    batches: tuple[int, ...] = BATCHES
    new_tokens: int = NEW_TOKENS
    seconds: float = SECONDS

    def __post_init__(self) -> None:
        """Refuse what measures nothing."""
        if not self.batches or min(self.batches) < 1 or len(set(self.batches)) != len(self.batches):
            message = f"batch sizes {', '.join(map(str, self.batches)) or 'of none'} are not different whole numbers"
            raise UsageError(message, hint="pass for example --batches 1,50")


def measure(options: MeasureOptions, engine: Engine, clock: Callable[[], float], report: Progress) -> Throughput:
    """Measure every batch size. A model without enough positions for the protocol gets a record without figures."""
    missing = _too_short(options, engine)
    batches, latency = [], None
    report.start("measure", len(options.batches) + 1, "measurements")
    for size in options.batches:
        figures = BatchFigures(batch_size=size, note=missing) if missing else _batch(size, options, engine, clock)
        batches.append(figures)
        report.advance(facts=_told(figures))
    if not missing:
        latency = _latency(options, engine)
    report.advance()
    report.finish()
    if missing:
        report.note(f"measure: {missing}")
    return Throughput(
        model=options.model,
        model_sha256=options.model_sha256,
        dtype=engine.dtype,
        new_tokens=options.new_tokens,
        batches=batches,
        token_latency=latency,
        differences=differences(options, engine),
        hardware=engine.hardware,
        versions=engine.versions,
        podium=__version__,
    )


def differences(options: MeasureOptions, engine: Engine) -> list[str]:
    """In what a measurement is not the board's."""
    cores = engine.hardware.cores
    found = {
        f"measured on {engine.hardware.device} ({cores} cores), the board on a card": (
            engine.hardware.device != BOARD_DEVICE
        ),
        f"{engine.dtype} instead of {BOARD_DTYPE}": engine.dtype != BOARD_DTYPE,
        f"{options.new_tokens} new tokens instead of {NEW_TOKENS}": options.new_tokens != NEW_TOKENS,
        f"batch sizes {', '.join(map(str, options.batches))} instead of 1, 50": options.batches != BATCHES,
        f"at least {options.seconds:g} s instead of {SECONDS:g}": options.seconds < SECONDS,
    }
    return [text for text, is_so in found.items() if is_so]


def _too_short(options: MeasureOptions, engine: Engine) -> str:
    needed = options.new_tokens + 1
    if engine.positions >= needed:
        return ""
    way_out = f"--new-tokens {engine.positions - 1} measures it, not comparable with the board"
    return f"the model has {engine.positions} positions and the protocol needs {needed:,}: not measured; {way_out}"


def _batch(size: int, options: MeasureOptions, engine: Engine, clock: Callable[[], float]) -> BatchFigures:
    """One warm-up, then generations until they have taken long enough together."""
    latencies: list[float] = []
    engine.clean()
    try:
        engine.generate(size, options.new_tokens)
        while sum(latencies) < options.seconds or not latencies:
            begun = clock()
            engine.generate(size, options.new_tokens)
            latencies.append(clock() - begun)
    except OutOfMemoryError:
        return BatchFigures(batch_size=size, tokens_per_second=0.0, note=NO_MEMORY)
    peak = engine.peak_bytes()
    return BatchFigures(
        batch_size=size,
        tokens_per_second=tokens_per_second(options.new_tokens, size, latencies),
        latencies_seconds=latencies,
        peak_memory_bytes=peak,
        peak_memory_mb=peak // MB,
    )


def _latency(options: MeasureOptions, engine: Engine) -> TokenLatency | None:
    """Of a generation of its own: asking for the time at each token makes it slower."""
    engine.clean()
    try:
        moments = engine.token_times(options.new_tokens)
    except OutOfMemoryError:
        return None
    gaps = [1000 * (after - before) for before, after in itertools.pairwise(moments)]
    if not gaps:
        return None
    return TokenLatency(
        median_milliseconds=statistics.median(gaps), p95_milliseconds=percentile(gaps, 95), tokens=len(gaps)
    )


def _told(figures: BatchFigures) -> str:
    if figures.tokens_per_second is None:
        return "not measured"
    return figures.note or f"batch {figures.batch_size}: {figures.tokens_per_second:g} tokens/s"
