"""measure: the board's arithmetic against tables made by hand, and what becomes of models and machines that cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from podium.errors import UsageError
from podium.measure import MeasureOptions, OutOfMemoryError, measure
from podium.measure.figures import percentile, significant, tokens_per_second
from podium.progress import SilentProgress
from podium.records import Hardware, Throughput

if TYPE_CHECKING:
    from collections.abc import Sequence

CARD = Hardware(device="cuda", name="card", cores=4, memory_bytes=80 * 10**9, driver="1")
PROCESSOR = Hardware(device="cpu", name="processor", cores=2, memory_bytes=10**9)


class TableEngine:
    """Takes as long as a table says, one entry a generation; a batch without a table has no room."""

    def __init__(self, table: dict[int, list[float]], hardware: Hardware = CARD, positions: int = 2048) -> None:
        self.now = 0.0
        self.asked: list[tuple[int, int]] = []
        self.dtype = "float16" if hardware is CARD else "float32"
        self.positions, self.hardware, self.versions = positions, hardware, {"torch": "2.13.0"}
        self._table = {size: list(times) for size, times in table.items()}

    def clock(self) -> float:
        return self.now

    def generate(self, batch_size: int, new_tokens: int) -> None:
        self.asked.append((batch_size, new_tokens))
        if batch_size not in self._table:
            raise OutOfMemoryError
        self.now += self._table[batch_size].pop(0)

    def token_times(self, new_tokens: int) -> list[float]:
        return [0.0, 0.010, 0.030, 0.042][:new_tokens]

    def peak_bytes(self) -> int:
        return 1_999_999_999

    def clean(self) -> None:
        """Nothing is kept."""


def measured(engine: TableEngine, batches: Sequence[int] = (1, 50), **more: float) -> Throughput:
    options = MeasureOptions(model="small", model_sha256="0" * 64, batches=tuple(batches), **more)  # type: ignore[arg-type]
    return measure(options, engine, engine.clock, SilentProgress())


@pytest.mark.parametrize(
    ("latencies", "batch_size", "shown"),
    [
        ([22.9], 1, 43.7),  # 1000 / 22.9 = 43.668
        ([34.0, 34.0], 50, 1470.0),  # 50,000 / 34 = 1470.6
        ([22.849, 22.949], 1, 43.7),
        # 1000 / 7.0051 = 142.75 would be 143 either way; 1000 / 8.9549 = 111.67 is 112, 1000 / 8.95 = 111.73 too.
        ([8.9549], 1, 112.0),
        # The latency is rounded first: 1.0449 becomes 1.04, so 962 and not 957.
        ([1.0449], 1, 962.0),
        ([10.0, 20.0], 1, 66.7),
        ([0.123456], 50, 407_000.0),  # 50,000 / 0.123 = 406,504
    ],
)
def test_throughput_is_the_boards_arithmetic(latencies: list[float], batch_size: int, shown: float) -> None:
    assert tokens_per_second(1000, batch_size, latencies) == shown


@pytest.mark.parametrize(("value", "shown"), [(43.668, 43.7), (1470.6, 1470.0), (0.0012345, 0.00123), (999.6, 1000.0)])
def test_figures_have_three_significant_digits(value: float, shown: float) -> None:
    assert significant(value) == shown


@pytest.mark.parametrize(
    ("values", "percent", "found"), [([3, 1, 2], 50, 2), (range(1, 101), 95, 95), ([5], 95, 5), ([1, 2], 95, 2)]
)
def test_percentile_is_the_nearest_rank(values: Sequence[float], percent: float, found: float) -> None:
    assert percentile(values, percent) == found


def test_a_warm_up_goes_before_and_ten_seconds_are_filled() -> None:
    # A warm-up of 9 s that must not count, then 4 + 4 + 4 s.
    engine = TableEngine({1: [9.0, 4.0, 4.0, 4.0], 50: [30.0, 34.0]})
    record = measured(engine)
    one, fifty = record.batches
    assert one.latencies_seconds == [4.0, 4.0, 4.0]
    assert (one.tokens_per_second, fifty.tokens_per_second) == (250.0, 1470.0)
    assert engine.asked == [(1, 1000)] * 4 + [(50, 1000)] * 2
    assert (one.peak_memory_bytes, one.peak_memory_mb) == (1_999_999_999, 1999)
    assert record.differences == []


def test_the_latency_of_one_token_is_median_and_95th_percentile() -> None:
    record = measured(TableEngine({1: [1.0] * 20, 50: [20.0] * 3}))
    assert record.token_latency is not None
    # Gaps of 10, 20 and 12 ms.
    assert record.token_latency.median_milliseconds == pytest.approx(12.0)
    assert record.token_latency.p95_milliseconds == pytest.approx(20.0)
    assert record.token_latency.tokens == 3


def test_no_room_is_zero_and_not_measured_is_empty() -> None:
    record = measured(TableEngine({1: [11.0] * 3}))
    assert [(batch.tokens_per_second, batch.note) for batch in record.batches] == [(90.9, ""), (0.0, "out of memory")]
    assert record.batches[1].peak_memory_mb is None


def test_a_model_with_too_few_positions_is_not_measured_and_told() -> None:
    report = SilentProgress()
    engine = TableEngine({1: [], 50: []}, positions=1000)
    options = MeasureOptions(model="small", model_sha256="0" * 64)
    record = measure(options, engine, engine.clock, report)
    assert [batch.tokens_per_second for batch in record.batches] == [None, None]
    assert record.token_latency is None
    (note,) = report.notes
    assert "has 1000 positions and the protocol needs 1,001" in note
    assert "--new-tokens 999" in note
    assert measured(TableEngine({1: [11.0] * 2, 50: [11.0] * 2}, positions=1001)).batches[0].tokens_per_second == 90.9


def test_everything_that_is_not_the_protocol_is_said() -> None:
    engine = TableEngine({2: [6.0] * 9}, PROCESSOR)
    record = measured(engine, (2,), new_tokens=100, seconds=5.0)
    assert record.differences == [
        "measured on cpu (2 cores), the board on a card",
        "float32 instead of float16",
        "100 new tokens instead of 1000",
        "batch sizes 2 instead of 1, 50",
        "at least 5 s instead of 10",
    ]


@pytest.mark.parametrize("batches", [(), (0,), (1, 1)])
def test_batch_sizes_that_measure_nothing_are_refused(batches: tuple[int, ...]) -> None:
    with pytest.raises(UsageError) as refused:
        MeasureOptions(model="small", model_sha256="0" * 64, batches=batches)
    assert "--batches 1,50" in refused.value.hint
