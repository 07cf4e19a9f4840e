"""Boards that are a folder on this machine; nothing is sent."""

from podium.boards.listing import Listing

BOARDS = (
    Listing(name="directory", where="podium.boards.folder.directory:DirectoryBoard", options=("--to DIR",)),
    Listing(
        name="evalplus",
        where="podium.boards.folder.evalplus:EvalPlusBoard",
        options=("--to DIR", "--results FILE"),
    ),
)
