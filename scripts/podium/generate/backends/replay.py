"""The replay backend: an existing generations file of the harness becomes the samples of a run. Needs no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.generate.backends.foreign import check_counts, check_problems
from podium.generate.postprocess import cut_at_stop
from podium.generations import read_generations
from podium.records import Sample

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from podium.generate.backends.seam import Wanted
    from podium.records import Sampling
    from podium.tasks import Task


class ReplayBackend:
    """Draws nothing: text i of problem p is sample i of p. Tokens and endings stay unknown, a cut text lacks both."""

    draws_single_samples = True

    def __init__(self, model_dir: Path, dtype: str, *, generations: Path) -> None:
        """Read the file; the model is only what the file is said to come from. Raises RecordError."""
        self._texts = read_generations(generations)

    def versions(self) -> dict[str, str]:
        """The file by its digest, and that nothing here can vouch for how it was drawn."""
        return {"engine": "replay", "generations_sha256": self._texts.sha256, "sampling": "declared, not observed"}

    def stop_words(self, task: Task) -> list[str]:
        """The task's stop words; which end-of-text token was in force the file does not say."""
        return list(task.stop)

    def preflight(self, task: Task, sampling: Sampling) -> list[str]:
        """Raises RecordError unless the file is of this task and n; warns of what it cannot prove."""
        self._check(task, sampling)
        warnings = [f"{self._texts.where} does not say with which model and sampling it was drawn; yours are recorded"]
        uncut = [
            f"$[{place}][{index}]"
            for place, (problem, row) in enumerate(zip(task.problems, self._texts.rows, strict=True))
            for index, text in enumerate(row)
            if len(cut_at_stop(text[len(problem.prompt) :], task.stop)) != len(text) - len(problem.prompt)
        ]
        if uncut:
            message = f"{len(uncut)} texts hold a stop word of {task.name}, for example {uncut[0]}"
            warnings.append(f"{message}: drawn with other stop words; they are kept as they are")
        return warnings

    def facts(self) -> str:
        """Nothing is computed."""
        return ""

    def tokens_drawn(self) -> int:
        """None are drawn."""
        return 0

    def draw(self, task: Task, wanted: Sequence[Wanted], sampling: Sampling) -> Generator[list[Sample], None, None]:
        """Yield the wanted texts problem by problem. Raises RecordError as `preflight` does."""
        self._check(task, sampling)
        places = {problem.id: place for place, problem in enumerate(task.problems)}
        for one in wanted:
            row = self._texts.rows[places[one.problem.id]]
            yield [replayed(one.problem.id, index, row[index]) for index in one.indexes]

    def _check(self, task: Task, sampling: Sampling) -> None:
        check_problems(self._texts, task.problems)
        check_counts(self._texts, task.problems, sampling.n_samples)


def replayed(problem: str, index: int, text: str) -> Sample:
    """A sample of which only the text is known."""
    return Sample(problem=problem, index=index, generation=text, tokens=0, finish="unknown")
