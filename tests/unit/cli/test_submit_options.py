"""Which options of `submit` and `publish` go together, which stage and boards they mean: decided without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from podium.boards.seam import Targets
from podium.cli.submit import SubmitOptions, build_targets
from podium.errors import ConfigError, UnknownNameError, UsageError

DIR, FILE = Path("folder"), Path("file.json")
TOML = """
[model]
org = "acme"
model = "Tiny-1"
user = "ann"
checkpoint = "x"

[submit]
fork = "acme/fork"
upstream = "up/board"
base = "next"
reviewers = ["ada"]
labels = ["new"]

[publish]
space = "acme/space"
eval_results = true
"""


def _options(**given: Any) -> SubmitOptions:
    return SubmitOptions(**{"run_dir": Path("runs/v1"), "board": "fork", "config": Path("podium.toml"), **given})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"board": "directory"}, "--to"),
        ({"board": "evalplus", "results": (FILE,)}, "--to"),
        ({"board": "fork", "directory": DIR}, "--to"),
        ({"board": "space", "directory": DIR}, "--to"),
        ({"board": "eval-results", "directory": DIR}, "--to"),
        ({"board": "evalplus", "directory": DIR}, "--results"),
        ({"board": "directory", "directory": DIR, "results": (FILE,)}, "--results"),
        ({"board": "fork", "results": (FILE,)}, "--results"),
        ({"plan_only": True, "plan": FILE}, "--plan-only"),
        ({"output": FILE}, "-o goes with --plan-only"),
        ({"output": FILE, "withdraw": True}, "-o goes with --plan-only"),
        ({"eval_results": True, "plan": FILE}, "one board"),
        ({"eval_results": True, "plan_only": True, "output": FILE}, "one board"),
    ],
)
def test_options_that_do_not_go_together_are_refused_with_a_call_that_works(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        _options(**given)
    assert "--" in caught.value.hint


def test_an_unknown_board_is_named_with_the_closest_one() -> None:
    with pytest.raises(UnknownNameError, match="fork"):
        _options(board="frok")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"board": "directory", "directory": DIR},
        {"board": "evalplus", "directory": DIR, "results": (FILE, FILE)},
        {"plan_only": True, "output": FILE},
        {"plan": FILE},
        {"withdraw": True},
        {"board": "space", "eval_results": True, "plan_only": True},
        {"board": "space", "eval_results": False, "plan": FILE},
    ],
)
def test_options_that_go_together_are_taken(given: dict[str, Any]) -> None:
    assert _options(**given).board == given.get("board", "fork")


@pytest.mark.parametrize(
    ("board", "stage"),
    [
        ("fork", "submit"),
        ("directory", "submit"),
        ("evalplus", "submit"),
        ("space", "publish"),
        ("eval-results", "publish"),
    ],
)
def test_what_goes_to_the_hub_is_published(board: str, stage: str) -> None:
    more: dict[str, Any] = {"directory": DIR} if board in ("directory", "evalplus") else {}
    more |= {"results": (FILE,)} if board == "evalplus" else {}
    assert _options(board=board, **more).stage == stage


@pytest.mark.parametrize(
    ("given", "configured", "boards"),
    [
        ({"board": "space"}, False, ("space",)),
        ({"board": "space"}, True, ("space", "eval-results")),
        ({"board": "space", "eval_results": False}, True, ("space",)),
        ({"board": "space", "eval_results": True}, False, ("space", "eval-results")),
        ({"board": "space", "plan": FILE}, True, ("space",)),
        ({"board": "space", "plan_only": True, "output": FILE}, True, ("space",)),
        ({"board": "space", "plan_only": True}, True, ("space", "eval-results")),
        ({"board": "fork", "eval_results": True}, True, ("fork",)),
        ({"board": "eval-results"}, True, ("eval-results",)),
    ],
)
def test_scores_go_beside_what_is_published_where_that_is_wanted(
    given: dict[str, Any], configured: bool, boards: tuple[str, ...]
) -> None:
    assert _options(**given).boards(Targets(eval_results=configured)) == boards


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "podium.toml"
    path.write_text(TOML)
    return path


def test_places_come_from_the_options_and_where_one_is_missing_from_the_file(config: Path) -> None:
    from_file = build_targets(_options(config=config, force=True, sync=True, create_fork=True))
    assert from_file == Targets(
        fork="acme/fork",
        base="next",
        reviewers=("ada",),
        labels=("new",),
        space="acme/space",
        eval_results=True,
        upstream="up/board",
        create_fork=True,
        sync=True,
        force=True,
    )
    given = build_targets(_options(config=config, fork="bob/fork", base="other", space="bob/space"))
    assert (given.fork, given.base, given.space, given.reviewers) == ("bob/fork", "other", "bob/space", ("ada",))


def test_a_folder_and_a_named_fork_need_no_file_and_everything_else_does(tmp_path: Path) -> None:
    nowhere = tmp_path / "none.toml"
    folder = build_targets(_options(config=nowhere, board="directory", directory=DIR))
    assert folder == Targets(directory=DIR)
    assert build_targets(_options(config=nowhere, fork="bob/fork")) == Targets(fork="bob/fork")
    for given in ({}, {"board": "space", "space": "bob/space"}, {"board": "space", "fork": "bob/fork"}):
        with pytest.raises(ConfigError, match=r"there is no .*none\.toml"):
            build_targets(_options(config=nowhere, **given))
