"""A verification as text: a table of what is claimed and found, the reasons, and one last line that says it all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.validate.violations import neutral, printable

if TYPE_CHECKING:
    from podium.records import Verification, VerifiedTask

HEAD = ("task", "executed", "expected", "found", "difference", "")


def table_rows(record: Verification) -> list[tuple[str, ...]]:
    """Head and one row a task, in points of pass@1."""
    return [HEAD, *(_row(task) for task in record.tasks)]


def _row(task: VerifiedTask) -> tuple[str, ...]:
    expected = task.grouped if task.grouped is not None else task.metrics.get("pass@1")
    executed = f"{task.executed} of {task.programs}"
    return (
        task.task,
        executed,
        _points(expected),
        _points(task.found),
        f"{100 * task.difference:+.2f}" if task.difference is not None else "-",
        task.conclusion,
    )


def _points(score: float | None) -> str:
    return "-" if score is None else f"{100 * score:.2f}"


def text_lines(record: Verification) -> list[str]:
    """The table, then why, then what was redrawn, then the last line; safe to print whatever the submission holds."""
    rows = table_rows(record)
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += [f"  {reason}" for reason in record.reasons]
    if record.redrawing:
        lines.append(f"redrawn: {record.redrawing.reason}")
    return [printable(line) for line in [*lines, last_line(record)]]


def last_line(record: Verification) -> str:
    """`verified`, `refuted` or `undecided`, and why, in one sentence."""
    said = f"{record.conclusion}: {_why(record)}"
    unchecked = [name for name in record.unchecked if name]
    return f"{said}; {', '.join(unchecked)} unchecked" if unchecked else said


def _why(record: Verification) -> str:
    if record.conclusion != "verified":
        more = f" (and {len(record.reasons) - 1} reasons more)" if len(record.reasons) > 1 else ""
        return f"{record.reasons[0]}{more}"
    executed, programs = (sum(getattr(task, name) for task in record.tasks) for name in ("executed", "programs"))
    if executed == programs:
        return f"all {programs} programs were executed and give every score to the last digit"
    worst = max(record.tasks, key=lambda task: task.hidden)
    part = f"{executed} of {programs} programs, drawn with seed {record.seed}, fit every score"
    hidden = f"at most {100 * record.hidden:.1f} points at 95 %"
    return f"{part}; a forger could still hide {hidden} on average, {100 * worst.hidden:.1f} in {worst.task} alone"


def markdown(record: Verification) -> str:
    """The same for a job's summary or a comment; nothing that the submission holds is markup there."""
    head, *rows = table_rows(record)
    lines = [f"### podium verify: {record.conclusion}", "", f"| {' | '.join(head)} |", "|---|---|---:|---:|---:|---|"]
    lines += [f"| {' | '.join(map(neutral, row))} |" for row in rows]
    lines += ["", *(f"- {neutral(reason)}" for reason in record.reasons), "", neutral(last_line(record))]
    return "\n".join(lines) + "\n"
