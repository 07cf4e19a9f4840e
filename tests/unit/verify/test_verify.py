"""The stage: true submissions are never refuted, forgeries are, and nothing is decided that was not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.execute.test_execute import FakeRunner
from tests.unit.verify.submissions import pass_at

from podium.errors import SandboxError, UsageError
from podium.files import canonical_json, sha256_bytes
from podium.progress import SilentProgress
from podium.records import FileDigest
from podium.tasks import Problem, Task
from podium.verify import VerifyOptions, verify
from podium.verify.lines import last_line, markdown, text_lines
from podium.verify.submitted import Claim, Submitted
from podium.verify.trial import impossible

if TYPE_CHECKING:
    from pathlib import Path

    from podium.execute.jobs import Completed, Job
    from podium.records import Verification

PROBLEMS, SAMPLES = 60, 20
NAMES = ("demo-sh", "multiple-sh")  # two tasks of 1200 programs


def make_task(name: str = "demo-sh", problems: int = PROBLEMS) -> Task:
    return Task(
        name=name,
        language="sh",
        problems=[Problem(id=f"P/{i}", prompt=f"prompt {i}:", tests=f"# test {i}") for i in range(problems)],
        stop=[],
        data_sha256="d" * 64,
        problems_in_task=problems,
        provisions="demo-sh",
    )


def counts(turn: int = 0) -> list[int]:
    """How many samples of each problem are right: none of some, all of others, as models are."""
    return [(0, SAMPLES, 3, 11, 0, 0)[(problem + turn) % 6] for problem in range(PROBLEMS)]


def texts(right: list[int]) -> list[list[str]]:
    return [
        [f"prompt {problem}:\n{'right' if index < count else 'wrong'} {index}" for index in range(SAMPLES)]
        for problem, count in enumerate(right)
    ]


def claim(task: str, right: list[int], scores: dict[str, float] | None = None, **changes: object) -> Claim:
    rows = texts(right)
    metrics = scores or pass_at(right, SAMPLES)
    made = Claim(
        task=task,
        grouped=metrics["pass@1"],
        metrics=metrics,
        config={},
        generations=rows,
        generations_sha256=sha256_bytes(canonical_json(rows)),
        faults=[],
    )
    return msgspec.structs.replace(made, **changes)


def submission(*claims: Claim, **changes: object) -> Submitted:
    made = Submitted(
        source="somewhere", model="acme/tiny", n_samples=SAMPLES, claims=list(claims), faults=[],
        files=[FileDigest(path=one.task, size_bytes=1, sha256="0" * 64) for one in claims],
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


TRUE = [claim(name, counts(turn)) for turn, name in enumerate(NAMES)]


def check(
    work: Path, submitted: Submitted, *, fraction: float = 0.05, seed: int = 1, runner: FakeRunner | None = None
) -> Verification:
    options = VerifyOptions(seed=seed, work=work / str(seed), fraction=fraction, workers=1)
    return verify(options, submitted, make_task, runner or FakeRunner(), SilentProgress())


@pytest.fixture(autouse=True)
def judge_without_running(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs are judged by their words, without self-tests and threads; the real way is in test_true_scores."""
    monkeypatch.setattr("podium.execute.self_test", lambda *_: [])


@pytest.mark.parametrize("seeds", [range(20), pytest.param(range(20, 220), marks=pytest.mark.slow)], ids=["20", "200"])
def test_a_true_submission_is_never_refuted(tmp_path: Path, seeds: range) -> None:
    for seed in seeds:
        found = check(tmp_path, submission(*TRUE), seed=seed)
        assert found.conclusion == "verified", (seed, found.reasons)
        assert sum(task.executed for task in found.tasks) < sum(task.programs for task in found.tasks)


def test_all_programs_give_the_score_to_the_last_digit(tmp_path: Path) -> None:
    found = check(tmp_path, submission(*TRUE), fraction=1)
    assert found.conclusion == "verified"
    assert [(task.executed, task.difference, task.hidden) for task in found.tasks] == [(1200, 0.0, 0.0)] * 2
    assert found.unchecked == ["origin of generations"]
    assert last_line(found).startswith("verified: all 2400 programs were executed")
    assert last_line(found).endswith("origin of generations unchecked")


def scores(count: int) -> dict[str, float]:
    """Scores that so many right programs could have, in both files."""
    each, more = divmod(count, PROBLEMS)
    return pass_at([each + (problem < more) for problem in range(PROBLEMS)], SAMPLES)


