"""Jobs of several steps in the real sandbox: what one leaves the next finds, and the first that fails is the last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from podium.execute.jobs import Job, JobStep
from podium.execute.sandbox import Sandbox
from podium.records import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.world
LIMITS = Limits(
    wall_seconds=60.0, cpu_seconds=60.0, memory_bytes=1 << 30, output_bytes=10_000, file_bytes=1 << 20, processes=20
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def step(script: str, **limits: float) -> JobStep:
    return JobStep(command=["bash", "-c", script], limits=msgspec.structs.replace(LIMITS, **limits))


def job(compile_script: str, run_script: str, environment: dict[str, str] | None = None) -> Job:
    first = msgspec.structs.replace(step(compile_script), name="compile")
    return Job(steps=[first, step(run_script)], files={"source": b"42"}, environment=environment or {})


def test_a_step_finds_what_the_one_before_made(sandbox: Sandbox) -> None:
    done = sandbox.run(job("cp source binary; echo compiled", "cat binary"))
    assert (done.step, done.exit_code, done.stdout) == ("run", 0, b"42")


@pytest.mark.parametrize("failure", ["exit 3", "kill -9 $$", "while :; do echo flood; done"])
def test_after_a_failure_no_further_step_begins(sandbox: Sandbox, failure: str) -> None:
    done = sandbox.run(job(failure, "echo ran"))
    assert (done.step, b"ran" in done.stdout) == ("compile", False)


def test_a_step_that_floods_and_still_ends_well_has_failed(sandbox: Sandbox) -> None:
    done = sandbox.run(job("printf '%20000s'", "echo ran"))
    assert (done.step, done.output_exceeded) == ("compile", True)


def test_each_step_has_limits_of_its_own(sandbox: Sandbox) -> None:
    slow = Job(steps=[step("sleep 0.4", wall_seconds=60.0), step("sleep 60", wall_seconds=0.2)], files={})
    done = sandbox.run(slow)
    assert done.timed_out
    assert done.wall_seconds >= 0.4
    small = Job(steps=[step("printf '%9000s'"), step("printf '%9000s'", output_bytes=100)], files={})
    assert sandbox.run(small).output_exceeded


def test_seconds_are_sums_and_the_busy_share_is_of_the_last_step(sandbox: Sandbox) -> None:
    spin = "for ((i = 0; i < 200000; i++)); do :; done"
    done = sandbox.run(Job(steps=[step(spin), step("sleep 0.1", wall_seconds=10.0)], files={}))
    assert done.cpu_seconds > 10 * done.busy_share * 3
    assert done.busy_share < 0.1


def test_what_a_step_left_running_ends_with_it(sandbox: Sandbox) -> None:
    done = sandbox.run(job("(while :; do echo still >>log; sleep 0.01; done) & sleep 0.1", "rm -f log; sleep 0.2; ls"))
    assert done.stdout == b"source\n"


def test_a_jobs_own_variables_reach_every_step(sandbox: Sandbox) -> None:
    done = sandbox.run(job('[ "$CLASSPATH" = here ]', 'echo "$CLASSPATH"', environment={"CLASSPATH": "here"}))
    assert done.stdout == b"here\n"
    assert sandbox.run(job(":", 'echo "$CLASSPATH"')).stdout == b"\n"


def test_wall_limits_are_replaced_for_the_last_step_and_those_before_it() -> None:
    walls = [one.limits.wall_seconds for one in job(":", ":").within(0.5, 30.0).steps]
    assert walls == [30.0, 0.5]
    assert job(":", ":").limits == {"compile": LIMITS, "run": LIMITS}


def test_what_a_step_may_drop_of_its_output_does_not_end_it(sandbox: Sandbox) -> None:
    loud = msgspec.structs.replace(step("head -c 3000000 /dev/zero; exit 3"), drops_output=True)
    done = sandbox.run(Job(steps=[loud], files={}))
    assert (done.exit_code, done.output_exceeded, len(done.stdout)) == (3, False, LIMITS.output_bytes)


def test_a_step_that_drops_its_output_ends_by_the_clock(sandbox: Sandbox) -> None:
    endless = msgspec.structs.replace(step("while :; do echo flood; done", wall_seconds=0.5), drops_output=True)
    done = sandbox.run(Job(steps=[endless], files={}))
    assert (done.timed_out, done.output_exceeded, done.stdout[:6]) == (True, False, b"flood\n")
