"""The score table for people."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from podium.records import Scores


def print_scores(scores: Scores, tag: str, stream: IO[str]) -> None:
    """Print one row a task: problems, samples, passed, pass@1 in percent."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{scores.model.hub_id} {tag} ({scores.mode})")
    table.add_column("task", no_wrap=True)
    for name in ("problems", "samples", "passed", "pass@1 %"):
        table.add_column(name, justify="right", no_wrap=True)
    for score in scores.tasks:
        table.add_row(
            score.task,
            f"{score.problems} of {score.problems_in_task}",
            str(score.problems * score.n_samples),
            str(score.correct),
            f"{100 * score.pass_at['pass@1']:.2f}",
        )
    Console(file=stream, width=100).print(table)
