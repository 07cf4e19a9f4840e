"""The board `directory`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.boards.stages import NO_TOKENS

from podium.boards.folder.directory import DirectoryBoard
from podium.boards.seam import Targets
from podium.errors import StorageError, TokenError, UsageError
from podium.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDER = "community_results/acme_Tiny-1_ann"


def send(board: DirectoryBoard, run_dir: Path) -> str:
    return board.send(board.prepare(run_dir), SilentProgress()).outcome


def test_folder_is_created_kept_and_updated(make_run: Callable[..., Path], tmp_path: Path) -> None:
    board = DirectoryBoard(Targets(directory=tmp_path / "out"), NO_TOKENS)
    run_dir = make_run()
    assert [send(board, run_dir), send(board, run_dir), send(board, make_run(text="second"))] == [
        "created",
        "unchanged",
        "updated",
    ]
    source, target = run_dir / "submission" / FOLDER, tmp_path / "out" / FOLDER
    for path in source.rglob("*.json"):
        assert (target / path.relative_to(source)).read_bytes() == path.read_bytes()


def test_files_of_others_stay_and_stale_ones_go(make_run: Callable[..., Path], tmp_path: Path) -> None:
    neighbour = tmp_path / "out" / "community_results" / "other" / "x.json"
    stale = tmp_path / "out" / FOLDER / "stale.json"
    for path in (neighbour, stale):
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    board = DirectoryBoard(Targets(directory=tmp_path / "out"), NO_TOKENS)
    assert send(board, make_run()) == "updated"
    assert neighbour.exists()
    assert not stale.exists()
    assert sorted(path.name for path in (tmp_path / "out" / "community_results").iterdir()) == [
        "acme_Tiny-1_ann",
        "other",
    ]


def test_outlook_writes_nothing(make_run: Callable[..., Path], tmp_path: Path) -> None:
    board = DirectoryBoard(Targets(directory=tmp_path / "out"), NO_TOKENS)
    plan = board.outlook(board.prepare(make_run()))
    assert (plan.outcome, plan.calls) == ("created", ["write 7 files"])
    assert not (tmp_path / "out").exists()


def test_file_in_the_way_is_a_storage_error(make_run: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    board = DirectoryBoard(Targets(directory=tmp_path / "out"), NO_TOKENS)
    with pytest.raises(StorageError) as caught:
        send(board, make_run())
    assert caught.value.hint


def test_missing_directory_names_the_option() -> None:
    with pytest.raises(UsageError) as caught:
        DirectoryBoard(Targets(), NO_TOKENS)
    assert "--to" in caught.value.hint


def test_directory_never_asks_for_a_token() -> None:
    with pytest.raises(TokenError):
        NO_TOKENS.github()
    with pytest.raises(TokenError):
        NO_TOKENS.hub("")
