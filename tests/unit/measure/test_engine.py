"""The engine of a measurement draws what it was asked for, from a real model on this machine's processor."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
from tests.unit.generate.tiny import write_tiny

from podium.errors import BackendError
from podium.measure import MeasureOptions, measure
from podium.measure.engine import TransformersEngine
from podium.progress import SilentProgress

on_processor = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a card")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny") / "model")


def test_every_row_gets_every_token_whatever_the_model_says(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TransformersEngine(tiny)
    lengths = []
    generate = engine._model.generate

    def listening(ids: torch.Tensor, **more: object) -> torch.Tensor:
        drawn: torch.Tensor = generate(ids, **more)
        lengths.append((tuple(ids.shape), tuple(drawn.shape)))
        return drawn

    monkeypatch.setattr(engine._model, "generate", listening)
    engine.generate(3, 20)
    assert lengths == [((3, 1), (3, 21))]
    assert len(engine.token_times(20)) == 20


@on_processor
def test_a_tiny_model_is_measured_on_the_processor(tiny: Path) -> None:
    options = MeasureOptions(model="tiny", model_sha256="0" * 64, batches=(1, 2), new_tokens=20, seconds=0.01)
    record = measure(options, TransformersEngine(tiny), time.perf_counter, SilentProgress())
    assert all(batch.tokens_per_second and batch.peak_memory_mb for batch in record.batches)
    assert record.token_latency is not None
    assert record.token_latency.tokens == 19
    assert record.dtype == "float32"
    assert record.hardware.device == "cpu"
    assert record.differences[0].startswith("measured on cpu (")


@on_processor
def test_memory_that_a_processor_lacks_is_a_figure(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TransformersEngine(tiny)

    def refuse(*_: object, **__: object) -> None:
        message = "[enforce fail at alloc_cpu.cpp:75] . DefaultCPUAllocator: can't allocate memory: you tried ..."
        raise RuntimeError(message)

    monkeypatch.setattr(engine._model, "generate", refuse)
    options = MeasureOptions(model="tiny", model_sha256="0" * 64, new_tokens=20)
    record = measure(options, engine, time.perf_counter, SilentProgress())
    assert [batch.tokens_per_second for batch in record.batches] == [0.0, 0.0]


def test_more_than_one_visible_card_is_refused(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 8)
    with pytest.raises(BackendError, match="8 cards are visible") as refused:
        TransformersEngine(tiny)
    assert "CUDA_VISIBLE_DEVICES=0" in refused.value.hint
