"""The seam `Backend`: problems and sample numbers in, samples out, in batches that go to the log as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from podium.tasks import Problem

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from podium.records import Sample, Sampling
    from podium.tasks import Task

# name -> class; the constructor takes (model_dir: Path, dtype: str) and, by keyword, what BACKEND_OPTIONS lists
BACKENDS = {
    "native": "podium.generate.backends.native.backend:NativeBackend",
    "transformers": "podium.generate.backends.transformers_backend:TransformersBackend",
    "vllm": "podium.generate.backends.vllm_backend:VllmBackend",
    "harness": "podium.generate.backends.harness_backend:HarnessBackend",
    "replay": "podium.generate.backends.replay:ReplayBackend",
}
BACKEND_OPTIONS = {"harness": ("harness", "harness_python", "environment"), "replay": ("generations",)}


class Wanted(msgspec.Struct, frozen=True):
    """The samples of one problem that the log still lacks, by number."""

    problem: Problem
    indexes: list[int]


class Backend(Protocol):
    """Draws samples. A fault raises BackendError; it never becomes a sample."""

    draws_single_samples: bool
    """False where a sample depends on the samples drawn with it: then problems are drawn whole or not at all."""

    def versions(self) -> dict[str, str]:
        """Return the versions of everything that can change what is drawn, and `engine`: what really draws."""

    def stop_words(self, task: Task) -> list[str]:
        """The stop words in force: the task's and the tokenizer's end-of-text token."""

    def preflight(self, task: Task, sampling: Sampling) -> list[str]:
        """Look before hours of work; returns warnings. Raises BackendError for what cannot end well."""

    def draw(self, task: Task, wanted: Sequence[Wanted], sampling: Sampling) -> Generator[list[Sample], None, None]:
        """Yield the wanted samples in batches, each sample once, in any order. Closed, it stops working.

        An empty batch says that work goes on.
        """

    def tokens_drawn(self) -> int:
        """Tokens drawn so far over all samples, of those that are not complete too; 0 where that is not seen."""

    def facts(self) -> str:
        """What the run saved or cost so far, for people; may be empty."""
