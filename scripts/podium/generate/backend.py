"""The seam `Backend`: problems and sample numbers in, samples out, whole problems at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from podium.records import Sample, Sampling
    from podium.tasks import Problem, Task

# name -> class; the constructor takes (model_dir: Path, dtype: str)
BACKENDS = {"transformers": "podium.generate.transformers_backend:TransformersBackend"}


class Backend(Protocol):
    """Draws samples. A fault raises BackendError; it never becomes a sample."""

    def versions(self) -> dict[str, str]:
        """Return the versions of everything that can change what is drawn."""

    def stop_words(self, task: Task) -> list[str]:
        """The stop words in force: the task's and the tokenizer's end-of-text token."""

    def draw(self, task: Task, problems: Sequence[Problem], sampling: Sampling) -> Iterator[list[Sample]]:
        """Yield the `n_samples` samples of one problem after the other, indexes ascending."""