OTHER_MODEL = [claim(name, counts(turn), scores(sum(counts(turn)) * 2)) for turn, name in enumerate(NAMES)]
# 4.2.1: results of an earlier task lay in the same folder and were averaged in.
STALE = {name: (pass_at(counts(), SAMPLES)[name] * 60 + 1.0 * 9) / 69 for name in pass_at(counts(), SAMPLES)}
FORGED_AT_5_PERCENT = {
    "a whole number in both files": [claim("demo-sh", counts(), scores(1125))],  # 0.9375
    "none where some pass": [claim("demo-sh", counts(), scores(0))],
    "all of them": [claim("demo-sh", counts(), scores(1200))],
    "twice as many, in one task of two": [OTHER_MODEL[0], TRUE[1]],
    "scores of another model": OTHER_MODEL,
    "stale results": [claim("demo-sh", counts(), STALE)],
    "a rounded score": [claim("demo-sh", counts(), {"pass@1": round(sum(counts()) / 1200, 3) + 0.0001})],
    "two files that differ": [claim("demo-sh", counts(), grouped=scores(601)["pass@1"])],
    "one sample dropped": [claim("demo-sh", counts(), generations=[texts(counts())[0][1:], *texts(counts())[1:]])],
    "one problem dropped": [claim("demo-sh", counts(), generations=texts(counts())[1:])],
    "another problem's texts": [claim("demo-sh", counts(), generations=texts(counts())[::-1])],
    "pass@10 of another run": [claim("demo-sh", counts(), {**scores(1125), "pass@10": 0.5})],
    "pass@100 of 20 samples": [claim("demo-sh", counts(), {**pass_at(counts(), SAMPLES), "pass@100": 1.0})],
}


@pytest.mark.parametrize("name", FORGED_AT_5_PERCENT)
@pytest.mark.parametrize("seed", range(5))
def test_a_forged_score_is_refuted_by_a_part(name: str, seed: int, tmp_path: Path) -> None:
    found = check(tmp_path, submission(*FORGED_AT_5_PERCENT[name]), seed=seed)
    assert found.conclusion == "refuted", last_line(found)


def swapped() -> list[list[str]]:
    rows = texts(counts())
    rows[1][0] = rows[1][0].replace("right", "wrong")
    return rows


FORGED_BY_ONE = {
    "one text swapped": claim("demo-sh", counts(), generations=swapped()),
    "one program more": claim("demo-sh", counts(), scores(sum(counts()) + 1)),
    "one program less": claim("demo-sh", counts(), scores(sum(counts()) - 1)),
    "pass@10 a little higher": claim(
        "demo-sh", counts(), {**pass_at(counts(), SAMPLES), "pass@10": pass_at(counts(), SAMPLES)["pass@10"] + 1e-6}
    ),
}


@pytest.mark.parametrize("name", FORGED_BY_ONE)
def test_a_score_forged_by_one_program_is_refuted_by_all(name: str, tmp_path: Path) -> None:
    assert check(tmp_path, submission(FORGED_BY_ONE[name]), fraction=1).conclusion == "refuted"


def test_what_a_part_leaves_hidden_is_said_and_true(tmp_path: Path) -> None:
    found = check(tmp_path, submission(*TRUE))
    (first, second) = found.tasks
    assert 0.02 < found.hidden < min(first.hidden, second.hidden)
    assert "a forger could still hide at most" in last_line(found)
    assert "pass@10 of demo-sh, multiple-sh" in found.unchecked[0]
    # A score forged by more than that is found out in nearly every draw.
    raised = [claim(name, counts(turn), scores(sum(counts(turn)) + 260)) for turn, name in enumerate(NAMES)]
    assert all(check(tmp_path, submission(*raised), seed=seed).conclusion == "refuted" for seed in range(100, 110))


def test_a_doubtful_part_is_enlarged_until_it_is_settled(tmp_path: Path) -> None:
    found = check(tmp_path, submission(claim("demo-sh", counts(), scores(sum(counts()) + 150))))
    assert found.tasks[0].executed > 64
    assert found.conclusion == "refuted"


def test_small_differences_of_many_tasks_are_impossible_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("podium.verify.trial.DOUBTED", 0.0)  # no task is enlarged for itself
    raised = [claim(name, counts(turn), scores(sum(counts(turn)) + 150)) for turn, name in enumerate(NAMES)]
    found = check(tmp_path, submission(*raised))
    assert found.conclusion == "refuted"


