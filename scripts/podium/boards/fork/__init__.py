"""The leaderboard's fork on GitHub, where reviewers approve."""

from podium.boards.listing import Listing

BOARDS = (Listing(name="fork", where="podium.boards.fork.board:ForkBoard"),)
