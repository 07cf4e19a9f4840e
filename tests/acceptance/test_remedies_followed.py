"""A refused command, the remedy that it printed, followed to the letter, and the same command again: it succeeds.

One row a remedy that is a command, a flag, a variable or a line of podium.toml; what only people or services can do is
done as they do it.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import huggingface_hub
import msgspec
import pytest
from huggingface_hub import HfApi
from tests.acceptance.command import CHECKPOINT
from tests.acceptance.following import (
    PLANNED,
    PUBLISH,
    SUBMIT,
    Here,
    add,
    by_hand,
    close_one,
    dismiss,
    instead,
    line,
    plan_anew,
    then_approve,
    type_it,
    type_words,
    typed,
    variable,
)
from tests.unit.boards.runs import write_run

from podium.records import Plan, read_record
from podium.standin.server import Standin
from podium.standin.world import BOT, FORK, LEADERBOARD, REVIEWER, Space, default_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.world


class Row(NamedTuple):
    """What is done before the command, the command, its exit code, and how its remedy is followed.

    Following returns what is added to the command, or, after `!`, the command to be typed instead.
    """

    prepare: Callable[[Here], object]
    command: tuple[str, ...]
    code: int
    follow: Callable[[Here, str], Any]


@pytest.fixture
def here(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    world = default_world()
    world = msgspec.structs.replace(world, spaces=[*world.spaces, Space(id="acme/Tiny-1", kind="model")])
    with Standin(tmp_path / "standin", world) as standin:
        yield Here(tmp_path, standin, capsys, monkeypatch)
        huggingface_hub.close_session()


def ready(here: Here) -> None:
    """A submission that is approved."""
    assert here(*SUBMIT).code == 0
    here.approve(1)


def older(here: Here) -> None:
    """The fork holds v2, and the run is v1 again."""
    write_run(here.run_dir, text="second", tag="v2")
    assert here(*SUBMIT).code == 0
    write_run(here.run_dir)


def unordered(here: Here) -> None:
    write_run(here.run_dir, text="second", tag="nightly")
    assert here(*SUBMIT).code == 0
    write_run(here.run_dir)


def stale(here: Here) -> None:
    assert here(*SUBMIT, "--plan-only", "-o", "plan.json").code == 0
    here.standin.commit(FORK, {"README.md": "moved\n"})


def planned_back(here: Here) -> None:
    assert here(*SUBMIT).code == 0
    assert here(*SUBMIT, "--withdraw", "--plan-only", "-o", "plan.json").code == 0


def planned_out(here: Here) -> None:
    assert here(*SUBMIT, "--plan-only", "-o", "plan.json").code == 0


def no_fork(here: Here) -> None:
    fork = f"{BOT.login}/bigcode-models-leaderboard"
    here.edit(f'fork = "{FORK}"', f'fork = "{fork}"\nupstream = "{LEADERBOARD}"')


def no_upstream(here: Here) -> None:
    here.edit(f'fork = "{FORK}"', f'fork = "{BOT.login}/bigcode-models-leaderboard"')


def withdrawn(here: Here) -> None:
    ready(here)
    assert here(*SUBMIT, "--withdraw").code == 0


def changed_after_approval(here: Here) -> None:
    ready(here)
    write_run(here.run_dir, text="second")
    assert here(*SUBMIT).code == 0


def made_again(here: Here) -> None:
    ready(here)
    write_run(here.run_dir, text="second")


def retitled(here: Here) -> None:
    ready(here)
    here.pull().edit(title="Better")


def drafted(here: Here) -> None:
    ready(here)
    here.pull().convert_to_draft()


def closed(here: Here) -> None:
    ready(here)
    here.pull().edit(state="closed")


def asked_for_changes(here: Here) -> None:
    assert here(*SUBMIT).code == 0
    here.pull().create_review(body="No.", event="REQUEST_CHANGES")


def two_on_the_hub(here: Here) -> None:
    ready(here)
    api = HfApi(endpoint=here.standin.hub_url, token=BOT.token)
    title = "[Community Submission] Model: acme/Tiny-1, Username: ann"
    for _ in range(2):
        api.create_pull_request(LEADERBOARD, title, repo_type="space")


def no_pull_requests(here: Here) -> None:
    ready(here)
    take_discussions(here, away=True)


def demo_profile(here: Here) -> None:
    """A configuration that can be planned on this machine."""
    here.edit('checkpoint = "checkpoints/{tag}"', f'checkpoint = "{CHECKPOINT}"\ndtype = "float32"')
    here.toml.write_text(
        here.toml.read_text().replace(LEADERBOARD + '"\n', 'acme/board"\n') + '\n[evaluation]\nprofile = "demo"\n'
    )
    here.set("GITHUB_ACTIONS", "true")
    here.set("GITHUB_OUTPUT", str(here.output))


def with_plan(old: str, new: str) -> Callable[[Here], None]:
    def prepare(here: Here) -> None:
        demo_profile(here)
        here.edit(old, new)

    return prepare


def newer_beside(here: Here) -> None:
    """The receipt of a newer release lies in the run directory beside."""
    older(here)
    newer = write_run(here.folder / "runs" / "v2", text="second", tag="v2")
    shutil.copy(here.run_dir / "submit.json", newer)
    demo_profile(here)


def bare_space(here: Here) -> None:
    ready(here)
    here.edit(f'space = "{LEADERBOARD}"', 'space = "leaderboard"')


def revoked_on_the_hub(here: Here) -> None:
    ready(here)
    here.set("HF_TOKEN", "revoked")


def with_fork(more: str) -> Callable[[Here], None]:
    """A line behind the one that names the fork."""
    return lambda here: here.edit(f'fork = "{FORK}"', f'fork = "{FORK}"\n{more}')


def with_token(token: str) -> Callable[[Here], None]:
    """Another token of the fork."""
    return lambda here: here.set("PODIUM_FORK_TOKEN", token)


def with_backend(name: str) -> Callable[[Here], None]:
    """A plan for another backend."""
    return with_plan('profile = "demo"', f'profile = "demo"\nbackend = "{name}"')


def broken(here: Here) -> None:
    here.toml.write_text("[model]\n")


def take_the_example(here: Here, hint: str) -> None:
    """What the command prints is put in the file's place."""
    here.toml.write_text(here(*typed(hint), "--fork", FORK).out)