def test_equal_programs_need_not_be_executed_to_be_known(tmp_path: Path) -> None:
    same = [[f"prompt {problem}:\nwrong"] * SAMPLES for problem in range(PROBLEMS)]
    runner = FakeRunner()
    # One passing program is claimed, and all of them are known to fail.
    found = check(tmp_path, submission(claim("demo-sh", counts(), scores(1), generations=same)), runner=runner)
    assert found.conclusion == "refuted"
    assert found.tasks[0].executed == 64


class BrokenRunner(FakeRunner):
    """A machine without this language."""

    def run(self, job: Job) -> Completed:
        """Refuse."""
        message = "there is no bash"
        raise SandboxError(message, hint="apt-get install bash")


def test_a_language_that_cannot_run_here_is_undecided_with_the_remedy(tmp_path: Path) -> None:
    found = check(tmp_path, submission(TRUE[0]), runner=BrokenRunner())
    assert found.conclusion == "undecided"
    assert "apt-get install bash" in last_line(found)
    assert found.tasks[0].hidden == found.tasks[0].grouped


def test_a_language_that_nothing_here_executes_is_undecided(tmp_path: Path) -> None:
    options = VerifyOptions(seed=1, work=tmp_path, workers=1)

    def load(name: str) -> Task:
        return msgspec.structs.replace(make_task(name), language="cobol")

    found = verify(options, submission(TRUE[0]), load, FakeRunner(), SilentProgress())
    assert found.conclusion == "undecided"
    assert "cobol" in last_line(found)


def test_a_refutation_needs_no_execution(tmp_path: Path) -> None:
    forged = claim("demo-sh", counts(), grouped=0.12345)
    assert check(tmp_path, submission(forged), runner=BrokenRunner()).conclusion == "refuted"


class LimitedRunner(FakeRunner):
    """Programs that say `limit` meet a limit of ours."""

    def _answer(self, text: str, *, driver: str) -> Completed:
        answer = super()._answer(text, driver=driver)
        if "wrong 3" in text:
            return msgspec.structs.replace(answer, exit_code=1, memory_exceeded=True)
        return answer


@pytest.mark.parametrize("more", [0, 5])
def test_what_a_limit_of_ours_decided_refutes_nobody(more: int, tmp_path: Path) -> None:
    """The harness may have passed such a program: the claim may count it, and is undecided then."""
    made = claim("demo-sh", counts(), scores(sum(counts()) + more) if more else None)
    found = check(tmp_path, submission(made), fraction=1, runner=LimitedRunner())
    assert found.tasks[0].unsure > 5
    assert found.conclusion == ("undecided" if more else "verified")


class TightRunner(FakeRunner):
    """Every program that does not pass meets a limit of ours."""

    def _answer(self, text: str, *, driver: str) -> Completed:
        answer = super()._answer(text, driver=driver)
        return msgspec.structs.replace(answer, memory_exceeded=True) if "\nwrong" in text else answer


def test_a_part_whose_limits_could_be_passes_refutes_nobody(tmp_path: Path) -> None:
    made = claim("demo-sh", counts(), scores(1125))
    found = check(tmp_path, submission(made), runner=TightRunner())
    assert found.conclusion == "undecided"
    assert "met a limit of this machine" in last_line(found)


def test_a_doubt_about_one_task_is_settled_whatever_the_others_show(tmp_path: Path) -> None:
    """A part that fits a little badly is enlarged also where all tasks together fit well."""
    near = claim("demo-sh", counts(), scores(sum(counts()) + 60))
    found = [check(tmp_path, submission(near, TRUE[1]), seed=seed) for seed in range(30, 50)]
    assert {one.conclusion for one in found} <= {"verified", "refuted"}
    assert any(one.tasks[0].executed > 64 for one in found)


def test_instruct_prompts_of_humaneval_are_undecided_not_refuted(tmp_path: Path) -> None:
    rows = [[text.replace("prompt", "[INST]") for text in row] for row in texts(counts())]
    made = claim("humaneval", counts(), generations=rows)
    found = check(tmp_path, submission(made))
    assert found.conclusion == "undecided"
    assert "instruct" in last_line(found)
    rows[3][4] = texts(counts())[3][4]
    mixed = claim("humaneval", counts(), generations=rows)
    assert check(tmp_path / "b", submission(mixed)).conclusion == "refuted"


