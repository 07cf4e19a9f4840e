"""The engine of a measurement: transformers' own `generate`, greedy and of fixed length."""

from __future__ import annotations

import gc
import os
import platform
import resource
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig, StoppingCriteria

from podium.errors import BackendError
from podium.measure import BOARD_DTYPE, OutOfMemoryError
from podium.model_directory import open_model
from podium.records import Hardware

SEED = 0
KIB = 1024


class TransformersEngine:
    """The model in one number format on one device."""

    def __init__(self, model_dir: Path, dtype: str = "") -> None:
        """Load the model: float16 on a card and float32 elsewhere, unless another is asked for. Raises BackendError."""
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        if self._device == "cuda" and torch.cuda.device_count() != 1:
            message = f"{torch.cuda.device_count()} cards are visible; peak memory is that of one"
            raise BackendError(message, hint="set CUDA_VISIBLE_DEVICES=0 and run it again")
        self.dtype = dtype or (BOARD_DTYPE if self._device == "cuda" else "float32")
        hint = "name a folder that podium convert wrote"
        _, self._model, misfits = open_model(model_dir, self.dtype, BackendError, hint=hint)
        if misfits:
            message = f"{model_dir} does not load completely: {misfits}"
            raise BackendError(message, hint="its config.json and weights do not belong together; convert again")
        self._model = self._model.to(self._device)
        self.positions = int(self._model.config.max_position_embeddings)
        self.hardware = _hardware(self._device)
        self.versions = {name: version(name) for name in ("torch", "transformers")}
        if torch.version.cuda:
            self.versions["cuda"] = torch.version.cuda
        self._peak = 0

    def generate(self, batch_size: int, new_tokens: int) -> None:
        """Draw after one random token a row. Raises OutOfMemoryError."""
        self._draw(batch_size, new_tokens)

    def token_times(self, new_tokens: int) -> list[float]:
        """When each token was there. Raises OutOfMemoryError."""
        watch = _Watch(self._wait)
        self._draw(1, new_tokens, stopping_criteria=[watch])
        return watch.moments

    def peak_bytes(self) -> int:
        """What was in use on the card, other programs and the driver included; else this process at its largest."""
        return self._peak

    def clean(self) -> None:
        """Give the card's memory back."""
        self._peak = 0
        gc.collect()
        if self._device == "cuda":
            torch.cuda.empty_cache()

    def _draw(self, batch_size: int, new_tokens: int, **more: Any) -> None:
        settings = GenerationConfig(
            max_new_tokens=new_tokens, min_new_tokens=new_tokens, do_sample=False, num_beams=1, use_cache=True,
            pad_token_id=0, eos_token_id=None, bos_token_id=None,
        )  # fmt: skip
        generator = torch.Generator().manual_seed(SEED)
        ids = torch.randint(0, self._model.config.vocab_size, (batch_size, 1), generator=generator).to(self._device)
        try:
            with torch.inference_mode():
                self._model.generate(ids, attention_mask=torch.ones_like(ids), generation_config=settings, **more)
            self._wait()
        except torch.OutOfMemoryError as err:
            raise OutOfMemoryError from err
        except RuntimeError as err:
            # How torch says it on a processor.
            if "can't allocate memory" in str(err) or "not enough memory" in str(err):
                raise OutOfMemoryError from err
            raise
        self._peak = max(self._peak, self._in_use())

    def _wait(self) -> None:
        if self._device == "cuda":
            torch.cuda.synchronize()

    def _in_use(self) -> int:
        if self._device == "cuda":
            free, total = torch.cuda.mem_get_info()
            return total - free
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB


class _Watch(StoppingCriteria):  # type: ignore[misc]
    """Stops nothing; notes the time of every token."""

    def __init__(self, wait: Any) -> None:
        self._wait = wait
        self.moments: list[float] = []

    def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
        self._wait()
        self.moments.append(time.perf_counter())
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)


def _hardware(device: str) -> Hardware:
    cores = len(os.sched_getaffinity(0))
    if device == "cuda":
        card = torch.cuda.get_device_properties(0)
        return Hardware(device=device, name=card.name, cores=cores, memory_bytes=card.total_memory, driver=_driver())
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return Hardware(device=device, name=_processor(), cores=cores, memory_bytes=pages * size)


def _processor() -> str:
    """The processor's name as the system tells it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _driver() -> str:
    """Version of NVIDIA's driver, as the kernel tells it; empty in places where it does not."""
    path = Path("/sys/module/nvidia/version")
    return path.read_text(encoding="ascii").strip() if path.exists() else ""