def another_space(here: Here, hint: str) -> None:
    assert 'space = "OWNER/NAME"' in hint
    here.edit(LEADERBOARD, "acme/board")


def own_space(here: Here, hint: str) -> None:
    here.write_line(hint.replace("OWNER/NAME", "acme/space"))


def right_upstream(here: Here, hint: str) -> None:
    assert "`upstream` below [submit]" in hint
    here.edit("acme/other", LEADERBOARD)


def take_discussions(here: Here, *, away: bool = False) -> None:
    here.standin.store.state.hub[f"spaces/{LEADERBOARD}"].discussions_disabled = away


ROWS: dict[str, Row] = {
    "older release": Row(older, SUBMIT, 21, add("--force")),
    "release without order": Row(unordered, SUBMIT, 21, add("--force")),
    "older release, previewed": Row(older, (*SUBMIT, "--plan-only"), 21, add("--force")),
    "stale plan": Row(stale, (*SUBMIT, "--plan", "plan.json"), 22, plan_anew),
    "plan of taking back, sent": Row(planned_back, (*SUBMIT, "--plan", "plan.json"), 2, instead),
    "plan of sending, taken back": Row(planned_out, (*SUBMIT, "--plan", "plan.json", "--withdraw"), 2, instead),
    "two plans": Row(
        planned_out,
        (*SUBMIT, "--plan", "plan.json", "--plan-only"),
        2,
        type_words(*SUBMIT, "--plan", "plan.json"),
    ),
    "-o alone": Row(planned_out, (*SUBMIT, "-o", "plan.json"), 2, instead),
    "plan of two boards": Row(
        ready,
        ("publish", "runs/v1", "--eval-results", "--plan-only", "-o", "plan.json"),
        2,
        instead,
    ),
    "missing fork": Row(no_fork, SUBMIT, 17, add("--create-fork")),
    "missing fork, previewed": Row(no_fork, (*SUBMIT, "--plan-only"), 17, add("--create-fork")),
    "fork of nothing": Row(
        no_upstream,
        (*SUBMIT, "--create-fork"),
        2,
        lambda here, hint: here.write_line(hint.replace("OWNER/REPO", LEADERBOARD)),
    ),
    "fork without owner": Row(
        lambda here: here.edit(FORK, "leaderboard"),
        SUBMIT,
        2,
        line(fork=FORK),
    ),
    "fork without owner, by flag": Row(lambda here: here.edit(FORK, "leaderboard"), SUBMIT, 2, add("--fork", FORK)),
    "fork of something else": Row(with_fork('upstream = "acme/other"'), SUBMIT, 18, right_upstream),
    "archived fork": Row(
        lambda here: setattr(here.fork_state(), "archived", True),
        SUBMIT,
        19,
        by_hand("unarchive it", lambda here: setattr(here.fork_state(), "archived", False)),
    ),
    "read-only fork": Row(
        lambda here: here.fork_state().writers.remove(BOT.login),
        SUBMIT,
        15,
        variable("PODIUM_FORK_TOKEN", REVIEWER.token),
    ),
    "missing base": Row(with_fork('base = "gone"'), SUBMIT, 20, line(base="main")),
    "missing base, by flag": Row(with_fork('base = "gone"'), SUBMIT, 20, add("--base", "main")),
    "no token": Row(with_token(""), SUBMIT, 10, variable("PODIUM_FORK_TOKEN", BOT.token)),
    "revoked token": Row(with_token("x"), SUBMIT, 14, variable("PODIUM_FORK_TOKEN", BOT.token)),
    "token with a blank": Row(with_token("a b"), SUBMIT, 10, variable("PODIUM_FORK_TOKEN", BOT.token)),
    "revoked Hub token": Row(revoked_on_the_hub, PUBLISH, 14, variable("HF_TOKEN", BOT.token)),
    "no podium.toml": Row(lambda here: here.toml.unlink(), SUBMIT, 2, type_it("--fork", FORK)),
    "broken podium.toml": Row(broken, SUBMIT, 2, take_the_example),
    "board in a folder": Row(lambda _: None, (*SUBMIT, "--board", "directory"), 2, instead),
    "folder without its board": Row(lambda _: None, (*SUBMIT, "--to", "out"), 2, instead),
    "board that does not exist": Row(
        lambda _: None, (*SUBMIT, "--board", "forc"), 2, type_words(*SUBMIT, "--board", "fork")
    ),
    "publish before submit": Row(lambda _: None, PUBLISH, 12, then_approve),
    "publish after a withdrawal": Row(withdrawn, PUBLISH, 12, then_approve),
    "publish what changed after the approval": Row(
        changed_after_approval,
        PUBLISH,
        12,
        by_hand("approves it there", lambda here: here.approve(1)),
    ),
    "publish what was made again": Row(made_again, PUBLISH, 12, then_approve),
    "publish under another title": Row(retitled, PUBLISH, 12, type_it()),
    "publish a draft": Row(
        drafted,
        PUBLISH,
        12,
        by_hand("ready for review", lambda here: here.pull().mark_ready_for_review()),
    ),
    "publish what was closed": Row(
        closed,
        PUBLISH,
        12,
        by_hand("reopen it", lambda here: here.pull().edit(state="open")),
    ),
    "publish against a request for changes": Row(asked_for_changes, PUBLISH, 12, by_hand("settle it there", dismiss)),
    "publish to two": Row(two_on_the_hub, PUBLISH, 9, by_hand("close all but one there", close_one)),
    "publish to a Space without pull requests": Row(
        no_pull_requests,
        PUBLISH,
        9,
        by_hand("its owner switches", take_discussions),
    ),
    "submit what was closed": Row(closed, SUBMIT, 3, lambda here, _: here.pull().edit(state="open")),
    "Space without owner": Row(bare_space, PUBLISH, 2, line(space=LEADERBOARD)),
    "Space without owner, by flag": Row(bare_space, PUBLISH, 2, add("--space", LEADERBOARD)),
    "plan with bf16": Row(with_plan('dtype = "float32"', 'dtype = "bf16"'), PLANNED, 2, line()),
    "plan with the harness": Row(with_backend("harness"), PLANNED, 2, line()),
    "plan that replays": Row(with_backend("replay"), PLANNED, 2, variable("PODIUM_GENERATE_GENERATIONS", "x.json")),
    "plan for a fork without owner": Row(with_plan(f'fork = "{FORK}"', 'fork = "bigcode"'), PLANNED, 2, line()),
    "plan for the wrong Space": Row(with_plan("acme/board", LEADERBOARD), PLANNED, 2, another_space),
    "plan for a Space by address": Row(with_plan("acme/board", "https://x/y/z"), PLANNED, 2, own_space),
    "plan with a base by ref": Row(with_plan("[publish]", 'base = "refs/heads/main"\n\n[publish]'), PLANNED, 2, line()),
    "plan with an @": Row(with_plan("[publish]", 'reviewers = ["@ann"]\n\n[publish]'), PLANNED, 2, line()),
    "plan without a label": Row(with_plan('labels = ["leaderboard"]', 'labels = [""]'), PLANNED, 2, line()),
    "plan without a runner": Row(
        with_plan("[evaluation]", "[runners]\ngenerate = []\n[evaluation]"), PLANNED, 2, line()
    ),
    "plan of a release that is older": Row(newer_beside, PLANNED, 21, add("--force")),
    "plan of nothing": Row(demo_profile, ("plan", "--tasks", "demo-sh"), 2, add("--tag", "v1")),
    "plan without a checkpoint": Row(
        with_plan(str(CHECKPOINT), "gone"),
        PLANNED,
        4,
        add("--checkpoint", str(CHECKPOINT)),
    ),
    "init again": Row(lambda _: None, ("init", "--org", "acme", "--model", "T", "--user", "ann"), 2, add("--force")),
}