MISSING = {
    "no generations": {"generations": None, "faults": ["there are no generations of it"]},
    "no metrics": {"metrics": {}, "faults": ["there are no metrics of it"]},
    "not in the grouped file": {"grouped": None},
}


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_leaves_it_undecided(name: str, tmp_path: Path) -> None:
    found = check(tmp_path, submission(msgspec.structs.replace(TRUE[0], **MISSING[name])))  # type: ignore[arg-type]
    assert found.conclusion == "undecided", last_line(found)


def test_an_unknown_task_is_undecided(tmp_path: Path) -> None:
    found = check(tmp_path, submission(TRUE[0], claim("multiple-cobol", counts())))
    assert found.conclusion == "undecided"
    assert "multiple-cobol" in last_line(found)


def test_a_part_of_the_tasks_is_checked_alone_and_must_exist(tmp_path: Path) -> None:
    forged = submission(TRUE[0], OTHER_MODEL[1])
    options = VerifyOptions(seed=1, work=tmp_path, tasks=("demo-sh",), workers=1)
    assert verify(options, forged, make_task, FakeRunner(), SilentProgress()).conclusion == "verified"
    options = msgspec.structs.replace(options, tasks=("demo-sch",))
    with pytest.raises(UsageError, match=r"demo-sch.*did you mean 'demo-sh'"):
        verify(options, forged, make_task, FakeRunner(), SilentProgress())


@pytest.mark.parametrize("fraction", [0.0, -1, 1.01, float("nan")])
def test_a_part_is_more_than_nothing_and_no_more_than_all(fraction: float, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no part"):
        VerifyOptions(seed=1, work=tmp_path, fraction=fraction)


def test_killed_and_begun_again_it_goes_on_with_the_same_part(tmp_path: Path) -> None:
    runner = FakeRunner()
    whole = check(tmp_path, submission(*TRUE), runner=runner)
    log = tmp_path / "1" / "demo-sh.1.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:30]) + lines[30][:9])
    again = FakeRunner()
    assert check(tmp_path, submission(*TRUE), runner=again) == whole
    assert 0 < sum("prompt" in text for text in again.runs) < sum("prompt" in text for text in runner.runs)
    more = check(tmp_path, submission(*TRUE), fraction=0.5)
    assert [task.executed for task in more.tasks] == [600, 600]
    assert [task.executed for task in check(tmp_path, submission(*TRUE)).tasks] == [600, 600]


def test_verdicts_of_other_generations_are_not_used(tmp_path: Path) -> None:
    check(tmp_path, submission(TRUE[0]), fraction=1)
    found = check(tmp_path, submission(claim("demo-sh", counts(1), pass_at(counts(), SAMPLES))), fraction=0.05)
    assert found.conclusion == "refuted" or found.tasks[0].executed < 1200


@pytest.mark.parametrize(
    ("metrics", "is_possible"),
    [
        ({"pass@1": 0.5, "pass@10": 0.5}, True),  # each problem all or none
        ({"pass@1": 0.5, "pass@10": 0.49}, False),
        ({"pass@1": 0.1, "pass@10": 1 - 1 / 3.8}, True),  # 2 of 20 everywhere: 1 - C(18,10)/C(20,10)
        ({"pass@1": 0.1, "pass@10": 0.78}, False),
        ({"pass@1": 1.0, "pass@10": 1.0}, True),
        ({"pass@1": 0.0, "pass@10": 0.0}, True),
        ({"pass@1": 0.0, "pass@10": 0.01}, False),
        ({"pass@10": 0.3}, True),
        ({"pass@1": 0.5, "pass@100": 0.9}, False),
    ],
)
def test_scores_that_go_together(metrics: dict[str, float], is_possible: bool) -> None:
    assert bool(impossible(metrics, 20)) != is_possible


def test_what_a_submission_says_is_no_markup_and_no_escape_sequence(tmp_path: Path) -> None:
    hostile = "x</td><script>|[a](b)`@everyone\x1b[2J\n::error::"
    made = claim("demo-sh", counts(), faults=[hostile])
    found = check(tmp_path, submission(made, faults=[hostile]))
    shown = "".join(line for line in markdown(found).splitlines() if "everyone" in line)
    assert shown
    assert not set("<>`@[]\x1b") & set(shown)
    assert all(line.isprintable() for line in text_lines(found))
