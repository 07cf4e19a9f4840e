"""Rules on samples and generations: every planned sample once, in order, drawn from what was planned."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from podium.validate.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from podium.records import Sample, Verdict
    from podium.validate.contents import Contents, SampleLog

SHOWN = 5
MANY_TRUNCATED = 0.5


def missing(rows: Iterable[Sample | Verdict], problems: list[str], n_samples: int) -> tuple[int, list[str]]:
    """How many of problems x n_samples are missing, and the first few by name."""
    planned = set(problems)
    seen = {(row.problem, row.index) for row in rows if row.problem in planned and row.index < n_samples}
    lacking = (
        f"{problem}#{index}"
        for problem in dict.fromkeys(problems)
        for index in range(n_samples)
        if (problem, index) not in seen
    )
    return len(planned) * n_samples - len(seen), list(itertools.islice(lacking, SHOWN))


def odd_rows(rows: Iterable[Sample | Verdict], problems: list[str], n_samples: int) -> Iterator[str]:
    """Rows that were not planned or come a second time, in words."""
    planned, seen = set(problems), set()
    for row in rows:
        key = (row.problem, row.index)
        if row.problem not in planned or row.index >= n_samples:
            yield f"{row.problem}#{row.index} was never planned"
        elif key in seen:
            yield f"{row.problem}#{row.index} comes a second time"
        seen.add(key)


def samples_missing(contents: Contents) -> Iterator[Violation]:
    """Every sample of the header's problems is there."""
    for log in _logs(contents):
        count, names = missing(log.rows, log.header.problems, log.header.sampling.n_samples)
        if count:
            message = f"{count} samples are missing: {', '.join(names)}"
            hint = "run generate again; it draws only what is missing"
            yield Violation(path=log.path, message=message, hint=hint)


def samples_odd(contents: Contents) -> Iterator[Violation]:
    """No sample comes twice and none is foreign, also across shards."""
    hint = "run generate again; it writes what came twice once, and says what to do about the rest"
    for logs in contents.samples.values():
        problems = [problem for log in logs for problem in log.header.problems]
        rows = [row for log in logs for row in log.rows]
        for oddity in odd_rows(rows, problems, logs[0].header.sampling.n_samples):
            yield Violation(path=logs[0].path, message=oddity, hint=hint)


def samples_header(contents: Contents) -> Iterator[Violation]:
    """A log's header agrees with its name, plan.json and model.json."""
    plan, model = contents.plan, contents.model
    planned = {task.task: task for task in plan.tasks} if plan else {}
    for log in _logs(contents):
        header, expected = log.header, []
        if not log.path.rpartition("/")[2].startswith(f"{header.task}."):
            expected.append(f"the header is of task {header.task!r}, the file's name is not")
        if plan and header.task not in planned:
            expected.append(f"task {header.task!r} is not planned")
        elif plan:
            expected += [
                f"its {name} is not the plan's"
                for name, same in (
                    ("sampling", header.sampling == plan.sampling),
                    ("task data", header.data_sha256 == planned[header.task].data_sha256),
                    ("backend", header.backend == plan.backend),
                )
                if not same
            ]
        if model and header.model_sha256 != model.sha256:
            expected.append("it was drawn from another model than model.json describes")
        for message in expected:
            hint = "run generate again; it says what to do about samples that were drawn with other inputs"
            yield Violation(path=log.path, where="line 1", message=message, hint=hint)


def samples_cover_plan(contents: Contents) -> Iterator[Violation]:
    """The logs of a task cover the planned problems once a generations file was made of them."""
    plan = contents.plan
    for task in plan.tasks if plan else ():
        logs = contents.samples.get(task.task, [])
        covered = {problem for log in logs for problem in log.header.problems}
        lacking = [problem for problem in task.problems if problem not in covered]
        if logs and lacking and task.task in contents.generations:
            message = f"no log covers {len(lacking)} planned problems: {', '.join(lacking[:SHOWN])}"
            yield Violation(path=logs[0].path, where="line 1", message=message, hint="run generate again")


def generations_samples(contents: Contents) -> Iterator[Violation]:
    """A generations file is its samples in data-set order."""
    hint = "run generate again; it writes the file from the samples"
    for task, artefact in contents.generations.items():
        logs = contents.samples.get(task, [])
        if not logs:
            continue
        texts = {(row.problem, row.index): row.generation for log in logs for row in log.rows}
        problems = _problems(contents, task)
        for place, (problem, row) in enumerate(zip(problems, artefact.value, strict=False)):
            for index, text in enumerate(row):
                if texts.get((problem, index)) != text:
                    message = f"the text is not sample {problem}#{index}"
                    yield Violation(path=artefact.path, where=f"$[{place}][{index}]", message=message, hint=hint)


def _problems(contents: Contents, task: str) -> list[str]:
    planned = [planned.problems for planned in contents.plan.tasks if planned.task == task] if contents.plan else []
    return planned[0] if planned else [problem for log in contents.samples[task] for problem in log.header.problems]


def generations_shape(contents: Contents) -> Iterator[Violation]:
    """A generations file has one list a problem and the protocol's number of texts in each."""
    shapes = contents.shapes()
    for task, artefact in contents.generations.items():
        shape = shapes.get(task)
        if shape is None:
            continue
        hint = "run generate again without --limit" if contents.plan is None else "run generate again"
        if len(artefact.value) != shape.problems:
            message = f"it has {len(artefact.value)} problems, {shape.source} has {shape.problems}"
            yield Violation(path=artefact.path, where="$", message=message, hint=hint)
        for index, row in enumerate(artefact.value):
            if len(row) != shape.n_samples:
                message = f"it has {len(row)} samples, {shape.source} has {shape.n_samples}"
                yield Violation(path=artefact.path, where=f"$[{index}]", message=message, hint=hint)


def generations_duplicate(contents: Contents) -> Iterator[Violation]:
    """No two tasks have the same generations."""
    first: dict[str, str] = {}
    for task, artefact in contents.generations.items():
        digest = contents.digests[artefact.path].sha256
        if digest in first:
            message = f"it is byte for byte the file of {first[digest]}; {task} was never generated"
            yield Violation(path=artefact.path, message=message, hint=f"generate {task} again")
        first.setdefault(digest, task)


def generations_collapsed(contents: Contents) -> Iterator[Violation]:
    """With sampling on, the samples of a task's problems are not all the same text."""
    for artefact in contents.generations.values():
        rows = [row for row in artefact.value if len(row) >= 10]
        if len(rows) >= 2 and all(len(set(row)) == 1 for row in rows) and not _is_greedy(contents):
            message = "all samples of every problem are the same text: sampling was off, or the seed was reset"
            yield Violation(path=artefact.path, message=message, hint="check temperature and seed, then generate again")


def many_truncated(contents: Contents) -> Iterator[Violation]:
    """Most samples end by a stop word or an end token, not because no room was left."""
    for log in _logs(contents):
        cut = sum(row.finish in ("length", "prompt_fills_window") for row in log.rows)
        if cut > MANY_TRUNCATED * len(log.rows):
            message = f"{cut} of {len(log.rows)} samples ran into the length limit, more than {MANY_TRUNCATED:.0%}"
            hint = "check the end token: a model that never ends is slow, and wrong where its text must be whole"
            yield Violation(path=log.path, message=message, hint=hint)


def _is_greedy(contents: Contents) -> bool:
    return contents.plan is not None and contents.plan.sampling.temperature == 0


def _logs(contents: Contents) -> Iterator[SampleLog]:
    yield from itertools.chain.from_iterable(contents.samples.values())