@pytest.mark.parametrize("name", ROWS)
def test_the_remedy_is_followed_and_the_same_command_succeeds(here: Here, name: str) -> None:
    prepare, command, code, follow = ROWS[name]
    prepare(here)
    refused = here(*command)
    assert refused.code == code, refused
    more = follow(here, refused.hint) or ()
    again = here(*more[1:]) if more[:1] == ("!",) else here(*command, *more)
    assert again.code == 0, again


def test_a_plan_that_was_refused_is_written_at_last(here: Here) -> None:
    with_plan('dtype = "float32"', 'dtype = "bf16"')(here)
    here.write_line(here(*PLANNED).hint.replace("bfloat16", "float32"))
    assert here(*PLANNED).code == 0
    assert read_record(here.folder / "plan.json", Plan).dtype == "float32"


def test_a_preview_of_nothing_prints_no_malformed_call(here: Here) -> None:
    no_upstream(here)
    refused = here(*SUBMIT, "--plan-only")
    assert (refused.code, refused.out) == (17, "")
    here.edit("[submit]", f'[submit]\nupstream = "{LEADERBOARD}"')
    made = here(*SUBMIT, "--plan-only", "--create-fork")
    assert made.code == 0
    assert json.loads(made.out)["calls"][0] == f"POST repos/{LEADERBOARD}/forks"
