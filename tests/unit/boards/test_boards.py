"""The stage over all boards: what is skipped, what is refused, what is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import podium.boards
import podium.boards.seam
from podium.boards import plan_only, submit
from podium.boards.listing import listed
from podium.boards.seam import BOARDS, Board, Clients, Targets, open_board
from podium.cli.submit import SubmitOptions, build_targets
from podium.errors import BoardError, UnknownNameError, UsageError
from podium.github import build_github
from podium.hub import build_hub
from podium.progress import SilentProgress
from podium.records import Gate, Receipt, read_record, receipt_name
from podium.validate.places import recognise

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.world

NO = Gate(name="conversion", decision="no", evidence="golden logits differ")
RISK = Gate(name="sandbox", decision="at_risk", evidence="no seccomp")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"partial": ["demo-sh: 2 of 8 problems"]}, "demo-sh: 2 of 8 problems"),
        ({"gates": [NO]}, "gate conversion says no: golden logits differ"),
    ],
)
@pytest.mark.parametrize("name", BOARDS)
def test_run_that_is_no_submission_is_skipped_without_asking_the_board(
    stage: Any, make_run: Callable[..., Path], tmp_path: Path, options: dict[str, Any], reason: str, name: str
) -> None:
    targets = Targets(fork="a/b", space="a/b", directory=tmp_path / "out", results=(tmp_path / "gone.json",))
    run_dir = make_run(**options)
    receipt = submit("submit", open_board(name, targets, stage.clients()), run_dir, SilentProgress())
    assert (receipt.outcome, receipt.reason) == ("skipped", reason)
    assert read_record(run_dir / receipt_name("submit", name), Receipt) == receipt
    assert stage.standin.requests == []
    assert not (tmp_path / "out").exists()


def test_gate_at_risk_does_not_stop(stage: Any, make_run: Callable[..., Path]) -> None:
    assert submit("submit", stage.fork(), make_run(gates=[RISK]), SilentProgress()).outcome == "created"


def test_receipt_is_written_for_the_next_stage(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    receipt = submit("submit", stage.fork(), run_dir, SilentProgress())
    assert read_record(run_dir / "submit.json", Receipt) == receipt
    stage.review(receipt.number)
    published = submit("publish", stage.space(), run_dir, SilentProgress())
    assert read_record(run_dir / "publish.json", Receipt) == published
    assert (published.stage, published.board, published.outcome) == ("publish", "space", "created")


def test_problem_stops_before_anything_is_written(
    open_stage: Any, make_run: Callable[..., Path], make_world: Callable[..., Any]
) -> None:
    stage = open_stage(world=make_world(archived=True))
    run_dir = make_run()
    with pytest.raises(BoardError, match="is archived") as caught:
        submit("submit", stage.fork(), run_dir, SilentProgress())
    assert "--fork" in caught.value.hint
    assert stage.writes() == []
    assert not (run_dir / "submit.json").exists()


def test_plan_of_a_partial_run_says_skipped(stage: Any, make_run: Callable[..., Path]) -> None:
    plan = plan_only(stage.fork(), make_run(partial=["only a tryout"]))
    assert (plan.outcome, plan.reason, plan.calls) == ("skipped", "only a tryout", [])


def test_plan_names_problems(open_stage: Any, make_run: Callable[..., Path], make_world: Callable[..., Any]) -> None:
    plan = plan_only(open_stage(world=make_world(archived=True)).fork(), make_run())
    assert "is archived" in plan.problems[0]


def test_plan_of_a_healthy_fork_has_no_problems(stage: Any, make_run: Callable[..., Path]) -> None:
    assert plan_only(stage.fork(), make_run()).problems == []


def test_unknown_board_names_the_closest(stage: Any) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'fork'"):
        open_board("forc", Targets(), stage.clients())


@pytest.mark.parametrize("name", BOARDS)
def test_every_board_of_the_table_opens(stage: Any, tmp_path: Path, name: str) -> None:
    targets = Targets(fork="a/b", space="a/b", directory=tmp_path, results=(tmp_path / "x.json",))
    board: Board = open_board(name, targets, stage.clients())
    assert board.name == name


@pytest.mark.parametrize("board", ["fork", "space", "eval-results"])
def test_a_profile_for_a_standin_goes_to_no_other_place(make_run: Callable[..., Path], board: str) -> None:
    # Nothing is asked of this address: the refusal needs no answer.
    far = "https://192.0.2.1"
    environment = {"PODIUM_FORK_TOKEN": "t", "HF_TOKEN": "t", "GITHUB_API_URL": far, "HF_ENDPOINT": far}
    clients = Clients(github=lambda: build_github(environment), hub=lambda resource: build_hub(environment, resource))
    opened = open_board(board, Targets(fork="a/b", space="a/b"), clients)
    package = opened.prepare(make_run())
    assert [finding.rule for finding in opened.problems(package)] == ["profile"]
    assert "podium standin" in opened.problems(package)[0].hint


def test_a_board_is_added_by_adding_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "shelf_board"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from podium.boards.listing import Listing\n"
        'BOARDS = (Listing(name="shelf", where="podium.boards.shelf_board:Shelf", options=("--to DIR",)),)\n'
        "class Shelf:\n"
        '    name = "shelf"\n'
        "    def __init__(self, targets, clients):\n"
        "        self.directory = targets.directory\n"
    )
    monkeypatch.setattr(podium.boards, "__path__", [*podium.boards.__path__, str(tmp_path)])
    monkeypatch.setattr(podium.boards.seam, "BOARDS", listed())
    monkeypatch.setattr("podium.cli.submit.BOARDS", listed())
    assert set(BOARDS) < set(listed())
    options = SubmitOptions(run_dir=tmp_path, board="shelf", directory=tmp_path / "out", config=tmp_path / "no.toml")
    board = open_board("shelf", build_targets(options), Clients(github=lambda: None, hub=lambda _: None))  # type: ignore[arg-type,return-value]
    assert (board.name, options.stage, options.listing.is_folder) == ("shelf", "submit", True)
    assert receipt_name("submit", "shelf") == "submit.shelf.json"
    found = recognise("runs/v1/submit.shelf.json")
    assert found is not None
    assert found.kind.name == "receipt"
    with pytest.raises(UsageError) as caught:
        SubmitOptions(run_dir=tmp_path, board="shelf", config=tmp_path / "no.toml")
    assert caught.value.hint == "podium submit RUN_DIR --board shelf --to DIR"
