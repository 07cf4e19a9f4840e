"""A whole task through the stage `generate`, as far as time allows: memory over time, and hours by extrapolation."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.parts.engines import SAMPLING, ScriptedNative, now, scripted
from tests.bench.parts.workload import script_task, write_script

from podium.generate import GenerateOptions, generate
from podium.progress import SilentProgress
from podium.tasks import load_task

if TYPE_CHECKING:
    from typing import Any

PROBLEMS = 164
EVERY_SECONDS = 60.0


class TimeUpError(Exception):
    """The time given to the benchmark is over."""


class Watch(SilentProgress):
    """Notes memory and useful tokens as samples come in; ends the work when the time is over."""

    def __init__(self, backend: ScriptedNative, minutes: float) -> None:
        super().__init__()
        self._backend, self._end = backend, time.monotonic() + 60 * minutes
        self._begun, self._wall_begun, self._next = now(), time.monotonic(), 0.0
        self.seconds, self.wall_seconds, self.useful, self.samples = 0.0, 0.0, 0, 0

    def advance(self, count: int = 1, facts: str = "") -> None:
        """One batch of samples is in the log."""
        self.samples += count
        self.seconds, self.wall_seconds = now() - self._begun, time.monotonic() - self._wall_begun
        self.useful = sum(len(row.members) * len(row.tokens) for row in self._backend.ended)
        if self.seconds >= self._next:
            self._next += EVERY_SECONDS
            figures = f"{self.samples} samples, {self.useful} useful tokens, {resident_gib():.2f} GiB resident"
            print(f"  {self.seconds:6.0f} CPU s: {figures}", flush=True)
        if time.monotonic() > self._end:
            raise TimeUpError


def resident_gib() -> float:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 30)


def measure(folder: Path, tokenizer: Any, data_dir: str, minutes: float, median: float) -> dict[str, float]:
    """HumanEval's prompts where `data_dir` has them, else the library's; rows of spread lengths around `median`."""
    if data_dir:
        script = script_task(tokenizer, load_task("humaneval", Path(data_dir)), median)
    else:
        script = write_script(tokenizer, "spread", PROBLEMS, median)
    backend = scripted(folder, script, "auto", 0)
    watch = Watch(backend, minutes)
    with tempfile.TemporaryDirectory() as name:
        options = GenerateOptions(
            run_dir=Path(name),
            model_name="bench",
            model_sha256="0" * 64,
            sampling=SAMPLING,
            backend="native",
            dtype="auto",
        )
        try:
            generate(options, script.task, backend, watch)
        except TimeUpError:
            print(f"  stopped after {minutes:g} minutes", flush=True)
    part = watch.useful / script.useful
    return {
        "slots": backend._slots,
        "done": watch.samples / (SAMPLING.n_samples * len(script.task.problems)),
        "tokens": watch.useful,
        "rate": watch.useful / watch.seconds,
        "wall_rate": watch.useful / watch.wall_seconds,
        "cpu_hours": watch.seconds / part / 3600,
        "wall_hours": watch.wall_seconds / part / 3600,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20),
    }
