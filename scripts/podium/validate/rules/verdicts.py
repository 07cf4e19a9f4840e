"""Rules on verdicts: every program judged once, from these generations, by a tool chain that was seen to work."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from podium.validate.rules.samples import missing, odd_rows
from podium.validate.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.validate.contents import Contents

MANY_TIMEOUTS = 0.02
SAME_MESSAGE = 0.5
MANY_SYNTAX_ERRORS = 0.9
FEW_FAILURES = 10  # too few to speak of an environment
FAILED = {"failed", "crashed", "syntax_error"}
AGAIN = "run execute again; it runs only what is missing"
PYTHON = {"py", "python"}


def verdicts_missing(contents: Contents) -> Iterator[Violation]:
    """Every program has a verdict; a score over fewer is never computed."""
    for log in contents.verdicts.values():
        count, names = missing(log.rows, log.header.problems, log.header.n_samples)
        if count:
            yield Violation(path=log.path, message=f"{count} verdicts are missing: {', '.join(names)}", hint=AGAIN)


def verdicts_odd(contents: Contents) -> Iterator[Violation]:
    """No verdict comes twice and none is foreign."""
    hint = "delete the file and run execute again"
    for log in contents.verdicts.values():
        for oddity in odd_rows(log.rows, log.header.problems, log.header.n_samples):
            yield Violation(path=log.path, message=oddity, hint=hint)


def verdicts_header(contents: Contents) -> Iterator[Violation]:
    """A file's header agrees with its name and plan.json."""
    plan = contents.plan
    planned = {task.task: task for task in plan.tasks} if plan else {}
    for log in contents.verdicts.values():
        header, task = log.header, planned.get(log.header.task)
        wrong = []
        if log.path.rpartition("/")[2] != f"{header.task}.jsonl":
            wrong.append(f"the header is of task {header.task!r}, the file's name is not")
        if plan and task is None:
            wrong.append(f"task {header.task!r} is not planned")
        elif plan and task:
            checks = (
                ("problems", header.problems == task.problems),
                ("number of samples", header.n_samples == plan.sampling.n_samples),
                ("task data", header.data_sha256 == task.data_sha256),
                ("language", header.language == task.language),
                ("mode", header.mode == plan.mode),
            )
            wrong += [f"its {name} is not the plan's" for name, same in checks if not same]
        for message in wrong:
            yield Violation(path=log.path, where="line 1", message=message, hint="run execute again")


def verdicts_generations(contents: Contents) -> Iterator[Violation]:
    """Verdicts name the generations file they were made from."""
    for task, log in contents.verdicts.items():
        artefact = contents.generations.get(task)
        if artefact and log.header.generations_sha256 != contents.digests[artefact.path].sha256:
            message = f"it was made from other generations than {artefact.path}"
            yield Violation(path=log.path, where="line 1", message=message, hint="run execute again")


def verdicts_program(contents: Contents) -> Iterator[Violation]:
    """Equal programs have equal digests and verdicts, different programs have different digests."""
    for task, log in contents.verdicts.items():
        outcomes: dict[str, str] = {}
        programs: dict[str, tuple[str, str]] = {}
        texts = _texts(contents, task)
        for row in log.rows:
            if outcomes.setdefault(row.program_sha256, row.outcome) != row.outcome:
                message = f"{row.problem}#{row.index} is {row.outcome}, the same program was something else before"
                yield Violation(path=log.path, message=message, hint="delete the file and run execute again")
            text = texts.get((row.problem, row.index))
            if text is not None and programs.setdefault(row.program_sha256, (row.problem, text)) != (row.problem, text):
                message = f"{row.problem}#{row.index} has the digest of another program"
                yield Violation(path=log.path, message=message, hint="delete the file and run execute again")


def _texts(contents: Contents, task: str) -> dict[tuple[str, int], str]:
    artefact, log = contents.generations.get(task), contents.verdicts[task]
    if artefact is None:
        return {}
    return {
        (problem, index): text
        for problem, row in zip(log.header.problems, artefact.value, strict=False)
        for index, text in enumerate(row)
    }


def zero_without_self_test(contents: Contents) -> Iterator[Violation]:
    """A whole task at zero is believed only after the tool chain's self-test passed in the same job."""
    for log in contents.verdicts.values():
        tested = bool(log.header.self_test) and all(check.ok for check in log.header.self_test)
        if log.rows and not tested and not any(row.outcome == "passed" for row in log.rows):
            message = f"no program of {log.header.task} passed, and the tool chain was not seen to work"
            hint = "repair the tool chain (the self-test in line 1 says what failed) and run execute again"
            yield Violation(path=log.path, message=message, hint=hint)


def environment_fault(contents: Contents) -> Iterator[Violation]:
    """Failing programs fail for different reasons; one message for most of them speaks of a missing library."""
    for log in contents.verdicts.values():
        failures = [row.message for row in log.rows if row.outcome in FAILED]
        # A bare status word says nothing about the reason; Python's are the harness's own `failed: ...`.
        messages = Counter(message for message in failures if " " in message.strip())
        if log.header.language in PYTHON or len(failures) < FEW_FAILURES or not messages:
            continue
        message, count = messages.most_common(1)[0]
        if count > SAME_MESSAGE * len(failures):
            text = f"{count} of {len(failures)} failures say the same: {message[:200]!r}"
            hint = "check that the language's libraries are installed; a fault of the machine is no verdict"
            yield Violation(path=log.path, message=text, hint=hint)


def many_timeouts(contents: Contents) -> Iterator[Violation]:
    """Few programs time out; many speak of a loaded machine."""
    for log in contents.verdicts.values():
        late = sum(row.outcome == "timed_out" for row in log.rows)
        if late > MANY_TIMEOUTS * len(log.rows):
            message = f"{late} of {len(log.rows)} programs timed out, more than {MANY_TIMEOUTS:.0%}"
            yield Violation(path=log.path, message=message, hint="run execute again with fewer --workers")


def many_syntax_errors(contents: Contents) -> Iterator[Violation]:
    """Not nearly all programs are malformed: that speaks of stop words or of an old tool chain."""
    for log in contents.verdicts.values():
        malformed = sum(row.outcome == "syntax_error" for row in log.rows)
        if malformed > MANY_SYNTAX_ERRORS * len(log.rows):
            message = f"{malformed} of {len(log.rows)} programs are malformed, more than {MANY_SYNTAX_ERRORS:.0%}"
            hint = "read some: good text means a wrong tool chain, cut or endless text means wrong stop words"
            yield Violation(path=log.path, message=message, hint=hint)
