"""`podium run`: every stage in one process on one run directory, each step skipped when the ledger knows it is done.

Reads podium.toml, a checkpoint and task data. Writes runs/<tag>/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.convert.step import planned_convert
from podium.errors import RecordError
from podium.execute.step import planned_execute
from podium.generate.step import planned_generate
from podium.ledger import Ledger, forget_steps
from podium.measure.step import NAME as MEASURE
from podium.measure.step import planned_measure
from podium.plan import plan, standing
from podium.records import Plan, read_record, write_record
from podium.report.step import report_step
from podium.run_directory import PLAN
from podium.score import remove_outdated
from podium.score.step import OUTDATED, score_step
from podium.step import RunOptions, Tools, Work
from podium.validate.step import validate_step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.config import Config
    from podium.progress import Progress
    from podium.step import Step

__all__ = ["RunOptions", "Tools", "run", "steps"]


def steps(work: Work) -> Iterator[Step[Any]]:
    """Every step of a run, in order; each is asked for when those before it are done."""
    yield planned_convert(work)
    for planned in work.plan.tasks:
        yield planned_generate(work, planned)
        yield planned_execute(work, planned)
    if any(job.stage == MEASURE for job in work.plan.jobs):
        yield planned_measure(work)
    yield score_step(work.run_dir, work.plan)
    yield validate_step(work.run_dir)
    yield report_step(work.run_dir)


def run(
    options: RunOptions, config: Config, tools: Tools, progress: Progress, record: Plan | None = None
) -> tuple[Plan, int]:
    """Do every step that is missing or changed; returns the plan and how many steps were done.

    `record` is the plan where it was made already. Raises OtherWorkError before what samples depend on changes.
    """
    record = record or plan(options.plan, config)
    # Before the plan is written: killed in between, the next run finds the same to decide.
    standing.clear(options.run_dir, record, options.ways, progress, discard=options.discard)
    _write_plan(options.run_dir, record)
    # Asked before hours of generation, not after: this raises where programs could not be isolated.
    tools.sandbox.facts()
    ledger = Ledger(options.run_dir, progress)
    for step in steps(Work(options, record, tools, progress)):
        ledger.do(step, podium=record.podium)
    return record, ledger.done


def _write_plan(run_dir: Path, record: Plan) -> None:
    """Write plan.json, unless it says the same already: a run with nothing to do touches nothing.

    What was made for another plan goes first: it must not be sent in the name of this one.
    """
    try:
        if read_record(run_dir / PLAN, Plan) == record:
            return
    except RecordError:
        pass  # missing or broken: it is written anew from its inputs
    forget_steps(run_dir, *OUTDATED)
    remove_outdated(run_dir)
    write_record(run_dir / PLAN, record)
